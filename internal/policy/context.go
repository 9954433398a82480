package policy

import "strings"

// key looks a condition key up: its values and yes; no where the request surely does not have it; maybe where nobody knows.
// What the request itself says of the caller and the resource, it need not say again in its context.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (j *judge) key(name string) ([]string, truth) {
	c := &j.request.Context
	lowered := strings.ToLower(name)
	if values, ok := c.Values[lowered]; ok {
		return values, yes
	}
	if c.Absent[lowered] {
		return nil, no
	}
	if value, t := j.derived(lowered); t != maybe {
		if t == no {
			return nil, no
		}
		return []string{value}, yes
	}
	if c.Open {
		return nil, maybe
	}
	return nil, no
}

// derived finds the keys that follow from who calls and what is called; maybe where a key does not.
func (j *judge) derived(key string) (string, truth) {
	c := &j.request.Caller
	switch key {
	case "aws:principalarn":
		return c.principalARN()
	case "aws:principalaccount", "kms:calleraccount":
		if key == "kms:calleraccount" && j.act.service != "kms" {
			break
		}
		return c.Account, truthOf(c.Account != "")
	case "aws:principaltype":
		return c.principalType()
	case "aws:username":
		if c.Kind == User {
			return c.ARN[strings.LastIndexByte(c.ARN, '/')+1:], yes
		}
		return "", no
	case "aws:userid":
		switch {
		case c.Kind == RootUser:
			return c.Account, truthOf(c.Account != "")
		case c.Kind == Anonymous:
			return "anonymous", yes
		case c.ID != "":
			return c.ID, yes
		}
	case "aws:principalisawsservice":
		switch c.Kind {
		case Service:
			if strings.HasPrefix(c.ARN, "arn:") {
				break // what it is of an origin access identity, AWS's pages do not say
			}
			return "true", yes
		case User, RoleSession, FederatedUser, RootUser:
			return "false", yes
		default:
			return "", no // only in signed requests
		}
	case "aws:principalservicename":
		return c.ARN, truthOf(c.Kind == Service && !strings.HasPrefix(c.ARN, "arn:"))
	case "aws:resourceaccount":
		if j.resourceAccount != "" {
			return j.resourceAccount, yes
		}
	case "s3:resourceaccount":
		if j.act.service == "s3" && j.resourceAccount != "" {
			return j.resourceAccount, yes
		}
	case "s3:dataaccesspointarn", "s3:dataaccesspointaccount":
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html#access-points-condition-keys
		arn := j.accessPoint()
		switch {
		case arn == "":
		case key == "s3:dataaccesspointarn":
			return arn, yes
		default:
			return arnPart(arn, 4), yes
		}
	}
	return "", maybe
}

// accessPoint is the ARN of the access point of S3 that the request goes through; empty where nothing tells of one.
func (j *judge) accessPoint() string {
	if s3 := j.policies.S3; s3 != nil && s3.AccessPointARN != "" {
		return s3.AccessPointARN
	}
	if arn := j.request.Resource; arnPart(arn, 2) == "s3" && strings.HasPrefix(arnPart(arn, 5), "accesspoint/") {
		point, _, _ := strings.Cut(arn, "/object/")
		return point
	}
	return ""
}

// principalARN is the value of aws:PrincipalArn: of a session it is the role's ARN.
func (c *Caller) principalARN() (string, truth) {
	switch c.Kind {
	case User, FederatedUser, RootUser:
		return c.ARN, truthOf(c.ARN != "")
	case RoleSession:
		if c.Role == "" {
			return "", maybe
		}
		return c.Role, yes
	}
	return "", no
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (c *Caller) principalType() (string, truth) {
	switch c.Kind {
	case User:
		return "User", yes
	case RoleSession:
		return "AssumedRole", yes
	case FederatedUser:
		return "FederatedUser", yes
	case RootUser:
		return "Account", yes
	case Anonymous:
		return "Anonymous", yes
	}
	return "", maybe
}
