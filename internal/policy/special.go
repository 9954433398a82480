package policy

import (
	"slices"
	"strings"
)

// special answers what no policy decides.
func (j *judge) special() (Decision, bool) {
	if strings.EqualFold(j.request.Action, "sts:GetCallerIdentity") {
		// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
		return Decision{Result: Allowed, Because: []Reason{{Statement: -1, Effect: Allow,
			Text: "sts:GetCallerIdentity needs no permission, and no policy can take it away"}}}, true
	}
	if why := j.protected(); why != "" {
		return Decision{Result: ImplicitDeny, Because: []Reason{{Layer: ResourceLayer, Statement: -1, Text: why}}}, true
	}
	return Decision{}, false
}

// protected says why nobody can change the resource, whatever policies say.
func (j *judge) protected() string {
	action := strings.ToLower(j.request.Action)
	parts := glob{text: j.resource}.parts(6)
	if len(parts) != 6 {
		return ""
	}
	name := parts[5].text
	switch {
	case parts[2].text == "iam" && strings.HasPrefix(name, "role/aws-service-role/"):
		// Only what the service's own calls do is left, and its description.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html#edit-service-linked-role
		if slices.Contains(roleWrites, action) && action != "iam:updaterole" && action != "iam:updateroledescription" {
			return "a service-linked role can be changed and passed by its service only"
		}
	case parts[2].text == "iam" && (strings.HasPrefix(name, "role/aws-reserved/") || strings.HasPrefix(name, "role/AWSReserved")):
		// https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
		if slices.Contains(roleWrites, action) {
			return "a role that IAM Identity Center made can be changed by it only"
		}
	case parts[2].text == "kms" && strings.HasPrefix(name, "alias/aws/"):
		// https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html
		if action == "kms:createalias" || action == "kms:updatealias" || action == "kms:deletealias" {
			return "aliases that begin with aws/ belong to AWS"
		}
	}
	return ""
}

// roleWrites are the calls that change a role, or lend it.
var roleWrites = []string{"iam:attachrolepolicy", "iam:createrole", "iam:deleterole", "iam:deleterolepermissionsboundary",
	"iam:deleterolepolicy", "iam:detachrolepolicy", "iam:passrole", "iam:putrolepermissionsboundary", "iam:putrolepolicy",
	"iam:tagrole", "iam:untagrole", "iam:updateassumerolepolicy", "iam:updaterole", "iam:updateroledescription"}

// trusted are the calls that a role's trust policy must allow: what the caller's own policies say is not enough.
var trusted = []string{"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
	"sts:setsourceidentity", "sts:setcontext"}

// mandatory reports whether the resource's policy must let the caller or its account in: a role's trust policy, a key's policy.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
func (j *judge) mandatory() bool {
	parts := glob{text: j.resource}.parts(6)
	if len(parts) != 6 {
		return false
	}
	switch parts[2].text {
	case "iam":
		return strings.HasPrefix(parts[5].text, "role/") && slices.Contains(trusted, strings.ToLower(j.request.Action))
	case "kms":
		return j.service == "kms" && strings.HasPrefix(parts[5].text, "key/")
	}
	return false
}

// identityOnly reports whether the resource has no policy of its own: a KMS alias, whose key has one.
// https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
func (j *judge) identityOnly() bool {
	parts := glob{text: j.resource}.parts(6)
	return len(parts) == 6 && parts[2].text == "kms" && strings.HasPrefix(parts[5].text, "alias/")
}

// underResourceControl reports whether resource control policies bind the request: those of an account other than the
// management account, on services that know them, and not on keys that AWS manages. They bind no role that a service made
// for itself.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#actions-not-restricted-by-rcps
func (j *judge) underResourceControl() bool {
	r := j.request
	return j.policies.ResourceControl != nil && !r.ResourceManagesOrganization && !r.Caller.serviceLinked() &&
		!r.AWSManagedKey && slices.Contains(resourceControlled, j.service)
}
