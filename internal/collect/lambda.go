package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// readLambda reads the functions, with their environment, of which only digests are kept.
func readLambda(ctx context.Context, p *place) {
	call(ctx, p, "lambda:ListFunctions", lambda.NewFromConfig(p.config).ListFunctions, &lambda.ListFunctionsInput{})
}
