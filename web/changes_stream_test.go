package web

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wince/care"
)

// listening is a stream of changes as a listener reads it.
type listening struct {
	*testing.T
	lines *bufio.Scanner
	close func()
}

func (g *rig) listen(srv *httptest.Server, query, last string) *listening {
	g.Helper()
	req, err := http.NewRequestWithContext(g.Context(), http.MethodGet, srv.URL+"/api/v1/changes/stream?"+query, nil)
	if err != nil {
		g.Fatal(err)
	}
	if g.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+g.bearer)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	res, err := srv.Client().Do(req) //nolint:bodyclose // l.close does
	if err != nil {
		g.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		g.Fatalf("the stream answers %d, %q", res.StatusCode, got)
	}
	l := &listening{g.T, bufio.NewScanner(res.Body), func() { res.Body.Close() }}
	l.lines.Buffer(nil, 1<<20)
	g.Cleanup(l.close)
	l.lines.Scan() // ": open": whatever happens from here on is told
	return l
}

// next returns the next event and its id.
func (l *listening) next() (p toldPage, id string) {
	l.Helper()
	for l.lines.Scan() {
		if s, ok := strings.CutPrefix(l.lines.Text(), "id: "); ok {
			id = s
		}
		if s, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(s), &p); err != nil {
				l.Fatal(err)
			}
			return p, id
		}
	}
	l.Fatalf("the stream ended: %v", l.lines.Err())
	return p, id
}

// A listener is told of what happens while it listens, and of what happened meanwhile when it comes back; of its own sites only.
func TestStreamOfChanges(t *testing.T) {
	g := newRig(t).admin()
	var north care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "North", "zone": "UTC"}).want(201).read(&north)
	_, secret := g.apiKey("Platform", []string{"system/*.rs"}, care.DefaultSite)
	srv := httptest.NewTLSServer(g.server.Handler())
	t.Cleanup(srv.Close) // after the streams
	before := g.resident(care.ConsentGiven)
	l := g.as(secret).listen(srv, "entity=resident", "")

	g.do("POST", "/api/v1/residents", map[string]any{"name": "Elsewhere", "site_id": north.ID}).want(201)
	now := g.resident(care.ConsentGiven)
	p, id := l.next()
	if p.Changes[0].ID != now.ID || len(p.Changes) != 1 || id != p.Next {
		t.Errorf("told %+v with the id %q, want only %s", p, id, now.ID)
	}
	l.close()

	missed := g.resident(care.ConsentGiven)
	if p, _ = g.as(secret).listen(srv, "entity=resident", id).next(); len(p.Changes) != 1 || p.Changes[0].ID != missed.ID {
		t.Errorf("after the last id it is told %+v, want only %s", p, missed.ID)
	}
	p, _ = g.as(secret).listen(srv, "entity=resident&after="+g.changes("limit=1").Next, "").next()
	if len(p.Changes) != 3 {
		t.Errorf("from the first change on it is told %+v, want three residents, with %s", p, before.ID)
	}
}

func TestStreamOfChangesRefuses(t *testing.T) {
	g := newRig(t).admin()
	g.do("GET", "/api/v1/changes/stream?after=x", nil).problem(422, care.Invalid)
	g.do("GET", "/api/v1/changes/stream", nil, "Last-Event-ID", "x").problem(422, care.Invalid)
	for range maxListeners {
		g.server.listeners <- struct{}{}
	}
	if a := g.do("GET", "/api/v1/changes/stream", nil); a.Header.Get("Retry-After") == "" {
		t.Error("a full house does not say when to come again")
	} else {
		a.problem(503, codeBusy)
	}
}

func TestStreamOfChangesEndsWithTheServer(t *testing.T) {
	g := newRig(t).admin()
	done := make(chan struct{})
	go func() { defer close(done); g.do("GET", "/api/v1/changes/stream", nil) }()
	g.server.beginStop()
	<-done
}
