package care

import (
	"math"
	"testing"
	"time"

	"wince/pain"
)

var painad = pain.Ref{ID: "painad", Version: "1.0.0"}

// row is an assessment with PAINAD some minutes after noon.
func row(resident string, minutes, total int) QualityRow {
	return QualityRow{AssessmentID: NewID(), ResidentID: resident, At: noon.Add(time.Duration(minutes) * time.Minute), Condition: AtRest,
		Method: ByObserver, Scale: painad, Total: &total}
}

func report(rows []QualityRow, reliefs []Relief, now time.Time) *Quality {
	in := &QualityInput{From: noon, To: noon.Add(12 * time.Hour), Residents: 4, Rows: rows, Reliefs: reliefs, Now: now, PainFrom: map[pain.Ref]int{painad: 2}}
	return in.Quality()
}

func isShare(t *testing.T, name string, s Share, count, of int) {
	t.Helper()
	if s.Count != count || s.Of != of || (s.Share == nil) != (of == 0) || of > 0 && math.Abs(*s.Share-float64(count)/float64(of)) > 1e-9 {
		t.Errorf("%s is %d of %d (%v), want %d of %d", name, s.Count, s.Of, s.Share, count, of)
	}
}

func TestQualityCounts(t *testing.T) {
	moved := row("b", 5, 0)
	moved.Condition = InMovement
	seen := row("b", 10, 1)
	seen.Method, seen.State = ByCamera, "assessed"
	dark := row("c", 20, 0)
	dark.Method, dark.State, dark.Reasons = ByCamera, "not_assessable", map[string]float64{"too_dark": .6, "blurred": .2}
	said := row("c", 30, 3)
	said.Method = BySelfReport
	plain := row("a", 40, 0)
	plain.Total, plain.Scale = nil, pain.Ref{}
	q := report([]QualityRow{row("a", -1, 9), row("a", 0, 0), moved, seen, dark, said, plain, row("a", 12*60, 9)}, nil, noon)
	if q.Assessments != 6 || q.Assessed != 3 || q.PerResident == nil || *q.PerResident != 1.5 {
		t.Errorf("%d assessments of %d, %v each", q.Assessments, q.Assessed, q.PerResident)
	}
	isShare(t, "on movement", q.OnMovement, 1, 6)
	isShare(t, "with the camera", q.WithCamera, 2, 6)
	isShare(t, "self-report", q.SelfReport, 1, 6)
	isShare(t, "zero", q.Zero, 3, 5)
	isShare(t, "pain", q.InPain, 1, 5)
	isShare(t, "refused", q.Refused, 1, 2)
	if len(q.Refusals) != 1 || q.Refusals[0].Reason != "too_dark" {
		t.Errorf("refusals %+v", q.Refusals)
	}
	isShare(t, "refused for the dark", q.Refusals[0].Share, 1, 2)
	empty := (&QualityInput{From: noon, To: noon.Add(time.Hour)}).Quality()
	if empty.PerResident != nil || empty.Zero.Share != nil || empty.Agreement == nil || empty.Refusals == nil {
		t.Errorf("of nothing: %+v", empty)
	}
}

// PAINAD's first reassessment is due after 60 minutes, with 15 of grace.
func TestQualityFollowUp(t *testing.T) {
	hurt := row("a", 0, 5)
	given := func(minutes int) []Relief {
		return []Relief{{AssessmentID: hurt.AssessmentID, ResidentID: "a", GivenAt: noon.Add(time.Duration(minutes) * time.Minute)}}
	}
	wrong := given(30)
	wrong[0].EnteredInError = true
	other := row("a", 60, 1)
	other.Scale = pain.Ref{ID: "abbey", Version: "1.0.0"}
	for name, c := range map[string]struct {
		after   []QualityRow
		reliefs []Relief
		now     int // minutes after noon
		met, of int
	}{
		"nothing followed":               {nil, nil, 76, 0, 1},
		"there is time yet":              {nil, nil, 75, 0, 0},
		"at the last minute":             {[]QualityRow{row("a", 75, 1)}, nil, 600, 1, 1},
		"a minute late":                  {[]QualityRow{row("a", 76, 1)}, nil, 600, 0, 1},
		"soon":                           {[]QualityRow{row("a", 20, 1)}, nil, 30, 1, 1},
		"somebody else":                  {[]QualityRow{row("b", 60, 1)}, nil, 600, 0, 1},
		"another scale":                  {[]QualityRow{other}, nil, 600, 0, 1},
		"before the relief":              {[]QualityRow{row("a", 20, 1)}, given(30), 600, 0, 1},
		"after the relief":               {[]QualityRow{row("a", 100, 1)}, given(30), 600, 1, 1},
		"too long after the relief":      {[]QualityRow{row("a", 106, 1)}, given(30), 600, 0, 1},
		"the relief was a mistake":       {[]QualityRow{row("a", 100, 1)}, wrong, 600, 0, 1},
		"the relief's time goes on":      {nil, given(30), 100, 0, 0},
		"still pain, and nothing after":  {[]QualityRow{row("a", 60, 5)}, nil, 600, 1, 2},
		"followed up after the month":    {[]QualityRow{row("a", 60, 1)}, nil, 600, 1, 1},
		"nobody in pain a while earlier": {[]QualityRow{row("a", -30, 1)}, nil, 600, 0, 1},
	} {
		q := report(append([]QualityRow{hurt}, c.after...), c.reliefs, noon.Add(time.Duration(c.now)*time.Minute))
		if q.FollowedUp.Count != c.met || q.FollowedUp.Of != c.of {
			t.Errorf("%s: %d of %d, want %d of %d", name, q.FollowedUp.Count, q.FollowedUp.Of, c.met, c.of)
		}
	}
	late := row("a", 12*60-1, 5)
	if q := report([]QualityRow{late, row("a", 12*60+59, 0)}, nil, noon.Add(24*time.Hour)); q.FollowedUp.Count != 1 || q.Assessments != 1 {
		t.Errorf("a follow-up after the report's end does not count: %+v of %d", q.FollowedUp, q.Assessments)
	}
}

func TestQualityAgreement(t *testing.T) {
	var rows []QualityRow
	add := func(n, answer, machine int, blind bool) {
		for range n {
			r := row("a", len(rows), answer)
			r.Proposals = []pain.Proposal{{ScaleID: "painad", ItemID: "face", Value: machine}, {ScaleID: "painad", ItemID: "body"}, {ScaleID: "abbey", ItemID: "face"}}
			r.Answers = pain.Answers{"face": answer}
			if blind {
				r.RatedBlind, r.Answers = pain.Answers{"face": answer}, pain.Answers{"face": machine} // and then followed it
			}
			rows = append(rows, r)
		}
	}
	add(20, 0, 0, true) // the example of two raters with kappa 0.4
	add(5, 0, 1, true)
	add(10, 1, 0, true)
	add(15, 1, 1, true)
	add(3, 1, 1, false)
	add(1, 0, 1, false)
	q := report(rows, nil, noon)
	if len(q.Agreement) != 1 || q.Agreement[0].Item != "face" {
		t.Fatalf("agreement %+v", q.Agreement)
	}
	a := q.Agreement[0]
	if a.Blind.N != 50 || *a.Blind.Kappa != 0.4 || a.Seen.N != 4 || *a.Seen.Same != 0.75 {
		t.Errorf("blind %+v, seen %+v", a.Blind, a.Seen)
	}
	isShare(t, "changed against the camera", q.Corrected, 1, 54)
}

func TestQualityOfSome(t *testing.T) {
	in := QualityInput{Residents: 3, Rows: []QualityRow{{ResidentID: "a"}, {ResidentID: "b"}}, Reliefs: []Relief{{ResidentID: "b"}, {ResidentID: "a"}}}
	in.Only(map[string]bool{"b": true})
	if in.Residents != 1 || len(in.Rows) != 1 || in.Rows[0].ResidentID != "b" || len(in.Reliefs) != 1 || in.Reliefs[0].ResidentID != "b" {
		t.Errorf("got %+v", in)
	}
}
