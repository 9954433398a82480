package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/responses"
)

// sessionName is what CloudTrail shows of our role sessions.
const sessionName = "onus"

// find resolves the identities and returns the accounts to read, each once, also those that could not be entered. It records
// who each identity is.
func (r *run) find(ctx context.Context) ([]*account, error) {
	base, err := r.base(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.checkRegions(ctx, base); err != nil {
		return nil, err
	}

	roles := slices.Clone(r.RoleARNs)
	var accounts []*account
	if len(roles) == 0 || r.OrgRole != "" {
		accounts = append(accounts, base)
	}
	if r.OrgRole != "" {
		for _, id := range activeMembers(ctx, base) {
			roles = append(roles, fmt.Sprintf("arn:%s:iam::%s:role/%s", base.partition, id, strings.TrimPrefix(r.OrgRole, "/")))
		}
	}
	var mu sync.Mutex
	each(roles, itemsAtOnce, func(role string) {
		a := r.assume(ctx, base, role)
		mu.Lock()
		defer mu.Unlock()
		accounts = append(accounts, a)
	})

	// Two identities of one account read it once, with the one that works.
	slices.SortStableFunc(accounts, func(a, b *account) int {
		return cmp.Or(cmp.Compare(a.id, b.id), compareTrueFirst(a.entered, b.entered), compareTrueFirst(a.base, b.base))
	})
	accounts = slices.CompactFunc(accounts, func(a, b *account) bool { return a.id == b.id })
	for _, a := range accounts {
		a.global.settle()
	}
	if !slices.ContainsFunc(accounts, func(a *account) bool { return a.entered }) && ctx.Err() == nil {
		return accounts, fmt.Errorf("none of the roles could be assumed: check their names, their trust policies, and that %s may call sts:AssumeRole", base.arn)
	}
	return accounts, nil
}

func compareTrueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// base enters an account with the credentials of the profile, or with those that the environment provides.
func (r *run) base(ctx context.Context) (*account, error) {
	cfg, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, noCredentials(cmp.Or(r.Profile, os.Getenv("AWS_PROFILE")), err)
	}
	a := r.newAccount(cfg)
	a.base = true
	if err := a.enter(ctx); err != nil {
		return nil, refused(cfg.Region, err)
	}
	return a, nil
}

// renewed are credentials that are renewed as long as that works: an SSO session ends, a role is taken away.
type renewed struct{ aws.CredentialsProvider }

func (c renewed) Retrieve(ctx context.Context) (aws.Credentials, error) {
	credentials, err := c.CredentialsProvider.Retrieve(ctx)
	var broken net.Error
	if err != nil && ctx.Err() == nil && !errors.As(err, &broken) {
		err = &notRenewed{err}
	}
	return credentials, err
}

// notRenewed says that the credentials came to their end: further calls would only ask for new ones in vain.
type notRenewed struct{ error }

func (e *notRenewed) Unwrap() error { return e.error }

// load reads the AWS configuration as every AWS tool does.
func (r *run) load(ctx context.Context) (aws.Config, error) {
	if r.config.Credentials != nil {
		cfg := r.config.Copy()
		cfg.APIOptions, cfg.Retryer = r.stack, r.retryer
		return cfg, nil
	}
	client := r.HTTPClient
	if client == nil {
		client = awshttp.NewBuildableClient().WithTimeout(2 * time.Minute).WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = callsPerRegion
			t.ResponseHeaderTimeout = 40 * time.Second
		})
	}
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithRetryer(r.retryer),
		config.WithAppID("onus"),
	}
	if r.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(r.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	var missing config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &missing):
		return cfg, fmt.Errorf("there is no profile %q in ~/.aws/config or ~/.aws/credentials: pass --profile with one that `aws configure list-profiles` shows", missing.Profile)
	case err != nil:
		return cfg, fmt.Errorf("read the AWS configuration: %s: check ~/.aws/config and the AWS_ variables of the environment", rootCause(err))
	}
	if cfg.Region == "" {
		// Only the first questions are asked there: who we are, and which Regions there are.
		cfg.Region = "us-east-1"
		if len(r.Regions) > 0 {
			cfg.Region = r.Regions[0]
		}
	}
	return cfg, nil
}

func (r *run) newAccount(cfg aws.Config) *account {
	cfg.Credentials = renewed{cfg.Credentials}
	a := &account{run: r, config: cfg, slots: newSlots(callsPerAccount)}
	a.global = a.place(estate.Global)
	a.global.slots = newSlots(callsPerAccount)
	// Until it is known whose account this is, nothing of it can be kept.
	a.global.probing = true
	return a
}

// assume enters the account of a role. Where that is denied, the account stays in scope and that is recorded, once.
func (r *run) assume(ctx context.Context, base *account, role string) *account {
	cfg := base.config.Copy()
	cfg.Credentials = aws.NewCredentialsCache(
		stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base.config), role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = sessionName }),
		func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
	a := r.newAccount(cfg)
	a.id, a.partition = accountOf(role), partition(role)

	_, err := cfg.Credentials.Retrieve(ctx)
	if err == nil {
		err = a.enter(ctx)
	}
	if err == nil || ctx.Err() != nil {
		return a
	}
	var lost *notRenewed
	if errors.As(err, &lost) {
		err = lost.error
	}
	outcome, code, message := a.global.whatBecame("sts:GetCallerIdentity", err)
	if code == codeNoHost {
		code = ""
	}
	a.expired.Store(nil)
	a.global.held = []responses.Response{{
		Account: a.id, Region: estate.Global, Operation: "sts:GetCallerIdentity", Time: r.Now().UTC(),
		Outcome: outcome, Code: code, Message: r.Redactor.Text(brief(fmt.Sprintf("%s could not be assumed: %s", role, message))),
	}}
	return a
}

// accountOf is the account in an ARN: its fifth part.
func accountOf(arn string) string { return arnPart(arn, 4) }

// partition is the partition of an ARN: its second part.
func partition(arn string) string { return cmp.Or(arnPart(arn, 1), "aws") }

func arnPart(arn string, i int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[i]
}

// noCredentials says how to provide credentials.
func noCredentials(profile string, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case strings.Contains(text, "SSO") || strings.Contains(text, "sso"):
		command := "aws sso login"
		if profile != "" {
			command += " --profile " + profile
		}
		return fmt.Errorf("the SSO session is missing or has expired: run `%s`", command)
	case profile != "":
		return fmt.Errorf("profile %q gives no credentials: %s: run `aws sso login --profile %s`, or check it in ~/.aws/config", profile, rootCause(err), profile)
	}
	return errors.New("no AWS credentials were found: run `aws sso login`, set AWS_PROFILE, or pass --profile")
}

// refused says why AWS did not tell who the caller is, and what to do about it.
func refused(region string, err error) error {
	var answer smithy.APIError
	var lookup *net.DNSError
	var broken net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &answer) && slices.Contains(expiredCodes, answer.ErrorCode()):
		return fmt.Errorf("the AWS credentials have expired (%s): run `aws sso login`, or renew them", answer.ErrorCode())
	case errors.As(err, &answer) && slices.Contains(disabledCodes, answer.ErrorCode()):
		return fmt.Errorf("AWS does not know these credentials in Region %s (%s): check the access key, and that the account has the Region enabled", region, answer.ErrorCode())
	case errors.As(err, &answer) && retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool():
		return fmt.Errorf("AWS kept answering that calls come too fast (%s): wait a minute and run it again", answer.ErrorCode())
	case errors.As(err, &answer):
		return fmt.Errorf("AWS did not tell whose credentials these are (%s: %s): check the access key and the computer's clock", answer.ErrorCode(), brief(answer.ErrorMessage()))
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return fmt.Errorf("the host %s was not found: check the Region %q and the network", lookup.Name, region)
	case errors.As(err, &broken):
		return fmt.Errorf("AWS cannot be reached (%s): check the network, the proxy and AWS_ENDPOINT_URL", rootCause(err))
	}
	return fmt.Errorf("AWS did not tell whose credentials these are (%s): check the network, the proxy and AWS_ENDPOINT_URL", rootCause(err))
}
