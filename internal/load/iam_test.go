package load

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

const tester = "111122223333"

// accountAnswering is what one account answered, under "global".
func accountAnswering(bodies map[operation.ID]string) *responses.Set {
	set := &responses.Set{}
	for op, body := range bodies {
		set.Responses = append(set.Responses, responses.Response{Account: tester, Region: estate.Global, Operation: op,
			Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(body)}})
	}
	return set
}

func TestAuthorizationDetails(t *testing.T) {
	t.Parallel()
	e, problems := Load(accountAnswering(map[operation.ID]string{"iam:GetAccountAuthorizationDetails": `{
		"UserDetailList": [{"UserName": "alice", "Arn": "arn:aws:iam::111122223333:user/ops/alice", "CreateDate": "2024-05-06T07:08:09+00:00",
			"GroupList": ["ops", "dev"], "Tags": [{"Key": "team", "Value": "web"}],
			"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/limit"}}],
		"GroupDetailList": [{"GroupName": "ops", "Arn": "arn:aws:iam::111122223333:group/ops",
			"GroupPolicyList": [{"PolicyName": "bad", "PolicyDocument": {"Statement": []}}]}],
		"RoleDetailList": [{"RoleName": "jenkins", "Arn": "arn:aws:iam::111122223333:role/jenkins",
			"AssumeRolePolicyDocument": "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D",
			"InstanceProfileList": [{"Arn": "arn:aws:iam::111122223333:instance-profile/jenkins"}],
			"RolePolicyList": [{"PolicyName": "all", "PolicyDocument": "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}],
			"AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
			"RoleLastUsed": {"LastUsedDate": 1790000000, "Region": "us-east-1"}}],
		"Policies": [{"PolicyName": "limit", "Arn": "arn:aws:iam::111122223333:policy/limit", "AttachmentCount": 0, "PolicyVersionList": [
			{"VersionId": "v2", "IsDefaultVersion": false, "Document": {"Statement": {"Effect": "Allow", "Action": "old:*"}}},
			{"VersionId": "v3", "IsDefaultVersion": true, "Document": {"Statement": {"Effect": "Allow", "Action": "new:*"}}}]}]}`}))

	alice, jenkins := e.Users[0], e.Roles[0]
	if diff := cmp.Diff([]string{"dev", "ops"}, alice.Groups); diff != "" {
		t.Errorf("groups of alice (-want +got):\n%s", diff)
	}
	if got, want := alice.Boundary, "arn:aws:iam::111122223333:policy/limit"; got != want {
		t.Errorf("boundary of alice is %q, want %q", got, want)
	}
	if _, unread := alice.MFADevices.Unread(); !unread {
		t.Error("the devices of alice are known though nobody asked")
	}
	if trust, _ := jenkins.Trust.Value(); trust == nil || trust.Statements[0].Principal.Service[0] != "ec2.amazonaws.com" {
		t.Errorf("trust of jenkins is %+v", trust)
	}
	if all, _ := jenkins.Inline[0].Document.Value(); all == nil || all.Statements[0].Action[0] != "*" {
		t.Errorf("policy of jenkins is %+v", all)
	}
	if got, want := jenkins.LastUsed, time.Unix(1790000000, 0).UTC(); !got.Equal(want) {
		t.Errorf("jenkins was last used %v, want %v", got, want)
	}
	if limit, _ := e.ManagedPolicies[0].Document.Value(); limit == nil || limit.Statements[0].Action[0] != "new:*" {
		t.Errorf("the default version of limit is %+v", limit)
	}

	gap, unread := e.Groups[0].Inline[0].Document.Unread()
	if !unread || !strings.Contains(gap.String(), "policy bad of group ops") {
		t.Errorf("a policy that nobody understands is unread: %t, %v", unread, gap)
	}
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "line 1, column 1: the document has no statement") {
		t.Errorf("problems: %v", problems)
	}
}

func TestCredentialReport(t *testing.T) {
	t.Parallel()
	const head = "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,new_column\n"
	read := func(content string) (estate.Known[estate.CredentialReport], []responses.Problem) {
		body, _ := json.Marshal(map[string]any{"Content": []byte(content), "GeneratedTime": "2026-11-23T11:00:00Z"})
		e, problems := Load(accountAnswering(map[operation.ID]string{"iam:GetCredentialReport": string(body)}))
		return e.Logins[0].Report, problems
	}

	known, problems := read(head +
		"<root_account>,arn:aws:iam::111122223333:root,2020-01-02T03:04:05+00:00,not_supported,no_information,true,false,N/A,N/A,x\n" +
		"bob,arn:aws:iam::111122223333:user/bob,2021-01-02T03:04:05+00:00,true,2026-11-20T10:00:00+00:00,false,false,2022-01-02T03:04:05+00:00,N/A,x\n")
	report, ok := known.Value()
	if !ok || len(problems) > 0 {
		t.Fatalf("not read: %v", problems)
	}
	if root := report.Root; root == nil || root.Password != estate.Unknown || root.MFA != estate.True || !root.PasswordUsed.IsZero() || root.Keys[0].Exists {
		t.Errorf("root: %+v", root)
	}
	bob := report.Users[0]
	if bob.Password != estate.True || bob.MFA != estate.False || bob.PasswordUsed.IsZero() || !bob.Keys[0].Exists || bob.Keys[0].Active || bob.Keys[1].Exists {
		t.Errorf("bob: %+v", bob)
	}

	for _, bad := range []string{"", "not a report", head + "bob,too,few\n", "\xff\xfe"} {
		if known, problems := read(bad); len(problems) != 1 {
			t.Errorf("%q: problems %v", bad, problems)
		} else if _, unread := known.Unread(); !unread {
			t.Errorf("%q counts as a report", bad)
		}
	}
}
