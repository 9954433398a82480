package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

// later is the sample a week on: SSH is closed, the logs' policy was read and is bad, a new host answers metadata version 1, and
// the volumes could not be read.
func later() *answer.Report {
	r := sample()
	r.Observed = r.Observed.AddDate(0, 0, 7)
	find := func(id string) *answer.Answer {
		i := slices.IndexFunc(r.Controls, func(a answer.Answer) bool { return a.ID == id })
		return &r.Controls[i]
	}
	ssh := find("net-no-ssh-from-internet")
	ssh.CounterExamples, ssh.Causes = nil, nil
	ssh.Tally = answer.Tally{Holds: 53}
	buckets := find("net-bucket-blocked")
	buckets.Doubts = nil
	buckets.CounterExamples = append(buckets.CounterExamples, breaks("bucket-policy/"+logs.ID, "its policy lets everybody read", nil, logs)...)
	buckets.Tally = answer.Tally{Broken: 2, Holds: 23}
	metadata := find("contain-metadata-v2-only")
	fresh := ref("instance", prod, "eu-west-1", "i-0fresh", "fresh")
	metadata.CounterExamples = append(metadata.CounterExamples, breaks("instance/i-0fresh", "it answers metadata version 1", nil, fresh)...)
	volumes := find("rest-volume-encrypted")
	volumes.Held = nil
	volumes.Tally = answer.Tally{Unknown: 1}
	restores := find("backup-restored-and-verified")
	restores.CounterExamples = nil
	restores.Doubts = []answer.Doubt{{Subject: ref("region", prod, "eu-west-1", "eu-west-1", "")}}
	restores.Tally = answer.Tally{Unknown: 1}
	for i := range r.Controls {
		r.Controls[i].Verdict = r.Controls[i].Tally.Verdict()
	}
	// A line added above renumbers the claims.
	r.Claims = append([]answer.Answer{{Kind: answer.OfClaim, ID: "claim-1", Sentence: "every host has an owner", Verdict: answer.Broken}}, r.Claims...)
	for i := range r.Claims {
		r.Claims[i].ID = "claim-" + number(i+1)
	}
	return r
}

func TestCompare(t *testing.T) {
	t.Parallel()
	c := Compare(sample(), later())
	turns := func(all []Turn) string {
		var ids []string
		for _, u := range all {
			ids = append(ids, u.ID)
		}
		return strings.Join(ids, " ")
	}
	subjects := func(all []Break) string {
		var ids []string
		for _, b := range all {
			if id := b.Control + ":" + b.Subject.ID; !strings.HasPrefix(id, "net-no-ssh") && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		return strings.Join(ids, " ")
	}
	refs := func(all []estate.Ref) string {
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	for _, test := range []struct{ what, got, want string }{
		{"became true", turns(c.BecameTrue), "net-no-ssh-from-internet"},
		{"became false", turns(c.BecameFalse), ""},
		{"became unknown", turns(c.BecameUnknown), "rest-volume-encrypted backup-restored-and-verified"},
		{"newly asked", turns(c.NewlyAsked), "claim-1"},
		{"no longer asked", turns(c.NoLongerAsked), ""},
		{"appeared", subjects(c.Appeared), "contain-metadata-v2-only:i-0fresh"},
		{"found", subjects(c.Found), "net-bucket-blocked:acme-archive-of-logs"},
		{"disappeared", subjects(c.Disappeared), ""},
		{"lost", subjects(c.Lost), "backup-restored-and-verified:orders"},
		{"new", refs(c.NewResources), "i-0fresh"},
		{"gone", refs(c.GoneResources), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.what, test.got, test.want)
		}
	}
	if n := len(c.Disappeared); n != 41 {
		t.Errorf("%d counter-examples disappeared, want the 41 of SSH", n)
	}
	if c := Compare(sample(), sample()); !c.Empty() {
		t.Errorf("a report differs from itself: %+v", c)
	}
}

// A counter-example that a wider doubt may have swallowed did not disappear.
func TestWhatIsDoubtedDidNotDisappear(t *testing.T) {
	t.Parallel()
	place := func(kind, account, region string) estate.Ref { return ref(kind, account, region, region, "") }
	for _, test := range []struct {
		name  string
		doubt estate.Ref
		lost  bool
	}{
		{"the bucket", exports, true},
		{"its Region", place("region", prod, "us-east-1"), true},
		{"its account", place("account", prod, estate.Global), true},
		{"the listing of its account", place("region", prod, estate.Global), true},
		{"Regions that are not known", place("region", prod, "*"), true},
		{"everything", place("region", "*", "*"), true},
		{"another bucket", logs, false},
		{"another Region", place("region", prod, "eu-west-1"), false},
		{"another account", place("region", dev, estate.Global), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := sample()
			i := slices.IndexFunc(r.Controls, func(a answer.Answer) bool { return a.ID == "net-bucket-blocked" })
			r.Controls[i].CounterExamples = nil
			r.Controls[i].Doubts = []answer.Doubt{{Subject: test.doubt}}
			c := Compare(sample(), r)
			if lost, gone := len(c.Lost), len(c.Disappeared); lost+gone != 1 || (lost == 1) != test.lost {
				t.Errorf("%d lost, %d disappeared; want it lost: %t", lost, gone, test.lost)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Diff(&b, sample(), later(), Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.txt", b.Bytes())
	b.Reset()
	if err := Diff(&b, sample(), sample(), Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "nothing changed") {
		t.Errorf("it says %q", b.String())
	}
}

func TestDiffJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := DiffJSON(&b, sample(), later()); err != nil {
		t.Fatal(err)
	}
	var c Changes
	if err := json.Unmarshal(b.Bytes(), &c); err != nil {
		t.Fatal(err)
	}
	if c.Schema != ChangesSchema || len(c.NewlyAsked) != 1 || c.NewlyAsked[0].Before != nil || *c.NewlyAsked[0].After != answer.Broken {
		t.Errorf("got schema %q and newly asked %+v", c.Schema, c.NewlyAsked)
	}
}
