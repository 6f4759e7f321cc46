package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"wince/care"
)

type trail struct {
	Events []care.AuditEvent
	Next   int64
}

// Each address that shows residents leaves a row in the trail, whoever asks and whatever is found.
func TestEveryReadIsRecorded(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	_, token := g.staff(care.RoleNurse, care.ByPassword)
	nurse := g.as(token)
	read := 0
	for _, x := range g.server.table() {
		if x.method != http.MethodGet || !x.may.Shows() {
			continue
		}
		read++
		before, err := g.store.VerifyAudit(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		nurse.ask(x, r.ID)
		list, err := g.store.Audit(t.Context(), care.AuditQuery{After: before.LastSeq, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || list[0].Action != string(x.may) || list[0].By.Name == "" || !strings.Contains(string(list[0].Detail), `"`+x.path+`"`) {
			t.Errorf("%s: %+v", x.path, list)
			continue
		}
		if want := strings.Contains(x.path, "/:id"); want != (list[0].EntityID == r.ID) {
			t.Errorf("%s names the record %q", x.path, list[0].EntityID)
		}
	}
	if read < 5 {
		t.Errorf("only %d addresses show residents", read)
	}
	nurse.do("GET", "/api/v1/assessments?resident_id="+r.ID, nil).want(200)
	nurse.do("GET", "/api/v1/assessments?resident_id=Mrs+Oldfield", nil)
	nurse.do("GET", "/api/v1/residents/Mrs-Oldfield", nil).want(404)
	list, err := g.store.Audit(t.Context(), care.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	last := list[len(list)-3:]
	if last[0].EntityID != r.ID || last[0].Entity != "resident" || last[1].EntityID != "" || last[2].EntityID != "" {
		t.Errorf("got %+v", last)
	}
	all, err := json.Marshal(list)
	if err != nil || strings.Contains(string(all), "Oldfield") {
		t.Error("the client's words are in the trail")
	}
}

func TestAuditOverHTTP(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	g.do("GET", "/api/v1/residents/"+r.ID, nil).want(200)
	var all, one, rest trail
	g.do("GET", "/api/v1/audit", nil).want(200).read(&all)
	g.do("GET", "/api/v1/audit?entity_id="+r.ID, nil).want(200).read(&one)
	if len(one.Events) != 2 || one.Events[0].Action != care.ActResidentAdd || one.Events[1].Action != string(care.ReadResidents) || one.Events[1].By.Name != "Ann Bee" {
		t.Errorf("the resident's trail: %+v", one)
	}
	g.do("GET", "/api/v1/audit?limit=1&after=1", nil).want(200).read(&rest)
	if len(rest.Events) != 1 || rest.Events[0].Seq != 2 || rest.Next != 2 || all.Events[1].Hash != rest.Events[0].Hash {
		t.Errorf("got %+v", rest)
	}
	for query, field := range map[string]string{"limit=0": "limit", "limit=x": "limit", "after=-1": "after", "limit=9999": "limit"} {
		if p := g.do("GET", "/api/v1/audit?"+query, nil).problem(422, care.Invalid); p.Field != field {
			t.Errorf("%s: field %q", query, p.Field)
		}
	}
	var check care.AuditCheck
	g.do("GET", "/api/v1/audit/verification", nil).want(200).read(&check)
	if check.Problem != "" || check.Rows < 4 || check.LastHash == "" {
		t.Errorf("got %+v", check)
	}
	if strings.Contains(string(g.do("GET", "/api/v1/audit", nil).want(200).body), "Dora") {
		t.Error("the trail names a resident")
	}
}

func TestEraseOverHTTP(t *testing.T) {
	g := newRig(t).admin()
	a := g.assessment()
	path := "/api/v1/residents/" + a.ResidentID
	_, nurse := g.staff(care.RoleNurse, care.ByPassword)
	g.as(nurse).do("POST", path+"/erase", nil, "If-Match", `"1"`).problem(403, care.Forbidden)
	g.do("POST", path+"/erase", nil).problem(428, codeIfMatch)
	g.do("POST", path+"/erase", nil, "If-Match", `"9"`).problem(412, care.Stale)
	g.do("POST", "/api/v1/residents/"+care.NewID()+"/erase", nil, "If-Match", `"1"`).problem(404, care.NotFound)
	etag := g.do("GET", path, nil).want(200).Header.Get("ETag")
	running := g.session(map[string]any{"resident_id": a.ResidentID, "condition": "rest"})
	g.do("POST", path+"/erase", nil, "If-Match", etag).want(204)
	if x, err := g.store.Session(t.Context(), running.ID); err != nil || x.EndedAt == nil {
		t.Errorf("the camera goes on after the erasure: %+v %v", x, err)
	}
	g.do("GET", path, nil).problem(410, care.Erased)
	g.do("POST", path+"/erase", nil, "If-Match", etag).problem(410, care.Erased)
	g.do("POST", "/api/v1/sessions", map[string]any{"resident_id": a.ResidentID, "condition": "rest"}).problem(410, care.Erased)
	if strings.Contains(string(g.do("GET", "/api/v1/residents", nil).want(200).body), a.ResidentID) {
		t.Error("the list shows somebody whose identity was erased")
	}
	g.do("GET", "/api/v1/assessments/"+a.ID, nil).want(200) // still counts
}
