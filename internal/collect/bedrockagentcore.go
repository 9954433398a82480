package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	agentcore "github.com/aws/aws-sdk-go-v2/service/bedrockagentcorecontrol"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagentcorecontrol/types"
)

// readAgentCore reads what Bedrock AgentCore runs for the account, and the roles that it runs as. The interpreter and the browser
// that AWS provides to everybody have no role of the account, and are left out.
func readAgentCore(ctx context.Context, p *place) {
	client := agentcore.NewFromConfig(p.config)
	many := aws.Int32(100)
	var runtimes, interpreters, browsers []*string
	for _, page := range call(ctx, p, "bedrock-agentcore-control:ListAgentRuntimes", client.ListAgentRuntimes, &agentcore.ListAgentRuntimesInput{MaxResults: many}) {
		for _, r := range page.AgentRuntimes {
			runtimes = append(runtimes, r.AgentRuntimeId)
		}
	}
	for _, page := range call(ctx, p, "bedrock-agentcore-control:ListCodeInterpreters", client.ListCodeInterpreters, &agentcore.ListCodeInterpretersInput{Type: types.ResourceTypeCustom, MaxResults: many}) {
		for _, i := range page.CodeInterpreterSummaries {
			interpreters = append(interpreters, i.CodeInterpreterId)
		}
	}
	for _, page := range call(ctx, p, "bedrock-agentcore-control:ListBrowsers", client.ListBrowsers, &agentcore.ListBrowsersInput{Type: types.ResourceTypeCustom, MaxResults: many}) {
		for _, b := range page.BrowserSummaries {
			browsers = append(browsers, b.BrowserId)
		}
	}
	each(runtimes, itemsAtOnce, func(id *string) {
		call(ctx, p, "bedrock-agentcore-control:GetAgentRuntime", client.GetAgentRuntime, &agentcore.GetAgentRuntimeInput{AgentRuntimeId: id})
	})
	each(interpreters, itemsAtOnce, func(id *string) {
		call(ctx, p, "bedrock-agentcore-control:GetCodeInterpreter", client.GetCodeInterpreter, &agentcore.GetCodeInterpreterInput{CodeInterpreterId: id})
	})
	each(browsers, itemsAtOnce, func(id *string) {
		call(ctx, p, "bedrock-agentcore-control:GetBrowser", client.GetBrowser, &agentcore.GetBrowserInput{BrowserId: id})
	})
}
