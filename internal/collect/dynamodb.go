package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// readDynamoDB reads the tables and whether they can be restored to a point in time.
func readDynamoDB(ctx context.Context, p *place) {
	client := dynamodb.NewFromConfig(p.config)
	var names []string
	for _, page := range call(ctx, p, "dynamodb:ListTables", client.ListTables, &dynamodb.ListTablesInput{Limit: aws.Int32(100)}) {
		names = append(names, page.TableNames...)
	}
	each(names, itemsAtOnce, func(name string) {
		call(ctx, p, "dynamodb:DescribeTable", client.DescribeTable, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
		call(ctx, p, "dynamodb:DescribeContinuousBackups", client.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: aws.String(name)})
	})
}
