package atrest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// KeyApartFromData is rest-key-apart-from-data: who may read what is in a confidential store may not administer the key that encrypts it:
// change whom it lets in, disable it, or have it deleted.
//
//   - Confidential is what belongs to a system with "data: confidential" or "data: restricted"; without one nothing is declared.
//   - Stores are buckets, tables, secrets and queues. Where no key of ours encrypts one, AWS's own does, and nobody administers that.
//   - Administrators are not judged: who may write any policy administers everything. EffectiveAdminsAreDeclared says who they are.
//
// https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_0/home?element=SC-12
var KeyApartFromData = &control.Control{
	ID:          "rest-key-apart-from-data",
	Practice:    "encryption-at-rest",
	Title:       "Who may read confidential data may not administer its key",
	Sentence:    "who may read confidential data may not administer its key",
	Asked:       "who may read confidential data may not administer its key",
	Why:         "A thief who reads the data and owns its key takes the one and locks the other: that is extortion with your own encryption.",
	Fix:         "Let the key policy name who administers the key, and let none of them be among the readers.",
	Severity:    answer.Medium,
	Lists:       []operation.ID{"s3:ListBuckets", "dynamodb:ListTables", "secretsmanager:ListSecrets", "sqs:ListQueues"},
	Reads:       []operation.ID{"s3:GetBucketEncryption", "dynamodb:DescribeTable", "iam:GetAccountAuthorizationDetails", "kms:ListKeys"},
	Permissions: true,
	Judge: func(c *control.Case) {
		secret := slices.DeleteFunc(slices.Clone(c.Declared.Systems), func(s claims.System) bool { return s.Data != claims.Confidential && s.Data != claims.Restricted })
		if len(secret) == 0 {
			c.NotDeclared()
			return
		}
		for _, s := range c.Estate.Encrypted() {
			if !slices.Contains([]string{"bucket", "table", "secret", "queue"}, s.Ref().Kind) {
				continue
			}
			confidential := estate.False
			for _, system := range secret {
				confidential = estate.Or(confidential, system.Selects(s))
			}
			switch {
			case confidential == estate.False || !c.Concerns(s):
			case confidential == estate.Unknown:
				gap, _ := s.Tags().Unread()
				c.Unknown(s, "whether it is confidential was not read", gap)
			default:
				judgeApart(c, s)
			}
		}
	},
}

// keyARN finds the key that encrypts something; empty for one of AWS's services.
func keyARN(e *estate.Estate, s estate.Encrypted, name string) (arn string, gaps []estate.Gap) {
	from := estate.Place{Account: s.Ref().Account, Region: s.Ref().Region}
	place, plain := estate.KeyName(name, from)
	if strings.HasPrefix(plain, "alias/aws/") {
		return "", nil
	}
	for _, k := range e.Keys {
		switch k.Means(name, from) {
		case estate.True:
			return k.Ref().ARN, nil
		case estate.Unknown:
			gap, _ := k.Aliases.Unread()
			gaps = append(gaps, gap)
		}
	}
	switch {
	case strings.HasPrefix(plain, "alias/"):
		if r := e.Reading(place, "kms:ListKeys", ""); !r.Outcome.Complete() {
			gaps = append(gaps, r.Gap())
		}
		return "", gaps
	case plain != name:
		return name, nil // a key that was not read, of another account perhaps
	}
	return fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", estate.Partition(place.Region), place.Region, place.Account, plain), nil
}

func judgeApart(c *control.Case, s estate.Encrypted) {
	if gap, unread := s.Key.Unread(); unread {
		c.Unknown(s, "which key encrypts it was not read", gap)
		return
	}
	name, known := s.Key.Value()
	if !known {
		c.Holds(s)
		return
	}
	key, gaps := keyARN(c.Estate, s, name)
	if key == "" && len(gaps) > 0 {
		c.Unknown(s, "which key encrypts it was not read", gaps...)
		return
	}
	if key == "" {
		c.Holds(s)
		return
	}
	w, admins := c.Access(), c.Reaching(access.Administrator)
	doubts := c.Estate.Gaps("iam:GetAccountAuthorizationDetails")
	broken := false
	for _, p := range w.Principals() {
		if p.Kind == "root" || p.ServiceLinked() {
			continue
		}
		if path := admins.Of(p); path != nil && path.Strength == access.Yes && len(path.Steps) == 0 && path.EndID == "" {
			continue
		}
		read, reading := best(w, p, access.StoreActions(access.ARNOf(s.Ref()), "reads"))
		if read == estate.False {
			continue
		}
		rule, ruling := best(w, p, []access.StoreAction{{Action: "kms:PutKeyPolicy", Resource: key}, {Action: "kms:DisableKey", Resource: key}, {Action: "kms:ScheduleKeyDeletion", Resource: key}})
		switch estate.And(read, rule) {
		case estate.True:
			broken = true
			text := fmt.Sprintf("%s may read %s %s, and %s on its key", permissions.Call(w, p), strings.ReplaceAll(s.Ref().Kind, "-", " "), control.Called(s.Ref()), ruling.Action)
			c.Breaks(s, control.Counter{Text: text, Facts: append(permissions.AnswerFacts(reading), permissions.AnswerFacts(ruling)...),
				Cause: permissions.Permit(ruling, permissions.Call(w, p)+" administers the key of data that it may read")})
		case estate.Unknown:
			doubts = append(append(doubts, permissions.AnswerGaps(reading)...), permissions.AnswerGaps(ruling)...)
		}
	}
	switch {
	case broken:
	case len(doubts) > 0:
		c.Unknown(s, "who may read it and administer its key was not read in full", doubts...)
	default:
		c.Holds(s)
	}
}

// best is the surest of several decisions.
func best(w *access.World, p *access.Principal, actions []access.StoreAction) (estate.Truth, access.Answer) {
	truth, first := estate.False, access.Answer{Principal: p}
	for _, x := range actions {
		a := w.Can(p, x.Action, x.Resource)
		if t := permissions.Decided(a.Decision); t > truth {
			truth, first = t, a
		}
	}
	return truth, first
}
