package load

import (
	"encoding/json"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// TestTagsOf: what a complete listing does not show has no tags; a resource without Region has none only if every Region of
// its account was read.
func TestTagsOf(t *testing.T) {
	t.Parallel()
	const account, bucket, function = "111122223333", "arn:aws:s3:::logs", "arn:aws:lambda:us-east-1:111122223333:function:f"
	shown := func(arn string) string {
		return `{"ResourceTagMappingList":[{"ResourceARN":"` + arn + `","Tags":[{"Key":"owner","Value":"ops"}]}]}`
	}
	for name, test := range map[string]struct {
		east, west operation.Outcome
		page       string // of us-east-1
		region     string
		arn        string
		want       string
	}{
		"shown":                         {operation.OK, operation.OK, shown(function), "us-east-1", function, "ops"},
		"not shown":                     {operation.OK, operation.Denied, "{}", "us-east-1", function, "none"},
		"shown before it broke off":     {operation.Throttled, operation.OK, shown(function), "us-east-1", function, "ops"},
		"not shown before it broke off": {operation.Throttled, operation.OK, shown(bucket), "us-east-1", function, "unknown"},
		"not understood":                {operation.OK, operation.OK, `{"ResourceTagMappingList":7}`, "us-east-1", function, "unknown"},
		"global, shown":                 {operation.OK, operation.Denied, shown(bucket), estate.Global, bucket, "ops"},
		"global, not shown":             {operation.OK, operation.OK, "{}", estate.Global, bucket, "none"},
		"global, not all Regions read":  {operation.OK, operation.Denied, "{}", estate.Global, bucket, "unknown"},
		"a Region that was never read":  {operation.OK, operation.OK, "{}", "eu-central-1", function, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &loader{estate: &estate.Estate{}, scope: responses.Scope{Accounts: []string{account}, Regions: []string{"us-east-1", "us-west-2"}},
				lists: map[operation.ID][]*responses.Response{}}
			for region, outcome := range map[string]operation.Outcome{"us-east-1": test.east, "us-west-2": test.west} {
				r := &responses.Response{Account: account, Region: region, Operation: getResources, Outcome: outcome}
				if region == "us-east-1" {
					r.Pages = []json.RawMessage{json.RawMessage(test.page)}
				}
				l.lists[getResources] = append(l.lists[getResources], r)
				l.estate.Note(estate.Reading{Place: placeOf(r), Operation: getResources, Outcome: outcome})
			}
			l.accounts()
			l.tagging()
			tags := l.tagsOf(estate.Place{Account: account, Region: test.region}, test.arn)
			got := "none"
			if _, unread := tags.Unread(); unread {
				got = "unknown"
			} else if m, _ := tags.Value(); m["owner"] != "" {
				got = m["owner"]
			}
			if got != test.want {
				t.Errorf("tags are %s, want %s", got, test.want)
			}
		})
	}
}
