package exposure_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/reach"
)

// TestTheForgottenServerCommandsOthers: from the demo's Jenkins its role runs commands on the other hosts of its account, from
// there packets go on, and one of the hosts leads to administrator in another account.
func TestTheForgottenServerCommandsOthers(t *testing.T) {
	t.Parallel()
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	e, _ := load.Load(set)
	i := slices.IndexFunc(e.Instances, func(i *estate.Instance) bool { return i.Reference.Name == "jenkins" })
	b, err := exposure.BlastOf(access.New(e, access.Options{AsRead: true}), reach.Of(e), e.Instances[i].Reference)
	if err != nil {
		t.Fatal(err)
	}
	commanded := 0
	for n, h := range b.Hops {
		if h.From >= n {
			t.Errorf("hop %d comes from %d", n, h.From)
		}
		if h.Ref.Kind == "instance" && strings.Contains(h.Text, "run command") {
			commanded++
		}
	}
	if commanded < 30 {
		t.Errorf("%d hosts are commanded, want the account's others: %+v", commanded, b.Hops)
	}
	if !slices.ContainsFunc(b.Packets, func(p exposure.BlastPacket) bool { return p.From.Name != "jenkins" }) {
		t.Error("no packets are followed from the hosts that are commanded")
	}
	if !slices.ContainsFunc(b.Stores, func(s exposure.BlastStore) bool {
		return s.Ref.ID == "acme-tools-backup" && s.Reads == access.Yes && s.Writes == access.Yes && s.Destroys == access.No
	}) {
		t.Errorf("acme-tools-backup is not read and written: %+v", b.Stores)
	}
	if b.Administrator.Strength != access.Yes || !strings.Contains(b.Administrator.By, "assumes role ReleaseManager") {
		t.Errorf("administrator: %s by %s, want the way through the release host to another account", b.Administrator.Strength, b.Administrator.By)
	}
}

// made is an estate of one account: a function whose role is told by a statement, a bucket, a snapshot and a locked vault.
func made(t *testing.T, statements string) (*estate.Estate, estate.Ref) {
	t.Helper()
	const account = "111111111111"
	e := &estate.Estate{Accounts: []*estate.Account{{ID: account, Regions: estate.Know([]string{"us-east-1"}), Organization: estate.None[string]()}}}
	for _, o := range operation.All() {
		for _, region := range []string{estate.Global, "us-east-1"} {
			e.Note(estate.Reading{Place: estate.Place{Account: account, Region: region}, Operation: o.ID, Outcome: operation.OK})
		}
	}
	d, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	trust, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(kind, region, id, arn string) estate.Resource {
		return estate.Resource{Labels: estate.None[map[string]string](), Reference: estate.Ref{Kind: kind, Account: account, Region: region, ID: id, ARN: arn}}
	}
	e.Roles = []*estate.Role{{Resource: at("role", estate.Global, "runs", "arn:aws:iam::"+account+":role/runs"), Trust: estate.Know(trust), Profiles: []string{},
		Attached: estate.Attached{Inline: []estate.Inline{{Name: "inline", Document: estate.Know(d)}}}}}
	f := &estate.Function{Resource: at("function", "us-east-1", "f", "arn:aws:lambda:us-east-1:"+account+":function:f"), Role: e.Roles[0].Reference.ARN, ResourcePolicy: estate.None[*policy.Document]()}
	e.Functions = []*estate.Function{f}
	e.Buckets = []*estate.Bucket{{Resource: at("bucket", "us-east-1", "b", "arn:aws:s3:::b"), Policy: estate.None[*policy.Document]()}}
	e.Snapshots = []*estate.Snapshot{{Resource: at("snapshot", "us-east-1", "snap-1", "")}}
	e.BackupVaults = []*estate.BackupVault{{Resource: at("backup-vault", "us-east-1", "v", "arn:aws:backup:us-east-1:"+account+":backup-vault:v"), Locked: true, Policy: estate.None[*policy.Document](),
		Points: estate.Know([]estate.RecoveryPoint{{ARN: "arn:aws:backup:us-east-1:" + account + ":recovery-point:1"}})}}
	return e, f.Reference
}

func TestBlastOfAFunction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, statements string
		want             string
	}{
		{"nothing", `{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}`, ""},
		{"reads", `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}`, "b:reads"},
		{"destroys backups, not locked ones", `{"Effect": "Allow", "Action": ["ec2:DeleteSnapshot", "backup:*"], "Resource": "*"}`, "snap-1:destroys gives"},
		{"blinds", `{"Effect": "Allow", "Action": "cloudtrail:StopLogging", "Resource": "*"}`, "blinds"},
		{"makes users", `{"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}`, "users"},
		{"everything", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, "b:reads b:writes b:destroys snap-1:reads snap-1:destroys administrator users blinds gives"},
	} {
		e, f := made(t, c.statements)
		b, err := exposure.BlastOf(access.New(e, access.Options{}), nil, f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range b.Stores {
			for _, x := range []struct {
				word string
				s    access.Strength
			}{{"reads", s.Reads}, {"writes", s.Writes}, {"destroys", s.Destroys}} {
				if x.s == access.Yes {
					got = append(got, s.Ref.ID+":"+x.word)
				}
			}
		}
		for _, x := range []struct {
			word string
			exposure.BlastPower
		}{{"administrator", b.Administrator}, {"users", b.Users}, {"blinds", b.Blinds}, {"gives", b.Gives}} {
			if x.Strength == access.Yes {
				got = append(got, x.word)
				if len(x.Answers) == 0 || x.By == "" {
					t.Errorf("%s: nothing shows why it %s", c.name, x.word)
				}
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// TestBlastOfAKey: what it encrypts is read by whoever gets at the bytes, and lost for everybody with the key, however the key is named.
func TestBlastOfAKey(t *testing.T) {
	t.Parallel()
	e, _ := made(t, `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`)
	account := e.Accounts[0].ID
	of := func(kind, id string) estate.Resource {
		return estate.Resource{Reference: estate.Ref{Kind: kind, Account: account, Region: "us-east-1", ID: id, ARN: "arn:aws:kms:us-east-1:" + account + ":" + kind + "/" + id}}
	}
	key := &estate.Key{Resource: of("key", "k-1"), Aliases: estate.Know([]string{"alias/data"})}
	e.Keys = []*estate.Key{key}
	arn := key.Reference.ARN
	e.Volumes = []*estate.Volume{{Resource: of("volume", "by-arn"), KMSKey: arn}, {Resource: of("volume", "by-another"), KMSKey: arn + "x"}, {Resource: of("volume", "plain")}}
	e.Queues = []*estate.Queue{{Resource: of("queue", "by-id"), KMSKey: estate.Know("k-1")}, {Resource: of("queue", "by-alias"), KMSKey: estate.Know("alias/data")},
		{Resource: of("queue", "by-another-alias"), KMSKey: estate.Know("alias/aws/sqs")}, {Resource: of("queue", "own"), KMSKey: estate.None[string]()},
		{Resource: of("queue", "unread"), KMSKey: estate.Unread[string](estate.Gap{Operation: "sqs:GetQueueAttributes"})}}
	e.Snapshots[0].KMSKey = "arn:aws:kms:us-east-1:" + account + ":alias/data"
	e.Secrets = []*estate.Secret{{Resource: estate.Resource{Reference: estate.Ref{Kind: "secret", Account: account, Region: "eu-west-1", ID: "elsewhere"}}, KMSKey: "alias/data"}}
	e.Buckets[0].Encryption = estate.None[estate.BucketEncryption]()

	b, err := exposure.BlastOf(access.New(e, access.Options{}), nil, key.Reference)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range b.Stores {
		if s.Reads != access.May || s.Writes != access.No || s.Destroys != access.Yes {
			t.Errorf("%s: %+v", s.Ref.ID, s)
		}
		got = append(got, s.Ref.ID)
	}
	slices.Sort(got)
	if want := []string{"by-alias", "by-arn", "by-id", "snap-1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if len(b.Unread) != 1 || !strings.Contains(b.Unread[0], "queue unread") {
		t.Errorf("not read: %q", b.Unread)
	}

	key.Aliases = estate.Unread[[]string](estate.Gap{Operation: "kms:ListAliases"})
	if b, err = exposure.BlastOf(access.New(e, access.Options{}), nil, key.Reference); err != nil || len(b.Unread) != 4 {
		t.Errorf("%v; without aliases not read: %q", err, b.Unread)
	}
}

func TestBlastOfWhatRunsAsNobody(t *testing.T) {
	t.Parallel()
	e, _ := made(t, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)
	if _, err := exposure.BlastOf(access.New(e, access.Options{}), nil, e.Buckets[0].Reference); err == nil {
		t.Error("a bucket has a blast")
	}
}
