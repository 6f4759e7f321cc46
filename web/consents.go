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

type baselineStore interface {
	AddBaseline(ctx context.Context, act care.Act, b *care.Baseline) error
	ChangeBaseline(ctx context.Context, act care.Act, residentID, id string, version int, do func(*care.Baseline) error) (*care.Baseline, error)
	Baseline(ctx context.Context, residentID, id string) (*care.Baseline, error)
	Baselines(ctx context.Context, residentID string) ([]care.Baseline, error)
}

func (s *Server) addConsent(c *gin.Context) {
	var in struct {
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

func (s *Server) withdrawConsent(c *gin.Context) {
	var in struct {
		By string `json:"withdrawn_by"`
	}
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

func (s *Server) addBaseline(c *gin.Context) {
	var in struct {
		ID      string             `json:"id"`
		TakenAt time.Time          `json:"taken_at"`
		Method  string             `json:"method"`
		Values  map[string]float64 `json:"values"`
		Frames  int                `json:"frames"`
		Note    string             `json:"note"`
		Chosen  bool               `json:"chosen"`
	}
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err == nil {
		// Numbers of a face are taken by a camera too.
		err = r.MayBeFilmed(act.At)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v := &care.Baseline{ID: in.ID, ResidentID: r.ID, TakenAt: in.TakenAt, Method: in.Method, Values: in.Values, Frames: in.Frames, Note: in.Note,
		Chosen: in.Chosen, RecordedAt: care.Stamp(act.At), RecordedBy: act.By, Version: 1}
	if err := v.Check(act.At); err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddBaseline(ctx, act, v) },
		func() (*care.Baseline, error) { return s.opt.Store.Baseline(ctx, r.ID, v.ID) },
		func(old *care.Baseline) {
			v.RecordedAt = old.RecordedAt
			once(in.TakenAt, &v.TakenAt, &old.TakenAt)
		})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, status, v.Version, v, nil)
}

func (s *Server) chooseBaseline(c *gin.Context) {
	s.changeBaseline(c, func(b *care.Baseline, _ time.Time) error { return b.Choose() })
}

func (s *Server) retireBaseline(c *gin.Context) { s.changeBaseline(c, (*care.Baseline).Retire) }

func (s *Server) changeBaseline(c *gin.Context, do func(*care.Baseline, time.Time) error) {
	var in struct{}
	r, version, err := s.residentAt(c, &in)
	var v *care.Baseline
	if err == nil {
		act := s.act(c)
		v, err = s.opt.Store.ChangeBaseline(c.Request.Context(), act, r.ID, c.Param("record"), version, func(b *care.Baseline) error { return do(b, act.At) })
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

func (s *Server) listBaselines(c *gin.Context) {
	r, err := s.seen(c)
	var list []care.Baseline
	if err == nil {
		list, err = s.opt.Store.Baselines(c.Request.Context(), r.ID)
	}
	s.list(c, "baselines", list, err)
}
