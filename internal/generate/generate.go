// Package generate makes synthetic estates as the responses that AWS would have given, each with the truth about it: which
// subjects break which control, and why.
//
// Acme is the made-up company of the demo; Large is of any size, for benchmarks. Both are built by one small builder that
// writes down resources and keeps the promise that a recording makes: every listing of the table of operations is answered
// in every account and Region, and every question about one resource is answered for each resource, in AWS's shapes. There
// is no clock and no randomness: the same call gives the same bytes.
package generate

import (
	"time"

	"github.com/onus-cloud/onus/internal/responses"
)

// Time is when the synthetic estates were read.
var Time = time.Date(2026, time.November, 20, 6, 0, 0, 0, time.UTC)

// Truth is what is so in a synthetic estate, whatever a control says of it. Where a verdict rests on what is declared, Acme's
// claims file is meant.
type Truth struct {
	// Broken and Unknown are, by control, the subjects that break it or cannot be judged, each with the reason. Every
	// other subject holds. A subject is named by its id; a Region of an account as "111122223333/us-east-1".
	Broken, Unknown map[string]map[string]string
	// Resources is how many there are, recovery points and restores among them.
	Resources int
}

func (t Truth) breaks(control, subject, why string) { note(t.Broken, control, subject, why) }

func (t Truth) hides(control, subject, why string) { note(t.Unknown, control, subject, why) }

func note(in map[string]map[string]string, control, subject, why string) {
	if in[control] == nil {
		in[control] = map[string]string{}
	}
	in[control][subject] = why
}

// Acme is the made-up company: three accounts of one organisation, two Regions, a mid-size estate that is mostly in order.
// What is not in order stands in jenkins.go and mistakes.go.
func Acme() (*responses.Set, Truth) {
	w := newWorld()
	c := company(w)
	c.jenkins()
	c.reachable()
	c.mistakes()
	c.workloads()
	c.gateways()
	c.rights()
	c.close()
	c.answerRights()
	c.answerUse()
	return w.set("the company Acme"), w.truth
}
