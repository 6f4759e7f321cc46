package care

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"wince/pain"
)

func scale(t testing.TB, id string) *pain.Scale {
	t.Helper()
	files, err := pain.BuiltInScales()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if s, err := pain.ParseScale(f.Name, f.Text); err == nil && s.ID == id {
			return s
		}
	}
	t.Fatalf("no scale %s", id)
	return nil
}

func codeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func ref[T any](v T) *T { return &v }

var (
	carer  = Act{By: Actor{"u1", "Ann"}, At: noon}
	calm   = pain.Answers{"breathing": 0, "vocalisation": 0, "face": 0, "body": 0, "consolability": 0}
	sore   = pain.Answers{"breathing": 1, "vocalisation": 1, "face": 2, "body": 0, "consolability": 1}
	hidden = []pain.Proposal{{ItemID: "face", Value: 2}}
)

func later(d time.Duration) Act { return Act{By: carer.By, At: noon.Add(d)} }

func evidence(practice bool) *Evidence {
	v := &Session{ID: NewID(), SiteID: DefaultSite, Practice: practice, Condition: InMovement}
	if !practice {
		v.ResidentID = "r1"
	}
	return &Evidence{Session: v, Observation: json.RawMessage("{}"), Proposals: hidden}
}

func draft(t *testing.T, f Filling) *Assessment {
	t.Helper()
	a, err := NewAssessment(Assessment{ResidentID: "r1", SiteID: DefaultSite, Condition: AtRest}, nil, scale(t, "painad"), f, carer)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssessmentRules(t *testing.T) {
	e := evidence(true)
	a, err := NewAssessment(Assessment{}, e, nil, Filling{Remarks: ref(" fine ")}, carer)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Practice || a.ResidentID != "" || a.Condition != InMovement || a.Status != Preliminary || a.Method != ByCamera || a.Remarks != "fine" || !ValidID(a.ID) || a.ConfirmedBy != nil {
		t.Errorf("got %+v", a)
	}
	for _, id := range []string{"x", "0195d3a0-0000-4000-8000-000000000000", strings.ToUpper(NewID()), "{" + NewID() + "}"} {
		if _, err := NewAssessment(Assessment{ID: id}, e, nil, Filling{}, carer); fieldOf(err) != "id" {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if err := a.Confirm(Filling{}, nil, Act{By: Program, At: noon}); err == nil || a.Status != Preliminary {
		t.Error("a program confirmed an assessment")
	}
	if err := a.Confirm(Filling{Remarks: ref(strings.Repeat("x", maxRemarks+1))}, nil, carer); fieldOf(err) != "remarks" || a.Status != Preliminary {
		t.Errorf("got %v and %s", err, a.Status)
	}
	if err := a.Confirm(Filling{}, nil, carer); err != nil || a.Status != Final || a.ConfirmedBy.Name != "Ann" || a.Version != 2 {
		t.Errorf("got %v and %+v", err, a)
	}
	if err := a.Confirm(Filling{}, nil, carer); err == nil || a.Version != 2 {
		t.Error("confirmed twice")
	}
}

func TestNewAssessmentRefuses(t *testing.T) {
	painad, nrs := scale(t, "painad"), scale(t, "nrs")
	ok := Assessment{ResidentID: "r1", Condition: AtRest}
	for name, c := range map[string]struct {
		in    Assessment
		scale *pain.Scale
		f     Filling
		field string
	}{
		"good":                        {ok, painad, Filling{Answers: sore}, ""},
		"a few answers":               {ok, painad, Filling{Answers: pain.Answers{"face": 1}}, ""},
		"self-report":                 {ok, nrs, Filling{Answers: pain.Answers{"pain": 10}}, ""},
		"no condition":                {Assessment{ResidentID: "r1"}, painad, Filling{}, "condition"},
		"nobody":                      {Assessment{Condition: AtRest}, painad, Filling{}, "resident_id"},
		"practice of somebody":        {Assessment{ResidentID: "r1", Practice: true, Condition: AtRest}, painad, Filling{}, "resident_id"},
		"no scale, no camera":         {ok, nil, Filling{}, "scale"},
		"unknown item":                {ok, painad, Filling{Answers: pain.Answers{"nose": 1}}, "answers.nose"},
		"unknown option":              {ok, painad, Filling{Answers: pain.Answers{"face": 3}}, "answers.face"},
		"unknown method":              {Assessment{ResidentID: "r1", Condition: AtRest, Method: "guess"}, painad, Filling{}, "method"},
		"watching a self-report":      {Assessment{ResidentID: "r1", Condition: AtRest, Method: ByObserver}, nrs, Filling{}, "method"},
		"saying an observation":       {Assessment{ResidentID: "r1", Condition: AtRest, Method: BySelfReport}, painad, Filling{}, "method"},
		"a type PAINAD does not know": {ok, painad, Filling{PainType: ref("acute")}, "pain_type"},
		"Abbey's type":                {ok, scale(t, "abbey"), Filling{PainType: ref("acute_on_chronic")}, ""},
		"in the future":               {ok, painad, Filling{AssessedAt: ref(noon.Add(clockSkew + time.Second))}, "assessed_at"},
		"a tablet's clock ahead":      {ok, painad, Filling{AssessedAt: ref(noon.Add(clockSkew))}, ""},
		"an hour ago":                 {ok, painad, Filling{AssessedAt: ref(noon.Add(-time.Hour))}, ""},
		"unknown region":              {ok, painad, Filling{BodySites: []BodySite{{Region: "tail"}}}, "body_sites"},
		"a known region":              {ok, painad, Filling{BodySites: []BodySite{{Region: "left_knee", View: "front", X: ref(.4), Y: ref(.8)}}}, ""},
		"a face from behind":          {ok, painad, Filling{BodySites: []BodySite{{Region: "face", View: "back"}}}, "body_sites"},
		"half a point":                {ok, painad, Filling{BodySites: []BodySite{{Region: "head", View: "front", X: ref(.4)}}}, "body_sites"},
		"a point outside the map":     {ok, painad, Filling{BodySites: []BodySite{{Region: "head", View: "front", X: ref(.4), Y: ref(1.1)}}}, "body_sites"},
		"a point on no view":          {ok, painad, Filling{BodySites: []BodySite{{Region: "head", X: ref(.4), Y: ref(.1)}}}, "body_sites"},
		"too many places":             {ok, painad, Filling{BodySites: make([]BodySite, 41)}, "body_sites"},
		"remarks with a zero":         {ok, painad, Filling{Remarks: ref("a\x00b")}, "remarks"},
	} {
		a, err := NewAssessment(c.in, nil, c.scale, c.f, carer)
		if fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
		if err == nil && a.Status != Drafted {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
}

func TestTotalAndBand(t *testing.T) {
	painad := scale(t, "painad")
	a := draft(t, Filling{Answers: pain.Answers{"face": 2}})
	if a.Total != nil || a.Band != "" {
		t.Errorf("half a scale has total %v", a.Total)
	}
	if err := a.Fill(Filling{Answers: sore}, painad, carer); err != nil || a.Total == nil || *a.Total != 5 || a.Band != "moderate" || a.Version != 2 {
		t.Errorf("%v: %+v", err, a)
	}
	if err := a.Fill(Filling{Remarks: ref("x")}, painad, carer); err != nil || *a.Total != 5 {
		t.Errorf("remarks changed the total: %v %v", err, a.Total)
	}
	if *a.Scale != (pain.Ref{ID: "painad", Version: "1.0.0"}) {
		t.Errorf("scale %+v", a.Scale)
	}
}

// Each state and what can be done in it.
func TestStates(t *testing.T) {
	painad := scale(t, "painad")
	steps := map[string]func(*Assessment) error{
		"fill": func(a *Assessment) error { return a.Fill(Filling{Answers: sore}, painad, carer) },
		"observe": func(a *Assessment) error {
			e := evidence(false)
			e.Session.Condition = AtRest
			return a.Observe(e, painad, carer)
		},
		"confirm": func(a *Assessment) error { return a.Confirm(Filling{Answers: sore}, painad, carer) },
		"amend": func(a *Assessment) error {
			return a.Amend("wrong person's face", Filling{Answers: calm}, painad, carer)
		},
		"wrong": func(a *Assessment) error { return a.MarkWrong("wrong resident", carer) },
	}
	for from, c := range map[string]struct {
		way  []string
		may  map[string]Status
		code map[string]Code
	}{
		"draft": {nil, map[string]Status{"fill": Drafted, "observe": Preliminary, "confirm": Final, "wrong": EnteredInError}, map[string]Code{"amend": Conflict}},
		"preliminary": {[]string{"observe"}, map[string]Status{"fill": Preliminary, "confirm": Final, "wrong": EnteredInError},
			map[string]Code{"observe": Conflict, "amend": Conflict}},
		"final": {[]string{"confirm"}, map[string]Status{"amend": Amended, "wrong": EnteredInError},
			map[string]Code{"fill": AlreadyFinal, "observe": AlreadyFinal, "confirm": AlreadyFinal}},
		"amended": {[]string{"confirm", "amend"}, map[string]Status{"amend": Amended, "wrong": EnteredInError},
			map[string]Code{"fill": AlreadyFinal, "observe": AlreadyFinal, "confirm": AlreadyFinal}},
		"entered in error": {[]string{"wrong"}, nil,
			map[string]Code{"fill": AlreadyFinal, "observe": AlreadyFinal, "confirm": AlreadyFinal, "amend": AlreadyFinal, "wrong": AlreadyFinal}},
	} {
		if len(c.may)+len(c.code) != len(steps) {
			t.Errorf("%s: the table does not say what every step does", from)
		}
		for step, do := range steps {
			a := draft(t, Filling{})
			for _, s := range c.way {
				if err := steps[s](a); err != nil {
					t.Fatalf("on the way to %s: %s: %v", from, s, err)
				}
			}
			version, was := a.Version, a.Status
			err := do(a)
			if want, ok := c.may[step]; ok && (err != nil || a.Status != want || a.Version != version+1) {
				t.Errorf("%s, %s: %v, now %s", from, step, err, a.Status)
			}
			if want, ok := c.code[step]; ok && (codeOf(err) != want || a.Status != was || a.Version != version) {
				t.Errorf("%s, %s: got %v, now %s; want %s", from, step, err, a.Status, want)
			}
		}
	}
}

func TestConfirmNeedsEveryItem(t *testing.T) {
	a := draft(t, Filling{Answers: pain.Answers{"breathing": 0, "face": 1}})
	if err := a.Confirm(Filling{}, scale(t, "painad"), carer); codeOf(err) != Incomplete || fieldOf(err) != "answers.vocalisation" || a.Status != Drafted {
		t.Errorf("got %v", err)
	}
	if err := a.Confirm(Filling{Answers: calm}, scale(t, "painad"), carer); err != nil || *a.Total != 0 || a.Band != "none" {
		t.Errorf("got %v %+v", err, a)
	}
	for _, reason := range []string{"", "  ", strings.Repeat("x", maxReason+1)} {
		if err := a.Amend(reason, Filling{Answers: sore}, scale(t, "painad"), carer); fieldOf(err) != "reason" {
			t.Errorf("amended with the reason %q: %v", reason, err)
		}
		if err := a.MarkWrong(reason, carer); fieldOf(err) != "reason" {
			t.Errorf("marked with the reason %q: %v", reason, err)
		}
	}
	if err := a.Amend("more items", Filling{Answers: pain.Answers{"face": 1}}, scale(t, "painad"), carer); codeOf(err) != Incomplete {
		t.Errorf("amended to half a scale: %v", err)
	}
}

func TestObserveRefusesAnotherPerson(t *testing.T) {
	painad := scale(t, "painad")
	for name, c := range map[string]func(*Session){
		"another resident":  func(v *Session) { v.ResidentID = "r2" },
		"another condition": func(v *Session) { v.Condition = InMovement },
		"practice":          func(v *Session) { v.Practice, v.ResidentID = true, "" },
	} {
		e := evidence(false)
		e.Session.Condition = AtRest
		c(e.Session)
		if err := draft(t, Filling{}).Observe(e, painad, carer); codeOf(err) != Conflict || fieldOf(err) != "session_id" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	painad := scale(t, "painad")
	a := draft(t, Filling{})
	if err := a.Fill(Filling{Answers: sore}, painad, later(-clockSkew)); err != nil {
		t.Errorf("a small step back: %v", err)
	}
	a = draft(t, Filling{})
	before := *a
	for name, err := range map[string]error{
		"fill":    a.Fill(Filling{Answers: sore}, painad, later(-time.Hour)),
		"confirm": a.Confirm(Filling{Answers: sore}, painad, later(-time.Hour)),
		"wrong":   a.MarkWrong("reason", later(-time.Hour)),
	} {
		if codeOf(err) != ClockBack || a.Version != before.Version || a.Status != before.Status {
			t.Errorf("%s an hour before it was made: %v", name, err)
		}
	}
}

func TestBlind(t *testing.T) {
	painad := scale(t, "painad")
	e := evidence(false)
	e.Blind = true
	a, err := NewAssessment(Assessment{}, e, painad, Filling{}, carer)
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Shown(); !s.Hidden || s.Observation != nil || len(s.Proposals) != 0 || len(a.Proposals) != 1 {
		t.Errorf("shown before the carer rated: %+v", s)
	}
	if err := a.Fill(Filling{Answers: pain.Answers{"body": 1}}, painad, carer); err != nil || !a.Shown().Hidden {
		t.Errorf("an item that the camera does not propose opened the view (%v)", err)
	}
	if err := a.Fill(Filling{Answers: pain.Answers{"body": 1, "face": 1}}, painad, carer); err != nil || a.Shown().Hidden || len(a.Shown().Proposals) != 1 {
		t.Errorf("still hidden after the carer rated (%v)", err)
	}
	wrong, err := NewAssessment(Assessment{}, e, painad, Filling{}, carer)
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.MarkWrong("another's face", carer); err != nil || !wrong.Shown().Hidden {
		t.Errorf("marking it wrong opened the view (%v)", err)
	}
	after := maps.Clone(sore) // having seen the machine's 2
	if err := a.Confirm(Filling{Answers: after}, painad, carer); err != nil || a.RatedBlind["face"] != 1 || a.Answers["face"] != 2 {
		t.Errorf("what was rated blind is %v (%v)", a.RatedBlind, err)
	}
	seen := *e
	seen.Blind = false
	open, err := NewAssessment(Assessment{}, &seen, painad, Filling{}, carer)
	if err != nil || open.Shown().Hidden || len(open.Shown().Proposals) != 1 {
		t.Errorf("hidden where nobody rates blind (%v)", err)
	}
	at, err := NewAssessment(Assessment{}, e, painad, Filling{Answers: sore}, carer)
	if err != nil || at.Shown().Hidden || at.RatedBlind["face"] != 2 {
		t.Errorf("rated with the request that made it: %+v (%v)", at, err)
	}
	late := draft(t, Filling{Answers: pain.Answers{"body": 1}})
	e.Session.Condition = AtRest
	if err := late.Observe(e, painad, carer); err != nil || !late.Blind || !late.Shown().Hidden {
		t.Errorf("a draft that is observed later shows what the machine saw (%v): %+v", err, late.Shown())
	}
}

func TestInstrument(t *testing.T) {
	n := &Instrument{Off: []string{}, Own: []pain.Ref{}}
	known := []string{"abbey", "painad"}
	if err := n.SwitchOff([]string{"abbey", "abbey"}, known); err != nil || len(n.Off) != 1 {
		t.Errorf("%v %v", n.Off, err)
	}
	if err := n.SwitchOff(known, known); fieldOf(err) != "off" || len(n.Off) != 1 {
		t.Errorf("every scale could be switched off: %v", err)
	}
	if err := n.SwitchOff([]string{"x"}, known); fieldOf(err) != "off" {
		t.Errorf("an unknown scale: %v", err)
	}
	for _, v := range []string{"1.0.0", "1.1.0"} {
		if err := n.Adopt(pain.Ref{ID: "abbey", Version: v}); err != nil {
			t.Error(err)
		}
	}
	if len(n.Own) != 1 || n.Own[0].Version != "1.1.0" || len(n.Off) != 0 {
		t.Errorf("got %+v", n)
	}
}
