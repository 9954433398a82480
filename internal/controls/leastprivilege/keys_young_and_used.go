package leastprivilege

import (
	"fmt"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// KeysYoungAndUsed is lp-keys-young-and-used, about active keys of users; the root user's are lp-root-locked's. A key that
// was never used counts as unused since it was made, so that a new one has time to be put to use. AWS tells a key's last use
// within a few hours, and none from before 2015-04-22.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys_update.html
var KeysYoungAndUsed = &control.Control{
	ID:       "lp-keys-young-and-used",
	Practice: "least-privilege",
	Title:    "Active access keys are young and in use",
	Sentence: "access keys are younger than {period} and used within {period2}",
	Asked:    "access keys are younger than 90 days and used within 45 days",
	Why:      "A key that leaked into a repository or an old laptop works until somebody replaces it; one that nobody uses, nobody misses.",
	Fix:      "Replace the key by a role or by a new key, and delete keys that nobody uses.",
	Severity: answer.Medium,
	Lists:    []operation.ID{credentialReport},
	Judge: func(c *control.Case) {
		youngest, rested := c.Period("period"), c.Period("period2")
		for _, login := range c.Estate.Logins {
			report, _ := login.Report.Value()
			for _, user := range report.Users {
				for i, k := range user.Keys {
					if k.Active {
						judgeKey(c, login, &key{user, i + 1, k}, youngest, rested)
					}
				}
			}
		}
	},
}

// key is one of a user's two access keys as a subject. The credential report does not tell its id.
type key struct {
	user   *estate.Credentials
	number int
	estate.AccessKey
}

func (k *key) Ref() estate.Ref {
	ref := k.user.Ref()
	ref.Kind, ref.ID, ref.ARN = "access-key", fmt.Sprintf("%s/key-%d", ref.ID, k.number), ""
	return ref
}

func (k *key) Tags() estate.Known[map[string]string] { return k.user.Tags() }

func judgeKey(c *control.Case, login *estate.Login, k *key, youngest, rested time.Duration) {
	if k.Rotated.IsZero() {
		c.Unknown(k, "the credential report does not say how old the key is", silent(login))
		return
	}
	age, idle := c.Now.Sub(k.Rotated), c.Now.Sub(k.Rotated)
	use := "has never been used"
	if !k.Used.IsZero() {
		idle = c.Now.Sub(k.Used)
		use = fmt.Sprintf("was last used %d days ago", days(idle))
	}
	old, unused := age >= youngest, idle >= rested
	if !old && !unused {
		c.Holds(k)
		return
	}
	var wrong []string
	if old {
		wrong = append(wrong, fmt.Sprintf("is %d days old", days(age)))
	}
	if unused {
		wrong = append(wrong, use)
	}
	user := k.user.Ref()
	text := fmt.Sprintf("access key %d of %s %s", k.number, user.ID, strings.Join(wrong, " and "))
	column := fmt.Sprintf("access_key_%d_", k.number)
	facts := []answer.Fact{{Text: column + "last_rotated is " + k.Rotated.Format("2006-01-02"), Operation: credentialReport}}
	if k.Used.IsZero() {
		facts = append(facts, answer.Fact{Text: column + "last_used_date is not a date", Operation: credentialReport})
	} else {
		facts = append(facts, answer.Fact{Text: column + "last_used_date is " + k.Used.Format("2006-01-02"), Operation: credentialReport})
	}
	cli := []string{
		"aws iam list-access-keys --user-name " + user.ID,
		"aws iam update-access-key --user-name " + user.ID + " --access-key-id KEY --status Inactive",
		"aws iam delete-access-key --user-name " + user.ID + " --access-key-id KEY",
	}
	fix := "Deactivate the key, wait for complaints, then delete it."
	if !unused {
		fix = "Let what uses the key assume a role instead; or make a new key, put it to use, and delete the old one."
		cli = append([]string{"aws iam create-access-key --user-name " + user.ID}, cli...)
	}
	c.Breaks(k, control.Counter{Text: text, Facts: facts, Cause: answer.Cause{
		Key:     fmt.Sprintf("access-key/%s/key-%d", user.ARN, k.number),
		Subject: k.Ref(),
		Title:   text,
		Fix:     answer.Fix{Text: fix, CLI: cli},
	}})
}

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

// partition is the part of AWS that an ARN is in: aws, aws-cn, aws-us-gov.
func partition(arn string) string {
	_, rest, _ := strings.Cut(arn, ":")
	p, _, _ := strings.Cut(rest, ":")
	return p
}
