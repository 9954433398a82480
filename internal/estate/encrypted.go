package estate

import (
	"slices"
	"strings"
)

// Encrypted is something at rest that a KMS key may encrypt.
type Encrypted struct {
	Subject
	// Key is the key as the service names it: its ARN, its id or an alias (see Key.Means). It is absent where none of the
	// account's keys encrypts it.
	Key Known[string]
	// Backup says that it is a copy for restoring from: a snapshot, or a vault of them.
	Backup bool
}

// Encrypted lists what keys may encrypt, in the order of its kinds.
func (e *Estate) Encrypted() []Encrypted {
	var all []Encrypted
	add := func(s Subject, key Known[string], backup bool) { all = append(all, Encrypted{s, key, backup}) }
	named := func(key string) Known[string] {
		if key == "" {
			return None[string]()
		}
		return Know(key)
	}
	for _, x := range e.Buckets {
		how, _ := x.Encryption.Value()
		key := named(how.Key)
		if gap, unread := x.Encryption.Unread(); unread {
			key = Unread[string](gap)
		}
		add(x, key, false)
	}
	for _, x := range e.Tables {
		d, _ := x.Description.Value()
		key := named(d.KMSKey)
		if gap, unread := x.Description.Unread(); unread {
			key = Unread[string](gap)
		}
		add(x, key, false)
	}
	for _, x := range e.Queues {
		add(x, x.KMSKey, false)
	}
	for _, x := range e.Topics {
		add(x, x.KMSKey, false)
	}
	for _, x := range e.Secrets {
		add(x, named(x.KMSKey), false)
	}
	for _, x := range e.Parameters {
		add(x, named(x.KMSKey), false)
	}
	for _, x := range e.DBInstances {
		add(x, named(x.KMSKey), false)
	}
	for _, x := range e.DBClusters {
		add(x, named(x.KMSKey), false)
	}
	for _, x := range e.Volumes {
		add(x, named(x.KMSKey), false)
	}
	for _, x := range e.Snapshots {
		add(x, named(x.KMSKey), true)
	}
	for _, x := range e.DBSnapshots {
		add(x, named(x.KMSKey), true)
	}
	for _, x := range e.BackupVaults {
		add(x, named(x.KMSKey), true)
	}
	return all
}

// KeyName takes apart what something in a place calls a key by: an ARN says its own place. What is left is the id of a key, or an
// alias ("alias/shop").
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
func KeyName(name string, from Place) (Place, string) {
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 {
		return Place{Account: parts[4], Region: parts[3]}, strings.TrimPrefix(parts[5], "key/")
	}
	return from, name
}

// Means reports whether something in a place that calls a key by this name (see KeyName) means this one. It is unknown where the
// key's aliases were not read.
func (k *Key) Means(name string, from Place) Truth {
	place, name := KeyName(name, from)
	switch {
	case place != k.Place():
		return False
	case !strings.HasPrefix(name, "alias/"):
		return Is(name == k.Reference.ID)
	}
	return k.Aliases.Holds(false, func(aliases []string) bool { return slices.Contains(aliases, name) })
}
