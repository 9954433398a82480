package collect

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"github.com/onus-cloud/onus/internal/operation"
)

// readCodeBuild reads the build projects and the roles that they run as. Their answers are the pages of one response, as of ECS:
// which projects share a call changes from one reading to the next.
func readCodeBuild(ctx context.Context, p *place) {
	client := codebuild.NewFromConfig(p.config)
	const list, get = operation.ID("codebuild:ListProjects"), operation.ID("codebuild:BatchGetProjects")
	var listed reading[codebuild.ListProjectsOutput]
	compose(p, list, func() reading[codebuild.ListProjectsOutput] {
		listed = ask(ctx, p, list, client.ListProjects, &codebuild.ListProjectsInput{})
		return listed
	}, nil)
	var names []string
	for _, page := range listed.pages {
		names = append(names, page.Projects...)
	}
	compose(p, get, func() reading[codebuild.BatchGetProjectsOutput] {
		var parts []reading[codebuild.BatchGetProjectsOutput]
		for some := range slices.Chunk(names, 100) { // the most that one call takes
			parts = append(parts, ask(ctx, p, get, client.BatchGetProjects, &codebuild.BatchGetProjectsInput{Names: some}))
		}
		got := join(p.Now(), parts...)
		if got.outcome == operation.OK && !listed.outcome.Complete() {
			got.outcome, got.code, got.message = operation.NotTried, CodeInputIncomplete, "not all projects are known, because "+string(list)+" was not answered in full"
			if listed.code == codeNoHost {
				got.outcome, got.code = operation.Failed, codeNoHost
			} else if len(names) > 0 {
				got.outcome = operation.Failed
			}
		}
		return got
	}, nil)
}
