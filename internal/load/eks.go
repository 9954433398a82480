package load

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// kubernetes reads the clusters of EKS. Their tags come with a call that may be denied, so they are taken from the tagging API.
func (l *loader) kubernetes() {
	type clusterList struct{ Clusters []string }
	each(l, "eks:ListClusters", func(p estate.Place, page *clusterList) {
		for _, name := range page.Clusters {
			clusterARN := arn("eks", p, "cluster/"+name)
			cluster := &estate.KubernetesCluster{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "kubernetes-cluster", Account: p.Account, Region: p.Region, ID: name, ARN: clusterARN, Name: name},
					Labels:    l.tagsOf(p, clusterARN),
				},
				Description: l.kubernetesDescription(p, name),
				NodeGroups:  l.nodeGroups(p, name),
				Identities:  l.podIdentities(p, name),
				Entries:     l.accessEntries(p, name),
			}
			if d, _ := cluster.Description.Value(); d.Authentication == "CONFIG_MAP" {
				cluster.Entries = estate.None[[]estate.AccessEntry]() // AWS refuses to list what such a cluster does not have
			}
			l.estate.KubernetesClusters = append(l.estate.KubernetesClusters, cluster)
		}
	})
	l.estate.KubernetesClusters = byKey(l.estate.KubernetesClusters)
}

func (l *loader) kubernetesDescription(p estate.Place, name string) estate.Known[estate.KubernetesDescription] {
	type description struct {
		Cluster struct {
			Version            string
			Endpoint           string
			RoleArn            string
			Identity           struct{ Oidc struct{ Issuer string } }
			AccessConfig       struct{ AuthenticationMode string }
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
			VPC: v.VpcID, Subnets: sorted(v.SubnetIDs), SecurityGroups: v.SecurityGroupIDs,
			Role: c.RoleArn, Issuer: strings.TrimPrefix(c.Identity.Oidc.Issuer, "https://"), Authentication: c.AccessConfig.AuthenticationMode}
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

func (l *loader) nodeGroups(p estate.Place, cluster string) estate.Known[[]estate.NodeGroup] {
	type groupList struct{ Nodegroups []string }
	type description struct {
		Nodegroup struct {
			NodeRole     string
			RemoteAccess struct {
				Ec2SSHKey string `json:"ec2SshKey"`
			}
			LaunchTemplate struct {
				ID      string `json:"id"`
				Name    string
				Version string
			}
			Resources struct {
				AutoScalingGroups []struct{ Name string }
			}
		}
	}
	return about(l, p, "eks:ListNodegroups", cluster, func(pages []groupList) (all []estate.NodeGroup) {
		for _, page := range pages {
			for _, name := range page.Nodegroups {
				all = append(all, estate.NodeGroup{Name: name,
					Description: about(l, p, "eks:DescribeNodegroup", cluster+" "+name, func(pages []description) estate.NodeGroupDescription {
						g := last(pages).Nodegroup
						d := estate.NodeGroupDescription{Role: g.NodeRole, KeyPair: g.RemoteAccess.Ec2SSHKey,
							Template: estate.TemplateVersion{ID: g.LaunchTemplate.ID, Name: g.LaunchTemplate.Name, Version: g.LaunchTemplate.Version}}
						for _, a := range g.Resources.AutoScalingGroups {
							d.AutoScalingGroups = append(d.AutoScalingGroups, a.Name)
						}
						slices.Sort(d.AutoScalingGroups)
						return d
					})})
			}
		}
		slices.SortFunc(all, func(a, b estate.NodeGroup) int { return strings.Compare(a.Name, b.Name) })
		return all
	})
}

func (l *loader) podIdentities(p estate.Place, cluster string) estate.Known[[]estate.PodIdentity] {
	type associationList struct {
		Associations []struct{ AssociationID, Namespace, ServiceAccount string }
	}
	type description struct{ Association struct{ RoleArn string } }
	return about(l, p, "eks:ListPodIdentityAssociations", cluster, func(pages []associationList) (all []estate.PodIdentity) {
		for _, page := range pages {
			for _, a := range page.Associations {
				all = append(all, estate.PodIdentity{ID: a.AssociationID, Namespace: a.Namespace, ServiceAccount: a.ServiceAccount,
					Role: about(l, p, "eks:DescribePodIdentityAssociation", cluster+" "+a.AssociationID, func(pages []description) string { return last(pages).Association.RoleArn })})
			}
		}
		slices.SortFunc(all, func(a, b estate.PodIdentity) int { return strings.Compare(a.ID, b.ID) })
		return all
	})
}

func (l *loader) accessEntries(p estate.Place, cluster string) estate.Known[[]estate.AccessEntry] {
	type entryList struct{ AccessEntries []string }
	type description struct {
		AccessEntry struct {
			Type, Username   string
			KubernetesGroups []string
		}
	}
	type policyList struct {
		AssociatedAccessPolicies []struct {
			PolicyArn   string
			AccessScope struct {
				Type       string
				Namespaces []string
			}
		}
	}
	return about(l, p, "eks:ListAccessEntries", cluster, func(pages []entryList) (all []estate.AccessEntry) {
		for _, page := range pages {
			for _, principal := range page.AccessEntries {
				all = append(all, estate.AccessEntry{Principal: principal,
					Detail: about(l, p, "eks:DescribeAccessEntry", cluster+" "+principal, func(pages []description) estate.AccessEntryDetail {
						e := last(pages).AccessEntry
						return estate.AccessEntryDetail{Type: e.Type, User: e.Username, Groups: sorted(e.KubernetesGroups)}
					}),
					Policies: about(l, p, "eks:ListAssociatedAccessPolicies", cluster+" "+principal, func(pages []policyList) (list []estate.AccessPolicy) {
						for _, page := range pages {
							for _, a := range page.AssociatedAccessPolicies {
								list = append(list, estate.AccessPolicy{ARN: a.PolicyArn, Scope: a.AccessScope.Type, Namespaces: sorted(a.AccessScope.Namespaces)})
							}
						}
						slices.SortStableFunc(list, func(a, b estate.AccessPolicy) int { return strings.Compare(a.ARN, b.ARN) })
						return list
					})})
			}
		}
		slices.SortFunc(all, func(a, b estate.AccessEntry) int { return strings.Compare(a.Principal, b.Principal) })
		return all
	})
}
