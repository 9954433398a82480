package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	model "github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/responses"
	"github.com/onus-cloud/onus/internal/testbed"
)

// TestPermissions: what the AWS SDK reads of resource policies, roles, the organisation and its directory arrives in the estate, what
// the AWS CLI prints of the same arrives alike, and nothing secret or personal is on the way.
func TestPermissions(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t)
	var seeded struct{ Planted, Member, Unit, Root string }
	if err := json.Unmarshal([]byte(bed.Seed(t, "permissions.py")), &seeded); err != nil {
		t.Fatal(err)
	}
	recording := filepath.Join(t.TempDir(), "recording")
	if r := onus(t, bed.Env("111122223333"), "collect", "-o", recording, "--region", "us-east-1"); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	for name, text := range recordingFiles(t, recording) {
		if strings.Contains(text, seeded.Planted) {
			t.Errorf("%s shows what was planted", filepath.Base(name))
		}
	}
	set, err := responses.ReadRecording(os.DirFS(recording), recording)
	if err != nil {
		t.Fatal(err)
	}
	e, problems := load.Load(set)
	for _, p := range problems {
		t.Error(p)
	}
	want := map[string]string{
		"queue orders": "sqs:SendMessage", "queue of-stack": "none", "topic alarms": "sns:Publish", "secret shop/db": "secretsmanager:GetSecretValue",
		"repository shop/web": "ecr:BatchGetImage", "repository shop/bare": "none", "key alias/shop": "kms:*", "grant to grantee": "Decrypt",
		"table carts": "dynamodb:GetItem", "access point readers": "s3:GetObject", "function ship": "lambda:InvokeFunction", "parameter /shop/db/url": "SecureString",

		"instance": "host", "launch template": "host", "event source": "orders to ship", "task definition web:1": "task, execution",
		"build-project deploy": "build", "state-machine flow": "flow", "job-definition nightly:1": "job", "notebook lab": "notebook", "stack net": "stack",
		"stack-set base": "stack-set", "glue-job etl": "etl", "glue-dev-endpoint try": "try",
		"cluster k8s": "cluster", "node group big": "nodes", "identity pool app": "guests true, login.app, graph.facebook.com",

		"path":                     strings.Join([]string{seeded.Root, seeded.Unit, seeded.Member}, "/"),
		"delegated":                seeded.Member + " guardduty.amazonaws.com",
		"permission set Operators": "ssm:StartSession 2h0m0s", "user": "ann", "group Ops": "1 member",
		"oidc-provider oidc.example.com/id/ABC": "sts.amazonaws.com", "saml-provider adfs": "",
	}
	if diff := cmp.Diff(want, summary(e, seeded.Member)); diff != "" {
		t.Errorf("from the recording (-want +got):\n%s", diff)
	}

	folder := t.TempDir()
	var commands []testbed.Command
	for r := range set.All() {
		if c, ok := command(folder, r); ok && r.Outcome.Complete() { // what moto does not serve takes the CLI long to give up
			commands = append(commands, c)
		}
	}
	bed.AWS(t, commands)
	set, err = responses.ReadAWSCLI(os.DirFS(folder), folder, time.Now(), responses.NewRedactor(nil), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	for r := range set.All() {
		for _, page := range r.Pages {
			if strings.Contains(string(page), seeded.Planted) {
				t.Errorf("what was imported of %s shows what was planted", r.Operation)
			}
		}
	}
	e, _ = load.Load(set)
	if diff := cmp.Diff(want, summary(e, seeded.Member)); diff != "" {
		t.Errorf("from the AWS CLI's output (-want +got):\n%s", diff)
	}
}

// summary says in a word what is known of everything that the seed made.
func summary(e *model.Estate, member string) map[string]string {
	all := map[string]string{}
	allows := func(what string, d model.Known[*policy.Document]) {
		document, ok := d.Value()
		switch {
		case ok:
			all[what] = document.Statements[0].Action[0]
		case d.Absent():
			all[what] = "none"
		default:
			gap, _ := d.Unread()
			all[what] = gap.String()
		}
	}
	for _, q := range e.Queues {
		allows("queue "+q.Reference.ID, q.Policy)
	}
	for _, x := range e.Topics {
		allows("topic "+x.Reference.ID, x.Policy)
	}
	for _, x := range e.Secrets {
		allows("secret "+x.Reference.ID, x.Policy)
	}
	for _, x := range e.Repositories {
		allows("repository "+x.Reference.ID, x.Policy)
	}
	for _, k := range e.Keys {
		aliases, _ := k.Aliases.Value()
		if slices.Contains(aliases, "alias/shop") { // the others are AWS's
			allows("key alias/shop", k.Policy)
		}
		grants, _ := k.Grants.Value()
		for _, g := range grants {
			all["grant to "+tail(g.Grantee)] = strings.Join(g.Operations, " ")
		}
	}
	for _, x := range e.Tables {
		allows("table "+x.Reference.ID, x.Policy)
	}
	for _, x := range e.AccessPoints {
		allows("access point "+x.Reference.ID, x.Policy)
	}
	for _, x := range e.Functions {
		allows("function "+x.Reference.ID, x.ResourcePolicy)
	}
	for _, x := range e.Parameters {
		all["parameter "+x.Reference.ID] = x.Type
	}

	roles := func(account, profile string) string {
		var names []string
		for _, r := range e.ProfileRoles(account, profile) {
			names = append(names, r.Reference.ID)
		}
		return strings.Join(names, " ")
	}
	for _, i := range e.Instances {
		all["instance"] = roles(i.Reference.Account, i.Profile)
	}
	for _, l := range e.LaunchTemplates {
		for _, v := range l.Versions {
			all["launch template"] = roles(l.Reference.Account, v.Profile)
		}
	}
	for _, m := range e.EventSources {
		all["event source"] = tail(m.Source) + " to " + tail(m.Function)
	}
	for _, d := range e.TaskDefinitions {
		v, _ := d.Description.Value()
		all["task definition "+d.Reference.ID] = tail(v.TaskRole) + ", " + tail(v.ExecutionRole)
	}
	for _, w := range e.Workloads {
		uses, _ := w.Roles.Value()
		var names []string
		for _, r := range uses {
			names = append(names, tail(r.ARN))
		}
		all[w.Reference.Kind+" "+w.Reference.ID] = strings.Join(names, " ")
	}
	for _, k := range e.KubernetesClusters {
		d, _ := k.Description.Value()
		all["cluster "+k.Reference.ID] = tail(d.Role)
		groups, _ := k.NodeGroups.Value()
		for _, g := range groups {
			d, _ := g.Description.Value()
			all["node group "+g.Name] = tail(d.Role)
		}
	}

	path, _ := e.Organization.Path(member).Value()
	all["path"] = strings.Join(path, "/")
	delegated, _ := e.Organization.Delegated.Value()
	for _, d := range delegated {
		services, _ := d.Services.Value()
		all["delegated"] = d.Account + " " + strings.Join(services, " ")
	}
	for _, s := range e.PermissionSets {
		allows("permission set "+s.Reference.Name, s.Inline)
		session, _ := s.Session.Value()
		all["permission set "+s.Reference.Name] += " " + session.String()
	}
	for _, c := range e.IdentityCenters {
		users, _ := c.Users.Value()
		for _, u := range users {
			all["user"] = u.Name
		}
		groups, _ := c.Groups.Value()
		for _, g := range groups {
			members, _ := g.Members.Value()
			all["group "+g.Name] = fmt.Sprintf("%d member", len(members))
		}
	}
	for _, p := range e.IdentityPools {
		d, _ := p.Description.Value()
		all["identity pool "+p.Reference.Name] = fmt.Sprintf("guests %t, %s, %s", d.Guests, d.Developer, strings.Join(d.Providers, " "))
	}
	for _, p := range e.Providers {
		audiences, _ := p.Audiences.Value()
		all[p.Reference.Kind+" "+p.Reference.ID] = strings.Join(audiences, " ")
	}
	return all
}

// tail is the name at the end of an ARN.
func tail(arn string) string { return arn[strings.LastIndexAny(arn, ":/")+1:] }
