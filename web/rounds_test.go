package web

import (
	"strings"
	"testing"
	"time"

	"wince/care"
	"wince/stream"
)

// etag is the entity tag of a version.
func etag(v string) []string { return []string{"If-Match", `"` + v + `"`} }

type recorded struct {
	ID             string
	Version        int
	Decision       string
	Consent        string
	Chosen         bool
	EnteredInError bool                `json:"entered_in_error"`
	CameraConsent  *care.ConsentRecord `json:"camera_consent"`
	FollowUps      []map[string]any    `json:"follow_ups"`
}

// post sends a record and reads the answer.
func (g *rig) post(path string, in any, status int, headers ...string) recorded {
	g.Helper()
	var out recorded
	g.do("POST", "/api/v1"+path, in, headers...).want(status).read(&out)
	return out
}

// observed adds a confirmed assessment without a camera.
func (g *rig) observed(residentID string, face int) string {
	g.Helper()
	a := g.post("/assessments", map[string]any{"resident_id": residentID, "condition": "rest", "scale": "painad",
		"answers": map[string]int{"breathing": 1, "vocalisation": face, "face": face, "body": face, "consolability": 0}}, 201)
	g.post("/assessments/"+a.ID+"/confirm", map[string]any{}, 200, etag("1")...)
	return a.ID
}

func TestParticulars(t *testing.T) {
	g := newRig(t).admin()
	var r care.Resident
	in := map[string]any{"id": care.NewID(), "given_name": "Ada", "family_name": "Oak", "birth_date": "1931-02-28", "sex": "female", "communication": "cannot_say",
		"conditions": []string{"vision", "parkinsonism"}, "language": "de", "room": "3", "external_id": "p1"}
	g.do("POST", "/api/v1/residents", in).want(201).read(&r)
	if r.Name != "Ada Oak" || r.Consent != care.ConsentUnknown || len(r.Conditions) != 2 || r.Sex != care.Female {
		t.Errorf("got %+v", r)
	}
	g.clock.pass(time.Second)
	g.do("POST", "/api/v1/residents", in).want(200) // the answer got lost
	in["room"] = "4"
	g.do("POST", "/api/v1/residents", in).problem(409, care.Conflict)
	at := "/api/v1/residents/" + r.ID
	g.do("PATCH", at, map[string]any{"room": "4"}).problem(428, codeIfMatch)
	g.do("PATCH", at, map[string]any{"room": "4"}, etag("2")...).problem(412, care.Stale)
	g.do("PATCH", at, map[string]any{"birth_date": "2027-01-01"}, etag("1")...).problem(422, care.Invalid)
	g.do("PATCH", at, map[string]any{"consent": "given"}, etag("1")...).problem(400, codeMalformed) // has an address of its own
	g.do("PATCH", at, map[string]any{"site_id": care.NewID()}, etag("1")...).problem(422, care.Invalid)
	if a := g.do("PATCH", at, map[string]any{"room": "4"}, etag("1")...).want(200); a.Header.Get("ETag") != `"2"` {
		t.Errorf("ETag %s", a.Header.Get("ETag"))
	}
	var list struct{ Residents []care.Resident }
	g.do("GET", "/api/v1/residents?external_id=p1", nil).want(200).read(&list)
	if len(list.Residents) != 1 || list.Residents[0].Room != "4" || list.Residents[0].BirthDate != "1931-02-28" {
		t.Errorf("got %+v", list)
	}
	g.do("GET", "/api/v1/residents?external_id=p2", nil).want(200).read(&list)
	if len(list.Residents) != 0 {
		t.Errorf("got %+v", list)
	}
}

func TestUpsert(t *testing.T) {
	g := newRig(t).admin()
	put := func(in map[string]any, status int) care.Resident {
		t.Helper()
		var r care.Resident
		g.do("PUT", "/api/v1/residents/by-external-id/p%207", in).want(status).read(&r)
		return r
	}
	first := put(map[string]any{"name": "Eve Fir", "room": "1", "consent": "given"}, 201)
	if first.ExternalID != "p 7" || first.Consent != care.ConsentGiven {
		t.Errorf("got %+v", first)
	}
	if again := put(map[string]any{"name": "Eve Fir", "room": "1"}, 200); again.ID != first.ID || again.Version != 1 || again.Consent != care.ConsentGiven {
		t.Errorf("sent twice: %+v", again)
	}
	if moved := put(map[string]any{"name": "Eve Fir", "room": "2"}, 200); moved.ID != first.ID || moved.Version != 2 || moved.Room != "2" {
		t.Errorf("moved: %+v", moved)
	}
	g.do("PUT", "/api/v1/residents/by-external-id/p7", map[string]any{"name": ""}).problem(422, care.Invalid)
}

// The camera looks only where consent is valid; a person can always assess without it.
func TestConsentOpensTheCamera(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentUnknown)
	at := "/residents/" + r.ID
	session := map[string]any{"resident_id": r.ID, "condition": "rest"}
	refused := func(says string) {
		t.Helper()
		if p := g.do("POST", "/api/v1/sessions", session).problem(403, care.NoConsent); !strings.Contains(p.Detail, says) {
			t.Errorf("%q does not say %q", p.Detail, says)
		}
		g.observed(r.ID, 1)
	}
	refused("record it first")
	in := map[string]any{"purpose": "camera", "decision": "given", "given_by": "Tom Elm", "capacity": "attorney", "given_at": g.clock.now(), "expires_at": g.clock.now().Add(time.Hour)}
	for field, wrong := range map[string]any{"given_by": "", "capacity": "friend", "decision": "perhaps", "purpose": "", "given_at": g.clock.now().Add(time.Hour), "legal_basis": "x"} {
		was, had := in[field]
		in[field] = wrong
		if p := g.do("POST", "/api/v1"+at+"/consents", in).problem(422, care.Invalid); p.Field != field {
			t.Errorf("%s: field %q", field, p.Field)
		}
		if in[field] = was; !had {
			delete(in, field)
		}
	}
	in["id"] = care.NewID()
	g.post(at+"/consents", in, 201)
	g.post(at+"/consents", in, 200)
	in["note"] = "another"
	g.do("POST", "/api/v1"+at+"/consents", in).problem(409, care.Conflict)
	v := g.session(session)
	g.do("POST", v.Capture, map[string]any{"seconds": 10}).want(202)
	g.live.session(v.ID).observe()
	g.clock.pass(time.Hour)
	refused("expired")
	// A session that is open still does no more.
	g.do("POST", v.Capture, map[string]any{"seconds": 10}).problem(403, care.NoConsent)
	g.do("POST", v.WHIP, "v=0", "Content-Type", sdp).problem(403, care.NoConsent)
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).problem(403, care.NoConsent)
	g.do("DELETE", "/api/v1/sessions/"+v.ID, nil).want(204)
	given := g.post(at+"/consents", map[string]any{"purpose": "camera", "decision": "given", "given_by": "Dora Elm", "capacity": "resident"}, 201)
	v = g.session(session)
	g.live.session(v.ID).observe()
	g.do("POST", v.Capture, map[string]any{"seconds": 10}).want(202)
	g.live.session(v.ID).observe()
	withdraw := "/api/v1" + at + "/consents/" + given.ID + "/withdraw"
	g.do("POST", withdraw, map[string]any{"withdrawn_by": "Dora Elm"}).problem(428, codeIfMatch)
	g.do("POST", withdraw, map[string]any{"withdrawn_by": "Dora Elm"}, etag("4")...).problem(412, care.Stale)
	g.clock.pass(-3 * time.Minute) // the clock moved back
	g.do("POST", withdraw, map[string]any{"withdrawn_by": "Dora Elm"}, etag("1")...).problem(503, care.ClockBack)
	g.clock.pass(3 * time.Minute)
	g.do("POST", withdraw, map[string]any{"withdrawn_by": "Dora Elm"}, etag("1")...).want(200)
	refused("withdrawn")
	// The session that ran has been ended with it, and what it saw is not kept.
	g.do("POST", v.Capture, map[string]any{"seconds": 10}).problem(410, care.Code(stream.CodeSessionClosed))
	g.do("POST", v.WHIP, "v=0", "Content-Type", sdp).problem(410, care.Code(stream.CodeSessionClosed))
	if x, err := g.store.Session(t.Context(), v.ID); err != nil || x.EndedAt == nil {
		t.Errorf("the camera's session goes on after consent was withdrawn: %+v %v", x, err)
	}
	g.do("POST", "/api/v1/assessments", map[string]any{"session_id": v.ID}).problem(410, care.Code(stream.CodeSessionClosed))
	g.do("POST", "/api/v1"+at+"/baselines", map[string]any{"method": "units/1", "frames": 90, "values": map[string]float64{"jaw": .3}}).problem(403, care.NoConsent)
	var list struct{ Consents []care.ConsentRecord }
	g.do("GET", "/api/v1"+at+"/consents", nil).want(200).read(&list)
	if len(list.Consents) != 2 || list.Consents[0].WithdrawnBy != "Dora Elm" {
		t.Errorf("got %+v", list)
	}
}

func TestBaselines(t *testing.T) {
	g := newRig(t).admin()
	at := "/residents/" + g.resident(care.ConsentGiven).ID + "/baselines"
	in := map[string]any{"id": care.NewID(), "method": "units/1", "frames": 90, "values": map[string]float64{"jaw": .3}, "chosen": true}
	first := g.post(at, in, 201)
	g.clock.pass(time.Minute)
	g.post(at, in, 200)
	in["id"] = care.NewID()
	second := g.post(at, in, 201)
	g.do("POST", "/api/v1"+at, map[string]any{"method": "units/1", "frames": 90, "values": map[string]any{"picture": "iVBORw0K"}}).problem(400, codeMalformed)
	g.do("POST", "/api/v1"+at+"/"+first.ID+"/choose", map[string]any{}, etag("1")...).problem(412, care.Stale) // it lost its place
	if v := g.post(at+"/"+first.ID+"/choose", map[string]any{}, 200, etag("2")...); !v.Chosen {
		t.Errorf("got %+v", v)
	}
	g.do("POST", "/api/v1"+at+"/"+second.ID+"/retire", map[string]any{"reason": " "}, etag("2")...).problem(422, care.Invalid)
	g.post(at+"/"+second.ID+"/retire", map[string]any{"reason": "she was not at ease"}, 200, etag("2")...)
	g.do("POST", "/api/v1"+at+"/"+second.ID+"/choose", map[string]any{}, etag("3")...).problem(409, care.Conflict)
	var list struct{ Baselines []care.Baseline }
	g.do("GET", "/api/v1"+at, nil).want(200).read(&list)
	if len(list.Baselines) != 2 || list.Baselines[0].RetiredAt == nil || list.Baselines[0].RetiredWhy != "she was not at ease" || !list.Baselines[1].Chosen {
		t.Errorf("got %+v", list.Baselines)
	}
}

func TestReliefAndFollowUp(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentUnknown)
	at := "/residents/" + r.ID + "/reliefs"
	before := g.observed(r.ID, 2) // 7 points
	g.clock.pass(5 * time.Minute)
	for name, c := range map[string]struct {
		in    map[string]any
		field string
	}{
		"nothing given":      {map[string]any{}, "drug"},
		"unknown measure":    {map[string]any{"measures": []string{"leeches"}}, "measures"},
		"in the future":      {map[string]any{"measures": []string{"warmth"}, "given_at": g.clock.now().Add(time.Hour)}, "given_at"},
		"another's before":   {map[string]any{"measures": []string{"warmth"}, "assessment_id": care.NewID()}, "assessment_id"},
		"a code of nothing":  {map[string]any{"drug": map[string]string{"code": "N02BE01"}}, "drug.code"},
		"given before it is": {map[string]any{"measures": []string{"warmth"}, "assessment_id": before, "given_at": g.clock.now().Add(-time.Hour)}, "assessment_id"},
	} {
		if p := g.do("POST", "/api/v1"+at, c.in).problem(422, care.Invalid); p.Field != c.field {
			t.Errorf("%s: field %q, want %q", name, p.Field, c.field)
		}
	}
	in := map[string]any{"id": care.NewID(), "assessment_id": before, "measures": []string{"warmth"},
		"drug": map[string]string{"text": "paracetamol", "dose": "500 mg", "system": "http://www.whocc.no/atc", "code": "N02BE01"}}
	v := g.post(at, in, 201)
	g.clock.pass(time.Second)
	g.post(at, in, 200)
	if len(v.FollowUps) != 1 || v.FollowUps[0]["state"] != "upcoming" {
		t.Fatalf("got %+v", v)
	}
	g.clock.pass(time.Hour)
	after := g.observed(r.ID, 1) // 4 points
	g.do("GET", "/api/v1"+at+"/"+v.ID, nil).want(200).read(&v)
	change, _ := v.FollowUps[0]["change"].(map[string]any)
	if v.FollowUps[0]["assessment_id"] != after || change["difference"] != -3. || change["verdict"] != "less" || change["sem_state"] != "assumed" {
		t.Errorf("got %+v", v.FollowUps[0])
	}
	// Four is more than mild: the next is due in an hour.
	var due struct{ Due []care.DueItem }
	g.do("GET", "/api/v1/residents/"+r.ID+"/due", nil).want(200).read(&due)
	if len(due.Due) != 2 || due.Due[0].State != care.Done || due.Due[1].State != care.Upcoming || due.Due[1].DueAt.Sub(g.clock.now()) != time.Hour {
		t.Errorf("due %+v", due.Due)
	}
	var trend struct{ Scores []care.Scored }
	g.do("GET", "/api/v1/residents/"+r.ID+"/scores", nil).want(200).read(&trend)
	if len(trend.Scores) != 2 || *trend.Scores[0].Total != 7 || *trend.Scores[1].Total != 4 {
		t.Errorf("scores %+v", trend.Scores)
	}
	wrong := g.post(at+"/"+v.ID+"/entered-in-error", map[string]any{}, 200, etag("1")...)
	if !wrong.EnteredInError || len(wrong.FollowUps) != 0 {
		t.Errorf("got %+v", wrong)
	}
	g.do("PUT", "/api/v1/measures/Foot%20bath", map[string]any{"name": "Foot bath"}).problem(422, care.Invalid)
	g.do("PUT", "/api/v1/measures/foot_bath", map[string]any{"name": "Foot bath"}).want(200)
	g.post(at, map[string]any{"measures": []string{"foot_bath"}}, 201)
	g.do("GET", "/api/v1/cadences", nil).want(200)
}

// A home's afternoon over HTTP: schedules, a fall, a stay in hospital, and whom it goes to when nobody comes.
func TestRound(t *testing.T) {
	g := newRig(t).admin()
	a, b := g.resident(care.ConsentUnknown), g.resident(care.ConsentUnknown)
	for name, c := range map[string]struct {
		in    map[string]any
		field string
	}{
		"no repeat":      {map[string]any{}, "repeat"},
		"odd time":       {map[string]any{"repeat": map[string]any{"every_days": 1, "at": []string{"25:00"}}}, "repeat.at"},
		"odd zone":       {map[string]any{"repeat": map[string]any{"every_hours": 4}, "time_zone": "Mars/Olympus"}, "time_zone"},
		"unknown scale":  {map[string]any{"repeat": map[string]any{"every_hours": 4}, "scale": "mood"}, "scale"},
		"odd condition":  {map[string]any{"repeat": map[string]any{"every_hours": 4}, "condition": "asleep"}, "condition"},
		"begins in 1990": {map[string]any{"repeat": map[string]any{"every_hours": 4}, "starts_at": "1990-01-01T00:00:00Z"}, "starts_at"},
	} {
		if p := g.do("POST", "/api/v1/schedules", c.in).problem(422, care.Invalid); p.Field != c.field {
			t.Errorf("%s: field %q, want %q", name, p.Field, c.field)
		}
	}
	g.do("POST", "/api/v1/schedules", map[string]any{"repeat": map[string]any{"every_hours": 4}, "resident_id": care.NewID()}).problem(404, care.NotFound)
	g.do("POST", "/api/v1/schedules", map[string]any{"repeat": map[string]any{"hourly": 4}}).problem(400, codeMalformed)
	in := map[string]any{"id": care.NewID(), "repeat": map[string]any{"every_days": 1, "at": []string{"13:00"}}, "time_zone": "Europe/Paris"}
	daily := g.post("/schedules", in, 201) // 12:00 UTC, now
	g.clock.pass(time.Second)
	g.post("/schedules", in, 200)
	g.post("/schedules", map[string]any{"resident_id": a.ID, "repeat": map[string]any{"on": "fall", "minutes": []int{0, 60}}}, 201)
	states := func() string {
		t.Helper()
		var due struct{ Due []care.DueItem }
		g.do("GET", "/api/v1/due?ahead_minutes=0", nil).want(200).read(&due)
		var out []string
		for _, d := range due.Due {
			who := "a"
			if d.ResidentID == b.ID {
				who = "b"
			}
			out = append(out, who+" "+d.Why+" "+string(d.State))
		}
		return strings.Join(out, ", ")
	}
	check := func(want string) {
		t.Helper()
		if got := states(); got != want {
			t.Errorf("due: %s\nwant %s", got, want)
		}
	}
	check("a every day at 13:00 due, b every day at 13:00 due")
	g.observed(a.ID, 0)
	g.clock.pass(time.Second) // what was seen before the fall does not count after it
	fall := g.post("/residents/"+a.ID+"/events", map[string]any{"kind": "fall"}, 201)
	g.do("POST", "/api/v1/residents/"+a.ID+"/events", map[string]any{"kind": "fall", "at": g.clock.now().Add(time.Hour)}).problem(422, care.Invalid)
	g.do("POST", "/api/v1/residents/"+a.ID+"/events", map[string]any{"kind": "birthday"}).problem(422, care.Invalid)
	pause := g.post("/residents/"+b.ID+"/pauses", map[string]any{"reason": "hospital"}, 201)
	check("a every day at 13:00 done, b every day at 13:00 excused, a after a fall due")
	g.clock.pass(31 * time.Minute)
	check("a every day at 13:00 done, b every day at 13:00 excused, a after a fall overdue")

	escalate := func() []care.Escalation {
		t.Helper()
		if err := g.server.Escalate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var list struct{ Escalations []care.Escalation }
		g.do("GET", "/api/v1/escalations?open=true", nil).want(200).read(&list)
		return list.Escalations
	}
	escalate()
	list := escalate() // once
	if len(list) != 1 || list[0].To != care.RoleNurse || list[0].ResidentID != a.ID {
		t.Fatalf("escalated %+v", list)
	}
	g.do("POST", "/api/v1/escalations/"+list[0].ID+"/acknowledge", map[string]any{}).want(200)
	g.do("POST", "/api/v1/escalations/"+list[0].ID+"/acknowledge", map[string]any{}).problem(409, care.Conflict)
	g.do("POST", "/api/v1/escalations/"+care.NewID()+"/acknowledge", map[string]any{}).problem(404, care.NotFound)
	g.clock.pass(30 * time.Minute) // the second after the fall comes due, and the first is missed
	if list = escalate(); len(list) != 1 || list[0].To != care.RoleManager || list[0].State != care.Missed {
		t.Errorf("escalated %+v", list)
	}
	g.post("/residents/"+a.ID+"/events/"+fall.ID+"/entered-in-error", map[string]any{}, 200, etag("1")...)
	g.post("/residents/"+b.ID+"/pauses/"+pause.ID+"/end", map[string]any{}, 200, etag("1")...)
	g.do("POST", "/api/v1/residents/"+b.ID+"/pauses/"+pause.ID+"/end", map[string]any{}, etag("2")...).problem(409, care.Conflict)
	check("a every day at 13:00 done, b every day at 13:00 excused")
	g.do("POST", "/api/v1/schedules/"+daily.ID+"/end", map[string]any{}).problem(428, codeIfMatch)
	g.post("/schedules/"+daily.ID+"/end", map[string]any{}, 200, etag("1")...)
	var left struct {
		Schedules []struct {
			Rules []string `json:"rrules"`
			Words string
		}
	}
	g.do("GET", "/api/v1/schedules", nil).want(200).read(&left)
	if len(left.Schedules) != 1 || left.Schedules[0].Words != "after a fall" {
		t.Errorf("left %+v", left)
	}
	for path, field := range map[string]string{"/due?ahead_minutes=-1": "ahead_minutes", "/due?ahead_minutes=9999": "ahead_minutes", "/escalations?since=noon": "since", "/schedules?at=x": "at"} {
		if p := g.do("GET", "/api/v1"+path, nil).problem(422, care.Invalid); p.Field != field {
			t.Errorf("%s: field %q", path, p.Field)
		}
	}
}

// Nothing of a resident is there for somebody of another site, by any address.
func TestRoundsOfAnotherSite(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	schedule := g.post("/schedules", map[string]any{"repeat": map[string]any{"every_hours": 4}}, 201)
	relief := g.post("/residents/"+r.ID+"/reliefs", map[string]any{"measures": []string{"warmth"}}, 201)
	var site care.Site
	g.do("POST", "/api/v1/sites", map[string]any{"name": "Elsewhere", "zone": "Europe/Paris"}).want(201).read(&site)
	_, token := g.staff(care.RoleNurse, care.ByPassword, site.ID)
	h := g.as(token)
	at := "/api/v1/residents/" + r.ID
	for _, path := range []string{at, at + "/consents", at + "/baselines", at + "/reliefs", at + "/reliefs/" + relief.ID, at + "/pauses", at + "/events", at + "/due", at + "/scores",
		"/api/v1/schedules/" + schedule.ID} {
		h.do("GET", path, nil).problem(404, care.NotFound)
	}
	for path, in := range map[string]map[string]any{
		"/consents": {"purpose": "camera", "decision": "given", "given_by": "X", "capacity": "resident"}, "/reliefs": {"measures": []string{"warmth"}},
		"/baselines": {"method": "u", "frames": 1, "values": map[string]float64{"a": 1}}, "/pauses": {"reason": "absent"}, "/events": {"kind": "fall"},
	} {
		h.do("POST", at+path, in).problem(404, care.NotFound)
	}
	h.do("PATCH", at, map[string]any{"room": "9"}, etag("1")...).problem(404, care.NotFound)
	h.do("POST", "/api/v1/schedules/"+schedule.ID+"/end", map[string]any{}, etag("1")...).problem(404, care.NotFound)
	h.do("POST", "/api/v1/schedules", map[string]any{"repeat": map[string]any{"every_hours": 4}, "site_id": care.DefaultSite}).problem(422, care.Invalid)
	h.do("GET", "/api/v1/due?site_id="+care.DefaultSite, nil).problem(422, care.Invalid)
	var due struct {
		Due  []care.DueItem
		Site string `json:"site_id"`
	}
	h.do("GET", "/api/v1/due", nil).want(200).read(&due)
	if len(due.Due) != 0 || due.Site != site.ID {
		t.Errorf("another site's due list: %+v", due)
	}
	// The home's clock hangs in its own zone.
	var v struct {
		TimeZone string `json:"time_zone"`
	}
	h.do("POST", "/api/v1/schedules", map[string]any{"repeat": map[string]any{"every_hours": 4}}).want(201).read(&v)
	if v.TimeZone != "Europe/Paris" {
		t.Errorf("time zone %q", v.TimeZone)
	}
}
