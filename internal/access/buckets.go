package access

import (
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	objectACL    = "s3:GetObjectAcl"
	listBuckets  = "s3:ListBuckets"
	fullControl  = "FULL_CONTROL"
	enforced     = "BucketOwnerEnforced"
	everyCaller  = "AllUsers"
	everyAccount = "AuthenticatedUsers"
)

// s3Access is what S3 asks besides policies of a request to a bucket, or to an access point of it, by callers of an account. What was
// not read stays open, with the call that would have told.
func (w *World) s3Access(o *Object, account, action, resource string) *policy.S3Access {
	if o.bucket == nil && o.accessPoint == nil || service(action) != "s3" {
		return nil
	}
	s := &policy.S3Access{}
	blocks := []estate.Known[estate.PublicAccessBlock]{}
	about := o.Ref.ID
	if o.bucket != nil {
		blocks = append(blocks, o.bucket.AccountBlock, o.bucket.Block)
		about = o.bucket.Reference.ID
	}
	if p := o.accessPoint; p != nil {
		blocks = append(blocks, p.Block)
		s.Bucket = bucketBehind(p)
		s.AccessPoint = w.accessPointPolicy(p)
	}
	restricts, gap := w.blocked(blocks, func(b estate.PublicAccessBlock) bool { return b.RestrictPublicBuckets })
	s.RestrictPublic = restricts == estate.True
	if restricts == estate.Unknown {
		s.RestrictUnread = &policy.Source{Name: about, Unread: gap.String()}
	}
	if o.bucket != nil {
		w.lists(s, o.bucket, blocks, account, action, resource)
	}
	return s
}

// blocked says whether a setting of public access block holds: of bucket, access point and account the strictest counts.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (w *World) blocked(blocks []estate.Known[estate.PublicAccessBlock], setting func(estate.PublicAccessBlock) bool) (estate.Truth, estate.Gap) {
	truth, open := estate.False, estate.Gap{}
	for _, b := range blocks {
		if b.Holds(false, setting) == estate.True {
			return estate.True, open
		}
	}
	for _, b := range blocks {
		if gap, unread := b.Unread(); unread && !w.assume(gap) {
			truth, open = estate.Unknown, gap
		}
	}
	return truth, open
}

// accessPointPolicy is the policy of an access point; one without lets nobody in by itself.
func (w *World) accessPointPolicy(p *estate.AccessPoint) *policy.Source {
	name := "policy of access point " + p.Reference.ID
	if d, ok := p.Policy.Value(); ok {
		return &policy.Source{Name: name, Document: w.documents.intern(d)}
	}
	if gap, unread := p.Policy.Unread(); unread {
		if source, ok := w.unread(name, gap); ok {
			return &source
		}
	}
	return &policy.Source{Name: name, Document: &policy.Document{}}
}

// lists adds what access control lists give callers of an account. What they give the account that owns the bucket lets its own
// policies decide, which they do anyway.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
func (w *World) lists(s *policy.S3Access, b *estate.Bucket, blocks []estate.Known[estate.PublicAccessBlock], account, action, resource string) {
	if ownership, known := b.Ownership.Value(); known && ownership == enforced {
		return // lists are off
	}
	may := func(gap estate.Gap, permissions ...string) {
		if w.assume(gap) {
			return
		}
		s.MayGrant = append(s.MayGrant, permissions...)
		if s.ListsUnread == nil {
			s.ListsUnread = &policy.Source{Name: b.Reference.ID, Unread: gap.String()}
		}
	}
	ignores, blockGap := w.blocked(blocks, func(b estate.PublicAccessBlock) bool { return b.IgnorePublicAcls })
	native := account == b.Reference.Account
	if native && ignores == estate.True {
		return // only what is public could matter
	}
	if gap, unread := b.Ownership.Unread(); unread && (ofObject(action) || b.ACL.Absent()) {
		may(gap, fullControl)
		return
	}
	if ofObject(action) {
		may(listOfObject(b, resource), fullControl) // of the object's list the bucket's says nothing
		return
	}
	list, ok := b.ACL.Value()
	if gap, unread := b.ACL.Unread(); unread {
		if open, unknown := b.Ownership.Unread(); unknown && !w.assume(open) {
			gap = open // either may tell that there is nothing; the cheaper one first
		}
		may(gap, fullControl)
		return
	}
	if !ok {
		return
	}
	for _, g := range list.Grants {
		switch {
		case g.Group == everyCaller, g.Group == everyAccount:
			switch ignores {
			case estate.Unknown:
				may(blockGap, g.Permission)
			case estate.False:
				s.GrantedToPublic = append(s.GrantedToPublic, g.Permission)
			}
		case native, g.Group != "", g.Canonical != "" && g.Canonical == list.Owner:
			// Of other groups there is LogDelivery alone, which is S3 itself.
		case g.Canonical != "" && w.canonical[g.Canonical] == account:
			s.Granted = append(s.Granted, g.Permission)
		case g.Canonical == "": // by the address of an account's root user
			may(w.whose(account, "it names an account by an e-mail address"), g.Permission)
		case w.canonical[g.Canonical] == "" && w.canonicalOf[account] == "":
			may(w.whose(account, "it names canonical user id "+g.Canonical), g.Permission)
		}
	}
	if gap, unread := b.Ownership.Unread(); unread && len(s.Granted)+len(s.GrantedToPublic) > 0 && !w.assume(gap) {
		may(gap, s.Granted...)
		may(gap, s.GrantedToPublic...)
		s.Granted, s.GrantedToPublic = nil, nil
	}
	if lower(action) == "s3:deleteobject" && len(s.Granted)+len(s.GrantedToPublic) > 0 {
		// Who may write may delete what he owns himself.
		may(listOfObject(b, resource), append(s.Granted, s.GrantedToPublic...)...)
	}
}

// listOfObject is what would tell the list of an object, and whose the object is: nothing reads it, for there may be billions.
func listOfObject(b *estate.Bucket, resource string) estate.Gap {
	return estate.Gap{Place: estate.Place{Account: b.Reference.Account, Region: estate.Global}, Operation: objectACL, About: resource, Outcome: notTried,
		Why: "access control lists count in bucket " + b.Reference.ID + ", and that of the object (" + objectACL + ") is not read"}
}

// whose is what would tell whether a name in a list is an account's.
func (w *World) whose(account, names string) estate.Gap {
	return estate.Gap{Place: estate.Place{Account: account, Region: estate.Global}, Operation: listBuckets, Outcome: operation.Denied,
		Why: names + ", and whether that is account " + account + " was not told (Owner in " + listBuckets + " of the account)"}
}

// ofObject reports whether an action is let in by the access control list of an object, not of a bucket.
func ofObject(action string) bool {
	switch lower(action) {
	case "s3:getobject", "s3:getobjectversion", "s3:getobjectacl", "s3:getobjectversionacl", "s3:putobjectacl", "s3:putobjectversionacl":
		return true
	}
	return false
}

// listBuckets tells buckets and access points what S3 asks besides policies.
func (w *World) listBuckets() {
	byName := map[string]*estate.Bucket{}
	for _, b := range w.estate.Buckets {
		byName[b.Reference.ID] = b
		if o := w.objects[ARNOf(b.Reference)]; o != nil {
			o.bucket = b
		}
	}
	w.canonical = w.estate.CanonicalIDs()
	for id, account := range w.canonical {
		w.canonicalOf[account] = id
	}
	for _, p := range w.estate.AccessPoints {
		o := w.objects[ARNOf(p.Reference)]
		if o == nil {
			continue
		}
		o.accessPoint, o.bucket = p, byName[p.Bucket]
		if o.bucket == nil {
			if p.BucketOwner != "" {
				o.account = p.BucketOwner
			}
			o.policy = w.notListed("s3:GetObject", bucketBehind(p), o)
			continue
		}
		o.account = o.bucket.Reference.Account
		if behind := w.objects[ARNOf(o.bucket.Reference)]; behind != nil {
			o.policy, o.assumed = behind.policy, behind.assumed
		}
	}
}

// bucketBehind is the ARN of an access point's bucket, of the same partition.
func bucketBehind(p *estate.AccessPoint) string {
	partition := "aws"
	if parts := strings.SplitN(p.Reference.ARN, ":", 3); len(parts) == 3 {
		partition = parts[1]
	}
	return "arn:" + partition + ":s3:::" + p.Bucket
}

// accessPointOf is the ARN of the access point in that of an object asked for through it.
func accessPointOf(resource string) (string, bool) {
	head, rest, ok := strings.Cut(resource, ":accesspoint/")
	if !ok {
		return "", false
	}
	name, _, _ := strings.Cut(rest, "/")
	return head + ":accesspoint/" + name, true
}
