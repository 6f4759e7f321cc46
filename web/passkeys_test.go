package web

import (
	"encoding/json"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"wince/care"
)

// ceremony is what the server answers to a beginning.
type ceremony struct {
	Ceremony string
	Options  json.RawMessage
}

func (g *rig) ceremony(path string) ceremony {
	g.Helper()
	var c ceremony
	g.do("POST", path, map[string]any{}).want(200).read(&c)
	return c
}

var party = virtualwebauthn.RelyingParty{Name: "Wince", ID: "wince.test", Origin: origin}

// key is an authenticator with one credential for a user.
func key(u care.User) (virtualwebauthn.Authenticator, virtualwebauthn.Credential) {
	id := uuid.MustParse(u.ID)
	a := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: id[:]})
	return a, newKey()
}

// newKey is a credential that servers accept: the library leaves out the zeros that a coordinate begins with in one key of 128, which RFC 9053
// (7.1.1) forbids.
func newKey() virtualwebauthn.Credential {
	for {
		if k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.Key.AttestationData()) == wholeKey {
			return k
		}
	}
}

// wholeKey is the length of a COSE key on P-256: a map of five, three small numbers with their labels, and two coordinates of 32 bytes.
const wholeKey = 1 + 2 + 2 + 2 + 2*(1+2+32)

func (g *rig) create(rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator, k virtualwebauthn.Credential) answer {
	g.Helper()
	c := g.ceremony("/api/v1/me/passkeys/options")
	options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
	if err != nil {
		g.Fatal(err)
	}
	return g.do("POST", "/api/v1/me/passkeys", map[string]any{"ceremony": c.Ceremony, "name": "My tablet",
		"credential": json.RawMessage(virtualwebauthn.CreateAttestationResponse(rp, a, k, *options))})
}

func (g *rig) get(rp virtualwebauthn.RelyingParty, a virtualwebauthn.Authenticator, k virtualwebauthn.Credential) map[string]any {
	g.Helper()
	c := g.ceremony("/api/v1/login/passkey/options")
	options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
	if err != nil {
		g.Fatal(err)
	}
	return map[string]any{"ceremony": c.Ceremony, "token": true,
		"credential": json.RawMessage(virtualwebauthn.CreateAssertionResponse(rp, a, k, *options))}
}

func TestPasskey(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Origin = origin }).admin()
	kim, kims := g.hire("Kim Carer", care.RoleCarer)
	me, stranger := g.as(kims), g.as("")
	a, k := key(kim)
	evil := party
	evil.Origin = "https://wince.example"
	me.create(evil, a, k).problem(401, codePasskey)
	var kept care.Passkey
	me.create(party, a, k).want(201).read(&kept)
	me.create(party, a, k).problem(409, care.Conflict)
	a.AddCredential(k)

	in := stranger.get(party, a, k)
	var out struct {
		Token  string
		Method care.LoginMethod
		User   care.User
	}
	stranger.do("POST", "/api/v1/login/passkey", in).want(200).read(&out)
	if out.User.ID != kim.ID || out.Method != care.ByPasskey {
		t.Errorf("got %+v", out)
	}
	g.as(out.Token).do("PUT", "/api/v1/me/pin", map[string]any{"pin": "4711"}).want(204) // as good as a password
	stranger.do("POST", "/api/v1/login/passkey", in).problem(401, codePasskey)           // sent again
	stranger.do("POST", "/api/v1/login/passkey", stranger.get(evil, a, k)).problem(401, codePasskey)
	late := stranger.get(party, a, k)
	g.clock.pass(pendingLife)
	stranger.do("POST", "/api/v1/login/passkey", late).problem(401, codePasskey)

	absent := a
	absent.Options.UserNotVerified = true // whoever holds the tablet, not who owns the key
	stranger.do("POST", "/api/v1/login/passkey", stranger.get(party, absent, k)).problem(401, codePasskey)
	other, strange := key(kim) // a key that nobody registered
	other.AddCredential(strange)
	stranger.do("POST", "/api/v1/login/passkey", stranger.get(party, other, strange)).problem(401, codePasskey)
	_, lees := g.hire("Lee Carer", care.RoleCarer)
	g.as(lees).do("DELETE", "/api/v1/me/passkeys/"+kept.ID, nil).problem(404, care.NotFound)

	var list struct{ Passkeys []care.Passkey }
	me.do("GET", "/api/v1/me/passkeys", nil).want(200).read(&list)
	if len(list.Passkeys) != 1 || list.Passkeys[0].Name != "My tablet" || list.Passkeys[0].UsedAt == nil {
		t.Errorf("got %+v", list)
	}
	me.do("DELETE", "/api/v1/me/passkeys/"+kept.ID, nil).want(204)
	stranger.do("POST", "/api/v1/login/passkey", stranger.get(party, a, k)).problem(401, codePasskey)
	for _, bad := range []any{map[string]any{}, map[string]any{"ceremony": "x", "credential": 1}} {
		stranger.do("POST", "/api/v1/login/passkey", bad).problem(401, codePasskey)
	}
}

// A copy of a passkey betrays itself by a counter that went back.
func TestPasskeyCopied(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Origin = origin }).admin()
	kim, kims := g.hire("Kim Carer", care.RoleCarer)
	a, k := key(kim)
	g.as(kims).create(party, a, k).want(201)
	a.AddCredential(k)
	k.Counter = 7
	g.do("POST", "/api/v1/login/passkey", g.get(party, a, k)).want(200)
	k.Counter = 3
	g.do("POST", "/api/v1/login/passkey", g.get(party, a, k)).problem(401, codePasskey)
}

func TestPasskeysNeedAnOrigin(t *testing.T) {
	g := newRig(t).admin()
	g.do("POST", "/api/v1/login/passkey/options", map[string]any{}).problem(404, codeNoPasskeys)
	g.do("POST", "/api/v1/me/passkeys/options", map[string]any{}).problem(404, codeNoPasskeys)
	if _, err := New(Options{Store: g.store, Live: g.live, Origin: "wince"}); err == nil {
		t.Error("an origin without a host was taken")
	}
}

func TestPendingIsBounded(t *testing.T) {
	c := &clock{}
	p := newPending[int](c.now)
	for i := range 2 * maxPending {
		p.put(i)
	}
	last := p.put(-1)
	if len(p.of) > maxPending {
		t.Errorf("%d waiting", len(p.of))
	}
	if v, ok := p.take(last); !ok || v != -1 {
		t.Error("the newest was lost")
	}
}
