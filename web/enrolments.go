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

// addEnrolment makes a code that enrols a tablet without anybody signing in there: whoever leads shows it as a QR code.
func (s *Server) addEnrolment(c *gin.Context) {
	var in struct {
		Name   string `json:"name"`
		SiteID string `json:"site_id"`
	}
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
	c.JSON(http.StatusCreated, gin.H{"enrolment": e.At(act.At), "code": code, "address": address})
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
	var in struct {
		Code  string `json:"code"`
		Token bool   `json:"token"` // as in enrol
	}
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
	out := gin.H{"device": d}
	if in.Token {
		out["token"] = token
	} else {
		setCookie(c, deviceCookie, token, deviceLife)
	}
	c.JSON(http.StatusCreated, out)
}
