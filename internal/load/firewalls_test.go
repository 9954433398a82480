package load_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

const (
	firewallARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/edge"
	policyARN   = "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/edge"
	statefulARN = "arn:aws:network-firewall:us-east-1:111122223333:stateful-rulegroup/g"
	managedARN  = "arn:aws:network-firewall:us-east-1:aws-managed:stateful-rulegroup/BotNetCommandAndControlDomainsStrictOrder"
	firewalls   = "111122223333/us-east-1/network-firewall/"
)

// firewall is an account with a firewall whose policy has one group of its own and one of AWS's.
func firewall(group string) map[string]string {
	file := func(operation, parameter, arn string) string {
		return firewalls + operation + "--" + parameter + "=" + strings.ReplaceAll(arn, "/", "%2F") + ".json"
	}
	return map[string]string{
		firewalls + "list-firewalls.json": `{"Firewalls": [{"FirewallName": "edge", "FirewallArn": "` + firewallARN + `"}]}`,
		file("describe-firewall", "FirewallArn", firewallARN): `{"Firewall": {"FirewallName": "edge", "FirewallArn": "` + firewallARN + `", "FirewallPolicyArn": "` + policyARN + `", "VpcId": "vpc-1"},
			"FirewallStatus": {"SyncStates": {"us-east-1b": {"Attachment": {"SubnetId": "subnet-2", "EndpointId": "vpce-2", "Status": "READY"}},
				"us-east-1a": {"Attachment": {"SubnetId": "subnet-1", "EndpointId": "vpce-1", "Status": "READY"}}}}}`,
		file("describe-firewall-policy", "FirewallPolicyArn", policyARN): `{"FirewallPolicyResponse": {"FirewallPolicyName": "edge"}, "FirewallPolicy": {"StatelessDefaultActions": ["aws:forward_to_sfe"],
			"StatelessFragmentDefaultActions": ["aws:drop"], "StatefulDefaultActions": ["aws:drop_strict"], "StatefulEngineOptions": {"RuleOrder": "STRICT_ORDER"},
			"PolicyVariables": {"RuleVariables": {"HOME_NET": {"Definition": ["10.0.0.0/8", "!10.9.0.0/16"]}}},
			"StatefulRuleGroupReferences": [{"ResourceArn": "` + managedARN + `", "Priority": 20}, {"ResourceArn": "` + statefulARN + `", "Priority": 10}]}}`,
		file("describe-rule-group", "RuleGroupArn", statefulARN): group,
	}
}

func rulesOf(t *testing.T, group string) (*estate.FirewallPolicy, []string) {
	t.Helper()
	e := network(t, firewall(group))
	policy, ok := e.Firewalls[0].Policy.Value()
	if !ok || len(policy.Stateful) != 2 || policy.Stateful[0].ARN != statefulARN {
		t.Fatalf("the policy is %+v", e.Firewalls[0].Policy)
	}
	rules, _ := policy.Stateful[0].Rules.Value()
	var got []string
	for _, r := range rules {
		both := "->"
		if r.BothWays {
			both = "<>"
		}
		got = append(got, fmt.Sprintf("%d %v %v %s:%s %s %s:%s", r.Priority, r.Actions, r.Protocols, r.Sources, r.SourcePorts, both, r.Destinations, r.DestinationPorts))
	}
	return policy, got
}

func TestFirewall(t *testing.T) {
	t.Parallel()
	e := network(t, firewall(`{"RuleGroupResponse": {}, "RuleGroup": {"RulesSource": {"StatefulRules": []}}}`))
	f := e.Firewalls[0]
	endpoints, _ := f.Endpoints.Value()
	if got := fmt.Sprint(endpoints); got != "[{vpce-1 subnet-1 us-east-1a} {vpce-2 subnet-2 us-east-1b}]" || f.VPC != "vpc-1" || f.Ref().ARN != firewallARN {
		t.Errorf("the firewall is %+v with %s", f, got)
	}
	policy, _ := f.Policy.Value()
	if policy.Order != "STRICT_ORDER" || fmt.Sprint(policy.StatelessDefault, policy.FragmentDefault, policy.StatefulDefault) != "[aws:forward_to_sfe] [aws:drop] [aws:drop_strict]" {
		t.Errorf("the policy is %+v", policy)
	}
	if gap, unread := policy.Stateful[1].Rules.Unread(); !unread || !strings.Contains(gap.Why, "AWS does not tell") {
		t.Errorf("the rules of AWS's group are %+v, want them unknown", policy.Stateful[1].Rules)
	}
}

func TestFirewallDenied(t *testing.T) {
	t.Parallel()
	for name, unread := range map[string]func(*estate.Firewall) bool{
		"describe-firewall--": func(f *estate.Firewall) bool {
			_, endpoints := f.Endpoints.Unread()
			_, policy := f.Policy.Unread()
			return endpoints && policy
		},
		"describe-firewall-policy--": func(f *estate.Firewall) bool { _, policy := f.Policy.Unread(); return policy },
		"describe-rule-group--": func(f *estate.Firewall) bool {
			policy, _ := f.Policy.Value()
			_, rules := policy.Stateful[0].Rules.Unread()
			return rules
		},
	} {
		files := firewall(`{"RuleGroup": {"RulesSource": {"StatefulRules": []}}}`)
		for file := range files {
			if strings.Contains(file, name) {
				files[file] = "An error occurred (AccessDeniedException) when calling the Describe operation: no"
			}
		}
		if e := network(t, files); len(e.Firewalls) != 1 || !unread(e.Firewalls[0]) {
			t.Errorf("%s was denied, and the firewalls are %+v", name, e.Firewalls)
		}
	}
}

// A policy of another kind than the answer's form is not one without rules.
func TestFirewallPolicyNotTold(t *testing.T) {
	t.Parallel()
	files := firewall(`{"RuleGroup": {"RulesSource": {"StatefulRules": []}}}`)
	for file := range files {
		if strings.Contains(file, "describe-firewall-policy--") {
			files[file] = `{"UpdateToken": "1", "FirewallPolicyResponse": {"FirewallPolicyName": "edge"}}`
		}
	}
	e := network(t, files)
	if _, unread := e.Firewalls[0].Policy.Unread(); !unread {
		t.Errorf("the policy is %+v, want it unknown", e.Firewalls[0].Policy)
	}
}

func TestFirewallRules(t *testing.T) {
	t.Parallel()
	stateful := func(rules ...string) string {
		return `{"RuleGroup": {"RuleVariables": {"IPSets": {"WEB": {"Definition": ["192.0.2.0/25", "192.0.2.128/25"]}, "LOOP": {"Definition": ["$LOOP"]}}, "PortSets": {"HIGH": {"Definition": ["1024:65535", "!8080"]}}},
			"ReferenceSets": {"IPSetReferences": {"OFFICE": {"ReferenceArn": "arn:aws:ec2:us-east-1:111122223333:prefix-list/pl-1"}}}, "RulesSource": {"StatefulRules": [` + strings.Join(rules, ",") + `]}}}`
	}
	rule := func(protocol, source, sourcePort, direction, destination, port string, options ...string) string {
		var all []string
		for _, o := range append([]string{"sid"}, options...) {
			all = append(all, `{"Keyword": "`+o+`", "Settings": ["1"]}`)
		}
		return fmt.Sprintf(`{"Action": "PASS", "Header": {"Protocol": %q, "Source": %q, "SourcePort": %q, "Direction": %q, "Destination": %q, "DestinationPort": %q}, "RuleOptions": [%s]}`,
			protocol, source, sourcePort, direction, destination, port, strings.Join(all, ","))
	}
	const anywhere = "0.0.0.0/0, ::/0"
	for _, c := range []struct {
		name, group string
		want        []string
		opaque      bool
	}{
		{"anything", stateful(rule("IP", "ANY", "any", "ANY", "ANY", "ANY")), []string{"0 [PASS] [] " + anywhere + ":0-65535 <> " + anywhere + ":0-65535"}, false},
		{"addresses and ports", stateful(rule("TCP", "10.0.0.0/16", "1024:", "FORWARD", "192.0.2.1", "[80,443]")), []string{"0 [PASS] [tcp] 10.0.0.0/16:1024-65535 -> 192.0.2.1/32:80, 443"}, false},
		{"variables of the group and the policy", stateful(rule("UDP", "$HOME_NET", "$HIGH", "FORWARD", "$WEB", "53")),
			[]string{"0 [PASS] [udp] " + "10.0.0.0/13, 10.8.0.0/16, 10.10.0.0/15, 10.12.0.0/14, 10.16.0.0/12, 10.32.0.0/11, 10.64.0.0/10, 10.128.0.0/9" + ":1024-8079, 8081-65535 -> 192.0.2.0/24:53"}, false},
		{"ICMP is of both versions", stateful(rule("ICMP", "[10.0.0.0/16,!10.0.1.0/24]", "ANY", "FORWARD", "10.0.0.0/8", "ANY")),
			[]string{"0 [PASS] [icmp icmpv6] 10.0.0.0/24, 10.0.2.0/23, 10.0.4.0/22, 10.0.8.0/21, 10.0.16.0/20, 10.0.32.0/19, 10.0.64.0/18, 10.0.128.0/17:0-65535 -> 10.0.0.0/8:0-65535"}, false},
		{"an application's protocol", stateful(rule("TLS", "ANY", "ANY", "FORWARD", "ANY", "ANY")), nil, true},
		{"an option that narrows", stateful(rule("TCP", "ANY", "ANY", "FORWARD", "ANY", "ANY", "content")), nil, true},
		{"a variable that nobody set", stateful(rule("TCP", "$EXTERNAL_NET", "ANY", "FORWARD", "ANY", "ANY")), nil, true},
		{"a variable that stands for itself", stateful(rule("TCP", "$LOOP", "ANY", "FORWARD", "ANY", "ANY")), nil, true},
		{"a list that was not read", stateful(rule("TCP", "@OFFICE", "ANY", "FORWARD", "ANY", "ANY")), nil, true},
		{"a port that is none", stateful(rule("TCP", "ANY", "ANY", "FORWARD", "ANY", "70000")), nil, true},
		{"one of two", stateful(rule("TCP", "10.0.0.1", "ANY", "FORWARD", "10.0.0.2", "22"), rule("SSH", "ANY", "ANY", "FORWARD", "ANY", "ANY")),
			[]string{"0 [PASS] [tcp] 10.0.0.1/32:0-65535 -> 10.0.0.2/32:22"}, true},
		{"in strict order, those behind one that is not understood", stateful(rule("SSH", "ANY", "ANY", "FORWARD", "ANY", "ANY"), rule("TCP", "10.0.0.1", "ANY", "FORWARD", "10.0.0.2", "22")), nil, true},
		{"Suricata text", `{"RuleGroup": {"RulesSource": {"RulesString": "drop tcp any any -> any 23 (sid:1;)"}}}`, nil, true},
		{"domains", `{"RuleGroup": {"RulesSource": {"RulesSourceList": {"Targets": ["example.com"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}}}}`, nil, true},
		{"a group of another kind", `{"RuleGroupResponse": {"RuleGroupName": "g"}}`, nil, true},
		{"stateless, by priority", `{"RuleGroup": {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": [
			{"Priority": 2, "RuleDefinition": {"Actions": ["aws:pass"], "MatchAttributes": {}}},
			{"Priority": 1, "RuleDefinition": {"Actions": ["aws:drop", "count"], "MatchAttributes": {"Protocols": [6], "Sources": [{"AddressDefinition": "10.0.0.0/8"}],
				"DestinationPorts": [{"FromPort": 23, "ToPort": 23}]}}}]}}}}`,
			[]string{"1 [aws:drop count] [tcp] 10.0.0.0/8:0-65535 -> " + anywhere + ":23", "2 [aws:pass] [] " + anywhere + ":0-65535 -> " + anywhere + ":0-65535"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			policy, got := rulesOf(t, c.group)
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") || policy.Stateful[0].Opaque != c.opaque {
				t.Errorf("opaque %v\n%s\nwant %v\n%s", policy.Stateful[0].Opaque, strings.Join(got, "\n"), c.opaque, strings.Join(c.want, "\n"))
			}
		})
	}
}
