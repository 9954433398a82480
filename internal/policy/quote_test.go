package policy

import "testing"

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}`: "Allow s3:GetObject on arn:aws:s3:::a/*, arn:aws:s3:::b/*",
		`{"Effect": "Deny", "NotAction": "iam:*", "NotResource": "*"}`:                                        "Deny all but iam:* on all but *",
		`{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}`:                                  "Allow * sqs:SendMessage",
		`{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333", "Service": "ec2.amazonaws.com"}, "Action": "*", "Resource": "*"}`: "Deny everybody but AWS 111122223333, " +
			"Service ec2.amazonaws.com * on *",
		`{"Effect": "Allow", "Action": ["a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7"], "Resource": "*"}`: "Allow a:1, a:2, a:3, a:4, a:5, a:6 and 1 more on *",
		`{"Effect": "Allow", "Action": "a:1", "Resource": "*", "Condition": {"StringLikeIfExists": {"aws:PrincipalTag/team": ["red", "blue"]}, "Bool": {"aws:SecureTransport": true}}}`: "Allow a:1 on * " +
			"if StringLikeIfExists aws:PrincipalTag/team red, blue and Bool aws:SecureTransport true",
	} {
		d, err := Parse([]byte(`{"Version": "2012-10-17", "Statement": ` + text + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Statements[0].Quote(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestReasonsNameThePolicyAndItsLevel(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Reason{
		`statement 2 (Read) on line 7 of identity policy "reader"`:            {Source: "reader", Statement: 1, Sid: "Read", Line: 7},
		`statement 1 of identity policy AdministratorAccess`:                  {Source: "policy AdministratorAccess"},
		`statement 1 of inline policy x of role y`:                            {Source: "inline policy x of role y"},
		`statement 1 of policy of queue mail`:                                 {Source: "policy of queue mail", Layer: ResourceLayer},
		`statement 1 of service control policy FullAWSAccess at "Root (r-1)"`: {Source: "organisation policy FullAWSAccess", Layer: ServiceControlLayer, Level: "Root (r-1)"},
		`grant "g-1"`: {Source: "g-1", Layer: GrantLayer, Statement: -1},
	} {
		if got := r.place(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
