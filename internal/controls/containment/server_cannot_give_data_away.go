package containment

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/operation"
)

// ServerCannotGiveDataAway is contain-server-cannot-give-data-away: the role of no server may share snapshots or images, change whom a
// bucket, a key, a queue, a secret or a vault lets in, or have data copied elsewhere. Reading data is what many servers are for;
// handing it to another account in one call is what none is for.
//
// Servers are judged by the policies of their roles. A resource is judged besides by its own policy, which may let a role do what
// the role's policies do not: where that was not read the resource is in doubt, and not every server.
var ServerCannotGiveDataAway = &control.Control{
	ID:          "contain-server-cannot-give-data-away",
	Practice:    "containment",
	Title:       "No server may share data with another account",
	Sentence:    "servers cannot share data with other accounts",
	Asked:       "servers cannot share data with other accounts",
	Why:         "A snapshot that is shared with a thief's account is gone within a minute, and no byte of it crosses your network.",
	Fix:         "Take the actions out of the role's policies; or deny them for all servers by a service control policy.",
	Severity:    answer.High,
	Lists:       append([]operation.ID{"ec2:DescribeInstances", "ecs:ListClusters"}, permissions.HolderLists()...),
	Reads:       permissions.HolderReads(),
	Permissions: true,
	Judge: func(c *control.Case) {
		deeds := giving(c.Estate)
		judgeServers(c, asking(c, deeds))
		judgeHolders(c, permissions.Holders(c.Estate), deeds)
	},
}
