package access

import (
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// trust is whom a role's trust policy might let in, before conditions and denials are looked at.
type trust struct {
	unread   bool
	anyone   bool
	accounts map[string]bool // by their root
	arns     map[string]bool
	services map[string]bool
}

// trustOf reads a trust policy.
func trustOf(s *policy.Source) *trust {
	t := &trust{accounts: map[string]bool{}, arns: map[string]bool{}, services: map[string]bool{}}
	if s == nil || s.Document == nil {
		t.unread = s != nil
		return t
	}
	for i := range s.Document.Statements {
		st := &s.Document.Statements[i]
		if st.Effect != policy.Allow || !covers(st, "sts:AssumeRole") && !covers(st, "sts:AssumeRoleWithWebIdentity") {
			continue
		}
		if st.NotPrincipal != nil {
			t.anyone = true
		}
		if st.Principal == nil {
			continue
		}
		if st.Principal.Anyone() {
			t.anyone = true
		}
		for _, arn := range st.Principal.AWS {
			parts := strings.SplitN(arn, ":", 6)
			switch {
			case isAccount(arn):
				t.accounts[arn] = true
			case len(parts) == 6 && parts[5] == "root":
				t.accounts[parts[4]] = true
			case len(parts) == 6 && parts[2] == "sts" && strings.HasPrefix(parts[5], "assumed-role/"):
				t.accounts[parts[4]] = true // a session of some role of the account
			default:
				t.arns[arn] = true
			}
		}
		for _, s := range st.Principal.Service {
			t.services[strings.ToLower(s)] = true
			t.services[strings.TrimSuffix(strings.ToLower(s), chinese)] = true
		}
		for _, f := range st.Principal.Federated {
			t.services["federated:"+f] = true
		}
	}
	return t
}

// chinese ends the names of some services in China, such as ec2.amazonaws.com.cn.
// https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
const chinese = ".cn"

// servicesOf are the services one of which a role must trust, as they may be called in the estate's partition.
func (w *World) servicesOf(t *Technique) []string {
	if w.partition != "aws-cn" {
		return t.Trusts
	}
	var names []string
	for _, name := range t.Trusts {
		names = append(names, name, name+chinese)
	}
	return names
}

// trusting is a trust policy that names one principal.
func trusting(arn string) *policy.Source {
	return &policy.Source{Name: "the trust policy that was just written", Document: &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{
		{Effect: policy.Allow, Principal: &policy.Principal{AWS: []string{arn}}, Action: []string{"sts:AssumeRole"}, Line: 1}}}}
}

// trustsService reports whether a service may take on a role, as it does for whoever passes it the role.
func (w *World) trustsService(role *Principal, name string) (Strength, Answer) {
	key := role.ARN + " " + name
	if m, ok := w.taken[key]; ok {
		return m.strength, m.answer
	}
	s, a := w.decideService(role, name)
	w.taken[key] = remembered{s, a}
	return s, a
}

func (w *World) decideService(role *Principal, name string) (Strength, Answer) {
	o := w.objects[role.ARN]
	r := &policy.Request{Action: "sts:AssumeRole", Resource: role.ARN, ResourceAccount: role.Account,
		Caller: policy.Caller{Kind: policy.Service, ARN: name},
		Context: policy.Context{Open: true, Absent: map[string]bool{}, Values: map[string][]string{
			"aws:sourceaccount": {role.Account}, "aws:principalisawsservice": {"true"}, "aws:principalservicename": {name}, "aws:resourceaccount": {role.Account}}}}
	p := &policy.Policies{}
	if o != nil {
		p.Resource = o.policy
	}
	s, a := w.settle(nil, r, p, nil)
	if s == May { // what asks for the source names a resource that whoever passes the role has made, or chosen
		for _, d := range a.DependsOn {
			if k := strings.ToLower(d.Key); k != "aws:sourcearn" && k != "aws:sourceaccount" && k != "aws:sourceorgid" {
				return s, a
			}
		}
		s = Yes
	}
	return s, a
}
