package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/operation"
)

func newPolicy() *cobra.Command {
	var s source
	sample := false
	c := &cobra.Command{
		Use:   "policy",
		Short: "print the least-privilege IAM policy that reading needs",
		Long: `Prints the IAM policy that onus needs to read an account: exactly the actions of the
operations that it calls, all of access level List or Read, generated from the same
table. Reading other accounts needs sts:AssumeRole on their roles besides, which this
policy leaves to you.

Put it into the role itself: it is longer than the 6,144 characters that a managed policy
may have, and shorter than the 10,240 that a role may have inline.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

With --sample it holds besides what onus check --sample needs: to list and to read the
objects in the places that claims say are encrypted with a local key, and no others.`,
		Example: `  onus policy > onus-reader.json
  onus policy --sample > onus-reader.json
  aws iam put-role-policy --role-name OnusReader --policy-name OnusReads --policy-document file://onus-reader.json`,
		RunE: func(c *cobra.Command, _ []string) error {
			statements := []statement{{Sid: "OnusReads", Effect: "Allow", Action: operation.Actions(), Resource: []string{"*"}}}
			if sample {
				suite, err := catalog.Suite()
				if err != nil {
					return err
				}
				file, err := s.readClaims(suite)
				if err != nil {
					return err
				}
				l := live{sample: 1}
				if err := l.declare(file); err != nil {
					return err
				}
				statements = append(statements, sampling(file.S3Places())...)
			}
			e := json.NewEncoder(c.OutOrStdout())
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(struct {
				Version   string
				Statement []statement
			}{"2012-10-17", statements})
		},
	}
	c.Flags().BoolVar(&sample, "sample", false, "with the reading of objects that --sample of check and collect needs")
	c.Flags().StringVar(&s.claims, "claims", "", "the claims file that declares the places (default: onus.yaml)")
	return c
}

type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Action    []string
	Resource  resources
	Condition map[string]map[string]string `json:",omitempty"`
}

// resources is one of a policy's resources as a text, several as a list.
type resources []string

func (r resources) MarshalJSON() ([]byte, error) {
	if len(r) == 1 {
		return json.Marshal(r[0])
	}
	return json.Marshal([]string(r))
}

// sampling are the statements for the operations of the table that are asked only where the user wants it, each with the resources that it
// is about: listing is a right on the bucket, narrowed by a condition, reading is one on objects. Other partitions than aws have their own ARNs.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
func sampling(places []claims.S3Place) []statement {
	var all []statement
	objects := resources{}
	for _, p := range places {
		list := statement{Effect: "Allow", Action: []string{"s3:ListBucket", "s3:ListBucketVersions"}, Resource: resources{"arn:aws:s3:::" + p.Bucket}}
		if p.Prefix != "" {
			list.Condition = map[string]map[string]string{"StringEquals": {"s3:prefix": p.Prefix}}
		}
		all = append(all, list)
		objects = append(objects, "arn:aws:s3:::"+p.Bucket+"/"+p.Prefix+"*")
	}
	return append(all, statement{Effect: "Allow", Action: []string{"s3:GetObject", "s3:GetObjectVersion"}, Resource: objects})
}
