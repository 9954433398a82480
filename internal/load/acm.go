package load

import (
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// certificates reads the certificates of ACM, as far as their listing tells them.
func (l *loader) certificates() {
	type certificateList struct {
		CertificateSummaryList []struct {
			CertificateArn string
			DomainName     string
			Status         string
			NotAfter       when
			InUse          *bool
		}
	}
	each(l, "acm:ListCertificates", func(p estate.Place, page *certificateList) {
		for _, c := range page.CertificateSummaryList {
			x := &estate.Certificate{
				Resource: estate.Resource{
					Reference: estate.Ref{Kind: "certificate", Account: p.Account, Region: p.Region,
						ID: c.CertificateArn[strings.LastIndex(c.CertificateArn, "/")+1:], ARN: c.CertificateArn, Name: c.DomainName},
					Labels: l.tagsOf(p, c.CertificateArn),
				},
				Domain:   c.DomainName,
				Status:   c.Status,
				NotAfter: c.NotAfter.Time,
			}
			if c.InUse != nil {
				x.InUse = estate.Know(*c.InUse)
			}
			l.estate.Certificates = append(l.estate.Certificates, x)
		}
	})
	l.estate.Certificates = byKey(l.estate.Certificates)
}
