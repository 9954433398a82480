package atrest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// KeyNotPublic is rest-key-not-public: neither the policy of a customer's key nor a grant on it lets strangers, or accounts outside the
// organisation, decrypt.
//
//   - Who may decrypt: who has kms:Decrypt, kms:ReEncryptFrom, or may help himself to it by kms:CreateGrant or kms:PutKeyPolicy.
//   - A condition counts by what it proves. kms:ViaService alone proves nothing: a stranger's request comes through S3 as well.
//   - An outsider whose account a system of the claims file has, with an owner, is meant to.
//   - Keys that AWS's services made are not judged: AWS keeps their policies to the account.
//
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
var KeyNotPublic = &control.Control{
	ID:       "rest-key-not-public",
	Practice: "encryption-at-rest",
	Title:    "No key lets outsiders decrypt",
	Sentence: "no key lets outsiders decrypt",
	Asked:    "no key lets outsiders decrypt",
	Why:      "Encryption protects against nobody who may use the key.",
	Fix:      "Name in the key policy who may decrypt, and retire grants of outsiders.",
	Severity: answer.High,
	Lists:    []operation.ID{"kms:ListKeys"},
	Reads:    []operation.ID{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "organizations:DescribeOrganization", "organizations:ListAccounts"},
	Judge: func(c *control.Case) {
		company := permissions.CompanyOf(c.Estate)
		for _, h := range permissions.Holders(c.Estate) {
			if k, ok := h.Subject.(*estate.Key); ok && c.Concerns(k) {
				judgeKey(c, company, h, k)
			}
		}
	},
}

// opening is one way for outsiders to decrypt.
type opening struct {
	text, fact string
	tells      operation.ID
	key        string
	fix        answer.Fix
}

func judgeKey(c *control.Case, company permissions.Company, h permissions.Holder, k *estate.Key) {
	var open []opening
	var doubts []estate.Gap
	outsider := func(account string) bool {
		ours, gaps := company.Owns(account)
		if _, declared := permissions.Declared(c.Declared, account); declared || ours == estate.True {
			return false
		}
		doubts = append(doubts, gaps...)
		return ours == estate.False
	}
	if document, known := k.Policy.Value(); known {
		through := func(i int, s *policy.Statement, name, who string) {
			open = append(open, opening{text: fmt.Sprintf("%s: statement %s of its policy lets %s decrypt", h.Name(), name, who),
				fact: fmt.Sprintf("statement %s of its policy: %s", name, s.Quote()), tells: h.Tells, key: h.CauseKey(i),
				fix: answer.Fix{Text: "Name who may decrypt; or hold the statement to the own accounts: StringEquals kms:CallerAccount.", CLI: h.Edit(s.Sid)}})
		}
		for _, o := range document.Strangers() {
			if decrypts(o.Statement) {
				through(o.Index, o.Statement, o.Name(), "everybody")
			}
		}
		for _, n := range document.Named() {
			switch {
			case !decrypts(n.Statement):
			case n.Account != "" && outsider(n.Account):
				through(n.Index, n.Statement, n.Name(), "account "+n.Account+", outside the organisation,")
			case n.Organization != "":
				ours, gaps := company.OwnsOrganization(n.Organization)
				doubts = append(doubts, gaps...)
				if ours == estate.False {
					through(n.Index, n.Statement, n.Name(), "every account of organisation "+n.Organization)
				}
			}
		}
	} else if gap, unread := k.Policy.Unread(); unread {
		doubts = append(doubts, gap)
	}
	if gap, unread := k.Description.Unread(); unread {
		doubts = append(doubts, gap) // it may be a key of a service, whose policy is AWS's
		open = nil
	}
	grants, _ := k.Grants.Value()
	if gap, unread := k.Grants.Unread(); unread {
		doubts = append(doubts, gap)
	}
	for _, g := range grants {
		account := ""
		if parts := strings.SplitN(g.Grantee, ":", 6); len(parts) == 6 {
			account = parts[4]
		}
		if len(account) == 12 && slices.ContainsFunc(g.Operations, func(op string) bool { return slices.Contains(decrypting, "kms:"+op) }) && outsider(account) {
			open = append(open, opening{text: fmt.Sprintf("%s: grant %s lets %s, outside the organisation, decrypt", h.Name(), g.ID, g.Grantee),
				fact: fmt.Sprintf("grant %s: grantee %s, operations %s", g.ID, g.Grantee, strings.Join(g.Operations, ", ")), tells: "kms:ListGrants", key: "grant/" + h.Ref().ARN + "/" + g.ID,
				fix: answer.Fix{Text: "Revoke the grant.", CLI: []string{fmt.Sprintf("aws kms revoke-grant --key-id %s --grant-id %s --region %s", h.Ref().ARN, g.ID, h.Ref().Region)}}})
		}
	}
	for _, o := range open {
		c.Breaks(k, control.Counter{Text: o.text, Facts: []answer.Fact{{Text: o.fact, Operation: o.tells}},
			Cause: answer.Cause{Key: o.key, Subject: h.Ref(), Title: o.text, Fix: o.fix}})
	}
	switch {
	case len(open) > 0:
	case len(doubts) > 0:
		c.Unknown(k, "whether outsiders may decrypt with it was not read in full", doubts...)
	default:
		c.Holds(k)
	}
}

// decrypting are the actions with which one may decrypt, or help oneself to it.
var decrypting = []string{"kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy"}

func decrypts(s *policy.Statement) bool {
	return slices.ContainsFunc(decrypting, func(action string) bool {
		among := func(patterns []string) bool {
			return slices.ContainsFunc(patterns, func(p string) bool { return policy.MatchAction(p, action) })
		}
		return among(s.Action) || s.NotAction != nil && !among(s.NotAction)
	})
}
