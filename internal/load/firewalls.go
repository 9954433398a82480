package load

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	describeFirewall  operation.ID = "network-firewall:DescribeFirewall"
	describePolicy    operation.ID = "network-firewall:DescribeFirewallPolicy"
	describeRuleGroup operation.ID = "network-firewall:DescribeRuleGroup"
)

// firewalls reads the firewalls of AWS Network Firewall, with the policy and rules of each.
func (l *loader) firewalls() {
	type firewallList struct {
		Firewalls []struct{ FirewallName, FirewallArn string }
	}
	type endpoint struct {
		Attachment struct {
			SubnetID   string `json:"SubnetId"`
			EndpointID string `json:"EndpointId"`
		}
	}
	type description struct {
		Firewall struct {
			VpcID             string `json:"VpcId"`
			FirewallPolicyArn string
			Tags              []tag
		}
		FirewallStatus struct{ SyncStates map[string]endpoint }
	}
	first := func(pages []description) (d description) {
		if len(pages) > 0 {
			d = pages[0]
		}
		return d
	}
	each(l, "network-firewall:ListFirewalls", func(p estate.Place, page *firewallList) {
		for _, f := range page.Firewalls {
			told := about(l, p, describeFirewall, f.FirewallArn, first)
			d, ok := told.Value()
			firewall := &estate.Firewall{Resource: resource(p, "firewall", f.FirewallName, f.FirewallArn, d.Firewall.Tags), VPC: d.Firewall.VpcID}
			firewall.Reference.Name = cmp.Or(firewall.Reference.Name, f.FirewallName)
			if !ok {
				gap := l.estate.Reading(p, describeFirewall, f.FirewallArn).Gap()
				firewall.Labels, firewall.Endpoints = estate.Unread[map[string]string](gap), estate.Unread[[]estate.FirewallEndpoint](gap)
				firewall.Policy = estate.Unread[*estate.FirewallPolicy](gap)
			} else {
				var endpoints []estate.FirewallEndpoint
				for zone, e := range d.FirewallStatus.SyncStates {
					if e.Attachment.EndpointID != "" {
						endpoints = append(endpoints, estate.FirewallEndpoint{Endpoint: e.Attachment.EndpointID, Subnet: e.Attachment.SubnetID, Zone: zone})
					}
				}
				slices.SortFunc(endpoints, func(a, b estate.FirewallEndpoint) int { return strings.Compare(a.Endpoint, b.Endpoint) })
				firewall.Endpoints = estate.Know(endpoints)
				firewall.Policy = l.firewallPolicy(p, d.Firewall.FirewallPolicyArn)
			}
			l.estate.Firewalls = append(l.estate.Firewalls, firewall)
		}
	})
	l.estate.Firewalls = byKey(l.estate.Firewalls)
}

// firewallVariables are sets of addresses or ports that a policy or a rule group gives a name.
type firewallVariables map[string]struct{ Definition []string }

func (l *loader) firewallPolicy(p estate.Place, arn string) estate.Known[*estate.FirewallPolicy] {
	type reference struct {
		ResourceArn string
		Priority    int
	}
	type description struct {
		FirewallPolicy *struct {
			StatelessRuleGroupReferences    []reference
			StatelessDefaultActions         []string
			StatelessFragmentDefaultActions []string
			StatefulRuleGroupReferences     []reference
			StatefulDefaultActions          []string
			StatefulEngineOptions           struct{ RuleOrder string }
			PolicyVariables                 struct{ RuleVariables firewallVariables }
			Route53ResolvedIPValidation     *struct{ Action string }
		}
	}
	validates, told := false, true
	policy := about(l, p, describePolicy, arn, func(pages []description) *estate.FirewallPolicy {
		policy := &estate.FirewallPolicy{ARN: arn}
		if told = len(pages) > 0 && pages[0].FirewallPolicy != nil; !told {
			return policy
		}
		d := pages[0].FirewallPolicy
		validates = d.Route53ResolvedIPValidation != nil
		policy.StatelessDefault, policy.FragmentDefault = d.StatelessDefaultActions, d.StatelessFragmentDefaultActions
		policy.Order, policy.StatefulDefault = cmp.Or(d.StatefulEngineOptions.RuleOrder, "DEFAULT_ACTION_ORDER"), d.StatefulDefaultActions
		groups := func(references []reference) []estate.FirewallGroup {
			slices.SortStableFunc(references, func(a, b reference) int { return cmp.Compare(a.Priority, b.Priority) })
			var all []estate.FirewallGroup
			for _, r := range references {
				all = append(all, l.firewallGroup(p, r.ResourceArn, r.Priority, policy.Order, d.PolicyVariables.RuleVariables))
			}
			return all
		}
		policy.Stateless, policy.Stateful = groups(d.StatelessRuleGroupReferences), groups(d.StatefulRuleGroupReferences)
		return policy
	})
	if _, read := policy.Value(); read && !told {
		gap := l.estate.Reading(p, describePolicy, arn).Gap()
		gap.Why = string(describePolicy) + " does not tell the rules of " + arn
		return estate.Unread[*estate.FirewallPolicy](gap)
	}
	if validates {
		gap := l.estate.Reading(p, describePolicy, arn).Gap()
		gap.Why = arn + " lets only addresses pass that Route 53 has answered, which nobody can tell from settings"
		return estate.Unread[*estate.FirewallPolicy](gap)
	}
	return policy
}

// ruleGroup is a rule group as AWS describes it.
type ruleGroup struct {
	RuleGroup *struct {
		RuleVariables struct{ IPSets, PortSets firewallVariables }
		ReferenceSets struct {
			IPSetReferences map[string]struct{ ReferenceArn string }
		}
		RulesSource struct {
			RulesString                    string
			RulesSourceList                *struct{}
			StatefulRules                  []statefulRule
			StatelessRulesAndCustomActions struct{ StatelessRules []statelessRule }
		}
	}
}

type statelessRule struct {
	Priority       int
	RuleDefinition struct {
		Actions         []string
		MatchAttributes struct {
			Sources, Destinations         []struct{ AddressDefinition string }
			SourcePorts, DestinationPorts []struct{ FromPort, ToPort int }
			Protocols                     []int
			TCPFlags                      []struct{ Flags []string }
		}
	}
}

type statefulRule struct {
	Action string
	Header struct {
		Protocol, Source, SourcePort, Direction, Destination, DestinationPort string
	}
	RuleOptions []struct{ Keyword string }
}

func (l *loader) firewallGroup(p estate.Place, arn string, priority int, order string, ofPolicy firewallVariables) estate.FirewallGroup {
	group := estate.FirewallGroup{ARN: arn, Priority: priority}
	if strings.Contains(arn, ":aws-managed:") {
		gap := l.estate.Reading(p, describeRuleGroup, arn).Gap()
		gap.Why = "AWS does not tell the rules of its own group " + arn
		group.Rules = estate.Unread[[]estate.FirewallRule](gap)
		return group
	}
	group.Rules = about(l, p, describeRuleGroup, arn, func(pages []ruleGroup) []estate.FirewallRule {
		if len(pages) == 0 || pages[0].RuleGroup == nil {
			group.Opaque = true // of a kind that has its rules elsewhere
			return nil
		}
		g := pages[0].RuleGroup
		names := firewallNames{ips: g.RuleVariables.IPSets, ports: g.RuleVariables.PortSets, ofPolicy: ofPolicy, list: func(name string) (netset.Addresses, bool) {
			_, id, _ := strings.Cut(g.ReferenceSets.IPSetReferences[name].ReferenceArn, ":prefix-list/")
			if id == "" {
				return netset.Addresses{}, false
			}
			return (&estate.PrefixList{Entries: l.prefixList(p, id)}).Addresses().Value()
		}}
		group.Opaque = g.RulesSource.RulesString != "" || g.RulesSource.RulesSourceList != nil
		var rules []estate.FirewallRule
		for _, r := range g.RulesSource.StatelessRulesAndCustomActions.StatelessRules {
			if rule, ok := r.read(); ok {
				rules = append(rules, rule)
			} else {
				group.Opaque = true
			}
		}
		slices.SortStableFunc(rules, func(a, b estate.FirewallRule) int { return cmp.Compare(a.Priority, b.Priority) })
		for _, r := range g.RulesSource.StatefulRules {
			rule, ok := r.read(names)
			if ok {
				rules = append(rules, rule)
				continue
			}
			group.Opaque = true
			if order == "STRICT_ORDER" {
				break // it may decide before those that follow
			}
		}
		return rules
	})
	return group
}

var (
	anyAddress = netset.Of(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))
	anyPort    = netset.AllPorts()
)

// read reads a stateless rule, where what is not said matches anything.
// https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_MatchAttributes.html
func (r statelessRule) read() (estate.FirewallRule, bool) {
	m := r.RuleDefinition.MatchAttributes
	rule := estate.FirewallRule{Priority: r.Priority, Actions: r.RuleDefinition.Actions, Flags: len(m.TCPFlags) > 0}
	for _, n := range m.Protocols {
		if n < 0 || n > 255 {
			return rule, false
		}
		rule.Protocols = append(rule.Protocols, netset.Protocol(n))
	}
	slices.Sort(rule.Protocols)
	addresses := func(list []struct{ AddressDefinition string }) (netset.Addresses, bool) {
		if len(list) == 0 {
			return anyAddress, true
		}
		var all netset.Addresses
		for _, a := range list {
			some, ok := networks(a.AddressDefinition)
			if !ok {
				return all, false
			}
			all = all.Union(some)
		}
		return all, true
	}
	ports := func(list []struct{ FromPort, ToPort int }) (netset.Ports, bool) {
		if len(list) == 0 {
			return anyPort, true
		}
		var all netset.Ports
		for _, x := range list {
			if x.FromPort < 0 || x.FromPort > 65535 || x.ToPort < 0 || x.ToPort > 65535 {
				return all, false
			}
			all = all.Union(netset.PortsOf(netset.PortRange{First: uint16(x.FromPort), Last: uint16(x.ToPort)}))
		}
		return all, true
	}
	var ok [4]bool
	rule.Sources, ok[0] = addresses(m.Sources)
	rule.Destinations, ok[1] = addresses(m.Destinations)
	rule.SourcePorts, ok[2] = ports(m.SourcePorts)
	rule.DestinationPorts, ok[3] = ports(m.DestinationPorts)
	return rule, ok == [4]bool{true, true, true, true}
}

// saysNothing are the options of stateful rules that name or describe a rule, and narrow nothing.
var saysNothing = []string{"sid", "msg", "rev", "gid", "metadata", "reference", "classtype", "priority"}

// read reads a stateful rule of five fields; false where it looks at more than those, or they name what is not known.
// https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_Header.html
func (r statefulRule) read(names firewallNames) (estate.FirewallRule, bool) {
	rule := estate.FirewallRule{Actions: []string{r.Action}, BothWays: r.Header.Direction == "ANY"}
	for _, o := range r.RuleOptions {
		if !slices.Contains(saysNothing, strings.ToLower(o.Keyword)) {
			return rule, false
		}
	}
	switch r.Header.Protocol {
	case "IP":
	case "TCP":
		rule.Protocols = []netset.Protocol{netset.TCP}
	case "UDP":
		rule.Protocols = []netset.Protocol{netset.UDP}
	case "ICMP": // Suricata means both
		rule.Protocols = []netset.Protocol{netset.ICMP, netset.ICMPv6}
	default:
		return rule, false
	}
	var ok [4]bool
	rule.Sources, ok[0] = names.addresses(r.Header.Source, 0)
	rule.Destinations, ok[1] = names.addresses(r.Header.Destination, 0)
	rule.SourcePorts, ok[2] = names.portSet(r.Header.SourcePort, 0)
	rule.DestinationPorts, ok[3] = names.portSet(r.Header.DestinationPort, 0)
	return rule, ok == [4]bool{true, true, true, true}
}

// firewallNames is what the variables and references of a group's rules stand for.
type firewallNames struct {
	ips, ports firewallVariables
	ofPolicy   firewallVariables // of addresses; the group's own go before
	list       func(name string) (netset.Addresses, bool)
}

// deepest is how far variables may stand within variables.
const deepest = 8

// addresses reads "ANY", a CIDR, "$NAME", "@REFERENCE", and lists and negations of them. HOME_NET and EXTERNAL_NET are known only
// where they are set: what they are by default depends on where the firewall's endpoints are.
func (n firewallNames) addresses(text string, depth int) (netset.Addresses, bool) {
	text = strings.TrimSpace(text)
	switch {
	case depth > deepest:
		return netset.Addresses{}, false
	case strings.EqualFold(text, "ANY"):
		return anyAddress, true
	case strings.HasPrefix(text, "$"):
		set, ok := n.ips[text[1:]]
		if !ok {
			set, ok = n.ofPolicy[text[1:]]
		}
		if !ok {
			return netset.Addresses{}, false
		}
		return allOf(set.Definition, func(s string) (netset.Addresses, bool) { return n.addresses(s, depth+1) }, addressUnion, netset.Addresses.Minus)
	case strings.HasPrefix(text, "@"):
		return n.list(text[1:])
	case strings.HasPrefix(text, "!"):
		not, ok := n.addresses(text[1:], depth+1)
		return anyAddress.Minus(not), ok
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return allOf(parts(text[1:len(text)-1]), func(s string) (netset.Addresses, bool) { return n.addresses(s, depth+1) }, addressUnion, netset.Addresses.Minus)
	}
	return networks(text)
}

// portSet reads "ANY", "443", "1024:65535", ":1023", "$NAME", and lists and negations of them.
func (n firewallNames) portSet(text string, depth int) (netset.Ports, bool) {
	text = strings.TrimSpace(text)
	each := func(s string) (netset.Ports, bool) { return n.portSet(s, depth+1) }
	switch {
	case depth > deepest:
		return netset.Ports{}, false
	case strings.EqualFold(text, "ANY"):
		return anyPort, true
	case strings.HasPrefix(text, "$"):
		set, ok := n.ports[text[1:]]
		if !ok {
			return netset.Ports{}, false
		}
		return allOf(set.Definition, each, netset.Ports.Union, portsWithout)
	case strings.HasPrefix(text, "!"):
		not, ok := each(text[1:])
		return portsWithout(anyPort, not), ok
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return allOf(parts(text[1:len(text)-1]), each, netset.Ports.Union, portsWithout)
	}
	from, to, isRange := strings.Cut(text, ":")
	if !isRange {
		to = from
	}
	if isRange && from == "" {
		from = "0"
	}
	if isRange && to == "" {
		to = "65535"
	}
	first, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	last, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	if err1 != nil || err2 != nil || first > last {
		return netset.Ports{}, false
	}
	return netset.PortsOf(netset.PortRange{First: uint16(first), Last: uint16(last)}), true
}

// allOf unites the elements of a list and takes those away that stand behind "!", as Suricata does. A list of nothing but
// exceptions leaves everything else.
func allOf[Set any](texts []string, read func(string) (Set, bool), union, minus func(Set, Set) Set) (Set, bool) {
	var in, out Set
	some := false
	for _, text := range texts {
		text = strings.TrimSpace(text)
		except := strings.HasPrefix(text, "!")
		set, ok := read(strings.TrimPrefix(text, "!"))
		if !ok {
			return in, false
		}
		if except {
			out = union(out, set)
		} else {
			in, some = union(in, set), true
		}
	}
	if !some {
		all, ok := read("ANY")
		return minus(all, out), ok && len(texts) > 0
	}
	return minus(in, out), true
}

// parts are the elements of a list at its own level: "a,[b,c]" has two.
func parts(text string) []string {
	var all []string
	depth, from := 0, 0
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				all = append(all, text[from:i])
				from = i + 1
			}
		}
	}
	return append(all, text[from:])
}

func addressUnion(a, b netset.Addresses) netset.Addresses { return a.Union(b) }

func portsWithout(all, not netset.Ports) netset.Ports {
	from := 0
	var left []netset.PortRange
	for _, r := range not.Ranges() {
		if int(r.First) > from {
			left = append(left, netset.PortRange{First: uint16(from), Last: r.First - 1})
		}
		from = int(r.Last) + 1
	}
	if from <= 65535 {
		left = append(left, netset.PortRange{First: uint16(from), Last: 65535})
	}
	return netset.PortsOf(left...).Intersect(all)
}

// networks reads a CIDR or a single address.
func networks(text string) (netset.Addresses, bool) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netset.Of(netip.PrefixFrom(a, a.BitLen())), true
	}
	cidr, err := netip.ParsePrefix(text)
	if err != nil {
		return netset.Addresses{}, false
	}
	return netset.Of(cidr), true
}
