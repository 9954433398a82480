package load

import (
	"cmp"

	"github.com/onus-cloud/onus/internal/estate"
)

// placement is where a subnet group puts what is made in it.
type placement struct {
	vpc     string
	subnets []string
}

// groupAt names a subnet group: names are given anew in each Region.
type groupAt struct {
	estate.Place
	name string
}

// caches reads the clusters of ElastiCache. Their tags are told by the tagging API alone.
func (l *loader) caches() {
	type groupList struct {
		CacheSubnetGroups []struct {
			CacheSubnetGroupName string
			VpcID                string `json:"VpcId"`
			Subnets              []struct{ SubnetIdentifier string }
		}
	}
	groups := map[groupAt]placement{}
	each(l, "elasticache:DescribeCacheSubnetGroups", func(p estate.Place, page *groupList) {
		for _, g := range page.CacheSubnetGroups {
			in := placement{vpc: g.VpcID}
			for _, s := range g.Subnets {
				in.subnets = append(in.subnets, s.SubnetIdentifier)
			}
			groups[groupAt{p, g.CacheSubnetGroupName}] = placement{in.vpc, sorted(in.subnets)}
		}
	})
	type endpoint struct{ Port int }
	type clusterList struct {
		CacheClusters []struct {
			CacheClusterID            string `json:"CacheClusterId"`
			ARN                       string
			Engine                    string
			ReplicationGroupID        string `json:"ReplicationGroupId"`
			CacheSubnetGroupName      string
			PreferredAvailabilityZone string
			ConfigurationEndpoint     endpoint
			SecurityGroups            []struct {
				SecurityGroupID string `json:"SecurityGroupId"`
			}
			CacheNodes []struct {
				CustomerAvailabilityZone string
				Endpoint                 endpoint
			}
		}
	}
	each(l, "elasticache:DescribeCacheClusters", func(p estate.Place, page *clusterList) {
		for _, c := range page.CacheClusters {
			clusterARN := cmp.Or(c.ARN, arn("elasticache", p, "cluster:"+c.CacheClusterID))
			in := groups[groupAt{p, c.CacheSubnetGroupName}]
			x := &estate.CacheCluster{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "cache-cluster", Account: p.Account, Region: p.Region, ID: c.CacheClusterID, ARN: clusterARN, Name: c.CacheClusterID},
					Labels:    l.tagsOf(p, clusterARN),
				},
				Engine:  c.Engine,
				Group:   c.ReplicationGroupID,
				VPC:     in.vpc,
				Subnets: in.subnets,
				Port:    c.ConfigurationEndpoint.Port,
			}
			for _, g := range c.SecurityGroups {
				x.SecurityGroups = append(x.SecurityGroups, g.SecurityGroupID)
			}
			x.SecurityGroups = sorted(x.SecurityGroups)
			for _, n := range c.CacheNodes {
				x.Port = cmp.Or(x.Port, n.Endpoint.Port)
				if n.CustomerAvailabilityZone != "" {
					x.Zones = append(x.Zones, n.CustomerAvailabilityZone)
				}
			}
			if len(c.CacheNodes) == 0 && c.PreferredAvailabilityZone != "" && c.PreferredAvailabilityZone != "Multiple" {
				x.Zones = []string{c.PreferredAvailabilityZone}
			}
			x.Zones = distinct(x.Zones)
			l.estate.CacheClusters = append(l.estate.CacheClusters, x)
		}
	})
	l.estate.CacheClusters = byKey(l.estate.CacheClusters)
}
