package control_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/reach"
)

func TestPathHasBothEnds(t *testing.T) {
	t.Parallel()
	host := estate.Ref{Kind: "instance", ID: "i-0d", Name: "jenkins"}
	internet := answer.Hop{Kind: "internet", ID: "internet", Passes: answer.Passes}
	for _, test := range []struct {
		name string
		of   reach.Answer
		want []answer.Hop
	}{
		{
			"the analysis names neither end",
			reach.Answer{Arrives: estate.True, To: reach.Party{Ref: host}, Path: []reach.Hop{
				{At: estate.Ref{Kind: "security-group", ID: "sg-0c", Name: "sg-0c"}, Passes: estate.True, Rule: "tcp 8080 from 0.0.0.0/0", Text: "it admits 8080"},
			}},
			[]answer.Hop{
				internet,
				{Kind: "security-group", ID: "sg-0c", Passes: answer.Passes, Rule: "tcp 8080 from 0.0.0.0/0", Text: "it admits 8080"},
				{Kind: "instance", ID: "i-0d", Name: "jenkins", Passes: answer.Passes},
			},
		},
		{
			"it names both, and one thing twice",
			reach.Answer{Arrives: estate.Unknown, To: reach.Party{Ref: host}, Path: []reach.Hop{
				{At: estate.Ref{Kind: "internet"}, Passes: estate.True},
				{At: estate.Ref{Kind: "network-acl", ID: "acl-0b"}, Passes: estate.Unknown},
				{At: estate.Ref{Kind: "network-acl", ID: "acl-0b"}, Passes: estate.Unknown},
				{At: host, Passes: estate.True},
			}},
			[]answer.Hop{
				internet,
				{Kind: "network-acl", ID: "acl-0b", Passes: answer.MayPass},
				{Kind: "instance", ID: "i-0d", Name: "jenkins", Passes: answer.Passes},
			},
		},
		{
			"a way out",
			reach.Answer{Arrives: estate.False, From: reach.Party{Ref: host}},
			[]answer.Hop{
				{Kind: "instance", ID: "i-0d", Name: "jenkins", Passes: answer.Passes},
				{Kind: "internet", ID: "internet", Passes: answer.Stops},
			},
		},
	} {
		if d := cmp.Diff(test.want, control.PathOf(test.of)); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
	}
}
