package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/report"
)

func newReach() *cobra.Command {
	r := &reaching{format: "text"}
	c := &cobra.Command{
		Use:   "reach [FROM] [TO] [PORT]",
		Short: "say who can reach whom by packets, by which way and why",
		Long: `Follows packets through what was read: security groups, network ACLs, routes, gateways,
peerings, transit gateways, load balancers and the other front doors.

  onus reach internet             everything that the Internet can reach, or may
  onus reach FROM                 what an end can reach
  onus reach --to TO              who can reach an end
  onus reach FROM TO              what passes between the two
  onus reach FROM TO PORT         one packet: its verdict, and its way hop by hop
  onus reach --pairs              who reaches whom among all interfaces, by kinds of them
  onus reach --batch FILE         many packets, as JSON lines; - for stdin

An end is "internet", an address, a CIDR, an id (of a security group, a subnet or a VPC:
all that is in it), an ARN, or a name: of a load balancer, a database, a function, a
Name tag. PORT is one port, or in lists 80,443 or 8000-8100; with --protocol icmp it is
TYPE/CODE (an echo request if none is given).

Two verdicts: a packet arrives; a session is possible, because its reply gets back too.
Each is yes, no or unknown, and unknown names the call that would have told.

Exit code: 0 answered with yes or no, 4 unknown (of lists: something in them is unknown,
or was not read in full), 2 the question is wrong (of --batch: some line is), 1 failure.`,
		Example: `  onus reach internet --from demo
  onus reach internet i-0abc 22
  onus reach i-0abc
  onus reach --to orders-db
  onus reach 203.0.113.0/24 shop-alb 443 --format json
  onus reach web-1 10.0.4.7 --protocol icmp
  onus reach --batch questions.jsonl --from recording`,
		Args: cobra.MaximumNArgs(3),
		RunE: func(c *cobra.Command, args []string) error { return r.run(c, args) },
	}
	r.source.where(c)
	f := c.Flags()
	f.StringVar(&r.to, "to", "", "who can reach this `end`")
	f.StringVar(&r.protocol, "protocol", "", "tcp, udp, icmp, icmpv6 or a number (default: tcp, or in lists without a port all)")
	f.IntVar(&r.clientPort, "source-port", 0, "the `port` that the client sends from (default: whichever lets the reply back)")
	f.StringVar(&r.batch, "batch", "", "answer the questions of this `file`, one JSON object a line; - for stdin")
	f.BoolVar(&r.pairs, "pairs", false, "who reaches whom among all interfaces, by private and IPv6 addresses")
	f.StringVar(&r.format, "format", r.format, "text or json")
	f.BoolVar(&r.all, "all", false, "show everything, not only the first of long lists")
	return c
}

// reaching is one run of the command.
type reaching struct {
	source
	to, protocol string
	clientPort   int
	batch        string
	pairs        bool
	format       string
	all          bool
}

func (r *reaching) run(c *cobra.Command, args []string) error {
	if r.format != "text" && r.format != "json" {
		return usage("--format %s: text or json is wanted", r.format)
	}
	if r.batch != "" {
		return r.runBatch(c, args)
	}
	if r.pairs {
		return r.runPairs(c, args)
	}
	q, err := r.question(args)
	if err != nil {
		return err
	}
	n, p, err := r.open(c)
	if err != nil {
		return err
	}
	unsure, err := q.answer(n, p)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	if r.format == "json" {
		err = report.PacketsJSON(out, p)
	} else {
		width, color, ascii := screen(c, out)
		o := report.Options{Width: width, Color: color, ASCII: ascii}
		if r.all {
			o.Causes = -1
		}
		if q.kind != "packet" {
			o.Next = r.next(q, p)
		}
		err = report.PacketsText(out, p, o)
	}
	if err == nil && unsure {
		return exit{code: exitUnknown}
	}
	return err
}

// open reads, and makes ready for questions.
func (r *reaching) open(c *cobra.Command) (*reach.Network, *report.Packets, error) {
	e, from, err := r.estate(c)
	if err != nil {
		return nil, nil, err
	}
	p := &report.Packets{Schema: report.PacketsSchema, Source: from, Observed: e.Observed, Unread: unread(e)}
	for _, a := range e.Accounts {
		if a.Alias != "" {
			p.Accounts = append(p.Accounts, report.PacketAccount{ID: a.ID, Name: a.Alias})
		}
	}
	return reach.Of(e), p, nil
}

// unread are the listings that answers rest on and that were not read in full.
func unread(e *estate.Estate) []estate.Gap {
	var gaps []estate.Gap
	for _, id := range reach.Needs() {
		if o, ok := operation.Get(id); ok && o.Lists() {
			gaps = append(gaps, e.Gaps(id)...)
		}
	}
	return gaps
}

// asked is a question as it was typed.
type asked struct {
	kind       string // "packet", "internet", "from", "to", "between"
	from, to   string
	protocol   netset.Protocol
	ports      netset.Ports
	any        bool // of all protocols
	sourcePort uint16
}

// question understands the arguments, before anything is read.
func (r *reaching) question(args []string) (*asked, error) {
	q := &asked{any: r.protocol == "", protocol: netset.TCP, sourcePort: uint16(r.clientPort)}
	if r.clientPort < 0 || r.clientPort > 65535 {
		return nil, usage("--source-port %d: ports go from 1 to 65535", r.clientPort)
	}
	if !q.any {
		var err error
		if q.protocol, err = parseProtocol(r.protocol); err != nil {
			return nil, usage("--protocol: %w", err)
		}
	}
	if slices.ContainsFunc(args, func(text string) bool { return strings.TrimSpace(text) == "" }) {
		return nil, usage(`an end is missing: write "internet", an address, a CIDR, an id, a name or an ARN`)
	}
	port := ""
	if n := len(args); n > 0 && (n == 3 || isPorts(args[n-1]) && (n == 2 || r.to != "")) {
		port, args = args[n-1], args[:n-1]
	}
	if r.to != "" {
		if len(args) > 1 {
			return nil, usage("--to names the second end: leave %s out, or --to", args[1])
		}
		args = append(args, r.to)
		if len(args) == 1 {
			args = []string{"", r.to}
		}
	}
	switch len(args) {
	case 0:
		return nil, usage("say who: onus reach internet, onus reach FROM, onus reach --to TO or onus reach FROM TO PORT")
	case 1:
		q.kind, q.from = "from", args[0]
		if strings.EqualFold(strings.TrimSpace(args[0]), "internet") {
			q.kind = "internet"
		}
	default:
		q.from, q.to = args[0], args[1]
		q.kind = "between"
		if q.from == "" {
			q.kind = "to"
		}
	}
	if port != "" {
		var err error
		if q.ports, err = parsePorts(port, q.protocol); err != nil {
			return nil, usage("%w", err)
		}
		q.any = false
	}
	return q, q.settle()
}

// settle decides whether the question is about one packet.
func (q *asked) settle() error {
	if q.kind == "between" && !q.any {
		switch q.protocol {
		case netset.ICMP, netset.ICMPv6:
			if q.ports.Empty() {
				q.ports = one(echoRequest(q.protocol))
			}
			fallthrough
		case netset.TCP, netset.UDP:
			if q.ports.Count() == 1 {
				q.kind = "packet"
			}
		default:
			if !q.ports.Empty() {
				return usage("%s has no ports: leave %s out", q.protocol, q.ports)
			}
			q.kind = "packet"
		}
	}
	if q.sourcePort != 0 && q.kind != "packet" {
		return usage("--source-port is for one packet: onus reach FROM TO PORT --source-port %d", q.sourcePort)
	}
	return nil
}

// answer asks the network, and says whether something in the answer is unknown.
func (q *asked) answer(n *reach.Network, p *report.Packets) (unsure bool, err error) {
	p.Question = report.PacketQuestion{Kind: q.kind, From: q.from, To: q.to, Ports: strings.Join(report.Selectors(q.protocol, q.ports), ","), SourcePort: q.sourcePort}
	if !q.any {
		p.Question.Protocol = q.protocol.String()
	}
	var from, to reach.End
	if q.from != "" {
		if from, err = n.End(q.from); err != nil {
			return false, usage("%w", err)
		}
	}
	if q.to != "" {
		if to, err = n.End(q.to); err != nil {
			return false, usage("%w", err)
		}
	}
	if q.kind == "packet" {
		port := uint16(0)
		if ranges := q.ports.Ranges(); len(ranges) > 0 {
			port = ranges[0].First
		}
		a := report.AnswerOf(n.Ask(reach.Question{From: from, To: to, Protocol: q.protocol, Port: port, SourcePort: q.sourcePort}))
		p.Answer, p.Unread = &a, nil // an answer names the gaps that it rests on
		return a.Arrives == "unknown" || a.Arrives == "yes" && a.Session == "unknown", nil
	}
	f := reach.Filter{Ports: q.ports}
	if !q.any {
		f.Protocol = q.protocol
	}
	var flows []reach.Flow
	switch q.kind {
	case "internet":
		flows = n.From(reach.End{Internet: true}, f)
	case "from":
		flows = n.From(from, f)
	case "to":
		if n.Outside(to) {
			return false, usage("who reaches what is outside is not listed: ask for one sender, as in onus reach FROM %s 443", shellWord(q.to))
		}
		flows = n.To(to, f)
	default:
		flows = n.Between(from, to, f)
	}
	p.Flows = report.FlowsOf(flows)
	unsure = len(p.Unread) > 0 || slices.ContainsFunc(flows, func(f reach.Flow) bool { return f.Arrives == estate.Unknown })
	return unsure, nil
}

// next is what to type next: the way of the first flow, one of a host if there is any.
func (r *reaching) next(q *asked, p *report.Packets) []string {
	var best *report.PacketParty
	port := "443"
	for i := range p.Flows {
		f := &p.Flows[i]
		listed := f.To
		if q.kind == "to" {
			listed = f.From
		}
		if f.Arrives == "no" || f.Protocol != "tcp" || listed == nil {
			continue
		}
		if best == nil || best.Kind != "instance" && listed.Kind == "instance" || best.Kind == listed.Kind && port == "443" && len(f.Ports) > 0 {
			best, port = listed, "443"
			if len(f.Ports) > 0 {
				port, _, _ = strings.Cut(f.Ports[len(f.Ports)-1], "-")
			}
		}
	}
	if best == nil {
		return nil
	}
	from, to := q.from, cmp.Or(best.ID, best.Interface)
	if q.kind == "to" {
		from, to = to, q.to
	}
	again := "onus reach " + shellWord(from) + " " + shellWord(to) + " " + port
	if r.source.from != "" {
		again += " --from " + shellWord(r.source.from)
	}
	return []string{again}
}

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@%+=", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// protocols are the names that people know protocols by; the others go by number.
// https://www.iana.org/assignments/protocol-numbers
var protocols = map[string]netset.Protocol{
	"tcp": netset.TCP, "udp": netset.UDP, "icmp": netset.ICMP, "icmpv6": netset.ICMPv6, "ipv6-icmp": netset.ICMPv6, "gre": 47, "esp": 50, "ah": 51, "sctp": 132,
}

func parseProtocol(text string) (netset.Protocol, error) {
	if p, ok := protocols[strings.ToLower(text)]; ok {
		return p, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is not a protocol: tcp, udp, icmp, icmpv6 or a number from 0 to 255 is wanted", shortened(text))
	}
	return netset.Protocol(n), nil
}

// shortened keeps an error readable whatever was typed.
func shortened(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// isPorts reports whether an argument can only be meant as ports, or as a type and code of ICMP.
func isPorts(text string) bool {
	return text != "" && len(text) < 12 && strings.Trim(text, "0123456789,-") == "" && !strings.HasPrefix(text, "-")
}

// parsePorts reads "22", "80,443", "8000-8100"; of ICMP "8/0", or "8" for all codes of a type.
func parsePorts(text string, p netset.Protocol) (netset.Ports, error) {
	if p == netset.ICMP || p == netset.ICMPv6 {
		kind, code, withCode := strings.Cut(text, "/")
		t, err := strconv.ParseUint(kind, 10, 8)
		var c uint64
		if withCode && err == nil {
			c, err = strconv.ParseUint(code, 10, 8)
		}
		if err != nil {
			return netset.Ports{}, fmt.Errorf("%q is not a type of %s: write TYPE/CODE, as in 8/0 for an echo request", shortened(text), p)
		}
		return one(uint16(t*256 + c)), nil
	}
	var all []netset.PortRange
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 16)
		b, err2 := strconv.ParseUint(last, 10, 16)
		if err != nil || err2 != nil || a > b {
			return netset.Ports{}, fmt.Errorf("%q is not a port: write 22, or for a list 80,443 or 8000-8100, from 0 to 65535", shortened(part))
		}
		all = append(all, netset.PortRange{First: uint16(a), Last: uint16(b)})
	}
	return netset.PortsOf(all...), nil
}

func one(port uint16) netset.Ports {
	return netset.PortsOf(netset.PortRange{First: port, Last: port})
}

// echoRequest is what a ping sends: type 8 of ICMP, 128 of ICMPv6.
func echoRequest(p netset.Protocol) uint16 {
	if p == netset.ICMPv6 {
		return 128 << 8
	}
	return 8 << 8
}
