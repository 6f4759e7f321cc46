package store

import (
	"testing"
	"time"

	"wince/care"
)

func testOverview(t *testing.T, s *Store) {
	v := addSession(t, s, false)
	never := addResident(t, s)
	first, second := newAssessment(t, v, noon.Add(-30*24*time.Hour)), newAssessment(t, v, noon)
	for _, a := range []*care.Assessment{first, second} {
		must(t, s.AddAssessment(t.Context(), act(), a))
	}
	read := func(at time.Time) *care.OverviewInput {
		t.Helper()
		in, err := s.Overview(t.Context(), care.DefaultSite, at, at.AddDate(0, 0, -7), at.Add(-care.ShiftLength))
		must(t, err)
		return in
	}
	in := read(noon)
	if len(in.Residents) != 2 || len(in.Last) != 0 || len(in.Open) != 1 || in.Open[0].ID != first.ID || in.Open[0].Status != care.Preliminary {
		t.Errorf("at noon %+v", in)
	}
	if in = read(noon.Add(9 * time.Hour)); len(in.Open) != 2 || in.Open[0].ID != first.ID {
		t.Errorf("later %+v", in.Open)
	}
	_, err := confirm(t, s, first.ID, 1, nil)
	must(t, err)
	b := &care.Baseline{ID: care.NewID(), ResidentID: v.ResidentID, TakenAt: noon, Method: "m", Values: map[string]float64{"jaw": 1}, Frames: 1, Chosen: true, RecordedAt: noon, RecordedBy: ann.Actor(), Version: 1}
	must(t, s.AddBaseline(t.Context(), act(), b))
	in = read(noon)
	if at := in.Last[v.ResidentID]; !at.Equal(noon.Add(-30*24*time.Hour)) || in.Baselines[v.ResidentID] != "m" || len(in.Open) != 0 {
		t.Errorf("long ago %+v", in)
	}
	_, err = confirm(t, s, second.ID, 1, nil)
	must(t, err)
	in = read(noon)
	if at := in.Last[v.ResidentID]; !at.Equal(noon) || in.Last[never.ID] != (time.Time{}) {
		t.Errorf("just now %+v", in.Last)
	}
	rows, err := s.FaceRows(t.Context(), v.ResidentID, noon.AddDate(-1, 0, 0))
	must(t, err)
	if len(rows) != 2 || rows[0].Total != nil {
		t.Errorf("rows %+v", rows)
	}
}
