package stream

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wince/pain"
	"wince/vision"
)

// A session reads the side that it was made with, whatever it takes and however often its tablet comes back, and says so as the analysis does.
func TestSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given []vision.Side
		b := newBench(t, func(c *Config) {
			c.Method = "m/1"
			c.NewAnalyzer = func(_ *vision.Neutral, side vision.Side) (Analyzer, error) {
				given = append(given, side)
				return &plainAnalyzer{closed: new(atomic.Int64), result: func(r *vision.Result) { r.Side = side }}, nil
			}
		})
		if _, err := b.Create("wrong", "both"); err == nil {
			t.Error("a session was made for a side that there is not")
		}
		for _, side := range []Side{BothSides, RightSide, LeftSide} {
			given = nil
			id := "s" + string(side)
			s, err := b.Create(id, side)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.MeasureAgainst(ownBaseline(side.Method("m/1"))); err != nil {
				t.Fatal(err)
			}
			for again := range 2 {
				if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
					t.Fatal(err)
				}
				start := s.StartCapture
				if again == 0 {
					start = s.StartBaseline
				}
				if err := start(3 * time.Second); err != nil {
					t.Fatal(err)
				}
				tab := b.tablets.last()
				tab.film(100)
				synctest.Wait()
				if err := tab.Close(); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
			if o, ok := s.Observation(); !ok || o.Side != string(side) || o.State != "assessed" {
				t.Errorf("%q: the observation says %q (%v, %s)", side, o.Side, ok, o.State)
			}
			if len(given) != 1 || given[0] != side {
				t.Errorf("%q: analyzers were made for %q", side, given)
			}
		}
		b.Close()
	})
}

// Frames that could not be judged were read from no side.
func TestSideOfNothingJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, &plainAnalyzer{state: func(time.Duration) pain.State { return pain.NotAssessable }, result: func(r *vision.Result) { r.Side = vision.LeftSide }})
		s, tab := b.publishing(t, "dark")
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		tab.film(30)
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if o, ok := s.Observation(); !ok || o.Side != "" {
			t.Errorf("%v: side %q", ok, o.Side)
		}
		b.Close()
	})
}
