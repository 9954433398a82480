package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; look at it and run with -update if it is meant (-want +got):\n%s", file, diff)
	}
}

func text(t *testing.T, r *answer.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	t.Parallel()
	next := []string{"onus explain i-0f3c9a7e51d2b8c46", "onus check --profile my-profile"}
	for _, test := range []struct {
		golden string
		o      Options
	}{
		{"text-60.txt", Options{Width: 60, HTMLPath: "onus-report.html", Next: next}},
		{"text-80.txt", Options{HTMLPath: "onus-report.html", Next: next}},
		{"text-120-color.txt", Options{Width: 120, Color: true, HTMLPath: "onus-report.html", Next: next}},
		{"text-ascii.txt", Options{Width: 100, ASCII: true, HTMLPath: "onus-report.html", Next: next}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			t.Parallel()
			golden(t, test.golden, []byte(text(t, sample(), test.o)))
		})
	}
}

// Whatever AWS calls things, a line is no wider than the terminal, a command apart, and no name acts on the terminal.
func TestTextStaysInItsWidth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		strings.Repeat("long", 300), "日本語の名前が付いたサーバー群", "e\u0301\u0301 combining", "\x1b]0;owned\x07\x1b[2Jgone", "a\nb\r\tc", "\u202eevil\u2066", "\xff\xfe", "",
		"👩‍🚀 emoji", "· · ·", "--", `\`,
	} {
		r := sample()
		r.Company, r.Source = name, name
		r.Reading.Problems = []string{name}
		for i := range r.Causes {
			r.Causes[i].Title, r.Causes[i].Owners, r.Causes[i].Rank.Why = name, []string{name, name}, []string{name}
			r.Causes[i].Fix = answer.Fix{Text: name}
			r.Causes[i].Subject.Name = name
			r.Causes[i].Key = "x/" + name
		}
		for i := range r.Practices {
			r.Practices[i].ID += name
			r.Practices[i].Note = name
		}
		r.Meeting[0].Facts = []string{name, name}
		r.Meeting[0].Subject = estate.Ref{Kind: name, ID: "i-1", Name: name, Region: name, Account: name}
		r.Excuses[0].Why = name
		for _, width := range []int{1, 60, 80, 200, 1000} {
			for _, color := range []bool{false, true} {
				for line := range strings.Lines(text(t, r, Options{Width: width, Color: color})) {
					line = strings.TrimSuffix(line, "\n")
					if n := columns(line); n > min(max(width, 60), 200) && !strings.Contains(line, "onus explain") {
						t.Fatalf("width %d: %d columns in %q", width, n, line)
					}
					if i := strings.IndexFunc(unstyled(line), hidden); i >= 0 {
						t.Fatalf("a hidden rune in %q", line)
					}
				}
			}
		}
	}
}

func TestASCIIIsASCII(t *testing.T) {
	t.Parallel()
	r := sample()
	r.Company = "Ärzte 日本"
	for i, c := range []byte(text(t, r, Options{ASCII: true, Color: true, HTMLPath: "größe.html"})) {
		if c >= 0x80 {
			t.Fatalf("byte %d is %#x", i, c)
		}
	}
}

// Colour says nothing that the words do not say.
func TestColourCarriesNoMeaning(t *testing.T) {
	t.Parallel()
	plain, coloured := text(t, sample(), Options{}), text(t, sample(), Options{Color: true})
	if plain == coloured {
		t.Error("colour was asked for and there is none")
	}
	if diff := cmp.Diff(plain, unstyled(coloured)); diff != "" {
		t.Errorf("without its colours the text differs (-plain +coloured):\n%s", diff)
	}
}

// Every broken practice has a cause with its fix on the first screen, however far down its worst one ranks.
func TestEveryBrokenPracticeHasItsFixOnTheFirstScreen(t *testing.T) {
	t.Parallel()
	r := sample()
	got := text(t, r, Options{Width: 200, Causes: 1})
	x := newIndex(r)
	for i := range x.Practices {
		if x.Practices[i].Verdict != answer.Broken {
			continue
		}
		worst := x.causes[x.causesOf(&x.Practices[i])[0]]
		titled := strings.Contains(got, worst.Title) || slices.Contains(x.toldByMeetings(1), worst)
		if !titled || !strings.Contains(got, worst.Fix.Text) {
			t.Errorf("%s is broken, and its worst cause %q or the fix is not shown", x.Practices[i].ID, worst.Key)
		}
	}
	if !strings.Contains(got, "onus explain --all") {
		t.Error("it does not say where the other causes are")
	}
}

func TestTextOfNothing(t *testing.T) {
	t.Parallel()
	got := text(t, &answer.Report{Schema: answer.Schema}, Options{})
	for _, want := range []string{"0 accounts", "no practice was asked", "at an unknown time"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// A command that is broken into lines is the same command to a shell.
func TestCommandsAreContinuedBetweenWords(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0c1jenkins --security-group-rule-ids sgr-0bb2",
		`aws s3api put-bucket-policy --bucket b --policy '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}' --region eu-west-1`,
		"aws " + strings.Repeat("x", 200) + " --flag " + strings.Repeat("y", 100),
		`echo "a b" "c d" e`, "one", "",
	} {
		for _, width := range []int{16, 40, 76} {
			lines := continued(command, width)
			for i, line := range lines {
				if i < len(lines)-1 {
					if !strings.HasSuffix(line, ` \`) {
						t.Errorf("line %q is not continued", line)
					}
					lines[i] = strings.TrimSuffix(line, ` \`)
				}
				if strings.Count(lines[i], "'")%2 != 0 {
					t.Errorf("broken within quotes: %q", lines[i])
				}
			}
			if got := strings.Join(lines, " "); got != command {
				t.Errorf("width %d: got %q, want %q", width, got, command)
			}
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	refs := func(kind string, n int) []estate.Ref {
		var all []estate.Ref
		for i := range n {
			all = append(all, estate.Ref{Kind: kind, ID: number(i)})
		}
		return all
	}
	join := func(groups ...[]estate.Ref) []estate.Ref {
		var all []estate.Ref
		for _, g := range groups {
			all = append(all, g...)
		}
		return all
	}
	for _, test := range []struct{ got, want string }{
		{kinds(refs("instance", 41)), "41 instances"},
		{kinds(refs("bucket", 1)), "1 bucket"},
		{kinds(join(refs("instance", 3), refs("instance", 3))), "3 instances"},
		{kinds(join(refs("bucket", 1), refs("db-instance", 2))), "2 database instances, 1 bucket"},
		{kinds(join(refs("bucket", 5), refs("key", 4), refs("role", 3), refs("user", 2), refs("vpc", 1))), "5 buckets, 4 keys, 3 roles, 3 of other kinds"},
		{kinds(nil), ""},
		{countKind(2, "lifecycle-policy"), "2 lifecycle policies"},
		{countKind(1, "network-acl"), "1 network ACL"},
		{countKind(3, "network-acl"), "3 network ACLs"},
		{countKind(2, "region"), "2 Regions"},
		{countKind(2, "gateway"), "2 gateways"},
		{countKind(2, ""), "2 resources"},
		{count(1234567, "cause"), "1,234,567 causes"},
		{number(-1000), "-1,000"},
		{number(100), "100"},
		{list([]string{"a", "b", "c"}), "a, b and c"},
		{list(nil), ""},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestShortenKeepsBothEnds(t *testing.T) {
	t.Parallel()
	term := newTerminal(Options{})
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"i-0f3c9a7e51d2b8c46", 11, "i-0f3…b8c46"},
		{"short", 11, "short"},
		{"日本語の名前", 7, "日本…前"},
	} {
		got := term.shorten(test.text, test.width)
		if got != test.want || columns(got) > test.width {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

// The path above what meets in a resource leads to it: one that begins at it would read as if it did.
func TestPathOfAMeetingLeadsToIt(t *testing.T) {
	t.Parallel()
	r := sample()
	at := r.Meeting[0].Subject
	away := []answer.Hop{{Kind: at.Kind, ID: at.ID}, {Kind: "internet-gateway", ID: "igw-away"}, {Kind: "internet", ID: "internet"}}
	in := []answer.Hop{{Kind: "internet", ID: "internet"}, {Kind: "internet-gateway", ID: "igw-in"}, {Kind: at.Kind, ID: at.ID}}
	for i := range r.Controls {
		r.Controls[i].CounterExamples = append([]answer.CounterExample{{Subject: at, Path: away}, {Subject: at, Path: in}}, r.Controls[i].CounterExamples...)
	}
	_, meeting, _ := strings.Cut(text(t, r, Options{Width: 200, Causes: 1}), "broken from several sides")
	path, _, _ := strings.Cut(meeting, "1. ")
	if !strings.Contains(path, "igw-in") || strings.Contains(path, "igw-away") {
		t.Errorf("the path does not lead to %s:\n%s", at.ID, path)
	}
}
