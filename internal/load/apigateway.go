package load

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// apis reads what both generations of API Gateway have: REST APIs, HTTP and WebSocket APIs, and the VPC links of each.
func (l *loader) apis() {
	l.restAPIs()
	l.httpAPIs()
	l.estate.APIs = byKey(l.estate.APIs)
	l.vpcLinks()
	l.estate.VPCLinks = byKey(l.estate.VPCLinks)
}

// gatewayResource is one of API Gateway: their ARNs name no account.
func gatewayResource(p estate.Place, kind, path, id, name string, tags map[string]string) estate.Resource {
	return estate.Resource{
		Reference: estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id, Name: name,
			ARN: "arn:" + estate.Partition(p.Region) + ":apigateway:" + p.Region + "::/" + path + "/" + id},
		Labels: estate.Know(tags),
	}
}

func (l *loader) restAPIs() {
	type apiList struct {
		Items []struct {
			ID                        string `json:"id"`
			Name                      string
			DisableExecuteAPIEndpoint bool `json:"disableExecuteApiEndpoint"`
			EndpointConfiguration     struct{ Types []string }
			Policy                    document
			Tags                      map[string]string
		}
	}
	type stageList struct {
		Item []struct {
			StageName string
			WebACLArn string `json:"webAclArn"`
		}
	}
	type resourceList struct {
		Items []struct {
			ResourceMethods map[string]struct {
				HTTPMethod        string `json:"httpMethod"`
				MethodIntegration *struct {
					ConnectionType    string
					ConnectionID      string `json:"connectionId"`
					URI               string `json:"uri"`
					IntegrationTarget string
				}
			}
		}
	}
	const resources operation.ID = "apigateway:GetResources"
	each(l, "apigateway:GetRestApis", func(p estate.Place, page *apiList) {
		for _, a := range page.Items {
			x := &estate.API{
				Resource: gatewayResource(p, "api", "restapis", a.ID, a.Name, a.Tags),
				Type:     "REST",
				Endpoint: "EDGE", // what AWS takes where nothing is said
				Disabled: a.DisableExecuteAPIEndpoint,
				Policy:   l.policy(p, "apigateway:GetRestApis", a.ID, "the policy of API "+a.ID, unescaped(a.Policy)),
				Stages: about(l, p, "apigateway:GetStages", a.ID, func(pages []stageList) []estate.APIStage {
					var stages []estate.APIStage
					for _, page := range pages {
						for _, s := range page.Item {
							stages = append(stages, estate.APIStage{Name: s.StageName, WebACL: s.WebACLArn})
						}
					}
					return sortedStages(stages)
				}),
			}
			if len(a.EndpointConfiguration.Types) > 0 {
				x.Endpoint = a.EndpointConfiguration.Types[0]
			}
			told := about(l, p, resources, a.ID, func(pages []resourceList) (c calls) {
				for _, page := range pages {
					for _, r := range page.Items {
						for _, m := range r.ResourceMethods {
							if m.HTTPMethod == "" {
								c.unread = "apigateway:GetResources of " + a.ID + " does not tell what its methods call: it has to be asked with --embed methods"
							}
							if i := m.MethodIntegration; i != nil {
								c.add(i.ConnectionType, i.ConnectionID, i.IntegrationTarget, i.URI)
							}
						}
					}
				}
				return c
			})
			settle(x, told, estate.Gap{Place: p, Operation: resources, About: a.ID, Outcome: operation.OK})
			l.estate.APIs = append(l.estate.APIs, x)
		}
	})
}

func (l *loader) httpAPIs() {
	type apiList struct {
		Items []struct {
			ID                        string `json:"ApiId"`
			Name                      string
			ProtocolType              string
			DisableExecuteAPIEndpoint bool `json:"DisableExecuteApiEndpoint"`
			Tags                      map[string]string
		}
	}
	type stageList struct {
		Items []struct{ StageName string }
	}
	type integrationList struct {
		Items []struct {
			ConnectionType string
			ConnectionID   string `json:"ConnectionId"`
			IntegrationURI string `json:"IntegrationUri"`
		}
	}
	const integrations operation.ID = "apigatewayv2:GetIntegrations"
	each(l, "apigatewayv2:GetApis", func(p estate.Place, page *apiList) {
		for _, a := range page.Items {
			x := &estate.API{
				Resource: gatewayResource(p, "api", "apis", a.ID, a.Name, a.Tags),
				Type:     a.ProtocolType,
				Endpoint: "REGIONAL", // they are of no other kind
				Disabled: a.DisableExecuteAPIEndpoint,
				Policy:   estate.None[*policy.Document](), // only REST APIs have one
				Stages: about(l, p, "apigatewayv2:GetStages", a.ID, func(pages []stageList) []estate.APIStage {
					var stages []estate.APIStage
					for _, page := range pages {
						for _, s := range page.Items {
							stages = append(stages, estate.APIStage{Name: s.StageName}) // AWS WAF does not protect them
						}
					}
					return sortedStages(stages)
				}),
			}
			told := about(l, p, integrations, a.ID, func(pages []integrationList) (c calls) {
				for _, page := range pages {
					for _, i := range page.Items {
						target := ""
						if i.ConnectionType == "VPC_LINK" {
							target = i.IntegrationURI
						}
						c.add(i.ConnectionType, i.ConnectionID, target, i.IntegrationURI)
					}
				}
				return c
			})
			settle(x, told, estate.Gap{Place: p, Operation: integrations, About: a.ID, Outcome: operation.OK})
			l.estate.APIs = append(l.estate.APIs, x)
		}
	})
}

// unescaped is a policy as API Gateway writes it: with its quotation marks escaped once more than JSON needs.
func unescaped(d document) document {
	var plain string
	if len(d) > 0 && json.Unmarshal([]byte(`"`+string(d)+`"`), &plain) == nil { // it has no quotation mark that is not escaped
		return document(plain)
	}
	return d
}

func sortedStages(stages []estate.APIStage) []estate.APIStage {
	slices.SortFunc(stages, func(a, b estate.APIStage) int { return cmp.Compare(a.Name, b.Name) })
	return stages
}

// calls are what the integrations of an API call.
type calls struct {
	links, targets, functions []string
	unread                    string // why not all of it is known
}

// add takes one integration up. What a stage variable stands for, which may differ from stage to stage, is not known.
func (c *calls) add(connection, link, target, uri string) {
	if strings.Contains(link+target, "${") || strings.Contains(uri, "${stageVariables") && (connection == "VPC_LINK" || strings.Contains(uri, ":lambda:")) {
		c.unread = "a stage variable chooses what an integration calls, and stage variables are not kept"
		return
	}
	if connection == "VPC_LINK" && link != "" {
		c.links = append(c.links, link)
	}
	if connection == "VPC_LINK" && target != "" {
		c.targets = append(c.targets, target)
	}
	if function := functionOf(uri); function != "" {
		c.functions = append(c.functions, function)
	}
}

// functionOf is the ARN of the function that an integration names, by itself or as
// arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/ARN/invocations.
func functionOf(uri string) string {
	if _, rest, ok := strings.Cut(uri, "/functions/"); ok {
		uri = strings.TrimSuffix(rest, "/invocations")
	}
	if strings.HasPrefix(uri, "arn:") && strings.Contains(uri, ":lambda:") && strings.Contains(uri, ":function:") {
		return uri
	}
	return ""
}

// settle puts what an API calls into it; gap is of the call that told it.
func settle(x *estate.API, told estate.Known[calls], gap estate.Gap) {
	c, ok := told.Value()
	switch unread, unknown := told.Unread(); {
	case unknown:
		gap = unread
	case ok && c.unread != "":
		gap.Why = c.unread
	default:
		x.Links, x.Targets, x.Functions = estate.Know(distinct(c.links)), estate.Know(distinct(c.targets)), estate.Know(distinct(c.functions))
		return
	}
	x.Links, x.Targets, x.Functions = estate.Unread[[]string](gap), estate.Unread[[]string](gap), estate.Unread[[]string](gap)
}

func distinct(s []string) []string { return slices.Compact(sorted(s)) }

func (l *loader) vpcLinks() {
	type restList struct {
		Items []struct {
			ID         string `json:"id"`
			Name       string
			TargetArns []string
			Status     string
			Tags       map[string]string
		}
	}
	type httpList struct {
		Items []struct {
			ID               string `json:"VpcLinkId"`
			Name             string
			SecurityGroupIDs []string `json:"SecurityGroupIds"`
			SubnetIDs        []string `json:"SubnetIds"`
			VpcLinkStatus    string
			Tags             map[string]string
		}
	}
	each(l, "apigateway:GetVpcLinks", func(p estate.Place, page *restList) {
		for _, v := range page.Items {
			l.estate.VPCLinks = append(l.estate.VPCLinks, &estate.VPCLink{Resource: gatewayResource(p, "vpc-link", "vpclinks", v.ID, v.Name, v.Tags),
				Targets: sorted(v.TargetArns), Status: v.Status})
		}
	})
	each(l, "apigatewayv2:GetVpcLinks", func(p estate.Place, page *httpList) {
		for _, v := range page.Items {
			l.estate.VPCLinks = append(l.estate.VPCLinks, &estate.VPCLink{Resource: gatewayResource(p, "vpc-link", "vpclinks", v.ID, v.Name, v.Tags),
				Subnets: sorted(v.SubnetIDs), SecurityGroups: sorted(v.SecurityGroupIDs), Status: v.VpcLinkStatus})
		}
	})
}
