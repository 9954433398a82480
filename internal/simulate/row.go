// Package simulate answers written-down requests: JSON lines in, each with a request and the policies that bear on it, JSON
// lines out, each with AWS's decision and the statements that made it. It needs no account and no network.
//
// docs/simulate.md describes both kinds of line. A line that is wrong is answered with what is wrong and where; the others are
// answered all the same, and the answers come in the order of the lines.
package simulate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/policy"
)

// row is one line of input.
type row struct {
	ID      json.RawMessage `json:"id"`
	Request struct {
		Action          string                     `json:"action"`
		Resource        stringOrList               `json:"resource"`
		ResourceAccount text                       `json:"resourceAccount"`
		Principal       principal                  `json:"principal"`
		Context         map[string]json.RawMessage `json:"context"`
	} `json:"request"`
	IdentityPolicies        policies    `json:"identityPolicies"`
	ResourcePolicy          *named      `json:"resourcePolicy"`
	PermissionBoundaries    policies    `json:"permissionBoundaries"`
	SessionPolicies         policies    `json:"sessionPolicies"`
	ServiceControlPolicies  levels      `json:"serviceControlPolicies"`
	ResourceControlPolicies levels      `json:"resourceControlPolicies"`
	EndpointPolicies        policies    `json:"endpointPolicies"`
	UnknownContext          string      `json:"unknownContext"`
	Grants                  []grant     `json:"grants"`
	S3                      *s3Settings `json:"s3"`
	// ManagementAccount says that the caller's account manages the organisation, ResourceInManagementAccount that the
	// resource's does, AWSManagedKey that the KMS key is one of AWS's.
	ManagementAccount           bool `json:"managementAccount"`
	ResourceInManagementAccount bool `json:"resourceInManagementAccount"`
	AWSManagedKey               bool `json:"awsManagedKey"`
}

// text is a string, or a number that somebody left the quotation marks off.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*t = text(n.String())
	return nil
}

// stringOrList is one value or several.
type stringOrList []string

func (l *stringOrList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = stringOrList{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(data, &several); err != nil {
		return errors.New("resource is a string or a list of strings")
	}
	*l = several
	return nil
}

// principal is who calls: a name, or an object that says more.
type principal struct {
	ARN         text   `json:"arn"`
	RoleARN     string `json:"roleArn"` // of a session, with its path
	UserARN     string `json:"userArn"` // who made a federated session
	CanonicalID string `json:"canonicalId"`
	// A Principal element of one name will do too.
	AWS       text `json:"AWS"`
	Service   text `json:"Service"`
	Federated text `json:"Federated"`
}

func (p *principal) UnmarshalJSON(data []byte) error {
	var name text
	if name.UnmarshalJSON(data) == nil {
		p.ARN = name
		return nil
	}
	type plain principal
	if err := json.Unmarshal(data, (*plain)(p)); err != nil {
		return errors.New(`principal is a string, or an object such as {"arn": "arn:aws:sts::111122223333:assumed-role/R/s", "roleArn": "arn:aws:iam::111122223333:role/path/R"}`)
	}
	if p.ARN = cmp.Or(p.ARN, p.AWS, p.Service, p.Federated); p.ARN == "" && p.CanonicalID == "" {
		return errors.New(`principal names nobody: for anybody it is "*"`)
	}
	return nil
}

// named is a policy with its name. The policy is an object, or its text; it may stand by itself without a name.
type named struct {
	Name   string          `json:"name"`
	Policy json.RawMessage `json:"policy"`
}

func (n *named) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) == nil && members["policy"] != nil {
		n.Policy = members["policy"]
		var name text
		if members["name"] != nil {
			if err := name.UnmarshalJSON(members["name"]); err != nil {
				return fmt.Errorf("the name of a policy: %w", err)
			}
		}
		n.Name = string(name)
		return nil
	}
	n.Policy = slices.Clone(data)
	return nil
}

// policies is a list of them; one by itself will do.
type policies []named

func (p *policies) UnmarshalJSON(data []byte) error {
	var list []named
	if err := json.Unmarshal(data, &list); err == nil {
		*p = list
		return nil
	}
	var one named
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*p = policies{one}
	return nil
}

// level is one step of an organisation's tree.
type level struct {
	Level    text     `json:"level"`
	Policies policies `json:"policies"`
}

// levels is a list of them; policies without a level are of one.
type levels []level

func (l *levels) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	var loose policies
	for _, item := range list {
		var members map[string]json.RawMessage
		if json.Unmarshal(item, &members) == nil && (members["policies"] != nil || members["level"] != nil) {
			var one level
			if err := json.Unmarshal(item, &one); err != nil {
				return err
			}
			*l = append(*l, one)
			continue
		}
		var one named
		if err := json.Unmarshal(item, &one); err != nil {
			return err
		}
		loose = append(loose, one)
	}
	if loose != nil {
		*l = append(*l, level{Policies: loose})
	}
	return nil
}

// grant is a grant of a KMS key, as ListGrants shows it or in our spelling.
type grant struct {
	ID                       string   `json:"id"`
	GrantID                  string   `json:"grantId"`
	Grantee                  string   `json:"grantee"`
	GranteePrincipal         string   `json:"granteePrincipal"`
	GranteeServicePrincipal  string   `json:"granteeServicePrincipal"`
	RetiringPrincipal        string   `json:"retiringPrincipal"`
	RetiringServicePrincipal string   `json:"retiringServicePrincipal"`
	Operations               []string `json:"operations"`
	Constraints              struct {
		Equals    map[string]string `json:"encryptionContextEquals"`
		Subset    map[string]string `json:"encryptionContextSubset"`
		SourceARN string            `json:"sourceArn"`
	} `json:"constraints"`
}

// s3Settings is what S3 asks besides policies.
type s3Settings struct {
	Granted           []string `json:"granted"`
	GrantedToPublic   []string `json:"grantedToPublic"`
	AccessPoint       *named   `json:"accessPoint"`
	AccessPointARN    string   `json:"accessPointArn"`
	PublicAccessBlock struct { // as S3 shows it; what counts at the moment of a request
		IgnorePublicACLs      bool `json:"ignorePublicAcls"`
		RestrictPublicBuckets bool `json:"restrictPublicBuckets"`
	} `json:"publicAccessBlock"`
}

// context reads the condition keys. A null says that the key is surely missing.
func (r *row) context() (policy.Context, error) {
	c := policy.Context{Values: map[string][]string{}, Absent: map[string]bool{}}
	for key, raw := range r.Request.Context {
		values, null, err := contextValues(raw)
		if err != nil {
			return c, fmt.Errorf("context key %s: %w", key, err)
		}
		lowered := strings.ToLower(key)
		if null {
			c.Absent[lowered] = true
			continue
		}
		c.Values[lowered] = values
	}
	switch r.UnknownContext {
	case "", "default", "missing":
	case "depends", "deny":
		c.Open = true
	default:
		return c, fmt.Errorf(`unknownContext is %q: it is "deny", "depends" or "default"`, r.UnknownContext)
	}
	return c, nil
}

func contextValues(raw json.RawMessage) (values []string, null bool, err error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || list == nil {
		list = []json.RawMessage{raw}
	}
	values = []string{}
	for _, item := range list {
		s := strings.TrimSpace(string(item))
		switch {
		case s == "null":
			null = len(list) == 1
		case s == "true" || s == "false":
			values = append(values, s)
		case strings.HasPrefix(s, `"`):
			var v string
			if err := json.Unmarshal(item, &v); err != nil {
				return nil, false, err
			}
			values = append(values, v)
		case strings.HasPrefix(s, "{") || strings.HasPrefix(s, "["):
			return nil, false, errors.New("a value is a string, a number, true or false, or a list of those")
		default:
			values = append(values, s)
		}
	}
	return values, null, nil
}

// caller reads the principal.
func (r *row) caller() (policy.Caller, error) {
	p := r.Request.Principal
	role := p.RoleARN
	if role == "" {
		// A session's context says which role it is of, path and all.
		for key, raw := range r.Request.Context {
			if strings.EqualFold(key, "aws:PrincipalArn") {
				if values, _, err := contextValues(raw); err == nil && len(values) == 1 && isRoleOf(values[0], string(p.ARN)) {
					role = values[0]
				}
			}
		}
	}
	if p.Service != "" {
		return policy.Caller{Kind: policy.Service, ARN: string(p.Service)}, nil
	}
	c, err := policy.CallerOf(string(p.ARN), role)
	if err != nil {
		return c, err
	}
	c.User, c.ManagesOrganization = p.UserARN, r.ManagementAccount
	if p.CanonicalID != "" {
		c.CanonicalID = p.CanonicalID
	}
	return c, nil
}

// isRoleOf reports whether an ARN is that of the role of a session, whatever its path.
func isRoleOf(role, session string) bool {
	r, s := strings.SplitN(role, ":", 6), strings.SplitN(session, ":", 6)
	if len(r) != 6 || len(s) != 6 || r[4] != s[4] {
		return false
	}
	name := strings.Split(s[5], "/")
	return len(name) == 3 && name[0] == "assumed-role" && strings.HasPrefix(r[5], "role/") && strings.HasSuffix(r[5], "/"+name[1])
}

// parts are the members of a line that are understood.
var parts = []string{"id", "request", "identityPolicies", "resourcePolicy", "permissionBoundaries", "sessionPolicies",
	"serviceControlPolicies", "resourceControlPolicies", "endpointPolicies", "unknownContext", "grants", "s3", "managementAccount",
	"resourceInManagementAccount", "awsManagedKey"}

// requestParts are the members of a request that are understood.
var requestParts = []string{"action", "resource", "resourceAccount", "principal", "context"}
