package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/netset"
)

// beam is a set of packets of one protocol that are under way together: every combination of its parts. Filters and
// routes split beams; what is left at the end is what arrives.
type beam struct {
	src, dst netset.Addresses
	// from and to are the source and the destination ports; of ICMP, to is type and code.
	from, to netset.Ports
}

func (b beam) empty() bool { return b.src.Empty() || b.dst.Empty() || b.from.Empty() || b.to.Empty() }

// turned is the beam of the replies.
func (b beam) turned() beam { return beam{src: b.dst, dst: b.src, from: b.to, to: b.from} }

// within returns the part of the beam whose source (or destination) addresses and destination ports are in the sets.
func (b beam) within(source bool, addresses netset.Addresses, to netset.Ports) beam {
	b.to = b.to.Intersect(to)
	switch {
	case b.to.Empty():
	case source:
		b.src = intersect(b.src, addresses)
	default:
		b.dst = intersect(b.dst, addresses)
	}
	return b
}

// intersect is Addresses.Intersect with a short way for one address, which is the common case by far.
func intersect(a, b netset.Addresses) netset.Addresses {
	if one, ok := a.Single(); ok {
		if b.Contains(one) {
			return a
		}
		return netset.Addresses{}
	}
	return a.Intersect(b)
}

// without returns the parts of the beam that within leaves.
func (b beam) without(source bool, addresses netset.Addresses, to netset.Ports) []beam {
	if b.to.Intersect(to).Empty() {
		return []beam{b}
	}
	inside := b.within(source, addresses, to)
	if inside.src.Empty() || inside.dst.Empty() {
		return []beam{b}
	}
	other, rest := b, inside
	if source {
		other.src = b.src.Minus(addresses)
	} else {
		other.dst = b.dst.Minus(addresses)
	}
	rest.to = b.to.Minus(to)
	return slices.DeleteFunc([]beam{other, rest}, beam.empty)
}

// merged joins beams that differ in one part only, so that their number stays small. The sets stay the same.
func merged(beams []beam) []beam {
	beams = slices.DeleteFunc(beams, beam.empty)
	for again := true; again && len(beams) > 1; {
		again = false
		for i := 0; i < len(beams); i++ {
			for j := i + 1; j < len(beams); j++ {
				if m, ok := join(beams[i], beams[j]); ok {
					beams[i] = m
					beams = slices.Delete(beams, j, j+1)
					again = true
					j--
				}
			}
		}
	}
	return beams
}

func join(a, b beam) (beam, bool) {
	src, dst := a.src.Equal(b.src), a.dst.Equal(b.dst)
	from, to := a.from.Equal(b.from), a.to.Equal(b.to)
	switch {
	case dst && from && to:
		a.src = a.src.Union(b.src)
	case src && from && to:
		a.dst = a.dst.Union(b.dst)
	case src && dst && to:
		a.from = a.from.Union(b.from)
	case src && dst && from:
		a.to = a.to.Union(b.to)
	default:
		return a, false
	}
	return a, true
}

func sources(beams []beam) netset.Addresses {
	var all netset.Addresses
	for _, b := range beams {
		all = all.Union(b.src)
	}
	return all
}

func destinations(beams []beam) netset.Addresses {
	var all netset.Addresses
	for _, b := range beams {
		all = all.Union(b.dst)
	}
	return all
}
