package load

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// warehouses reads the clusters of Redshift.
func (l *loader) warehouses() {
	type groupList struct {
		ClusterSubnetGroups []struct {
			ClusterSubnetGroupName string
			Subnets                []struct{ SubnetIdentifier string }
		}
	}
	groups := map[groupAt][]string{}
	each(l, "redshift:DescribeClusterSubnetGroups", func(p estate.Place, page *groupList) {
		for _, g := range page.ClusterSubnetGroups {
			var subnets []string
			for _, s := range g.Subnets {
				subnets = append(subnets, s.SubnetIdentifier)
			}
			groups[groupAt{p, g.ClusterSubnetGroupName}] = sorted(subnets)
		}
	})
	type node struct{ PrivateIPAddress, PublicIPAddress string }
	type clusterList struct {
		Clusters []struct {
			ClusterIdentifier      string
			PubliclyAccessible     bool
			VpcID                  string `json:"VpcId"`
			AvailabilityZone       string
			ClusterSubnetGroupName string
			VpcSecurityGroups      vpcSecurityGroups
			Endpoint               struct{ Port int }
			ClusterNodes           []node
			MultiAZSecondary       struct{ ClusterNodes []node }
			IamRoles               []struct{ IamRoleArn string }
			Tags                   []tag
		}
	}
	each(l, "redshift:DescribeClusters", func(p estate.Place, page *clusterList) {
		for _, c := range page.Clusters {
			x := &estate.Warehouse{
				Resource:       named(p, "warehouse", c.ClusterIdentifier, arn("redshift", p, "cluster:"+c.ClusterIdentifier), c.Tags),
				Public:         c.PubliclyAccessible,
				VPC:            c.VpcID,
				Subnets:        groups[groupAt{p, c.ClusterSubnetGroupName}],
				Zone:           c.AvailabilityZone,
				SecurityGroups: c.VpcSecurityGroups.ids(),
				Port:           c.Endpoint.Port,
			}
			for _, n := range slices.Concat(c.ClusterNodes, c.MultiAZSecondary.ClusterNodes) {
				if a, err := netip.ParseAddr(n.PrivateIPAddress); err == nil {
					x.Private = append(x.Private, a)
				}
				if a, err := netip.ParseAddr(n.PublicIPAddress); err == nil {
					x.PublicAddress = append(x.PublicAddress, a)
				}
			}
			for _, r := range c.IamRoles {
				x.Roles = append(x.Roles, r.IamRoleArn)
			}
			slices.Sort(x.Roles)
			slices.SortFunc(x.Private, netip.Addr.Compare)
			slices.SortFunc(x.PublicAddress, netip.Addr.Compare)
			l.estate.Warehouses = append(l.estate.Warehouses, x)
		}
	})
	l.estate.Warehouses = byKey(l.estate.Warehouses)
}
