package load

import (
	"cmp"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// origin is where a distribution fetches from. The values of the headers that it adds are left out: they are secrets.
type origin struct {
	ID                    string `json:"Id"`
	DomainName            string
	OriginAccessControlID string `json:"OriginAccessControlId"`
	CustomHeaders         struct{ Items []struct{ HeaderName string } }
	CustomOriginConfig    struct {
		HTTPPort, HTTPSPort  int
		OriginProtocolPolicy string
	}
	VpcOriginConfig struct {
		VpcOriginID string `json:"VpcOriginId"`
	}
}

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
				Origins              struct{ Items []origin }
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
				source := estate.Origin{ID: o.ID, Domain: o.DomainName, AccessControl: o.OriginAccessControlID, VPCOrigin: o.VpcOriginConfig.VpcOriginID, Protocol: o.CustomOriginConfig.OriginProtocolPolicy,
					HTTPPort: o.CustomOriginConfig.HTTPPort, HTTPSPort: o.CustomOriginConfig.HTTPSPort}
				for _, h := range o.CustomHeaders.Items {
					source.Headers = append(source.Headers, h.HeaderName)
				}
				source.Headers = distinct(source.Headers)
				x.Sources = append(x.Sources, source)
			}
			x.Origins = sorted(x.Origins)
			slices.SortFunc(x.Sources, func(a, b estate.Origin) int { return cmp.Compare(a.ID, b.ID) })
			l.estate.Distributions = append(l.estate.Distributions, x)
		}
	})
	l.estate.Distributions = byKey(l.estate.Distributions)
}

// vpcOrigins reads the load balancers and instances in private subnets that CloudFront reaches.
func (l *loader) vpcOrigins() {
	type originList struct {
		VpcOriginList struct {
			Items []struct {
				ID                string `json:"Id"`
				Name              string
				Arn               string
				Status            string
				OriginEndpointArn string
			}
		}
	}
	type description struct {
		VpcOrigin struct {
			VpcOriginEndpointConfig struct {
				HTTPPort, HTTPSPort  int
				OriginProtocolPolicy string
			}
		}
	}
	each(l, "cloudfront:ListVpcOrigins", func(p estate.Place, page *originList) {
		for _, o := range page.VpcOriginList.Items {
			x := &estate.VPCOrigin{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "vpc-origin", Account: p.Account, Region: estate.Global, ID: o.ID, ARN: o.Arn, Name: o.Name},
					Labels:    l.tagsOf(p, o.Arn),
				},
				Of:     o.OriginEndpointArn,
				Status: o.Status,
			}
			x.Ports = about(l, p, "cloudfront:GetVpcOrigin", o.ID, func(pages []description) (ports []int) {
				c := last(pages).VpcOrigin.VpcOriginEndpointConfig
				x.Protocol, x.HTTPPort, x.HTTPSPort = c.OriginProtocolPolicy, c.HTTPPort, c.HTTPSPort
				if c.OriginProtocolPolicy != "https-only" {
					ports = append(ports, c.HTTPPort)
				}
				if c.OriginProtocolPolicy != "http-only" {
					ports = append(ports, c.HTTPSPort)
				}
				slices.Sort(ports)
				return slices.Compact(ports)
			})
			if ports, ok := x.Ports.Value(); ok && (len(ports) == 0 || ports[0] == 0) {
				gap := l.estate.Reading(p, "cloudfront:GetVpcOrigin", o.ID).Gap()
				gap.Why = "cloudfront:GetVpcOrigin does not say the ports of VPC origin " + o.ID
				x.Ports = estate.Unread[[]int](gap)
			}
			l.estate.VPCOrigins = append(l.estate.VPCOrigins, x)
		}
	})
	l.estate.VPCOrigins = byKey(l.estate.VPCOrigins)
}

// originIdentities reads the identities by which CloudFront asks S3, of which policies may name the canonical user id.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
func (l *loader) originIdentities() {
	type identityList struct {
		CloudFrontOriginAccessIdentityList struct {
			Items []struct {
				S3CanonicalUserID string `json:"S3CanonicalUserId"`
			}
		}
	}
	each(l, "cloudfront:ListCloudFrontOriginAccessIdentities", func(p estate.Place, page *identityList) {
		for _, i := range page.CloudFrontOriginAccessIdentityList.Items {
			if a := l.estate.Account(p.Account); a != nil && i.S3CanonicalUserID != "" {
				a.OriginIdentities = sorted(append(a.OriginIdentities, i.S3CanonicalUserID))
			}
		}
	})
}
