package containment

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
)

// DatabaseCannotCallOut is contain-database-cannot-call-out: databases, caches and warehouses start no connection to the Internet
// and none to a server. They answer; what they answer needs no outgoing rule.
//
//   - Servers are hosts and tasks. A database that replicates to another, or sends to a VPC endpoint, is not meant.
//   - The Internet is a set of destinations that covers it (netset.Addresses.CoversInternet): a way to one partner is not it.
//   - What "db connects only to ... on ..." declares is declared here too.
//
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
var DatabaseCannotCallOut = &control.Control{
	ID:       "contain-database-cannot-call-out",
	Practice: "containment",
	Title:    "Databases and caches cannot start connections to servers or to the Internet",
	Sentence: "databases and caches cannot call out",
	Asked:    "databases and caches cannot call out",
	Why:      "A database that was broken into sends its data out, or goes on to the servers that trust its network.",
	Fix:      "Remove the outgoing rules of its security group; answers need none.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"elasticache:DescribeCacheClusters", "rds:DescribeDBInstances", "redshift:DescribeClusters"},
	Reads:    []operation.ID{"resourcegroupstaggingapi:GetResources"},
	Packets:  true,
	Judge: func(c *control.Case) {
		x := packets.Of(c.Estate)
		said := x.Subjects()
		for _, s := range x.Answering() {
			switch s.Ref().Kind {
			case "db-instance", "cache-cluster", "warehouse":
				if c.Concerns(s) {
					judgeCalls(c, x, said, s)
				}
			}
		}
		said.Say(c)
	},
}

func judgeCalls(c *control.Case, x *packets.Index, said *packets.Subjects, s estate.Subject) {
	said.Judged(s)
	calls, everywhere := packets.Calls(c.Packets(), x.End(s))
	for f := range calls {
		passes := packets.Passes(f)
		outside := packets.Outside(f.To)
		switch {
		case passes == estate.False || f.Protocol != netset.TCP && f.Protocol != netset.UDP:
			continue
		case outside && !f.Addresses.CoversInternet():
			continue
		case !outside && !packets.Relays(f.To) && f.To.Ref.Kind != "instance" && x.Subject(f.To.Ref).Ref().Kind != "container-task":
			continue
		}
		undeclared, gaps := undeclaredCall(c, x, s, &f)
		to := packets.Party(f.To, f.Answer)
		switch on := packets.Ports(f.Protocol, f.Ports); estate.And(passes, undeclared) {
		case estate.True:
			said.LetsOut(c.Packets(), f, s, fmt.Sprintf("%s can start a connection to %s on %s", packets.Party(f.From, f.Answer), to, on))
			// Every rule is to blame: who else it reaches by them adds nothing. Public addresses, which rules may let it reach without
			// its being seen here, are not among the rest where it reaches everywhere.
			if everywhere && said.Exhausted(s, f) {
				return
			}
		case estate.Unknown:
			said.Doubts(s, packets.Doubt(f, "whether it can start a connection to "+to+" on "+on), append(gaps, f.Gaps...)...)
		}
	}
}

// undeclaredCall says whether a connection is beyond what claims of net-egress-declared permit, and narrows its addresses and
// ports to what is.
func undeclaredCall(c *control.Case, x *packets.Index, s estate.Subject, f *reach.Flow) (estate.Truth, []estate.Gap) {
	is := estate.True
	var gaps []estate.Gap
	for _, claim := range c.Declared.Claims {
		if claim.Form.Text != packets.EgressForm {
			continue
		}
		tier, _ := claim.Slots.Tier("tier")
		sources, _ := claim.Slots.Sources("sources")
		ports, _ := claim.Slots.Ports("ports")
		rest := f.Ports.Minus(packets.Asked(ports, f.Protocol))
		if !rest.Empty() {
			continue // declared on some ports only: the others remain
		}
		of := c.Declared.Selects(tier, s)
		u := x.Undeclared(c.Declared, sources, f.To, f.Addresses)
		is = estate.And(is, estate.Or(of.Not(), u.Is))
		gaps = append(gaps, u.Gaps...)
	}
	return is, gaps
}
