package reach

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// A service's packet may come to a node with an address that is not its sender's: a client's that a network load balancer
// or an accelerator keeps. Routes and gateways then have no say in its way in, and groups and ACLs see that address.

// inside follows packets with foreign addresses of one family from a node to another of the same VPC. Its answer's addresses
// are those of them that pass.
func (n *Network) inside(from, to *node, seen netset.Addresses, six bool, p packet) Answer {
	if from.vpc != to.vpc {
		// The address is kept in peered VPCs too, but the routes there are followed for the other address only.
		return doubted(n.send(from, to, p), "the client's address is kept across VPCs, which is not followed", nil).from(seen)
	}
	var standing []Answer
	for _, fs := range n.places(from) {
		for _, ts := range n.places(to) {
			b := beam{seen, to.address(six, ts), p.from(), p.to()}
			w := &walk{n: n, protocol: p.protocol, six: six, goal: goal{node: to, subnet: ts}, sender: from}
			t := trail{yes: []beam{b}, id: identity{known: estate.True}}
			w.groupsAt(&t, from, true, to, t.id)
			if fs != ts {
				w.aclAt(&t, fs, true)
			}
			w.arrive(t, fs == ts)
			standing = append(standing, w.delivered(b, p, func(w *walk, reply *trail) {
				if fs != ts {
					w.aclAt(reply, ts, true)
				}
			}))
		}
	}
	return n.oneOf(standing, to)
}

// edge asks the ACL of the subnet that two nodes are both in: only for a classic load balancer is it asked.
func (n *Network) edge(from, to *node, p packet) Answer {
	s := n.places(to)[0]
	var ways []Answer
	for _, six := range families(p.protocol) {
		b := beam{from.address(six, s), to.address(six, s), p.from(), p.to()}
		if b.empty() {
			continue
		}
		w := &walk{n: n, protocol: p.protocol, six: six, goal: goal{node: to, subnet: s}, sender: from}
		t := trail{yes: []beam{b}}
		w.aclAt(&t, s, true)
		w.aclAt(&t, s, false)
		w.done = append(w.done, t)
		ways = append(ways, w.delivered(b, p, func(w *walk, reply *trail) {
			w.aclAt(reply, s, true)
			w.aclAt(reply, s, false)
		}))
	}
	return n.oneOf(ways, to)
}

// delivered makes an answer of what arrived: back takes a reply to where it finds its way by itself.
func (w *walk) delivered(b beam, p packet, back func(*walk, *trail)) Answer {
	x := w.goal.node
	a := w.conclude(b, x.certain(w.six))
	a.To = x.party()
	if a.Arrives == estate.False {
		return a
	}
	a.Session = estate.False
	var ports netset.Ports
	for i := range w.done {
		t := &w.done[i]
		for _, part := range []struct {
			beams []beam
			sure  bool
		}{{t.yes, true}, {t.maybe, false}} {
			for _, f := range part.beams {
				r := &walk{n: w.n, protocol: w.protocol, six: w.six}
				reply := trail{yes: []beam{{src: f.dst, dst: f.src, from: f.to, to: p.reply(f.from)}}}
				back(r, &reply)
				a.mayTalk = a.mayTalk.Union(destinations(reply.yes), destinations(reply.maybe))
				switch {
				case part.sure && len(reply.yes) > 0:
					if a.Session != estate.True {
						a.Session, a.Return = estate.True, reply.hops
						if a.Arrives == estate.True { // what another part of the replies left open does not matter
							a.Gaps, a.Reason = nil, ""
						}
					}
					a.Sessions = a.Sessions.Union(destinations(reply.yes))
					for _, y := range reply.yes {
						ports = ports.Union(y.to)
					}
				case len(reply.yes)+len(reply.maybe) > 0 && a.Session == estate.False:
					a.Session, a.Return = estate.Unknown, reply.hops
					if a.Arrives == estate.True {
						a.Gaps, a.Reason = reply.gaps, reply.why
					}
				case a.Session == estate.False && len(a.Return) == 0:
					a.Return = reply.hops
				}
			}
		}
	}
	if a.Session == estate.True && (p.protocol == netset.TCP || p.protocol == netset.UDP) {
		a.ClientPorts = ports
	}
	a.Session = min(a.Session, a.Arrives)
	if a.Arrives == estate.True && a.Session != estate.True && a.Reason == "" {
		for _, h := range a.Return {
			if h.Passes == a.Session {
				a.Reason = "the reply does not get back: " + h.sentence()
				break
			}
		}
	}
	return a
}

// oneOf is the answer for a node that stands in one of several subnets; in none that is known, it is unknown.
func (n *Network) oneOf(standing []Answer, to *node) Answer {
	if len(standing) > 0 {
		return agreed(standing)
	}
	text := fmt.Sprintf("in which subnet %s stands was not read", called(to.ref))
	return Answer{To: to.party(), Reason: text, Path: []Hop{{At: to.ref, Text: text}}}
}

// brought follows packets that a service of AWS brings from the Internet straight to a node. Its VPC must have an internet
// gateway, which no packet passes, and its block of public access counts; the node needs no public address and no route.
// There, filter takes the place of the ACL and the groups on the way in.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (n *Network) brought(to *node, seen func(*subnet) netset.Addresses, p packet, filter func(*walk, *trail, *subnet), back func(*walk, *trail, *subnet)) Answer {
	var standing []Answer
	for _, s := range n.places(to) {
		b := beam{seen(s), to.address(false, s), p.from(), p.to()}
		w := &walk{n: n, protocol: p.protocol, goal: goal{node: to, subnet: s}}
		t := trail{yes: []beam{b}, id: identity{known: estate.False}}
		at := Hop{At: reference("internet-gateway", s.vpc.Place, "of "+s.vpc.id), Text: "the VPC has an internet gateway, as it must"}
		switch gaps := n.unread(s.vpc.Place, "ec2:DescribeInternetGateways"); {
		case s.vpc.gateway != nil:
			at.At = s.vpc.gateway.Ref()
			t.note(at)
		case gaps != nil:
			at.Text = ""
			t.unsure(at, gaps, "")
		default:
			t.stop(Hop{At: reference("vpc", s.vpc.Place, s.vpc.id), Text: s.vpc.id + " has no internet gateway"})
		}
		w.block(&t, s, false, false)
		filter(w, &t, s)
		switch {
		case to.idle != "":
			t.stop(Hop{At: to.ref, Text: to.idle})
		case to.idleGaps != nil:
			t.unsure(Hop{At: to.ref, Text: "whether it runs is not known"}, to.idleGaps, "")
		}
		w.listensAt(&t, to)
		w.done = append(w.done, t)
		standing = append(standing, w.delivered(b, p, func(w *walk, reply *trail) { back(w, reply, s) }))
	}
	return n.oneOf(standing, to)
}

// from returns the answer as one about whoever has some addresses.
func (a Answer) from(clients netset.Addresses) Answer {
	a.Addresses, a.possible, a.Sessions, a.mayTalk = clients, clients, clients, clients
	return a
}

// behalf returns the answer to what a service of AWS sends for whoever has some addresses: from which port they send it is
// between them and the service.
func (a Answer) behalf(clients netset.Addresses) Answer {
	a = a.from(clients)
	if !a.ClientPorts.Empty() {
		a.ClientPorts = clientPorts
	}
	return a
}

// only narrows an answer to senders of some addresses.
func (a Answer) only(clients netset.Addresses) Answer {
	a.Addresses, a.possible = a.Addresses.Intersect(clients), a.possible.Intersect(clients)
	a.Sessions, a.mayTalk = a.Sessions.Intersect(clients), a.mayTalk.Intersect(clients)
	return a
}

// text is the rule that decides.
func (v verdict) text() string {
	if v.rule == nil {
		return ""
	}
	return v.rule()
}
