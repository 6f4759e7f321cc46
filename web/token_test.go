package web

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"wince/care"
)

// claims are those of a good assertion; change what is to be wrong.
func (g *rig) claims(clientID string) map[string]any {
	now := g.clock.now().Unix()
	return map[string]any{"iss": clientID, "sub": clientID, "aud": testOrigin + tokenPath, "exp": now + 240, "iat": now, "jti": newToken()}
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, kid string, key any, claims map[string]any) string {
	t.Helper()
	opt := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		opt = opt.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opt)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tokenBody(assertion, scope string) string {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}.Encode()
}

const formType = "application/x-www-form-urlencoded"

type tokenAnswer struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string
	Error   string
	Text    string `json:"error_description"`
}

func (g *rig) askToken(body string) (int, tokenAnswer) {
	g.Helper()
	a := g.as("").do("POST", tokenPath, body, "Content-Type", formType)
	var out tokenAnswer
	a.read(&out)
	if a.Header.Get("Cache-Control") != "no-store" {
		g.Error("the answer may be kept by a cache")
	}
	return a.StatusCode, out
}

func TestBackendService(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	r := g.resident(care.ConsentGiven)
	ec, rs := ecPair(t, "ec"), rsaPair(t, "rsa", 2048)
	v := g.smart("Platform", []string{"system/Patient.cruds", "system/Observation.rs"}, []string{care.DefaultSite}, ec, rs)
	var conf map[string]any
	g.as("").do("GET", "/fhir/.well-known/smart-configuration", nil).want(200).read(&conf)
	if conf["token_endpoint"] != testOrigin+tokenPath {
		t.Errorf("the token endpoint is %v", conf["token_endpoint"])
	}
	for _, c := range []struct {
		alg  jose.SignatureAlgorithm
		kid  string
		pair keyPair
	}{{jose.ES384, "ec", ec}, {jose.RS384, "rsa", rs}} {
		status, got := g.askToken(tokenBody(sign(t, c.alg, c.kid, c.pair.secret, g.claims(v.ID)), "system/*.rs"))
		if status != 200 || got.Scope != "system/Observation.rs system/Patient.rs" || got.Expires != 300 || got.Type != "bearer" {
			t.Fatalf("%s: %d %+v", c.alg, status, got)
		}
		p := g.as(got.Token)
		p.do("GET", "/api/v1/residents/"+r.ID, nil).want(200)
		p.do("GET", "/api/v1/assessments", nil).want(200)
		p.do("POST", "/api/v1/residents", map[string]any{"name": "A"}).problem(403, care.Forbidden) // allowed, but not asked for
	}
	// Granted is what was asked for and is allowed, at most for five minutes, and no longer than it is allowed.
	status, got := g.askToken(tokenBody(sign(t, jose.ES384, "ec", ec.secret, g.claims(v.ID)), "system/Patient.cud system/Task.rs"))
	if status != 200 || got.Scope != "system/Patient.cud" {
		t.Fatalf("%d %+v", status, got)
	}
	p := g.as(got.Token)
	p.do("POST", "/api/v1/residents", map[string]any{"name": "A"}).want(201)
	p.do("GET", "/api/v1/residents", nil).problem(403, care.Forbidden)
	g.clock.pass(5 * time.Minute)
	p.do("POST", "/api/v1/residents", map[string]any{"name": "A"}).problem(401, codeSignIn)

	_, got = g.askToken(tokenBody(sign(t, jose.ES384, "ec", ec.secret, g.claims(v.ID)), "system/Patient.rs"))
	p = g.as(got.Token)
	p.do("GET", "/api/v1/residents", nil).want(200)
	g.do("PATCH", "/api/v1/clients/"+v.ID, map[string]any{"jwks": keySet(rs)}, "If-Match", `"1"`).want(200) // rotation: the EC key is gone
	p.do("GET", "/api/v1/residents", nil).problem(401, codeSignIn)
	if status, got = g.askToken(tokenBody(sign(t, jose.ES384, "ec", ec.secret, g.claims(v.ID)), "system/Patient.rs")); status != 401 || got.Error != "invalid_client" {
		t.Errorf("%d %+v", status, got)
	}
	if status, _ = g.askToken(tokenBody(sign(t, jose.RS384, "rsa", rs.secret, g.claims(v.ID)), "system/Patient.rs")); status != 200 {
		t.Errorf("the key that stayed: %d", status)
	}
}

func TestPEMKey(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	pair := rsaPair(t, "", 2048)
	var v care.Client
	g.do("POST", "/api/v1/clients", map[string]any{"name": "A", "kind": "smart_backend", "scopes": []string{"system/Patient.rs"}, "all_sites": true,
		"public_key_pem": publicPEM(t, pair)}).want(201).read(&v)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(v.JWKS, &set); err != nil || len(set.Keys) != 1 || set.Keys[0].KeyID == "" {
		t.Fatalf("kept %s: %v", v.JWKS, err)
	}
	if status, got := g.askToken(tokenBody(sign(t, jose.RS384, set.Keys[0].KeyID, pair.secret, g.claims(v.ID)), "system/Patient.rs")); status != 200 {
		t.Errorf("%d %+v", status, got)
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	ec, rs, strange := ecPair(t, "ec"), rsaPair(t, "rsa", 2048), ecPair(t, "ec")
	v := g.smart("Platform", []string{"system/Patient.rs"}, []string{care.DefaultSite}, ec, rs)
	other := g.smart("Other", []string{"system/Patient.rs"}, []string{care.DefaultSite}, ecPair(t, "ec2"))
	now := g.clock.now().Unix()
	with := func(more map[string]any) map[string]any {
		c := g.claims(v.ID)
		for k, val := range more {
			if c[k] = val; val == nil {
				delete(c, k)
			}
		}
		return c
	}
	good := func(c map[string]any) string {
		return tokenBody(sign(t, jose.ES384, "ec", ec.secret, c), "system/Patient.rs")
	}
	none := "eyJhbGciOiJub25lIiwia2lkIjoiZWMifQ." + strings.Split(sign(t, jose.ES384, "ec", ec.secret, with(nil)), ".")[1] + "."
	hs := sign(t, jose.HS384, "ec", []byte(publicPEM(t, rs)), with(nil)) // the public key taken for a shared one
	broken := sign(t, jose.ES384, "ec", ec.secret, with(nil))
	jku, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: strange.secret},
		(&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", "ec").WithHeader("jku", "https://evil.test/keys"))
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := jwt.Signed(jku).Claims(with(nil)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"alg none":                 {tokenBody(none, "system/Patient.rs"), 401, "invalid_client"},
		"HS384 with a public key":  {tokenBody(hs, "system/Patient.rs"), 401, "invalid_client"},
		"RS256":                    {tokenBody(sign(t, jose.RS256, "rsa", rs.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"RS512":                    {tokenBody(sign(t, jose.RS512, "rsa", rs.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"PS384":                    {tokenBody(sign(t, jose.PS384, "rsa", rs.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"a key of another kind":    {tokenBody(sign(t, jose.ES384, "rsa", ec.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"a key of a stranger":      {tokenBody(sign(t, jose.ES384, "ec", strange.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"a key that it brings":     {tokenBody(embedded, "system/Patient.rs"), 401, "invalid_client"},
		"an unknown kid":           {tokenBody(sign(t, jose.ES384, "zz", ec.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"no kid":                   {tokenBody(sign(t, jose.ES384, "", ec.secret, with(nil)), "system/Patient.rs"), 401, "invalid_client"},
		"another's client id":      {good(with(map[string]any{"iss": other.ID, "sub": other.ID})), 401, "invalid_client"},
		"iss is not sub":           {good(with(map[string]any{"sub": other.ID})), 401, "invalid_client"},
		"no such client":           {good(with(map[string]any{"iss": care.NewID(), "sub": care.NewID()})), 401, "invalid_client"},
		"no iss":                   {good(with(map[string]any{"iss": nil, "sub": nil})), 401, "invalid_client"},
		"another audience":         {good(with(map[string]any{"aud": "https://other.test/oauth/token"})), 401, "invalid_client"},
		"the audience's beginning": {good(with(map[string]any{"aud": testOrigin})), 401, "invalid_client"},
		"two audiences":            {good(with(map[string]any{"aud": []string{testOrigin + tokenPath, "https://other.test"}})), 401, "invalid_client"},
		"no audience":              {good(with(map[string]any{"aud": nil})), 401, "invalid_client"},
		"expired":                  {good(with(map[string]any{"exp": now - 31})), 401, "invalid_client"},
		"valid for an hour":        {good(with(map[string]any{"exp": now + 3600})), 401, "invalid_client"},
		"no exp":                   {good(with(map[string]any{"exp": nil})), 401, "invalid_client"},
		"exp is a word":            {good(with(map[string]any{"exp": "soon"})), 401, "invalid_client"},
		"exp beyond all years":     {good(with(map[string]any{"exp": 1e18})), 401, "invalid_client"},
		"not yet":                  {good(with(map[string]any{"nbf": now + 60})), 401, "invalid_client"},
		"from the future":          {good(with(map[string]any{"iat": now + 60})), 401, "invalid_client"},
		"no jti":                   {good(with(map[string]any{"jti": nil})), 401, "invalid_client"},
		"a long jti":               {good(with(map[string]any{"jti": strings.Repeat("a", 257)})), 401, "invalid_client"},
		"broken":                   {tokenBody(broken[:len(broken)-8]+"AAAAAAAA", "system/Patient.rs"), 401, "invalid_client"},
		"not a JWT":                {tokenBody("x.y", "system/Patient.rs"), 401, "invalid_client"},
		"9 KB":                     {good(with(map[string]any{"x": strings.Repeat("a", 9<<10)})), 400, "invalid_request"},
		"2 MB":                     {"grant_type=" + strings.Repeat("a", 2<<20), 400, "invalid_request"},
		"another grant":            {"grant_type=password&username=a&password=b", 400, "unsupported_grant_type"},
		"no grant":                 {"scope=x", 400, "invalid_request"},
		"a member twice":           {good(with(nil)) + "&scope=system%2F*.rs", 400, "invalid_request"},
		"an API key's way":         {"grant_type=client_credentials&client_id=" + v.ID + "&client_secret=x", 400, "invalid_request"},
		"no assertion":             {tokenBody("", "system/Patient.rs"), 400, "invalid_request"},
		"no scope":                 {tokenBody(sign(t, jose.ES384, "ec", ec.secret, with(nil)), ""), 400, "invalid_scope"},
		"nothing that it may":      {tokenBody(sign(t, jose.ES384, "ec", ec.secret, with(nil)), "system/Observation.rs"), 400, "invalid_scope"},
		"a user's scope":           {tokenBody(sign(t, jose.ES384, "ec", ec.secret, with(nil)), "openid user/*.rs"), 400, "invalid_scope"},
		"another client_id":        {good(with(nil)) + "&client_id=" + other.ID, 401, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			h := *g
			h.T, h.from = t, "192.0.2.7:1"
			g.server.tries = newLockout(g.clock.now) // each by itself
			status, got := h.askToken(c.body)
			if status != c.status || got.Error != c.code || got.Text == "" || got.Token != "" {
				t.Errorf("%d %+v", status, got)
			}
			if strings.ContainsAny(got.Text, `"\`) {
				t.Errorf("RFC 6749 does not allow such a description: %s", got.Text)
			}
		})
	}
	g.do("POST", tokenPath, good(with(nil)), "Content-Type", "application/json").want(400)
	g.do("PATCH", "/api/v1/clients/"+v.ID, map[string]any{"disabled": true}, "If-Match", `"1"`).want(200)
	g.server.tries = newLockout(g.clock.now)
	if status, _ := g.askToken(good(with(nil))); status != 401 {
		t.Errorf("disabled: %d", status)
	}
	var trail struct{ Events []care.AuditEvent }
	g.do("GET", "/api/v1/audit?entity_id="+v.ID, nil).want(200).read(&trail)
	why := map[string]bool{}
	for _, e := range trail.Events {
		if e.Action == care.ActClientRefused {
			var d struct{ Why string }
			if err := json.Unmarshal(e.Detail, &d); err != nil {
				t.Fatal(err)
			}
			why[d.Why] = true
		}
		if e.Action == care.ActClientToken {
			t.Error("a token was granted")
		}
	}
	for _, w := range []string{"signature", "audience", "expired", "too_long", "disabled", "jti", "client_id"} {
		if !why[w] {
			t.Errorf("the trail does not say %s: %v", w, why)
		}
	}
}

// An assertion counts once: also among many at a time, and after the server has been started again.
func TestAssertionCountsOnce(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	ec := ecPair(t, "ec")
	v := g.smart("Platform", []string{"system/Patient.rs"}, []string{care.DefaultSite}, ec)
	body := tokenBody(sign(t, jose.ES384, "ec", ec.secret, g.claims(v.ID)), "system/Patient.rs")
	var wg sync.WaitGroup
	codes := make(chan int, 8)
	for range cap(codes) {
		wg.Go(func() {
			status, _ := g.askToken(body)
			codes <- status
		})
	}
	wg.Wait()
	close(codes)
	granted := 0
	for status := range codes {
		if status == 200 {
			granted++
		} else if status != 401 {
			t.Errorf("status %d", status)
		}
	}
	if granted != 1 {
		t.Errorf("%d tokens for one assertion", granted)
	}
	again, err := New(g.server.opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	h := *g
	h.server = again
	if status, got := h.askToken(body); status != 401 || got.Error != "invalid_client" {
		t.Errorf("after a restart: %d %+v", status, got)
	}
}

func TestTokenGuessesMustWait(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	ec := ecPair(t, "ec")
	v := g.smart("Platform", []string{"system/Patient.rs"}, []string{care.DefaultSite}, ec)
	for range freeByAddress + 1 {
		if status, _ := g.askToken(tokenBody("x", "system/Patient.rs")); status != 401 {
			t.Fatalf("status %d", status)
		}
	}
	body := tokenBody(sign(t, jose.ES384, "ec", ec.secret, g.claims(v.ID)), "system/Patient.rs")
	a := g.as("").do("POST", tokenPath, body, "Content-Type", formType).want(429)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h := *g
	h.from = "192.0.2.99:1" // others are not held up
	if status, got := h.askToken(body); status != 200 {
		t.Errorf("%d %+v", status, got)
	}
}

func TestNoSMARTWithoutAnOrigin(t *testing.T) {
	g := newRig(t).admin()
	g.do("GET", "/fhir/.well-known/smart-configuration", nil).problem(404, codeNoSMART)
	g.do("POST", tokenPath, tokenBody("x.y.z", "system/*.rs"), "Content-Type", formType).problem(404, codeNoSMART)
}

// Assertions that another library than ours made (testdata/assertions.json says which): good ones are taken.
func TestForeignAssertions(t *testing.T) {
	text, err := os.ReadFile("testdata/assertions.json")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct {
		ClientID   string          `json:"client_id"`
		At         time.Time       `json:"at"`
		JWKS       json.RawMessage `json:"jwks"`
		Assertions map[string]string
	}
	if err := json.Unmarshal(text, &pinned); err != nil {
		t.Fatal(err)
	}
	g := newRig(t, withOrigin).admin()
	g.clock.pass(pinned.At.Sub(g.clock.now()))
	_, token := g.staff(care.RoleAdmin, care.ByPassword)
	g = g.as(token)
	g.do("POST", "/api/v1/clients", map[string]any{"id": pinned.ClientID, "name": "Foreign", "kind": "smart_backend", "scopes": []string{"system/*.rs"},
		"all_sites": true, "jwks": pinned.JWKS}).want(201)
	for name, want := range map[string]int{"RS384": 200, "ES384": 200, "RS256": 401, "ES384 for another server": 401, "none": 401} {
		assertion, ok := pinned.Assertions[name]
		if !ok {
			t.Fatalf("testdata/assertions.json has no %s", name)
		}
		if status, got := g.askToken(tokenBody(assertion, "system/*.rs")); status != want {
			t.Errorf("%s: %d %+v", name, status, got)
		}
	}
}
