package estate

import (
	"time"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Stores are smaller places where data is kept or passes: queues, topics, secrets, images of containers, parameters. What is in
// them is never read. Each list is sorted by Ref.Key. The policies are absent where a resource has none.
type Stores struct {
	Queues       []*Queue
	Topics       []*Topic
	Secrets      []*Secret
	Repositories []*Repository
	Parameters   []*Parameter
	Guarded      []*Guarded
}

// Guarded is something of which nothing is asked but whom its policy lets in: a file system of EFS ("file-system"), an event bus
// ("event-bus"), a domain of OpenSearch Service ("search-domain"), or one of the resource policies of CloudWatch Logs in its Region
// ("log-policy", by the policy's name).
type Guarded struct {
	Resource
	Policy Known[*policy.Document]
	Tells  operation.ID // which call tells the policy
	// Shut says that something besides the policy keeps strangers out: the domain stands in a VPC, or has users of its own.
	// https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html#fgac-recommendations
	Shut bool
	Of   string // ARN of the log group that a log policy is about; empty where it is about all of its Region
}

// Queue is one of Amazon SQS; its ID is its name.
type Queue struct {
	Resource
	URL    string
	Policy Known[*policy.Document]
	KMSKey Known[string] // id, ARN or alias; absent where SQS's own key is used, or none
}

// Topic is one of Amazon SNS; its ID is its name.
type Topic struct {
	Resource
	Policy Known[*policy.Document]
	KMSKey Known[string] // as of Queue
}

// Secret is one of AWS Secrets Manager, without its value; its ID is its name, its ARN ends in six random characters.
type Secret struct {
	Resource
	KMSKey   string // id, ARN or alias; empty for aws/secretsmanager
	Rotation bool
	Changed  time.Time // zero where AWS does not say
	Accessed time.Time // the day; zero for never, or where AWS does not say
	Service  string    // the AWS service that owns it ("rds"); empty for none
	Policy   Known[*policy.Document]
}

// Repository is one of Amazon ECR.
type Repository struct {
	Resource
	URI       string
	Immutable bool // tags of images cannot be moved
	Policy    Known[*policy.Document]
}

// Parameter is one of the Parameter Store of Systems Manager, without its value; its ID is its name.
type Parameter struct {
	Resource
	Type   string // "String", "StringList", "SecureString"
	KMSKey string // id, ARN or alias, of a SecureString
}
