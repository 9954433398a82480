package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onus-cloud/onus/internal/iamdata"
)

const referenceOfS3 = `{"Name": "s3", "Actions": [
	{"Name": "GetObject", "ActionConditionKeys": ["s3:authType"], "Annotations": {"Properties": {"IsList": false, "IsPermissionManagement": false, "IsTaggingOnly": false, "IsWrite": false}}, "Resources": [{"Name": "object"}]},
	{"Name": "InventNothing", "Annotations": {"Properties": {"IsWrite": true}}}],
	"ConditionKeys": [{"Name": "s3:authType", "Types": ["String"]}],
	"Resources": [{"Name": "object", "ARNFormats": ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"], "ConditionKeys": ["aws:ResourceTag/${TagKey}"]}],
	"Version": "v1.4"}`

// A refreshed list comes from a server as AWS's, or from a folder, and knows what the old one knew besides.
func TestIAMDataIsRefreshed(t *testing.T) {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, `[{"service": "s3", "url": "%s/v1/s3/s3.json"}]`, server.URL)
		case "/v1/s3/s3.json":
			fmt.Fprint(w, referenceOfS3)
		case "/elsewhere":
			fmt.Fprint(w, `[{"service": "s3", "url": "http://192.0.2.1/s3.json"}]`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "s3.json"), []byte(referenceOfS3), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{server.URL + "/", folder} {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		var talk bytes.Buffer
		if err := refreshIAMData(context.Background(), &talk, from); err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		path, err := cataloguePath()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := iamdata.Read(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		a, ok := c.Action("s3:InventNothing")
		if !ok || a.Level != "Write" || len(a.Resources) != 0 || len(c.Of("s3")) != 2 || len(c.Of("ec2")) < 500 {
			t.Errorf("%s: %+v, %d actions of s3, %d of ec2", from, a, len(c.Of("s3")), len(c.Of("ec2")))
		}
		if !strings.Contains(talk.String(), "1 services read") || c.Date.Format(time.DateOnly) != time.Now().UTC().Format(time.DateOnly) {
			t.Errorf("%s: %s %s", from, talk.String(), c.Date)
		}
	}
	for from, want := range map[string]string{server.URL + "/elsewhere": "not on the same host", server.URL + "/gone": "404", t.TempDir(): "holds no JSON files"} {
		if err := refreshIAMData(context.Background(), &bytes.Buffer{}, from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", from, err)
		}
	}
}
