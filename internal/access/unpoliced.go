package access

import (
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// unpoliced are the resources that may have policies of their own which nothing reads: by service, how the last part of their ARN
// begins, and the call that would tell. What such a policy allows or denies is not known, and never passed over.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html (column "Resource-based policies")
var unpoliced = map[string][]struct {
	begins string
	tells  operation.ID
}{
	"acm-pca":      {{"certificate-authority/", "acm-pca:GetPolicy"}},
	"cloudtrail":   {{"eventdatastore/", "cloudtrail:GetResourcePolicy"}, {"channel/", "cloudtrail:GetResourcePolicy"}, {"dashboard/", "cloudtrail:GetResourcePolicy"}},
	"codeartifact": {{"domain/", "codeartifact:GetDomainPermissionsPolicy"}, {"repository/", "codeartifact:GetRepositoryPermissionsPolicy"}},
	"glacier":      {{"vaults/", "glacier:GetVaultAccessPolicy"}},
	"glue": {{"catalog", "glue:GetResourcePolicy"}, {"database/", "glue:GetResourcePolicy"}, {"table/", "glue:GetResourcePolicy"},
		{"tableVersion/", "glue:GetResourcePolicy"}, {"userDefinedFunction/", "glue:GetResourcePolicy"}, {"connection/", "glue:GetResourcePolicy"}},
	"kafka":      {{"cluster/", "kafka:GetClusterPolicy"}},
	"kinesis":    {{"stream/", "kinesis:GetResourcePolicy"}},
	"lambda":     {{"layer:", "lambda:GetLayerVersionPolicy"}},
	"logs":       {{"destination:", "logs:DescribeDestinations"}},
	"mediastore": {{"container/", "mediastore:GetContainerPolicy"}},
	"s3tables":   {{"bucket/", "s3tables:GetTableBucketPolicy"}},
	"schemas":    {{"registry/", "schemas:GetResourcePolicy"}},
	"ses":        {{"identity/", "sesv2:GetEmailIdentityPolicies"}},
	"signer":     {{"/signing-profiles/", "signer:ListProfilePermissions"}},
}

const logPolicies operation.ID = "logs:DescribeResourcePolicies"

// ofLogs are the resource policies of CloudWatch Logs that bear on a log group, as one document: they are of its Region, or its own.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
func (w *World) ofLogs(o *Object, resource string) *policy.Source {
	_, group, ok := strings.Cut(resource, ":log-group:")
	if !ok || !strings.HasPrefix(resource, "arn:") {
		return nil
	}
	group, _, _ = strings.Cut(group, ":")
	all := &policy.Document{Version: "2012-10-17"}
	for _, g := range w.estate.Guarded {
		if g.Reference.Kind != "log-policy" || g.Reference.Account != o.account || g.Reference.Region != o.region ||
			g.Of != "" && !strings.HasSuffix(strings.TrimSuffix(g.Of, ":*"), ":log-group:"+group) {
			continue
		}
		d, ok := g.Policy.Value()
		if gap, unread := g.Policy.Unread(); unread {
			if s, open := w.unread("resource policy "+g.Reference.ID+" of CloudWatch Logs", gap); open {
				return &s
			}
		}
		if ok {
			all.Statements = append(all.Statements, d.Statements...)
		}
	}
	if len(all.Statements) == 0 {
		return nil
	}
	return &policy.Source{Name: "resource policies of CloudWatch Logs", Document: w.documents.intern(all)}
}

// notRead is the policy that a resource may have and that nothing reads; nil for those that have none, and for patterns.
func (w *World) notRead(resource string) *policy.Source {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 || strings.ContainsAny(resource, "*?") {
		return nil
	}
	for _, kind := range unpoliced[parts[2]] {
		if strings.HasPrefix(parts[5], kind.begins) {
			gap := estate.Gap{Place: estate.Place{Account: parts[4], Region: parts[3]}, Operation: kind.tells, About: resource, Outcome: notTried,
				Why: "Onus does not read policies of such resources (" + string(kind.tells) + ")"}
			if source, ok := w.unread("policy of "+resource, gap); ok {
				return &source
			}
		}
	}
	return nil
}
