package care

import (
	"errors"
	"strings"
	"testing"
)

func fieldOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

func TestCheckPassword(t *testing.T) {
	for password, good := range map[string]bool{
		"": false, "short": false, "ten chars!": true, "Ann Example": false, "ann example": false, strings.Repeat("x", 200): true, strings.Repeat("x", 201): false,
		"пароль пароль": true,
	} {
		if err := CheckPassword(password, "Ann Example"); (err == nil) != good {
			t.Errorf("%q: %v", password, err)
		}
	}
}

func TestSessionCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in    Session
		field string
	}{
		"care":                  {Session{ResidentID: "r", Condition: AtRest}, ""},
		"practice":              {Session{Practice: true, Condition: InMovement}, ""},
		"no condition":          {Session{ResidentID: "r"}, "condition"},
		"unknown condition":     {Session{ResidentID: "r", Condition: "asleep"}, "condition"},
		"practice of somebody":  {Session{Practice: true, ResidentID: "r", Condition: AtRest}, "resident_id"},
		"care of nobody":        {Session{Condition: AtRest}, "resident_id"},
		"practice, undescribed": {Session{Practice: true}, "condition"},
	} {
		if err := c.in.Check(); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
}
