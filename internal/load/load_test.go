package load

import (
	"encoding/json"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// What does not decode tells nothing: the listing is not complete, though AWS answered.
func TestBadBodyIsUnread(t *testing.T) {
	t.Parallel()
	place := estate.Place{Account: "111122223333", Region: "us-east-1"}
	set := &responses.Set{Responses: []responses.Response{{Account: place.Account, Region: place.Region,
		Operation: "ec2:DescribeVolumes", Outcome: operation.OK, Pages: []json.RawMessage{json.RawMessage(`{"Volumes": 7}`)}}}}
	e, problems := Load(set)
	if len(problems) != 1 {
		t.Errorf("problems: got %v, want one", problems)
	}
	if e.Complete(place, "ec2:DescribeVolumes") {
		t.Error("a listing whose page does not decode counts as complete")
	}
}
