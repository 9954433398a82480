package clientside

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/ciphertext"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// ServersCannotDecrypt is cse-servers-cannot-decrypt: of the keys that the objects name, those of KMS may be used for kms:Decrypt by the
// role of no server, nor by anybody that the role leads to in any number of steps: a role that it assumes or passes, a key policy or a grant
// that it writes. A key that is not in AWS is no role's to use; that no server has a copy of it on its disk is not what is judged,
// and the answer says so.
//
// What one key of several Regions seals, its replicas open, too:
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
var ServersCannotDecrypt = &control.Control{
	ID:          "cse-servers-cannot-decrypt",
	Practice:    "client-side-encryption",
	Title:       "No server may use a key of KMS that opens sampled objects of declared data",
	Sentence:    "no server may use a key of kms that opens sampled objects of declared data, in any number of steps",
	Asked:       "no server may use a key of kms that opens sampled objects of declared data, in any number of steps",
	Heeds:       heeds(),
	Why:         "Data that was encrypted before it reached AWS is in the clear again for whoever gets into a server whose role opens it.",
	Fix:         "Take kms:Decrypt on that key out of the role's policies, or seal the data under local keys alone.",
	Severity:    answer.High,
	Lists:       slices.Concat([]operation.ID{"s3:ListBuckets"}, permissions.ServerLists()),
	Reads:       sampleReads(),
	Permissions: true,
	Judge: func(c *control.Case) {
		users := usersOf(c)
		each(c, func(p *place) {
			openers := map[string]*openers{}
			look := func(f ciphertext.Facts) (bad, doubt string) {
				for _, k := range f.Keys {
					switch {
					case !k.KMS():
						continue
					case k.Name == "":
						doubt = "its metadata does not name the key of KMS that opens it"
						continue
					}
					if openers[k.Name] == nil {
						openers[k.Name] = users(k.Name)
					}
					switch o := openers[k.Name]; {
					case len(o.counters) > 0:
						return "opens with " + k.Name, ""
					case len(o.doubts) > 0:
						doubt = "who may use " + k.Name + " was not read in full: " + o.doubts[0].String()
					}
				}
				if doubt == "" {
					_, doubt = keptByAWS(ciphertext.Facts{Format: f.Format, Suite: f.Suite, Readable: f.Readable, KeysUnseen: f.KeysUnseen, Keys: others(f.Keys)})
				}
				return "", doubt
			}
			judge(c, p, asked{}, look, func(bad []finding) control.Counter {
				var all []control.Counter
				for _, name := range slices.Sorted(maps.Keys(openers)) {
					for _, x := range openers[name].counters {
						x.Text = fmt.Sprintf("%s at %s: %s", objects(len(bad)), p.text, x.Text)
						all = append(all, x)
					}
				}
				for _, x := range all[1:] {
					x.Facts = append(p.facts(bad), x.Facts...)
					c.Breaks(p, x)
				}
				return all[0]
			})
		})
		if len(places(c)) > 0 {
			c.Note("that no server has a copy of a local key is not judged: disks are not read")
		}
	},
}

// others leaves the keys of KMS out, and puts a key in the place of them so that none is missing.
func others(keys []ciphertext.Key) []ciphertext.Key {
	var rest []ciphertext.Key
	for range keys {
		rest = append(rest, ciphertext.Key{Provider: "seen"})
	}
	return rest
}

// openers are the roles of servers that may decrypt with a key, as counter-examples, and what would have told of more.
type openers struct {
	counters []control.Counter
	doubts   []estate.Gap
}

// usersOf returns who may decrypt with a key, for each that is asked about.
func usersOf(c *control.Case) func(keyARN string) *openers {
	return func(keyARN string) *openers {
		o := &openers{}
		for _, list := range permissions.ServerLists() {
			o.doubts = append(o.doubts, c.Estate.Gaps(list)...)
		}
		servers := map[string][]permissions.Server{}
		for _, s := range permissions.Servers(c.Estate) {
			role, has := s.Role.Value()
			if gap, unread := s.Role.Unread(); unread {
				o.doubts = append(o.doubts, gap)
			}
			if has {
				servers[role] = append(servers[role], s)
			}
		}
		if !slices.ContainsFunc(c.Estate.Keys, func(k *estate.Key) bool { return k.Ref().ARN == keyARN }) {
			o.doubts = append(o.doubts, estate.Gap{Operation: "kms:ListKeys", Why: "no account that was read has " + keyARN})
		}
		keys, more := replicas(c.Estate, keyARN)
		o.doubts = append(o.doubts, more...)
		reaching := c.Reaching(access.Goal{Kind: "keys", Stores: keys})
		for _, role := range slices.Sorted(maps.Keys(servers)) {
			p := c.Access().ByARN(role)
			if p == nil {
				o.doubts = append(o.doubts, unknownRole(c.Estate, servers[role][0], role)...)
				continue
			}
			truth := permissions.Truth(reaching.Strength(p))
			if truth == estate.False {
				continue
			}
			switch path := reaching.Of(p); {
			case path == nil:
			case truth == estate.True:
				o.counters = append(o.counters, mayDecrypt(path, servers[role], keyARN))
			default:
				o.doubts = append(o.doubts, permissions.Gaps(path)...)
			}
		}
		return o
	}
}

// replicas are a key, and all that hold the same material in other Regions, with where there may be more: they are of one account, and of one id
// that begins with mrk-.
func replicas(e *estate.Estate, keyARN string) (all []string, more []estate.Gap) {
	all = []string{keyARN}
	of := func(arn string) (account, id string) {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
			return parts[4], parts[5]
		}
		return "", ""
	}
	account, id := of(keyARN)
	if !strings.HasPrefix(id, "key/mrk-") {
		return all, nil
	}
	for _, k := range e.Keys {
		arn := k.Ref().ARN
		if a, i := of(arn); a == account && i == id && arn != keyARN {
			all = append(all, arn)
		}
	}
	for _, gap := range e.Gaps("kms:ListKeys") {
		if gap.Place.Account == account || gap.Place.Account == "*" {
			more = append(more, gap)
		}
	}
	return all, more
}

// unknownRole is why a role is not among the principals: nothing, where its account was read and it is gone.
func unknownRole(e *estate.Estate, s permissions.Server, role string) []estate.Gap {
	reading := e.Reading(estate.Place{Account: s.Ref().Account, Region: estate.Global}, "iam:GetAccountAuthorizationDetails", "")
	if e.Account(s.Ref().Account) != nil && reading.Outcome.Complete() {
		return nil
	}
	gap := reading.Gap()
	gap.About = role
	return []estate.Gap{gap}
}

func mayDecrypt(path *access.Path, servers []permissions.Server, keyARN string) control.Counter {
	p := path.Principal
	who := servers[0].Noun + " " + control.Called(servers[0].Ref())
	if more := len(servers) - 1; more > 0 {
		who += fmt.Sprintf(" and %d more", more)
	}
	text := fmt.Sprintf("%s may, as role %s, decrypt with %s", who, p.Name, keyARN)
	if len(path.Steps) > 0 || path.EndID != "" {
		text = fmt.Sprintf("%s can decrypt with %s %s, as role %s: it %s", who, keyARN, permissions.Count(path), p.Name, permissions.Steps(path))
	}
	x := control.Counter{
		Text:  text,
		Facts: permissions.Facts(path),
		Path:  permissions.Hops(servers[0], path),
		Cause: permissions.Permit(permissions.First(path), "role "+p.Name+" may decrypt declared data"),
	}
	for _, s := range servers {
		x.Affects = append(x.Affects, s.Ref())
	}
	return x
}
