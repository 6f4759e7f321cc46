package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"wince/care"
)

const origin = "https://wince.test"

// identityProvider runs a real OpenID Connect provider with two people: "test-user@localhost" and "test-user2", both with the
// password "verysecure". Its sign-in page is the least that it asks for.
func identityProvider(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	storage.RegisterClients(storage.WebClient("wince", "secret", origin+callbackPath))
	kept := storage.NewStorage(storage.NewUserStore(s.URL))
	p, err := op.NewProvider(&op.Config{CryptoKey: sha256.Sum256([]byte("test")), CodeMethodS256: true}, kept, op.StaticIssuer(s.URL),
		op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	back := op.AuthCallbackURL(p)
	mux.Handle("POST /login/username", op.NewIssuerInterceptor(p.IssuerFromRequest).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("authRequestID")
		if err := kept.CheckUsernamePassword(r.FormValue("username"), r.FormValue("password"), id); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, back(r.Context(), id), http.StatusFound)
	}))
	mux.Handle("/", p)
	return s
}

// way is one browser's way to the provider and back.
type way struct {
	cookie string
	back   string // where the provider sends it, path and query
}

// toProvider goes to the provider as a browser does and signs in there, perhaps after somebody meddled with the address.
func (g *rig) toProvider(username string, meddle ...func(url.Values)) way {
	g.Helper()
	a := g.as("").do("GET", "/api/v1/login/provider", nil).want(302)
	k := a.Cookies()[0]
	if k.Name != wayCookie || !k.HttpOnly || !k.Secure || k.SameSite != http.SameSiteLaxMode {
		g.Errorf("cookie %+v", k)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.Fatal(err)
	}
	here := false
	browser := http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if here = r.URL.Host == "wince.test" || r.URL.Path == "/login/username"; here {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	follow := func(method, to string, form url.Values) *url.URL {
		g.Helper()
		req, err := http.NewRequestWithContext(g.Context(), method, to, strings.NewReader(form.Encode()))
		if err != nil {
			g.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r, err := browser.Do(req)
		if err != nil {
			g.Fatal(err)
		}
		defer r.Body.Close()
		at, err := r.Location()
		if err != nil {
			body, _ := io.ReadAll(r.Body)
			g.Fatalf("the provider answers %d %s", r.StatusCode, body)
		}
		return at
	}
	out := mustParse(g.T, a.Header.Get("Location"))
	q := out.Query()
	for _, m := range meddle {
		m(q)
	}
	out.RawQuery = q.Encode()
	page := follow(http.MethodGet, out.String(), nil)
	at := follow(http.MethodPost, page.String(), url.Values{"username": {username}, "password": {"verysecure"}})
	if at.Host != "wince.test" {
		g.Fatalf("the provider leads to %s", at)
	}
	return way{k.Value, at.RequestURI()}
}

func (g *rig) fromProvider(w way, path string) answer {
	g.Helper()
	return g.as("").do("GET", path, nil, "Cookie", wayCookie+"="+w.cookie, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
}

func withProvider(p Provider) func(*Options) {
	return func(o *Options) { o.Origin, o.Provider = origin, &p }
}

func TestProvider(t *testing.T) {
	s := identityProvider(t)
	g := newRig(t, withProvider(Provider{Issuer: s.URL, ClientID: "wince", ClientSecret: "secret"})).admin()
	w := g.toProvider("test-user2")
	p := g.fromProvider(w, w.back).problem(403, codeNoAccount)
	if !strings.Contains(p.Detail, "id2") {
		t.Errorf("the sentence does not say what to add: %s", p.Detail)
	}
	// A browser is led to the page, which has its own words for it.
	w = g.toProvider("test-user2")
	led := g.as("").do("GET", w.back, nil, "Cookie", wayCookie+"="+w.cookie, "Accept", "text/html,*/*;q=0.8").want(303)
	if at := led.Header.Get("Location"); at != "/#/?problem=no_account" {
		t.Errorf("led to %s", at)
	}
	if k := led.Cookies(); len(k) != 1 || k[0].MaxAge >= 0 {
		t.Errorf("cookies %+v", k)
	}
	var made invited
	g.do("POST", "/api/v1/users", map[string]any{"name": "Kim Carer", "role": "carer", "subject": "id2"}).want(201).read(&made)
	if made.Invitation != nil {
		t.Error("somebody with an account at the provider is invited to choose a password")
	}
	g.do("POST", "/api/v1/users", map[string]any{"name": "Twin", "role": "carer", "subject": "id2"}).problem(409, care.Conflict)

	w = g.toProvider("test-user2")
	a := g.fromProvider(w, w.back).want(303)
	if a.Header.Get("Location") != "/" {
		t.Errorf("leads to %q", a.Header.Get("Location"))
	}
	var token string
	for _, k := range a.Cookies() {
		if k.Name == cookieName {
			token = k.Value
		}
	}
	var me struct {
		User   care.User
		Method care.LoginMethod
	}
	g.as(token).do("GET", "/api/v1/me", nil).want(200).read(&me)
	if me.User.ID != made.User.ID || me.Method != care.ByProvider {
		t.Errorf("signed in %+v", me)
	}
	g.fromProvider(w, w.back).problem(401, codeProviderSaid) // once only

	// What an attacker may try: another browser, another's code, a state that was made up, a refusal.
	mine, theirs := g.toProvider("test-user2"), g.toProvider("test-user2")
	g.fromProvider(way{cookie: ""}, mine.back).problem(401, codeProviderSaid)
	g.fromProvider(theirs, mine.back).problem(401, codeProviderSaid)
	theirs = g.toProvider("test-user2")
	u, v := mustParse(t, mine.back), mustParse(t, theirs.back)
	q := v.Query()
	q.Set("state", u.Query().Get("state"))
	g.fromProvider(mine, callbackPath+"?"+q.Encode()).problem(401, codeProviderSaid) // another's code, injected
	w = g.toProvider("test-user2", func(q url.Values) { q.Set("state", "made up") })
	g.fromProvider(w, w.back).problem(401, codeProviderSaid)
	w = g.toProvider("test-user2", func(q url.Values) { q.Set("nonce", "made up") })
	g.fromProvider(w, w.back).problem(401, codeProviderSaid)
	w = g.toProvider("test-user2")
	g.fromProvider(w, callbackPath+"?error=access_denied&state="+mustParse(t, w.back).Query().Get("state")).problem(401, codeProviderSaid)
	w = g.toProvider("test-user2")
	g.clock.pass(pendingLife)
	g.fromProvider(w, w.back).problem(401, codeProviderSaid)

	etag := g.do("GET", "/api/v1/users/"+made.User.ID, nil).Header.Get("ETag")
	g.do("PATCH", "/api/v1/users/"+made.User.ID, map[string]any{"disabled": true}, "If-Match", etag).want(200)
	w = g.toProvider("test-user2")
	g.fromProvider(w, w.back).problem(403, care.Disabled)
}

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// The home chooses what it knows its staff by; the provider tells it with the user info.
func TestProviderClaim(t *testing.T) {
	s := identityProvider(t)
	for claim, subject := range map[string]string{"preferred_username": "test-user2", "email": "test-user2@zitadel.ch"} {
		g := newRig(t, withProvider(Provider{Issuer: s.URL, ClientID: "wince", ClientSecret: "secret", Claim: claim})).admin()
		kim, _ := g.hire("Kim Carer", care.RoleCarer)
		g.do("PUT", "/api/v1/users/"+kim.ID+"/identity", map[string]any{"subject": subject}).want(204)
		w := g.toProvider("test-user2")
		g.fromProvider(w, w.back).want(303)
		g.do("PUT", "/api/v1/users/"+kim.ID+"/identity", map[string]any{"subject": ""}).want(204)
		w = g.toProvider("test-user2")
		g.fromProvider(w, w.back).problem(403, codeNoAccount)
	}
	g := newRig(t, withProvider(Provider{Issuer: s.URL, ClientID: "wince", ClientSecret: "secret", Claim: "staff_number"}))
	w := g.toProvider("test-user2")
	g.fromProvider(w, w.back).problem(401, codeProviderSaid)
}

func TestProviderAway(t *testing.T) {
	newRig(t).do("GET", "/api/v1/login/provider", nil).problem(404, codeNoProvider)
	asked, back := 0, false
	real := identityProvider(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; back {
			http.Redirect(w, r, real.URL+r.URL.Path, http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	g := newRig(t, withProvider(Provider{Issuer: real.URL, ClientID: "wince", ClientSecret: "secret",
		Client: &http.Client{Transport: via(s.URL)}}))
	g.do("GET", "/api/v1/login/provider", nil).problem(502, codeProvider)
	g.do("GET", "/api/v1/login/provider", nil).problem(502, codeProvider)
	if asked != 1 {
		t.Errorf("a provider that does not answer was asked %d times at once", asked)
	}
	back = true
	g.clock.pass(askAgain)
	g.do("GET", "/api/v1/login/provider", nil).want(302)
	s = real
	g = newRig(t, withProvider(Provider{Issuer: s.URL, ClientID: "wince", ClientSecret: "wrong"}))
	w := g.toProvider("test-user2")
	g.fromProvider(w, w.back).problem(401, codeProviderSaid)
	if _, err := New(Options{Store: g.store, Live: g.live, Provider: &Provider{}}); err == nil {
		t.Error("a provider without a way back")
	}
}

// via sends the first request of each exchange to a server of the test.
type via string

func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Response == nil { // not what a redirect led to
		u, err := url.Parse(string(v))
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Host = u.Host
	}
	return http.DefaultTransport.RoundTrip(r)
}

// The provider is found once; the request that found it may have ended.
func TestProviderOutlivesTheRequest(t *testing.T) {
	s := identityProvider(t)
	o := newSignOn(Provider{Issuer: s.URL, ClientID: "wince"}, origin, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := o.provider(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	p, _, err := o.provider(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A token in good form that nobody signed makes the verifier ask for the provider's keys.
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	forged := part(`{"alg":"RS256","kid":"x"}`) + "." + part(`{"iss":"`+s.URL+`","aud":"wince","sub":"id2","exp":9999999999}`) + "." + part("signature")
	if _, err := p.Verifier(&oidc.Config{ClientID: "wince"}).Verify(t.Context(), forged); err == nil || !strings.Contains(err.Error(), "failed to verify") ||
		strings.Contains(err.Error(), "canceled") {
		t.Errorf("got %v", err)
	}
}
