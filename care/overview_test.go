package care

import (
	"testing"
	"time"

	"wince/pain"
)

func TestOverview(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) // two at night there
	day := 24 * time.Hour
	person := func(id string, consent Consent, expires time.Duration) Resident {
		r := Resident{ID: id, Consent: consent, CreatedAt: now.Add(-30 * day)}
		if expires != 0 {
			at := now.Add(expires)
			r.CameraConsent = &ConsentRecord{Decision: ConsentGiven, GivenAt: now.Add(-30 * day), ExpiresAt: &at}
		}
		return r
	}
	fresh := person("new", ConsentGiven, 0)
	fresh.CreatedAt = now.Add(-day)
	in := OverviewInput{
		Now: now, Zone: zone, Days: 7, Method: func(*Resident) string { return "m" },
		Residents: []Resident{person("fine", ConsentGiven, 100*day), person("soon", ConsentGiven, 13*day), person("gone", ConsentGiven, -day),
			person("unasked", ConsentUnknown, 0), person("refused", ConsentRefused, 0), fresh},
		Baselines: map[string]string{"fine": "m", "soon": "old", "gone": "old"},
		Last:      map[string]time.Time{"fine": now.Add(-6 * day), "soon": now.Add(-8 * day), "gone": now.Add(-day), "unasked": now},
		Open:      []OpenAssessment{{ID: "b", CreatedAt: now.Add(-9 * time.Hour)}, {ID: "a", CreatedAt: now.Add(-10 * time.Hour)}},
		Escalated: make([]Escalation, 2),
		Due: []DueItem{{State: Due}, {State: Overdue}, {State: Overdue}, {State: Upcoming}, {State: Excused},
			{State: Missed, MissedAt: now.Add(-time.Hour)}, {State: Missed, MissedAt: now.Add(-3 * time.Hour)}, // yesterday there
			{State: Done, DueAt: now.Add(-time.Hour)}, {State: Done, DueAt: now.Add(-3 * time.Hour)}},
	}
	o := in.Overview()
	if o.Due != 1 || o.Overdue != 2 || o.MissedToday != 1 || o.DoneToday != 1 || o.Escalations != 2 || o.Residents != 6 {
		t.Errorf("counts %+v", o)
	}
	words := func(list []Concern) (s string) {
		for _, c := range list {
			s += c.ResidentID + " " + c.Reason + ";"
		}
		return s
	}
	for what, x := range map[string][2]string{
		"consent":      {words(o.Consent), "soon expires_soon;gone expired;unasked unknown;"},
		"baselines":    {words(o.WithoutBaseline), "soon outdated;new none;"},
		"not assessed": {words(o.NotAssessed), "soon long_ago;refused never;"},
	} {
		if x[0] != x[1] {
			t.Errorf("%s: %s, want %s", what, x[0], x[1])
		}
	}
	if len(o.Unconfirmed) != 2 || o.Unconfirmed[0].ID != "a" || o.NotAssessed[0].At == nil {
		t.Errorf("unconfirmed %+v", o.Unconfirmed)
	}
	if empty := (&OverviewInput{Now: now, Zone: zone}).Overview(); empty.Consent == nil || empty.Unconfirmed == nil || empty.Residents != 0 {
		t.Errorf("of nobody: %+v", empty)
	}
}

func TestDisagreements(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ref := pain.Ref{ID: "s", Version: "1"}
	row := func(id string, hour int, proposed, answered int, blind ...int) QualityRow {
		r := QualityRow{AssessmentID: id, At: at.Add(time.Duration(hour) * time.Hour), Scale: ref, Answers: pain.Answers{"face": answered, "body": 2},
			Proposals: []pain.Proposal{{ScaleID: "s", ItemID: "face", Value: proposed}, {ScaleID: "other", ItemID: "body", Value: 0}}}
		if len(blind) > 0 {
			r.RatedBlind = pain.Answers{"face": blind[0]}
		}
		return r
	}
	in := QualityInput{From: at, To: at.Add(24 * time.Hour), Rows: []QualityRow{row("same", 1, 1, 1), row("less", 2, 2, 0), row("more", 3, 1, 2),
		row("followed", 4, 2, 2, 0), row("later", 30, 0, 2), row("open", 5, 1, 3)}}
	delete(in.Rows[5].Answers, "face")
	d := in.Disagreements(10)
	if d.Compared != 4 || d.Differing != 3 || len(d.List) != 3 || d.BySize["-2"] != 2 || d.BySize["1"] != 1 {
		t.Fatalf("got %+v", d)
	}
	if d.List[0].AssessmentID != "followed" || d.List[0].RatedBlind == nil || d.List[0].Difference != -2 || d.List[1].AssessmentID != "less" || d.List[2].Difference != 1 {
		t.Errorf("list %+v", d.List)
	}
	if d := in.Disagreements(1); len(d.List) != 1 || d.Differing != 3 {
		t.Errorf("of one: %+v", d)
	}
}

func TestFaceOf(t *testing.T) {
	ref := pain.Ref{ID: "s", Version: "1"}
	row := func(total int, share, peak float64) FaceRow {
		return FaceRow{Scale: ref, Total: &total, AU: map[string]pain.AUSummary{"AU4": {Share: share, Peak: peak}}}
	}
	rows := []FaceRow{row(5, .5, 3), row(2, 0, .5), row(9, .1, 4), row(0, 0, 0), row(1, .2, 2), {Scale: ref}, {Scale: pain.Ref{ID: "x"}, Total: new(int)}}
	rows[0].AU["AU43"] = pain.AUSummary{Share: 1, Peak: 1}
	f := FaceOf(rows, map[pain.Ref]int{ref: 2}, time.Time{})
	if f.Pain != 3 || f.Calm != 2 || f.LeftOut != 2 || len(f.Units) != 2 || !f.Provision || f.Least != 3 {
		t.Fatalf("got %+v", f)
	}
	u := f.Units[0]
	if u.Unit != "AU4" || u.Name != "brow lowerer" || u.Pain.N != 3 || *u.Pain.Share != .67 || *u.Pain.Peak != 2.5 {
		t.Errorf("AU4 %+v", u)
	}
	if u.Calm.N != 2 || u.Calm.Share != nil || u.Calm.Peak != nil || f.Units[1].Pain.N != 1 || f.Units[1].Pain.Peak != nil || f.Units[1].Calm.N != 0 {
		t.Errorf("too few say something: %+v", f.Units)
	}
	if f := FaceOf(nil, nil, time.Time{}); f.Units == nil {
		t.Error("null units")
	}
}
