package load

import (
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/responses"
)

// imported reads an archive of what the AWS CLI prints.
func imported(t *testing.T, archive string) *responses.Set {
	t.Helper()
	text, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, f := range txtar.Parse(text).Files {
		folder[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return importedFrom(t, folder)
}

func importedFrom(t *testing.T, folder fs.FS) *responses.Set {
	t.Helper()
	set, err := responses.ReadAWSCLI(folder, "test", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Problems {
		t.Error(p)
	}
	return set
}

const (
	permissionsArchive = "testdata/permissions.txtar"
	jenkins            = "arn:aws:iam::222233334444:role/ci/jenkins"
)

var shop = estate.Place{Account: "222233334444", Region: "eu-west-1"}

func loaded(t *testing.T) *estate.Estate {
	t.Helper()
	e, problems := Load(imported(t, permissionsArchive))
	for _, p := range problems {
		t.Error(p)
	}
	return e
}

// effect is what the first statement of a known policy does: "Allow kms:*".
func effect(d estate.Known[*policy.Document]) string {
	document, ok := d.Value()
	if !ok {
		if d.Absent() {
			return "absent"
		}
		return "unread"
	}
	return fmt.Sprintf("%s %s", document.Statements[0].Effect, document.Statements[0].Action[0])
}

func TestResourcePolicies(t *testing.T) {
	t.Parallel()
	e := loaded(t)
	got := map[string]string{
		"key":          effect(e.Keys[0].Policy),
		"queue":        effect(e.Queues[0].Policy),
		"topic":        effect(e.Topics[0].Policy),
		"secret":       effect(e.Secrets[0].Policy),
		"repository":   effect(e.Repositories[0].Policy),
		"access point": effect(e.AccessPoints[0].Policy),
		"table":        effect(e.Tables[0].Policy),
		"vault":        effect(e.BackupVaults[0].Policy),
		"function":     effect(e.Functions[0].ResourcePolicy),
		"endpoint":     effect(e.Endpoints[0].Policy),
	}
	want := map[string]string{
		"key": "Allow kms:*", "queue": "Allow SQS:SendMessage", "topic": "Allow SNS:Publish", "secret": "absent", "repository": "Allow ecr:BatchGetImage",
		"access point": "absent", "table": "Allow dynamodb:GetItem", "vault": "Deny backup:DeleteRecoveryPoint", "function": "Allow lambda:InvokeFunction",
		"endpoint": "Allow s3:GetObject",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}

	key := e.Keys[0]
	grants := []estate.Grant{{ID: "0b", Grantee: jenkins, Retiring: "arn:aws:iam::222233334444:root", Operations: []string{"Decrypt", "Encrypt"}, ContextSubset: map[string]string{"app": "shop"}, SourceARN: "arn:aws:s3:::shop"}}
	if diff := cmp.Diff(grants, value(t, "grants", key.Grants)); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	if got := value(t, "aliases", key.Aliases); !slices.Equal(got, []string{"alias/shop"}) {
		t.Errorf("aliases are %q", got)
	}
	if q := e.Queues[0]; q.Reference.ARN != "arn:aws:sqs:eu-west-1:222233334444:orders" || value(t, "key of the queue", q.KMSKey) != "alias/shop" {
		t.Errorf("queue: %+v", q)
	}
	if topic := e.Topics[0]; topic.Reference.ID != "alarms" || !topic.KMSKey.Absent() {
		t.Errorf("topic: %+v", topic)
	}
	if s := e.Secrets[0]; s.Reference.ID != "shop/db" || !s.Rotation || s.Service != "rds" || s.Accessed.IsZero() || s.KMSKey != "alias/shop" {
		t.Errorf("secret: %+v", s)
	}
	if r := e.Repositories[0]; r.Reference.ID != "shop/web" || !r.Immutable {
		t.Errorf("repository: %+v", r)
	}
	if p := e.Parameters[0]; p.Reference.ID != "/shop/db/url" || p.Type != "SecureString" {
		t.Errorf("parameter: %+v", p)
	}
	if a := e.AccessPoints[0]; a.Bucket != "acme-reports" || a.BucketOwner != "333344445555" || a.VPC != "vpc-1" || !value(t, "block", a.Block).RestrictPublicBuckets || !a.PolicyPublic.Absent() {
		t.Errorf("access point: %+v", a)
	}
	acl := estate.ACL{Owner: "79a5", Grants: []estate.ACLGrant{{Canonical: "79a5", Permission: "FULL_CONTROL"}, {Group: "LogDelivery", Permission: "WRITE"}}}
	if diff := cmp.Diff(acl, value(t, "access control list", e.Buckets[0].ACL)); diff != "" {
		t.Errorf("access control list (-want +got):\n%s", diff)
	}
	if v := e.BackupVaults[0]; !v.Locked || v.LockDate.IsZero() || v.KMSKey != key.Reference.ARN {
		t.Errorf("vault: %+v", v)
	}
}

func TestOrganizationTree(t *testing.T) {
	t.Parallel()
	o := loaded(t).Organization
	for account, want := range map[string][]string{"222233334444": {"r-acme", "ou-acme-prod", "222233334444"}, "111122223333": {"r-acme", "111122223333"}} {
		if got := value(t, "the way to "+account, o.Path(account)); !slices.Equal(got, want) {
			t.Errorf("the way to %s is %q, want %q", account, got, want)
		}
	}
	if gap, unread := o.Path("999999999999").Unread(); !unread || !strings.Contains(gap.String(), "999999999999") {
		t.Errorf("the way to an account that nobody saw: unread %t, %v", unread, gap)
	}
	if got := value(t, "policy types", o.PolicyTypes); !slices.Equal(got, []string{"SERVICE_CONTROL_POLICY"}) {
		t.Errorf("enabled are %q", got)
	}
	if d := value(t, "delegated", o.Delegated); len(d) != 1 || d[0].Account != "222233334444" || !slices.Equal(value(t, "services", d[0].Services), []string{"sso.amazonaws.com"}) {
		t.Errorf("delegated: %+v", d)
	}
	if got := value(t, "root features", o.RootFeatures); !slices.Equal(got, []string{"RootCredentialsManagement", "RootSessions"}) {
		t.Errorf("root features are %q", got)
	}
	if !value(t, "features", o.AllFeatures) || o.Management != "111122223333" {
		t.Errorf("organisation: %+v", o)
	}
}

// TestTreeWithoutEnd: a unit below itself is no reason to go on for ever.
func TestTreeWithoutEnd(t *testing.T) {
	t.Parallel()
	o := estate.Organization{ID: estate.Know("o-1"), Nodes: []estate.OrganizationNode{{ID: "111122223333", Parent: "ou-1"}, {ID: "ou-1", Parent: "ou-2"}, {ID: "ou-2", Parent: "ou-1"}}}
	if _, unread := o.Path("111122223333").Unread(); !unread {
		t.Error("a circle has an end")
	}
	if o := (estate.Organization{ID: estate.None[string]()}); !o.Path("111122223333").Absent() {
		t.Error("where there is no organisation, there is a way through it")
	}
}

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	e := loaded(t)
	if len(e.IdentityCenters) != 1 || len(e.PermissionSets) != 1 {
		t.Fatalf("%d instances and %d permission sets, want one of each: two accounts see the same", len(e.IdentityCenters), len(e.PermissionSets))
	}
	c, s := e.IdentityCenters[0], e.PermissionSets[0]
	if users := value(t, "users", c.Users); len(users) != 1 || users[0] != (estate.DirectoryUser{ID: "u-1", Name: "ann"}) || c.Reference.Account != "111122223333" {
		t.Errorf("%s has the users %+v", c.Reference.Key(), users)
	}
	if groups := value(t, "groups", c.Groups); len(groups) != 1 || groups[0].Name != "Ops" || !slices.Equal(value(t, "members", groups[0].Members), []string{"u-1"}) {
		t.Errorf("groups: %+v", groups)
	}
	if s.Reference.Name != "Operators" || s.Reference.ID != "ssoins-1/ps-1" || value(t, "session", s.Session) != 90*time.Minute {
		t.Errorf("permission set: %+v", s)
	}
	if effect(s.Inline) != "Allow ssm:StartSession" || !s.Boundary.Absent() {
		t.Errorf("policy %s, boundary %+v", effect(s.Inline), s.Boundary)
	}
	if got := value(t, "customer's policies", s.Customer); !slices.Equal(got, []estate.PolicyName{{Path: "/ops/", Name: "operate"}}) {
		t.Errorf("customer's policies: %v", got)
	}
	if got := value(t, "AWS's policies", s.Managed); !slices.Equal(got, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}) {
		t.Errorf("AWS's policies: %v", got)
	}
	if got := value(t, "assignments", s.Assignments); !slices.Equal(got, []estate.Assignment{{Account: "222233334444", Kind: "GROUP", ID: "g-1"}}) {
		t.Errorf("assignments: %v", got)
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	e := loaded(t)
	role := e.Role(jenkins)
	if role == nil || role.UniqueID != "AROAJENKINS" || role.ServiceLinked() {
		t.Fatalf("jenkins is %+v", role)
	}
	for _, profile := range []string{e.Instances[0].Profile, e.LaunchTemplates[0].Versions[0].Profile, e.LaunchConfigurations[0].Profile} {
		if got := e.ProfileRoles(shop.Account, profile); len(got) != 1 || got[0] != role {
			t.Errorf("profile %q carries %v, want jenkins", profile, got)
		}
	}
	if got := e.ProfileRoles(shop.Account, ""); got != nil {
		t.Errorf("no profile carries %v", got)
	}
	own := e.ManagedPolicy(shop.Account, "arn:aws:iam::222233334444:policy/AdministratorAccess")
	aws := e.ManagedPolicy(shop.Account, "arn:aws:iam::aws:policy/AdministratorAccess")
	if own == nil || aws == nil || effect(own.Document) != "Deny *" || effect(aws.Document) != "Allow *" {
		t.Errorf("two policies of one name: %+v, %+v", own, aws)
	}
	if len(own.Versions) != 2 || own.Versions[0].ID != "v1" || effect(own.Versions[0].Document) != "Allow iam:*" || own.Versions[0].Default {
		t.Errorf("versions: %+v", own.Versions)
	}

	used := value(t, "last accessed", role.Accessed)
	if len(used.Services) != 2 || used.Made.IsZero() || !used.Services[1].Last.IsZero() || !used.Services[1].Actions.Absent() {
		t.Fatalf("last accessed: %+v", used)
	}
	actions := value(t, "actions", used.Services[0].Actions)
	if len(actions) != 2 || actions[0].Name != "DeleteBucket" || !actions[0].Last.IsZero() || actions[1].Last.IsZero() {
		t.Errorf("actions: %+v", actions)
	}
	oidc, saml := e.Providers[0], e.Providers[1]
	if oidc.URL != "oidc.eks.eu-west-1.amazonaws.com/id/ABC" || !slices.Equal(value(t, "audiences", oidc.Audiences), []string{"sts.amazonaws.com"}) || saml.Reference.ID != "adfs" {
		t.Errorf("providers: %+v, %+v", oidc, saml)
	}
}

func TestIdentityPools(t *testing.T) {
	t.Parallel()
	e := loaded(t)
	shop, old := e.IdentityPools[0], e.IdentityPools[1]
	if d := value(t, "pool", shop.Description); shop.Reference.Name != "shop app" || !d.Guests || !d.Classic || d.Developer != "login.acme.example" || len(d.Providers) != 4 {
		t.Errorf("pool %+v: %+v", shop.Reference, d)
	}
	if r := value(t, "roles", shop.Roles); lastPart(r.SignedIn) != "fetch" || r.Guest != jenkins || !slices.Equal(r.ByRule, []string{jenkins}) {
		t.Errorf("roles: %+v", r)
	}
	d, r := value(t, "pool", old.Description), value(t, "roles", old.Roles)
	if d.Guests || d.Classic || d.Developer != "" || len(d.Providers) > 0 || r.SignedIn != "" || r.Guest != "" {
		t.Errorf("a pool that lets in nobody: %+v, %+v", d, r)
	}
}

func TestWorkloads(t *testing.T) {
	t.Parallel()
	e := loaded(t)
	got := map[string]string{}
	for _, w := range e.Workloads {
		roles := []string{}
		for _, r := range value(t, "roles of "+w.Reference.Key(), w.Roles) {
			roles = append(roles, r.For+"="+lastPart(r.ARN))
		}
		got[w.Reference.Kind+" "+w.Reference.ID] = strings.Join(roles, " ")
	}
	want := map[string]string{
		"build-project deploy": "serviceRole=jenkins", "stack net": "RoleARN=jenkins", "stack own": "", "stack-set base": "AdministrationRoleARN=jenkins", "stack-set org": "", "glue-job etl": "Role=jenkins", "glue-job load": "Role=fetch", "glue-dev-endpoint try": "RoleArn=jenkins", "state-machine flow": "roleArn=jenkins",
		"app-runner-service front/8f": "InstanceRoleArn=jenkins AccessRoleArn=fetch", "job-definition nightly:3": "jobRoleArn=jenkins executionRoleArn=fetch",
		"notebook lab": "RoleArn=jenkins", "agent-runtime helpdesk-1": "roleArn=jenkins", "code-interpreter calc-1": "executionRoleArn=jenkins", "browser surf-1": "executionRoleArn=jenkins",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workloads (-want +got):\n%s", diff)
	}
	for _, kind := range estate.WorkloadKinds {
		if !slices.ContainsFunc(e.Workloads, func(w *estate.Workload) bool { return w.Reference.Kind == kind.Kind }) {
			t.Errorf("there is no %s", kind.Kind)
		}
		if o, ok := operation.Get(kind.Listing); !ok || !o.Lists() {
			t.Errorf("%s is told by %s, which lists nothing", kind.Kind, kind.Listing)
		}
	}
	if lab := e.Workload(shop, "notebook", "lab"); lab == nil || lab.Inactive || !slices.Equal(lab.Subnets, []string{"subnet-1"}) {
		t.Errorf("notebook: %+v", lab)
	}

	web := e.ContainerServices[0]
	definition := e.TaskDefinition(web.Definition)
	if definition == nil || !web.Exec {
		t.Fatalf("the definition of %+v is %v", web, definition)
	}
	d := value(t, "task definition", definition.Description)
	if d.TaskRole != jenkins || lastPart(d.ExecutionRole) != "fetch" || !d.Privileged || len(d.Secrets) != 1 || !slices.Equal(d.HostPaths, []string{"/var/run/docker.sock"}) {
		t.Errorf("task definition: %+v", d)
	}
	once := e.ContainerTasks[0]
	if other := e.TaskDefinition(once.Definition); once.Exec || once.TaskRole != "arn:aws:iam::222233334444:role/other" || other == nil {
		t.Errorf("task %+v, definition %v", once, other)
	} else if gap, unread := other.Description.Unread(); !unread || gap.About != once.Definition {
		t.Errorf("a definition that was not read: unread %t, %v", unread, gap)
	}

	k8s := e.KubernetesClusters[0]
	if c := value(t, "cluster", k8s.Description); lastPart(c.Role) != "eks" || c.Issuer != e.Providers[0].URL || c.Authentication != "API" {
		t.Errorf("cluster: %+v", c)
	}
	nodes := value(t, "node groups", k8s.NodeGroups)
	if g := value(t, "node group", nodes[0].Description); lastPart(g.Role) != "nodes" || g.KeyPair != "ops" || g.Template.ID != "lt-1" {
		t.Errorf("node group: %+v", g)
	}
	if pods := value(t, "pod identities", k8s.Identities); pods[0].ServiceAccount != "web" || value(t, "role", pods[0].Role) != jenkins {
		t.Errorf("pod identities: %+v", pods)
	}
	entries := value(t, "access entries", k8s.Entries)
	if detail := value(t, "entry", entries[0].Detail); entries[0].Principal != jenkins || detail.Groups[0] != "viewers" {
		t.Errorf("access entry: %+v", detail)
	}
	if p := value(t, "policies", entries[0].Policies); len(p) != 1 || p[0].Scope != "cluster" {
		t.Errorf("access policies: %+v", p)
	}

	if m := e.EventSources[0]; !m.Enabled || m.Source != e.Queues[0].Reference.ARN || m.Function != e.Functions[0].Reference.ARN {
		t.Errorf("event source: %+v", m)
	}
	if d := e.DBClusters[0]; !d.IAMLogin || !d.DataAPI || !slices.Equal(d.Roles, []string{jenkins}) {
		t.Errorf("cluster: %+v", d)
	}
	if w := e.Warehouses[0]; !slices.Equal(w.Roles, []string{jenkins}) {
		t.Errorf("warehouse: %+v", w)
	}
	if i := e.Instances[0]; i.KeyPair != "ops" || !value(t, "serial console", e.DefaultsOf(shop).SerialConsole) {
		t.Errorf("instance: %+v", i)
	}
	if c := e.ConnectEndpoints[0]; c.VPC != "vpc-1" || !slices.Equal(c.SecurityGroups, []string{"sg-1", "sg-2"}) {
		t.Errorf("connect endpoint: %+v", c)
	}
}

// TestNothingPersonal: what the archive plants in members that may hold secrets, or more of people than the name they sign in with,
// is not in the responses.
func TestNothingPersonal(t *testing.T) {
	t.Parallel()
	planted := 0
	for r := range imported(t, permissionsArchive).All() {
		for _, page := range r.Pages {
			for _, word := range []string{"Planted", "planted"} {
				if strings.Contains(string(page), word) {
					t.Errorf("%s shows what was planted: %s", r.Operation, page)
				}
			}
			planted += strings.Count(string(page), "redacted:")
		}
	}
	if planted < 20 {
		t.Errorf("only %d members are redacted", planted)
	}
}

// TestDeniedIsUnknown takes each response away in turn: what rests on it becomes unknown, and nothing else changes.
func TestDeniedIsUnknown(t *testing.T) {
	t.Parallel()
	whole := loaded(t)
	set := imported(t, permissionsArchive)
	for i, r := range set.Responses {
		t.Run(string(r.Operation)+" "+r.About(), func(t *testing.T) {
			t.Parallel()
			less := *set
			less.Responses = slices.Clone(set.Responses)
			less.Responses[i].Outcome, less.Responses[i].Code, less.Responses[i].Pages = operation.Denied, "AccessDenied", nil
			e, problems := Load(&less)
			if len(problems) > 0 {
				t.Errorf("problems: %v", problems)
			}
			op, _ := operation.Get(r.Operation)
			c := comparison{t: t, listing: op.Lists()}
			for _, area := range []string{"Compute", "Network", "Data", "Backups", "Identity", "Organization"} {
				c.compare(area, reflect.ValueOf(*whole).FieldByName(area), reflect.ValueOf(*e).FieldByName(area))
			}
			if !c.unknown && !op.Lists() && r.Operation != "organizations:ListOrganizationalUnitsForParent" && r.Operation != "organizations:ListAccountsForParent" {
				t.Error("nothing has become unknown")
			}
		})
	}
}

type comparison struct {
	t       *testing.T
	listing bool // a listing was taken away: its resources may be missing, and its completeness says so
	unknown bool // something has become unknown
}

// compare fails for everything that differs, unless it is unknown now. Lists may be shorter where their listing, or the known list
// of what they hold, is missing.
func (c *comparison) compare(path string, whole, less reflect.Value) {
	if is := less.MethodByName("Unread"); is.IsValid() && less.Kind() == reflect.Struct {
		if is.Call(nil)[1].Bool() {
			was := whole.MethodByName("Unread").Call(nil)[1].Bool()
			c.unknown = c.unknown || !was
			return
		}
		if got, want := less.MethodByName("Absent").Call(nil)[0].Bool(), whole.MethodByName("Absent").Call(nil)[0].Bool(); got != want {
			c.t.Errorf("%s: absent is %t, was %t", path, got, want)
		}
		c.compare(path, whole.MethodByName("Value").Call(nil)[0], less.MethodByName("Value").Call(nil)[0])
		return
	}
	switch less.Kind() {
	case reflect.Pointer:
		if less.IsNil() || whole.IsNil() {
			if less.IsNil() != whole.IsNil() {
				c.t.Errorf("%s is nil: %t, was %t", path, less.IsNil(), whole.IsNil())
			}
			return
		}
		if !reflect.DeepEqual(less.Interface(), whole.Interface()) {
			c.compare(path, whole.Elem(), less.Elem())
		}
	case reflect.Struct:
		for i := range less.NumField() {
			if f := less.Type().Field(i); f.IsExported() && f.Name != "TreeGaps" {
				c.compare(path+"."+f.Name, whole.Field(i), less.Field(i))
			}
		}
	case reflect.Slice:
		if less.Len() != whole.Len() {
			if less.Len() > whole.Len() || !c.listing && !c.unknown && path != "Organization.Nodes" {
				c.t.Errorf("%s has %d elements, had %d", path, less.Len(), whole.Len())
			}
			return
		}
		for i := range less.Len() {
			c.compare(fmt.Sprintf("%s[%d]", path, i), whole.Index(i), less.Index(i))
		}
	default:
		// Plain members that a call of its own fills are empty where it was denied, and say so in their comments.
		if !less.IsZero() && !reflect.DeepEqual(less.Interface(), whole.Interface()) {
			c.t.Errorf("%s is %v, was %v", path, less, whole)
		}
	}
}

// TestAuthorizationDetailsAlone: one file is an estate: its account is that of its ARNs, and all principals are in it.
func TestAuthorizationDetailsAlone(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile(permissionsArchive)
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, "/get-account-authorization-details.json") {
			folder["get-account-authorization-details.json"] = &fstest.MapFile{Data: f.Data}
		}
	}
	e, problems := Load(importedFrom(t, folder))
	if len(problems) > 0 || len(e.Accounts) != 1 || e.Accounts[0].ID != "222233334444" {
		t.Fatalf("problems %v, accounts %v", problems, e.Accounts)
	}
	if e.Role(jenkins) == nil || !e.Complete(estate.Place{Account: "222233334444", Region: estate.Global}, "iam:GetAccountAuthorizationDetails") {
		t.Error("the principals are not all there")
	}
}
