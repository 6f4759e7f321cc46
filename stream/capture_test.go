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

// Nobody to be seen: the capture ends all the same and says so.
func TestCaptureTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, &plainAnalyzer{state: func(time.Duration) pain.State { return pain.NoFace }})
		s, tab := b.publishing(t, "s")
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		for s := range 17 {
			tab.again(0, time.Duration(s)*time.Second, 30)
		}
		synctest.Wait()
		if n := len(observations(t, tab)); n != 0 {
			t.Fatal("ended early")
		}
		tab.again(0, 17*time.Second, 45)
		synctest.Wait()
		sent := observations(t, tab)
		if len(sent) != 1 || sent[0].State != "not_assessable" || sent[0].ScoreP95 != nil {
			t.Fatalf("observations %+v, want one that says not assessable", sent)
		}
		b.Close()
	})
}

// The network is away for half a minute in the middle, twice: the same capture goes on to its end, counts only what was seen, and says so.
func TestCaptureGoesOnAfterGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		s, tab := b.publishing(t, "s")
		if err := s.StartCapture(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		tab.film(3 * 30)
		tab.connected.Store(false)
		time.Sleep(30 * time.Second)
		if st := s.Status(); st.Connected || st.Capture.State != CaptureRunning {
			t.Fatalf("while nothing comes: %+v", st)
		}
		tab.connected.Store(true)
		tab.again(3*30, 33*time.Second, 2*30) // 35 s: 5 s seen
		if _, _, err := s.Publish(t.Context(), "another connection"); !errors.Is(err, ErrStreamConflict) {
			t.Errorf("while it stands: %v", err)
		}
		time.Sleep(30 * time.Second) // 65 s, which is beyond the limit of a minute
		tab.connected.Store(false)
		if _, _, err := s.Publish(t.Context(), "the tablet's new connection"); err != nil {
			t.Fatal(err)
		}
		tab = b.tablets.last()
		tab.film(6 * 30)
		synctest.Wait()
		o, ok := s.Observation()
		if !ok || s.Status().Capture.State != CaptureDone {
			t.Fatalf("not done: %+v", s.Status())
		}
		if o.State != "assessed" || o.AssessedMS < 10000 || o.AssessedMS > 10100 || o.DurationMS != o.AssessedMS || o.Assessed != 1 || o.Trace == nil {
			t.Errorf("observation %+v", o)
		}
		if len(o.Gaps) != 2 || o.Gaps[0].AtMS < 2900 || o.Gaps[0].AtMS > 3000 || o.Gaps[0].MS < 30000 || o.Gaps[0].MS > 30100 || o.Gaps[1].MS < 30000 || o.Gaps[1].MS > 30100 {
			t.Errorf("gaps %+v", o.Gaps)
		}
		if *o.LongestMS > 5500 { // the parts are not one stretch
			t.Errorf("longest %d ms", *o.LongestMS)
		}
		if sent := observations(t, tab); len(sent) != 1 || len(sent[0].Gaps) != 2 {
			t.Errorf("sent %+v", sent)
		}
		b.Close()
	})
}

// A tablet that does not come back does not keep the capture for ever: its limit moves on by as long as a connection is kept.
func TestCaptureEndsWithoutPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		s, tab := b.publishing(t, "s")
		if err := s.StartCapture(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		tab.film(30)
		for _, c := range []struct {
			until time.Duration
			want  CaptureState
		}{{56 * time.Second, CaptureRunning}, {3 * time.Second, CaptureDone}} { // 18 s and 40 s
			time.Sleep(c.until)
			synctest.Wait()
			if got := s.Status().Capture.State; got != c.want {
				t.Fatalf("after %v more: %s, want %s", c.until, got, c.want)
			}
		}
		if o, ok := s.Observation(); !ok || o.State != "not_assessable" || o.AssessedMS > 1100 {
			t.Errorf("%+v", o)
		}
		b.Close()
	})
}
