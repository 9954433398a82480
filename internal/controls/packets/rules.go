package packets

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// GroupName is how a sentence names a group: its id, and its name where it has one.
func GroupName(g *estate.SecurityGroup) string {
	if ref := g.Ref(); ref.Name != "" {
		return ref.ID + " (" + ref.Name + ")"
	}
	return g.Ref().ID
}

// OnTraffic is what a rule admits, in words: "tcp 22", "tcp 0-65535", "all traffic".
func OnTraffic(r *estate.SecurityGroupRule) string {
	if r.Protocol == "-1" {
		return "all traffic"
	}
	for _, p := range []netset.Protocol{netset.TCP, netset.UDP} {
		if ports := r.Traffic.Of(p); !ports.Empty() {
			if ports.Equal(netset.AllPorts()) {
				return p.String() + " on every port"
			}
			return p.String() + " " + ports.String()
		}
	}
	return "protocol " + r.Protocol
}

// RuleFact is a rule as a fact, with the call that told it.
func RuleFact(r *estate.SecurityGroupRule) answer.Fact {
	f := answer.Fact{Text: fmt.Sprintf("%s: %s %s %s", r.ID, OnTraffic(r), direction(r), r.Peer), Operation: "ec2:DescribeSecurityGroups"}
	if r.Named {
		f.Operation = "ec2:DescribeSecurityGroupRules"
	}
	if entries, ok := r.Addresses.Value(); ok && strings.HasPrefix(r.Peer, "pl-") {
		f.Text += ", which is " + Short(entries)
	}
	return f
}

// Short lists the first few prefixes of a set.
func Short(a netset.Addresses) string {
	const few = 4
	var words []string
	for i, p := range a.Prefixes() {
		if i == few {
			return strings.Join(words, ", ") + fmt.Sprintf(" and %d more", len(a.Prefixes())-few)
		}
		words = append(words, p.String())
	}
	return strings.Join(words, ", ")
}

func direction(r *estate.SecurityGroupRule) string {
	if r.Egress {
		return "to"
	}
	return "from"
}

// ruleKey is the key of a rule as a cause.
func ruleKey(r *estate.SecurityGroupRule) string { return "security-group-rule/" + r.ID }

// RuleCause is one rule that admits, or lets out, by itself what it should not. Every control that finds it says the same of it.
func RuleCause(g *estate.SecurityGroup, r *estate.SecurityGroupRule) answer.Cause {
	ref := estate.Ref{Kind: "security-group-rule", Account: g.Ref().Account, Region: g.Ref().Region, ID: r.ID}
	if r.Named {
		ref.ARN = strings.Replace(g.Ref().ARN, "security-group/"+g.Ref().ID, "security-group-rule/"+r.ID, 1)
	}
	rule := "rule " + r.ID
	if !r.Named {
		rule = "a rule"
	}
	if r.Egress {
		return answer.Cause{
			Key:     ruleKey(r),
			Subject: ref,
			Title:   fmt.Sprintf("%s of %s lets out to %s on %s", rule, GroupName(g), r.Peer, OnTraffic(r)),
			Fix: answer.Fix{
				Text:      "Remove the rule, or let out only to what is needed; answers to connections from outside need no outgoing rule.",
				CLI:       []string{revoke(g, r)},
				Terraform: "resource \"aws_vpc_security_group_egress_rule\" \"this\" {\n  referenced_security_group_id = aws_security_group.needed.id # what is needed\n}",
			},
		}
	}
	title := fmt.Sprintf("%s of %s admits %s on %s", rule, GroupName(g), r.Peer, OnTraffic(r))
	return answer.Cause{
		Key:     ruleKey(r),
		Subject: ref,
		Title:   title,
		Fix: answer.Fix{
			Text:      "Remove the rule, or admit only the networks that need it; connections that are open now stay until they end.",
			CLI:       []string{revoke(g, r)},
			Terraform: "resource \"aws_vpc_security_group_ingress_rule\" \"this\" {\n  cidr_ipv4 = \"203.0.113.0/24\" # the networks that need it\n}",
		},
	}
}

// GroupCause is rules that admit the Internet only together.
func GroupCause(g *estate.SecurityGroup, rules []*estate.SecurityGroupRule, title string) answer.Cause {
	var commands []string
	for _, r := range rules {
		commands = append(commands, revoke(g, r))
	}
	return answer.Cause{
		Key:     "security-group/" + g.Ref().ID,
		Subject: g.Ref(),
		Title:   title,
		Fix: answer.Fix{
			Text: "Remove the rules that are not needed, and admit only the networks that need the others; connections that are open now stay until they end.",
			CLI:  commands,
		},
	}
}

// revoke is the AWS CLI command that removes a rule.
func revoke(g *estate.SecurityGroup, r *estate.SecurityGroupRule) string {
	way := "ingress"
	if r.Egress {
		way = "egress"
	}
	head := fmt.Sprintf("aws ec2 revoke-security-group-%s --region %s --group-id %s ", way, g.Ref().Region, g.Ref().ID)
	if r.Named {
		return head + "--security-group-rule-ids " + r.ID
	}
	permission := map[string]any{"IpProtocol": r.Protocol}
	for _, p := range []netset.Protocol{netset.TCP, netset.UDP} {
		if ranges := r.Traffic.Of(p).Ranges(); r.Protocol != "-1" && len(ranges) == 1 {
			permission["FromPort"], permission["ToPort"] = ranges[0].First, ranges[0].Last
		}
	}
	switch {
	case strings.HasPrefix(r.Peer, "sg-"):
		permission["UserIdGroupPairs"] = []map[string]string{{"GroupId": r.Peer}}
	case strings.HasPrefix(r.Peer, "pl-"):
		permission["PrefixListIds"] = []map[string]string{{"PrefixListId": r.Peer}}
	case strings.Contains(r.Peer, ":"):
		permission["Ipv6Ranges"] = []map[string]string{{"CidrIpv6": r.Peer}}
	default:
		permission["IpRanges"] = []map[string]string{{"CidrIp": r.Peer}}
	}
	text, _ := json.Marshal([]any{permission}) // strings and numbers always marshal
	return head + "--ip-permissions '" + string(text) + "'"
}
