package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/care"
	"wince/store"
)

// A file of residents is looked at first and brought in when that is asked for; again it changes nothing.
func TestImport(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	count := func() int {
		list, err := s.SearchResidents(t.Context(), care.RecordSearch{Scope: care.Scope{All: true}, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	run := func(want int, says string, args ...string) string {
		t.Helper()
		status, out, errs := command(t, append([]string{"import", "--data", dir}, args...)...)
		if status != want || !strings.Contains(out+errs, says) {
			t.Fatalf("import %v: %d\n%s%s", args, status, out, errs)
		}
		return out
	}
	table := write("residents.csv", "\ufeffexternal_id;given_name;family_name;room\nP-1;Dora;Elm;12\nP-2;Max;Oak;13\n")
	run(0, "2 would be added, 0 changed, 0 stay as they are, 0 rows are wrong; --apply does it", table)
	if n := count(); n != 0 {
		t.Fatalf("a dry run added %d", n)
	}
	if out := run(0, "2 added", table, "--apply"); !strings.Contains(out, "row 2, P-1: added") || strings.Contains(out, "Dora") {
		t.Errorf("it says\n%s", out)
	}
	run(0, "0 added, 0 changed, 2 stay as they are", table, "--apply")
	bundle := write("bundle.json", ` {"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","identifier":[{"system":"https://p.example/ids","value":"P-1"}],
		"name":[{"family":"Elm","given":["Theodora"]}]}},{"resource":{"resourceType":"Patient","identifier":[{"system":"https://p.example/ids","value":"P-3"}],"name":[{"text":"Ida"}]}}]}`)
	conf := write("wince.yaml", "fhir:\n  identifier_system: https://p.example/ids\n")
	run(0, "1 added, 1 changed", bundle, "--apply", "--config", conf)
	run(1, "identifier of the system", bundle)
	r, err := s.ResidentByExternalID(t.Context(), "P-1")
	if err != nil || r.GivenName != "Theodora" || r.Room != "12" || r.Consent != care.ConsentUnknown || count() != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	trail, err := s.SearchAudit(t.Context(), care.AuditSearch{Entities: []string{r.ID}, Limit: 10})
	if err != nil || len(trail) != 2 || trail[1].Request != "wince import" {
		t.Errorf("the trail says %+v, %v", trail, err)
	}
	run(1, "row 3, birth_date", write("x.csv", "external_id,name,birth_date\nP-9,A,1930-01-01\nP-10,B,soon\n"), "--apply")
	run(1, "There is no column", write("x.csv", "external_id,colour\n1,red\n"), "--apply")
	run(1, "first line must name the columns", write("x.csv", ""))
	run(1, "not one FHIR Bundle", write("x.json", "{"))
	run(1, "8 MB", write("x.csv", "external_id,name\n"+strings.Repeat("1,"+strings.Repeat("a", 1<<10)+"\n", 9<<10)))
	run(1, "There is no such site", write("y.csv", "external_id,name\nP-11,C\n"), "--site", care.NewID(), "--apply")
	run(1, "no such file", filepath.Join(dir, "missing.csv"))
	run(2, "")
	if n := count(); n != 3 {
		t.Errorf("%d residents in the end", n)
	}
}
