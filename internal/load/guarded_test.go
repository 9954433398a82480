package load_test

import (
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

// What is known by its policy alone: a bus without one, a file system whose policy was denied, a domain in a VPC and one on the Internet.
func TestGuarded(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/us-east-1/efs/describe-file-systems.json":                          `{"FileSystems": [{"FileSystemId": "fs-1", "Name": "media", "Tags": [{"Key": "app", "Value": "shop"}]}]}`,
		"111122223333/us-east-1/efs/describe-file-system-policy--FileSystemId=fs-1.json": `An error occurred (AccessDeniedException) when calling the DescribeFileSystemPolicy operation: no`,
		"111122223333/us-east-1/events/list-event-buses.json":                            `{"EventBuses": [{"Name": "default", "Arn": "arn:aws:events:us-east-1:111122223333:event-bus/default"}]}`,
		"111122223333/us-east-1/opensearch/list-domain-names.json":                       `{"DomainNames": [{"DomainName": "in"}, {"DomainName": "out"}]}`,
		"111122223333/us-east-1/opensearch/describe-domain--DomainName=in.json":          `{"DomainStatus": {"DomainName": "in", "VPCOptions": {"VPCId": "vpc-1"}}}`,
		"111122223333/us-east-1/opensearch/describe-domain--DomainName=out.json":         `{"DomainStatus": {"DomainName": "out", "AccessPolicies": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"route53.amazonaws.com\"}, \"Action\": \"logs:*\", \"Resource\": \"*\"}]}"}}`,
		"111122223333/us-east-1/logs/describe-resource-policies.json":                    `{"resourcePolicies": [{"policyName": "p", "policyDocument": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"route53.amazonaws.com\"}, \"Action\": \"logs:*\", \"Resource\": \"*\"}]}"}]}`,
	})
	want := map[string]string{"file-system fs-1": "unread", "event-bus default": "absent", "search-domain in": "absent, shut", "search-domain out": "known", "log-policy p": "known"}
	got := map[string]string{}
	for _, g := range e.Guarded {
		state := "unread"
		if _, ok := g.Policy.Value(); ok {
			state = "known"
		} else if g.Policy.Absent() {
			state = "absent"
		}
		if g.Shut {
			state += ", shut"
		}
		got[g.Reference.Kind+" "+g.Reference.ID] = state
		if tags, ok := g.Tags().Value(); g.Reference.ID == "fs-1" && (!ok || tags["app"] != "shop" || g.Reference.Name != "media") {
			t.Errorf("file system %q has tags %v", g.Reference.Name, tags)
		}
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("the policy of %s is %s, want %s", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	var _ estate.Subject = e.Guarded[0]
}
