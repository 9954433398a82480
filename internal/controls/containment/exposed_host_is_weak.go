package containment

import (
	"fmt"
	"slices"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/packets"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/reach"
)

// ExposedHostIsWeak is contain-exposed-host-is-weak: a host or a task that answers the Internet, directly or through a front door, has no
// role, or one with which a thief is where he was. A role is strong with which he becomes an administrator or changes users and
// privileges, in any number of steps; stops logging or detection; shares data with other accounts; or acts in another account.
// Reading what the application reads is not strength.
//
// What nobody on the Internet reaches is not judged. It joins packets with permissions: the path shows both, from the Internet to
// the host, and from its role on.
var ExposedHostIsWeak = &control.Control{
	ID:          "contain-exposed-host-is-weak",
	Practice:    "containment",
	Title:       "What the Internet reaches has no role, or a weak one",
	Sentence:    "what the internet reaches has a weak role or none",
	Asked:       "what the internet reaches has a weak role or none",
	Why:         "The first server to fall is one that the Internet reaches; what its role may do is what the stranger may do then.",
	Fix:         "Take the strong rights out of the role, and give them to something that the Internet does not reach.",
	Severity:    answer.Critical,
	Lists:       append(permissions.ServerLists(), "ec2:DescribeNetworkInterfaces"),
	Packets:     true,
	Permissions: true,
	Judge: func(c *control.Case) {
		exposed := exposures(c)
		x := packets.Of(c.Estate)
		ask := strength(c)
		for _, s := range permissions.Servers(c.Estate) {
			if s.Noun == "function" || !c.Concerns(s) {
				continue
			}
			e, reached := exposed[s.Ref().Key()]
			unseen := x.Unseen(s.Subject)
			if !reached && len(unseen) == 0 {
				continue
			}
			e.gaps = append(e.gaps, unseen...)
			judgeExposed(c, s, e, ask)
		}
	},
}

// exposedHost is how the Internet reaches a host.
type exposedHost struct {
	passes estate.Truth // True or Unknown
	flow   reach.Flow
	gaps   []estate.Gap
}

func exposures(c *control.Case) map[string]exposedHost {
	x, all := packets.Of(c.Estate), map[string]exposedHost{}
	for _, f := range c.Packets().Internet() {
		passes := packets.FromInternet(f, packets.Everybody)
		if passes == estate.False {
			continue
		}
		key := x.Subject(f.To.Ref).Ref().Key()
		if old, ok := all[key]; !ok || passes > old.passes || passes == old.passes && len(f.Through) < len(old.flow.Through) {
			e := exposedHost{passes: passes, flow: f}
			if passes == estate.Unknown {
				e.gaps = f.Gaps
			}
			all[key] = e
		}
	}
	return all
}

// strength asks what a role can do that the role of an exposed host should not.
func strength(c *control.Case) func(*access.Principal) ([]power, []estate.Gap) {
	asks := []func(*access.Principal) ([]power, []estate.Gap){
		func(p *access.Principal) ([]power, []estate.Gap) {
			return escalates(c, p, access.Administrator, "can become an administrator", func(*access.Path) bool { return true })
		},
		func(p *access.Principal) ([]power, []estate.Gap) {
			return escalates(c, p, access.Goal{Kind: "privileges"}, "can change users or privileges", func(*access.Path) bool { return true })
		},
		asking(c, blinding(c.Estate)),
		asking(c, giving(c.Estate)),
		func(p *access.Principal) (powers []power, doubts []estate.Gap) {
			found, doubts := hops(c, p)
			for _, h := range found {
				powers = append(powers, h.power)
			}
			return powers, doubts
		},
	}
	type known struct {
		powers []power
		doubts []estate.Gap
	}
	memo := map[*access.Principal]known{}
	return func(p *access.Principal) ([]power, []estate.Gap) {
		k, ok := memo[p]
		if !ok {
			for _, ask := range asks {
				powers, doubts := ask(p)
				for _, x := range powers { // one statement may give several powers: the strongest is said
					if !slices.ContainsFunc(k.powers, func(y power) bool { return y.cause.Key == x.cause.Key }) {
						k.powers = append(k.powers, x)
					}
				}
				k.doubts = append(k.doubts, doubts...)
			}
			memo[p] = k
		}
		return k.powers, k.doubts
	}
}

func judgeExposed(c *control.Case, s permissions.Server, e exposedHost, ask func(*access.Principal) ([]power, []estate.Gap)) {
	role, has := s.Role.Value()
	if gap, unread := s.Role.Unread(); unread {
		c.Unknown(s, "which role it has was not read", append(e.gaps, gap)...)
		return
	}
	var powers []power
	var doubts []estate.Gap
	if p := c.Access().ByARN(role); has && p != nil {
		powers, doubts = ask(p)
	} else if has {
		doubts = missing(c.Estate, s, role)
	}
	switch {
	case e.passes != estate.True && len(powers)+len(doubts) > 0:
		c.Unknown(s, "whether the internet reaches it, and what its role can do, was not read in full", append(e.gaps, doubts...)...)
	case e.passes != estate.True:
		// whoever reaches it, it is weak
	case len(powers) > 0:
		ports := packets.Ports(e.flow.Protocol, e.flow.Ports)
		for _, x := range powers {
			path := control.PathOf(e.flow.Answer)
			if x.path != nil {
				path = append(path, x.path(nil)...)
			}
			c.Breaks(s, control.Counter{
				Text:  fmt.Sprintf("%s %s answers the internet on %s%s, and whoever gets in %s", s.Noun, control.Called(s.Ref()), ports, packets.Through(e.flow.Answer), x.text),
				Facts: x.facts, Path: path, Cause: x.cause,
			})
		}
	case len(doubts) > 0:
		c.Unknown(s, "the internet reaches it, and what its role can do was not read in full", doubts...)
	default:
		c.Holds(s)
	}
}
