package control_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// plaintext breaks on every attached volume in plaintext; its cause is the kind of the volume's tag "by", so that tests choose.
var plaintext = &control.Control{
	ID: "plaintext", Practice: "rest", Title: "t", Sentence: "volumes are encrypted", Asked: "volumes are encrypted",
	Severity: answer.Medium, Lists: []operation.ID{"ec2:DescribeVolumes"},
	Judge: func(c *control.Case) {
		for _, v := range c.Estate.Volumes {
			tags, _ := v.Tags().Value()
			if v.Encrypted {
				c.Holds(v)
			} else {
				c.Breaks(v, control.Counter{Text: "plain", Cause: answer.Cause{Key: "by/" + tags["by"], Subject: v.Ref()}})
			}
		}
	},
}

// old is a second question of the same practice, with a slot.
var old = &control.Control{
	ID: "old", Practice: "rest", Title: "t", Sentence: "volumes are younger than {period}", Asked: "volumes are younger than 30 days",
	Severity: answer.Low, Lists: []operation.ID{"ec2:DescribeVolumes"},
	Judge: func(c *control.Case) {
		for _, v := range c.Estate.Volumes {
			if c.Period("period") >= 60*24*time.Hour {
				c.Holds(v)
			} else {
				c.Breaks(v, control.Counter{Text: "old", Cause: answer.Cause{Key: "by/age", Subject: v.Ref()}})
			}
		}
	},
}

const twoVolumes = `{"Volumes": [
	{"VolumeId": "vol-1", "Encrypted": false, "Tags": [{"Key": "app", "Value": "shop"}, {"Key": "by", "Value": "x"}, {"Key": "owner", "Value": "web"}]},
	{"VolumeId": "vol-2", "Encrypted": false, "Tags": [{"Key": "app", "Value": "ci"}, {"Key": "by", "Value": "x"}]},
	{"VolumeId": "vol-3", "Encrypted": true}]}`

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func run(t *testing.T, yaml, volumes string) *answer.Report {
	t.Helper()
	suite := control.Suite{
		Practices: []control.Practice{
			{ID: "rest", Sentence: "data is encrypted", Questions: []string{"plaintext", "old", "unbuilt"}},
			{ID: "cse", Sentence: "declared data is sealed", Questions: []string{"seal"}, Declared: "nobody declared any"},
		},
		Controls: []*control.Control{plaintext, old},
	}
	var err error
	suite.Language, err = claims.CompileForms([]claims.Form{
		{ID: "plaintext", Text: plaintext.Sentence}, {ID: "old", Text: old.Sentence, Example: old.Asked},
		{ID: "rest", Text: "data is encrypted"}, {ID: "cse", Text: "declared data is sealed"},
		{ID: "reach", Text: "port {port} is closed", Example: "port 22 is closed", Pending: "not built"},
	})
	if err != nil {
		t.Fatal(err)
	}
	file, mistakes := suite.Language.Parse("onus.yaml", []byte(yaml))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	set, err := responses.ReadAWSCLI(fstest.MapFS{
		"111122223333/us-east-1/ec2/describe-volumes.json": {Data: []byte(volumes)},
		"111122223333/account/list-regions.json":           {Data: []byte(`{"Regions": [{"RegionName": "us-east-1", "RegionOptStatus": "ENABLED"}]}`)},
	}, "test", now, responses.NewRedactor(nil))
	if err != nil {
		t.Fatal(err)
	}
	e, problems := load.Load(set)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return control.Run(e, suite, file, now)
}

func verdicts(answers []answer.Answer) []string {
	var all []string
	for _, a := range answers {
		all = append(all, a.ID+" "+a.Verdict.String())
	}
	return all
}

func TestUmbrella(t *testing.T) {
	t.Parallel()
	r := run(t, "company: Acme", twoVolumes)
	if diff := cmp.Diff([]string{"rest broken", "cse nothing to judge"}, verdicts(r.Practices)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.Practices[0].Tally; got.Asked != 2 || got.Questions != 3 || got.Broken != 5 || got.Holds != 1 {
		t.Errorf("the tally is %+v", got)
	}
	if got := r.Practices[1].Note; got != "nobody declared any" {
		t.Errorf("the note of what nobody declared is %q", got)
	}
	encrypted := run(t, "claims: [volumes are younger than 90 days]", `{"Volumes": [{"VolumeId": "vol-3", "Encrypted": true}]}`)
	if got := encrypted.Practices[0].Verdict; got != answer.Unknown {
		t.Errorf("with a question that nobody asks the practice is %q, want unknown", got)
	}
}

// TestClaimOverEverythingSetsTheQuestion: what one claim says of everything is what its practice asks too.
func TestClaimOverEverythingSetsTheQuestion(t *testing.T) {
	t.Parallel()
	r := run(t, "claims: [volumes are younger than 90 days]", twoVolumes)
	if got := r.Controls[1]; got.Verdict != answer.Holds || got.Sentence != "volumes are younger than 90 days" {
		t.Errorf("the question is %q: %q", got.Sentence, got.Verdict)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	r := run(t, `
systems:
  shop: {tags: {app: shop}}
  safe: {tags: {app: safe}}
claims:
  - shop: volumes are encrypted
  - safe: volumes are encrypted
  - port 22 is closed
  - shop: data is encrypted
`, twoVolumes)
	want := []string{"claim-1 broken", "claim-2 nothing to judge", "claim-3 unknown", "claim-4 broken"}
	if diff := cmp.Diff(want, verdicts(r.Claims)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := r.Claims[0].CounterExamples; len(got) != 1 || got[0].Subject.ID != "vol-1" {
		t.Errorf("the claim about shop has counter-examples %+v, want vol-1 alone", got)
	}
	if got := r.Claims[2].Note; got != "not built" {
		t.Errorf("a claim whose engine does not exist says %q", got)
	}
}

func TestCausesGroupAndAreNeverDropped(t *testing.T) {
	t.Parallel()
	r := run(t, "people: {web: web@acme.example}", twoVolumes)
	var got []string
	for _, c := range r.Causes {
		var members []string
		for _, m := range c.Members {
			members = append(members, m.ID)
		}
		got = append(got, c.Key+": "+strings.Join(members, " ")+"; "+strings.Join(c.Controls, " ")+"; "+strings.Join(c.Owners, " "))
	}
	want := []string{"by/age: vol-1 vol-2 vol-3; old; web@acme.example", "by/x: vol-1 vol-2; plaintext; web@acme.example"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExcuses(t *testing.T) {
	t.Parallel()
	const excuse = "{claim: volumes are encrypted, for: %s, why: scratch, owner: web@acme.example, until: %u%w}"
	for name, test := range map[string]struct {
		covers, until, while string
		verdict, state       string
		excused              int
	}{
		"one resource of two":                {"vol-1", "2026-12-31", "", "broken", "in force", 1},
		"by pattern":                         {"vol-*", "2026-12-31", "", "excused", "in force", 2},
		"by cause":                           {"by/x", "2026-12-31", "", "excused", "in force", 2},
		"by tags":                            {"{tags: {app: ci}}", "2026-12-31", "", "broken", "in force", 1},
		"by system":                          {"{system: shop}", "2026-12-31", "", "broken", "in force", 1},
		"its last day still counts":          {"vol-*", "2026-11-23", "", "excused", "in force", 2},
		"an expired one excuses nothing":     {"vol-*", "2026-11-22", "", "broken", "expired", 0},
		"one that covers nothing":            {"vol-9", "2026-12-31", "", "broken", "covers nothing", 0},
		"while a condition holds":            {"vol-*", "2026-12-31", "volumes are younger than 90 days", "excused", "in force", 2},
		"while a condition is broken":        {"vol-*", "2026-12-31", "volumes are younger than 30 days", "broken", "its condition is broken", 0},
		"while nobody can say the condition": {"vol-*", "2026-12-31", "port 22 is closed", "broken", "its condition is unknown", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			while := ""
			if test.while != "" {
				while = ", while: " + test.while
			}
			line := strings.NewReplacer("%s", test.covers, "%u", test.until, "%w", while).Replace(excuse)
			r := run(t, "systems: {shop: {tags: {app: shop}}}\nexcuses:\n  - "+line, twoVolumes)
			a := r.Controls[0]
			if a.Verdict.String() != test.verdict || a.Tally.Excused != test.excused || r.Excuses[0].State != test.state {
				t.Errorf("%s: verdict %q, %d excused, excuse %q; want %q, %d, %q", line, a.Verdict, a.Tally.Excused, r.Excuses[0].State,
					test.verdict, test.excused, test.state)
			}
			if wantUntil := test.verdict == "excused"; (a.Until == test.until) != wantUntil {
				t.Errorf("until is %q", a.Until)
			}
		})
	}
}

// TestAnExcuseForThePracticeCoversItsQuestions, and one for another sentence does not.
func TestAnExcuseForThePracticeCoversItsQuestions(t *testing.T) {
	t.Parallel()
	r := run(t, `
claims: [volumes are younger than 90 days]
excuses:
  - {claim: data is encrypted, for: "vol-*", why: scratch, owner: a@acme.example, until: 2026-12-31}
  - {claim: volumes are younger than 20 days, for: "vol-*", why: other, owner: a@acme.example, until: 2026-12-31}`, twoVolumes)
	if got := verdicts(r.Controls); cmp.Diff([]string{"plaintext excused", "old holds"}, got) != "" {
		t.Errorf("controls are %v", got)
	}
	if got := r.Excuses[1].State; got != "covers nothing" {
		t.Errorf("an excuse for another sentence is %q", got)
	}
	if !r.Causes[0].Excused {
		t.Errorf("the cause %s is not excused though all its counter-examples are", r.Causes[0].Key)
	}
}

// TestReadingSaysWhatWasNotRead: each reason once.
func TestReadingSaysWhatWasNotRead(t *testing.T) {
	t.Parallel()
	r := run(t, "company: Acme", "An error occurred (UnauthorizedOperation) when calling the DescribeVolumes operation: no")
	if len(r.Reading.Gaps) != 1 || r.Reading.Gaps[0].Text != "ec2:DescribeVolumes was denied" {
		t.Errorf("gaps are %+v", r.Reading.Gaps)
	}
	if a := r.Controls[0]; a.Verdict != answer.Unknown || len(a.Doubts) != 1 || a.Doubts[0].Subject.ID != "us-east-1" {
		t.Errorf("the control is %q with doubts %+v, want unknown with the Region", a.Verdict, a.Doubts)
	}
}
