package exposure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
)

// underKey follows from a KMS key: what it encrypts. Whoever may use the key reads that when he gets at the bytes; whoever deletes it
// destroys that for everybody, backups included, without touching the stores.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (b *blasting) underKey(key *estate.Key) {
	b.blast.Note = "Whoever may use the key reads these when he gets at their bytes; whoever deletes it destroys them for everybody. Who may: onus who-can kms:Decrypt " + key.Reference.ARN
	for _, s := range encryptedStores(b.world.Estate()) {
		name, known := s.key.Value()
		if gap, unread := s.key.Unread(); unread {
			b.unread(fmt.Sprintf("which key encrypts %s %s was not read: %s", strings.ReplaceAll(s.ref.Kind, "-", " "), s.ref.ID, gap))
			continue
		}
		if !known {
			continue
		}
		switch names(key, s.ref, name) {
		case estate.True:
			b.blast.Stores = append(b.blast.Stores, BlastStore{Ref: s.ref, Backup: s.backup, Reads: access.May, Destroys: access.Yes})
		case estate.Unknown:
			b.unread(fmt.Sprintf("whether %s, which encrypts %s %s, is this key was not read", name, strings.ReplaceAll(s.ref.Kind, "-", " "), s.ref.ID))
		}
	}
}

// encrypted is something that a KMS key encrypts: the key by its ARN, id or alias; absent where none of the account's does.
type encrypted struct {
	ref    estate.Ref
	key    estate.Known[string]
	backup bool
}

func encryptedStores(e *estate.Estate) []encrypted {
	var all []encrypted
	add := func(r estate.Ref, key string, backup bool) {
		if key != "" {
			all = append(all, encrypted{r, estate.Know(key), backup})
		}
	}
	for _, x := range e.Buckets {
		if gap, unread := x.Encryption.Unread(); unread {
			all = append(all, encrypted{ref: x.Ref(), key: estate.Unread[string](gap)})
		}
		how, _ := x.Encryption.Value()
		add(x.Ref(), how.Key, false)
	}
	for _, x := range e.Tables {
		if gap, unread := x.Description.Unread(); unread {
			all = append(all, encrypted{ref: x.Ref(), key: estate.Unread[string](gap)})
		}
		d, _ := x.Description.Value()
		add(x.Ref(), d.KMSKey, false)
	}
	for _, x := range e.Queues {
		all = append(all, encrypted{ref: x.Ref(), key: x.KMSKey})
	}
	for _, x := range e.Topics {
		all = append(all, encrypted{ref: x.Ref(), key: x.KMSKey})
	}
	for _, x := range e.Secrets {
		add(x.Ref(), x.KMSKey, false)
	}
	for _, x := range e.Parameters {
		add(x.Ref(), x.KMSKey, false)
	}
	for _, x := range e.DBInstances {
		add(x.Ref(), x.KMSKey, false)
	}
	for _, x := range e.DBClusters {
		add(x.Ref(), x.KMSKey, false)
	}
	for _, x := range e.Volumes {
		add(x.Ref(), x.KMSKey, false)
	}
	for _, x := range e.Snapshots {
		add(x.Ref(), x.KMSKey, true)
	}
	for _, x := range e.DBSnapshots {
		add(x.Ref(), x.KMSKey, true)
	}
	for _, x := range e.BackupVaults {
		add(x.Ref(), x.KMSKey, true)
	}
	return all
}

// names reports whether a store of an account and Region that names a key by its ARN, id or alias means this one.
func names(key *estate.Key, store estate.Ref, name string) estate.Truth {
	if strings.HasPrefix(name, "arn:") && !strings.Contains(name, ":alias/") {
		return estate.Is(name == key.Reference.ARN)
	}
	place := store
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 {
		place.Region, place.Account, name = parts[3], parts[4], parts[5]
	}
	if place.Account != key.Reference.Account || place.Region != key.Reference.Region {
		return estate.False
	}
	if !strings.HasPrefix(name, "alias/") {
		return estate.Is(name == key.Reference.ID)
	}
	aliases, known := key.Aliases.Value()
	if _, unread := key.Aliases.Unread(); unread && !known {
		return estate.Unknown
	}
	return estate.Is(slices.Contains(aliases, name))
}
