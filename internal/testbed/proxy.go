package testbed

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Rule breaks the calls that it matches. Empty fields match everything; of several rules that match, the first one acts.
type Rule struct {
	Service, Operation, Account, Region string // as in Call

	// About matches calls whose path, query or body contain this text: a bucket's name, a role's ARN.
	About string
	// Nth limits the rule to one matching call, counted from 1.
	Nth int
	// First limits the rule to that many matching calls, after which they succeed.
	First int
	// Probability, if not 0, is that of a matching call to be broken. The same calls in the same order meet the same luck.
	Probability float64

	Fault Fault
}

func (r Rule) matches(c Call, about string) bool {
	fits := func(want, is string) bool { return want == "" || want == is }
	return fits(r.Service, c.Service) && fits(r.Operation, c.Operation) && fits(r.Account, c.Account) &&
		fits(r.Region, c.Region) && strings.Contains(about, r.About)
}

// proxy stands between a client and moto. It is also a forward proxy, for clients whose request is for another host name.
type proxy struct {
	url   string
	moto  string
	rules []Rule
	tb    testing.TB

	done chan struct{} // closed when the test ends: lets go of those who were left hanging

	mu       sync.Mutex
	matched  []int // per rule: calls matched so far
	luck     *rand.Rand
	calls    []Call
	accounts map[string]string // access key of an assumed role -> its account
	pages    []saved           // answers that are handed out in pages

	models models
}

func startProxy(t testing.TB, moto string, rules []Rule) *proxy {
	p := &proxy{
		moto: moto, rules: rules, tb: t,
		done:     make(chan struct{}),
		matched:  make([]int, len(rules)),
		luck:     rand.New(rand.NewPCG(1, 2)),
		accounts: map[string]string{},
	}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		close(p.done)
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

func (p *proxy) recorded() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	call, protocol := recognize(r, body)
	fault, broken := p.judge(&call, r, body)
	var status int
	if broken {
		status = fault.answer(p, w, r, body, call, protocol)
	} else {
		status = p.pass(w, r, body)
	}
	call.Status = status
	p.mu.Lock()
	p.calls = append(p.calls, call)
	p.mu.Unlock()
}

// judge completes the call with what earlier answers told, and says what to do to it.
func (p *proxy) judge(c *Call, r *http.Request, body []byte) (Fault, bool) {
	about := r.URL.RequestURI() + " " + unescaped(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Account == "" {
		if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
			c.Account = p.accounts[m[1]]
		}
	}
	for i, rule := range p.rules {
		if !rule.matches(*c, about) {
			continue
		}
		p.matched[i]++
		n := p.matched[i]
		if rule.Nth != 0 && n != rule.Nth || rule.First != 0 && n > rule.First {
			continue
		}
		if rule.Probability != 0 && p.luck.Float64() >= rule.Probability {
			continue
		}
		return rule.Fault, true
	}
	return Fault{}, false
}

// fetch asks moto.
func (p *proxy) fetch(r *http.Request, body []byte) (status int, header http.Header, answer []byte, err error) {
	url := *r.URL
	url.Scheme, url.Host = "http", p.moto
	req, err := http.NewRequestWithContext(r.Context(), r.Method, url.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Host = r.Host
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding") // bodies are looked into
	m := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if m != nil && strings.HasPrefix(m[1], keyPrefix) {
		req.Header.Set("X-Moto-Account-Id", strings.TrimPrefix(m[1], keyPrefix))
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	if assumed := assumedRole.FindSubmatch(answer); assumed != nil {
		p.mu.Lock()
		p.accounts[string(assumed[1])] = string(assumed[2])
		p.mu.Unlock()
	}
	return resp.StatusCode, resp.Header, answer, nil
}

// transport keeps no connections: moto's server is told to end by none being open.
var transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true}

var assumedRole = regexp.MustCompile(`(?s)<AccessKeyId>(\w+)</AccessKeyId>.*arn:aws[\w-]*:sts::(\d{12}):assumed-role/`)

// pass hands the request on and the answer back.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request, body []byte) int {
	status, header, answer, err := p.fetch(r, body)
	if err != nil {
		select {
		case <-r.Context().Done(): // the client went away
		case <-p.done:
		default:
			p.tb.Errorf("testbed: moto does not answer %s %s: %v", r.Method, r.URL, err)
		}
		return hangUp(w)
	}
	if r.Method == http.MethodHead { // the length is that of the body which is not sent
		for name, values := range header {
			if name != "Transfer-Encoding" && name != "Connection" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(status)
		return status
	}
	write(w, status, header, answer)
	return status
}

func write(w http.ResponseWriter, status int, header http.Header, body []byte) {
	for name, values := range header {
		if name != "Content-Length" && name != "Transfer-Encoding" && name != "Connection" {
			w.Header()[name] = values
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// hangUp closes the connection, whatever of an answer was written.
func hangUp(w http.ResponseWriter) (status int) {
	takeOver(w).Close()
	return 0
}

// reset is hangUp in such a way that the client sees a reset, and nothing that was written before.
func reset(w http.ResponseWriter) (status int) {
	conn := takeOver(w)
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
	return 0
}

func takeOver(w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(fmt.Sprintf("testbed: cannot take the connection over: %v", err)) // only HTTP/2 cannot, and it is not spoken here
	}
	return conn
}
