package claims_test

import (
	"testing"

	"github.com/onus-cloud/onus/internal/claims"
)

// someForms are forms of every kind of slot.
var someForms = []claims.Form{
	{Text: "no rule admits the internet on {ports}", ID: "net-no-ssh-from-internet", Example: "no rule admits the internet on 22, 3389"},
	{Text: "no rule admits the internet on every port", ID: "net-no-all-ports-from-internet"},
	{Text: "no running host was started from an image older than {period} or marked deprecated, unless it is patched in place", ID: "os-image-age",
		Example: "no running host was started from an image older than 180 days or marked deprecated, unless it is patched in place"},
	{Text: "a restore is tested every {period}", ID: "backup-restored-and-verified", Example: "a restore is tested every 30 days"},
	{Text: "port {port} is reachable only from {sources}", ID: "reach", Example: "port 8080 is reachable only from office", Pending: "the packet engine is not built yet"},
	{Text: "port {port} is not reachable from the internet", ID: "reach", Example: "port 22 is not reachable from the internet", Pending: "the packet engine is not built yet"},
	{Text: "{tier} talks to {tier2} on {ports}", ID: "reach", Example: "shop.web talks to shop.app on 8443", Pending: "the packet engine is not built yet"},
	{Text: "nothing else talks to {tier}", ID: "reach", Example: "nothing else talks to shop.db", Pending: "the packet engine is not built yet"},
	{Text: "only load balancers are reachable from the internet, on {ports}", ID: "reach", Example: "only load balancers are reachable from the internet, on 80, 443", Pending: "the packet engine is not built yet"},
	{Text: "administrators are exactly {principals}", ID: "access", Example: "administrators are exactly role/Admin in every account, permission-set/Operators in 111122223333", Pending: "the permission engine is not built yet"},
	{Text: "servers cannot change users or privileges, in any number of steps", ID: "access", Pending: "the permission engine is not built yet"},
	{Text: "only {principals} can delete backups", ID: "access", Example: "only role/Backup in every account can delete backups", Pending: "the permission engine is not built yet"},
	{Text: "only {principals} can call {action}", ID: "access", Example: "only role/Admin can call iam:PassRole", Pending: "the permission engine is not built yet"},
	{Text: "{location} is encrypted with a local key", ID: "seal", Example: "s3://exports/patients is encrypted with a local key", Pending: "sealing is not built yet"},
	{Text: "the local key opens a canary every {period}", ID: "seal", Example: "the local key opens a canary every 7 days", Pending: "sealing is not built yet"},
	{Text: "operating systems, engines and runtimes are supported and current", ID: "os-updates"},
	{Text: "every public application is behind a web application firewall", ID: "waf"},
	{Text: "access keys are younger than {period} and used within {period2}", ID: "lp-keys-young-and-used", Example: "access keys are younger than 90 days and used within 45 days"},
	{Text: "passwords have at least {number} characters", ID: "lp-password", Example: "passwords have at least 14 characters"},
	{Text: "resources carry the tag {word}", ID: "watch-tag", Example: "resources carry the tag owner"},
	{Text: "it is agreed that {text}", ID: "note", Example: "it is agreed that we meet on Mondays"},
}

func language(t testing.TB) *claims.Language {
	t.Helper()
	l, err := claims.CompileForms(someForms)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
