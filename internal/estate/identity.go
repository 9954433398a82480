package estate

import (
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
	// ManagedPolicies are the customer's own and those of AWS that something is attached to or bounded by.
	ManagedPolicies []*ManagedPolicy
	// OrganizationPolicies are the organisation's own documents: service and resource control policies.
	OrganizationPolicies []*OrganizationPolicy
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
	Created time.Time
	Attached
	Groups   []string // names, sorted
	Boundary string   // ARN of the permissions boundary; empty for none
	// MFADevices are the serial numbers of the user's own devices.
	MFADevices Known[[]string]
}

// Group is an IAM group.
type Group struct {
	Resource
	Attached
}

// Role is an IAM role.
type Role struct {
	Resource
	Created time.Time
	Attached
	Boundary string
	Trust    Known[*policy.Document]
	// Profiles are the ARNs of the instance profiles that carry the role, sorted.
	Profiles []string
	// LastUsed is zero where it was not used within AWS's tracking period (400 days at most).
	LastUsed       time.Time
	LastUsedRegion string
}

// ManagedPolicy is a policy with an ARN of its own, in its default version.
type ManagedPolicy struct {
	Resource
	Document Known[*policy.Document]
	// Attachments is how many users, groups and roles have it.
	Attachments int
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
