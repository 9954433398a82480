package access

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/responses"
)

const examples = "123456789012" // the account of the examples

// gaad loads authorization details as `aws iam get-account-authorization-details` prints them, and what the files list besides.
func gaad(t testing.TB, files ...string) *estate.Estate {
	t.Helper()
	dir := t.TempDir()
	var others []other
	var all []byte
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// The conversion from Terraform wrote addresses of Terraform where it could not know the ARN: an instance's, a Region's name.
		body = bytes.ReplaceAll(body, []byte("arn:aws:aws_instance:us-east-1:"+examples+":target"), []byte("arn:aws:ec2:us-east-1:"+examples+":instance/i-0123456789abcdef0"))
		body = bytes.ReplaceAll(body, []byte(":unresolved:data.aws_region.current.id:"), []byte(":us-east-1:"))
		name := filepath.Join(dir, "iam", "get-account-authorization-details", string(rune('a'+i))+".json")
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
		var x struct {
			Other []other `json:"x_other"`
		}
		if err := json.Unmarshal(body, &x); err != nil {
			t.Fatal(err)
		}
		others = append(others, x.Other...)
		all = append(all, body...)
	}
	set, err := responses.ReadAWSCLI(os.DirFS(dir), "test", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	e, problems := load.Load(set)
	for _, p := range append(set.Problems, problems...) {
		t.Log(p)
	}
	for _, o := range others {
		// Functions go by what the scenario calls them, not Terraform's name.
		if yaml, err := os.ReadFile(strings.TrimSuffix(files[0], ".gaad.json") + ".scenario.yaml"); err == nil && o.Type == "aws_lambda_function" {
			if m := regexp.MustCompile(`:function[:/]([^"]+)"`).FindSubmatch(append(yaml, all...)); m != nil {
				o.Name = string(m[1])
			}
		}
		o.add(e)
	}
	return e
}

// other is what a scenario has besides IAM, as its files tell: enough to say what runs as which role.
type other struct{ Name, Role, Type string }

func (o other) add(e *estate.Estate) {
	at := func(kind, service, resource string) estate.Resource {
		return estate.Resource{Reference: estate.Ref{Kind: kind, Account: examples, Region: "us-east-1", ID: o.Name,
			ARN: "arn:aws:" + service + ":us-east-1:" + examples + ":" + resource}, Labels: estate.None[map[string]string]()}
	}
	workload := func(kind, service, resource string) {
		e.Workloads = append(e.Workloads, &estate.Workload{Resource: at(kind, service, resource), Roles: estate.Know([]estate.RoleUse{{ARN: o.Role}})})
	}
	switch o.Type {
	case "aws_lambda_function":
		e.Functions = append(e.Functions, &estate.Function{Resource: at("function", "lambda", "function:"+o.Name), Role: o.Role, ResourcePolicy: estate.None[*policyDocument]()})
	case "aws_iam_instance_profile":
		for _, r := range e.Roles {
			if r.Reference.ID == o.Role {
				r.Profiles = append(r.Profiles, "arn:aws:iam::"+examples+":instance-profile/"+o.Name)
			}
		}
	case "aws_instance":
		e.Instances = append(e.Instances, &estate.Instance{Resource: at("instance", "ec2", "instance/i-0123456789abcdef0"), State: "running", Profile: "arn:aws:iam::" + examples + ":instance-profile/" + o.Role,
			Managed: estate.Know(estate.Management{PingStatus: "Online"})})
	case "aws_codebuild_project":
		workload("build-project", "codebuild", "project/"+o.Name)
	case "aws_cloudformation_stack":
		workload("stack", "cloudformation", "stack/"+o.Name+"/1")
	case "aws_sagemaker_notebook_instance":
		workload("notebook", "sagemaker", "notebook-instance/"+o.Name)
	case "aws_launch_template":
		e.LaunchTemplates = append(e.LaunchTemplates, &estate.LaunchTemplate{Resource: at("launch-template", "ec2", "launch-template/lt-0123456789abcdef0")})
	}
}

func TestIAMVulnerable(t *testing.T) {
	t.Parallel()
	// What differs, and why.
	differs := map[string]string{
		"privesc-AssumeRole-start-user": "the conversion has the first role of the chain trust user deployer, whom the file lacks: this user may do nothing",
	}
	// Both files are of one account: fn1's role to pass is in the other.
	e := gaad(t, "testdata/iam-vulnerable/privesc-paths.gaad.json", "testdata/iam-vulnerable/tool-testing.gaad.json")
	w := New(e, Options{AsRead: true})
	admin, privileges := w.Escalate(Administrator), w.Escalate(Goal{Kind: "privileges"})
	agree := 0
	pattern := regexp.MustCompile(`^(privesc|fn|fp)`)
	for _, p := range w.Principals() {
		if !pattern.MatchString(p.Name) || p.Name == "privesc-permissive-role-trust" || p.Kind == "root" {
			continue
		}
		want := !strings.HasPrefix(p.Name, "fp")
		got := admin.Strength(p)
		how := "becomes administrator: " + got.String()
		if got == No {
			got = privileges.Strength(p)
			how = "changes privileges of others, and cannot act as them: " + got.String()
		}
		switch {
		case (got > No) == want:
			agree++
			t.Logf("agree   %-70s %s", p.called(), how)
		case differs[p.Name] != "":
			t.Logf("differs %-70s %s: %s", p.called(), how, differs[p.Name])
		default:
			t.Errorf("differs %-70s %s, want found: %t", p.called(), how, want)
		}
	}
	if agree != 84 {
		t.Errorf("%d agree, want 84", agree)
	}
}

func TestPathfindingLabs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/pathfinding-labs/*.gaad.json")
	if err != nil || len(files) != 50 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	// What differs, and why.
	differs := map[string]string{
		"cross-account~ops-to-prod~one-hop~simple-role-assumption": "the conversion lost what is attached to pl-x-account-prod-admin-role: it may do nothing",
	}
	agree := map[string]int{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gaad.json")
		yaml, err := os.ReadFile(strings.TrimSuffix(file, ".gaad.json") + ".scenario.yaml")
		if err != nil {
			t.Fatal(err)
		}
		e := gaad(t, file)
		w := New(e, Options{AsRead: true})
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		start, why := starting(w, string(yaml))
		if start == nil {
			agree["differs"]++
			t.Logf("differs %s: %s", name, why)
			continue
		}
		goal := Administrator
		if regexp.MustCompile(`(?m)^target: "to-bucket"`).Match(yaml) {
			goal = Goal{Kind: "stores", Stores: []string{"arn:aws:s3:::" + bucket(string(body))}}
		}
		path := w.Escalate(goal).Of(start)
		if path == nil {
			agree["differs"]++
			if why := differs[name]; why != "" {
				t.Logf("differs %s: %s", name, why)
				continue
			}
			t.Errorf("differs %s: %s does not reach %s", name, start.called(), goal.Kind)
			continue
		}
		agree[path.Strength.String()]++
		steps := []string{}
		for _, s := range path.Steps {
			steps = append(steps, s.ID)
		}
		_, unread := path.Depends()
		t.Logf("%-7s %s: %s > %s %s", path.Strength, name, strings.Join(steps, " > "), path.End, strings.Join(unread, "; "))
	}
	// Unknown: a workload, a cluster or a password that the details cannot show must exist; the reasons are above.
	if want := (map[string]int{"yes": 35, "unknown": 14, "differs": 1}); !maps.Equal(agree, want) {
		t.Errorf("%v, want %v", agree, want)
	}
}

// starting is the first principal of a scenario that is a user or a role; where the conversion lacks it, the next.
func starting(w *World, yaml string) (*Principal, string) {
	for _, m := range regexp.MustCompile(`(?m)^ +- "arn:aws:iam::[^:]*:((?:user|role)/[^"]+)"`).FindAllStringSubmatch(yaml, -1) {
		if p, err := w.Principal("arn:aws:iam::" + examples + ":" + m[1]); err == nil {
			return p, ""
		}
	}
	for _, like := range []string{"starting-user", "lambda-admin"} { // the second: of whoever calls a public function
		if i := slices.IndexFunc(w.Principals(), func(p *Principal) bool { return strings.Contains(p.Name, like) }); i >= 0 {
			return w.Principals()[i], ""
		}
	}
	return nil, "the conversion has none of its principals"
}

// bucket is the one that a scenario's roles are about, as its policies call it.
func bucket(body string) string {
	for _, m := range regexp.MustCompile(`arn:aws:s3:::([^"/ *]+)"`).FindAllStringSubmatch(body, -1) {
		if !strings.Contains(m[1], "exfil") && !strings.Contains(m[1], "attacker") {
			return m[1]
		}
	}
	return "none"
}

type policyDocument = policy.Document
