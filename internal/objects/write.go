package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// A Target is where one object is to be: it is put there at once, or in parts that become an object when Finish has returned. Until
// then, what was there stays. It is safe for use by several goroutines.
type Target struct {
	client *Client
	at     Location
	match  *string
}

// Target returns the place of an object that is to be written.
func (c *Client) Target(at Location) *Target { return &Target{c, at, nil} }

// Replacing returns the place of an object that is to be written only while the one that was read is there still: otherwise writing
// ends with ErrChanged.
func (c *Client) Replacing(o Object) *Target {
	t := c.Target(o.Location)
	if o.ETag != "" {
		t.match = &o.ETag
	}
	return t
}

const contentType = "application/octet-stream"

// Put writes the object at once.
func (t *Target) Put(ctx context.Context, body []byte) error {
	_, err := t.client.bucket(ctx, t.at.Bucket).PutObject(ctx, &s3.PutObjectInput{
		Bucket: &t.at.Bucket, Key: &t.at.Key, Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))), ContentType: aws.String(contentType), IfMatch: t.match,
	})
	return explain("s3:PutObject", t.at, err)
}

// Begin opens an upload and returns its id. It costs storage until Finish or End.
func (t *Target) Begin(ctx context.Context) (string, error) {
	out, err := t.client.bucket(ctx, t.at.Bucket).CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &t.at.Bucket, Key: &t.at.Key, ContentType: aws.String(contentType),
	})
	if err != nil {
		return "", explain("s3:PutObject", t.at, err)
	}
	if aws.ToString(out.UploadId) == "" {
		return "", fmt.Errorf("%s: S3 opened an upload and did not name it", t.at)
	}
	return *out.UploadId, nil
}

// PutPart writes a part, numbered from 1 to 10,000, and returns its tag for Finish. All parts but the last have 5 MiB or more:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
func (t *Target) PutPart(ctx context.Context, upload string, number int, body []byte) (string, error) {
	out, err := t.client.bucket(ctx, t.at.Bucket).UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &t.at.Bucket, Key: &t.at.Key, UploadId: &upload, PartNumber: aws.Int32(int32(number)),
		Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))),
	})
	if err != nil {
		return "", explain("s3:PutObject", t.at, err)
	}
	return aws.ToString(out.ETag), nil
}

// Finish makes an object of the parts whose tags are given in order.
func (t *Target) Finish(ctx context.Context, upload string, tags []string) error {
	parts := make([]types.CompletedPart, len(tags))
	for i, tag := range tags {
		parts[i] = types.CompletedPart{ETag: aws.String(tag), PartNumber: aws.Int32(int32(i + 1))}
	}
	_, err := t.client.bucket(ctx, t.at.Bucket).CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &t.at.Bucket, Key: &t.at.Key, UploadId: &upload, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}, IfMatch: t.match,
	})
	return explain("s3:PutObject", t.at, err)
}

// End ends an upload without making an object. That there is no such upload is as good.
func (t *Target) End(ctx context.Context, upload string) error {
	_, err := t.client.bucket(ctx, t.at.Bucket).AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &t.at.Bucket, Key: &t.at.Key, UploadId: &upload,
	})
	if err = explain("s3:AbortMultipartUpload", t.at, err); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Parts returns the tags and sizes of the parts of an upload by number. It is fs.ErrNotExist if there is no such upload.
func (t *Target) Parts(ctx context.Context, upload string) (tags map[int]string, sizes map[int]int64, err error) {
	tags, sizes = map[int]string{}, map[int]int64{}
	pages := s3.NewListPartsPaginator(t.client.bucket(ctx, t.at.Bucket), &s3.ListPartsInput{Bucket: &t.at.Bucket, Key: &t.at.Key, UploadId: &upload})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, explain("s3:ListMultipartUploadParts", t.at, err)
		}
		for _, p := range page.Parts {
			number := int(aws.ToInt32(p.PartNumber))
			tags[number], sizes[number] = aws.ToString(p.ETag), aws.ToInt64(p.Size)
		}
	}
	return tags, sizes, nil
}

// Uploads returns the open uploads to exactly this place that were begun until then by S3's clock.
func (t *Target) Uploads(ctx context.Context, until time.Time) ([]string, error) {
	var ids []string
	pages := s3.NewListMultipartUploadsPaginator(t.client.bucket(ctx, t.at.Bucket), &s3.ListMultipartUploadsInput{Bucket: &t.at.Bucket, Prefix: &t.at.Key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain("s3:ListBucketMultipartUploads", t.at, err)
		}
		for _, u := range page.Uploads {
			if aws.ToString(u.Key) == t.at.Key && !aws.ToTime(u.Initiated).After(until) {
				ids = append(ids, aws.ToString(u.UploadId))
			}
		}
	}
	return ids, nil
}

// Start reads the first n bytes of the object that is there now, or fewer if it is shorter.
func (t *Target) Start(ctx context.Context, n int) ([]byte, error) {
	o, err := t.client.Stat(ctx, t.at)
	if err != nil {
		return nil, err
	}
	start := make([]byte, min(int64(n), o.Size))
	if len(start) == 0 {
		return start, nil
	}
	if _, err = t.client.At(ctx, o).ReadAt(start, 0); err == io.EOF {
		err = nil
	}
	return start, err
}
