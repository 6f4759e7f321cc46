package stream

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"wince/pain"
	"wince/vision"
)

func TestFrameEvent(t *testing.T) {
	s := newSession("s", BothSides, nil)
	s.capture = capture{state: CaptureRunning, wanted: 10 * time.Second, window: pain.NewWindow(pain.WindowConfig{})}
	s.stat.dropped.Store(7)
	points := make([]vision.Point, 468)
	for i := range points {
		points[i] = vision.Point{X: float32(i) / 1000, Y: 0.5}
	}
	r := vision.Result{
		Frame:    pain.Frame{Index: 12, T: 400 * time.Millisecond, State: pain.NoFace, Reasons: pain.ReasonNoFace},
		Baseline: vision.BaselinePopulation,
	}
	const noFace = `{"type":"frame","index":12,"t_ms":400,"state":"no_face","reasons":["no_face"],"au":null,"pspi":null,"score":null,` +
		`"confounders":[],"rtp":4294967295,"baseline":"population","face":null,` +
		`"capture":{"state":"running","assessed_ms":0,"wanted_ms":10000},"dropped":7}`
	if got := string(s.appendFrameEvent(nil, &r, math.MaxUint32)); got != noFace {
		t.Errorf("got  %s\nwant %s", got, noFace)
	}

	r.Frame = pain.Frame{State: pain.Scored, AU: pain.Unmeasured(), Score: 1}
	r.Face = vision.Face{
		Found: true, Box: vision.Rect{X: 0.12345, Y: -0.01, W: 0.5, H: 1}, Yaw: 10.5, Pitch: float32(math.NaN()),
		Roll: float32(math.Inf(1)), Points: points,
	}
	var got struct {
		Face struct {
			Box, Pose, Points []float64
		}
	}
	b := s.appendFrameEvent(nil, &r, 1)
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	f := got.Face
	if f.Box[0] != 0.123 || f.Box[1] != -0.01 || f.Box[2] != 0.5 || f.Box[3] != 1 || f.Pose[0] != 10.5 || f.Pose[1] != 0 || f.Pose[2] != 0 {
		t.Errorf("face %+v", f)
	}
	if len(f.Points) != 2*len(vision.OverlayIndices) || f.Points[0] != float64(vision.OverlayIndices[0])/1000 || f.Points[1] != 0.5 {
		t.Errorf("points %v", f.Points)
	}
	r.Face.Points = nil
	if b := s.appendFrameEvent(nil, &r, 1); !json.Valid(b) {
		t.Errorf("without points: %s", b)
	}
	r.Face.Points = points
	if n := testing.AllocsPerRun(100, func() { b = s.appendFrameEvent(b[:0], &r, 1) }); n != 0 {
		t.Errorf("%g allocations an event, want none", n)
	}

	r.Face = vision.Face{}
	r.Frame = pain.Frame{State: pain.Scored, Score: 3, PSPI: 4, Confounders: pain.ConfounderSmile}
	s.HoldBack()
	const held = `{"type":"frame","held_back":true,"index":0,"t_ms":0,"state":"scored","reasons":[],"au":null,"pspi":null,"score":null,` +
		`"confounders":[],"rtp":1,"baseline":"population","face":null,` +
		`"capture":{"state":"running","assessed_ms":0,"wanted_ms":10000},"dropped":7}`
	if got := string(s.appendFrameEvent(nil, &r, 1)); got != held {
		t.Errorf("held back: %s\nwant       %s", got, held)
	}
}

func TestShare(t *testing.T) {
	for x, want := range map[float32]string{
		0: "0", 1: "1", -1: "-1", 0.1: "0.1", 0.12: "0.12", 0.123: "0.123", 0.1236: "0.124", 0.009: "0.009", 0.0504: "0.05",
		-0.0004: "0", -0.25: "-0.25", -12.3456: "-12.346", 179.9999: "180", 1e30: "0", float32(math.Inf(-1)): "0",
	} {
		if got := string(appendShare(nil, x)); got != want {
			t.Errorf("%g: %s, want %s", x, got, want)
		}
	}
}

func TestMediaClock(t *testing.T) {
	var c mediaClock
	t0 := time.Unix(100, 0)
	for i, x := range []struct {
		stream, rtp uint32
		received    time.Duration
		want        time.Duration
	}{
		{1, math.MaxUint32 - 2999, 0, 0},
		{1, 0, 30 * time.Millisecond, 33333333},          // wraps
		{1, 3000, 90 * time.Millisecond, 66666666},       // network jitter does not count
		{1, 3000, 91 * time.Millisecond, 66666666},       // the same picture again
		{1, 273000, 3090 * time.Millisecond, 3066666666}, // a pause of the camera
		{1, 100, 3190 * time.Millisecond, 3166666666},    // back: the time of arrival
		{1, 4_000_000, 3290 * time.Millisecond, 3266666666},
		{2, 77, 8290 * time.Millisecond, 8266666666}, // another connection
		{2, 3077, 8200 * time.Millisecond, 8299999999},
		{3, 1, 8100 * time.Millisecond, 8299999999}, // never backwards
	} {
		if got := c.at(x.stream, x.rtp, t0.Add(x.received)); got != x.want {
			t.Errorf("frame %d: %d, want %d", i, got, x.want)
		}
	}
}

func BenchmarkFrameEvent(b *testing.B) {
	s := newSession("s", BothSides, nil)
	r := vision.Result{Frame: pain.Frame{State: pain.Scored}, Face: vision.Face{Found: true, Points: make([]vision.Point, 468)}}
	for i := range r.Face.Points {
		r.Face.Points[i] = vision.Point{X: float32(i) * 0.0017, Y: float32(i) * 0.0019}
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.appendFrameEvent(buf[:0], &r, 1)
	}
	b.ReportMetric(float64(len(buf)), "bytes/event")
}
