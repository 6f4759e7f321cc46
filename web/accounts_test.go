package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

func TestSetUpOnce(t *testing.T) {
	g := newRig(t)
	if !strings.Contains(string(g.do("GET", "/api/v1/setup", nil).want(200).body), "true") {
		t.Error("a fresh server does not say that it wants to be set up")
	}
	old, err := g.server.MakeSetUpLink(t.Context())
	if err != nil || old == "" {
		t.Fatal(err)
	}
	token, err := g.server.MakeSetUpLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := func(token, password string) map[string]string {
		return map[string]string{"token": token, "name": "Ann Bee", "password": password}
	}
	g.do("POST", "/api/v1/setup", in(old, password)).problem(403, care.SetUpToken)
	g.do("POST", "/api/v1/setup", in("", password)).problem(403, care.SetUpToken)
	if p := g.do("POST", "/api/v1/setup", in(token, "short")).problem(422, care.Invalid); p.Field != "password" {
		t.Errorf("field %q", p.Field)
	}
	a := g.do("POST", "/api/v1/setup", in(token, password)).want(201)
	k := a.Cookies()[0]
	if !k.Secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.MaxAge <= 0 {
		t.Errorf("cookie %+v", k)
	}
	if strings.Contains(string(a.body), k.Value) {
		t.Error("the session token stands in the answer's text")
	}
	g.do("GET", "/api/v1/me", nil).want(200)
	g.do("POST", "/api/v1/setup", in(token, password)).problem(409, care.SetUpDone)
	if again, err := g.server.MakeSetUpLink(t.Context()); err != nil || again != "" {
		t.Errorf("another link after set-up: %q %v", again, err)
	}
}

func TestLoginAndLogout(t *testing.T) {
	g := newRig(t).admin()
	g.do("POST", "/api/v1/logout", nil).want(204)
	g.do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
	g.cookie = ""
	g.do("GET", "/api/v1/residents", nil).problem(401, codeSignIn)
	g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": "wrong wrong"}).problem(401, codePassword)
	g.do("POST", "/api/v1/login", map[string]any{"name": "Nobody", "password": password}).problem(401, codePassword)
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{Limit: 1000})
	if err != nil || !slices.ContainsFunc(trail, func(e care.AuditEvent) bool { return e.Action == care.ActLoginFailed && e.EntityID == "" }) {
		t.Errorf("no trace of a wrong name, and so a sooner answer: %+v, %v", trail, err)
	}
	g.do("POST", "/api/v1/login", map[string]any{"name": " ann bee", "password": password}).want(200)
	g.do("GET", "/api/v1/me", nil).want(200)

	g.cookie = ""
	var out struct{ Token string }
	if a := g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": password, "token": true}).want(200).read(&out); len(a.Cookies()) > 0 {
		t.Error("a token and a cookie")
	}
	g.bearer = out.Token
	g.do("GET", "/api/v1/me", nil).want(200)
	g.bearer += "x"
	g.do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
}

func TestLoginExpires(t *testing.T) {
	for name, steps := range map[string][]time.Duration{"idle": {2*time.Hour + time.Second}, "a whole shift": {time.Hour, time.Hour, time.Hour,
		time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour, time.Hour}} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t).admin()
			for i, d := range steps {
				if i > 0 {
					g.do("GET", "/api/v1/me", nil).want(200)
				}
				g.clock.pass(d)
			}
			g.do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
		})
	}
}

func TestLockOut(t *testing.T) {
	g := newRig(t).admin()
	g.cookie = ""
	try := func(password string) answer {
		return g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": password})
	}
	for range freeByName {
		try("wrong wrong").problem(401, codePassword)
	}
	try("wrong wrong").problem(401, codePassword) // starts the first wait
	a := try(password)
	a.problem(429, codeLockedOut)
	wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	g.from = "192.0.2.2:99"
	try(password).problem(429, codeLockedOut) // another address does not help
	g.clock.pass(time.Duration(wait) * time.Second)
	try("wrong wrong").problem(401, codePassword)
	if a := try(password); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == strconv.Itoa(wait) {
		t.Errorf("the second wait is not longer: %d, %s s", a.StatusCode, a.Header.Get("Retry-After"))
	}
	g.clock.pass(longestOut)
	try(password).want(200)
	for range freeByName {
		try("wrong wrong").problem(401, codePassword) // counted afresh
	}
	try(password).want(200)
}

func TestLockOutOfManyAtOnce(t *testing.T) {
	g := newRig(t).admin()
	g.cookie = ""
	var wg sync.WaitGroup
	statuses := make(chan int, 40)
	for range cap(statuses) {
		wg.Go(func() {
			h := *g
			statuses <- h.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": "wrong wrong"}).StatusCode
		})
	}
	wg.Wait()
	close(statuses)
	tried := 0
	for s := range statuses {
		if s == 401 {
			tried++
		}
	}
	if tried > freeByName+1 {
		t.Errorf("%d guesses were tried at once", tried)
	}
}

func TestLockOutByAddress(t *testing.T) {
	g := newRig(t).admin()
	g.cookie = ""
	for i := range freeByAddress + 1 {
		g.do("POST", "/api/v1/login", map[string]any{"name": "guess" + strconv.Itoa(i), "password": password}).problem(401, codePassword)
	}
	g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": password}).problem(429, codeLockedOut)
	g.from = "192.0.2.9:1"
	g.do("POST", "/api/v1/login", map[string]any{"name": "Ann Bee", "password": password}).want(200)
}

func TestLockoutIsBounded(t *testing.T) {
	l := newLockout(time.Now)
	for i := range 3 * maxKeys {
		l.begin(strconv.Itoa(i), 5)
	}
	if len(l.of) > maxKeys {
		t.Errorf("%d keys", len(l.of))
	}
}

func TestLocalTokenOpensPracticeOnly(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	theirs := g.session(map[string]any{"resident_id": r.ID, "condition": "rest"})
	kept := g.assessment()
	g.cookie, g.bearer = "", localToken
	g.do("GET", "/api/v1/residents", nil).problem(403, care.Forbidden)
	g.do("GET", "/api/v1/residents/"+r.ID, nil).problem(403, care.Forbidden)
	g.do("GET", "/api/v1/me", nil).problem(403, care.Forbidden)
	g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": r.ID, "condition": "rest"}).problem(403, care.Forbidden)
	g.do("GET", "/api/v1/sessions/"+theirs.ID, nil).problem(404, care.NotFound)
	g.do("GET", theirs.Events, nil).problem(404, care.NotFound)
	g.do("DELETE", "/api/v1/sessions/"+theirs.ID, nil).problem(404, care.NotFound)
	g.do("GET", "/api/v1/assessments/"+kept.ID, nil).problem(404, care.NotFound)
	g.do("POST", "/api/v1/assessments/"+kept.ID+"/confirm", map[string]any{}, "If-Match", `"1"`).problem(403, care.Forbidden)
	if got := string(g.do("GET", "/api/v1/assessments?practice=false", nil).want(200).body); strings.Contains(got, kept.ID) {
		t.Error("the local token reads care")
	}

	own := g.session(map[string]any{"practice": true, "condition": "rest"})
	g.live.session(own.ID).observe()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": own.ID}).want(201).read(&a)
	if !a.Practice || a.CreatedBy != care.Program {
		t.Errorf("got %+v", a)
	}
	g.do("GET", "/api/v1/assessments/"+a.ID, nil).want(200)
	if got := string(g.do("GET", "/api/v1/assessments", nil).want(200).body); !strings.Contains(got, a.ID) {
		t.Error("the local token does not list its own practice")
	}
}
