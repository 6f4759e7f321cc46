package main

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"wince/vision"
)

// slowModels run a mesh that takes as long as its clock says.
type slowModels struct {
	vision.Models
	runs  int
	times []time.Duration
	clock time.Time
	fail  bool
}

func (m *slowModels) Mesh() (vision.Net, error) { return &slowNet{m: m}, nil }

type slowNet struct {
	vision.Net
	m *slowModels
}

func (n *slowNet) Run() error {
	if n.m.fail {
		return errors.New("broken")
	}
	n.m.clock = n.m.clock.Add(n.m.times[n.m.runs%len(n.m.times)])
	n.m.runs++
	return nil
}

func (n *slowNet) Close() error { return nil }

func TestMeasureCapacity(t *testing.T) {
	for _, tt := range []struct {
		times []time.Duration // ms
		want  float64         // for each core
	}{
		{[]time.Duration{1}, 226}, {[]time.Duration{9, 3, 1, 7}, 226}, {[]time.Duration{2}, 113}, {[]time.Duration{5}, 45}, {[]time.Duration{100}, 20}, {[]time.Duration{0}, 400},
	} {
		m := &slowModels{}
		for _, d := range tt.times {
			m.times = append(m.times, d*time.Millisecond)
		}
		got, err := measureCapacity(m, func() time.Time { return m.clock })
		if want := tt.want * float64(runtime.GOMAXPROCS(0)); err != nil || got != want {
			t.Errorf("with runs of %v: %g pictures a second, want %g; %v", tt.times, got, want, err)
		}
	}
	if _, err := measureCapacity(&slowModels{fail: true}, time.Now); err == nil {
		t.Error("a mesh that does not run measures")
	}
}
