package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
	"wince/store"
)

// table reads a download as CSV: rows by the names of their columns.
func (a answer) table() (head []string, rows []map[string]string) {
	a.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(a.body), "\uFEFF"))).ReadAll()
	if err != nil {
		a.Fatal(err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// confirmed makes a confirmed assessment with the camera.
func (g *rig) confirmed(answers map[string]int) care.Assessment {
	g.Helper()
	a := g.assessment()
	g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", map[string]any{"answers": answers}, "If-Match", `"1"`).want(200).read(&a)
	return a
}

const exportPath = "/api/v1/assessments/export"

func TestDownload(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentUnknown)
	var b care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"resident_id": r.ID, "condition": "movement", "scale": "painad",
		"answers": map[string]int{"breathing": 1, "vocalisation": 0, "face": 2, "body": 1, "consolability": 0}, "remarks": "=secret remark"}).want(201).read(&b)
	if b.Total == nil {
		t.Fatalf("items of painad are named otherwise: %s", mustJSON(t, b))
	}
	g.do("POST", "/api/v1/assessments/"+b.ID+"/confirm", map[string]any{}, "If-Match", `"1"`).want(200).read(&b)
	g.clock.pass(time.Minute)
	a := g.confirmed(nil)
	g.do("POST", "/api/v1/assessments", map[string]any{"resident_id": r.ID, "condition": "rest", "scale": "painad"}).want(201) // a draft

	got := g.do("GET", exportPath, nil).want(200)
	if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
		t.Errorf("content type %s", kind)
	}
	head, rows := got.table()
	if len(rows) != 2 || rows[0]["assessment_id"] != b.ID || rows[1]["assessment_id"] != a.ID {
		t.Fatalf("%d rows: %v", len(rows), rows)
	}
	for name, want := range map[string]string{"resident_id": r.ID, "status": "final", "condition": "movement", "method": "observer", "scale_id": "painad", "total": "4",
		"painad.face": "2", "painad.vocalisation": "0", "painad.face.camera": "", "abbey.vocalisation": "", "camera_state": "", "au4_peak": "", "score_p95": "",
		"blind": "false", "version": "2", "assessed_at": "2026-03-01T12:00:00.000Z"} {
		if v, ok := rows[0][name]; !ok || v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	for name, want := range map[string]string{"scale_id": "", "total": "", "camera_state": "assessed", "au4_peak": "3", "au4_share": "1", "au43_peak": "", "score_p95": "5", "method": "camera"} {
		if v, ok := rows[1][name]; !ok || v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if strings.Contains(string(got.body), "secret") || strings.Contains(string(got.body), "Dora") || strings.Contains(string(got.body), "Ann Bee") {
		t.Error("the download holds a name or a free text")
	}

	// The same as objects.
	lines := strings.Split(strings.TrimSpace(string(g.do("GET", exportPath+"?format=ndjson", nil).want(200).body)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for _, name := range head {
			want := rows[i][name]
			if v, ok := object[name]; ok != (want != "") || (ok && fmt.Sprint(v) != want) {
				t.Errorf("%s is %v, in the table %q", name, v, want)
			}
		}
	}
	// Columns are told, and the table has no others.
	var told struct{ Columns []column }
	g.do("GET", exportPath+"/columns", nil).want(200).read(&told)
	var names []string
	for _, k := range told.Columns {
		names = append(names, k.Name)
	}
	if !slices.Equal(names, head) {
		t.Errorf("told %v, written %v", names, head)
	}

	// Times and statuses.
	for query, want := range map[string][]string{
		"?since=2026-03-01T12:00:00Z": {b.ID, a.ID}, "?since=2026-03-01T12:00:01Z": {a.ID}, "?until=2026-03-01T12:01:00Z": {b.ID},
		"?until=2026-03-01T12:00:00Z": nil, "?status=entered_in_error": nil, "?status=final,amended": {b.ID, a.ID}, "?bom=true": {b.ID, a.ID},
	} {
		got := g.do("GET", exportPath+query, nil).want(200)
		if bytes.HasPrefix(got.body, []byte("\uFEFF")) != (query == "?bom=true") {
			t.Errorf("%s: a BOM or none", query)
		}
		_, rows := got.table()
		var ids []string
		for _, r := range rows {
			ids = append(ids, r["assessment_id"])
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: %v, want %v", query, ids, want)
		}
	}
	g.do("POST", "/api/v1/assessments/"+b.ID+"/entered-in-error", map[string]any{"reason": "wrong"}, "If-Match", `"2"`).want(200)
	if _, rows := g.do("GET", exportPath+"?status=entered_in_error", nil).want(200).table(); len(rows) != 1 {
		t.Errorf("%d rows in error", len(rows))
	}
	var trail struct{ Events []care.AuditEvent }
	g.do("GET", "/api/v1/audit?limit=200", nil).want(200).read(&trail)
	if !slices.ContainsFunc(trail.Events, func(e care.AuditEvent) bool { return strings.Contains(string(e.Detail), "/assessments/export") }) {
		t.Error("the download is not in the trail")
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDownloadsThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	for query, field := range map[string]string{"?format=xls": "format", "?since=noon": "since", "?until=1": "until", "?bom=yes": "bom", "?status=draft": "status",
		"?since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z": "until", "?site_id=" + care.NewID(): "site_id"} {
		if field == "site_id" {
			_, token := g.staff(care.RoleNurse, care.ByPassword)
			g.as(token).do("GET", exportPath+query, nil).problem(422, care.Invalid)
			continue
		}
		if p := g.do("GET", exportPath+query, nil).problem(422, care.Invalid); p.Field != field {
			t.Errorf("%s: field %s", query, p.Field)
		}
	}
	g.as(localToken).do("GET", exportPath, nil).problem(403, care.Forbidden) // sees its practice only
	_, secret := g.apiKey("Key", []string{"system/Patient.rs"})
	g.as(secret).do("GET", exportPath, nil).problem(403, care.Forbidden)
	for range downloadsAtOnce {
		g.server.downloads <- struct{}{}
	}
	a := g.do("GET", exportPath, nil)
	if a.problem(503, codeBusy); a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// A program sees its sites, all pages of them.
func TestDownloadOfManySites(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far"}).want(201).read(&far)
	scale := g.server.builtIn["painad"]
	act := care.Act{By: server, At: g.clock.now(), Request: "test"}
	var here []string
	for i := range 2*downloadPage + 7 { // many of one moment
		site := care.DefaultSite
		if i%3 == 2 {
			site = far.ID
		}
		r := care.Resident{ID: care.NewID(), SiteID: site, Name: "A", Consent: care.ConsentUnknown, CreatedAt: care.Stamp(act.At), Version: 1}
		if err := r.Check(act.At); err != nil {
			t.Fatal(err)
		}
		answers := pain.Answers{}
		for _, it := range scale.Items {
			answers[it.ID] = it.Options[0].Value
		}
		a, err := care.NewAssessment(care.Assessment{ResidentID: r.ID, SiteID: site, Condition: care.AtRest, AssessedAt: act.At.Add(-time.Duration(i/100) * time.Second)}, nil, scale, care.Filling{Answers: answers}, act)
		if err == nil {
			err = a.Confirm(care.Filling{}, scale, act)
		}
		if err == nil {
			err = g.store.AddResident(g.Context(), act, &r)
		}
		if err == nil {
			err = g.store.AddAssessment(g.Context(), act, a)
		}
		if err != nil {
			t.Fatal(err)
		}
		if site == care.DefaultSite {
			here = append(here, a.ID)
		}
	}
	_, secret := g.apiKey("Key", []string{"system/Observation.rs"})
	_, rows := g.as(secret).do("GET", exportPath, nil).want(200).table()
	seen := map[string]bool{}
	for i, r := range rows {
		seen[r["assessment_id"]] = true
		if i > 0 && r["assessed_at"] < rows[i-1]["assessed_at"] {
			t.Fatal("not in the order of their times")
		}
	}
	if len(rows) != len(here) || len(seen) != len(here) {
		t.Errorf("%d rows of %d assessments, want %d", len(rows), len(seen), len(here))
	}
	if _, rows := g.do("GET", exportPath, nil).want(200).table(); len(rows) != 2*downloadPage+7 {
		t.Errorf("the administrator gets %d rows", len(rows))
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "a", `"`, "=1+1", "-2", "+a", "@x", "a,b", "a\r\nb", "\r\r\n", "\t=x", "'x", "ä"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := string(appendCell(nil, []byte(s)))
		r := csv.NewReader(strings.NewReader("x," + cell + "\r\n"))
		row, err := r.Read()
		if err != nil || len(row) != 2 {
			t.Fatalf("%q is written %q: %v %v", s, cell, row, err)
		}
		if got := row[1]; got != "" && strings.ContainsAny(got[:1], "=+-@\t\r") {
			t.Errorf("%q is a formula", got)
		}
		// The reader takes the \r off the end of each line, once.
		if got := strings.TrimPrefix(row[1], "'"); got != strings.ReplaceAll(strings.TrimPrefix(s, "'"), "\r\n", "\n") {
			t.Errorf("%q became %q", s, row[1])
		}
	})
}

// deadlines counts how often the deadline of a connection is set anew.
type deadlines struct {
	*httptest.ResponseRecorder
	write int
}

func (d *deadlines) SetWriteDeadline(time.Time) error { d.write++; return nil }
func (d *deadlines) SetReadDeadline(time.Time) error  { return nil }

// A download lasts as long as its reader takes each part in time.
func TestDownloadRenewsItsDeadline(t *testing.T) {
	g := newRig(t).admin()
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://wince.test"+exportPath, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	g.renewsDeadline(r)
}

func (g *rig) renewsDeadline(r *http.Request) {
	g.Helper()
	d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	g.server.Handler().ServeHTTP(d, r)
	if d.Code != 200 || d.write == 0 {
		g.Errorf("status %d, %d deadlines", d.Code, d.write)
	}
}

// broken is a store that fails at the second page.
type broken struct {
	Store
	pages int
}

func (b *broken) AssessmentPage(ctx context.Context, q care.AssessmentPage) ([]care.Assessment, error) {
	if b.pages++; b.pages > 1 {
		return nil, io.ErrUnexpectedEOF
	}
	return make([]care.Assessment, q.Limit), nil
}

// What is cut in the middle does not look whole.
func TestDownloadThatFails(t *testing.T) {
	g := newRig(t).admin()
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	g.server.opt.Store = &broken{Store: g.server.opt.Store}
	srv := httptest.NewServer(g.server.Handler())
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+exportPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := srv.Client().Do(r)
	if err == nil {
		_, err = io.Copy(io.Discard, a.Body)
		a.Body.Close()
	}
	if err == nil {
		t.Error("it looks whole")
	}
}

const dictionaryHead = `# Download of assessments

` + "`GET /api/v1/assessments/export`" + ` answers with all confirmed assessments, one a row, as fast as the reader takes them. It needs the
permission to see assessments; a program needs the scope ` + "`system/Observation.s`" + `.

| query | |
|---|---|
| ` + "`format`" + ` | ` + "`csv`" + ` (RFC 4180, UTF-8, a head with the names below) or ` + "`ndjson`" + ` (an object a line; what has no value is left out) |
| ` + "`since`, `until`" + ` | assessed from the one on and before the other, such as ` + "`2026-01-31T00:00:00Z`" + ` |
| ` + "`site_id`" + ` | one site; left out, all that one may see, one after the other, each in the order of the times |
| ` + "`status`" + ` | ` + "`final,amended`" + ` where left out; ` + "`entered_in_error`" + ` for what was taken back |
| ` + "`bom`" + ` | ` + "`true`" + `: begin with a byte order mark, by which spreadsheets know UTF-8 |

    curl -H "Authorization: Bearer $key" "$api/assessments/export?since=2026-01-01T00:00:00Z" -o assessments.csv

Names and free texts are not in it: residents, staff and sites stand there by their ids. Practice is not in it either. A text that a
spreadsheet would take for a formula has an apostrophe before it. An empty cell says that there is no value, which is not a zero.
A download that breaks off ends with an error of the connection, never as if it were whole: begin again, or go on with ` + "`since`" + `.
Assessments that are confirmed while it runs may or may not be among the rows; each is there once. Two downloads run at a time; then
the answer is ` + "`busy`" + `, with ` + "`Retry-After`" + `.

What the camera measured is a first estimate that was not validated on real pain: see [accuracy.md](accuracy.md). What it proposed is kept
beside what the carer answered.

## Columns

In this order. ` + "`GET /api/v1/assessments/export/columns`" + ` tells them to programs, with those of the home's own scales. Columns may be added;
none is moved or renamed. This list is made from the program (` + "`go test ./web -run TestDictionary -update`" + `).

| column | kind | unit | meaning |
|---|---|---|---|
`

func TestDictionary(t *testing.T) {
	g := newRig(t)
	columns, err := g.server.downloadColumns(t.Context(), []string{care.DefaultSite})
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	page.WriteString(dictionaryHead)
	names := map[string]bool{}
	for _, k := range columns {
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", k.Name, k.Kind, k.Unit, k.Meaning)
		if names[k.Name] || k.Meaning == "" || k.Name != string(appendCell(nil, []byte(k.Name))) {
			t.Errorf("the column %q has no meaning, comes twice or would need quotes", k.Name)
		}
		names[k.Name] = true
	}
	const path = "../docs/export.md"
	if !bytes.Equal(kept(t, path, page.Bytes()), page.Bytes()) {
		t.Error("docs/export.md is not what the program does. If that is meant: go test ./web -run TestDictionary -update")
	}
}

var (
	benchRows = flag.Int("rows", 20_000, "invented assessments for the benchmarks of downloads")
	benchData = flag.String("data", "", "folder that keeps these between runs, such as one that wince invent filled with as many")
)

// inventedRig is a server with invented records.
func inventedRig(b *testing.B) (*Server, *store.Store, string) {
	b.Helper()
	dir, act := *benchData, care.Act{By: server, At: time.Now(), Request: "bench"}
	if dir == "" {
		dir = b.TempDir()
	}
	if _, err := os.Stat(filepath.Join(dir, "wince.db")); err != nil {
		inventRows(b, dir, act)
	}
	st, err := store.Open(b.Context(), store.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Store: st, Live: &fakeLive{open: map[string]*fakeSession{}}, Origin: testOrigin})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close(); st.Close() })
	id := care.NewID() // also the name, which must be new in a folder that is kept
	v := &care.Client{ID: id, Name: id, Kind: care.KeyClient, AllSites: true, Scopes: []string{"system/*.rs"}, CreatedAt: act.At, Version: 1}
	k := &care.ClientKey{ID: care.NewID(), CreatedAt: act.At, ExpiresAt: act.At.Add(time.Hour * 24)}
	secret := apiKeyMark + newToken()
	if err := st.AddClient(b.Context(), act, v); err != nil {
		b.Fatal(err)
	}
	if _, err := st.AddClientKey(b.Context(), act, v.ID, k, hashToken(secret)); err != nil {
		b.Fatal(err)
	}
	return s, st, secret
}

// peakMemory returns the most memory that the process had so far, in MiB.
func peakMemory(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1024
		}
	}
	return 0
}

// forgetPeak lets the peak begin anew, where the system allows it.
func forgetPeak() {
	runtime.GC()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux: resets VmHWM
}

// inventRows fills a folder. It closes the store: with it goes the memory that inventing took.
func inventRows(b *testing.B, dir string, act care.Act) {
	b.Helper()
	scales, err := readScales()
	if err != nil {
		b.Fatal(err)
	}
	fill, err := store.Open(b.Context(), store.Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	err = fill.Invent(b.Context(), act, store.Invented{Residents: max(200, *benchRows/50), Assessments: *benchRows, PerHome: 200, Now: act.At, Scale: scales["painad"]}, func(int) {})
	if err = errors.Join(err, fill.Close()); err != nil {
		b.Fatal(err)
	}
}

// The time and the peak of memory of a whole download: go test ./web -run '^$' -bench Download -rows 1000000 -benchtime 1x
func BenchmarkDownload(b *testing.B) {
	s, _, secret := inventedRig(b)
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	for _, format := range []string{"csv", "ndjson"} {
		b.Run(format, func(b *testing.B) {
			forgetPeak()
			var lines int
			for b.Loop() {
				r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL+exportPath+"?format="+format, nil)
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+secret)
				a, err := srv.Client().Do(r)
				if err != nil {
					b.Fatal(err)
				}
				lines = 0
				in := bufio.NewScanner(a.Body)
				for in.Scan() {
					lines++
				}
				a.Body.Close()
				if in.Err() != nil || lines < *benchRows {
					b.Fatalf("%d lines: %v", lines, in.Err())
				}
			}
			b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(peakMemory(b), "peak-MiB")
		})
	}
}
