package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

// readSageMaker reads the notebooks and the roles that they run as.
func readSageMaker(ctx context.Context, p *place) {
	client := sagemaker.NewFromConfig(p.config)
	var names []*string
	for _, page := range call(ctx, p, "sagemaker:ListNotebookInstances", client.ListNotebookInstances, &sagemaker.ListNotebookInstancesInput{MaxResults: aws.Int32(100)}) {
		for _, n := range page.NotebookInstances {
			names = append(names, n.NotebookInstanceName)
		}
	}
	each(names, itemsAtOnce, func(name *string) {
		call(ctx, p, "sagemaker:DescribeNotebookInstance", client.DescribeNotebookInstance, &sagemaker.DescribeNotebookInstanceInput{NotebookInstanceName: name})
	})
}
