package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/store"
)

// command runs a command line and returns its exit status and what it said.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// home makes a data folder with a resident in it, and leaves the database open as a server would.
func home(t *testing.T) (dir string, st *store.Store, residentID string) {
	t.Helper()
	dir = t.TempDir()
	st, err := store.Open(t.Context(), store.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	act := care.Act{By: care.Actor{ID: "u1", Name: "Ann Bee"}, At: time.Now().AddDate(-2, 0, 0), Request: "r1"}
	r := &care.Resident{ID: care.NewID(), SiteID: care.DefaultSite, Name: "Wilhelmina Oldfield", Consent: care.ConsentGiven, CreatedAt: care.Stamp(act.At), Version: 1}
	if err := st.AddResident(t.Context(), act, r); err != nil {
		t.Fatal(err)
	}
	return dir, st, r.ID
}

func TestAuditCommands(t *testing.T) {
	dir, st, id := home(t)
	status, out, _ := command(t, "audit", "verify", "--data", dir)
	if status != 0 || !strings.HasPrefix(out, "the trail holds: 1 rows, the last is 1:") {
		t.Fatalf("verify: %d %q", status, out)
	}
	noted := strings.TrimSpace(out[strings.Index(out, "1:"):])
	if err := st.LoginFailed(t.Context(), care.Act{By: care.Program, At: time.Now(), Request: "r2"}, "u1"); err != nil {
		t.Fatal(err)
	}
	status, export, errs := command(t, "audit", "export", "--data", dir)
	lines := strings.Split(strings.TrimSpace(export), "\n")
	if status != 0 || len(lines) != 3 || !strings.Contains(lines[1], `"entity_id":"`+id+`"`) || strings.Contains(export, "Oldfield") {
		t.Fatalf("export: %d %q %s", status, export, errs)
	}
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "trail.jsonl")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hash := noted[2:]
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"database":         {[]string{"--data", dir}, 0, "2 rows"},
		"noted":            {[]string{"--data", dir, "--seen", noted}, 0, "2 rows"},
		"another noted":    {[]string{"--data", dir, "--seen", "2:" + hash}, 1, "row 2: it is not the row"},
		"noted later":      {[]string{"--data", dir, "--seen", "9:" + hash}, 1, "row 9"},
		"noted wrongly":    {[]string{"--data", dir, "--seen", "hello"}, 2, "PLACE:HASH"},
		"export":           {[]string{"--export", write(export), "--seen", noted}, 0, "2 rows"},
		"export, noted":    {[]string{"--export", write(export), "--seen", "2:" + hash}, 1, "row 2"},
		"export, later":    {[]string{"--export", write(export), "--seen", "9:" + hash}, 1, "row 9"},
		"export, altered":  {[]string{"--export", write(strings.Replace(export, `"by":{"id":"u1"`, `"by":{"id":"u2"`, 1))}, 1, "row 1"},
		"export, removed":  {[]string{"--export", write(lines[0] + "\n" + lines[2])}, 1, "row 1"},
		"export, cut":      {[]string{"--export", write(lines[0] + "\n" + lines[1])}, 1, "missing at the end"},
		"export, no chain": {[]string{"--export", write(lines[1])}, 1, "line 1 is not"},
		"export, garbage":  {[]string{"--export", write("hello")}, 1, "line 1 is not"},
		"export, empty":    {[]string{"--export", write("")}, 1, "empty"},
		"no export":        {[]string{"--export", dir + "/none"}, 1, "no such file"},
		"no database":      {[]string{"--data", t.TempDir()}, 1, "there is no database"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, errs := command(t, append([]string{"audit", "verify"}, c.args...)...)
			if status != c.status || !strings.Contains(out+errs, c.says) {
				t.Errorf("status %d, %q %q; want %d and %q", status, out, errs, c.status, c.says)
			}
		})
	}
	for _, bad := range []string{"", "yesterday", "2999-01-01"} {
		if status, _, _ := command(t, "audit", "prune", "--data", dir, "--before", bad); status != 2 {
			t.Errorf("prune --before %q: status %d", bad, status)
		}
	}
	if status, out, errs := command(t, "audit", "prune", "--data", dir, "--before", time.Now().AddDate(-1, 0, 0).Format(time.DateOnly)); status != 0 || !strings.Contains(out, "removed 1 events") {
		t.Errorf("prune: %d %q %q", status, out, errs)
	}
	_, export, _ = command(t, "audit", "export", "--data", dir)
	if status, out, errs := command(t, "audit", "verify", "--export", write(export)); status != 0 || !strings.Contains(out, "2 rows") {
		t.Errorf("verify the rest: %d %q %q", status, out, errs)
	}
}

func TestKeysAndBackupCommands(t *testing.T) {
	dir, st, id := home(t)
	before, err := os.ReadFile(filepath.Join(dir, store.KeyFileName))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	if status, out, errs := command(t, "backup", "--data", dir, file); status != 0 || !strings.Contains(out, "verified") {
		t.Fatalf("backup: %d %q %q", status, out, errs)
	}
	if status, _, errs := command(t, "backup", "--data", dir, file); status != 1 || !strings.Contains(errs, "already") {
		t.Errorf("backup over a backup: %d %q", status, errs)
	}
	if status, out, errs := command(t, "keys", "rotate", "--data", dir); status != 0 || !strings.Contains(out, "sealed anew") {
		t.Errorf("rotate: %d %q %q", status, out, errs)
	}
	after, err := os.ReadFile(filepath.Join(dir, store.KeyFileName))
	if err != nil || bytes.Equal(before, after) {
		t.Errorf("the key file is the same (%v)", err)
	}
	if r, err := st.Resident(t.Context(), id); err != nil || r.Name != "Wilhelmina Oldfield" {
		t.Errorf("the server reads %+v, %v", r, err)
	}
	// The backup was sealed with the key before.
	if status, out, errs := command(t, "restore", "--data", dir, file); status != 0 || !strings.Contains(out, "restored") {
		t.Errorf("restore: %d %q %q", status, out, errs)
	}
	if r, err := st.Resident(t.Context(), id); err != nil || r.Name != "Wilhelmina Oldfield" {
		t.Errorf("after restoring the server reads %+v, %v", r, err)
	}
	if status, _, _ := command(t, "keys", "rotate", "--data", dir, "--forget"); status != 0 {
		t.Errorf("rotate --forget: %d", status)
	}
	if status, _, errs := command(t, "restore", "--data", dir, file); status != 1 || !strings.Contains(errs, "key file") {
		t.Errorf("restore what was sealed with a forgotten key: %d %q", status, errs)
	}
	if status, out, errs := command(t, "audit", "verify", "--data", dir); status != 0 {
		t.Errorf("verify: %d %q %q", status, out, errs)
	}
	for _, args := range [][]string{{"backup"}, {"restore"}, {"backup", "a", "b"}, {"keys", "rotate", "--database", "mysql://x"}, {"audit", "verify", "extra"}} {
		if status, _, _ := command(t, append(args, "--data", dir)...); status != 2 && args[0] != "keys" || status == 0 {
			t.Errorf("%v: status %d", args, status)
		}
	}
}

func TestInvite(t *testing.T) {
	dir, st, _ := home(t)
	act := care.Act{By: care.Program, At: time.Now(), Request: "r1"}
	if err := st.SetSetUpLink(t.Context(), act, "hash"); err != nil {
		t.Fatal(err)
	}
	u := &care.User{ID: care.NewID(), Name: "Kim Example", Role: care.RoleAdmin, CreatedAt: care.Stamp(act.At), Version: 1}
	if err := st.SetUp(t.Context(), act, "hash", u, "old"); err != nil {
		t.Fatal(err)
	}
	status, out, errs := command(t, "invite", "--data", dir, "kim example")
	if status != 0 || !strings.Contains(out, "Kim Example chooses a new password") || !strings.Contains(out, "/#/invited/") {
		t.Fatalf("%d %q %s", status, out, errs)
	}
	if status, _, errs := command(t, "invite", "--data", dir, "Nobody"); status != 1 || !strings.Contains(errs, "nobody signs in as") {
		t.Errorf("an unknown name: %d %s", status, errs)
	}
	if status, _, _ := command(t, "invite", "--data", dir); status != 2 {
		t.Errorf("no name: %d", status)
	}
}
