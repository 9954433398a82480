package leastprivilege

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// ConsoleUsersMFA is lp-console-users-mfa. A user without a password cannot sign in to the console and is not judged; the
// root user, whom the report shows too, is lp-root-locked's. The credential report alone decides: it lists every user there
// was when AWS made it, at most four hours ago if somebody asks for it that often, and a user who came later is judged by
// the next one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
var ConsoleUsersMFA = &control.Control{
	ID:       "lp-console-users-mfa",
	Practice: "least-privilege",
	Title:    "Every user with a password has a second factor",
	Sentence: "every user with a password has a second factor",
	Asked:    "every user with a password has a second factor",
	Why:      "A guessed, leaked or phished password is then all that a stranger needs to sign in as that user.",
	Fix:      "Give the user an MFA device, or take the password away.",
	Severity: answer.High,
	Lists:    []operation.ID{credentialReport},
	Judge: func(c *control.Case) {
		for _, login := range c.Estate.Logins {
			report, _ := login.Report.Value()
			for _, user := range report.Users {
				switch {
				case user.Password == estate.False:
				case user.Password == estate.Unknown:
					c.Unknown(user, "the credential report does not say whether the user has a password", silent(login))
				case user.MFA == estate.True:
					c.Holds(user)
				case user.MFA == estate.Unknown:
					c.Unknown(user, "the credential report does not say whether the user has a second factor", silent(login))
				default:
					c.Breaks(user, passwordAlone(user))
				}
			}
		}
	},
}

const credentialReport operation.ID = "iam:GetCredentialReport"

// silent is the gap of a credential report that was read and does not tell.
func silent(l *estate.Login) estate.Gap {
	return estate.Gap{Place: estate.Place{Account: l.Account.ID, Region: estate.Global}, Operation: credentialReport, Outcome: operation.OK,
		Why: "the credential report of " + l.Account.ID + " does not say"}
}

func passwordAlone(user *estate.Credentials) control.Counter {
	ref := user.Ref()
	facts := []answer.Fact{
		{Text: "password_enabled is true", Operation: credentialReport},
		{Text: "mfa_active is false", Operation: credentialReport},
	}
	if user.PasswordUsed.IsZero() {
		facts = append(facts, answer.Fact{Text: "no sign-in is known", Operation: credentialReport})
	} else {
		facts = append(facts, answer.Fact{Text: "password_last_used is " + user.PasswordUsed.Format("2006-01-02"), Operation: credentialReport})
	}
	return control.Counter{
		Text:  fmt.Sprintf("user %s signs in with a password alone", ref.ID),
		Facts: facts,
		Cause: answer.Cause{
			Key:     "user/" + ref.ARN,
			Subject: ref,
			Title:   "user " + ref.ID + " has a password and no second factor",
			Fix: answer.Fix{
				Text: "Give the user an MFA device; if nobody signs in as this user, take the password away.",
				CLI: []string{
					fmt.Sprintf("aws iam enable-mfa-device --user-name %s --serial-number SERIAL --authentication-code1 CODE --authentication-code2 NEXT_CODE", ref.ID),
					fmt.Sprintf("aws iam delete-login-profile --user-name %s   # instead, where nobody signs in", ref.ID),
				},
			},
		},
	}
}
