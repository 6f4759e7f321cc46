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
	Residents(ctx context.Context) ([]care.Resident, error)
}

func (s *Server) addResident(c *gin.Context) {
	if !user(c).Role.MayEditResidents() {
		s.fail(c, edge(care.Forbidden, "Adding residents is for nurses and administrators: ask one of them."))
		return
	}
	var in struct {
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
	err := r.Check()
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
	list, err := s.opt.Store.Residents(c.Request.Context())
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"residents": list})
}

func (s *Server) getResident(c *gin.Context) {
	r, err := s.opt.Store.Resident(c.Request.Context(), c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, r)
}
