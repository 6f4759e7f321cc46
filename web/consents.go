package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type consentStore interface {
	AddConsent(ctx context.Context, act care.Act, c *care.ConsentRecord) error
	WithdrawConsent(ctx context.Context, act care.Act, residentID, id string, version int, by string) (*care.ConsentRecord, error)
	Consent(ctx context.Context, residentID, id string) (*care.ConsentRecord, error)
	Consents(ctx context.Context, residentID string) ([]care.ConsentRecord, error)
}

// newConsent is the body of POST /residents/{id}/consents.
type newConsent struct {
	ID        string          `json:"id"`
	Purpose   care.Purpose    `json:"purpose"`
	Decision  care.Consent    `json:"decision"`
	Basis     care.LegalBasis `json:"legal_basis"`
	GivenBy   string          `json:"given_by"`
	Capacity  care.Capacity   `json:"capacity"`
	GivenAt   time.Time       `json:"given_at"`
	ExpiresAt *time.Time      `json:"expires_at"`
	Note      string          `json:"note"`
}

func (s *Server) addConsent(c *gin.Context) {
	var in newConsent
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err != nil {
		s.fail(c, err)
		return
	}
	v := &care.ConsentRecord{ID: in.ID, ResidentID: r.ID, Purpose: in.Purpose, Decision: in.Decision, Basis: in.Basis, GivenBy: in.GivenBy,
		Capacity: in.Capacity, GivenAt: in.GivenAt, ExpiresAt: in.ExpiresAt, Note: in.Note, RecordedAt: care.Stamp(act.At), RecordedBy: act.By, Version: 1}
	if err := v.Check(act.At); err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddConsent(ctx, act, v) },
		func() (*care.ConsentRecord, error) { return s.opt.Store.Consent(ctx, r.ID, v.ID) },
		func(old *care.ConsentRecord) {
			v.RecordedAt = old.RecordedAt
			once(in.GivenAt, &v.GivenAt, &old.GivenAt)
		})
	if err == nil {
		err = s.stopWithoutConsent(c, r.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, status, v.Version, v, nil)
}

// residentFor reads a request's body and returns the resident that its address names.
func (s *Server) residentFor(c *gin.Context, in any) (*care.Resident, error) {
	if err := readJSON(c, in); err != nil {
		return nil, err
	}
	return s.resident(c, c.Param("id"))
}

// residentAt is residentFor for a change of a record at the version that the request has seen.
func (s *Server) residentAt(c *gin.Context, in any) (*care.Resident, int, error) {
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err != nil {
		return nil, 0, err
	}
	r, err := s.residentFor(c, in)
	return r, version, err
}

// withdrawal is the body of POST /residents/{id}/consents/{record}/withdraw.
type withdrawal struct {
	By string `json:"withdrawn_by"`
}

func (s *Server) withdrawConsent(c *gin.Context) {
	var in withdrawal
	r, version, err := s.residentAt(c, &in)
	var v *care.ConsentRecord
	if err == nil {
		v, err = s.opt.Store.WithdrawConsent(c.Request.Context(), s.act(c), r.ID, c.Param("record"), version, in.By)
	}
	if err == nil {
		err = s.stopWithoutConsent(c, r.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

// stopWithoutConsent ends a resident's sessions where the camera may no longer look.
func (s *Server) stopWithoutConsent(c *gin.Context, residentID string) error {
	r, err := s.resident(c, residentID)
	if err != nil || r.MayBeFilmed(s.opt.Now()) == nil {
		return err
	}
	return s.stopFilming(c, r.ID)
}

func (s *Server) listConsents(c *gin.Context) {
	r, err := s.seen(c)
	var list []care.ConsentRecord
	if err == nil {
		list, err = s.opt.Store.Consents(c.Request.Context(), r.ID)
	}
	s.list(c, "consents", list, err)
}
