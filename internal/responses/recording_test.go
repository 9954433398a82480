package responses

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"

	"github.com/onus-cloud/onus/internal/operation"
)

// sample are responses of every shape: a listing of two pages, one resource, a denial.
func sample() []Response {
	return []Response{
		{Account: "111122223333", Region: "us-east-1", Operation: "ec2:DescribeVolumes", Time: asOf, Outcome: operation.OK,
			Pages: []json.RawMessage{[]byte(`{"Volumes":[{"VolumeId":"vol-1"}],"NextToken":"t"}`), []byte(`{"Volumes":[]}`)}},
		{Account: "111122223333", Region: "global", Operation: "s3:GetBucketPolicy", Parameters: map[string]string{"Bucket": "b"}, Time: asOf,
			Outcome: operation.Absent, Code: "NoSuchBucketPolicy"},
		{Account: "111122223333", Region: "global", Operation: "s3:GetBucketPolicy", Parameters: map[string]string{"Bucket": "c"}, Time: asOf,
			Outcome: operation.Denied, Code: "AccessDenied", Message: "no"},
	}
}

func record(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "recording")
	w, err := Create(dir, asOf)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sample() {
		if err := w.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Scope{Accounts: []string{"111122223333"}, Regions: []string{"us-east-1"}}, asOf); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRecordingReadsBack(t *testing.T) {
	t.Parallel()
	dir := record(t)
	set, err := ReadRecording(os.DirFS(dir), "test")
	if err != nil {
		t.Fatal(err)
	}
	want := &Set{Source: "test", Scope: Scope{Accounts: []string{"111122223333"}, Regions: []string{"us-east-1"}}, Responses: sample()}
	want.Responses, set.Responses = inOrder(want), inOrder(set)
	if diff := cmp.Diff(want, set, cmpopts.IgnoreFields(Response{}, "Origin")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func inOrder(s *Set) []Response {
	var all []Response
	for r := range s.All() {
		all = append(all, *r)
	}
	return all
}

// TestRecordingIsPrivate: a recording is a map of weak spots.
func TestRecordingIsPrivate(t *testing.T) {
	t.Parallel()
	dir := record(t)
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s has mode %o: others can read it", name, mode)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecordingDoesNotMixWithAnother(t *testing.T) {
	t.Parallel()
	dir := record(t)
	if _, err := Create(dir, asOf); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v, want that the folder is not empty", err)
	}
}

// TestDamagedRecording: what is damaged is named with its file and line, and the rest is read.
func TestDamagedRecording(t *testing.T) {
	t.Parallel()
	const volumes, policies = "111122223333/us-east-1/ec2.DescribeVolumes.jsonl.zst", "111122223333/global/s3.GetBucketPolicy.jsonl.zst"
	for name, test := range map[string]struct {
		damage func(fstest.MapFS)
		place  string
		reason string
		left   int // responses that are still whole
	}{
		"another version of the recording": {func(f fstest.MapFS) { f["recording.json"].Data = []byte(`{"schema":"onus.recording/9"}`) }, "recording.json", `"onus.recording/9"`, 3},
		"a manifest that is not JSON":      {func(f fstest.MapFS) { f["recording.json"].Data = []byte(`{`) }, "recording.json", "not JSON", 3},
		"a recording that broke off":       {func(f fstest.MapFS) { f["recording.json"].Data = []byte(`{"schema":"onus.recording/1"}`) }, "recording.json", "broke off", 3},
		"a truncated file":                 {func(f fstest.MapFS) { f[policies].Data = f[policies].Data[:len(f[policies].Data)/2] }, policies + ":1", "truncated", 1},
		"an empty file":                    {func(f fstest.MapFS) { f[volumes].Data = nil }, volumes + ":1", "empty", 2},
		"not zstd":                         {func(f fstest.MapFS) { f[volumes].Data = []byte("hello world\n") }, volumes + ":1", "damaged", 2},
		"another version of a file":        {func(f fstest.MapFS) { f[volumes].Data = compress(`{"schema":"onus.responses/7"}` + "\n") }, volumes + ":1", `"onus.responses/7"`, 2},
		"a line that is not JSON":          {func(f fstest.MapFS) { f[volumes].Data = compress(`{"schema":"onus.responses/1"}` + "\n{nonsense\n") }, volumes + ":2", "not a response", 2},
		"a line cut off":                   {func(f fstest.MapFS) { f[volumes].Data = compress(`{"schema":"onus.responses/1"}` + "\n{\"account\":") }, volumes + ":2", "truncated", 2},
		"a file moved elsewhere": {func(f fstest.MapFS) {
			f["111122223333/eu-west-1/ec2.DescribeVolumes.jsonl.zst"] = f[volumes]
			delete(f, volumes)
		}, "111122223333/eu-west-1/ec2.DescribeVolumes.jsonl.zst:2", "belongs into", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := inMemory(t, record(t))
			test.damage(folder)
			set, err := ReadRecording(folder, "test")
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Problems) != 1 || set.Problems[0].Place != test.place || !strings.Contains(set.Problems[0].Text, test.reason) {
				t.Errorf("problems %q, want one at %s with %q", set.Problems, test.place, test.reason)
			}
			whole := 0
			for _, r := range set.Responses {
				if r.Outcome != operation.Failed {
					whole++
				}
			}
			if whole != test.left {
				t.Errorf("%d responses are left, want %d", whole, test.left)
			}
		})
	}
}

func inMemory(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		folder[filepath.ToSlash(rel)] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func compress(text string) []byte {
	e, _ := zstd.NewWriter(nil)
	return e.EncodeAll([]byte(text), nil)
}

// FuzzRecording: whatever a file of a recording holds, reading it never panics, and a file that is not as it was written is a problem.
func FuzzRecording(f *testing.F) {
	f.Add([]byte(`{"schema":"onus.responses/1"}` + "\n" + `{"account":"1","region":"r","operation":"ec2:DescribeVolumes","outcome":"ok"}` + "\n"))
	f.Add([]byte(`{"schema":"onus.responses/1"}` + "\n" + `{"outcome":"maybe"}` + "\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		set := &Set{}
		set.readLines("1/r/ec2.DescribeVolumes.jsonl.zst", bytes.NewReader(text))
		lines := bytes.Count(text, []byte("\n"))
		if got := len(set.Responses) + len(set.Problems); got > lines+1 || lines > 1 && got == 0 {
			t.Errorf("%d lines gave %d responses and problems", lines, got)
		}
	})
}
