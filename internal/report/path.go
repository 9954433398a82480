package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/onus-cloud/onus/internal/answer"
)

// pathLine is a path on one line: "internet > igw-0a > acl-0b > sg-0c > i-0d".
func pathLine(path []answer.Hop) string {
	var ids []string
	for _, h := range path {
		id := h.ID
		switch h.Passes {
		case answer.Stops:
			id += " (stops it)"
		case answer.MayPass:
			id += " (not known)"
		}
		ids = append(ids, id)
	}
	return strings.Join(slices.Compact(ids), " > ") // who changes himself stays where he is
}

// pathRules says of each hop what decides there, for those that say it.
func pathRules(path []answer.Hop) []string {
	var rules []string
	for _, h := range path {
		if decides := h.Rule; decides != "" || h.Text != "" {
			if decides == "" {
				decides = h.Text
			}
			rules = append(rules, hopCalled(h)+": "+decides)
		}
	}
	return rules
}

// hopCalled names a hop for people: "security group jenkins-sg (sg-0c)", "the internet".
func hopCalled(h answer.Hop) string {
	if h.Kind == "internet" {
		return "the internet"
	}
	if h.Name != "" && h.Name != h.ID {
		return noun(h.Kind) + " " + h.Name + " (" + h.ID + ")"
	}
	return noun(h.Kind) + " " + h.ID
}

// wayView is a path as the page shows it: a picture for wide windows, one for narrow windows, and the same in words.
type wayView struct {
	Line     string
	Rules    []string
	Pictures []picture // none where the path is too long for one
}

func newWayView(path []answer.Hop) *wayView {
	if len(path) == 0 {
		return nil
	}
	v := &wayView{Line: clip(pathLine(path))}
	for _, rule := range pathRules(path) {
		v.Rules = append(v.Rules, clip(rule))
	}
	if len(path) <= maxDrawnHops {
		v.Pictures = []picture{drawWide(path), drawNarrow(path)}
	}
	return v
}

// picture is one drawing of a path, in CSS pixels. Colours are the style sheet's.
type picture struct {
	Class         string // which windows it is for: "wide", "narrow"
	Width, Height int
	Title, Desc   string
	Links         []drawnLink
	Hops          []drawnHop
}

// drawnLink is the line between two hops with its arrow head. A line that a packet may not or does not pass is broken, so
// that colour never tells alone.
type drawnLink struct{ Class, Line, Head string }

// drawnHop is a round sign with up to three lines of text.
type drawnHop struct {
	Class   string // "yes", "no" or "unknown", as the packet passes
	Full    string // all that the lines may have shortened
	X, Y, R int    // of the sign
	Icon    string // path data around 0,0
	Badge   string // "✗", "?" or nothing
	Anchor  string // "middle" or "start"
	Lines   []drawnText
}

type drawnText struct {
	Class string
	X, Y  int
	Text  string
}

const (
	maxDrawnHops = 24
	columnWidth  = 154
	maxColumns   = 6 // six columns fit beside the rank in a window of 64 rem
	signRadius   = 21
	rowGap       = 34
	narrowWidth  = 300
	narrowRow    = 66
	narrowRadius = 17
)

// drawWide lays the hops out from left to right, in as few rows as are needed, and evenly.
func drawWide(path []answer.Hop) picture {
	rows := (len(path) + maxColumns - 1) / maxColumns
	columns := (len(path) + rows - 1) / rows
	const rowHeight = 2*signRadius + 56 + rowGap
	p := newPicture("wide", path)
	p.Width, p.Height = columns*columnWidth, rows*rowHeight-rowGap+4
	at := func(i int) (x, y int) {
		return i%columns*columnWidth + columnWidth/2, i/columns*rowHeight + signRadius + 4
	}
	for i, h := range path {
		x, y := at(i)
		hop := newDrawnHop(h, x, y, signRadius)
		hop.Anchor = "middle"
		for line, t := range hopLines(h, 20) {
			t.X, t.Y = x, y+signRadius+17+line*16
			hop.Lines = append(hop.Lines, t)
		}
		p.Hops = append(p.Hops, hop)
		if i == 0 {
			continue
		}
		fromX, fromY := at(i - 1)
		if fromY == y {
			p.Links = append(p.Links, link(h, fmt.Sprintf("M%d %dH%d", fromX+signRadius+3, fromY, x-signRadius-5), head(x-signRadius-3, y, 1, 0)))
			continue
		}
		// On to the next row: out to the right, back between the rows, and down into the first sign.
		between := y - signRadius - rowGap/2 - 2
		p.Links = append(p.Links, link(h, fmt.Sprintf("M%d %dH%dV%dH%dV%d", fromX+signRadius+3, fromY, p.Width-6, between, x, y-signRadius-5), head(x, y-signRadius-3, 0, 1)))
	}
	return p
}

// drawNarrow lays the hops out from top to bottom, their text beside them.
func drawNarrow(path []answer.Hop) picture {
	p := newPicture("narrow", path)
	p.Width, p.Height = narrowWidth, len(path)*narrowRow-8
	for i, h := range path {
		x, y := narrowRadius+4, i*narrowRow+narrowRadius+6
		hop := newDrawnHop(h, x, y, narrowRadius)
		hop.Anchor = "start"
		lines := hopLines(h, 33)
		for line, t := range lines {
			t.X, t.Y = x+narrowRadius+14, y+4+line*16-8*(len(lines)-1)
			hop.Lines = append(hop.Lines, t)
		}
		p.Hops = append(p.Hops, hop)
		if i > 0 {
			p.Links = append(p.Links, link(h, fmt.Sprintf("M%d %dV%d", x, y-narrowRow+narrowRadius+3, y-narrowRadius-5), head(x, y-narrowRadius-3, 0, 1)))
		}
	}
	return p
}

// newPicture says in words what a picture shows, for those who do not see it.
func newPicture(class string, path []answer.Hop) picture {
	var names []string
	for _, h := range path {
		name := hopCalled(h)
		switch h.Passes {
		case answer.Stops:
			name += ", which stops it"
		case answer.MayPass:
			name += ", of which it is not known whether it lets it pass"
		}
		names = append(names, name)
	}
	return picture{
		Class: class, Title: clip("the way from " + hopCalled(path[0]) + " to " + hopCalled(path[len(path)-1])),
		Desc: clip("from " + strings.Join(names, " to ")),
	}
}

func newDrawnHop(h answer.Hop, x, y, r int) drawnHop {
	hop := drawnHop{Class: passageClass(h.Passes), Full: clip(strings.Join(present([]string{hopCalled(h), h.Rule}), ": ")), X: x, Y: y, R: r, Icon: icon(h.Kind)}
	switch h.Passes {
	case answer.Stops:
		hop.Badge = "✗"
	case answer.MayPass:
		hop.Badge = "?"
	}
	return hop
}

// hopLines are the lines under a sign: what it is, what people call it, and its id; each at most so many runes wide.
func hopLines(h answer.Hop, most int) []drawnText {
	if h.Kind == "internet" {
		return []drawnText{{Class: "name", Text: "the internet"}}
	}
	lines := []drawnText{{Class: "kind", Text: shorten(noun(h.Kind), most)}}
	if h.Name != "" && h.Name != h.ID {
		lines = append(lines, drawnText{Class: "name", Text: shorten(h.Name, most)})
	}
	return append(lines, drawnText{Class: "id", Text: shorten(h.ID, most)})
}

// shorten keeps both ends of what is too long: ids differ at either.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)
	tail := most / 3
	return string(runes[:most-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// link leads to a hop: unbroken where it passes.
func link(to answer.Hop, line, head string) drawnLink {
	return drawnLink{passageClass(to.Passes), line, head}
}

// head is an arrow head whose tip is at x, y and that points along dx, dy.
func head(x, y, dx, dy int) string {
	return fmt.Sprintf("M%d %dL%d %dL%d %dZ", x, y, x-7*dx-4*dy, y-7*dy-4*dx, x-7*dx+4*dy, y-7*dy+4*dx)
}

// passageClass is the class of a passage; one that is none of the three words is not known.
func passageClass(p answer.Passage) string {
	switch p {
	case answer.Passes, answer.Stops:
		return string(p)
	}
	return string(answer.MayPass)
}

// icon draws what a hop is, in a square of 20 around 0,0. The kinds that look alike do the same thing to a packet.
func icon(kind string) string {
	switch {
	case kind == "internet": // a globe
		return "M-10 0a10 10 0 1 0 20 0a10 10 0 1 0 -20 0M-10 0H10M0 -10c-6 5 -6 15 0 20M0 -10c6 5 6 15 0 20"
	case strings.Contains(kind, "security-group"): // a shield
		return "M0 -10L9 -6V0C9 5 5 8 0 10C-5 8 -9 5 -9 0V-6ZM-4 0L-1 3L4 -3"
	case strings.Contains(kind, "acl"), strings.Contains(kind, "firewall"), kind == "listener", strings.Contains(kind, "policy"): // a list of rules
		return "M-8 -9H8V9H-8ZM-4 -4H4M-4 0H4M-4 4H1"
	case kind == "subnet", kind == "vpc": // a fenced place
		return "M-9 -9H-4M-1 -9H4M7 -9H9V-5M9 -2V3M9 6V9H5M2 9H-3M-6 9H-9V5M-9 2V-3M-9 -6V-9M-3 -3H3V3H-3Z"
	case strings.Contains(kind, "load-balancer"), strings.Contains(kind, "target-group"), strings.Contains(kind, "accelerator"), strings.Contains(kind, "distribution"), strings.Contains(kind, "api"): // one to many
		return "M-10 0H-2M-2 0L6 -7M-2 0H6M-2 0L6 7M6 -7h3M6 0h3M6 7h3"
	case strings.Contains(kind, "route-table"): // a fork
		return "M-9 6C-2 6 -2 -6 9 -6M-9 6H9M5 -9L9 -6L5 -3M5 3L9 6L5 9"
	case strings.Contains(kind, "gateway"), strings.Contains(kind, "peering"), strings.Contains(kind, "attachment"), strings.Contains(kind, "endpoint"): // a door
		return "M-8 9V-9H8V9M-8 9H8M-4 0H5M2 -3L5 0L2 3"
	case strings.HasPrefix(kind, "db"), strings.Contains(kind, "database"): // a drum
		return "M-8 -6c0 -5 16 -5 16 0s-16 5 -16 0V6c0 5 16 5 16 0V-6"
	}
	// a server
	return "M-9 -8H9V-1H-9ZM-9 2H9V9H-9ZM-6 -4.5h2M-6 5.5h2"
}
