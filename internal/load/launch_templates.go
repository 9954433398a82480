package load

import (
	"cmp"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// launchTemplates reads launch templates. What hosts will be like stands in their versions, of which only the default and
// the newest are asked for; the listing of templates adds no more than tags.
func (l *loader) launchTemplates() {
	type templateKey struct {
		estate.Place
		id string
	}
	templates := map[templateKey]*estate.LaunchTemplate{}
	add := func(p estate.Place, id, name string, labels estate.Known[map[string]string]) *estate.LaunchTemplate {
		key := templateKey{p, id}
		t := templates[key]
		if t == nil {
			t = &estate.LaunchTemplate{Resource: estate.Resource{
				Reference: estate.Ref{Kind: "launch-template", Account: p.Account, Region: p.Region, ID: id, ARN: arn("ec2", p, "launch-template/"+id), Name: name},
				Labels:    labels,
			}}
			templates[key] = t
			l.estate.LaunchTemplates = append(l.estate.LaunchTemplates, t)
		}
		return t
	}

	type templateList struct {
		LaunchTemplates []struct {
			LaunchTemplateID   string `json:"LaunchTemplateId"`
			LaunchTemplateName string
			Tags               []tag
		}
	}
	each(l, "ec2:DescribeLaunchTemplates", func(p estate.Place, page *templateList) {
		for _, t := range page.LaunchTemplates {
			add(p, t.LaunchTemplateID, t.LaunchTemplateName, estate.Know(tagMap(t.Tags)))
		}
	})

	type versionList struct {
		LaunchTemplateVersions []struct {
			LaunchTemplateID   string `json:"LaunchTemplateId"`
			LaunchTemplateName string
			VersionNumber      int64
			DefaultVersion     bool
			LaunchTemplateData struct {
				ImageID            string `json:"ImageId"`
				MetadataOptions    metadataOptions
				KeyName            string
				IamInstanceProfile struct{ Arn, Name string }
			}
		}
	}
	each(l, "ec2:DescribeLaunchTemplateVersions", func(p estate.Place, page *versionList) {
		unread := l.estate.Reading(p, "ec2:DescribeLaunchTemplates", "").Gap()
		for _, v := range page.LaunchTemplateVersions {
			t := add(p, v.LaunchTemplateID, v.LaunchTemplateName, estate.Unread[map[string]string](unread))
			if slices.ContainsFunc(t.Versions, func(old estate.LaunchTemplateVersion) bool { return old.Number == v.VersionNumber }) {
				continue
			}
			t.Versions = append(t.Versions, estate.LaunchTemplateVersion{
				Number: v.VersionNumber, Default: v.DefaultVersion,
				Image: v.LaunchTemplateData.ImageID, Metadata: v.LaunchTemplateData.MetadataOptions.estate(),
				Profile: cmp.Or(v.LaunchTemplateData.IamInstanceProfile.Arn, v.LaunchTemplateData.IamInstanceProfile.Name), KeyPair: v.LaunchTemplateData.KeyName,
			})
		}
	})
	for _, t := range l.estate.LaunchTemplates {
		slices.SortFunc(t.Versions, func(a, b estate.LaunchTemplateVersion) int { return int(min(1, max(-1, a.Number-b.Number))) })
		// The newest is known only where no page is missing.
		if n := len(t.Versions); n > 0 && l.estate.Complete(t.Place(), "ec2:DescribeLaunchTemplateVersions") {
			t.Latest = t.Versions[n-1].Number
		}
	}
	l.estate.LaunchTemplates = byKey(l.estate.LaunchTemplates)
}
