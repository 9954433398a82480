package load

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// webACLs reads web ACLs of both scopes, with their rules, what they protect and where they log. A web ACL protects only
// resources of its own account (https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html).
func (l *loader) webACLs() {
	type aclList struct {
		WebACLs []struct {
			Name string
			ID   string `json:"Id"`
			ARN  string
		}
	}
	type acl struct {
		WebACL struct {
			DefaultAction                        wafAction
			Rules                                []wafRule
			PreProcessFirewallManagerRuleGroups  []managerGroup
			PostProcessFirewallManagerRuleGroups []managerGroup
		}
	}
	type resources struct{ ResourceArns []string }
	type logging struct {
		LoggingConfiguration struct{ LogDestinationConfigs []string }
	}
	each(l, "wafv2:ListWebACLs", func(p estate.Place, page *aclList) {
		for _, a := range page.WebACLs {
			x := &estate.WebACL{Resource: estate.Resource{
				Reference: estate.Ref{Kind: "web-acl", Account: p.Account, Region: p.Region, ID: a.ID, ARN: a.ARN, Name: a.Name},
				Labels:    l.tagsOf(p, a.ARN),
			}}
			x.Rules = about(l, p, "wafv2:GetWebACL", a.ID, func(pages []acl) []*estate.WebACLRule {
				var rules []*estate.WebACLRule
				for _, page := range pages {
					x.Default = page.WebACL.DefaultAction.String()
					rules = append(rules, l.managerGroups(p, page.WebACL.PreProcessFirewallManagerRuleGroups)...)
					rules = append(rules, l.wafRules(p, page.WebACL.Rules, true)...)
					rules = append(rules, l.managerGroups(p, page.WebACL.PostProcessFirewallManagerRuleGroups)...)
				}
				return rules
			})
			if p.Region == estate.Global {
				x.LoadBalancers = estate.None[[]string]() // distributions name their web ACL themselves
			} else {
				x.LoadBalancers = about(l, p, "wafv2:ListResourcesForWebACL", a.ARN+" APPLICATION_LOAD_BALANCER", func(pages []resources) []string {
					var arns []string
					for _, page := range pages {
						arns = append(arns, page.ResourceArns...)
					}
					return sorted(arns)
				})
			}
			x.Logging = about(l, p, "wafv2:GetLoggingConfiguration", a.ARN, func(pages []logging) []string {
				var to []string
				for _, page := range pages {
					to = append(to, page.LoggingConfiguration.LogDestinationConfigs...)
				}
				return sorted(to)
			})
			l.estate.WebACLs = append(l.estate.WebACLs, x)
		}
	})
	l.estate.WebACLs = byKey(l.estate.WebACLs)
}

// webACLOf reads which web ACL protects a resource, as the resource's side tells it.
func (l *loader) webACLOf(p estate.Place, resource string) estate.Known[string] {
	type association struct {
		WebACL *struct{ ARN string }
	}
	acl := about(l, p, "wafv2:GetWebACLForResource", resource, func(pages []association) string {
		for _, page := range pages {
			if page.WebACL != nil {
				return page.WebACL.ARN
			}
		}
		return ""
	})
	if arn, ok := acl.Value(); ok && arn == "" {
		return estate.None[string]()
	}
	return acl
}

// wafAction is a union of actions: the one member that is there is the action.
type wafAction struct {
	Allow, Block, Count, Captcha, Challenge, None *struct{}
}

func (a wafAction) String() string {
	switch {
	case a.Allow != nil:
		return "allow"
	case a.Block != nil:
		return "block"
	case a.Count != nil:
		return "count"
	case a.Captcha != nil:
		return "captcha"
	case a.Challenge != nil:
		return "challenge"
	}
	return ""
}

type wafRule struct {
	Name           string
	Priority       int
	Action         wafAction
	OverrideAction wafAction
	RuleLabels     []struct{ Name string }
	Statement      json.RawMessage
}

// managerGroup is a rule group that Firewall Manager puts before or behind the rules of a web ACL.
type managerGroup struct {
	Name                     string
	Priority                 int
	OverrideAction           wafAction
	FirewallManagerStatement json.RawMessage
}

func (l *loader) managerGroups(p estate.Place, list []managerGroup) []*estate.WebACLRule {
	var rules []wafRule
	for _, g := range list {
		rules = append(rules, wafRule{Name: g.Name, Priority: g.Priority, OverrideAction: g.OverrideAction, Statement: g.FirewallManagerStatement})
	}
	return l.wafRules(p, rules, true)
}

// wafRules reads the rules of a web ACL, or of a rule group: that has no groups in it.
func (l *loader) wafRules(p estate.Place, list []wafRule, groups bool) []*estate.WebACLRule {
	var rules []*estate.WebACLRule
	for _, r := range list {
		x := &estate.WebACLRule{Name: r.Name, Priority: r.Priority, Action: r.Action.String()}
		for _, label := range r.RuleLabels {
			x.Labels = append(x.Labels, label.Name)
		}
		var statement any
		if json.Unmarshal(r.Statement, &statement) == nil {
			x.Matches = labelMatches(statement, nil)
			slices.SortFunc(x.Matches, func(a, b estate.LabelMatch) int { return strings.Compare(a.Key, b.Key) })
		}
		if groups {
			x.Group = l.ruleGroupUse(p, r)
		}
		rules = append(rules, x)
	}
	slices.SortStableFunc(rules, func(a, b *estate.WebACLRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return rules
}

// ruleGroupUse reads how a rule uses a group, or nil. A group stands at the top of a statement, never within another.
func (l *loader) ruleGroupUse(p estate.Place, r wafRule) *estate.RuleGroupUse {
	type groupStatement struct {
		VendorName          string
		Name                string
		ARN                 string
		ExcludedRules       []struct{ Name string } // how overriding to Count was written before 2022
		RuleActionOverrides []struct {
			Name        string
			ActionToUse wafAction
		}
	}
	var statement struct {
		ManagedRuleGroupStatement   *groupStatement
		RuleGroupReferenceStatement *groupStatement
	}
	if json.Unmarshal(r.Statement, &statement) != nil {
		return nil
	}
	g := statement.ManagedRuleGroupStatement
	if g == nil {
		g = statement.RuleGroupReferenceStatement
	}
	if g == nil {
		return nil
	}
	use := &estate.RuleGroupUse{Vendor: g.VendorName, Name: g.Name, ARN: g.ARN, Counts: r.OverrideAction.Count != nil,
		Overrides: map[string]string{}, Rules: estate.None[[]*estate.WebACLRule]()}
	for _, x := range g.ExcludedRules {
		use.Overrides[x.Name] = "count"
	}
	for _, x := range g.RuleActionOverrides {
		use.Overrides[x.Name] = x.ActionToUse.String()
	}
	if g.ARN != "" {
		type group struct {
			RuleGroup struct{ Rules []wafRule }
		}
		use.Rules = about(l, p, "wafv2:GetRuleGroup", g.ARN[strings.LastIndex(g.ARN, "/")+1:], func(pages []group) []*estate.WebACLRule {
			var rules []*estate.WebACLRule
			for _, page := range pages {
				rules = append(rules, l.wafRules(p, page.RuleGroup.Rules, false)...)
			}
			return rules
		})
	}
	return use
}

// labelMatches finds the labels that a statement looks for, at whatever depth: in LabelMatchStatement, and in the keys by which
// a rate is aggregated.
func labelMatches(v any, found []estate.LabelMatch) []estate.LabelMatch {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			found = labelMatches(item, found)
		}
	case map[string]any:
		for name, member := range v {
			object, _ := member.(map[string]any)
			switch {
			case object == nil:
			case strings.EqualFold(name, "LabelMatchStatement"):
				key, scope := text(object, "Key"), text(object, "Scope")
				found = append(found, estate.LabelMatch{Key: key, Namespace: scope == "NAMESPACE"})
			case strings.EqualFold(name, "LabelNamespace"):
				found = append(found, estate.LabelMatch{Key: text(object, "Namespace"), Namespace: true})
			}
			found = labelMatches(member, found)
		}
	}
	return found
}

// text is a member that holds a string; names match in any case.
func text(object map[string]any, name string) string {
	for key, value := range object {
		if s, ok := value.(string); ok && strings.EqualFold(key, name) {
			return s
		}
	}
	return ""
}
