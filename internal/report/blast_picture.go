package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

//go:embed page/blast.html.tmpl
var blastTemplate string

//go:embed page/blast.css
var blastStyle string

// BlastHTML writes one self-contained page: the picture, and the same as tables. It has no script, and loads nothing.
func BlastHTML(w io.Writer, b *Blast) error {
	tmpl, err := template.New("blast").Parse(blastTemplate)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	style := pageStyle + blastStyle
	sum := sha256.Sum256([]byte(style))
	v := blastView{StyleHash: base64.StdEncoding.EncodeToString(sum[:]), Style: template.CSS(style), Title: "What is lost with " + refName(b.Start),
		Source: cmp.Or(b.Source, "an unnamed source"), Observed: when(b.Observed), Note: b.Note, Picture: drawBlast(b), Unread: b.Unread}
	for _, p := range b.Powers {
		v.Powers = append(v.Powers, [3]string{p.Sure, powerWords[p.Power], clip(p.By)})
	}
	for _, h := range b.Hops[min(1, len(b.Hops)):] {
		v.Hops = append(v.Hops, [4]string{h.Sure, refName(h.Ref), refName(b.Hops[h.From].Ref), clip(h.Text)})
	}
	for _, s := range b.Stores[:min(len(b.Stores), maxListed)] {
		v.Stores = append(v.Stores, [3]string{refName(s.Ref), s.effects(), strings.Trim(asWhom("", s.By)+"; "+s.Note, "; ")})
	}
	for _, p := range b.Packets[:min(len(b.Packets), maxListed)] {
		v.Packets = append(v.Packets, [4]string{p.Arrives, refName(p.To), p.Ports, refName(p.From)})
	}
	for _, g := range b.Assumed {
		v.Unread = append(v.Unread, "taken as not there: "+g.String())
	}
	if err := tmpl.Execute(w, v); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

type blastView struct {
	StyleHash               string
	Style                   template.CSS
	Title, Source, Observed string
	Note                    string
	Picture                 blastPicture
	Powers                  [][3]string
	Hops                    [][4]string
	Stores                  [][3]string
	Packets                 [][4]string
	Unread                  []string
}

// blastPicture is a blast from left to right: what is held by how many hops, then what it reaches. Sizes are CSS pixels.
type blastPicture struct {
	Width, Height int
	Title, Desc   string
	Heads         []drawnText
	Links         []drawnLink
	Boxes         []blastBox
}

// blastBox is one thing, or several of a kind.
type blastBox struct {
	Class      string // "start", "held", "store", "packet", and "yes", "may" or "unknown"
	X, Y, W, H int
	Kind, Name string
	Full       string
	Several    bool
}

// maxBoxes is how many things a picture shows apart; past it, what is alike is drawn as one.
const maxBoxes = 60

const (
	boxWidth, boxHeight = 188, 44
	boxGap, columnGap   = 12, 84
	pictureTop          = 34
	nameRunes           = 20 // of a name, in a box
)

// blastNode is a box before it has a place.
type blastNode struct {
	column, parent int // parent is a node; -1 for none
	kind, name     string
	full           string
	class, sure    string
	leads          int // how many things are held by way of it
	count          int
	members        []string
}

// drawBlast lays a blast out: a column for each number of hops, then packets and stores.
func drawBlast(b *Blast) blastPicture {
	nodes, deepest := blastNodes(b)
	if len(nodes) > maxBoxes {
		nodes = grouped(nodes, func(n blastNode) string {
			return fmt.Sprint(n.column, n.class, n.kind, n.sure, " ", n.parent)
		})
	}
	if len(nodes) > maxBoxes {
		nodes = grouped(nodes, func(n blastNode) string { return fmt.Sprint(n.column, n.class, n.kind) })
	}
	columns := map[int][]int{}
	for i, n := range nodes {
		columns[n.column] = append(columns[n.column], i)
	}
	p := blastPicture{Title: "What is lost with " + refName(b.Start)}
	used := slices.Sorted(maps.Keys(columns))
	p.Width = len(used)*boxWidth + (len(used)-1)*columnGap + 8
	place := make([][2]int, len(nodes))
	for at, column := range used {
		x := 2 + at*(boxWidth+columnGap)
		head := "what it reaches"
		switch {
		case column == 0:
			head = "taken over"
		case column <= deepest:
			head = "held after " + count(column, "hop")
		}
		p.Heads = append(p.Heads, drawnText{Class: "head", X: x, Y: 16, Text: head})
		list := columns[column]
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(parentRow(nodes, place, a), parentRow(nodes, place, b)) })
		y := pictureTop
		for _, i := range list {
			y = max(y, parentRow(nodes, place, i)) // beside what it hangs on, or as near below as there is room
			place[i] = [2]int{x, y}
			n := nodes[i]
			full := n.full
			if n.count > 1 {
				const few = 12
				full = strings.Join(n.members[:min(few, len(n.members))], ", ")
				if len(n.members) > few {
					full += " and " + number(len(n.members)-few) + " more"
				}
			}
			p.Boxes = append(p.Boxes, blastBox{Class: n.class + " " + n.sure, X: x, Y: y, W: boxWidth, H: boxHeight, Kind: shortenRunes(n.kind, 25), Name: shortenRunes(n.name, nameRunes), Full: full, Several: n.count > 1})
			y += boxHeight + boxGap
			p.Height = max(p.Height, y+4)
		}
	}
	for i, n := range nodes {
		if n.parent < 0 {
			continue
		}
		from, to := place[n.parent], place[i]
		x1, y1 := from[0]+boxWidth, from[1]+boxHeight/2
		x2, y2 := to[0]-7, to[1]+boxHeight/2
		bend := (x2 - x1) / 2
		p.Links = append(p.Links, drawnLink{Class: n.sure, Line: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2), Head: head(to[0]-1, y2, 1, 0)})
	}
	p.Desc = fmt.Sprintf("From %s: %s held, %s, and packets arrive at %s. The tables below say the same.", refName(b.Start), count(len(b.Hops)-1, "thing"), count(len(b.Stores), "store"), count(len(b.Packets), "receiver"))
	return p
}

func parentRow(nodes []blastNode, place [][2]int, i int) int {
	if nodes[i].parent < 0 {
		return 0
	}
	return place[nodes[i].parent][1]
}

func shortenRunes(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	half := (most - 1) / 2
	return string(r[:half]) + "…" + string(r[len(r)-(most-1-half):])
}

// blastNodes are everything as nodes, and how many hops the longest way has.
func blastNodes(b *Blast) (nodes []blastNode, deepest int) {
	of := map[string]int{}
	depth := make([]int, len(b.Hops))
	for i, h := range b.Hops {
		class, parent := "held", -1
		if h.From >= 0 {
			depth[i] = depth[h.From] + 1
			parent = h.From
		} else {
			class = "start"
		}
		deepest = max(deepest, depth[i])
		of[h.Ref.Key()] = i
		nodes = append(nodes, blastNode{column: depth[i], parent: parent, kind: noun(h.Ref.Kind), name: cmp.Or(h.Ref.Name, h.Ref.ID), full: refName(h.Ref) + " " + h.Text, class: class, sure: h.Sure, count: 1, members: []string{cmp.Or(h.Ref.Name, h.Ref.ID)}})
	}
	for i := len(b.Hops) - 1; i > 0; i-- { // a hop comes after the one that it is from
		if from := b.Hops[i].From; from >= 0 {
			nodes[from].leads += 1 + nodes[i].leads
		}
	}
	add := func(r estate.Ref, parent estate.Ref, class, sure, kind string) {
		at, ok := of[parent.Key()]
		if !ok {
			at = 0
		}
		nodes = append(nodes, blastNode{column: deepest + 1, parent: at, kind: kind, name: cmp.Or(r.Name, r.ID), full: refName(r) + ": " + kind, class: class, sure: sure, count: 1, members: []string{cmp.Or(r.Name, r.ID)}})
	}
	arrived := map[string]bool{} // each receiver once, whoever sends: the table says who does
	for _, p := range b.Packets {
		if arrived[p.To.Key()] {
			continue
		}
		arrived[p.To.Key()] = true
		add(p.To, p.From, "packet", p.Arrives, noun(p.To.Kind)+", by packets")
	}
	for _, s := range b.Stores {
		sure := "unknown"
		for _, word := range []string{s.Reads, s.Writes, s.Destroys} {
			if word == "yes" || word == "may" && sure != "yes" {
				sure = word
			}
		}
		add(s.Ref, s.By, "store", sure, noun(s.Ref.Kind)+": "+s.effects())
	}
	return nodes, deepest
}

// grouped draws what has one key as one.
func grouped(nodes []blastNode, key func(blastNode) string) []blastNode {
	at := map[string]int{}
	moved := make([]int, len(nodes))
	var all []blastNode
	for i, n := range nodes {
		k := key(n)
		if n.class == "start" {
			k = "start"
		}
		j, ok := at[k]
		if !ok {
			j = len(all)
			at[k] = j
			all = append(all, n)
		} else {
			if n.leads > all[j].leads { // a group goes by the name of the one that leads furthest
				all[j].name, all[j].leads = n.name, n.leads
				all[j].members = append(n.members, all[j].members...)
			} else {
				all[j].members = append(all[j].members, n.members...)
			}
			all[j].count += n.count
		}
		moved[i] = j
	}
	for j := range all {
		if all[j].parent >= 0 {
			all[j].parent = moved[all[j].parent]
			if all[j].parent == j {
				all[j].parent = -1
			}
		}
		if all[j].count > 1 {
			more := fmt.Sprintf(" +%s", number(all[j].count-1))
			all[j].name = shortenRunes(all[j].name, nameRunes-len(more)) + more
		}
	}
	return all
}
