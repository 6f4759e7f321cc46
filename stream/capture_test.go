package stream

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"wince/pain"
)

func observations(t *testing.T, tab *tablet) (all []pain.Observation) {
	t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, e := range tab.events {
		if kinds([]string{e})["observation"] == 1 {
			var o pain.Observation
			if err := json.Unmarshal([]byte(e), &o); err != nil {
				t.Fatal(err)
			}
			all = append(all, o)
		}
	}
	return all
}

// Only assessable time counts: two seconds of darkness make the capture two seconds longer.
func TestCaptureCountsAssessableTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, &plainAnalyzer{state: func(at time.Duration) pain.State {
			if at > time.Second && at <= 3*time.Second {
				return pain.NotAssessable
			}
			return pain.Scored
		}})
		s, tab := b.publishing(t, "s")
		for _, d := range []time.Duration{0, -1, 2 * time.Second, 61 * time.Second} {
			if err := s.StartCapture(d); !errors.Is(err, ErrCaptureLength) {
				t.Errorf("%v: %v", d, err)
			}
		}
		if err := s.StartCapture(4 * time.Second); err != nil {
			t.Fatal(err)
		}
		if err := s.StartCapture(4 * time.Second); !errors.Is(err, ErrCaptureRunning) {
			t.Errorf("again: %v", err)
		}
		if _, ok := s.Observation(); ok {
			t.Error("an observation before the end")
		}
		tab.film(175)
		synctest.Wait()
		if st := s.Status().Capture; st.State != CaptureRunning || st.Assessed < 3700*time.Millisecond || st.Wanted != 4*time.Second {
			t.Errorf("shortly before the end: %+v", st)
		}
		tab.film(15)
		synctest.Wait()
		o, ok := s.Observation()
		if !ok || s.Status().Capture.State != CaptureDone {
			t.Fatalf("no observation; %+v", s.Status())
		}
		if o.State != "assessed" || o.AssessedMS < 4000 || o.AssessedMS > 4100 || o.DurationMS < 5950 || o.DurationMS > 6150 ||
			o.Models["mesh"] != "1" || o.Rules == "" || o.Baseline != "session" || o.ScoreP95 == nil || *o.ScoreP95 != 3 ||
			o.Reasons["too_dark"] == 0 {
			t.Errorf("observation %+v", o)
		}
		if sent := observations(t, tab); len(sent) != 1 || sent[0].AssessedMS != o.AssessedMS || sent[0].Trace != nil {
			t.Errorf("sent %+v", sent)
		}
		if o.Trace == nil || len(o.Trace.Reasons["too_dark"]) == 0 || len(o.Trace.T) < 50 {
			t.Errorf("trace %+v", o.Trace)
		}
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Errorf("another one: %v", err)
		}
		if _, ok := s.Observation(); !ok {
			t.Error("the observation before is gone")
		}
		b.Close()
	})
}

// Nobody to be seen, or no camera any more: the capture ends all the same and says so.
func TestCaptureTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, &plainAnalyzer{state: func(time.Duration) pain.State { return pain.NoFace }})
		s, tab := b.publishing(t, "s")
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		tab.film(30)
		time.Sleep(16 * time.Second) // 17 s
		synctest.Wait()
		if n := len(observations(t, tab)); n != 0 {
			t.Fatal("ended early")
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		sent := observations(t, tab)
		if len(sent) != 1 || sent[0].State != "not_assessable" || sent[0].ScoreP95 != nil {
			t.Fatalf("observations %+v, want one that says not assessable", sent)
		}
		b.Close()
	})
}
