package web

import (
	"strings"
	"testing"
	"time"

	"wince/care"
)

type invited struct {
	User       care.User
	Invitation *invitation
}

// hire makes a member of staff over HTTP and lets them choose a password. It returns the token they sign in with.
func (g *rig) hire(name string, role care.Role, sites ...string) (care.User, string) {
	g.Helper()
	var in invited
	g.do("POST", "/api/v1/users", map[string]any{"name": name, "role": role, "sites": sites}).want(201).read(&in)
	if in.Invitation == nil {
		g.Fatal("no invitation")
	}
	h := g.as("")
	h.do("POST", "/api/v1/invitation", map[string]any{"token": in.Invitation.Token, "password": password}).want(200)
	var out struct{ Token string }
	h.do("POST", "/api/v1/login", map[string]any{"name": name, "password": password, "token": true}).want(200).read(&out)
	return in.User, out.Token
}

func TestInvitation(t *testing.T) {
	g := newRig(t).admin()
	var in invited
	a := g.do("POST", "/api/v1/users", map[string]any{"name": "Kim Carer", "role": "carer"}).want(201).read(&in)
	if a.Header.Get("ETag") != `"1"` || in.User.Role != care.RoleCarer || len(in.User.Sites) != 1 || in.User.Sites[0] != care.DefaultSite {
		t.Errorf("got %+v", in.User)
	}
	stranger := g.as("")
	login := map[string]any{"name": "Kim Carer", "password": password}
	stranger.do("POST", "/api/v1/login", login).problem(401, codePassword) // no password yet
	stranger.do("POST", "/api/v1/login", map[string]any{"name": "Kim Carer", "password": ""}).problem(401, codePassword)
	accept := func(token, password string) answer {
		return stranger.do("POST", "/api/v1/invitation", map[string]any{"token": token, "password": password})
	}
	accept("", password).problem(403, care.Invitation)
	accept(in.Invitation.Token, "short").problem(422, care.Invalid)
	accept(in.Invitation.Token, "kim carer").problem(422, care.Invalid)
	var second struct{ Invitation invitation }
	g.do("POST", "/api/v1/users/"+in.User.ID+"/invitation", nil).want(201).read(&second)
	accept(in.Invitation.Token, password).problem(403, care.Invitation) // replaced
	accept(second.Invitation.Token, password).want(200)
	accept(second.Invitation.Token, password).problem(403, care.Invitation) // used
	stranger.cookie = ""
	stranger.do("POST", "/api/v1/login", login).want(200)

	g.do("POST", "/api/v1/users/"+in.User.ID+"/invitation", nil).want(201).read(&second)
	g.clock.pass(inviteLife)
	g.as("").do("POST", "/api/v1/invitation", map[string]any{"token": second.Invitation.Token, "password": password}).problem(403, care.Invitation)
}

func TestUsersThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far House"}).want(201).read(&far)
	g.do("POST", "/api/v1/sites", map[string]any{"name": " far house"}).problem(409, care.Conflict)
	g.do("POST", "/api/v1/sites", map[string]any{"name": "X", "zone": "Mars/Olympus"}).problem(422, care.Invalid)
	g.do("POST", "/api/v1/sites", map[string]any{"name": "X", "zone": "Local"}).problem(422, care.Invalid)
	_, boss := g.hire("Mo Manager", care.RoleManager)
	manager := g.as(boss)
	for name, c := range map[string]struct {
		in     map[string]any
		status int
		code   care.Code
		field  string
	}{
		"no name":            {map[string]any{"role": "carer"}, 422, care.Invalid, "name"},
		"unknown role":       {map[string]any{"name": "A", "role": "king"}, 422, care.Invalid, "role"},
		"the program's role": {map[string]any{"name": "A", "role": "program"}, 422, care.Invalid, "role"},
		"an administrator":   {map[string]any{"name": "A", "role": "admin"}, 403, care.Forbidden, ""},
		"an integration":     {map[string]any{"name": "A", "role": "integration"}, 403, care.Forbidden, ""},
		"another site":       {map[string]any{"name": "A", "role": "carer", "sites": []string{far.ID}}, 403, care.Forbidden, "sites"},
		"one of two sites":   {map[string]any{"name": "A", "role": "carer", "sites": []string{care.DefaultSite, far.ID}}, 403, care.Forbidden, "sites"},
		"a name taken":       {map[string]any{"name": "MO manager", "role": "carer"}, 409, care.Conflict, "name"},
		"a subject":          {map[string]any{"name": "A", "role": "carer", "subject": "x"}, 422, care.Invalid, "subject"},
		"unknown member":     {map[string]any{"name": "A", "role": "carer", "admin": true}, 400, codeMalformed, "admin"},
	} {
		t.Run(name, func(t *testing.T) {
			h := *manager
			h.T = t
			if p := h.do("POST", "/api/v1/users", c.in).problem(c.status, c.code); p.Field != c.field {
				t.Errorf("field %q: %s", p.Field, p.Detail)
			}
		})
	}
	g.do("POST", "/api/v1/users", map[string]any{"name": "A", "role": "carer", "sites": []string{care.NewID()}}).problem(422, care.Invalid)
	var list struct{ Users []care.User }
	manager.do("GET", "/api/v1/users", nil).want(200).read(&list)
	if len(list.Users) != 2 { // the administrator and themselves: nothing half made
		t.Errorf("%d users", len(list.Users))
	}
}

func TestChangeUser(t *testing.T) {
	g := newRig(t).admin()
	var me struct{ User care.User }
	g.do("GET", "/api/v1/me", nil).want(200).read(&me)
	_, boss := g.hire("Mo Manager", care.RoleManager)
	kim, kims := g.hire("Kim Carer", care.RoleCarer)
	manager, at := g.as(boss), "/api/v1/users/"+kim.ID
	tagOf := func() string { return manager.do("GET", at, nil).want(200).Header.Get("ETag") }
	manager.do("PATCH", at, map[string]any{"role": "nurse"}).problem(428, codeIfMatch)
	manager.do("PATCH", at, map[string]any{"role": "nurse"}, "If-Match", `"9"`).problem(412, care.Stale)
	manager.do("PATCH", at, map[string]any{"role": "admin"}, "If-Match", tagOf()).problem(403, care.Forbidden)
	manager.do("PATCH", at, map[string]any{"sites": []string{}}, "If-Match", tagOf()).problem(422, care.Invalid)
	manager.do("PATCH", "/api/v1/users/"+me.User.ID, map[string]any{"name": "X"}, "If-Match", `"1"`).problem(403, care.Forbidden)
	manager.do("POST", "/api/v1/users/"+me.User.ID+"/invitation", nil).problem(403, care.Forbidden) // would take the account over

	g.as(kims).do("POST", "/api/v1/residents", map[string]any{"name": "A"}).problem(403, care.Forbidden)
	manager.do("PATCH", at, map[string]any{"role": "nurse"}, "If-Match", tagOf()).want(200)
	g.as(kims).do("POST", "/api/v1/residents", map[string]any{"name": "A"}).want(201) // the next request, not the next sign-in

	manager.do("PATCH", at, map[string]any{"disabled": true}, "If-Match", tagOf()).want(200)
	g.as(kims).do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
	g.as("").do("POST", "/api/v1/login", map[string]any{"name": "Kim Carer", "password": password}).problem(403, care.Disabled)
	manager.do("POST", at+"/invitation", nil).problem(403, care.Disabled)
	manager.do("PATCH", at, map[string]any{"disabled": false}, "If-Match", tagOf()).want(200)
	g.as("").do("POST", "/api/v1/login", map[string]any{"name": "Kim Carer", "password": password}).want(200)

	for _, change := range []map[string]any{{"disabled": true}, {"role": "nurse"}} {
		g.do("PATCH", "/api/v1/users/"+me.User.ID, change, "If-Match", `"1"`).problem(409, care.LastAdmin)
	}
	g.do("GET", "/api/v1/me", nil).want(200) // and nothing was done of it
}

func TestChangePassword(t *testing.T) {
	g := newRig(t).admin()
	_, kims := g.hire("Kim Carer", care.RoleCarer)
	kim := g.as(kims)
	change := func(old, fresh string) answer {
		return kim.do("PUT", "/api/v1/me/password", map[string]any{"password": old, "new_password": fresh, "token": true})
	}
	change("not this one", "another long one").problem(401, codePassword)
	change(password, "short").problem(422, care.Invalid)
	var out struct{ Token string }
	change(password, "another long one").want(200).read(&out)
	kim.do("GET", "/api/v1/me", nil).problem(401, codeSignIn) // signed out everywhere
	g.as(out.Token).do("GET", "/api/v1/me", nil).want(200)
	g.as("").do("POST", "/api/v1/login", map[string]any{"name": "Kim Carer", "password": password}).problem(401, codePassword)
}

// ward enrols a tablet and returns what it sends along.
func (g *rig) ward() (care.Device, []string) {
	g.Helper()
	var out struct {
		Device care.Device
		Token  string
	}
	g.do("POST", "/api/v1/devices", map[string]any{"name": "Ward 2", "token": true}).want(201).read(&out)
	return out.Device, []string{deviceHeader, out.Token}
}

func TestPIN(t *testing.T) {
	g := newRig(t).admin()
	kim, kims := g.hire("Kim Carer", care.RoleCarer)
	lee, lees := g.hire("Lee Nurse", care.RoleNurse)
	for _, bad := range []string{"", "123", "123456789", "12a4", "1234", "4321", "0000", "1212", "٣٤٥٦", "abcd"} {
		if p := g.as(kims).do("PUT", "/api/v1/me/pin", map[string]any{"pin": bad}).problem(422, care.Invalid); p.Field != "pin" {
			t.Errorf("PIN %q: field %q", bad, p.Field)
		}
	}
	g.as(kims).do("PUT", "/api/v1/me/pin", map[string]any{"pin": "4711"}).want(204)
	g.as(lees).do("PUT", "/api/v1/me/pin", map[string]any{"pin": "80351"}).want(204)
	tablet := g.as("")
	try := func(id, pin string, with ...string) answer {
		return tablet.do("POST", "/api/v1/login/pin", map[string]any{"user_id": id, "pin": pin, "token": true}, with...)
	}
	try(kim.ID, "4711").problem(403, codeNotEnrolled)
	try(kim.ID, "4711", deviceHeader, "made up").problem(403, codeNotEnrolled)
	d, key := g.ward()
	tablet.do("GET", "/api/v1/login/people", nil).problem(403, codeNotEnrolled)
	var list struct{ People []care.Actor }
	tablet.do("GET", "/api/v1/login/people", nil, key...).want(200).read(&list)
	if len(list.People) != 2 || list.People[0] != kim.Actor() || list.People[1] != lee.Actor() {
		t.Errorf("got %+v", list.People)
	}
	var first, second struct {
		Token  string
		Method care.LoginMethod
	}
	try(kim.ID, "4711", key...).want(200).read(&first)
	if first.Method != care.ByPIN {
		t.Errorf("method %q", first.Method)
	}
	tablet.bearer = first.Token
	tablet.do("PUT", "/api/v1/me/pin", map[string]any{"pin": "9076"}).problem(403, care.PasswordNeeded)
	try(lee.ID, "80351", key...).want(200).read(&second)
	tablet.do("GET", "/api/v1/me", nil).problem(401, codeSignIn) // Kim was signed out when Lee took over
	tablet.bearer = second.Token
	tablet.do("GET", "/api/v1/residents", nil).want(200)
	g.clock.pass(15 * time.Minute)
	tablet.do("GET", "/api/v1/me", nil).problem(401, codeSignIn) // left lying about
	tablet.bearer = ""
	try("nobody", "4711", key...).problem(401, codePIN)
	try(kim.ID, strings.Repeat("4711", 100), key...).problem(401, codePIN)

	var again struct{ Token string }
	try(kim.ID, "4711", key...).want(200).read(&again)
	g.do("DELETE", "/api/v1/devices/"+d.ID, nil).want(204)
	g.as(again.Token).do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
	try(kim.ID, "4711", key...).problem(403, codeNotEnrolled)
	g.do("DELETE", "/api/v1/devices/"+care.NewID(), nil).problem(404, care.NotFound)
}

func TestPINLocks(t *testing.T) {
	g := newRig(t).admin()
	kim, kims := g.hire("Kim Carer", care.RoleCarer)
	g.as(kims).do("PUT", "/api/v1/me/pin", map[string]any{"pin": "4711"}).want(204)
	_, key := g.ward()
	try := func(pin string) answer {
		return g.as("").do("POST", "/api/v1/login/pin", map[string]any{"user_id": kim.ID, "pin": pin, "token": true}, key...)
	}
	for range care.FreePINs - 1 {
		try("0815").problem(401, codePIN)
	}
	try("4711").want(200) // in time: counted afresh
	for range care.FreePINs {
		try("0815").problem(401, codePIN)
	}
	g.clock.pass(time.Hour)
	try("4711").problem(403, care.PINLocked) // time does not unlock it
	g.as("").do("POST", "/api/v1/login", map[string]any{"name": "Kim Carer", "password": password}).want(200)
	try("4711").want(200)
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: kim.ID, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, e := range trail {
		if e.Action == care.ActLoginFailed {
			failed++
		}
	}
	if want := 2*care.FreePINs - 1; failed != want {
		t.Errorf("%d failures recorded, want %d", failed, want)
	}
}

// A tablet of one site opens nothing for staff of another.
func TestPINOfAnotherSite(t *testing.T) {
	g := newRig(t).admin()
	var far care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Far House"}).want(201).read(&far)
	kim, kims := g.hire("Kim Carer", care.RoleCarer, far.ID)
	g.as(kims).do("PUT", "/api/v1/me/pin", map[string]any{"pin": "4711"}).want(204)
	_, key := g.ward()
	g.as("").do("POST", "/api/v1/login/pin", map[string]any{"user_id": kim.ID, "pin": "4711"}, key...).problem(401, codePIN)
	if got := string(g.as("").do("GET", "/api/v1/login/people", nil, key...).want(200).body); strings.Contains(got, kim.ID) {
		t.Error("the tablet lists staff of another site")
	}
}

func TestClockSetBack(t *testing.T) {
	g := newRig(t).admin()
	g.clock.pass(-time.Minute)
	g.do("GET", "/api/v1/me", nil).want(200)
	g.clock.pass(-time.Hour)
	g.do("GET", "/api/v1/me", nil).problem(401, codeSignIn)
}

func TestEnrolWithCookie(t *testing.T) {
	g := newRig(t).admin()
	a := g.do("POST", "/api/v1/devices", map[string]any{"name": "Ward 2"}).want(201)
	if len(a.Cookies()) != 1 {
		t.Fatalf("cookies %v", a.Cookies())
	}
	k := a.Cookies()[0]
	if k.Name != deviceCookie || !k.Secure || !k.HttpOnly || strings.Contains(string(a.body), k.Value) {
		t.Errorf("cookie %+v", k)
	}
	g.as("").do("GET", "/api/v1/login/people", nil, "Cookie", deviceCookie+"="+k.Value).want(200)
	g.do("POST", "/api/v1/devices", map[string]any{"name": ""}).problem(422, care.Invalid)
	g.do("POST", "/api/v1/devices", map[string]any{"name": "A", "site_id": "x"}).problem(422, care.Invalid)
}
