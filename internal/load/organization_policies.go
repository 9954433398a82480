package load

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// organizationPolicies reads the organisation's policies. They belong to the account that manages it; AWS's own, such as
// FullAWSAccess, have no owner but the account that saw them.
func (l *loader) organizationPolicies() {
	type policyList struct {
		Policies []struct {
			ID         string `json:"Id"`
			Arn        string
			Name, Type string
			AwsManaged bool
		}
	}
	type description struct {
		Policy struct{ Content document }
	}
	type targetList struct {
		Targets []struct {
			TargetID string `json:"TargetId"`
		}
	}
	const describe operation.ID = "organizations:DescribePolicy"
	each(l, "organizations:ListPolicies", func(p estate.Place, page *policyList) {
		for _, o := range page.Policies {
			owner := p.Account
			if parts := strings.SplitN(o.Arn, ":", 6); len(parts) == 6 && len(parts[4]) == 12 {
				owner = parts[4]
			}
			x := &estate.OrganizationPolicy{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "organization-policy", Account: owner, Region: estate.Global, ID: o.ID, ARN: o.Arn, Name: o.Name},
				},
				Type: o.Type, AWS: o.AwsManaged,
			}
			text := about(l, p, describe, o.ID, func(pages []description) document { return slices.Clone(last(pages).Policy.Content) })
			if gap, unread := text.Unread(); unread {
				x.Document = estate.Unread[*policy.Document](gap)
			} else if o.Type == "SERVICE_CONTROL_POLICY" || o.Type == "RESOURCE_CONTROL_POLICY" {
				d, _ := text.Value() // the other types are written in languages of their own
				x.Document = l.policy(p, describe, o.ID, "organisation policy "+o.Name, d)
			} else {
				x.Document = estate.Unread[*policy.Document](estate.Gap{Place: p, Operation: describe, About: o.ID, Outcome: operation.OK,
					Why: "policies of type " + o.Type + " are not understood yet"})
			}
			x.Targets = about(l, p, "organizations:ListTargetsForPolicy", o.ID, func(pages []targetList) []string {
				ids := []string{}
				for _, page := range pages {
					for _, t := range page.Targets {
						ids = append(ids, t.TargetID)
					}
				}
				return sorted(ids)
			})
			l.estate.OrganizationPolicies = append(l.estate.OrganizationPolicies, x)
		}
	})
	l.estate.OrganizationPolicies = byKey(l.estate.OrganizationPolicies)
}
