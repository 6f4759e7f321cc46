package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type siteStore interface {
	Site(ctx context.Context, id string) (*care.Site, error)
	Sites(ctx context.Context, scope care.Scope) ([]care.Site, error)
	AddSite(ctx context.Context, act care.Act, v *care.Site) error
	ChangeSite(ctx context.Context, act care.Act, id string, version int, edit func(*care.Site) error) (*care.Site, error)
}

func writeSite(c *gin.Context, status int, v *care.Site) {
	tag(c, v.Version)
	c.JSON(status, v)
}

func (s *Server) listSites(c *gin.Context) {
	list, err := s.opt.Store.Sites(c.Request.Context(), scope(c))
	s.list(c, "sites", list, err)
}

func (s *Server) getSite(c *gin.Context) {
	v, err := s.opt.Store.Site(c.Request.Context(), c.Param("id"))
	if err == nil && !scope(c).Has(v.ID) {
		err = edge(care.NotFound, "There is no such site.")
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	writeSite(c, http.StatusOK, v)
}

// wings lists the wings of a site: the names that its residents' records use.
func (s *Server) wings(c *gin.Context) {
	v, err := s.opt.Store.Site(c.Request.Context(), c.Param("id"))
	if err == nil && !scope(c).Has(v.ID) {
		err = edge(care.NotFound, "There is no such site.")
	}
	var list []care.Resident
	if err == nil {
		list, err = s.opt.Store.Residents(c.Request.Context(), care.Scope{Sites: []string{v.ID}})
	}
	s.list(c, "wings", care.Wings(list), err)
}

// newSite is the body of POST /sites.
type newSite struct {
	Name string `json:"name"`
	Zone string `json:"zone"`
}

func (s *Server) addSite(c *gin.Context) {
	var in newSite
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	v := &care.Site{ID: care.NewID(), Name: in.Name, Zone: in.Zone, CreatedAt: care.Stamp(act.At), Version: 1}
	err := v.Check()
	if err == nil {
		err = s.opt.Store.AddSite(c.Request.Context(), act, v)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/sites/"+v.ID)
	writeSite(c, http.StatusCreated, v)
}

// siteChange is the body of PATCH /sites/{id}: what is left out stays.
type siteChange struct {
	Name *string `json:"name"`
	Zone *string `json:"zone"`
}

func (s *Server) changeSite(c *gin.Context) {
	var in siteChange
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = readJSON(c, &in)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v, err := s.opt.Store.ChangeSite(c.Request.Context(), s.act(c), c.Param("id"), version, func(v *care.Site) error {
		set(&v.Name, in.Name)
		set(&v.Zone, in.Zone)
		return v.Check()
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	writeSite(c, http.StatusOK, v)
}

// set takes over a member that was given.
func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}
