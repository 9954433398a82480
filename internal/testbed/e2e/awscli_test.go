package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
	"github.com/onus-cloud/onus/internal/testbed"
)

// fromAWSCLI is law 10 of the design: whatever onus recorded is asked again with the real AWS CLI, and a folder of what that prints
// gives the same answers as the recording.
func fromAWSCLI(t *testing.T, bed *testbed.Bed, estate estate) {
	const shop = "111122223333"
	recording := filepath.Join(t.TempDir(), "recording")
	if r := onus(t, bed.Env(shop), "collect", "-o", recording, "--region", "us-east-1"); r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	set, err := responses.ReadRecording(os.DirFS(recording), recording)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var commands []testbed.Command
	for r := range set.All() {
		if c, ok := command(folder, r); ok {
			commands = append(commands, c)
		}
	}
	if len(commands) < 80 {
		t.Fatalf("only %d commands", len(commands))
	}
	bed.AWS(t, commands)

	want, _ := check(t, nil, "--from", recording, "--region", "us-east-1")
	got, r := check(t, nil, "--from", folder, "--region", "us-east-1", "--as-of", time.Now().UTC().Format(time.RFC3339))
	weaker(t, "from the AWS CLI's output", want, got)
	// Of a load balancer without a web ACL the CLI prints nothing, as it does for a failure: that alone may have become unknown.
	guarded := func(q question, _ string) bool {
		return q.control == "waf-on-every-public-app" || q.control == "waf-cannot-be-walked-around"
	}
	maps.DeleteFunc(want, guarded)
	maps.DeleteFunc(got, guarded)
	same(t, "from the AWS CLI's output", want, got)
	estate.leaks(t, "the report on the AWS CLI's output", r.stdout+r.stderr)
}

// command is the command that asks what the response answers, if the recording says enough to ask it.
func command(folder string, r *responses.Response) (testbed.Command, bool) {
	service, name := r.Operation.Service(), r.Operation.Name()
	file := name
	c := testbed.Command{Account: r.Account, Region: r.Region, Service: service, Operation: name, Parameters: map[string]any{}}
	for parameter, value := range r.Parameters {
		c.Parameters[parameter] = value
		file += "--" + parameter + "=" + strings.ReplaceAll(value, "/", "%2F")
	}
	c.File = filepath.Join(folder, r.Account, r.Region, service, file+".json")
	if r.Region == "global" {
		c.Region = "us-east-1"
	}
	if r.Outcome == operation.NotTried {
		return c, false
	}
	switch {
	case service == "s3":
		c.Service = "s3api"
	case service == "s3control":
		c.Parameters["AccountId"] = r.Account
	case name == "GetKeyPolicy":
		c.Parameters["PolicyName"] = "default"
	case name == "ListIdentityPools":
		c.Parameters["MaxResults"] = "60"
	case name == "GetQueueAttributes":
		c.Parameters["AttributeNames"] = "All"
	case service == "sso-admin" && name != "ListInstances":
		set, _ := c.Parameters["PermissionSetArn"].(string)
		if parts := strings.Split(set, "/"); len(parts) == 3 { // ...:permissionSet/ssoins-1/ps-1
			c.Parameters["InstanceArn"] = "arn:aws:sso:::instance/" + parts[1]
		}
	case service == "wafv2" && r.Region == "global":
		c.Parameters["Scope"] = "CLOUDFRONT"
	case service == "wafv2" && (strings.HasPrefix(name, "List") && name != "ListResourcesForWebACL" || name == "GetWebACL" || name == "GetRuleGroup"):
		c.Parameters["Scope"] = "REGIONAL"
	case name == "ListPolicies":
		c.Parameters["Filter"] = "SERVICE_CONTROL_POLICY"
	case name == "SearchTransitGatewayRoutes":
		c.Parameters["Filters"] = "Name=state,Values=active,blackhole"
	case name == "DescribeLaunchTemplateVersions":
		c.Parameters["Versions"] = []string{"$Default", "$Latest"}
	case name == "DescribeSnapshots":
		c.Parameters["OwnerIds"] = "self"
	}
	// Some calls take more than the recording's key of them; the answer has it.
	var body struct {
		WebACL, RuleGroup struct{ Name string }
		Images            []struct{ ImageID string }
		Projects          []json.RawMessage // names where they are listed, objects where they are described
		Services          []struct{ ServiceArn string }
		Tasks             []struct{ TaskArn string }
	}
	for _, page := range r.Pages {
		if err := json.Unmarshal(page, &body); err != nil {
			return c, false
		}
	}
	switch name {
	case "GetWebACL":
		c.Parameters["Name"] = body.WebACL.Name
		return c, body.WebACL.Name != ""
	case "GetRuleGroup":
		c.Parameters["Name"] = body.RuleGroup.Name
		return c, body.RuleGroup.Name != ""
	case "DescribeServices", "DescribeTasks":
		var arns []string
		for _, s := range body.Services {
			arns = append(arns, s.ServiceArn)
		}
		for _, t := range body.Tasks {
			arns = append(arns, t.TaskArn)
		}
		c.Parameters[strings.TrimPrefix(name, "Describe")] = arns
		return c, len(arns) > 0
	case "BatchGetProjects":
		var names []string
		for _, project := range body.Projects {
			var p struct{ Name string }
			if json.Unmarshal(project, &p) != nil {
				return c, false
			}
			names = append(names, p.Name)
		}
		c.Parameters["Names"] = names
		return c, len(names) > 0
	case "DescribeImages":
		var ids []string
		for _, image := range body.Images {
			ids = append(ids, image.ImageID)
		}
		c.Parameters["ImageIds"] = ids
		return c, len(ids) > 0
	}
	return c, true
}
