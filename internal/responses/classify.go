package responses

import (
	"slices"

	"github.com/onus-cloud/onus/internal/operation"
)

// Classify says what an error code of AWS means for an operation.
func Classify(op operation.Operation, code string) operation.Outcome {
	switch {
	case code == "":
		return operation.Failed
	case slices.Contains(op.Absent, code):
		return operation.Absent
	case slices.Contains(denials, code):
		return operation.Denied
	case slices.Contains(throttles, code):
		return operation.Throttled
	}
	return operation.Failed
}

// The codes by which AWS services say "you may not" and "too fast"
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the services' own lists).
var (
	denials = []string{"403", "AccessDenied", "AccessDeniedException", "AccessDeniedForDependencyException", "AllAccessDisabled", "AuthFailure", "AuthorizationError",
		"AuthorizationErrorException", "Forbidden", "InvalidAccessKeyId", "InvalidClientTokenId", "NotAuthorized", "OptInRequired", "SubscriptionRequiredException",
		"UnauthorizedAccess", "UnauthorizedException", "UnauthorizedOperation", "UnrecognizedClientException"}
	throttles = []string{"BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
		"RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
		"TooManyRequestsException", "TransactionInProgressException"}
)
