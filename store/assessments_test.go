package store

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
)

func newAssessment(t *testing.T, v *care.Session, at time.Time) *care.Assessment {
	t.Helper()
	e := &care.Evidence{
		Session: v, Observation: json.RawMessage(`{"state":"assessed"}`),
		Proposals: []pain.Proposal{{Scale: "PAINAD", ItemID: "face", Value: 2, ActionUnits: []string{"AU4"}, Provisional: true}},
	}
	remarks := "after washing"
	a, err := care.NewAssessment(care.Assessment{}, e, nil, care.Filling{Remarks: &remarks}, care.Act{By: ann.Actor(), At: at})
	must(t, err)
	return a
}

func builtIn(t *testing.T, id string) *pain.Scale {
	t.Helper()
	files, err := pain.BuiltInScales()
	must(t, err)
	for _, f := range files {
		if s, err := pain.ParseScale(f.Name, f.Text); err == nil && s.ID == id {
			return s
		}
	}
	t.Fatalf("no scale %s", id)
	return nil
}

func change(a *care.Assessment) care.AssessmentChange {
	return care.AssessmentChange{AssessmentID: a.ID, Version: a.Version, Action: care.ActAssessDone}
}

func confirm(t *testing.T, s *Store, id string, version int, remarks *string) (*care.Assessment, error) {
	t.Helper()
	ch := care.AssessmentChange{AssessmentID: id, Version: version, Action: care.ActAssessDone}
	return s.ChangeAssessment(t.Context(), act(), ch, func(a *care.Assessment) error { return a.Confirm(care.Filling{Remarks: remarks}, nil, act()) })
}

func testAssessments(t *testing.T, s *Store) {
	v := addSession(t, s, false)
	var all []care.Assessment
	for i := range 3 {
		a := newAssessment(t, v, noon.Add(time.Duration(i)*time.Minute))
		must(t, s.AddAssessment(t.Context(), act(), a))
		wantCode(t, s.AddAssessment(t.Context(), act(), a), care.Conflict)
		all = append([]care.Assessment{*a}, all...)
	}
	got, err := s.Assessment(t.Context(), all[0].ID)
	must(t, err)
	if !reflect.DeepEqual(*got, all[0]) {
		t.Errorf("got %+v\nwant %+v", *got, all[0])
	}
	for name, c := range map[string]struct {
		q    care.AssessmentQuery
		want []care.Assessment
	}{
		"all":            {care.AssessmentQuery{Scope: everywhere, Limit: 10}, all},
		"the newest":     {care.AssessmentQuery{Scope: everywhere, Limit: 1}, all[:1]},
		"earlier ones":   {care.AssessmentQuery{Scope: everywhere, Limit: 10, Before: all[0].AssessedAt}, all[1:]},
		"later ones":     {care.AssessmentQuery{Scope: everywhere, Limit: 10, Since: all[1].AssessedAt}, all[:2]},
		"one resident's": {care.AssessmentQuery{Scope: everywhere, Limit: 10, ResidentID: v.ResidentID}, all},
		"another's":      {care.AssessmentQuery{Scope: everywhere, Limit: 10, ResidentID: care.NewID()}, []care.Assessment{}},
		"practice":       {care.AssessmentQuery{Scope: everywhere, Limit: 10, Practice: true}, []care.Assessment{}},
		"of a site":      {care.AssessmentQuery{Scope: care.Scope{Sites: []string{care.DefaultSite}}, Limit: 10}, all},
		"of another":     {care.AssessmentQuery{Scope: care.Scope{Sites: []string{care.NewID()}}, Limit: 10}, []care.Assessment{}},
		"of none":        {care.AssessmentQuery{Limit: 10}, []care.Assessment{}},
	} {
		if got, err := s.Assessments(t.Context(), c.q); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %d (%v), want %d", name, len(got), err, len(c.want))
		}
	}
	_, err = s.Assessment(t.Context(), care.NewID())
	wantCode(t, err, care.NotFound)
}

func testConfirm(t *testing.T, s *Store) {
	a := newAssessment(t, addSession(t, s, false), noon)
	must(t, s.AddAssessment(t.Context(), act(), a))
	_, err := confirm(t, s, a.ID, 7, nil)
	wantCode(t, err, care.Stale)
	_, err = s.ChangeAssessment(t.Context(), act(), change(a), func(a *care.Assessment) error {
		return a.Confirm(care.Filling{}, nil, care.Act{By: care.Program, At: noon})
	})
	wantCode(t, err, care.Forbidden)
	remarks := "looked sore"
	done, err := confirm(t, s, a.ID, 1, &remarks)
	must(t, err)
	if done.Status != care.Final || done.Version != 2 || done.ConfirmedBy == nil || done.ConfirmedBy.Name != ann.Name || done.Remarks != remarks {
		t.Errorf("got %+v", done)
	}
	kept, err := s.Assessment(t.Context(), a.ID)
	must(t, err)
	if !reflect.DeepEqual(kept, done) {
		t.Errorf("kept %+v, answered %+v", kept, done)
	}
	_, err = confirm(t, s, a.ID, 2, nil)
	wantCode(t, err, care.AlreadyFinal)
	wantTrail(t, s, a.ID, care.ActAssessAdd, care.ActAssessDone)
	_, err = confirm(t, s, care.NewID(), 1, nil)
	wantCode(t, err, care.NotFound)
}

func testConfirmRace(t *testing.T, s *Store) {
	a := newAssessment(t, addSession(t, s, false), noon)
	must(t, s.AddAssessment(t.Context(), act(), a))
	if n := race(func() error { _, err := confirm(t, s, a.ID, 1, nil); return err }); n != 1 {
		t.Errorf("%d people confirmed the same version", n)
	}
	wantTrail(t, s, a.ID, care.ActAssessAdd, care.ActAssessDone)
}

func testPractice(t *testing.T, s *Store) {
	v := addSession(t, s, true)
	a := newAssessment(t, v, noon)
	must(t, s.AddAssessment(t.Context(), act(), a))
	list, err := s.Assessments(t.Context(), care.AssessmentQuery{Scope: everywhere, Limit: 10, Practice: true})
	must(t, err)
	if len(list) != 1 || !list[0].Practice {
		t.Errorf("got %+v", list)
	}
	care := newAssessment(t, addSession(t, s, false), noon)
	care.SessionID = v.ID // a practice session cannot become an assessment of a resident
	if err := s.AddAssessment(t.Context(), act(), care); err == nil {
		t.Error("a practice session was kept as care")
	}
}

// addDraft keeps a filled-in draft that no camera was at.
func addDraft(t *testing.T, s *Store) (*care.Assessment, *pain.Scale) {
	t.Helper()
	r := resident("Elsa")
	must(t, s.AddResident(t.Context(), act(), r))
	painad := builtIn(t, "painad")
	x, y := .25, .75
	f := care.Filling{
		Answers:   pain.Answers{"breathing": 1, "vocalisation": 0, "face": 2, "body": 1, "consolability": 0},
		BodySites: []care.BodySite{{Region: "left_hip", View: "front", X: &x, Y: &y}},
	}
	a, err := care.NewAssessment(care.Assessment{ResidentID: r.ID, SiteID: r.SiteID, Condition: care.InMovement}, nil, painad, f, act())
	must(t, err)
	must(t, s.AddAssessment(t.Context(), act(), a))
	a.Definition = nil // which is not read back with the record
	return a, painad
}

func testDraftToAmended(t *testing.T, s *Store) {
	a, painad := addDraft(t, s)
	was := []care.Assessment{*a}
	do := func(action string, f func(*care.Assessment) error) *care.Assessment {
		t.Helper()
		ch := change(a)
		ch.Action = action
		done, err := s.ChangeAssessment(t.Context(), act(), ch, f)
		must(t, err)
		kept, err := s.Assessment(t.Context(), a.ID)
		must(t, err)
		if !reflect.DeepEqual(kept, done) {
			t.Errorf("%s: kept %+v\nanswered %+v", action, kept, done)
		}
		return done
	}
	got, err := s.Assessment(t.Context(), a.ID)
	must(t, err)
	if !reflect.DeepEqual(got, a) || got.Total == nil || *got.Total != 4 {
		t.Errorf("got %+v\nwant %+v", got, a)
	}
	a = do(care.ActAssessDone, func(a *care.Assessment) error { return a.Confirm(care.Filling{}, painad, act()) })
	was = append(was, *a)
	a = do(care.ActAssessAmend, func(a *care.Assessment) error {
		return a.Amend("the other hip", care.Filling{BodySites: []care.BodySite{{Region: "right_hip"}}}, painad, act())
	})
	was = append(was, *a)
	a = do(care.ActAssessWrong, func(a *care.Assessment) error { return a.MarkWrong("another resident", act()) })
	if a.Status != care.EnteredInError || a.Version != 4 || a.ConfirmedBy == nil {
		t.Errorf("got %+v", a)
	}
	history, err := s.AssessmentHistory(t.Context(), a.ID)
	must(t, err)
	if !reflect.DeepEqual(history, was) {
		t.Errorf("history %+v\nwant %+v", history, was)
	}
	wantTrail(t, s, a.ID, care.ActAssessAdd, care.ActAssessDone, care.ActAssessAmend, care.ActAssessWrong)
}

func testChangesOnce(t *testing.T, s *Store) {
	a, painad := addDraft(t, s)
	ch := change(a)
	ch.ID, ch.Fingerprint = care.NewID(), "f"
	n := 0
	do := func(a *care.Assessment) error {
		n++
		return a.Confirm(care.Filling{}, painad, act())
	}
	for range 3 {
		got, err := s.ChangeAssessment(t.Context(), act(), ch, do)
		must(t, err)
		if got.Version != 2 || got.Status != care.Final {
			t.Errorf("got %+v", got)
		}
	}
	if n != 1 {
		t.Errorf("the change was made %d times", n)
	}
	wantTrail(t, s, a.ID, care.ActAssessAdd, care.ActAssessDone)
	id, mark, err := s.SeenAssessmentChange(t.Context(), ch.ID)
	if err != nil || id != a.ID || mark != "f" {
		t.Errorf("seen %q %q %v", id, mark, err)
	}
	if id, _, err := s.SeenAssessmentChange(t.Context(), care.NewID()); err != nil || id != "" {
		t.Errorf("an unknown change was seen: %q %v", id, err)
	}
	other := ch
	other.Fingerprint = "g"
	_, err = s.ChangeAssessment(t.Context(), act(), other, do)
	wantCode(t, err, care.Conflict)
	b, _ := addDraft(t, s)
	other = change(b)
	other.ID, other.Fingerprint = ch.ID, ch.Fingerprint
	_, err = s.ChangeAssessment(t.Context(), act(), other, do)
	wantCode(t, err, care.Conflict)
	failing := change(b)
	_, err = s.ChangeAssessment(t.Context(), act(), failing, func(a *care.Assessment) error {
		a.Remarks = "half done"
		return &care.Error{Code: care.Invalid}
	})
	wantCode(t, err, care.Invalid)
	if got, err := s.Assessment(t.Context(), b.ID); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("a refused change left %+v (%v)", got, err)
	}
}

func testScales(t *testing.T, s *Store) {
	a, painad := addDraft(t, s)
	file, err := s.ScaleDefinition(t.Context(), *a.Scale)
	must(t, err)
	if file.Name != "painad.yaml" || string(file.Text) != string(painad.File.Text) {
		t.Errorf("kept %s with %d bytes", file.Name, len(file.Text))
	}
	_, err = s.ScaleDefinition(t.Context(), pain.Ref{ID: "painad", Version: "0.0.1"})
	wantCode(t, err, care.NotFound)

	// The same version with another text must not change what was scored.
	b, err := care.NewAssessment(care.Assessment{ResidentID: a.ResidentID, SiteID: a.SiteID, Condition: care.AtRest}, nil, painad, care.Filling{}, act())
	must(t, err)
	b.Definition = &pain.ScaleFile{Name: "painad.yaml", Text: []byte(strings.Replace(string(painad.File.Text), "Grimacing", "Laughing", 1))}
	wantCode(t, s.AddAssessment(t.Context(), act(), b), care.Conflict)
	_, err = s.Assessment(t.Context(), b.ID)
	wantCode(t, err, care.NotFound)
}

func testInstrument(t *testing.T, s *Store) {
	n, err := s.Instrument(t.Context(), care.DefaultSite)
	must(t, err)
	if want := (&care.Instrument{SiteID: care.DefaultSite, Off: []string{}, Own: []pain.Ref{}}); !reflect.DeepEqual(n, want) {
		t.Errorf("got %+v", n)
	}
	edit := func(n *care.Instrument) error {
		n.Blind, n.Off = true, []string{"abbey"}
		return nil
	}
	set := func(site string, version int, added *pain.Scale, edit func(*care.Instrument) error) (*care.Instrument, error) {
		return s.ChangeInstrument(t.Context(), act(), site, version, added, edit)
	}
	_, err = set(care.DefaultSite, 1, nil, edit)
	wantCode(t, err, care.Stale)
	_, err = set(care.NewID(), 0, nil, edit)
	wantCode(t, err, care.Invalid)
	n, err = set(care.DefaultSite, 0, nil, edit)
	must(t, err)
	got, err := s.Instrument(t.Context(), care.DefaultSite)
	must(t, err)
	if !reflect.DeepEqual(n, got) || !n.Blind || n.Version != 1 {
		t.Errorf("kept %+v, answered %+v", got, n)
	}
	own, err := pain.ParseScale("own.yaml", []byte(strings.Replace(string(builtIn(t, "abbey").File.Text), "id: abbey", "id: own", 1)))
	must(t, err)
	n, err = set(care.DefaultSite, 1, own, func(n *care.Instrument) error { return n.Adopt(own.Ref()) })
	must(t, err)
	if file, err := s.ScaleDefinition(t.Context(), own.Ref()); err != nil || file.Name != "own.yaml" || len(n.Own) != 1 {
		t.Errorf("%+v %v", n, err)
	}
	wantTrail(t, s, care.DefaultSite, care.ActInstrument, care.ActScaleAdd)
}

func testErasedAssessments(t *testing.T, s *Store) {
	const secret = "she said it was the hip"
	a, painad := addDraft(t, s)
	remarks := secret
	a, err := s.ChangeAssessment(t.Context(), act(), change(a), func(a *care.Assessment) error {
		return a.Confirm(care.Filling{Remarks: &remarks}, painad, act())
	})
	must(t, err)
	amend := func(reason string) error {
		ch := change(a)
		ch.Action = care.ActAssessAmend
		done, err := s.ChangeAssessment(t.Context(), act(), ch, func(a *care.Assessment) error { return a.Amend(reason, care.Filling{}, painad, act()) })
		if err == nil {
			a = done
		}
		return err
	}
	must(t, amend(secret)) // which is kept with the record of before
	must(t, s.EraseResident(t.Context(), act(), a.ResidentID, 1))
	left, err := s.Assessment(t.Context(), a.ID)
	must(t, err)
	history, err := s.AssessmentHistory(t.Context(), a.ID)
	must(t, err)
	for _, x := range append(history, *left) {
		if x.Remarks != "" || x.Reason != "" {
			t.Errorf("version %d still says %q %q", x.Version, x.Remarks, x.Reason)
		}
	}
	if len(history) != 2 || left.Total == nil || *left.Total != 4 {
		t.Errorf("what counts has gone: %+v", left)
	}
	wantCode(t, amend("again"), care.Erased)
	b, err := care.NewAssessment(care.Assessment{ResidentID: a.ResidentID, SiteID: a.SiteID, Condition: care.AtRest}, nil, painad, care.Filling{Remarks: &remarks}, act())
	must(t, err)
	wantCode(t, s.AddAssessment(t.Context(), act(), b), care.Erased)
}

// Lists must not walk over what they do not show, however many assessments there are.
func TestAssessmentLists(t *testing.T) {
	s := open(t, t.TempDir())
	one, two := care.Scope{Sites: []string{care.DefaultSite}}, care.Scope{Sites: []string{care.DefaultSite, care.NewID()}}
	for name, c := range map[string]struct {
		q     care.AssessmentQuery
		index string
	}{
		"a resident's":         {care.AssessmentQuery{Scope: one, ResidentID: "r"}, "assessments_of_resident (resident_id=? AND assessed_at>? AND assessed_at<?)"},
		"a resident's, all":    {care.AssessmentQuery{Scope: everywhere, ResidentID: "r"}, "assessments_of_resident (resident_id=? AND assessed_at>? AND assessed_at<?)"},
		"a resident's, of two": {care.AssessmentQuery{Scope: two, ResidentID: "r"}, "assessments_of_resident (resident_id=? AND assessed_at>? AND assessed_at<?)"},
		"a site's":             {care.AssessmentQuery{Scope: one}, "assessments_of_site (site_id=? AND assessed_at>? AND assessed_at<?)"},
		"of the whole":         {care.AssessmentQuery{Scope: everywhere}, "assessments_by_time (assessed_at>? AND assessed_at<?)"},
	} {
		where, args := assessmentsWhere(c.q, []any{false, 0, 1, 10})
		var id, parent, unused int
		var plan string
		must(t, s.db.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN `+assessmentQuery+where, args...).Scan(&id, &parent, &unused, &plan))
		if !strings.Contains(plan, c.index) {
			t.Errorf("%s: %s, want %s", name, plan, c.index)
		}
	}
}
