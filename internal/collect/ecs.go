package collect

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/onus-cloud/onus/internal/operation"
)

// readECS reads the clusters of containers with their services and running tasks, and the definitions that these have.
//
// Services and tasks are described a few at a time. The answers of one cluster are recorded as the pages of one response, so that
// a response is about something that stays: which tasks share a call changes from one reading to the next.
func readECS(ctx context.Context, p *place) {
	client := ecs.NewFromConfig(p.config)
	const services, tasks = operation.ID("ecs:DescribeServices"), operation.ID("ecs:DescribeTasks")
	definitions := &distinctNames{}
	var clusters []string
	for _, page := range call(ctx, p, "ecs:ListClusters", client.ListClusters, &ecs.ListClustersInput{MaxResults: aws.Int32(100)}) {
		clusters = append(clusters, page.ClusterArns...)
	}
	each(clusters, itemsAtOnce, func(arn string) {
		cluster := aws.String(arn)
		var listed []string
		for _, page := range call(ctx, p, "ecs:ListServices", client.ListServices, &ecs.ListServicesInput{Cluster: cluster, MaxResults: aws.Int32(100)}) {
			listed = append(listed, page.ServiceArns...)
		}
		described := compose(p, services, func() reading[ecs.DescribeServicesOutput] {
			var parts []reading[ecs.DescribeServicesOutput]
			for some := range slices.Chunk(listed, 10) { // the most that one call takes
				parts = append(parts, ask(ctx, p, services, client.DescribeServices, &ecs.DescribeServicesInput{Cluster: cluster, Services: some}))
			}
			return join(p.Now(), parts...)
		}, &ecs.DescribeServicesInput{Cluster: cluster})

		for _, page := range described {
			for _, s := range page.Services {
				definitions.add(aws.ToString(s.TaskDefinition))
			}
		}

		var running []string
		for _, page := range call(ctx, p, "ecs:ListTasks", client.ListTasks, &ecs.ListTasksInput{Cluster: cluster, MaxResults: aws.Int32(100)}) {
			running = append(running, page.TaskArns...)
		}
		started := compose(p, tasks, func() reading[ecs.DescribeTasksOutput] {
			var parts []reading[ecs.DescribeTasksOutput]
			for some := range slices.Chunk(running, 100) { // the most that one call takes
				parts = append(parts, ask(ctx, p, tasks, client.DescribeTasks, &ecs.DescribeTasksInput{Cluster: cluster, Tasks: some}))
			}
			return join(p.Now(), parts...)
		}, &ecs.DescribeTasksInput{Cluster: cluster})
		for _, page := range started {
			for _, t := range page.Tasks {
				definitions.add(aws.ToString(t.TaskDefinitionArn))
			}
		}
	})
	each(definitions.sorted(), itemsAtOnce, func(arn string) {
		call(ctx, p, "ecs:DescribeTaskDefinition", client.DescribeTaskDefinition, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(arn)})
	})
}

// distinctNames gathers names from several goroutines.
type distinctNames struct {
	mu    sync.Mutex
	names []string
}

func (d *distinctNames) add(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name != "" && !slices.Contains(d.names, name) {
		d.names = append(d.names, name)
	}
}

func (d *distinctNames) sorted() []string { return slices.Sorted(slices.Values(d.names)) }
