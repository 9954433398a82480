package policy

import "testing"

func TestDeniesProvidedKeys(t *testing.T) {
	t.Parallel()
	const null = `"Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}}`
	for statement, want := range map[string]bool{
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                                              true,
		`{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:Put*"], "Resource": "*", ` + null:                                                                                                                                       true,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:putobject", "Resource": "arn:aws:s3:::b/*", "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}}}`:                                     true,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}`:                                                                                                                                              true,
		`{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                                             false,
		`{"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                          false,
		`{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                       false,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                                              false,
		`{"Effect": "Deny", "Principal": "*", "NotAction": "s3:Put*", "Resource": "arn:aws:s3:::b/*", ` + null:                                                                                                                                false,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/in/*", ` + null:                                                                                                                           false,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", "Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "true"}}}`:                                               false,
		`{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*", "Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`: false,
	} {
		if got := DeniesProvidedKeys(parse(t, statement), "b"); got != want {
			t.Errorf("%s: got %t, want %t", statement, got, want)
		}
	}
}
