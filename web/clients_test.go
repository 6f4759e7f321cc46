package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wince/care"
)

const testOrigin = "https://wince.test"

func withOrigin(o *Options) { o.Origin = testOrigin }

// keyPair is what a program signs with and what it sends us.
type keyPair struct {
	secret any
	public jose.JSONWebKey
}

func ecPair(t *testing.T, kid string) keyPair {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{k, jose.JSONWebKey{Key: &k.PublicKey, KeyID: kid, Algorithm: "ES384", Use: "sig"}}
}

func rsaPair(t *testing.T, kid string, bits int) keyPair {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{k, jose.JSONWebKey{Key: &k.PublicKey, KeyID: kid, Use: "sig"}}
}

func keySet(pairs ...keyPair) jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for _, p := range pairs {
		set.Keys = append(set.Keys, p.public)
	}
	return set
}

// smart registers a program that signs with keys.
func (g *rig) smart(name string, scopes []string, sites []string, pairs ...keyPair) care.Client {
	g.Helper()
	var v care.Client
	g.do("POST", "/api/v1/clients", map[string]any{"name": name, "kind": "smart_backend", "scopes": scopes, "sites": sites, "jwks": keySet(pairs...)}).want(201).read(&v)
	return v
}

// apiKey registers a program with an API key and returns the secret.
func (g *rig) apiKey(name string, scopes []string, sites ...string) (care.Client, string) {
	g.Helper()
	if len(sites) == 0 {
		sites = []string{care.DefaultSite}
	}
	var v care.Client
	g.do("POST", "/api/v1/clients", map[string]any{"name": name, "kind": "api_key", "scopes": scopes, "sites": sites}).want(201).read(&v)
	var made struct {
		Key    care.ClientKey
		Secret string
	}
	g.do("POST", "/api/v1/clients/"+v.ID+"/keys", map[string]any{}).want(201).read(&made)
	if !strings.HasPrefix(made.Secret, made.Key.Prefix) || len(made.Secret) < 40 || len(made.Key.Prefix) > 12 {
		g.Fatalf("the key is %+v, the secret has %d characters", made.Key, len(made.Secret))
	}
	return v, made.Secret
}

func TestClients(t *testing.T) {
	g := newRig(t, withOrigin).admin()
	old := ecPair(t, "k1")
	v := g.smart("Care platform", []string{"system/Patient.rs", "system/Observation.read"}, []string{care.DefaultSite}, old)
	if v.Version != 1 || strings.Join(v.Scopes, " ") != "system/Observation.rs system/Patient.rs" || v.CreatedBy == "" || !strings.Contains(string(v.JWKS), `"P-384"`) {
		t.Errorf("got %+v %s", v, v.JWKS)
	}
	at := "/api/v1/clients/" + v.ID
	var list struct{ Clients []care.Client }
	g.do("GET", "/api/v1/clients", nil).want(200).read(&list)
	if len(list.Clients) != 1 || list.Clients[0].ID != v.ID {
		t.Errorf("listed %+v", list)
	}
	if got := g.do("GET", at, nil).want(200).Header.Get("ETag"); got != `"1"` {
		t.Errorf("ETag %s", got)
	}
	g.do("PATCH", at, map[string]any{"name": "X"}).problem(428, codeIfMatch)
	g.do("PATCH", at, map[string]any{"name": "X"}, "If-Match", `"9"`).problem(412, care.Stale)
	g.do("PATCH", at, map[string]any{"jwks": keySet(old, ecPair(t, "k2"))}, "If-Match", `"1"`).want(200).read(&v)
	if v.Version != 2 || v.Name != "Care platform" || strings.Count(string(v.JWKS), `"kid"`) != 2 {
		t.Errorf("got %+v %s", v, v.JWKS)
	}
	g.do("POST", at+"/keys", map[string]any{}).problem(409, care.Conflict)
	g.do("POST", "/api/v1/clients", map[string]any{"name": "care PLATFORM", "kind": "api_key", "scopes": []string{"system/*.rs"}, "all_sites": true}).problem(409, care.Conflict)
	g.do("DELETE", at, nil).problem(428, codeIfMatch)
	g.do("DELETE", at, nil, "If-Match", `"2"`).want(204)
	g.do("GET", at, nil).problem(404, care.NotFound)
	g.do("GET", "/api/v1/clients/"+v.ID+"x", nil).problem(404, care.NotFound)
	g.smart("Care platform", []string{"system/*.rs"}, []string{care.DefaultSite}, old) // the name is free again
	var trail struct{ Events []care.AuditEvent }
	g.do("GET", "/api/v1/audit?entity_id="+v.ID, nil).want(200).read(&trail)
	var did []string
	for _, e := range trail.Events {
		did = append(did, e.Action)
	}
	if got := strings.Join(did, " "); got != "client.add client.change client.remove" {
		t.Errorf("the trail is %s", got)
	}
}

// A client that was sent twice is made once.
func TestClientSentTwice(t *testing.T) {
	g := newRig(t).admin()
	in := map[string]any{"id": care.NewID(), "name": "A", "kind": "api_key", "scopes": []string{"system/Patient.rs"}, "all_sites": true}
	g.do("POST", "/api/v1/clients", in).want(201)
	g.clock.pass(time.Minute)
	g.do("POST", "/api/v1/clients", in).want(200)
	in["name"] = "B"
	g.do("POST", "/api/v1/clients", in).problem(409, care.Conflict)
}

func TestClientsThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	good := ecPair(t, "k")
	private, err := json.Marshal(map[string]any{"keys": []any{jose.JSONWebKey{Key: good.secret, KeyID: "k"}}})
	if err != nil {
		t.Fatal(err)
	}
	small := rsaPair(t, "k", 1024)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var many []keyPair
	for i := range 11 {
		many = append(many, keyPair{nil, jose.JSONWebKey{Key: good.public.Key, KeyID: string(rune('a' + i))}})
	}
	smart := func(more map[string]any) map[string]any {
		in := map[string]any{"name": "A", "kind": "smart_backend", "scopes": []string{"system/Patient.rs"}, "all_sites": true}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	for name, c := range map[string]struct {
		in    map[string]any
		field string
	}{
		"no keys":          {smart(nil), "jwks"},
		"an empty set":     {smart(map[string]any{"jwks": map[string]any{"keys": []any{}}}), "jwks"},
		"no set":           {smart(map[string]any{"jwks": "x"}), "jwks"},
		"a private key":    {smart(map[string]any{"jwks": json.RawMessage(private)}), "jwks"},
		"a shared key":     {smart(map[string]any{"jwks": json.RawMessage(`{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"k"}]}`)}), "jwks"},
		"a small RSA key":  {smart(map[string]any{"jwks": keySet(small)}), "jwks"},
		"another curve":    {smart(map[string]any{"jwks": keySet(keyPair{nil, jose.JSONWebKey{Key: &curve.PublicKey, KeyID: "k"}})}), "jwks"},
		"another alg":      {smart(map[string]any{"jwks": keySet(keyPair{nil, jose.JSONWebKey{Key: good.public.Key, KeyID: "k", Algorithm: "ES256"}})}), "jwks"},
		"to encrypt":       {smart(map[string]any{"jwks": keySet(keyPair{nil, jose.JSONWebKey{Key: good.public.Key, KeyID: "k", Use: "enc"}})}), "jwks"},
		"no kid":           {smart(map[string]any{"jwks": keySet(keyPair{nil, jose.JSONWebKey{Key: good.public.Key}})}), "jwks"},
		"a kid twice":      {smart(map[string]any{"jwks": keySet(good, good)}), "jwks"},
		"too many keys":    {smart(map[string]any{"jwks": keySet(many...)}), "jwks"},
		"no PEM":           {smart(map[string]any{"public_key_pem": "x"}), "jwks"},
		"keys twice":       {smart(map[string]any{"jwks": keySet(good), "public_key_pem": "x"}), "jwks"},
		"an API key's":     {smart(map[string]any{"kind": "api_key", "jwks": keySet(good)}), "jwks"},
		"unknown kind":     {smart(map[string]any{"kind": "magic"}), "kind"},
		"no scopes":        {smart(map[string]any{"jwks": keySet(good), "scopes": []string{}}), "scopes"},
		"a user's scope":   {smart(map[string]any{"jwks": keySet(good), "scopes": []string{"user/Patient.rs"}}), "scopes"},
		"letters jumbled":  {smart(map[string]any{"jwks": keySet(good), "scopes": []string{"system/Patient.sr"}}), "scopes"},
		"with parameters":  {smart(map[string]any{"jwks": keySet(good), "scopes": []string{"system/Observation.rs?category=survey"}}), "scopes"},
		"no sites":         {smart(map[string]any{"jwks": keySet(good), "all_sites": false}), "sites"},
		"all and some":     {smart(map[string]any{"jwks": keySet(good), "sites": []string{care.DefaultSite}}), "sites"},
		"an unknown site":  {smart(map[string]any{"jwks": keySet(good), "all_sites": false, "sites": []string{care.NewID()}}), "site_id"},
		"no name":          {smart(map[string]any{"jwks": keySet(good), "name": " "}), "name"},
		"an odd id":        {smart(map[string]any{"jwks": keySet(good), "id": "platform"}), "id"},
		"a private PEM":    {smart(map[string]any{"public_key_pem": privatePEM(t, good)}), "jwks"},
		"a name of 1 MB":   {smart(map[string]any{"jwks": keySet(good), "name": strings.Repeat("a", 1<<19)}), "name"},
		"a set of 40 KB":   {smart(map[string]any{"jwks": map[string]any{"keys": []any{}, "x": strings.Repeat("a", 40<<10)}}), "jwks"},
		"61 scopes":        {smart(map[string]any{"jwks": keySet(good), "scopes": strings.Fields(strings.Repeat("system/Patient.r ", 61))}), "scopes"},
		"a scope too long": {smart(map[string]any{"jwks": keySet(good), "scopes": []string{"system/" + strings.Repeat("A", 80) + ".r"}}), "scopes"},
	} {
		t.Run(name, func(t *testing.T) {
			h := *g
			h.T = t
			if p := h.do("POST", "/api/v1/clients", c.in).problem(422, care.Invalid); p.Field != c.field {
				t.Errorf("field %q: %s", p.Field, p.Detail)
			}
		})
	}
	var list struct{ Clients []care.Client }
	g.do("GET", "/api/v1/clients", nil).want(200).read(&list)
	if len(list.Clients) != 0 {
		t.Errorf("kept %+v", list)
	}
}

func privatePEM(t *testing.T, p keyPair) string {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(p.secret)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}))
}

func publicPEM(t *testing.T, p keyPair) string {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(p.public.Key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

// An API key is an integration at the addresses that its scopes are about, in its sites, until it expires or is revoked.
func TestAPIKey(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far House"}).want(201).read(&far)
	here := g.resident(care.ConsentGiven)
	var there care.Resident
	g.do("POST", "/api/v1/residents", map[string]any{"name": "Far", "site_id": far.ID}).want(201).read(&there)
	v, secret := g.apiKey("Small platform", []string{"system/Patient.rs"})
	p := g.as(secret)
	var list struct{ Residents []care.Resident }
	p.do("GET", "/api/v1/residents", nil).want(200).read(&list)
	if len(list.Residents) != 1 || list.Residents[0].ID != here.ID {
		t.Errorf("sees %+v", list)
	}
	p.do("GET", "/api/v1/residents/"+here.ID, nil).want(200)
	p.do("GET", "/api/v1/residents/"+there.ID, nil).problem(404, care.NotFound)
	p.do("GET", "/api/v1/assessments", nil).problem(403, care.Forbidden)
	p.do("POST", "/api/v1/residents", map[string]any{"name": "A"}).problem(403, care.Forbidden)
	p.do("GET", "/api/v1/me", nil).problem(403, care.Forbidden)
	p.do("PUT", "/api/v1/me/password", map[string]any{}).problem(403, care.Forbidden)
	p.do("GET", "/api/v1/clients", nil).problem(403, care.Forbidden)
	p.do("POST", "/api/v1/sessions", map[string]any{"practice": true, "condition": "rest"}).problem(403, care.Forbidden)

	// Its reading is in the trail under its name.
	var trail struct{ Events []care.AuditEvent }
	g.do("GET", "/api/v1/audit?entity_id="+here.ID, nil).want(200).read(&trail)
	last := trail.Events[len(trail.Events)-1]
	if last.Action != string(care.ReadResidents) || last.By != v.Actor() {
		t.Errorf("recorded %+v", last)
	}

	var now care.Client
	at := "/api/v1/clients/" + v.ID
	tagOf := func() string { return g.do("GET", at, nil).want(200).read(&now).Header.Get("ETag") }
	tagOf()
	if now.UsedAt == nil || len(now.Keys) != 1 || now.Keys[0].UsedAt == nil || strings.Contains(string(g.do("GET", at, nil).body), secret) {
		t.Errorf("got %+v", now)
	}
	g.do("PATCH", at, map[string]any{"scopes": []string{"system/Patient.cruds"}}, "If-Match", tagOf()).want(200)
	var made care.Resident
	p.do("POST", "/api/v1/residents", map[string]any{"name": "A"}).want(201).read(&made)
	p.do("PUT", "/api/v1/residents/by-external-id/x1", map[string]any{"name": "B"}).want(201)
	p.do("POST", "/api/v1/residents", map[string]any{"name": "A", "site_id": far.ID}).problem(422, care.Invalid)
	p.do("POST", "/api/v1/residents/"+made.ID+"/erase", nil, "If-Match", `"1"`).problem(403, care.Forbidden)

	g.do("PATCH", at, map[string]any{"disabled": true}, "If-Match", tagOf()).want(200)
	p.do("GET", "/api/v1/residents", nil).problem(401, codeSignIn)
	g.do("PATCH", at, map[string]any{"disabled": false}, "If-Match", tagOf()).want(200)
	p.do("GET", "/api/v1/residents", nil).want(200)

	var second struct {
		Key    care.ClientKey
		Secret string
	}
	g.do("POST", at+"/keys", map[string]any{"expires_at": g.clock.now().Add(time.Hour)}).want(201).read(&second)
	q := g.as(second.Secret)
	q.do("GET", "/api/v1/residents", nil).want(200)
	g.do("DELETE", at+"/keys/"+now.Keys[0].ID, nil).want(204)
	p.do("GET", "/api/v1/residents", nil).problem(401, codeSignIn)
	q.do("GET", "/api/v1/residents", nil).want(200)
	g.do("DELETE", at+"/keys/"+care.NewID(), nil).problem(404, care.NotFound)
	g.clock.pass(time.Hour)
	q.do("GET", "/api/v1/residents", nil).problem(401, codeSignIn)
	for name, expires := range map[string]time.Time{"past": g.clock.now(), "far": g.clock.now().Add(3 * 366 * 24 * time.Hour)} {
		if p := g.do("POST", at+"/keys", map[string]any{"expires_at": expires}).problem(422, care.Invalid); p.Field != "expires_at" {
			t.Errorf("%s: field %s", name, p.Field)
		}
	}
}

// A person's token that begins like a program's secret by chance is a person's.
func TestTokenWithAMark(t *testing.T) {
	g := newRig(t).admin()
	u, _ := g.staff(care.RoleNurse, care.ByPassword)
	for _, mark := range []string{apiKeyMark, accessMark} {
		token := mark + newToken()[len(mark):]
		if err := g.store.AddLogin(g.Context(), care.Act{By: u.Actor(), At: g.clock.now(), Request: "test"}, hashToken(token), care.Login{User: u, Method: care.ByPassword}); err != nil {
			t.Fatal(err)
		}
		g.as(token).do("GET", "/api/v1/me", nil).want(200)
	}
	if len(newToken()) != tokenLength {
		t.Errorf("a token has %d characters", len(newToken()))
	}
}
