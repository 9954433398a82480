package estate

import (
	"net/netip"
	"time"

	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/policy"
)

// FrontDoors is how people come in: load balancers, distributions, web ACLs. Each list is sorted by Ref.Key.
type FrontDoors struct {
	LoadBalancers []*LoadBalancer
	TargetGroups  []*TargetGroup
	Distributions []*Distribution
	WebACLs       []*WebACL
	Certificates  []*Certificate
	VPCOrigins    []*VPCOrigin
	Accelerators  []*Accelerator
	APIs          []*API
	VPCLinks      []*VPCLink
}

// LoadBalancer is a load balancer of either generation.
type LoadBalancer struct {
	Resource
	Type           string // "application", "network", "gateway", "classic"
	Public         bool   // its scheme is internet-facing, which is what AWS takes where none is given
	AddressType    string // "ipv4", "dualstack", "dualstack-without-public-ipv4"; empty of classic ones
	DNSName        string
	VPC            string
	Zones          []string // names, sorted
	Subnets        []string // ids, sorted: one in each of Zones
	SecurityGroups []string // ids, sorted
	// Unfiltered says that its groups have no say in what comes by PrivateLink.
	Unfiltered bool
	// Instances are the ids of what a classic load balancer sends to, sorted; a classic one has no target groups.
	Instances []string
	// Listeners are told by a call of their own, but for classic ones, whose listing has them. Sorted by port.
	Listeners Known[[]*Listener]
	// WebACL is the ARN of its web ACL; absent for none, and for types that cannot have one. Web ACLs name their load balancers too.
	WebACL     Known[string]
	Attributes Known[map[string]string] // "access_logs.s3.enabled": "true"; of classic ones "CrossZoneLoadBalancing.Enabled"
}

// Listener is a port on which a load balancer takes requests.
type Listener struct {
	ARN          string // empty for classic ones
	Port         int
	Protocol     string   // "HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS", "SSL", "GENEVE", ...
	InstancePort int      // of classic ones: where it sends to
	Policy       string   // the name of the TLS policy
	Certificates []string // ARNs
	Default      []ListenerAction
	// Rules are the others, in the order in which they are tried; absent for listeners that have none by kind (only those of
	// application load balancers do).
	Rules Known[[]*ListenerRule]
}

// ListenerRule sends the requests that it matches somewhere else than the default.
type ListenerRule struct {
	ARN      string
	Priority int
	Always   bool // its conditions match every request: what comes after it is never tried
	// Conditions are what a request must satisfy, all of them, as AWS names them: "path-pattern": ["/admin/*"]. Of the header
	// that an http-header condition looks at, the name is in the key: "http-header x-origin-verify". Values of headers are
	// not kept, nor are those of a query string, of which the keys stand here; regular expressions are kept as a digest.
	Conditions map[string][]string
	// Sources are the addresses of a source-ip condition; nil where there is none, or where it could not be understood, which
	// Conditions shows.
	Sources *netset.Addresses
	Actions []ListenerAction
}

// ListenerAction is what becomes of a request.
type ListenerAction struct {
	Type     string // "forward", "redirect", "fixed-response", "authenticate-oidc", ...
	Protocol string // of a redirect: "HTTPS", "HTTP", "#{protocol}"
	// TargetGroups are the ARNs of those that a forward may send to, sorted; those of weight 0 are left out.
	TargetGroups []string
}

// TargetGroup is where load balancers send requests.
type TargetGroup struct {
	Resource
	Type          string // "instance", "ip", "lambda", "alb"
	Protocol      string
	Port          int
	VPC           string
	LoadBalancers []string // ARNs, sorted
	IPv6          bool     // its targets are addresses of IPv6
	Targets       Known[[]Target]
	Attributes    Known[map[string]string] // "preserve_client_ip.enabled": "true"
}

// Target is one that requests are sent to.
type Target struct {
	ID     string // an instance's id, an address, an ARN
	Port   int    // 0 for a function
	Zone   string // of an address outside the VPC: "all", or a zone
	Health string // "healthy", "unhealthy", "unused", ...
}

// Distribution is a CloudFront distribution.
type Distribution struct {
	Resource
	Enabled Known[bool] // unknown where the listing does not say it
	Staging bool        // it has no viewers but those that its primary distribution sends to it
	Domain  string
	Aliases []string
	// WebACL is the ARN of its web ACL, or the id of one of AWS WAF Classic; empty for none.
	WebACL       string
	ViewerPolicy string   // of the default behaviour: "redirect-to-https", "https-only", "allow-all"
	Origins      []string // domain names, sorted
	// Sources are the same origins in detail, sorted by ID; empty where the listing does not tell.
	Sources        []Origin
	MinimumTLS     string // "TLSv1.2_2021"
	OwnCertificate bool   // not the one of cloudfront.net
}

// WebACL is a web access control list of AWS WAF. Those for CloudFront are in the Region Global.
type WebACL struct {
	Resource
	Default string // "allow" or "block"; empty where it was not read
	// Rules are in the order in which they are tried, those of Firewall Manager first and last.
	Rules Known[[]*WebACLRule]
	// LoadBalancers are the ARNs of the application load balancers that it protects; absent for those for CloudFront.
	LoadBalancers Known[[]string]
	// Logging is where its log goes, sorted; absent if it has none.
	Logging Known[[]string]
}

// WebACLRule is a rule of a web ACL or of a rule group.
type WebACLRule struct {
	Name     string
	Priority int
	Action   string       // "allow", "block", "count", "captcha", "challenge"; empty if it is for a group
	Labels   []string     // that it puts on what it matches
	Matches  []LabelMatch // labels that its statement looks for
	Group    *RuleGroupUse
}

// LabelMatch is a label that a statement looks for, or, with Namespace, any that starts so.
type LabelMatch struct {
	Key       string
	Namespace bool
}

// RuleGroupUse is a group of rules as a web ACL uses it.
type RuleGroupUse struct {
	Vendor, Name string            // of a managed group: "AWS", "AWSManagedRulesCommonRuleSet"
	ARN          string            // of one's own
	Counts       bool              // all of the group only counts
	Overrides    map[string]string // rules whose action is replaced: "SizeRestrictions_BODY": "count"
	// Rules are those of one's own group; absent for a managed one, whose rules AWS does not tell.
	Rules Known[[]*WebACLRule]
}

// Certificate is a TLS certificate of ACM.
type Certificate struct {
	Resource
	Domain   string
	Status   string // "ISSUED", "EXPIRED", ...
	NotAfter time.Time
	InUse    Known[bool]
}

// Origin is where a distribution fetches from.
type Origin struct {
	ID, Domain string
	VPCOrigin  string // the id of a VPC origin, if it is one
	Protocol   string // of a custom origin: "http-only", "https-only", "match-viewer"; empty for S3
	HTTPPort   int
	HTTPSPort  int
	// AccessControl is the id of the origin access control by which CloudFront signs its requests; empty for none.
	AccessControl string
	// Headers are the names of the headers that it adds, sorted; their values are secrets and not kept.
	Headers []string
}

// VPCOrigin lets CloudFront reach a load balancer or an instance in a private subnet.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
type VPCOrigin struct {
	Resource
	Of     string // ARN of a load balancer or an instance
	Status string // "Deployed", ...
	// Ports are those that CloudFront connects to, sorted: a call of its own tells them, and so Protocol and the two below, which
	// are zero while Ports is unknown.
	Ports               Known[[]int]
	Protocol            string // "http-only", "https-only", "match-viewer"
	HTTPPort, HTTPSPort int
}

// Accelerator is one of AWS Global Accelerator. It leads from the Internet to what it points at even in a private subnet.
// https://docs.aws.amazon.com/global-accelerator/latest/dg/secure-vpc-connections.html
type Accelerator struct {
	Resource
	Enabled   bool
	Addresses []netip.Addr
	DNSName   string
	// CustomRouting: it maps each of its ports to an address and port in subnets. Where to is not read: its Listeners are unknown.
	CustomRouting bool
	Listeners     Known[[]*AcceleratorListener]
}

// AcceleratorListener is the ports on which an accelerator takes packets.
type AcceleratorListener struct {
	ARN      string
	Protocol string // "TCP" or "UDP"
	Ports    netset.Ports
	Groups   Known[[]*AcceleratorGroup]
}

// AcceleratorGroup is the endpoints of a listener in one Region.
type AcceleratorGroup struct {
	ARN, Region string
	Dial        int               // percent of the traffic: with 0 nothing is sent
	Overrides   map[uint16]uint16 // listener's port to the endpoint's
	Endpoints   []AcceleratorEndpoint
}

// AcceleratorEndpoint is a load balancer (ARN), an Elastic IP address (allocation id) or an instance (id).
type AcceleratorEndpoint struct {
	ID                string
	Weight            int // with 0 nothing is sent
	ClientIPPreserved bool
}

// API is one of Amazon API Gateway.
type API struct {
	Resource
	Type     string                  // "REST", "HTTP", "WEBSOCKET"
	Endpoint string                  // "EDGE", "REGIONAL", "PRIVATE"
	Disabled bool                    // its default endpoint is off; own domains may lead to it still
	Policy   Known[*policy.Document] // who may call it; absent: everybody
	Stages   Known[[]APIStage]
	// Links are the ids of the VPC links that its integrations go through, Targets what they lead to by them where the integration
	// says it (ARNs of listeners or load balancers, or of a service of AWS Cloud Map; of older links the link itself says it), and
	// Functions the ARNs of functions that they call, each sorted. What a stage variable chooses is unknown: variables are not kept.
	Links     Known[[]string]
	Targets   Known[[]string]
	Functions Known[[]string]
}

// APIStage is a deployment of an API.
type APIStage struct {
	Name   string
	WebACL string // ARN; empty for none
}

// VPCLink leads from API Gateway into a VPC.
type VPCLink struct {
	Resource
	Targets        []string // ARNs of network load balancers (of a link for REST APIs)
	Subnets        []string // ids, sorted (of a link for HTTP APIs: its interfaces stand there)
	SecurityGroups []string // ids, sorted
	Status         string   // "AVAILABLE", ...
}
