package waf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	getWebACL    operation.ID = "wafv2:GetWebACL"
	getRuleGroup operation.ID = "wafv2:GetRuleGroup"
)

// BlocksRatherThanCounts is waf-blocks-rather-than-counts: no rule of a web ACL only counts what it matches.
//
//   - A rule counts by its own action, because the web ACL overrides a rule of a group (RuleActionOverrides, or ExcludedRules as
//     it was written earlier), because it overrides the whole group (OverrideAction), or within a group of one's own. An override
//     to another action mends a counting rule of a group.
//   - Counting is not a failing where it only puts a label on the request by which a later rule decides: that is how one rule of
//     a managed group gets an exception. https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-label-match-examples.html
//     The labels of managed rules end in the rule's name; of a group that counts as a whole, a later rule must decide by the
//     vendor's namespace of labels, since one label speaks for one rule only.
//   - A web ACL without rules counts nothing. One that protects nothing is judged too: it is what somebody will associate next.
//
// https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-rule-actions.html
var BlocksRatherThanCounts = &control.Control{
	ID:       "waf-blocks-rather-than-counts",
	Practice: "waf",
	Title:    "Web ACLs block: no group or rule is overridden to Count",
	Sentence: "web acls block rather than count",
	Asked:    "web acls block rather than count",
	Why:      "A rule that counts sees the attack, and lets it through.",
	Fix:      "Take the Count override off the rule or the group, or narrow it to the one rule that must be spared.",
	Severity: answer.Medium,
	Lists:    []operation.ID{listWebACLs},
	Reads:    []operation.ID{getWebACL, getRuleGroup},
	Judge: func(c *control.Case) {
		distributions := map[string][]estate.Ref{}
		for _, d := range c.Estate.Distributions {
			distributions[d.WebACL] = append(distributions[d.WebACL], d.Ref())
		}
		balancers := map[string]estate.Ref{}
		for _, b := range c.Estate.LoadBalancers {
			balancers[b.Ref().ARN] = b.Ref()
		}
		for _, a := range c.Estate.WebACLs {
			affects := slices.Clone(distributions[a.Ref().ARN])
			arns, _ := a.LoadBalancers.Value()
			for _, arn := range arns {
				if ref, ok := balancers[arn]; ok {
					affects = append(affects, ref)
				}
			}
			judgeACL(c, a, affects)
		}
	},
}

func judgeACL(c *control.Case, a *estate.WebACL, affects []estate.Ref) {
	rules, ok := a.Rules.Value()
	if gap, unread := a.Rules.Unread(); !ok && unread {
		c.Unknown(a, "its rules could not be read", gap)
		return
	}
	broken := false
	var gaps []estate.Gap
	for i, r := range rules {
		counting, what, missing := counts(r, rules[i+1:])
		switch counting {
		case estate.True:
			broken = true
			c.Breaks(a, countingRule(a, r, what, affects))
		case estate.Unknown:
			gaps = append(gaps, missing...)
		}
	}
	switch {
	case broken:
	case len(gaps) > 0:
		c.Unknown(a, "whether all of its rules block could not be read", gaps...)
	default:
		c.Holds(a)
	}
}

// counts reports whether a rule, or a rule of its group, only counts, in which words, and what would have told.
func counts(r *estate.WebACLRule, later []*estate.WebACLRule) (estate.Truth, []string, []estate.Gap) {
	if r.Group == nil {
		if r.Action != "count" {
			return estate.False, nil, nil
		}
		used, gaps := consumed(r.Labels, later)
		return used.Not(), []string{"Action is Count"}, gaps
	}
	g := r.Group
	own, _ := g.Rules.Value()
	if g.Counts {
		const text = "OverrideAction is Count for the whole group"
		if g.ARN == "" {
			used, gaps := vendorConsumed(g.Vendor, later)
			return used.Not(), []string{text}, gaps
		}
		if gap, unread := g.Rules.Unread(); unread {
			return estate.Unknown, nil, []estate.Gap{gap} // its rules may only put labels
		}
		used, gaps := estate.Is(len(own) > 0), []estate.Gap(nil)
		for _, inner := range own {
			each, missing := consumed(inner.Labels, later)
			used, gaps = estate.And(used, each), append(gaps, missing...)
		}
		return used.Not(), []string{text}, gaps
	}
	if gap, unread := g.Rules.Unread(); unread {
		return estate.Unknown, nil, []estate.Gap{gap} // its rules may count, and those that are overridden may put labels
	}
	counting := estate.False
	var what []string
	var gaps []estate.Gap
	note := func(name, text string, labels []string) {
		used, missing := consumed(labels, later)
		if g.ARN == "" {
			used, missing = managedConsumed(g.Vendor, name, later)
		}
		gaps = append(gaps, missing...)
		if counting = estate.Or(counting, used.Not()); used == estate.False {
			what = append(what, text)
		}
	}
	if g.ARN == "" {
		var names []string
		for name, action := range g.Overrides {
			if action == "count" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			note(name, "RuleActionOverrides: "+name+" is Count", nil)
		}
		return counting, what, gaps
	}
	for _, inner := range own {
		action := inner.Action
		text := "rule " + inner.Name + " of the group: Action is Count"
		if override := g.Overrides[inner.Name]; override != "" {
			action, text = override, "RuleActionOverrides: "+inner.Name+" is Count"
		}
		if action == "count" {
			note(inner.Name, text, inner.Labels)
		}
	}
	return counting, what, gaps
}

// consumed reports whether a later rule that does not itself count decides by any of the labels. A later group that was not
// read may.
func consumed(labels []string, later []*estate.WebACLRule) (estate.Truth, []estate.Gap) {
	if len(labels) == 0 {
		return estate.False, nil
	}
	return decides(later, func(m estate.LabelMatch) bool {
		return slices.ContainsFunc(labels, func(label string) bool { return finds(m, label) })
	})
}

// finds reports whether a statement that looks for m finds a label of one's own. It may name the label in full
// ("awswaf:111122223333:webacl:shop:team:bot" or "...:rulegroup:..."), as the rule does ("team:bot") or by its end ("bot"); a namespace
// is named by its beginning.
func finds(m estate.LabelMatch, label string) bool {
	key, full := m.Key, false
	if parts := strings.SplitN(key, ":", 5); len(parts) == 5 && parts[0] == "awswaf" && parts[1] != "managed" {
		key, full = parts[4], true
	}
	if m.Namespace {
		return strings.HasPrefix(label, key) && (full || strings.HasSuffix(key, ":"))
	}
	return key == label || !full && strings.HasSuffix(label, ":"+key)
}

// managedConsumed is consumed for one rule of a managed group: its label is "awswaf:managed:VENDOR:GROUP:RULE", where the rule's
// name may be spelled in another case (SizeRestrictions_BODY puts ...:SizeRestrictions_Body).
func managedConsumed(vendor, rule string, later []*estate.WebACLRule) (estate.Truth, []estate.Gap) {
	return decides(later, func(m estate.LabelMatch) bool {
		if m.Namespace {
			return ofVendor(m.Key, vendor)
		}
		return strings.EqualFold(m.Key[strings.LastIndex(m.Key, ":")+1:], rule)
	})
}

// vendorConsumed is consumed for all of a managed group.
func vendorConsumed(vendor string, later []*estate.WebACLRule) (estate.Truth, []estate.Gap) {
	return decides(later, func(m estate.LabelMatch) bool { return m.Namespace && ofVendor(m.Key, vendor) })
}

func ofVendor(key, vendor string) bool {
	return strings.HasPrefix(strings.ToLower(key), "awswaf:managed:"+strings.ToLower(vendor)+":")
}

// decides reports whether a rule with a consequence looks for a label.
func decides(later []*estate.WebACLRule, matches func(estate.LabelMatch) bool) (estate.Truth, []estate.Gap) {
	found := estate.False
	var gaps []estate.Gap
	for _, r := range later {
		if r.Action != "count" && slices.ContainsFunc(r.Matches, matches) && (r.Group == nil || !r.Group.Counts) {
			return estate.True, nil
		}
		if r.Group == nil || r.Group.Counts {
			continue
		}
		if gap, unread := r.Group.Rules.Unread(); unread {
			found = estate.Unknown
			gaps = append(gaps, gap)
		}
		inner, _ := r.Group.Rules.Value()
		for _, i := range inner {
			action := i.Action
			if override := r.Group.Overrides[i.Name]; override != "" {
				action = override
			}
			if action != "count" && slices.ContainsFunc(i.Matches, matches) {
				return estate.True, nil
			}
		}
	}
	return found, gaps
}

func countingRule(a *estate.WebACL, r *estate.WebACLRule, what []string, affects []estate.Ref) control.Counter {
	ref := a.Ref()
	name := ref.Name
	if name == "" {
		name = ref.ID
	}
	var facts []answer.Fact
	for _, w := range what {
		facts = append(facts, answer.Fact{Text: "rule " + r.Name + ": " + w, Operation: getWebACL})
	}
	text := "Give the rule the action Block."
	if g := r.Group; g != nil && g.Counts {
		text = "Set the group's OverrideAction to None."
	} else if g != nil {
		text = "Take the overrides to Count out of the rule, or change the counting rules of the group to Block."
	}
	scope, region := "REGIONAL", ref.Region
	if ref.Region == estate.Global {
		scope, region = "CLOUDFRONT", "us-east-1"
	}
	subject := fmt.Sprintf("aws wafv2 %%s --region %s --scope %s --name %s --id %s", region, scope, name, ref.ID)
	return control.Counter{
		Text:  fmt.Sprintf("rule %s of web ACL %s counts and does not block", r.Name, name),
		Facts: facts,
		Cause: answer.Cause{
			Key:     "web-acl-rule/" + ref.ID + "/" + r.Name,
			Subject: ref,
			Title:   fmt.Sprintf("rule %s of web ACL %s only counts", r.Name, name),
			Fix: answer.Fix{
				Text: text,
				CLI: []string{
					fmt.Sprintf(subject, "get-web-acl"),
					fmt.Sprintf(subject, "update-web-acl") + " --lock-token LOCK_TOKEN --default-action DEFAULT_ACTION --visibility-config VISIBILITY_CONFIG --rules file://rules.json",
				},
				Terraform: "resource \"aws_wafv2_web_acl\" \"this\" {\n  rule {\n    name = \"" + r.Name + "\"\n    override_action {\n      none {}\n    }\n  }\n}",
			},
		},
		Affects: affects,
	}
}
