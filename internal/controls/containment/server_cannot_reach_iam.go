package containment

import (
	"github.com/onus-cloud/onus/internal/access"
	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/permissions"
	"github.com/onus-cloud/onus/internal/estate"
)

// ServerCannotReachIAM is contain-server-cannot-reach-iam: whoever gets into a server cannot change users or what anybody may do, be
// it by the server's own role or by others that he can act as from there, one after the other: roles that he may assume, pass to
// something he starts, or take from another host, function or build that he may change.
//
// Each step is one decision over real policies, boundaries and service control policies; what was not read makes it unknown, and so
// does what depends on a value that a thief may or may not have, such as a second factor.
var ServerCannotReachIAM = &control.Control{
	ID:          "contain-server-cannot-reach-iam",
	Practice:    "containment",
	Title:       "From no server can users or privileges be changed, in any number of steps",
	Sentence:    "servers cannot change users or privileges, in any number of steps",
	Asked:       "servers cannot change users or privileges, in any number of steps",
	Why:         "Whoever gets into such a server makes himself a user of his own, and stays when the server is long gone.",
	Fix:         "Take from the server's role the right with which the way begins.",
	Severity:    answer.Critical,
	Lists:       permissions.ServerLists(),
	Permissions: true,
	Judge: func(c *control.Case) {
		judgeServers(c, func(p *access.Principal) ([]power, []estate.Gap) {
			return escalates(c, p, access.Goal{Kind: "privileges"}, "can change users or privileges", func(*access.Path) bool { return true })
		})
	},
}

// ServerCannotMakeUsers is contain-server-cannot-make-users: the role of a server may itself make or delete no user, role, key or
// password, and change nobody's policies. What it can do by acting as others is ServerCannotReachIAM's.
var ServerCannotMakeUsers = &control.Control{
	ID:          "contain-server-cannot-make-users",
	Practice:    "containment",
	Title:       "No server's own role may make users, roles, keys or passwords, or change what they may do",
	Sentence:    "the roles of servers may not make users, roles, keys or passwords",
	Asked:       "the roles of servers may not make users, roles, keys or passwords",
	Why:         "One stolen session of such a role is enough for a user with a key that nobody knows of.",
	Fix:         "Take the actions of IAM out of the role's policies; let a pipeline or a person make roles.",
	Severity:    answer.Critical,
	Lists:       permissions.ServerLists(),
	Permissions: true,
	Judge: func(c *control.Case) {
		judgeServers(c, func(p *access.Principal) ([]power, []estate.Gap) {
			return escalates(c, p, access.Goal{Kind: "privileges"}, "may change users or privileges itself", func(path *access.Path) bool { return len(path.Steps) == 0 })
		})
	},
}
