package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wince/care"
	"wince/web/fhir"
)

// restHook is another program's server, to which Subscriptions are told.
type restHook struct {
	*httptest.Server
	mu     sync.Mutex
	got    []hookCall
	status int
}

type hookCall struct{ method, path, auth, id, body string }

func newRestHook(t *testing.T) *restHook {
	t.Helper()
	h := &restHook{status: 200}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, hookCall{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Webhook-Id"), string(b)})
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *restHook) calls() []hookCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

func (h *restHook) answers(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// ask is a Subscription to be made.
func (h *restHook) ask(criteria, payload string) map[string]any {
	channel := map[string]any{"type": "rest-hook", "endpoint": h.URL + "/fhir", "header": []string{"Authorization: Bearer secret"}}
	if payload != "" {
		channel["payload"] = payload
	}
	return map[string]any{"resourceType": "Subscription", "status": "requested", "reason": "Platform " + care.NewID(), "criteria": criteria, "channel": channel}
}

// A Subscription is told by the same outbox as webhooks: of what its criteria find, with or without the resource, and of nothing else.
func TestFHIRSubscription(t *testing.T) {
	end := newRestHook(t)
	got := end.calls
	g := newRig(t, reaching(end.Server, loopback)).admin()
	r, other := g.resident(care.ConsentGiven), g.resident(care.ConsentGiven)
	ask := end.ask
	var full, plain fhir.Subscription
	g.do("POST", "/fhir/Subscription", ask("Observation?status=final&code=painad-total&patient=Patient/"+r.ID, fhirContent)).want(201).read(&full)
	g.do("POST", "/fhir/Subscription", ask("Observation?status=preliminary&patient="+r.ID, "")).want(201).read(&plain)
	if full.Status != "active" || len(full.Channel.Header) != 0 {
		t.Errorf("made %+v", full)
	}
	until := g.couriers()
	g.painadOf(other.ID, g.clock.now(), 1)
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", map[string]any{"resident_id": r.ID, "condition": "rest", "scale": "painad",
		"answers": map[string]int{"breathing": 0, "vocalisation": 1, "face": 2, "body": 0, "consolability": 0}}).want(201).read(&a)
	until("the draft is told", func() bool { return len(got()) == 1 })
	g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", map[string]any{}, etag("1")...).want(200)
	until("both are told", func() bool {
		return len(got()) >= 2 && g.hooked(full.ID).State.Pending == 0 && g.hooked(plain.ID).State.Pending == 0
	})
	if len(got()) != 2 {
		t.Fatalf("%d requests, want one of the draft and one of the result: %+v", len(got()), got())
	}
	for _, c := range got() {
		switch {
		case c.auth != "Bearer secret":
			t.Errorf("the header is %q", c.auth)
		case c.method == http.MethodPut && (c.path != "/fhir/Observation/"+a.ID || !strings.Contains(c.body, `"status":"final"`)):
			t.Errorf("with the resource: %+v", c)
		case c.method == http.MethodPost && (c.path != "/fhir" || c.body != ""):
			t.Errorf("without the resource: %+v", c)
		}
	}
	if ids := g.all("Subscription?status=active"); len(ids) != 2 {
		t.Errorf("found %v", ids)
	}
	g.do("DELETE", "/fhir/Subscription/"+full.ID, nil).want(204)
	g.do("GET", "/fhir/Subscription/"+full.ID, nil).outcome(404, "not-found")
	for name, bad := range map[string]map[string]any{
		"a type that is not told": ask("Task?status=ready", ""), "a parameter that one resource does not answer": ask("Observation?date=ge2026", ""),
		"XML": ask("Patient", "application/fhir+xml"), "no search": ask("", ""), "another resource": {"resourceType": "Patient"},
	} {
		a := g.do("POST", "/fhir/Subscription", bad)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	private := ask("Patient", "")
	private["channel"] = map[string]any{"type": "rest-hook", "endpoint": "https://10.0.0.1/x"}
	g.do("POST", "/fhir/Subscription", private).want(422)
	_, nurse := g.staff(care.RoleNurse, care.ByPassword)
	g.as(nurse).do("POST", "/fhir/Subscription", ask("Patient", "")).outcome(403, "forbidden")
	g.as(nurse).do("GET", "/fhir/Subscription", nil).outcome(403, "forbidden")
}

// A change is told as every resource that the criteria find, each by a request of its own. Where one fails, all come again.
func TestFHIRSubscriptionTellsAll(t *testing.T) {
	end := newRestHook(t)
	g := newRig(t, reaching(end.Server, loopback)).admin()
	var sub fhir.Subscription
	g.do("POST", "/fhir/Subscription", end.ask("Observation?status=preliminary", fhirContent)).want(201).read(&sub)
	a := g.assessment()
	var want []string
	for _, ref := range g.all("Observation?status=preliminary") {
		want = append(want, strings.TrimPrefix(ref, "Observation/"))
	}
	if len(want) < 3 || !slices.Contains(want, a.ID+"-pspi") {
		t.Fatalf("the search finds %v", want)
	}
	end.answers(500)
	until := g.couriers()
	until("it was tried", func() bool { return len(g.log(sub.ID)) == 1 })
	if n := len(end.calls()); n != 1 {
		t.Errorf("%d requests after the first failed", n)
	}
	end.answers(200)
	g.clock.pass(time.Hour)
	until("it is told", func() bool { st := g.hooked(sub.ID).State; return st.Pending == 0 && st.Behind == 0 })
	ids := map[string]string{}
	for _, c := range end.calls()[1:] {
		id := strings.TrimPrefix(c.path, "/fhir/Observation/")
		if ids[id] != "" || !strings.Contains(c.body, `"id":"`+id+`"`) || c.method != http.MethodPut {
			t.Errorf("told %+v", c)
		}
		ids[id] = c.id
	}
	for _, id := range want {
		if ids[id] == "" {
			t.Errorf("%s was not told", id)
		}
	}
	if len(ids) != len(want) || ids[a.ID+"-pspi"] == ids[a.ID+"-au4"] {
		t.Errorf("told %v", ids)
	}
	if first := end.calls()[0]; ids[strings.TrimPrefix(first.path, "/fhir/Observation/")] != first.id {
		t.Errorf("the first attempt had the id %s, later %v", first.id, ids)
	}
	if log := g.log(sub.ID); len(log) != len(want)+1 {
		t.Errorf("%d lines in the log, want %d", len(log), len(want)+1)
	}
}

// A connected program subscribes to what it may see, in its sites, and as long as it may.
func TestFHIRSubscriptionOfAProgram(t *testing.T) {
	end := newRestHook(t)
	g := newRig(t, reaching(end.Server, loopback), withOrigin).admin()
	there := g.post("/sites", map[string]any{"name": "There", "zone": "UTC"}, 201)
	far := g.post("/sites", map[string]any{"name": "Far", "zone": "UTC"}, 201)
	key := ecPair(t, "k")
	v := g.smart("Platform", []string{"system/Subscription.cruds", "system/Patient.rs", "system/Consent.r"}, []string{care.DefaultSite, there.ID}, key)
	_, got := g.askToken(tokenBody(sign(t, jose.ES384, "k", key.secret, g.claims(v.ID)), "system/*.cruds"))
	p := g.as(got.Token)
	var sub fhir.Subscription
	p.do("POST", "/fhir/Subscription", end.ask("Patient", fhirContent)).want(201).read(&sub)
	p.do("POST", "/fhir/Subscription", end.ask("Observation", "")).outcome(403, "forbidden") // no scope at all
	p.do("POST", "/fhir/Subscription", end.ask("Consent", "")).outcome(403, "forbidden")     // reading one is not finding all
	p.do("GET", "/fhir/Subscription/"+sub.ID, nil).want(200)
	p.do("GET", "/api/v1/webhooks", nil).problem(403, care.Forbidden)

	// What others made is not the program's, nor the program's another's.
	var others fhir.Subscription
	g.do("POST", "/fhir/Subscription", end.ask("Patient", "")).want(201).read(&others)
	g.do("DELETE", "/fhir/Subscription/"+others.ID, nil).want(204)
	g.do("POST", "/fhir/Subscription", end.ask("Task", "")).want(422)
	_, second := g.apiKey("Second", []string{"system/*.cruds"})
	_, manager := g.staff(care.RoleManager, care.ByPassword)
	for _, who := range []string{second, manager} {
		g.as(who).do("GET", "/fhir/Subscription/"+sub.ID, nil).outcome(404, "not-found")
		g.as(who).do("DELETE", "/fhir/Subscription/"+sub.ID, nil).outcome(404, "not-found")
		if ids := g.as(who).all("Subscription"); len(ids) != 0 {
			t.Errorf("another sees %v", ids)
		}
	}
	if ids := p.all("Subscription"); !slices.Equal(ids, []string{"Subscription/" + sub.ID}) {
		t.Errorf("the program sees %v", ids)
	}
	if h := g.hooked(sub.ID); h.ClientID != v.ID || h.SiteID != "" {
		t.Errorf("an administrator sees %+v", h)
	}
	g.do("PATCH", "/api/v1/webhooks/"+sub.ID, map[string]any{"site_id": there.ID}, etag("1")...).problem(422, care.Invalid)
	_, reader := g.apiKey("Reader", []string{"system/Patient.rs"})
	g.as(reader).do("POST", "/fhir/Subscription", end.ask("Patient", "")).outcome(403, "forbidden")
	g.as(reader).do("GET", "/fhir/Subscription", nil).outcome(403, "forbidden")

	until := g.couriers()
	settled := func() bool { st := g.hooked(sub.ID).State; return st.Pending == 0 && st.Behind == 0 }
	told := func(what string, want ...string) {
		t.Helper()
		until(what, settled)
		var ids []string
		for _, c := range end.calls() {
			ids = append(ids, strings.TrimPrefix(c.path, "/fhir/Patient/"))
		}
		if slices.Sort(ids); !slices.Equal(ids, want) {
			t.Errorf("%s: told %v, want %v", what, ids, want)
		}
	}
	here := g.resident(care.ConsentGiven)
	in := g.post("/residents", map[string]any{"name": "In", "site_id": there.ID}, 201)
	g.post("/residents", map[string]any{"name": "Out", "site_id": far.ID}, 201)
	told("in its sites", here.ID, in.ID)

	// Disabled it waits; what it may not see any more it is not told.
	at := "/api/v1/clients/" + v.ID
	g.do("PATCH", at, map[string]any{"disabled": true}, etag("1")...).want(200)
	later := g.post("/residents", map[string]any{"name": "Later", "site_id": care.DefaultSite}, 201)
	gone := g.post("/residents", map[string]any{"name": "Gone", "site_id": there.ID}, 201)
	for range 5 {
		until("it looks", func() bool { return true })
	}
	if n := len(end.calls()); n != 2 || g.hooked(sub.ID).State.Behind == 0 {
		t.Errorf("disabled it was told %d times", n)
	}
	g.do("PATCH", at, map[string]any{"disabled": false, "sites": []string{care.DefaultSite}}, etag("2")...).want(200)
	told("enabled, with one site less", here.ID, in.ID, later.ID)
	g.do("PATCH", at, map[string]any{"scopes": []string{"system/Subscription.cruds", "system/Observation.rs"}}, etag("3")...).want(200)
	g.do("PATCH", "/api/v1/residents/"+later.ID, map[string]any{"room": "7"}, etag("1")...).want(200)
	for range 5 {
		until("it looks", func() bool { return true })
	}
	g.do("DELETE", at, nil, etag("4")...).want(204)
	until("it is switched off", func() bool { return g.hooked(sub.ID).Disabled })
	if h := g.hooked(sub.ID); !strings.Contains(h.DisabledReason, "disconnected") || len(end.calls()) != 3 {
		t.Errorf("%+v after %d requests", h, len(end.calls()))
	}
	for _, c := range end.calls() {
		if strings.Contains(c.path, gone.ID) {
			t.Error("told of a site that it may not see any more")
		}
	}
}

// A connected program has a bounded number of Subscriptions.
func TestFHIRSubscriptionsAreBounded(t *testing.T) {
	g := newRig(t).admin()
	_, key := g.apiKey("Platform", []string{"system/*.cruds"})
	p := g.as(key)
	end := &restHook{Server: &httptest.Server{URL: "https://platform.example"}}
	for range maxSubscriptions {
		p.do("POST", "/fhir/Subscription", end.ask("Patient", "")).want(201)
	}
	p.do("POST", "/fhir/Subscription", end.ask("Patient", "")).outcome(422, "too-costly")
}
