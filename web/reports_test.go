package web

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"wince/care"
)

func TestQualityReport(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	final := func(in object) care.Assessment {
		t.Helper()
		a := g.add(in)
		g.do("POST", "/api/v1/assessments/"+a.ID+"/confirm", object{}, "If-Match", `"1"`).want(200).read(&a)
		return a
	}
	calm := object{"breathing": 0, "vocalisation": 0, "face": 0, "body": 0, "consolability": 0}
	final(object{"resident_id": r.ID, "condition": "movement", "scale": "painad", "answers": sore})
	g.clock.pass(time.Hour)
	final(object{"resident_id": r.ID, "condition": "rest", "scale": "painad", "answers": calm})
	v := g.session(object{"resident_id": r.ID, "condition": "rest"})
	g.live.session(v.ID).observe()
	final(object{"session_id": v.ID, "scale": "painad", "answers": sore})
	final(object{"practice": true, "condition": "rest", "scale": "painad", "answers": sore})
	g.add(object{"resident_id": r.ID, "condition": "rest", "scale": "painad", "answers": sore}) // not confirmed
	wrong := final(object{"resident_id": r.ID, "condition": "rest", "scale": "painad", "answers": sore})
	g.do("POST", "/api/v1/assessments/"+wrong.ID+"/entered-in-error", object{"reason": "another resident"}, "If-Match", `"2"`).want(200)

	day := g.clock.now().Format(time.DateOnly)
	next := g.clock.now().AddDate(0, 0, 1).Format(time.DateOnly)
	at := "/api/v1/reports/quality?from=" + day + "&to=" + next
	var q care.Quality
	g.do("GET", at, nil).want(200).read(&q)
	if q.Assessments != 3 || q.Residents != 1 || q.Assessed != 1 || q.OnMovement.Count != 1 || q.WithCamera.Count != 1 || q.Zero.Count != 1 ||
		q.InPain.Count != 2 || q.FollowedUp.Count != 1 || q.FollowedUp.Of != 1 || q.Refused.Of != 1 || len(q.Agreement) != 1 || q.Agreement[0].Seen.N != 1 {
		t.Errorf("got %+v", q)
	}
	text := g.do("GET", at+"&format=csv", nil).want(200)
	rows, err := csv.NewReader(strings.NewReader(string(text.body))).ReadAll()
	if err != nil || len(rows) < 15 || text.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatalf("%v: %s", err, text.body)
	}
	want := map[string]string{"assessments_per_resident": "3.0000", "on_movement": "0.3333", "followed_up": "1.0000", "refused": "0.0000"}
	for _, row := range rows {
		if w, ok := want[row[0]]; ok && row[1] == "" && row[4] != w {
			t.Errorf("row %v, want %s", row, w)
		}
	}
	if strings.Contains(string(text.body), r.ID) || strings.Contains(string(text.body), r.Name) {
		t.Error("the report names a resident")
	}
	g.do("GET", "/api/v1/reports/quality", nil).want(200).read(&q) // the last whole month
	if q.Assessments != 0 || q.To.Day() != 1 || !q.From.AddDate(0, 1, 0).Equal(q.To) {
		t.Errorf("last month %+v", q)
	}
	for _, bad := range []string{"from=noon", "to=2026-13-01", "from=" + next + "&to=" + day, "from=2020-01-01&to=2026-01-01", "from=2099-01-01&to=2099-01-02",
		"format=pdf"} {
		g.do("GET", "/api/v1/reports/quality?"+bad, nil).problem(422, care.Invalid)
	}
}
