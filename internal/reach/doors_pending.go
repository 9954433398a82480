package reach

import "github.com/onus-cloud/onus/internal/estate"

func (n *Network) doorFlows() []Flow { return nil }

func (n *Network) throughDoors(from, to *node, p packet) []Answer { return nil }

func (n *Network) doorNodes(r estate.Ref) []*node { return nil }
