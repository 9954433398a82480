package estate

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
)

// Global is the Region under which services without Regions, such as IAM, are recorded.
const Global = "global"

// Place is where an operation is asked: an account and a Region. A Region of "*" stands for Regions whose names are not known.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

func (p Place) String() string { return p.Account + "/" + p.Region }

// Gap is something that could not be read: the call that would have told, and what became of it.
type Gap struct {
	Place
	Operation operation.ID      `json:"operation"`
	About     string            `json:"about,omitempty"` // the one resource asked about; empty for a listing
	Outcome   operation.Outcome `json:"outcome"`
	Code      string            `json:"code,omitempty"` // AWS's error code
	Why       string            `json:"why,omitempty"`  // in words, where operation and outcome do not say it
}

func (g Gap) String() string {
	if g.Why != "" {
		return g.Why
	}
	if g.Operation == "" {
		return "was not read"
	}
	s := string(g.Operation)
	if g.About != "" {
		s += " of " + g.About
	}
	s += " in " + g.Place.String() + ": " + g.Outcome.String()
	if g.Code != "" {
		s += fmt.Sprintf(" (%s)", g.Code)
	}
	return s
}

// Known is a value that a separate call provides. Its zero value is unknown. It is known, absent ("AWS says there is none")
// or unknown with the call that would have told; its fields are private so that nobody reads "absent" out of "unknown".
type Known[T any] struct {
	state state
	value T
	gap   Gap
}

type state uint8

const (
	unknown state = iota
	absent
	known
)

// Know returns a known value.
func Know[T any](value T) Known[T] { return Known[T]{state: known, value: value} }

// None returns the answer "there is none".
func None[T any]() Known[T] { return Known[T]{state: absent} }

// Unread returns an unknown value and what would have told.
func Unread[T any](gap Gap) Known[T] { return Known[T]{gap: gap} }

// Value returns the value and whether it is known; absent is not known.
func (k Known[T]) Value() (T, bool) { return k.value, k.state == known }

// Absent reports whether AWS said that there is none.
func (k Known[T]) Absent() bool { return k.state == absent }

// Unread returns what would have told, and whether the value is unknown.
func (k Known[T]) Unread() (Gap, bool) { return k.gap, k.state == unknown }

// Holds asks a yes-or-no question of the value: whenAbsent answers it where there is none, and an unknown value answers Unknown.
func (k Known[T]) Holds(whenAbsent bool, question func(T) bool) Truth {
	switch k.state {
	case known:
		return Is(question(k.value))
	case absent:
		return Is(whenAbsent)
	}
	return Unknown
}

// Truth is a value of Kleene's three-valued logic.
type Truth int8

const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// Is returns the truth of a fact that is known.
func Is(fact bool) Truth {
	if fact {
		return True
	}
	return False
}

// Not turns true and false round and leaves unknown.
func (t Truth) Not() Truth { return -t }

// And is false if any is false, else unknown if any is unknown: a known fact that decides makes an unknown one irrelevant.
func And(all ...Truth) Truth {
	t := True
	for _, a := range all {
		t = min(t, a)
	}
	return t
}

// Or is true if any is true, else unknown if any is unknown.
func Or(any ...Truth) Truth {
	t := False
	for _, a := range any {
		t = max(t, a)
	}
	return t
}

func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t+1] }

// Reading is one call as the estate remembers it: what became of it and when.
type Reading struct {
	Place
	Operation operation.ID      `json:"operation"`
	About     string            `json:"about,omitempty"`
	Time      time.Time         `json:"time"`
	Outcome   operation.Outcome `json:"outcome"`
	Code      string            `json:"code,omitempty"`
	Message   string            `json:"message,omitempty"`
}

// Gap returns what the reading leaves unread; only sensible where the outcome is not complete.
func (r Reading) Gap() Gap {
	return Gap{Place: r.Place, Operation: r.Operation, About: r.About, Outcome: r.Outcome, Code: r.Code}
}
