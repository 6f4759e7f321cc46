package web

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wince/care"
)

const importPath = "/api/v1/residents/import"

// sends imports a table.
func (g *rig) imports(query, text string) ImportReport {
	g.Helper()
	var r ImportReport
	g.do("POST", importPath+query, text, "Content-Type", "text/csv").want(200).read(&r)
	return r
}

func (r ImportReport) counts() [4]int { return [4]int{r.Added, r.Changed, r.Unchanged, r.Errors} }

func TestImport(t *testing.T) {
	g := newRig(t).admin()
	const table = "External ID;First_Name;family_name;Zimmer;birth_date;sex\r\n4711;Dora;Elm;12;27.4.1938;F\r\n4712;\"Jürgen; junior\";Oak;;1940-01-31;m\r\n"
	if r := g.imports("", table); r.counts() != [4]int{2, 0, 0, 0} || r.Committed || r.Rows[0].ResidentID != "" || r.Rows[1].Row != 3 {
		t.Errorf("dry run: %+v", r)
	}
	find := func(id string) (v care.Resident) {
		t.Helper()
		var list struct{ Residents []care.Resident }
		g.do("GET", "/api/v1/residents?external_id="+id, nil).want(200).read(&list)
		if len(list.Residents) == 1 {
			v = list.Residents[0]
		}
		return v
	}
	if find("4711").ID != "" {
		t.Fatal("a dry run added a resident")
	}
	r := g.imports("?commit=true", "\uFEFF"+table)
	if r.counts() != [4]int{2, 0, 0, 0} || !r.Committed || r.Rows[0].ResidentID == "" {
		t.Fatalf("got %+v", r)
	}
	v := find("4711")
	if v.Name != "Dora Elm" || v.Room != "12" || v.BirthDate != "1938-04-27" || v.Sex != care.Female || v.Consent != care.ConsentUnknown || v.ID != r.Rows[0].ResidentID {
		t.Errorf("got %+v", v)
	}
	if w := find("4712"); w.GivenName != "Jürgen; junior" || w.Sex != care.Male {
		t.Errorf("got %+v", w)
	}
	if r := g.imports("?commit=true", table); r.counts() != [4]int{0, 0, 2, 0} || find("4711").Version != 1 {
		t.Errorf("again: %+v", r)
	}
	// What has no column stays, and what only Wince knows.
	g.do("PATCH", "/api/v1/residents/"+v.ID, map[string]any{"communication": "limited", "name": "Dorchen"}, "If-Match", `"1"`).want(200)
	if r := g.imports("?commit=true", "external_id,room,family_name\n4711,14,Birch\n"); r.counts() != [4]int{0, 1, 0, 0} {
		t.Errorf("changed: %+v", r)
	}
	if v = find("4711"); v.Room != "14" || v.FamilyName != "Birch" || v.Name != "Dorchen" || v.BirthDate != "1938-04-27" || v.Communication != care.SpeaksLittle || v.Version != 3 {
		t.Errorf("got %+v", v)
	}
	// Where a row is wrong nothing is changed.
	r = g.imports("?commit=true", "external_id\troom\tname\tsex\n4711\t15\tDora\tf\n4713\t1\t\tf\n4714\t1\tA\tking\n\t1\tB\t\n4711\t1\tC\t\n4715\t1\n")
	if r.counts() != [4]int{0, 1, 0, 5} || r.Committed || find("4711").Room != "14" {
		t.Errorf("got %+v", r)
	}
	for i, want := range []struct {
		row    int
		column string
	}{{2, ""}, {3, "name"}, {4, "sex"}, {5, "external_id"}, {6, "external_id"}, {7, "file"}} {
		if got := r.Rows[i]; got.Row != want.row || got.Column != want.column || (got.Error == "") != (want.column == "") {
			t.Errorf("row %d: %+v", i, got)
		}
	}
	// Windows-1252 is said to be no UTF-8, and read where that is said.
	latin := "external_id,name\n4720,J\xfcrgen\n"
	if r := g.imports("", latin); r.Errors != 1 || !strings.Contains(r.Rows[0].Error, "windows-1252") {
		t.Errorf("got %+v", r)
	}
	if r := g.imports("?commit=true&encoding=windows-1252", latin); r.Added != 1 || find("4720").Name != "Jürgen" {
		t.Errorf("got %+v", r)
	}
}

func TestImportOfSites(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far"}).want(201).read(&far)
	if r := g.imports("?commit=true&site_id="+far.ID, "external_id,name\nf1,Far Away\n"); r.Added != 1 {
		t.Fatalf("got %+v", r)
	}
	_, secret := g.apiKey("Key", []string{"system/Patient.cu"})
	p := g.as(secret)
	r := p.imports("?commit=true", "external_id,name,site_id\nf1,Stolen,\nx1,A,"+far.ID+"\nx2,B,"+care.NewID()+"\n")
	if r.counts() != [4]int{0, 0, 0, 3} || r.Rows[0].Column != "external_id" || r.Rows[1].Column != "site_id" || r.Rows[2].Column != "site_id" {
		t.Errorf("got %+v", r)
	}
	_, less := g.apiKey("Less", []string{"system/Patient.c"})
	g.as(less).do("POST", importPath, "external_id,name\n1,A\n", "Content-Type", "text/csv").problem(403, care.Forbidden)
	_, carer := g.staff(care.RoleCarer, care.ByPassword)
	g.as(carer).do("POST", importPath, "external_id,name\n1,A\n", "Content-Type", "text/csv").problem(403, care.Forbidden)
}

// An import takes longer than other requests may, also one that waits in the programs' lane.
func TestImportSetsDeadlines(t *testing.T) {
	g := newRig(t).admin()
	_, secret := g.apiKey("Key", []string{"system/Patient.cu"})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://wince.test"+importPath, strings.NewReader("external_id,name\n1,A\n"))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "text/csv")
	g.renewsDeadline(r)
}

func TestFilesThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	for name, c := range map[string]struct{ kind, text, field string }{
		"nothing":             {"text/csv", "", "file"},
		"no external id":      {"text/csv", "name\nA\n", "file"},
		"an unknown column":   {"text/csv", "external_id,rom\n1,2\n", "file"},
		"a column twice":      {"text/csv", "external_id,room,zimmer\n1,2,3\n", "file"},
		"an open quote":       {"text/csv", "external_id,name\n1,\"A\n", "file"},
		"UTF-16":              {"text/csv", "\xff\xfee\x00x\x00", "file"},
		"a head not in UTF-8": {"text/csv", "external_id,n\xe4me\n1,2\n", "file"},
		"no JSON":             {fhirContent, "external_id,name\n", "file"},
		"no Bundle":           {fhirContent, `{"resourceType":"Patient"}`, "file"},
		"half a Bundle":       {fhirContent, `{"resourceType":"Bundle","entry":[{"resource":{}`, "file"},
		"too many":            {"text/csv", "external_id,name\n" + strings.Repeat("1,A\n", maxImportRows+1), "file"},
	} {
		t.Run(name, func(t *testing.T) {
			h := *g
			h.T = t
			if p := h.do("POST", importPath, c.text, "Content-Type", c.kind).problem(422, care.Invalid); p.Field != c.field {
				t.Errorf("field %s: %s", p.Field, p.Detail)
			}
		})
	}
	g.do("POST", importPath, "x", "Content-Type", "text/plain").problem(415, codeMediaType)
	g.do("POST", importPath+"?commit=yes", "external_id,name\n", "Content-Type", "text/csv").problem(422, care.Invalid)
	g.do("POST", importPath+"?encoding=ebcdic", "external_id,name\n", "Content-Type", "text/csv").problem(422, care.Invalid)
	g.do("POST", importPath, "external_id,name\n1,"+strings.Repeat("a", 9<<20), "Content-Type", "text/csv").problem(413, codeTooLarge)
	if r := g.imports("", "external_id,name\n"); len(r.Rows) != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestImportOfABundle(t *testing.T) {
	g := newRig(t).admin()
	patient := func(id, more string) string {
		return fmt.Sprintf(`{"resource":{"resourceType":"Patient","identifier":[{"system":%q,"value":%q}],"name":[{"family":"Elm","given":["Dora"]}]%s}}`, g.server.externalSystem(), id, more)
	}
	bundle := func(entries ...string) string {
		return `{"type":"collection","entry":[` + strings.Join(entries, ",") + `],"resourceType":"Bundle"}`
	}
	send := func(text string) (r ImportReport) {
		g.do("POST", importPath+"?commit=true", text, "Content-Type", fhirContent).want(200).read(&r)
		return r
	}
	good := bundle(patient("1", `,"birthDate":"1938-04-27","gender":"female"`), patient("2", ""))
	if r := send(good); r.counts() != [4]int{2, 0, 0, 0} || !r.Committed {
		t.Fatalf("got %+v", r)
	}
	if r := send(good); r.counts() != [4]int{0, 0, 2, 0} {
		t.Errorf("again: %+v", r)
	}
	r := send(bundle(patient("1", `,"gender":"other"`), patient("3", `,"gender":"king"`), `{"resource":{"resourceType":"Observation"}}`, `{}`, patient("4", `,"birthDate":"2999-01-01"`)))
	if r.counts() != [4]int{0, 1, 0, 4} || r.Committed || r.Rows[1].Column != "Patient.gender" || r.Rows[1].Row != 2 {
		t.Errorf("got %+v", r)
	}
	if r := send(`{"resourceType":"Bundle"}`); len(r.Rows) != 0 {
		t.Errorf("got %+v", r)
	}
}

func FuzzImportTable(f *testing.F) {
	for _, s := range []string{"external_id,name\n1,A\n", "external_id;name;sex\r\n1;\"A;B\";w\r\n", "\uFEFFexternal_id\tname\n1\tA", "external_id,name\n1,\xfc\n", "external_id\n\"1", ""} {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "windows-1252")
	}
	f.Fuzz(func(t *testing.T, text []byte, encoding string) {
		in, err := utf8Reader(bytes.NewReader(text), encoding)
		if err != nil {
			return
		}
		tellsSentences(t, eachCSV(in, func(r importRow) error { return readRow(t, r) }))
	})
}

func FuzzImportBundle(f *testing.F) {
	for _, s := range []string{`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","identifier":[{"system":"s","value":"1"}],"name":[{"text":"A"}]}}]}`, `{}`, `[]`,
		`{"entry":[{}],"resourceType":"Bundle"}`, `{"resourceType":"Bundle","entry":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tellsSentences(t, eachPatient(bufio.NewReader(bytes.NewReader(text)), "s", func(r importRow) error { return readRow(t, r) }))
	})
}

// readRow puts a row into a new resident: what the rules let pass can be kept.
func readRow(t *testing.T, in importRow) error {
	if in.err != nil {
		return nil //nolint:nilerr // refused, as it should be
	}
	if in.external == "" {
		t.Error("a row without an id is no error")
	}
	r := &care.Resident{ExternalID: in.external}
	in.into(r)
	if r.Check(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) == nil && r.Name == "" {
		t.Errorf("nobody's name: %+v", r)
	}
	return nil
}

func tellsSentences(t *testing.T, err error) {
	if err != nil && !isCode(err, care.Invalid) {
		t.Errorf("no sentence for people: %v", err)
	}
}
