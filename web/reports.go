package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
)

type reportStore interface {
	Quality(ctx context.Context, siteID string, from, to time.Time) (*care.QualityInput, error)
	Overview(ctx context.Context, siteID string, now, since, openBefore time.Time) (*care.OverviewInput, error)
	FaceRows(ctx context.Context, residentID string, since time.Time) ([]care.FaceRow, error)
}

// longestReport is the longest time that one report is about: a year, in days.
const longestReport = 366

// qualityReport is the quality report of a site.
type qualityReport struct {
	SiteID string `json:"site_id"`
	*care.Quality
}

// quality answers with the quality report of a site, as JSON or as CSV.
func (s *Server) quality(c *gin.Context) {
	site, err := s.ownSite(c)
	var from, to time.Time
	if err == nil {
		from, to, err = s.reportTime(c, site)
	}
	format := c.DefaultQuery("format", "json")
	if err == nil && format != "json" && format != "csv" {
		err = &care.Error{Code: care.Invalid, Field: "format", Text: `The format must be "json" or "csv".`}
	}
	var q *care.Quality
	if err == nil {
		q, err = s.qualityOf(c.Request.Context(), site, c.Query("wing"), from, to)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	if format == "json" {
		c.JSON(http.StatusOK, qualityReport{site, q})
		return
	}
	text, err := qualityCSV(q)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Disposition", `attachment; filename="quality-`+c.Query("from")+`.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", text)
}

// reportTime reads the first day and the day after the last, which begin at midnight where the site is. Left out, it is the
// last whole month.
func (s *Server) reportTime(c *gin.Context, site string) (from, to time.Time, err error) {
	v, err := s.opt.Store.Site(c.Request.Context(), site)
	if err != nil {
		return from, to, err
	}
	zone, err := time.LoadLocation(v.Zone)
	if err != nil {
		return from, to, fmt.Errorf("load the site's time zone: %w", err)
	}
	y, m, _ := s.opt.Now().In(zone).Date()
	to = time.Date(y, m, 1, 0, 0, 0, 0, zone)
	from = to.AddDate(0, -1, 0)
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		text := c.Query(name)
		if text == "" {
			continue
		}
		if *at, err = time.ParseInLocation(time.DateOnly, text, zone); err != nil {
			return from, to, &care.Error{Code: care.Invalid, Field: name, Text: name + " must be a day such as 2026-01-31."}
		}
	}
	switch {
	case !from.Before(to):
		err = &care.Error{Code: care.Invalid, Field: "to", Text: "The day after the last, to, must come after from."}
	case to.After(from.AddDate(0, 0, longestReport)):
		err = &care.Error{Code: care.Invalid, Field: "to", Text: "A report is about a year at most."}
	case from.After(s.opt.Now()):
		err = &care.Error{Code: care.Invalid, Field: "from", Text: "This lies in the future: there is nothing to report yet."}
	}
	return from, to, err
}

// qualityOf is the report of a site, or of one of its wings: those who live there now, wherever they lived then.
func (s *Server) qualityOf(ctx context.Context, site, wing string, from, to time.Time) (*care.Quality, error) {
	in, err := s.opt.Store.Quality(ctx, site, from, to)
	if err != nil {
		return nil, err
	}
	if wing != "" {
		here, err := s.inWing(ctx, site, wing)
		if err != nil {
			return nil, err
		}
		in.Only(here)
	}
	in.Now, in.PainFrom = s.opt.Now(), map[pain.Ref]int{}
	for i := range in.Rows {
		if err := s.painFrom(ctx, in.Rows[i].Scale, in.PainFrom); err != nil {
			return nil, err
		}
	}
	return in.Quality(), nil
}

// painFrom adds the lowest total of a scale that counts as pain.
func (s *Server) painFrom(ctx context.Context, ref pain.Ref, into map[pain.Ref]int) error {
	if _, known := into[ref]; known || ref.ID == "" {
		return nil
	}
	scale, err := s.scale(ctx, ref)
	if err == nil {
		into[ref] = scale.PainFrom
	}
	return err
}

// qualityCSV writes one row for each figure: what it is, of what, the count, out of how many, and the value. A value that
// does not exist is empty.
func qualityCSV(q *care.Quality) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	number := func(x *float64) string {
		if x == nil {
			return ""
		}
		return strconv.FormatFloat(*x, 'f', 4, 64)
	}
	rows := [][]string{
		{"measure", "of", "count", "out_of", "value"},
		{"assessments_per_resident", "", strconv.Itoa(q.Assessments), strconv.Itoa(q.Residents), number(q.PerResident)},
	}
	share := func(measure, of string, s care.Share) {
		rows = append(rows, []string{measure, of, strconv.Itoa(s.Count), strconv.Itoa(s.Of), number(s.Share)})
	}
	share("on_movement", "", q.OnMovement)
	share("with_camera", "", q.WithCamera)
	share("self_report", "", q.SelfReport)
	share("zero_scores", "", q.Zero)
	share("pain_scores", "", q.InPain)
	share("followed_up", "", q.FollowedUp)
	share("refused", "", q.Refused)
	for _, r := range q.Refusals {
		share("refused", r.Reason, r.Share)
	}
	share("camera_differs", "", q.Corrected)
	for _, a := range q.Agreement {
		for _, k := range []struct {
			how string
			pain.Agreement
		}{{"blind", a.Blind}, {"seen", a.Seen}} {
			of, n := a.Scale+" "+a.Item+" "+k.how, strconv.Itoa(k.N)
			rows = append(rows, []string{"same", of, "", n, number(k.Same)}, []string{"kappa", of, "", n, number(k.Kappa)}, []string{"kappa_weighted", of, "", n, number(k.Weighted)})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return b.Bytes(), nil
}
