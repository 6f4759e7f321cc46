package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
)

func (s *Server) overviewRoutes() []route {
	const get = http.MethodGet
	site := param{"site_id", "one's own where left out", ""}
	return group("Reports and trail",
		row(get, "/reports/overview", care.ReadOverview, s.overview, doc{about: "Tell how a site stands now", more: "Counts of what is due, and residents by id who need something: consent, a baseline, an assessment. Looking is recorded.",
			query: []param{site, {"days", "without an assessment, 1 to 366; 7 where left out", 0}}, gives: siteOverview{}, fails: []care.Code{care.NotFound}}),
		row(get, "/reports/disagreements", care.ReadOverview, s.disagreements, doc{about: "List where carers and the camera differ", more: "By item, the largest differences first. Looking is recorded.",
			query: []param{site, {"from", "the first day, such as 2026-03-01; the last whole month where left out", day("")}, {"to", "the day after the last", day("")}, {"limit", "at most so many, to 200", 0}}, gives: siteDisagreements{}, fails: []care.Code{care.NotFound}}),
		row(get, "/residents/:id/face", care.ReadResidents, s.face, doc{about: "Tell which action units a resident shows", more: "In confirmed assessments that say pain, and in those that do not. Under three of a kind nothing is said. It describes what went together: where carers see the machine's view, they rate accordingly.",
			query: []param{{"since", "assessed then or later; the last year where left out", time.Time{}}}, gives: care.Face{}, fails: []care.Code{care.Erased}}),
	)
}

// siteOverview is an overview and whose it is.
type siteOverview struct {
	SiteID string `json:"site_id"`
	*care.Overview
}

// siteDisagreements are disagreements and whose they are.
type siteDisagreements struct {
	SiteID string `json:"site_id"`
	*care.Disagreements
}

// overview answers with how a site stands now.
func (s *Server) overview(c *gin.Context) {
	site, err := s.ownSite(c)
	days := 0
	if err == nil {
		days, err = numberQuery(c, "days", 7, 1, longestReport)
	}
	var o *care.Overview
	if err == nil {
		o, err = s.overviewOf(c, site, days)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, siteOverview{site, o})
}

func (s *Server) overviewOf(c *gin.Context, site string, days int) (*care.Overview, error) {
	ctx, now := c.Request.Context(), s.opt.Now()
	v, err := s.opt.Store.Site(ctx, site)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return nil, fmt.Errorf("load the site's time zone: %w", err)
	}
	in, err := s.opt.Store.Overview(ctx, site, now, now.AddDate(0, 0, -days), now.Add(-care.ShiftLength))
	if err != nil {
		return nil, err
	}
	if in.Due, err = s.dueItems(ctx, site, "", now, 0); err != nil {
		return nil, err
	}
	in.Zone, in.Days, in.Method = zone, days, s.methodFor
	return in.Overview(), nil
}

// disagreements answers with the items about which carers and the camera differ.
func (s *Server) disagreements(c *gin.Context) {
	site, err := s.ownSite(c)
	var from, to time.Time
	if err == nil {
		from, to, err = s.reportTime(c, site)
	}
	limit := 0
	if err == nil {
		limit, err = numberQuery(c, "limit", maxPage, 1, maxPage)
	}
	var in *care.QualityInput
	if err == nil {
		in, err = s.opt.Store.Quality(c.Request.Context(), site, from, to)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, siteDisagreements{site, in.Disagreements(limit)})
}

// face answers with the action units that a resident shows with and without pain, of the last year or since a time.
func (s *Server) face(c *gin.Context) {
	since, err := timeQuery(c, "since", s.opt.Now().AddDate(-1, 0, 0))
	var r *care.Resident
	if err == nil {
		r, err = s.seen(c)
	}
	var rows []care.FaceRow
	if err == nil {
		rows, err = s.opt.Store.FaceRows(c.Request.Context(), r.ID, since)
	}
	from := map[pain.Ref]int{}
	for i := 0; err == nil && i < len(rows); i++ {
		err = s.painFrom(c.Request.Context(), rows[i].Scale, from)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, care.FaceOf(rows, from, care.Stamp(since)))
}
