package stream

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"wince/pain"
	"wince/vision"
)

func ownBaseline(method string) Baseline {
	return Baseline{ID: "b1", TakenAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Method: method, Values: new(vision.Features).Values()}
}

func TestMeasureAgainst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given []*vision.Neutral
		b := newBench(t, func(c *Config) {
			c.Method = "m/1"
			make := c.NewAnalyzer
			c.NewAnalyzer = func(own *vision.Neutral, side vision.Side) (Analyzer, error) {
				given = append(given, own)
				a, err := make(own, side)
				if own != nil {
					a.(*plainAnalyzer).baseline = own.Kind
				}
				return a, err
			}
		})
		s, err := b.Create("own", BothSides)
		if err != nil {
			t.Fatal(err)
		}
		bad := ownBaseline("m/1")
		delete(bad.Values, "jaw")
		for _, x := range []Baseline{ownBaseline("m/0"), bad} {
			if err := s.MeasureAgainst(x); !errors.Is(err, ErrBaselineOutdated) {
				t.Errorf("%s, %d values: %v", x.Method, len(x.Values), err)
			}
			if own, used := s.Against(); own == nil || used {
				t.Errorf("an outdated one: %v %v", own, used)
			}
		}
		if err := s.MeasureAgainst(ownBaseline("m/1")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
			t.Fatal(err)
		}
		if err := s.MeasureAgainst(ownBaseline("m/1")); !errors.Is(err, ErrBaselineLate) {
			t.Errorf("while the camera runs: %v", err)
		}
		if len(given) != 1 || given[0] == nil || given[0].Kind != vision.BaselineResident {
			t.Fatalf("the analyzer was given %v", given)
		}
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		b.tablets.last().film(100)
		synctest.Wait()
		o, _ := s.Observation()
		if o.Baseline != "resident" || o.BaselineID != "b1" || o.BaselineAt == nil || o.BaselineAt.Year() != 2026 || o.Confidence != "moderate" {
			t.Errorf("observation %+v", o)
		}
		if _, tab := b.publishing(t, "none"); tab != nil && given[1] != nil {
			t.Error("another session got the baseline too")
		}
		b.Close()
	})
}

func TestTakeBaseline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tense := false
		b := newBench(t, func(c *Config) { c.Method = "m/1" }, &plainAnalyzer{result: func(r *vision.Result) {
			r.Features[0], r.Stranger = 0.3, pain.Unmeasured()
			r.Stranger[pain.AU4] = 0
			if tense {
				r.Stranger[pain.AU4] = 4
			}
		}})
		s, tab := b.publishing(t, "s")
		if err := s.StartBaseline(2 * time.Second); !errors.Is(err, ErrCaptureLength) {
			t.Errorf("two seconds: %v", err)
		}
		last := func() (e takenEvent) {
			t.Helper()
			tab.mu.Lock()
			defer tab.mu.Unlock()
			for _, x := range tab.events {
				if kinds([]string{x})["baseline"] == 1 {
					if err := json.Unmarshal([]byte(x), &e); err != nil {
						t.Fatal(err)
					}
				}
			}
			return e
		}
		take := func() {
			t.Helper()
			if err := s.StartBaseline(3 * time.Second); err != nil {
				t.Fatal(err)
			}
			if err := s.StartCapture(3 * time.Second); !errors.Is(err, ErrCaptureRunning) {
				t.Errorf("an observation meanwhile: %v", err)
			}
			if _, ok := s.Taken(); ok || !s.Status().Capture.Baseline {
				t.Error("a baseline before it is taken")
			}
			tab.film(100)
			synctest.Wait()
		}
		take()
		got, ok := s.Taken()
		if !ok || !got.Ready || got.Method != "m/1" || got.Values["eye_open_r"] != 0.3 || got.Frames < 85 || len(got.Reasons) != 0 {
			t.Errorf("taken %+v", got)
		}
		if e := last(); !e.Ready || e.PSPI == nil || e.AssessedMS < 3000 {
			t.Errorf("event %+v", e)
		}
		if _, ok := s.Observation(); ok {
			t.Error("taking a baseline made an observation")
		}
		tense = true
		s.HoldBack()
		take()
		if got, _ := s.Taken(); got.Ready || got.Values != nil || len(got.Advice) != 1 || got.Reasons[0] != vision.EaseTense {
			t.Errorf("a tense face: %+v", got)
		}
		if e := last(); e.Ready || e.PSPI != nil || len(e.Advice) != 1 {
			t.Errorf("event that is held back: %+v", e)
		}
		if err := s.StartBaseline(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second) // no pictures come: 18 s, and 40 s for which a connection is kept
		synctest.Wait()
		if got, ok := s.Taken(); !ok || got.Reasons[0] != vision.EaseTooShort {
			t.Errorf("without a face: %+v", got)
		}
		b.Close()
	})
}
