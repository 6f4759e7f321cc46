package store

import (
	"testing"
	"time"

	"wince/care"
)

// Invented records are such as the rules make: they are read, listed and due like any others.
func testInvent(t *testing.T, s *Store) {
	in := Invented{Residents: 25, Assessments: 610, PerHome: 10, Now: noon, Scale: builtIn(t, "painad")}
	told := 0
	must(t, s.Invent(t.Context(), act(), in, func(n int) { told = n }))
	list, err := s.Residents(t.Context(), everywhere)
	must(t, err)
	sites, err := s.Sites(t.Context(), everywhere)
	must(t, err)
	if told != 610 || len(list) != 25 || len(sites) != 3 {
		t.Errorf("told of %d; %d residents in %d homes", told, len(list), len(sites))
	}
	total := 0
	for _, r := range list {
		scores, err := s.Scores(t.Context(), r.ID, noon.AddDate(-1, 0, -1))
		must(t, err)
		for i, a := range scores {
			if a.Total == nil || a.At.After(noon) || (i > 0 && a.At.Before(scores[i-1].At)) {
				t.Fatalf("score %+v", a)
			}
		}
		total += len(scores)
	}
	if total != 610 {
		t.Errorf("%d scores", total)
	}
	if n := wantNumbered(t, s); n != 3+25+6+610 {
		t.Errorf("%d changes", n)
	}
	r, err := s.Round(t.Context(), care.DefaultSite, "", noon)
	must(t, err)
	items, err := r.Due(noon, time.Hour)
	must(t, err)
	done := 0
	for _, d := range items {
		if d.State == care.Done {
			done++
		}
	}
	if len(r.Residents) != 10 || len(r.Schedules) != 2 || done == 0 || done == len(items) {
		t.Errorf("%d residents, %d schedules, %d of %d items done", len(r.Residents), len(r.Schedules), done, len(items))
	}
	wantCode(t, s.Invent(t.Context(), act(), in, func(int) {}), care.Conflict)
	verified(t, s)
}
