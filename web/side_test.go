package web

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"wince/care"
	"wince/pain"
	"wince/stream"
)

// The half of the face that is not palsied is read, and all of it where a half is as good as the other, or nobody knows whose face it is.
func TestHealthySide(t *testing.T) {
	g := newRig(t).admin()
	for _, c := range []struct {
		notes []care.FaceNote
		want  stream.Side
	}{
		{nil, stream.BothSides},
		{[]care.FaceNote{care.FaceMask, care.PalsyLeft}, stream.RightSide},
		{[]care.FaceNote{care.PalsyRight, care.LowVision}, stream.LeftSide},
		{[]care.FaceNote{care.PalsyLeft, care.PalsyRight}, stream.BothSides},
		{[]care.FaceNote{care.Parkinsonism}, stream.BothSides},
	} {
		r := g.resident(care.ConsentGiven)
		if c.notes != nil {
			g.do("PATCH", "/api/v1/residents/"+r.ID, map[string]any{"conditions": c.notes}, "If-Match", `"1"`).want(200)
		}
		v := g.session(map[string]any{"resident_id": r.ID, "condition": "rest"})
		if side := g.live.session(v.ID).side; side != c.want {
			t.Errorf("%v: the session reads %q, want %q", c.notes, side, c.want)
		}
	}
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	if side := g.live.session(v.ID).side; side != stream.BothSides {
		t.Errorf("practice reads %q", side)
	}
}

// Which half was measured goes all the way: into the record, what is proposed, the download and FHIR.
func TestSideInTheRecord(t *testing.T) {
	g := newRig(t).admin()
	type kept struct {
		care.Assessment
		Observation pain.Observation `json:"observation"`
	}
	assess := func(notes ...care.FaceNote) (a kept) {
		t.Helper()
		r := g.resident(care.ConsentGiven)
		g.do("PATCH", "/api/v1/residents/"+r.ID, map[string]any{"conditions": notes}, "If-Match", `"1"`).want(200)
		v := g.session(map[string]any{"resident_id": r.ID, "condition": "rest"})
		g.live.session(v.ID).observe()
		g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).want(201).read(&a)
		g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", map[string]any{}, "If-Match", `"1"`).want(200)
		g.do("GET", "/api/v1/assessments/"+a.ID, nil).want(200).read(&a)
		return a
	}
	half, whole := assess(care.PalsyLeft), assess(care.PalsyLeft, care.PalsyRight)
	for _, c := range []struct {
		a              kept
		side, says, is string
	}{{half, "right", "measured on the right half", "half-right"}, {whole, "", "is missing", ""}} {
		if c.a.Observation.Side != c.side {
			t.Errorf("the record says %q, want %q", c.a.Observation.Side, c.side)
		}
		if len(c.a.Proposals) == 0 {
			t.Fatal("nothing is proposed")
		}
		for _, p := range c.a.Proposals {
			if !strings.Contains(strings.Join(p.Confounders, " "), c.says) || p.Confidence != "low" {
				t.Errorf("%q: proposed with %q and confidence %s", c.side, p.Confounders, p.Confidence)
			}
		}
		var o struct {
			Component []struct {
				Code, ValueCodeableConcept struct{ Coding []struct{ Code string } }
			}
		}
		if err := json.Unmarshal(g.do("GET", "/fhir/Observation/"+c.a.ID+"-pspi", nil).want(200).body, &o); err != nil {
			t.Fatal(err)
		}
		is := ""
		for _, x := range o.Component {
			if x.Code.Coding[0].Code == "measured-half" {
				is = x.ValueCodeableConcept.Coding[0].Code
			}
		}
		if is != c.is {
			t.Errorf("%q: FHIR says %q, want %q", c.side, is, c.is)
		}
	}
	_, rows := g.do("GET", exportPath, nil).want(200).table()
	if len(rows) != 2 || rows[0]["camera_side"] != "right" || rows[1]["camera_side"] != "" {
		t.Errorf("the download says %d rows, %q and %q", len(rows), rows[0]["camera_side"], rows[1]["camera_side"])
	}
}

// A face at ease that was kept of the whole face does not compare with a half, and is outdated while a palsy of one side is noted.
func TestBaselineOfTheOtherHalf(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	at := "/api/v1/residents/" + r.ID
	outdated := func() []bool {
		t.Helper()
		var list struct {
			Baselines []struct{ Outdated bool }
		}
		g.do("GET", at+"/baselines", nil).want(200).read(&list)
		var is []bool
		for _, b := range list.Baselines {
			is = append(is, b.Outdated)
		}
		return is
	}
	keep := func(method string) {
		t.Helper()
		g.do("POST", at+"/baselines", map[string]any{"method": method, "frames": 90, "values": map[string]float64{"jaw": .3}, "chosen": true}).want(201)
	}
	missing := func() string {
		t.Helper()
		var o care.Overview
		g.do("GET", "/api/v1/reports/overview", nil).want(200).read(&o)
		for _, c := range o.WithoutBaseline {
			if c.ResidentID == r.ID {
				return c.Reason
			}
		}
		return ""
	}
	keep(method)
	if is := outdated(); !slices.Equal(is, []bool{false}) {
		t.Fatalf("no palsy is noted: outdated %v", is)
	}
	g.do("PATCH", at, map[string]any{"conditions": []care.FaceNote{care.PalsyLeft}}, "If-Match", `"1"`).want(200)
	if is, why := outdated(), missing(); !slices.Equal(is, []bool{true}) || why != "outdated" {
		t.Errorf("a palsy is noted: outdated %v, and the overview says %q", is, why)
	}
	keep(stream.RightSide.Method(method))
	if is := outdated(); len(is) != 2 || is[0] == is[1] || missing() != "" {
		t.Errorf("one of the whole face and one of the healthy half: outdated %v, and the overview says %q", is, missing())
	}
}
