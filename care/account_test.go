package care

import (
	"strings"
	"testing"
	"time"
)

func TestLoginLife(t *testing.T) {
	life := LoginLife{Life: 12 * time.Hour, Idle: 2 * time.Hour, PINIdle: 15 * time.Minute}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		by            LoginMethod
		created, seen time.Duration // before now
		over          bool
	}{
		"fresh":                     {ByPassword, 0, 0, false},
		"just in use":               {ByPassword, 12*time.Hour - 1, 2*time.Hour - 1, false},
		"too old":                   {ByPassword, 12 * time.Hour, 0, true},
		"unused":                    {ByPassword, 3 * time.Hour, 2 * time.Hour, true},
		"a PIN just in use":         {ByPIN, time.Hour, 15*time.Minute - 1, false},
		"a PIN unused":              {ByPIN, time.Hour, 15 * time.Minute, true},
		"a passkey":                 {ByPasskey, time.Hour, 15 * time.Minute, false},
		"the provider":              {ByProvider, time.Hour, 15 * time.Minute, false},
		"the clock set back a bit":  {ByPassword, -5 * time.Minute, -5 * time.Minute, false},
		"the clock set back a lot":  {ByPassword, -5*time.Minute - 1, -5*time.Minute - 1, true},
		"seen before the set-back":  {ByPassword, time.Hour, -6 * time.Minute, true},
		"a year from now by mishap": {ByPIN, -365 * 24 * time.Hour, 0, true},
	} {
		if got := life.Over(c.by, now, now.Add(-c.created), now.Add(-c.seen)); got != c.over {
			t.Errorf("%s: over is %v", name, got)
		}
	}
}

func TestCheckPIN(t *testing.T) {
	for pin, good := range map[string]bool{
		"4711": true, "80351": true, "13579246": true, "1357": true, "9753": true,
		"": false, "471": false, "471147119": false, "47 11": false, "-471": false, "४७११": false, "47a1": false,
		"0000": false, "7777777": false, "1234": false, "456789": false, "9876": false, "1212": false, "123123": false, "47114711": false,
	} {
		if err := CheckPIN(pin); (err == nil) != good {
			t.Errorf("%q: %v", pin, err)
		}
	}
}

func TestUserCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in    User
		field string
	}{
		"a carer":           {User{Name: " Kim ", Role: RoleCarer, Sites: []string{"b", "a", "b"}}, ""},
		"an administrator":  {User{Name: "Kim", Role: RoleAdmin}, ""},
		"no name":           {User{Role: RoleAdmin}, "name"},
		"no role":           {User{Name: "Kim", Sites: []string{"a"}}, "role"},
		"unknown role":      {User{Name: "Kim", Role: "king", Sites: []string{"a"}}, "role"},
		"the local token's": {User{Name: "Kim", Role: RoleProgram, Sites: []string{"a"}}, "role"},
		"no site":           {User{Name: "Kim", Role: RoleNurse}, "sites"},
	} {
		if err := c.in.Check(); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	u := User{Name: " Kim ", Role: RoleCarer, Sites: []string{"b", "a", "b"}}
	if err := u.Check(); err != nil || u.Name != "Kim" || strings.Join(u.Sites, " ") != "a b" {
		t.Errorf("got %+v, %v", u, err)
	}
}

func TestMayManage(t *testing.T) {
	admin := User{Role: RoleAdmin}
	manager := User{Role: RoleManager, Sites: []string{"a", "b"}}
	for name, c := range map[string]struct {
		by, of User
		want   Code
	}{
		"an administrator, another": {admin, User{Role: RoleAdmin}, ""},
		"a carer here":              {manager, User{Role: RoleCarer, Sites: []string{"a"}}, ""},
		"a manager here":            {manager, User{Role: RoleManager, Sites: []string{"a", "b"}}, ""},
		"a carer elsewhere":         {manager, User{Role: RoleCarer, Sites: []string{"c"}}, Forbidden},
		"a carer here and there":    {manager, User{Role: RoleCarer, Sites: []string{"a", "c"}}, Forbidden},
		"a carer nowhere":           {manager, User{Role: RoleCarer}, Invalid},
		"an administrator":          {manager, User{Role: RoleAdmin, Sites: []string{"a"}}, Forbidden},
		"a connected program":       {manager, User{Role: RoleIntegration, Sites: []string{"a"}}, Forbidden},
	} {
		if err := c.by.MayManage(&c.of); codeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScope(t *testing.T) {
	far := "0195d3a0-0000-7000-8000-000000000000"
	for name, c := range map[string]struct {
		in    Scope
		asked string
		want  string // the site chosen
		code  Code
	}{
		"everywhere":              {Scope{All: true}, "", DefaultSite, ""},
		"everywhere, one asked":   {Scope{All: true}, far, far, ""},
		"the only one":            {Scope{Sites: []string{far}}, "", far, ""},
		"one of several":          {Scope{Sites: []string{far, "x"}}, "x", "x", ""},
		"the default of several":  {Scope{Sites: []string{far, DefaultSite}}, "", DefaultSite, ""},
		"several, none said":      {Scope{Sites: []string{far, "x"}}, "", "", Invalid},
		"somebody else's":         {Scope{Sites: []string{far}}, DefaultSite, "", Invalid},
		"nowhere":                 {Scope{}, "", "", Forbidden},
		"nowhere, but asking one": {Scope{}, far, "", Invalid},
	} {
		if got, err := c.in.Choose(c.asked); got != c.want || codeOf(err) != c.code {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if (Scope{}).Has("") || !(Scope{All: true}).Has(far) {
		t.Error("nobody sees a site, or everybody does not")
	}
}

func TestMay(t *testing.T) {
	for p, g := range permissions {
		if p == Public {
			continue
		}
		if len(g.to) == 0 || g.does == "" {
			t.Errorf("%s: nobody may, or it has no name", p)
		}
		for _, r := range []Role{RoleCarer, RoleNurse, RoleManager, RoleAdmin, RoleIntegration, RoleProgram, "", "king"} {
			err := r.May(p, true)
			if err != nil && codeOf(err) != Forbidden {
				t.Errorf("%s as %s: %v", p, r, err)
			}
			if r == "" || r == "king" {
				if err == nil {
					t.Errorf("%s: role %q may", p, r)
				}
			}
			if weak := r.May(p, false); g.strong && weak == nil || !g.strong && (weak == nil) != (err == nil) {
				t.Errorf("%s as %s by PIN: %v", p, r, weak)
			}
		}
	}
	if err := RoleAdmin.May("made.up", true); codeOf(err) != Forbidden {
		t.Errorf("a permission without a row: %v", err)
	}
	err := RoleCarer.May(ChangeResidents, true)
	if want := "Changing residents is for nurses, managers, administrators and connected programs: ask one of them."; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if err := RoleManager.May(ChangeUsers, false); codeOf(err) != PasswordNeeded {
		t.Errorf("by PIN: %v", err)
	}
	if err := Role("").May(Public, false); err != nil {
		t.Errorf("public: %v", err)
	}
}

func TestSiteCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in    Site
		field string
	}{
		"good":               {Site{Name: " North ", Zone: "Europe/Berlin"}, ""},
		"no zone":            {Site{Name: "North"}, ""},
		"no name":            {Site{Zone: "UTC"}, "name"},
		"the server's zone":  {Site{Name: "North", Zone: "Local"}, "zone"},
		"no such zone":       {Site{Name: "North", Zone: "Mars/Olympus"}, "zone"},
		"a way out of zones": {Site{Name: "North", Zone: "../../etc/passwd"}, "zone"},
	} {
		if err := c.in.Check(); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
}
