package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// TestSoak lets a few tablets come and go for some seconds, with the server in this process, and looks at what is left. Three minutes of
// it, against the built server, run beside the other steps of `make test`; an hour is `make soak`.
func TestSoak(t *testing.T) {
	var out bytes.Buffer
	o := soakOptions{clip: clipFile("pain.ivf"), minutes: 4.0 / 60, streams: 3, loss: 5, life: 400 * time.Millisecond, json: true, out: &out, err: io.Discard, sample: scrape}
	o.start = func(_ context.Context, data, _ string) (*benchServer, error) {
		_, stop := startServeWith(t, data, func(c *config) { c.Admin.Listen = "127.0.0.1:0" })
		s := &benchServer{stop: func() error { stop(); return nil }}
		if !s.answers(t.Context(), data) {
			return nil, errors.New("the server does not answer")
		}
		// One tablet before counting: what is made once for all is not a leak.
		if _, err := (&soakOptions{streams: 1, minutes: 0.5 / 60, life: time.Minute, err: io.Discard, sample: scrape}).soak(t.Context(), s, data, mustFilm(t)); err != nil {
			return nil, err
		}
		return s, nil
	}
	if err := o.run(t.Context()); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	var r soakReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Joined < 6 || r.Frames == 0 || r.Results == 0 || r.Samples == 0 {
		t.Errorf("too little happened: %s", out.String())
	}
	// Goroutines of this process: the tablets' are gone, too. A leak leaves several for each tablet that came.
	if sum := r.Idle.Heap + r.Idle.Kept + r.Idle.Rest; r.Idle.Heap <= 0 || r.Idle.Rest <= 0 || sum < r.Idle.RSS-1 || sum > r.Idle.RSS+1 {
		t.Errorf("memory is not split: %+v", r.Idle)
	}
	if left := r.After.Goroutines - r.Idle.Goroutines; left > float64(r.Joined) {
		t.Errorf("%g goroutines are left of %d tablets: %s", left, r.Joined, out.String())
	}
	if left := r.After.Files - r.Idle.Files; left > float64(r.Joined)/2 {
		t.Errorf("%g open files are left of %d tablets: %s", left, r.Joined, out.String())
	}
}

func mustFilm(t *testing.T) *film {
	t.Helper()
	f, err := loadFilm(t.Context(), clipFile("pain.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSoakSlopes(t *testing.T) {
	at := time.Unix(0, 0)
	var samples []soakSample
	for i := range 7 { // ten minutes apart
		samples = append(samples, soakSample{Goroutines: 100, Files: float64(20 + i%2), RSS: 200 + 10*float64(i), Heap: 40, Kept: 20, Rest: 140 + 10*float64(i), at: at.Add(time.Duration(i) * 10 * time.Minute)})
	}
	r := soakReport{Minutes: 60, Results: 1, Joined: 1}
	r.take(samples)
	if r.Slope.Goroutines != 0 || r.Slope.RSS != 60 || r.Mean.RSS != 230 || r.Slope.Files > 0.5 {
		t.Errorf("slopes %+v, mean %+v", r.Slope, r.Mean)
	}
	if r.Slope.Rest != 60 || r.Slope.Heap != 0 || r.First.Rest != 140 || r.Last.Rest != 200 || r.First.Kept != 20 {
		t.Errorf("slopes %+v, first %+v, last %+v", r.Slope, r.First, r.Last)
	}
	if err := r.judge(); err == nil || !strings.Contains(err.Error(), "+60.0 MB") {
		t.Errorf("60 MB an hour: %v", err)
	}
	r.Slope.RSS = 3
	if err := r.judge(); err != nil {
		t.Errorf("3 MB an hour: %v", err)
	}
	for _, c := range []struct {
		name    string
		minutes float64
		after   soakSample
		last    float64
		wrong   string
	}{
		{"nothing", 3, soakSample{Goroutines: 23, Files: 35}, 310, ""},
		{"goroutines", 3, soakSample{Goroutines: 40}, 310, "+18 goroutines"},
		{"files", 3, soakSample{Files: 60}, 310, "+40 files"},
		{"memory", 3, soakSample{}, 350, "+50.0 MB"},
		{"too short to tell", 1, soakSample{Goroutines: 40, Files: 60}, 350, ""},
	} {
		short := soakReport{Minutes: c.minutes, Results: 1, Joined: 9, Idle: soakSample{Goroutines: 22, Files: 20}, After: c.after}
		short.First.RSS, short.Last.RSS = 300, c.last
		if err := short.judge(); (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	r.Failed, r.failed = 1, errors.New("no connection")
	if err := r.judge(); err == nil || !strings.Contains(err.Error(), "no connection") {
		t.Errorf("a tablet that failed: %v", err)
	}
	var table strings.Builder
	if err := r.writeTable(&table); err != nil || !strings.Contains(table.String(), "change an hour") || !strings.Contains(table.String(), "Go's heap in use") {
		t.Errorf("%v: %s", err, table.String())
	}
	if status, _, _ := wince(t, "soak", "--minutes", "0"); status != exitUsage {
		t.Errorf("status %d", status)
	}
}
