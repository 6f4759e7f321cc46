package care

import (
	"slices"
	"strings"
	"testing"
)

func scopes(t *testing.T, words string) SystemScopes {
	t.Helper()
	s, err := ParseScopes(strings.Fields(words))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIntersectScopes(t *testing.T) {
	for _, c := range []struct{ asked, allowed, want string }{
		{"system/*.rs", "system/Patient.cruds", "system/Patient.rs"},
		{"system/Patient.cruds", "system/*.rs", "system/Patient.rs"},
		{"system/*.cruds", "system/*.rs", "system/*.rs"},
		{"system/*.rs system/Patient.rs", "system/*.cruds", "system/*.rs"},
		{"system/*.r system/Patient.s", "system/*.rs", "system/*.r system/Patient.rs"},
		{"system/Patient.rs system/Task.r", "system/Patient.r system/Task.s", "system/Patient.r"},
		{"system/Patient.read system/Patient.write", "system/Patient.cruds", "system/Patient.cruds"},
		{"system/Patient.*", "system/Patient.cu", "system/Patient.cu"},
		{"system/Patient.r", "system/Observation.r", ""},
		{"", "system/*.cruds", ""},
	} {
		got := scopes(t, c.asked).Intersect(scopes(t, c.allowed))
		if s := strings.Join(got.Words(), " "); s != c.want {
			t.Errorf("%q of %q is %q, want %q", c.asked, c.allowed, s, c.want)
		}
	}
}

func TestScopeWords(t *testing.T) {
	for _, w := range []string{"", "system", "system/", "system/Patient", "system/Patient.", "system/patient.r", "system/Patient.x", "system/Patient.rr", "system/Patient.sr",
		"user/Patient.rs", "patient/Patient.rs", "launch", "openid", "system/Patient.rs?x=y", "system/**.rs", "system/Pat ient.r", "SYSTEM/Patient.r", "system/Patient.r\n"} {
		if _, err := ParseScopes([]string{w}); err == nil {
			t.Errorf("%q was taken", w)
		}
	}
}

// Whatever words there are, what is granted is never more than what is allowed, and reads back the same.
func FuzzScopes(f *testing.F) {
	f.Add("system/*.rs", "system/Patient.cruds")
	f.Add("system/Patient.read system/*.s", "system/*.cud system/Task.r")
	f.Fuzz(func(t *testing.T, asked, allowed string) {
		a, errA := ParseScopes(strings.Fields(asked))
		b, errB := ParseScopes(strings.Fields(allowed))
		if errA != nil || errB != nil {
			return
		}
		both := a.Intersect(b)
		again, err := ParseScopes(both.Words())
		if err != nil || !slices.Equal(again.Words(), both.Words()) {
			t.Fatalf("%v reads back as %v: %v", both.Words(), again.Words(), err)
		}
		for _, kind := range []string{"Patient", "Task", "Observation", "Xyz"} {
			for op := OpCreate; op <= OpSearch; op <<= 1 {
				if both.Allow(kind, op) != (a.Allow(kind, op) && b.Allow(kind, op)) {
					t.Errorf("%q of %q: %s.%s is %v", asked, allowed, kind, op, both.Allow(kind, op))
				}
			}
		}
	})
}

// Each permission of an integration says which scopes it needs, or is named here as one for people.
func TestEveryPermissionHasScopes(t *testing.T) {
	people := []Permission{Public, OwnAccount, OwnSecrets}
	all := &ClientAccess{Scopes: SystemScopes{"*": OpCreate | OpRead | OpUpdate | OpDelete | OpSearch}}
	for p, g := range permissions {
		_, has := needs[p]
		if want := slices.Contains(g.to, RoleIntegration) && !slices.Contains(people, p); has != want {
			t.Errorf("%s: a row of scopes: %v, want %v", p, has, want)
		}
		if p != Public && has != (all.May(p, OpRead) == nil) {
			t.Errorf("%s: a program with all scopes: %v", p, all.May(p, OpRead))
		}
	}
	none := &ClientAccess{Scopes: SystemScopes{"Basic": OpRead}}
	for p := range needs {
		open := p == ReadSites || p == ReadChanges // which tells of the kinds that the scopes allow
		if !open && none.May(p, OpRead) == nil {
			t.Errorf("%s is open to a program whose scopes say nothing of it", p)
		}
	}
}
