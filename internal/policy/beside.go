package policy

import (
	"slices"
	"strings"
)

// hearBeside asks what stands beside policies: grants of a key, access control lists and access points of a bucket.
func (j *judge) hearBeside(h *hearing) {
	h.grants = j.hearGrants()
	s3 := j.policies.S3
	if s3 == nil || j.act.service != "s3" {
		return
	}
	if s3.AccessPoint != nil {
		through := *j
		if s3.AccessPointARN != "" {
			through.resource = s3.throughAccessPoint(j.resource)
		}
		h.accessPoint = through.hear(AccessPointLayer, "", true, []Source{*s3.AccessPoint})
	}
	h.acl = opinion{layer: ACLLayer, applies: true, allow: j.listed()}
	if h.acl.allow.direct == maybe {
		h.acl.unread = []Source{*s3.ListsUnread}
	}
	if h.acl.allow.any() == yes {
		h.acl.hits = []hit{{truth: yes, Reason: Reason{Layer: ACLLayer, Source: j.bucket(), Statement: -1, Effect: Allow}}}
	}
	if j.policies.grantPublic() && j.request.Caller.Kind != Service && !h.sameAccount {
		if h.public = s3.restricts(); h.public == maybe {
			h.publicBlock = opinion{layer: PublicBlockLayer, unread: []Source{*s3.RestrictUnread}}
		}
	}
}

// grantPublic reports whether the policy of a bucket, or of the access point to it, is public.
func (p *Policies) grantPublic() bool {
	public := func(s *Source) bool { return s != nil && s.Document != nil && s.Document.GrantsPublic() }
	return public(p.Resource) || p.S3 != nil && public(p.S3.AccessPoint)
}

func (s *S3Access) restricts() truth {
	if s.RestrictUnread != nil && !s.RestrictPublic {
		return maybe
	}
	return truthOf(s.RestrictPublic)
}

// weighBeside adds it to the weights.
func (j *judge) weighBeside(h *hearing) {
	w := &h.weights
	if h.accessPoint.applies {
		// What an access point's policy allows counts only as far as the bucket allows it too.
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
		w.resource = h.accessPoint.allow.min(w.resource.any())
	}
	w.resource, w.granted = w.resource.max(h.acl.allow), h.grants.allow
	if j.staysAtHome() && w.signed && !w.sameAccount {
		w.resource = forms{}
	}
	if h.public != no {
		// A public policy under RestrictPublicBuckets is for the owner's account and services alone, what it gives to
		// single other accounts included.
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
		w.resource = w.resource.min(h.public.not())
	}
}

func (h *hearing) lacksBeside(lack func(layer Layer, name, format string, args ...any)) {
	if h.public == yes {
		lack(ResourceLayer, "", "public access is restricted: the bucket's policy is public, so it holds for the bucket's own account and services only")
	}
}

// hearGrants asks the grants of a key. A grant allows its grantee some operations, as a policy of the key would.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
func (j *judge) hearGrants() opinion {
	o := opinion{layer: GrantLayer, applies: true}
	if j.act.service != "kms" || len(j.policies.Grants) == 0 {
		return o
	}
	_, operation, _ := strings.Cut(j.act.lower, ":")
	for i := range j.policies.Grants {
		g := &j.policies.Grants[i]
		t, key := g.covers(j, operation)
		f := j.grantee(g.Grantee).min(t)
		if j.act.retires {
			f = f.max(j.grantee(g.RetiringPrincipal))
		}
		if f.any() == no {
			continue
		}
		o.allow = o.allow.max(f)
		h := hit{truth: f.any(), forms: f, Reason: Reason{Layer: GrantLayer, Source: g.ID, Statement: -1, Effect: Allow}}
		if key != "" {
			h.keys = []string{key}
		}
		o.hits = append(o.hits, h)
	}
	return o
}

// grantee finds how a grant names the caller.
func (j *judge) grantee(name string) forms {
	c := &j.request.Caller
	if c.Kind == Service {
		return forms{direct: truthOf(strings.EqualFold(name, c.ARN))}
	}
	if name == "" {
		return forms{}
	}
	return j.namedBy(name)
}

// The keys that constraints of grants ask for, in lower case; those of an encryption context begin so.
const (
	encryptionContext = "kms:encryptioncontext:"
	sourceARN         = "aws:sourcearn"
)

// takesContext are the operations that have an encryption context, in lower case.
// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
var takesContext = []string{"decrypt", "encrypt", "generatedatakey", "generatedatakeypair", "generatedatakeypairwithoutplaintext",
	"generatedatakeywithoutplaintext", "reencryptfrom", "reencryptto"}

// covers reports whether a grant is about an operation, on behalf of the resource and with the encryption context of the request. The
// latter is asked for only where operations have one, and nothing is where a grant is retired. What a grant that is made by another's
// CreateGrant must look like, is left open.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
func (g *Grant) covers(j *judge, operation string) (t truth, open string) {
	if !slices.ContainsFunc(g.Operations, func(o string) bool { return strings.EqualFold(o, operation) }) {
		return no, ""
	}
	t = yes
	if j.act.retires {
		return t, ""
	}
	if g.SourceARN != "" {
		values, there := j.key(sourceARN)
		switch {
		case there == maybe:
			t, open = maybe, "aws:SourceArn"
		case there == no || len(values) != 1 || values[0] != g.SourceARN:
			return no, ""
		}
	}
	if !slices.Contains(takesContext, operation) {
		return t, open
	}
	for _, wanted := range []map[string]string{g.ContextEquals, g.ContextSubset} {
		for key, value := range wanted {
			values, there := j.key(encryptionContext + strings.ToLower(key))
			switch {
			case there == maybe:
				t, open = maybe, "kms:EncryptionContext:"+key
			case there == no || len(values) != 1 || values[0] != value:
				return no, ""
			}
		}
	}
	if len(g.ContextEquals) > 0 {
		n := 0
		for key := range j.request.Context.Values {
			if strings.HasPrefix(key, encryptionContext) {
				n++
			}
		}
		if n > len(g.ContextEquals) {
			return no, ""
		}
	}
	return t, open
}

func (s *S3Access) throughAccessPoint(resource string) string {
	_, key, isObject := strings.Cut(resource, "/")
	if !isObject {
		return s.AccessPointARN
	}
	return s.AccessPointARN + "/object/" + key
}

// behindAccessPoint is the judge for the bucket's policy, which names the bucket whichever way a request comes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-delegating-control
func (j *judge) behindAccessPoint() *judge {
	if j.policies.S3 == nil || j.policies.S3.Bucket == "" || j.act.service != "s3" {
		return j
	}
	behind := *j
	behind.resource = j.policies.S3.behindAccessPoint(j.resource)
	return &behind
}

// bucket is the name of the bucket that is asked for, or of.
func (j *judge) bucket() string {
	name, _, _ := strings.Cut(arnPart(j.behindAccessPoint().resource, 5), "/")
	return name
}

func (s *S3Access) behindAccessPoint(resource string) string {
	if _, key, isObject := strings.Cut(resource, "/object/"); isObject {
		return s.Bucket + "/" + key
	}
	return s.Bucket
}

// listed finds what access control lists allow the caller. What they give to an account, its users need a policy for, in the account that
// owns the bucket too: there it only delegates, as a Principal element that names the account does.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-auth-workflow-object-operation.html
func (j *judge) listed() (f forms) {
	s, action := j.policies.S3, j.act.lower
	permission, ok := aclActions[action]
	if !ok {
		return f
	}
	has := func(granted []string) bool {
		return slices.Contains(granted, permission) || slices.Contains(granted, "FULL_CONTROL")
	}
	if s.ListsUnread != nil && has(s.MayGrant) {
		f.direct = maybe
	}
	switch {
	case action == "s3:deleteobject": // only MayGrant can
	case !s.IgnoreACLs && has(s.GrantedToPublic), has(s.Granted) && !j.request.Caller.signed():
		f.direct = yes
	case has(s.Granted):
		f = f.max(j.ofAccount())
	}
	return f
}

// aclActions are the actions that access control lists know, with the permission each needs: READ and WRITE of objects are for
// reading them and, granted on the bucket, for writing them. WRITE lets a grantee delete what he owns, and of that the bucket's list
// does not tell.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#permissions
var aclActions = map[string]string{
	"s3:listbucket": "READ", "s3:listbucketversions": "READ", "s3:listbucketmultipartuploads": "READ",
	"s3:getobject": "READ", "s3:getobjectversion": "READ",
	"s3:putobject": "WRITE", "s3:deleteobject": "WRITE",
	"s3:getbucketacl": "READ_ACP", "s3:getobjectacl": "READ_ACP", "s3:getobjectversionacl": "READ_ACP",
	"s3:putbucketacl": "WRITE_ACP", "s3:putobjectacl": "WRITE_ACP", "s3:putobjectversionacl": "WRITE_ACP",
}
