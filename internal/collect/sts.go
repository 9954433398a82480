package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// enter asks AWS who the identity is.
func (a *account) enter(ctx context.Context) error {
	var failure error
	pages := call(ctx, a.global, "sts:GetCallerIdentity", observe(sts.NewFromConfig(a.config).GetCallerIdentity, &failure), &sts.GetCallerIdentityInput{})
	if len(pages) == 0 {
		return failure
	}
	a.entered = true
	a.id, a.arn = aws.ToString(pages[0].Account), aws.ToString(pages[0].Arn)
	a.partition = partition(a.arn)
	for i := range a.global.held {
		a.global.held[i].Account = a.id
	}
	return nil
}

// observe is do, and keeps its error besides.
func observe[In, Out, Opt any](do func(context.Context, *In, ...func(*Opt)) (*Out, error), failure *error) func(context.Context, *In, ...func(*Opt)) (*Out, error) {
	return func(ctx context.Context, in *In, options ...func(*Opt)) (*Out, error) {
		out, err := do(ctx, in, options...)
		*failure = err
		return out, err
	}
}
