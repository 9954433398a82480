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
	for _, x := range e.Buckets {
		add(x, keyIn(x.Encryption, func(how BucketEncryption) string { return how.Key }), false)
	}
	for _, x := range e.Tables {
		add(x, keyIn(x.Description, func(d TableDescription) string { return d.KMSKey }), false)
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

// named is a key that may be empty: then there is none.
func named(key string) Known[string] {
	if key == "" {
		return None[string]()
	}
	return Know(key)
}

// keyIn is the key that a description names, and as little known as that.
func keyIn[T any](description Known[T], key func(T) string) Known[string] {
	if gap, unread := description.Unread(); unread {
		return Unread[string](gap)
	}
	d, _ := description.Value()
	return named(key(d))
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
