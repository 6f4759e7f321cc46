package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wince/care"
)

// keyServer is where a program keeps its public keys.
type keyServer struct {
	*httptest.Server
	mu    sync.Mutex
	hits  int
	serve http.HandlerFunc
}

func newKeyServer(t *testing.T) *keyServer {
	t.Helper()
	k := &keyServer{}
	k.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.mu.Lock()
		k.hits++
		do := k.serve
		k.mu.Unlock()
		do(w, r)
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *keyServer) does(do http.HandlerFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.serve = do
}

func (k *keyServer) set(t *testing.T, cache string, pairs ...keyPair) {
	t.Helper()
	body, err := json.Marshal(keySet(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	k.says(cache, string(body))
}

func (k *keyServer) says(cache, body string) {
	k.does(func(w http.ResponseWriter, _ *http.Request) {
		if cache != "" {
			w.Header().Set("Cache-Control", cache)
		}
		_, _ = w.Write([]byte(body))
	})
}

func (k *keyServer) asked() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hits
}

// toKeys allows keys to be fetched from a server of the test.
func toKeys(k *keyServer, networks ...string) func(*Options) {
	return func(o *Options) {
		withOrigin(o)
		reaching(k.Server, networks...)(o)
	}
}

func (g *rig) smartAt(uri string) care.Client {
	g.Helper()
	var v care.Client
	g.do("POST", "/api/v1/clients", map[string]any{"name": "Platform " + care.NewID(), "kind": "smart_backend", "scopes": []string{"system/Patient.rs"}, "all_sites": true,
		"jwks_uri": uri}).want(201).read(&v)
	return v
}

// signIn asks for a token as the client does, with one of its keys.
func (g *rig) signIn(v care.Client, p keyPair) (int, tokenAnswer) {
	g.Helper()
	alg := jose.SignatureAlgorithm(p.public.Algorithm)
	if alg == "" {
		alg = jose.RS384
	}
	return g.askToken(tokenBody(sign(g.T, alg, p.public.KeyID, p.secret, g.claims(v.ID)), "system/Patient.rs"))
}

func (g *rig) wantSignIn(what string, v care.Client, p keyPair, want int) {
	g.Helper()
	g.server.tries = newLockout(g.clock.now) // each by itself
	status, got := g.signIn(v, p)
	if status != want || want != 200 && got.Error != "invalid_client" {
		g.Errorf("%s: %d %+v, want %d", what, status, got, want)
	}
}

// Keys at an address are fetched once and kept; a new one is found within a minute, one that was taken away is gone with the next fetch.
func TestKeysAtAnAddress(t *testing.T) {
	k := newKeyServer(t)
	g := newRig(t, toKeys(k, loopback)).admin()
	first, second, rs := ecPair(t, "k1"), ecPair(t, "k2"), rsaPair(t, "k3", 2048)
	k.set(t, "", first)
	v := g.smartAt(k.URL + "/jwks.json")
	if v.JWKSURI != k.URL+"/jwks.json" || v.JWKS != nil && string(v.JWKS) != "null" || k.asked() != 0 {
		t.Errorf("made %+v, asked %d times", v, k.asked())
	}
	asked := func(want int) {
		t.Helper()
		if n := k.asked(); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	g.wantSignIn("the first key", v, first, 200)
	g.wantSignIn("the first key again", v, first, 200)
	asked(1)

	k.set(t, "", second, rs) // rotation
	g.wantSignIn("a new key within the minute", v, second, 401)
	asked(1)
	g.clock.pass(time.Minute)
	g.wantSignIn("a new key", v, second, 200)
	asked(2)
	g.wantSignIn("another kind of key", v, rs, 200)
	g.wantSignIn("the key that went", v, first, 401)
	g.wantSignIn("a stranger's key of the same name", v, ecPair(t, "k2"), 401)
	asked(2)

	k.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	g.clock.pass(keysFresh)
	g.wantSignIn("while the address fails", v, second, 200)
	g.wantSignIn("while the address fails, once more", v, second, 200)
	asked(3)
	g.clock.pass(keysStale)
	g.wantSignIn("when it failed for long", v, second, 401)
	g.clock.pass(time.Minute)
	k.set(t, "max-age=30", first)
	g.wantSignIn("when it works again", v, first, 200)
	asked(5)
	k.set(t, "no-store", second)
	g.clock.pass(30 * time.Second)
	g.wantSignIn("after the time that the address says", v, first, 401)
	g.wantSignIn("and the key of then", v, second, 200)
	asked(7)
	k.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	g.wantSignIn("what must not be kept is not", v, second, 401)

	// Another address, and keys that are sent instead, count at once.
	other := newKeyServer(t)
	g.server.keySets.rules.Roots.AddCert(other.Certificate())
	other.set(t, "", rs)
	g.do("PATCH", "/api/v1/clients/"+v.ID, map[string]any{"jwks_uri": other.URL}, "If-Match", `"1"`).want(200)
	g.wantSignIn("at another address", v, rs, 200)
	g.do("PATCH", "/api/v1/clients/"+v.ID, map[string]any{"jwks": keySet(first)}, "If-Match", `"2"`).want(200)
	g.wantSignIn("a key of the other address", v, rs, 401)
	g.wantSignIn("a key that was sent", v, first, 200)
}

// Many who ask at once cause one fetch, and one who hangs up does not spoil it for the others.
func TestKeysAreFetchedOnce(t *testing.T) {
	k := newKeyServer(t)
	g := newRig(t, toKeys(k, loopback)).admin()
	key := ecPair(t, "k1")
	k.set(t, "", key)
	v := g.smartAt(k.URL)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if status, got := g.signIn(v, key); status != 200 {
				t.Errorf("%d %+v", status, got)
			}
		})
	}
	wg.Wait()
	if n := k.asked(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	k := newKeyServer(t)
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	key := ecPair(t, "k1")
	g := newRig(t, toKeys(k, loopback), func(o *Options) { o.Webhooks.Timeout = 200 * time.Millisecond }).admin()
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.secret, KeyID: "k1"}}})
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(keySet(key, keyPair{nil, jose.JSONWebKey{Key: key.public.Key, KeyID: "e", Use: "enc"}}, rsaPair(t, "small", 1024)))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(keySet(key, key))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		do   http.HandlerFunc
		want int
	}{
		"among keys for other uses": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(public) }, 200},
		"larger than 64 KB": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.TrimSuffix(string(public), "}") + `,"x":"` + strings.Repeat("a", 64<<10) + `"}`))
		}, 401},
		"without an end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(public); err != nil {
					return
				}
			}
		}, 401},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-end:
			case <-r.Context().Done():
			}
		}, 401},
		"slow in the middle": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(public[:20])
			_ = http.NewResponseController(w).Flush()
			select {
			case <-end:
			case <-r.Context().Done():
			}
		}, 401},
		"elsewhere":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) }, 401},
		"not there":      {http.NotFound, 401},
		"no key set":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, 401},
		"empty":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) }, 401},
		"a private key":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(private) }, 401},
		"two of a name":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(twice) }, 401},
		"nothing for us": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[{"kty":"OKP"}]}`)) }, 401},
	} {
		t.Run(name, func(t *testing.T) {
			h := *g
			h.T = t
			k.does(c.do)
			h.wantSignIn(name, h.smartAt(k.URL), key, c.want)
		})
	}
	// What an administrator cannot register.
	for _, uri := range []string{"", "platform.example/jwks", "http://platform.example/jwks", "https://10.0.0.1/jwks", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/",
		"https://user:pass@platform.example/jwks", "https://platform.example/#x", "file:///etc/passwd", "https://platform.example/" + strings.Repeat("x", 1000)} {
		p := g.do("POST", "/api/v1/clients", map[string]any{"name": "A", "kind": "smart_backend", "scopes": []string{"system/*.rs"}, "all_sites": true, "jwks_uri": uri}).problem(422, care.Invalid)
		if p.Field != "jwks_uri" {
			t.Errorf("%s: field %q", uri, p.Field)
		}
	}
}

// A name may lead into the home's network when it is called: then nothing is asked there.
func TestKeysAtAPrivateAddress(t *testing.T) {
	k := newKeyServer(t)
	g := newRig(t, toKeys(k)).admin()
	key := ecPair(t, "k1")
	k.set(t, "", key)
	g.wantSignIn("a name of this machine", g.smartAt(strings.Replace(k.URL, "127.0.0.1", "localhost", 1)), key, 401)
	if k.asked() != 0 {
		t.Error("the address was reached")
	}
}

// Whatever is served, a set that is taken has public keys only, each with a kid and one of the two algorithms.
func FuzzServedKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-384","kid":"k","x":"dN_pYkJbRbVBsEGbRYkfTKK9QGWKNWPIIZkSn_6HMTCCZ7nnTUlj8Y-mSfGxOkOh","y":"s2yDBA1Yr-GMbTEWm7zX6MfmpFcmwEUkfLKHOnEVDA-uzFfJDmQQ8QkM_FS9O8YA"}]}`), "max-age=60, must-revalidate")
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"r","n":"0vx7","e":"AQAB"},{"kty":"oct","k":"c2VjcmV0","kid":"s"},{"kty":"OKP"}]}`), "no-store")
	f.Add([]byte(`{"keys":[null,1,{}]}`), `max-age="99999999999999999999"`)
	f.Fuzz(func(t *testing.T, body []byte, cache string) {
		keys, err := servedKeys(body)
		if err == nil && len(keys.Keys) == 0 {
			t.Error("an empty set is taken")
		}
		for _, k := range keys.Keys {
			if err == nil && (!k.IsPublic() || !k.Valid() || k.KeyID == "" || k.Algorithm != "RS384" && k.Algorithm != "ES384") {
				t.Errorf("taken: %+v", k)
			}
		}
		if fresh, stale := keepFor([]string{cache}); fresh < 0 || fresh > maxFresh || stale < 0 || stale > keysStale {
			t.Errorf("%q: kept for %v and %v", cache, fresh, stale)
		}
	})
}
