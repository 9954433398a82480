package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// readS3 reads the buckets. Each is asked in its own Region, also where other Regions are read: buckets belong to the account.
func readS3(ctx context.Context, p *place) {
	client := s3Client(p, p.config.Region)
	var buckets []bucket
	// Regions are told only to a question that has a parameter.
	for _, page := range call(ctx, p, "s3:ListBuckets", client.ListBuckets, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)}) {
		for _, b := range page.Buckets {
			buckets = append(buckets, bucket{aws.ToString(b.Name), aws.ToString(b.BucketRegion)})
		}
	}
	each(buckets, itemsAtOnce, func(b bucket) { readBucket(ctx, p, b) })
}

type bucket struct{ name, region string }

func readBucket(ctx context.Context, p *place, b bucket) {
	name := aws.String(b.name)
	if b.region == "" {
		b.region = p.config.Region
		for _, page := range call(ctx, p, "s3:GetBucketLocation", s3Client(p, p.config.Region).GetBucketLocation, &s3.GetBucketLocationInput{Bucket: name}) {
			switch page.LocationConstraint {
			case "":
				b.region = "us-east-1"
			case "EU":
				b.region = "eu-west-1"
			default:
				b.region = string(page.LocationConstraint)
			}
		}
	}
	client := s3Client(p, b.region)
	call(ctx, p, "s3:GetBucketEncryption", sayBlocked(client.GetBucketEncryption), &s3.GetBucketEncryptionInput{Bucket: name})
	call(ctx, p, "s3:GetBucketPolicy", client.GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: name})
	call(ctx, p, "s3:GetBucketPolicyStatus", client.GetBucketPolicyStatus, &s3.GetBucketPolicyStatusInput{Bucket: name})
	call(ctx, p, "s3:GetBucketAcl", client.GetBucketAcl, &s3.GetBucketAclInput{Bucket: name})
	call(ctx, p, "s3:GetPublicAccessBlock", client.GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: name})
	call(ctx, p, "s3:GetBucketOwnershipControls", client.GetBucketOwnershipControls, &s3.GetBucketOwnershipControlsInput{Bucket: name})
	versioning := call(ctx, p, "s3:GetBucketVersioning", client.GetBucketVersioning, &s3.GetBucketVersioningInput{Bucket: name})
	call(ctx, p, "s3:GetBucketLogging", client.GetBucketLogging, &s3.GetBucketLoggingInput{Bucket: name})
	call(ctx, p, "s3:GetObjectLockConfiguration", client.GetObjectLockConfiguration, &s3.GetObjectLockConfigurationInput{Bucket: name})
	for _, prefix := range p.Sample.Prefixes {
		if prefix.Bucket == b.name && p.Sample.Objects > 0 {
			// A bucket that does not tell, or stopped to keep versions, may have some.
			sampleObjects(ctx, p, client, prefix, len(versioning) == 0 || versioning[0].Status != "")
		}
	}
}

// sayBlocked makes it said where no kind of encryption is blocked: S3 leaves the member out, and so does whoever does not know it.
func sayBlocked(ask func(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)) func(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return func(ctx context.Context, in *s3.GetBucketEncryptionInput, options ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
		out, err := ask(ctx, in, options...)
		if err == nil && out.ServerSideEncryptionConfiguration != nil {
			for i, rule := range out.ServerSideEncryptionConfiguration.Rules {
				if rule.BlockedEncryptionTypes == nil {
					out.ServerSideEncryptionConfiguration.Rules[i].BlockedEncryptionTypes = &types.BlockedEncryptionTypes{}
				}
			}
		}
		return out, err
	}
}

// s3Client is the place's client of S3 in a Region, one for all buckets there, so that they share what it learns of the rate
// that AWS bears. An emulator knows no host for each bucket, so there the bucket stands in the path.
func s3Client(p *place, region string) *s3.Client {
	if c, ok := p.buckets.Load(region); ok {
		return c.(*s3.Client)
	}
	c, _ := p.buckets.LoadOrStore(region, s3.NewFromConfig(p.config, func(o *s3.Options) {
		o.Region = region
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a part of an object has no checksum
	}))
	return c.(*s3.Client)
}
