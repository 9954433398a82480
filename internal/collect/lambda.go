package collect

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	types "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// readLambda reads the functions, with their environment, of which only digests are kept, their addresses on the Internet, who may
// use them, and what calls them. Of aliases the policy is asked only where their address asks for no signature.
func readLambda(ctx context.Context, p *place) {
	client := lambda.NewFromConfig(p.config)
	call(ctx, p, "lambda:ListEventSourceMappings", client.ListEventSourceMappings, &lambda.ListEventSourceMappingsInput{MaxItems: aws.Int32(100)})
	var names []*string
	for _, page := range call(ctx, p, "lambda:ListFunctions", client.ListFunctions, &lambda.ListFunctionsInput{}) {
		for _, f := range page.Functions {
			names = append(names, f.FunctionName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		withPolicy := []string{aws.ToString(name)}
		for _, page := range call(ctx, p, "lambda:ListFunctionUrlConfigs", client.ListFunctionUrlConfigs, &lambda.ListFunctionUrlConfigsInput{FunctionName: name}) {
			for _, u := range page.FunctionUrlConfigs {
				if about := aws.ToString(name) + alias(aws.ToString(u.FunctionArn)); u.AuthType == types.FunctionUrlAuthTypeNone && !slices.Contains(withPolicy, about) {
					withPolicy = append(withPolicy, about)
				}
			}
		}
		for _, about := range withPolicy {
			call(ctx, p, "lambda:GetPolicy", client.GetPolicy, &lambda.GetPolicyInput{FunctionName: aws.String(about)})
		}
	})
}

// alias is what makes of a function's name that of the alias that the ARN of a function's address names: ":live", or nothing.
func alias(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) == 8 { // arn:aws:lambda:us-east-1:111122223333:function:NAME:ALIAS
		return ":" + parts[7]
	}
	return ""
}
