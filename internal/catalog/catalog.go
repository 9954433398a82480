// Package catalog is the explicit list of what can be asked: the twelve practices, the questions that each implies, and the
// controls that exist. Adding a control is one line here.
package catalog

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/controls/atrest"
	"github.com/onus-cloud/onus/internal/controls/backups"
	"github.com/onus-cloud/onus/internal/controls/clientside"
	"github.com/onus-cloud/onus/internal/controls/containment"
	"github.com/onus-cloud/onus/internal/controls/intransit"
	"github.com/onus-cloud/onus/internal/controls/leastprivilege"
	"github.com/onus-cloud/onus/internal/controls/loadbalancing"
	"github.com/onus-cloud/onus/internal/controls/lockdown"
	"github.com/onus-cloud/onus/internal/controls/osupdates"
	"github.com/onus-cloud/onus/internal/controls/patches"
	"github.com/onus-cloud/onus/internal/controls/waf"
	"github.com/onus-cloud/onus/internal/controls/watch"
)

// controls are all that exist, by practice, in the order in which they are shown.
func controls() []*control.Control {
	return []*control.Control{
		patches.HostManaged,
		patches.ComplianceEvidenceFresh,
		patches.RDSMinorAutomatic,

		osupdates.ImageAge,

		intransit.ALBNoPlainHTTP,
		intransit.S3RequiresTLS,

		atrest.VolumeEncrypted,
		atrest.VolumeDefaultEveryRegion,
		atrest.DatabaseEncrypted,
		atrest.KeyNotPublic,
		atrest.KeyApartFromData,

		clientside.DeclaredDataIsCiphertext,
		clientside.SampleIsNotReadable,
		clientside.KeyStaysLocal,
		clientside.ServersCannotDecrypt,
		clientside.AlgorithmCommitsToKey,
		clientside.RoundTripWorks,
		clientside.KeyRecoverable,
		clientside.ProvidedKeyUploadsBlocked,

		backups.PlanCoversEverythingStateful,
		backups.PointWithinRPO,
		backups.RestoredAndVerified,
		backups.NotPublic,
		backups.EraserIsSomeoneElse,

		lockdown.NoSSHFromInternet,
		lockdown.NoAdminPortReachable,
		lockdown.NoAllPortsFromInternet,
		lockdown.OnlyDeclaredPortsPublic,
		lockdown.AdminSourcesDeclared,
		lockdown.IPv6NoWiderThanIPv4,
		lockdown.PrivateTierHasNoPublicAddress,
		lockdown.DatabaseNotPublic,
		lockdown.BucketBlocked,
		lockdown.VPCInternetBlocked,
		lockdown.EgressDeclared,

		loadbalancing.EveryPublicAppBehindOne,
		loadbalancing.TargetsAcceptOnlyIt,
		loadbalancing.OriginOnlyFromCDN,
		loadbalancing.InternetFacingIsDeclared,
		loadbalancing.SpansZones,

		waf.OnEveryPublicApp,
		waf.CannotBeWalkedAround,
		waf.BlocksRatherThanCounts,

		leastprivilege.RootLocked,
		leastprivilege.ConsoleUsersMFA,
		leastprivilege.KeysYoungAndUsed,
		leastprivilege.EffectiveAdminsAreDeclared,
		leastprivilege.NoEscalationPath,
		leastprivilege.RightsThroughGroups,
		leastprivilege.TrustIsNarrow,
		leastprivilege.PassRoleScoped,
		leastprivilege.OutsidersAreDeclared,
		leastprivilege.ResourcePoliciesNotPublic,
		leastprivilege.UnusedRolesGone,
		leastprivilege.UnusedRightsTrimmed,

		containment.DatabaseCannotCallOut,
		containment.TiersTalkAsDeclared,
		containment.MetadataV2Only,
		containment.PeeringNarrow,
		containment.ExposedHostIsWeak,
		containment.RoleNotShared,
		containment.ServerCannotReachIAM,
		containment.ServerCannotMakeUsers,
		containment.ServerCannotGetRootElsewhere,
		containment.ServerCannotBlindUs,
		containment.ServerCannotGiveDataAway,
		containment.CrossAccountHopsDeclared,
		containment.RoleMakersBounded,

		watch.TrailEverywhere,
		watch.FlowLogsOn,
		watch.EveryHostHasAnOwner,
		watch.NothingOutsideDeclaredRegions,
	}
}

// practices are the twelve, in the order of the design.
var practices = []control.Practice{
	{ID: "patches", Sentence: "security patches are applied"},
	{ID: "os-updates", Sentence: "operating systems, engines and runtimes are supported and current"},
	{ID: "encryption-in-transit", Sentence: "data is encrypted in transit"},
	{ID: "encryption-at-rest", Sentence: "data is encrypted at rest"},
	{ID: "client-side-encryption", Sentence: "declared data is encrypted with a local key before it reaches AWS",
		Declared: "nobody has declared data that must be encrypted with a local key"},
	{ID: "backups", Sentence: "backups exist, are fresh, and really restore"},
	{ID: "network-lockdown", Sentence: "only declared sources reach declared ports"},
	{ID: "load-balancing", Sentence: "user-facing applications are reached only through a load balancer"},
	{ID: "waf", Sentence: "every public application is behind a web application firewall"},
	{ID: "least-privilege", Sentence: "nobody has more access than they need"},
	{ID: "containment", Sentence: "a compromised server, database or cache reaches nothing else"},
	{ID: "watch", Sentence: "somebody would notice"},
}

// Question is one thing that a practice's sentence implies, whether or not a control answers it yet.
type Question struct {
	ID         string
	Practice   string
	MustBeTrue string
	Frameworks []string // "CIS5:2.2.1", "FSBP:RDS.3": ids only, the texts are their publishers'
	Wave       string   // "1" and "2" belong to the practice's sentence; "3" comes later
}

//go:embed questions.tsv
var questionsTable string

// Questions returns the catalogue of questions, in its order.
func Questions() []Question {
	var all []Question
	for _, line := range strings.Split(strings.TrimSpace(questionsTable), "\n")[1:] {
		f := strings.Split(line, "\t")
		q := Question{ID: f[0], Practice: f[1], MustBeTrue: f[2], Wave: f[4]}
		for _, id := range strings.Fields(f[3]) {
			if strings.Contains(id, ":") {
				q.Frameworks = append(q.Frameworks, strings.TrimSuffix(id, ";"))
			}
		}
		all = append(all, q)
	}
	return all
}

// Suite returns everything that can be asked. The error is a mistake in this package or in a control; its test finds it.
func Suite() (control.Suite, error) {
	s := control.Suite{Controls: controls()}
	for _, p := range practices {
		for _, q := range Questions() {
			if q.Practice == p.ID && q.Wave != "3" {
				p.Questions = append(p.Questions, q.ID)
			}
		}
		s.Practices = append(s.Practices, p)
	}
	var forms []claims.Form
	for _, c := range s.Controls {
		forms = append(forms, c.Forms()...)
	}
	for _, p := range s.Practices {
		forms = append(forms, claims.Form{ID: p.ID, Text: p.Sentence})
	}
	language, err := claims.CompileForms(forms)
	if err != nil {
		return s, fmt.Errorf("catalog: %w", err)
	}
	s.Language = language
	return s, nil
}
