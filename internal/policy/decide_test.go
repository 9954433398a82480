package policy

import (
	"fmt"
	"testing"
)

func source(t *testing.T, name, statements string) Source {
	t.Helper()
	return Source{Name: name, Document: parse(t, statements)}
}

// The order of combination, one row a rule: what each layer says of one request of a session, and what comes out.
func TestCombination(t *testing.T) {
	t.Parallel()
	const (
		allow = `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`
		deny  = `{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}`
		other = `{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}`
	)
	to := func(principal string) string {
		return `{"Effect": "Allow", "Principal": ` + principal + `, "Action": "s3:GetObject", "Resource": "*"}`
	}
	const (
		byRole    = `{"AWS": "arn:aws:iam::111122223333:role/R"}`
		bySession = `{"AWS": "arn:aws:sts::111122223333:assumed-role/R/s"}`
		byAccount = `{"AWS": "111122223333"}`
	)
	for _, c := range []struct {
		rule                                            string
		identity, resource, boundary, session, scp, rcp string
		endpoint, account                               string
		want                                            Result
	}{
		{"nothing allows", "", "", "", "", "", "", "", "", ImplicitDeny},
		{"identity allows", allow, "", "", "", "", "", "", "", Allowed},
		{"identity denies", allow + "," + deny, "", "", "", "", "", "", "", ExplicitDeny},
		{"boundary bounds", allow, "", other, "", "", "", "", "", ImplicitDeny},
		{"boundary grants nothing", "", "", allow, "", "", "", "", "", ImplicitDeny},
		{"boundary denies", allow, "", deny, "", "", "", "", "", ExplicitDeny},
		{"session bounds", allow, "", "", other, "", "", "", "", ImplicitDeny},
		{"service control must allow", allow, "", "", "", other, "", "", "", ImplicitDeny},
		{"service control denies", allow, "", "", "", deny, "", "", "", ExplicitDeny},
		{"an explicit denial decides over a missing allow", deny, "", "", "", other, "", "", "", ExplicitDeny},
		{"resource control only denies", allow, "", "", "", "", other, "", "", Allowed},
		{"resource control denies", allow, "", "", "", "", deny, "", "", ExplicitDeny},
		{"endpoint bounds", allow, "", "", "", "", "", other, "", ImplicitDeny},
		{"endpoint allows", allow, "", "", "", "", "", allow, "", Allowed},
		{"resource names the role", "", to(byRole), "", "", "", "", "", "", Allowed},
		{"resource names the role, boundary bounds", "", to(byRole), other, "", "", "", "", "", ImplicitDeny},
		{"resource names the role, session bounds", "", to(byRole), "", other, "", "", "", "", ImplicitDeny},
		{"resource names the session, boundary does not bound", "", to(bySession), other, "", "", "", "", "", Allowed},
		{"resource names the session, session does not bound", "", to(bySession), "", other, "", "", "", "", Allowed},
		{"resource names everyone, boundary does not bound", "", to(`"*"`), other, "", "", "", "", "", Allowed},
		{"resource names the account: delegation only", "", to(byAccount), "", "", "", "", "", "", ImplicitDeny},
		{"resource names nobody", "", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, "", "", "", "", "", "", ImplicitDeny},
		{"across accounts identity alone", allow, "", "", "", "", "", "", "999988887777", ImplicitDeny},
		{"across accounts resource alone", "", to(bySession), "", "", "", "", "", "999988887777", ImplicitDeny},
		{"across accounts both", allow, to(byAccount), "", "", "", "", "", "999988887777", Allowed},
		{"across accounts boundary bounds", allow, to(bySession), other, "", "", "", "", "999988887777", ImplicitDeny},
	} {
		p := &Policies{}
		list := func(name, statements string) []Source {
			if statements == "" {
				return nil
			}
			return []Source{source(t, name, statements)}
		}
		p.Identity, p.Boundary, p.Session, p.Endpoint = list("i", c.identity), list("b", c.boundary), list("s", c.session), list("e", c.endpoint)
		if c.resource != "" {
			p.Resource = &list("r", c.resource)[0]
		}
		if c.scp != "" {
			p.ServiceControl = []Level{{Name: "root", Sources: list("scp", allow)}, {Name: "account", Sources: list("scp", c.scp)}}
		}
		if c.rcp != "" {
			p.ResourceControl = []Level{{Name: "root", Sources: list("rcp", c.rcp)}}
		}
		r := &Request{Action: "s3:getobject", Resource: "arn:aws:s3:::b/k", ResourceAccount: c.account, Caller: Caller{Kind: RoleSession,
			ARN: "arn:aws:sts::111122223333:assumed-role/R/s", Role: "arn:aws:iam::111122223333:role/R", Account: "111122223333"}}
		d := Decide(r, p)
		if d.Result != c.want || len(d.Because) == 0 {
			t.Errorf("%s: got %s because %v, want %s", c.rule, d.Result, d.Because, c.want)
		}
	}
}

// What AWS itself did with 28 combinations of boundary, role policy and resource policy.
// https://github.com/benkehoe/permissions-boundary-test
func TestBoundaryAsMeasured(t *testing.T) {
	t.Parallel()
	var rows []struct {
		Form     string `json:"resource_policy_principal_form"`
		Boundary any    `json:"permissions_boundary"`
		Role     any    `json:"role_policy"`
		Resource any    `json:"resource_policy"`
		Result   string
	}
	read(t, "benkehoe/truth_table.json", &rows)
	forms := map[string]string{}
	agree := 0
	for _, r := range rows {
		forms[r.Form] = r.Form
		statement := func(on any, principal, condition string) string {
			if on != true {
				return `{"Effect": "Allow", ` + principal + `"Action": "s3:PutObject", "Resource": "*"}`
			}
			return `{"Effect": "Allow", ` + principal + condition + `"Action": "s3:GetObject", "Resource": "*"}`
		}
		const role, arnCondition = "arn:aws:iam::111122223333:role/R", `"Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/R"}}, `
		principal, condition := "", ""
		switch r.Form {
		case "Role as resource policy principal":
			principal = `"Principal": {"AWS": "` + role + `"}, `
		case "Assumed role session as resource policy principal":
			principal = `"Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/R/s"}, `
		case "Account as resource policy principal, with role in `aws:PrincipalArn` condition":
			principal, condition = `"Principal": {"AWS": "111122223333"}, `, arnCondition
		default:
			principal, condition = `"Principal": "*", `, arnCondition
		}
		p := &Policies{Boundary: []Source{source(t, "b", statement(r.Boundary, "", ""))}, Identity: []Source{source(t, "i", statement(r.Role, "", ""))}}
		resource := source(t, "r", statement(r.Resource, principal, condition))
		p.Resource = &resource
		d := Decide(&Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Caller: Caller{Kind: RoleSession, Account: "111122223333",
			ARN: "arn:aws:sts::111122223333:assumed-role/R/s", Role: role}}, p)
		if (d.Result == Allowed) != (r.Result == "Allow") {
			t.Errorf("%+v: got %s", r, d.Result)
			continue
		}
		agree++
	}
	t.Logf("benkehoe-boundary: %d agree, %d differ", agree, len(rows)-agree)
	if len(forms) != 4 || agree != 28 {
		t.Errorf("%s", fmt.Sprint(forms))
	}
}
