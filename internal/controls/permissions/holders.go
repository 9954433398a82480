package permissions

import (
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// Holder is a resource that may have a policy of its own.
type Holder struct {
	estate.Subject
	Noun   string // "bucket"
	Policy estate.Known[*policy.Document]
	Tells  operation.ID // which operation tells the policy
	// Doubt is what would have told that it is a holder at all: a key may be a service's own.
	Doubt []estate.Gap
}

// HolderLists are the operations that list the holders.
func HolderLists() []operation.ID {
	return []operation.ID{"s3:ListBuckets", "s3control:ListAccessPoints", "sqs:ListQueues", "sns:ListTopics", "kms:ListKeys", "lambda:ListFunctions",
		"secretsmanager:ListSecrets", "ecr:DescribeRepositories", "backup:ListBackupVaults", "dynamodb:ListTables",
		"efs:DescribeFileSystems", "events:ListEventBuses", "opensearch:ListDomainNames", "logs:DescribeResourcePolicies"}
}

// HolderReads are the operations that tell their policies, and of keys whose they are.
func HolderReads() []operation.ID {
	return []operation.ID{"s3:GetBucketPolicy", "s3control:GetAccessPointPolicy", "sqs:GetQueueAttributes", "sns:GetTopicAttributes", "kms:GetKeyPolicy", "kms:DescribeKey",
		"lambda:GetPolicy", "secretsmanager:GetResourcePolicy", "ecr:GetRepositoryPolicy", "backup:GetBackupVaultAccessPolicy", "dynamodb:GetResourcePolicy",
		"efs:DescribeFileSystemPolicy", "opensearch:DescribeDomain"}
}

// Holders are all resources that may have a policy, kind by kind. Keys that AWS's services made have AWS's policies, and are not
// among them.
func Holders(e *estate.Estate) []Holder {
	var all []Holder
	for _, b := range e.Buckets {
		all = append(all, Holder{Subject: b, Noun: "bucket", Policy: b.Policy, Tells: "s3:GetBucketPolicy"})
	}
	for _, a := range e.AccessPoints {
		all = append(all, Holder{Subject: a, Noun: "access point", Policy: a.Policy, Tells: "s3control:GetAccessPointPolicy"})
	}
	for _, q := range e.Queues {
		all = append(all, Holder{Subject: q, Noun: "queue", Policy: q.Policy, Tells: "sqs:GetQueueAttributes"})
	}
	for _, t := range e.Topics {
		all = append(all, Holder{Subject: t, Noun: "topic", Policy: t.Policy, Tells: "sns:GetTopicAttributes"})
	}
	for _, k := range e.Keys {
		h := Holder{Subject: k, Noun: "key", Policy: k.Policy, Tells: "kms:GetKeyPolicy"}
		if gap, unread := k.Description.Unread(); unread {
			h.Doubt = append(h.Doubt, gap)
		}
		if d, _ := k.Description.Value(); d.Manager != "AWS" {
			all = append(all, h)
		}
	}
	for _, f := range e.Functions {
		all = append(all, Holder{Subject: f, Noun: "function", Policy: f.ResourcePolicy, Tells: "lambda:GetPolicy"})
	}
	for _, s := range e.Secrets {
		all = append(all, Holder{Subject: s, Noun: "secret", Policy: s.Policy, Tells: "secretsmanager:GetResourcePolicy"})
	}
	for _, r := range e.Repositories {
		all = append(all, Holder{Subject: r, Noun: "repository", Policy: r.Policy, Tells: "ecr:GetRepositoryPolicy"})
	}
	for _, v := range e.BackupVaults {
		all = append(all, Holder{Subject: v, Noun: "backup vault", Policy: v.Policy, Tells: "backup:GetBackupVaultAccessPolicy"})
	}
	for _, t := range e.Tables {
		all = append(all, Holder{Subject: t, Noun: "table", Policy: t.Policy, Tells: "dynamodb:GetResourcePolicy"})
	}
	for _, g := range e.Guarded {
		all = append(all, Holder{Subject: g, Noun: strings.ReplaceAll(g.Reference.Kind, "-", " "), Policy: g.Policy, Tells: g.Tells})
	}
	return all
}

// Name is how a sentence names the holder: "bucket acme-uploads".
func (h Holder) Name() string { return h.Noun + " " + control.Called(h.Ref()) }

// CauseKey is the key of a cause that is one statement of the holder's policy, counted from 0.
func (h Holder) CauseKey(statement int) string {
	id := h.Ref().ARN
	if id == "" {
		id = h.Ref().Key()
	}
	return fmt.Sprintf("policy-statement/%s/%d", id, statement+1)
}

// Edit are the commands by which a person fetches the policy, and puts it back after the change.
func (h Holder) Edit(sid string) []string {
	ref := h.Ref()
	id, arn := control.ShellQuote(ref.ID), control.ShellQuote(ref.ARN)
	get, put := "", ""
	switch h.Noun {
	case "bucket":
		get = "aws s3api get-bucket-policy --bucket " + id + " --query Policy --output text"
		put = "aws s3api put-bucket-policy --bucket " + id + " --policy file://policy.json"
	case "access point":
		get = fmt.Sprintf("aws s3control get-access-point-policy --account-id %s --name %s --query Policy --output text", ref.Account, id)
		put = fmt.Sprintf("aws s3control put-access-point-policy --account-id %s --name %s --policy file://policy.json", ref.Account, id)
	case "queue":
		url := id
		if q, ok := h.Subject.(*estate.Queue); ok {
			url = control.ShellQuote(q.URL)
		}
		get = "aws sqs get-queue-attributes --attribute-names Policy --queue-url " + url
		put = "aws sqs set-queue-attributes --attributes file://attributes.json --queue-url " + url
	case "topic":
		get = "aws sns get-topic-attributes --query Attributes.Policy --output text --topic-arn " + arn
		put = "aws sns set-topic-attributes --attribute-name Policy --attribute-value file://policy.json --topic-arn " + arn
	case "key":
		get = "aws kms get-key-policy --query Policy --output text --key-id " + arn
		put = "aws kms put-key-policy --policy-name default --policy file://policy.json --key-id " + arn
	case "function":
		if sid != "" {
			return []string{fmt.Sprintf("aws lambda remove-permission --function-name %s --statement-id %s", arn, control.ShellQuote(sid))}
		}
		return []string{"aws lambda get-policy --function-name " + arn}
	case "secret":
		get = "aws secretsmanager get-resource-policy --query ResourcePolicy --output text --secret-id " + arn
		put = "aws secretsmanager put-resource-policy --block-public-policy --resource-policy file://policy.json --secret-id " + arn
	case "repository":
		get = "aws ecr get-repository-policy --query policyText --output text --repository-name " + id
		put = "aws ecr set-repository-policy --policy-text file://policy.json --repository-name " + id
	case "backup vault":
		get = "aws backup get-backup-vault-access-policy --query Policy --output text --backup-vault-name " + id
		put = "aws backup put-backup-vault-access-policy --policy file://policy.json --backup-vault-name " + id
	case "file system":
		get = "aws efs describe-file-system-policy --query Policy --output text --file-system-id " + id
		put = "aws efs put-file-system-policy --policy file://policy.json --file-system-id " + id
	case "event bus":
		get = "aws events describe-event-bus --query Policy --output text --name " + id
		put = "aws events put-permission --policy file://policy.json --event-bus-name " + id
	case "search domain":
		get = "aws opensearch describe-domain --query DomainStatus.AccessPolicies --output text --domain-name " + id
		put = "aws opensearch update-domain-config --access-policies file://policy.json --domain-name " + id
	case "log policy":
		get = "aws logs describe-resource-policies --output json"
		put = "aws logs put-resource-policy --policy-document file://policy.json --policy-name " + id
	case "table":
		get = "aws dynamodb get-resource-policy --query Policy --output text --resource-arn " + arn
		put = "aws dynamodb put-resource-policy --policy file://policy.json --resource-arn " + arn
	}
	if ref.Region != estate.Global && h.Noun != "bucket" {
		get, put = get+" --region "+ref.Region, put+" --region "+ref.Region
	}
	return []string{get + " > policy.json", put + "   # after the change"}
}
