package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Spans go to the collector that is named; they tell routes and no ids. Without one nothing is traced.
func TestTracing(t *testing.T) {
	var mu sync.Mutex
	var got []byte
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		mu.Lock()
		got = append(got, b...)
		mu.Unlock()
	}))
	defer collector.Close()
	data := t.TempDir()
	_, stop := startServeWith(t, data, func(c *config) { c.Tracing.Endpoint, c.Tracing.Share = collector.URL+"/v1/traces", 1 })
	address := strings.TrimSpace(read(t, data+"/address"))
	for _, path := range []string{"/healthz", "/api/v1/sessions/c0ffee00-aaaa-bbbb-cccc-ddddeeeeffff"} {
		res, err := trusting.Get("https://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	stop() // sends what was not sent yet
	mu.Lock()
	defer mu.Unlock()
	text := string(got)
	if !strings.Contains(text, "GET /api/v1/sessions/:id") || !strings.Contains(text, "wince") {
		t.Errorf("the spans do not tell the route: %q", text)
	}
	if strings.Contains(text, "c0ffee00") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the spans tell ids or addresses: %q", text)
	}
	c := defaultConfig()
	tracer, end, err := c.tracer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if _, span := tracer.Start(t.Context(), "x"); span.IsRecording() {
		t.Error("traced without a collector")
	}
}
