package reach

import "github.com/onus-cloud/onus/internal/estate"

// identify says whether the rules of a sender that refer to a group of the receiver match: both stand in one VPC, or in two
// that are peered within a Region. Packets to a public address are for a stranger.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
func (n *Network) identify(from *vpc, g goal, beams []beam) identity {
	if g.node == nil {
		return identity{known: estate.False}
	}
	to := g.vpc()
	public := g.node.publicSet()
	for _, b := range beams {
		if !public.Empty() && !intersect(public, b.dst).Empty() {
			return identity{known: estate.False}
		}
	}
	if from == to {
		return identity{known: estate.True}
	}
	for _, list := range n.peerings {
		for _, p := range list {
			a, b := p.Requester, p.Accepter
			if a.VPC != from.id {
				a, b = b, a
			}
			if a.VPC == from.id && b.VPC == to.id && p.Status == "active" {
				return identity{known: estate.Is(a.Region == b.Region)}
			}
		}
	}
	if gaps := n.unread(from.Place, "ec2:DescribeVpcPeeringConnections"); gaps != nil {
		return identity{known: estate.Unknown, gaps: gaps}
	}
	return identity{known: estate.False}
}
