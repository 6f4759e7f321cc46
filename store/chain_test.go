package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/care"
)

// verified checks the chain of a store that nobody tampered with.
func verified(t testing.TB, s *Store) care.AuditCheck {
	t.Helper()
	check, err := s.VerifyAudit(t.Context())
	if err != nil || check.Problem != "" {
		t.Fatalf("the chain does not hold: %+v, %v", check, err)
	}
	return check
}

func testChain(t *testing.T, s *Store) {
	if check := verified(t, s); check.Rows != 0 || check.LastSeq != 0 {
		t.Errorf("an empty chain has %+v", check)
	}
	for i := range 7 {
		must(t, s.AddResident(t.Context(), act(), resident(fmt.Sprint("Number ", i))))
	}
	// Many at once still make one chain without gaps or forks.
	if n := race(func() error { return s.LoginFailed(t.Context(), act(), ann.ID) }); n != 8 {
		t.Fatalf("%d of 8 changes were made", n)
	}
	if check := verified(t, s); check.Rows != 15 || check.LastSeq != 15 {
		t.Errorf("got %+v", check)
	}
	for name, c := range map[string]struct {
		sql  string
		seq  int64
		says string
	}{
		"altered actor":        {`UPDATE audit SET by_id = 'x' WHERE seq = 5`, 5, "altered"},
		"altered action":       {`UPDATE audit SET action = 'login' WHERE seq = 1`, 1, "altered"},
		"altered record":       {`UPDATE audit SET entity_id = 'x' WHERE seq = 5`, 5, "altered"},
		"altered time":         {`UPDATE audit SET at = at + 1 WHERE seq = 15`, 15, "altered"},
		"altered version":      {`UPDATE audit SET version = 9 WHERE seq = 3`, 3, "altered"},
		"altered request":      {`UPDATE audit SET request_id = '' WHERE seq = 3`, 3, "altered"},
		"added detail":         {`UPDATE audit SET detail = '{}' WHERE seq = 3`, 3, "altered"},
		"altered name":         {`UPDATE audit SET by_name = 's1.x.y' WHERE seq = 4`, 4, "name"},
		"another row's name":   {`UPDATE audit SET by_name = (SELECT by_name FROM audit WHERE seq = 9) WHERE seq = 4`, 4, "name"},
		"altered hash":         {`UPDATE audit SET hash = '00' WHERE seq = 6`, 6, "altered"},
		"removed first":        {`DELETE FROM audit WHERE seq = 1`, 1, "row 1 is missing"},
		"removed in between":   {`DELETE FROM audit WHERE seq = 6`, 6, "row 6 is missing"},
		"removed last":         {`DELETE FROM audit WHERE seq = 15`, 15, "missing at the end"},
		"removed all":          {`DELETE FROM audit`, 1, "missing at the end"},
		"reordered":            {`UPDATE audit SET seq = 11 - seq WHERE seq IN (4, 7); UPDATE audit SET seq = seq`, 4, "not in its place"},
		"taken out":            {`UPDATE audit SET seq = NULL WHERE seq = 8`, 8, ""},
		"shortened with head":  {`DELETE FROM audit WHERE seq = 15; UPDATE audit_head SET seq = 14, hash = (SELECT hash FROM audit WHERE seq = 14)`, 14, "has the key"},
		"begun later":          {`DELETE FROM audit WHERE seq < 4; UPDATE audit_head SET base_seq = 3, base_hash = 'x'`, 4, "not in its place"},
		"no head":              {`DELETE FROM audit_head`, 0, "head is missing"},
		"a row after the head": {`INSERT INTO audit (id, seq, at, by_id, by_name, action, entity, entity_id, version, request_id) VALUES ('z', 16, 0, '', '', '', '', '', 1, '')`, 16, "altered"},
	} {
		t.Run(name, func(t *testing.T) {
			undo := keepAudit(t, s)
			defer undo()
			for q := range strings.SplitSeq(c.sql, ";") {
				if name == "reordered" && strings.Contains(q, "11 - seq") {
					swap(t, s, 4, 7)
					continue
				}
				if _, err := s.db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			check, err := s.VerifyAudit(t.Context())
			must(t, err)
			if check.Problem == "" || !strings.Contains(check.Problem, c.says) || (check.Seq != c.seq && name != "taken out") {
				t.Errorf("got %+v, want a complaint about %q at %d", check, c.says, c.seq)
			}
		})
	}
	verified(t, s)
}

// swap exchanges the places of two rows.
func swap(t *testing.T, s *Store, a, b int64) {
	t.Helper()
	for _, m := range [][2]int64{{a, -1}, {b, a}, {-1, b}} {
		if _, err := s.db.Exec(`UPDATE audit SET seq = $1 WHERE seq = $2`, m[1], m[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// keepAudit copies the trail and returns what puts it back.
func keepAudit(t *testing.T, s *Store) (undo func()) {
	t.Helper()
	exec := func(list ...string) {
		t.Helper()
		for _, q := range list {
			if _, err := s.db.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	exec(`CREATE TABLE audit_was AS SELECT * FROM audit`, `CREATE TABLE head_was AS SELECT * FROM audit_head`)
	return func() {
		exec(`DELETE FROM audit`, `INSERT INTO audit SELECT * FROM audit_was`, `DROP TABLE audit_was`,
			`DELETE FROM audit_head`, `INSERT INTO audit_head SELECT * FROM head_was`, `DROP TABLE head_was`)
	}
}

// A database from before the chain gets it, and its texts are sealed.
func TestChainOfAnOldDatabase(t *testing.T) {
	dir := t.TempDir()
	db, _, err := openSQLite(filepath.Join(dir, FileName))
	must(t, err)
	first, err := os.ReadFile("migrations/00001_first.sql")
	must(t, err)
	up, _, _ := strings.Cut(string(first), "-- +goose Down")
	for _, q := range []string{
		up, `CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1)`,
		`INSERT INTO residents (id, name, room, external_id, consent, created_at, version) VALUES ('r1', 'Wilhelmina Oldfield', '7', 'x-77', 'given', 1, 1)`,
		`INSERT INTO audit VALUES ('a1', 1, 'u1', 'Ann Bee', 'resident.add', 'resident', 'r1', 1, 'q1'), ('a2', 2, 'u1', 'Ann Bee', 'login', 'user', 'u1', 1, 'q2')`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	must(t, db.Close())
	s := open(t, dir)
	if check := verified(t, s); check.Rows != 2 {
		t.Errorf("got %+v", check)
	}
	list, err := s.Audit(t.Context(), care.AuditQuery{EntityID: "r1", Limit: 100})
	must(t, err)
	if len(list) != 1 || list[0].By.Name != "Ann Bee" {
		t.Errorf("got %+v", list)
	}
	r, err := s.Resident(t.Context(), "r1")
	must(t, err)
	if r.Name != "Wilhelmina Oldfield" || r.Room != "7" || r.ExternalID != "x-77" {
		t.Errorf("got %+v", r)
	}
	must(t, s.Close())
	greps(t, dir, "Oldfield", "x-77", "Ann Bee")
}

// greps looks for texts in every file of a folder.
func greps(t *testing.T, dir string, texts ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range list {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		for _, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%s holds %q in the clear", f.Name(), text)
			}
		}
	}
}

func testPruneAndExport(t *testing.T, s *Store) {
	for i := range 6 {
		by := act()
		by.At = noon.AddDate(0, 0, i)
		must(t, s.LoginFailed(t.Context(), by, ann.ID))
	}
	now := act()
	now.At = noon.AddDate(1, 0, 0)
	for _, c := range []struct {
		before  int // days
		removed int64
		kept    int64 // the row that says so included
	}{{0, 0, 6}, {2, 2, 5}, {2, 0, 5}, {400, 5, 1}} {
		removed, err := s.PruneAudit(t.Context(), now, noon.AddDate(0, 0, c.before))
		must(t, err)
		if check := verified(t, s); removed != c.removed || check.Rows != c.kept {
			t.Errorf("before day %d: %d removed, %d kept, want %d and %d", c.before, removed, check.Rows, c.removed, c.kept)
		}
	}
	must(t, s.LoginFailed(t.Context(), act(), ann.ID))

	// What is exported verifies without the database.
	var walk care.ChainWalk
	var chain care.AuditChain
	must(t, s.ExportAudit(t.Context(), func(c care.AuditChain) error {
		chain = c
		walk = care.ChainWalk{Seq: c.BaseSeq, Hash: c.BaseHash}
		return nil
	}, func(e *care.AuditEvent) error {
		if problem := walk.Next(e); problem != "" {
			t.Errorf("row %d: %s", e.Seq, problem)
		}
		return nil
	}))
	if walk.Seq != chain.LastSeq || walk.Hash != chain.LastHash || chain.BaseSeq == 0 {
		t.Errorf("walked to %+v, the chain is %+v", walk, chain)
	}
	for _, q := range []string{`DELETE FROM audit WHERE seq = (SELECT min(seq) FROM audit)`, `UPDATE audit_head SET base_seq = base_seq + 1`} {
		if _, err := s.db.Exec(q); err != nil {
			t.Fatal(err)
		}
		if check, err := s.VerifyAudit(t.Context()); err != nil || check.Problem == "" {
			t.Errorf("after %s: %+v, %v", q, check, err)
		}
	}
}
