package report

import (
	"net/url"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

func TestConsole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ref     estate.Ref
		address string
		path    string
	}{
		{jenkins, "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#InstanceDetails:instanceId=i-0f3c9a7e51d2b8c46", "EC2 > Instances > i-0f3c9a7e51d2b8c46"},
		{exports, "https://us-east-1.console.aws.amazon.com/s3/buckets/acme-partner-exports", "S3 > Buckets > acme-partner-exports"},
		{ref("role", prod, estate.Global, "ci", ""), "https://us-east-1.console.aws.amazon.com/iam/home#/roles/details/ci", "IAM > Roles > ci"},
		{ref("db-cluster", prod, "cn-north-1", "orders", ""), "https://cn-north-1.console.amazonaws.cn/rds/home?region=cn-north-1#database:id=orders;is-cluster=true", "RDS > Databases > orders"},
		{ref("instance", prod, "us-gov-west-1", "i-1", ""), "https://us-gov-west-1.console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#InstanceDetails:instanceId=i-1", "EC2 > Instances > i-1"},
		{estate.Ref{Kind: "queue", Region: "eu-west-1", ID: "q", ARN: "arn:aws:sqs:eu-west-1:111122223333:q"}, "https://eu-west-1.console.aws.amazon.com/go/view?arn=arn%3Aaws%3Asqs%3Aeu-west-1%3A111122223333%3Aq", "search for q in the console's search bar"},
		{ref("queue", prod, "eu-west-1", "q", ""), "", "search for q in the console's search bar"},
		{ref("user", prod, estate.Global, "a b/c#d", ""), "https://us-east-1.console.aws.amazon.com/iam/home#/users/details/a%20b%2Fc%23d", "IAM > Users > a b/c#d"},
		{ref("instance", prod, "evil.example/", "i-1", ""), "", "EC2 > Instances > i-1"},
	} {
		address, path := Console(test.ref)
		if address != test.address || path != test.path {
			t.Errorf("%s %s: got %s, %s; want %s, %s", test.ref.Kind, test.ref.ID, address, path, test.address, test.path)
		}
	}
}

// Whatever kind, each page is an address of the console with every part filled in.
func TestEveryPageIsAnAddress(t *testing.T) {
	t.Parallel()
	for kind := range pages {
		r := estate.Ref{Kind: kind, Account: prod, Region: "eu-west-1", ID: "x-{id}", Name: "a name", ARN: "arn:aws:x:eu-west-1:111122223333:y/x-1"}
		address, path := Console(r)
		u, err := url.Parse(address)
		if err != nil || u.Host != "eu-west-1.console.aws.amazon.com" || strings.ContainsAny(address, "{} ") {
			t.Errorf("%s: %q is not an address (%v)", kind, address, err)
		}
		if path == "" {
			t.Errorf("%s: there is no way in words", kind)
		}
	}
}
