package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	types "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// readACM reads the certificates of every kind of key: without the list of kinds, AWS shows those with RSA keys of 1024 and 2048
// bits only.
func readACM(ctx context.Context, p *place) {
	client := acm.NewFromConfig(p.config)
	var arns []*string
	for _, page := range call(ctx, p, "acm:ListCertificates", client.ListCertificates, &acm.ListCertificatesInput{
		MaxItems: aws.Int32(1000), Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()}}) {
		for _, c := range page.CertificateSummaryList {
			arns = append(arns, c.CertificateArn)
		}
	}
	each(arns, itemsAtOnce, func(arn *string) {
		call(ctx, p, "acm:DescribeCertificate", client.DescribeCertificate, &acm.DescribeCertificateInput{CertificateArn: arn})
	})
}
