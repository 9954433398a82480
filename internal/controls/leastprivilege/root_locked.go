package leastprivilege

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// RootLocked is lp-root-locked. The root user is locked away when it has no access key, active or not, and either cannot
// sign in at all (a member of an organisation whose root password was removed) or has a second factor and has not been used
// for 30 days: what needs the root user comes once or twice in an account's life.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-tasks.html
//
// Two calls tell, and either is enough where it says what the other would: the account summary, which is current, and the
// root row of the credential report, which alone tells when the root user was used. AWS does not list hardware devices; that
// the second factor is a virtual one can be seen, and is a fact, not a counter-example.
//
// Whether there is a password matters because without one there is nothing that a second factor would protect. The report
// may say "not_supported" (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html): then there
// is one where it cannot be removed, which is in an account that is in no organisation or manages one, and there is none in
// GovCloud, where nobody signs in as root
// (https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-differences.html).
var RootLocked = &control.Control{
	ID:       "lp-root-locked",
	Practice: "least-privilege",
	Title:    "The root user has no access keys and has a second factor, and nobody has used it for 30 days",
	Sentence: "the root user is locked away",
	Asked:    "the root user is locked away",
	Why:      "Whoever gets in as root owns the account: no policy of the account limits the root user.",
	Fix:      "Delete the root user's access keys, give it an MFA device, and use roles instead of it.",
	Severity: answer.Critical,
	Reads:    []operation.ID{accountSummary, credentialReport, "organizations:DescribeOrganization"},
	Judge: func(c *control.Case) {
		for _, login := range c.Estate.Logins {
			judgeRoot(c, login)
		}
	},
}

const (
	accountSummary operation.ID = "iam:GetAccountSummary"
	rootRested                  = 30 * 24 * time.Hour
)

func judgeRoot(c *control.Case, login *estate.Login) {
	root := readRoot(c, login)
	locked := estate.And(root.keys.Not(), estate.Or(root.password.Not(), estate.And(root.mfa, root.used.Not())))
	switch locked {
	case estate.True:
		c.Holds(login.Account)
		return
	case estate.Unknown:
		c.Unknown(login.Account, "whether the root user is locked away could not be read", root.gaps...)
		return
	}
	if root.keys == estate.True {
		c.Breaks(login.Account, rootCounter(login, root, "key", "the root user has an access key",
			"Delete the root user's access keys: sign in as root, Security credentials, Access keys. What uses them needs a role."))
	}
	if root.password != estate.True {
		return
	}
	if root.mfa == estate.False {
		c.Breaks(login.Account, rootCounter(login, root, "mfa", "the root user signs in with a password alone",
			"Sign in as root and assign an MFA device, best two hardware keys; or, in a member account of an organisation, remove its root password centrally."))
	}
	if root.used == estate.True {
		text := fmt.Sprintf("the root user was used on %s", root.lastUse.Format("2006-01-02"))
		c.Breaks(login.Account, rootCounter(login, root, "use", text,
			"Find out who used it and for what (CloudTrail, userIdentity.type Root), and give them a role for it."))
	}
}

// rootState is what is known of an account's root user.
type rootState struct {
	keys, password, mfa, used estate.Truth
	lastUse                   time.Time
	facts                     []answer.Fact
	gaps                      []estate.Gap
}

func readRoot(c *control.Case, login *estate.Login) rootState {
	var r rootState
	fact := func(op operation.ID, format string, args ...any) {
		r.facts = append(r.facts, answer.Fact{Text: fmt.Sprintf(format, args...), Operation: op})
	}
	summary, told := login.Summary.Value()
	if told {
		r.keys, r.mfa, r.password = summary.AccessKeysPresent, summary.MFAEnabled, summary.PasswordPresent
		if r.password == estate.Unknown && r.mfa != estate.Unknown {
			r.password = estate.True // an answer from before 2024-11, when no root password could be removed
		}
		for _, member := range []struct {
			name  string
			truth estate.Truth
		}{{"AccountAccessKeysPresent", r.keys}, {"AccountMFAEnabled", r.mfa}, {"AccountPasswordPresent", summary.PasswordPresent}} {
			if member.truth != estate.Unknown {
				fact(accountSummary, "%s is %d", member.name, map[estate.Truth]int{estate.True: 1, estate.False: 0}[member.truth])
			}
		}
	} else if gap, ok := login.Summary.Unread(); ok {
		r.gaps = append(r.gaps, gap)
	}

	report, told := login.Report.Value()
	switch {
	case !told:
		if gap, ok := login.Report.Unread(); ok {
			r.gaps = append(r.gaps, gap)
		}
	case report.Root == nil:
		gap := silent(login)
		gap.Why = "the credential report of " + login.Account.ID + " has no row for the root user"
		r.gaps = append(r.gaps, gap)
	default:
		root := report.Root
		reported := estate.False
		r.lastUse = root.PasswordUsed
		for i, k := range root.Keys {
			if k.Exists {
				reported = estate.True
				fact(credentialReport, "access_key_%d_active of <root_account> is %t", i+1, k.Active)
			}
			if k.Used.After(r.lastUse) {
				r.lastUse = k.Used
			}
		}
		r.used = estate.Is(!r.lastUse.IsZero() && c.Now.Sub(r.lastUse) < rootRested)
		r.keys, r.mfa = first(r.keys, reported), first(r.mfa, root.MFA)
		r.password = first(r.password, first(root.Password, rootPassword(login, root)))
		if r.mfa == estate.False {
			fact(credentialReport, "mfa_active of <root_account> is false")
		}
		if !r.lastUse.IsZero() {
			fact(credentialReport, "<root_account> was last used on %s", r.lastUse.Format("2006-01-02"))
		}
	}
	if virtual, _ := login.RootVirtualMFA.Value(); virtual && r.mfa == estate.True {
		fact("iam:ListVirtualMFADevices", "its second factor is a virtual device, not a hardware key")
	}
	return r
}

func first(a, b estate.Truth) estate.Truth {
	if a != estate.Unknown {
		return a
	}
	return b
}

// rootPassword says whether there is a root password where the report does not support the question.
func rootPassword(login *estate.Login, root *estate.Credentials) estate.Truth {
	switch {
	case partition(root.Ref().ARN) == "aws-us-gov":
		return estate.False
	case login.RootPasswordStays:
		return estate.True
	}
	return estate.Unknown
}

func rootCounter(login *estate.Login, root rootState, what, text, fix string) control.Counter {
	ref := login.Account.Ref()
	return control.Counter{
		Text:  text + " in account " + ref.ID,
		Facts: root.facts,
		Cause: answer.Cause{
			Key:     "root-user/" + ref.ID + "/" + what,
			Subject: ref,
			Title:   text + " in account " + ref.ID,
			Fix:     answer.Fix{Text: fix},
		},
	}
}
