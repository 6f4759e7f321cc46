package store

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"wince/care"
)

// asRead compares what was kept with what is read, as programs outside see both.
func asRead(t *testing.T, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	must(t, err)
	w, err := json.Marshal(want)
	must(t, err)
	if string(g) != string(w) {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func actAt(at time.Time) care.Act { return care.Act{By: ann.Actor(), At: at, Request: "r1"} }

// addResident adds a resident of the default site.
func addResident(t testing.TB, s *Store) *care.Resident {
	t.Helper()
	r := resident("Dora Elm")
	if err := s.AddResident(t.Context(), act(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func testParticulars(t *testing.T, s *Store) {
	r := resident("Ada Oak")
	r.GivenName, r.FamilyName, r.BirthDate, r.Sex = "Ada", "Oak", "1931-02-28", care.Female
	r.Communication, r.Conditions, r.Language, r.ExternalID = care.CannotSay, []care.FaceNote{care.Parkinsonism}, "de", "ext-9"
	must(t, s.AddResident(t.Context(), act(), r))
	got, err := s.Resident(t.Context(), r.ID)
	must(t, err)
	asRead(t, got, r)
	got, err = s.ResidentByExternalID(t.Context(), "ext-9")
	must(t, err)
	asRead(t, got, r)
	_, err = s.ResidentByExternalID(t.Context(), "EXT-9")
	wantCode(t, err, care.NotFound)

	_, err = s.ChangeResident(t.Context(), act(), r.ID, 7, func(*care.Resident) error { return nil })
	wantCode(t, err, care.Stale)
	_, err = s.ChangeResident(t.Context(), act(), r.ID, 1, func(r *care.Resident) error { r.Room = "9"; r.Name = ""; return r.Check(noon.AddDate(-200, 0, 0)) })
	wantCode(t, err, care.Invalid)
	changed, err := s.ChangeResident(t.Context(), act(), r.ID, 1, func(r *care.Resident) error { r.Room = "9"; return r.Check(noon) })
	must(t, err)
	got, err = s.Resident(t.Context(), r.ID)
	must(t, err)
	asRead(t, got, changed)
	if got.Room != "9" || got.Version != 2 || got.Name != "Ada Oak" {
		t.Errorf("got %+v", got)
	}
	_, err = s.ChangeResident(t.Context(), act(), care.NewID(), 1, func(*care.Resident) error { return nil })
	wantCode(t, err, care.NotFound)
	wantTrail(t, s, r.ID, care.ActResidentAdd, care.ActResidentChange)
}

func testUpsert(t *testing.T, s *Store) {
	in := func(room string) *care.Resident {
		r := resident("Eve Fir")
		r.ExternalID, r.Room = "platform-1", room
		return r
	}
	var first *care.Resident
	for i, c := range []struct {
		room, outcome string
		version       int
	}{{"1", Added, 1}, {"1", Unchanged, 1}, {"2", Changed, 2}, {"2", Unchanged, 2}} {
		r, outcome, err := s.UpsertResident(t.Context(), act(), everywhere, in(c.room))
		must(t, err)
		if outcome != c.outcome || r.Version != c.version || r.Room != c.room {
			t.Errorf("%d: %s %+v, want %+v", i, outcome, r, c)
		}
		if first == nil {
			first = r
		}
		if r.ID != first.ID {
			t.Errorf("%d: another resident %s", i, r.ID)
		}
	}
	wantTrail(t, s, first.ID, care.ActResidentAdd, care.ActResidentChange)
	_, _, err := s.UpsertResident(t.Context(), act(), care.Scope{Sites: []string{care.NewID()}}, in("3"))
	wantCode(t, err, care.Conflict)
	kept, err := s.Resident(t.Context(), first.ID)
	must(t, err)
	if kept.Room != "2" {
		t.Errorf("another site's program changed the room to %q", kept.Room)
	}
	// Sent many times at once it makes one resident.
	race(func() error {
		r := in("7")
		r.ExternalID = "platform-2"
		_, _, err := s.UpsertResident(t.Context(), act(), everywhere, r)
		return err
	})
	list, err := s.Residents(t.Context(), everywhere)
	must(t, err)
	if len(list) != 2 {
		t.Errorf("%d residents", len(list))
	}
}

func testConsents(t *testing.T, s *Store) {
	r := addResident(t, s)
	decide := func(p care.Purpose, d care.Consent, at time.Time) *care.ConsentRecord {
		c := &care.ConsentRecord{ResidentID: r.ID, Purpose: p, Decision: d, GivenBy: "Tom Elm", Capacity: care.ByAttorney, GivenAt: at,
			RecordedAt: at, RecordedBy: ann.Actor(), Version: 1}
		must(t, c.Check(at))
		must(t, s.AddConsent(t.Context(), actAt(at), c))
		return c
	}
	state := func() (care.Consent, care.Consent) {
		got, err := s.Resident(t.Context(), r.ID)
		must(t, err)
		return got.At(noon.Add(time.Hour)).Consent, got.PhotoConsent.StateAt(noon.Add(time.Hour))
	}
	refused := decide(care.ForCamera, care.ConsentRefused, noon)
	if c, p := state(); c != care.ConsentRefused || p != care.ConsentUnknown {
		t.Errorf("got %s, photo %s", c, p)
	}
	photo := decide(care.ForPhoto, care.ConsentGiven, noon.Add(time.Minute))
	given := decide(care.ForCamera, care.ConsentGiven, noon.Add(2*time.Minute))
	if c, p := state(); c != care.ConsentGiven || p != care.ConsentGiven {
		t.Errorf("got %s, photo %s", c, p)
	}
	wantCode(t, s.AddConsent(t.Context(), act(), given), care.Conflict)
	_, err := s.WithdrawConsent(t.Context(), act(), r.ID, given.ID, 3, "Tom Elm")
	wantCode(t, err, care.Stale)
	_, err = s.WithdrawConsent(t.Context(), act(), care.NewID(), given.ID, 1, "Tom Elm")
	wantCode(t, err, care.NotFound)
	back, err := s.WithdrawConsent(t.Context(), act(), r.ID, given.ID, 1, "Tom Elm")
	must(t, err)
	if c, p := state(); c != care.ConsentWithdrawn || p != care.ConsentGiven {
		t.Errorf("got %s, photo %s", c, p)
	}
	list, err := s.Consents(t.Context(), r.ID)
	must(t, err)
	asRead(t, list, []*care.ConsentRecord{back, photo, refused})
	wantTrail(t, s, given.ID, care.ActConsentAdd, care.ActConsentEnd)
}

func testBaselines(t *testing.T, s *Store) {
	r := addResident(t, s)
	add := func(days int, chosen bool) *care.Baseline {
		b := &care.Baseline{ResidentID: r.ID, TakenAt: noon.AddDate(0, 0, -days), Method: "units/1", Frames: 90, Chosen: chosen,
			Values: map[string]float64{"eye_open_r": .3125, "jaw": 1. / 3}, RecordedAt: noon, RecordedBy: ann.Actor(), Version: 1}
		must(t, b.Check(noon))
		must(t, s.AddBaseline(t.Context(), act(), b))
		return b
	}
	old, fresh := add(400, true), add(1, true)
	list, err := s.Baselines(t.Context(), r.ID)
	must(t, err)
	if len(list) != 2 || list[0].ID != fresh.ID || !list[0].Chosen || list[1].Chosen || list[1].Version != 2 {
		t.Fatalf("got %+v", list)
	}
	if got := list[0].Values["jaw"]; math.Abs(got-1./3) > 0 {
		t.Errorf("a number was kept as %v", got)
	}
	choose := func(b *care.Baseline) error { return b.Choose() }
	_, err = s.ChangeBaseline(t.Context(), act(), r.ID, old.ID, 1, choose)
	wantCode(t, err, care.Stale)
	_, err = s.ChangeBaseline(t.Context(), act(), r.ID, old.ID, 2, choose)
	must(t, err)
	got, err := s.ChangeBaseline(t.Context(), act(), r.ID, old.ID, 3, func(b *care.Baseline) error { return b.Retire("a stroke", noon) })
	must(t, err)
	if got.Chosen || got.RetiredAt == nil || got.RetiredWhy != "a stroke" {
		t.Errorf("got %+v", got)
	}
	_, err = s.ChangeBaseline(t.Context(), act(), r.ID, old.ID, 4, choose)
	wantCode(t, err, care.Conflict)
	kept, err := s.Baseline(t.Context(), r.ID, old.ID)
	must(t, err)
	asRead(t, kept, got)
	wantTrail(t, s, old.ID, care.ActBaselineAdd, care.ActBaselineChange, care.ActBaselineChange)
}

// addScored adds a confirmed assessment of a resident.
func addScored(t *testing.T, s *Store, r *care.Resident, at time.Time, total int) string {
	t.Helper()
	scale := builtIn(t, "painad")
	answers := map[string]int{}
	for _, i := range scale.Items {
		answers[i.ID] = min(2, total)
		total -= answers[i.ID]
	}
	a, err := care.NewAssessment(care.Assessment{ResidentID: r.ID, SiteID: r.SiteID, Condition: care.AtRest, Method: care.ByObserver, AssessedAt: at}, nil, scale,
		care.Filling{Answers: answers}, actAt(at))
	must(t, err)
	must(t, s.AddAssessment(t.Context(), actAt(at), a))
	ch := care.AssessmentChange{AssessmentID: a.ID, Version: 1, Action: care.ActAssessDone}
	_, err = s.ChangeAssessment(t.Context(), actAt(at), ch, func(a *care.Assessment) error { return a.Confirm(care.Filling{}, scale, actAt(at)) })
	must(t, err)
	return a.ID
}

func addRelief(t *testing.T, s *Store, r *care.Resident, before string, at time.Time) *care.Relief {
	t.Helper()
	v := &care.Relief{ResidentID: r.ID, AssessmentID: before, Drug: &care.Drug{Text: "paracetamol"}, Measures: []string{"warmth"}, GivenAt: at,
		RecordedAt: at, RecordedBy: ann.Actor(), Version: 1}
	must(t, v.Check(actAt(at)))
	must(t, s.AddRelief(t.Context(), actAt(at), r.SiteID, v))
	return v
}

func testReliefs(t *testing.T, s *Store) {
	r := addResident(t, s)
	before := addScored(t, s, r, noon, 8)
	v := addRelief(t, s, r, before, noon.Add(5*time.Minute))
	got, err := s.Relief(t.Context(), r.ID, v.ID)
	must(t, err)
	asRead(t, got, v)
	if got.Scale != "painad" {
		t.Errorf("scale %q", got.Scale)
	}
	after := addScored(t, s, r, noon.Add(65*time.Minute), 3)
	list, err := s.Follow(t.Context(), r.SiteID, v, noon.Add(70*time.Minute))
	must(t, err)
	if len(list) != 2 || list[0].AssessmentID != after || list[0].Change == nil || list[0].Change.Difference != -5 || list[0].Change.Verdict != "less" ||
		list[1].State != care.Upcoming || !list[1].DueAt.Equal(noon.Add(65*time.Minute+4*time.Hour)) {
		t.Errorf("follow-ups %+v", list)
	}
	for name, change := range map[string]func(*care.Relief){
		"measures":      func(v *care.Relief) { v.Measures = []string{"acupuncture"} },
		"assessment_id": func(v *care.Relief) { v.AssessmentID = care.NewID() },
	} {
		w := *v
		w.ID = care.NewID()
		change(&w)
		err := s.AddRelief(t.Context(), act(), r.SiteID, &w)
		wantCode(t, err, care.Invalid)
		if !strings.Contains(err.Error(), " ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	late := *v
	late.ID, late.AssessmentID = care.NewID(), after
	wantCode(t, s.AddRelief(t.Context(), act(), r.SiteID, &late), care.Invalid) // "before" is after it
	_, err = s.MarkReliefWrong(t.Context(), act(), r.ID, v.ID, 2)
	wantCode(t, err, care.Stale)
	_, err = s.MarkReliefWrong(t.Context(), act(), r.ID, v.ID, 1)
	must(t, err)
	reliefs, err := s.Reliefs(t.Context(), r.ID, noon)
	must(t, err)
	if len(reliefs) != 1 || !reliefs[0].EnteredInError {
		t.Errorf("got %+v", reliefs)
	}
	wantTrail(t, s, v.ID, care.ActReliefAdd, care.ActReliefWrong)
}

func testMeasures(t *testing.T, s *Store) {
	list, err := s.Measures(t.Context(), care.DefaultSite)
	must(t, err)
	count := len(list)
	if count < 6 {
		t.Fatalf("a fresh home has %d measures", count)
	}
	must(t, s.PutMeasure(t.Context(), act(), care.DefaultSite, &care.Measure{ID: "foot_bath", Name: "Foot bath"}))
	must(t, s.PutMeasure(t.Context(), act(), care.DefaultSite, &care.Measure{ID: "vr", Name: "VR", Retired: true}))
	list, err = s.Measures(t.Context(), care.DefaultSite)
	must(t, err)
	got := map[string]care.Measure{}
	for _, m := range list {
		got[m.ID] = m
	}
	if len(list) != count+1 || got["foot_bath"].Name != "Foot bath" || !got["vr"].Retired {
		t.Errorf("got %+v", list)
	}
	r := addResident(t, s)
	v := &care.Relief{ID: care.NewID(), ResidentID: r.ID, Measures: []string{"vr"}, GivenAt: noon, Version: 1}
	wantCode(t, s.AddRelief(t.Context(), act(), r.SiteID, v), care.Invalid)
	wantTrail(t, s, "foot_bath", care.ActMeasureChange)
}

func addSchedule(t testing.TB, s *Store, site, resident string, repeat care.Repeat) *care.Schedule {
	t.Helper()
	v := &care.Schedule{SiteID: site, ResidentID: resident, Repeat: repeat, TimeZone: "Europe/Paris", StartsAt: noon, CreatedAt: noon, CreatedBy: ann.Actor(), Version: 1}
	if err := v.Check(noon); err != nil {
		t.Fatal(err)
	}
	if err := s.AddSchedule(t.Context(), act(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

// testRounds follows a home through an afternoon: what the store reads decides what is due.
func testRounds(t *testing.T, s *Store) {
	a, b := addResident(t, s), addResident(t, s)
	all := addSchedule(t, s, care.DefaultSite, "", care.Repeat{EveryHours: 4})
	fall := addSchedule(t, s, care.DefaultSite, a.ID, care.Repeat{On: care.Fall, Minutes: []int{60}})
	due := func(of string, at time.Time) map[string]care.DueState {
		t.Helper()
		r, err := s.Round(t.Context(), care.DefaultSite, of, at)
		must(t, err)
		items, err := r.Due(at, 0)
		must(t, err)
		got := map[string]care.DueState{}
		for _, d := range items {
			who := map[string]string{a.ID: "a", b.ID: "b"}[d.ResidentID]
			what := map[string]string{all.ID: "all", fall.ID: "fall", "": "relief"}[d.ScheduleID]
			got[who+" "+what+" "+d.DueAt.Format("15:04")] = d.State
		}
		return got
	}
	check := func(of string, at time.Time, want map[string]care.DueState) {
		t.Helper()
		if got := due(of, at); !reflect.DeepEqual(got, want) {
			t.Errorf("at %s: %v\nwant %v", at.Format("15:04"), got, want)
		}
	}
	check("", noon, map[string]care.DueState{"a all 12:00": care.Due, "b all 12:00": care.Due})
	before := addScored(t, s, a, noon.Add(10*time.Minute), 6)
	check("", noon.Add(40*time.Minute), map[string]care.DueState{"a all 12:00": care.Done, "b all 12:00": care.Overdue})
	check(b.ID, noon.Add(40*time.Minute), map[string]care.DueState{"b all 12:00": care.Overdue})

	addRelief(t, s, a, before, noon.Add(20*time.Minute))
	e := &care.Event{ResidentID: a.ID, Kind: care.Fall, At: noon.Add(30 * time.Minute), RecordedAt: noon, RecordedBy: ann.Actor(), Version: 1}
	must(t, e.Check(noon.Add(time.Hour)))
	must(t, s.AddEvent(t.Context(), act(), care.DefaultSite, e))
	p := &care.Pause{ResidentID: b.ID, Reason: care.InHospital, From: noon.Add(50 * time.Minute), CreatedAt: noon, CreatedBy: ann.Actor(), Version: 1}
	must(t, p.Check(noon.Add(time.Hour)))
	must(t, s.AddPause(t.Context(), act(), care.DefaultSite, p))
	check("", noon.Add(91*time.Minute), map[string]care.DueState{"a all 12:00": care.Done, "b all 12:00": care.Excused, "a fall 13:30": care.Due, "a relief 13:20": care.Due})

	// Back from hospital, the fall was none, the four-hourly schedule ends.
	_, err := s.EndPause(t.Context(), actAt(noon.Add(2*time.Hour)), b.ID, p.ID, 1)
	must(t, err)
	_, err = s.MarkEventWrong(t.Context(), actAt(noon.Add(2*time.Hour)), a.ID, e.ID, 1)
	must(t, err)
	_, err = s.EndSchedule(t.Context(), actAt(noon.Add(5*time.Hour)), all.ID, 1)
	must(t, err)
	check("", noon.Add(9*time.Hour), map[string]care.DueState{"a all 12:00": care.Done, "b all 12:00": care.Excused, "a all 16:00": care.Overdue,
		"b all 16:00": care.Overdue, "a relief 13:20": care.Missed, "a relief 15:20": care.Missed, "a relief 17:20": care.Missed, "a relief 19:20": care.Missed})

	list, err := s.Schedules(t.Context(), everywhere, noon.Add(6*time.Hour))
	must(t, err)
	if len(list) != 1 || list[0].ID != fall.ID {
		t.Errorf("schedules that go on: %+v", list)
	}
	if list, err := s.Schedules(t.Context(), care.Scope{Sites: []string{care.NewID()}}, noon); err != nil || len(list) != 0 {
		t.Errorf("another site sees %d schedules (%v)", len(list), err)
	}
	if r, err := s.Round(t.Context(), care.NewID(), "", noon); err != nil || len(r.Residents)+len(r.Schedules)+len(r.Scored)+len(r.Reliefs) != 0 {
		t.Errorf("another site's round %+v (%v)", r, err)
	}
	for id, want := range map[string][]string{all.ID: {care.ActScheduleAdd, care.ActScheduleEnd}, p.ID: {care.ActPauseAdd, care.ActPauseEnd}, e.ID: {care.ActEventAdd, care.ActEventWrong}} {
		wantTrail(t, s, id, want...)
	}
	verified(t, s)
}

func testEscalations(t *testing.T, s *Store) {
	r := addResident(t, s)
	list := make([]care.Escalation, 3)
	for i := range list {
		list[i] = care.Escalation{ID: care.NewID(), SiteID: care.DefaultSite, Key: "k" + strconv.Itoa(i), ResidentID: r.ID, Level: 1, To: care.RoleNurse,
			State: care.Overdue, DueAt: noon, Since: noon, RaisedAt: noon.Add(time.Duration(i) * time.Second)}
	}
	raised, err := s.RaiseEscalations(t.Context(), act(), care.DefaultSite, list[:2])
	must(t, err)
	if len(raised) != 2 {
		t.Errorf("raised %d", len(raised))
	}
	if raised, err = s.RaiseEscalations(t.Context(), act(), care.DefaultSite, list); err != nil || len(raised) != 1 || raised[0].Key != "k2" {
		t.Errorf("raised again: %+v (%v)", raised, err)
	}
	_, err = s.Acknowledge(t.Context(), act(), list[0].ID)
	must(t, err)
	_, err = s.Acknowledge(t.Context(), act(), list[0].ID)
	wantCode(t, err, care.Conflict)
	for name, c := range map[string]struct {
		since time.Time
		open  bool
		limit int
		want  int
	}{"all": {noon, false, 10, 3}, "open": {noon, true, 10, 2}, "newer": {noon.Add(time.Second), false, 10, 2}, "one": {noon, false, 1, 1}} {
		got, err := s.Escalations(t.Context(), care.EscalationQuery{Scope: everywhere, Since: c.since, Open: c.open, Limit: c.limit})
		if err != nil || len(got) != c.want || got[0].Key != "k2" {
			t.Errorf("%s: %+v (%v)", name, got, err)
		}
	}
	if got, err := s.Escalations(t.Context(), care.EscalationQuery{Since: noon, Limit: 10}); err != nil || len(got) != 0 {
		t.Errorf("nobody's site sees %d (%v)", len(got), err)
	}
	wantTrail(t, s, list[0].ID, care.ActEscalate, care.ActAcknowledge)
}
