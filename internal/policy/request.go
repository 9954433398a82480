package policy

// Request is one request as AWS judges it.
type Request struct {
	Action   string // "s3:GetObject"; case does not matter
	Resource string // an ARN, or "*" for actions that know no resource
	// ResourceAccount owns the resource, where its ARN does not say so (S3). Empty: the ARN's account, or else, where that names none
	// (or "aws"), the caller's.
	ResourceAccount string
	// ResourceManagesOrganization says that the resource's account is the management account, which no resource control policy
	// binds.
	ResourceManagesOrganization bool
	// AWSManagedKey says that the resource is a KMS key that AWS manages: resource control policies leave it alone.
	AWSManagedKey bool
	Caller        Caller
	Context       Context
}

// Caller is the principal that makes a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type Caller struct {
	Kind CallerKind
	// ARN is how a Principal element may name the caller itself: a user's ARN, a session's
	// (arn:aws:sts::111122223333:assumed-role/Name/session; empty where the session's name is open), a federated user's, the
	// root user's; for a service its name ("ec2.amazonaws.com"; of CloudFront also an origin access identity's ARN), for a
	// web identity or SAML its provider.
	ARN string
	// Role is the IAM ARN, path included, of the role whose session calls; for other kinds empty.
	Role string
	// AnyPath says that the path of Role is not known, as a session does not tell it: names of roles are unique in an account, so
	// that a role of that name is this one, whichever path it has.
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	AnyPath bool
	// ID is the value of aws:userid, where it follows from the name: of a federated user it does.
	ID string
	// User is the ARN of the IAM user who made the federated session, where it is known; for other kinds empty.
	User string
	// Account is the caller's; empty for services, providers and anonymous callers.
	Account string
	// ManagesOrganization says that its account is the organisation's management account, which no service control policy binds.
	ManagesOrganization bool
	// CanonicalID is the canonical user id of its account, by which policies and lists of S3 may name it; empty where not known.
	CanonicalID string
}

// CallerKind is what sort of principal calls.
type CallerKind int

const (
	Anonymous CallerKind = iota
	User
	RoleSession
	FederatedUser // a session of sts:GetFederationToken
	RootUser
	Service
	WebIdentity // asks for a role with a token of an OpenID Connect provider
	SAML
)

// Context holds what is known of the keys that conditions ask for.
type Context struct {
	// Values by key in lower case. A key of one value has one; a list without values is a key that is there and empty.
	Values map[string][]string
	// Open says that a key that is neither in Values nor in Absent may have any value or be missing: what rests on it
	// depends. Otherwise it is not in the request.
	Open bool
	// Absent are keys, in lower case, that surely are not in the request.
	Absent map[string]bool
}

// Source is one policy as decisions quote it.
type Source struct {
	Name     string    // "policy AdministratorAccess", "inline policy x of role y", or any name
	Document *Document // nil where it was not read or not understood: then what it says is unknown
	Unread   string    // what would have told, where Document is nil
	Note     string    // what else a reader must know of the document: that it is not of the account, but of AWS's reference
}

// Level is one step of an organisation's tree, from the root to the account: a request needs an Allow at each.
type Level struct {
	Name    string
	Sources []Source
}

// Policies are all that may bear on one request. A part that is nil does not apply; an empty one applies and allows nothing.
type Policies struct {
	Identity        []Source // the caller's own and its groups'
	Resource        *Source  // of the resource; for sts:AssumeRole and its kin the role's trust policy; for KMS the key policy
	Boundary        []Source // the permissions boundary
	Session         []Source // passed when the session was made
	ServiceControl  []Level  // of the caller's account
	ResourceControl []Level  // of the resource's account
	Endpoint        []Source // of the VPC endpoint that the request goes through
	Grants          []Grant  // of the KMS key
	S3              *S3Access
	// Canonical are the accounts of canonical user ids, as far as they are known, by id; of one that is no account's but a service's,
	// any other text. An id that is not among them may be the caller's, unless Caller.CanonicalID says what his is.
	Canonical map[string]string
}

// Grant is a grant on a KMS key.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
type Grant struct {
	ID                string
	Grantee           string   // ARN or service name
	Operations        []string // as KMS spells them: "Decrypt"
	ContextEquals     map[string]string
	ContextSubset     map[string]string
	SourceARN         string // on whose behalf a request must be made; empty for anybody's
	RetiringPrincipal string // ARN or service name
}

// S3Access is what S3 asks besides policies. Each member's zero value does not apply.
type S3Access struct {
	// Granted are the permissions that access control lists give the caller's account: READ, WRITE, READ_ACP, WRITE_ACP,
	// FULL_CONTROL. GrantedToPublic are those that they give to AllUsers or AuthenticatedUsers; IgnoreACLs takes them away.
	// Empty where ownership is enforced and lists do not count.
	Granted, GrantedToPublic []string
	// AccessPoint is the policy of the access point that the request goes through; the bucket's must allow too.
	AccessPoint *Source
	// AccessPointARN is how the access point's policy names it; empty where Request.Resource does so already.
	AccessPointARN string
	// RestrictPublic and IgnoreACLs are the effective settings of public access block, of bucket, account and organisation together.
	RestrictPublic, IgnoreACLs bool
	// Bucket is the ARN of the bucket behind the access point, by which the bucket's policy names what is asked for; empty where
	// Request.Resource does so already.
	Bucket string
	// MayGrant are permissions that lists may give the caller besides: what is not known of them tells ListsUnread.
	MayGrant []string
	// ListsUnread is what would have told MayGrant, RestrictUnread what would have told RestrictPublic: nil where it is known.
	ListsUnread, RestrictUnread *Source
}

// Result is what AWS answers.
type Result int

const (
	ImplicitDeny Result = iota // nothing allows it
	Allowed
	ExplicitDeny // a statement denies it
	Depends      // on values of the request, or on policies, that are not known
)

var results = [...]string{"implicitDeny", "allowed", "explicitDeny", "depends"}

func (r Result) String() string { return results[r] }

// Layer says which kind of policy a statement stands in.
type Layer int

const (
	IdentityLayer Layer = iota
	ResourceLayer
	BoundaryLayer
	SessionLayer
	ServiceControlLayer
	ResourceControlLayer
	EndpointLayer
	GrantLayer
	AccessPointLayer
	ACLLayer
	PublicBlockLayer
	NoLayer // what AWS does whatever policies say, and what follows from several of them
)

// Limits reports whether the policies of a layer grant nothing: what they allow, a policy of another layer must allow too.
func (l Layer) Limits() bool {
	switch l {
	case BoundaryLayer, SessionLayer, ServiceControlLayer, ResourceControlLayer, EndpointLayer:
		return true
	}
	return false
}

// Decision is the result with what decided it.
type Decision struct {
	Result    Result
	Because   []Reason
	DependsOn []Dependence // only with Depends
}

// Reason is one statement that decided, or a layer in which nothing allows.
type Reason struct {
	Layer     Layer
	Source    string // the policy's name
	Level     string // of an organisation's policy: the step of the tree to which it is attached
	Statement int    // its index in the document; -1 where nothing in the layer allows
	Sid       string
	Line      int
	Effect    Effect // what it does; zero where nothing allows
	Text      string // one sentence for a person
	Note      string // of the policy's Source
	words     *Statement
}

// Quote is the statement's own words on one line; empty where the reason is no statement.
func (r Reason) Quote() string {
	if r.words == nil {
		return ""
	}
	return r.words.Quote()
}

// Dependence is one thing that is not known and that the result rests on.
type Dependence struct {
	Key    string // a condition key as written, empty where a policy was not read
	Reason        // the statement whose condition asks for it, or the policy that was not read
}
