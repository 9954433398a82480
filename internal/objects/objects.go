// Package objects reads and writes objects of Amazon S3 as streams, and has AWS KMS wrap data keys, for package seal. It knows nothing
// of encryption: what it is given it stores, what is stored it gives.
//
// It promises: an object is there whole or not at all; what is read is one version of the object from start to end, or an error;
// and memory is bounded by the parts in work, whatever the size of the object.
package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// A Client talks to S3 and KMS with the usual credentials of AWS's tools. It is safe for use by several goroutines.
type Client struct {
	config  aws.Config
	mu      sync.Mutex
	regions map[string]string // bucket -> Region
	clients map[string]*s3.Client
}

// Options say who asks, and where first.
type Options struct {
	Profile string // of ~/.aws/config; empty: what the environment says
	Region  string // of KMS keys without one, and of buckets that do not tell theirs
}

// New reads the AWS configuration. It asks nothing yet.
func New(ctx context.Context, opts Options) (*Client, error) {
	load := []func(*config.LoadOptions) error{
		config.WithAppID("onus"), config.WithRetryMaxAttempts(5),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = 16 })),
	}
	if opts.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(opts.Profile))
	}
	if opts.Region != "" {
		load = append(load, config.WithRegion(opts.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	var missing config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("there is no profile %q in ~/.aws/config or ~/.aws/credentials: pass --profile with one that `aws configure list-profiles` shows", missing.Profile)
	case err != nil:
		return nil, fmt.Errorf("the AWS configuration is not read (%w): check ~/.aws/config and the AWS_ variables of the environment", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	return newClient(cfg), nil
}

func newClient(cfg aws.Config) *Client {
	return &Client{config: cfg, regions: map[string]string{}, clients: map[string]*s3.Client{}}
}

// Endpoint is where requests go if that is not AWS, from the configuration; empty for AWS.
func (c *Client) Endpoint() string { return aws.ToString(c.config.BaseEndpoint) }

// A Location is where an object is.
type Location struct{ Bucket, Key string }

// String is the location as a URL: "s3://bucket/key".
func (l Location) String() string { return "s3://" + l.Bucket + "/" + l.Key }

// ParseLocation reads "s3://bucket/key"; the key may be empty.
func ParseLocation(text string) (Location, error) {
	rest, ok := strings.CutPrefix(text, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
		return Location{}, fmt.Errorf("%q does not start with s3://", text)
	case bucket == "":
		return Location{}, fmt.Errorf("%q names no bucket: write s3://bucket/key", text)
	case len(key) > 1024: // https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
		return Location{}, fmt.Errorf("the key of %q has %d bytes, and S3 takes 1,024", text, len(key))
	}
	return Location{bucket, key}, nil
}

// An Object is what S3 tells of an object. None of it is authenticated.
type Object struct {
	Location
	Size     int64
	ETag     string
	Version  string // of a bucket with versions
	Modified time.Time
	Metadata map[string]string // user metadata, names in lower case without "x-amz-meta-"
}

// Stat asks for an object. It is fs.ErrNotExist if there is none.
func (c *Client) Stat(ctx context.Context, at Location) (Object, error) {
	client := c.bucket(ctx, at.Bucket)
	out, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &at.Bucket, Key: &at.Key})
	if err != nil {
		return Object{}, explain("s3:GetObject", at, err)
	}
	metadata := map[string]string{}
	for name, value := range out.Metadata {
		metadata[strings.ToLower(name)] = value
	}
	return Object{at, aws.ToInt64(out.ContentLength), aws.ToString(out.ETag), aws.ToString(out.VersionId), aws.ToTime(out.LastModified), metadata}, nil
}

// List goes through the objects whose keys start with the prefix, in the order of their keys. Metadata is not told. It ends at the first
// error.
func (c *Client) List(ctx context.Context, prefix Location) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		client := c.bucket(ctx, prefix.Bucket)
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
			// A key may have characters that XML cannot carry: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
			Bucket: &prefix.Bucket, Prefix: &prefix.Key, EncodingType: types.EncodingTypeUrl,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(Object{}, explain("s3:ListBucket", prefix, err))
				return
			}
			for _, o := range page.Contents {
				at := Location{prefix.Bucket, aws.ToString(o.Key)}
				if page.EncodingType == types.EncodingTypeUrl { // not all servers that speak S3 do it
					if at.Key, err = url.QueryUnescape(at.Key); err != nil {
						yield(Object{}, fmt.Errorf("%s: the list of its objects is not read: %w", prefix, err))
						return
					}
				}
				if !yield(Object{Location: at, Size: aws.ToInt64(o.Size), ETag: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// bucket is the client for a bucket: S3 wants to be asked in the bucket's Region, and tells it even to those who may not
// list: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (c *Client) bucket(ctx context.Context, name string) *s3.Client {
	c.mu.Lock()
	region, known := c.regions[name]
	c.mu.Unlock()
	if !known {
		region = c.config.Region
		if c.config.BaseEndpoint == nil {
			region = c.regionOf(ctx, name)
		}
		c.mu.Lock()
		c.regions[name] = region
		c.mu.Unlock()
	}
	return c.in(region)
}

func (c *Client) regionOf(ctx context.Context, bucket string) string {
	out, err := c.in(c.config.Region).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil && aws.ToString(out.BucketRegion) != "" {
		return *out.BucketRegion
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		if region := answer.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return region
		}
	}
	return c.config.Region
}

func (c *Client) in(region string) *s3.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clients[region] == nil {
		c.clients[region] = s3.NewFromConfig(c.config, func(o *s3.Options) {
			o.Region = region
			o.UsePathStyle = o.BaseEndpoint != nil
			// The signature covers the body's SHA-256, and what is stored authenticates itself. Checksums beside that are not known to
			// all servers that speak S3.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		})
	}
	return c.clients[region]
}

// ErrChanged is the error for an object that was replaced while it was read or rewritten.
var ErrChanged = errors.New("it was replaced meanwhile: run again")

// ErrNoBucket is the error for a bucket that is not there.
var ErrNoBucket = errors.New("there is no bucket")

// explain says what was asked, of what, and what to do about the answer.
func explain(action string, at Location, err error) (explained error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	what := at.String()
	var api smithy.APIError
	var status *awshttp.ResponseError
	answered := errors.As(err, &status) && status.HTTPStatusCode() >= 400 && status.HTTPStatusCode() < 500
	if errors.As(err, &api) {
		if answered {
			defer func() { explained = &rejected{explained} }()
		}
		switch api.ErrorCode() {
		case "NoSuchKey", "NotFound", "NoSuchUpload":
			return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
		case "NoSuchBucket":
			return fmt.Errorf("%w %q: check its name", ErrNoBucket, at.Bucket)
		case "AccessDenied", "Forbidden", "AllAccessDisabled":
			return fmt.Errorf("%s: denied: these credentials need %s there, and S3 says the same of what does not exist to those who may not list", what, action)
		case "PreconditionFailed", "NoSuchVersion":
			return fmt.Errorf("%s: %w", what, ErrChanged)
		case "ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken":
			return fmt.Errorf("%s: AWS does not take these credentials (%s): renew them, or choose others with --profile", what, api.ErrorCode())
		}
		return fmt.Errorf("%s: %s: %s: %s", what, action, api.ErrorCode(), api.ErrorMessage())
	}
	var network net.Error
	switch {
	case answered && status.HTTPStatusCode() == http.StatusNotFound:
		return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
	case errors.As(err, &network):
		return fmt.Errorf("%s: S3 is not reached: %w", what, network)
	case strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "get identity"):
		return fmt.Errorf("%s: there are no AWS credentials: set them in the environment, or name a --profile", what)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// rejected is the error of a request that S3 understood and did not carry out.
type rejected struct{ error }

// Rejected implements what package seal asks of the errors of a store.
func (e *rejected) Rejected() bool { return true }

func (e *rejected) Unwrap() error { return e.error }
