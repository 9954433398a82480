package access

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// policed are one resource of each kind whose policy is read, of account one, with an action on it.
var policedKinds = []struct {
	kind, arn, action, on string // on: what the action is on, where that is not the resource itself
	add                   func(*small, estate.Resource, estate.Known[*policy.Document])
}{
	{"bucket", "arn:aws:s3:::b", "s3:GetObject", "arn:aws:s3:::b/x", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Buckets = append(s.Buckets, &estate.Bucket{Resource: r, Policy: p, Ownership: estate.Know(enforced), Block: estate.None[estate.PublicAccessBlock](), AccountBlock: estate.None[estate.PublicAccessBlock]()})
	}},
	{"key", "arn:aws:kms:us-east-1:" + one + ":key/k", "kms:Decrypt", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Keys = append(s.Keys, &estate.Key{Resource: r, Policy: p})
	}},
	{"queue", "arn:aws:sqs:us-east-1:" + one + ":q", "sqs:ReceiveMessage", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Queues = append(s.Queues, &estate.Queue{Resource: r, Policy: p})
	}},
	{"topic", "arn:aws:sns:us-east-1:" + one + ":t", "sns:Publish", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Topics = append(s.Topics, &estate.Topic{Resource: r, Policy: p})
	}},
	{"secret", "arn:aws:secretsmanager:us-east-1:" + one + ":secret:s-AbCdEf", "secretsmanager:GetSecretValue", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Secrets = append(s.Secrets, &estate.Secret{Resource: r, Policy: p})
	}},
	{"function", "arn:aws:lambda:us-east-1:" + one + ":function:f", "lambda:InvokeFunction", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Functions = append(s.Functions, &estate.Function{Resource: r, ResourcePolicy: p})
	}},
	{"repository", "arn:aws:ecr:us-east-1:" + one + ":repository/r", "ecr:BatchGetImage", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Repositories = append(s.Repositories, &estate.Repository{Resource: r, Policy: p})
	}},
	{"backup-vault", "arn:aws:backup:us-east-1:" + one + ":backup-vault:v", "backup:CopyIntoBackupVault", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.BackupVaults = append(s.BackupVaults, &estate.BackupVault{Resource: r, Policy: p})
	}},
	{"recovery-point", "arn:aws:backup:us-east-1:" + one + ":backup-vault:v", "backup:DeleteRecoveryPoint", "arn:aws:ec2:us-east-1::snapshot/snap-1", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.BackupVaults = append(s.BackupVaults, &estate.BackupVault{Resource: r, Policy: p, Points: estate.Know([]estate.RecoveryPoint{{ARN: "arn:aws:ec2:us-east-1::snapshot/snap-1"}})})
	}},
	{"table", "arn:aws:dynamodb:us-east-1:" + one + ":table/t", "dynamodb:GetItem", "", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		s.Tables = append(s.Tables, &estate.Table{Resource: r, Policy: p})
	}},
	{"file-system", "arn:aws:elasticfilesystem:us-east-1:" + one + ":file-system/fs-1", "elasticfilesystem:ClientMount", "", guard},
	{"event-bus", "arn:aws:events:us-east-1:" + one + ":event-bus/b", "events:PutEvents", "", guard},
	{"event-bus", "arn:aws:events:us-east-1:" + one + ":event-bus/default", "events:PutRule", "arn:aws:events:us-east-1:" + one + ":rule/r", guard},
	{"search-domain", "arn:aws:es:us-east-1:" + one + ":domain/d", "es:ESHttpGet", "arn:aws:es:us-east-1:" + one + ":domain/d/index/x", guard},
	{"log-policy", "arn:aws:logs:us-east-1:" + one + ":log-group:g", "logs:PutLogEvents", "arn:aws:logs:us-east-1:" + one + ":log-group:g:log-stream:s", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		r.Reference.Region, r.Reference.ARN = "us-east-1", ""
		guard(s, r, p)
	}},
	{"api", "arn:aws:apigateway:us-east-1::/restapis/a1", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:" + one + ":a1/prod/GET/x", func(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
		r.Reference.ID, r.Reference.Region = "a1", "us-east-1"
		s.APIs = append(s.APIs, &estate.API{Resource: r, Policy: p})
	}},
}

func guard(s *small, r estate.Resource, p estate.Known[*policy.Document]) {
	s.Guarded = append(s.Guarded, &estate.Guarded{Resource: r, Policy: p, Tells: "a:PolicyCall"})
}

// Policies of resources let other accounts in, deny their own, and make answers depend where they were not read: those of every kind.
func TestPoliciesOfResourcesCount(t *testing.T) {
	t.Parallel()
	for _, k := range policedKinds {
		on := k.on
		if on == "" {
			on = k.arn
		}
		name := k.arn[strings.LastIndexAny(k.arn, ":/")+1:]
		world := func(p estate.Known[*policy.Document]) *small {
			s := newSmall(t)
			service, _, _ := strings.Cut(k.action, ":")
			s.user(one, "native", `{"Effect": "Allow", "Action": "`+service+`:*", "Resource": "*"}`)
			s.user(two, "asks", `{"Effect": "Allow", "Action": "`+service+`:*", "Resource": "*"}`)
			k.add(s, resourceOf(k.kind, one, name, k.arn), p)
			return s
		}
		statement := func(effect, principal string) string {
			return `{"Effect": "` + effect + `", "Principal": {"AWS": "` + principal + `"}, "Action": "` + k.action + `", "Resource": "*"}`
		}
		known := func(s *small, statements ...string) estate.Known[*policy.Document] {
			return estate.Know(s.document(`{"Version": "2012-10-17", "Statement": [` + strings.Join(statements, ", ") + `]}`))
		}
		plain := newSmall(t)
		t.Run(k.kind+" "+k.action, func(t *testing.T) {
			t.Parallel()
			s := world(known(plain, statement("Allow", one), statement("Allow", "arn:aws:iam::"+two+":user/asks")))
			s.t = t
			s.answers("asks", k.action, on, policy.Allowed)
			s.answers("native", k.action, on, policy.Allowed)

			s = world(known(plain, statement("Allow", one), statement("Deny", "arn:aws:iam::"+one+":user/native")))
			s.t = t
			s.answers("native", k.action, on, policy.ExplicitDeny)
			s.answers("asks", k.action, on, policy.ImplicitDeny)

			s = world(estate.Unread[*policy.Document](denied("a:PolicyCall", name)))
			s.t = t
			s.dependsOn("asks", k.action, on, "a:PolicyCall")
			s.dependsOn("native", k.action, on, "a:PolicyCall")
		})
	}
}

// Of what may have a policy that nothing reads, no answer passes it over.
func TestPoliciesThatNothingReadsMakeAnswersDepend(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "native", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	s.user(one, "silent", "")
	s.user(two, "asks", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	for service, kinds := range unpoliced {
		for _, k := range kinds {
			arn := "arn:aws:" + service + ":us-east-1:" + one + ":" + k.begins + "x"
			for _, name := range []string{"native", "silent", "asks"} {
				s.dependsOn(name, service+":GetSomething", arn, string(k.tells))
			}
		}
	}
	s.answers("native", "glue:StartJobRun", "arn:aws:glue:us-east-1:"+one+":job/x", policy.Allowed) // jobs have none
}

// Who reads authorization details alone takes what nobody asked for as not there, but not what nothing reads.
func TestPoliciesThatNothingReadsAreNotAssumedAway(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "native", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	w := New(s.Estate, Options{AsRead: true})
	arn := "arn:aws:kinesis:us-east-1:" + one + ":stream/x"
	if a := w.Can(w.ByARN("arn:aws:iam::"+one+":user/native"), "kinesis:GetRecords", arn); a.Result != policy.Depends {
		t.Errorf("%s, want depends", a.Result)
	}
}

// A vault may hold the point where what is in it was not read, and its policy may deny.
func TestARecoveryPointOfNobodyKnowsWhichVaultDepends(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "native", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	const arn = "arn:aws:backup:us-east-1:" + one + ":recovery-point:1"
	s.answers("native", "backup:DeleteRecoveryPoint", arn, policy.Allowed)
	v := &estate.BackupVault{Resource: resourceOf("backup-vault", one, "v", "arn:aws:backup:us-east-1:"+one+":backup-vault:v"),
		Policy: estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}}`)),
		Points: estate.Unread[[]estate.RecoveryPoint](denied("backup:ListRecoveryPointsByBackupVault", "v"))}
	v.Reference.Region = "us-east-1"
	s.BackupVaults = append(s.BackupVaults, v)
	s.dependsOn("native", "backup:DeleteRecoveryPoint", arn, "backup:ListRecoveryPointsByBackupVault")
}
