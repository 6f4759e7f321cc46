package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
)

type scaleStore interface {
	ScaleDefinition(ctx context.Context, ref pain.Ref) (pain.ScaleFile, error)
	Instrument(ctx context.Context, siteID string) (*care.Instrument, error)
	ChangeInstrument(ctx context.Context, act care.Act, siteID string, version int, added *pain.Scale, edit func(*care.Instrument) error) (*care.Instrument, error)
}

// usualScale is what the camera's proposals are for where nobody names a scale and the site has not switched it off.
const usualScale = "painad"

// readScales parses the scales that come with Wince.
func readScales() (map[string]*pain.Scale, error) {
	files, err := pain.BuiltInScales()
	if err != nil {
		return nil, err
	}
	scales := map[string]*pain.Scale{}
	for _, f := range files {
		s, err := pain.ParseScale(f.Name, f.Text)
		if err != nil {
			return nil, fmt.Errorf("read built-in scales: %w", err)
		}
		scales[s.ID] = s
	}
	return scales, nil
}

// scale returns one version of a scale, which never changes: the one that is built in, or else the one that was kept.
func (s *Server) scale(ctx context.Context, ref pain.Ref) (*pain.Scale, error) {
	if b := s.builtIn[ref.ID]; b != nil && b.Version == ref.Version {
		return b, nil
	}
	if v, ok := s.scales.Load(ref); ok {
		if known, ok := v.(*pain.Scale); ok {
			return known, nil
		}
	}
	file, err := s.opt.Store.ScaleDefinition(ctx, ref)
	if err != nil {
		return nil, err
	}
	parsed, err := pain.ParseScale(file.Name, file.Text)
	if err != nil {
		return nil, fmt.Errorf("read a kept scale: %w", err)
	}
	s.scales.Store(ref, parsed)
	return parsed, nil
}

// scaleOf returns the scale of an assessment, nil where it has none.
func (s *Server) scaleOf(ctx context.Context, a *care.Assessment) (*pain.Scale, error) {
	if a.Scale == nil {
		return nil, nil
	}
	return s.scale(ctx, *a.Scale)
}

// siteScales returns the scales of a site by id, those that are switched off among them.
func (s *Server) siteScales(ctx context.Context, n *care.Instrument) (map[string]*pain.Scale, error) {
	all := maps.Clone(s.builtIn)
	for _, ref := range n.Own {
		own, err := s.scale(ctx, ref)
		if err != nil {
			return nil, err
		}
		all[ref.ID] = own
	}
	return all, nil
}

// chooseScale returns the scale that an id names at a site, and how the site uses scales. Without an id there is no scale.
func (s *Server) chooseScale(ctx context.Context, siteID, id string) (*pain.Scale, *care.Instrument, error) {
	n, err := s.opt.Store.Instrument(ctx, siteID)
	if err != nil || id == "" {
		return nil, n, err
	}
	all, err := s.siteScales(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	chosen := all[id]
	if chosen == nil || slices.Contains(n.Off, id) {
		return nil, nil, &care.Error{Code: care.Invalid, Field: "scale", Text: "There is no such scale here, or it is switched off: see GET /scales."}
	}
	return chosen, n, nil
}

// proposingScale returns what to make proposals for where no scale is filled in; nil where the site has none with rules.
func (s *Server) proposingScale(ctx context.Context, n *care.Instrument) (*pain.Scale, error) {
	all, err := s.siteScales(ctx, n)
	if err != nil {
		return nil, err
	}
	for _, id := range append([]string{usualScale}, slices.Sorted(maps.Keys(all))...) {
		if x := all[id]; x != nil && x.Camera != nil && !slices.Contains(n.Off, id) {
			return x, nil
		}
	}
	return nil, nil
}

// ownSite is the site that a request names in its query, or the one that is meant where it names none. Administrators see every site, but
// none that does not exist.
func (s *Server) ownSite(c *gin.Context) (string, error) {
	asked := c.Query("site_id")
	site, err := scope(c).Choose(asked)
	if err == nil && asked != "" {
		_, err = s.opt.Store.Site(c.Request.Context(), site)
	}
	return site, err
}

// scaleView is a scale as a site uses it.
type scaleView struct {
	*pain.Scale
	Enabled bool `json:"enabled"`
	BuiltIn bool `json:"built_in"` // it came with Wince
}

// scaleList is the scales of a site.
type scaleList struct {
	SiteID string      `json:"site_id"`
	Blind  bool        `json:"blind"` // carers rate before they see the machine's view
	Scales []scaleView `json:"scales"`
}

func (s *Server) listScales(c *gin.Context) {
	site, err := s.ownSite(c)
	var n *care.Instrument
	if err == nil {
		n, err = s.opt.Store.Instrument(c.Request.Context(), site)
	}
	var all map[string]*pain.Scale
	if err == nil {
		all, err = s.siteScales(c.Request.Context(), n)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	list := []scaleView{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		list = append(list, scaleView{all[id], !slices.Contains(n.Off, id), s.builtIn[id] == all[id]})
	}
	tag(c, n.Version)
	c.JSON(http.StatusOK, scaleList{site, n.Blind, list})
}

// getScale answers with one version of a scale, as an old assessment needs it, or with the one that the site uses now.
func (s *Server) getScale(c *gin.Context) {
	found, err := s.findScale(c, c.Param("id"), c.Query("version"))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, found)
}

func (s *Server) findScale(c *gin.Context, id, version string) (*pain.Scale, error) {
	if version != "" {
		return s.scale(c.Request.Context(), pain.Ref{ID: id, Version: version})
	}
	site, err := s.ownSite(c)
	if err != nil {
		return nil, err
	}
	n, err := s.opt.Store.Instrument(c.Request.Context(), site)
	if err != nil {
		return nil, err
	}
	all, err := s.siteScales(c.Request.Context(), n)
	if err == nil && all[id] == nil {
		err = edge(care.NotFound, "There is no such scale.")
	}
	return all[id], err
}

// newScale is the body of POST /scales.
type newScale struct {
	SiteID     string `json:"site_id"`
	Name       string `json:"name"` // of the file
	Definition string `json:"definition"`
}

// addScale puts a definition of the home's own into use at a site.
func (s *Server) addScale(c *gin.Context) {
	var in newScale
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	site, err := scope(c).Choose(in.SiteID)
	if err == nil && (in.Name == "" || len(in.Name) > 100) {
		err = &care.Error{Code: care.Invalid, Field: "name", Text: "Give the file's name, at most 100 characters."}
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	scale, err := pain.ParseScale(in.Name, []byte(in.Definition))
	if err != nil {
		var wrong *pain.ScaleError
		if errors.As(err, &wrong) {
			err = &care.Error{Code: care.ScaleFile, Field: "definition", Text: wrong.Error()}
		}
		s.fail(c, err)
		return
	}
	if b := s.builtIn[scale.ID]; b != nil && b.Version == scale.Version {
		s.fail(c, &care.Error{Code: care.Conflict, Field: "definition", Text: "Version " + scale.Version + " of " + scale.ID + " comes with Wince: give your own definition another id or version."})
		return
	}
	ctx := c.Request.Context()
	n, err := s.opt.Store.Instrument(ctx, site)
	if err == nil {
		n, err = s.opt.Store.ChangeInstrument(ctx, s.act(c), site, n.Version, scale, func(n *care.Instrument) error { return n.Adopt(scale.Ref()) })
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/scales/"+scale.ID)
	tag(c, n.Version)
	c.JSON(http.StatusCreated, scale)
}

func (s *Server) getInstrument(c *gin.Context) {
	site, err := s.ownSite(c)
	var n *care.Instrument
	if err == nil {
		n, err = s.opt.Store.Instrument(c.Request.Context(), site)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	tag(c, n.Version)
	c.JSON(http.StatusOK, n)
}

// instrumentChange is the body of PATCH /instrument: what is left out stays.
type instrumentChange struct {
	Blind *bool    `json:"blind"`
	Off   []string `json:"off"`
}

// changeInstrument sets which scales are off and whether carers rate blind.
func (s *Server) changeInstrument(c *gin.Context) {
	var in instrumentChange
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	site, err := s.ownSite(c)
	var version int
	if err == nil {
		version, err = ifMatch(c.GetHeader("If-Match"))
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx := c.Request.Context()
	n, err := s.opt.Store.ChangeInstrument(ctx, s.act(c), site, version, nil, func(n *care.Instrument) error {
		if in.Blind != nil {
			n.Blind = *in.Blind
		}
		if in.Off == nil {
			return nil
		}
		all := slices.Collect(maps.Keys(s.builtIn))
		for _, ref := range n.Own {
			if !slices.Contains(all, ref.ID) {
				all = append(all, ref.ID)
			}
		}
		return n.SwitchOff(in.Off, all)
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	tag(c, n.Version)
	c.JSON(http.StatusOK, n)
}

func (s *Server) bodyRegions(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"regions": care.BodyRegions()})
}
