package web

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/pain"
)

type object = map[string]any

var sore = object{"breathing": 1, "vocalisation": 1, "face": 2, "body": 1, "consolability": 0}

func (g *rig) add(in object) care.Assessment {
	g.Helper()
	var a care.Assessment
	g.do("POST", "/api/v1/assessments", in).want(201).read(&a)
	return a
}

// observer makes a draft that no camera was at, of a new resident.
func (g *rig) observer(more object) care.Assessment {
	g.Helper()
	in := object{"resident_id": g.resident(care.ConsentRefused).ID, "condition": "rest", "scale": "painad"}
	for k, v := range more {
		in[k] = v
	}
	return g.add(in)
}

func TestAssessWithoutTheCamera(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentRefused) // the camera may not be used, the scale may
	x := object{"region": "left_hip", "view": "back", "x": .4, "y": .5}
	a := g.add(object{"resident_id": r.ID, "condition": "movement", "scale": "abbey", "pain_type": "acute", "body_sites": []object{x}, "remarks": "while turning"})
	if a.Status != care.Drafted || a.Method != care.ByObserver || a.Total != nil || a.Observation != nil && string(a.Observation) != "null" || a.Scale.Version != "1.0.0" || a.SiteID != care.DefaultSite {
		t.Errorf("got %+v", a)
	}
	at := "/api/v1/assessments/" + a.ID
	some := object{"vocalisation": 3, "face": 3}
	g.do("PATCH", at, object{"answers": some}, "If-Match", `"1"`).want(200).read(&a)
	if p := g.do("POST", at+"/confirm", object{}, "If-Match", `"2"`).problem(409, care.Incomplete); p.Field != "answers.body" || !strings.Contains(p.Detail, "4 of 6") {
		t.Errorf("%+v", p)
	}
	all := object{"vocalisation": 3, "face": 3, "body": 2, "behaviour": 3, "physiology": 1, "physical": 2}
	g.do("POST", at+"/confirm", object{"answers": all}, "If-Match", `"2"`).want(200).read(&a)
	if a.Status != care.Final || *a.Total != 14 || a.Band != "severe" || a.PainType != "acute" || len(a.BodySites) != 1 || a.ConfirmedBy.Name != "Ann Bee" {
		t.Errorf("got %+v", a)
	}
	said := g.add(object{"resident_id": r.ID, "condition": "rest", "scale": "nrs", "answers": object{"pain": 7}})
	if said.Method != care.BySelfReport || *said.Total != 7 || said.Band != "severe" {
		t.Errorf("self-report %+v", said)
	}
	training := g.add(object{"practice": true, "condition": "rest", "scale": "painad", "answers": sore})
	var list struct{ Assessments []care.Assessment }
	g.do("GET", "/api/v1/assessments", nil).want(200).read(&list)
	for _, x := range list.Assessments {
		if x.ID == training.ID {
			t.Error("training is listed with care")
		}
	}
}

func TestDraftThenObserved(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	a := g.add(object{"resident_id": r.ID, "condition": "rest", "scale": "paic15"})
	v := g.session(object{"resident_id": r.ID, "condition": "rest"})
	at := "/api/v1/assessments/" + a.ID + "/observe"
	g.do("POST", at, object{"session_id": v.ID}, "If-Match", `"1"`).problem(409, codeNotObserved)
	g.live.session(v.ID).observe()
	other := g.session(object{"resident_id": r.ID, "condition": "movement"})
	g.live.session(other.ID).observe()
	g.do("POST", at, object{"session_id": other.ID}, "If-Match", `"1"`).problem(409, care.Conflict)
	g.do("POST", at, object{"session_id": v.ID, "answers": object{}}, "If-Match", `"1"`).problem(400, codeMalformed)
	once := object{"id": care.NewID(), "session_id": v.ID}
	g.do("POST", at, once, "If-Match", `"1"`).want(200)
	g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
	g.do("POST", at, once, "If-Match", `"1"`).want(200).read(&a) // the answer was lost, and the session has ended since
	if a.Status != care.Preliminary || a.SessionID != v.ID || len(a.Proposals) != 2 || len(a.NotProposed) != 3 {
		t.Errorf("got %s with %d proposals, %d not proposed: %+v", a.Status, len(a.Proposals), len(a.NotProposed), a.NotProposed)
	}
	for _, p := range a.Proposals { // brow lowered at 3 and lids at 2 throughout
		if want := map[string]int{"frowning": 3, "narrowing_eyes": 2}[p.ItemID]; p.Value != want || p.ScaleID != "paic15" || p.Version != "1.0.0" {
			t.Errorf("%+v, want %d", p, want)
		}
	}
}

func TestCorrections(t *testing.T) {
	g := newRig(t).admin()
	a := g.observer(object{"answers": sore})
	at := "/api/v1/assessments/" + a.ID
	g.do("POST", at+"/amend", object{"reason": "x"}, "If-Match", `"1"`).problem(409, care.Conflict)
	g.do("POST", at+"/confirm", object{}, "If-Match", `"1"`).want(200).read(&a)
	g.do("PATCH", at, object{"remarks": "x"}, "If-Match", `"2"`).problem(409, care.AlreadyFinal)
	g.do("POST", at+"/amend", object{"remarks": "x"}, "If-Match", `"2"`).problem(422, care.Invalid)
	g.do("POST", at+"/amend", object{"reason": "miscounted", "answers": object{"face": 1}}, "If-Match", `"2"`).problem(409, care.Incomplete)
	calm := object{"breathing": 0, "vocalisation": 0, "face": 0, "body": 0, "consolability": 0}
	g.do("POST", at+"/amend", object{"reason": "miscounted", "answers": calm}, "If-Match", `"2"`).want(200).read(&a)
	if a.Status != care.Amended || *a.Total != 0 || a.Reason != "miscounted" || a.Version != 3 {
		t.Errorf("got %+v", a)
	}
	g.do("POST", at+"/entered-in-error", object{"reason": "x", "answers": calm}, "If-Match", `"3"`).problem(400, codeMalformed)
	g.do("POST", at+"/entered-in-error", object{"reason": "another resident"}, "If-Match", `"3"`).want(200).read(&a)
	g.do("POST", at+"/amend", object{"reason": "x"}, "If-Match", `"4"`).problem(409, care.AlreadyFinal)
	var past struct{ Versions []care.Assessment }
	g.do("GET", at+"/versions", nil).want(200).read(&past)
	if len(past.Versions) != 3 || *past.Versions[1].Total != 5 || past.Versions[2].Status != care.Amended {
		t.Errorf("history %+v", past.Versions)
	}
	g.do("GET", "/api/v1/assessments/"+care.NewID()+"/versions", nil).problem(404, care.NotFound)
}

func TestEveryWriteCanBeSentTwice(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	in := object{"id": care.NewID(), "resident_id": r.ID, "condition": "rest", "scale": "painad"}
	a := g.add(in)
	g.do("POST", "/api/v1/assessments", in).want(200)
	in["condition"] = "movement"
	g.do("POST", "/api/v1/assessments", in).problem(409, care.Conflict)
	g.do("POST", "/api/v1/assessments", object{"id": "x", "condition": "rest"}).problem(422, care.Invalid)

	at := "/api/v1/assessments/" + a.ID
	for i, c := range []struct {
		method, path string
		body         object
		tag          string
	}{
		{"PATCH", at, object{"answers": sore}, `"1"`},
		{"POST", at + "/confirm", object{}, `"2"`},
		{"POST", at + "/amend", object{"reason": "the other side", "remarks": "left"}, `"3"`},
		{"POST", at + "/entered-in-error", object{"reason": "wrong"}, `"4"`},
	} {
		c.body["id"] = care.NewID()
		for range 3 { // the answer was lost, twice
			a := g.do(c.method, c.path, c.body, "If-Match", c.tag).want(200)
			var got care.Assessment
			a.read(&got)
			if got.Version != i+2 {
				t.Errorf("%s %s: version %d", c.method, c.path, got.Version)
			}
		}
		c.body["remarks"] = "something else"
		if c.path == at+"/entered-in-error" {
			c.body["reason"], c.body["remarks"] = "something else", nil
		}
		g.do(c.method, c.path, c.body, "If-Match", c.tag).problem(409, care.Conflict)
	}
	trail, err := g.store.Audit(t.Context(), care.AuditQuery{EntityID: a.ID, Limit: 100})
	if err != nil || len(trail) != 5 {
		t.Errorf("%d audit rows (%v): %+v", len(trail), err, trail)
	}
}

func TestAssessmentsThatAreRefused(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	v := g.session(object{"resident_id": r.ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	good := object{"resident_id": r.ID, "condition": "rest", "scale": "painad"}
	for name, c := range map[string]struct {
		more   object
		status int
		code   care.Code
		field  string
	}{
		"unknown member":          {object{"colour": "red"}, 400, codeMalformed, "colour"},
		"unknown scale":           {object{"scale": "faces"}, 422, care.Invalid, "scale"},
		"no scale, no camera":     {object{"scale": ""}, 422, care.Invalid, "scale"},
		"unknown item":            {object{"answers": object{"nose": 1}}, 422, care.Invalid, "answers.nose"},
		"no such option":          {object{"answers": object{"face": 3}}, 422, care.Invalid, "answers.face"},
		"half an option":          {object{"answers": object{"face": 1.5}}, 400, codeMalformed, "answers"},
		"unknown condition":       {object{"condition": "asleep"}, 422, care.Invalid, "condition"},
		"no condition":            {object{"condition": ""}, 422, care.Invalid, "condition"},
		"unknown method":          {object{"method": "guess"}, 422, care.Invalid, "method"},
		"tomorrow":                {object{"assessed_at": g.clock.now().Add(24 * time.Hour)}, 422, care.Invalid, "assessed_at"},
		"no time":                 {object{"assessed_at": "noon"}, 400, codeMalformed, ""},
		"unknown region":          {object{"body_sites": []object{{"region": "tail"}}}, 422, care.Invalid, "body_sites"},
		"unknown member of one":   {object{"body_sites": []object{{"region": "head", "z": 1}}}, 400, codeMalformed, "z"},
		"another resident":        {object{"resident_id": care.NewID()}, 404, care.NotFound, ""},
		"practice of somebody":    {object{"practice": true}, 422, care.Invalid, "resident_id"},
		"a site of one's own":     {object{"site_id": care.DefaultSite}, 422, care.Invalid, "site_id"},
		"session and resident":    {object{"session_id": v.ID}, 422, care.Invalid, "session_id"},
		"too long":                {object{"remarks": strings.Repeat("x", 2001)}, 422, care.Invalid, "remarks"},
		"ten megabytes":           {object{"remarks": strings.Repeat("x", 10<<20)}, 413, codeTooLarge, ""},
		"a type of another scale": {object{"pain_type": "acute"}, 422, care.Invalid, "pain_type"},
	} {
		in := object{}
		for k, x := range good {
			in[k] = x
		}
		for k, x := range c.more {
			in[k] = x
		}
		if p := g.do("POST", "/api/v1/assessments", in).problem(c.status, c.code); p.Field != c.field {
			t.Errorf("%s: field %q, want %q: %s", name, p.Field, c.field, p.Detail)
		}
	}
	var list struct{ Assessments []care.Assessment }
	if g.do("GET", "/api/v1/assessments", nil).want(200).read(&list); len(list.Assessments) != 0 {
		t.Errorf("refused requests left %d assessments", len(list.Assessments))
	}

	g.clock.pass(10 * time.Minute)
	a := g.add(good)
	at := "/api/v1/assessments/" + a.ID
	g.do("PATCH", at, object{"answers": sore}).problem(428, codeIfMatch)
	g.do("PATCH", at, object{"answers": sore}, "If-Match", `"7"`).problem(412, care.Stale)
	g.do("PATCH", at, object{"reason": "x"}, "If-Match", `"1"`).problem(400, codeMalformed)
	g.do("PATCH", at, object{"total": 3}, "If-Match", `"1"`).problem(400, codeMalformed)
	g.clock.pass(-5 * time.Minute) // the server's clock was set back
	g.do("PATCH", at, object{"answers": sore}, "If-Match", `"1"`).problem(503, care.ClockBack)
	g.clock.pass(5 * time.Minute)
	g.do("PATCH", at, object{"answers": sore}, "If-Match", `"1"`).want(200)
}

func TestAnotherSitesAssessments(t *testing.T) {
	g := newRig(t).admin()
	a := g.observer(object{"answers": sore})
	far := care.Site{ID: care.NewID(), Name: "Far", Zone: "UTC", CreatedAt: care.Stamp(g.clock.now()), Version: 1}
	if err := g.store.AddSite(t.Context(), care.Act{By: server, At: g.clock.now(), Request: "test"}, &far); err != nil {
		t.Fatal(err)
	}
	_, token := g.staff(care.RoleNurse, care.ByPassword, far.ID)
	h := g.as(token)
	at := "/api/v1/assessments/" + a.ID
	h.do("GET", at, nil).problem(404, care.NotFound)
	h.do("GET", at+"/versions", nil).problem(404, care.NotFound)
	h.do("PATCH", at, object{"remarks": "x"}, "If-Match", `"1"`).problem(404, care.NotFound)
	h.do("POST", at+"/confirm", object{}, "If-Match", `"1"`).problem(404, care.NotFound)
	h.do("POST", "/api/v1/assessments", object{"resident_id": a.ResidentID, "condition": "rest", "scale": "painad"}).problem(404, care.NotFound)
	h.do("GET", "/api/v1/scales?site_id="+care.DefaultSite, nil).problem(422, care.Invalid)
}

// The trace of a capture is kept once, and shown with the assessment itself only.
func TestTraceOfAnAssessment(t *testing.T) {
	g := newRig(t).admin()
	a := g.assessment()
	traced := func(raw json.RawMessage) bool {
		t.Helper()
		var o pain.Observation
		if err := json.Unmarshal(raw, &o); err != nil || o.ScoreP95 == nil {
			t.Fatalf("observation %s (%v)", raw, err)
		}
		return o.Trace != nil && len(o.Trace.Score) > 50 && len(o.Trace.AU["AU4"]) == len(o.Trace.T)
	}
	at := "/api/v1/assessments/" + a.ID
	g.do("PATCH", at, object{"remarks": "asleep"}, "If-Match", `"1"`).want(200).read(&a)
	if !traced(a.Observation) {
		t.Error("a change loses the trace")
	}
	var list struct{ Assessments []care.Assessment }
	g.do("GET", "/api/v1/assessments?resident_id="+a.ResidentID, nil).want(200).read(&list)
	var past struct{ Versions []care.Assessment }
	g.do("GET", at+"/versions", nil).want(200).read(&past)
	if len(list.Assessments) != 1 || traced(list.Assessments[0].Observation) || len(past.Versions) != 1 || traced(past.Versions[0].Observation) {
		t.Error("a list or the history carries the trace")
	}
}

func TestBlindMode(t *testing.T) {
	g := newRig(t).admin()
	g.do("PATCH", "/api/v1/instrument", object{"blind": true}, "If-Match", `"0"`).want(200)
	r := g.resident(care.ConsentGiven)
	v := g.session(object{"resident_id": r.ID, "condition": "rest"})
	practice := g.session(object{"practice": true, "condition": "rest"})
	if !g.live.session(v.ID).heldBack || g.live.session(practice.ID).heldBack {
		t.Error("the live numbers are to be held back in care, and shown in practice")
	}
	g.live.session(v.ID).observe()
	g.do("GET", v.Observation, nil).problem(409, care.RateFirst)
	g.do("POST", "/api/v1/assessments", object{"session_id": v.ID}).problem(422, care.Invalid)
	a := g.add(object{"session_id": v.ID, "scale": "painad"})
	at := "/api/v1/assessments/" + a.ID
	hidden := func(when string, want bool) {
		t.Helper()
		g.do("GET", at, nil).want(200).read(&a)
		if seen := len(a.Proposals) > 0 || len(a.Observation) > len("null"); a.Hidden != want || seen == want {
			t.Errorf("%s: hidden %v, the machine's view is seen %v", when, a.Hidden, seen)
		}
	}
	hidden("as made", true)
	// Neither does any other address tell what the machine saw.
	for _, path := range []string{at, at + "/versions", "/api/v1/assessments?resident_id=" + r.ID, "/api/v1/sessions/" + v.ID, "/api/v1/sessions", "/api/v1/residents/" + r.ID + "/face",
		"/api/v1/residents/" + r.ID + "/scores", "/api/v1/reports/overview", "/api/v1/reports/disagreements?from=2026-03-01&to=2026-03-02"} {
		body := string(g.do("GET", path, nil).want(200).body)
		for _, leak := range []string{"pspi", "score_p95", "trace", "AU4", "grimac"} {
			if strings.Contains(body, leak) {
				t.Errorf("%s tells %q before the carer has rated", path, leak)
			}
		}
	}
	g.do("PATCH", at, object{"answers": object{"body": 1}}, "If-Match", `"1"`).want(200)
	hidden("after another item", true)
	g.do("PATCH", at, object{"answers": object{"body": 1, "face": 0}}, "If-Match", `"2"`).want(200)
	hidden("after the face", false)
	g.do("POST", at+"/confirm", object{"answers": sore}, "If-Match", `"3"`).want(200).read(&a)
	if a.RatedBlind["face"] != 0 || a.Answers["face"] != 2 || a.Proposals[0].Value != 2 {
		t.Errorf("got %+v", a)
	}
	later := g.add(object{"resident_id": r.ID, "condition": "rest", "scale": "painad"})
	g.do("POST", "/api/v1/assessments/"+later.ID+"/observe", object{"session_id": v.ID}, "If-Match", `"1"`).want(200).read(&later)
	if !later.Hidden || len(later.Proposals) > 0 {
		t.Error("a draft that was observed later shows the machine's view")
	}
	var past struct{ Versions []care.Assessment }
	g.do("GET", at+"/versions", nil).want(200).read(&past)
	if !past.Versions[0].Hidden || len(past.Versions[0].Proposals) != 0 {
		t.Error("the history shows what was hidden then")
	}
}

const ownScale = `id: faces
version: 1.0.0
name: Faces
title: Our own faces
kind: observation
source: The home
permission: {state: granted, note: Ours}
total: {min: 0, max: 2}
pain_from: 1
bands: [{id: none, label: None, from: 0, to: 0}, {id: some, label: Some, from: 1, to: 2}]
items:
  - {id: face, label: Face, ask: "What is seen?", options: [{value: 0, label: Calm}, {value: 2, label: Not calm}]}
`

func TestScalesOfTheHome(t *testing.T) {
	g := newRig(t).admin()
	type answer struct {
		Blind  bool
		Scales []struct {
			pain.Scale
			Enabled bool
			BuiltIn bool `json:"built_in"`
		}
	}
	var list answer
	g.do("GET", "/api/v1/scales", nil).want(200).read(&list)
	if len(list.Scales) != 4 || list.Scales[0].ID != "abbey" || !list.Scales[0].Enabled || len(list.Scales[0].Items) != 6 {
		t.Errorf("got %+v", list)
	}
	for name, c := range map[string]struct{ file, says string }{
		"unknown member": {strings.Replace(ownScale, "source", "sauce", 1), `faces.yaml:6: there is no member "sauce"`},
		"a gap":          {strings.Replace(ownScale, "from: 1, to: 2", "from: 2, to: 2", 1), "faces.yaml:10: the band begins at 2"},
		"no YAML":        {"{", "faces.yaml:"},
	} {
		if p := g.do("POST", "/api/v1/scales", object{"name": "faces.yaml", "definition": c.file}).problem(422, care.ScaleFile); !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	g.do("POST", "/api/v1/scales", object{"name": "", "definition": ownScale}).problem(422, care.Invalid)
	builtIn := g.server.builtIn["nrs"].File
	g.do("POST", "/api/v1/scales", object{"name": "nrs.yaml", "definition": string(builtIn.Text) + "# ours\n"}).problem(409, care.Conflict)

	g.do("POST", "/api/v1/scales", object{"name": "faces.yaml", "definition": ownScale}).want(201)
	a := g.observer(object{"scale": "faces", "answers": object{"face": 2}})
	g.do("POST", "/api/v1/scales", object{"name": "faces.yaml", "definition": strings.Replace(ownScale, "Not calm", "Upset", 1)}).problem(409, care.Conflict)
	second := strings.NewReplacer("version: 1.0.0", "version: 1.1.0", "Not calm", "Upset").Replace(ownScale)
	g.do("POST", "/api/v1/scales", object{"name": "faces.yaml", "definition": second}).want(201)
	var s pain.Scale
	g.do("GET", "/api/v1/scales/faces", nil).want(200).read(&s)
	if s.Version != "1.1.0" || s.Items[0].Options[1].Label != "Upset" {
		t.Errorf("got %+v", s)
	}
	g.do("GET", "/api/v1/scales/faces?version="+a.Scale.Version, nil).want(200).read(&s)
	if s.Items[0].Options[1].Label != "Not calm" {
		t.Error("the version that was used has changed")
	}
	g.do("GET", "/api/v1/scales/faces?version=9.9.9", nil).problem(404, care.NotFound)
	g.do("GET", "/api/v1/scales/none", nil).problem(404, care.NotFound)

	// Switched off, it is not chosen any more, and what was begun with it can be finished.
	g.do("PATCH", "/api/v1/instrument", object{"off": []string{"faces"}}).problem(428, codeIfMatch)
	g.do("PATCH", "/api/v1/instrument", object{"off": []string{"faces"}}, "If-Match", `"0"`).problem(412, care.Stale)
	g.do("PATCH", "/api/v1/instrument", object{"off": []string{"none"}}, "If-Match", `"2"`).problem(422, care.Invalid)
	g.do("PATCH", "/api/v1/instrument", object{"off": []string{"faces", "painad"}}, "If-Match", `"2"`).want(200)
	g.do("POST", "/api/v1/assessments", object{"resident_id": a.ResidentID, "condition": "rest", "scale": "faces"}).problem(422, care.Invalid)
	g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", object{}, "If-Match", `"1"`).want(200).read(&a)
	if *a.Total != 2 || a.Scale.Version != "1.0.0" {
		t.Errorf("got %+v", a)
	}
	v := g.session(object{"resident_id": g.resident(care.ConsentGiven).ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	if made := g.add(object{"session_id": v.ID}); len(made.Proposals) != 1 || made.Proposals[0].ScaleID != "abbey" {
		t.Errorf("with PAINAD off the proposals are %+v", made.Proposals)
	}
	var regions struct{ Regions []care.BodyRegion }
	if g.do("GET", "/api/v1/body-regions", nil).want(200).read(&regions); len(regions.Regions) < 30 {
		t.Errorf("%d regions", len(regions.Regions))
	}
}
