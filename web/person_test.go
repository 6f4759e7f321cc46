package web

import (
	"testing"
	"time"

	"wince/care"
)

func TestMeTellsHowLongTheSignInLasts(t *testing.T) {
	for method, idle := range map[care.LoginMethod]int{care.ByPassword: 7200, care.ByPIN: 900} {
		g := newRig(t).admin()
		_, token := g.staff(care.RoleCarer, method)
		began := g.clock.now()
		g.clock.pass(10 * time.Minute)
		var me struct {
			ExpiresAt time.Time `json:"expires_at"`
			Idle      int       `json:"idle_seconds"`
		}
		g.as(token).do("GET", "/api/v1/me", nil).want(200).read(&me)
		if !me.ExpiresAt.Equal(began.Add(12*time.Hour)) || me.Idle != idle {
			t.Errorf("%s: ends %v after it began, or %d s unused", method, me.ExpiresAt.Sub(began), me.Idle)
		}
	}
}

// What one person entered without network is not sent in the name of who signed in since.
func TestRequestOfAnotherPerson(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentUnknown)
	dora, tokenDora := g.staff(care.RoleCarer, care.ByPassword)
	_, tokenBen := g.staff(care.RoleCarer, care.ByPassword)
	in := map[string]any{"id": care.NewID(), "resident_id": r.ID, "condition": "rest", "scale": "painad"}
	g.as(tokenBen).do("POST", "/api/v1/assessments", in, personHeader, dora.ID).problem(409, codeOtherPerson)
	g.as(tokenDora).do("POST", "/api/v1/assessments", in, personHeader, dora.ID).want(201)
	g.as(tokenBen).do("GET", "/api/v1/me", nil, personHeader, "nobody").problem(409, codeOtherPerson)
}
