package load

import (
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// kubernetes reads the clusters of EKS. Their tags come with a call that may be denied, so they are taken from the tagging API.
func (l *loader) kubernetes() {
	type clusterList struct{ Clusters []string }
	each(l, "eks:ListClusters", func(p estate.Place, page *clusterList) {
		for _, name := range page.Clusters {
			clusterARN := arn("eks", p, "cluster/"+name)
			l.estate.KubernetesClusters = append(l.estate.KubernetesClusters, &estate.KubernetesCluster{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "kubernetes-cluster", Account: p.Account, Region: p.Region, ID: name, ARN: clusterARN, Name: name},
					Labels:    l.tagsOf(p, clusterARN),
				},
				Description: l.kubernetesDescription(p, name),
			})
		}
	})
	l.estate.KubernetesClusters = byKey(l.estate.KubernetesClusters)
}

func (l *loader) kubernetesDescription(p estate.Place, name string) estate.Known[estate.KubernetesDescription] {
	type description struct {
		Cluster struct {
			Version            string
			Endpoint           string
			ResourcesVpcConfig struct {
				VpcID                  string   `json:"vpcId"`
				SubnetIDs              []string `json:"subnetIds"`
				SecurityGroupIDs       []string `json:"securityGroupIds"`
				ClusterSecurityGroupID string   `json:"clusterSecurityGroupId"`
				EndpointPublicAccess   bool
				EndpointPrivateAccess  bool
				PublicAccessCIDRs      []string `json:"publicAccessCidrs"`
			}
		}
	}
	const op operation.ID = "eks:DescribeCluster"
	odd := ""
	told := about(l, p, op, name, func(pages []description) estate.KubernetesDescription {
		c := last(pages).Cluster
		v := c.ResourcesVpcConfig
		d := estate.KubernetesDescription{Version: c.Version, Endpoint: c.Endpoint, Public: v.EndpointPublicAccess, Private: v.EndpointPrivateAccess,
			VPC: v.VpcID, Subnets: sorted(v.SubnetIDs), SecurityGroups: v.SecurityGroupIDs}
		if v.ClusterSecurityGroupID != "" {
			d.SecurityGroups = append(d.SecurityGroups, v.ClusterSecurityGroupID)
		}
		d.SecurityGroups = distinct(d.SecurityGroups)
		if d.Public && len(v.PublicAccessCIDRs) == 0 {
			v.PublicAccessCIDRs = []string{"0.0.0.0/0"} // what EKS takes where nothing is said
		}
		for _, text := range v.PublicAccessCIDRs {
			cidr, err := netip.ParsePrefix(text)
			if err != nil {
				odd = text
				continue
			}
			d.PublicCIDRs = append(d.PublicCIDRs, cidr.Masked())
		}
		slices.SortFunc(d.PublicCIDRs, netip.Prefix.Compare)
		return d
	})
	if odd != "" {
		return estate.Unread[estate.KubernetesDescription](estate.Gap{Place: p, Operation: op, About: name, Outcome: operation.OK,
			Why: "of the sources that Kubernetes cluster " + name + " admits, one is no CIDR"})
	}
	return told
}
