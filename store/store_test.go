package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/care"
)

// TestSQLite runs the conformance suite against SQLite in a file.
func TestSQLite(t *testing.T) {
	conformance(t, func(t *testing.T) *Store { return open(t, t.TempDir()) })
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func code(err error) care.Code {
	var e *care.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestPragmas(t *testing.T) {
	s := open(t, t.TempDir())
	for pragma, want := range map[string]string{"journal_mode": "wal", "foreign_keys": "1", "synchronous": "2", "busy_timeout": "5000"} {
		var got string
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
}

func TestOpenOddPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder? with #odd %25 name")
	s := open(t, dir)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := t.TempDir()
	if err := os.WriteFile(filepath.Join(garbage, FileName), []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := t.TempDir()
	s := open(t, newer)
	if _, err := s.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	s.Close()
	for name, c := range map[string]struct {
		dir  string
		code care.Code
		says string
	}{
		"a file in the way":   {file, care.StorageReadOnly, "--data DIR"},
		"a folder of /proc":   {"/proc/self/wince", care.StorageReadOnly, "--data DIR"},
		"not a database":      {garbage, care.Storage, "not a database"},
		"a newer schema":      {newer, care.StorageNewer, "schema 999"},
		"a file above it all": {filepath.Join(file, "data"), care.StorageReadOnly, "cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), Config{Dir: c.dir})
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			if code(err) != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %s: %v", code(err), err)
			}
		})
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere; TestOpenRefusals covers the same sentence")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Dir: dir}); code(err) != care.StorageReadOnly {
		t.Errorf("got %v", err)
	}
}

// A change that the disk does not take leaves nothing behind and says so.
func TestNoRoomAndNoRight(t *testing.T) {
	for name, c := range map[string]struct {
		pragma string
		code   care.Code
	}{
		"full":      {"PRAGMA max_page_count = 1", care.StorageFull}, // SQLite raises it to the present size
		"read-only": {"PRAGMA query_only = 1", care.StorageReadOnly},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			s.db.SetMaxOpenConns(1) // so that the pragma holds for all that follows
			if _, err := s.db.Exec(c.pragma); err != nil {
				t.Fatal(err)
			}
			var err error
			for i := 0; i < 200 && err == nil; i++ {
				err = s.AddResident(t.Context(), act(), resident(strings.Repeat("x", 3000)))
			}
			if code(err) != c.code {
				t.Fatalf("got %v", err)
			}
			list, err := s.Residents(t.Context(), everywhere)
			if err != nil {
				t.Fatal(err)
			}
			var audits int
			if err := s.db.QueryRow(`SELECT count(*) FROM audit`).Scan(&audits); err != nil || audits != len(list) {
				t.Errorf("%d residents and %d audit rows (%v)", len(list), audits, err)
			}
		})
	}
}

// What was acknowledged is there after the program was cut off without closing the database.
func TestSurvivesWithoutClose(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(context.Background(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := resident("Still Here")
	if err := s.AddResident(t.Context(), act(), r); err != nil {
		t.Fatal(err)
	}
	// A copy of the files as they lie on the disk now is what a power cut would leave.
	after := t.TempDir()
	for _, name := range []string{FileName, FileName + "-wal", KeyFileName} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(after, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	got, err := open(t, after).Resident(t.Context(), r.ID)
	if err != nil || got.Name != r.Name {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Who reads one state of the database takes no turn: neither a change that is under way nor another reader is waited for, and the
// state stays what it was.
func TestReadersTakeNoTurn(t *testing.T) {
	for name, s := range both(t) {
		t.Run(name, func(t *testing.T) {
			r := addResident(t, s)
			tx, err := s.begin(t.Context())
			must(t, err)
			defer tx.Rollback()
			_, err = tx.ExecContext(t.Context(), `UPDATE residents SET consent = 'refused' WHERE id = $1`, r.ID)
			must(t, err)
			state := func(q queryer) (consent string) {
				must(t, q.QueryRowContext(t.Context(), `SELECT consent FROM residents WHERE id = $1`, r.ID).Scan(&consent))
				return consent
			}
			must(t, s.snapshot(t.Context(), func(q queryer) error {
				before := state(q)
				must(t, s.snapshot(t.Context(), func(q queryer) error { state(q); return nil }))
				must(t, tx.Commit())
				if after := state(q); before != "given" || after != before {
					t.Errorf("one reader saw %q, then %q", before, after)
				}
				return nil
			}))
			must(t, s.snapshot(t.Context(), func(q queryer) error {
				if now := state(q); now != "refused" {
					t.Errorf("after the change: %q", now)
				}
				return nil
			}))
		})
	}
}
