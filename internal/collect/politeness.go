package collect

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// How often one call is tried, unless AWS_MAX_ATTEMPTS or the profile say otherwise, and how long at most to wait in between:
// for a throttle until the allowance fills up again, for a broken connection or a server's error only so long as those usually
// last. What never answers holds its place in flight for as long, so it is not waited for often.
const (
	attempts        = 6
	errorAttempts   = 5 // where it is not a throttle
	timeoutAttempts = 2
	throttleBackoff = 15 * time.Second
	errorBackoff    = time.Second
)

// retryer makes the retryer of one client: the SDK's adaptive mode, which slows all calls of a client down to the rate that
// AWS answers, with bounds of our own.
func (r *run) retryer() aws.Retryer {
	throttled := retry.IsErrorThrottles(retry.DefaultThrottles)
	return &retryer{run: r, throttled: throttled, RetryerV2: retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			// The SDK's allowance of retries is for one request among few; a reading of thousands would use it up and
			// then give up at the first throttle.
			o.RateLimiter = ratelimit.None
			o.Backoff = retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
				most := throttleBackoff
				if !throttled.IsErrorThrottle(err).Bool() {
					var broken net.Error
					if attempt >= errorAttempts || attempt >= timeoutAttempts && errors.As(err, &broken) && broken.Timeout() {
						return 0, err // ends the attempts with this error
					}
					most = errorBackoff
				}
				if r.delay != nil {
					return r.delay(attempt), nil
				}
				ceiling := min(most, 100*time.Millisecond<<min(attempt+1, 10))
				return ceiling/2 + rand.N(ceiling/2), nil
			})
		})
	})}
}

// retryer counts throttles, and does not insist where a host does not exist.
type retryer struct {
	aws.RetryerV2
	run       *run
	throttled retry.IsErrorThrottle
}

func (r *retryer) IsErrorRetryable(err error) bool {
	if r.throttled.IsErrorThrottle(err).Bool() {
		r.run.throttles.Add(1)
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) && lookup.IsNotFound {
		return false
	}
	// All our calls only read, so one whose answer broke off in the middle may be made again.
	var unread *smithy.DeserializationError
	var response *smithyhttp.ResponseError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &unread) && !(errors.As(err, &response) && response.HTTPStatusCode() >= 400) {
		return true
	}
	return r.RetryerV2.IsErrorRetryable(err)
}
