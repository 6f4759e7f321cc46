package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type residentStore interface {
	AddResident(ctx context.Context, act care.Act, r *care.Resident) error
	Resident(ctx context.Context, id string) (*care.Resident, error)
	Residents(ctx context.Context, scope care.Scope) ([]care.Resident, error)
}

func (s *Server) addResident(c *gin.Context) {
	var in struct {
		SiteID     string       `json:"site_id"`
		Name       string       `json:"name"`
		Room       string       `json:"room"`
		ExternalID string       `json:"external_id"`
		Consent    care.Consent `json:"consent"`
	}
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	r := &care.Resident{ID: care.NewID(), Name: in.Name, Room: in.Room, ExternalID: in.ExternalID, Consent: in.Consent,
		CreatedAt: care.Stamp(act.At), Version: 1}
	err := r.Check(act.At)
	if err == nil {
		r.SiteID, err = scope(c).Choose(in.SiteID)
	}
	if err == nil {
		err = s.opt.Store.AddResident(c.Request.Context(), act, r)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/residents/"+r.ID)
	c.JSON(http.StatusCreated, r)
}

func (s *Server) listResidents(c *gin.Context) {
	list, err := s.opt.Store.Residents(c.Request.Context(), scope(c))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"residents": list})
}

func (s *Server) getResident(c *gin.Context) {
	r, err := s.resident(c, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, r)
}

// resident returns a resident of a site that whoever asks belongs to. Those of other sites are as if they did not exist.
func (s *Server) resident(c *gin.Context, id string) (*care.Resident, error) {
	r, err := s.opt.Store.Resident(c.Request.Context(), id)
	if err == nil && !scope(c).Has(r.SiteID) {
		return nil, edge(care.NotFound, "There is no such resident.")
	}
	return r, err
}
