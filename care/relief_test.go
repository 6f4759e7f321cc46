package care

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCadencesAreGood(t *testing.T) {
	f, err := readCadences(cadenceFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, scale := range []string{"abbey", "painad", "paic15", "nrs"} {
		if got := CadenceOf(scale); got.Scale != scale {
			t.Errorf("%s has no row", scale)
		}
	}
	if f.Version == "" || CadenceOf("home-made").Scale != "" || CadenceOf("PAINAD").Scale != "painad" {
		t.Error("the last row is not for the rest, or case matters")
	}
	for name, c := range map[string][2]string{
		"unknown member":  {`"sem"`, `"sme"`},
		"no version":      {`"version": "1"`, `"version": ""`},
		"no uncertainty":  {`"sem": 1.8`, `"sem": 0`},
		"then too soon":   {`"then_minutes": 240`, `"then_minutes": 30`},
		"a state of ours": {`"assumed"`, `"guessed"`},
	} {
		if _, err := readCadences([]byte(strings.Replace(string(cadenceFile), c[0], c[1], 1))); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func scored(id string, h, m, total int) Scored {
	return Scored{AssessmentID: id, ResidentID: "r", At: clockOn(h, m), Scale: "abbey", Total: &total}
}

// Abbey: after an hour; hourly while more than mild (8 or more), then four-hourly, for a day.
func TestFollowUps(t *testing.T) {
	relief := Relief{ID: "x", ResidentID: "r", AssessmentID: "before", Scale: "abbey", GivenAt: clockOn(8, 0)}
	before := scored("before", 7, 50, 12)
	for name, c := range map[string]struct {
		now    time.Time
		others []Relief
		scored []Scored
		want   string
	}{
		"not yet":             {clockOn(8, 59), nil, nil, "09:00 upcoming"},
		"due":                 {clockOn(9, 0), nil, nil, "09:00 due"},
		"overdue":             {clockOn(9, 15), nil, nil, "09:00 overdue"},
		"missed":              {clockOn(10, 0), nil, nil, "09:00 missed, 11:00 upcoming"},
		"right after relief":  {clockOn(9, 0), nil, []Scored{scored("a", 8, 10, 3)}, "09:00 due"},
		"a little early":      {clockOn(9, 0), nil, []Scored{scored("a", 8, 50, 3)}, "09:00 done a -9, 12:50 upcoming"},
		"still moderate":      {clockOn(9, 30), nil, []Scored{scored("a", 9, 5, 8)}, "09:00 done a -4, 10:05 upcoming"},
		"just mild":           {clockOn(9, 30), nil, []Scored{scored("a", 9, 5, 7)}, "09:00 done a -5, 13:05 upcoming"},
		"moderate, then mild": {clockOn(10, 30), nil, []Scored{scored("a", 9, 0, 10), scored("b", 10, 0, 2)}, "09:00 done a -2, 10:00 done b -10, 14:00 upcoming"},
		"another scale":       {clockOn(9, 30), nil, []Scored{{AssessmentID: "a", ResidentID: "r", At: clockOn(9, 0), Scale: "painad"}}, "09:00 overdue"},
		"not from the future": {clockOn(9, 0), nil, []Scored{scored("a", 9, 30, 2)}, "09:00 due"},
		"another relief takes over": {clockOn(10, 30), []Relief{{ID: "y", ResidentID: "r", Scale: "abbey", GivenAt: clockOn(9, 30)}}, []Scored{scored("a", 9, 5, 9)},
			"09:00 done a -3"},
		"relief entered in error does not": {clockOn(9, 45), []Relief{{ID: "y", ResidentID: "r", Scale: "abbey", GivenAt: clockOn(9, 30), EnteredInError: true}},
			[]Scored{scored("a", 9, 5, 9)}, "09:00 done a -3, 10:05 upcoming"},
	} {
		var out []string
		for _, f := range Follow(&relief, c.others, append([]Scored{before}, c.scored...), nil, c.now) {
			s := f.DueAt.Format("15:04") + " " + string(f.State) + " " + f.AssessmentID
			if f.Change != nil {
				s += fmt.Sprintf(" %+d", f.Change.Difference)
			}
			out = append(out, strings.TrimSpace(s))
		}
		if got := strings.Join(out, ", "); got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
	// After a day nothing more comes: 09:00, then four-hourly until 08:00 the next day at the latest.
	var all []Scored
	for _, h := range []int{9, 13, 17, 21} {
		all = append(all, scored(itoa(h), h, 0, 1))
	}
	late := []Scored{{AssessmentID: "1", ResidentID: "r", At: clockOn(25, 0), Scale: "abbey", Total: new(int)}, {AssessmentID: "5", ResidentID: "r", At: clockOn(29, 0), Scale: "abbey", Total: new(int)}}
	if got := Follow(&relief, nil, append(all, late...), nil, clockOn(40, 0)); len(got) != 6 || got[5].State != Done {
		t.Errorf("%d follow-ups in a day: %+v", len(got), got)
	}
	// In the round they stand beside what schedules ask for.
	r := &Round{Residents: []string{"r"}, Reliefs: []Relief{relief}}
	if got := list(t, r, clockOn(9, 20), 0); got != "09:00 overdue" {
		t.Errorf("in the round: %s", got)
	}
	r.Pauses = []Pause{{ResidentID: "r", From: clockOn(8, 30)}}
	if got := list(t, r, clockOn(9, 20), 0); got != "09:00 excused" {
		t.Errorf("in hospital: %s", got)
	}
}

// NRS: the smallest detectable change is the published 2.46 (74 older people in institutions).
func TestChange(t *testing.T) {
	c := CadenceOf("nrs")
	for _, x := range []struct {
		before, after int
		verdict       string
	}{{7, 4, "less"}, {7, 5, "within_uncertainty"}, {5, 5, "within_uncertainty"}, {3, 5, "within_uncertainty"}, {3, 6, "more"}} {
		got := c.Compare(x.before, x.after)
		if got.Verdict != x.verdict || got.Difference != x.after-x.before || got.Text == "" {
			t.Errorf("%d to %d: %+v", x.before, x.after, got)
		}
		if got.Smallest < 2.4 || got.Smallest > 2.5 || got.Low >= float64(got.Difference) || got.High <= float64(got.Difference) {
			t.Errorf("%d to %d: interval %+v", x.before, x.after, got)
		}
	}
	if got := CadenceOf("abbey").Compare(12, 6); got.Verdict != "less" || got.SEMState != "assumed" || !strings.Contains(got.Text, "assumption") {
		t.Errorf("got %+v", got)
	}
}

func TestReliefCheck(t *testing.T) {
	act := Act{By: Actor{"u", "Ann"}, At: noon}
	for name, c := range map[string]struct {
		in    Relief
		field string
	}{
		"a drug in words":   {Relief{Drug: &Drug{Text: "paracetamol", Dose: "500 mg"}}, ""},
		"a drug by code":    {Relief{Drug: &Drug{System: "http://www.whocc.no/atc", Code: "N02BE01"}}, ""},
		"a measure":         {Relief{Measures: []string{"warmth"}}, ""},
		"nothing":           {Relief{}, "drug"},
		"a drug of nothing": {Relief{Drug: &Drug{}}, "drug.text"},
		"a bare code":       {Relief{Drug: &Drug{Text: "p", Code: "N02BE01"}}, "drug.code"},
		"in the future":     {Relief{Measures: []string{"warmth"}, GivenAt: noon.Add(clockSkew + time.Second)}, "given_at"},
		"long ago":          {Relief{Measures: []string{"warmth"}, GivenAt: noon.AddDate(0, 0, -8)}, "given_at"},
		"odd id":            {Relief{ID: "1", Measures: []string{"warmth"}}, "id"},
		"long remarks":      {Relief{Measures: []string{"warmth"}, Remarks: strings.Repeat("x", 2001)}, "remarks"},
	} {
		if err := c.in.Check(act); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	r := Relief{Measures: []string{"warmth"}}
	if err := r.Check(act); err != nil || r.GivenBy != "Ann" || !r.GivenAt.Equal(noon) {
		t.Errorf("%v %+v", err, r)
	}
	if r.MarkWrong() != nil || r.MarkWrong() == nil {
		t.Error("marked twice")
	}
	for id, good := range map[string]bool{"warmth": true, "tens_2": true, "": false, "Warm th": false, strings.Repeat("a", 41): false} {
		if err := (&Measure{ID: id, Name: "Warmth"}).Check(); (err == nil) != good {
			t.Errorf("%q: %v", id, err)
		}
	}
}
