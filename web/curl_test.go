package web

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"wince/care"
)

// scenario runs the examples of the document, word for word, with the real curl against a real server.
type scenario struct {
	*rig
	env  map[string]string
	last []byte // the last answer
	key  virtualwebauthn.Credential
	auth virtualwebauthn.Authenticator
}

// TestCurlExamples runs every example that the document shows, in the order of testdata/curl.txt.
func TestCurlExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("curl is not installed: docker/packages.sh does it")
		}
		t.Skip("curl is not installed: make setup does it")
	}
	provider := identityProvider(t)
	g := newRig(t, func(o *Options) {
		o.Origin = origin
		o.Provider = &Provider{Issuer: provider.URL, ClientID: "wince", ClientSecret: "secret"}
	})
	dir := t.TempDir()
	own := g.serve(dir)
	_, port, _ := strings.Cut(own, ":")
	s := &scenario{rig: g, env: map[string]string{"wince": "https://localhost:" + port, "CURL_CA_BUNDLE": filepath.Join(dir, "cert.pem"), "PATH": os.Getenv("PATH"), "HOME": dir}}
	f, err := os.Open("testdata/curl.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ran := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if words[0] == "-" { // not run, and why
			ran[words[1]+" "+words[2]] = true
			continue
		}
		i := slices.IndexFunc(g.table, func(r route) bool { return r.method == words[0] && r.path == words[1] })
		if i < 0 {
			t.Fatalf("line %d: there is no %s %s", n, words[0], words[1])
		}
		s.run(n, &g.table[i], words[2:])
		if t.Failed() {
			return
		}
		ran[words[0]+" "+words[1]] = true
	}
	for _, r := range g.table {
		if r.doc.manual == "" && !ran[r.method+" "+r.path] {
			t.Errorf("testdata/curl.txt does not run the example of %s %s", r.method, r.path)
		}
	}
}

// run prepares one example, runs it, compares the answer with the document and keeps what later ones need.
func (s *scenario) run(n int, r *route, words []string) {
	s.Helper()
	for _, w := range words {
		if name, v, ok := strings.Cut(w, "="); ok && !strings.Contains(name, "<") {
			s.env[name] = v
		} else if step, ok := strings.CutPrefix(w, "!"); ok {
			s.prepare(step)
		}
	}
	status, header := s.curl(n, r)
	if want := r.success(); status != want && (!r.doc.again || status != http.StatusOK) {
		s.Fatalf("line %d: status %d, want %d: %s\n%s", n, status, want, s.last, r.curl())
	}
	for _, w := range words {
		name, from, ok := strings.Cut(w, "<")
		if !ok {
			continue
		}
		switch from[0] {
		case '@':
			s.env[name] = header.Get(from[1:])
		case '/':
			at := header.Get(from[1:])
			s.env[name] = at[strings.LastIndex(at, "/")+1:]
		case '.':
			s.env[name] = s.member(n, from[1:])
		}
		if s.env[name] == "" {
			s.Fatalf("line %d: the answer has no %s: %s", n, from, s.last)
		}
	}
}

// member returns a member of the last answer, such as events.0.id.
func (s *scenario) member(n int, path string) string {
	s.Helper()
	var v any
	if err := json.Unmarshal(s.last, &v); err != nil {
		s.Fatalf("line %d: %v: %s", n, err, s.last)
	}
	for p := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			if i, err := strconv.Atoi(p); err == nil && i < len(x) {
				v = x[i]
				continue
			}
			v = nil
		}
	}
	if text, ok := v.(string); ok {
		return text
	}
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

// curl runs an example as it stands in the document. Only curl itself is told where to put what it gets.
func (s *scenario) curl(n int, r *route) (int, textproto.MIMEHeader) {
	s.Helper()
	dir := s.env["HOME"]
	head, body := filepath.Join(dir, "head"), filepath.Join(dir, "body")
	os.Remove(body)
	script := fmt.Sprintf("curl() { command curl -D %q -o %q \"$@\"; }\n%s\n", head, body, r.curl())
	cmd := exec.CommandContext(s.Context(), "bash", "-c", script)
	for name, v := range s.env {
		cmd.Env = append(cmd.Env, name+"="+v)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 28) { // 28: a stream that goes on was cut off, as the example says
		s.Fatalf("line %d: %v: %s\n%s", n, err, out, r.curl())
	}
	s.last, _ = os.ReadFile(body) // none where there is no body
	text, err := os.ReadFile(head)
	if err != nil {
		s.Fatal(err)
	}
	in := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
	line, err := in.ReadLine()
	if err != nil {
		s.Fatalf("line %d: %v: %s", n, err, text)
	}
	header, err := in.ReadMIMEHeader()
	if err != nil {
		s.Fatalf("line %d: %v: %s", n, err, text)
	}
	status, err := strconv.Atoi(strings.Fields(line)[1])
	if err != nil {
		s.Fatalf("line %d: %s", n, line)
	}
	s.compare(r, status, header)
	return status, header
}

// compare compares an exchange with the document. What was sent is what the example says, with its variables filled in.
func (s *scenario) compare(r *route, status int, header textproto.MIMEHeader) {
	s.Helper()
	told, err := theContract()
	if err != nil {
		s.Fatal(err)
	}
	fill := func(text string) string {
		return os.Expand(text, func(name string) string { return s.env[name] })
	}
	path := r.path
	for _, p := range strings.Split(r.path, "/") {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			path = strings.Replace(path, p, s.env[r.variable(name)], 1)
		}
	}
	req, err := http.NewRequestWithContext(s.Context(), r.method, s.env["wince"]+"/api/v1"+path+"?"+fill(r.doc.asks), nil)
	if err != nil {
		s.Fatal(err)
	}
	told.check(s.T, s.table, req, []byte(fill(r.doc.sample)), status, http.Header(header), s.last)
}

// prepare does what no operation does.
func (s *scenario) prepare(step string) {
	s.Helper()
	options := s.env["options"]
	switch step {
	case "setup":
		token, err := s.server.MakeSetUpLink(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		s.env["setup"] = token
	case "attest":
		o, err := virtualwebauthn.ParseAttestationOptions(options)
		if err != nil {
			s.Fatal(err)
		}
		id := uuid.MustParse(s.env["user"])
		s.auth = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: id[:]})
		s.key = newKey()
		s.env["credential"] = virtualwebauthn.CreateAttestationResponse(party, s.auth, s.key, *o)
		s.auth.AddCredential(s.key)
	case "assert":
		o, err := virtualwebauthn.ParseAssertionOptions(options)
		if err != nil {
			s.Fatal(err)
		}
		s.env["credential"] = virtualwebauthn.CreateAssertionResponse(party, s.auth, s.key, *o)
	case "observe":
		s.live.session(s.env["session"]).observe()
	case "draft":
		var a care.Assessment
		s.as(s.env["token"]).do("POST", "/api/v1/assessments", map[string]any{"resident_id": s.env["resident"], "condition": "rest", "scale": "painad"}).want(201).read(&a)
		s.env["assessment"], s.env["etag"] = a.ID, `"1"`
	case "definition":
		b, err := json.Marshal(ownScale)
		if err != nil {
			s.Fatal(err)
		}
		s.env["definition"] = string(b[1 : len(b)-1])
	case "escalate":
		h := s.as(s.env["token"])
		h.do("POST", "/api/v1/schedules", map[string]any{"resident_id": s.env["resident"], "repeat": map[string]any{"every_hours": 4}}).want(201)
		s.clock.pass(time.Hour)
		if err := s.server.Escalate(s.Context()); err != nil {
			s.Fatal(err)
		}
	default:
		s.Fatalf("there is no step %q", step)
	}
}

// The page shows every operation, under the server's strict policy: nothing inline, nothing from elsewhere.
func TestReferencePage(t *testing.T) {
	g := newRig(t)
	a := g.do("GET", "/api/docs", nil).want(200)
	page := string(a.body)
	for _, r := range g.table {
		if !strings.Contains(page, `id="`+r.operationID()+`"`) {
			t.Errorf("the page lacks %s %s", r.method, r.path)
		}
	}
	for _, odd := range []string{"<script", "<style", "style=", " onclick", "http://", "ZgotmplZ", "<no value>"} {
		if strings.Contains(page, odd) {
			t.Errorf("the page has %q", odd)
		}
	}
	for name := range strings.SplitSeq(page, `href="#`) {
		if id, _, ok := strings.Cut(name, `"`); ok && !strings.HasPrefix(name, "<!doctype") && !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("a link leads to #%s, which is not there", id)
		}
	}
	if !strings.Contains(page, "not a cleared medical device") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "style-src 'self'") {
		t.Error("the page does not say what Wince is not, or has no policy")
	}
	g.do("GET", "/api/docs", nil, "If-None-Match", a.Header.Get("ETag")).want(304)
	if css := g.do("GET", "/api/docs.css", nil).want(200); css.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("style sheet as %q", css.Header.Get("Content-Type"))
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"a `b` **c**":      "<p>a <code>b</code> <strong>c</strong></p>",
		"x\n- a\n- b\n\ny": "<p>x</p><ul><li>a</li><li>b</li></ul><p>y</p>",
		"<script>`</b>`":   "<p>&lt;script&gt;<code>&lt;/b&gt;</code></p>",
		"":                 "",
	} {
		if got := string(words(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
