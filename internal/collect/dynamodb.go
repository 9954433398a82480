package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// readDynamoDB reads the tables, whether they can be restored to a point in time, and who may use them.
func readDynamoDB(ctx context.Context, p *place) {
	client := dynamodb.NewFromConfig(p.config)
	var names []string
	for _, page := range call(ctx, p, "dynamodb:ListTables", client.ListTables, &dynamodb.ListTablesInput{Limit: aws.Int32(100)}) {
		names = append(names, page.TableNames...)
	}
	each(names, itemsAtOnce, func(name string) {
		call(ctx, p, "dynamodb:DescribeTable", client.DescribeTable, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		call(ctx, p, "dynamodb:DescribeContinuousBackups", client.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
		arn := "arn:" + p.partition + ":dynamodb:" + p.region + ":" + p.id + ":table/" + name
		call(ctx, p, "dynamodb:GetResourcePolicy", client.GetResourcePolicy, &dynamodb.GetResourcePolicyInput{ResourceArn: aws.String(arn)})
	})
}
