package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
)

// sampleBlast is from a server to n stores.
func sampleBlast(n int) *Blast {
	start, role := thing("instance", "i-0f3c9a7e51d2b8c46", "jenkins\x1b[31m"), thing("role", "builder", "")
	b := &Blast{Schema: BlastSchema, Source: "the recording monday", Observed: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC), Start: start,
		Hops:    []BlastHop{{Ref: start, From: -1, By: "start", Sure: "yes"}, {Ref: role, From: 0, By: "runs as", Text: "runs as role builder", Sure: "yes"}, {Ref: thing("function", "billing", ""), From: 1, By: "permission", Text: "takes over function billing", Sure: "may"}},
		Packets: []BlastPacket{{From: start, To: thing("db-instance", "orders", ""), Ports: "tcp 5432", Arrives: "unknown"}},
		Powers:  []BlastPower{{Power: "administrator", Sure: "yes", By: "<script>alert(1)</script>"}, {Power: "erase-backups", Sure: "no"}},
		Unread:  []string{"lambda:ListFunctions in 111122223333/us-east-1: denied"}}
	for i := range n {
		b.Stores = append(b.Stores, BlastStore{Ref: thing("bucket", fmt.Sprintf("bucket-%03d", i), ""), Reads: "yes", Writes: "no", Destroys: "unknown", By: role})
	}
	return b
}

func TestBlastPictureIsGroupedPastSixty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stores, boxes int }{{3, 7}, {56, 60}, {57, 5}, {2000, 5}} {
		p := drawBlast(sampleBlast(c.stores))
		if len(p.Boxes) != c.boxes {
			t.Errorf("%d stores are drawn with %d boxes, want %d", c.stores, len(p.Boxes), c.boxes)
		}
		if len(p.Links) != len(p.Boxes)-1 {
			t.Errorf("%d stores: %d links between %d boxes", c.stores, len(p.Links), len(p.Boxes))
		}
		for i, a := range p.Boxes {
			if a.X < 0 || a.Y < 0 || a.X+a.W > p.Width || a.Y+a.H > p.Height {
				t.Errorf("box %q lies outside of the picture", a.Name)
			}
			for _, b := range p.Boxes[:i] {
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("boxes %q and %q overlap", a.Name, b.Name)
				}
			}
		}
	}
}

func TestBlastPageIsStrict(t *testing.T) {
	t.Parallel()
	var page, again bytes.Buffer
	if err := BlastHTML(&page, sampleBlast(3)); err != nil {
		t.Fatal(err)
	}
	if err := BlastHTML(&again, sampleBlast(3)); err != nil || page.String() != again.String() {
		t.Errorf("the same blast gives another page: %v", err)
	}
	for _, never := range []string{"<script", "javascript:", "http://", "https://", " style=\"", " on"} {
		text := page.String()
		if never == " on" {
			never = " onload"
		}
		if strings.Contains(text, never) {
			t.Errorf("the page has %q", never)
		}
	}
	for _, wanted := range []string{"default-src 'none'", "bucket-002", "takes over function billing", "tcp 5432", "lambda:ListFunctions", "<svg", "<desc>"} {
		if !strings.Contains(page.String(), wanted) {
			t.Errorf("the page lacks %q", wanted)
		}
	}
}

func TestBlastText(t *testing.T) {
	t.Parallel()
	for _, width := range []int{80, 140} {
		var text bytes.Buffer
		if err := BlastText(&text, sampleBlast(40), Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text.String()) {
			if columns(strings.TrimRight(line, "\n")) > width {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		for _, wanted := range []string{"what is lost with instance i-0f3c9a7e51d2b8c46", "yes      become administrator", "runs as role builder", "read, destroy?", "unknown  database instance orders", "… and 10 more: --all shows them"} {
			if !strings.Contains(text.String(), wanted) {
				t.Errorf("%d columns: no %q in\n%s", width, wanted, &text)
			}
		}
		if strings.Contains(text.String(), "\x1b") {
			t.Error("an escape sequence of a name got through")
		}
	}
}

// sampleAccess is one of each answer.
func sampleAccess(kind string) *Access {
	alice := AccessPrincipal{ARN: "arn:aws:iam::111122223333:user/alice", Kind: "user", Account: "111122223333", Name: "alice"}
	admin := AccessPrincipal{ARN: "arn:aws:iam::111122223333:role/Admin", Kind: "role", Account: "111122223333", Name: "Admin"}
	decision := AccessAnswer{Principal: alice, Action: "sts:AssumeRole", Resource: admin.ARN, Decision: "depends",
		Because:   []AccessReason{{Layer: "identity policy", Policy: "p", Sid: "S", Line: 3, Effect: "Allow", Text: `statement 1 (S) on line 3 of identity policy "p" allows sts:AssumeRole`}},
		DependsOn: []AccessDependence{{Key: "aws:MultiFactorAuthPresent", Text: "a second factor"}}, With: map[string][]string{"aws:requestedregion": {"eu-west-1"}}}
	return &Access{Schema: AccessSchema, Source: "the recording monday", Observed: time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC),
		Question: AccessQuestion{Kind: kind, Goal: "administrator", Action: "sts:AssumeRole"}, Answers: []AccessAnswer{decision},
		Paths: []AccessPath{{Principal: alice, Reaches: "may", DependsOn: []string{"aws:MultiFactorAuthPresent"}, End: "role Admin may do everything",
			Steps: []AccessStep{{From: alice, To: admin, ID: "pf:sts-001", Text: "assumes role Admin", Sure: "may", Decisions: []AccessAnswer{decision}}}}},
		Latent:  []AccessLatent{{Principal: alice, IDs: []string{"pf:ec2-001"}, Lacks: "there is no role"}},
		Shells:  []AccessShell{{Server: thing("instance", "i-1", "web"), Way: "session-manager", Principal: alice, Opens: "yes"}, {Server: thing("instance", "i-1", "web"), Way: "key-pair", Opens: "may"}},
		Unused:  []AccessUnused{{Principal: alice, Services: []string{"sqs"}, Actions: []string{"s3:CreateBucket"}, Kept: []string{"12 granted actions of s3 are not tracked"}, Policy: "{\n}"}},
		Assumed: []estate.Gap{denied}}
}

func TestAccessText(t *testing.T) {
	t.Parallel()
	for kind, wanted := range map[string][]string{
		"can":     {"user alice: sts:AssumeRole on arn:aws:iam::111122223333:role/Admin", "? it depends", "statement 1 (S) on line 3", "aws:MultiFactorAuthPresent: a second factor"},
		"who-can": {"may, depending on the request", "user alice"},
		"paths":   {"depending on requests (1)", "1 user alice assumes role Admin (may) · pf:sts-001", "= role Admin may do everything", "? depends on aws:MultiFactorAuthPresent", "pf:ec2-001"},
		"shells":  {"instance i-1 (web)", "session manager", "whoever has the key"},
		"unused":  {"never used: sqs", "s3:CreateBucket", "are not tracked"},
	} {
		for _, width := range []int{80, 140} {
			var text bytes.Buffer
			if err := AccessText(&text, sampleAccess(kind), Options{Width: width}); err != nil {
				t.Fatal(err)
			}
			for _, w := range append(wanted, "not read, and taken as not there") {
				if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), strings.Join(strings.Fields(w), " ")) {
					t.Errorf("%s: no %q in\n%s", kind, w, &text)
				}
			}
			for line := range strings.Lines(text.String()) {
				if columns(strings.TrimRight(line, "\n")) > width {
					t.Errorf("%s: more than %d columns: %q", kind, width, line)
				}
			}
		}
	}
}

func TestThePolicyOfUnusedIsShownInLines(t *testing.T) {
	t.Parallel()
	a := sampleAccess("unused")
	a.Unused[0].Policy = "{\n  \"Sid\": \"\x1b[31m\"\n}"
	var text bytes.Buffer
	if err := AccessText(&text, a, Options{Causes: -1}); err != nil {
		t.Fatal(err)
	}
	if want := "    {\n      \"Sid\": \"\\x1b[31m\"\n    }\n"; !strings.Contains(text.String(), want) {
		t.Errorf("want %q in %q", want, text.String())
	}
}

func TestWhoWasNotAskedAboutIsSaidOnce(t *testing.T) {
	t.Parallel()
	a := sampleAccess("unused")
	alice := a.Unused[0].Principal
	a.Unused = append(a.Unused, AccessUnused{Principal: alice, Unread: "not tried", NotAsked: true}, AccessUnused{Principal: alice, Unread: "not tried", NotAsked: true})
	var text bytes.Buffer
	if err := AccessText(&text, a, Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "? user alice in 111122223333, user alice in 111122223333\n") || strings.Contains(text.String(), "not tried") {
		t.Error(text.String())
	}
}

func TestARoleOfAPermissionSetIsCalledByWhoHasIt(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]AccessPrincipal{
		"role Deploy":              {Kind: "role", Name: "Deploy"},
		"permission set Operators": {Kind: "role", Name: "AWSReservedSSO_Operators_0123456789abcdef", Set: "Operators"},
		"permission set Operators of group Ops, user ana":         {Kind: "role", Set: "Operators", People: []string{"group Ops", "user ana"}},
		"permission set Operators of group A, group B and 2 more": {Kind: "role", Set: "Operators", People: []string{"group A", "group B", "group C", "user d"}},
	} {
		if got := p.called(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestOneReasonForEverybodyIsSaidOnce(t *testing.T) {
	t.Parallel()
	a := sampleAccess("who-can")
	a.Answers = append(a.Answers, a.Answers[0], a.Answers[0])
	var text bytes.Buffer
	if err := AccessText(&text, a, Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "a second factor"); n != 1 {
		t.Errorf("the reason stands there %d times:\n%s", n, &text)
	}
}

// Servers of one account that the same people open by the same ways stand together, and so do the people.
func TestShellsAlikeStandTogether(t *testing.T) {
	t.Parallel()
	a := sampleAccess("shells")
	server := func(account, id string) estate.Ref { return estate.Ref{Kind: "instance", Account: account, ID: id} }
	user := func(name string) AccessPrincipal {
		return AccessPrincipal{ARN: "arn:aws:iam::1:user/" + name, Kind: "user", Name: name, Account: "1"}
	}
	a.Shells = nil
	for _, s := range []estate.Ref{server("1", "i-1"), server("1", "i-2"), server("2", "i-3")} {
		a.Shells = append(a.Shells,
			AccessShell{Server: s, Way: "key-pair", Principal: user("ann"), Opens: "yes", Note: "by port 22"},
			AccessShell{Server: s, Way: "key-pair", Principal: user("bob"), Opens: "yes", Note: "by port 22"},
			AccessShell{Server: s, Way: "key-pair", Principal: user("cy"), Opens: "yes"})
	}
	var text bytes.Buffer
	if err := AccessText(&text, a, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"instance i-1, instance i-2 · 1\n  yes  key pair  by port 22: user ann, user bob\n  yes  key pair  user cy\n",
		"instance i-3 · 2\n  yes  key pair  by port 22: user ann in 1, user bob in 1\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &text)
		}
	}
}

// What several never used alike is said once; the smaller policies, which --all shows, are each one's own.
func TestUnusedAlikeIsSaidOnce(t *testing.T) {
	t.Parallel()
	a := sampleAccess("unused")
	bob := a.Unused[0]
	bob.Principal.Name, bob.Principal.ARN = "bob", "arn:aws:iam::111122223333:user/bob"
	a.Unused = append(a.Unused, bob)
	for causes, want := range map[int]int{0: 1, -1: 2} {
		var text bytes.Buffer
		if err := AccessText(&text, a, Options{Causes: causes}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(text.String(), "never used: sqs"); n != want || !strings.Contains(text.String(), "bob in ") {
			t.Errorf("with %d causes it stands there %d times, want %d:\n%s", causes, n, want, &text)
		}
	}
}

func TestAccessJSONKeepsItsNames(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := AccessJSON(&text, sampleAccess("paths")); err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	path := all["paths"].([]any)[0].(map[string]any)
	for _, name := range []string{"principal", "reaches", "steps", "end", "dependsOn"} {
		if path[name] == nil {
			t.Errorf("a path has no %q: %v", name, path)
		}
	}
	if all["schema"] != "onus.access/1" || all["assumed"] == nil {
		t.Errorf("schema %v, assumed %v", all["schema"], all["assumed"])
	}
}
