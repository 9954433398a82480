package load

import "github.com/onus-cloud/onus/internal/estate"

// distributions reads CloudFront distributions, which have no Region.
func (l *loader) distributions() {
	type distributionList struct {
		DistributionList struct {
			Items []struct {
				ID                   string `json:"Id"`
				ARN                  string
				DomainName           string
				Enabled              *bool
				Staging              bool
				WebACLID             string `json:"WebACLId"`
				Aliases              struct{ Items []string }
				Origins              struct{ Items []struct{ DomainName string } }
				DefaultCacheBehavior struct{ ViewerProtocolPolicy string }
				ViewerCertificate    struct {
					CloudFrontDefaultCertificate bool
					MinimumProtocolVersion       string
				}
			}
		}
	}
	each(l, "cloudfront:ListDistributions", func(p estate.Place, page *distributionList) {
		for _, d := range page.DistributionList.Items {
			x := &estate.Distribution{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "distribution", Account: p.Account, Region: estate.Global, ID: d.ID, ARN: d.ARN, Name: d.DomainName},
					Labels:    l.tagsOf(p, d.ARN),
				},
				Staging:        d.Staging,
				Domain:         d.DomainName,
				Aliases:        sorted(d.Aliases.Items),
				WebACL:         d.WebACLID,
				ViewerPolicy:   d.DefaultCacheBehavior.ViewerProtocolPolicy,
				MinimumTLS:     d.ViewerCertificate.MinimumProtocolVersion,
				OwnCertificate: !d.ViewerCertificate.CloudFrontDefaultCertificate,
			}
			if d.Enabled != nil {
				x.Enabled = estate.Know(*d.Enabled)
			} else {
				gap := l.estate.Reading(p, "cloudfront:ListDistributions", "").Gap()
				gap.Why = "cloudfront:ListDistributions does not say whether distribution " + d.ID + " is enabled"
				x.Enabled = estate.Unread[bool](gap)
			}
			if len(x.Aliases) > 0 {
				x.Reference.Name = x.Aliases[0] // what people type
			}
			for _, o := range d.Origins.Items {
				x.Origins = append(x.Origins, o.DomainName)
			}
			x.Origins = sorted(x.Origins)
			l.estate.Distributions = append(l.estate.Distributions, x)
		}
	})
	l.estate.Distributions = byKey(l.estate.Distributions)
}
