package containment

import (
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
)

// ServerCannotGiveDataAway is contain-server-cannot-give-data-away: the role of no server may share snapshots or images, change whom a
// bucket, a key, a queue, a secret or a vault lets in, or have data copied elsewhere. Reading data is what many servers are for;
// handing it to another account in one call is what none is for.
var ServerCannotGiveDataAway = &control.Control{
	ID:          "contain-server-cannot-give-data-away",
	Practice:    "containment",
	Title:       "No server may share data with another account",
	Sentence:    "servers cannot share data with other accounts",
	Asked:       "servers cannot share data with other accounts",
	Why:         "A snapshot that is shared with a thief's account is gone within a minute, and no byte of it crosses your network.",
	Fix:         "Take the actions out of the role's policies; or deny them for all servers by a service control policy.",
	Severity:    answer.High,
	Lists:       permissions.ServerLists(),
	Permissions: true,
	Judge:       func(c *control.Case) { judgeServers(c, asking(c, giving(c.Estate))) },
}
