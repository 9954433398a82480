package backups

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
	"github.com/onus-cloud/onus/internal/policy"
)

// EraserIsSomeoneElse is backup-eraser-is-someone-else: nobody can delete something and all its backups as well, be it as himself or as
// others that he can act as.
//
//   - Judged is each volume, database, cluster, table and bucket of which there is a backup: a recovery point in any vault of any
//     account that was read, or a snapshot. What has none is for other controls to say.
//   - Administrators count: they can delete both. What keeps them from it is a vault that is locked for good, or one in an account of
//     others; the policy of a vault may deny even them for as long as nobody changes it.
//     https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
//   - Root users are not judged: whoever is root of an account has it.
//   - Where a call is missing that could have told of a further backup, all that is known to be erasable is not known to be all.
//
// The claim "only role/Restore can delete backups" asks who may delete any backup, be it of what it will.
var EraserIsSomeoneElse = &control.Control{
	ID:       "backup-eraser-is-someone-else",
	Practice: "backups",
	Title:    "Who can delete data cannot delete all its backups",
	Sentence: "who can delete data cannot delete all its backups",
	Asked:    "who can delete data cannot delete all its backups",
	Declares: []claims.Form{{Text: "only {principals} can delete backups", Example: "only role/Restore can delete backups"}},
	Why:      "An extortionist deletes the backups first: what one stolen session can erase altogether is gone altogether.",
	Fix:      "Lock the vault, or copy recovery points to a vault of an account in which nobody works.",
	Severity: answer.High,
	Lists: []operation.ID{"iam:GetAccountAuthorizationDetails", "backup:ListBackupVaults", "ec2:DescribeSnapshots", "rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots",
		"ec2:DescribeVolumes", "rds:DescribeDBInstances", "rds:DescribeDBClusters", "dynamodb:ListTables", "s3:ListBuckets"},
	Reads:       []operation.ID{"backup:ListRecoveryPointsByBackupVault"},
	Permissions: true,
	Judge: func(c *control.Case) {
		x := &erasing{c: c, ask: permissions.NewAsker(c.Access()), mentions: permissions.MentionsOf(c.Estate), acts: map[*access.Principal][]*access.Principal{},
			none: map[string]bool{}, vaults: map[string]access.Answer{}}
		x.gather()
		if only, ok := c.Slots.Principals("principals"); ok {
			x.judgeErasers(only)
			return
		}
		for _, s := range x.stores {
			if c.Concerns(s) {
				x.judgeStore(s)
			}
		}
	},
}

// copyOf is one backup.
type copyOf struct {
	arn    string // of the recovery point or snapshot
	action string // that deletes it
	vault  *estate.BackupVault
}

func (b copyOf) String() string {
	if b.vault != nil {
		return "recovery point " + b.arn[strings.LastIndexAny(b.arn, ":/")+1:] + " in vault " + b.vault.Ref().ID
	}
	return "snapshot " + b.arn[strings.LastIndexAny(b.arn, ":/")+1:]
}

type erasing struct {
	c        *control.Case
	ask      *permissions.Asker
	mentions permissions.Mentions
	none     map[string]bool          // by principal and action
	vaults   map[string]access.Answer // by principal and vault
	stores   []estate.Subject
	backups  map[string][]copyOf // by the ARN of what they are of; "" for copies of what is not known
	gaps     []estate.Gap        // what would have told of more recovery points
	acts     map[*access.Principal][]*access.Principal
}

func (x *erasing) gather() {
	e := x.c.Estate
	x.backups = map[string][]copyOf{}
	add := func(of string, b copyOf) { x.backups[of] = append(x.backups[of], b) }
	x.gaps = e.Gaps("backup:ListBackupVaults")
	for _, v := range e.BackupVaults {
		points, known := v.Points.Value()
		if gap, unread := v.Points.Unread(); unread && !known {
			x.gaps = append(x.gaps, gap)
		}
		for _, p := range points {
			if !slices.Contains([]string{"EXPIRED", "DELETING", "CREATING"}, p.Status) {
				add(p.Of, copyOf{p.ARN, "backup:DeleteRecoveryPoint", v})
			}
		}
	}
	inVaults := map[string]bool{}
	for _, list := range x.backups {
		for _, b := range list {
			inVaults[b.arn] = true
		}
	}
	for _, s := range e.Snapshots {
		arn := access.ARNOf(s.Ref())
		if !inVaults[arn] && !inVaults["arn:"+estate.Partition(s.Ref().Region)+":ec2:"+s.Ref().Region+"::snapshot/"+s.Ref().ID] {
			add(access.ARNOf(estate.Ref{Kind: "volume", Account: s.Ref().Account, Region: s.Ref().Region, ID: s.Volume}), copyOf{arn, "ec2:DeleteSnapshot", nil})
		}
	}
	for _, s := range e.DBSnapshots {
		if inVaults[s.Ref().ARN] || s.Type == "awsbackup" {
			continue
		}
		kind, action := "db:", "rds:DeleteDBSnapshot"
		if s.OfCluster {
			kind, action = "cluster:", "rds:DeleteDBClusterSnapshot"
		}
		add(fmt.Sprintf("arn:%s:rds:%s:%s:%s%s", estate.Partition(s.Ref().Region), s.Ref().Region, s.Ref().Account, kind, s.Source), copyOf{s.Ref().ARN, action, nil})
	}
	store := func(s estate.Subject) {
		if len(x.backups[access.ARNOf(s.Ref())]) > 0 {
			x.stores = append(x.stores, s)
		}
	}
	for _, v := range e.Volumes {
		store(v)
	}
	for _, d := range e.DBInstances {
		store(d)
	}
	for _, d := range e.DBClusters {
		store(d)
	}
	for _, t := range e.Tables {
		store(t)
	}
	for _, b := range e.Buckets {
		store(b)
	}
}

// can decides an action on a store. Tables and buckets may have policies of their own, and are asked about one by one.
func (x *erasing) can(p *access.Principal, a access.StoreAction) access.Answer {
	if strings.HasPrefix(a.Action, "s3:") || strings.HasPrefix(a.Action, "dynamodb:") {
		return x.c.Access().Can(p, a.Action, a.Resource)
	}
	return x.ask.Can(p, a.Action, a.Resource)
}

// never reports whether no policy of a principal speaks of an action.
func (x *erasing) never(p *access.Principal, action string) bool {
	key := p.ARN + " " + action
	none, ok := x.none[key]
	if !ok {
		none = permissions.Targets(p, action).None()
		x.none[key] = none
	}
	return none
}

// onVault is the decision on a vault itself, once for each principal.
func (x *erasing) onVault(p *access.Principal, b copyOf) access.Answer {
	key := p.ARN + " " + b.vault.Ref().ARN
	a, ok := x.vaults[key]
	if !ok {
		a = x.c.Access().Can(p, b.action, b.vault.Ref().ARN)
		x.vaults[key] = a
	}
	return a
}

// principals are all but root users and roles of services.
func (x *erasing) principals() []*access.Principal {
	return slices.DeleteFunc(slices.Clone(x.c.Access().Principals()), func(p *access.Principal) bool { return p.Kind == "root" || p.ServiceLinked() })
}

// erases says whether a principal can delete a backup by itself.
func (x *erasing) erases(p *access.Principal, b copyOf) (estate.Truth, access.Answer) {
	if x.never(p, b.action) {
		return estate.False, access.Answer{}
	}
	can := x.ask.Can
	if b.vault != nil && !b.vault.Policy.Absent() {
		can = x.c.Access().Can // its policy tells the vault's points from others
	}
	a := can(p, b.action, b.arn)
	truth := permissions.Decided(a.Decision)
	if b.vault == nil || truth == estate.False {
		return truth, a
	}
	// The policy of the vault counts for what is in it: what it denies on the vault it denies on its points.
	if onVault := x.onVault(p, b); x.denied(p, b.vault, onVault) != estate.False {
		return estate.And(truth, x.denied(p, b.vault, onVault).Not()), onVault
	}
	if b.vault.Locked {
		if !b.vault.LockDate.IsZero() && !x.c.Now.Before(b.vault.LockDate) {
			return estate.False, a // nobody takes the lock off
		}
		unlock := x.c.Access().Can(p, "backup:DeleteBackupVaultLockConfiguration", b.vault.Ref().ARN)
		return estate.And(truth, permissions.Decided(unlock.Decision)), a
	}
	return truth, a
}

// denied says whether the policy of a vault denies a principal, or may.
func (x *erasing) denied(p *access.Principal, v *estate.BackupVault, a access.Answer) estate.Truth {
	if _, unread := v.Policy.Unread(); unread {
		return estate.Unknown
	}
	if v.Policy.Absent() {
		return estate.False
	}
	source := "policy of backup vault " + v.Ref().ID
	for _, r := range a.Because {
		if a.Result == policy.ExplicitDeny && r.Source == source {
			return estate.True
		}
	}
	for _, d := range a.DependsOn {
		if d.Source == source && d.Effect == policy.Deny {
			return estate.Unknown
		}
	}
	return estate.False
}

// all says whether a principal can delete all of some backups.
func (x *erasing) all(p *access.Principal, of []copyOf) (estate.Truth, []answer.Fact, []estate.Gap) {
	truth := estate.True
	var facts []answer.Fact
	var doubts []estate.Gap
	for _, b := range of {
		t, a := x.erases(p, b)
		if t == estate.Unknown {
			doubts = append(doubts, permissions.AnswerGaps(a)...)
			if gap, unread := policyGap(b); unread {
				doubts = append(doubts, gap)
			}
		}
		if truth = estate.And(truth, t); truth == estate.False {
			return truth, nil, nil
		}
		if len(facts) < 3 {
			facts = append(facts, permissions.AnswerFacts(a)...)
		}
	}
	return truth, facts, doubts
}

func policyGap(b copyOf) (estate.Gap, bool) {
	if b.vault == nil {
		return estate.Gap{}, false
	}
	return b.vault.Policy.Unread()
}

func (x *erasing) judgeStore(s estate.Subject) {
	w, arn := x.c.Access(), access.ARNOf(s.Ref())
	copies := x.backups[arn]
	actions := access.StoreActions(arn, "destroys")
	var names []string
	var facts []answer.Fact
	hidden := slices.Concat(x.gaps, x.hidden(s)) // backups that nobody knows of
	doubts := slices.Clone(hidden)
	for _, gap := range x.c.Estate.Gaps("iam:GetAccountAuthorizationDetails") {
		if gap.Account == "*" || gap.Account == s.Ref().Account || slices.ContainsFunc(copies, func(b copyOf) bool { return b.vault != nil && b.vault.Ref().Account == gap.Account }) {
			doubts = append(doubts, gap)
		}
	}
	perhaps := []estate.Gap(nil)
	for _, p := range x.principals() {
		if p.Account != s.Ref().Account && !x.mentions.Lets(arn, p) {
			continue // across accounts the resource must let it
		}
		data, first := estate.False, access.Answer{}
		for _, action := range actions {
			if x.never(p, action.Action) {
				continue
			}
			a := x.can(p, action)
			if t := permissions.Decided(a.Decision); t > data || first.Principal == nil {
				data, first = t, a
			}
		}
		if data == estate.False {
			continue
		}
		both, how, unsure := x.all(p, copies)
		name := permissions.Call(w, p)
		if both == estate.False {
			if x.acts[p] == nil {
				x.acts[p] = w.ActsAs(p)
			}
			for _, q := range x.acts[p][1:] {
				if t, h, u := x.all(q, copies); t > both {
					both, how, unsure = t, h, u
					name = fmt.Sprintf("%s, by acting as %s", permissions.Call(w, p), permissions.Call(w, q))
				}
			}
		}
		switch estate.And(data, both) {
		case estate.True:
			names = append(names, name)
			if len(names) <= 2 {
				facts = append(append(facts, permissions.AnswerFacts(first)...), how...)
			}
		case estate.Unknown:
			perhaps = append(append(perhaps, permissions.AnswerGaps(first)...), unsure...)
		}
	}
	switch {
	case len(names) > 0 && len(hidden) == 0:
		x.breaks(s, names, facts, copies)
	case len(names) > 0:
		x.c.Unknown(s, "who can delete it can delete all its backups that are known, and whether those are all was not read", hidden...)
	case len(perhaps)+len(doubts) > 0:
		x.c.Unknown(s, "who can delete it and its backups was not read in full", append(doubts, perhaps...)...)
	default:
		x.c.Holds(s)
	}
}

// hidden are the listings of snapshots that could have told of further backups of a store.
func (x *erasing) hidden(s estate.Subject) []estate.Gap {
	op := map[string]operation.ID{"volume": "ec2:DescribeSnapshots", "db-instance": "rds:DescribeDBSnapshots", "db-cluster": "rds:DescribeDBClusterSnapshots"}[s.Ref().Kind]
	if op == "" {
		return nil
	}
	return slices.DeleteFunc(x.c.Estate.Gaps(op), func(g estate.Gap) bool {
		return g.Account != s.Ref().Account && g.Account != "*" || g.Region != s.Ref().Region && g.Region != "*"
	})
}

func (x *erasing) breaks(s estate.Subject, names []string, facts []answer.Fact, copies []copyOf) {
	of := fmt.Sprintf("all its %d backups", len(copies))
	if len(copies) == 1 {
		of = "its only backup"
	}
	const most = 3
	who := strings.Join(names[:min(len(names), most)], "; ")
	if len(names) > most {
		who += fmt.Sprintf("; and %d more", len(names)-most)
	}
	text := fmt.Sprintf("%s and %s can be deleted by one and the same: %s", describe(s), of, who)
	facts = append([]answer.Fact{{Text: "its backups: " + copies[0].String() + more(len(copies)-1), Operation: "backup:ListRecoveryPointsByBackupVault"}}, facts...)
	x.c.Breaks(s, control.Counter{Text: text, Facts: facts, Cause: eraserCause(s, copies)})
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// eraserCause is the vault that is not locked; where there is none, that there is none.
func eraserCause(s estate.Subject, copies []copyOf) answer.Cause {
	for _, b := range copies {
		if b.vault == nil {
			continue
		}
		ref := b.vault.Ref()
		return answer.Cause{
			Key: "backup-vault/" + ref.ARN + "/lock", Subject: ref,
			Title: fmt.Sprintf("what is in backup vault %s of %s/%s can be deleted by those who can delete what it is of", ref.ID, ref.Account, ref.Region),
			Fix: answer.Fix{
				Text: "Lock the vault, so that nobody deletes recovery points before their time; or copy them to a vault of another account.",
				CLI: []string{
					fmt.Sprintf("aws backup put-backup-vault-lock-configuration --region %s --backup-vault-name %s --min-retention-days 7 --max-retention-days 365 --changeable-for-days 3   # after three days nobody takes it back", ref.Region, control.ShellQuote(ref.ID)),
					fmt.Sprintf("aws backup start-copy-job --region %s --recovery-point-arn POINT --source-backup-vault-name %s --destination-backup-vault-arn arn:aws:backup:%s:OTHER:backup-vault:VAULT --iam-role-arn ROLE", ref.Region, control.ShellQuote(ref.ID), ref.Region),
				},
				Terraform: fmt.Sprintf("resource \"aws_backup_vault_lock_configuration\" \"this\" {\n  backup_vault_name   = %q\n  min_retention_days  = 7\n  max_retention_days  = 365\n  changeable_for_days = 3\n}", ref.ID),
			},
		}
	}
	ref := s.Ref()
	return answer.Cause{
		Key: control.CauseKey(ref, "snapshots-only"), Subject: ref,
		Title: describe(s) + " has snapshots only, which nothing locks",
		Fix:   answer.Fix{Text: "Back it up into a vault of AWS Backup that is locked, or into one of another account."},
	}
}

// judgeErasers answers "only ... can delete backups", principal by principal.
func (x *erasing) judgeErasers(only []claims.Principal) {
	w := x.c.Access()
	for _, p := range x.principals() {
		truth, first, gaps := estate.False, access.Answer{}, []estate.Gap(nil)
		for _, of := range x.order() {
			for _, b := range x.backups[of] {
				t, a := x.erases(p, b)
				if t == estate.Unknown {
					gaps = append(gaps, permissions.AnswerGaps(a)...)
					if gap, unread := policyGap(b); unread {
						gaps = append(gaps, gap)
					}
				}
				if t > truth {
					truth, first = t, a
				}
			}
		}
		if truth != estate.True {
			gaps = append(gaps, x.gaps...)
		}
		named, unsure := permissions.Named(w, only, p)
		s := permissions.Subject(p)
		switch {
		case named == estate.True:
			x.c.Holds(s)
		case truth == estate.True && named == estate.False:
			text := fmt.Sprintf("%s can delete backups, and is not among those who may", permissions.Call(w, p))
			x.c.Breaks(s, control.Counter{Text: text, Facts: permissions.AnswerFacts(first), Cause: permissions.Permit(first, text)})
		case truth == estate.False && len(gaps) == 0:
		case truth == estate.False && permissions.Targets(p, "backup:DeleteRecoveryPoint").None():
		default:
			x.c.Unknown(s, "whether it can delete backups was not read in full", append(gaps, unsure...)...)
		}
	}
}

func (x *erasing) order() []string {
	var all []string
	for of := range x.backups {
		all = append(all, of)
	}
	slices.Sort(all)
	return all
}
