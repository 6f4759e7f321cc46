package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

// contents returns a hash of each table's rows, without the tables named.
func contents(t *testing.T, s *Store, lite *Store, without ...string) map[string]string {
	t.Helper()
	tables, err := tablesOf(t.Context(), lite.db)
	must(t, err)
	sums := map[string]string{}
	for _, table := range tables {
		if slices.Contains(without, table.name) {
			continue
		}
		h, n := sha256.New(), 0
		eachRow(t, s, table, func(values []any) { fmt.Fprintf(h, "%v\n", values); n++ })
		sums[table.name] = fmt.Sprintf("%d rows %x", n, h.Sum(nil)[:8])
	}
	return sums
}

// eachRow calls do with the values of each row of a table.
func eachRow(t *testing.T, s *Store, table backupTable, do func(values []any)) {
	t.Helper()
	rows, err := s.db.Query(table.read())
	must(t, err)
	defer rows.Close()
	values, into := make([]any, len(table.columns)), make([]any, len(table.columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		must(t, rows.Scan(into...))
		do(values)
	}
	must(t, rows.Err())
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for table, sum := range want {
		if got[table] != sum {
			t.Errorf("table %s: %s, want %s", table, got[table], sum)
		}
	}
	if len(got) != len(want) || len(want) < 10 {
		t.Errorf("%d tables, want %d", len(got), len(want))
	}
}

// fill keeps some of everything.
func fill(t *testing.T, s *Store) {
	t.Helper()
	u := addUser(t, s)
	must(t, s.AddLogin(t.Context(), act(), "tok", care.Login{User: u, Method: care.ByPassword}))
	for i := range 20 {
		r := resident(fmt.Sprint("Resident ", i))
		r.ExternalID = fmt.Sprint("ext-", i)
		must(t, s.AddResident(t.Context(), act(), r))
		must(t, s.AddSession(t.Context(), act(), &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID, Condition: care.AtRest,
			OpenedBy: u.Actor(), OpenedAt: noon}))
	}
	addSession(t, s, true)
}

func TestBackupAndRestore(t *testing.T) {
	for name, c := range map[string]struct{ from, to string }{
		"SQLite":               {"", ""},
		"PostgreSQL":           {"pg", "pg"},
		"SQLite to PostgreSQL": {"", "pg"},
		"PostgreSQL to SQLite": {"pg", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := t.TempDir(), filepath.Join(t.TempDir(), "backup.db")
			config := func(kind string) Config {
				c := Config{Dir: t.TempDir()}
				if kind == "pg" {
					c.URL = pgURL(t)
				}
				return c
			}
			from := config(c.from)
			from.Dir = dir
			s, err := Open(t.Context(), from)
			must(t, err)
			t.Cleanup(func() { s.Close() })
			lite := open(t, t.TempDir()) // names the tables
			fill(t, s)
			want := contents(t, s, lite)
			check, err := s.Backup(t.Context(), file)
			must(t, err)
			if check.Rows == 0 || check.LastSeq != verified(t, s).LastSeq {
				t.Errorf("got %+v", check)
			}
			info, err := os.Stat(file)
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("the backup has the rights %v", info.Mode())
			}
			greps(t, filepath.Dir(file), "Resident 1", "ext-1")
			_, err = s.Backup(t.Context(), file)
			wantCode(t, err, care.Conflict)

			// The copy of another machine, with the key file.
			to := config(c.to)
			key, err := os.ReadFile(filepath.Join(dir, KeyFileName))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(to.Dir, KeyFileName), key, 0o600))
			other, err := Open(t.Context(), to)
			must(t, err)
			t.Cleanup(func() { other.Close() })
			_, err = other.Restore(t.Context(), act(), file, false)
			must(t, err)
			got := contents(t, other, lite, "logins", "audit", "audit_head")
			for _, table := range []string{"logins", "audit", "audit_head"} {
				delete(want, table)
			}
			same(t, got, want)
			if after := verified(t, other); after.LastSeq != check.LastSeq+1 {
				t.Errorf("the chain is at %d, it was at %d", after.LastSeq, check.LastSeq)
			}
			list, err := other.Audit(t.Context(), care.AuditQuery{After: check.LastSeq, Limit: 5})
			must(t, err)
			if len(list) != 1 || list[0].Action != care.ActRestore || !strings.Contains(string(list[0].Detail), check.LastHash) {
				t.Errorf("the trail goes on with %+v", list)
			}
			_, err = other.Login(t.Context(), "tok", noon, care.LoginLife{Life: time.Hour, Idle: time.Hour})
			wantCode(t, err, care.NotFound)
			// Again: only when told to.
			_, err = other.Restore(t.Context(), act(), file, false)
			wantCode(t, err, care.Conflict)
			_, err = other.Restore(t.Context(), act(), file, true)
			must(t, err)
			must(t, other.AddResident(t.Context(), act(), resident("After")))
			verified(t, other)
		})
	}
}

// Backing up and restoring hold up nobody for long, and what they see is one moment.
func TestBackupWhileServing(t *testing.T) {
	for name, s := range both(t) {
		t.Run(name, func(t *testing.T) {
			fill(t, s)
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wrote := 0
			wg.Go(func() {
				for ; ctx.Err() == nil; wrote++ {
					if err := s.AddResident(t.Context(), act(), resident("Busy")); err != nil {
						t.Error("write:", err)
						return
					}
					if _, err := s.Residents(t.Context(), care.Scope{All: true}); err != nil {
						t.Error("read:", err)
						return
					}
				}
			})
			file := filepath.Join(t.TempDir(), "backup.db")
			for i := range 3 {
				_, err := s.Backup(t.Context(), fmt.Sprint(file, i))
				must(t, err)
			}
			_, err := s.Restore(t.Context(), act(), file+"1", true)
			must(t, err)
			stop()
			wg.Wait()
			if wrote == 0 {
				t.Error("nothing was written meanwhile")
			}
			verified(t, s)
		})
	}
}

func TestRestoreRefusals(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	fill(t, s)
	good := filepath.Join(t.TempDir(), "good")
	_, err := s.Backup(t.Context(), good)
	must(t, err)
	_, err = s.Backup(t.Context(), filepath.Join(t.TempDir(), "none", "x"))
	if err == nil {
		t.Error("a backup was written into a folder that does not exist")
	}
	bytes, err := os.ReadFile(good)
	must(t, err)
	spoil := func(name string, do func(*Store)) string {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, bytes, 0o600))
		b, err := s.openBackup(t.Context(), path)
		must(t, err)
		do(b)
		must(t, b.Close())
		return path
	}
	exec := func(q string) func(*Store) {
		return func(b *Store) {
			if _, err := b.db.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	elsewhere := open(t, t.TempDir())
	before := contents(t, s, s)
	garbage := filepath.Join(t.TempDir(), "garbage")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for name, c := range map[string]struct {
		into *Store
		file string
		says string
	}{
		"no such file":     {s, good + "x", "no such file"},
		"no database":      {s, garbage, "not a database"},
		"newer":            {s, spoil("newer", exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)), "newer Wince"},
		"altered trail":    {s, spoil("altered", exec(`UPDATE audit SET by_id = 'x' WHERE seq = 3`)), "row 3"},
		"another key file": {elsewhere, good, "key file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.into.Restore(t.Context(), act(), c.file, true)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something about %q", err, c.says)
			}
		})
	}
	same(t, contents(t, s, s), before)
	if list, err := os.ReadDir(dir); err != nil || len(list) > 5 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}
