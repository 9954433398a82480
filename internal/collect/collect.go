// Package collect turns AWS calls into responses, and nothing else: it judges nothing and keeps nothing.
//
// It makes exactly the calls of the operation table, one file per AWS service. Every call goes through one function (call, in
// call.go), which follows the pages, is polite, finds out what became of the call, and takes the secrets out. What AWS denies,
// throttles or does not have is data in the responses and stops nothing else; Collect itself fails only where nothing at all
// can be asked.
//
// It reads only: every IAM action that it needs is of access level List or Read.
package collect

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// Options say what to read and with which identity. Credentials, endpoints and proxies come from where every AWS tool takes
// them: the environment, ~/.aws, SSO, the instance's role; AWS_ENDPOINT_URL points at an emulator.
type Options struct {
	// Profile is the name of a profile in ~/.aws. Without it, the usual chain provides the base identity.
	Profile string
	// Regions to read; without any, every Region that an account has enabled.
	Regions []string
	// RoleARNs are assumed from the base identity, and their accounts are read instead of its own.
	RoleARNs []string
	// OrgRole is the name of a role that is assumed in every active account of the organisation.
	OrgRole string
	// Sample says which objects to look into; its zero value, none.
	Sample Sample
	// LastAccessed reads besides what each user, group and role has used of what it is granted: two calls or more for each.
	LastAccessed bool

	// Keep takes each response as it arrives, from one goroutine at a time; an error of it ends Collect.
	Keep func(responses.Response) error
	// Progress, if not nil, is told how far the reading is, from one goroutine at a time.
	Progress func(Progress)
	// Redactor takes the secrets out of bodies and messages. Nil stands for one with a new random key.
	Redactor *responses.Redactor

	HTTPClient aws.HTTPClient   // nil stands for the SDK's own
	Now        func() time.Time // nil stands for time.Now

	// For tests: a configuration that is not looked for, further middleware, and the time between attempts.
	config aws.Config
	stack  []func(*middleware.Stack) error
	delay  func(attempt int) time.Duration
}

// Progress counts what is done. A unit is one service in one Region of one account; Total grows until all accounts are known.
type Progress struct {
	Accounts, Regions int // Regions are counted once an account
	Done, Total       int
	Calls, Throttles  int
}

// run is one Collect.
type run struct {
	Options
	cancel context.CancelCauseFunc

	calls, throttles, done, total, accounts, regions atomic.Int64

	keeping, telling sync.Mutex
}

// Collect reads the accounts and hands each response to o.Keep. It returns what was asked to be read. Its error is one line
// that says what to do: there are no credentials, no network, no such profile or Region, or Keep's own error. Whatever else
// goes wrong is told by the responses.
func Collect(ctx context.Context, o Options) (responses.Scope, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Redactor == nil {
		o.Redactor = responses.NewRedactor(nil)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Options: o, cancel: cancel}

	accounts, err := r.find(ctx)
	scope := responses.Scope{Regions: o.Regions}
	for _, a := range accounts {
		scope.Accounts = append(scope.Accounts, a.id)
	}
	if err == nil {
		r.read(ctx, accounts)
	}
	// A reading that was broken off from outside, or by Keep, has met errors that are nobody's but ours.
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, context.Canceled) {
			cause = fmt.Errorf("interrupted: what was read until now is not complete: %w", cause)
		}
		return scope, cause
	}
	return scope, err
}

// Bounds of concurrency. Those of calls are in call.go.
const (
	accountsAtOnce = 8
	regionsAtOnce  = 8 // of one account
	itemsAtOnce    = 16
)

// read reads all accounts that could be entered.
func (r *run) read(ctx context.Context, accounts []*account) {
	var open []*account
	for _, a := range accounts {
		if a.entered {
			open = append(open, a)
		}
	}
	r.accounts.Store(int64(len(open)))
	each(open, accountsAtOnce, func(a *account) {
		a.findRegions(ctx)
		r.regions.Add(int64(len(a.regions)))
		r.total.Add(int64(len(global) + len(a.regions)*len(regional)))
		r.tell(0)
	})
	var organizations sync.WaitGroup
	organizations.Go(func() { readOrganizations(ctx, open) })
	each(open, accountsAtOnce, func(a *account) { a.read(ctx) })
	organizations.Wait()
	each(open, 1, func(a *account) { a.global.settle() })
}

// keep hands one response on.
func (r *run) keep(resp responses.Response) {
	r.keeping.Lock()
	defer r.keeping.Unlock()
	if err := r.Keep(resp); err != nil {
		r.cancel(fmt.Errorf("keep what AWS answered: %w", err))
	}
}

// tell counts units as done and says so.
func (r *run) tell(units int) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.done.Add(int64(units))
	if r.Progress == nil {
		return
	}
	r.Progress(Progress{
		Accounts: int(r.accounts.Load()), Regions: int(r.regions.Load()),
		Done: int(r.done.Load()), Total: int(r.total.Load()),
		Calls: int(r.calls.Load()), Throttles: int(r.throttles.Load()),
	})
}

// account is one account to read.
type account struct {
	*run
	id        string
	arn       string // of the identity
	partition string // "aws", "aws-cn", "aws-us-gov"
	config    aws.Config
	base      bool // entered with the base identity, not through a role
	entered   bool // its credentials work

	global  *place
	regions []string
	slots   slots

	expired atomic.Pointer[string] // AWS's code, once the credentials have expired
}

// read reads everything of the account but its organisation.
func (a *account) read(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { a.global.read(ctx, global) })
	all.Go(func() {
		each(a.regions, regionsAtOnce, func(region string) {
			p := a.place(region)
			if p.probe(ctx) {
				p.read(ctx, regional)
			} else {
				a.tell(len(regional))
			}
			p.settle()
		})
	})
	all.Wait()
}

// service is one AWS service: how it is read at one place.
type service struct {
	name string
	read func(ctx context.Context, p *place)
}

// global are the services that are read once for an account, regional those that are read in each Region. To add one: a file
// with its calls, and its line here.
var (
	global = []service{
		{"account", readAccount},
		{"cloudfront", readCloudFront},
		{"globalaccelerator", readGlobalAccelerator},
		{"iam", readIAM},
		{"s3", readS3},
		{"s3control", readS3Control},
		{"wafv2", readWAFForCloudFront},
	}
	regional = []service{
		{"ec2", readEC2},
		{"acm", readACM},
		{"apigateway", readAPIGateway},
		{"apigatewayv2", readAPIGatewayV2},
		{"apprunner", readAppRunner},
		{"autoscaling", readAutoScaling},
		{"backup", readBackup},
		{"batch", readBatch},
		{"bedrock-agentcore-control", readAgentCore},
		{"cloudformation", readCloudFormation},
		{"cloudtrail", readCloudTrail},
		{"codebuild", readCodeBuild},
		{"cognito-identity", readIdentityPools},
		{"directconnect", readDirectConnect},
		{"dlm", readDLM},
		{"dynamodb", readDynamoDB},
		{"ecr", readECR},
		{"ecs", readECS},
		{"eks", readEKS},
		{"efs", readEFS},
		{"elasticache", readElastiCache},
		{"elb", readELB},
		{"elbv2", readELBv2},
		{"events", readEventBridge},
		{"glue", readGlue},
		{"guardduty", readGuardDuty},
		{"kms", readKMS},
		{"lambda", readLambda},
		{"logs", readLogs},
		{"network-firewall", readNetworkFirewall},
		{"opensearch", readOpenSearch},
		{"rds", readRDS},
		{"redshift", readRedshift},
		{"resourcegroupstaggingapi", readTagging},
		{"s3control", readAccessPoints},
		{"sagemaker", readSageMaker},
		{"secretsmanager", readSecretsManager},
		{"sns", readSNS},
		{"sqs", readSQS},
		{"ssm", readSSM},
		{"sso-admin", readIdentityCenter},
		{"stepfunctions", readStepFunctions},
		{"wafv2", readWAF},
	}
)

// read reads the services side by side.
func (p *place) read(ctx context.Context, services []service) {
	each(services, len(services), func(s service) {
		s.read(ctx, p)
		p.tell(1)
	})
}

// each does f for every item, at most so many at once, and returns when all are done.
func each[T any](items []T, atOnce int, f func(T)) {
	var all sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for _, item := range items {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			f(item)
		})
	}
	all.Wait()
}

// Codes of our own, beside AWS's.
const (
	// CodeRegionClosed stands in the one response of a Region that an organisation policy closes.
	CodeRegionClosed = "RegionClosed"
	// CodeRegionDisabled stands in responses not tried because the account does not have the Region enabled.
	CodeRegionDisabled = "RegionDisabled"
	// CodeRegionUnreachable stands in responses not tried because no host of the Region was found.
	CodeRegionUnreachable = "RegionUnreachable"
	// CodeRepeatedPageToken says that a listing came back to a page that it had shown.
	CodeRepeatedPageToken = "RepeatedPageToken"
	// CodeInputIncomplete says that a call which needs another's answer was made, but that answer was not complete.
	CodeInputIncomplete = "InputIncomplete"
)

// place is one Region of an account, or "global".
type place struct {
	*account
	region string     // as it is recorded
	config aws.Config // with the Region that is asked

	slots    slots
	services sync.Map // name to slots
	listings sync.Map // operation.ID to *listing
	buckets  sync.Map // Region to *s3.Client

	answered atomic.Bool // some service has answered here, if only with an error
	mu       sync.Mutex
	probing  bool
	held     []responses.Response // while probing, and those of services that have no host here
}

func (a *account) place(region string) *place {
	p := &place{account: a, region: region, config: a.config.Copy(), slots: newSlots(callsPerRegion)}
	if region != estate.Global {
		p.config.Region = region
	}
	return p
}

// record keeps a response, or holds it back until it is known what it means.
func (p *place) record(resp responses.Response) {
	p.mu.Lock()
	hold := p.probing || resp.Code == codeNoHost
	if hold {
		p.held = append(p.held, resp)
	}
	p.mu.Unlock()
	if !hold {
		p.keep(resp)
	}
}

// settle lets go of what was held back. A service without a host is one that does not exist in the Region, if another
// service of the Region has answered; else it is the network that does not work.
func (p *place) settle() {
	p.mu.Lock()
	held := p.held
	p.held, p.probing = nil, false
	p.mu.Unlock()
	for _, resp := range held {
		if resp.Code == codeNoHost {
			resp.Code = ""
			if p.answered.Load() {
				resp.Outcome = operation.Unavailable
			}
		}
		p.keep(resp)
	}
}

// none records that the listings of the place which were not asked yet are not going to be.
func (p *place) none(code, message string) {
	for _, op := range operation.All() {
		if op.Scope != operation.PerRegion && op.Scope != operation.PerRegionGlobal || !op.Lists() {
			continue
		}
		if _, asked := p.listings.Load(op.ID); asked {
			continue
		}
		p.record(responses.Response{Account: p.id, Region: p.region, Operation: op.ID, Time: p.Now().UTC(),
			Outcome: operation.NotTried, Code: code, Message: message})
	}
}

// wait lets time pass, and reports whether it did before the reading was broken off.
func (r *run) wait(ctx context.Context, d time.Duration) bool {
	if r.delay != nil {
		d = r.delay(0)
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
