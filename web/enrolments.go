package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// enrolmentStore keeps the codes that tablets are enrolled with.
type enrolmentStore interface {
	AddEnrolment(ctx context.Context, act care.Act, e *care.Enrolment, codeHash string) error
	Enrolments(ctx context.Context, scope care.Scope, since time.Time) ([]care.Enrolment, error)
	UseEnrolment(ctx context.Context, act care.Act, codeHash string, d *care.Device, tokenHash string) error
	EndEnrolment(ctx context.Context, act care.Act, id string, scope care.Scope) error
}

func (s *Server) enrolmentRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return group("Staff, sites, tablets",
		row(post, "/enrol", care.Public, s.enrolByCode, doc{about: "Enrol a tablet with a code", // asks for a code itself
			more:  "Nobody is signed in by it. The tablet gets a cookie; with `\"token\": true` the answer has a token instead, for the header X-Wince-Device.",
			takes: codeEnrolment{}, needs: []string{"code"}, sample: `{"code": "$code", "token": true}`, gives: enrolled{}, status: http.StatusCreated,
			fails: []care.Code{care.EnrolmentCode, codeLockedOut}}),
		row(get, "/devices/enrolments", care.ReadDevices, s.listEnrolments, doc{about: "List the codes of the last day", gives: care.Enrolment{}, list: "enrolments"}),
		row(post, "/devices/enrolments", care.ChangeDevices, s.addEnrolment, doc{about: "Make a code that enrols a tablet", more: "It is shown as a QR code, works once and not for long.",
			secret: true, takes: newEnrolment{}, needs: []string{"name"}, sample: `{"name": "Ward 3"}`, gives: enrolmentMade{}, status: http.StatusCreated}),
		row(del, "/devices/enrolments/:id", care.ChangeDevices, s.endEnrolment, doc{about: "End a code", fails: []care.Code{care.Conflict}}),
	)
}

// newEnrolment is the body of POST /devices/enrolments.
type newEnrolment struct {
	Name   string `json:"name"` // of the tablet
	SiteID string `json:"site_id"`
}

// enrolmentMade is a code that was made just now.
type enrolmentMade struct {
	Enrolment *care.Enrolment `json:"enrolment"`
	Code      string          `json:"code"`    // shown this once
	Address   string          `json:"address"` // of the page that takes it, for a QR code
}

// codeEnrolment is the body of POST /enrol.
type codeEnrolment struct {
	Code  string `json:"code"`
	Token bool   `json:"token"` // answer with a token for the X-Wince-Device header instead of a cookie
}

// addEnrolment makes a code that enrols a tablet without anybody signing in there: whoever leads shows it as a QR code.
func (s *Server) addEnrolment(c *gin.Context) {
	var in newEnrolment
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, code := s.act(c), newToken()
	e := &care.Enrolment{ID: care.NewID(), Name: in.Name, CreatedAt: care.Stamp(act.At), CreatedBy: act.By.ID, ExpiresAt: care.Stamp(act.At.Add(care.EnrolmentLife))}
	err := e.Check()
	if err == nil {
		e.SiteID, err = scope(c).Choose(in.SiteID)
	}
	if err == nil {
		err = s.opt.Store.AddEnrolment(c.Request.Context(), act, e, hashToken(code))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	// The page takes it after the #, which no browser sends to a server: it is in no log.
	address := cmp.Or(s.opt.Origin, "https://"+c.Request.Host) + "/#/enrol/" + code
	c.JSON(http.StatusCreated, enrolmentMade{e.At(act.At), code, address})
}

// listEnrolments lists the codes of the last day and what became of them.
func (s *Server) listEnrolments(c *gin.Context) {
	now := s.opt.Now()
	list, err := s.opt.Store.Enrolments(c.Request.Context(), scope(c), now.Add(-24*time.Hour))
	for i := range list {
		list[i].At(now)
	}
	s.list(c, "enrolments", list, err)
}

func (s *Server) endEnrolment(c *gin.Context) {
	if err := s.opt.Store.EndEnrolment(c.Request.Context(), s.act(c), c.Param("id"), scope(c)); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// enrolByCode makes the tablet that shows a code one where PINs work. Nobody is signed in by it.
func (s *Server) enrolByCode(c *gin.Context) {
	var in codeEnrolment
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	here := "enrol " + address(c)
	if wait := s.tries.begin(here, freeByAddress); wait > 0 {
		s.fail(c, lockedOut(wait))
		return
	}
	act, token := s.act(c), newToken()
	d := &care.Device{ID: care.NewID(), EnrolledAt: care.Stamp(act.At)}
	if err := s.opt.Store.UseEnrolment(c.Request.Context(), act, hashToken(in.Code), d, hashToken(token)); err != nil {
		s.fail(c, err)
		return
	}
	s.tries.succeed(here)
	out := enrolled{Device: d}
	if in.Token {
		out.Token = token
	} else {
		setCookie(c, deviceCookie, token, deviceLife)
	}
	c.JSON(http.StatusCreated, out)
}
