package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wince/pain"
	"wince/stream"
	"wince/stream/decode"
	"wince/stream/encode"
	"wince/stream/ivf"
	"wince/stream/rtc"
	"wince/vision"
)

// constantAnalyzer scores every picture the same.
type constantAnalyzer struct{}

func (constantAnalyzer) Analyze(*vision.I420, time.Duration) vision.Result {
	r := vision.Result{Frame: pain.Frame{State: pain.Scored, AU: pain.Unmeasured(), Score: 2}, Baseline: vision.BaselinePopulation}
	r.Frame.AU[pain.AU4] = 2
	return r
}

func (constantAnalyzer) Close() error { return nil }

// tinyServer is the API as far as simulated tablets need it, over the real registry, WebRTC and decoder.
type tinyServer struct {
	*httptest.Server
	live    *stream.Sessions
	opened  atomic.Int64
	deleted atomic.Int64
}

const tinyToken = "sesame"

func newTinyServer(t *testing.T, maxStreams int) *tinyServer {
	t.Helper()
	publisher, err := rtc.New(rtc.Config{})
	if err != nil {
		t.Fatal(err)
	}
	live, err := stream.NewSessions(stream.Config{
		Publisher: publisher, NewDecoder: decode.Open, MaxStreams: maxStreams,
		NewAnalyzer: func(*vision.Neutral, vision.Side) (stream.Analyzer, error) { return constantAnalyzer{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &tinyServer{live: live}
	mux := http.NewServeMux()
	fail := func(w http.ResponseWriter, status int, err error) {
		var e *stream.Error
		text := err.Error()
		if errors.As(err, &e) {
			text = e.Text
			if e.Code == stream.CodeAtCapacity {
				status = http.StatusServiceUnavailable
				w.Header().Set("Retry-After", "10")
			}
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"detail":%q}`, text)
	}
	mux.HandleFunc("POST /api/v1/sessions", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Practice  bool
			Condition string
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !in.Practice || in.Condition != "rest" {
			fail(w, http.StatusBadRequest, fmt.Errorf("not a practice session: %v", err))
			return
		}
		id := fmt.Sprint("s", s.opened.Add(1))
		if _, err := live.Create(id, stream.BothSides); err != nil {
			fail(w, http.StatusConflict, err)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id":%q,"whip":"/api/v1/sessions/%s/whip","events":"/api/v1/sessions/%s/events"}`, id, id, id)
	})
	session := func(do func(x *stream.Session, w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			x, err := live.Get(r.PathValue("id"))
			if err != nil {
				fail(w, http.StatusNotFound, err)
				return
			}
			if err := do(x, w, r); err != nil {
				fail(w, http.StatusConflict, err)
			}
		}
	}
	mux.HandleFunc("POST /api/v1/sessions/{id}/whip", session(func(x *stream.Session, w http.ResponseWriter, r *http.Request) error {
		offer, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		answer, peer, err := x.Publish(r.Context(), string(offer))
		if err != nil {
			return err
		}
		w.Header().Set("Location", r.URL.Path+"/"+peer)
		w.WriteHeader(http.StatusCreated)
		_, err = io.WriteString(w, answer)
		return err
	}))
	mux.HandleFunc("POST /api/v1/sessions/{id}/capture", session(func(x *stream.Session, _ http.ResponseWriter, r *http.Request) error {
		var in struct{ Seconds float64 }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return err
		}
		return x.StartCapture(time.Duration(in.Seconds * float64(time.Second)))
	}))
	mux.HandleFunc("GET /api/v1/sessions/{id}/observation", session(func(x *stream.Session, w http.ResponseWriter, _ *http.Request) error {
		o, ok := x.Observation()
		if !ok {
			return errors.New("none yet")
		}
		return json.NewEncoder(w).Encode(o)
	}))
	mux.HandleFunc("GET /api/v1/sessions/{id}", session(func(_ *stream.Session, w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, `{"live":{"paced":7}}`)
		return err
	}))
	mux.HandleFunc("DELETE /api/v1/sessions/{id}", session(func(x *stream.Session, w http.ResponseWriter, _ *http.Request) error {
		x.Close()
		s.deleted.Add(1)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}))
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+tinyToken {
			fail(w, http.StatusUnauthorized, errors.New("sign in first"))
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		live.Close()
		if err := publisher.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shortClip writes an IVF clip of 30 small pictures, a keyframe first and another one in the middle.
func shortClip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ivf.NewWriter(f, ivf.Header{FourCC: "VP80", Width: 64, Height: 48, Num: 1, Den: 30})
	if err != nil {
		t.Fatal(err)
	}
	enc, err := encode.NewVP8(64, 48, 30, 200)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	img := vision.I420{Width: 64, Height: 48, Y: make([]byte, 64*48), U: make([]byte, 32*24), V: make([]byte, 32*24), YStride: 64, CStride: 32}
	for i := range 30 {
		for k := range img.Y {
			img.Y[k] = byte(16 + (k*3+i*7)%200)
		}
		b, _, err := enc.Encode(&img, int64(i), i == 15)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// simulate runs the command and returns what it printed, and its exit status.
func simulate(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	t.Setenv("WINCE_TOKEN", "")
	c := newSimulateCmd()
	var out, errOut bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&errOut)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	err = c.ExecuteContext(ctx)
	return out.String(), err
}

func status(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.status
	}
	return exitFailed
}

func TestSimulateSeveralTablets(t *testing.T) {
	s := newTinyServer(t, 8)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "local-token"), []byte(tinyToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := simulate(t, "--url", s.URL, "--clip", shortClip(t), "--streams", "3", "--seconds", "2", "--json", "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want three streams and a summary:\n%s", len(lines), out)
	}
	for i, l := range lines {
		var x struct {
			Type           string
			Stream         int
			Streams        int
			FramesSent     int `json:"frames_sent"`
			Results        int
			Scored         float64
			LatencyMS      *latencies `json:"latency_ms"`
			FirstResultMS  *float64   `json:"first_result_ms"`
			ResultsASecond float64    `json:"results_per_second"`
			Failed         int
			Paced          int
		}
		if err := json.Unmarshal([]byte(l), &x); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		want := 1
		if i == 3 {
			want = 3
			if x.Type != "summary" || x.Streams != 3 || x.Failed != 0 {
				t.Errorf("summary %s", l)
			}
		} else if x.Type != "stream" || x.Stream != i {
			t.Errorf("stream %s", l)
		}
		// On a loaded machine fewer may come; that most come says that sending, decoding and the way back work.
		if x.FramesSent < 50*want || x.Results < x.FramesSent/2 || x.Scored != 1 || x.LatencyMS == nil || x.FirstResultMS == nil ||
			x.LatencyMS.P50 <= 0 || x.LatencyMS.P99 < x.LatencyMS.P95 || x.ResultsASecond <= 0 || x.Paced != 7*want {
			t.Errorf("line %d: %s", i, l)
		}
	}
	if s.opened.Load() != 3 || s.deleted.Load() != 3 {
		t.Errorf("%d sessions opened, %d closed", s.opened.Load(), s.deleted.Load())
	}
}

func TestSimulateCapture(t *testing.T) {
	s := newTinyServer(t, 8)
	if _, err := s.live.Create("mine", stream.BothSides); err != nil {
		t.Fatal(err)
	}
	out, err := simulate(t, "--url", s.URL+"/api/v1/sessions/mine/whip", "--clip", shortClip(t), "--capture", "3", "--token", tinyToken)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"p95 ms", "stream 0:", "judged"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if _, err := s.live.Get("mine"); err != nil {
		t.Error("the session that was given was closed")
	}
}

func TestSimulateCodecs(t *testing.T) {
	s := newTinyServer(t, 8)
	clip := shortClip(t)
	for _, more := range [][]string{{"--codec", "vp9"}, {"--codec", "h264", "--camera"}, {"--camera"}} {
		out, err := simulate(t, append(more, "--url", s.URL, "--clip", clip, "--seconds", "0.5", "--token", tinyToken, "--json")...)
		if err != nil {
			t.Errorf("%v: %v", more, err)
		}
		if !strings.Contains(out, `"scored":1,`) {
			t.Errorf("%v: no picture was scored: %s", more, out)
		}
	}
}

func TestSimulateCapacity(t *testing.T) {
	s := newTinyServer(t, 1)
	out, err := simulate(t, "--url", s.URL, "--clip", shortClip(t), "--streams", "2", "--seconds", "1", "--token", tinyToken, "--json")
	if status(err) != exitPartly || !strings.Contains(err.Error(), "takes no more") || !strings.Contains(err.Error(), "again in 10 s") {
		t.Errorf("status %d, error %v", status(err), err)
	}
	if !strings.Contains(out, `"failed":1`) {
		t.Errorf("the report does not tell: %s", out)
	}
}

func TestSimulateRefusals(t *testing.T) {
	s := newTinyServer(t, 1)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	good := shortClip(t)
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	// The header and the second frame, which is no keyframe.
	size := func(at int) int { return 12 + int(b[at]) + int(b[at+1])<<8 }
	second := 32 + size(32)
	noKey := append(bytes.Clone(b[:32]), b[second:second+size(second)]...)
	token := []string{"--token", tinyToken}
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no url", []string{"--clip", good}, exitUsage, "--url"},
		{"no clip", []string{"--url", s.URL}, exitUsage, "--clip"},
		{"bad url", []string{"--url", "tablet", "--clip", good}, exitUsage, "not an address"},
		{"no streams", []string{"--url", s.URL, "--clip", good, "--streams", "0"}, exitUsage, "--streams"},
		{"odd codec", []string{"--url", s.URL, "--clip", good, "--codec", "av1"}, exitUsage, "--codec"},
		{"odd seconds", []string{"--url", s.URL, "--clip", good, "--seconds", "NaN"}, exitUsage, "--seconds"},
		{"short capture", []string{"--url", s.URL, "--clip", good, "--capture", "1"}, exitUsage, "between 3 and 60"},
		{"WHIP and several", []string{"--url", s.URL + "/x/whip", "--clip", good, "--streams", "2"}, exitUsage, "one session"},
		{"no such CA", []string{"--url", s.URL, "--clip", good, "--ca", filepath.Join(dir, "none")}, exitUsage, "--ca"},
		{"CA without certificate", []string{"--url", s.URL, "--clip", good, "--ca", good}, exitUsage, "no certificate"},
		{"no clip there", append(token, "--url", s.URL, "--clip", filepath.Join(dir, "none.ivf")), exitFailed, "does not exist"},
		{"not a clip", append(token, "--url", s.URL, "--clip", file("notes.mp4", []byte("Dear diary"))), exitFailed, "notes.mp4"},
		{"clip cut off", append(token, "--url", s.URL, "--clip", file("cut.ivf", b[:len(b)-10])), exitFailed, "cut.ivf"},
		{"no keyframe", append(token, "--url", s.URL, "--clip", file("nokey.ivf", noKey)), exitFailed, "holds no keyframe"},
		{"not there", append(token, "--url", "https://127.0.0.1:9", "--clip", good), exitFailed, "no server answers"},
		{"no TLS", append(token, "--url", strings.Replace(plain.URL, "http:", "https:", 1), "--clip", good), exitFailed, "speaks HTTP"},
		{"another server", append(token, "--url", plain.URL, "--clip", good), exitFailed, "check --url"},
		{"no token", []string{"--url", s.URL, "--clip", good, "--data", dir}, exitFailed, "no token was found"},
		{"wrong token", []string{"--url", s.URL, "--clip", good, "--token", "x"}, exitFailed, "refused the sign-in"},
		{"unknown session", append(token, "--url", s.URL+"/api/v1/sessions/none/whip", "--clip", good), exitFailed, "start a new one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := simulate(t, c.args...)
			if status(err) != c.status || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("status %d, want %d; error %v, want one with %q", status(err), c.status, err, c.want)
			}
		})
	}
}

// A token in the environment is a secret; --help goes to screens and logs.
func TestSimulateHelpKeepsTheToken(t *testing.T) {
	t.Setenv("WINCE_TOKEN", "very-secret")
	status, out, stderr := wince(t, "simulate", "--help")
	if status != exitOK || !strings.Contains(out, "WINCE_TOKEN") || strings.Contains(out+stderr, "very-secret") {
		t.Errorf("exit status %d: %s%s", status, out, stderr)
	}
}
