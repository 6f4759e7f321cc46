package web

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

func TestRateOfPrincipal(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits = Limits{Principal: 60} }).admin()
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	nurse := g.as(token)
	for i := range 60 {
		a := nurse.do("GET", "/api/v1/me", nil).want(200)
		if want := `"principal";r=` + strconv.Itoa(59-i) + `;t=` + strconv.Itoa(i+1); a.Header.Get("RateLimit") != want || a.Header.Get("RateLimit-Policy") != `"principal";q=60;w=60` {
			t.Fatalf("RateLimit %q of %q, want %q", a.Header.Get("RateLimit"), a.Header.Get("RateLimit-Policy"), want)
		}
	}
	a := nurse.do("GET", "/api/v1/me", nil)
	a.problem(429, codeTooFast)
	if a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	nurse.from = "192.0.2.77:1"
	nurse.do("GET", "/api/v1/me", nil).problem(429, codeTooFast)           // another address does not help
	g.do("GET", "/api/v1/me", nil).want(200)                               // others go on
	nurse.do("GET", "/api/v1/sessions/x", nil).problem(404, care.NotFound) // and so do live sessions
	g.clock.pass(time.Second)
	nurse.do("GET", "/api/v1/me", nil).want(200)
	nurse.do("GET", "/api/v1/me", nil).problem(429, codeTooFast)
}

func TestRateOfAddress(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Limits = Limits{Address: 3} })
	for range 3 {
		g.do("GET", "/api/v1/setup", nil).want(200)
	}
	g.do("GET", "/api/v1/setup", nil).problem(429, codeTooFast)
	g.do("GET", "/nothing", nil).problem(429, codeTooFast)
	g.from = "192.0.2.2:1"
	g.do("GET", "/api/v1/setup", nil).want(200)
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := newLimiter("x", 2, func() time.Time { return now })
	for range 2 {
		l.spend("wild")
	}
	for i := range 3 * maxKeys {
		l.spend("other" + strconv.Itoa(i))
		now = now.Add(10 * time.Millisecond)
		if i%1000 == 0 {
			l.spend("wild")
		}
	}
	if len(l.of) > maxKeys {
		t.Errorf("%d keys", len(l.of))
	}
}

func TestConditionalReads(t *testing.T) {
	g := newRig(t).admin()
	a := g.assessment()
	at := "/api/v1/assessments/" + a.ID
	tag := g.do("GET", at, nil).want(200).Header.Get("ETag")
	same := g.do("GET", at, nil, "If-None-Match", `"0", W/`+tag).want(304)
	if len(same.body) > 0 || same.Header.Get("ETag") != tag {
		t.Errorf("304 with %q, ETag %q", same.body, same.Header.Get("ETag"))
	}
	g.do("PATCH", at, map[string]any{"remarks": "another"}, "If-Match", tag).want(200)
	if got := g.do("GET", at, nil, "If-None-Match", tag).want(200); !strings.Contains(string(got.body), "another") {
		t.Error("the answer is not what it is now")
	}
	for _, path := range []string{"/api/v1/sites/" + care.DefaultSite, "/api/v1/instrument"} {
		g.do("GET", path, nil, "If-None-Match", g.do("GET", path, nil).want(200).Header.Get("ETag")).want(304)
	}
	// A resident's answer tells how consent stands now: the same version may say something else later.
	r := "/api/v1/residents/" + a.ResidentID
	g.do("GET", r, nil, "If-None-Match", g.do("GET", r, nil).Header.Get("ETag")).want(200)
	g.do("GET", at+"x", nil, "If-None-Match", "*").problem(404, care.NotFound)
}

func TestRequestIDs(t *testing.T) {
	g := newRig(t).admin()
	id := "0b5c7f0e-8d0a-4f57-9f0e-5e0f3f1c2d3a"
	if got := g.do("GET", "/api/v1/me", nil, "X-Request-Id", id).want(200).Header.Get("X-Request-Id"); got != id {
		t.Errorf("the client's id became %q", got)
	}
	for _, odd := range []string{"Mrs Oldfield", "1", id + "x", "a\x01b", strings.Repeat("a", 5000)} {
		if got := g.do("GET", "/api/v1/me", nil, "X-Request-Id", odd).want(200).Header.Get("X-Request-Id"); !care.ValidID(got) {
			t.Errorf("%.20q became %q", odd, got)
		}
	}
}

func TestWrongMethodTellsTheRightOnes(t *testing.T) {
	g := newRig(t).admin()
	a := g.do("PUT", "/api/v1/residents", map[string]any{})
	a.problem(405, codeMethod)
	if allow := a.Header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow %q", allow)
	}
}

// logged is a log that tests read.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
	on chan struct{}
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.b.Write(p)
	select {
	case l.on <- struct{}{}:
	default:
	}
	return n, err
}

// wait returns when the log has a text.
func (l *logged) wait(t *testing.T, text string) {
	t.Helper()
	for t.Context().Err() == nil {
		l.mu.Lock()
		has := strings.Contains(l.b.String(), text)
		l.mu.Unlock()
		if has {
			return
		}
		select {
		case <-l.on:
		case <-t.Context().Done():
		}
	}
}

// serve runs the rig's server over TLS on a port of this machine, with a certificate in a folder, and returns its address.
func (g *rig) serve(dir string) string {
	g.Helper()
	own, err := SelfSigned(dir, []string{"localhost"}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		g.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.server.Run(ctx, l, own.Config()) }()
	g.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			g.Error(err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A client that sends its body drop by drop is cut off, told so and logged; nothing of it is kept.
func TestSlowBody(t *testing.T) {
	log := &logged{on: make(chan struct{}, 1)}
	g := newRig(t, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) }).admin()
	g.server.patience = timeLimits{5 * time.Second, 300 * time.Millisecond, 5 * time.Second}
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	c := dial(t, g.serve(t.TempDir()))
	fmt.Fprintf(c, "POST /api/v1/residents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"name\":\"", token)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(body), string(codeTooSlow)) || !r.Close {
		t.Errorf("%d %s %v, close: %v", r.StatusCode, body, err, r.Close)
	}
	log.wait(t, "request too slow")
}

// A client that sends its headers drop by drop is cut off without an answer.
func TestSlowHeaders(t *testing.T) {
	g := newRig(t)
	g.server.patience = timeLimits{300 * time.Millisecond, 5 * time.Second, 5 * time.Second}
	c := dial(t, g.serve(t.TempDir()))
	fmt.Fprintf(c, "GET /api/v1/setup HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes for half a request", n)
	}
}

// A client that does not take its answer is cut off and logged. The document is asked for so often that no buffer holds it.
func TestSlowReader(t *testing.T) {
	log := &logged{on: make(chan struct{}, 1)}
	g := newRig(t, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	g.server.patience = timeLimits{5 * time.Second, 5 * time.Second, 300 * time.Millisecond}
	c := dial(t, g.serve(t.TempDir()))
	go func() { // ends when the server closes the connection, or the test does
		for {
			if _, err := fmt.Fprint(c, "GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				return
			}
		}
	}()
	log.wait(t, "answer not taken")
}

func TestHeadersTooLarge(t *testing.T) {
	g := newRig(t)
	c := dial(t, g.serve(t.TempDir()))
	fmt.Fprintf(c, "GET /api/v1/setup HTTP/1.1\r\nHost: localhost\r\nX-Large: %s\r\n\r\n", strings.Repeat("a", 64<<10))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", r.StatusCode)
	}
}
