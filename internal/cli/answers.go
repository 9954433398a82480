package cli

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/load"
)

// answers is the one way from responses to a report.
func (f *facts) answers() *answer.Report {
	e, problems := load.Load(f.set)
	e.Receipts = f.receipts
	problems = append(problems, f.problems...)
	of := control.AnalysesOf(e)
	r := control.RunOver(e, of, f.suite, f.declared, f.now)
	r.Source = f.set.Source
	for _, p := range append(f.set.Problems, problems...) {
		r.Reading.Problems = append(r.Reading.Problems, p.String())
	}
	exposure.Rank(e, exposure.Analyses{Packets: of.Packets(), Access: of.Access(), Reaching: of.Reaching}, r)
	return r
}
