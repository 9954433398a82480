package lockdown

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// OnlyDeclaredPortsPublic is net-only-declared-ports-public: what answers the Internet does so on declared ports only.
//
//   - A claim "only port 443 is reachable from the internet" is about everything, or with "shop:" before it about that
//     system. Each claim is judged by itself. The practice asks them all at once: as soon as one is made, whatever answers the
//     Internet and that none of them permits is not declared.
//   - What is behind a front door is the door's affair: the port is the one on which packets come in from the Internet, that
//     of the load balancer and not of its targets.
//   - Which ports are reachable is as in NoAdminPortReachable. A declared port on which nothing answers breaks nothing.
var OnlyDeclaredPortsPublic = &control.Control{
	ID:       "net-only-declared-ports-public",
	Practice: "network-lockdown",
	Title:    "What the Internet reaches is what is declared",
	Sentence: "only declared ports are reachable from the internet",
	Asked:    "only declared ports are reachable from the internet",
	Declares: []claims.Form{{Text: "only port {ports} is reachable from the internet", Example: "only port 80, 443 is reachable from the internet"}},
	Why:      "What nobody knows to be public nobody watches, patches or switches off.",
	Fix:      "Close the port to the Internet; or declare it, if it is meant to be public.",
	Severity: answer.High,
	Lists:    packets.Lists(),
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		ports, claimed := c.Slots.Ports("ports")
		declared := c.Declarations()
		if !claimed && len(declared) == 0 {
			c.NotDeclared()
			return
		}
		said := x.Subjects()
		for _, s := range x.Answering() {
			said.Judged(s)
		}
		for _, f := range c.Packets().Internet() {
			if len(f.Through) > 0 {
				continue
			}
			if claimed {
				judgeFromInternet(x, said, f, packets.Everybody, everythingBut(packets.Asked(ports, f.Protocol)), netset.Ports{})
				continue
			}
			var allowed, perhaps netset.Ports
			subject := x.Subject(f.To.Ref)
			for _, claim := range declared {
				its, _ := claim.Slots.Ports("ports")
				switch c.Declared.Selects(claim.Scope, subject) {
				case estate.True:
					allowed = allowed.Union(packets.Asked(its, f.Protocol))
				case estate.Unknown:
					perhaps = perhaps.Union(packets.Asked(its, f.Protocol))
				}
			}
			forbidden := everythingBut(allowed)
			gap, _ := subject.Tags().Unread()
			judgeFromInternet(x, said, f, packets.Everybody, forbidden.Intersect(everythingBut(perhaps)), forbidden.Intersect(perhaps), gap)
		}
		said.Say(c)
	},
}

// everythingBut are the ports that are not in a set.
func everythingBut(ports netset.Ports) netset.Ports { return netset.AllPorts().Minus(ports) }
