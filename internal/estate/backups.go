package estate

import (
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// Backups is what is kept of what is kept: plans, vaults, recovery points, snapshots, restores. Each list is sorted by Ref.Key.
type Backups struct {
	BackupPlans       []*BackupPlan
	BackupVaults      []*BackupVault
	LifecyclePolicies []*LifecyclePolicy
	Snapshots         []*Snapshot
	// ProtectedResources are sorted by ARN, RestoreJobs by account, Region and id.
	ProtectedResources []ProtectedResource
	RestoreJobs        []RestoreJob
}

// BackupPlan is a plan of AWS Backup. It reaches resources of its own account and Region only.
type BackupPlan struct {
	Resource
	// Selections say what the plan backs up. They are those that were listed; whether that is all, and what each says, is
	// another call each.
	Selections Known[[]BackupSelection]
}

// BackupSelection is one assignment of resources to a plan.
type BackupSelection struct {
	ID   string
	Name string
	Body Known[SelectionBody]
}

// SelectionBody is what a selection says; recovery.Selection.Selects is what it means.
type SelectionBody struct {
	Resources, NotResources []string // ARNs, in which * stands for any text
	AnyTag                  []TagCondition
	AllTags                 []TagCondition
}

// TagCondition compares one tag of a resource.
type TagCondition struct {
	Operator   string // "StringEquals", "StringNotEquals", "StringLike", "StringNotLike"
	Key, Value string // the key without "aws:ResourceTag/"
}

// BackupVault is where AWS Backup keeps recovery points.
type BackupVault struct {
	Resource
	// Points are what is in it, sorted by ARN.
	Points Known[[]RecoveryPoint]
	KMSKey string // ARN
	// Policy is absent where the vault has none.
	Policy Known[*policy.Document]
	// Locked says that recovery points cannot be deleted before their time; from LockDate on (zero for never) nobody can take
	// that back.
	Locked   bool
	LockDate time.Time
}

// RecoveryPoint is a backup in a vault.
type RecoveryPoint struct {
	ARN     string
	Of      string // ARN of the resource that it is a backup of
	Type    string // "EBS", "RDS", "Aurora", ...
	Status  string // "COMPLETED", "AVAILABLE", "PARTIAL", "EXPIRED", "DELETING", "STOPPED", "CREATING"
	Created time.Time
}

// ProtectedResource is something that AWS Backup has backed up at least once. It may be gone since.
type ProtectedResource struct {
	Place
	ARN  string
	Type string // "EBS", "EC2", "RDS", "Aurora", "DynamoDB", "EFS", ...
}

// RestoreJob is one restore that AWS Backup made.
type RestoreJob struct {
	Place
	ID         string
	Source     string // ARN of what had been backed up; empty where AWS does not say
	Point      string // ARN of the recovery point
	Status     string // "COMPLETED", "FAILED", "RUNNING", ...
	Validation string // "SUCCESSFUL", "FAILED", "TIMED_OUT", "VALIDATING"; empty if nobody validated it
	Completed  time.Time
}

// LifecyclePolicy is a policy of Amazon Data Lifecycle Manager. It reaches resources of its own account and Region only.
type LifecyclePolicy struct {
	Resource
	State  string // "ENABLED", "DISABLED", "ERROR"
	Type   string // "EBS_SNAPSHOT_MANAGEMENT", "IMAGE_MANAGEMENT", "EVENT_BASED_POLICY"
	Detail Known[LifecycleDetail]
}

// LifecycleDetail says what a policy copies; recovery.Lifecycle is what it means.
type LifecycleDetail struct {
	// Default policies reach everything of one kind that they do not exclude.
	Default bool
	// Kind is what it looks for: "VOLUME" or "INSTANCE".
	Kind string
	// Locations other than "CLOUD" are Outposts and Local Zones. Empty means the cloud.
	Locations []string
	// Targets are tags of which one must be there. A default policy has none.
	Targets []TagPair
	// ExcludeBoot leaves out the volume that a host starts from.
	ExcludeBoot bool
	// ExcludeTags leaves out what bears one of them: of a policy for instances, data volumes; of a default one, its targets.
	ExcludeTags []TagPair
	// ExcludeTypes leaves out volumes of these types ("gp2"); default policies only.
	ExcludeTypes []string
}

// TagPair is one tag.
type TagPair struct{ Key, Value string }

// Snapshot is an EBS snapshot of an account in scope; those that others share with it are not kept.
type Snapshot struct {
	Resource
	// Volume is the id of the volume it was taken of. A copy has an id that means nothing.
	Volume    string
	Completed bool
	Taken     time.Time
	Encrypted bool
	KMSKey    string
	Shared    Known[Sharing]
}

// Sharing is who besides its owner may use a snapshot or an image.
type Sharing struct {
	Everybody bool
	Accounts  []string // ids, sorted
	// Organizations are ARNs of organisations, and of units of one, all of whose accounts may use it, sorted.
	Organizations []string
}
