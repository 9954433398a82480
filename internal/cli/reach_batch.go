package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/report"
)

// batchQuestion is one line of what --batch reads; docs/reach.md describes it.
type batchQuestion struct {
	ID         json.RawMessage `json:"id"`
	From       string          `json:"from"`
	To         string          `json:"to"`
	Protocol   batchProtocol   `json:"protocol"`
	Port       *int            `json:"port"`
	SourcePort *int            `json:"source_port"`
	ICMPType   *int            `json:"icmp_type"`
	ICMPCode   *int            `json:"icmp_code"`
}

// batchProtocol is a name or a number; tcp where none is given.
type batchProtocol struct {
	number netset.Protocol
	given  bool
}

func (p *batchProtocol) UnmarshalJSON(text []byte) (err error) {
	var name string
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	if json.Unmarshal(text, &name) != nil {
		name = string(text)
	}
	p.number, err = parseProtocol(name)
	p.given = err == nil
	return err
}

// batchAnswer is one line of what --batch writes.
type batchAnswer struct {
	ID json.RawMessage `json:"id"`
	*report.PacketAnswer
	Error string `json:"error,omitempty"`
}

// runBatch answers line by line, in order. A line that is not a question gets an error and the next one is answered.
func (r *reaching) runBatch(c *cobra.Command, args []string) error {
	switch {
	case len(args) > 0 || r.to != "":
		return usage("--batch reads its ends from the file: leave %s out", args)
	case r.protocol != "" || r.clientPort != 0:
		return usage("--batch reads protocol and source_port from each line: leave --protocol and --source-port out")
	}
	var in io.Reader = c.InOrStdin()
	if r.batch != "-" {
		f, err := os.Open(r.batch)
		if err != nil {
			return usage("--batch: %v", err)
		}
		defer f.Close()
		in = f
	}
	n, _, err := r.open(c)
	if err != nil {
		return err
	}
	b := batch{network: n, out: bufio.NewWriter(c.OutOrStdout())}
	if err := b.answer(bufio.NewReaderSize(in, 1<<16)); err != nil {
		return err
	}
	switch {
	case b.wrong > 0:
		return usage("%d of %d lines are not questions: see their \"error\"", b.wrong, b.lines)
	case b.unsure > 0:
		return exit{code: exitUnknown}
	}
	return nil
}

type batch struct {
	network              *reach.Network
	out                  *bufio.Writer
	lines, wrong, unsure int
}

func (b *batch) answer(in *bufio.Reader) error {
	encoder := json.NewEncoder(b.out)
	encoder.SetEscapeHTML(false)
	for number := 1; ; number++ {
		line, end := in.ReadBytes('\n')
		if end != nil && !errors.Is(end, io.EOF) {
			return fmt.Errorf("reading questions: %w", end)
		}
		if line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))); len(line) > 0 {
			b.lines++
			if err := encoder.Encode(b.one(number, line)); err != nil {
				return fmt.Errorf("writing answers: %w", err)
			}
		}
		if end != nil || in.Buffered() == 0 { // somebody may be waiting for this answer before asking the next
			if err := b.out.Flush(); err != nil {
				return fmt.Errorf("writing answers: %w", err)
			}
		}
		if end != nil {
			return nil
		}
	}
}

func (b *batch) one(number int, line []byte) batchAnswer {
	var q batchQuestion
	question, err := q.read(b.network, line)
	if err != nil {
		b.wrong++
		return batchAnswer{ID: q.ID, Error: fmt.Sprintf("line %d: %v", number, err)}
	}
	a := report.AnswerOf(b.network.Ask(question))
	if a.Arrives == "unknown" || a.Arrives == "yes" && a.Session == "unknown" {
		b.unsure++
	}
	return batchAnswer{ID: q.ID, PacketAnswer: &a}
}

// read understands a line. It leaves the id in q even where the rest is wrong.
func (q *batchQuestion) read(n *reach.Network, line []byte) (reach.Question, error) {
	var bad reach.Question
	if err := json.Unmarshal(line, q); err != nil {
		var id struct{ ID json.RawMessage }
		if json.Unmarshal(line, &id) == nil {
			q.ID = id.ID
		}
		return bad, q.mistake(err)
	}
	port, err := q.selector()
	if err != nil {
		return bad, err
	}
	a := reach.Question{Protocol: q.protocol(), Port: port}
	if q.SourcePort != nil {
		if a.SourcePort, err = number16("source_port", *q.SourcePort); err != nil {
			return bad, err
		}
	}
	if a.From, err = n.End(q.From); err != nil {
		return bad, fmt.Errorf("from: %w", err)
	}
	if a.To, err = n.End(q.To); err != nil {
		return bad, fmt.Errorf("to: %w", err)
	}
	return a, nil
}

// mistake says what is wrong with a line in words for who wrote it.
func (q *batchQuestion) mistake(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return errors.New(`a JSON object is wanted: {"id": "1", "from": "internet", "to": "i-0abc", "protocol": "tcp", "port": 22}`)
	case errors.As(err, &kind) && (kind.Field == "from" || kind.Field == "to"):
		return fmt.Errorf("%q is wanted as a string, not as a %s", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("%q is wanted as a whole number, not as a %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON: %w", err)
	}
	return err
}

func (q *batchQuestion) protocol() netset.Protocol {
	if !q.Protocol.given {
		return netset.TCP
	}
	return q.Protocol.number
}

// selector is the port; of ICMP the type and the code, of other protocols nothing.
func (q *batchQuestion) selector() (uint16, error) {
	p := q.protocol()
	if p != netset.ICMP && p != netset.ICMPv6 && (q.ICMPType != nil || q.ICMPCode != nil) {
		return 0, fmt.Errorf(`"icmp_type" and "icmp_code" are for icmp and icmpv6, not for %s`, p)
	}
	switch p {
	case netset.TCP, netset.UDP:
		if q.Port == nil {
			return 0, fmt.Errorf(`"port" is missing: %s packets go to one`, p)
		}
		return number16("port", *q.Port)
	case netset.ICMP, netset.ICMPv6:
		switch {
		case q.ICMPType != nil:
			code := 0
			if q.ICMPCode != nil {
				code = *q.ICMPCode
			}
			if t := *q.ICMPType; t < 0 || t > 255 || code < 0 || code > 255 {
				return 0, fmt.Errorf("type %d and code %d are not of %s: both go from 0 to 255", t, code, p)
			}
			return uint16(*q.ICMPType<<8 | code), nil
		case q.ICMPCode != nil:
			return 0, errors.New(`"icmp_code" is of an "icmp_type", which is missing`)
		case q.Port != nil:
			return number16("port", *q.Port)
		}
		return echoRequest(p), nil
	}
	return 0, nil
}

func number16(what string, n int) (uint16, error) {
	if n < 0 || n > 65535 {
		return 0, fmt.Errorf("%q is %d, and ports go from 0 to 65535", what, n)
	}
	return uint16(n), nil
}
