package generate

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"net/url"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
)

const details operation.ID = "iam:GetAccountAuthorizationDetails"

// profile is an instance profile with its role.
type profile struct{ arn, id, role string }

// accessKey is one of a user's keys; zero times mean never.
type accessKey struct {
	made, used time.Duration // ago; 0 for never
}

// person is an IAM user.
type person struct {
	name     string
	policies []string // ARNs
	password bool
	mfa      bool
	signedIn time.Duration // ago; 0 for never
	made     time.Duration
	keys     []accessKey
	labels   labels
}

// document is a policy document as IAM returns it: URL-encoded.
func document(body object) string {
	return strings.ReplaceAll(url.QueryEscape(string(encode(body))), "+", "%20")
}

// role makes a role that a service or another account may assume.
func (a *account) role(path, name string, trust object, managed []string, inline map[string]object, used time.Duration, profiles ...object) string {
	g := a.global
	arn := g.arn("iam", "role"+path+name)
	attached, own := []object{}, []object{}
	for _, m := range managed {
		attached = append(attached, object{"PolicyName": m[lastSlash(m)+1:], "PolicyArn": m})
	}
	for _, key := range sortedKeys(inline) {
		own = append(own, object{"PolicyName": key, "PolicyDocument": document(inline[key])})
	}
	if profiles == nil {
		profiles = []object{}
	}
	body := object{"RoleName": name, "Path": path, "Arn": arn, "RoleId": "AROA" + upper(g.digest(17, "role", name)), "CreateDate": "2021-09-06T11:20:00Z",
		"AssumeRolePolicyDocument": document(trust), "InstanceProfileList": profiles, "RolePolicyList": own, "AttachedManagedPolicies": attached, "Tags": []object{}, "RoleLastUsed": object{}}
	if used > 0 {
		body["RoleLastUsed"] = object{"LastUsedDate": ago(used), "Region": "us-east-1"}
	}
	g.w.truth.Resources++
	g.listAs(details, "RoleDetailList", body)
	return arn
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

func trustService(service string) object {
	return policy(object{"Effect": "Allow", "Principal": object{"Service": service}, "Action": "sts:AssumeRole"})
}

const awsManaged = "arn:aws:iam::aws:policy/"

// profile makes a role for hosts and the instance profile that carries it. Systems Manager may always manage them.
func (a *account) profile(name string, inline map[string]object, managed ...string) profile {
	g := a.global
	p := profile{arn: g.arn("iam", "instance-profile/"+name), id: "AIPA" + upper(g.digest(17, "profile", name)), role: g.arn("iam", "role/"+name)}
	a.role("/", name, trustService("ec2.amazonaws.com"), managed, inline, 2*time.Hour, object{"Path": "/", "InstanceProfileName": name,
		"InstanceProfileId": p.id, "Arn": p.arn, "CreateDate": "2021-09-06T11:20:00Z", "Roles": []object{}})
	return p
}

const managedCore = awsManaged + "AmazonSSMManagedInstanceCore"

// signIn is who may enter an account: people come through single sign-on, machines through roles, and few users are left.
func (a *account) signIn(others ...person) {
	sso := policy(object{"Effect": "Allow", "Principal": object{"Federated": a.global.arn("iam", "saml-provider/AWSSSO_4f1c9a7e2b3d5c6f_DO_NOT_DELETE")},
		"Action":    []string{"sts:AssumeRoleWithSAML", "sts:TagSession"},
		"Condition": object{"StringEquals": object{"SAML:aud": "https://signin.aws.amazon.com/saml"}}})
	const reserved = "/aws-reserved/sso.amazonaws.com/"
	a.role(reserved, "AWSReservedSSO_Administrator_"+a.global.digest(16, "sso", "admin"), sso, []string{awsManaged + "AdministratorAccess"}, nil, 26*time.Hour)
	a.role(reserved, "AWSReservedSSO_Developer_"+a.global.digest(16, "sso", "developer"), sso, []string{awsManaged + "PowerUserAccess"}, nil, time.Hour)
	a.role(reserved, "AWSReservedSSO_ReadOnly_"+a.global.digest(16, "sso", "readonly"), sso, []string{awsManaged + "job-function/ViewOnlyAccess"}, nil, 5*time.Hour)
	a.role("/", "OnusReader", policy(object{"Effect": "Allow", "Principal": object{"AWS": "arn:aws:iam::" + a.global.w.accounts[0].id + ":root"}, "Action": "sts:AssumeRole"}),
		[]string{a.global.arn("iam", "policy/OnusReader")}, nil, time.Minute)
	a.global.listAs(details, "Policies", object{"PolicyName": "OnusReader", "PolicyId": "ANPA" + upper(a.global.digest(17, "policy")), "Arn": a.global.arn("iam", "policy/OnusReader"),
		"Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, "CreateDate": "2026-11-18T09:00:00Z", "UpdateDate": "2026-11-18T09:00:00Z",
		"PolicyVersionList": []object{{"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-11-18T09:00:00Z",
			"Document": document(policy(object{"Effect": "Allow", "Action": []string{"ec2:Describe*", "rds:Describe*", "s3:GetBucket*", "iam:Get*"}, "Resource": "*"}))}}})
	a.role("/service-role/", "AWSBackupDefaultServiceRole", trustService("backup.amazonaws.com"),
		[]string{awsManaged + "service-role/AWSBackupServiceRolePolicyForBackup", awsManaged + "service-role/AWSBackupServiceRolePolicyForRestores"}, nil, 20*time.Hour)
	a.role("/", "Deploy", policy(object{"Effect": "Allow", "Principal": object{"Federated": a.global.arn("iam", "oidc-provider/token.actions.example.com")},
		"Action": "sts:AssumeRoleWithWebIdentity", "Condition": object{"StringLike": object{"token.actions.example.com:sub": "repo:acme/*:ref:refs/heads/main"}}}),
		[]string{awsManaged + "PowerUserAccess"}, nil, 3*time.Hour)

	everybody := []person{{name: "break-glass", policies: []string{awsManaged + "AdministratorAccess"}, password: true, mfa: true, signedIn: 100 * day, made: 1600 * day, labels: labels{"owner": "security"}}}
	a.people(append(everybody, others...))
}

var reportColumns = []string{"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"}

// people writes an account's users: their details, their MFA devices, the credential report and the summary. The root user
// of the managing account has a password, a hardware key, and rests; those of the others were removed centrally.
func (a *account) people(everybody []person) {
	g := a.global
	manager := a == g.w.accounts[0]
	var report bytes.Buffer
	rows := csv.NewWriter(&report)
	var keys, devices int
	rows.Write(reportColumns) // a buffer takes everything
	rootUsed := "no_information"
	if manager {
		rootUsed = stamp(Time.Add(-430 * day))
	}
	rows.Write(reportRow("<root_account>", "arn:aws:iam::"+a.id+":root", "2019-05-14T09:12:00Z", "not_supported", rootUsed, "not_supported", manager, nil))
	for _, p := range everybody {
		arn := g.arn("iam", "user/"+p.name)
		attached := []object{}
		for _, m := range p.policies {
			attached = append(attached, object{"PolicyName": m[lastSlash(m)+1:], "PolicyArn": m})
		}
		g.w.truth.Resources++
		g.listAs(details, "UserDetailList", object{"UserName": p.name, "Path": "/", "Arn": arn, "UserId": "AIDA" + upper(g.digest(17, "user", p.name)), "CreateDate": ago(p.made),
			"UserPolicyList": []object{}, "GroupList": []string{}, "AttachedManagedPolicies": attached, "Tags": p.labels.list()})
		mfa := []object{}
		if p.mfa {
			devices++
			mfa = append(mfa, object{"UserName": p.name, "SerialNumber": "arn:aws:iam::" + a.id + ":u2f/user/" + p.name + "/key", "EnableDate": ago(900 * day)})
		}
		g.about("iam:ListMFADevices", object{"MFADevices": mfa, "IsTruncated": false}, p.name)
		enabled, used, changed := "false", "N/A", "N/A"
		if p.password {
			enabled, used, changed = "true", "no_information", ago(p.made)
			if p.signedIn > 0 {
				used = ago(p.signedIn)
			}
		}
		keys += len(p.keys)
		rows.Write(reportRow(p.name, arn, ago(p.made), enabled, used, changed, p.mfa, p.keys))
	}
	rows.Flush()
	g.whole("iam:GetCredentialReport", object{"Content": base64.StdEncoding.EncodeToString(report.Bytes()), "ReportFormat": "text/csv", "GeneratedTime": stamp(Time)})
	rooted := 0
	if manager {
		rooted = 1
	}
	g.whole("iam:GetAccountSummary", object{"SummaryMap": object{"Users": len(everybody), "Groups": 0, "Roles": len(g.lists[details]), "AccountAccessKeysPresent": 0, "AccountMFAEnabled": rooted,
		"AccountPasswordPresent": rooted, "AccountSigningCertificatesPresent": 0, "MFADevices": devices + rooted, "MFADevicesInUse": devices + rooted, "AccessKeysPerUserQuota": 2}})
	g.whole("iam:GetAccountPasswordPolicy", object{"PasswordPolicy": object{"MinimumPasswordLength": 16, "RequireSymbols": true, "RequireNumbers": true, "RequireUppercaseCharacters": true,
		"RequireLowercaseCharacters": true, "AllowUsersToChangePassword": true, "ExpirePasswords": false, "PasswordReusePrevention": 24, "HardExpiry": false}})
}

func reportRow(name, arn, created, password, used, changed string, mfa bool, keys []accessKey) []string {
	yes := map[bool]string{true: "true", false: "false"}
	row := []string{name, arn, created, password, used, changed, "N/A", yes[mfa]}
	for i := range 2 {
		if i >= len(keys) {
			row = append(row, "false", "N/A", "N/A", "N/A", "N/A")
			continue
		}
		last := []string{"N/A", "N/A", "N/A"}
		if keys[i].used > 0 {
			last = []string{ago(keys[i].used), "us-east-1", "s3"}
		}
		row = append(append(row, "true", ago(keys[i].made)), last...)
	}
	return append(row, "false", "N/A", "false", "N/A")
}
