package reach

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// Network is an estate made ready for questions about packets. It does not change and may be asked by many at once.
type Network struct {
	estate *estate.Estate
}

// Of makes an estate ready.
func Of(e *estate.Estate) *Network { return &Network{estate: e} }

// Needs returns the operations that answers may rest on, sorted.
func Needs() []operation.ID { return slices.Clone(needs) }

var needs []operation.ID

// Ask answers one question.
func (n *Network) Ask(q Question) Answer { return Answer{} }

// Internet returns everything that any address outside the estate's own networks can reach, or may, by every way; each flow
// once for each node, way and set of ports. Flows whose Addresses do not cover the Internet are in it too: see
// netset.Addresses.CoversInternet. Sorted by party, way and ports.
func (n *Network) Internet() []Flow { return nil }

// From returns what an end can reach, or may, inside the estate and outside of it.
func (n *Network) From(end End, f Filter) []Flow { return nil }

// To returns who can reach an end, or may.
func (n *Network) To(end End, f Filter) []Flow { return nil }

// Between returns what passes from one end to another, or may.
func (n *Network) Between(from, to End, f Filter) []Flow { return nil }

// End understands one end as a person writes it: "internet", an address, a CIDR, an id, a name, an ARN. The error of one
// that is not there names the nearest that are.
func (n *Network) End(text string) (End, error) { return End{}, nil }
