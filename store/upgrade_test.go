package store

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"wince/care"
)

// The first version kept assessments without a scale; what it kept must be there after the schema has grown.
func TestUpgradeKeepsAssessments(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		c := Config{Dir: t.TempDir()}
		db, back, err := openSQLite(filepath.Join(c.Dir, FileName))
		must(t, err)
		testUpgrade(t, db, back, c)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		c := Config{Dir: t.TempDir(), URL: pgURL(t)}
		db, back, err := openPostgres(c.URL)
		must(t, err)
		testUpgrade(t, db, back, c)
	})
}

func testUpgrade(t *testing.T, db *sql.DB, back backend, c Config) {
	steps, err := fs.Sub(migrations, "migrations")
	must(t, err)
	p, err := goose.NewProvider(back.dialect(), db, steps, goose.WithDisableGlobalRegistry(true))
	must(t, err)
	_, err = p.UpTo(t.Context(), 1)
	must(t, err)
	for _, q := range []string{
		`INSERT INTO residents (id, name, room, consent, created_at, version) VALUES ('r', 'Ada', '1', 'given', 1000, 1)`,
		`INSERT INTO sessions (id, resident_id, care_condition, practice, opened_by, opened_by_name, opened_at) VALUES ('s', 'r', 'rest', FALSE, 'u', 'Ann', 1000)`,
		`INSERT INTO assessments (id, session_id, resident_id, practice, care_condition, status, observation, proposals, remarks, created_at, created_by,
			created_by_name, confirmed_at, confirmed_by, confirmed_by_name, version)
			VALUES ('a', 's', 'r', FALSE, 'rest', 'final', '{"state":"assessed"}', '[{"scale":"PAINAD","value":2}]', 'sore', 2000, 'u', 'Ann', 3000, 'v', 'Ben', 2),
			('b', 's', 'r', FALSE, 'rest', 'preliminary', '{}', '[]', '', 2500, 'u', 'Ann', NULL, NULL, NULL, 1)`,
	} {
		_, err := db.ExecContext(t.Context(), q)
		must(t, err)
	}
	must(t, db.Close())

	s, err := Open(t.Context(), c)
	must(t, err)
	defer s.Close()
	a, err := s.Assessment(t.Context(), "a")
	must(t, err)
	if a.Status != care.Final || a.Method != care.ByCamera || a.Remarks != "sore" || a.Scale != nil || a.Total != nil || a.Proposals[0].Value != 2 ||
		a.AssessedAt.UnixMilli() != 2000 || a.ChangedBy.Name != "Ben" || a.SiteID != care.DefaultSite || a.Version != 2 {
		t.Errorf("got %+v", a)
	}
	if sets, err := s.ModelSets(t.Context()); err != nil || len(sets) != 1 {
		t.Errorf("what measured then: %v, %v", sets, err)
	}
	done, err := confirm(t, s, "b", 1, nil)
	must(t, err)
	if done.Status != care.Final || done.Version != 2 {
		t.Errorf("got %+v", done)
	}
	// A first reader of the log finds every record, with what the trail knows of it.
	last, err := s.LastChanges(t.Context(), "r", "a", "b", care.DefaultSite)
	must(t, err)
	if len(last) != 4 || last["r"].Action != care.ActResidentAdd || last["a"].Version != 2 || last["a"].At.UnixMilli() != 3000 || last["a"].ResidentID != "r" ||
		last["b"].Action != care.ActAssessDone || last["b"].Version != 2 {
		t.Errorf("the log says %+v", last)
	}
	wantNumbered(t, s)
}
