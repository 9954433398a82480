package estate

import (
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// Identity is who may do what. Each list is sorted by Ref.Key.
type Identity struct {
	// Logins is how people and programs get into each account in scope, in the order of Accounts.
	Logins []*Login
	Users  []*User
	Groups []*Group
	Roles  []*Role
	// ManagedPolicies are the customer's own and those of AWS that something is attached to or bounded by. A customer's may have the
	// name of one of AWS's, and so the same key: then they are sorted by ARN.
	ManagedPolicies []*ManagedPolicy
	// OrganizationPolicies are the organisation's own documents: service and resource control policies.
	OrganizationPolicies []*OrganizationPolicy
	// Providers are the identity providers whose word IAM takes.
	Providers []*IdentityProvider
	// IdentityPools are those of Cognito.
	IdentityPools []*IdentityPool
	SingleSignOn
}

// Login is what one account says about its root user and about passwords and keys.
type Login struct {
	Account *Account
	Summary Known[AccountSummary]
	Report  Known[CredentialReport]
	// PasswordPolicy is absent where the account has none of its own: AWS's default then applies.
	PasswordPolicy Known[PasswordPolicy]
	// RootVirtualMFA reports whether a virtual device is the root user's second factor. Other factors are not listed by AWS.
	RootVirtualMFA Known[bool]
	// RootPasswordStays says that the root password cannot be removed centrally: the account is in no organisation, or
	// manages one. Otherwise nothing is said.
	RootPasswordStays bool
}

// AccountSummary is the part of iam:GetAccountSummary that is about the root user. Each member is unknown where the
// summary lacks it: older answers of AWS have no AccountPasswordPresent.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
type AccountSummary struct {
	MFAEnabled        Truth
	AccessKeysPresent Truth // active or not
	PasswordPresent   Truth
}

// CredentialReport is the account's credential report: AWS renews it every four hours at most.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
type CredentialReport struct {
	Generated time.Time // zero where the response does not say
	Root      *Credentials
	Users     []*Credentials // without the root user, sorted by Ref.Key
}

// Credentials is one user's row of the credential report.
type Credentials struct {
	Resource
	Created time.Time
	// Password is unknown where the report says "not_supported".
	Password     Truth
	PasswordUsed time.Time // the last sign-in; zero for never, or before AWS began to tell
	MFA          Truth     // unknown where the column is missing or says neither
	Keys         [2]AccessKey
}

// AccessKey is what the credential report says of one of a user's two keys: everything but its id.
type AccessKey struct {
	Exists  bool
	Active  bool
	Rotated time.Time // when it was made or last activated or deactivated; zero if unknown
	Used    time.Time // zero for never, or before AWS began to tell
}

// PasswordPolicy is the account's own.
type PasswordPolicy struct {
	MinimumLength    int
	ReusePrevention  int // how many of the last passwords may not come back; 0 for none
	MaxAge           time.Duration
	Symbols, Numbers bool
	Upper, Lower     bool
	UsersMayChange   bool
	HardExpiry       bool
}

// Attached are the policies of a user, a group or a role.
type Attached struct {
	Inline  []Inline // sorted by name
	Managed []string // ARNs, sorted
}

// Inline is a policy that belongs to one user, group or role.
type Inline struct {
	Name     string
	Document Known[*policy.Document] // unknown where it could not be understood
}

// User is an IAM user.
type User struct {
	Resource
	// UniqueID is AWS's own id of it ("AIDA..."): a name may be given again to another user, this never is. aws:userid is made of it.
	UniqueID string
	Created  time.Time
	Attached
	Groups   []string // names, sorted
	Boundary string   // ARN of the permissions boundary; empty for none
	// MFADevices are the serial numbers of the user's own devices.
	MFADevices Known[[]string]
	Accessed   Known[Accessed]
}

// Group is an IAM group.
type Group struct {
	Resource
	UniqueID string // "AGPA..."
	Attached
	Accessed Known[Accessed] // of all its members together
}

// Role is an IAM role.
type Role struct {
	Resource
	UniqueID string // "AROA...", as in User; it stays empty where a recording lacks it
	Created  time.Time
	Attached
	Boundary string
	Trust    Known[*policy.Document]
	// Profiles are the ARNs of the instance profiles that carry the role, sorted; nil where the details leave the list out, so that
	// nothing is known of them.
	Profiles []string
	// LastUsed is zero where it was not used within AWS's tracking period (400 days at most).
	LastUsed       time.Time
	LastUsedRegion string
	Accessed       Known[Accessed]
}

// ServiceLinked reports whether an AWS service made the role for itself: nobody else may change it or assume it, and service
// control policies do not bind it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
func (r *Role) ServiceLinked() bool {
	return strings.Contains(r.Reference.ARN, ":role/aws-service-role/")
}

// ManagedPolicy is a policy with an ARN of its own, in its default version.
type ManagedPolicy struct {
	Resource
	Document Known[*policy.Document]
	Default  string // id of the default version, "v3"; empty where it was not told
	// Versions are all of it, the default among them, sorted by id: whoever may choose the default may choose any of them.
	Versions []PolicyVersion
	// Attachments is how many users, groups and roles have it.
	Attachments int
}

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	ID       string // "v3"
	Default  bool
	Document Known[*policy.Document]
}

// IdentityProvider is one whose tokens or assertions roles may trust.
type IdentityProvider struct {
	Resource        // Kind is "oidc-provider" or "saml-provider"
	URL      string // of OIDC, without "https://"; the ID as well
	// Audiences are the client ids that OIDC tokens may be for, sorted. Absent for SAML.
	Audiences Known[[]string]
}

// IdentityPoolIssuer signs the tokens of every identity pool, of whatever account.
const IdentityPoolIssuer = "cognito-identity.amazonaws.com"

// IdentityPool is an identity pool of Cognito: it hands out roles to who signs in with a provider that it knows, and to guests.
type IdentityPool struct {
	Resource // ID is the audience of its tokens, "us-east-1:" and a UUID
	// Description is what DescribeIdentityPool says.
	Description Known[IdentityPoolDescription]
	// Roles are those that it hands out itself, as GetIdentityPoolRoles says.
	Roles Known[IdentityPoolRoles]
}

// IdentityPoolDescription is whom an identity pool lets in, and how.
type IdentityPoolDescription struct {
	Guests bool // whoever asks has an identity, without signing in
	// Classic says that who has an identity gets a token for STS and chooses himself which role to take, among those that trust it.
	Classic   bool
	Developer string   // under which name programs of the account vouch for their users; empty for none
	Providers []string // hosts ("accounts.google.com", "cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1") and ARNs, sorted; without Developer
}

// IdentityPoolRoles are ARNs; empty for none.
type IdentityPoolRoles struct {
	SignedIn, Guest string
	ByRule          []string // given by rules to some of those who signed in, sorted
}

// Accessed is what a principal has used of what it is granted, as far back as AWS keeps track: 400 days at most, less in some
// Regions and for what was tracked later. It is asked for on demand only, since it costs two calls or more a principal.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
type Accessed struct {
	// Services are those that the principal's policies grant something of, sorted by namespace: a service that is not there
	// was not granted when the report was made, which is all that is said of it.
	Services []AccessedService
	Made     time.Time // when AWS made the report
}

// AccessedService is one service of the report.
type AccessedService struct {
	Namespace string    // "s3": the prefix of its actions
	Last      time.Time // when last used; zero for never within the tracking period
	Region    string    // where; empty where AWS does not say
	// Actions are those that AWS tracks for the service, sorted by name. Absent where it tracks none of the service's: then nothing
	// tells used actions from unused ones. What is not in the list is not tracked, used or not.
	Actions Known[[]AccessedAction]
}

// AccessedAction is one tracked action.
type AccessedAction struct {
	Name string    // "GetObject"
	Last time.Time // zero for never within the tracking period
}

// OrganizationPolicy is a policy of the organisation.
type OrganizationPolicy struct {
	Resource
	Type     string // SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY ...
	AWS      bool   // AWS's own, such as FullAWSAccess
	Document Known[*policy.Document]
	// Targets are ids of accounts and organisational units and the root's.
	Targets Known[[]string]
}

// Role returns a role by its ARN, or nil.
func (i *Identity) Role(arn string) *Role {
	p, name := principalOf(arn, "role")
	return find(i.Roles, p, "role", name)
}

// User returns a user by its ARN, or nil.
func (i *Identity) User(arn string) *User {
	p, name := principalOf(arn, "user")
	return find(i.Users, p, "user", name)
}

// Group returns a group of an account by its name, or nil.
func (i *Identity) Group(account, name string) *Group {
	return find(i.Groups, Place{account, Global}, "group", name)
}

// ManagedPolicy returns a managed policy by its ARN as an account sees it, or nil: AWS's own are read in every account anew.
func (i *Identity) ManagedPolicy(account, arn string) *ManagedPolicy {
	_, name, _ := strings.Cut(arn, ":policy/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	key := Ref{Kind: "policy", Account: account, Region: Global, ID: name}.Key()
	at, _ := slices.BinarySearchFunc(i.ManagedPolicies, key, func(m *ManagedPolicy, key string) int { return strings.Compare(m.Ref().Key(), key) })
	for ; at < len(i.ManagedPolicies) && i.ManagedPolicies[at].Ref().Key() == key; at++ {
		if i.ManagedPolicies[at].Reference.ARN == arn {
			return i.ManagedPolicies[at]
		}
	}
	return nil
}

// ProfileRoles returns the roles that an instance profile carries: one at most, unless AWS changes its mind. A profile is
// named by its ARN or, in launch templates and configurations, by its name alone. None may also mean that the roles were not read.
func (i *Identity) ProfileRoles(account, profile string) []*Role {
	var roles []*Role
	if profile == "" {
		return nil
	}
	for _, r := range i.Roles {
		if r.Reference.Account == account && slices.ContainsFunc(r.Profiles, func(arn string) bool {
			return arn == profile || !strings.HasPrefix(profile, "arn:") && arn[strings.LastIndexByte(arn, '/')+1:] == profile
		}) {
			roles = append(roles, r)
		}
	}
	return roles
}

// principalOf is where a user or role is and its name: "arn:aws:iam::111122223333:role/service/jenkins" is jenkins.
func principalOf(arn, kind string) (Place, string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[2] != "iam" || !strings.HasPrefix(parts[5], kind+"/") {
		return Place{}, ""
	}
	return Place{parts[4], Global}, parts[5][strings.LastIndexByte(parts[5], '/')+1:]
}
