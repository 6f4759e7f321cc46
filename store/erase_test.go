package store

import (
	"strings"
	"testing"

	"wince/care"
)

func testErase(t *testing.T, s *Store) {
	const marker = "Oldfield"
	r, other := resident("Wilhelmina "+marker), resident("Somebody Else")
	r.Room, r.ExternalID, r.FamilyName, other.ExternalID = "Room "+marker, "id-"+marker, marker, "id-2"
	r.BirthDate = "1931-05-06"
	must(t, s.AddResident(t.Context(), act(), r))
	must(t, s.AddResident(t.Context(), act(), other))
	must(t, s.AddSession(t.Context(), act(), &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID, Condition: care.AtRest,
		OpenedBy: ann.Actor(), OpenedAt: noon}))
	before := verified(t, s)

	wantCode(t, s.EraseResident(t.Context(), act(), care.NewID(), 1), care.NotFound)
	wantCode(t, s.EraseResident(t.Context(), act(), r.ID, 7), care.Stale)
	must(t, s.EraseResident(t.Context(), act(), r.ID, 1))
	wantCode(t, s.EraseResident(t.Context(), act(), r.ID, 2), care.Erased)

	if check := verified(t, s); check.Rows != before.Rows+1 {
		t.Errorf("%d audit rows before, %d after", before.Rows, check.Rows)
	}
	for _, text := range opened(t, s) {
		if strings.Contains(text, marker) || strings.Contains(text, "1931") {
			t.Errorf("%q is left", text)
		}
	}
	wantTrail(t, s, r.ID, care.ActResidentAdd, care.ActResidentEnd)
	_, err := s.Resident(t.Context(), r.ID)
	wantCode(t, err, care.Erased)
	list, err := s.Residents(t.Context(), care.Scope{All: true})
	must(t, err)
	if len(list) != 1 || list[0].ID != other.ID || list[0].ExternalID != "id-2" {
		t.Errorf("got %+v", list)
	}
	// Nothing is added to them, even by a request that looked at the resident before.
	wantCode(t, s.AddSession(t.Context(), act(), &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID, Condition: care.AtRest,
		OpenedBy: ann.Actor(), OpenedAt: noon}), care.Erased)
	wantCode(t, s.AddConsent(t.Context(), act(), &care.ConsentRecord{ID: care.NewID(), ResidentID: r.ID}), care.Erased)
	wantCode(t, s.AddBaseline(t.Context(), act(), &care.Baseline{ID: care.NewID(), ResidentID: r.ID}), care.Erased)
	wantCode(t, s.AddRelief(t.Context(), act(), care.DefaultSite, &care.Relief{ID: care.NewID(), ResidentID: r.ID}), care.Erased)
	wantCode(t, s.AddSchedule(t.Context(), act(), &care.Schedule{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID}), care.Erased)
	wantCode(t, s.AddPause(t.Context(), act(), care.DefaultSite, &care.Pause{ID: care.NewID(), ResidentID: r.ID}), care.Erased)
	wantCode(t, s.AddEvent(t.Context(), act(), care.DefaultSite, &care.Event{ID: care.NewID(), ResidentID: r.ID}), care.Erased)
	var sessions int
	must(t, s.db.QueryRow(`SELECT count(*) FROM sessions WHERE resident_id = $1`, r.ID).Scan(&sessions))
	if sessions != 1 {
		t.Errorf("%d sessions are left to count", sessions)
	}
	// The platform's id is free again: it may be somebody new.
	again := resident("New " + marker)
	again.ExternalID = "id-" + marker
	must(t, s.AddResident(t.Context(), act(), again))
}

// opened returns the plain texts of all sealed columns.
func opened(t *testing.T, s *Store) map[string]string {
	t.Helper()
	texts := dump(t, s)
	for place, sealed := range texts {
		text, err := s.keys.open(place, sealed)
		must(t, err)
		texts[place] = text
	}
	return texts
}

func TestBlankMembers(t *testing.T) {
	got, err := blankMembers(`{"id":"1","remarks":"Mrs Oldfield","n":2}`, []string{"remarks", "absent"})
	if err != nil || got != `{"id":"1","n":2,"remarks":""}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := blankMembers(`[]`, []string{"x"}); err == nil {
		t.Error("an array was taken for an object")
	}
}

// Every sealed column says what an erasure does with it, or is not about residents.
func TestEveryColumnIsErased(t *testing.T) {
	for _, c := range sealedColumns {
		staff := c.table == "users" || c.table == "webhooks" || strings.HasSuffix(c.column, "by_name")
		if (c.of == "") != staff {
			t.Errorf("%s.%s: an erasure would pass it by", c.table, c.column)
		}
	}
}
