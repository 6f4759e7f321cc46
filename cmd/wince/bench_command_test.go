package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBench measures shortly with the real server in this process and looks at the object that programs read.
func TestBench(t *testing.T) {
	var out bytes.Buffer
	o := benchOptions{clip: clipFile("pain.ivf"), quick: true, json: true, out: &out, err: io.Discard}
	o.start = func(_ context.Context, data, _ string) (*benchServer, error) {
		started, stop := startServe(t, data)
		<-started.ready
		s := &benchServer{pid: os.Getpid(), startup: time.Millisecond, stop: func() error { stop(); return nil }}
		if !s.answers(t.Context(), data) {
			return nil, errors.New("the server does not answer")
		}
		return s, nil
	}
	o.shorten = func(b *benchTimes) {
		b.rounds, b.frames, b.settle, b.trial, b.trials, b.first = 1, 20, 0, 400*time.Millisecond, 1, 1
	}
	// On a loaded machine not even one tablet may be served in time; what is written is the same.
	if err := o.run(t.Context()); err != nil && status(err) != exitPartly {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	for name, members := range map[string]string{
		"stages_ms": "au crop decode detect mesh publish receive score total", "streams_per_core": "15 30", "latency_ms": "load80 one",
	} {
		var m map[string]any
		if err := json.Unmarshal(got[name], &m); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out.String())
		}
		if keys := strings.Join(slices.Sorted(maps.Keys(m)), " "); keys != members {
			t.Errorf("%s has %s, want %s", name, keys, members)
		}
	}
	var r benchReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Stages.Decode <= 0 || r.Stages.Mesh <= 0 || r.Stages.Receive <= 0 || r.Stages.Publish <= 0 || r.Stages.Total < r.Stages.Mesh {
		t.Errorf("stages %+v", r.Stages)
	}
	if r.Allocs != 0 {
		t.Errorf("%g allocations a picture from decoding to score, want none", r.Allocs)
	}
	if r.Latency.One.P50 <= 0 || r.Latency.One.P99 < r.Latency.One.P50 || r.Startup != 1 {
		t.Errorf("latency %+v, start %g", r.Latency.One, r.Startup)
	}
	for _, name := range []string{"rss_mb_per_stream", "allocs_per_frame"} {
		if got[name] == nil {
			t.Errorf("no %s in %s", name, out.String())
		}
	}
	var table strings.Builder
	if err := r.writeTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"receive", "action units", "80 %", "Memory a stream"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
}

func TestBenchRefusals(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--repeats", "0"}, exitUsage, "--repeats"},
		{[]string{"--clip", "none.ivf"}, exitFailed, "none.ivf"},
	} {
		if status, _, stderr := wince(t, append([]string{"bench"}, tt.args...)...); status != tt.status || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: status %d: %s", tt.args, status, stderr)
		}
	}
}

func TestMiddle(t *testing.T) {
	for _, tt := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := middle(tt.of); got != tt.want {
			t.Errorf("middle of %v is %g, want %g", tt.of, got, tt.want)
		}
	}
}
