package load

import (
	"encoding/json"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// S3 answers "there is none" with an error. An answer in which the policy or the block is missing is not that answer.
func TestHollowBucketSettingsAreUnread(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"Policy": null, "PublicAccessBlockConfiguration": null}`, `{"Policy": "", "BlockPublicAcls": true}`} {
		asked := func(op operation.ID, body string, parameters map[string]string) responses.Response {
			return responses.Response{Account: "111122223333", Region: estate.Global, Operation: op, Parameters: parameters,
				Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(body)}}
		}
		about := map[string]string{"Bucket": "logs"}
		e, problems := Load(&responses.Set{Responses: []responses.Response{
			asked("s3:ListBuckets", `{"Buckets": [{"Name": "logs"}]}`, nil),
			asked("s3control:GetPublicAccessBlock", body, nil),
			asked("s3:GetPublicAccessBlock", body, about),
			asked("s3:GetBucketPolicy", body, about),
		}})
		if len(e.Buckets) != 1 || len(problems) != 3 {
			t.Fatalf("%s: got %d buckets and problems %v, want one bucket and three problems", body, len(e.Buckets), problems)
		}
		b := e.Buckets[0]
		for what, unread := range map[string]func() (estate.Gap, bool){"policy": b.Policy.Unread, "block": b.Block.Unread, "account's block": b.AccountBlock.Unread} {
			if _, ok := unread(); !ok {
				t.Errorf("%s: the %s counts as read", body, what)
			}
		}
	}
}
