package estate

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/policy"
)

// Compute is what runs, and the disks it runs on. Each list is sorted by Ref.Key.
type Compute struct {
	Instances            []*Instance
	Images               []*Image
	LaunchTemplates      []*LaunchTemplate
	LaunchConfigurations []*LaunchConfiguration
	AutoScalingGroups    []*AutoScalingGroup
	Functions            []*Function
	Volumes              []*Volume
	ContainerClusters    []*ContainerCluster // of ECS
	ContainerServices    []*ContainerService
	ContainerTasks       []*ContainerTask
	TaskDefinitions      []*TaskDefinition
	KubernetesClusters   []*KubernetesCluster
	EventSources         []*EventSource
	// Workloads are what else runs as a role.
	Workloads []*Workload
	// RegionDefaults has one element for each Region of each account, sorted by account and Region.
	RegionDefaults []*RegionDefaults
}

// Instance is an EC2 instance: a host. Those that are terminated, or on their way, are not kept.
type Instance struct {
	Resource
	State      string    // "pending", "running", "stopping", "stopped"
	LaunchTime time.Time // of its last start
	// Since is when its root volume was attached; its image is at least that old. Zero if AWS does not say.
	Since time.Time
	Image string // "ami-0abc"
	Type  string // "m5.large"
	// RootDevice is the device name of the volume that it starts from.
	RootDevice string
	Platform   string // "Linux/UNIX", "Windows"
	// Profile is the ARN of its instance profile, through which it has a role (Identity.ProfileRoles); empty for none.
	Profile string
	// KeyPair is the name of the key pair whose private key opens it; empty for none.
	KeyPair        string
	SecurityGroups []string // ids, sorted
	Interfaces     []string // ids, sorted
	PublicAddress  netip.Addr
	VPC, Subnet    string
	Metadata       MetadataOptions
	// AutoScalingGroup is the name of the group that it belongs to; empty if somebody started it.
	AutoScalingGroup string
	// Template is the launch template version that it was started from, if it was.
	Template TemplateVersion
	// UserData is a digest of its user data and what was recognised in it; the text itself is never kept.
	UserData Known[string]
	// Managed is what Systems Manager knows of it; absent if it does not know it.
	Managed Known[Management]
	// Patches is the last patch scan or installation; absent if there never was one.
	Patches Known[PatchState]
}

// Running reports whether the instance serves now.
func (i *Instance) Running() bool { return i.State == "running" }

// Origin is what to change so that the next instance like this one differs: the launch template or else the Auto Scaling
// group that replaces it at will, or the instance itself where somebody started it.
func (i *Instance) Origin() Ref {
	r := Ref{Account: i.Reference.Account, Region: i.Reference.Region}
	switch {
	case i.AutoScalingGroup == "":
		return i.Reference
	case i.Template.ID != "":
		r.Kind, r.ID = "launch-template", i.Template.ID
	default:
		r.Kind, r.ID, r.Name = "auto-scaling-group", i.AutoScalingGroup, i.AutoScalingGroup
	}
	return r
}

// MetadataOptions are the settings of the instance metadata service; an empty string is one that is not set.
type MetadataOptions struct {
	Endpoint string // "enabled", "disabled"
	Tokens   string // "required" (version 2 only), "optional"
	HopLimit int
}

// TemplateVersion names a version of a launch template as AWS does.
type TemplateVersion struct {
	ID      string // "lt-0abc"
	Name    string
	Version string // "3", "$Latest", "$Default"; empty stands for "$Default"
}

// Management is what Systems Manager knows of a host.
type Management struct {
	PingStatus string    // "Online", "ConnectionLost"
	LastPing   time.Time // zero if AWS does not say
	System     string    // "Amazon Linux 2023"
}

// PatchState is the outcome of a host's last patch operation.
type PatchState struct {
	Operation       string    // "Scan", "Install"
	Ended           time.Time // zero if AWS does not say
	Missing, Failed Known[int]
	PendingReboot   int // patches that are installed and not in force before the host restarts
}

// Image is an AMI as the accounts that run it see it: it belongs to the place that sees it, whoever owns it.
type Image struct {
	Resource
	Owner      string    // an account id
	Created    time.Time // zero if AWS does not say
	Deprecated time.Time // may be in the future; zero for never
	// TokensRequired says that hosts started from it require version 2 of the metadata service if nothing else decides.
	TokensRequired bool
	// Public is what the listing says: everybody may start it.
	Public bool
	// Shared says who else may start it. Only its owner may ask, so of others' images it is unknown.
	Shared Known[Sharing]
}

// LaunchTemplate is what hosts are started from.
type LaunchTemplate struct {
	Resource
	// Versions are those that were read, by number. Of many, only the default and the newest are.
	Versions []LaunchTemplateVersion
	// Latest is the number of the newest version; 0 if not all was read.
	Latest int64
}

// LaunchTemplateVersion is one version of a launch template.
type LaunchTemplateVersion struct {
	Number   int64
	Default  bool
	Image    string // may be "resolve:ssm:..." or empty
	Metadata MetadataOptions
	Profile  string // ARN or name of an instance profile; empty for none
	KeyPair  string
}

// Version returns the version of that name, and whether it was read.
func (t *LaunchTemplate) Version(name string) (LaunchTemplateVersion, bool) {
	number, err := strconv.ParseInt(name, 10, 64)
	if name == "$Latest" {
		number, err = t.Latest, nil
	}
	for _, v := range t.Versions {
		if (name == "" || name == "$Default") && v.Default || err == nil && v.Number == number {
			return v, true
		}
	}
	return LaunchTemplateVersion{}, false
}

// LaunchConfiguration is what some Auto Scaling groups start hosts from: the forerunner of launch templates.
type LaunchConfiguration struct {
	Resource
	Image    string
	Metadata MetadataOptions
	Profile  string // ARN or name of an instance profile; empty for none
	KeyPair  string
}

// AutoScalingGroup starts and replaces hosts.
type AutoScalingGroup struct {
	Resource
	// Templates are the launch template versions that it starts hosts from, with those of its overrides.
	Templates []TemplateVersion
	// LaunchConfiguration is the name of the one it uses instead of a template.
	LaunchConfiguration string
	Instances           []string // ids
}

// Function is a Lambda function.
type Function struct {
	Resource
	Runtime        string // "python3.12"; empty for a container image
	Role           string // ARN
	VPC            string // empty if it runs outside of any
	Subnets        []string
	SecurityGroups []string // ids, sorted
	Modified       time.Time
	// URL is its address on the Internet; absent if it has none. Of several (one for each alias) it is the most open.
	URL Known[FunctionURL]
	// Policy says who may call it at its URLs of Auth "NONE": the statements of the policies of them all; absent if none has one.
	// It is read of functions with such a URL alone, and unknown of others.
	Policy Known[*policy.Document]
	// ResourcePolicy says who may do what with the function itself; absent if it has none. Versions and aliases have their own, which
	// are read as far as Policy needs them.
	ResourcePolicy Known[*policy.Document]
}

// FunctionURL is an address at which a function answers by itself.
type FunctionURL struct {
	URL  string
	Auth string // "NONE" or "AWS_IAM"
}

// ContainerCluster is a cluster of Amazon ECS.
type ContainerCluster struct {
	Resource
	// Services and Tasks are the ARNs of what there is in it, sorted; each is known only if all of them are described, so that
	// they stand among Compute's ContainerServices and ContainerTasks.
	Services, Tasks Known[[]string]
}

// ContainerService keeps tasks running.
type ContainerService struct {
	Resource
	Cluster        string // ARN
	LaunchType     string // "FARGATE", "EC2", "EXTERNAL"; empty with a capacity provider
	Network        string // what its task definition asks for is not read; "awsvpc" where it has subnets of its own
	Subnets        []string
	SecurityGroups []string
	PublicIP       bool     // its tasks are given public addresses
	TargetGroups   []string // ARNs, sorted
	Definition     string   // ARN of the task definition: Compute.TaskDefinition
	Exec           bool     // ecs:ExecuteCommand works on its next tasks
}

// ContainerTask is a running task.
type ContainerTask struct {
	Resource
	Cluster    string   // ARN
	Service    string   // "service:shop"; the group that it was started in
	Interfaces []string // ids of its own interfaces, sorted; empty where it shares its host's
	Host       string   // ARN of the container instance, where it runs on one
	Definition string   // ARN of the task definition: Compute.TaskDefinition
	Exec       bool     // ecs:ExecuteCommand works on it
	// TaskRole and ExecutionRole are ARNs that the task was started with in the place of its definition's; empty for those.
	TaskRole, ExecutionRole string
}

// KubernetesCluster is a cluster of Amazon EKS.
type KubernetesCluster struct {
	Resource
	// Description is what DescribeCluster says.
	Description Known[KubernetesDescription]
	// NodeGroups are its managed groups of hosts, each sorted by name, as the next two are.
	NodeGroups Known[[]NodeGroup]
	// Identities say which service accounts run as which roles. Roles that trust the cluster's OIDC issuer come besides.
	Identities Known[[]PodIdentity]
	// Entries are the principals that may speak to the cluster; where Authentication is "CONFIG_MAP" a map in the cluster alone says who.
	Entries Known[[]AccessEntry]
}

// KubernetesDescription is where the API server of a cluster answers.
type KubernetesDescription struct {
	Version, Endpoint string
	Public, Private   bool
	PublicCIDRs       []netip.Prefix // who may reach the public endpoint
	VPC               string
	Subnets           []string
	SecurityGroups    []string // of the control plane's interfaces, the cluster's own among them
	Role              string   // ARN of the control plane's role
	Issuer            string   // of the tokens of its service accounts, without "https://"; empty for none
	Authentication    string   // "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"; empty where AWS does not say
}

// RegionDefaults are the settings of one Region of an account that new hosts and volumes take over.
type RegionDefaults struct {
	Place
	VolumesEncrypted Known[bool]
	// Metadata is what hosts get that ask for nothing else; what has no preference is not set.
	Metadata Known[MetadataOptions]
	// SerialConsole says that the account lets instances of the Region be reached by their serial console.
	SerialConsole Known[bool]
}

// DefaultsOf returns the defaults of a Region; all unknown if it was not in scope.
func (c *Compute) DefaultsOf(p Place) RegionDefaults {
	i, ok := slices.BinarySearchFunc(c.RegionDefaults, p, func(d *RegionDefaults, p Place) int { return comparePlaces(d.Place, p) })
	if !ok {
		return RegionDefaults{Place: p}
	}
	return *c.RegionDefaults[i]
}

func comparePlaces(a, b Place) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
}

// Instance returns an instance of a place, or nil.
func (c *Compute) Instance(p Place, id string) *Instance { return find(c.Instances, p, "instance", id) }

// Volume returns a volume of a place, or nil.
func (c *Compute) Volume(p Place, id string) *Volume { return find(c.Volumes, p, "volume", id) }

// Image returns an image as seen from a place, or nil.
func (c *Compute) Image(p Place, id string) *Image { return find(c.Images, p, "image", id) }

// LaunchTemplate returns a launch template of a place, or nil.
func (c *Compute) LaunchTemplate(p Place, id string) *LaunchTemplate {
	return find(c.LaunchTemplates, p, "launch-template", id)
}

// LaunchConfiguration returns a launch configuration of a place by its name, or nil.
func (c *Compute) LaunchConfiguration(p Place, name string) *LaunchConfiguration {
	return find(c.LaunchConfigurations, p, "launch-configuration", name)
}

// AutoScalingGroup returns an Auto Scaling group of a place by its name, or nil.
func (c *Compute) AutoScalingGroup(p Place, name string) *AutoScalingGroup {
	return find(c.AutoScalingGroups, p, "auto-scaling-group", name)
}

// find looks a resource up in a list that is sorted by Ref.Key.
func find[R interface {
	*T
	Subject
}, T any](sorted []R, p Place, kind, id string) R {
	key := Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id}.Key()
	i, ok := slices.BinarySearchFunc(sorted, key, func(r R, key string) int { return strings.Compare(r.Ref().Key(), key) })
	if !ok {
		return nil
	}
	return sorted[i]
}

// Volume is an EBS volume.
type Volume struct {
	Resource
	Encrypted bool
	KMSKey    string   // ARN of the key; empty where it is not encrypted
	Instances []string // ids of the instances it is attached to
	Type      string   // "gp3", "io2"
	// Attachments has one element for each of Instances, in the same order.
	Attachments []Attachment
}

// Attachment is how a volume is attached to an instance.
type Attachment struct {
	Instance            string    // id
	Device              string    // "/dev/xvda"
	Since               time.Time // zero if AWS does not say
	DeleteOnTermination bool      // the volume goes when the instance does
}
