package store

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"wince/care"
)

// addSite makes a site beside the default one.
func addSite(t *testing.T, s *Store, name string) care.Site {
	t.Helper()
	v := care.Site{ID: care.NewID(), Name: name, Zone: "Europe/Berlin", CreatedAt: noon, Version: 1}
	must(t, s.AddSite(t.Context(), act(), &v))
	return v
}

func addStaff(t *testing.T, s *Store, name string, role care.Role, sites ...string) care.User {
	t.Helper()
	u := care.User{ID: care.NewID(), Name: name, Role: role, Sites: sites, CreatedAt: noon, Version: 1}
	must(t, s.AddUser(t.Context(), act(), &u, nil))
	return u
}

func testSites(t *testing.T, s *Store) {
	v := addSite(t, s, "North")
	got, err := s.Site(t.Context(), v.ID)
	must(t, err)
	if *got != v {
		t.Errorf("got %+v, want %+v", *got, v)
	}
	list, err := s.Sites(t.Context(), everywhere)
	must(t, err)
	if len(list) != 2 || list[0].ID != care.DefaultSite || list[1] != v {
		t.Errorf("got %+v", list)
	}
	list, err = s.Sites(t.Context(), care.Scope{Sites: []string{v.ID}})
	must(t, err)
	if len(list) != 1 || list[0] != v {
		t.Errorf("one site sees %+v", list)
	}
	list, err = s.Sites(t.Context(), care.Scope{})
	must(t, err)
	if len(list) != 0 {
		t.Errorf("no site sees %+v", list)
	}
	twin := care.Site{ID: care.NewID(), Name: "NORTH", Zone: "UTC", CreatedAt: noon, Version: 1}
	wantCode(t, s.AddSite(t.Context(), act(), &twin), care.Conflict)
	rename := func(v *care.Site) error { v.Name = "South"; return v.Check() }
	_, err = s.ChangeSite(t.Context(), act(), v.ID, 7, rename)
	wantCode(t, err, care.Stale)
	_, err = s.ChangeSite(t.Context(), act(), care.NewID(), 1, rename)
	wantCode(t, err, care.NotFound)
	_, err = s.ChangeSite(t.Context(), act(), v.ID, 1, func(v *care.Site) error { v.Name = "home"; return nil })
	wantCode(t, err, care.Conflict)
	if n := race(func() error { _, err := s.ChangeSite(t.Context(), act(), v.ID, 1, rename); return err }); n != 1 {
		t.Errorf("%d changes to one version", n)
	}
	wantTrail(t, s, v.ID, care.ActSiteAdd, care.ActSiteChange)
}

// Nothing of one site is listed in another.
func testScopes(t *testing.T, s *Store) {
	far := addSite(t, s, "Far")
	here, there := resident("Here"), resident("There")
	there.SiteID = far.ID
	must(t, s.AddResident(t.Context(), act(), here))
	must(t, s.AddResident(t.Context(), act(), there))
	for want, scope := range map[string]care.Scope{here.ID: {Sites: []string{care.DefaultSite}}, there.ID: {Sites: []string{far.ID, care.NewID()}}} {
		list, err := s.Residents(t.Context(), scope)
		must(t, err)
		if len(list) != 1 || list[0].ID != want {
			t.Errorf("%v sees %+v", scope.Sites, list)
		}
	}
	list, err := s.Residents(t.Context(), care.Scope{})
	must(t, err)
	if len(list) != 0 {
		t.Errorf("no site sees %+v", list)
	}
	lost := resident("Lost")
	lost.SiteID = care.NewID()
	wantCode(t, s.AddResident(t.Context(), act(), lost), care.Invalid)
	wantTrail(t, s, lost.ID)
}

func testUsers(t *testing.T, s *Store) {
	far := addSite(t, s, "Far")
	boss := addUser(t, s)
	kim := addStaff(t, s, "Kim", care.RoleCarer, care.DefaultSite)
	both := addStaff(t, s, "both", care.RoleNurse, care.DefaultSite, far.ID)
	got, hash, err := s.User(t.Context(), both.ID)
	must(t, err)
	if both.Sites = []string{care.DefaultSite, far.ID}; !reflect.DeepEqual(*got, both) || hash != "" {
		t.Errorf("got %+v %q, want %+v", *got, hash, both)
	}
	list, err := s.Users(t.Context(), everywhere)
	must(t, err)
	if want := []care.User{boss, both, kim}; !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v, want %+v", list, want)
	}
	list, err = s.Users(t.Context(), care.Scope{Sites: []string{far.ID}})
	must(t, err)
	if len(list) != 1 || list[0].ID != both.ID {
		t.Errorf("the far site sees %+v", list)
	}
	twin := care.User{ID: care.NewID(), Name: "KIM", Role: care.RoleCarer, CreatedAt: noon, Version: 1}
	wantCode(t, s.AddUser(t.Context(), act(), &twin, nil), care.Conflict)
	lost := care.User{ID: care.NewID(), Name: "Lost", Role: care.RoleCarer, Sites: []string{care.NewID()}, CreatedAt: noon, Version: 1}
	wantCode(t, s.AddUser(t.Context(), act(), &lost, nil), care.Invalid)
	_, _, err = s.User(t.Context(), lost.ID)
	wantCode(t, err, care.NotFound)

	edit := func(do func(u *care.User)) func(*care.User) error {
		return func(u *care.User) error { do(u); return u.Check() }
	}
	move := edit(func(u *care.User) { u.Sites, u.Role = []string{far.ID}, care.RoleNurse })
	_, err = s.ChangeUser(t.Context(), act(), kim.ID, 9, move)
	wantCode(t, err, care.Stale)
	if n := race(func() error { _, err := s.ChangeUser(t.Context(), act(), kim.ID, 1, move); return err }); n != 1 {
		t.Errorf("%d changes to one version", n)
	}
	got, _, err = s.UserByName(t.Context(), "kim")
	must(t, err)
	if got.Role != care.RoleNurse || !reflect.DeepEqual(got.Sites, []string{far.ID}) || got.Version != 2 {
		t.Errorf("got %+v", got)
	}
	_, err = s.ChangeUser(t.Context(), act(), kim.ID, 2, edit(func(u *care.User) { u.Name = "BOTH" }))
	wantCode(t, err, care.Conflict)
	for _, last := range []func(u *care.User){
		func(u *care.User) { u.Role = care.RoleNurse }, func(u *care.User) { at := noon; u.DisabledAt = &at },
	} {
		_, err = s.ChangeUser(t.Context(), act(), boss.ID, 1, edit(last))
		wantCode(t, err, care.LastAdmin)
	}

	life := care.LoginLife{Life: time.Hour, Idle: time.Hour, PINIdle: time.Hour}
	must(t, s.AddLogin(t.Context(), act(), "tok", by(*got)))
	must(t, s.SetPIN(t.Context(), act(), kim.ID, "pin"))
	must(t, s.Invite(t.Context(), act(), kim.ID, "invite", noon.Add(time.Hour)))
	_, err = s.ChangeUser(t.Context(), act(), kim.ID, 2, edit(func(u *care.User) { at := noon; u.DisabledAt = &at }))
	must(t, err)
	_, err = s.Login(t.Context(), "tok", noon, life)
	wantCode(t, err, care.NotFound)
	wantCode(t, s.AddLogin(t.Context(), act(), "tok2", by(*got)), care.Disabled)
	_, err = s.TryPIN(t.Context(), kim.ID)
	wantCode(t, err, care.NotFound)
	_, err = s.Invited(t.Context(), "invite", noon)
	wantCode(t, err, care.Invitation)
	wantTrail(t, s, kim.ID, care.ActUserAdd, care.ActUserChange, care.ActLogin, care.ActPIN, care.ActUserInvite, care.ActUserChange)
}

func testInvitations(t *testing.T, s *Store) {
	kim := addStaff(t, s, "Kim", care.RoleCarer, care.DefaultSite)
	must(t, s.Invite(t.Context(), act(), kim.ID, "old", noon.Add(time.Hour)))
	must(t, s.Invite(t.Context(), act(), kim.ID, "new", noon.Add(time.Hour)))
	_, err := s.Invited(t.Context(), "old", noon)
	wantCode(t, err, care.Invitation)
	_, err = s.Invited(t.Context(), "new", noon.Add(time.Hour))
	wantCode(t, err, care.Invitation)
	u, err := s.Invited(t.Context(), "new", noon)
	must(t, err)
	if u.ID != kim.ID {
		t.Errorf("got %+v", u)
	}
	must(t, s.AddLogin(t.Context(), act(), "tok", by(kim)))
	wantCode(t, s.SetPassword(t.Context(), act(), kim.ID, "h", "old"), care.Invitation)
	if n := race(func() error { return s.SetPassword(t.Context(), act(), kim.ID, "hash", "new") }); n != 1 {
		t.Errorf("an invitation was used %d times", n)
	}
	_, hash, err := s.User(t.Context(), kim.ID)
	must(t, err)
	if hash != "hash" {
		t.Errorf("hash %q", hash)
	}
	_, err = s.Login(t.Context(), "tok", noon, care.LoginLife{Life: time.Hour, Idle: time.Hour})
	wantCode(t, err, care.NotFound)
}

func testPINs(t *testing.T, s *Store) {
	kim := addStaff(t, s, "Kim", care.RoleCarer, care.DefaultSite)
	_, err := s.TryPIN(t.Context(), kim.ID)
	wantCode(t, err, care.NotFound)
	must(t, s.SetPIN(t.Context(), act(), kim.ID, "first"))
	must(t, s.SetPIN(t.Context(), act(), kim.ID, "second"))
	var tried atomic.Int32
	for range 3 {
		tried.Add(int32(race(func() error { _, err := s.TryPIN(t.Context(), kim.ID); return err })))
	}
	if n := tried.Load(); n != care.FreePINs {
		t.Errorf("%d guesses were let through, want %d", n, care.FreePINs)
	}
	_, err = s.TryPIN(t.Context(), kim.ID)
	wantCode(t, err, care.PINLocked)
	must(t, s.AddLogin(t.Context(), act(), "tok", by(kim)))
	hash, err := s.TryPIN(t.Context(), kim.ID)
	must(t, err)
	if hash != "second" {
		t.Errorf("hash %q", hash)
	}
	must(t, s.SetPIN(t.Context(), act(), kim.ID, ""))
	_, err = s.TryPIN(t.Context(), kim.ID)
	wantCode(t, err, care.NotFound)
}

func testDevices(t *testing.T, s *Store) {
	far := addSite(t, s, "Far")
	boss := addUser(t, s)
	kim := addStaff(t, s, "Kim", care.RoleCarer, care.DefaultSite)
	lee := addStaff(t, s, "Lee", care.RoleCarer, far.ID)
	addStaff(t, s, "No PIN", care.RoleCarer, care.DefaultSite)
	for _, u := range []care.User{boss, kim, lee} {
		must(t, s.SetPIN(t.Context(), act(), u.ID, "hash"))
	}
	d := care.Device{ID: care.NewID(), SiteID: care.DefaultSite, Name: "Ward 2", EnrolledAt: noon, EnrolledBy: boss.ID}
	must(t, s.AddDevice(t.Context(), act(), &d, "tok"))
	got, err := s.DeviceByToken(t.Context(), "tok")
	must(t, err)
	if *got != d {
		t.Errorf("got %+v, want %+v", *got, d)
	}
	people, err := s.DeviceUsers(t.Context(), care.DefaultSite)
	must(t, err)
	if len(people) != 2 || people[0].ID != boss.ID || people[1].ID != kim.ID {
		t.Errorf("on the tablet: %+v", people)
	}
	for n, scope := range map[int]care.Scope{1: {Sites: []string{care.DefaultSite}}, 0: {Sites: []string{far.ID}}} {
		list, err := s.Devices(t.Context(), scope)
		must(t, err)
		if len(list) != n {
			t.Errorf("%v sees %+v", scope, list)
		}
	}
	lost := care.Device{ID: care.NewID(), SiteID: care.NewID(), Name: "Lost", EnrolledAt: noon, EnrolledBy: boss.ID}
	wantCode(t, s.AddDevice(t.Context(), act(), &lost, "lost"), care.Invalid)

	life := care.LoginLife{Life: time.Hour, Idle: time.Hour, PINIdle: time.Minute}
	pin := care.Login{User: kim, Method: care.ByPIN, DeviceID: d.ID}
	must(t, s.AddLogin(t.Context(), act(), "pin", pin))
	must(t, s.AddLogin(t.Context(), act(), "password", by(kim)))
	l, err := s.Login(t.Context(), "pin", noon, life)
	must(t, err)
	if pin.Began = noon; !reflect.DeepEqual(*l, pin) {
		t.Errorf("got %+v", l)
	}
	must(t, s.StillIn(t.Context(), "password", noon.Add(59*time.Minute), life)) // no use of it
	wantCode(t, s.StillIn(t.Context(), "password", noon.Add(time.Hour), life), care.NotFound)
	_, err = s.Login(t.Context(), "pin", noon.Add(time.Minute), life)
	wantCode(t, err, care.NotFound)
	wantCode(t, s.RevokeDevice(t.Context(), act(), d.ID, care.Scope{Sites: []string{far.ID}}), care.NotFound)
	must(t, s.RevokeDevice(t.Context(), act(), d.ID, everywhere))
	_, err = s.DeviceByToken(t.Context(), "tok")
	wantCode(t, err, care.NotFound)
	_, err = s.Login(t.Context(), "pin", noon, life)
	wantCode(t, err, care.NotFound)
	_, err = s.Login(t.Context(), "password", noon, life)
	must(t, err)
	wantCode(t, s.AddLogin(t.Context(), act(), "late", pin), care.NotFound)
	wantTrail(t, s, d.ID, care.ActDeviceEnrol, care.ActDeviceEnd)
}

func testIdentities(t *testing.T, s *Store) {
	id := care.Identity{Issuer: "https://id.example", Subject: "17"}
	kim := care.User{ID: care.NewID(), Name: "Kim", Role: care.RoleCarer, Sites: []string{care.DefaultSite}, CreatedAt: noon, Version: 1}
	must(t, s.AddUser(t.Context(), act(), &kim, &id))
	got, err := s.UserByIdentity(t.Context(), id)
	must(t, err)
	if !reflect.DeepEqual(*got, kim) {
		t.Errorf("got %+v", got)
	}
	_, err = s.UserByIdentity(t.Context(), care.Identity{Issuer: "https://other.example", Subject: "17"})
	wantCode(t, err, care.NotFound)
	lee := addStaff(t, s, "Lee", care.RoleCarer, care.DefaultSite)
	wantCode(t, s.SetIdentity(t.Context(), act(), lee.ID, &id), care.Conflict)
	must(t, s.SetIdentity(t.Context(), act(), kim.ID, nil))
	must(t, s.SetIdentity(t.Context(), act(), lee.ID, &id))
	got, err = s.UserByIdentity(t.Context(), id)
	must(t, err)
	if got.ID != lee.ID {
		t.Errorf("got %+v", got)
	}
}

func testPasskeys(t *testing.T, s *Store) {
	kim := addStaff(t, s, "Kim", care.RoleCarer, care.DefaultSite)
	lee := addStaff(t, s, "Lee", care.RoleCarer, care.DefaultSite)
	p := care.Passkey{ID: "AQID", UserID: kim.ID, Name: "My tablet", Credential: []byte(`{"n":1}`), CreatedAt: noon}
	must(t, s.AddPasskey(t.Context(), act(), &p))
	wantCode(t, s.AddPasskey(t.Context(), act(), &p), care.Conflict)
	must(t, s.UsePasskey(t.Context(), act(), &care.Passkey{ID: p.ID, UserID: lee.ID, Credential: []byte(`{"n":9}`)})) // not Lee's: changes nothing
	must(t, s.UsePasskey(t.Context(), act(), &care.Passkey{ID: p.ID, UserID: kim.ID, Credential: []byte(`{"n":2}`)}))
	list, err := s.Passkeys(t.Context(), kim.ID)
	must(t, err)
	if len(list) != 1 || string(list[0].Credential) != `{"n":2}` || list[0].UsedAt == nil || !list[0].UsedAt.Equal(noon) {
		t.Errorf("got %+v", list)
	}
	wantCode(t, s.RemovePasskey(t.Context(), act(), lee.ID, p.ID), care.NotFound)
	must(t, s.RemovePasskey(t.Context(), act(), kim.ID, p.ID))
	list, err = s.Passkeys(t.Context(), kim.ID)
	must(t, err)
	if len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}
