package report

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// PacketsSchema names the form of Packets; docs/reach.md describes it.
const PacketsSchema = "onus.reach/1"

// Packets is what `onus reach` says: of one packet an answer, of the other questions flows.
type Packets struct {
	Schema   string          `json:"schema"`
	Source   string          `json:"source"`
	Observed time.Time       `json:"observed"`
	Accounts []PacketAccount `json:"accounts,omitempty"` // those with a name
	Question PacketQuestion  `json:"question"`
	Answer   *PacketAnswer   `json:"answer,omitempty"`
	Flows    []PacketFlow    `json:"flows,omitzero"`
	// Unread are the listings that were not read in full: there may be more than Flows where they would have told of it.
	Unread []estate.Gap `json:"unread,omitempty"`
}

// PacketAccount is an account as people call it.
type PacketAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// PacketQuestion is what was asked.
type PacketQuestion struct {
	Kind       string `json:"kind"`           // "packet", "internet", "from", "to" or "between"
	From       string `json:"from,omitempty"` // as it was typed
	To         string `json:"to,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
	Ports      string `json:"ports,omitempty"`
	SourcePort uint16 `json:"source_port,omitempty"`
}

// PacketAnswer is a reach.Answer in the words of JSON.
type PacketAnswer struct {
	Arrives string       `json:"arrives"` // "yes", "no", "unknown"
	Session string       `json:"session"`
	From    *PacketParty `json:"from,omitempty"` // none: addresses outside of the estate
	To      *PacketParty `json:"to,omitempty"`
	Way     string       `json:"way,omitempty"`
	Through []estate.Ref `json:"through,omitempty"`
	// Internet says, of packets from outside, whether they arrive from all of the Internet and not from some addresses only.
	Internet string `json:"internet,omitempty"`
	// Addresses are the CIDRs outside from which, or to which, packets arrive; where Arrives is unknown, may. Sessions are
	// those of them to which the reply gets back.
	Addresses   []string    `json:"addresses,omitempty"`
	Sessions    []string    `json:"sessions,omitempty"`
	ClientPorts []string    `json:"client_ports,omitempty"`
	Path        []PacketHop `json:"path"`
	Return      []PacketHop `json:"return,omitempty"`
	// StoppedBy is what stops the packet first, or else its reply; AlsoStoppedBy what else would.
	StoppedBy     *PacketHop   `json:"stopped_by"`
	AlsoStoppedBy []PacketHop  `json:"also_stopped_by,omitempty"`
	Reason        string       `json:"reason"`
	Gaps          []estate.Gap `json:"gaps,omitempty"`
}

// PacketParty is one end of an answer.
type PacketParty struct {
	estate.Ref
	Interface string `json:"interface,omitempty"`
	Address   string `json:"address,omitempty"`
}

// PacketHop is one thing on the way.
type PacketHop struct {
	estate.Ref
	Passes string       `json:"passes"` // "yes", "no" (it stops the packet), "unknown"
	Rule   string       `json:"rule"`
	Text   string       `json:"text"`
	Gaps   []estate.Gap `json:"gaps,omitempty"`
}

// PacketFlow is a reach.Flow in the words of JSON.
type PacketFlow struct {
	Protocol string `json:"protocol"`
	// Ports are ports and ranges of them; of ICMP types and codes, as "8/0", "3" for all codes of a type, "3-4/0"; none: all.
	Ports []string `json:"ports,omitempty"`
	PacketAnswer
}

// PacketsJSON writes them indented.
func PacketsJSON(w io.Writer, p *Packets) error { return writeJSON(w, p) }

// AnswerOf puts an answer into words of JSON.
func AnswerOf(a reach.Answer) PacketAnswer {
	p := PacketAnswer{
		Arrives: yesNo(a.Arrives), Session: yesNo(a.Session), From: partyOf(a.From), To: partyOf(a.To), Way: string(a.Way), Through: a.Through,
		Addresses: cidrs(a.Addresses), Sessions: cidrs(a.Sessions), ClientPorts: ranges(a.ClientPorts),
		Path: hopsOf(a.Path), Return: hopsOf(a.Return), Reason: a.Reason, Gaps: a.Gaps,
	}
	if p.From == nil && !a.Addresses.Empty() {
		arrives, _ := a.FromInternet()
		p.Internet = yesNo(arrives)
	}
	stops := a.Stops()
	if len(stops) == 0 && a.Session == estate.False {
		for _, h := range a.Return {
			if h.Passes == estate.False {
				stops = append(stops, h)
			}
		}
	}
	if a.Session != estate.True && len(stops) > 0 {
		all := hopsOf(stops)
		p.StoppedBy, p.AlsoStoppedBy = &all[0], all[1:]
	}
	return p
}

// everyIPv4 and everyIPv6 are the public addresses. As CIDRs they are dozens, so that 0.0.0.0/0 and ::/0 stand for them.
var (
	everyIPv4 = netset.Of(netip.MustParsePrefix("0.0.0.0/0")).Public()
	everyIPv6 = netset.Of(netip.MustParsePrefix("::/0")).Public()
)

func cidrs(a netset.Addresses) []string {
	var all []string
	if a.ContainsAll(everyIPv4) {
		all, a = append(all, "0.0.0.0/0"), a.Minus(everyIPv4)
	}
	v6 := a.ContainsAll(everyIPv6)
	if v6 {
		a = a.Minus(everyIPv6)
	}
	for _, prefix := range a.Prefixes() {
		all = append(all, prefix.String())
	}
	if v6 {
		all = append(all, "::/0")
	}
	return all
}

// FlowsOf puts flows into words of JSON, in their order. It is never nil.
func FlowsOf(flows []reach.Flow) []PacketFlow {
	all := make([]PacketFlow, 0, len(flows))
	for _, f := range flows {
		all = append(all, PacketFlow{Protocol: f.Protocol.String(), Ports: Selectors(f.Protocol, f.Ports), PacketAnswer: AnswerOf(f.Answer)})
	}
	return all
}

func yesNo(t estate.Truth) string {
	switch t {
	case estate.True:
		return "yes"
	case estate.False:
		return "no"
	}
	return "unknown"
}

func partyOf(p reach.Party) *PacketParty {
	if p.Ref == (estate.Ref{}) && p.Interface == "" {
		return nil
	}
	return &PacketParty{p.Ref, p.Interface, single(p.Address)}
}

// single is the one address of a party, without a length; empty where it may have any of several.
func single(address string) string {
	if p, err := netip.ParsePrefix(address); err == nil && p.IsSingleIP() {
		return p.Addr().String()
	}
	if a, err := netip.ParseAddr(address); err == nil {
		return a.String()
	}
	return ""
}

func hopsOf(hops []reach.Hop) []PacketHop {
	all := make([]PacketHop, 0, len(hops))
	for _, h := range hops {
		all = append(all, PacketHop{h.At, yesNo(h.Passes), h.Rule, h.Text, h.Gaps})
	}
	return all
}

// Selectors writes the ports of a protocol; those of ICMP are types and codes.
func Selectors(p netset.Protocol, ports netset.Ports) []string {
	switch {
	case ports.Equal(netset.AllPorts()):
		return nil
	case p == netset.ICMP || p == netset.ICMPv6:
		return types(ports)
	}
	return ranges(ports)
}

func ranges(ports netset.Ports) []string {
	var all []string
	for _, r := range ports.Ranges() {
		all = append(all, fromTo(int(r.First), int(r.Last)))
	}
	return all
}

func fromTo(first, last int) string {
	if first == last {
		return strconv.Itoa(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// types writes types and codes of ICMP, which a selector holds as the type times 256 plus the code. Whole types are
// written without codes.
func types(ports netset.Ports) []string {
	var all []string
	for _, r := range ports.Ranges() {
		first, last := int(r.First), int(r.Last)
		if first%256 != 0 { // the rest of a type
			end := min(last, first|255)
			all = append(all, strconv.Itoa(first/256)+"/"+fromTo(first%256, end%256))
			first = end + 1
		}
		if whole := (last + 1) / 256 * 256; first < whole {
			all = append(all, fromTo(first/256, whole/256-1))
			first = whole
		}
		if first <= last {
			all = append(all, strconv.Itoa(first/256)+"/"+fromTo(first%256, last%256))
		}
	}
	return all
}
