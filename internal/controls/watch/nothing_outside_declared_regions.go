package watch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// NothingOutsideDeclaredRegions is watch-nothing-outside-declared-regions: what runs is in the Regions that the claims file
// declares. Somebody who steals credentials starts his hosts where nobody looks. What AWS makes in every Region by itself,
// such as default VPCs, is not judged, and without a declaration nothing is.
var NothingOutsideDeclaredRegions = &control.Control{
	ID:       "watch-nothing-outside-declared-regions",
	Practice: "watch",
	Title:    "Nothing runs outside of the declared Regions",
	Sentence: "nothing runs outside of the declared regions",
	Asked:    "nothing runs outside of the declared regions",
	Why:      "Whoever mines with stolen credentials does it in the Regions that nobody looks at.",
	Fix:      "Find out who made it, then declare the Region or delete what is there.",
	Severity: answer.High,
	Lists: []operation.ID{"dynamodb:ListTables", "ec2:DescribeInstances", "elb:DescribeLoadBalancers", "elbv2:DescribeLoadBalancers",
		"lambda:ListFunctions", "rds:DescribeDBClusters", "rds:DescribeDBInstances"},
	Judge: func(c *control.Case) {
		if len(c.Declared.Regions) == 0 {
			c.NotDeclared()
			return
		}
		e := c.Estate
		judgeRegions(c, e.Instances, "ec2:DescribeInstances")
		judgeRegions(c, e.Functions, "lambda:ListFunctions")
		judgeRegions(c, e.DBInstances, "rds:DescribeDBInstances")
		judgeRegions(c, e.DBClusters, "rds:DescribeDBClusters")
		judgeRegions(c, e.Tables, "dynamodb:ListTables")
		judgeRegions(c, e.LoadBalancers, "elbv2:DescribeLoadBalancers")
	},
}

func judgeRegions[R estate.Subject](c *control.Case, resources []R, op operation.ID) {
	for _, r := range resources {
		ref := r.Ref()
		if slices.Contains(c.Declared.Regions, ref.Region) {
			c.Holds(r)
			continue
		}
		place := estate.Place{Account: ref.Account, Region: ref.Region}
		c.Breaks(r, control.Counter{
			Text:  fmt.Sprintf("%s %s is in %s, which is not declared", strings.ReplaceAll(ref.Kind, "-", " "), control.Called(ref), ref.Region),
			Facts: []answer.Fact{{Text: "declared are " + strings.Join(c.Declared.Regions, ", "), Operation: op}},
			Cause: answer.Cause{
				Key:     "region/" + place.String(),
				Subject: estate.RegionOf(place).Ref(),
				Title:   fmt.Sprintf("account %s runs something in %s, which is not declared", ref.Account, ref.Region),
				Fix: answer.Fix{
					Text: "Find out who made it and when, then declare the Region in onus.yaml, or delete what is there and close the Region.",
					CLI:  []string{fmt.Sprintf("aws cloudtrail lookup-events --region %s --max-results 50", ref.Region)},
				},
			},
		})
	}
}
