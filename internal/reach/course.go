package reach

import (
	"cmp"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// course is one way through what nobody can tell: by which subnet of an attachment a transit gateway enters a VPC. All are
// tried, one after the other, and what they agree on holds. The same turn is taken alike each time, also by the reply, as
// long as it is the same flow.
type course struct{ turns []turn }

type turn struct {
	key    string
	at, of int
}

// pick takes one of several.
func (c *course) pick(key string, of int) int {
	for _, t := range c.turns {
		if t.key == key {
			return min(t.at, of-1)
		}
	}
	c.turns = append(c.turns, turn{key, 0, of})
	return 0
}

// next goes on to the next course, and reports whether there is one.
func (c *course) next() bool {
	for n := len(c.turns); n > 0; n-- {
		if last := &c.turns[n-1]; last.at+1 < last.of {
			last.at++
			c.turns = c.turns[:n]
			return true
		}
	}
	return false
}

// enoughCourses is how many courses are tried before what becomes of a packet is not known.
const enoughCourses = 64

// ofCourses is the answer that all courses agree on.
func ofCourses(ask func(*course) Answer) Answer {
	c := new(course)
	a := ask(c)
	for n := 1; c.next(); n++ {
		if n == enoughCourses {
			return a.and(Answer{Reason: "too many subnets of attachments may be on the way"})
		}
		a = a.and(ask(c))
	}
	return a
}

// entersByAny is the hop at which courses part.
const entersByAny = "it may come in by any of the attachment's subnets"

// and is what two answers about one packet agree on.
func (a Answer) and(b Answer) Answer {
	sum := a
	if cmp.Or(cmp.Compare(b.Arrives, a.Arrives), cmp.Compare(b.Session, a.Session)) > 0 {
		sum = b
	}
	sum.possible, sum.mayTalk = a.possible.Union(b.possible), a.mayTalk.Union(b.mayTalk)
	sum.Sessions = a.Sessions.Intersect(b.Sessions)
	if sum.Addresses = a.Addresses.Union(b.Addresses); a.Arrives == estate.True && b.Arrives == estate.True {
		sum.Addresses = a.Addresses.Intersect(b.Addresses)
	}
	if a.Arrives != b.Arrives || a.Arrives == estate.True && sum.Addresses.Empty() {
		sum.Arrives = estate.Unknown
	}
	sum.ClientPorts = a.ClientPorts.Intersect(b.ClientPorts)
	if a.Session != b.Session || a.Session == estate.True && sum.ClientPorts.Empty() && !a.ClientPorts.Empty() {
		sum.Session = estate.Unknown
	}
	if a.Arrives == b.Arrives && a.Session == sum.Session {
		return sum
	}
	mark := func(hops []Hop) []Hop {
		hops = slices.Clone(hops)
		for i := range hops {
			if hops[i].Text == entersByAny {
				hops[i].Passes = estate.Unknown
			}
		}
		return hops
	}
	sum.Reason = cmp.Or(b.reasonOf(estate.Unknown), a.reasonOf(estate.Unknown), "by which of the attachment's subnets a transit gateway enters is not known, and not all of them lead there and back")
	if sum.Return = mark(sum.Return); sum.Arrives == estate.Unknown {
		sum.Path = mark(sum.Path)
	}
	return sum
}

// reasonOf is the reason of an answer with a verdict.
func (a Answer) reasonOf(verdict estate.Truth) string {
	if a.Arrives == verdict {
		return a.Reason
	}
	return ""
}
