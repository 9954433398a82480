package report

import (
	"io"
	"time"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/exposure"
)

// BlastSchema names the form of Blast; docs/permissions.md describes it.
const BlastSchema = "onus.blast/1"

// Blast is what `onus blast` says: what is lost with one thing.
type Blast struct {
	Schema   string    `json:"schema"`
	Source   string    `json:"source"`
	Observed time.Time `json:"observed"`
	// Start is what was taken over; Hops are what is held thereby, the start first.
	Start   estate.Ref    `json:"start"`
	Note    string        `json:"note,omitempty"` // how to read it
	Hops    []BlastHop    `json:"hops"`
	Packets []BlastPacket `json:"packets"`
	Stores  []BlastStore  `json:"stores"`
	Powers  []BlastPower  `json:"powers"`
	// Assumed is what nobody asked for and was taken as not there; Unread what would have told more.
	Assumed []estate.Gap `json:"assumed,omitempty"`
	Unread  []string     `json:"unread,omitempty"`
}

// BlastHop is one thing that is held.
type BlastHop struct {
	Ref   estate.Ref   `json:"ref"`
	From  int          `json:"from"` // the place in the list of the hop before; -1 for the start
	By    string       `json:"by"`   // "start", "runs as", "permission"
	Text  string       `json:"text,omitempty"`
	Sure  string       `json:"sure"` // "yes", "may", "unknown"
	Steps []AccessStep `json:"steps,omitempty"`
}

// BlastPacket is a receiver of packets from a host that is held.
type BlastPacket struct {
	From    estate.Ref `json:"from"`
	To      estate.Ref `json:"to"`
	Ports   string     `json:"ports"`
	Arrives string     `json:"arrives"` // "yes", "unknown"
}

// BlastStore is a store and what can be done to it: each "yes", "may", "unknown" or "no".
type BlastStore struct {
	Ref       estate.Ref     `json:"ref"`
	Backup    bool           `json:"backup,omitempty"`
	Reads     string         `json:"reads"`
	Writes    string         `json:"writes"`
	Destroys  string         `json:"destroys"`
	By        estate.Ref     `json:"by"`
	Note      string         `json:"note,omitempty"`
	Decisions []AccessAnswer `json:"decisions,omitempty"`
}

// BlastPower is something that can be made of all that.
type BlastPower struct {
	Power     string         `json:"power"` // "administrator", "privileges", "organisation", "blind", "give-away", "persist", "erase-backups"
	Sure      string         `json:"sure"`
	By        string         `json:"by,omitempty"`
	Decisions []AccessAnswer `json:"decisions,omitempty"`
}

// BlastFrom turns a blast into the words of JSON.
func BlastFrom(b *exposure.Blast) *Blast {
	x := &Blast{Schema: BlastSchema, Start: b.Start, Note: b.Note, Hops: []BlastHop{}, Packets: []BlastPacket{}, Stores: []BlastStore{}, Unread: b.Unread}
	for _, h := range b.Hops {
		hop := BlastHop{Ref: h.Ref, From: h.From, By: h.By, Text: h.Text, Sure: h.Strength.String()}
		for _, s := range h.Steps {
			hop.Steps = append(hop.Steps, stepOf(s))
		}
		x.Hops = append(x.Hops, hop)
	}
	for _, p := range b.Packets {
		x.Packets = append(x.Packets, BlastPacket{From: p.From, To: p.To, Ports: p.Ports, Arrives: yesNo(p.Arrives)})
	}
	erases := BlastPower{Power: "erase-backups", Sure: access.No.String()}
	worst := access.No
	for _, s := range b.Stores {
		store := BlastStore{Ref: s.Ref, Backup: s.Backup, Reads: s.Reads.String(), Writes: s.Writes.String(), Destroys: s.Destroys.String(), By: s.By, Note: s.Note}
		for _, a := range s.Answers {
			store.Decisions = append(store.Decisions, AnswerOfAccess(a))
		}
		x.Stores = append(x.Stores, store)
		if s.Backup && s.Destroys > worst {
			worst = s.Destroys
			erases = BlastPower{Power: "erase-backups", Sure: worst.String(), By: called(s.Ref) + asWhom(", ", s.By), Decisions: store.Decisions}
		}
	}
	for _, p := range []struct {
		name string
		exposure.BlastPower
	}{{"administrator", b.Administrator}, {"privileges", b.Users}, {"organisation", b.Organisation}, {"blind", b.Blinds}, {"give-away", b.Gives}, {"persist", b.Persists}} {
		power := BlastPower{Power: p.name, Sure: p.Strength.String(), By: p.By}
		for _, a := range p.Answers {
			power.Decisions = append(power.Decisions, AnswerOfAccess(a))
		}
		x.Powers = append(x.Powers, power)
	}
	x.Powers = append(x.Powers, erases)
	return x
}

// BlastJSON writes onus.blast/1.
func BlastJSON(w io.Writer, b *Blast) error { return writeJSON(w, b) }

// powerWords are how powers read.
var powerWords = map[string]string{
	"administrator": "become administrator", "privileges": "make users or change what anybody may do", "organisation": "rule the organisation's accounts",
	"blind": "blind the watch (trails, logs …)", "give-away": "hand data to others", "erase-backups": "erase backups",
	"persist": "stay after its keys are deleted",
}
