package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/reach"
)

// flows is the answer to a question about many packets.
func (t *terminal) flows(p *Packets) {
	g := newGroups(p, t.Causes < 0)
	t.para("", "  ", t.in(bold, g.title()))
	t.para("", "", t.in(dim, "read from "+cmp.Or(p.Source, "an unnamed source")+", observed "+when(p.Observed)))
	t.blank()
	t.para("", "", g.summary())
	for _, s := range g.sections {
		t.heading(s.title)
		t.section(s)
	}
	if len(g.unknown) > 0 {
		t.heading(g.unknownTitle())
		t.doubts(g)
	}
	if len(p.Unread) > 0 {
		t.heading("not read in full, so that there may be more")
		t.unread(p.Unread)
	}
}

// section lays out one way: doors with the parties behind them, or the parties alone.
func (t *terminal) section(s *section) {
	const most = 12
	for i, b := range s.bundles {
		if i == most && t.Causes >= 0 {
			t.para("  ", "  ", t.in(dim, "… and "+number(len(s.bundles)-most)+" more: --all shows them"))
			break
		}
		indent := "  "
		if b.door != "" {
			t.para("  ", "    ", t.in(bold, b.door)+" "+t.in(cyan, "→"))
			indent = "    "
		}
		t.lines(b.lines, indent)
	}
}

// doubts are what is not known, by reason.
func (t *terminal) doubts(g *groups) {
	const most = 10
	for i, d := range g.unknown {
		if i == most && t.Causes >= 0 {
			t.para("  ", "  ", t.in(dim, "… and for "+count(len(g.unknown)-most, "more reason")+": --all shows them"))
			break
		}
		t.para("  ? ", "    ", d.reason)
		t.lines(d.lines, "    ")
		for j, gap := range d.gaps {
			if j == 3 && t.Causes >= 0 {
				t.para("    ", "    ", t.in(dim, "… and "+count(len(d.gaps)-3, "more call")))
				break
			}
			t.para("    ", "    ", t.in(dim, "would have told: "+gap))
		}
	}
}

// lines are parties and what passes, a row each.
func (t *terminal) lines(lines []*line, indent string) {
	const most = 12
	var rows [][]string
	for i, l := range lines {
		if i == most && t.Causes >= 0 {
			rows = append(rows, []string{"…", t.in(dim, "and "+number(len(lines)-most)+" more: --all shows them")})
			break
		}
		rows = append(rows, []string{l.traffic(), strings.Join(present([]string{t.in(bold, l.who()), l.note, t.in(dim, l.place)}), " · ")})
	}
	t.table(indent, rows)
}

// unread says per operation where it was not read.
func (t *terminal) unread(gaps []estate.Gap) {
	type line struct {
		first string
		n     int
	}
	of := map[string]*line{}
	var order []string
	for _, g := range gaps {
		key := cmp.Or(g.Why, string(g.Operation)+g.Outcome.String()+g.Code)
		if of[key] == nil {
			of[key] = &line{first: g.String()}
			order = append(order, key)
		}
		of[key].n++
	}
	const most = 6
	for i, key := range order {
		if i == most && t.Causes >= 0 {
			t.para("  ", "  ", t.in(dim, "… and "+number(len(order)-most)+" more: --all shows them"))
			break
		}
		text := of[key].first
		if n := of[key].n - 1; n > 0 && key != text {
			text += ", and in " + count(n, "other place")
		}
		t.para("  ? ", "    ", text)
	}
	if cure := cures(gaps); cure != "" {
		t.para("    ", "    ", t.in(dim, cure))
	}
}

// groups is a list of flows as it is laid out.
type groups struct {
	*Packets
	sections []*section
	unknown  []*doubt
	accounts map[string]string // what they are called
}

type section struct {
	title   string
	key     string
	bundles []*bundle
	byDoor  map[string]*bundle
}

// bundle is a door and what is behind it; without a door one group of parties.
type bundle struct {
	door  string
	lines []*line
	byKey map[string]*line
}

// line is parties that share everything but their names.
type line struct {
	parties     []estate.Ref
	outside     string              // instead, of addresses
	passes      map[string][]string // protocol to ports; none of them: all
	note, place string
}

// traffic writes what passes: "tcp 22, 8080; udp".
func (l *line) traffic() string {
	var parts []string
	for _, p := range protocolsOf(l.passes) {
		ports := l.passes[p]
		slices.SortFunc(ports, func(a, b string) int { return cmp.Or(cmp.Compare(leading(a), leading(b)), cmp.Compare(a, b)) })
		if len(ports) == 0 && p != "everything" {
			p = "all " + p
		}
		parts = append(parts, strings.TrimSpace(p+" "+brief(ports, 8)))
	}
	return strings.Join(parts, "; ")
}

// protocolsOf lists the protocols, those that people know first. Of those by number alone, many are one.
func protocolsOf(passes map[string][]string) []string {
	var known, numbered []string
	for _, p := range slices.Sorted(maps.Keys(passes)) {
		if strings.HasPrefix(p, "protocol ") {
			numbered = append(numbered, p)
		} else {
			known = append(known, p)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Compare(slices.Index(familiar, a), slices.Index(familiar, b)) })
	if len(numbered) > 3 {
		all := len(numbered) >= 256-len(familiar)
		for _, p := range known {
			all = all && len(passes[p]) == 0
		}
		if all && len(known) == len(familiar) {
			return []string{"everything"}
		}
		numbered = []string{number(len(numbered)) + " other protocols"}
	}
	return append(known, numbered...)
}

var familiar = []string{"tcp", "udp", "icmp", "icmpv6"}

// leading is the number that a range begins with.
func leading(text string) int {
	n := 0
	for _, r := range text {
		if r < '0' || r > '9' {
			break
		}
		n = n*10 + int(r-'0')
	}
	return n
}

// who names the parties of a line: one with its id, of several the first few.
func (l *line) who() string {
	switch len(l.parties) {
	case 0:
		return l.outside
	case 1:
		return noun(l.parties[0].Kind) + " " + called(l.parties[0])
	}
	var names []string
	for _, p := range l.parties {
		names = append(names, cmp.Or(p.Name, p.ID))
	}
	return count(len(names), noun(l.parties[0].Kind)) + ": " + brief(names, 3)
}

// doubt is what is not known for one reason.
type doubt struct {
	reason string
	gaps   []string
	*bundle
}

func (g *groups) title() string {
	q := g.Question
	on := ""
	if q.Protocol != "" {
		on = ", on " + q.traffic()
	}
	switch q.Kind {
	case "internet":
		return "what the Internet reaches" + on
	case "from":
		return "what " + q.From + " reaches" + on
	case "to":
		return "who reaches " + q.To + on
	}
	return "what passes from " + q.end(q.From, nil) + " to " + q.end(q.To, nil) + on
}

// ways are the titles of sections, in order.
var ways = []struct {
	way   reach.Way
	title string
}{
	{reach.Direct, "directly"},
	{reach.ByLoadBalancer, "through a load balancer"},
	{reach.ByDistribution, "through CloudFront"},
	{reach.ByAccelerator, "through Global Accelerator"},
	{reach.ByAPI, "through API Gateway"},
	{reach.ByEndpointService, "through a VPC endpoint service"},
	{reach.ByFunctionURL, "through a function's own URL"},
	{reach.ByClusterEndpoint, "through the endpoint of a Kubernetes cluster"},
}

func newGroups(p *Packets, all bool) *groups {
	g := &groups{Packets: p, accounts: map[string]string{}}
	for _, a := range p.Accounts {
		g.accounts[a.ID] = a.Name
	}
	byKey := map[string]*section{}
	var wide, narrow []*section
	for _, w := range ways {
		s := &section{title: w.title, key: string(w.way)}
		byKey[s.key] = s
		wide = append(wide, s)
		if p.Question.Kind == "internet" {
			s := &section{title: "from some addresses only, " + w.title, key: "some " + string(w.way)}
			byKey[s.key] = s
			narrow = append(narrow, s)
		}
	}
	g.place(byKey)
	for _, s := range append(wide, narrow...) {
		if len(s.bundles) > 0 {
			for _, b := range s.bundles {
				b.fold(all)
			}
			g.sections = append(g.sections, s)
		}
	}
	for _, d := range g.unknown {
		d.fold(all)
	}
	return g
}

// place puts each flow into its section, or among the doubts: one line for each party and what is noted of it.
func (g *groups) place(sections map[string]*section) {
	doubts := map[string]*doubt{}
	for i := range g.Flows {
		f := &g.Flows[i]
		switch f.Arrives {
		case "no":
			continue
		case "unknown":
			g.doubt(doubts, f)
			continue
		}
		key := cmp.Or(f.Way, string(reach.Direct))
		if g.Question.Kind == "internet" && f.Internet != "yes" && len(f.Addresses) > 0 {
			key = "some " + key
		}
		s := sections[key]
		if s == nil { // a way that this version does not know
			s = sections[string(reach.Direct)]
		}
		s.bundle(chain(f.Through)).add(g.line(f))
	}
	for _, d := range doubts {
		g.unknown = append(g.unknown, d)
	}
	slices.SortFunc(g.unknown, func(a, b *doubt) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), slices.Compare(a.gaps, b.gaps))
	})
}

// line is one flow.
func (g *groups) line(f *PacketFlow) *line {
	l := &line{passes: map[string][]string{f.Protocol: f.Ports}}
	var notes []string
	who, asker := f.To, f.From
	if g.Question.Kind == "to" {
		who, asker = asker, who
	}
	switch {
	case who == nil && len(f.Addresses) == 0:
		l.outside = "outside"
	case who == nil && (slices.Contains(f.Addresses, "0.0.0.0/0") || slices.Contains(f.Addresses, "::/0")):
		l.outside = "the Internet: " + f.where()
	case who == nil:
		l.outside = f.where()
	default:
		r := who.Ref
		if r.Kind == "" {
			r = estate.Ref{Kind: "network-interface", ID: who.Interface}
		}
		l.parties, l.place = []estate.Ref{r}, strings.TrimSpace(cmp.Or(g.accounts[r.Account], r.Account)+" "+r.Region)
	}
	if who != nil && asker == nil && len(f.Addresses) > 0 {
		notes = append(notes, "from "+f.where())
		if f.Arrives == "yes" && f.Internet == "unknown" {
			notes = append(notes, "whether from elsewhere too is not known")
		}
	}
	switch {
	case f.Arrives == "unknown":
	case f.Session == "no":
		notes = append(notes, "packets only: no reply gets back")
	case f.Session == "unknown":
		notes = append(notes, "whether a reply gets back is not known")
	}
	l.note = strings.Join(notes, " · ")
	return l
}

func (g *groups) doubt(doubts map[string]*doubt, f *PacketFlow) {
	var gaps []string
	for _, gap := range gapsOf(&f.PacketAnswer) {
		if s := gap.String(); !slices.Contains(gaps, s) {
			gaps = append(gaps, s)
		}
	}
	reason := f.Reason
	if by := f.by(); by != "" {
		reason = strings.TrimSpace(reason + " (" + by + ")")
	}
	key := strings.Join(append([]string{reason}, gaps...), "\x00")
	if doubts[key] == nil {
		doubts[key] = &doubt{reason, gaps, &bundle{byKey: map[string]*line{}}}
	}
	doubts[key].add(g.line(f))
}

func (s *section) bundle(door string) *bundle {
	if b := s.byDoor[door]; b != nil {
		return b
	}
	if s.byDoor == nil {
		s.byDoor = map[string]*bundle{}
	}
	b := &bundle{door: door, byKey: map[string]*line{}}
	s.bundles = append(s.bundles, b)
	s.byDoor[door] = b
	return b
}

// add puts a line in, or its traffic to the line of the same party.
func (b *bundle) add(l *line) {
	key := l.outside + "\x00" + l.note
	if len(l.parties) > 0 {
		key = l.parties[0].Key() + "\x00" + l.note
	}
	old := b.byKey[key]
	if old == nil {
		b.byKey[key] = l
		b.lines = append(b.lines, l)
		return
	}
	for p, ports := range l.passes {
		was, ok := old.passes[p]
		switch {
		case !ok:
			old.passes[p] = ports
		case len(was) > 0 && len(ports) > 0:
			old.passes[p] = slices.Compact(slices.Sorted(slices.Values(slices.Concat(was, ports))))
		default:
			old.passes[p] = nil // all ports
		}
	}
}

// fold joins the lines of parties that share everything but their names, unless all are wanted, and sorts: hosts first, a
// lone one before a fleet.
func (b *bundle) fold(all bool) {
	var lines []*line
	of := map[string]*line{}
	for _, l := range b.lines {
		if all || len(l.parties) == 0 {
			lines = append(lines, l)
			continue
		}
		key := strings.Join([]string{l.parties[0].Kind, l.traffic(), l.note, l.place}, "\x00")
		if old := of[key]; old != nil {
			old.parties = append(old.parties, l.parties...)
			continue
		}
		of[key] = l
		lines = append(lines, l)
	}
	for _, l := range lines {
		slices.SortStableFunc(l.parties, func(a, b estate.Ref) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortStableFunc(lines, func(a, b *line) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(len(a.parties), len(b.parties)), cmp.Compare(a.name(), b.name()))
	})
	b.lines = lines
}

// name is what a line is sorted by.
func (l *line) name() string {
	if len(l.parties) == 0 {
		return l.outside
	}
	return cmp.Or(l.parties[0].Name, l.parties[0].ID)
}

// rank puts the outside first, then hosts, and interfaces of which nothing else is known last.
func (l *line) rank() int {
	switch {
	case len(l.parties) == 0:
		return 0
	case l.parties[0].Kind == "instance":
		return 1
	case l.parties[0].Kind == "network-interface":
		return 3
	}
	return 2
}

// size counts who is in a bundle.
func (b *bundle) size() int {
	n := 0
	for _, l := range b.lines {
		n += max(1, len(l.parties))
	}
	return n
}

// summary counts what is reached, by way: "1 directly · 15 through a load balancer · of 2 it is not known".
func (g *groups) summary() string {
	var parts []string
	for _, s := range g.sections {
		n := 0
		for _, b := range s.bundles {
			n += b.size()
		}
		parts = append(parts, number(n)+" "+s.title)
	}
	unsure := 0
	for _, d := range g.unknown {
		unsure += d.size()
	}
	if unsure > 0 {
		parts = append(parts, number(unsure)+" not known")
	}
	if len(parts) == 0 {
		return "nothing that was read"
	}
	return strings.Join(parts, " · ")
}

func (g *groups) unknownTitle() string {
	switch g.Question.Kind {
	case "internet":
		return "may be reachable: it is not known"
	case "to":
		return "may reach it: it is not known"
	}
	return "may pass: it is not known"
}
