package web

import (
	"strings"
	"testing"
	"time"

	"wince/care"
)

func TestOverviewAndDisagreements(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	other := g.resident(care.ConsentUnknown)
	observed := func(answers object) (a care.Assessment) {
		t.Helper()
		v := g.session(object{"resident_id": r.ID, "condition": "rest"})
		g.live.session(v.ID).observe()
		g.do("POST", "/api/v1/assessments", object{"session_id": v.ID, "scale": "painad", "answers": answers}).want(201).read(&a)
		g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
		return a
	}
	calm := object{"breathing": 0, "vocalisation": 0, "face": 0, "body": 0, "consolability": 0}
	open := observed(calm)
	for range 3 {
		a := observed(sore)
		g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", object{}, etag("1")...).want(200)
	}
	low := observed(calm) // the camera proposes 2
	g.do("POST", "/api/v1/assessments/"+low.ID+"/confirm", object{}, etag("1")...).want(200)

	var o care.Overview
	g.do("GET", "/api/v1/reports/overview", nil).want(200).read(&o)
	if o.Residents != 2 || len(o.Unconfirmed) != 0 || len(o.NotAssessed) != 0 || len(o.Consent) != 1 || o.Consent[0].ResidentID != other.ID ||
		len(o.WithoutBaseline) != 1 || o.WithoutBaseline[0].ResidentID != r.ID {
		t.Errorf("at once: %+v", o)
	}
	var d care.Disagreements
	day, next := g.clock.now().Format(time.DateOnly), g.clock.now().AddDate(0, 0, 1).Format(time.DateOnly)
	at := "/api/v1/reports/disagreements?from=" + day + "&to=" + next
	g.do("GET", at, nil).want(200).read(&d)
	if d.Compared != 4 || d.Differing != 1 || len(d.List) != 1 || d.List[0].AssessmentID != low.ID || d.List[0].Difference != -2 || d.List[0].ResidentID != r.ID {
		t.Errorf("disagreements %+v", d)
	}
	var f care.Face
	g.do("GET", "/api/v1/residents/"+r.ID+"/face", nil).want(200).read(&f)
	if f.Pain != 3 || f.Calm != 1 || len(f.Units) != 2 || *f.Units[0].Pain.Peak != 3 || f.Units[0].Calm.Peak != nil {
		t.Errorf("face %+v", f)
	}
	g.clock.pass(9 * time.Hour)
	g.do("POST", "/api/v1/login", object{"name": "Ann Bee", "password": password}).want(200)
	g.do("GET", "/api/v1/reports/overview", nil).want(200).read(&o)
	if len(o.Unconfirmed) != 1 || o.Unconfirmed[0].ID != open.ID || o.Unconfirmed[0].Status != care.Preliminary {
		t.Errorf("after a shift: %+v", o.Unconfirmed)
	}
	g.clock.pass(8 * 24 * time.Hour)
	g.do("POST", "/api/v1/login", object{"name": "Ann Bee", "password": password}).want(200)
	g.do("GET", "/api/v1/reports/overview?days=8", nil).want(200).read(&o)
	if len(o.NotAssessed) != 2 || o.NotAssessed[0].At == nil && o.NotAssessed[1].At == nil {
		t.Errorf("after a week: %+v", o.NotAssessed)
	}
	text := string(g.do("GET", "/api/v1/reports/overview", nil).body) + string(g.do("GET", at, nil).body)
	if strings.Contains(text, r.Name) {
		t.Error("a report names a resident")
	}
	for _, bad := range []string{"/reports/overview?days=0", "/reports/disagreements?from=noon", "/reports/disagreements?limit=201", "/residents/" + r.ID + "/face?since=noon"} {
		g.do("GET", "/api/v1"+bad, nil).problem(422, care.Invalid)
	}
	g.do("GET", "/api/v1/residents/"+care.NewID()+"/face", nil).problem(404, care.NotFound)
	g.do("GET", "/api/v1/reports/overview?site_id="+care.NewID(), nil).problem(404, care.NotFound)
	if trail := string(g.do("GET", "/api/v1/audit?limit=200", nil).body); !strings.Contains(trail, "overview.read") {
		t.Error("that residents were shown is not recorded")
	}
}
