package policy

import (
	"strings"
	"testing"
)

// A canonical user id is an account's, and nothing but S3 tells which: an id that nobody knows may be the caller's.
func TestCanonicalUserIDs(t *testing.T) {
	t.Parallel()
	const account = "111122223333"
	ann := Caller{Kind: User, ARN: "arn:aws:iam::" + account + ":user/ann", Account: account}
	known := ann
	known.CanonicalID = "79a5"
	own := []Source{{Document: parse(t, `{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}`)}}
	for _, c := range []struct {
		name      string
		caller    Caller
		identity  []Source
		owners    map[string]string
		statement string
		want      Result
	}{
		{"the caller's own id", known, own, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "79a5"}`, Allowed},
		{"the id lets the account in, which lets nobody in by itself", known, nil, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "79a5"}`, ImplicitDeny},
		{"another id", known, own, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "c0de"}`, ImplicitDeny},
		{"an id of the caller's account", ann, own, map[string]string{"c0de": account}, `"Effect": "Allow", "Principal": {"CanonicalUser": "c0de"}`, Allowed},
		{"an id of another account", ann, own, map[string]string{"c0de": "999988887777"}, `"Effect": "Allow", "Principal": {"CanonicalUser": "c0de"}`, ImplicitDeny},
		{"an id of nobody knows whom", ann, own, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": ["ffff", "c0de"]}`, Depends},
		{"and it is not worth a question where the caller's account does not let it", ann, nil, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "ffff"}`, ImplicitDeny},
		{"a denial of nobody knows whom", ann, own, nil, `"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Principal": {"CanonicalUser": "ffff"}`, Depends},
		{"all but nobody knows whom", ann, own, nil, `"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "NotPrincipal": {"CanonicalUser": "ffff"}`, ExplicitDeny},
		{"the root user by an id that is his", Caller{Kind: RootUser, ARN: "arn:aws:iam::" + account + ":root", Account: account, CanonicalID: "79a5"}, nil, nil,
			`"Effect": "Deny", "Principal": {"CanonicalUser": "79a5"}`, ExplicitDeny},
		{"a service has none", Caller{Kind: Service, ARN: "ec2.amazonaws.com"}, nil, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "ffff"}`, ImplicitDeny},
		{"nobody has none", Caller{}, nil, nil, `"Effect": "Allow", "Principal": {"CanonicalUser": "ffff"}`, ImplicitDeny},
	} {
		document := parse(t, `{`+c.statement+`, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}`)
		p := &Policies{Identity: c.identity, Resource: &Source{Name: "b", Document: document}, Canonical: c.owners}
		r := &Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: "444455556666", Caller: c.caller}
		d := Decide(r, p)
		if d.Result != c.want {
			t.Errorf("%s: %s, want %s: %v", c.name, d.Result, c.want, d)
		}
		for _, x := range d.DependsOn {
			if !strings.Contains(x.Text, "canonical user id ffff") {
				t.Errorf("%s depends on %q, which names no id", c.name, x.Text)
			}
		}
	}
}
