package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"wince/stream"
)

func TestAdmin(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics("v1")
	m.watch(func() stream.Load {
		return stream.Load{Sessions: 3, Streams: 2, Most: 30, Rate: 15, TotalRate: 300, Received: 100, Decoded: 90, Analysed: 60, Dropped: 20, Behind: 4, Waiting: 6, Paced: 5, Corrupt: 1, Unsent: 7, Refused: 8, Captures: 1}
	})
	m.Spent(stream.StageMesh, 1200*time.Microsecond)
	m.Spent(stream.NumStages, time.Second) // nobody's
	m.request("/api/v1/sessions/:id", "GET", 200, 3*time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveAdmin(ctx, l, m, slog.New(slog.DiscardHandler)) }()
	get := func(path string) (int, string) {
		res, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	status, text := get("/metrics")
	for _, want := range []string{
		`wince_build_info{version="v1"} 1`, `wince_sessions 3`, `wince_streams 2`, `wince_streams_limit 30`, `wince_stream_rate 15`, `wince_capacity_rate 300`, `wince_captures 1`,
		`wince_frames_total{reached="received"} 100`, `wince_frames_total{reached="decoded"} 90`, `wince_frames_total{reached="analysed"} 60`,
		`wince_frames_dropped_total{cause="superseded"} 10`, `wince_frames_dropped_total{cause="decoder_behind"} 4`, `wince_frames_dropped_total{cause="waiting_for_keyframe"} 6`,
		`wince_frames_dropped_total{cause="paced"} 5`, `wince_frames_dropped_total{cause="damaged"} 1`, `wince_refused_total 8`, `wince_events_unsent_total 7`,
		`wince_stage_seconds_bucket{stage="mesh",le="0.0015"} 1`, `wince_stage_seconds_count{stage="latency"} 0`,
		`wince_request_seconds_count{method="GET",route="/api/v1/sessions/:id",status="200"} 1`, "go_goroutines", "process_open_fds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if status, text := get("/debug/pprof/goroutine?debug=1"); status != http.StatusOK || !strings.Contains(text, "goroutine profile") {
		t.Errorf("profile: %d %.100s", status, text)
	}
	if status, _ := get("/healthz"); status != http.StatusNotFound {
		t.Errorf("what belongs to the other listener answers here: %d", status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Nothing of it is reached where tablets are.
func TestNoProfilesForTablets(t *testing.T) {
	data := t.TempDir()
	startServe(t, data)
	address := strings.TrimSpace(read(t, data+"/address"))
	for path, want := range map[string]int{"/readyz": 200, "/metrics": 404, "/debug/pprof/": 404} {
		res, err := trusting.Get("https://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
