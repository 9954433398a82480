package reach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// behindGateway says what is behind a virtual private gateway, as far as its connections tell.
func (n *Network) behindGateway(id string) string {
	var by []string
	for _, c := range n.estate.VPNConnections {
		if c.Gateway == id && c.State != "deleted" {
			by = append(by, "VPN "+c.Ref().ID)
		}
	}
	for _, a := range n.estate.DirectConnectAssociations {
		if a.With == id && a.State != "disassociated" {
			by = append(by, "Direct Connect gateway "+a.Gateway)
		}
	}
	if len(by) == 0 {
		return "it leaves the estate: what is behind " + id + " (VPN or Direct Connect)"
	}
	slices.Sort(by)
	return "it leaves the estate through " + id + ": what is behind " + strings.Join(slices.Compact(by), " and ")
}

var _ = estate.Unknown

// thoseAt returns the nodes that have an address.
func (n *Network) thoseAt(a netip.Addr) []*node {
	all := n.byAddress[a]
	for _, x := range n.delegates {
		if !slices.Contains(all, x) && slices.ContainsFunc(x.prefixes, func(p netip.Prefix) bool { return p.Contains(a) }) {
			all = append(slices.Clip(all), x)
		}
	}
	return all
}
