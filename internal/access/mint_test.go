package access

import "testing"

func TestNewUserIsPutIntoAGroup(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.group("admins", everything)
	s.role(one, "makes", `{"Service": "ec2.amazonaws.com"}`, allow("iam:CreateUser iam:CreateAccessKey iam:AddUserToGroup", "*", ""))
	s.role(one, "keyless", `{"Service": "ec2.amazonaws.com"}`, allow("iam:CreateUser iam:AddUserToGroup", "*", ""))
	s.want("makes", "yes awspx:CreateUserAddGroup")
	s.want("keyless", "no")
}

// A new user in a group makes what its maker could not.
func TestNewUserGoesOn(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.group("helpers", allow("iam:CreateRole iam:PutRolePolicy", "arn:aws:iam::*:role/apps/*", ""))
	s.role(one, "makes", `{"Service": "ec2.amazonaws.com"}`, allow("iam:CreateUser iam:CreateAccessKey iam:AddUserToGroup", "*", ""))
	s.want("makes", "yes awspx:CreateUserAddGroup awspx:CreateRolePut")
}

// All steps to a new principal are on one name.
func TestNewRoleHasANameThatAllStepsAllow(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.user(one, "apps", allow("iam:CreateRole", "*", "")+","+allow("iam:PutRolePolicy", "arn:aws:iam::*:role/apps/*", ""))
	s.user(one, "apart", allow("iam:CreateRole", "arn:aws:iam::*:role/new/*", "")+","+allow("iam:PutRolePolicy", "arn:aws:iam::*:role/apps/*", ""))
	s.want("apps", "yes awspx:CreateRolePut")
	s.want("apart", "no")
}

func TestNewRoleMustBeTakenOn(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	deny := `, {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}`
	s.user(one, "makes", allow("iam:CreateRole iam:PutRolePolicy", "*", ""))
	s.user(one, "denied", allow("iam:CreateRole iam:PutRolePolicy", "*", "")+deny)
	s.user(one, "passes", allow("iam:CreateRole iam:PutRolePolicy iam:PassRole lambda:CreateFunction lambda:InvokeFunction", "*", "")+deny)
	s.want("makes", "yes awspx:CreateRolePut")
	s.want("denied", "no")
	s.want("passes", "yes awspx:CreateRolePut")
}

// Who makes a user reads with it what he may not read himself.
func TestNewUserReadsStores(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	makes := allow("iam:CreateUser iam:PutUserPolicy iam:CreateAccessKey", "arn:aws:iam::*:user/apps/*", "")
	s.user(one, "makes", makes)
	s.user(one, "denied", makes+`, {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}`)
	w := New(s.Estate, Options{})
	e := w.Escalate(Goal{Kind: "stores", Stores: []string{"arn:aws:secretsmanager:us-east-1:111111111111:secret:x-abcdef"}})
	for name, want := range map[string]Strength{"makes": Yes, "denied": No} {
		p, err := w.Principal(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Strength(p); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		} else if got > No {
			replays(t, name, e.Of(p))
		}
	}
}

// Who may choose among boundaries takes the one that bounds least.
func TestNewRoleIsUnderTheWidestBoundary(t *testing.T) {
	t.Parallel()
	for wide, want := range map[string]string{everything: "yes awspx:CreateRolePut", allow("ec2:* s3:*", "*", ""): "no"} {
		s := newSmall(t)
		s.managed("bounds/narrow", allow("s3:*", "*", ""))
		s.managed("bounds/wide", wide)
		s.user(one, "makes", allow("iam:CreateRole iam:PutRolePolicy", "*", `{"ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/bounds/*"}}`))
		s.want("makes", want)
	}
}
