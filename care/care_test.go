package care

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"wince/pain"
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

func TestAssessmentRules(t *testing.T) {
	person := Act{By: Actor{"u1", "Ann"}, At: time.Now()}
	v := &Session{ID: NewID(), Practice: true, Condition: InMovement}
	a, err := NewAssessment("", v, json.RawMessage("{}"), nil, " fine ", person)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Practice || a.ResidentID != "" || a.Condition != InMovement || a.Status != Preliminary || a.Remarks != "fine" || !ValidID(a.ID) || a.ConfirmedBy != nil {
		t.Errorf("got %+v", a)
	}
	for _, id := range []string{"x", "0195d3a0-0000-4000-8000-000000000000", strings.ToUpper(NewID()), "{" + NewID() + "}"} {
		if _, err := NewAssessment(id, v, nil, nil, "", person); fieldOf(err) != "id" {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if err := a.Confirm(nil, Act{By: Program, At: time.Now()}); err == nil || a.Status != Preliminary {
		t.Error("a program confirmed an assessment")
	}
	long := strings.Repeat("x", maxRemarks+1)
	if err := a.Confirm(&long, person); fieldOf(err) != "remarks" || a.Status != Preliminary {
		t.Errorf("got %v and %s", err, a.Status)
	}
	if err := a.Confirm(nil, person); err != nil || a.Status != Final || a.ConfirmedBy.Name != "Ann" || a.Version != 2 {
		t.Errorf("got %v and %+v", err, a)
	}
	if err := a.Confirm(nil, person); err == nil || a.Version != 2 {
		t.Error("confirmed twice")
	}
}

func TestProposeFace(t *testing.T) {
	type units = map[string]float64
	for name, c := range map[string]struct {
		state string
		units units
		smile float64
		want  int // -1 for no proposal
		says  string
	}{
		"not assessable":            {"not_assessable", units{"AU4": 1}, 0, -1, ""},
		"nothing":                   {"assessed", units{}, 0, 0, "None"},
		"too short":                 {"assessed", units{"AU4": .09, "AU7": .09}, 0, 0, "None"},
		"brow alone":                {"assessed", units{"AU4": .3}, 0, 1, "brows lowered 30 %"},
		"inner brow":                {"assessed", units{"AU1": .3}, 0, 1, "inner brows raised"},
		"tight eyes alone":          {"assessed", units{"AU7": .6}, 0, 0, "None"},
		"brow and eyes":             {"assessed", units{"AU4": .3, "AU7": .25}, 0, 2, "eyelids tightened 25 %"},
		"brow and nose":             {"assessed", units{"AU4": .3, "AU9": .2}, 0, 2, "nose wrinkled"},
		"brow, cheeks":              {"assessed", units{"AU4": .3, "AU6": .5}, 0, 2, "cheeks raised 50 %"},
		"brow, cheeks of a smile":   {"assessed", units{"AU4": .3, "AU6": .5}, .5, 1, "brows lowered"},
		"brow, cheeks after smiles": {"assessed", units{"AU4": .3, "AU6": .5}, .2, 2, "cheeks raised 30 %"},
		"smile":                     {"assessed", units{"AU6": .9, "AU12": .9}, .9, 0, "None"},
	} {
		o := &pain.Observation{State: c.state, AU: map[string]pain.AUSummary{}, Confounder: map[string]float64{"smile": c.smile}}
		for u, share := range c.units {
			o.AU[u] = pain.AUSummary{Share: share}
		}
		got := ProposeFace(o)
		if c.want < 0 {
			if len(got) != 0 {
				t.Errorf("%s: proposed %+v", name, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Value != c.want || !strings.Contains(got[0].Evidence, c.says) || !got[0].Provisional || got[0].ActionUnits == nil {
			t.Errorf("%s: got %+v, want %d and %q", name, got, c.want, c.says)
		}
	}
}
