package store

import (
	"reflect"
	"testing"
	"time"

	"wince/care"
)

func newClient(kind care.ClientKind, name string) *care.Client {
	v := &care.Client{ID: care.NewID(), Name: name, Kind: kind, Sites: []string{care.DefaultSite}, Scopes: []string{"system/Patient.rs"}, Keys: []care.ClientKey{},
		CreatedAt: noon, CreatedBy: ann.ID, Version: 1}
	if kind == care.SMARTClient {
		v.JWKS = []byte(`{"keys":[]}`)
	}
	return v
}

func testClients(t *testing.T, s *Store) {
	v, w := newClient(care.SMARTClient, "Platform"), newClient(care.KeyClient, "another")
	w.AllSites, w.Sites = true, []string{}
	must(t, s.AddClient(t.Context(), act(), v))
	must(t, s.AddClient(t.Context(), act(), w))
	wantCode(t, s.AddClient(t.Context(), act(), newClient(care.KeyClient, "PLATFORM")), care.Conflict)
	far := newClient(care.KeyClient, "Far")
	far.Sites = []string{care.NewID()}
	wantCode(t, s.AddClient(t.Context(), act(), far), care.Invalid)
	list, err := s.Clients(t.Context())
	must(t, err)
	if want := []care.Client{*w, *v}; !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v, want %+v", list, want)
	}
	edit := func(c *care.Client) error { c.Name, c.Scopes = "New name", []string{"system/Task.r"}; return nil }
	_, err = s.ChangeClient(t.Context(), act(), v.ID, 7, edit)
	wantCode(t, err, care.Stale)
	got, err := s.ChangeClient(t.Context(), act(), v.ID, 1, edit)
	must(t, err)
	again, err := s.Client(t.Context(), v.ID)
	must(t, err)
	if !reflect.DeepEqual(got, again) || got.Version != 2 || got.Name != "New name" {
		t.Errorf("got %+v, then %+v", got, again)
	}
	wantCode(t, s.RemoveClient(t.Context(), act(), v.ID, 1), care.Stale)
	must(t, s.RemoveClient(t.Context(), act(), v.ID, 2))
	_, err = s.Client(t.Context(), v.ID)
	wantCode(t, err, care.NotFound)
	must(t, s.AddClient(t.Context(), act(), newClient(care.SMARTClient, "new NAME"))) // free again
	wantTrail(t, s, v.ID, care.ActClientAdd, care.ActClientChange, care.ActClientRemove)
}

func testClientKeys(t *testing.T, s *Store) {
	v := newClient(care.KeyClient, "Platform")
	must(t, s.AddClient(t.Context(), act(), v))
	k := &care.ClientKey{ID: care.NewID(), Prefix: "wk_abc", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	_, err := s.AddClientKey(t.Context(), act(), v.ID, k, "hash")
	must(t, err)
	a, err := s.ClientByKey(t.Context(), "hash", noon)
	must(t, err)
	if a.Client.ID != v.ID || !a.Scopes.Allow("Patient", care.OpRead|care.OpSearch) || a.Scopes.Allow("Patient", care.OpUpdate) {
		t.Errorf("got %+v", a)
	}
	got, err := s.Client(t.Context(), v.ID)
	must(t, err)
	if got.UsedAt == nil || got.Keys[0].UsedAt == nil || got.Version != 2 {
		t.Errorf("got %+v", got)
	}
	for hash, at := range map[string]time.Time{"other": noon, "hash": noon.Add(time.Hour)} {
		_, err = s.ClientByKey(t.Context(), hash, at)
		wantCode(t, err, care.NotFound)
	}
	_, err = s.RevokeClientKey(t.Context(), act(), v.ID, care.NewID())
	wantCode(t, err, care.NotFound)
	_, err = s.RevokeClientKey(t.Context(), act(), v.ID, k.ID)
	must(t, err)
	_, err = s.ClientByKey(t.Context(), "hash", noon)
	wantCode(t, err, care.NotFound)
	for i := range care.MaxClientKeys {
		_, err = s.AddClientKey(t.Context(), act(), v.ID, &care.ClientKey{ID: care.NewID(), CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, string(rune('a'+i)))
		must(t, err)
	}
	_, err = s.AddClientKey(t.Context(), act(), v.ID, &care.ClientKey{ID: care.NewID(), CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, "z")
	wantCode(t, err, care.Conflict)
	smart := newClient(care.SMARTClient, "Signs")
	must(t, s.AddClient(t.Context(), act(), smart))
	_, err = s.AddClientKey(t.Context(), act(), smart.ID, k, "y")
	wantCode(t, err, care.Conflict)
}

func testClientTokens(t *testing.T, s *Store) {
	v := newClient(care.SMARTClient, "Platform")
	must(t, s.AddClient(t.Context(), act(), v))
	token := func(hash, jti string) care.ClientToken {
		return care.ClientToken{ClientID: v.ID, Hash: hash, Scopes: []string{"system/*.cruds"}, ExpiresAt: noon.Add(time.Minute), Assertion: jti, AssertionExpires: noon.Add(time.Minute)}
	}
	must(t, s.GrantToken(t.Context(), act(), token("one", "j1")))
	wantCode(t, s.GrantToken(t.Context(), act(), token("two", "j1")), care.Conflict)
	if n := race(func() error { return s.GrantToken(t.Context(), act(), token(care.NewID(), "j2")) }); n != 1 {
		t.Errorf("one assertion made %d tokens", n)
	}
	a, err := s.ClientByToken(t.Context(), "one", noon)
	must(t, err)
	if words := a.Scopes.Words(); a.Client.ID != v.ID || len(words) != 1 || words[0] != "system/Patient.rs" { // no more than the client may now
		t.Errorf("got %+v", a)
	}
	_, err = s.ClientByToken(t.Context(), "one", noon.Add(time.Minute))
	wantCode(t, err, care.NotFound)
	// Expired assertions are remembered for a while, then forgotten.
	later := act()
	later.At = noon.Add(time.Hour)
	wantCode(t, s.GrantToken(t.Context(), later, token("three", "j1")), care.Conflict)
	later.At = noon.Add(48 * time.Hour)
	must(t, s.GrantToken(t.Context(), later, token("four", "j3")))
	var n int
	must(t, s.db.QueryRow(`SELECT count(*) FROM client_assertions`).Scan(&n))
	if n != 1 {
		t.Errorf("%d assertions are remembered", n)
	}
	must(t, s.ClientRefused(t.Context(), act(), v.ID, "expired"))
	must(t, s.GrantToken(t.Context(), act(), token("five", "j5")))
	_, err = s.ChangeClient(t.Context(), act(), v.ID, 1, func(c *care.Client) error { at := noon; c.DisabledAt = &at; return nil })
	must(t, err)
	_, err = s.ClientByToken(t.Context(), "five", noon)
	wantCode(t, err, care.NotFound)
	wantCode(t, s.GrantToken(t.Context(), act(), token("six", "j6")), care.NotFound)
}
