package stream

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A capture that runs when the server is to stop is finished, told to the tablet, and nobody new is taken meanwhile.
func TestDrainLetsCapturesFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		defer b.Close()
		s, tab := b.publishing(t, "capturing")
		idle, _ := b.publishing(t, "idle")
		if err := s.StartCapture(5 * time.Second); err != nil {
			t.Fatal(err)
		}
		go tab.film(200)
		begun := time.Now()
		done := make(chan struct{})
		go func() { b.Drain(t.Context()); close(done) }()
		synctest.Wait()
		if _, err := b.Create("new", BothSides); !errors.Is(err, ErrStopping) {
			t.Errorf("a new session: %v", err)
		}
		other, err := b.Get("idle")
		if err != nil || other != idle {
			t.Fatal(err)
		}
		<-done
		if d := time.Since(begun); d < 5*time.Second || d > 9*time.Second {
			t.Errorf("drained after %v, want the capture's 5 s and a moment to keep it", d)
		}
		if _, ok := s.Observation(); !ok {
			t.Error("the capture was not finished")
		}
		tab.mu.Lock()
		n := kinds(tab.events)
		tab.mu.Unlock()
		if n["observation"] != 1 || n["notice"] != 1 {
			t.Errorf("the tablet was told %v", n)
		}
	})
}

// One that cannot finish in time is told that the server stops.
func TestDrainEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		s, tab := b.publishing(t, "s")
		if err := s.StartCapture(5 * time.Second); err != nil { // no picture comes
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		b.Drain(ctx)
		if d := time.Since(begun); d != 10*time.Second {
			t.Errorf("drained after %v, want 10 s", d)
		}
		b.Close()
		tab.mu.Lock()
		defer tab.mu.Unlock()
		if !slices.ContainsFunc(tab.events, func(e string) bool { return strings.Contains(e, `"reason":"server_stopping"`) }) {
			t.Errorf("the tablet was told %v", tab.events)
		}
	})
}

// A stream whose analysis hangs, and whose decoder fills up, slows no other one.
func TestAStalledStreamSlowsNobody(t *testing.T) {
	stalled := &plainAnalyzer{gate: make(chan struct{})}
	b := newBench(t, nil, stalled)
	defer b.Close()
	defer close(stalled.gate)
	_, hung := b.publishing(t, "stalled")
	s, tab := b.publishing(t, "other")
	frame := func(i int) EncodedFrame {
		return EncodedFrame{Codec: CodecVP8, Data: []byte{1}, RTP: uint32(6000 * i), Keyframe: i == 0, Received: time.Now()}
	}
	for i := range 200 { // never blocks, however many
		hung.to.Push(frame(i))
	}
	for i := range 60 {
		before := s.Status().Analysed
		tab.to.Push(frame(i))
		for end := time.Now().Add(10 * time.Second); s.Status().Analysed == before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("picture %d of the other stream was not analysed: %+v", i, s.Status())
			}
		}
	}
	if st := s.Status(); st.Analysed != 60 || st.Dropped != 0 {
		t.Errorf("of the other stream %+v, want 60 pictures analysed and none dropped", st)
	}
	if x, err := b.Get("stalled"); err != nil || x.Status().Analysed != 0 || x.Status().Dropped == 0 {
		t.Errorf("of the stalled stream %+v, %v", x.Status(), err)
	}
}

// A tablet that was without a network for half a minute goes on with the same capture.
func TestACaptureOutlivesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		defer b.Close()
		s, first := b.publishing(t, "s")
		if err := s.StartCapture(10 * time.Second); err != nil {
			t.Fatal(err)
		}
		first.film(120)
		first.connected.Store(false) // no packet comes, and nobody says goodbye
		time.Sleep(30 * time.Second)
		synctest.Wait()
		half := s.Status().Capture
		if half.State != CaptureRunning || half.Assessed < 3*time.Second || half.Assessed > 5*time.Second {
			t.Fatalf("after half a minute without a network %+v, want four seconds of a running capture", half)
		}
		if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
			t.Fatal(err)
		}
		b.tablets.last().film(240)
		o, ok := s.Observation()
		if !ok || o.AssessedMS < 9000 || o.Frames < 280 {
			text, _ := json.Marshal(o)
			t.Errorf("observed %v: %s", ok, text)
		}
	})
}

// stages notes what was measured.
type stages struct {
	mu sync.Mutex
	n  map[Stage]int
}

func (m *stages) Spent(s Stage, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n[s]++
}

func TestMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &stages{n: map[Stage]int{}}
		b := newBench(t, func(c *Config) { c.Meter = m })
		_, tab := b.publishing(t, "s")
		tab.film(10)
		synctest.Wait()
		load := b.Load()
		b.Close()
		for s := range NumStages {
			want := 10
			if s == StageDetect { // the fake detects nothing
				want = 0
			}
			if m.n[s] != want {
				t.Errorf("%s was measured %d times, want %d", s, m.n[s], want)
			}
		}
		if load.Received != 10 || load.Decoded != 10 || load.Analysed != 10 || NumStages.String() != "unknown" {
			t.Errorf("load %+v", load)
		}
	})
}
