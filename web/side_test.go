package web

import (
	"testing"

	"wince/care"
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
