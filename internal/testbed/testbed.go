// Package testbed runs tests against an AWS server that nobody here wrote: moto, with a proxy of ours in front of it that
// records the calls and, where a test asks for it, breaks them the way AWS does.
//
// Start gives a server of one's own; Bed.With gives the same server through another proxy with faults, so that subtests share
// what was seeded and still fail each in its own way. What moto needs is put into .tools by tools/setup. Without it tests
// fail: a skipped test would look like a passed one.
//
// The package is for tests only. It neither imports the AWS SDK nor anything of the product.
package testbed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Account is moto's own account: the one of Env("").
const Account = "123456789012"

// Bed is a running AWS server as seen through one proxy.
type Bed struct {
	// URL is the endpoint of every service, "http://127.0.0.1:40123".
	URL string

	moto  string // host:port of moto itself
	proxy *proxy
}

// Start runs a fresh AWS server until the test ends. settings are environment variables of moto ("MOTO_IAM_LOAD_MANAGED_POLICIES=true").
func Start(t testing.TB, settings ...string) *Bed {
	t.Helper()
	server := exec.Command(Tool(t, "venv/bin/python"), source(t, "serve.py"))
	// Of moto's own images, over a thousand, each brings a snapshot that it shows as the account's.
	server.Env = append(append(os.Environ(), "MOTO_AMIS_PATH="+source(t, "amis.json")), settings...)
	log := new(bytes.Buffer)
	server.Stderr = log
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := server.Wait(); err != nil {
			t.Errorf("moto: %v\n%s", err, log)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	port, convErr := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || convErr != nil {
		t.Fatalf("moto said %q instead of its port: %v", line, err)
	}
	return (&Bed{moto: fmt.Sprintf("127.0.0.1:%d", port)}).With(t)
}

// With is the same server seen through a proxy of its own, which applies the rules and records the calls.
func (b *Bed) With(t testing.TB, rules ...Rule) *Bed {
	t.Helper()
	p := startProxy(t, b.moto, rules)
	return &Bed{URL: p.url, moto: b.moto, proxy: p}
}

// Calls lists what was asked through this proxy so far, in the order of the answers.
func (b *Bed) Calls() []Call { return b.proxy.recorded() }

// Env is the environment of a process that is to see this server as AWS, with the credentials of an administrator of the account
// ("" is moto's own). All else of AWS in the environment, the user's own credentials above all, is left out.
func (b *Bed) Env(account string) []string {
	if account == "" {
		account = Account
	}
	return b.EnvWith(keyPrefix+account, "testing")
}

// EnvWith is Env with credentials that a seed script made.
func (b *Bed) EnvWith(accessKeyID, secretAccessKey string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			env = append(env, v)
		}
	}
	nowhere := filepath.Join(os.TempDir(), "onus-testbed-has-no-aws-configuration")
	return append(env,
		"AWS_ENDPOINT_URL="+b.URL,
		"AWS_ACCESS_KEY_ID="+accessKeyID,
		"AWS_SECRET_ACCESS_KEY="+secretAccessKey,
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+nowhere,
		"AWS_SHARED_CREDENTIALS_FILE="+nowhere,
		// S3 Control puts the account into the host name, "123456789012.127.0.0.1", which no name server knows. A client that
		// is told of a proxy does not ask for the name.
		"HTTP_PROXY="+b.URL,
	)
}

// Seed runs a script of internal/testbed/seed against this server and returns what it printed.
func (b *Bed) Seed(t testing.TB, script string, args ...string) string {
	t.Helper()
	return b.python(t, filepath.Join("seed", script), nil, args...)
}

// Command is one command of the AWS CLI, and the file that takes what it prints.
type Command struct {
	File       string         `json:"file"`
	Account    string         `json:"-"`
	Region     string         `json:"region"`
	Service    string         `json:"service"`    // as the CLI has it: "s3api"
	Operation  string         `json:"operation"`  // as the API has it: "GetBucketPolicy"
	Parameters map[string]any `json:"parameters"` // likewise; values are strings or lists of them
}

// AWS runs commands of the real AWS CLI against this server, each as an administrator of its account. What a command prints, or
// if it fails what it complains, is in its file then.
func (b *Bed) AWS(t testing.TB, commands []Command) {
	t.Helper()
	var in bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, c := range commands {
		if c.Parameters == nil {
			c.Parameters = map[string]any{}
		}
		keyed := struct {
			Command
			Key string `json:"key"`
		}{c, keyPrefix + c.Account}
		if err := encoder.Encode(keyed); err != nil {
			t.Fatal(err)
		}
	}
	b.python(t, "commands.py", &in)
}

// Enforce has moto check signatures and IAM policies from now on. Before, everything is allowed.
func (b *Bed) Enforce(t testing.TB) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+b.moto+"/moto-api/reset-auth", strings.NewReader("0"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("moto does not start to check permissions: %s: %s", resp.Status, body)
	}
}

// python runs a script of this package.
func (b *Bed) python(t testing.TB, script string, in io.Reader, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Tool(t, "venv/bin/python"), append([]string{source(t, script)}, args...)...)
	cmd.Env = b.Env("")
	cmd.Stdin = in
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, &problems)
	}
	return out.String()
}

// source is the path of one of this package's files. It looks at the file, so that go test knows that the result depends on it.
func source(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), "internal/testbed", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Root is the repository's root: the folder of go.mod at or above the test's package.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod at or above the test's folder")
		}
		dir = parent
	}
}

// Tool is the path of something that tools/setup put into .tools, like "venv/bin/aws".
func Tool(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), ".tools", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf(".tools/%s is missing: run tools/test, which prepares it (or tools/setup, which only prepares)", name)
	}
	return path
}
