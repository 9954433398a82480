package packets

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// Openings finds what lets a flow in at its end: each rule of the end's groups that admits, by itself, as many as the Internet
// is, or else those that do together, or else (where no group filters) the end itself. Only what a rule adds to the flow
// counts: a rule for IPv6 admits nobody to a host that has none.
func (x *Index) Openings(f reach.Flow, ports netset.Ports) []Blame {
	internet := FromInternet(f, Everybody) == estate.True
	var all []Blame
	var together []Found
	for _, found := range x.Admitting(f, ports, f.Addresses) {
		if addresses, _ := found.Rule.Addresses.Value(); internet && !addresses.Intersect(f.Addresses).CoversInternet() {
			together = append(together, found)
			continue
		}
		all = append(all, Blame{Cause: RuleCause(found.Group, found.Rule), Facts: []answer.Fact{RuleFact(found.Rule)}})
	}
	if len(all) > 0 {
		return all
	}
	what := Ports(f.Protocol, f.Ports)
	for start := 0; start < len(together); {
		group, end := together[start].Group, start
		var rules []*estate.SecurityGroupRule
		var facts []answer.Fact
		for ; end < len(together) && together[end].Group == group; end++ {
			rules = append(rules, together[end].Rule)
			facts = append(facts, RuleFact(together[end].Rule))
		}
		title := fmt.Sprintf("the rules of %s together admit the internet on %s", GroupName(group), what)
		all = append(all, Blame{Cause: GroupCause(group, rules, title), Facts: facts})
		start = end
	}
	if len(all) > 0 {
		return all
	}
	return []Blame{{Cause: openCause(f.To.Ref)}}
}

// openCause is something that answers with no rule between.
func openCause(ref estate.Ref) answer.Cause {
	fix := answer.Fix{Text: "Take away its way from the Internet: its public address, or the route or front door that leads to it."}
	switch ref.Kind {
	case "load-balancer":
		fix.Text = "Remove the listener, or put the load balancer into a security group that admits only the networks that need it."
		fix.CLI = []string{fmt.Sprintf("aws elbv2 describe-listeners --region %s --load-balancer-arn %s", ref.Region, control.ShellQuote(ref.ARN)),
			fmt.Sprintf("aws elbv2 delete-listener --region %s --listener-arn LISTENER_ARN", ref.Region)}
	case "network-interface":
		fix.CLI = []string{fmt.Sprintf("aws ec2 describe-network-interfaces --region %s --network-interface-ids %s", ref.Region, ref.ID)}
	}
	key := control.CauseKey(ref, "reachable")
	if ref.ARN != "" {
		key = ref.Kind + "/" + ref.ARN + "/reachable"
	}
	return answer.Cause{Key: key, Subject: ref, Title: Party(reach.Party{Ref: ref}, reach.Answer{}) + " answers the internet", Fix: fix}
}

// OnPort returns a flow with the path of packets to one port: a flow of several ports shows the path of the first, and another
// rule may let the others in.
func OnPort(n *reach.Network, f reach.Flow, ports netset.Ports) reach.Flow {
	wanted, first := ports.Ranges(), f.Ports.Ranges()
	if len(wanted) == 0 || len(first) == 0 || wanted[0].First == first[0].First || f.Way != reach.Direct || !Outside(f.From) {
		return f
	}
	a := n.Ask(reach.Question{From: reach.End{Internet: true}, To: reach.End{Refs: []estate.Ref{f.To.Ref}}, Protocol: f.Protocol, Port: wanted[0].First})
	if a.Arrives == f.Arrives && a.Session == f.Session && a.Way == f.Way && a.To.Ref.Key() == f.To.Ref.Key() && a.To.Interface == f.To.Interface {
		f.Answer = a
	}
	return f
}

// Counters are the counter-examples of a flow that should not be: one for each opening, with the path.
func (x *Index) Counters(f reach.Flow, ports netset.Ports, text string) []control.Counter {
	var all []control.Counter
	for _, o := range x.Openings(f, ports) {
		all = append(all, control.Counter{Text: text, Facts: o.Facts, Cause: o.Cause, Path: control.PathOf(f.Answer)})
	}
	return all
}

// AdminPorts are the ports at which people log in to hosts: SSH, Telnet, Remote Desktop, VNC and Windows Remote Management.
func AdminPorts() netset.Ports {
	return netset.PortsOf(netset.PortRange{First: 22, Last: 23}, netset.PortRange{First: 3389, Last: 3389},
		netset.PortRange{First: 5900, Last: 5903}, netset.PortRange{First: 5985, Last: 5986})
}
