package web

import (
	"strconv"
	"testing"
	"time"

	"wince/care"
)

// A list with nothing in it is [] and never null, however little a record says: every answer here is compared with the document, in which no
// list of an answer may be null.
func TestListsAreNeverNull(t *testing.T) {
	g := newRig(t).admin()
	get := func(paths ...string) {
		t.Helper()
		for _, p := range paths {
			g.do("GET", "/api/v1"+p, nil).want(200)
		}
	}
	r := g.post("/residents", map[string]any{"name": "A", "conditions": nil}, 201)
	at := "/residents/" + r.ID
	g.do("PATCH", "/api/v1"+at, map[string]any{"conditions": nil, "room": "1"}, etag("1")...).want(200)
	a := g.observed(r.ID, 2)
	for i := range 3 { // the next of the same scale takes over before the first follow-up is due
		v := g.post(at+"/reliefs", map[string]any{"assessment_id": a, "drug": map[string]string{"text": "x"}, "measures": nil}, 201)
		get(at + "/reliefs/" + v.ID)
		g.clock.pass(time.Minute)
		if i == 2 {
			g.post(at+"/reliefs/"+v.ID+"/entered-in-error", map[string]any{}, 200, etag("1")...)
		}
	}
	var list struct{ Reliefs []care.Relief }
	g.do("GET", "/api/v1"+at+"/reliefs", nil).want(200).read(&list)
	for _, v := range list.Reliefs {
		get(at + "/reliefs/" + v.ID)
	}
	for _, repeat := range []map[string]any{{"on": "fall", "minutes": []int{0}}, {"every_hours": 4}, {"every_days": 1, "at": []string{"08:00"}, "weekdays": nil}} {
		v := g.post("/schedules", map[string]any{"resident_id": r.ID, "repeat": repeat}, 201)
		get("/schedules/" + v.ID)
	}
	draft := g.post("/assessments", map[string]any{"resident_id": r.ID, "condition": "rest", "scale": "painad", "body_sites": nil}, 201)
	g.do("PATCH", "/api/v1/assessments/"+draft.ID, map[string]any{"body_sites": nil, "remarks": "x"}, etag("1")...).want(200)
	camera := g.assessment()
	get("/assessments/"+draft.ID, "/assessments/"+draft.ID+"/versions", "/assessments/"+camera.ID, "/assessments/"+camera.ID+"/versions")
	n := g.do("GET", "/api/v1/instrument", nil).want(200)
	g.do("PATCH", "/api/v1/instrument", map[string]any{"blind": true, "off": nil}, "If-Match", n.Header.Get("ETag")).want(200)
	var u struct{ User care.User }
	g.do("POST", "/api/v1/users", map[string]any{"name": "B", "role": "admin", "sites": nil}).want(201).read(&u)
	get("/users/" + u.User.ID)
	w := g.hook(map[string]any{"name": "A", "url": "https://platform.example/", "events": nil})
	g.do("PATCH", "/api/v1/webhooks/"+w.ID, map[string]any{"events": nil}, etag("1")...).want(200)
	v, _ := g.apiKey("C", []string{"system/*.rs"})
	g.do("PATCH", "/api/v1/clients/"+v.ID, map[string]any{"all_sites": true, "sites": []string{}}, etag(strconv.Itoa(v.Version+1))...).want(200)
	get("/clients/"+v.ID, "/clients", "/users", "/webhooks", "/schedules", "/due", "/reports/quality", "/reports/overview", "/reports/disagreements", at+"/face", at+"/due", at+"/scores",
		at+"/events", at+"/pauses", at+"/consents", at+"/baselines", "/measures", "/scales", "/body-regions", "/cadences", "/escalations", "/changes", "/audit")
}
