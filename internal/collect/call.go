package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// How many calls may be in flight at once. AWS throttles an account's calls per service and Region, and the account's own
// automation shares that allowance with us: the figures are low enough to leave it most.
const (
	callsPerAccount = 48
	callsPerRegion  = 16
	callsPerService = 6
)

// callsPerServiceOf are the services that bear more, because their allowance is large, or less, because it is small or because
// production depends on it.
var callsPerServiceOf = map[string]int{
	"s3": 16, "ec2": 8, "kms": 10,
	"apigateway": 2, "apigatewayv2": 2, "autoscaling": 2, "cloudtrail": 2, "globalaccelerator": 2, "organizations": 2, "resourcegroupstaggingapi": 1, "wafv2": 3,
	"apprunner": 2, "bedrock-agentcore-control": 2, "codebuild": 2, "identitystore": 3, "sso-admin": 3, "stepfunctions": 3,
}

// slots are places in flight.
type slots chan struct{}

func newSlots(n int) slots { return make(slots, n) }

func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slots) give() { <-s }

// reading is what became of one call and its further pages.
type reading[Out any] struct {
	pages   []*Out
	outcome operation.Outcome
	code    string
	message string
	time    time.Time
}

// join puts the readings of one operation that had to be asked several times into one: all pages, and the outcome of the first
// that did not go well. Nothing asked is answered in full, with nothing.
func join[Out any](now time.Time, parts ...reading[Out]) reading[Out] {
	all := reading[Out]{outcome: operation.OK, time: now}
	for _, part := range parts {
		all.pages = append(all.pages, part.pages...)
		if all.outcome.Complete() && part.outcome != operation.OK {
			all.outcome, all.code, all.message = part.outcome, part.code, part.message
		}
		if part.time.Before(all.time) {
			all.time = part.time
		}
	}
	if len(all.pages) > 0 && all.outcome.Complete() {
		all.outcome, all.code, all.message = operation.OK, "", ""
	}
	return all
}

// listing is one listing at one place, which is asked once.
type listing struct {
	once  sync.Once
	pages any // []*Out
}

// call asks one operation of AWS, records the answer, and returns its pages: none, if there was no answer. The values of the
// table's By parameters are taken from in. A listing is asked once at a place: who asks again gets the same pages.
func call[In, Out, Opt any](ctx context.Context, p *place, id operation.ID, do func(context.Context, *In, ...func(*Opt)) (*Out, error), in *In) []*Out {
	return compose(p, id, func() reading[Out] { return ask(ctx, p, id, do, in) }, in)
}

// compose records as one response of the operation what read brings together from several calls.
func compose[Out any](p *place, id operation.ID, read func() reading[Out], in any) []*Out {
	op, ok := operation.Get(id)
	if !ok {
		panic(fmt.Sprintf("%s is not in the operation table", id))
	}
	if !op.Lists() {
		return record(p, op, read(), in)
	}
	once, _ := p.listings.LoadOrStore(id, &listing{})
	l := once.(*listing)
	l.once.Do(func() { l.pages = record(p, op, read(), in) })
	return l.pages.([]*Out)
}

// record keeps a reading as a response, without secrets.
func record[Out any](p *place, op operation.Operation, got reading[Out], in any) []*Out {
	if got.code == codeCanceled {
		return got.pages
	}
	resp := responses.Response{
		Account: p.id, Region: p.region, Operation: op.ID, Parameters: parameters(op, in), Time: got.time.UTC(),
		Outcome: got.outcome, Code: got.code, Message: p.Redactor.Text(brief(got.message)),
	}
	for name, value := range resp.Parameters {
		resp.Parameters[name] = p.Redactor.Text(value)
	}
	for _, page := range got.pages {
		body, err := p.Redactor.Redact(op, encode(page))
		if err != nil { // encode writes JSON; nothing is kept that was not looked through
			resp.Outcome, resp.Code, resp.Message = operation.Failed, "", err.Error()
			break
		}
		resp.Pages = append(resp.Pages, body)
	}
	p.record(resp)
	return got.pages
}

// parameters are the values of the operation's By parameters.
func parameters(op operation.Operation, in any) map[string]string {
	if op.Lists() {
		return nil
	}
	values := map[string]string{}
	for _, name := range op.By {
		if value := reflect.Indirect(reflect.ValueOf(in).Elem().FieldByName(name)); value.IsValid() {
			values[name] = value.String()
		} else {
			values[name] = "" // the version of an object that is the newest
		}
	}
	return values
}

// ask calls one operation, follows its pages to the end, and finds out what became of it.
func ask[In, Out, Opt any](ctx context.Context, p *place, id operation.ID, do func(context.Context, *In, ...func(*Opt)) (*Out, error), in *In) reading[Out] {
	got := reading[Out]{outcome: operation.OK, time: p.Now()}
	next := *in
	seen := map[string]bool{}
	for {
		if code := p.expired.Load(); code != nil {
			got.outcome, got.code, got.message = operation.NotTried, *code, "the credentials expired before this was asked"
			if len(got.pages) > 0 {
				got.outcome = operation.Failed
			}
			return got
		}
		out, err := once(ctx, p, id, do, &next)
		if err != nil {
			got.outcome, got.code, got.message = p.whatBecame(id, err)
			return got
		}
		p.answered.Store(true)
		got.pages = append(got.pages, out)
		token := turnPage(&next, out)
		if token == "" {
			return got
		}
		if seen[token] {
			got.outcome, got.code = operation.Failed, CodeRepeatedPageToken
			got.message = "the listing came back to a page that it had shown, so it cannot be read to its end"
			return got
		}
		seen[token] = true
	}
}

// once makes one call when its turn has come.
func once[In, Out, Opt any](ctx context.Context, p *place, id operation.ID, do func(context.Context, *In, ...func(*Opt)) (*Out, error), in *In) (*Out, error) {
	ofService, _ := p.services.LoadOrStore(id.Service(), newSlots(cmp.Or(callsPerServiceOf[id.Service()], callsPerService)))
	// Always taken in this order, so that no two calls wait for each other.
	for _, s := range []slots{ofService.(slots), p.slots, p.account.slots} {
		if err := s.take(ctx); err != nil {
			return nil, err
		}
		defer s.give()
	}
	p.calls.Add(1)
	return do(ctx, in)
}

// tokens are the ways in which AWS operations page: the member of the answer that tells where the next page begins, and the
// member of the question that asks for it. The more particular stand first.
var tokens = []struct{ from, to string }{
	{"NextMarker", "NextMarker"},
	{"NextMarker", "Marker"},
	{"Marker", "Marker"},
	{"NextToken", "NextToken"},
	{"PaginationToken", "PaginationToken"},
	{"ContinuationToken", "ContinuationToken"},
	{"LastEvaluatedTableName", "ExclusiveStartTableName"},
	{"Position", "Position"}, // of API Gateway's first generation
}

// turnPage makes the question ask for the page after out, and returns its token; "" where out is the last.
func turnPage(in, out any) string {
	question, answer := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
	// CloudFront wraps the page in a list of its own.
	for _, name := range []string{"DistributionList", "VpcOriginList"} {
		if list := answer.FieldByName(name); list.IsValid() && !list.IsNil() {
			answer = list.Elem()
			break
		}
	}
	for _, t := range tokens {
		from, to := answer.FieldByName(t.from), question.FieldByName(t.to)
		if !from.IsValid() || !to.IsValid() || from.Kind() != reflect.Pointer || from.Type() != to.Type() {
			continue
		}
		if from.IsNil() || from.Elem().String() == "" {
			return ""
		}
		for _, name := range []string{"IsTruncated", "Truncated"} {
			if more := answer.FieldByName(name); more.IsValid() {
				if more = reflect.Indirect(more); more.IsValid() && !more.Bool() {
					return ""
				}
			}
		}
		to.Set(from)
		return from.Elem().String()
	}
	return ""
}

// Codes that never leave this package.
const (
	codeNoHost   = "no host"  // the service has no host in the Region
	codeCanceled = "canceled" // we stopped, not AWS
)

// The codes by which AWS's protocols and services say the same thing.
var (
	expiredCodes  = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
	disabledCodes = []string{"AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException"}
	// notDenied come with HTTP status 403 all the same.
	notDenied = []string{"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
)

// whatBecame tells the outcome, AWS's code and AWS's message from an error.
func (p *place) whatBecame(id operation.ID, err error) (operation.Outcome, string, string) {
	if errors.Is(err, context.Canceled) {
		return operation.Failed, codeCanceled, ""
	}
	var code, message string
	var answer smithy.APIError
	if errors.As(err, &answer) {
		code, message = answer.ErrorCode(), answer.ErrorMessage()
	}
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
		p.answered.Store(true)
	}
	var lost *notRenewed
	if errors.As(err, &lost) {
		code = cmp.Or(code, "ExpiredToken")
		p.expired.CompareAndSwap(nil, &code)
		return operation.Failed, code, "the credentials could not be renewed: " + cmp.Or(message, rootCause(err))
	}
	op, _ := operation.Get(id)
	switch means := responses.Classify(op, code); {
	case means == operation.Absent:
		return operation.Absent, code, message
	case slices.Contains(expiredCodes, code):
		p.expired.CompareAndSwap(nil, &code)
		return operation.Failed, code, message
	case means == operation.Throttled || status == http.StatusTooManyRequests:
		return operation.Throttled, code, message
	case means == operation.Denied,
		(status == http.StatusForbidden || status == http.StatusUnauthorized) && !slices.Contains(notDenied, code):
		return operation.Denied, code, message
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) && lookup.IsNotFound {
		return operation.Failed, codeNoHost, "the host " + lookup.Name + " does not exist"
	}
	if message == "" || code == "" || code == "UnknownError" {
		message = rootCause(err)
	}
	if code == "UnknownError" {
		code = ""
	}
	if code == "" && status >= 400 {
		code = fmt.Sprintf("HTTP %d", status)
	}
	return operation.Failed, code, message
}

// rootCause is the innermost error's text: the wrappings of the SDK name its own parts.
func rootCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || inner.Error() == "" {
			return err.Error()
		}
		err = inner
	}
}

// brief cuts what no reader needs off a message: EC2 appends an encoded page of its own to a denial.
func brief(message string) string {
	message, _, _ = strings.Cut(message, " Encoded authorization failure message")
	const most = 600
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + " ..."
	}
	return message
}
