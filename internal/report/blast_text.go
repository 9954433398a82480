package report

import (
	"cmp"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// BlastText writes what `onus blast` says.
func BlastText(w io.Writer, b *Blast, o Options) error {
	b = scrubValue(reflect.ValueOf(b), false).Interface().(*Blast)
	t := newTerminal(o)
	t.para("", "  ", t.in(bold, "what is lost with "+refName(b.Start)))
	t.para("", "", t.in(dim, "read from "+cmp.Or(b.Source, "an unnamed source")+", observed "+when(b.Observed)))
	if b.Note != "" {
		t.blank()
		t.para("", "", b.Note)
	}
	t.heading("whoever has it can")
	var rows [][]string
	for _, p := range b.Powers {
		rows = append(rows, []string{t.sure(p.Sure), powerWords[p.Power], p.By})
	}
	t.table("  ", rows)
	if len(b.Hops) > 1 {
		t.heading("what he holds, hop by hop (" + number(len(b.Hops)-1) + ")")
		rows = nil
		for _, g := range alike(b.Hops[1:], BlastHop.way) {
			what := refName(g[0].Ref)
			const few = 3
			if len(g) > few && t.Causes >= 0 {
				what = countKind(len(g), g[0].Ref.Kind)
			} else if len(g) > 1 {
				for _, h := range g {
					rows = append(rows, []string{t.sure(h.Sure), refName(h.Ref), "from " + refName(b.Hops[h.From].Ref) + ": " + h.Text})
				}
				continue
			}
			how := "from " + refName(b.Hops[g[0].From].Ref) + ": " + g[0].Text
			if len(g) > 1 {
				var names []string
				for _, h := range g[:few] {
					names = append(names, cmp.Or(h.Ref.Name, h.Ref.ID))
				}
				how += " (" + strings.Join(names, ", ") + " …)"
			}
			rows = append(rows, []string{t.sure(g[0].Sure), what, how})
		}
		t.rows(rows)
	}
	if len(b.Stores) > 0 {
		t.heading("stores (" + number(len(b.Stores)) + ")")
		rows = nil
		for _, s := range b.Stores {
			rows = append(rows, []string{refName(s.Ref), s.effects(), strings.Trim(asWhom("", s.By)+"; "+s.Note, "; ")})
		}
		t.rows(rows)
	}
	if len(b.Packets) > 0 {
		t.heading("packets arrive at (" + number(len(b.Packets)) + ")")
		rows = nil
		for _, p := range b.Packets {
			rows = append(rows, []string{t.sure(p.Arrives), refName(p.To), p.Ports + ", from " + refName(p.From)})
		}
		t.rows(rows)
	}
	if len(b.Unread) > 0 {
		t.heading("what would have told more")
		const most = 8
		for i, u := range b.Unread {
			if i == most && t.Causes >= 0 {
				t.para("  ", "  ", t.in(dim, "… and "+number(len(b.Unread)-most)+" more: --all shows them"))
				break
			}
			t.para("  ", "    ", u)
		}
	}
	t.assumed(&Access{Assumed: b.Assumed})
	t.next()
	return t.flush(w)
}

// way tells hops of one kind that come from one hop in one way from others.
func (h BlastHop) way() string {
	return strings.Join([]string{h.Ref.Kind, h.Sure, h.Text, strconv.Itoa(h.From)}, "\x00")
}

// sure is a word as wide as the widest.
func (t *terminal) sure(word string) string {
	switch word {
	case "yes":
		return t.in(red, "yes    ")
	case "no":
		return t.in(green, "no     ")
	case "may":
		return t.in(yellow, "may    ")
	}
	return t.in(yellow, "unknown")
}

// effects say what can be done to a store: "reads, writes; may destroy".
func (s BlastStore) effects() string {
	var words []string
	for _, e := range []struct{ sure, word string }{{s.Reads, "read"}, {s.Writes, "write"}, {s.Destroys, "destroy"}} {
		switch e.sure {
		case "yes":
			words = append(words, e.word)
		case "may":
			words = append(words, "perhaps "+e.word)
		case "unknown":
			words = append(words, e.word+"?")
		}
	}
	return strings.Join(words, ", ")
}

// asWhom names the principal that may, after a separator; nothing where it is nobody in particular.
func asWhom(before string, by estate.Ref) string {
	if (by == estate.Ref{}) {
		return ""
	}
	return before + "as " + noun(by.Kind) + " " + by.ID
}
