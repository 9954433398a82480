package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

// readECR reads the repositories of container images and who may pull and push.
func readECR(ctx context.Context, p *place) {
	client := ecr.NewFromConfig(p.config)
	var names []*string
	for _, page := range call(ctx, p, "ecr:DescribeRepositories", client.DescribeRepositories, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1000)}) {
		for _, r := range page.Repositories {
			names = append(names, r.RepositoryName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "ecr:GetRepositoryPolicy", client.GetRepositoryPolicy, &ecr.GetRepositoryPolicyInput{RepositoryName: name})
	})
}
