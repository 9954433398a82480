package access

import (
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

const (
	ownerID    = "owner-of-one"
	strangerID = "owner-of-two"
)

// store adds a bucket of account one, of which everything was read: lists count, nothing is blocked, and it has no policy. Account two
// has a bucket as well, which tells its canonical user id. Users: native, without policies; asks, of account two, who may do anything
// with S3 as far as its own policies say.
func (s *small) store(grants ...estate.ACLGrant) *estate.Bucket {
	bucket := func(account, name, owner string, grants ...estate.ACLGrant) *estate.Bucket {
		grants = append(grants, estate.ACLGrant{Canonical: owner, Permission: "FULL_CONTROL"})
		b := &estate.Bucket{Resource: resourceOf("bucket", account, name, "arn:aws:s3:::"+name), Policy: estate.None[*policy.Document](),
			ACL: estate.Know(estate.ACL{Owner: owner, Grants: grants}), Ownership: estate.None[string](),
			Block: estate.None[estate.PublicAccessBlock](), AccountBlock: estate.None[estate.PublicAccessBlock]()}
		s.Buckets = append(s.Buckets, b)
		return b
	}
	bucket(two, "other", strangerID)
	s.user(one, "native", "")
	s.user(two, "asks", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)
	return bucket(one, "b", ownerID, grants...)
}

func (s *small) can(name, action, resource string) policy.Decision {
	s.t.Helper()
	w := New(s.Estate, Options{})
	p, err := w.Principal(name)
	if err != nil {
		s.t.Fatal(err)
	}
	d := w.Can(p, action, resource).Decision
	for _, a := range w.WhoCan(action, resource) {
		if a.Principal == p && a.Result != d.Result {
			s.t.Errorf("%s: who-can says %s, can says %s", name, a.Result, d.Result)
		}
	}
	return d
}

func (s *small) answers(name, action, resource string, want policy.Result) policy.Decision {
	s.t.Helper()
	d := s.can(name, action, resource)
	if d.Result != want {
		s.t.Errorf("%s %s on %s: %s, want %s: %+v", name, action, resource, d.Result, want, d)
	}
	return d
}

func (s *small) dependsOn(name, action, resource, call string) {
	s.t.Helper()
	d := s.answers(name, action, resource, policy.Depends)
	for _, x := range d.DependsOn {
		if strings.Contains(x.Text, call) {
			return
		}
	}
	s.t.Errorf("%s %s on %s depends on %+v, want %s", name, action, resource, d.DependsOn, call)
}

func denied(op operation.ID, about string) estate.Gap {
	return estate.Gap{Place: estate.Place{Account: one, Region: estate.Global}, Operation: op, About: about, Outcome: operation.Denied, Code: "AccessDenied"}
}

var public = estate.ACLGrant{Group: "AllUsers", Permission: "READ"}

const theBucket = "arn:aws:s3:::b"

func TestListsLetOtherAccountsIn(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.store(estate.ACLGrant{Canonical: strangerID, Permission: "READ"})
	s.user(two, "silent", "")
	s.answers("asks", "s3:ListBucket", theBucket, policy.Allowed)
	s.answers("asks", "s3:PutObject", theBucket+"/x", policy.ImplicitDeny)
	s.answers("silent", "s3:ListBucket", theBucket, policy.ImplicitDeny) // its own account must let it too
}

func TestWhatListsGiveTheOwnerLetsNobodyInByItself(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.store()
	s.answers("native", "s3:ListBucket", theBucket, policy.ImplicitDeny)
}

func TestBucketOwnerEnforcedTurnsListsOff(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.store(public, estate.ACLGrant{Canonical: strangerID, Permission: "READ"})
	s.answers("native", "s3:ListBucket", theBucket, policy.Allowed)
	s.answers("asks", "s3:ListBucket", theBucket, policy.Allowed)
	s.dependsOn("asks", "s3:GetObject", theBucket+"/x", "s3:GetObjectAcl")
	b.Ownership = estate.Know("BucketOwnerEnforced")
	s.answers("native", "s3:ListBucket", theBucket, policy.ImplicitDeny)
	s.answers("asks", "s3:ListBucket", theBucket, policy.ImplicitDeny)
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.ImplicitDeny)
}

func TestIgnorePublicAclsTakesPublicGrantsAlone(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"bucket", "account"} {
		s := newSmall(t)
		b := s.store(public, estate.ACLGrant{Canonical: strangerID, Permission: "WRITE"})
		on := estate.Know(estate.PublicAccessBlock{IgnorePublicAcls: true})
		if where == "bucket" {
			b.Block = on
		} else {
			b.AccountBlock = on
		}
		s.answers("native", "s3:ListBucket", theBucket, policy.ImplicitDeny)
		s.answers("asks", "s3:ListBucket", theBucket, policy.ImplicitDeny)
		s.answers("asks", "s3:PutObject", theBucket+"/x", policy.Allowed)
	}
}

func TestRestrictPublicBucketsCutsOtherAccountsAlone(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.store()
	b.Ownership = estate.Know("BucketOwnerEnforced")
	b.Policy = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`))
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.Allowed)
	b.AccountBlock = estate.Know(estate.PublicAccessBlock{RestrictPublicBuckets: true})
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.ImplicitDeny)
	s.answers("native", "s3:GetObject", theBucket+"/x", policy.Allowed)

	w := New(s.Estate, Options{})
	request, policies := w.question(w.ByARN("arn:aws:iam::"+two+":user/asks"), "s3:GetObject", theBucket+"/x", nil)
	request.Caller = policy.Caller{Kind: policy.Service, ARN: "cloudfront.amazonaws.com"}
	if d := policy.Decide(request, policies); d.Result != policy.Allowed {
		t.Errorf("a service: %s, want allowed: %+v", d.Result, d)
	}

	b.Policy = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + two + `"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`))
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.Allowed) // the policy is not public
}

func TestDeniedSettingsOfABucketMakeAnswersDepend(t *testing.T) {
	t.Parallel()
	everybody := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`
	for call, c := range map[operation.ID]struct {
		deny             func(*small, *estate.Bucket)
		action, resource string
	}{
		"s3:GetBucketAcl": {func(_ *small, b *estate.Bucket) { b.ACL = estate.Unread[estate.ACL](denied("s3:GetBucketAcl", "b")) },
			"s3:ListBucket", theBucket},
		"s3:GetBucketOwnershipControls": {func(_ *small, b *estate.Bucket) {
			b.Ownership = estate.Unread[string](denied("s3:GetBucketOwnershipControls", "b"))
		}, "s3:ListBucket", theBucket},
		"s3:GetPublicAccessBlock": {func(s *small, b *estate.Bucket) {
			b.Ownership, b.Policy = estate.Know("BucketOwnerEnforced"), estate.Know(s.document(everybody))
			b.Block = estate.Unread[estate.PublicAccessBlock](denied("s3:GetPublicAccessBlock", "b"))
		}, "s3:GetObject", theBucket + "/x"},
		"s3control:GetPublicAccessBlock": {func(_ *small, b *estate.Bucket) {
			b.AccountBlock = estate.Unread[estate.PublicAccessBlock](denied("s3control:GetPublicAccessBlock", ""))
		}, "s3:ListBucket", theBucket},
	} {
		s := newSmall(t)
		b := s.store(public)
		c.deny(s, b)
		s.dependsOn("asks", c.action, c.resource, string(call))
		s.answers("native", "s3:DeleteBucket", theBucket, policy.ImplicitDeny) // no list and no public policy lets do that
	}
}

func TestAStrictSettingNeedsNotTheOther(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.store(public)
	b.Block = estate.Unread[estate.PublicAccessBlock](denied("s3:GetPublicAccessBlock", "b"))
	b.AccountBlock = estate.Know(estate.PublicAccessBlock{IgnorePublicAcls: true})
	s.answers("asks", "s3:ListBucket", theBucket, policy.ImplicitDeny)
}

func TestACanonicalUserIDThatNobodyKnowsMakesAnswersDepend(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.store(estate.ACLGrant{Canonical: "somebody", Permission: "READ"})
	s.answers("asks", "s3:ListBucket", theBucket, policy.ImplicitDeny) // account two is somebody else
	s.Buckets = s.Buckets[1:]
	s.dependsOn("asks", "s3:ListBucket", theBucket, "canonical user id somebody")
	s.Account(two).Canonical = "somebody" // as its list of buckets says, though it has none
	s.answers("asks", "s3:ListBucket", theBucket, policy.Allowed)
}

func TestAGrantToAnEMailAddressMayBeAnybodys(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.store(estate.ACLGrant{Email: "root@two.example", Permission: "READ"})
	s.dependsOn("asks", "s3:ListBucket", theBucket, "e-mail")
}

func TestLogDeliveryIsNobodyOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.store(estate.ACLGrant{Group: "LogDelivery", Permission: "WRITE"})
	s.answers("asks", "s3:PutObject", theBucket+"/x", policy.ImplicitDeny)
	s.answers("native", "s3:PutObject", theBucket+"/x", policy.ImplicitDeny)
}

// What each permission on a bucket lets other accounts do: AWS's mapping.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
func TestPermissionsOfABucketsList(t *testing.T) {
	t.Parallel()
	on := map[string]string{"s3:ListBucket": "READ", "s3:ListBucketVersions": "READ", "s3:ListBucketMultipartUploads": "READ", "s3:PutObject": "WRITE",
		"s3:GetBucketAcl": "READ_ACP", "s3:PutBucketAcl": "WRITE_ACP", "s3:GetBucketPolicy": "", "s3:DeleteBucket": "", "s3:DeleteObjectVersion": "", "s3:PutObjectTagging": ""}
	for _, permission := range []string{"READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"} {
		s := newSmall(t)
		s.store(estate.ACLGrant{Canonical: strangerID, Permission: permission})
		for action, needed := range on {
			resource, want := theBucket, policy.ImplicitDeny
			if strings.Contains(action, "Object") {
				resource += "/x"
			}
			if needed != "" && (permission == needed || permission == "FULL_CONTROL") {
				want = policy.Allowed
			}
			s.answers("asks", action, resource, want)
		}
		// Who writes objects owns them, and may delete those.
		if permission == "WRITE" || permission == "FULL_CONTROL" {
			s.dependsOn("asks", "s3:DeleteObject", theBucket+"/x", "s3:GetObjectAcl")
		} else {
			s.answers("asks", "s3:DeleteObject", theBucket+"/x", policy.ImplicitDeny)
		}
		for _, action := range []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:PutObjectAcl", "s3:PutObjectVersionAcl"} {
			s.dependsOn("asks", action, theBucket+"/x", "s3:GetObjectAcl")
		}
	}
}

// Lists of objects are read by nothing: to take them as not there would make a no of what nobody knows.
func TestListsOfObjectsAreNotAssumedAway(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.store()
	w := New(s.Estate, Options{AsRead: true})
	p := w.ByARN("arn:aws:iam::" + two + ":user/asks")
	if d := w.Can(p, "s3:GetObject", theBucket+"/x"); d.Result != policy.Depends {
		t.Errorf("where lists count: %s, want depends", d.Result)
	}
	b.Ownership = estate.Unread[string](estate.Gap{Operation: "s3:GetBucketOwnershipControls", Outcome: operation.NotTried})
	w = New(s.Estate, Options{AsRead: true})
	p = w.ByARN("arn:aws:iam::" + two + ":user/asks")
	if d := w.Can(p, "s3:GetObject", theBucket+"/x"); d.Result != policy.ImplicitDeny || len(w.Assumed()) == 0 {
		t.Errorf("where nobody asked whether they count: %s, want implicitDeny with what was assumed: %v", d.Result, w.Assumed())
	}
}

func TestABucketPolicyMayNameACanonicalUserID(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	b := s.store()
	b.Ownership = estate.Know("BucketOwnerEnforced")
	names := func(id string) {
		b.Policy = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"CanonicalUser": "` + id + `"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}`))
	}
	names(strangerID)
	s.user(two, "silent", "")
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.Allowed)
	s.answers("silent", "s3:GetObject", theBucket+"/x", policy.ImplicitDeny)
	names("identity of CloudFront")
	s.Account(one).OriginIdentities = []string{"identity of CloudFront"}
	s.Buckets = s.Buckets[1:]
	s.answers("asks", "s3:GetObject", theBucket+"/x", policy.ImplicitDeny)
	names("somebody")
	s.dependsOn("asks", "s3:GetObject", theBucket+"/x", "canonical user id somebody")
	s.answers("silent", "s3:GetObject", theBucket+"/x", policy.ImplicitDeny)
}

func TestThroughAnAccessPointBothPoliciesMustAllow(t *testing.T) {
	t.Parallel()
	const point = "arn:aws:s3:us-east-1:" + one + ":accesspoint/p"
	s := newSmall(t)
	b := s.store()
	b.Ownership = estate.Know("BucketOwnerEnforced")
	p := &estate.AccessPoint{Resource: resourceOf("access-point", one, "p", point), Bucket: "b", BucketOwner: one,
		Policy: estate.None[*policy.Document](), Block: estate.None[estate.PublicAccessBlock]()}
	s.AccessPoints = append(s.AccessPoints, p)
	s.user(one, "owner", `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)
	lets := func(resource string) estate.Known[*policy.Document] {
		return estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + two + `"}, "Action": "s3:GetObject", "Resource": "` + resource + `"}}`))
	}
	ask := func(want policy.Result) { s.t.Helper(); s.answers("asks", "s3:GetObject", point+"/object/x", want) }
	ask(policy.ImplicitDeny)
	b.Policy = lets(theBucket + "/*")
	ask(policy.ImplicitDeny)
	p.Policy = lets(point + "/object/*")
	ask(policy.Allowed)
	b.Policy = estate.None[*policy.Document]()
	ask(policy.ImplicitDeny)
	s.answers("owner", "s3:GetObject", point+"/object/x", policy.Allowed)
	b.Policy = lets(theBucket + "/*")
	p.Policy = estate.Unread[*policy.Document](denied("s3control:GetAccessPointPolicy", "p"))
	s.dependsOn("asks", "s3:GetObject", point+"/object/x", "s3control:GetAccessPointPolicy")
}
