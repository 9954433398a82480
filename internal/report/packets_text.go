package report

import (
	"cmp"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// PacketsText writes what `onus reach` says: of one packet the verdict in words and its way, hop by hop; of the other
// questions groups, the direct ways first, what is not known apart.
func PacketsText(w io.Writer, p *Packets, o Options) error {
	p = scrubValue(reflect.ValueOf(p), false).Interface().(*Packets)
	t := newTerminal(o)
	if p.Answer != nil {
		t.packet(p)
	} else {
		t.flows(p)
	}
	t.next()
	return t.flush(w)
}

// packet is the answer to one question.
func (t *terminal) packet(p *Packets) {
	a, q := p.Answer, p.Question
	t.para("", "  ", t.in(bold, q.traffic()+" from "+q.end(q.From, a.From)+" to "+q.end(q.To, a.To)))
	t.para("", "", t.in(dim, "read from "+cmp.Or(p.Source, "an unnamed source")+", observed "+when(p.Observed)))
	t.blank()
	t.para(t.mark(least(a.Arrives, a.Session))+" ", "  ", "a packet arrives: "+t.word(a.Arrives)+"; "+q.session()+": "+t.word(a.Session))
	if a.Reason != "" {
		t.para("  ", "  ", a.Reason)
	}
	if line := a.sources(q); line != "" {
		t.para("  ", "  ", line)
	}
	if by := a.by(); by != "" {
		t.para("  ", "  ", by)
	}
	if ports := a.ClientPorts; a.Session == "yes" && len(ports) > 0 && q.SourcePort == 0 && !slices.Equal(ports, []string{"1-65535"}) && !slices.Equal(ports, []string{"0-65535"}) {
		t.para("  ", "  ", "the reply gets back only to clients that send from the ports "+brief(ports, 6))
	}
	t.way("the way there", a.Path)
	t.way("the way of the reply", a.Return)
	if a.StoppedBy != nil {
		t.blank()
		what := "the packet"
		if a.Arrives == "yes" {
			what = "the reply"
		}
		t.para("  ", "    ", what+" is stopped by "+refName(a.StoppedBy.Ref)+also(a.AlsoStoppedBy))
	}
	t.wouldTell(gapsOf(a))
}

// also says what else would stop it, once the first is mended.
func also(hops []PacketHop) string {
	var names []string
	for _, h := range hops {
		if name := refName(h.Ref); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; without that, by " + list(names)
}

// way is one hop a line.
func (t *terminal) way(title string, hops []PacketHop) {
	if len(hops) == 0 {
		return
	}
	t.heading(title)
	var rows [][]string
	for _, h := range hops {
		what := cmp.Or(h.Text, h.Rule)
		if h.Rule != "" && h.Text != "" && !strings.Contains(h.Text, h.Rule) {
			what += " · " + t.in(dim, h.Rule)
		}
		if t.width < 130 { // too narrow for the hop and its rule on one line
			t.para("  "+t.passes(h.Passes)+"  ", "           ", refName(h.Ref))
			if what != "" {
				t.para("             ", "             ", what)
			}
			continue
		}
		rows = append(rows, []string{t.passes(h.Passes), refName(h.Ref), what})
	}
	t.table("  ", rows)
}

// passes is the mark of a hop: a word, so that colour carries nothing alone; all are as wide as the widest.
func (t *terminal) passes(passes string) string {
	switch passes {
	case "yes":
		return t.in(green, "passes ")
	case "no":
		return t.in(red, "stops  ")
	}
	return t.in(yellow, "unknown")
}

func (t *terminal) mark(truth string) string {
	switch truth {
	case "yes":
		return "→"
	case "no":
		return "✗"
	}
	return "?"
}

func (t *terminal) word(truth string) string {
	if truth == "unknown" {
		return t.in(yellow, "unknown")
	}
	return t.in(bold, truth)
}

// wouldTell names the calls that would have told what is not known, each once.
func (t *terminal) wouldTell(gaps []estate.Gap) {
	var texts []string
	for _, g := range gaps {
		if s := g.String(); !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
	}
	if len(texts) == 0 {
		return
	}
	t.heading("what would have told")
	const most = 6
	for i, s := range texts {
		if i == most && t.Causes >= 0 {
			t.para("  ", "  ", t.in(dim, "… and "+number(len(texts)-most)+" more: --all shows them"))
			break
		}
		t.para("  ? ", "    ", s)
	}
	if cure := cures(gaps); cure != "" {
		t.para("    ", "    ", t.in(dim, cure))
	}
}
