package web

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"wince/care"
)

var update = flag.Bool("update", false, "write docs/permissions.md and openapi.json anew from what the server does")

// staff adds a user of a role who works in a site and signs them in; the token goes into the Authorization header.
func (g *rig) staff(role care.Role, by care.LoginMethod, sites ...string) (care.User, string) {
	g.Helper()
	if len(sites) == 0 {
		sites = []string{care.DefaultSite}
	}
	u := care.User{ID: care.NewID(), Role: role, Sites: sites, CreatedAt: care.Stamp(g.clock.now()), Version: 1}
	u.Name = string(role) + " " + u.ID
	act := care.Act{By: server, At: g.clock.now(), Request: "test"}
	if err := g.store.AddUser(g.Context(), act, &u, nil); err != nil {
		g.Fatal(err)
	}
	return u, g.token(u, by)
}

func (g *rig) token(u care.User, by care.LoginMethod) string {
	g.Helper()
	token := newToken()
	if err := g.store.AddLogin(g.Context(), care.Act{By: u.Actor(), At: g.clock.now(), Request: "test"}, hashToken(token), care.Login{User: u, Method: by}); err != nil {
		g.Fatal(err)
	}
	return token
}

// as returns the rig with another's token in its hand.
func (g *rig) as(token string) *rig {
	h := *g
	h.cookie, h.bearer = "", token
	return &h
}

// addressOf fills a route's parameters in.
func addressOf(r route, id string) string {
	return "/api/v1" + strings.NewReplacer(":id", id, ":peer", "x").Replace(r.path)
}

// ask sends the emptiest request that a route may get and says whether whoever asks was let in.
func (g *rig) ask(r route, id string) (answer, bool) {
	g.Helper()
	var body any
	if r.method != "GET" && r.method != "OPTIONS" {
		body = map[string]any{}
	}
	if r.method == "POST" && r.path == "/assessments" {
		body = map[string]any{"session_id": id} // without a session it is not the camera's, and no program's
	}
	a := g.do(r.method, addressOf(r, id), body, "If-Match", `"1"`)
	var p problem
	if a.StatusCode >= 400 {
		a.read(&p)
	}
	return a, p.Code != codeSignIn && p.Code != care.Forbidden && p.Code != care.PasswordNeeded
}

// TestPermissions asks at each address as each role and compares what the server does with docs/permissions.md, which people
// read. With -update it writes that page.
func TestPermissions(t *testing.T) {
	g := newRig(t).admin()
	for range maxListeners { // a stream of changes would not end by itself; who is let in hears that there is no room
		g.server.listeners <- struct{}{}
	}
	roles := []care.Role{care.RoleCarer, care.RoleNurse, care.RoleManager, care.RoleAdmin, care.RoleIntegration}
	users := map[care.Role]care.User{}
	for _, role := range roles {
		users[role], _ = g.staff(role, care.ByPassword)
	}
	var page bytes.Buffer
	page.WriteString(permissionHead)
	for _, r := range g.server.table() {
		cells := []string{"`" + r.method + " " + r.path + "`"}
		cell := func(strong, weak bool) {
			switch {
			case strong && weak:
				cells = append(cells, "yes")
			case strong:
				cells = append(cells, "no PIN")
			case weak:
				t.Errorf("%s %s: a PIN opens what a password does not", r.method, r.path)
				fallthrough
			default:
				cells = append(cells, "")
			}
		}
		_, in := g.as("").ask(r, "x")
		cell(in, in)
		_, in = g.as(localToken).ask(r, "x")
		cell(in, in)
		for _, role := range roles {
			_, strong := g.as(g.token(users[role], care.ByPassword)).ask(r, "x")
			_, weak := g.as(g.token(users[role], care.ByPIN)).ask(r, "x")
			cell(strong, weak)
		}
		fmt.Fprintf(&page, "| %s |\n", strings.Join(cells, " | "))
	}
	page.WriteString(permissionFHIR)
	for _, r := range g.server.fhirRoutes() {
		cells := []string{"`" + r.method + " /fhir" + r.path + "`"}
		for _, token := range []string{"", localToken} {
			cells = append(cells, yes(g.as(token).askFHIR(r)))
		}
		for _, role := range roles {
			strong, weak := g.as(g.token(users[role], care.ByPassword)).askFHIR(r), g.as(g.token(users[role], care.ByPIN)).askFHIR(r)
			if strong && !weak {
				cells = append(cells, "no PIN")
			} else {
				cells = append(cells, yes(weak))
			}
		}
		fmt.Fprintf(&page, "| %s |\n", strings.Join(cells, " | "))
	}
	const path = "../docs/permissions.md"
	want := kept(t, path, page.Bytes())
	got := strings.Split(page.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("docs/permissions.md says\n%s\nthe server does\n%s\nIf that is meant: go test ./web -run TestPermissions -update", line, strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""))
		}
	}
	if len(got) != len(strings.Split(string(want), "\n")) {
		t.Error("docs/permissions.md lacks addresses: go test ./web -run TestPermissions -update")
	}
}

// kept returns what a generated file holds. With -update that is what it should hold, which is written first.
func kept(t *testing.T, path string, should []byte) []byte {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, should, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func yes(in bool) string {
	if in {
		return "yes"
	}
	return ""
}

// askFHIR sends the emptiest request that an address of FHIR may get and says whether whoever asks was let in.
func (g *rig) askFHIR(r fhirRoute) bool {
	g.Helper()
	var body any
	headers := []string{"If-Match", `W/"1"`}
	switch {
	case strings.HasSuffix(r.path, "/_search"):
		body, headers = "_count=0", append(headers, "Content-Type", "application/x-www-form-urlencoded")
	case r.method != http.MethodGet:
		body = map[string]any{}
	}
	a := g.do(r.method, "/fhir"+strings.NewReplacer(":id", "x", ":version", "1").Replace(r.path), body, headers...)
	return a.StatusCode != http.StatusUnauthorized && a.StatusCode != http.StatusForbidden
}

const permissionFHIR = `
## FHIR

The same for the resources under ` + "`/fhir`" + `. Practice is never told there, so that the local token opens nothing.

| address | nobody | local token | carer | nurse | manager | admin | integration |
|---|---|---|---|---|---|---|---|
`

const permissionHead = `# Who may do what

Each address under ` + "`/api/v1`" + ` and who is let in: *nobody* is somebody who has not signed in, *local token* a program on the server's
machine. "no PIN" asks for a sign-in by password, passkey or the home's identity provider. A test asks the server at each address
as each role and compares the answers with this page.

People see records of their own sites only; administrators see all sites. Managers change carers, nurses and managers of their
own sites. The local token opens practice and sees its own.

| address | nobody | local token | carer | nurse | manager | admin | integration |
|---|---|---|---|---|---|---|---|
`

// Nothing is reachable that the table does not name.
func TestRouterHasNoOtherAddresses(t *testing.T) {
	g := newRig(t)
	open := []string{"GET /", "GET /api/docs", "GET /api/docs.css", "GET /assets/*file", "GET /favicon.svg", "GET /healthz", "GET /icons/*file", "GET /manifest.webmanifest", "GET /readyz", "GET /sw.js", "POST /oauth/token", "GET /fhir/.well-known/smart-configuration",
		"GET /fhir/$export", "POST /fhir/$export", "GET /fhir/Patient/$export", "POST /fhir/Patient/$export",
		"GET /fhir/$export-status/:id", "DELETE /fhir/$export-status/:id", "GET /fhir/$export-file/:id/:name"}
	var want, got []string
	want = append(want, open...)
	for _, r := range g.server.table() {
		want = append(want, r.method+" /api/v1"+r.path)
	}
	for _, r := range g.server.fhirRoutes() {
		want = append(want, r.method+" /fhir"+r.path)
	}
	for _, r := range g.server.engine.Routes() {
		got = append(got, r.Method+" "+r.Path)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("routed: %v\nin the table: %v", got, want)
	}
}

// A record of another site is as if it did not exist, at each address that takes an id.
func TestSitesAreSeparate(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far House", "zone": "Europe/Berlin"}).want(201).read(&far)
	_, theirs := g.staff(care.RoleManager, care.ByPassword, far.ID)
	there := g.as(theirs)
	r := there.resident(care.ConsentGiven)
	if r.SiteID != far.ID {
		t.Fatalf("the resident lives in %q", r.SiteID)
	}
	v := there.session(map[string]any{"resident_id": r.ID, "condition": "rest"})
	there.live.session(v.ID).observe()
	var a care.Assessment
	there.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).want(201).read(&a)
	var made struct{ User care.User }
	there.do("POST", "/api/v1/users", map[string]any{"name": "Far Carer", "role": "carer"}).want(201).read(&made)
	var dev struct{ Device care.Device }
	there.do("POST", "/api/v1/devices", map[string]any{"name": "Far tablet", "token": true}).want(201).read(&dev)
	ids := map[string]string{"residents": r.ID, "sessions": v.ID, "assessments": a.ID, "users": made.User.ID, "devices": dev.Device.ID, "sites": far.ID}

	for _, role := range []care.Role{care.RoleManager, care.RoleNurse, care.RoleIntegration} {
		_, token := g.staff(role, care.ByPassword)
		here := g.as(token)
		for _, x := range g.server.table() {
			kind, rest, _ := strings.Cut(strings.TrimPrefix(x.path, "/"), "/")
			id := ids[kind]
			if id == "" || x.method == "OPTIONS" { // which says the same of any id
				continue
			}
			if strings.HasPrefix(rest, ":id") {
				a, _ := here.ask(x, id)
				if a.StatusCode < 400 || (x.method == "GET" && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusForbidden) {
					t.Errorf("%s at home: %s %s of another site: %d %s", role, x.method, x.path, a.StatusCode, a.body)
				}
			} else if a, _ := here.ask(x, ""); x.method == "GET" && strings.Contains(string(a.body), id) {
				t.Errorf("%s at home: %s lists another site's", role, x.path)
			}
		}
	}
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	here := g.as(token)
	here.do("POST", "/api/v1/sessions", map[string]any{"resident_id": r.ID, "condition": "rest"}).problem(404, care.NotFound)
	here.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).problem(404, care.NotFound)
	here.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", map[string]any{}, "If-Match", `"1"`).problem(404, care.NotFound)
	here.do("POST", "/api/v1/residents", map[string]any{"name": "A", "site_id": far.ID}).problem(422, care.Invalid)
	if got := string(here.do("GET", "/api/v1/assessments?resident_id="+r.ID, nil).want(200).body); strings.Contains(got, a.ID) {
		t.Error("a query by resident reaches into another site")
	}
	g.do("GET", "/api/v1/residents/"+r.ID, nil).want(200) // the administrator's
}
