package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
)

func withExports(dir string) func(*Options) { return func(o *Options) { o.Exports = dir } }

// export begins an export and returns the address of its status.
func (g *rig) export(path string, headers ...string) string {
	g.Helper()
	a := g.do("GET", path, nil, append([]string{"Prefer", "respond-async"}, headers...)...).want(202)
	at := a.Header.Get("Content-Location")
	if !strings.Contains(at, "/fhir/$export-status/") {
		g.Fatalf("Content-Location %q", at)
	}
	return at[strings.Index(at, "/fhir/"):]
}

// exported waits for an export and returns its manifest.
func (g *rig) exported(status string) (m bulkManifest) {
	g.Helper()
	g.server.bulk.wg.Wait() // the export itself, not a while
	a := g.do("GET", status, nil).want(200).read(&m)
	if a.Header.Get("Expires") == "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		g.Errorf("headers %v", a.Header)
	}
	return m
}

// Staff are exported for those who may see them; what is calculated and what is the home's own is not, and says so.
func TestBulkExportOfStaff(t *testing.T) {
	g := newRig(t, withOrigin, withExports(t.TempDir())).admin()
	u, _ := g.staff(care.RoleNurse, care.ByPassword)
	m := g.exported(g.export("/fhir/$export"))
	if list := g.resources(m.of("Practitioner")); len(list) != 2 || !slices.ContainsFunc(list, func(r map[string]any) bool { return r["id"] == u.ID }) {
		t.Errorf("staff %v", list)
	}
	_, key := g.apiKey("Platform", []string{"system/*.rs"})
	p := g.as(key)
	if m := p.exported(p.export("/fhir/$export")); m.of("Practitioner").Count != 0 {
		t.Errorf("a program is given the staff: %+v", m)
	}
	p.do("GET", "/fhir/$export?_type=Practitioner", nil, "Prefer", "respond-async").outcome(403, "forbidden")
	for _, kind := range []string{"Task", "AuditEvent"} {
		a := g.do("GET", "/fhir/$export?_type="+kind, nil, "Prefer", "respond-async").outcome(400, "value")
		if !strings.Contains(a, "Practitioner") {
			t.Errorf("%s: %s", kind, a)
		}
	}
}

// resources fetches a file and returns its resources.
func (g *rig) resources(o bulkOutput) []map[string]any {
	g.Helper()
	a := g.do("GET", o.URL[strings.Index(o.URL, "/fhir/"):], nil, "Accept", bulkNDJSON).want(200)
	if a.Header.Get("Content-Type") != bulkNDJSON {
		g.Errorf("content type %s", a.Header.Get("Content-Type"))
	}
	var list []map[string]any
	for line := range bytes.SplitSeq(bytes.TrimSpace(a.body), []byte("\n")) {
		var r map[string]any
		if err := json.Unmarshal(line, &r); err != nil {
			g.Fatalf("%v: %s", err, line)
		}
		if r["resourceType"] != o.Type {
			g.Errorf("a %v among %s", r["resourceType"], o.Type)
		}
		list = append(list, r)
	}
	if int64(len(list)) != o.Count {
		g.Errorf("%d lines, the manifest says %d", len(list), o.Count)
	}
	return list
}

func (m *bulkManifest) of(kind string) bulkOutput {
	i := slices.IndexFunc(m.Output, func(o bulkOutput) bool { return o.Type == kind })
	if i < 0 {
		return bulkOutput{}
	}
	return m.Output[i]
}

func TestBulkExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exports")
	g := newRig(t, withOrigin, withExports(dir)).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far"}).want(201).read(&far)
	g.do("POST", "/api/v1/residents", map[string]any{"name": "Far Away", "site_id": far.ID}).want(201)
	a := g.confirmed(nil)
	ec := ecPair(t, "ec")
	v := g.smart("Platform", []string{"system/Patient.rs", "system/Observation.rs", "system/Provenance.r"}, []string{care.DefaultSite}, ec)
	_, got := g.askToken(tokenBody(sign(t, "ES384", "ec", ec.secret, g.claims(v.ID)), "system/*.rs"))
	p := g.as(got.Token)

	if meta := string(g.do("GET", "/fhir/metadata", nil).want(200).body); !strings.Contains(meta, `/OperationDefinition/export"`) || !strings.Contains(meta, "SMART-on-FHIR") {
		t.Errorf("the statement does not tell of exports or of SMART: %s", meta)
	}
	status := p.export("/fhir/$export")
	m := p.exported(status)
	if len(m.Output) != 2 || !m.RequiresToken || m.Request != testOrigin+"/fhir/$export" || m.TransactionTime != "2026-03-01T11:59:30.000Z" {
		t.Fatalf("got %+v", m) // no Provenance: reading one is not finding all
	}
	if list := p.resources(m.of("Patient")); len(list) != 1 || list[0]["id"] != a.ResidentID {
		t.Errorf("patients %v", list)
	}
	if list := p.resources(m.of("Observation")); len(list) < 3 || !strings.HasPrefix(list[0]["id"].(string), a.ID) {
		t.Errorf("observations %v", list)
	}
	// The disk holds nothing in the clear, for the owner alone.
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		info, errStat := os.Stat(f)
		if err != nil || errStat != nil || info.Mode().Perm() != 0o600 || bytes.Contains(text, []byte("resourceType")) {
			t.Errorf("%s: %v %v %v", f, err, errStat, info.Mode())
		}
	}
	// Others see none of it.
	w := g.smart("Other", []string{"system/*.rs"}, []string{care.DefaultSite}, ec)
	_, got = g.askToken(tokenBody(sign(t, "ES384", "ec", ec.secret, g.claims(w.ID)), "system/*.rs"))
	q := g.as(got.Token)
	fileAt := m.Output[0].URL[strings.Index(m.Output[0].URL, "/fhir/"):]
	for _, h := range []*rig{q, g} {
		h.do("GET", status, nil).want(404)
		h.do("DELETE", status, nil).want(404)
		h.do("GET", fileAt, nil).want(404)
	}
	g.as("").do("GET", fileAt, nil).want(401)
	p.do("GET", strings.Replace(fileAt, "Patient", "..%2f..%2fkey", 1), nil).want(404)

	// A third one has to wait; cancelling removes the files at once.
	second := p.export("/fhir/Patient/$export?_type=Observation&_outputFormat=ndjson")
	if m := p.exported(second); len(m.Output) != 1 || m.Output[0].Type != "Observation" {
		t.Errorf("got %+v", m)
	}
	if a := p.do("GET", "/fhir/$export", nil, "Prefer", "respond-async").want(429); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	p.do("DELETE", status, nil).want(202)
	p.do("GET", status, nil).want(404)
	p.do("GET", fileAt, nil).want(404)
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left %v", left)
	}
	// After an hour nothing is left.
	g.clock.pass(bulkLife)
	g.server.bulk.sweep()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestBulkSince(t *testing.T) {
	g := newRig(t, withOrigin, withExports(filepath.Join(t.TempDir(), "exports"))).admin()
	old := g.confirmed(nil)
	gone := g.resident(care.ConsentUnknown)
	g.clock.pass(time.Hour)
	since := g.clock.now().Format(time.RFC3339)
	a := g.confirmed(nil)
	_, token := g.staff(care.RoleAdmin, care.ByPassword)
	p := g.as(token)
	p.do("POST", "/api/v1/residents/"+gone.ID+"/erase", nil, "If-Match", `"1"`).want(204)
	m := p.exported(p.export("/fhir/$export?_since=" + since + "&_type=Patient,Observation,QuestionnaireResponse"))
	if list := p.resources(m.of("Patient")); len(list) != 1 || list[0]["id"] != a.ResidentID {
		t.Errorf("patients %v", list)
	}
	for _, r := range p.resources(m.of("Observation")) {
		if id, _ := r["id"].(string); strings.HasPrefix(id, old.ID) {
			t.Errorf("%s did not change", id)
		}
	}
	if len(m.Deleted) != 1 || m.Deleted[0].Count != 1 {
		t.Fatalf("deleted %+v", m.Deleted)
	}
	if text := mustJSON(t, p.resources(m.Deleted[0])); !strings.Contains(text, `"url":"Patient/`+gone.ID+`"`) {
		t.Errorf("deleted %s", text)
	}
}

func TestBulkExportsThatAreRefused(t *testing.T) {
	g := newRig(t, withOrigin, withExports(filepath.Join(t.TempDir(), "exports"))).admin()
	_, secret := g.apiKey("Key", []string{"system/Patient.rs"})
	p := g.as(secret)
	async := []string{"Prefer", "respond-async"}
	p.do("GET", "/fhir/$export", nil).want(400)
	for query, status := range map[string]int{"_type=Observation": 403, "_type=Basic": 400, "_type=Task": 400, "_since=noon": 400, "_outputFormat=csv": 400, "_typeFilter=x": 400} {
		a := p.do("GET", "/fhir/$export?"+query, nil, async...).want(status)
		if !strings.Contains(string(a.body), `"OperationOutcome"`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	p.do("GET", "/fhir/$export?_typeFilter=x&_type=Patient,Basic", nil, "Prefer", "respond-async, handling=lenient").want(202)
	p.do("POST", "/fhir/$export", map[string]any{"resourceType": "Parameters", "parameter": []any{map[string]any{"name": "_type", "valueString": "Basic"}}}, async...).want(400)
	p.do("POST", "/fhir/$export", `{"resourceType":`, async...).want(422)
	g.as("").do("GET", "/fhir/$export", nil, async...).want(401)
	g.as(localToken).do("GET", "/fhir/$export", nil, async...).want(403)
	p.do("GET", "/fhir/$export-status/"+care.NewID(), nil).want(404)
	newRig(t, withOrigin).admin().do("GET", "/fhir/$export", nil, async...).want(404) // not set up
}

// stuck is a store in which an export waits until it is cancelled.
type stuck struct {
	Store
	begun chan struct{}
}

func (s *stuck) SearchResidents(ctx context.Context, _ care.RecordSearch) ([]care.Resident, error) {
	close(s.begun)
	<-ctx.Done()
	return nil, ctx.Err()
}

// An export that runs tells so; whoever cancels it, or stops the server, leaves no file.
func TestBulkCancel(t *testing.T) {
	for _, how := range []string{"cancel", "stop"} {
		dir := filepath.Join(t.TempDir(), "exports")
		g := newRig(t, withOrigin, withExports(dir)).admin()
		_, token := g.staff(care.RoleAdmin, care.ByPassword)
		p := g.as(token)
		slow := &stuck{g.server.opt.Store, make(chan struct{})}
		g.server.opt.Store = slow
		status := p.export("/fhir/$export?_type=Patient")
		<-slow.begun
		if a := p.do("GET", status, nil).want(202); a.Header.Get("X-Progress") == "" || a.Header.Get("Retry-After") == "" {
			t.Errorf("headers %v", a.Header)
		}
		if how == "cancel" {
			p.do("DELETE", status, nil).want(202)
			p.do("GET", status, nil).want(404)
			g.server.bulk.wg.Wait()
		} else {
			g.server.bulk.close()
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
			t.Errorf("%s: left %v", how, left)
		}
	}
}

// What a killed server left is removed at the next start.
func TestBulkLeftOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "exports", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	newRig(t, withExports(filepath.Join(dir, "exports")))
	if _, err := os.Stat(filepath.Join(dir, "exports")); !os.IsNotExist(err) {
		t.Errorf("it is there: %v", err)
	}
}

// Resources a second that an export writes: go test ./web -run '^$' -bench BulkExport -rows 1000000 -benchtime 1x
func BenchmarkBulkExport(b *testing.B) {
	s, _, secret := inventedRig(b)
	s.bulk.dir = b.TempDir()
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	call := func(method, path string) *http.Response {
		r, err := http.NewRequestWithContext(b.Context(), method, srv.URL+path, nil)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Prefer", "respond-async")
		a, err := srv.Client().Do(r)
		if err != nil {
			b.Fatal(err)
		}
		return a
	}
	forgetPeak()
	var resources int64
	for b.Loop() {
		a := call("GET", "/fhir/$export")
		a.Body.Close()
		at := a.Header.Get("Content-Location")
		if a.StatusCode != http.StatusAccepted || at == "" {
			b.Fatalf("status %d", a.StatusCode)
		}
		s.bulk.wg.Wait()
		b.StopTimer()
		a = call("GET", at[strings.Index(at, "/fhir/"):])
		var m bulkManifest
		text, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || json.Unmarshal(text, &m) != nil || a.StatusCode != http.StatusOK {
			b.Fatalf("%d %s", a.StatusCode, text)
		}
		for _, o := range m.Output {
			resources += o.Count
		}
		call("DELETE", at[strings.Index(at, "/fhir/"):]).Body.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "resources/s")
	b.ReportMetric(peakMemory(b), "peak-MiB")
}
