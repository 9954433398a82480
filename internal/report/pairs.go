package report

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// Pairs is what `onus reach --pairs` says: who reaches whom among all interfaces, factored.
type Pairs struct {
	Schema   string          `json:"schema"` // PacketsSchema
	Source   string          `json:"source"`
	Observed time.Time       `json:"observed"`
	Accounts []PacketAccount `json:"accounts,omitempty"`
	Question PacketQuestion  `json:"question"` // of the kind "pairs"
	Total    PairsTotal      `json:"total"`
	Classes  []PairsClass    `json:"classes"`
	Passages []PairsPassage  `json:"passages"`
	// Left are passages that are not listed, for there are too many.
	Left   int          `json:"passages_left_out,omitempty"`
	Unread []estate.Gap `json:"unread,omitempty"`
}

// PairsTotal counts what there is, listed or not.
type PairsTotal struct {
	Interfaces int `json:"interfaces"`
	Classes    int `json:"classes"`
	// Pairs are ordered pairs of interfaces between which some packet arrives, and Unknown those between which some may.
	Pairs   uint64 `json:"pairs"`
	Unknown uint64 `json:"unknown"`
}

// PairsClass is interfaces that packets do not tell apart.
type PairsClass struct {
	ID             int           `json:"id"`
	Size           int           `json:"size"`
	Account        string        `json:"account"`
	Region         string        `json:"region"`
	VPC            string        `json:"vpc"`
	Subnet         string        `json:"subnet"`
	SecurityGroups []estate.Ref  `json:"security_groups"`
	Some           []PacketParty `json:"some"` // the first of them
}

// PairsPassage is what arrives at a class, and the classes from which it does or may.
type PairsPassage struct {
	To      int            `json:"to"`
	Traffic []PairsTraffic `json:"traffic"`
	From    []int          `json:"from"`
	Perhaps []int          `json:"perhaps,omitempty"`
}

// PairsTraffic is some ports of a protocol; none: all.
type PairsTraffic struct {
	Protocol string   `json:"protocol"` // "all" for every protocol that the addresses have
	Ports    []string `json:"ports,omitempty"`
}

// PairsOf puts the answer for a whole estate into words of JSON: as many passages as most, all if it is negative.
func PairsOf(p *reach.Pairs, most int) Pairs {
	out := Pairs{Classes: []PairsClass{}, Passages: []PairsPassage{}}
	for c := range p.Classes() {
		x := PairsClass{ID: c.ID, Size: c.Size, Account: c.Account, Region: c.Region, VPC: c.VPC, Subnet: c.Subnet, SecurityGroups: c.Groups}
		for _, party := range c.Some {
			x.Some = append(x.Some, *partyOf(party))
		}
		out.Classes = append(out.Classes, x)
		out.Total.Interfaces += c.Size
	}
	out.Total.Classes = len(out.Classes)
	named := map[int]bool{}
	for x := range p.Passages() {
		if most >= 0 && len(out.Passages) >= most {
			out.Left++
			continue
		}
		out.Passages = append(out.Passages, PairsPassage{To: x.To, Traffic: trafficOf(x.Traffic), From: x.From, Perhaps: x.Perhaps})
		for _, list := range [][]int{{x.To}, x.From, x.Perhaps} {
			for _, c := range list {
				named[c] = true
			}
		}
	}
	if out.Left > 0 { // of so many, only those that are spoken of
		out.Classes = slices.DeleteFunc(out.Classes, func(c PairsClass) bool { return !named[c.ID] })
	}
	total := p.Count()
	out.Total.Pairs, out.Total.Unknown = total.Pairs, total.Unknown
	return out
}

// trafficOf lists the protocols of a set. All but ICMP of the family that the addresses are not of is all.
func trafficOf(t netset.Traffic) []PairsTraffic {
	var all []PairsTraffic
	whole, icmp := 0, 0
	for p := range 256 {
		ports := t.Of(netset.Protocol(p))
		switch {
		case ports.Empty():
			continue
		case ports.Equal(netset.AllPorts()):
			if whole++; netset.Protocol(p) == netset.ICMP || netset.Protocol(p) == netset.ICMPv6 {
				icmp++
			}
		}
		all = append(all, PairsTraffic{Protocol: netset.Protocol(p).String(), Ports: Selectors(netset.Protocol(p), ports)})
	}
	if whole == len(all) && icmp > 0 && whole >= 255 {
		return []PairsTraffic{{Protocol: "all"}}
	}
	return all
}

// PairsJSON writes them indented.
func PairsJSON(w io.Writer, p *Pairs) error { return writeJSON(w, p) }

// PairsText writes who reaches whom by what people know: security groups in VPCs. Classes at which the same arrives from the same
// are one.
func PairsText(w io.Writer, p *Pairs, o Options) error {
	p = scrubValue(reflect.ValueOf(p), false).Interface().(*Pairs)
	t := newTerminal(o)
	t.para("", "  ", t.in(bold, "who reaches whom, by private and by IPv6 addresses"))
	t.para("", "", t.in(dim, "read from "+cmp.Or(p.Source, "an unnamed source")+", observed "+when(p.Observed)))
	t.blank()
	summary := fmt.Sprintf("%s, %s · packets arrive between %s of them", count(p.Total.Interfaces, "interface"), ofKinds(p.Total.Classes), count(int(p.Total.Pairs), "pair"))
	if p.Total.Unknown > 0 {
		summary += " · of " + number(int(p.Total.Unknown)) + " it is not known"
	}
	t.para("", "", summary)
	lists := newPairsLists(p)
	most := 25
	if o.Causes < 0 {
		most = len(lists.all)
	}
	for _, l := range lists.all[:min(most, len(lists.all))] {
		t.blank()
		t.para("", "  ", t.in(bold, lists.name(l.to))+" "+t.in(dim, lists.where(l.to[0])))
		var rows [][]string
		for i, x := range l.passages {
			if i == 8 && o.Causes >= 0 {
				rows = append(rows, []string{"…", t.in(dim, "and "+number(len(l.passages)-i)+" more")})
				break
			}
			who := "from " + lists.senders(x.From, l.to, o.Causes < 0)
			if len(x.From) == 0 {
				who = "perhaps from " + lists.senders(x.Perhaps, l.to, o.Causes < 0)
			} else if len(x.Perhaps) > 0 {
				who += "; perhaps from " + lists.senders(x.Perhaps, l.to, o.Causes < 0)
			}
			rows = append(rows, []string{trafficWords(x.Traffic), who})
		}
		t.table("  ", rows)
	}
	if left := len(lists.all) - most; left > 0 || p.Left > 0 {
		t.blank()
		t.para("", "  ", t.in(dim, "… and "+number(max(left, 0)+p.Left)+" more: --all shows them"))
	}
	if len(p.Unread) > 0 {
		t.heading("not read in full, so that there may be more")
		t.unread(p.Unread)
	}
	return t.flush(w)
}

func ofKinds(n int) string {
	if n == 1 {
		return "all of one kind"
	}
	return "of " + number(n) + " kinds that packets tell apart"
}

func trafficWords(all []PairsTraffic) string {
	var parts []string
	others := 0
	for _, x := range all {
		switch {
		case strings.HasPrefix(x.Protocol, "protocol ") && len(all) > 6:
			others++
		case x.Protocol == "all":
			parts = append(parts, "everything")
		case len(x.Ports) == 0:
			parts = append(parts, "all "+x.Protocol)
		default:
			parts = append(parts, x.Protocol+" "+brief(x.Ports, 6))
		}
	}
	if others > 0 {
		parts = append(parts, number(others)+" other protocols")
	}
	return strings.Join(parts, "; ")
}

// pairsList is what arrives at classes from the same others.
type pairsList struct {
	to       []PairsClass
	passages []PairsPassage
}

type pairsLists struct {
	classes map[int]PairsClass
	totals  map[string]int // interfaces by kind
	names   map[string]string
	all     []*pairsList
}

func newPairsLists(p *Pairs) *pairsLists {
	l := &pairsLists{classes: map[int]PairsClass{}, totals: map[string]int{}, names: map[string]string{}}
	for _, a := range p.Accounts {
		l.names[a.ID] = a.Name
	}
	for _, c := range p.Classes {
		l.classes[c.ID] = c
		l.totals[c.kind()] += c.Size
	}
	at := map[string]*pairsList{}
	for i := 0; i < len(p.Passages); {
		j := i
		for j < len(p.Passages) && p.Passages[j].To == p.Passages[i].To {
			j++
		}
		to := l.classes[p.Passages[i].To]
		passages := slices.Clone(p.Passages[i:j])
		key := to.kind()
		for _, x := range passages {
			key += fmt.Sprint("|", x.Traffic, l.senders(x.From, []PairsClass{to}, true), l.senders(x.Perhaps, []PairsClass{to}, true))
		}
		if same := at[key]; same != nil {
			same.to = append(same.to, to)
		} else {
			at[key] = &pairsList{to: []PairsClass{to}, passages: passages}
			l.all = append(l.all, at[key])
		}
		i = j
	}
	return l
}

// kind is what people know of a class: its groups, in its VPC. Without groups each is of its own kind.
func (c PairsClass) kind() string {
	var ids []string
	for _, g := range c.SecurityGroups {
		ids = append(ids, g.ID)
	}
	if len(ids) == 0 && len(c.Some) > 0 {
		ids = []string{c.Some[0].Kind, c.Some[0].Interface}
	}
	return c.Account + " " + c.VPC + " " + strings.Join(ids, " ")
}

func (c PairsClass) label() string {
	var words []string
	for _, g := range c.SecurityGroups {
		words = append(words, cmp.Or(g.Name, g.ID))
	}
	if len(words) == 0 && len(c.Some) > 0 {
		return refName(c.Some[0].Ref)
	}
	return strings.Join(words, " + ")
}

func (l *pairsLists) name(to []PairsClass) string {
	size := 0
	for _, c := range to {
		size += c.Size
	}
	first := to[0]
	who := count(size, "interface")
	if len(first.Some) > 0 {
		if who = refName(first.Some[0].Ref); size > 1 {
			who += " and " + number(size-1) + " more"
		}
	}
	if len(first.SecurityGroups) == 0 {
		return who
	}
	return first.label() + ": " + who
}

func (l *pairsLists) where(c PairsClass) string {
	return "in " + c.VPC + ", " + cmp.Or(l.names[c.Account], c.Account) + " " + c.Region
}

// senders are kinds of interfaces, those of the receiver's own first.
func (l *pairsLists) senders(ids []int, to []PairsClass, all bool) string {
	own := to[0].kind()
	sizes, first := map[string]int{}, map[string]PairsClass{}
	var order []string
	for _, id := range ids {
		c := l.classes[id]
		if _, seen := first[c.kind()]; !seen {
			first[c.kind()], order = c, append(order, c.kind())
		}
		sizes[c.kind()] += c.Size
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(sizes[b], sizes[a]) })
	if i := slices.Index(order, own); i > 0 {
		order = slices.Insert(slices.Delete(order, i, i+1), 0, own)
	}
	var words []string
	for i, kind := range order {
		if i == 5 && !all {
			words = append(words, "and "+number(len(order)-i)+" more kinds")
			break
		}
		word := first[kind].label()
		switch {
		case kind == own:
			word = "each other"
		case first[kind].VPC != to[0].VPC:
			word += " of " + first[kind].VPC
		}
		total := l.totals[kind]
		if kind == own && to[0].Size == 1 && !slices.Contains(ids, to[0].ID) {
			total-- // nobody is his own sender
		}
		if sizes[kind] < total {
			word += fmt.Sprintf(" (%s of %s)", number(sizes[kind]), number(total))
		} else if total > 1 && kind != own {
			word += " (" + number(total) + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
