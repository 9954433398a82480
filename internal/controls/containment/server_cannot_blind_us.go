package containment

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/operation"
)

// ServerCannotBlindUs is contain-server-cannot-blind-us: the role of no server may stop or lead away trails, touch what they have
// written, switch detection off, hide findings, silence alarms, or delete logs. Each is one decision, on the trails and buckets
// that there are, and on a thing of the kind that has no name yet.
var ServerCannotBlindUs = &control.Control{
	ID:          "contain-server-cannot-blind-us",
	Practice:    "containment",
	Title:       "No server may stop logging, detection or alarms",
	Sentence:    "servers cannot stop logging, detection or alarms",
	Asked:       "servers cannot stop logging, detection or alarms",
	Why:         "Whoever gets in switches off first what would tell on him.",
	Fix:         "Take the actions out of the role's policies; or deny them for all servers by a service control policy.",
	Severity:    answer.High,
	Lists:       permissions.ServerLists(),
	Reads:       []operation.ID{"cloudtrail:DescribeTrails"},
	Permissions: true,
	Judge:       func(c *control.Case) { judgeServers(c, asking(c, blinding(c.Estate))) },
}
