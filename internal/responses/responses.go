// Package responses is the one format of evidence: what each AWS call returned, with its outcome. It writes and reads
// recordings, reads folders of AWS CLI output, and takes secrets out of bodies before anything is kept.
//
// A Response comes from one call, or from one call and its further pages. Live reading, a recording, the demo and an
// import all end in a Set, and load sees nothing else: what is tested offline is what runs live.
package responses

import (
	"cmp"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
)

// Response is what one AWS call returned.
type Response struct {
	Account   string       `json:"account"`
	Region    string       `json:"region"` // "global" for services without Regions
	Operation operation.ID `json:"operation"`
	// Parameters are the values of the operation's By parameters: {"Bucket": "acme-logs"}. Nil for a listing.
	Parameters map[string]string `json:"parameters,omitempty"`
	Time       time.Time         `json:"time"`
	Outcome    operation.Outcome `json:"outcome"`
	Code       string            `json:"code,omitempty"`    // AWS's error code
	Message    string            `json:"message,omitempty"` // AWS's error message, without secrets
	// Pages are the bodies, in order, with the member names of the API reference; of a listing that broke off in the
	// middle, those that came before.
	Pages []json.RawMessage `json:"pages,omitempty"`

	// Origin says where the response was read from, for messages: "111122223333/us-east-1/ec2.DescribeVpcs.jsonl.zst:3".
	Origin string `json:"-"`
}

// About is the one resource asked about: the values of the operation's By parameters in the table's order, joined by a
// space. Empty for a listing.
func (r Response) About() string {
	op, ok := operation.Get(r.Operation)
	if !ok {
		return strings.Join(slices.Sorted(maps.Values(r.Parameters)), " ")
	}
	values := make([]string, len(op.By))
	for i, name := range op.By {
		values[i] = r.Parameters[name]
	}
	for len(values) > 1 && values[len(values)-1] == "" { // the version of an object that is the newest
		values = values[:len(values)-1]
	}
	return strings.Join(values, " ")
}

// Scope is what was asked to be read. Without Regions, every enabled one was.
type Scope struct {
	Accounts []string `json:"accounts"`
	Regions  []string `json:"regions,omitempty"`
}

// Problem is a part of the input that could not be understood. The rest is still answered, and what was in that part is unknown.
type Problem struct {
	Place string // file, and line where there is one
	Text  string // what is wrong and what to do
}

func (p Problem) String() string { return p.Place + ": " + p.Text }

// Set is what load reads: responses in any order, and what was asked for.
type Set struct {
	Source    string // "live", "the demo recording", "recording in DIR", "AWS CLI output in DIR"
	Scope     Scope
	Responses []Response
	Problems  []Problem
}

// All yields the responses in a fixed order, whatever order they came in. It leaves the set as it is.
func (s *Set) All() iter.Seq[*Response] {
	type keyed struct {
		about    string
		response *Response
	}
	all := make([]keyed, len(s.Responses))
	for i := range s.Responses {
		all[i] = keyed{s.Responses[i].About(), &s.Responses[i]}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		x, y := a.response, b.response
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region),
			cmp.Compare(x.Operation, y.Operation), cmp.Compare(a.about, b.about))
	})
	return func(yield func(*Response) bool) {
		for _, k := range all {
			if !yield(k.response) {
				return
			}
		}
	}
}
