package lockdown

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// gate is where a flow from the Internet comes in: its first front door, else its end.
func gate(f reach.Flow) reach.Party {
	if len(f.Through) > 0 {
		return reach.Party{Ref: f.Through[0]}
	}
	return f.To
}

// causesFromInternet finds what lets the Internet in: each rule of the gate's groups that admits it by itself, or else those
// that do together, or else (where no group filters) the gate. Only what a rule adds to the flow counts: a rule for IPv6
// admits nobody to a host that has none.
func causesFromInternet(x *packets.Index, f reach.Flow, ports netset.Ports) []packets.Blame {
	at := gate(f)
	if len(f.Through) > 0 {
		ports = netset.AllPorts() // the door may answer on other ports than what is behind it
	}
	var causes []packets.Blame
	var together []packets.Found
	for _, found := range x.Admitting(reach.Flow{Protocol: f.Protocol, Answer: reach.Answer{To: at}}, ports, f.Addresses) {
		addresses, _ := found.Rule.Addresses.Value()
		if !addresses.Intersect(f.Addresses).CoversInternet() {
			together = append(together, found)
			continue
		}
		causes = append(causes, packets.Blame{Cause: packets.RuleCause(found.Group, found.Rule), Facts: []answer.Fact{packets.RuleFact(found.Rule)}})
	}
	if len(causes) > 0 {
		return causes
	}
	what := packets.Ports(f.Protocol, f.Ports)
	for start := 0; start < len(together); {
		group, end := together[start].Group, start
		var rules []*estate.SecurityGroupRule
		var facts []answer.Fact
		for ; end < len(together) && together[end].Group == group; end++ {
			rules = append(rules, together[end].Rule)
			facts = append(facts, packets.RuleFact(together[end].Rule))
		}
		title := fmt.Sprintf("the rules of %s together admit the internet on %s", packets.GroupName(group), what)
		causes = append(causes, packets.Blame{Cause: packets.GroupCause(group, rules, title), Facts: facts})
		start = end
	}
	if len(causes) > 0 {
		return causes
	}
	return []packets.Blame{{Cause: openCause(at.Ref)}}
}

// openCause is something that answers the Internet with no rule between.
func openCause(ref estate.Ref) answer.Cause {
	name := packets.Party(reach.Party{Ref: ref}, reach.Answer{})
	fix := answer.Fix{Text: "Take away its way from the Internet: its public address, or the route or front door that leads to it."}
	switch ref.Kind {
	case "load-balancer":
		fix.Text = "Remove the listener, or put the load balancer into a security group that admits only the networks that need it."
		fix.CLI = []string{fmt.Sprintf("aws elbv2 describe-listeners --region %s --load-balancer-arn %s", ref.Region, ref.ARN),
			fmt.Sprintf("aws elbv2 delete-listener --region %s --listener-arn LISTENER_ARN", ref.Region)}
	case "network-interface":
		fix.CLI = []string{fmt.Sprintf("aws ec2 describe-network-interfaces --region %s --network-interface-ids %s", ref.Region, ref.ID)}
	}
	key := control.CauseKey(ref, "reachable")
	if ref.ARN != "" {
		key = ref.Kind + "/" + ref.ARN + "/reachable"
	}
	return answer.Cause{Key: key, Subject: ref, Title: name + " answers the internet", Fix: fix}
}

// fromInternetCounters are the counter-examples of a flow on the ports that it should not have.
func fromInternetCounters(x *packets.Index, f reach.Flow, ports netset.Ports) []control.Counter {
	text := fmt.Sprintf("the internet reaches %s on %s%s", packets.Party(f.To, f.Answer), packets.Ports(f.Protocol, ports), packets.Through(f.Answer))
	var counters []control.Counter
	for _, found := range causesFromInternet(x, f, ports) {
		counters = append(counters, control.Counter{
			Text:  text,
			Facts: found.Facts,
			Cause: found.Cause,
			Path:  control.PathOf(f.Answer),
		})
	}
	return counters
}
