package load

import (
	"encoding/json"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// Selectors that were read decide, also where the list of trails says that there are none; where none were read it is the
// list that decides.
func TestSelectorsComeBeforeTheList(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
	for selectors, want := range map[string]estate.Truth{
		"": estate.True, // not asked
		`{"EventSelectors": [], "AdvancedEventSelectors": []}`:                                               estate.True,
		`{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}`:                    estate.True,
		`{"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": false}]}`:                   estate.False,
		`{"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": true}]}`:               estate.False,
		`{"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}`: estate.False,
	} {
		answered := func(op operation.ID, body string, parameters map[string]string) responses.Response {
			return responses.Response{Account: "111122223333", Region: "us-east-1", Operation: op, Parameters: parameters,
				Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(body)}}
		}
		set := &responses.Set{Responses: []responses.Response{answered("cloudtrail:DescribeTrails",
			`{"trailList": [{"Name": "main", "HomeRegion": "us-east-1", "TrailARN": "`+arn+`", "HasCustomEventSelectors": false}]}`, nil)}}
		if selectors != "" {
			set.Responses = append(set.Responses, answered("cloudtrail:GetEventSelectors", selectors, map[string]string{"TrailName": arn}))
		}
		e, _ := Load(set)
		if len(e.Trails) != 1 {
			t.Fatalf("%s: got %d trails, want 1", selectors, len(e.Trails))
		}
		if got := e.Trails[0].Writes.Holds(false, func(b bool) bool { return b }); got != want {
			t.Errorf("writes with selectors %s: got %s, want %s", selectors, got, want)
		}
	}
}
