package access

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// settings are those of a bucket of account one that decide whom its list lets in, and what is known of canonical user ids.
type settings struct {
	ownership      string
	block, account bool // IgnorePublicAcls
	grants         []estate.ACLGrant
	nobodyKnows    bool // whose id "owner-of-two" is
	unread         string
	action         string
}

func (x settings) estate(t *testing.T) *small {
	s := newSmall(t)
	b := s.store(x.grants...)
	if x.nobodyKnows {
		s.Buckets = s.Buckets[1:]
	}
	if x.ownership != "" {
		b.Ownership = estate.Know(x.ownership)
	}
	b.Block = estate.Know(estate.PublicAccessBlock{IgnorePublicAcls: x.block})
	b.AccountBlock = estate.Know(estate.PublicAccessBlock{IgnorePublicAcls: x.account})
	switch x.unread {
	case "list":
		b.ACL = estate.Unread[estate.ACL](denied("s3:GetBucketAcl", "b"))
	case "ownership":
		b.Ownership = estate.Unread[string](denied("s3:GetBucketOwnershipControls", "b"))
	case "block":
		b.Block = estate.Unread[estate.PublicAccessBlock](denied("s3:GetPublicAccessBlock", "b"))
	case "account's block":
		b.AccountBlock = estate.Unread[estate.PublicAccessBlock](denied("s3control:GetPublicAccessBlock", ""))
	}
	return s
}

// plainly is what a bucket's list decides where all is read: the rules one after the other. asks is of account two and may do everything
// as far as its own policies say; native is of the bucket's account and may do nothing.
func (x settings) plainly(native bool) policy.Result {
	needs := map[string]string{"s3:ListBucket": "READ", "s3:PutObject": "WRITE", "s3:GetBucketAcl": "READ_ACP", "s3:PutBucketAcl": "WRITE_ACP"}[x.action]
	if needs == "" || x.ownership == "BucketOwnerEnforced" {
		return policy.ImplicitDeny
	}
	result := policy.ImplicitDeny
	for _, g := range x.grants {
		if g.Permission != needs && g.Permission != "FULL_CONTROL" {
			continue
		}
		switch {
		case g.Group == "LogDelivery":
		case g.Group != "":
			if !x.block && !x.account {
				return policy.Allowed
			}
		case native || g.Canonical == ownerID:
		case g.Email != "", x.nobodyKnows:
			result = policy.Depends
		case g.Canonical == strangerID:
			return policy.Allowed
		}
	}
	return result
}

func drawSettings(t *rapid.T) settings {
	grants := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) estate.ACLGrant {
		g := estate.ACLGrant{Permission: rapid.SampledFrom([]string{"READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"}).Draw(t, "permission")}
		switch rapid.IntRange(0, 3).Draw(t, "whom") {
		case 0:
			g.Email = "root@two.example"
		case 1:
			g.Group = rapid.SampledFrom([]string{"AllUsers", "AuthenticatedUsers", "LogDelivery"}).Draw(t, "group")
		default:
			g.Canonical = rapid.SampledFrom([]string{ownerID, strangerID, "somebody"}).Draw(t, "id")
		}
		return g
	}), 0, 4).Draw(t, "grants")
	return settings{ownership: rapid.SampledFrom([]string{"", "ObjectWriter", "BucketOwnerPreferred", "BucketOwnerEnforced"}).Draw(t, "ownership"),
		block: rapid.Bool().Draw(t, "block"), account: rapid.Bool().Draw(t, "account's block"), grants: grants, nobodyKnows: rapid.Bool().Draw(t, "nobody knows"),
		action: rapid.SampledFrom([]string{"s3:ListBucket", "s3:PutObject", "s3:GetBucketAcl", "s3:PutBucketAcl", "s3:DeleteBucket"}).Draw(t, "action")}
}

func (x settings) resource() string {
	if x.action == "s3:PutObject" {
		return theBucket + "/x"
	}
	return theBucket
}

func TestListsDecideAsTheRulesSayOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		x := drawSettings(r)
		s := x.estate(t)
		for _, name := range []string{"asks", "native"} {
			if got, want := s.can(name, x.action, x.resource()).Result, x.plainly(name == "native"); got != want {
				r.Fatalf("%s %s with %+v: %s, want %s", name, x.action, x, got, want)
			}
		}
	})
}

// What is taken away from what was read may make an answer depend, and never makes a yes of a no or the other way.
func TestUnreadListsOnlyMakeAnswersDepend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		x := drawSettings(r)
		unread := x
		unread.unread = rapid.SampledFrom([]string{"list", "ownership", "block", "account's block"}).Draw(r, "unread")
		whole, less := x.estate(t), unread.estate(t)
		for _, name := range []string{"asks", "native"} {
			all, some := whole.can(name, x.action, x.resource()).Result, less.can(name, x.action, x.resource()).Result
			if some != all && some != policy.Depends {
				r.Fatalf("%s %s with %+v: %s, and %s without its %s", name, x.action, x, all, some, unread.unread)
			}
		}
	})
}
