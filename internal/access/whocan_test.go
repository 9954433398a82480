package access

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/generate"
	"github.com/onus-cloud/onus/internal/policy"
)

// Whoever WhoCan decides for together, Decide answers alike: result, statements and sentences.
func TestWhoCanIsDecideForEach(t *testing.T) {
	t.Parallel()
	seen := map[policy.Result]int{}
	for seed := range uint64(4) {
		e, _ := generate.Permissions(600, seed)
		e.Buckets = append(e.Buckets, bucketsToAskAbout(t, e)...)
		w := New(e, Options{})
		questions := [][2]string{{"s3:GetObject", "arn:aws:s3:::app-0001-300000000001/x"}, {"sts:AssumeRole", "arn:aws:iam::300000000002:role/power/chain-end"},
			{"iam:PassRole", "arn:aws:iam::300000000001:role/power/billing-function"}, {"iam:CreateUser", "*"}, {"sts:GetCallerIdentity", "*"}}
		for _, b := range e.Buckets {
			questions = append(questions, [2]string{"s3:GetObject", ARNOf(b.Reference) + "/x"}, [2]string{"s3:ListBucket", ARNOf(b.Reference)})
		}
		for i, p := range w.Principals() {
			if i%97 == 0 {
				questions = append(questions, [2]string{"sts:AssumeRole", p.ARN}, [2]string{"iam:CreateAccessKey", p.ARN}, [2]string{"iam:PutRolePolicy", p.ARN})
			}
		}
		for _, q := range questions {
			got := map[*Principal]policy.Decision{}
			for _, a := range w.WhoCan(q[0], q[1]) {
				got[a.Principal] = a.Decision
			}
			for _, p := range w.Principals() {
				want := w.Can(p, q[0], q[1]).Decision
				seen[want.Result]++
				decision, listed := got[p]
				if passes := want.Result == policy.Allowed || want.Result == policy.Depends; passes != listed || listed && !reflect.DeepEqual(decision, want) {
					t.Fatalf("seed %d: %s %s on %s:\n%+v, want\n%+v", seed, p.ARN, q[0], q[1], decision, want)
				}
			}
		}
	}
	for _, r := range []policy.Result{policy.ImplicitDeny, policy.Allowed, policy.ExplicitDeny, policy.Depends} {
		if seen[r] == 0 {
			t.Errorf("nothing was %s", r)
		}
	}
}

// bucketsToAskAbout have policies that tell principals apart in every way: by name, by session, by tag, by variable.
func bucketsToAskAbout(t *testing.T, e *estate.Estate) []*estate.Bucket {
	t.Helper()
	s := &small{t, e}
	account := e.Accounts[0].ID
	var all []*estate.Bucket
	add := func(statement string) {
		name := fmt.Sprintf("asked-%d", len(all))
		b := &estate.Bucket{Resource: resourceOf("bucket", account, name, "arn:aws:s3:::"+name), Ownership: estate.Know("BucketOwnerEnforced")}
		if statement != "" {
			b.Policy = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": [` + statement + `]}`))
		}
		all = append(all, b)
	}
	role, user := e.Roles[0].Reference, e.Users[0].Reference
	allow := func(principal, condition string) string {
		return `{"Effect": "Allow", "Principal": ` + principal + `, "Action": "s3:*", "Resource": "*"` + condition + `}`
	}
	add("")
	add(allow(`{"AWS": ["`+role.ARN+`", "`+user.ARN+`"]}`, ""))
	add(allow(`{"AWS": "arn:aws:sts::`+role.Account+`:assumed-role/`+role.ID+`/x"}`, ""))
	add(allow(`"*"`, `, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "billing"}}`))
	add(allow(`"*"`, `, "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/power/*"}}`))
	add(allow(`"*"`, `, "Condition": {"StringEquals": {"aws:username": "${aws:username}"}}`))
	add(`{"Effect": "Deny", "NotPrincipal": {"AWS": "` + user.ARN + `"}, "Action": "s3:*", "Resource": "*"}`)
	all[0].Ownership = estate.None[string]()
	all[0].Policy = estate.None[*policy.Document]()
	return all
}
