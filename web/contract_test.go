package web

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"wince/care"
)

// contract compares what the server answers to any test with what openapi.json says of it.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	schemas  map[string]*jsonschema.Schema
	worked   map[string]bool // operations that a test has seen succeed
}

var theContract = sync.OnceValues(func() (*contract, error) {
	text, err := os.ReadFile(openAPIFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object", openAPIFile)
	}
	// Clients must take members that they do not know; these tests must not.
	closeObjects(root)
	c := &contract{doc: root, compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, worked: map[string]bool{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	return c, c.compiler.AddResource("https://wince.test/openapi.json", doc)
})

func closeObjects(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, sub := range x {
			closeObjects(sub)
		}
		if _, open := x["additionalProperties"]; !open && x["type"] == "object" && x["properties"] != nil {
			x["additionalProperties"] = false
		}
	case []any:
		for _, sub := range x {
			closeObjects(sub)
		}
	}
}

// at walks down the document.
func (c *contract) at(path ...string) map[string]any {
	var v any = c.doc
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	m, _ := v.(map[string]any)
	return m
}

// valid validates JSON against the schema at a place of the document.
func (c *contract) valid(body []byte, path ...string) error {
	at := "https://wince.test/openapi.json#"
	for _, p := range path {
		at += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	c.mu.Lock()
	s := c.schemas[at]
	if s == nil {
		var err error
		if s, err = c.compiler.Compile(at); err != nil {
			c.mu.Unlock()
			return err
		}
		c.schemas[at] = s
	}
	c.mu.Unlock()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// find returns the route of a request, as the router finds it: a name goes before a parameter.
func find(table []route, method, path string) *route {
	path, ok := strings.CutPrefix(path, "/api/v1")
	parts := strings.Split(path, "/")
	var best *route
	for i := range table {
		r := &table[i]
		of := strings.Split(r.path, "/")
		fits := ok && r.method == method && len(of) == len(parts)
		for k := 0; fits && k < len(of); k++ {
			fits = of[k] == parts[k] || strings.HasPrefix(of[k], ":") && parts[k] != ""
		}
		if fits && (best == nil || strings.Count(r.path, ":") < strings.Count(best.path, ":")) {
			best = r
		}
	}
	return best
}

// check compares one exchange with the document. Body and answer are read already.
func (c *contract) check(t testing.TB, table []route, req *http.Request, body []byte, status int, header http.Header, answer []byte) {
	t.Helper()
	r := find(table, req.Method, req.URL.Path)
	if r == nil || status == http.StatusMethodNotAllowed {
		return
	}
	path, _ := r.template()
	op := []string{"paths", path, strings.ToLower(r.method)}
	wrong := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s %s: %s (the document: go test ./web -run TestOpenAPI -update)", r.method, r.path, fmt.Sprintf(format, args...))
	}
	said := append(op, "responses", strconv.Itoa(status))
	if c.at(said...) == nil {
		wrong("answered %d, which the document does not describe: %.300s", status, answer)
		return
	}
	if header.Get("X-Request-Id") == "" {
		wrong("answered without X-Request-Id")
	}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	content := c.at(append(said[:len(said):len(said)], "content")...)
	switch {
	case kind == "" && len(content) > 0:
		wrong("answered %d without a body; the document has %v", status, content)
	case kind != "" && content[kind] == nil && len(answer) > 0:
		wrong("answered %d as %s, which the document does not describe", status, kind)
	case strings.HasSuffix(kind, "json") && kind != "application/x-ndjson": // many texts
		if err := c.valid(answer, append(said[:len(said):len(said)], "content", kind, "schema")...); err != nil {
			wrong("answered what the document does not describe: %v\n%.2000s", err, answer)
		}
	}
	if status >= 400 {
		var p problem
		if json.Unmarshal(answer, &p) == nil && !slices.Contains(r.refusals(), p.Code) {
			wrong("refused with %s, which its description does not name: add it to fails", p.Code)
		}
		return
	}
	if status == http.StatusNotModified {
		return
	}
	if r.doc.tag != (header.Get("ETag") != "") {
		wrong("ETag %q, described: %v", header.Get("ETag"), r.doc.tag)
	}
	c.checkRequest(r, op, req, body, wrong)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worked[r.method+" "+r.path] = true
}

// checkRequest says where a request that succeeded is not as described.
func (c *contract) checkRequest(r *route, op []string, req *http.Request, body []byte, wrong func(string, ...any)) {
	for name := range req.URL.Query() {
		if !slices.ContainsFunc(r.queries(), func(p param) bool { return p.name == name }) {
			wrong("was asked with %s=, which its description does not name", name)
		}
	}
	if r.doc.takes == nil && len(body) > 0 && string(body) != "null" && string(body) != "{}" {
		wrong("took a body, which its description does not have: %.200s", body)
	}
	if _, raw := r.doc.takes.(media); r.doc.takes != nil && !raw {
		if err := c.valid(body, append(op[:len(op):len(op)], "requestBody", "content", "application/json", "schema")...); err != nil {
			wrong("took what its description forbids: %v\n%s", err, body)
		}
	}
}

// TestMain looks, after all tests of the package, whether each operation was seen to succeed.
func TestMain(m *testing.M) {
	code := m.Run()
	if f := flag.Lookup("test.run"); code == 0 && f.Value.String() == "" && flag.Lookup("test.list").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" {
		code = untried()
	}
	os.Exit(code)
}

func untried() int {
	c, err := theContract()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 0
	for _, r := range (&Server{}).table() {
		if !c.worked[r.method+" "+r.path] {
			fmt.Fprintf(os.Stderr, "no test has seen %s %s succeed: its description may be wrong\n", r.method, r.path)
			code = 1
		}
	}
	return code
}

// What an address is said not to take, it refuses.
func TestOmittedMembersAreRefused(t *testing.T) {
	g := newRig(t).admin()
	a := g.assessment()
	samples := map[string]any{"session_id": care.NewID(), "reason": "x", "answers": map[string]int{}, "pain_type": "", "body_sites": []string{}, "remarks": "x", "assessed_at": "2026-01-01T00:00:00Z"}
	for _, r := range g.server.table() {
		for _, name := range r.doc.omits {
			v, ok := samples[name]
			if !ok {
				t.Fatalf("no sample of %s", name)
			}
			if name == "body_sites" {
				v = []any{}
			}
			if p := g.do(r.method, addressOf(r, a.ID), map[string]any{name: v}, "If-Match", `"1"`).problem(400, codeMalformed); p.Field != name {
				t.Errorf("%s %s refuses %s, not %s", r.method, r.path, p.Field, name)
			}
		}
	}
}

func TestOpenAPIOverHTTP(t *testing.T) {
	g := newRig(t)
	a := g.do("GET", "/api/v1/openapi.json", nil).want(200)
	if !bytes.Equal(a.body, openAPI) || !strings.HasPrefix(a.Header.Get("Cache-Control"), "public") {
		t.Errorf("%d bytes, Cache-Control %q", len(a.body), a.Header.Get("Cache-Control"))
	}
	for tag, status := range map[string]int{a.Header.Get("ETag"): 304, "W/" + a.Header.Get("ETag") + `, "x"`: 304, "*": 304, `"x"`: 200} {
		g.do("GET", "/api/v1/openapi.json", nil, "If-None-Match", tag).want(status)
	}
}

func TestSiteIsChanged(t *testing.T) {
	g := newRig(t).admin()
	at := "/api/v1/sites/" + care.DefaultSite
	tag := g.do("GET", at, nil).want(200).Header.Get("ETag")
	var site care.Site
	g.do("PATCH", at, map[string]any{"zone": "Europe/Lisbon"}, "If-Match", tag).want(200).read(&site)
	if site.Zone != "Europe/Lisbon" || site.Name == "" {
		t.Errorf("got %+v", site)
	}
	g.do("PATCH", at, map[string]any{"zone": "Local"}, "If-Match", `"2"`).problem(422, care.Invalid)
	g.do("PATCH", at, map[string]any{"zone": "UTC"}, "If-Match", tag).problem(412, care.Stale)
}

func TestScheduleIsRead(t *testing.T) {
	g := newRig(t).admin()
	var made, read map[string]any
	a := g.do("POST", "/api/v1/schedules", map[string]any{"repeat": map[string]any{"every_hours": 4}}).want(201).read(&made)
	b := g.do("GET", a.Header.Get("Location"), nil).want(200).read(&read)
	if fmt.Sprint(made) != fmt.Sprint(read) || b.Header.Get("ETag") != a.Header.Get("ETag") {
		t.Errorf("made %v, read %v", made, read)
	}
}

// An administrator sees every site, but none that does not exist.
func TestUnknownSiteInQuery(t *testing.T) {
	g := newRig(t).admin()
	for _, path := range []string{"/instrument", "/scales", "/measures", "/due", "/reports/quality"} {
		g.do("GET", "/api/v1"+path+"?site_id="+care.NewID(), nil).problem(404, care.NotFound)
	}
}
