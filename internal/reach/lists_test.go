package reach_test

import (
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/netset"
	"github.com/onus-cloud/onus/internal/reach"
)

// TestListsHoldWhatQuestionsAnswer: From and To list exactly the pairs of interfaces between which a single question does not
// say no, though they follow packets between a few of them only.
func TestListsHoldWhatQuestionsAnswer(t *testing.T) {
	t.Parallel()
	onEstates(t, func(t failing, d *drawn) {
		e := d.done()
		n := reach.Of(e)
		for _, packet := range []string{"tcp 22", "icmp 8/0"} {
			protocol, port, _ := parsePacket(packet)
			f := reach.Filter{Protocol: protocol, Ports: netset.PortsOf(netset.PortRange{First: port, Last: port})}
			listed := map[[2]string]bool{}
			for _, x := range e.NetworkInterfaces {
				id := x.Ref().ID
				for _, flow := range n.From(end(e, id), f) {
					if flow.To.Interface != "" {
						listed[[2]string{id, flow.To.Interface}] = true
					}
				}
			}
			for _, x := range e.NetworkInterfaces {
				to := x.Ref().ID
				var senders []string
				for _, flow := range n.To(end(e, to), f) {
					senders = append(senders, flow.From.Interface)
				}
				for _, y := range e.NetworkInterfaces {
					from := y.Ref().ID
					if from == to {
						continue
					}
					want := n.Ask(reach.Question{From: end(e, from), To: end(e, to), Protocol: protocol, Port: port}).Arrives != no
					if listed[[2]string{from, to}] != want {
						t.Fatalf("From(%s) on %s lists %s: %t, want %t\n%s", from, packet, to, !want, want, sketch(e))
					}
					if slices.Contains(senders, from) != want {
						t.Fatalf("To(%s) on %s lists %s: %t, want %t\n%s", to, packet, from, !want, want, sketch(e))
					}
				}
			}
		}
	})
}
