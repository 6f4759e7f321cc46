package web

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
	"wince/web/fhir"
	"wince/web/hook"
)

// A Subscription is told by the same outbox as webhooks: of what its criteria find, with or without the resource, and of nothing else.
func TestFHIRSubscription(t *testing.T) {
	type call struct{ method, path, auth, body string }
	var mu sync.Mutex
	var calls []call
	end := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call{r.Method, r.URL.Path, r.Header.Get("Authorization"), string(b)})
	}))
	t.Cleanup(end.Close)
	got := func() []call {
		mu.Lock()
		defer mu.Unlock()
		return append([]call{}, calls...)
	}
	g := newRig(t, func(o *Options) {
		o.Webhooks = hook.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: x509.NewCertPool(), Timeout: 5 * time.Second}
		o.Webhooks.Roots.AddCert(end.Certificate())
	}).admin()
	r, other := g.resident(care.ConsentGiven), g.resident(care.ConsentGiven)
	ask := func(criteria, payload string) map[string]any {
		channel := map[string]any{"type": "rest-hook", "endpoint": end.URL + "/fhir", "header": []string{"Authorization: Bearer secret"}}
		if payload != "" {
			channel["payload"] = payload
		}
		return map[string]any{"resourceType": "Subscription", "status": "requested", "reason": "Platform " + care.NewID(), "criteria": criteria, "channel": channel}
	}
	var full, plain fhir.Subscription
	g.do("POST", "/fhir/Subscription", ask("Observation?status=final&code=painad-total&patient=Patient/"+r.ID, fhirContent)).want(201).read(&full)
	g.do("POST", "/fhir/Subscription", ask("Observation?status=preliminary&patient="+r.ID, "")).want(201).read(&plain)
	if full.Status != "active" || len(full.Channel.Header) != 0 {
		t.Errorf("made %+v", full)
	}
	until := g.couriers()
	g.painadOf(other.ID, g.clock.now(), 1)
	a := g.painadOf(r.ID, g.clock.now(), 2)
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
