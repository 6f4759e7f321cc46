package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/care"
)

// told lists changes as "kind action version", oldest first.
func told(list []care.RecordChange) []string {
	words := []string{}
	for _, c := range list {
		words = append(words, fmt.Sprintf("%s %s %d", c.Entity, c.Action, c.Version))
	}
	return words
}

// readLog reads the log page by page.
func readLog(t testing.TB, s *Store, q care.ChangeQuery, scan int64) []care.RecordChange {
	t.Helper()
	var all []care.RecordChange
	for {
		page, err := s.changes(t.Context(), q, scan)
		if err != nil {
			t.Fatal(err)
		}
		all, q.After = append(all, page.Changes...), page.Next
		if !page.More {
			return all
		}
	}
}

func wantLog(t *testing.T, s *Store, q care.ChangeQuery, want ...string) []care.RecordChange {
	t.Helper()
	q.Limit = 100
	list := readLog(t, s, q, scanAtOnce)
	if got := told(list); !slices.Equal(got, want) {
		t.Errorf("the log says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return list
}

// Whatever changes a record of care is in the log, once for each record that changed.
func testChanges(t *testing.T, s *Store) {
	end := func() care.ChangePosition {
		p, _, err := s.ChangesEnd(t.Context())
		must(t, err)
		return p
	}
	r := resident("Ada Oak")
	r.CameraConsent = &care.ConsentRecord{ID: care.NewID(), ResidentID: r.ID, Purpose: care.ForCamera, Decision: care.ConsentGiven, RecordedAt: noon, Version: 1}
	must(t, s.AddResident(t.Context(), act(), r))
	wantLog(t, s, care.ChangeQuery{Scope: everywhere}, "site site.add 1", "consent consent.add 1", "resident resident.add 1")

	from := end()
	since := func(want ...string) {
		t.Helper()
		for _, c := range wantLog(t, s, care.ChangeQuery{Scope: everywhere, After: from}, want...) {
			if c.SiteID != care.DefaultSite || (c.ResidentID != r.ID && c.Entity != care.KindSchedule) || c.EntityID == "" || !c.At.Equal(noon) {
				t.Errorf("%+v", c)
			}
		}
		from = end()
	}
	_, err := s.ChangeResident(t.Context(), act(), r.ID, 1, func(r *care.Resident) error { r.Room = "7"; return nil })
	must(t, err)
	since("resident resident.change 2")
	_, err = s.WithdrawConsent(t.Context(), act(), r.ID, r.CameraConsent.ID, 1, "Ada")
	must(t, err)
	since("resident consent.withdraw 2", "consent consent.withdraw 2")

	v := &care.Session{ID: care.NewID(), SiteID: care.DefaultSite, ResidentID: r.ID, Condition: care.AtRest, OpenedBy: ann.Actor(), OpenedAt: noon}
	must(t, s.AddSession(t.Context(), act(), v))
	a := newAssessment(t, v, noon)
	must(t, s.AddAssessment(t.Context(), act(), a))
	since("assessment assessment.add 1")
	_, err = confirm(t, s, a.ID, 1, nil)
	must(t, err)
	since("assessment assessment.confirm 2")
	_, err = confirm(t, s, a.ID, 1, nil)
	wantCode(t, err, care.Stale)
	must(t, s.AddAssessment(t.Context(), act(), newAssessment(t, addPractice(t, s), noon)))
	must(t, s.Seen(t.Context(), act(), care.AuditEvent{Action: string(care.ReadResidents), Entity: "resident", EntityID: r.ID}))
	since() // what failed, practice, and looking

	first := addBaseline(t, s, r.ID)
	since("baseline baseline.add 1")
	addBaseline(t, s, r.ID)
	since("baseline baseline.change 2", "baseline baseline.add 1")
	if last, err := s.LastChanges(t.Context(), first, a.ID, care.NewID()); err != nil || len(last) != 2 || last[first].Version != 2 || last[a.ID].Action != care.ActAssessDone {
		t.Errorf("%+v %v", last, err)
	}
	v2 := addRelief(t, s, r, "", noon)
	since("relief relief.add 1")
	_, err = s.MarkReliefWrong(t.Context(), act(), r.ID, v2.ID, 1)
	must(t, err)
	since("relief relief.entered_in_error 2")
	plan := addSchedule(t, s, care.DefaultSite, "", care.Repeat{EveryHours: 6})
	since("schedule schedule.add 1")
	_, err = s.EndSchedule(t.Context(), act(), plan.ID, 1)
	must(t, err)
	since("schedule schedule.end 2")
	p := &care.Pause{ID: care.NewID(), ResidentID: r.ID, Reason: "hospital", From: noon, CreatedAt: noon, Version: 1}
	must(t, s.AddPause(t.Context(), act(), care.DefaultSite, p))
	_, err = s.EndPause(t.Context(), actAt(noon), r.ID, p.ID, 1)
	must(t, err)
	since("pause pause.add 1", "pause pause.end 2")
	e := &care.Event{ID: care.NewID(), ResidentID: r.ID, Kind: "fall", At: noon, RecordedAt: noon, Version: 1}
	must(t, s.AddEvent(t.Context(), act(), care.DefaultSite, e))
	_, err = s.MarkEventWrong(t.Context(), act(), r.ID, e.ID, 1)
	must(t, err)
	since("event event.add 1", "event event.entered_in_error 2")
	raised, err := s.RaiseEscalations(t.Context(), act(), care.DefaultSite, []care.Escalation{{ID: care.NewID(), SiteID: care.DefaultSite, Key: "k", ResidentID: r.ID, DueAt: noon, RaisedAt: noon}})
	must(t, err)
	_, err = s.Acknowledge(t.Context(), act(), raised[0].ID)
	must(t, err)
	since("escalation escalation.raise 1", "escalation escalation.acknowledge 2")

	// An erasure is told of every record that it reaches, and can be followed after it.
	must(t, s.EraseResident(t.Context(), act(), r.ID, 2))
	got := told(readLog(t, s, care.ChangeQuery{Scope: everywhere, After: from, Limit: 100, Newest: true}, scanAtOnce))
	slices.Sort(got)
	want := []string{"assessment resident.erase 2", "baseline resident.erase 1", "baseline resident.erase 2", "consent resident.erase 2", "escalation resident.erase 2",
		"event resident.erase 2", "pause resident.erase 2", "relief resident.erase 2", "resident resident.erase 3"}
	if !slices.Equal(got, want) {
		t.Errorf("after the erasure %q, want %q", got, want)
	}
}

func addPractice(t *testing.T, s *Store) *care.Session { return addSession(t, s, true) }

func addBaseline(t *testing.T, s *Store, resident string) (id string) {
	t.Helper()
	b := &care.Baseline{ID: care.NewID(), ResidentID: resident, TakenAt: noon, Chosen: true, RecordedAt: noon, Version: 1}
	must(t, s.AddBaseline(t.Context(), act(), b))
	return b.ID
}

// A resident who moves leaves one site and comes to the other with all that goes along.
func testChangesMove(t *testing.T, s *Store) {
	there := addSite(t, s, "There")
	r := addResident(t, s)
	addRelief(t, s, r, "", noon)
	addScored(t, s, r, noon, 3)
	b := addBaseline(t, s, r.ID)
	_, err := s.ChangeResident(t.Context(), act(), r.ID, 1, func(r *care.Resident) error { r.SiteID = there.ID; return nil })
	must(t, err)
	wantLog(t, s, care.ChangeQuery{Scope: care.Scope{Sites: []string{there.ID}}}, "site site.add 1", "relief resident.move 1", "baseline resident.move 1", "resident resident.change 2")
	here := wantLog(t, s, care.ChangeQuery{Scope: care.Scope{Sites: []string{care.DefaultSite}}, ResidentID: r.ID, Newest: true},
		"relief relief.add 1", "assessment assessment.confirm 2", "baseline baseline.add 1", "resident resident.move 2")
	if here[3].SiteID != care.DefaultSite {
		t.Errorf("%+v", here[3])
	}
	// Who sees both sites finds each record once.
	wantLog(t, s, care.ChangeQuery{Scope: care.Scope{Sites: []string{care.DefaultSite, there.ID}}, ResidentID: r.ID, Newest: true},
		"assessment assessment.confirm 2", "relief resident.move 1", "baseline resident.move 1", "resident resident.change 2")
	must(t, s.EraseResident(t.Context(), act(), r.ID, 2))
	last, err := s.LastChanges(t.Context(), b)
	must(t, err)
	if last[b].SiteID != there.ID || last[b].Action != care.ActResidentEnd {
		t.Errorf("%+v", last[b])
	}
}

// Pages of any length, and however little of the log is looked through at once, make the same whole.
func testChangesPages(t *testing.T, s *Store) {
	there := addSite(t, s, "There")
	begin, _, err := s.ChangesEnd(t.Context())
	must(t, err)
	var ids []string
	for i := range 12 {
		r := resident("Ada")
		if i%3 == 0 {
			r.SiteID = there.ID
		}
		must(t, s.AddResident(t.Context(), actAt(noon.Add(time.Duration(i)*time.Minute)), r))
		ids = append(ids, r.ID)
	}
	_, err = s.ChangeResident(t.Context(), actAt(noon), ids[0], 1, func(r *care.Resident) error { r.Room = "1"; return nil }) // the clock went back
	must(t, err)
	all := readLog(t, s, care.ChangeQuery{Scope: everywhere, After: begin, Limit: 100}, scanAtOnce)
	if len(all) != 13 || !all[12].At.Equal(noon.Add(11*time.Minute)) {
		t.Fatalf("%d changes, the last %+v", len(all), all[len(all)-1])
	}
	for i := range all[1:] {
		if all[i+1].Seq != all[i].Seq+1 || all[i+1].At.Before(all[i].At) {
			t.Errorf("after %+v comes %+v", all[i], all[i+1])
		}
	}
	few := care.Scope{Sites: []string{there.ID}}
	for _, q := range []care.ChangeQuery{
		{Scope: everywhere}, {Scope: few}, {Scope: everywhere, Newest: true}, {Scope: few, Newest: true}, {Scope: everywhere, ResidentID: ids[0]},
		{Scope: everywhere, Entities: []string{care.KindResident, care.KindRelief}}, {Scope: everywhere, Entities: []string{care.KindRelief}},
		{Scope: everywhere, Actions: []string{care.ActResidentChange}}, {Scope: everywhere, Since: noon.Add(3 * time.Minute), Until: noon.Add(9 * time.Minute)},
		{Scope: everywhere, Since: noon.Add(time.Hour)}, {Scope: everywhere, Until: noon}, {Scope: care.Scope{}},
	} {
		want := []care.RecordChange{}
		for _, c := range all {
			newest := !q.Newest || c.EntityID != ids[0] || c.Action == care.ActResidentChange
			if q.Scope.Has(c.SiteID) && newest && (q.ResidentID == "" || q.ResidentID == c.ResidentID) && (q.Entities == nil || slices.Contains(q.Entities, c.Entity)) &&
				(q.Actions == nil || slices.Contains(q.Actions, c.Action)) && (q.Since.IsZero() || !c.At.Before(q.Since)) && (q.Until.IsZero() || c.At.Before(q.Until)) {
				want = append(want, c)
			}
		}
		q.After = begin
		for _, q.Limit = range []int{1, 2, 5, 100} {
			for _, scan := range []int64{1, 4, 1000} {
				if got := readLog(t, s, q, scan); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%+v, %d looked through at once: got %d, want %d", q, scan, len(got), len(want))
				}
			}
		}
	}
	page, err := s.Changes(t.Context(), care.ChangeQuery{Scope: care.Scope{}, After: begin, Limit: 1})
	must(t, err)
	if page.More || page.Next != all[12].Position() || len(page.Changes) != 0 {
		t.Errorf("nothing to see: %+v", page)
	}
	for _, p := range []care.ChangePosition{{Seq: all[12].Seq + 1, Mark: "0123456789abcdef"}, {Seq: all[3].Seq, Mark: all[4].Position().Mark}, {Seq: 3}, {Mark: "x"}, {Seq: -1}} {
		_, err := s.Changes(t.Context(), care.ChangeQuery{Scope: everywhere, After: p, Limit: 1})
		wantCode(t, err, care.ChangesGone)
	}
}

// wantNumbered looks whether the log has no gap and its head is its end, and returns how many changes it has.
func wantNumbered(t *testing.T, s *Store) int {
	t.Helper()
	var n, last, head int
	must(t, s.db.QueryRow(`SELECT count(*), COALESCE(max(seq), 0) FROM changes`).Scan(&n, &last))
	must(t, s.db.QueryRow(`SELECT seq FROM change_head`).Scan(&head))
	if n != last || head != last {
		t.Errorf("%d changes, the last is %d, the head says %d", n, last, head)
	}
	return n
}

// After a backup was put back, who had read no more than it holds goes on; who had read more must begin anew, also when the log has
// grown as long again.
func testChangesRestored(t *testing.T, s *Store) {
	addUser(t, s)
	first := addResident(t, s)
	before, _, err := s.ChangesEnd(t.Context())
	must(t, err)
	addResident(t, s)
	kept, _, err := s.ChangesEnd(t.Context())
	must(t, err)
	file := filepath.Join(t.TempDir(), "backup.db")
	_, err = s.Backup(t.Context(), file)
	must(t, err)
	addResident(t, s)
	lost, _, err := s.ChangesEnd(t.Context())
	must(t, err)
	_, err = s.Restore(t.Context(), act(), file, true)
	must(t, err)
	for range 2 {
		_, err = s.Changes(t.Context(), care.ChangeQuery{Scope: everywhere, After: lost, Limit: 1})
		wantCode(t, err, care.ChangesGone)
		_, err = s.ChangeResident(t.Context(), act(), first.ID, wantNumbered(t, s)-2, func(r *care.Resident) error { return nil })
		must(t, err)
	}
	if got := readLog(t, s, care.ChangeQuery{Scope: everywhere, After: before, Limit: 9}, scanAtOnce); len(got) != 3 {
		t.Errorf("after the restore %q", told(got))
	}
	if got := readLog(t, s, care.ChangeQuery{Scope: everywhere, After: kept, Limit: 9}, scanAtOnce); len(got) != 2 {
		t.Errorf("after the restore %q", told(got))
	}
}
