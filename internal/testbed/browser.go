package testbed

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Browser is a headless Chromium, steered over a pipe by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
// It is for one goroutine.
type Browser struct {
	t        testing.TB
	commands *os.File
	messages *bufio.Reader
	axe      string
	last     int       // id of the last command
	events   []message // not yet looked at
}

// Look is how a page is looked at.
type Look struct {
	Width int // in CSS pixels
	Dark  bool
	Print bool
}

func (l Look) String() string {
	words := []string{fmt.Sprint(l.Width), "light"}
	if l.Dark {
		words[1] = "dark"
	}
	if l.Print {
		words = append(words, "print")
	}
	return strings.Join(words, " ")
}

// OpenBrowser starts a Chromium that ends with the test.
func OpenBrowser(t testing.TB) *Browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("chromium is missing: run tools/test, which installs it or says how")
	}
	axe, err := os.ReadFile(Tool(t, "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	theirCommands, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	messages, theirMessages, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile := t.TempDir()
	chromium := exec.Command(program, "--headless", "--remote-debugging-pipe", "--user-data-dir="+profile,
		"--no-sandbox", // there is none for root; the pages are our own
		"--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
	log := new(bytes.Buffer)
	chromium.Stderr = log
	chromium.ExtraFiles = []*os.File{theirCommands, theirMessages} // its file descriptors 3 and 4
	if err := chromium.Start(); err != nil {
		t.Fatal(err)
	}
	theirCommands.Close()
	theirMessages.Close()
	if err := messages.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, commands: commands, messages: bufio.NewReader(messages), axe: string(axe)}
	t.Cleanup(func() {
		b.send("Browser.close", "", nil)
		commands.Close()
		ended := time.AfterFunc(10*time.Second, func() { chromium.Process.Kill() })
		chromium.Wait() // how it ends does not matter any more
		ended.Stop()
		messages.Close()
		if t.Failed() {
			t.Logf("chromium:\n%s", log)
		}
	})
	return b
}

// Audit opens an HTML file and returns what is wrong with it: every violation that axe-core finds, text or tables wider than
// the window, and whatever it asked the network for although it should be one self-contained file.
func (b *Browser) Audit(file string, look Look) []string {
	b.t.Helper()
	tab := b.open(file, look)
	defer b.closeTab(tab)
	var wrong []string
	b.evaluate(tab, b.axe)
	for _, v := range strings.Split(b.evaluate(tab, violations), "\n") {
		if v != "" {
			wrong = append(wrong, v)
		}
	}
	if wide := b.evaluate(tab, `document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth + " pixels wide" : ""`); wide != "" && !look.Print {
		wrong = append(wrong, "the page scrolls sideways: it is "+wide)
	}
	for _, e := range b.events {
		if e.Method == "Network.requestWillBeSent" && !strings.HasPrefix(e.Params.Request.URL, "file:") && !strings.HasPrefix(e.Params.Request.URL, "data:") {
			wrong = append(wrong, "the page loads "+e.Params.Request.URL)
		}
	}
	return wrong
}

// violations has axe-core judge the page: a line for each element that breaks a rule.
const violations = `axe.run(document, {resultTypes: ["violations"]}).then(result => result.violations.flatMap(v =>
	v.nodes.map(n => v.id + " (" + v.impact + "): " + n.target.join(" ") + ": " + (n.any[0] || n.all[0] || n.none[0] || {message: v.help}).message)
).join("\n"))`

// Screenshot writes a picture of an HTML file, as long as the page is.
func (b *Browser) Screenshot(file, picture string, look Look) {
	b.t.Helper()
	tab := b.open(file, look)
	defer b.closeTab(tab)
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", tab.session, map[string]any{"captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(picture, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

type tab struct{ target, session string }

func (b *Browser) open(file string, look Look) tab {
	b.t.Helper()
	absolute, err := filepath.Abs(file)
	if err != nil {
		b.t.Fatal(err)
	}
	var target struct{ TargetID string }
	b.call("Target.createTarget", "", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", "", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	session := attached.SessionID
	scheme, media := "light", "screen"
	if look.Dark {
		scheme = "dark"
	}
	if look.Print {
		media = "print"
	}
	b.call("Page.enable", session, nil, nil)
	b.call("Network.enable", session, nil, nil)
	b.call("Emulation.setDeviceMetricsOverride", session, map[string]any{"width": look.Width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", session, map[string]any{"media": media,
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
	b.events = nil
	b.call("Page.navigate", session, map[string]any{"url": (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()}, nil)
	for !slices.ContainsFunc(b.events, func(e message) bool { return e.Method == "Page.loadEventFired" }) {
		b.events = append(b.events, b.receive())
	}
	return tab{target.TargetID, session}
}

func (b *Browser) closeTab(open tab) {
	b.call("Target.closeTarget", "", map[string]any{"targetId": open.target}, nil)
}

// evaluate runs JavaScript in the page and returns its value, if that is a string.
func (b *Browser) evaluate(open tab, script string) string {
	b.t.Helper()
	var result struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", open.session, map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &result)
	if result.ExceptionDetails != nil {
		b.t.Fatalf("script in the page: %s", result.ExceptionDetails.Exception.Description)
	}
	text, _ := result.Result.Value.(string)
	return text
}

// message is an answer to a command, or an event.
type message struct {
	ID     int
	Method string
	Params struct{ Request struct{ URL string } }
	Result json.RawMessage
	Error  *struct{ Message string }
}

// call sends a command and reads its result into the value, unless that is nil.
func (b *Browser) call(method, session string, params map[string]any, result any) {
	b.t.Helper()
	id := b.send(method, session, params)
	for {
		m := b.receive()
		if m.ID != id {
			b.events = append(b.events, m)
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("chromium: %s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("chromium: %s: %v", method, err)
			}
		}
		return
	}
}

func (b *Browser) send(method, session string, params map[string]any) int {
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if session != "" {
		command["sessionId"] = session
	}
	if params != nil {
		command["params"] = params
	}
	text, err := json.Marshal(command)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.commands.Write(append(text, 0)); err != nil {
		b.t.Errorf("chromium: %v", err)
	}
	return b.last
}

func (b *Browser) receive() message {
	b.t.Helper()
	text, err := b.messages.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	var m message
	if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
		b.t.Fatalf("chromium: %v", err)
	}
	return m
}
