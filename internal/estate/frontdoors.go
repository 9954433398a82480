package estate

import "time"

// FrontDoors is how people come in: load balancers, distributions, web ACLs. Each list is sorted by Ref.Key.
type FrontDoors struct {
	LoadBalancers []*LoadBalancer
	TargetGroups  []*TargetGroup
	Distributions []*Distribution
	WebACLs       []*WebACL
	Certificates  []*Certificate
}

// LoadBalancer is a load balancer of either generation.
type LoadBalancer struct {
	Resource
	Type           string // "application", "network", "gateway", "classic"
	Public         bool   // its scheme is internet-facing, which is what AWS takes where none is given
	DNSName        string
	VPC            string
	Zones          []string // names, sorted
	SecurityGroups []string // ids, sorted
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
	Protocol     string   // "HTTP", "HTTPS", "TCP", "TLS", "SSL", ...
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
	Actions  []ListenerAction
}

// ListenerAction is what becomes of a request.
type ListenerAction struct {
	Type     string // "forward", "redirect", "fixed-response", "authenticate-oidc", ...
	Protocol string // of a redirect: "HTTPS", "HTTP", "#{protocol}"
}

// TargetGroup is where load balancers send requests.
type TargetGroup struct {
	Resource
	Type          string // "instance", "ip", "lambda", "alb"
	Protocol      string
	Port          int
	VPC           string
	LoadBalancers []string // ARNs, sorted
	Targets       Known[[]Target]
}

// Target is one that requests are sent to.
type Target struct {
	ID     string // an instance's id, an address, an ARN
	Port   int
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
	WebACL         string
	ViewerPolicy   string   // of the default behaviour: "redirect-to-https", "https-only", "allow-all"
	Origins        []string // domain names, sorted
	MinimumTLS     string   // "TLSv1.2_2021"
	OwnCertificate bool     // not the one of cloudfront.net
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
