package exposure

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
)

// underKey follows from a KMS key: what it encrypts. Whoever may use the key reads that when he gets at the bytes; whoever deletes it
// destroys that for everybody, backups included, without touching the stores.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (b *blasting) underKey(key *estate.Key) {
	b.blast.Note = "Whoever may use the key reads these when he gets at their bytes; whoever deletes it destroys them for everybody. Who may: onus who-can kms:Decrypt " + key.Reference.ARN
	for _, s := range b.world.Estate().Encrypted() {
		ref := s.Ref()
		called := strings.ReplaceAll(ref.Kind, "-", " ") + " " + ref.ID
		if gap, unread := s.Key.Unread(); unread {
			b.unread(fmt.Sprintf("which key encrypts %s was not read: %s", called, gap))
			continue
		}
		name, known := s.Key.Value()
		if !known {
			continue
		}
		switch key.Means(name, estate.Place{Account: ref.Account, Region: ref.Region}) {
		case estate.True:
			b.blast.Stores = append(b.blast.Stores, BlastStore{Ref: ref, Backup: s.Backup, Reads: access.May, Destroys: access.Yes})
		case estate.Unknown:
			b.unread(fmt.Sprintf("whether %s, which encrypts %s, is this key was not read", name, called))
		}
	}
}
