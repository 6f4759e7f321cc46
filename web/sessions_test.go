package web

import (
	"testing"
	"time"

	"wince/care"
)

// Whoever is signed out in the middle of a capture finds the session and what it observed after signing in again.
func TestSessionOutlivesTheSignIn(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	u, token := g.staff(care.RoleCarer, care.ByPIN)
	kim := g.as(token)
	first := kim.session(object{"resident_id": r.ID, "condition": "rest"})
	second := kim.session(object{"practice": true, "condition": "rest"})
	others := g.session(object{"resident_id": r.ID, "condition": "rest"})
	kim.do("POST", first.Capture, object{"seconds": 10}).want(202)
	kim.do("GET", "/api/v1/sessions?mine=false", nil).problem(422, care.Invalid)

	g.clock.pass(16 * time.Minute) // unused for longer than a PIN holds
	kim.do("GET", "/api/v1/sessions/"+first.ID, nil).problem(401, codeSignIn)
	g.live.session(first.ID).observe()
	again := g.as(g.token(u, care.ByPIN))
	var list struct {
		Sessions []struct {
			ID         string
			ResidentID string `json:"resident_id"`
			Live       struct {
				Capture  string
				Observed bool
			}
		}
	}
	again.do("GET", "/api/v1/sessions?mine=true", nil).want(200).read(&list)
	if l := list.Sessions; len(l) != 2 || l[0].ID != second.ID || l[0].Live.Observed || l[1].ID != first.ID || l[1].ResidentID != r.ID || !l[1].Live.Observed || l[1].Live.Capture != "done" {
		t.Fatalf("got %+v", l)
	}
	var a care.Assessment
	again.do("POST", "/api/v1/assessments", object{"session_id": first.ID, "scale": "painad"}).want(201).read(&a)
	if a.Status != care.Preliminary || a.CreatedBy.ID != u.ID {
		t.Errorf("kept %+v", a)
	}
	again.do("DELETE", "/api/v1/sessions/"+second.ID, nil).want(204)
	again.do("GET", "/api/v1/sessions", nil).want(200).read(&list)
	if l := list.Sessions; len(l) != 1 || l[0].ID != first.ID {
		t.Errorf("after ending one: %+v", l)
	}
	g.do("GET", "/api/v1/sessions", nil).want(200).read(&list)
	if l := list.Sessions; len(l) != 1 || l[0].ID != others.ID {
		t.Errorf("another person's: %+v", l)
	}
}
