package web

import (
	"strings"
	"testing"
	"time"

	"wince/care"
)

type enrolmentAnswer struct {
	Enrolment     care.Enrolment
	Code, Address string
}

func TestEnrolByCode(t *testing.T) {
	g := newRig(t).admin()
	at := "/api/v1/devices/enrolments"
	add := func() (e enrolmentAnswer) {
		t.Helper()
		a := g.do("POST", at, object{"name": "Ward 2, trolley"}).want(201).read(&e)
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Error("the code may be kept by a cache")
		}
		return e
	}
	g.do("POST", at, object{"name": ""}).problem(422, care.Invalid)
	g.do("POST", at, object{"name": "x", "site_id": care.NewID()}).problem(422, care.Invalid)
	e := add()
	if e.Enrolment.State != care.EnrolmentPending || e.Address != "https://wince.test/#/enrol/"+e.Code || len(e.Code) < 40 {
		t.Errorf("made %+v", e)
	}
	tablet := newRigClient(g)
	var out struct {
		Device care.Device
		Token  string
	}
	tablet.do("POST", "/api/v1/enrol", object{"code": e.Code}).want(201).read(&out)
	if out.Device.Name != "Ward 2, trolley" || out.Device.SiteID != care.DefaultSite || out.Device.EnrolledBy == "" || out.Token != "" {
		t.Errorf("device %+v", out)
	}
	// Every code that is not valid gets one answer.
	used := tablet.do("POST", "/api/v1/enrol", object{"code": e.Code}).problem(403, care.EnrolmentCode)
	gone := add()
	g.do("DELETE", at+"/"+gone.Enrolment.ID, nil).want(204)
	g.do("DELETE", at+"/"+gone.Enrolment.ID, nil).problem(404, care.NotFound)
	g.do("DELETE", at+"/"+e.Enrolment.ID, nil).problem(404, care.NotFound)
	late := add()
	g.clock.pass(care.EnrolmentLife)
	for what, code := range map[string]string{"unknown": newToken(), "empty": "", "taken back": gone.Code, "late": late.Code} {
		if p := tablet.do("POST", "/api/v1/enrol", object{"code": code}).problem(403, care.EnrolmentCode); p.Detail != used.Detail {
			t.Errorf("%s: %s", what, p.Detail)
		}
	}
	var list struct{ Enrolments []care.Enrolment }
	g.do("GET", at, nil).want(200).read(&list)
	if l := list.Enrolments; len(l) != 3 || l[0].State != care.EnrolmentExpired || l[2].State != care.EnrolmentUsed || l[2].DeviceID != out.Device.ID || l[2].UsedAt == nil {
		t.Errorf("list %+v", l)
	}
	if strings.Contains(string(g.do("GET", at, nil).body), e.Code) {
		t.Error("the list tells the code")
	}
	trail := string(g.do("GET", "/api/v1/audit?limit=200", nil).want(200).body)
	for _, action := range []string{care.ActEnrolmentAdd, care.ActEnrolmentUse, care.ActEnrolmentEnd, care.ActDeviceEnrol} {
		if !strings.Contains(trail, `"`+action+`"`) {
			t.Errorf("no audit row %s", action)
		}
	}
	// It is a tablet like any other.
	h := add()
	tablet.do("POST", "/api/v1/enrol", object{"code": h.Code, "token": true}).want(201).read(&out)
	tablet.do("GET", "/api/v1/login/people", nil, deviceHeader, out.Token).want(200)
	// Guessing is slowed down.
	for range freeByAddress {
		tablet.do("POST", "/api/v1/enrol", object{"code": newToken()}).problem(403, care.EnrolmentCode)
	}
	tablet.do("POST", "/api/v1/enrol", object{"code": newToken()})
	tablet.do("POST", "/api/v1/enrol", object{"code": add().Code}).problem(429, codeLockedOut)
	g.clock.pass(time.Hour)
	// Whoever made the code has left meanwhile.
	u, token := g.staff(care.RoleManager, care.ByPassword)
	var left enrolmentAnswer
	g.as(token).do("POST", at, object{"name": "x"}).want(201).read(&left)
	g.cookie = ""
	g.do("POST", "/api/v1/login", object{"name": "Ann Bee", "password": password}).want(200)
	g.do("PATCH", "/api/v1/users/"+u.ID, object{"disabled": true}, etag("1")...).want(200)
	tablet.do("POST", "/api/v1/enrol", object{"code": left.Code}).problem(403, care.EnrolmentCode)
}

// newRigClient returns a tablet that nobody is signed in on, at another address.
func newRigClient(g *rig) *rig {
	h := *g
	h.cookie, h.bearer, h.from = "", "", "192.0.2.77:999"
	return &h
}
