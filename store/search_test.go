package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
)

// testSearches goes through lists page by page, in every order and by every condition.
func testSearches(t *testing.T, s *Store) {
	r, other := resident("Ada"), resident("Bo")
	must(t, s.AddResident(t.Context(), act(), r))
	must(t, s.AddResident(t.Context(), act(), other))
	var all []string
	for i := range 12 {
		at := noon.Add(-time.Duration(i/2) * time.Hour) // two at each time
		a := &care.Assessment{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID, Condition: care.AtRest, Status: care.Drafted, Method: care.ByObserver,
			AssessedAt: at, CreatedAt: noon, CreatedBy: ann.Actor(), ChangedAt: noon.Add(time.Duration(i) * time.Minute), ChangedBy: ann.Actor(), Version: 1}
		if i%3 == 0 {
			a.ResidentID = other.ID
		}
		if i%4 == 0 {
			a.Observation, a.Status, a.Method = []byte(`{"state":"assessed","models":{"mesh":"1"},"rules":"r"}`), care.Preliminary, care.ByCamera
		}
		must(t, s.AddAssessment(t.Context(), act(), a))
		all = append(all, a.ID)
	}
	walk := func(q care.AssessmentSearch) []string {
		t.Helper()
		var ids []string
		q.Limit = 5
		for {
			list, err := s.SearchAssessments(t.Context(), q)
			must(t, err)
			for _, a := range list {
				ids = append(ids, a.ID)
				at := a.AssessedAt
				if q.ByChange {
					at = a.ChangedAt
				}
				q.After = &care.Place{At: at, ID: a.ID}
			}
			if len(list) < q.Limit {
				return ids
			}
		}
	}
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	for name, c := range map[string]struct {
		q    care.AssessmentSearch
		want int
	}{
		"all":        {care.AssessmentSearch{}, 12},
		"resident":   {care.AssessmentSearch{Residents: []string{other.ID}}, 4},
		"two":        {care.AssessmentSearch{Residents: []string{other.ID, r.ID}}, 12},
		"ids":        {care.AssessmentSearch{IDs: all[:3]}, 3},
		"observed":   {care.AssessmentSearch{Observed: true}, 3},
		"status":     {care.AssessmentSearch{Statuses: []care.Status{care.Drafted, care.Final}}, 9},
		"scaled":     {care.AssessmentSearch{Scaled: true}, 0},
		"scales":     {care.AssessmentSearch{Scales: []string{"painad"}}, 0},
		"before":     {care.AssessmentSearch{Assessed: care.Times{{{To: noon}}}}, 10},
		"an hour":    {care.AssessmentSearch{Assessed: care.Times{{{From: noon.Add(-time.Hour), To: noon}}}}, 2},
		"not then":   {care.AssessmentSearch{Assessed: care.Times{{{From: noon.Add(-time.Hour), To: noon, Not: true}}}}, 10},
		"either":     {care.AssessmentSearch{Assessed: care.Times{{{From: noon}, {To: noon.Add(-4 * time.Hour)}}}}, 4},
		"both":       {care.AssessmentSearch{Assessed: care.Times{{{From: noon.Add(-2 * time.Hour)}}, {{To: noon}}}}, 4},
		"changed":    {care.AssessmentSearch{Changed: care.Times{{{From: noon.Add(9 * time.Minute)}}}}, 3},
		"other site": {care.AssessmentSearch{Scope: care.Scope{Sites: []string{care.NewID()}}}, 0},
	} {
		if c.q.Scope.Sites == nil {
			c.q.Scope = care.Scope{Sites: []string{care.DefaultSite}}
		}
		for _, scope := range []care.Scope{c.q.Scope, {All: c.q.Scope.Has(care.DefaultSite), Sites: c.q.Scope.Sites}, {Sites: append([]string{care.NewID()}, c.q.Scope.Sites...)}} {
			c.q.Scope = scope
			for _, c.q.Newest = range []bool{false, true} {
				for _, c.q.ByChange = range []bool{false, true} {
					got := walk(c.q)
					unique := slices.Clone(got)
					slices.Sort(unique)
					if unique = slices.Compact(unique); len(got) != c.want || len(unique) != c.want {
						t.Errorf("%s, newest %v, by change %v: %d found, %d of them different, want %d", name, c.q.Newest, c.q.ByChange, len(got), len(unique), c.want)
					}
					if n, err := s.CountAssessments(t.Context(), c.q); err != nil || n != c.want {
						t.Errorf("%s: %d counted, %v", name, n, err)
					}
				}
			}
		}
	}
	if got := walk(care.AssessmentSearch{Scope: everywhere, ByChange: true}); !slices.Equal(got, all) {
		t.Errorf("in the order of the last change they are %v", got)
	}
	set := pain.ModelSet{Models: map[string]string{"mesh": "1"}, Rules: "r"}
	if got, err := s.ModelSet(t.Context(), set.ID()); err != nil || got.ID() != set.ID() {
		t.Errorf("what measured: %v, %v", got, err)
	}
	if list, err := s.ModelSets(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("all that measured: %v, %v", list, err)
	}
	_, err := s.ModelSet(t.Context(), "x")
	wantCode(t, err, care.NotFound)

	testRecordSearches(t, s, r, other)
}

func testRecordSearches(t *testing.T, s *Store, r, other *care.Resident) {
	q := care.RecordSearch{Scope: everywhere, Limit: 10}
	one := q
	one.Limit, one.Residents = 1, []string{r.ID}
	for i := range 3 {
		for _, of := range []*care.Resident{r, other} {
			v := &care.Relief{ID: care.NewID(), ResidentID: of.ID, Measures: []string{"music"}, GivenAt: noon.Add(time.Duration(i) * time.Hour), Version: 1}
			must(t, s.AddRelief(t.Context(), act(), of.SiteID, v))
			must(t, s.AddConsent(t.Context(), act(), &care.ConsentRecord{ID: care.NewID(), ResidentID: of.ID, Purpose: care.ForCamera, Decision: care.ConsentGiven, RecordedAt: noon, Version: 1}))
			must(t, s.AddSchedule(t.Context(), act(), &care.Schedule{ID: care.NewID(), SiteID: of.SiteID, ResidentID: of.ID, Version: 1}))
		}
	}
	var times []string
	for {
		list, err := s.SearchReliefs(t.Context(), one)
		must(t, err)
		if len(list) == 0 {
			break
		}
		times = append(times, list[0].GivenAt.Format("15:04"))
		one.After = &care.Place{At: list[0].GivenAt, ID: list[0].ID}
	}
	if strings.Join(times, " ") != "12:00 13:00 14:00" {
		t.Errorf("reliefs one by one: %v", times)
	}
	reliefs, err := s.SearchReliefs(t.Context(), care.RecordSearch{Scope: everywhere, At: care.Times{{{From: noon.Add(time.Hour)}}}, Newest: true, Limit: 3})
	must(t, err)
	if len(reliefs) != 3 || !reliefs[0].GivenAt.After(reliefs[2].GivenAt) {
		t.Errorf("the newest reliefs: %+v", reliefs)
	}
	consents, err := s.SearchConsents(t.Context(), q)
	must(t, err)
	schedules, err := s.SearchSchedules(t.Context(), q)
	must(t, err)
	residents, err := s.SearchResidents(t.Context(), q)
	must(t, err)
	if len(consents) != 6 || len(schedules) != 6 || len(residents) != 2 {
		t.Errorf("%d consents, %d schedules, %d residents", len(consents), len(schedules), len(residents))
	}
	q.After = &care.Place{At: noon, ID: consents[3].ID}
	rest, err := s.SearchConsents(t.Context(), q)
	must(t, err)
	q.After = &care.Place{ID: schedules[4].ID}
	last, err := s.SearchSchedules(t.Context(), q)
	must(t, err)
	q.After = &care.Place{ID: residents[0].ID}
	second, err := s.SearchResidents(t.Context(), q)
	must(t, err)
	testRecordsByChange(t, s, len(residents))
	if len(rest) != 2 || len(last) != 1 || len(second) != 1 {
		t.Errorf("after a place: %d consents, %d schedules, %d residents", len(rest), len(last), len(second))
	}
	nowhere := care.RecordSearch{Scope: care.Scope{Sites: []string{care.NewID()}}, Limit: 10}
	reliefs, err = s.SearchReliefs(t.Context(), nowhere)
	must(t, err)
	consents, err = s.SearchConsents(t.Context(), nowhere)
	must(t, err)
	residents, err = s.SearchResidents(t.Context(), nowhere)
	must(t, err)
	if len(reliefs)+len(consents)+len(residents) != 0 {
		t.Error("another site's records are found")
	}
	events, err := s.SearchAudit(t.Context(), care.AuditSearch{Entities: []string{r.ID}, Limit: 10, Newest: true})
	must(t, err)
	if len(events) != 1 || events[0].Action != care.ActResidentAdd {
		t.Errorf("of the resident's trail: %+v", events)
	}
	again, err := s.SearchAudit(t.Context(), care.AuditSearch{IDs: []string{events[0].ID}, At: care.Times{{{From: noon}}}, Limit: 1})
	must(t, err)
	if len(again) != 1 {
		t.Error("an event is not found by its id")
	}
	before, err := s.SearchAudit(t.Context(), care.AuditSearch{After: 3, Newest: true, Limit: 10})
	must(t, err)
	if len(before) != 2 || before[0].Seq != 2 {
		t.Errorf("before the third: %+v", before)
	}
}

// What was changed last is found by the log of changes, in every kind of record.
func testRecordsByChange(t *testing.T, s *Store, residents int) {
	later := noon.Add(48 * time.Hour)
	at := care.Act{By: act().By, At: later, Request: "r"}
	list, err := s.SearchResidents(t.Context(), care.RecordSearch{Scope: everywhere, Limit: 10})
	must(t, err)
	r := &list[len(list)-1]
	relief := &care.Relief{ID: care.NewID(), ResidentID: r.ID, Measures: []string{"music"}, GivenAt: noon, Version: 1}
	must(t, s.AddRelief(t.Context(), at, r.SiteID, relief))
	must(t, s.AddConsent(t.Context(), at, &care.ConsentRecord{ID: care.NewID(), ResidentID: r.ID, Purpose: care.ForPhoto, Decision: care.ConsentGiven, RecordedAt: noon, Version: 1}))
	must(t, s.AddSchedule(t.Context(), at, &care.Schedule{ID: care.NewID(), SiteID: r.SiteID, ResidentID: r.ID, Version: 1}))
	_, err = s.ChangeResident(t.Context(), at, r.ID, r.Version, func(v *care.Resident) error { v.Room = "late"; return nil })
	must(t, err)
	for name, c := range map[string]struct {
		changed care.Times
		want    [4]int // residents, reliefs, consents, schedules
	}{
		"since then":    {care.Times{{{From: later}}}, [4]int{1, 1, 1, 1}},
		"before":        {care.Times{{{To: later}}}, [4]int{residents - 1, 6, 6, 6}},
		"not then":      {care.Times{{{From: later, To: later.Add(time.Hour), Not: true}}}, [4]int{residents - 1, 6, 6, 6}},
		"either":        {care.Times{{{From: later}, {To: noon.Add(-time.Hour)}}}, [4]int{1, 1, 1, 1}},
		"both":          {care.Times{{{From: noon}}, {{From: later}}}, [4]int{1, 1, 1, 1}},
		"the day after": {care.Times{{{From: later.Add(time.Second)}}}, [4]int{}},
	} {
		q := care.RecordSearch{Scope: everywhere, Changed: c.changed, Limit: 50}
		a, err := s.SearchResidents(t.Context(), q)
		must(t, err)
		b, err := s.SearchReliefs(t.Context(), q)
		must(t, err)
		d, err := s.SearchConsents(t.Context(), q)
		must(t, err)
		e, err := s.SearchSchedules(t.Context(), q)
		must(t, err)
		if got := [4]int{len(a), len(b), len(d), len(e)}; got != c.want {
			t.Errorf("%s: found %v, want %v", name, got, c.want)
		}
	}
}
