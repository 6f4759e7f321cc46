package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"wince/care"
	"wince/pain"
	"wince/store"
	"wince/stream"
)

// fakeLive is a registry whose sessions do what the test says. The store behind the tests is the real one.
type fakeLive struct {
	mu   sync.Mutex
	open map[string]*fakeSession
	full bool
	load stream.Load
}

type fakeSession struct {
	mu       sync.Mutex
	publish  func(offer string) (string, string, error)
	observed *pain.Observation
	state    stream.CaptureState
	started  time.Duration
	events   chan []byte
	done     chan struct{}
	end      func()
	heldBack bool
	side     stream.Side
	own      *stream.Baseline
	used     bool
	baseline bool // the capture is one
	taken    *stream.Taken
}

// method is what the fake sessions measure with.
const method = "features/1 mesh"

func (s *fakeSession) MeasureAgainst(b stream.Baseline) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own, s.used = &b, b.Method == method
	if !s.used {
		return stream.ErrBaselineOutdated.Because(errors.New("another method"))
	}
	return nil
}

func (s *fakeSession) Against() (*stream.Baseline, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own, s.used
}

func (s *fakeSession) StartBaseline(d time.Duration) error {
	if err := s.StartCapture(d); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseline = true
	return nil
}

func (s *fakeSession) Taken() (stream.Taken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == nil {
		return stream.Taken{}, false
	}
	return *s.taken, true
}

// take lets the fake finish a baseline, or fail to for a reason.
func (s *fakeSession) take(at time.Time, advice ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.taken = stream.CaptureDone, &stream.Taken{At: at, Method: method, Ready: len(advice) == 0, Advice: advice, Frames: 280}
	if s.taken.Ready {
		s.taken.Values, s.taken.Spread = map[string]float64{"jaw": 0.4}, map[string]float64{"jaw": 0.01}
	}
}

func (s *fakeSession) HoldBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heldBack = true
}

func (f *fakeLive) Create(id string, side stream.Side) (LiveSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return nil, stream.ErrAtCapacity
	}
	s := &fakeSession{side: side, events: make(chan []byte, 10), done: make(chan struct{})}
	s.end = sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.open, id)
		close(s.events)
		close(s.done)
	})
	f.open[id] = s
	return s, nil
}

func (f *fakeLive) Get(id string) (LiveSession, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.open[id]; s != nil {
		return s, nil
	}
	return nil, stream.ErrSessionUnknown
}

func (f *fakeLive) Load() stream.Load {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.load
	l.Sessions = len(f.open)
	return l
}

func (f *fakeLive) session(id string) *fakeSession {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open[id]
}

func (s *fakeSession) Publish(_ context.Context, offer string) (string, string, error) {
	if s.publish != nil {
		return s.publish(offer)
	}
	return "v=0\r\nanswer", "peer-1", nil
}
func (s *fakeSession) Patch(_ context.Context, peer, tag, fragment string) (string, string, error) {
	switch {
	case peer != "peer-1":
		return "", "", stream.ErrPeerUnknown
	case strings.HasPrefix(fragment, "bad"):
		return "", "", stream.ErrFragment
	case strings.HasPrefix(fragment, "restart"):
		return "a=ice-ufrag:new", "ice-2", nil
	case tag != "ice-1" && tag != "*":
		return "", "", stream.ErrICEOutdated
	}
	return "", "ice-1", nil
}
func (s *fakeSession) ICE(string) string { return "ice-1" }
func (s *fakeSession) Unpublish(peer string) error {
	if peer != "peer-1" {
		return stream.ErrPeerUnknown
	}
	return nil
}
func (s *fakeSession) Subscribe() (<-chan []byte, func()) { return s.events, func() {} }
func (s *fakeSession) StartCapture(d time.Duration) error {
	if d < stream.MinCapture || d > stream.MaxCapture {
		return stream.ErrCaptureLength
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started, s.state = d, stream.CaptureRunning
	return nil
}
func (s *fakeSession) Observation() (pain.Observation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observed == nil {
		return pain.Observation{}, false
	}
	return *s.observed, true
}
func (s *fakeSession) Status() stream.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return stream.Status{Capture: stream.Capture{State: cmp.Or(s.state, stream.CaptureIdle), Baseline: s.baseline}}
}
func (s *fakeSession) Done() <-chan struct{} { return s.done }
func (s *fakeSession) Close()                { s.end() }

// observe lets the fake finish an observation of a grimace.
func (s *fakeSession) observe() {
	w := pain.NewWindow(pain.WindowConfig{})
	for i := range 300 {
		f := pain.Frame{Index: i, T: time.Duration(i) * time.Second / 30, State: pain.Scored, AU: pain.Unmeasured(), PSPI: 5, Score: 5}
		f.AU[pain.AU4], f.AU[pain.AU7] = 3, 2
		w.Add(&f)
	}
	o := w.Observation()
	o.Side = string(s.side)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observed, s.state = &o, stream.CaptureDone
}

// clock is a time that the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// rig is a server with a real database, fake live sessions and a clock.
type rig struct {
	*testing.T
	server *Server
	store  *store.Store
	live   *fakeLive
	clock  *clock
	cookie string
	bearer string
	from   string
	table  []route
}

const localToken = "local-token-for-tests"

func newRig(t *testing.T, more ...func(*Options)) *rig {
	t.Helper()
	st, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{T: t, store: st, live: &fakeLive{open: map[string]*fakeSession{}}, clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, from: "192.0.2.1:1234"}
	opt := Options{Store: st, Live: g.live, Now: g.clock.now, LocalToken: localToken, Version: "test", Method: method, SelfSigned: true,
		Models:   map[string]string{"mesh": "1 sha256:x"},
		Password: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	for _, set := range more {
		set(&opt)
	}
	g.server, err = New(opt)
	if err != nil {
		t.Fatal(err)
	}
	g.table = g.server.table()
	t.Cleanup(func() {
		g.live.mu.Lock()
		var all []*fakeSession
		for _, s := range g.live.open {
			all = append(all, s)
		}
		g.live.mu.Unlock()
		for _, s := range all {
			s.Close()
		}
		g.server.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// answer is a response with its body read.
type answer struct {
	*testing.T
	*http.Response
	body []byte
}

// do sends a request; headers come in pairs. A body that is no string is sent as JSON.
func (g *rig) do(method, path string, body any, headers ...string) answer {
	g.Helper()
	var r io.Reader
	var sent []byte
	if s, ok := body.(string); ok {
		sent = []byte(s)
		r = strings.NewReader(s)
	} else if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			g.Fatal(err)
		}
		r = bytes.NewReader(sent)
	}
	req := httptest.NewRequestWithContext(g.Context(), method, "https://wince.test"+path, r)
	req.RemoteAddr = g.from
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if g.cookie != "" {
		req.AddCookie(&http.Cookie{Name: cookieName, Value: g.cookie})
	}
	if g.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+g.bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.server.Handler().ServeHTTP(w, req)
	a := answer{g.T, w.Result(), w.Body.Bytes()}
	told, err := theContract()
	if err != nil {
		g.Fatal(err)
	}
	told.check(g.T, g.table, req, sent, a.StatusCode, a.Header, a.body)
	for _, k := range a.Cookies() {
		if k.Name == cookieName {
			g.cookie = k.Value
		}
	}
	return a
}

// want checks the status.
func (a answer) want(status int) answer {
	a.Helper()
	if a.StatusCode != status {
		a.Fatalf("status %d, want %d: %s", a.StatusCode, status, a.body)
	}
	return a
}

// problem checks that the answer is a well-formed problem of that code and status.
func (a answer) problem(status int, code care.Code) problem {
	a.Helper()
	a.want(status)
	var p problem
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		a.Fatalf("not a problem: %v: %s", err, a.body)
	}
	if got := a.Header.Get("Content-Type"); got != problemContent {
		a.Errorf("content type %q", got)
	}
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || p.Type == "" || p.Request == "" || p.Request != a.Header.Get("X-Request-Id") {
		a.Fatalf("want code %s: %s", code, a.body)
	}
	return p
}

func (a answer) read(v any) answer {
	a.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.Fatalf("read answer: %v: %s", err, a.body)
	}
	return a
}

const password = "correct horse battery"

// admin sets the server up and signs the administrator in.
func (g *rig) admin() *rig {
	g.Helper()
	token, err := g.server.MakeSetUpLink(g.Context())
	if err != nil {
		g.Fatal(err)
	}
	g.do("POST", "/api/v1/setup", map[string]string{"token": token, "name": "Ann Bee", "password": password}).want(201)
	return g
}

func (g *rig) resident(consent care.Consent) care.Resident {
	g.Helper()
	var r care.Resident
	g.do("POST", "/api/v1/residents", map[string]any{"name": "Dora Elm", "room": "7", "consent": consent}).want(201).read(&r)
	return r
}

type sessionAnswer struct {
	ID, WHIP, Events, Capture, Observation string
	Practice                               bool
	Live                                   *struct{ Capture string }
}

func (g *rig) session(in map[string]any) sessionAnswer {
	g.Helper()
	var v sessionAnswer
	g.do("POST", "/api/v1/sessions", in).want(201).read(&v)
	return v
}

// assessment goes all the way to a preliminary assessment.
func (g *rig) assessment() care.Assessment {
	g.Helper()
	v := g.session(map[string]any{"resident_id": g.resident(care.ConsentGiven).ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID, "remarks": "in bed"}).want(201).read(&a)
	return a
}
