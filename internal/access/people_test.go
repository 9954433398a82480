package access_test

import (
	"slices"
	"testing"

	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/estate"
)

// TestPeopleOfAPermissionSet: who has it in the account of the role, by name where the directory was read.
func TestPeopleOfAPermissionSet(t *testing.T) {
	t.Parallel()
	const account, center = "111122223333", "arn:aws:sso:::instance/ssoins-1"
	role := func(account string) *estate.Role {
		name := "AWSReservedSSO_Operators_0123456789abcdef"
		return &estate.Role{Resource: estate.Resource{Reference: estate.Ref{Kind: "role", Account: account, Region: estate.Global, ID: name,
			ARN: "arn:aws:iam::" + account + ":role/aws-reserved/sso.amazonaws.com/" + name}}}
	}
	e := &estate.Estate{Accounts: []*estate.Account{{ID: account}, {ID: "444455556666"}}}
	e.Roles = []*estate.Role{role(account), role("444455556666")}
	e.IdentityCenters = []*estate.IdentityCenter{{Resource: estate.Resource{Reference: estate.Ref{ARN: center}},
		Users: estate.Know([]estate.DirectoryUser{{ID: "u-1", Name: "ana"}}), Groups: estate.Know([]estate.DirectoryGroup{{ID: "g-1", Name: "Ops"}})}}
	e.PermissionSets = []*estate.PermissionSet{
		{Resource: estate.Resource{Reference: estate.Ref{Name: "Operators"}}, Center: center, Assignments: estate.Know([]estate.Assignment{{Account: account, Kind: "USER", ID: "u-1"},
			{Account: account, Kind: "GROUP", ID: "g-1"}, {Account: account, Kind: "GROUP", ID: "g-2"}, {Account: "999999999999", Kind: "USER", ID: "u-1"}})},
		{Resource: estate.Resource{Reference: estate.Ref{Name: "Other"}}, Center: center, Assignments: estate.Know([]estate.Assignment{{Account: account, Kind: "USER", ID: "u-2"}})},
	}
	w := access.New(e, access.Options{})
	p, err := w.Principal("permission-set/Operators in " + account)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"group Ops", "group g-2", "user ana"}; !slices.Equal(p.People, want) {
		t.Errorf("%q, want %q", p.People, want)
	}
	if p, err = w.Principal("permission-set/Operators in 444455556666"); err != nil || p.People != nil {
		t.Errorf("%v, %q in an account where nobody has it", err, p.People)
	}
}
