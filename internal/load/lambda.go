package load

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// functions reads Lambda functions. Their tags are told by the tagging API alone.
func (l *loader) functions() {
	type functionList struct {
		Functions []struct {
			FunctionName string
			FunctionArn  string
			Runtime      string
			Role         string
			LastModified when
			VpcConfig    struct {
				VpcID     string   `json:"VpcId"`
				SubnetIDs []string `json:"SubnetIds"`
			}
		}
	}
	each(l, "lambda:ListFunctions", func(p estate.Place, page *functionList) {
		for _, f := range page.Functions {
			if f.FunctionArn == "" {
				f.FunctionArn = arn("lambda", p, "function:"+f.FunctionName)
			}
			function := &estate.Function{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "function", Account: p.Account, Region: p.Region, ID: f.FunctionName, ARN: f.FunctionArn, Name: f.FunctionName},
					Labels:    l.tagsOf(p, f.FunctionArn),
				},
				Runtime:  f.Runtime,
				Role:     f.Role,
				VPC:      f.VpcConfig.VpcID,
				Subnets:  slices.Sorted(slices.Values(f.VpcConfig.SubnetIDs)),
				Modified: f.LastModified.Time,
			}
			l.estate.Functions = append(l.estate.Functions, function)
		}
	})
	l.estate.Functions = byKey(l.estate.Functions)
}
