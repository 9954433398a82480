package containment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// MetadataV2Only is contain-metadata-v2-only. The subjects are the hosts, also those that are stopped, for they come back
// as they are; and the launch templates and launch configurations that Auto Scaling groups start hosts from. A service that is
// turned off answers nobody, which is as good.
//
// A template that does not say takes, in this order, the Region's default, what its image asks for, and version 1.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html#instance-metadata-options-order-of-precedence
var MetadataV2Only = &control.Control{
	ID:       "contain-metadata-v2-only",
	Practice: "containment",
	Title:    "Instance metadata requires version 2",
	Sentence: "instance metadata requires version 2",
	Asked:    "instance metadata requires version 2",
	Why:      "Whoever makes a web application fetch an address for him reads the credentials of its host's role from version 1.",
	Fix:      "Require tokens on each host and in what hosts are started from, and set the default of each Region.",
	Severity: answer.High,
	Lists:    []operation.ID{"ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups"},
	Reads: []operation.ID{"ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions", "autoscaling:DescribeLaunchConfigurations",
		"ec2:GetInstanceMetadataDefaults", "ec2:DescribeImages"},
	Judge: func(c *control.Case) {
		sources := sourcesInUse(c.Estate)
		for _, i := range c.Estate.Instances {
			switch {
			case i.Metadata.Tokens == "required", i.Metadata.Endpoint == "disabled":
				c.Holds(i)
			case i.Metadata.Tokens == "optional":
				c.Breaks(i, hostAnswersVersion1(c.Estate, i, sources))
			default:
				c.Unknown(i, "", notSaid(i.Place(), "ec2:DescribeInstances", "ec2:DescribeInstances does not say which metadata version "+i.Ref().ID+" requires"))
			}
		}
		for _, s := range sources {
			truth, gap := s.requires(c.Estate)
			switch truth {
			case estate.True:
				c.Holds(s)
			case estate.False:
				c.Breaks(s, startsVersion1(s))
			default:
				c.Unknown(s, "", gap)
			}
		}
	},
}

// source is a launch template or a launch configuration that Auto Scaling groups start hosts from.
type source struct {
	estate.Subject
	place    estate.Place
	groups   []string // names of the groups, sorted
	versions []string // of a template: which of them
}

// sourcesInUse returns what Auto Scaling groups start hosts from, in the order of the references.
func sourcesInUse(e *estate.Estate) []*source {
	sources := map[string]*source{}
	add := func(s estate.Subject, g *estate.AutoScalingGroup, version string) {
		key := s.Ref().Key()
		if sources[key] == nil {
			sources[key] = &source{Subject: s, place: g.Place()}
		}
		u := sources[key]
		if !slices.Contains(u.groups, g.Ref().ID) {
			u.groups = append(u.groups, g.Ref().ID)
		}
		if !slices.Contains(u.versions, version) {
			u.versions = append(u.versions, version)
		}
	}
	for _, g := range e.AutoScalingGroups {
		p := g.Place()
		for _, t := range g.Templates {
			add(template(e, p, t), g, t.Version)
		}
		if g.LaunchConfiguration == "" {
			continue
		}
		if lc := e.LaunchConfiguration(p, g.LaunchConfiguration); lc != nil {
			add(lc, g, "")
		} else {
			add(unseen(e, p, "launch-configuration", g.LaunchConfiguration, "autoscaling:DescribeLaunchConfigurations"), g, "")
		}
	}
	var list []*source
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		list = append(list, sources[key])
	}
	return list
}

// template finds the launch template that a group names, or stands in for it where it was not read.
func template(e *estate.Estate, p estate.Place, v estate.TemplateVersion) estate.Subject {
	if t := e.LaunchTemplate(p, v.ID); t != nil {
		return t
	}
	if v.ID == "" {
		for _, t := range e.LaunchTemplates {
			if t.Place() == p && t.Ref().Name == v.Name {
				return t
			}
		}
		return unseen(e, p, "launch-template", v.Name, "ec2:DescribeLaunchTemplates")
	}
	return unseen(e, p, "launch-template", v.ID, "ec2:DescribeLaunchTemplates")
}

// unseen stands in for a resource that something names and that was not read: neither are its tags.
func unseen(e *estate.Estate, p estate.Place, kind, id string, op operation.ID) estate.Subject {
	gap := e.Reading(p, op, "").Gap()
	if e.Complete(p, op) {
		gap.Why = fmt.Sprintf("%s in %s does not show %s", op, p, id)
	}
	return &estate.Resource{Reference: estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id}, Labels: estate.Unread[map[string]string](gap)}
}

// requires says whether every host that the source starts requires version 2, and if that is unknown, why.
func (s *source) requires(e *estate.Estate) (estate.Truth, estate.Gap) {
	if lc, ok := s.Subject.(*estate.LaunchConfiguration); ok {
		return required(e, s.place, lc.Metadata, lc.Image, "launch configuration "+lc.Ref().ID)
	}
	t, ok := s.Subject.(*estate.LaunchTemplate)
	if !ok {
		op := operation.ID("ec2:DescribeLaunchTemplateVersions")
		if s.Ref().Kind == "launch-configuration" {
			op = "autoscaling:DescribeLaunchConfigurations"
		}
		return estate.Unknown, notShown(e, s.place, op, s.Ref().ID)
	}
	all, why := estate.True, estate.Gap{}
	for _, name := range s.versions {
		truth, gap := estate.Unknown, notShown(e, s.place, "ec2:DescribeLaunchTemplateVersions", "version "+versionName(name)+" of launch template "+t.Ref().ID)
		if v, ok := t.Version(name); ok {
			truth, gap = required(e, s.place, v.Metadata, v.Image, "launch template "+t.Ref().ID)
		}
		if truth == estate.Unknown {
			why = gap
		}
		all = estate.And(all, truth)
	}
	return all, why
}

// required says what a host gets that is started with these options, in the order in which AWS decides.
func required(e *estate.Estate, p estate.Place, m estate.MetadataOptions, imageID, what string) (estate.Truth, estate.Gap) {
	said := func(m estate.MetadataOptions) estate.Truth {
		switch {
		case m.Endpoint == "disabled", m.Tokens == "required":
			return estate.True
		case m.Tokens == "optional":
			return estate.False
		}
		return estate.Unknown
	}
	if truth := said(m); truth != estate.Unknown {
		return truth, estate.Gap{}
	}
	defaults := e.DefaultsOf(p).Metadata
	if gap, unread := defaults.Unread(); unread {
		return estate.Unknown, gap
	}
	d, _ := defaults.Value()
	if m.Endpoint != "" {
		d.Endpoint = m.Endpoint
	}
	if truth := said(d); truth != estate.Unknown {
		return truth, estate.Gap{}
	}
	image := e.Image(p, imageID)
	switch {
	case image != nil:
		return estate.Is(image.TokensRequired), estate.Gap{}
	case imageID == "" || strings.HasPrefix(imageID, "resolve:"):
		return estate.Unknown, notSaid(p, "ec2:DescribeLaunchTemplateVersions", what+" leaves it to the image, and does not say which one")
	}
	return estate.Unknown, notShown(e, p, "ec2:DescribeImages", "image "+imageID)
}

func notShown(e *estate.Estate, p estate.Place, op operation.ID, what string) estate.Gap {
	gap := e.Reading(p, op, "").Gap()
	if e.Complete(p, op) {
		gap.Why = fmt.Sprintf("%s in %s does not show %s", op, p, what)
	}
	return gap
}

func notSaid(p estate.Place, op operation.ID, why string) estate.Gap {
	return estate.Gap{Place: p, Operation: op, Outcome: operation.OK, Why: why}
}

func versionName(name string) string {
	if name == "" {
		return "$Default"
	}
	return name
}

// hostAnswersVersion1 blames what the host was started from if the next one would be the same, and else the host.
func hostAnswersVersion1(e *estate.Estate, i *estate.Instance, sources []*source) control.Counter {
	ref := i.Ref()
	x := control.Counter{
		Text:  fmt.Sprintf("host %s gives the credentials of its role to requests without a token", control.Called(ref)),
		Facts: []answer.Fact{{Text: "MetadataOptions.HttpTokens is optional", Operation: "ec2:DescribeInstances"}},
	}
	if i.Profile == "" {
		x.Text = fmt.Sprintf("host %s answers metadata requests without a token", control.Called(ref))
	}
	if s := startedFrom(e, i); s != nil {
		if truth, _ := s.requires(e); truth == estate.False {
			// A template that several groups use is one cause, worded in one way.
			key := s.Ref().Key()
			if at, shared := slices.BinarySearchFunc(sources, key, func(s *source, key string) int { return strings.Compare(s.Ref().Key(), key) }); shared {
				s = sources[at]
			}
			x.Cause = startsVersion1(s).Cause
			return x
		}
	}
	x.Cause = answer.Cause{
		Key:     control.CauseKey(ref, "metadata-options"),
		Subject: ref,
		Title:   fmt.Sprintf("host %s answers version 1 of the metadata service", control.Called(ref)),
		Fix: answer.Fix{
			Text:      "Require tokens; first see in CloudWatch (MetadataNoToken) that nothing on it still asks without one. The host need not restart.",
			CLI:       []string{fmt.Sprintf("aws ec2 modify-instance-metadata-options --region %s --instance-id %s --http-tokens required --http-endpoint enabled", ref.Region, ref.ID)},
			Terraform: "resource \"aws_instance\" \"this\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}",
		},
	}
	return x
}

// startedFrom returns what would start the host's successor: what its group uses now, else the default of its template.
func startedFrom(e *estate.Estate, i *estate.Instance) *source {
	p := i.Place()
	if g := e.AutoScalingGroup(p, i.AutoScalingGroup); g != nil {
		if lc := e.LaunchConfiguration(p, g.LaunchConfiguration); lc != nil {
			return &source{Subject: lc, place: p, groups: []string{g.Ref().ID}}
		}
		for _, v := range g.Templates {
			if t, ok := template(e, p, v).(*estate.LaunchTemplate); ok && t.Ref().ID == i.Template.ID {
				return &source{Subject: t, place: p, groups: []string{g.Ref().ID}, versions: []string{v.Version}}
			}
		}
		return nil
	}
	if t := e.LaunchTemplate(p, i.Template.ID); t != nil {
		return &source{Subject: t, place: p, versions: []string{"$Default"}}
	}
	return nil
}

// startsVersion1 is the counter-example that a template or a launch configuration is, and the cause of its hosts'.
func startsVersion1(s *source) control.Counter {
	ref := s.Ref()
	what, op := "launch template", operation.ID("ec2:DescribeLaunchTemplateVersions")
	fix := answer.Fix{
		Text: "Make a version that requires tokens, use it, and replace the hosts or change them in place.",
		CLI: []string{
			fmt.Sprintf("aws ec2 create-launch-template-version --region %s --launch-template-id %s --source-version '$Latest' --launch-template-data '{\"MetadataOptions\":{\"HttpTokens\":\"required\"}}'", ref.Region, ref.ID),
			fmt.Sprintf("aws ec2 modify-launch-template --region %s --launch-template-id %s --default-version NEW_VERSION", ref.Region, ref.ID),
		},
		Terraform: "resource \"aws_launch_template\" \"this\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}",
	}
	fact := "MetadataOptions.HttpTokens of version " + versionName(strings.Join(s.versions, ", ")) + " does not come to required"
	if ref.Kind == "launch-configuration" {
		what, op = "launch configuration", "autoscaling:DescribeLaunchConfigurations"
		fix.Text = "A launch configuration cannot be changed: move its groups to a launch template that requires tokens, and replace the hosts."
		fix.CLI = nil
		for _, g := range s.groups {
			fix.CLI = append(fix.CLI, fmt.Sprintf("aws autoscaling update-auto-scaling-group --region %s --auto-scaling-group-name %s --launch-template LaunchTemplateId=TEMPLATE", ref.Region, control.ShellQuote(g)))
		}
		fact = "MetadataOptions.HttpTokens does not come to required"
	}
	for _, g := range s.groups {
		fix.CLI = append(fix.CLI, fmt.Sprintf("aws autoscaling start-instance-refresh --region %s --auto-scaling-group-name %s", ref.Region, control.ShellQuote(g)))
	}
	fix.CLI = append(fix.CLI, fmt.Sprintf("aws ec2 modify-instance-metadata-defaults --region %s --http-tokens required", ref.Region))
	text := fmt.Sprintf("%s %s starts hosts that answer version 1 of the metadata service", what, control.Called(ref))
	return control.Counter{
		Text:  text,
		Facts: []answer.Fact{{Text: fact, Operation: op}},
		Cause: answer.Cause{Key: control.CauseKey(ref, "metadata-options"), Subject: ref, Title: text, Fix: fix},
	}
}
