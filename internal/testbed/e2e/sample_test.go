package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/testbed"
)

// TestMotoSample seals objects with a local key, leaves others in the clear, opens canaries, and has onus look: what it says of the practice is
// what was done.
func TestMotoSample(t *testing.T) {
	t.Parallel()
	bed := testbed.Start(t)
	dir := t.TempDir()
	env := append(bed.Env(""), "ONUS_KEYS="+filepath.Join(dir, "keys"), "ONUS_STATE="+filepath.Join(dir, "state"))
	run := func(args ...string) string {
		t.Helper()
		r := onus(t, env, args...)
		if r.code != 0 {
			t.Fatalf("onus %s: exit code %d: %s", strings.Join(args, " "), r.code, r.stderr)
		}
		return r.stdout
	}
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const secret = "Ann-Smith earns 1000. "
	plain := file("plain", strings.Repeat(secret, 100))

	put(t, bed, "/vault", "")
	put(t, bed, "/vault?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	put(t, bed, "/unversioned", "")
	for _, name := range []string{"payroll", "escrow", "other"} {
		run("key", "new", name)
	}
	// All of it sealed; sealed but for one; sealed over what was in the clear; sealed with more keys than the first KiB of a header names.
	for i := range 3 {
		run("seal", "--key", "payroll", plain, fmt.Sprintf("s3://vault/payroll/%d", i))
		run("seal", "--key", "payroll", plain, fmt.Sprintf("s3://unversioned/%d", i))
		run("seal", "--key", "payroll", plain, fmt.Sprintf("s3://vault/contracts/%d", i))
	}
	put(t, bed, "/vault/contracts/by-hand", secret+secret)
	put(t, bed, "/vault/archive/1", strings.Repeat(secret, 10))
	run("seal", "--key", "payroll", plain, "s3://vault/archive/1")
	long := []string{"seal", plain, "s3://vault/long/1", "--context", "note=" + strings.Repeat("x", 2000)}
	for _, name := range []string{"payroll", "escrow", "other"} {
		long = append(long, "--key", name)
	}
	run(long...)
	run("seal", "--key", "payroll", file("bird", "canary"), "s3://vault/payroll/canary")
	receipts := filepath.Join(dir, "receipts")
	for _, holder := range []string{"Ada Lovelace", "Grace Hopper"} {
		run("open", "--receipt", receipts, "--holder", holder, "s3://vault/payroll/canary", filepath.Join(dir, "opened"))
	}
	run("open", "--key", "payroll", "s3://vault/long/1", filepath.Join(dir, "opened"))

	var list struct {
		Keys []struct{ Name, Fingerprint string }
	}
	if err := json.Unmarshal([]byte(run("key", "list", "--format", "json")), &list); err != nil {
		t.Fatal(err)
	}
	claims := "local keys:\n"
	for _, k := range list.Keys {
		if k.Name != "other" {
			claims += fmt.Sprintf("  %s: %s\n", k.Name, k.Fingerprint)
		}
	}
	claims += "claims:\n  - the local key opens a canary every 30 days\n"
	places := map[string]string{ // and what is wanted of cse-declared-data-is-ciphertext
		"s3://vault/payroll": "holds", "s3://vault/contracts": "broken", "s3://vault/archive": "broken", "s3://vault/long": "holds", "s3://unversioned": "holds",
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		claims += fmt.Sprintf("  - sampled objects of %s are encrypted with a local key\n", place)
	}
	flags := []string{"--region", "us-east-1", "--claims", file("onus.yaml", claims), "--sample", "50", "--receipts", receipts}
	got, r := check(t, env, flags...)

	of := func(control, subject string) string {
		for q, verdict := range got {
			if q.control == control && q.subject == subject {
				return verdict
			}
		}
		return "not said"
	}
	for place, want := range places {
		if verdict := of("cse-declared-data-is-ciphertext", place); verdict != want {
			t.Errorf("%s: %s, want %s", place, verdict, want)
		}
		if verdict := of("cse-sample-is-not-readable", place); verdict != want {
			t.Errorf("readable at %s: %s, want %s", place, verdict, want)
		}
		for _, control := range []string{"cse-key-stays-local", "cse-servers-cannot-decrypt", "cse-algorithm-commits-to-key"} {
			if verdict := of(control, place); verdict != "holds" {
				t.Errorf("%s of %s: %s", control, place, verdict)
			}
		}
	}
	for subject, want := range map[string]string{"payroll": "holds", "escrow": "broken"} {
		for _, control := range []string{"cse-round-trip-works", "cse-key-recoverable"} {
			if verdict := of(control, subject); verdict != want {
				t.Errorf("%s of %s: %s, want %s", control, subject, verdict, want)
			}
		}
	}
	for _, text := range []string{"all 4 objects of s3://vault/payroll looked at", "all 1 object and all 1 older version of s3://vault/archive looked at",
		"s3://vault/archive/1 (version ", "s3://vault/contracts/by-hand is not encrypted: it reads as text"} {
		if !strings.Contains(r.stdout, text) {
			t.Errorf("it does not say %q", text)
		}
	}

	// A recording holds facts and nothing of the objects, and answers the same.
	recording := filepath.Join(dir, "recording")
	run("collect", "-o", recording, "--region", "us-east-1", "--claims", filepath.Join(dir, "onus.yaml"), "--sample", "50")
	again, _ := check(t, nil, "--from", recording, "--claims", filepath.Join(dir, "onus.yaml"), "--receipts", receipts)
	same(t, "from the recording", got, again)
	for name, text := range recordingFiles(t, recording) {
		if strings.Contains(text, "Ann-Smith") || strings.Contains(text, strings.Repeat("x", 100)) {
			t.Errorf("%s holds what an object holds", name)
		}
	}

	// Without a sample nobody looks, and nothing is said to hold.
	unsampled, _ := check(t, env, "--region", "us-east-1", "--claims", filepath.Join(dir, "onus.yaml"), "--receipts", receipts)
	for q, verdict := range unsampled {
		if _, ok := places[q.subject]; ok && verdict != "unknown" {
			t.Errorf("without a sample: %s: %s", q, verdict)
		}
	}
	// What may not be listed is unknown: a version in the clear may be there.
	denied, _ := check(t, append(bed.With(t, testbed.Rule{Service: "s3", Operation: "ListObjectVersions", Fault: testbed.Deny}).Env(""), env[len(env)-2:]...), flags...)
	weaker(t, "older versions denied", got, denied)
	for q, verdict := range denied {
		if q.control == "cse-declared-data-is-ciphertext" && (q.subject == "s3://vault/payroll" && verdict != "unknown" || q.subject == "s3://unversioned" && verdict != "holds") {
			t.Errorf("older versions denied: %s: %s", q, verdict)
		}
	}
}

// put stores something as somebody who may do everything.
func put(t *testing.T, bed *testbed.Bed, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "PUT", bed.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAONUS"+testbed.Account+"/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("PUT %s: %s: %s", path, resp.Status, answer)
	}
}
