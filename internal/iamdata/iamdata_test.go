package iamdata

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c := embedded()
	if n := len(c.Actions()); n != 21788 || len(c.Services()) != 455 || c.Date.Format(time.DateOnly) != "2026-08-22" {
		t.Errorf("%d actions of %d services of %s", n, len(c.Services()), c.Date)
	}
	none := 0
	for i := range c.Actions() {
		if len(c.Actions()[i].Resources) == 0 {
			none++
		}
	}
	if none != 6602 {
		t.Errorf("%d actions know no resource", none)
	}
	a, ok := c.Action("S3:getobject")
	if !ok || a.String() != "s3:GetObject" || a.Level != "Read" || len(a.Resources) != 2 || a.Resources[1] != (ActionResource{Name: "object"}) {
		t.Errorf("s3:GetObject is %+v", a)
	}
	if a, _ := c.Action("access-analyzer:StartPolicyGeneration"); len(a.Dependent) != 1 || a.Dependent[0] != "iam:PassRole" {
		t.Errorf("it depends on %v", a.Dependent)
	}
	s, _ := c.Service("s3")
	if got := s.Resources["bucket"].ARNs; len(got) != 1 || got[0] != "arn:${Partition}:s3:::${BucketName}" {
		t.Errorf("a bucket is %v", got)
	}
	if i := c.Index("iam:PassRole"); i < 0 || c.Actions()[i].Name != "PassRole" || c.Index("iam:FlyRole") != -1 || len(c.Of("sts")) == 0 {
		t.Errorf("iam:PassRole is action %d", i)
	}
}

func TestCatalogueIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := embedded().Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(embedded().Actions(), again.Actions()); diff != "" {
		t.Error(diff)
	}
}

func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	if n := len(ManagedPolicies()); n != 1643 {
		t.Errorf("%d managed policies", n)
	}
	for _, key := range []string{"AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws-cn:iam::aws:policy/AdministratorAccess"} {
		p, ok := Managed(key)
		if !ok || p.Name != "AdministratorAccess" || !json.Valid(p.Document) {
			t.Errorf("%s: %v", key, p)
		}
	}
	if _, ok := Managed("arn:aws:iam::111122223333:policy/AdministratorAccess"); ok {
		t.Error("a customer's policy is taken for AWS's of the same name")
	}
}
