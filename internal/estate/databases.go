package estate

import (
	"net/netip"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// Databases are what RDS and DynamoDB keep, and the keys that encrypt it. Amazon DocumentDB and Neptune answer in the API
// of RDS, with engines of their own. Each list is sorted by Ref.Key.
type Databases struct {
	DBInstances   []*DBInstance
	DBClusters    []*DBCluster
	DBSnapshots   []*DBSnapshot // of instances and of clusters
	Tables        []*Table
	Keys          []*Key
	CacheClusters []*CacheCluster // of ElastiCache, also those that are part of a replication group
	Warehouses    []*Warehouse    // clusters of Redshift
	// PendingMaintenance is sorted by ARN and action.
	PendingMaintenance []PendingMaintenance
}

// DBInstance is an RDS database instance, in a cluster or by itself.
type DBInstance struct {
	Resource
	// ResourceID is AWS's own id of it ("db-ABC"): a name may be given again to another instance, this never is.
	ResourceID    string
	Engine        string // "postgres", "aurora-mysql", "docdb", "neptune", "custom-oracle-ee"
	EngineVersion string
	// Cluster is the name of the cluster it is a member of; empty if it stands alone.
	Cluster string
	// ReplicaOf is the name or ARN of the instance that it is a read replica of; empty if it is none.
	ReplicaOf         string
	Encrypted         bool
	KMSKey            string // ARN; empty where it is not encrypted
	Public            bool   // PubliclyAccessible: its name resolves to a public address
	MinorUpgrades     bool   // AutoMinorVersionUpgrade
	DeletionProtected bool
	SecurityGroups    []string // ids, sorted
	VPC               string
	Subnets           []string  // of its subnet group, sorted: it stands in one of them, in Zone
	Zone              string    // empty while it is being created
	Port              int       // 0 while it is being created
	Address           string    // the name of its endpoint
	Retention         int       // days that automated backups are kept; 0 means that there are none
	Restorable        time.Time // the newest moment it can be restored to by its automated backups; zero for none
	Created           time.Time // zero while it is being created
	Roles             []string  // ARNs of the roles that it may use, sorted
	IAMLogin          bool      // rds-db:connect opens it
}

// Aurora reports whether the engine keeps its data in a cluster volume of its own: then the cluster, not the instance, is
// encrypted, backed up and restored. Of a Multi-AZ DB cluster each instance has the engine of a plain one.
func (d *DBInstance) Aurora() bool { return sharedStorage(d.Engine) }

// DBCluster is an Aurora, DocumentDB or Neptune cluster, or a Multi-AZ DB cluster of RDS.
type DBCluster struct {
	Resource
	ResourceID        string // "cluster-ABC"
	Engine            string
	EngineVersion     string
	Members           []string // names of its instances, sorted
	ReplicaOf         string   // ARN of the cluster that it is a replica of; empty if it is none
	Encrypted         bool
	KMSKey            string
	Public            bool
	MinorUpgrades     bool
	DeletionProtected bool
	SecurityGroups    []string
	Port              int
	Address           string    // the name of its endpoint
	Retention         int       // days, at least 1
	Restorable        time.Time // as for DBInstance
	Created           time.Time
	Roles             []string // as for DBInstance
	IAMLogin          bool
	DataAPI           bool // rds-data:ExecuteStatement reaches it without any packet to it
}

// Aurora reports whether it is anything but a Multi-AZ DB cluster: those have flags of their own where the instances of
// the others have them.
func (d *DBCluster) Aurora() bool { return sharedStorage(d.Engine) }

func sharedStorage(engine string) bool {
	return strings.HasPrefix(engine, "aurora") || engine == "docdb" || engine == "neptune"
}

// DBSnapshot is a snapshot of an instance or of a cluster, made by hand, by RDS or by AWS Backup. It belongs to the
// account that holds it: snapshots that others share are not kept.
type DBSnapshot struct {
	Resource
	OfCluster bool
	Source    string // name of the instance or cluster that it was taken of, which may be gone
	SourceID  string // ResourceID of that; empty where AWS does not say
	Type      string // "manual", "automated", "awsbackup"
	Available bool   // it can be restored: Status is "available"
	Encrypted bool
	KMSKey    string
	// Taken is when it was taken, not when it was copied; zero while it is being created.
	Taken time.Time
	// Shared says who else may restore it. RDS does not share automated snapshots.
	Shared Known[Sharing]
}

// PendingMaintenance is an action that RDS wants to apply to an instance or a cluster.
type PendingMaintenance struct {
	Place
	Of     string    // ARN of the instance or cluster
	Action string    // "system-update", "db-upgrade", "ca-certificate-rotation"
	Forced time.Time // when RDS applies it whatever anybody says; zero for never
	Due    time.Time // when it is going to be applied; zero where nobody said
}

// Table is a DynamoDB table. Its tags come from the tagging API.
type Table struct {
	Resource
	// Description is what DescribeTable says.
	Description Known[TableDescription]
	// Recovery is its point-in-time recovery; absent if it is off.
	Recovery Known[PointInTimeRecovery]
	// Policy is absent where the table has none.
	Policy Known[*policy.Document]
}

// TableDescription is what a table says of itself.
type TableDescription struct {
	Status            string // "ACTIVE", "DELETING"
	KMSKey            string // ARN of the key in KMS; empty for the key that DynamoDB owns: a table is always encrypted
	DeletionProtected bool
}

// PointInTimeRecovery is a continuous backup.
type PointInTimeRecovery struct {
	Earliest, Latest time.Time // the moments between which the table can be restored; zero where AWS does not say
}

// Key is a KMS key.
type Key struct {
	Resource
	Description Known[KeyDescription]
	// Rotated says whether KMS rotates it every year; absent for keys that it cannot rotate.
	Rotated Known[bool]
	// Policy is the key policy, which every key has.
	Policy Known[*policy.Document]
	// Grants are sorted by id.
	Grants Known[[]Grant]
	// Aliases are names ("alias/shop"), sorted. They are unknown where kms:ListAliases of the place was not read.
	Aliases Known[[]string]
}

// Grant lets a principal use a key beside all policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
type Grant struct {
	ID         string
	Grantee    string   // ARN of a principal, or a service's name
	Retiring   string   // who besides may retire it; empty for nobody
	Operations []string // "Decrypt", "CreateGrant", ..., sorted
	// ContextEquals and ContextSubset are the encryption context that a request must have, in full or at least; nil for any.
	ContextEquals, ContextSubset map[string]string
	SourceARN                    string // of the resource on whose behalf a request must be made; empty for any
}

// KeyDescription is what a key says of itself.
type KeyDescription struct {
	State   string    // "Enabled", "Disabled", "PendingDeletion", ...
	Manager string    // "AWS" or "CUSTOMER"
	Spec    string    // "SYMMETRIC_DEFAULT", "RSA_2048", ...
	Usage   string    // "ENCRYPT_DECRYPT", "SIGN_VERIFY", ...
	Deleted time.Time // when KMS is going to delete it; zero for never
}

// DBInstance returns an instance of a place by its name, or nil.
func (d *Databases) DBInstance(p Place, name string) *DBInstance {
	return find(d.DBInstances, p, "db-instance", name)
}

// DBCluster returns a cluster of a place by its name, or nil.
func (d *Databases) DBCluster(p Place, name string) *DBCluster {
	return find(d.DBClusters, p, "db-cluster", name)
}

// CacheCluster is one of ElastiCache: a node of Redis or Valkey, or the nodes of Memcached.
type CacheCluster struct {
	Resource
	Engine         string
	Group          string // the replication group that it is part of; empty if none
	VPC            string
	Subnets        []string // of its subnet group, sorted; empty, like VPC, where elasticache:DescribeCacheSubnetGroups did not tell
	Zones          []string // of its nodes, sorted
	SecurityGroups []string
	Port           int // 0 while it is being created
}

// Warehouse is a cluster of Redshift.
type Warehouse struct {
	Resource
	Public         bool // its name resolves to a public address
	VPC            string
	Subnets        []string // of its subnet group, sorted; empty where that was not read
	Zone           string
	SecurityGroups []string
	Port           int          // 0 while it is being created
	Private        []netip.Addr // of its nodes, where AWS says
	PublicAddress  []netip.Addr
	Roles          []string // ARNs of the roles that it may use, sorted
}

// Table returns a table of a place by its name, or nil.
func (d *Databases) Table(p Place, name string) *Table { return find(d.Tables, p, "table", name) }
