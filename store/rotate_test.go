package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"wince/care"
)

func testRotate(t *testing.T, s *Store) {
	a := resident("Ada Longname")
	a.ExternalID = "ext-4711"
	must(t, s.AddResident(t.Context(), act(), a))
	before := dump(t, s)
	id, err := s.RotateKey(t.Context(), act(), false)
	must(t, err)
	after := dump(t, s)
	for place, text := range before {
		if after[place] == text {
			t.Errorf("%s was not sealed anew", place)
		}
	}
	for place, text := range after {
		if !strings.HasPrefix(text, sealMark+id+".") {
			t.Errorf("%s is sealed with another key: %.20s", place, text)
		}
	}
	if len(after) <= len(before) {
		t.Errorf("%d sealed texts before, %d after", len(before), len(after))
	}
	verified(t, s)
	got, err := s.Resident(t.Context(), a.ID)
	must(t, err)
	if got.Name != a.Name || got.ExternalID != a.ExternalID {
		t.Errorf("got %+v", got)
	}
	// Found again by the new key's hash.
	twin := resident("Twin")
	twin.ExternalID = a.ExternalID
	wantCode(t, s.AddResident(t.Context(), act(), twin), care.Conflict)

	// Readers and writers go on meanwhile.
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Resident(t.Context(), a.ID); err != nil {
					t.Error("read:", err)
				}
				if err := s.AddResident(t.Context(), act(), resident("Another")); err != nil {
					t.Error("write:", err)
				}
			}
		})
	}
	for range 3 {
		if _, err := s.RotateKey(t.Context(), act(), false); err != nil {
			t.Error("rotate:", err)
		}
	}
	wg.Wait()
	verified(t, s)
	wantTrail(t, s, a.ID, care.ActResidentAdd)
}

// dump returns all texts of the sealed columns that are not empty.
func dump(t *testing.T, s *Store) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, c := range sealedColumns {
		eachRow(t, s, backupTable{name: c.table, columns: []string{"id", c.column}}, func(values []any) {
			if text, ok := values[1].(string); ok && text != "" {
				texts[place(c.table, c.column, fmt.Sprint(values[0]))] = text
			}
		})
	}
	return texts
}

// Another program that has the database open finds the new key in the file.
func TestRotateUnderAnotherProgram(t *testing.T) {
	dir := t.TempDir()
	server, command := open(t, dir), open(t, dir)
	r := resident("Ada Longname")
	r.ExternalID = "ext-1"
	must(t, server.AddResident(t.Context(), act(), r))
	u := addUser(t, server)
	_, err := command.RotateKey(t.Context(), act(), true)
	must(t, err)
	if found, _, err := server.UserByName(t.Context(), " ann BEE "); err != nil || found.ID != u.ID {
		t.Errorf("found %+v, %v", found, err)
	}
	found, err := server.ResidentByExternalID(t.Context(), "ext-1")
	must(t, err)
	if found.ID != r.ID {
		t.Errorf("found %+v", found)
	}
	got, err := server.Resident(t.Context(), r.ID)
	must(t, err)
	if got.Name != r.Name {
		t.Errorf("got %+v", got)
	}
	twin := resident("Twin")
	twin.ExternalID = "ext-1"
	wantCode(t, server.AddResident(t.Context(), act(), twin), care.Conflict)
	must(t, server.AddResident(t.Context(), act(), resident("Bea")))
	verified(t, command)
	verified(t, server)
}

// The key file is the owner's alone; without it the database says what is missing and stays as it is.
func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	must(t, s.AddResident(t.Context(), act(), resident("Ada Longname")))
	must(t, s.Close())
	path := filepath.Join(dir, KeyFileName)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has the rights %v", info.Mode())
	}
	kept, err := os.ReadFile(path)
	must(t, err)
	elsewhere := t.TempDir()
	must(t, open(t, elsewhere).Close())
	other, err := os.ReadFile(filepath.Join(elsewhere, KeyFileName))
	must(t, err)
	for name, c := range map[string]struct {
		content string // nothing for no file
		says    string
	}{
		"missing":      {"", "put back the key file"},
		"another's":    {string(other), "put back the key file"},
		"damaged":      {string(kept[:len(kept)/2]), "cannot be read"},
		"not ours":     {"hello", "cannot be read"},
		"damaged keys": {`{"keys":[{"id":"x","aead":{},"prf":{}}]}`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			must(t, os.Remove(path))
			if c.content != "" {
				must(t, os.WriteFile(path, []byte(c.content), 0o600))
			} else {
				defer os.WriteFile(path, kept, 0o600)
			}
			s, err := Open(t.Context(), Config{Dir: dir})
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			if code(err) != care.Storage || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	must(t, os.WriteFile(path, kept, 0o600))
	verified(t, open(t, dir))
}

// A text that was moved to another row or column does not open.
func TestSealedInItsPlace(t *testing.T) {
	s := open(t, t.TempDir())
	a, b := resident("Ada Longname"), resident("Bea")
	a.Room = "12"
	must(t, s.AddResident(t.Context(), act(), a))
	must(t, s.AddResident(t.Context(), act(), b))
	for _, q := range []string{
		`UPDATE residents SET name = (SELECT name FROM residents WHERE id = $1) WHERE id = $2`,
		`UPDATE residents SET name = (SELECT room FROM residents WHERE id = $1) WHERE id = $2`,
		`UPDATE residents SET name = 'Ada' WHERE id IN ($1, $2)`,
	} {
		if _, err := s.db.Exec(q, a.ID, b.ID); err != nil {
			t.Fatal(err)
		}
		_, err := s.Resident(t.Context(), b.ID)
		wantCode(t, err, care.Storage)
	}
	if _, err := s.db.Exec(`UPDATE residents SET name = $1 WHERE id = $2`, s.seal("residents", "created_at", a.ID, "x"), a.ID); err == nil {
		t.Error("a column that is not in the list was sealed")
	}
}

// Who reads the files of the data folder without the key file reads nobody's name.
func TestNoNameInTheFiles(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	r := resident("Wilhelmina Oldfield")
	r.Room, r.ExternalID = "Room Magnolia", "platform-4711"
	by := act()
	by.By.Name = "Nurse Nightingale"
	r.FamilyName, r.BirthDate = "Oldfield-Greene", "1931-05-06"
	must(t, s.AddResident(t.Context(), by, r))
	addUser(t, s)
	v := addSession(t, s, false) // opened by Ann Bee, of Dora Vandermeer; four letters alone are found in what is sealed, by chance
	must(t, s.AddAssessment(t.Context(), act(), newAssessment(t, v, noon)))
	names := []string{"Wilhelmina", "Oldfield", "Greene", "1931-05-06", "Magnolia", "platform-4711", "Nightingale", "Ann Bee", "ann bee", "Vandermeer", "after washing"}
	greps(t, dir, names...) // while it runs: the log beside the file too
	must(t, s.Close())
	greps(t, dir, names...)
}

// Nor does who reads the tables, of either database.
func testSealedTables(t *testing.T, s *Store) {
	r := resident("Wilhelmina Oldfield")
	r.Room, r.ExternalID, r.FamilyName, r.BirthDate = "Room Magnolia", "platform-4711", "Greene", "1931-05-06"
	must(t, s.AddResident(t.Context(), act(), r))
	addUser(t, s)
	must(t, s.AddAssessment(t.Context(), act(), newAssessment(t, addSession(t, s, false), noon)))
	tables, err := tablesOf(t.Context(), open(t, t.TempDir()).db)
	must(t, err)
	for _, table := range tables {
		eachRow(t, s, table, func(values []any) {
			row := strings.ToLower(fmt.Sprint(values...))
			for _, name := range []string{"wilhelmina", "oldfield", "greene", "1931-05-06", "magnolia", "platform-4711", "ann bee", "vandermeer", "after washing"} {
				if strings.Contains(row, name) {
					t.Errorf("table %s holds %q in the clear", table.name, name)
				}
			}
		})
	}
}
