// Package operation is the table of the AWS operations that Onus reads: what each is called, where it is asked, which IAM
// action it needs, which errors are an answer and which members are secret.
//
// One table serves four readers: collect calls by it, responses names files and imports by it, load and the controls refer
// to it, and `onus policy` prints exactly its actions. It knows no AWS SDK, so that all but collect build without one.
package operation

import (
	"fmt"
	"slices"
	"strings"
)

// ID names an operation, as in "ec2:DescribeInstances": the service as the AWS CLI calls it (s3api is "s3"), a colon,
// and the operation's name in the API reference.
type ID string

// Service is the part before the colon.
func (id ID) Service() string { s, _, _ := strings.Cut(string(id), ":"); return s }

// Name is the part after the colon.
func (id ID) Name() string { _, n, _ := strings.Cut(string(id), ":"); return n }

// Scope says at how many places of an account an operation is asked.
type Scope int

const (
	PerRegion       Scope = iota // once in every Region in scope
	PerAccount                   // once for an account: recorded under the Region "global"
	PerOrganization              // once for an organisation, from whichever account may ask; recorded under "global"
	PerRegionGlobal              // in every Region and, for CloudFront, once more under "global" (WAF's two scopes)
)

// Operation is one row of the table.
type Operation struct {
	ID    ID
	Scope Scope
	// Actions are the IAM actions that the call needs, as IAM spells them ("s3:ListAllMyBuckets" for ListBuckets).
	Actions []string
	// By names the parameters that choose the one resource asked about; empty for an operation that lists a place.
	By []string
	// Absent are the error codes by which AWS answers "there is none".
	Absent []string
	// Secret are paths to members that may hold secrets and are replaced by a digest before anything is kept:
	// names joined by ".", "[]" for each element, "*" for each member. "Functions[].Environment.Variables.*".
	Secret []string
	// OptIn says that it is asked only where the user wants it: it looks into what is stored. What is recorded of it are facts about
	// the objects, and nothing that they hold.
	OptIn bool
}

// Lists reports whether the operation lists what a place has, rather than asking about one resource.
func (o Operation) Lists() bool { return len(o.By) == 0 }

// Get returns the row of id and whether there is one.
func Get(id ID) (Operation, bool) {
	i, ok := slices.BinarySearchFunc(sorted, id, func(o Operation, id ID) int { return strings.Compare(string(o.ID), string(id)) })
	if !ok {
		return Operation{}, false
	}
	return sorted[i], true
}

// All returns every row, in the order of the ids.
func All() []Operation { return slices.Clone(sorted) }

// Actions returns every IAM action that the collector's own policy must allow, sorted, each once, but for those of the operations
// that are asked only where the user wants it.
func Actions() []string { return actions(false) }

// OptInActions returns those: the actions of the operations that look into what is stored.
func OptInActions() []string { return actions(true) }

func actions(optIn bool) []string {
	var all []string
	for _, o := range sorted {
		if o.OptIn == optIn {
			all = append(all, o.Actions...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var sorted = sort(table)

// sort orders the rows by id; two rows of one id are a mistake of the table's author.
func sort(rows []Operation) []Operation {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b Operation) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for i := 1; i < len(rows); i++ {
		if rows[i].ID == rows[i-1].ID {
			panic(fmt.Sprintf("operation table: %s stands twice", rows[i].ID))
		}
	}
	return rows
}

// Outcome is what became of one call.
type Outcome int

const (
	NotTried    Outcome = iota // nothing was asked
	OK                         // answered in full
	Absent                     // answered: there is none
	Denied                     // the credentials may not ask
	Throttled                  // AWS kept answering "too fast" until we stopped
	Failed                     // an error, a broken connection, an expired token
	Unavailable                // the service does not exist in that Region
)

var outcomes = [...]string{"not tried", "ok", "absent", "denied", "throttled", "failed", "not available"}

func (o Outcome) String() string {
	if o < 0 || int(o) >= len(outcomes) {
		return fmt.Sprintf("outcome %d", int(o))
	}
	return outcomes[o]
}

// MarshalText writes the outcome as recordings and reports spell it.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (o *Outcome) UnmarshalText(text []byte) error {
	i := slices.Index(outcomes[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown outcome %q: one of %s is wanted", text, strings.Join(outcomes[:], ", "))
	}
	*o = Outcome(i)
	return nil
}

// Complete reports whether the outcome tells everything there was to tell: an answer, an answer of "none", or a service
// that is not there to have anything.
func (o Outcome) Complete() bool { return o == OK || o == Absent || o == Unavailable }
