package web

import (
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/stream"
)

type baselineSession struct {
	sessionAnswer
	Baseline *sessionBaseline
}

// A baseline is taken in a live session, kept from there, and measured against in the next.
func TestTakingABaseline(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	at := "/api/v1/residents/" + r.ID + "/baselines"
	open := func() (v baselineSession) {
		t.Helper()
		g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": r.ID, "condition": "rest"}).want(201).read(&v)
		return v
	}
	v := open()
	if v.Baseline == nil || v.Baseline.Used || v.Baseline.Reason != "none" || v.Baseline.Text == "" {
		t.Errorf("without one: %+v", v.Baseline)
	}
	in := map[string]any{"id": care.NewID(), "session_id": v.ID, "note": "after lunch, in the chair"}
	g.do("POST", at, in).problem(409, codeNotTaken)
	g.do("POST", v.Capture, map[string]any{"purpose": "photo"}).problem(422, care.Invalid)
	g.do("POST", v.Capture, map[string]any{"seconds": 2, "purpose": "baseline"}).problem(422, care.Code(stream.CodeCaptureLength))
	g.do("POST", v.Capture, map[string]any{"seconds": 10, "purpose": "baseline"}).want(202)
	if !strings.Contains(string(g.do("GET", "/api/v1/sessions/"+v.ID, nil).want(200).body), `"purpose":"baseline"`) {
		t.Error("the session does not say that a baseline is taken")
	}
	live := g.live.session(v.ID)
	live.take(g.clock.now(), "There was a smile: wait.")
	if p := g.do("POST", at, in).problem(409, codeNotTaken); !strings.Contains(p.Detail, "smile") {
		t.Errorf("the sentence does not say why: %s", p.Detail)
	}
	taken := g.clock.now()
	live.take(taken)
	g.clock.pass(time.Minute)
	for what, more := range map[string]map[string]any{
		"values":   {"values": map[string]float64{"jaw": 1}},
		"a method": {"method": method},
		"frames":   {"frames": 3},
		"a time":   {"taken_at": taken},
	} {
		body := map[string]any{"session_id": v.ID}
		for k, x := range more {
			body[k] = x
		}
		if p := g.do("POST", at, body).problem(422, care.Invalid); p.Field != "session_id" {
			t.Errorf("%s beside the session: %+v", what, p)
		}
	}
	other := g.session(map[string]any{"practice": true, "condition": "rest"})
	g.live.session(other.ID).take(taken)
	g.do("POST", at, map[string]any{"session_id": other.ID}).problem(409, care.Conflict)
	g.do("POST", "/api/v1/residents/"+g.resident(care.ConsentGiven).ID+"/baselines", in).problem(409, care.Conflict)
	g.do("POST", at, map[string]any{"session_id": care.NewID()}).problem(404, care.NotFound)

	var b struct {
		care.Baseline
		Outdated bool
	}
	g.do("POST", at, in).want(201).read(&b)
	if !b.Chosen || b.SessionID != v.ID || b.Values["jaw"] != 0.4 || b.Spread["jaw"] != 0.01 || !b.TakenAt.Equal(taken) || b.Method != method || b.Frames != 280 || b.Outdated {
		t.Errorf("kept %+v", b)
	}
	g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
	id := b.ID
	g.do("POST", at, in).want(200).read(&b) // again, after an answer that got lost
	if b.ID != id {
		t.Error("kept twice")
	}
	in["note"] = "elsewhere"
	g.do("POST", at, in).problem(409, care.Conflict)
	g.do("POST", at, map[string]any{"session_id": v.ID}).problem(410, care.Code(stream.CodeSessionClosed))

	v = open()
	if !v.Baseline.Used || v.Baseline.ID != id || !v.Baseline.TakenAt.Equal(taken) {
		t.Errorf("with one: %+v", v.Baseline)
	}
	if own, used := g.live.session(v.ID).Against(); !used || own.Values["jaw"] != 0.4 {
		t.Errorf("the session measures against %+v", own)
	}
	// Another one stays beside it until it is chosen.
	g.live.session(v.ID).take(taken)
	g.do("POST", at, map[string]any{"session_id": v.ID}).want(201).read(&b)
	if b.Chosen {
		t.Error("the second was chosen by itself")
	}
	g.do("POST", at, map[string]any{"session_id": v.ID, "chosen": true}).want(201).read(&b)
	if !b.Chosen {
		t.Error("one was asked for and not chosen")
	}
}

// A baseline of another method is said to be outdated, is not used, and the next one takes its place.
func TestOutdatedBaseline(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	at := "/api/v1/residents/" + r.ID + "/baselines"
	g.do("POST", at, map[string]any{"method": "features/0", "frames": 9, "values": map[string]float64{"jaw": 1}, "chosen": true}).want(201)
	var v baselineSession
	g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": r.ID, "condition": "rest"}).want(201).read(&v)
	if v.Baseline.Used || v.Baseline.Reason != "baseline_outdated" || v.Baseline.ID == "" || v.Baseline.Text == "" {
		t.Errorf("session %+v", v.Baseline)
	}
	g.live.session(v.ID).take(g.clock.now())
	g.do("POST", at, map[string]any{"session_id": v.ID}).want(201)
	var list struct {
		Baselines []struct{ Chosen, Outdated bool }
	}
	g.do("GET", at, nil).want(200).read(&list)
	if l := list.Baselines; len(l) != 2 || !l[0].Chosen || l[0].Outdated || l[1].Chosen || !l[1].Outdated {
		t.Errorf("list %+v", l)
	}
	var practice baselineSession
	g.do("POST", "/api/v1/sessions", map[string]any{"practice": true, "condition": "rest"}).want(201).read(&practice)
	if practice.Baseline != nil {
		t.Errorf("practice is measured against %+v", practice.Baseline)
	}
}
