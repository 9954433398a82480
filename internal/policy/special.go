package policy

import (
	"slices"
	"strings"
)

// special answers what no policy decides.
func (j *judge) special() (Decision, bool) {
	if j.act.lower == "sts:getcalleridentity" {
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
		return Decision{Result: Allowed, Because: []Reason{{Layer: NoLayer, Statement: -1, Effect: Allow,
			Text: "sts:GetCallerIdentity needs no permission, and no policy can take it away"}}}, true
	}
	kind := j.request.Caller.Kind
	if j.act.lower == "sts:getsessiontoken" && (kind == User || kind == RootUser) {
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
		return Decision{Result: Allowed, Because: []Reason{{Layer: NoLayer, Statement: -1, Effect: Allow,
			Text: "sts:GetSessionToken needs no permission, and policies cannot control it"}}}, true
	}
	return Decision{}, false
}

// forbidden says why no policy can allow the request; empty where one can.
func (j *judge) forbidden() string {
	if (j.act.lower == "sts:assumerole" || j.act.lower == "sts:assumeroot") && j.request.Caller.Kind == RootUser {
		// "You cannot use AWS account root user credentials to call AssumeRole", nor AssumeRoot.
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html
		return "an account's root user cannot assume roles, nor the root user of a member account"
	}
	if j.act.service == "sts" {
		if why := j.lacksLongTermKeys(); why != "" {
			return why
		}
	}
	if j.act.ofPolicy && !j.sameAccount() && j.request.Caller.Kind != Service {
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
		return "only callers of the bucket's own account can read or change its policy"
	}
	return j.protected()
}

// lacksLongTermKeys says why the credentials of a session will not do for a call of the token service: some calls want those of a
// user or the root user, and a federated user has none of them but sts:GetCallerIdentity.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
func (j *judge) lacksLongTermKeys() string {
	kind := j.request.Caller.Kind
	switch {
	case kind == FederatedUser:
		return "a federated user can call nothing of the token service but sts:GetCallerIdentity"
	case kind == RoleSession && (j.act.lower == "sts:getfederationtoken" || j.act.lower == "sts:getsessiontoken"):
		return "only a user or the root user can call it, with keys of its own"
	}
	return ""
}

// allBuckets is what s3:ListAllMyBuckets is judged on. It knows no resource, but S3 asks about a name for all buckets: AWS's own
// policies allow it on arn:aws:s3:::*, its walkthrough does.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/walkthrough1.html#walkthrough-group-policy
func allBuckets(caller string) string {
	if partition := arnPart(caller, 1); partition != "" && partition != "aws" {
		return "arn:" + partition + ":s3:::*"
	}
	return "arn:aws:s3:::*"
}

// keepsPolicy reports whether the caller is the root user of a bucket's owner, who may read, change and delete the bucket's policy
// whatever that says, so as not to be locked out. Only endpoints and organisations can deny it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (j *judge) keepsPolicy() bool {
	return j.act.ofPolicy && j.request.Caller.Kind == RootUser && j.sameAccount()
}

// protected says why nobody can change the resource, whatever policies say.
func (j *judge) protected() string {
	if !j.act.writesRole && !j.act.ofAlias && !j.act.ofManaged && !j.act.ofKey {
		return ""
	}
	action, service, name := j.act.lower, arnPart(j.resource, 2), arnPart(j.resource, 5)
	switch {
	case service == "iam" && strings.HasPrefix(name, "role/aws-service-role/"):
		// Its description may be changed and its tags: all else is left to the service's own calls.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-service-linked-role.html
		// https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html ("a regular role or a service-linked role")
		if j.act.writesRole && !slices.Contains(describesRole, action) {
			return "a service-linked role can be changed and passed by its service only"
		}
	case service == "iam" && (strings.HasPrefix(name, "role/aws-reserved/") || strings.HasPrefix(name, "role/AWSReserved")):
		// https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
		if j.act.writesRole {
			return "a role that IAM Identity Center made can be changed by it only"
		}
	case service == "iam" && j.act.ofManaged && arnPart(j.resource, 4) == "aws":
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-edit.html
		return "a managed policy of AWS can be changed by AWS only"
	case j.act.ofKey && j.request.AWSManagedKey:
		// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key
		return "a key that AWS manages can be changed by AWS only"
	case service == "kms" && strings.HasPrefix(name, "alias/aws/"):
		// https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html
		if j.act.ofAlias {
			return "aliases that begin with aws/ belong to AWS"
		}
	}
	return ""
}

// roleWrites are the calls that change a role, or lend it.
var roleWrites = []string{"iam:attachrolepolicy", "iam:createrole", "iam:deleterole", "iam:deleterolepermissionsboundary",
	"iam:deleterolepolicy", "iam:detachrolepolicy", "iam:passrole", "iam:putrolepermissionsboundary", "iam:putrolepolicy",
	"iam:tagrole", "iam:untagrole", "iam:updateassumerolepolicy", "iam:updaterole", "iam:updateroledescription"}

// managedWrites are the calls that change a managed policy, keyWrites those that change a KMS key.
var (
	managedWrites = []string{"iam:createpolicyversion", "iam:deletepolicy", "iam:deletepolicyversion", "iam:setdefaultpolicyversion",
		"iam:tagpolicy", "iam:untagpolicy"}
	keyWrites = []string{"kms:disablekey", "kms:disablekeyrotation", "kms:enablekey", "kms:enablekeyrotation", "kms:putkeypolicy",
		"kms:rotatekeyondemand", "kms:schedulekeydeletion", "kms:tagresource", "kms:untagresource", "kms:updatekeydescription"}
)

// describesRole are those of them that change nothing about what the role may do or who may take it on.
var describesRole = []string{"iam:updaterole", "iam:updateroledescription", "iam:tagrole", "iam:untagrole"}

// trusted are the calls that a role's trust policy must allow: what the caller's own policies say is not enough.
var trusted = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
	"sts:setsourceidentity", "sts:setcontext"}

// mandatory reports whether the resource's policy must let the caller or its account in: a role's trust policy, a key's policy.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
func (j *judge) mandatory() bool {
	switch arnPart(j.resource, 2) {
	case "iam":
		return j.act.trusted && strings.HasPrefix(arnPart(j.resource, 5), "role/")
	case "kms":
		return j.act.service == "kms" && strings.HasPrefix(arnPart(j.resource, 5), "key/") && !j.act.retires
	}
	return false
}

// identityOnly reports whether the resource has no policy of its own: a KMS alias, whose key has one. Nor has a key a say in who
// retires a grant: the grant has, and the key's account, whose identity policies may lend that to its principals.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
// https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
func (j *judge) identityOnly() bool {
	return j.act.retires || arnPart(j.resource, 2) == "kms" && strings.HasPrefix(arnPart(j.resource, 5), "alias/")
}

// underResourceControl reports whether resource control policies bind the request: those of an account other than the
// management account, on services that know them, and not on keys that AWS manages. They bind no role that a service made
// for itself, and do not reach kms:RetireGrant.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
func (j *judge) underResourceControl() bool {
	r := j.request
	return j.policies.ResourceControl != nil && !r.ResourceManagesOrganization && !r.Caller.serviceLinked() &&
		!r.AWSManagedKey && j.act.controlled && !(j.act.service == "kms" && strings.HasPrefix(arnPart(j.resource, 5), "alias/aws/"))
}

// staysAtHome reports whether an operation on a KMS key can only be called from the key's own account, whatever policies say.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
func (j *judge) staysAtHome() bool {
	return j.act.atHome && j.mandatory()
}

// acrossAccounts are the operations of which KMS's reference says "Cross-account use: Yes", each on its own page; ReEncrypt takes two
// permissions. Of all others it says no.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
var acrossAccounts = []string{"creategrant", "decapsulate", "decrypt", "derivesharedsecret", "describekey", "encapsulate", "encrypt", "generatedatakey",
	"generatedatakeypair", "generatedatakeypairwithoutplaintext", "generatedatakeywithoutplaintext", "generatemac",
	"getkeyrotationstatus", "getpublickey", "listgrants", "reencryptfrom", "reencryptto", "retiregrant", "revokegrant", "sign",
	"verify", "verifymac"}
