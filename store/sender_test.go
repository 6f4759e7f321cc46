package store

import (
	"path/filepath"
	"testing"
)

// Of the servers of one PostgreSQL database one tells webhooks: until it lets go, or its connection ends.
func TestOneServerSends(t *testing.T) {
	startPostgres(t)
	u := pgURL(t)
	a := openURL(t, u)
	dir := t.TempDir()
	if err := copyFile(filepath.Join(dir, KeyFileName), a.keys.path); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), Config{Dir: dir, URL: u})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	take := func(what string, s *Store, want bool) {
		t.Helper()
		if got, err := s.TakeSending(t.Context()); err != nil || got != want {
			t.Fatalf("%s: %v, %v", what, got, err)
		}
	}
	take("the first", a, true)
	take("the first again", a, true)
	take("the second meanwhile", b, false)
	if err := b.EndSending(t.Context()); err != nil {
		t.Fatal(err)
	}
	take("who has it, after another let go of nothing", a, true)
	if err := a.EndSending(t.Context()); err != nil {
		t.Fatal(err)
	}
	take("the second", b, true)
	take("who let go", a, false)
	// The connection of the second breaks, as when it loses power.
	if _, err := a.db.Exec(`SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
		t.Fatal(err)
	}
	take("the first, after the other broke", a, true)
	take("the one that broke", b, false)
	if err := a.EndSending(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.EndSending(t.Context()); err != nil {
		t.Errorf("a second end: %v", err)
	}
	take("the one that broke, when there is room", b, true)
}

func TestSQLiteSendsAlone(t *testing.T) {
	s := open(t, t.TempDir())
	for range 2 {
		if mine, err := s.TakeSending(t.Context()); !mine || err != nil {
			t.Fatal(mine, err)
		}
	}
	if err := s.EndSending(t.Context()); err != nil {
		t.Error(err)
	}
}
