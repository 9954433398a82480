package generate

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/iamdata"
	iam "github.com/onus-cloud/onus/internal/policy"
)

// answerUse answers of everybody in a large estate that nothing is granted that is not used.
func (a *account) answerUse() {
	for _, e := range a.holders() {
		a.report(e.Arn, []object{})
	}
}

// holder is a user or a role as the details have it, as far as the report of what it used goes.
type holder struct {
	Arn, UserName, RoleName        string
	UserPolicyList, RolePolicyList []struct{ PolicyDocument string }
	AttachedManagedPolicies        []struct{ PolicyArn string }
}

func (a *account) holders() []holder {
	var all []holder
	for _, l := range a.global.lists[details] {
		var e holder
		if json.Unmarshal(l.body, &e) == nil && e.UserName+e.RoleName != "" {
			all = append(all, e)
		}
	}
	return all
}

// report is what AWS says that one user or role used.
func (a *account) report(arn string, services []object) {
	a.global.about("iam:GetServiceLastAccessedDetails", object{"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": ago(time.Hour), "JobCompletionDate": ago(time.Hour),
		"IsTruncated": false, "ServicesLastAccessed": services}, arn)
}

// everyday is what people use who may use everything.
var everyday = []string{"cloudformation", "cloudwatch", "dynamodb", "ec2", "ecs", "eks", "elasticache", "elasticloadbalancing", "iam", "kms", "lambda", "logs", "rds", "s3", "secretsmanager", "ssm", "sts"}

// answerUse answers of everybody what he used: what his policies name, but for what the two roles of the story never needed; who may do
// everything used what people use every day.
func (c *acme) answerUse() {
	idle := map[string][]string{"jenkins-builder": {"ec2", "iam", "ssm"}, "ReleaseManager": {"iam"}}
	for name, services := range idle {
		c.w.truth.breaks("lp-unused-rights-trimmed", name, "it never used "+strings.Join(services, ", "))
	}
	for _, a := range c.w.accounts {
		for _, e := range a.holders() {
			name := e.UserName + e.RoleName
			if strings.Contains(e.Arn, ":role/aws-service-role/") || a.global.answered("iam:GetServiceLastAccessedDetails", e.Arn) {
				continue
			}
			granted, everything := a.granted(e)
			if everything {
				c.w.truth.breaks("lp-unused-rights-trimmed", name, "it may use every service, and uses a few")
			}
			services := []object{}
			for _, namespace := range granted {
				x := object{"ServiceName": namespace, "ServiceNamespace": namespace, "TotalAuthenticatedEntities": 0}
				if used := !slices.Contains(idle[name], namespace) && (!everything || slices.Contains(everyday, namespace)); used {
					x["TotalAuthenticatedEntities"], x["LastAuthenticated"], x["LastAuthenticatedEntity"], x["LastAuthenticatedRegion"] = 1, ago(day), e.Arn, "us-east-1"
				}
				services = append(services, x)
			}
			a.report(e.Arn, services)
		}
	}
}

// granted are the services that the policies of somebody name, and whether that is all of them.
func (a *account) granted(e holder) (services []string, everything bool) {
	var documents []string
	for _, p := range append(e.UserPolicyList, e.RolePolicyList...) {
		text, err := url.QueryUnescape(p.PolicyDocument)
		if err == nil {
			documents = append(documents, text)
		}
	}
	for _, p := range e.AttachedManagedPolicies {
		if m, ok := iamdata.Managed(p.PolicyArn); ok {
			documents = append(documents, string(m.Document))
		}
	}
	set := map[string]bool{}
	for _, text := range documents {
		d, _ := iam.Parse([]byte(text))
		if d == nil {
			continue
		}
		for _, s := range d.Statements {
			if s.Effect != iam.Allow {
				continue
			}
			everything = everything || s.NotAction != nil || slices.Contains(s.Action, "*")
			for _, action := range s.Action {
				namespace, _, _ := strings.Cut(action, ":")
				set[namespace] = true
			}
		}
	}
	if everything {
		return iamdata.Current().Services(), true
	}
	return sortedKeys(set), false
}
