package estate

import (
	"time"

	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Data is what is kept: buckets, databases, tables and the keys that encrypt them. Each list is sorted by Ref.Key.
type Data struct {
	Databases
	Stores
	Buckets      []*Bucket
	AccessPoints []*AccessPoint
	// Samples are what was looked at of the objects under prefixes of buckets: nothing, unless the user asked for it. Sorted by
	// account, bucket and prefix.
	Samples []*Sample
}

// Sample is what was looked at of the objects whose keys begin with a prefix.
type Sample struct {
	Place
	Bucket, Prefix string
	// Listed is what there is; unknown where the listing could not be read.
	Listed  Known[Listing]
	Objects []*Object // those chosen to be looked at, sorted by key
	// Older is what there is of older versions, which nothing tells of a bucket that keeps none.
	Older    Known[Listing]
	Versions []*Object // those of them that were chosen, sorted by key and version
}

// Listing says how many objects, or older versions of objects, there are.
type Listing struct {
	Objects int64
	// All says that the listing came to its end: else there are more than Objects, and what was chosen was chosen among those.
	All bool
}

// Object is one object that was looked at, by its first bytes and its metadata.
type Object struct {
	Key     string
	Version string // of an older version its id
	Size    int64  // bytes
	// Facts are unknown where the object could not be read, and absent of an empty one.
	Facts Known[ciphertext.Facts]
}

// Sample returns what was looked at under a prefix of a bucket, or a Sample of which nothing is known.
func (d *Data) Sample(p Place, bucket, prefix string) *Sample {
	for _, s := range d.Samples {
		if s.Place == p && s.Bucket == bucket && s.Prefix == prefix {
			return s
		}
	}
	gap := func(op operation.ID) Known[Listing] {
		return Unread[Listing](Gap{Place: p, Operation: op, About: bucket + " " + prefix})
	}
	return &Sample{Place: p, Bucket: bucket, Prefix: prefix, Listed: gap("s3:ListObjectsV2"), Older: gap("s3:ListObjectVersions")}
}

// Bucket is an S3 bucket. Each of its settings is a question of its own.
type Bucket struct {
	Resource // Region is Global where nothing tells it
	Created  time.Time
	// Policy is absent where the bucket has none.
	Policy Known[*policy.Document]
	// PolicyPublic is what S3 says of the policy: that it grants access to everybody. Absent without a policy.
	PolicyPublic Known[bool]
	// PublicGrants are the permissions that the access control list gives to everybody or to everybody with an AWS account.
	PublicGrants Known[[]string]
	// ACL is the whole access control list.
	ACL Known[ACL]
	// Ownership is BucketOwnerEnforced (access control lists are off), BucketOwnerPreferred or ObjectWriter; absent means
	// the last, for buckets from before April 2023.
	Ownership Known[string]
	// Block is the bucket's own public access block, AccountBlock that of its account; absent means that nothing is blocked.
	Block        Known[PublicAccessBlock]
	AccountBlock Known[PublicAccessBlock]
	Encryption   Known[BucketEncryption]
	Versioning   Known[string] // Enabled, Suspended, or empty for never enabled
	// LogBucket is where access logs go; empty for nowhere.
	LogBucket Known[string]
	// Lock is the default retention of new objects: "GOVERNANCE", "COMPLIANCE", or empty where the bucket has locking on
	// but no default; absent where locking is off.
	Lock Known[string]
}

// PublicAccessBlock is the four settings of S3 Block Public Access. Of account and bucket the stricter one applies, setting by
// setting.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
type PublicAccessBlock struct {
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

// BucketEncryption is how new objects are encrypted where the request does not say.
type BucketEncryption struct {
	Algorithm string // AES256, aws:kms, aws:kms:dsse
	Key       string // of KMS; empty for AWS's own
	// Blocked are the kinds of encryption that uploads may not ask for: "SSE-C" is encryption with a key that the uploader
	// brings along. Unknown where the answer does not speak of it: tools from before November 2025 leave it out.
	Blocked Known[[]string]
}

// ACL is the access control list of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
type ACL struct {
	Owner  string // canonical user id of the bucket's owner
	Grants []ACLGrant
}

// ACLGrant is one line of an access control list. One of Canonical, Group and Email is given.
type ACLGrant struct {
	Canonical  string // canonical user id
	Group      string // "AllUsers", "AuthenticatedUsers", "LogDelivery"
	Email      string
	Permission string // "FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"
}

// AccessPoint is an S3 access point: another name for a bucket, with a policy of its own.
type AccessPoint struct {
	Resource
	Bucket      string // name
	BucketOwner string // account id; empty where AWS does not say
	Alias       string // its name as a bucket
	VPC         string // requests must come from it; empty if they may come from the Internet
	// Policy is absent where the access point has none. What it allows, the bucket's policy must allow too.
	Policy       Known[*policy.Document]
	PolicyPublic Known[bool] // as of Bucket
	Block        Known[PublicAccessBlock]
}
