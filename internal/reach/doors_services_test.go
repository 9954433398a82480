package reach

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// edgeList is CloudFront's list of addresses, as the tests have it.
func (w *town) edgeList(known bool) {
	l := &estate.PrefixList{Resource: named("prefix-list", "pl-cf"), Entries: estate.Know(netPrefixes("120.52.22.96/27", "13.124.199.0/24"))}
	l.Reference.Name = originFacing
	if !known {
		l.Entries = estate.Unread[[]netip.Prefix](estate.Gap{Place: here, Operation: "ec2:GetManagedPrefixListEntries", Outcome: operation.Denied})
	}
	w.PrefixLists = []*estate.PrefixList{l}
}

// cdn is a distribution before a public load balancer that admits only CloudFront's list.
func cdn(known bool) *town {
	w := newTown()
	w.edgeList(known)
	w.group("sg-lb", "tcp 443 pl-cf")
	w.group("sg-app", "tcp 8080 sg-lb")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.balancer("application", "shop", true, []string{"sg-lb"}, []string{"subnet-a"}, listen("HTTPS", 443, "app"))
	w.targets("app", "instance", "HTTP", estate.Target{ID: "i-app", Port: 8080})
	w.distribution(estate.Origin{ID: "app", Domain: "shop.elb.amazonaws.com", Protocol: "https-only", HTTPPort: 80, HTTPSPort: 443})
	return w
}

func (w *town) distribution(origins ...estate.Origin) *estate.Distribution {
	x := &estate.Distribution{Resource: estate.Resource{Reference: estate.Ref{Kind: "distribution", Account: acct, Region: estate.Global, ID: "E1"}}, Enabled: estate.Know(true), Sources: origins}
	w.Distributions = append(w.Distributions, x)
	return x
}

// byWay returns those flows to a node that come by one way.
func byWay(n *Network, id string, way Way) []Flow {
	return slices.DeleteFunc(n.doorFlows(), func(f Flow) bool { return f.To.Ref.ID != id || f.Way != way })
}

func wantWay(t *testing.T, n *Network, id string, way Way, ports string, arrives estate.Truth) Flow {
	t.Helper()
	flows := byWay(n, id, way)
	if arrives == estate.False {
		if len(flows) > 0 {
			t.Errorf("%s by %s: got %s %s, want nothing", id, way, flows[0].Ports, yes(flows[0].Arrives))
		}
		return Flow{}
	}
	if len(flows) != 1 || flows[0].Ports.String() != ports || flows[0].Arrives != arrives {
		t.Errorf("%s by %s: got %d flows, want one on %s that is %s", id, way, len(flows), ports, yes(arrives))
		for _, f := range flows {
			t.Logf("%s %s: %s", f.Ports, yes(f.Arrives), f.Reason)
		}
		return Flow{}
	}
	if covers, _ := flows[0].FromInternet(); covers != arrives {
		t.Errorf("%s by %s: from the Internet is %s, want %s", id, way, yes(covers), yes(arrives))
	}
	return flows[0]
}

func TestDistributionLeadsToALoadBalancerThatAdmitsOnlyIt(t *testing.T) {
	t.Parallel()
	n := cdn(true).network()
	wantWay(t, n, "shop", ByDistribution, "443", estate.True)
	f := wantWay(t, n, "i-app", ByDistribution, "8080", estate.True)
	if len(f.Through) != 2 || f.Through[0].ID != "E1" || f.Through[1].ID != "shop" {
		t.Errorf("through: got %v, want E1 and shop", f.Through)
	}
	for _, f := range byWay(n, "i-app", ByLoadBalancer) {
		if covers, _ := f.FromInternet(); covers != estate.False {
			t.Errorf("past the distribution: got %s, want no", yes(covers))
		}
	}
}

func TestClientsOfADistributionMaySendFromAnyPort(t *testing.T) {
	t.Parallel()
	f := wantWay(t, cdn(true).network(), "i-app", ByDistribution, "8080", estate.True)
	if !f.ClientPorts.Contains(80) {
		t.Errorf("client ports: got %s, want all", f.ClientPorts)
	}
}

func TestUnreadListOfCloudFrontsAddressesLeavesItsOriginsUnknown(t *testing.T) {
	t.Parallel()
	wantWay(t, cdn(false).network(), "i-app", ByDistribution, "8080", estate.Unknown)
}

func TestOriginThatAdmitsEverybodyNeedsNoList(t *testing.T) {
	t.Parallel()
	w := cdn(false)
	w.SecurityGroups[0].Rules[0].Addresses = estate.Know(netset.Of(netPrefixes("0.0.0.0/0")...))
	wantWay(t, w.network(), "i-app", ByDistribution, "8080", estate.True)
}

func TestDisabledDistributionLeadsNowhere(t *testing.T) {
	t.Parallel()
	w := cdn(true)
	w.Distributions[0].Enabled = estate.Know(false)
	wantWay(t, w.network(), "i-app", ByDistribution, "", estate.False)
	w = cdn(true)
	w.Distributions[0].Enabled = estate.Unread[bool](estate.Gap{Operation: "cloudfront:ListDistributions"})
	wantWay(t, w.network(), "i-app", ByDistribution, "8080", estate.Unknown)
	w = cdn(true)
	w.Distributions[0].Staging = true
	wantWay(t, w.network(), "i-app", ByDistribution, "8080", estate.Unknown)
}

func TestUnreadDistributionsMayLeadToWhatAdmitsCloudFront(t *testing.T) {
	t.Parallel()
	w := cdn(true)
	w.Distributions = nil
	w.unread["cloudfront:ListDistributions"] = true
	wantWay(t, w.network(), "i-app", ByDistribution, "8080", estate.Unknown)
}

func TestDistributionLeadsToAnInstanceByItsPublicName(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.edgeList(true)
	w.group("sg-app", "tcp 80 pl-cf")
	w.host("i-app", "subnet-a", "10.0.1.10", "sg-app")
	w.NetworkInterfaces[0].Public = netip.MustParseAddr("54.1.2.3")
	w.distribution(estate.Origin{ID: "app", Domain: "ec2-54-1-2-3.compute-1.amazonaws.com", Protocol: "http-only", HTTPPort: 80, HTTPSPort: 443})
	wantWay(t, w.network(), "i-app", ByDistribution, "80", estate.True)
}

func TestOriginByANameOfOnesOwnMayBeWhateverAdmitsCloudFront(t *testing.T) {
	t.Parallel()
	for domain, want := range map[string]estate.Truth{"origin.example.com": estate.Unknown, "other.us-east-1.elb.amazonaws.com": estate.False} {
		w := cdn(true)
		w.Distributions[0].Sources[0].Domain = domain
		wantWay(t, w.network(), "i-app", ByDistribution, "8080", want)
	}
}

func TestOriginInS3LeadsNoPackets(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.distribution(estate.Origin{ID: "files", Domain: "files.s3.amazonaws.com"})
	if got := w.network().doorFlows(); len(got) != 0 {
		t.Errorf("got %d flows, want none", len(got))
	}
}

// hidden is an instance in a private subnet behind a VPC origin.
func hidden(rule string) *town {
	w := newTown()
	w.edgeList(true)
	w.group("sg-service")
	w.SecurityGroups[0].Reference.Name = originGroup
	w.group("sg-app", rule)
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	o := &estate.VPCOrigin{Resource: estate.Resource{Reference: estate.Ref{Kind: "vpc-origin", Account: acct, Region: estate.Global, ID: "vo_1"}},
		Of: "arn:aws:ec2:us-east-1:111111111111:instance/i-app", Status: "Deployed", Protocol: "http-only", HTTPPort: 8080, HTTPSPort: 443}
	w.VPCOrigins = []*estate.VPCOrigin{o}
	w.distribution(estate.Origin{ID: "app", Domain: "ip-10-0-11-10.ec2.internal", VPCOrigin: "vo_1", Protocol: "http-only", HTTPPort: 8080, HTTPSPort: 443})
	return w
}

func TestVPCOriginNeedsNoPublicAddress(t *testing.T) {
	t.Parallel()
	for rule, arrives := range map[string]estate.Truth{
		"tcp 8080 sg-service":  estate.True,
		"tcp 8080 pl-cf":       estate.True,
		"tcp 8080 0.0.0.0/0":   estate.True,
		"tcp 8080 10.0.0.0/16": estate.Unknown, // CloudFront's interfaces may have one of these
		"tcp 80 sg-service":    estate.False,
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			wantWay(t, hidden(rule).network(), "i-app", ByDistribution, "8080", arrives)
		})
	}
}

func TestVPCOriginNeedsAnInternetGateway(t *testing.T) {
	t.Parallel()
	w := hidden("tcp 8080 sg-service")
	w.InternetGateways = nil
	wantWay(t, w.network(), "i-app", ByDistribution, "", estate.False)
	w = hidden("tcp 8080 sg-service")
	w.InternetGateways = nil
	w.unread["ec2:DescribeInternetGateways"] = true
	wantWay(t, w.network(), "i-app", ByDistribution, "8080", estate.Unknown)
}

func TestBlockPublicAccessStopsVPCOrigins(t *testing.T) {
	t.Parallel()
	w := hidden("tcp 8080 sg-service")
	w.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: here, Mode: estate.Know("block-ingress")}}
	wantWay(t, w.network(), "i-app", ByDistribution, "", estate.False)
}

// fast is an accelerator before an internal load balancer.
func fast() *town {
	w := shop()
	w.LoadBalancers[0].Public = false
	for _, x := range w.NetworkInterfaces {
		x.Public = netip.Addr{}
	}
	w.RouteTables[1].Routes = w.RouteTables[1].Routes[:1] // no way to the gateway
	w.accelerate(estate.AcceleratorEndpoint{ID: w.LoadBalancers[0].Reference.ARN, Weight: 128, ClientIPPreserved: true})
	return w
}

func (w *town) accelerate(e estate.AcceleratorEndpoint) *estate.AcceleratorGroup {
	g := &estate.AcceleratorGroup{Region: reg, Dial: 100, Endpoints: []estate.AcceleratorEndpoint{e}}
	w.Accelerators = []*estate.Accelerator{{Resource: estate.Resource{Reference: estate.Ref{Kind: "accelerator", Account: acct, Region: estate.Global, ID: "ga-1"}}, Enabled: true,
		Listeners: estate.Know([]*estate.AcceleratorListener{{Protocol: "TCP", Ports: onePort(443), Groups: estate.Know([]*estate.AcceleratorGroup{g})}})}}
	return g
}

func TestAcceleratorNeedsNoPublicAddressAndNoRoute(t *testing.T) {
	t.Parallel()
	n := fast().network()
	wantWay(t, n, "shop", ByAccelerator, "443", estate.True)
	wantWay(t, n, "i-app", ByAccelerator, "8080", estate.True)
}

func TestAcceleratorNeedsAnInternetGateway(t *testing.T) {
	t.Parallel()
	w := fast()
	w.InternetGateways = nil
	wantWay(t, w.network(), "i-app", ByAccelerator, "", estate.False)
}

func TestBlockPublicAccessStopsAccelerators(t *testing.T) {
	t.Parallel()
	w := fast()
	w.BlockPublicAccess = []*estate.BlockPublicAccess{{Place: here, Mode: estate.Know("block-bidirectional")}}
	wantWay(t, w.network(), "i-app", ByAccelerator, "", estate.False)
}

func TestGroupsSeeTheClientsOfAnAccelerator(t *testing.T) {
	t.Parallel()
	w := fast()
	w.SecurityGroups[0].Rules[0].Addresses = estate.Know(netset.Of(netPrefixes("198.0.0.0/24")...))
	flows := byWay(w.network(), "i-app", ByAccelerator)
	if len(flows) != 1 || flows[0].Addresses.String() != "198.0.0.0/24" {
		t.Errorf("got %v, want one flow from 198.0.0.0/24", flows)
	}
}

func TestGroupsSeeTheAcceleratorWhereClientsAreNotKept(t *testing.T) {
	t.Parallel()
	w := fast()
	w.accelerate(estate.AcceleratorEndpoint{ID: w.LoadBalancers[0].Reference.ARN, Weight: 128})
	w.SecurityGroups[0].Rules[0].Addresses = estate.Know(netset.Of(netPrefixes("10.0.0.0/16")...))
	wantWay(t, w.network(), "i-app", ByAccelerator, "8080", estate.True)
}

func TestAcceleratorWithDialOrWeightZeroSendsNothing(t *testing.T) {
	t.Parallel()
	w := fast()
	w.accelerate(estate.AcceleratorEndpoint{ID: w.LoadBalancers[0].Reference.ARN, ClientIPPreserved: true})
	wantWay(t, w.network(), "i-app", ByAccelerator, "", estate.False)
	w = fast()
	w.accelerate(estate.AcceleratorEndpoint{ID: w.LoadBalancers[0].Reference.ARN, Weight: 1, ClientIPPreserved: true}).Dial = 0
	wantWay(t, w.network(), "i-app", ByAccelerator, "", estate.False)
}

func TestAcceleratorOverridesTheEndpointsPort(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-app", "tcp 8443 0.0.0.0/0")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	w.accelerate(estate.AcceleratorEndpoint{ID: "i-app", Weight: 128, ClientIPPreserved: true}).Overrides = map[uint16]uint16{443: 8443}
	wantWay(t, w.network(), "i-app", ByAccelerator, "8443", estate.True)
}

func TestUnreadAcceleratorsMayLeadToWhereTheyHaveInterfaces(t *testing.T) {
	t.Parallel()
	w := fast()
	w.Accelerators = nil
	w.unread["globalaccelerator:ListAccelerators"] = true
	wantWay(t, w.network(), "i-app", ByAccelerator, "", estate.False)
	w.NetworkInterfaces = append(w.NetworkInterfaces, &estate.NetworkInterface{Resource: named("network-interface", "eni-ga"), VPC: "vpc-1", Subnet: "subnet-a", Type: acceleratorInterface,
		Status: "in-use", Private: []netip.Addr{netip.MustParseAddr("10.0.1.77")}, SecurityGroups: []string{"sg-lb"}, SourceDest: true})
	wantWay(t, w.network(), "i-app", ByAccelerator, "8080", estate.Unknown)
}

// gateway is a public API with a VPC link to an internal network load balancer.
func gateway() *town {
	w := relay("tcp 8443 10.0.0.0/16")
	w.LoadBalancers[0].Public = false
	w.NetworkInterfaces[1].Public = netip.Addr{}
	w.VPCLinks = []*estate.VPCLink{{Resource: named("vpc-link", "vl-1"), Targets: []string{w.LoadBalancers[0].Reference.ARN}, Status: "AVAILABLE"}}
	w.APIs = []*estate.API{{Resource: named("rest-api", "api-1"), Type: "REST", Endpoint: "REGIONAL", Policy: estate.None[*policy.Document](), Stages: estate.Know([]estate.APIStage{{Name: "live"}}),
		Links: estate.Know([]string{"vl-1"}), Functions: estate.Know([]string(nil))}}
	return w
}

func TestAPILeadsThroughItsLinkWithoutTheClientsAddress(t *testing.T) {
	t.Parallel()
	f := wantWay(t, gateway().network(), "i-app", ByAPI, "8443", estate.True)
	var ids []string
	for _, r := range f.Through {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"api-1", "vl-1", "relay"}) {
		t.Errorf("through: got %q", ids)
	}
}

func TestPrivateAPIIsNoDoor(t *testing.T) {
	t.Parallel()
	w := gateway()
	w.APIs[0].Endpoint = "PRIVATE"
	wantWay(t, w.network(), "i-app", ByAPI, "", estate.False)
}

func TestAPIWhoseEndpointIsDisabledMayHaveDomains(t *testing.T) {
	t.Parallel()
	w := gateway()
	w.APIs[0].Disabled = true
	wantWay(t, w.network(), "i-app", ByAPI, "8443", estate.Unknown)
}

func TestAPIWithAPolicyIsCertainWhereThatLetsInEverybody(t *testing.T) {
	t.Parallel()
	deny := allow("execute-api:Invoke", policy.Condition{Operator: policy.Operator{Name: "NotIpAddress"}, Key: "aws:SourceIp", Values: []string{"10.0.0.0/8"}})
	deny.Effect = policy.Deny
	for _, c := range []struct {
		name       string
		statements []policy.Statement
		want       estate.Truth
	}{
		{"everybody", []policy.Statement{allow("execute-api:Invoke")}, estate.True},
		{"not all addresses", []policy.Statement{allow("execute-api:Invoke"), deny}, estate.Unknown},
		{"nobody", nil, estate.Unknown},
	} {
		w := gateway()
		w.APIs[0].Policy = estate.Know(&policy.Document{Statements: c.statements})
		t.Run(c.name, func(t *testing.T) { wantWay(t, w.network(), "i-app", ByAPI, "8443", c.want) })
	}
}

func TestAPIThatIsNotDeployedIsNoDoor(t *testing.T) {
	t.Parallel()
	w := gateway()
	w.APIs[0].Stages = estate.Know([]estate.APIStage(nil))
	wantWay(t, w.network(), "i-app", ByAPI, "", estate.False)
}

func TestUnreadAPIsMayUseALink(t *testing.T) {
	t.Parallel()
	w := gateway()
	w.APIs = nil
	w.unread["apigateway:GetRestApis"] = true
	wantWay(t, w.network(), "i-app", ByAPI, "8443", estate.Unknown)
}

// linked is an internal load balancer that an HTTP API calls through a link with subnets: the integration names targets.
func linked(targets estate.Known[[]string]) *town {
	w := fast()
	w.Accelerators = nil
	w.group("sg-link")
	w.SecurityGroups[0].Rules[0] = &estate.SecurityGroupRule{Protocol: "tcp", Traffic: netset.TrafficOf(netset.TCP, onePort(443)), Peer: "sg-link", Addresses: estate.None[netset.Addresses]()}
	w.VPCLinks = []*estate.VPCLink{{Resource: named("vpc-link", "vl-1"), Subnets: []string{"subnet-p"}, SecurityGroups: []string{"sg-link"}, Status: "AVAILABLE"}}
	w.APIs = []*estate.API{{Resource: named("http-api", "api-1"), Type: "HTTP", Endpoint: "REGIONAL", Policy: estate.None[*policy.Document](), Stages: estate.Know([]estate.APIStage{{Name: "live"}}),
		Links: estate.Know([]string{"vl-1"}), Targets: targets, Functions: estate.Know([]string(nil))}}
	return w
}

func TestLinkWithSubnetsLeadsToWhatIntegrationsName(t *testing.T) {
	t.Parallel()
	w := linked(estate.Known[[]string]{})
	lb := w.LoadBalancers[0].Reference.ARN
	listeners, _ := w.LoadBalancers[0].Listeners.Value()
	listeners[0].ARN = strings.Replace(lb, ":loadbalancer/", ":listener/", 1) + "/5"
	unread := estate.Gap{Place: here, Operation: "apigatewayv2:GetIntegrations", Outcome: operation.Denied}
	for _, c := range []struct {
		name    string
		targets estate.Known[[]string]
		want    estate.Truth
	}{
		{"its listener", estate.Know([]string{listeners[0].ARN}), estate.True},
		{"the load balancer, which has one listener", estate.Know([]string{lb}), estate.True},
		{"another load balancer", estate.Know([]string{lb + "0"}), estate.False},
		{"not read", estate.Unread[[]string](unread), estate.Unknown},
	} {
		w.APIs[0].Targets = c.targets
		t.Run(c.name, func(t *testing.T) { wantWay(t, w.network(), "i-app", ByAPI, "8080", c.want) })
	}
}

func TestLinkToAServiceOfCloudMapMayLeadToAnyHostThatAdmitsIt(t *testing.T) {
	t.Parallel()
	w := linked(estate.Know([]string{"arn:aws:servicediscovery:us-east-1:111111111111:service/srv-1"}))
	w.group("sg-map", "tcp 9000 sg-link")
	w.host("i-map", "subnet-p", "10.0.11.99", "sg-map")
	n := w.network()
	wantWay(t, n, "i-map", ByAPI, "9000", estate.Unknown)
	wantWay(t, n, "i-app", ByAPI, "", estate.False)
}

func TestGroupsOfALoadBalancerDecideWhatComesByPrivateLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule       string
		unfiltered bool
		want       estate.Truth
	}{
		{"tcp 443 0.0.0.0/0", false, estate.True},
		{"tcp 443 10.0.0.0/8", false, estate.Unknown},
		{"tcp 444 0.0.0.0/0", false, estate.False},
		{"tcp 444 0.0.0.0/0", true, estate.True},
	} {
		w := gateway()
		w.group("sg-relay", c.rule)
		w.LoadBalancers[0].SecurityGroups, w.LoadBalancers[0].Unfiltered = []string{"sg-relay"}, c.unfiltered
		w.group("sg-all", "tcp 8443 0.0.0.0/0")
		w.Instances[0].SecurityGroups, w.NetworkInterfaces[0].SecurityGroups = []string{"sg-all"}, []string{"sg-all"}
		wantWay(t, w.network(), "i-app", ByAPI, "8443", c.want)
	}
}

// fn adds a function with a URL for anybody, and a policy of statements.
func (w *town) fn(statements ...policy.Statement) *estate.Function {
	f := &estate.Function{Resource: named("function", "cart"), URL: estate.Know(estate.FunctionURL{URL: "https://cart.lambda-url.us-east-1.on.aws/", Auth: "NONE"}),
		Policy: estate.Know(&policy.Document{Statements: statements})}
	f.Reference.ARN = "arn:aws:lambda:us-east-1:111111111111:function:cart"
	w.Functions = append(w.Functions, f)
	return f
}

func allow(action string, conditions ...policy.Condition) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Principal: &policy.Principal{Everyone: true}, Action: []string{action}, Resource: []string{"*"}, Condition: conditions}
}

var (
	noAuth = policy.Condition{Operator: policy.Operator{Name: "StringEquals"}, Key: "lambda:FunctionUrlAuthType", Values: []string{"NONE"}}
	byURL  = policy.Condition{Operator: policy.Operator{Name: "Bool"}, Key: "lambda:InvokedViaFunctionUrl", Values: []string{"true"}}
)

func TestFunctionURLIsPublicWhereItsPolicyAllowsBothActions(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.fn(allow("lambda:InvokeFunctionUrl", noAuth), allow("lambda:InvokeFunction", byURL))
	n := w.network()
	wantWay(t, n, "cart", ByFunctionURL, "443", estate.True)
	a := n.Ask(Question{From: End{Internet: true}, To: End{Refs: []estate.Ref{w.Functions[0].Reference}}, Protocol: netset.TCP, Port: 443})
	if a.Arrives != estate.True || a.Way != ByFunctionURL {
		t.Errorf("asked: got %s by %s, want yes by its URL", yes(a.Arrives), a.Way)
	}
}

func TestFunctionURLWithOneActionDependsOnWhenItWasMade(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.fn(allow("lambda:InvokeFunctionUrl", noAuth))
	wantWay(t, w.network(), "cart", ByFunctionURL, "443", estate.Unknown)
}

func TestFunctionURLIsNotPublic(t *testing.T) {
	t.Parallel()
	iam := func(f *estate.Function) { f.URL = estate.Know(estate.FunctionURL{Auth: "AWS_IAM"}) }
	none := func(f *estate.Function) { f.Policy = estate.None[*policy.Document]() }
	org := func(f *estate.Function) {
		only := policy.Condition{Operator: policy.Operator{Name: "StringEquals"}, Key: "aws:PrincipalOrgID", Values: []string{"o-1"}}
		f.Policy = estate.Know(&policy.Document{Statements: []policy.Statement{allow("lambda:*", only)}})
	}
	vpc := func(f *estate.Function) {
		only := policy.Condition{Operator: policy.Operator{Name: "StringEquals"}, Key: "aws:SourceVpce", Values: []string{"vpce-1"}}
		f.Policy = estate.Know(&policy.Document{Statements: []policy.Statement{allow("lambda:*", only)}})
	}
	for name, change := range map[string]func(*estate.Function){"credentials": iam, "no policy": none, "organisation only": org, "VPC only": vpc} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown()
			change(w.fn(allow("lambda:*")))
			wantWay(t, w.network(), "cart", ByFunctionURL, "", estate.False)
		})
	}
}

func TestFunctionURLWhosePolicyWasNotReadIsUnknown(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.fn().Policy = estate.Unread[*policy.Document](estate.Gap{Place: here, Operation: "lambda:GetPolicy", Outcome: operation.Denied})
	wantWay(t, w.network(), "cart", ByFunctionURL, "443", estate.Unknown)
}

func TestClusterEndpointAdmitsItsCIDRs(t *testing.T) {
	t.Parallel()
	w := newTown()
	cluster := func(public bool, cidrs ...string) *estate.KubernetesCluster {
		return &estate.KubernetesCluster{Resource: named("kubernetes-cluster", "k8s"), Description: estate.Know(estate.KubernetesDescription{Public: public, PublicCIDRs: netPrefixes(cidrs...)})}
	}
	w.KubernetesClusters = []*estate.KubernetesCluster{cluster(true, "0.0.0.0/0")}
	wantWay(t, w.network(), "k8s", ByClusterEndpoint, "443", estate.True)
	w.KubernetesClusters = []*estate.KubernetesCluster{cluster(true, "198.0.0.0/24")}
	if flows := byWay(w.network(), "k8s", ByClusterEndpoint); len(flows) != 1 || flows[0].Addresses.String() != "198.0.0.0/24" {
		t.Errorf("got %v, want one flow from 198.0.0.0/24", flows)
	}
	w.KubernetesClusters = []*estate.KubernetesCluster{cluster(false, "0.0.0.0/0")}
	wantWay(t, w.network(), "k8s", ByClusterEndpoint, "", estate.False)
	w.KubernetesClusters[0].Description = estate.Unread[estate.KubernetesDescription](estate.Gap{Place: here, Operation: "eks:DescribeCluster"})
	wantWay(t, w.network(), "k8s", ByClusterEndpoint, "443", estate.Unknown)
}

func TestEndpointServiceLeadsFromOneVPCToAnother(t *testing.T) {
	t.Parallel()
	w := gateway()
	w.APIs, w.VPCLinks = nil, nil
	w.VPCs = append(w.VPCs, &estate.VPC{Resource: named("vpc", "vpc-2"), CIDRs: netPrefixes("10.2.0.0/16")})
	w.Subnets = append(w.Subnets, &estate.Subnet{Resource: named("subnet", "subnet-2"), VPC: "vpc-2", Zone: "us-east-1a", CIDRs: netPrefixes("10.2.1.0/24")})
	w.group("sg-2")
	w.group("sg-door", "tcp 443 10.2.0.0/16")
	for _, g := range w.SecurityGroups[1:] {
		g.VPC = "vpc-2"
	}
	w.host("i-client", "subnet-2", "10.2.1.10", "sg-2").VPC = "vpc-2"
	door := &estate.NetworkInterface{Resource: named("network-interface", "eni-door"), VPC: "vpc-2", Subnet: "subnet-2", Type: "vpc_endpoint", Status: "in-use",
		Private: []netip.Addr{netip.MustParseAddr("10.2.1.20")}, SecurityGroups: []string{"sg-door"}, SourceDest: true}
	w.NetworkInterfaces = append(w.NetworkInterfaces, door)
	for _, x := range w.NetworkInterfaces {
		if x.Subnet == "subnet-2" {
			x.VPC = "vpc-2"
		}
	}
	const service = "com.amazonaws.vpce.us-east-1.vpce-svc-1"
	w.EndpointServices = []*estate.EndpointService{{Resource: named("endpoint-service", "vpce-svc-1"), Service: service, LoadBalancers: []string{w.LoadBalancers[0].Reference.ARN}}}
	w.Endpoints = []*estate.Endpoint{{Resource: named("vpc-endpoint", "vpce-1"), VPC: "vpc-2", Type: "Interface", Service: service, State: "available", Interfaces: []string{"eni-door"}, Subnets: []string{"subnet-2"}}}
	n := w.network()
	ask := func(port uint16) Answer {
		return n.Ask(Question{From: End{Refs: []estate.Ref{named("instance", "i-client").Reference}}, To: End{Refs: []estate.Ref{named("instance", "i-app").Reference}}, Protocol: netset.TCP, Port: port})
	}
	if a := ask(8443); a.Arrives != estate.True || a.Session != estate.True || a.Way != ByEndpointService {
		t.Errorf("got %s %s by %s (%s), want yes by the endpoint service", yes(a.Arrives), yes(a.Session), a.Way, a.Reason)
	}
	if a := ask(22); a.Arrives != estate.False {
		t.Errorf("port 22: got %s, want no", yes(a.Arrives))
	}
}

func TestWaysFromInsideToAClusterOrAFunctionAreNotFollowed(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-app")
	w.host("i-app", "subnet-p", "10.0.11.10", "sg-app")
	f := w.fn(allow("lambda:*"))
	k := &estate.KubernetesCluster{Resource: named("kubernetes-cluster", "platform"), Description: estate.Know(estate.KubernetesDescription{Public: false})}
	w.KubernetesClusters = append(w.KubernetesClusters, k)
	n := w.network()
	for _, to := range []estate.Ref{f.Reference, k.Reference} {
		a := n.Ask(Question{From: End{Refs: []estate.Ref{w.Instances[0].Reference}}, To: End{Refs: []estate.Ref{to}}, Protocol: netset.TCP, Port: 443})
		if a.Arrives != estate.Unknown {
			t.Errorf("%s: got %s, want unknown", to.ID, yes(a.Arrives))
		}
	}
}

func TestInterfaceEndpointIsWhereItsInterfacesAre(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.group("sg-app")
	w.group("sg-end", "tcp 443 10.0.0.0/16")
	w.host("i-app", "subnet-a", "10.0.1.10", "sg-app")
	e := &estate.Endpoint{Resource: named("vpc-endpoint", "vpce-1"), Type: "Interface", VPC: "vpc-1", State: "available", Subnets: []string{"subnet-p"}, SecurityGroups: []string{"sg-end"}}
	w.Endpoints = []*estate.Endpoint{e}
	n := w.network()
	for port, want := range map[uint16]estate.Truth{443: estate.True, 80: estate.False} {
		a := n.Ask(Question{From: End{Refs: []estate.Ref{w.Instances[0].Reference}}, To: End{Refs: []estate.Ref{e.Reference}}, Protocol: netset.TCP, Port: port})
		if a.Arrives != want {
			t.Errorf("port %d: got %s, want %s: %s", port, yes(a.Arrives), yes(want), a.Reason)
		}
	}
}

func TestDistributionLeadsToAFunctionURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, auth, control string
		arrives             estate.Truth
	}{
		{"without credentials", "NONE", "", estate.True},
		{"with credentials that CloudFront does not send", "AWS_IAM", "", estate.False},
		// Whether the function's policy names CloudFront is not read of such functions.
		{"with CloudFront's signature", "AWS_IAM", "E123", estate.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newTown()
			f := w.fn(allow("lambda:InvokeFunctionUrl"), allow("lambda:InvokeFunction"))
			f.URL = estate.Know(estate.FunctionURL{URL: "https://cart.lambda-url.us-east-1.on.aws/", Auth: c.auth})
			w.distribution(estate.Origin{ID: "cart", Domain: "cart.lambda-url.us-east-1.on.aws", Protocol: "https-only", HTTPSPort: 443, AccessControl: c.control})
			wantWay(t, w.network(), "cart", ByDistribution, "443", c.arrives)
		})
	}
}
