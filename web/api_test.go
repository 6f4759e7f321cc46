package web

import (
	"encoding/json"
	"strings"
	"testing"

	"wince/care"
	"wince/pain"
	"wince/stream"
)

func TestRequestsThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	for name, c := range map[string]struct {
		method, path string
		body         any
		headers      []string
		status       int
		code         care.Code
	}{
		"unknown address":       {"GET", "/nothing/here", nil, nil, 404, codeRoute},
		"unknown API address":   {"GET", "/api/v1/nothing", nil, nil, 404, codeRoute},
		"path out of the page":  {"GET", "/assets/../../web.go", nil, nil, 404, codeRoute},
		"unknown asset":         {"GET", "/assets/x.js", nil, nil, 404, codeRoute},
		"wrong method":          {"PUT", "/api/v1/residents", map[string]any{}, nil, 405, codeMethod},
		"unknown member":        {"POST", "/api/v1/residents", `{"name":"A","door":"B"}`, nil, 400, codeMalformed},
		"wrong type":            {"POST", "/api/v1/residents", `{"name":3}`, nil, 400, codeMalformed},
		"no JSON":               {"POST", "/api/v1/residents", `{"name":`, nil, 400, codeMalformed},
		"nothing at all":        {"POST", "/api/v1/residents", "", nil, 400, codeMalformed},
		"a list":                {"POST", "/api/v1/residents", `[]`, nil, 400, codeMalformed},
		"two objects":           {"POST", "/api/v1/residents", `{"name":"A"}{"name":"B"}`, nil, 400, codeMalformed},
		"not sent as JSON":      {"POST", "/api/v1/residents", `{"name":"A"}`, []string{"Content-Type", "text/plain"}, 415, codeMediaType},
		"ten megabytes":         {"POST", "/api/v1/residents", `{"name":"` + strings.Repeat("a", 10<<20) + `"}`, nil, 413, codeTooLarge},
		"no name":               {"POST", "/api/v1/residents", map[string]any{"name": ""}, nil, 422, care.Invalid},
		"another site":          {"POST", "/api/v1/residents", map[string]any{"name": "A"}, []string{"Sec-Fetch-Site", "cross-site"}, 403, codeCrossSite},
		"another origin":        {"POST", "/api/v1/residents", map[string]any{"name": "A"}, []string{"Origin", "https://evil.test"}, 403, codeCrossSite},
		"no such resident":      {"GET", "/api/v1/residents/x", nil, nil, 404, care.NotFound},
		"no such session":       {"GET", "/api/v1/sessions/x", nil, nil, 404, care.NotFound},
		"no such assessment":    {"GET", "/api/v1/assessments/x", nil, nil, 404, care.NotFound},
		"session, no condition": {"POST", "/api/v1/sessions", map[string]any{"practice": true}, nil, 422, care.Invalid},
		"session of nobody":     {"POST", "/api/v1/sessions", map[string]any{"condition": "rest"}, nil, 422, care.Invalid},
		"session of a stranger": {"POST", "/api/v1/sessions", map[string]any{"condition": "rest", "resident_id": care.NewID()}, nil, 404, care.NotFound},
		"odd limit":             {"GET", "/api/v1/assessments?limit=0", nil, nil, 422, care.Invalid},
		"odd time":              {"GET", "/api/v1/assessments?before=noon", nil, nil, 422, care.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			h := *g
			h.T = t
			p := h.do(c.method, c.path, c.body, c.headers...).problem(c.status, c.code)
			if strings.Contains(p.Detail, "  ") {
				t.Errorf("the sentence has a gap: %s", p.Detail)
			}
			for _, leak := range []string{"json:", "sql", "goroutine", "/work", ".go"} {
				if strings.Contains(p.Detail, leak) {
					t.Errorf("the sentence leaks %q: %s", leak, p.Detail)
				}
			}
		})
	}
	g.do("POST", "/api/v1/residents", map[string]any{"name": "A"}, "Origin", "https://wince.test", "Sec-Fetch-Site", "same-origin").want(201)
}

func TestHeaders(t *testing.T) {
	g := newRig(t)
	for _, path := range []string{"/", "/healthz", "/api/v1/me", "/nothing"} {
		a := g.do("GET", path, nil)
		for _, h := range []string{"Content-Security-Policy", "Permissions-Policy", "X-Content-Type-Options", "X-Request-Id", "Referrer-Policy"} {
			if a.Header.Get(h) == "" {
				t.Errorf("%s: no %s", path, h)
			}
		}
		if a.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: a self-signed certificate must not be pinned to HTTPS", path)
		}
	}
	if got := g.do("GET", "/api/v1/me", nil).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	csp := g.do("GET", "/", nil).Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	g.server.opt.SelfSigned = false
	if g.do("GET", "/", nil).Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS with a proper certificate")
	}
}

func TestHealth(t *testing.T) {
	g := newRig(t)
	var out struct {
		Status, Version string
		Models          map[string]string
		Not             bool `json:"not_a_medical_device"`
	}
	g.do("GET", "/healthz", nil).want(200).read(&out)
	if out.Status != "ok" || out.Version != "test" || len(out.Models) != 1 || !out.Not {
		t.Errorf("got %+v", out)
	}
	g.do("GET", "/readyz", nil).want(200)
	g.server.Leave() // it finishes what runs: healthy, but nothing new is to be sent here
	g.do("GET", "/healthz", nil).want(200)
	if a := g.do("GET", "/readyz", nil); a.Header.Get("Retry-After") == "" {
		t.Error("nothing says when to try again")
	} else {
		a.problem(503, care.Code(stream.CodeAtCapacity))
	}
	g.store.Close()
	g.do("GET", "/healthz", nil).problem(503, care.Storage)
}

func TestConsent(t *testing.T) {
	g := newRig(t).admin()
	for _, c := range []care.Consent{care.ConsentRefused, care.ConsentUnknown} {
		g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": g.resident(c).ID, "condition": "rest"}).problem(403, care.NoConsent)
	}
	g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": g.resident(care.ConsentGiven).ID, "condition": "movement"}).want(201)
}

func TestAssessmentToTheEnd(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	v := g.session(map[string]any{"resident_id": r.ID, "condition": "movement"})
	in := map[string]any{"id": care.NewID(), "session_id": v.ID, "remarks": "while turning"}
	g.do("GET", v.Observation, nil).problem(409, codeNotObserved)
	g.do("POST", "/api/v1/assessments", in).problem(409, codeNotObserved)
	g.do("POST", v.Capture, map[string]any{"seconds": 2}).problem(422, care.Code(stream.CodeCaptureLength))
	g.do("POST", v.Capture, `{"seconds":1e300}`).problem(422, care.Code(stream.CodeCaptureLength))
	g.do("POST", v.Capture, map[string]any{"seconds": 10}).want(202)
	g.do("POST", "/api/v1/assessments", in).problem(409, care.Code(stream.CodeCaptureRunning))
	g.live.session(v.ID).observe()

	var o pain.Observation
	g.do("GET", v.Observation, nil).want(200).read(&o)
	if o.ScoreP95 == nil || *o.ScoreP95 != 5 {
		t.Errorf("observation %+v", o)
	}
	var a, twice care.Assessment
	first := g.do("POST", "/api/v1/assessments", in).want(201).read(&a)
	if first.Header.Get("ETag") != `"1"` || a.Status != care.Preliminary || a.Condition != care.InMovement || a.ResidentID != r.ID || a.CreatedBy.Name != "Ann Bee" {
		t.Errorf("got %s %+v", first.Header.Get("ETag"), a)
	}
	if len(a.Proposals) != 1 || a.Proposals[0].Value != 2 {
		t.Errorf("proposals %+v", a.Proposals)
	}
	if err := json.Unmarshal(a.Observation, &o); err != nil || o.AU["AU4"].Peak != 3 {
		t.Errorf("kept observation %+v (%v)", o, err)
	}
	g.do("POST", "/api/v1/assessments", in).want(200).read(&twice) // sent twice, made once
	if twice.ID != a.ID {
		t.Errorf("a second assessment %s", twice.ID)
	}
	other := g.session(map[string]any{"practice": true, "condition": "rest"})
	g.live.session(other.ID).observe()
	g.do("POST", "/api/v1/assessments", map[string]any{"id": a.ID, "session_id": other.ID}).problem(409, care.Conflict)

	at := "/api/v1/assessments/" + a.ID
	g.do("POST", at+"/confirm", map[string]any{}).problem(428, codeIfMatch)
	for _, tag := range []string{`"2"`, `1`, `W/"1"`, `*`, `"x"`} {
		g.do("POST", at+"/confirm", map[string]any{}, "If-Match", tag).problem(412, care.Stale)
	}
	var done care.Assessment
	g.do("POST", at+"/confirm", map[string]any{"remarks": "agreed"}, "If-Match", `"1"`).want(200).read(&done)
	if done.Status != care.Final || done.ConfirmedBy == nil || done.ConfirmedBy.Name != "Ann Bee" || done.Remarks != "agreed" {
		t.Errorf("got %+v", done)
	}
	g.do("POST", at+"/confirm", map[string]any{}, "If-Match", `"1"`).problem(412, care.Stale)
	g.do("POST", at+"/confirm", map[string]any{}, "If-Match", `"2"`).problem(409, care.AlreadyFinal)
	var list struct{ Assessments []care.Assessment }
	g.do("GET", "/api/v1/assessments?resident_id="+r.ID, nil).want(200).read(&list)
	if len(list.Assessments) != 1 || list.Assessments[0].Status != care.Final {
		t.Errorf("list %+v", list)
	}
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: a.ID, Limit: 100})
	if err != nil || len(trail) != 2 || trail[1].Action != care.ActAssessDone || trail[1].By.Name != "Ann Bee" || trail[1].Request == "" {
		t.Errorf("trail %+v (%v)", trail, err)
	}
}

func TestPracticeStaysApart(t *testing.T) {
	g := newRig(t).admin()
	kept := g.assessment()
	v := g.session(map[string]any{"practice": true, "resident_id": nil, "condition": "rest"})
	g.live.session(v.ID).observe()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).want(201).read(&a)
	for path, want := range map[string]string{"/api/v1/assessments": kept.ID, "/api/v1/assessments?practice=true": a.ID} {
		var list struct{ Assessments []care.Assessment }
		g.do("GET", path, nil).want(200).read(&list)
		if len(list.Assessments) != 1 || list.Assessments[0].ID != want {
			t.Errorf("%s: %+v", path, list.Assessments)
		}
	}
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID, "practice": false}).problem(422, care.Invalid)
}

func TestSessionEndIsRecorded(t *testing.T) {
	g := newRig(t).admin()
	v := g.session(map[string]any{"practice": true, "condition": "rest"})
	g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
	g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
	g.server.watch.Wait()
	got, err := g.store.Session(t.Context(), v.ID)
	if err != nil || got.EndedAt == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: v.ID, Limit: 100}); err != nil || len(trail) != 2 || trail[1].By.Name != "Ann Bee" || trail[1].Request == "" {
		t.Errorf("the trail does not say who ended it, and in which request: %+v, %v", trail, err)
	}
	expired := g.session(map[string]any{"practice": true, "condition": "rest"})
	g.live.session(expired.ID).Close()
	g.server.watch.Wait()
	if trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: expired.ID, Limit: 100}); err != nil || len(trail) != 2 || trail[1].By != server {
		t.Errorf("the trail says that a person ended what ended by itself: %+v, %v", trail, err)
	}
	g.do("GET", "/api/v1/sessions/"+v.ID, nil).want(200).read(&v)
	if v.Live != nil {
		t.Error("an ended session says it lives")
	}
	g.do("POST", v.WHIP, "v=0", "Content-Type", sdp).problem(410, care.Code(stream.CodeSessionClosed))
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).problem(410, care.Code(stream.CodeSessionClosed))
}

func TestAtCapacity(t *testing.T) {
	g := newRig(t).admin()
	g.live.full = true
	a := g.do("POST", "/api/v1/sessions", map[string]any{"practice": true, "condition": "rest"})
	a.problem(503, care.Code(stream.CodeAtCapacity))
	if a.Header.Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
}

// Every code of the stream has its row, so that none turns into "server error".
func TestEveryStreamErrorHasItsStatus(t *testing.T) {
	for _, e := range []*stream.Error{stream.ErrOfferTooLarge, stream.ErrOfferUnreadable, stream.ErrOfferNoVideo, stream.ErrOfferCodec, stream.ErrOfferDirection,
		stream.ErrAtCapacity, stream.ErrStreamConflict, stream.ErrNoStream, stream.ErrSessionExists, stream.ErrSessionUnknown, stream.ErrSessionClosed,
		stream.ErrPeerUnknown, stream.ErrCaptureRunning, stream.ErrCaptureLength} {
		if problemKinds[care.Code(e.Code)].status == 0 {
			t.Errorf("no status for %s", e.Code)
		}
	}
	for code, k := range problemKinds {
		if k.status < 400 || k.title == "" {
			t.Errorf("%s: %+v", code, k)
		}
	}
}
