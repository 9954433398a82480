package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dlm"
)

// readDLM reads the lifecycle policies that make snapshots and images.
func readDLM(ctx context.Context, p *place) {
	client := dlm.NewFromConfig(p.config)
	for _, page := range call(ctx, p, "dlm:GetLifecyclePolicies", client.GetLifecyclePolicies, &dlm.GetLifecyclePoliciesInput{}) {
		for _, policy := range page.Policies {
			call(ctx, p, "dlm:GetLifecyclePolicy", client.GetLifecyclePolicy, &dlm.GetLifecyclePolicyInput{PolicyId: policy.PolicyId})
		}
	}
}
