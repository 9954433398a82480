package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

func pageOf(t *testing.T, r *answer.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTML(t *testing.T) {
	t.Parallel()
	golden(t, "page.html", []byte(pageOf(t, sample())))
}

var (
	styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	loading      = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|video|audio|source|base|form)\b|\b(src|srcset|action|background|style|on[a-z]+)\s*=|@import|url\(`)
	linked       = regexp.MustCompile(`href="([^"]*)"`)
)

func TestThePageLoadsNothing(t *testing.T) {
	t.Parallel()
	p := pageOf(t, sample())
	if found := loading.FindString(p); found != "" {
		t.Errorf("the page has %q", found)
	}
	for _, m := range linked.FindAllStringSubmatch(p, -1) {
		if !strings.HasPrefix(m[1], "#") && !regexp.MustCompile(`^https://[a-z0-9-]+\.console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)/`).MatchString(m[1]) {
			t.Errorf("it links to %q", m[1])
		}
	}
	styles := styleElement.FindAllStringSubmatch(p, -1)
	if len(styles) != 1 {
		t.Fatalf("%d style elements, want 1", len(styles))
	}
	sum := sha256.Sum256([]byte(styles[0][1]))
	// A plus sign is escaped in an attribute.
	hash := strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")
	if want := "default-src &#39;none&#39;"; !strings.Contains(p, "default-src 'none'") && !strings.Contains(p, want) {
		t.Error("the policy does not forbid all that is not allowed")
	}
	if !strings.Contains(p, "sha256-"+hash) {
		t.Errorf("the policy does not allow the style: sha256-%s is missing", hash)
	}
}

var identifier = regexp.MustCompile(` id="([^"]*)"`)

func TestEveryAnchorIsThereOnce(t *testing.T) {
	t.Parallel()
	p := pageOf(t, sample())
	ids := map[string]int{}
	for _, m := range identifier.FindAllStringSubmatch(p, -1) {
		ids[m[1]]++
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	for _, m := range linked.FindAllStringSubmatch(p, -1) {
		if id, ok := strings.CutPrefix(m[1], "#"); ok && ids[id] == 0 {
			t.Errorf("a link leads to %q, which is not there", id)
		}
	}
}

// Names are shown, never obeyed.
func TestNamesAreText(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) ` + "\u202e\x1b[31m"
	r := sample()
	r.Company, r.Source = evil, evil
	r.Reading.Problems = []string{evil}
	r.Reading.Accounts[0].Name = evil
	r.Excuses[0].For, r.Excuses[0].Why, r.Excuses[0].State = evil, evil, evil
	r.Meeting[0].Facts = []string{evil}
	r.Meeting[0].Subject.Region = evil
	for i := range r.Causes {
		c := &r.Causes[i]
		c.Title, c.Owners, c.Fix = evil, []string{evil}, answer.Fix{Text: evil, CLI: []string{evil}, Terraform: evil}
		c.Subject = estate.Ref{Kind: evil, ID: evil, Name: evil, Region: evil, Account: evil, ARN: "arn:" + evil}
	}
	for i := range r.Controls {
		a := &r.Controls[i]
		a.Sentence, a.Why, a.Note = evil, evil, evil
		for j := range a.CounterExamples {
			a.CounterExamples[j].Text = evil
			a.CounterExamples[j].Subject.Name = evil
			a.CounterExamples[j].Facts = []answer.Fact{{Text: evil}}
		}
	}
	p := pageOf(t, r)
	for _, bad := range []string{"<script", "<img", "\u202e", "\x1b"} {
		if strings.Contains(p, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, m := range linked.FindAllStringSubmatch(p, -1) {
		if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "https://") {
			t.Errorf("it links to %q", m[1])
		}
	}
}

// many is a report of n counter-examples in so many causes, with long names.
func many(n, causes int) *answer.Report {
	r := sample()
	a := &r.Controls[5]
	r.Causes, a.Causes, a.CounterExamples = nil, nil, nil
	long := strings.Repeat("a-rather-long-name-", 12)
	for i := range causes {
		c := answer.Cause{
			Key: fmt.Sprintf("security-group-rule/sgr-%06d", i), Title: "rule " + long, Controls: []string{a.ID},
			Subject: estate.Ref{Kind: "security-group-rule", Account: prod, Region: "us-east-1", ID: fmt.Sprintf("sgr-%06d", i)},
			Owners:  []string{long}, Rank: answer.Rank{Why: []string{long}}, Fix: answer.Fix{Text: long, CLI: []string{long}, Terraform: long},
		}
		r.Causes = append(r.Causes, c)
		a.Causes = append(a.Causes, c.Key)
	}
	for i := range n {
		s := estate.Ref{Kind: "instance", Account: prod, Region: "us-east-1", ID: fmt.Sprintf("i-%017x", i), Name: long}
		c := &r.Causes[i%causes]
		c.Members = append(c.Members, s)
		a.CounterExamples = append(a.CounterExamples, answer.CounterExample{
			Subject: s, Text: fmt.Sprintf("%d %s", i, long), Facts: []answer.Fact{{Text: long + fmt.Sprint(i)}, {Text: long}}, Cause: c.Key,
		})
	}
	a.Tally = answer.Tally{Broken: n}
	return r
}

func TestThePageOfManyCounterExamplesIsSmall(t *testing.T) {
	t.Parallel()
	for _, causes := range []int{1, 300, 100_000} {
		p := pageOf(t, many(100_000, causes))
		if len(p) > 5_000_000 {
			t.Errorf("%d causes: the page has %d bytes, want at most 5 MB", causes, len(p))
		}
		if !strings.Contains(p, "more: onus explain") {
			t.Errorf("%d causes: it does not say where the rest is", causes)
		}
		if !strings.Contains(p, "100,000 instances") {
			t.Errorf("%d causes: it does not say how many there are", causes)
		}
	}
}
