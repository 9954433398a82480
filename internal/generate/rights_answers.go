package generate

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/iamdata"
	"github.com/onus-cloud/onus/internal/operation"
)

// answerRights answers, for each thing that was listed, the questions about whom it lets in: most things have no policy of their own.
func (c *acme) answerRights() {
	for _, a := range c.w.accounts {
		a.answerRights()
	}
}

func (a *account) answerRights() {
	for _, s := range a.regions {
		s.answerRights()
	}
	a.managedPolicies()
}

// managedPolicies lists those of AWS that somebody has, as the details do.
func (a *account) managedPolicies() {
	attached := map[string]int{}
	for _, l := range a.global.lists[details] {
		var e struct{ AttachedManagedPolicies []struct{ PolicyArn string } }
		if json.Unmarshal(l.body, &e) != nil {
			continue
		}
		for _, p := range e.AttachedManagedPolicies {
			attached[p.PolicyArn]++
		}
	}
	for _, arn := range sortedKeys(attached) {
		p, ok := iamdata.Managed(arn)
		if !ok {
			continue // a customer's own
		}
		a.global.listAs(details, "Policies", object{"PolicyName": p.Name, "PolicyId": "ANPA" + upper(a.global.digest(17, "policy", arn)), "Arn": arn, "Path": arn[len("arn:aws:iam::aws:policy") : lastSlash(arn)+1],
			"DefaultVersionId": p.Version, "AttachmentCount": attached[arn], "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, "CreateDate": "2015-02-06T18:40:00Z", "UpdateDate": "2026-08-01T12:00:00Z",
			"PolicyVersionList": []object{{"VersionId": p.Version, "IsDefaultVersion": true, "CreateDate": "2026-08-01T12:00:00Z", "Document": strings.ReplaceAll(url.QueryEscape(string(p.Document)), "+", "%20")}}})
		a.global.w.truth.Resources++
	}
}

// element is what is looked at of a listed thing.
type element struct {
	KeyID           string `json:"KeyId"`
	KeyArn          string
	FunctionName    string
	BackupVaultName string
	TaskDefinition  string
}

func (s *site) answerRights() {
	s.whole("ec2:GetSerialConsoleAccessStatus", object{"SerialConsoleAccessEnabled": false, "ManagedBy": "account"})
	for _, e := range s.elements("kms:ListKeys") {
		s.about("kms:GetKeyPolicy", object{"PolicyName": "default", "Policy": string(encode(policy(object{"Sid": "Enable IAM User Permissions", "Effect": "Allow",
			"Principal": object{"AWS": "arn:aws:iam::" + s.account.id + ":root"}, "Action": "kms:*", "Resource": "*"})))}, e.KeyID)
		s.about("kms:ListGrants", object{"Grants": []object{}}, e.KeyID)
		s.list("kms:ListAliases", object{"AliasName": "alias/" + s.alias(e.KeyID), "AliasArn": s.arn("kms", "alias/"+s.alias(e.KeyID)), "TargetKeyId": e.KeyID})
	}
	for _, e := range s.elements("lambda:ListFunctions") {
		if !s.answered("lambda:GetPolicy", e.FunctionName) {
			s.none("lambda:GetPolicy", e.FunctionName)
		}
	}
	for _, body := range s.lists["dynamodb:ListTables"] {
		var name string
		if json.Unmarshal(body.body, &name) == nil {
			s.none("dynamodb:GetResourcePolicy", s.arn("dynamodb", "table/"+name))
		}
	}
	for _, e := range s.elements("backup:ListBackupVaults") {
		s.none("backup:GetBackupVaultAccessPolicy", e.BackupVaultName)
	}
	s.answerTaskDefinitions()
}

func (s *site) alias(key string) string {
	for _, alias := range []string{"ebs", "rds"} {
		if s.uuid("key", alias) == key {
			return alias
		}
	}
	return "key-" + key[:8]
}

func (s *site) elements(op operation.ID) []element {
	var all []element
	for _, l := range s.lists[op] {
		var e element
		if json.Unmarshal(l.body, &e) == nil {
			all = append(all, e)
		}
	}
	return all
}

func (s *site) answered(op operation.ID, about string) bool {
	for _, r := range s.singles {
		if r.Operation == op && r.About() == about {
			return true
		}
	}
	return false
}

// answerTaskDefinitions describes what tasks run: each as a role of its own, started by another.
func (s *site) answerTaskDefinitions() {
	seen := map[string]bool{}
	for _, r := range s.singles {
		if r.Operation != "ecs:DescribeServices" && r.Operation != "ecs:DescribeTasks" {
			continue
		}
		var page struct {
			Services []element
			Tasks    []struct{ TaskDefinitionArn string }
		}
		for _, body := range r.Pages {
			if json.Unmarshal(body, &page) != nil {
				continue
			}
			for _, x := range page.Services {
				seen[x.TaskDefinition] = true
			}
			for _, x := range page.Tasks {
				seen[x.TaskDefinitionArn] = true
			}
		}
	}
	for _, arn := range sortedKeys(seen) {
		_, name, ok := strings.Cut(arn, ":task-definition/")
		family, _, versioned := strings.Cut(name, ":")
		if !ok || !versioned {
			continue
		}
		g := s.account.global
		s.about("ecs:DescribeTaskDefinition", object{"taskDefinition": object{"taskDefinitionArn": arn, "family": family, "revision": 7, "status": "ACTIVE", "networkMode": "awsvpc",
			"taskRoleArn": g.arn("iam", "role/task-"+family), "executionRoleArn": g.arn("iam", "role/ecsTaskExecutionRole"), "requiresCompatibilities": []string{"FARGATE"}, "compatibilities": []string{"EC2", "FARGATE"},
			"cpu": "512", "memory": "1024", "containerDefinitions": []object{{"name": family, "image": family + ":7", "essential": true, "environment": []object{}, "secrets": []object{}}}}, "tags": []object{}}, arn)
		s.account.taskRole(family)
	}
}

// taskRole is the role that the tasks of a family run as, and once for the account the one with which ECS starts them.
func (a *account) taskRole(family string) {
	trust := policy(object{"Effect": "Allow", "Principal": object{"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
		"Condition": object{"StringEquals": object{"aws:SourceAccount": a.id}}})
	if !slices.ContainsFunc(a.global.lists[details], func(l listed) bool { return bytes.Contains(l.body, []byte(`"RoleName":"ecsTaskExecutionRole"`)) }) {
		a.role("/", "ecsTaskExecutionRole", trust, []string{awsManaged + "service-role/AmazonECSTaskExecutionRolePolicy"}, nil, time.Hour)
	}
	a.role("/", "task-"+family, trust, nil, map[string]object{"bus": policy(object{"Effect": "Allow", "Action": []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"},
		"Resource": "arn:aws:sqs:*:" + a.id + ":orders*"})}, time.Hour)
}
