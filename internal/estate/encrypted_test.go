package estate

import "testing"

// TestKeyMeans: a key is meant by its ARN, its id, its alias and the alias' ARN, each in the key's own place.
func TestKeyMeans(t *testing.T) {
	t.Parallel()
	here := Place{Account: "111122223333", Region: "eu-west-1"}
	key := &Key{
		Resource: Resource{Reference: Ref{Kind: "key", Account: here.Account, Region: here.Region, ID: "1234abcd", ARN: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"}},
		Aliases:  Know([]string{"alias/shop"}),
	}
	blind := *key
	blind.Aliases = Unread[[]string](Gap{Operation: "kms:ListAliases"})
	for _, c := range []struct {
		key  *Key
		name string
		from Place
		want Truth
	}{
		{key, "arn:aws:kms:eu-west-1:111122223333:key/1234abcd", Place{}, True},
		{key, "arn:aws:kms:eu-west-1:999988887777:key/1234abcd", here, False},
		{key, "1234abcd", here, True},
		{key, "1234abcd", Place{Account: here.Account, Region: "us-east-1"}, False},
		{key, "alias/shop", here, True},
		{key, "alias/other", here, False},
		{key, "arn:aws:kms:eu-west-1:111122223333:alias/shop", Place{}, True},
		{key, "arn:aws:kms:us-east-1:111122223333:alias/shop", here, False},
		{&blind, "alias/shop", here, Unknown},
		{&blind, "1234abcd", here, True},
		{&blind, "alias/shop", Place{Account: "999988887777", Region: here.Region}, False},
	} {
		if got := c.key.Means(c.name, c.from); got != c.want {
			t.Errorf("%s from %s: %v, want %v", c.name, c.from, got, c.want)
		}
	}
}
