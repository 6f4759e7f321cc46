package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// reliefStore keeps what was done against pain and reads what came of it: one method over the usual five, for the trend.
type reliefStore interface {
	AddRelief(ctx context.Context, act care.Act, siteID string, r *care.Relief) error
	MarkReliefWrong(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Relief, error)
	Relief(ctx context.Context, residentID, id string) (*care.Relief, error)
	Reliefs(ctx context.Context, residentID string, since time.Time) ([]care.Relief, error)
	Scores(ctx context.Context, residentID string, since time.Time) ([]care.Scored, error)
	Follow(ctx context.Context, siteID string, r *care.Relief, now time.Time) ([]care.FollowUp, error)
}

type measureStore interface {
	Measures(ctx context.Context, siteID string) ([]care.Measure, error)
	PutMeasure(ctx context.Context, act care.Act, siteID string, m *care.Measure) error
}

// reliefView is a relief with what it asks for and what became of that.
type reliefView struct {
	*care.Relief
	FollowUps []care.FollowUp `json:"follow_ups"`
	Cadence   *care.Cadence   `json:"cadence"`
}

func (s *Server) writeRelief(c *gin.Context, status int, siteID string, r *care.Relief) {
	list := []care.FollowUp{}
	if !r.EnteredInError {
		var err error
		if list, err = s.opt.Store.Follow(c.Request.Context(), siteID, r, s.opt.Now()); err != nil {
			s.fail(c, err)
			return
		}
	}
	s.answer(c, status, r.Version, reliefView{r, list, care.CadenceOf(r.Scale)}, nil)
}

// newRelief is the body of POST /residents/{id}/reliefs.
type newRelief struct {
	ID           string     `json:"id"`
	AssessmentID string     `json:"assessment_id"`
	Drug         *care.Drug `json:"drug"`
	Measures     []string   `json:"measures"`
	GivenAt      time.Time  `json:"given_at"`
	GivenBy      string     `json:"given_by"`
	Remarks      string     `json:"remarks"`
}

func (s *Server) addRelief(c *gin.Context) {
	var in newRelief
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err != nil {
		s.fail(c, err)
		return
	}
	v := &care.Relief{ID: in.ID, ResidentID: r.ID, AssessmentID: in.AssessmentID, Drug: in.Drug, Measures: in.Measures, GivenAt: in.GivenAt,
		GivenBy: in.GivenBy, Remarks: in.Remarks, RecordedAt: care.Stamp(act.At), RecordedBy: act.By, Version: 1}
	if err := v.Check(act); err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddRelief(ctx, act, r.SiteID, v) },
		func() (*care.Relief, error) { return s.opt.Store.Relief(ctx, r.ID, v.ID) },
		func(old *care.Relief) {
			v.RecordedAt = old.RecordedAt
			once(in.GivenAt, &v.GivenAt, &old.GivenAt)
		})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/residents/"+r.ID+"/reliefs/"+v.ID)
	s.writeRelief(c, status, r.SiteID, v)
}

func (s *Server) getRelief(c *gin.Context) {
	r, err := s.seen(c)
	var v *care.Relief
	if err == nil {
		v, err = s.opt.Store.Relief(c.Request.Context(), r.ID, c.Param("record"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.writeRelief(c, http.StatusOK, r.SiteID, v)
}

func (s *Server) markReliefWrong(c *gin.Context) {
	var in struct{}
	r, version, err := s.residentAt(c, &in)
	var v *care.Relief
	if err == nil {
		v, err = s.opt.Store.MarkReliefWrong(c.Request.Context(), s.act(c), r.ID, c.Param("record"), version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.writeRelief(c, http.StatusOK, r.SiteID, v)
}

// listReliefs lists the last month's, or those since a time.
func (s *Server) listReliefs(c *gin.Context) {
	since, err := timeQuery(c, "since", s.opt.Now().AddDate(0, -1, 0))
	var r *care.Resident
	if err == nil {
		r, err = s.seen(c)
	}
	var list []care.Relief
	if err == nil {
		list, err = s.opt.Store.Reliefs(c.Request.Context(), r.ID, since)
	}
	s.list(c, "reliefs", list, err)
}

// scores answers with a resident's confirmed assessments in short, since a time or of the last year: what a trend is drawn
// from.
func (s *Server) scores(c *gin.Context) {
	since, err := timeQuery(c, "since", s.opt.Now().AddDate(-1, 0, 0))
	var r *care.Resident
	if err == nil {
		r, err = s.seen(c)
	}
	list := []care.Scored{}
	if err == nil {
		list, err = s.opt.Store.Scores(c.Request.Context(), r.ID, since)
	}
	s.list(c, "scores", list, err)
}

// cadences tells when to look again after relief, and how far a difference of totals can be trusted.
func (s *Server) cadences(c *gin.Context) { c.JSON(http.StatusOK, care.Cadences()) }

func (s *Server) listMeasures(c *gin.Context) {
	site, err := s.ownSite(c)
	var list []care.Measure
	if err == nil {
		list, err = s.opt.Store.Measures(c.Request.Context(), site)
	}
	s.list(c, "measures", list, err)
}

// measureChange is the body of PUT /measures/{id}.
type measureChange struct {
	Name    string `json:"name"`
	Retired bool   `json:"retired"`
}

func (s *Server) putMeasure(c *gin.Context) {
	var in measureChange
	err := readJSON(c, &in)
	var site string
	if err == nil {
		site, err = s.ownSite(c)
	}
	m := &care.Measure{ID: c.Param("id"), Name: in.Name, Retired: in.Retired}
	if err == nil {
		err = m.Check()
	}
	if err == nil {
		err = s.opt.Store.PutMeasure(c.Request.Context(), s.act(c), site, m)
	}
	s.answer(c, http.StatusOK, m.Version, m, err)
}
