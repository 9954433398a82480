package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// functions reads Lambda functions. Their tags are told by the tagging API alone.
func (l *loader) functions() {
	type functionList struct {
		Functions []struct {
			FunctionName string
			FunctionArn  string
			Runtime      string
			Role         string
			LastModified when
			VpcConfig    struct {
				VpcID     string   `json:"VpcId"`
				SubnetIDs []string `json:"SubnetIds"`
				GroupIDs  []string `json:"SecurityGroupIds"`
			}
		}
	}
	each(l, "lambda:ListFunctions", func(p estate.Place, page *functionList) {
		for _, f := range page.Functions {
			if f.FunctionArn == "" {
				f.FunctionArn = arn("lambda", p, "function:"+f.FunctionName)
			}
			function := &estate.Function{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "function", Account: p.Account, Region: p.Region, ID: f.FunctionName, ARN: f.FunctionArn, Name: f.FunctionName},
					Labels:    l.tagsOf(p, f.FunctionArn),
				},
				Runtime:        f.Runtime,
				Role:           f.Role,
				VPC:            f.VpcConfig.VpcID,
				Subnets:        slices.Sorted(slices.Values(f.VpcConfig.SubnetIDs)),
				SecurityGroups: slices.Sorted(slices.Values(f.VpcConfig.GroupIDs)),
				Modified:       f.LastModified.Time,
			}
			l.functionURL(p, function)
			function.ResourcePolicy = l.functionPolicy(p, f.FunctionName)
			l.estate.Functions = append(l.estate.Functions, function)
		}
	})
	l.estate.Functions = byKey(l.estate.Functions)
	l.eventSources()
}

func (l *loader) eventSources() {
	type mappingList struct {
		EventSourceMappings []struct{ UUID, EventSourceArn, FunctionArn, State string }
	}
	each(l, "lambda:ListEventSourceMappings", func(p estate.Place, page *mappingList) {
		for _, m := range page.EventSourceMappings {
			l.estate.EventSources = append(l.estate.EventSources, &estate.EventSource{
				Resource: l.stored(p, "event-source", m.UUID, arn("lambda", p, "event-source-mapping:"+m.UUID)),
				Source:   m.EventSourceArn, Function: m.FunctionArn,
				Enabled: m.State != "Disabled" && m.State != "Disabling" && m.State != "Deleting",
			})
		}
	})
	l.estate.EventSources = byKey(l.estate.EventSources)
}

// functionURL reads the addresses of a function, of which each alias may have one, and who may call at those that ask for no
// signature: that stands in the policy of the alias.
func (l *loader) functionURL(p estate.Place, f *estate.Function) {
	type configuration struct{ FunctionURL, FunctionArn, AuthType string }
	type urlList struct{ FunctionURLConfigs []configuration }
	const urls, policies operation.ID = "lambda:ListFunctionUrlConfigs", "lambda:GetPolicy"
	name := f.Reference.ID
	told := about(l, p, urls, name, func(pages []urlList) (all []configuration) {
		for _, page := range pages {
			all = append(all, page.FunctionURLConfigs...)
		}
		// Those that anybody may call first, then the function's own before those of aliases.
		slices.SortStableFunc(all, func(a, b configuration) int {
			return cmp.Or(strings.Compare(b.AuthType, a.AuthType), strings.Compare(a.FunctionArn, b.FunctionArn))
		})
		return all
	})
	all, known := told.Value()
	if gap, unread := told.Unread(); unread {
		f.URL, f.Policy = estate.Unread[estate.FunctionURL](gap), estate.Unread[*policy.Document](gap)
		return
	}
	f.Policy = estate.Unread[*policy.Document](estate.Gap{Place: p, Operation: policies, About: name,
		Why: "the policy of function " + name + " was not read, since it has no address that anybody may call"})
	if !known || len(all) == 0 {
		f.URL = estate.None[estate.FunctionURL]()
		return
	}
	f.URL = estate.Know(estate.FunctionURL{URL: all[0].FunctionURL, Auth: all[0].AuthType})
	if all[0].AuthType == "NONE" {
		f.Policy = estate.None[*policy.Document]()
	}
	var whole *policy.Document
	for _, u := range all {
		if u.AuthType != "NONE" {
			continue
		}
		about := name
		if parts := strings.Split(u.FunctionArn, ":"); len(parts) == 8 { // ...:function:NAME:ALIAS
			about += ":" + parts[7]
		}
		d := l.functionPolicy(p, about)
		if _, unread := d.Unread(); unread {
			f.Policy = d
			return
		}
		if document, ok := d.Value(); ok {
			if whole == nil {
				whole = &policy.Document{Version: document.Version, ID: document.ID}
			}
			whole.Statements = append(whole.Statements, document.Statements...)
			f.Policy = estate.Know(whole)
		}
	}
}

func (l *loader) functionPolicy(p estate.Place, function string) estate.Known[*policy.Document] {
	return policyOf(l, p, "lambda:GetPolicy", function, "the policy of function "+function, func(page policyPage) document { return page.Policy })
}
