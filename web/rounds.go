package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type scheduleStore interface {
	AddSchedule(ctx context.Context, act care.Act, v *care.Schedule) error
	EndSchedule(ctx context.Context, act care.Act, id string, version int) (*care.Schedule, error)
	Schedule(ctx context.Context, id string) (*care.Schedule, error)
	Schedules(ctx context.Context, scope care.Scope, at time.Time) ([]care.Schedule, error)
}

type roundStore interface {
	Round(ctx context.Context, siteID, residentID string, now time.Time) (*care.Round, error)
	RaiseEscalations(ctx context.Context, act care.Act, siteID string, list []care.Escalation) ([]care.Escalation, error)
	Escalations(ctx context.Context, q care.EscalationQuery) ([]care.Escalation, error)
	Escalation(ctx context.Context, id string) (*care.Escalation, error)
	Acknowledge(ctx context.Context, act care.Act, id string) (*care.Escalation, error)
}

// scheduleView is a schedule with its repeat as other programs and people read it.
type scheduleView struct {
	*care.Schedule
	Rules []string `json:"rrules"` // RFC 5545, in the schedule's time zone
	Words string   `json:"words"`
}

func viewSchedule(v *care.Schedule) scheduleView {
	return scheduleView{v, v.Repeat.Rules(), v.Repeat.Words()}
}

// newSchedule is the body of POST /schedules.
type newSchedule struct {
	ID           string         `json:"id"`
	SiteID       string         `json:"site_id"`
	ResidentID   string         `json:"resident_id"`
	Scale        string         `json:"scale"`
	Condition    care.Condition `json:"condition"`
	Repeat       care.Repeat    `json:"repeat"`
	TimeZone     string         `json:"time_zone"`
	EarlyMinutes int            `json:"early_minutes"`
	GraceMinutes int            `json:"grace_minutes"`
	MissMinutes  int            `json:"miss_minutes"`
	StartsAt     time.Time      `json:"starts_at"`
	EndsAt       *time.Time     `json:"ends_at"`
}

func (s *Server) addSchedule(c *gin.Context) {
	var in newSchedule
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act, ctx := s.act(c), c.Request.Context()
	v := &care.Schedule{ID: in.ID, ResidentID: in.ResidentID, Scale: in.Scale, Condition: in.Condition, Repeat: in.Repeat, TimeZone: in.TimeZone,
		EarlyMinutes: in.EarlyMinutes, GraceMinutes: in.GraceMinutes, MissMinutes: in.MissMinutes, StartsAt: in.StartsAt, EndsAt: in.EndsAt,
		CreatedAt: care.Stamp(act.At), CreatedBy: act.By, Version: 1}
	err := s.placeSchedule(c, v, in.SiteID)
	if err == nil {
		err = v.Check(act.At)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddSchedule(ctx, act, v) },
		func() (*care.Schedule, error) { return s.schedule(c, v.ID) },
		func(old *care.Schedule) {
			v.CreatedAt = old.CreatedAt
			once(in.StartsAt, &v.StartsAt, &old.StartsAt)
		})
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Location", "/api/v1/schedules/"+v.ID)
	s.answer(c, status, v.Version, viewSchedule(v), nil)
}

// placeSchedule finds a schedule's site: the resident's, or for all residents the one that is asked for. Its scale must be one
// that the site uses; its time zone is the site's where the request has none.
func (s *Server) placeSchedule(c *gin.Context, v *care.Schedule, asked string) (err error) {
	if v.ResidentID != "" {
		r, err := s.resident(c, v.ResidentID)
		if err != nil {
			return err
		}
		if asked != "" && asked != r.SiteID {
			return &care.Error{Code: care.Invalid, Field: "site_id", Text: "The resident lives in another site: leave site_id out."}
		}
		v.SiteID = r.SiteID
	} else if v.SiteID, err = scope(c).Choose(asked); err != nil {
		return err
	}
	if v.Scale != "" {
		if _, _, err := s.chooseScale(c.Request.Context(), v.SiteID, v.Scale); err != nil {
			return err
		}
	}
	if v.TimeZone != "" {
		return nil
	}
	site, err := s.opt.Store.Site(c.Request.Context(), v.SiteID)
	if err == nil {
		v.TimeZone = site.Zone
	}
	return err
}

// schedule returns a schedule of one's sites. Those of others are as if they did not exist.
func (s *Server) schedule(c *gin.Context, id string) (*care.Schedule, error) {
	v, err := s.opt.Store.Schedule(c.Request.Context(), id)
	if err == nil && !scope(c).Has(v.SiteID) {
		return nil, edge(care.NotFound, "There is no such schedule.")
	}
	return v, err
}

func (s *Server) getSchedule(c *gin.Context) {
	v, err := s.schedule(c, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, viewSchedule(v), nil)
}

func (s *Server) endSchedule(c *gin.Context) {
	var in struct{}
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil {
		err = readJSON(c, &in)
	}
	var v *care.Schedule
	if err == nil {
		_, err = s.schedule(c, c.Param("id"))
	}
	if err == nil {
		v, err = s.opt.Store.EndSchedule(c.Request.Context(), s.act(c), c.Param("id"), version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, viewSchedule(v), nil)
}

// listSchedules lists the schedules that go on, or that went on at a time.
func (s *Server) listSchedules(c *gin.Context) {
	at, err := timeQuery(c, "at", s.opt.Now())
	var list []care.Schedule
	if err == nil {
		list, err = s.opt.Store.Schedules(c.Request.Context(), scope(c), at)
	}
	views := []scheduleView{}
	for i := range list {
		if of := c.Query("resident_id"); of == "" || list[i].ResidentID == "" || list[i].ResidentID == of {
			views = append(views, viewSchedule(&list[i]))
		}
	}
	s.list(c, "schedules", views, err)
}

// furthest is how far ahead a due list looks, in minutes.
const furthest = 24 * 60

// dueList is what is due in a site or for one resident.
type dueList struct {
	At     time.Time      `json:"at"` // the moment for which it was worked out
	SiteID string         `json:"site_id"`
	Due    []care.DueItem `json:"due"`
}

// due answers with what is due in a site, or for one resident.
func (s *Server) due(c *gin.Context) {
	ahead, err := numberQuery(c, "ahead_minutes", 120, 0, furthest)
	var site, of string
	if id := c.Param("id"); err == nil && id != "" {
		var r *care.Resident
		if r, err = s.resident(c, id); err == nil {
			site, of = r.SiteID, r.ID
		}
	} else if err == nil {
		site, err = s.ownSite(c)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	now := s.opt.Now()
	items, err := s.dueItems(c.Request.Context(), site, of, now, time.Duration(ahead)*time.Minute)
	if wing := c.Query("wing"); err == nil && wing != "" {
		items, err = s.itemsInWing(c.Request.Context(), site, wing, items)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, dueList{care.Stamp(now), site, items})
}

// itemsInWing leaves the items of a wing's residents.
func (s *Server) itemsInWing(ctx context.Context, site, wing string, items []care.DueItem) ([]care.DueItem, error) {
	in, err := s.inWing(ctx, site, wing)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(items, func(d care.DueItem) bool { return !in[d.ResidentID] }), nil
}

// inWing is who lives in a wing of a site, by id.
func (s *Server) inWing(ctx context.Context, site, wing string) (map[string]bool, error) {
	residents, err := s.opt.Store.Residents(ctx, care.Scope{Sites: []string{site}})
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for i := range residents {
		if residents[i].InWing(wing) {
			in[residents[i].ID] = true
		}
	}
	return in, nil
}

func (s *Server) dueItems(ctx context.Context, site, resident string, now time.Time, ahead time.Duration) ([]care.DueItem, error) {
	round, err := s.opt.Store.Round(ctx, site, resident, now)
	if err != nil {
		return nil, err
	}
	items, err := round.Due(now, ahead)
	if items == nil {
		items = []care.DueItem{}
	}
	return items, err
}

// Escalate looks once at what is due in every site and raises what is overdue or was missed. It does so once for each.
func (s *Server) Escalate(ctx context.Context) error {
	now := s.opt.Now()
	sites, err := s.opt.Store.Sites(ctx, care.Scope{All: true})
	if err != nil {
		return err
	}
	for _, site := range sites {
		items, err := s.dueItems(ctx, site.ID, "", now, 0)
		if err != nil {
			return err
		}
		list := care.Escalations(site.ID, items, now)
		raised, err := s.opt.Store.RaiseEscalations(ctx, care.Act{By: server, At: now, Request: care.NewID()}, site.ID, list)
		if err != nil {
			return err
		}
		if len(raised) > 0 {
			s.log.InfoContext(ctx, "escalated", "site", site.ID, "count", len(raised))
		}
	}
	return nil
}

// RunEscalations looks at once, for what came due while the server was away, and at every tick until the context ends. A failure is
// logged and tried again at the next look.
func (s *Server) RunEscalations(ctx context.Context, ticks <-chan time.Time) {
	for {
		if err := s.Escalate(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "look for what is overdue", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// listEscalations lists the last week's escalations, or those since a time; with open=true only those that nobody has
// acknowledged.
func (s *Server) listEscalations(c *gin.Context) {
	since, err := timeQuery(c, "since", s.opt.Now().AddDate(0, 0, -7))
	limit := 0
	if err == nil {
		limit, err = numberQuery(c, "limit", 100, 1, 1000)
	}
	q := care.EscalationQuery{Scope: scope(c), Since: since, Open: c.Query("open") == "true", Limit: limit + 1} // to see whether there are more
	if text := c.Query("cursor"); err == nil && text != "" {
		q.Before, q.BeforeID, err = readMomentCursor(text)
	}
	var list []care.Escalation
	if err == nil {
		list, err = s.opt.Store.Escalations(c.Request.Context(), q)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = momentCursor(list[limit-1].RaisedAt, list[limit-1].ID)
	}
	s.listPage(c, "escalations", list, next)
}

func (s *Server) acknowledge(c *gin.Context) {
	var in struct{}
	err := readJSON(c, &in)
	var e *care.Escalation
	if err == nil {
		if e, err = s.opt.Store.Escalation(c.Request.Context(), c.Param("id")); err == nil && !scope(c).Has(e.SiteID) {
			err = edge(care.NotFound, "There is no such escalation.")
		}
	}
	if err == nil {
		e, err = s.opt.Store.Acknowledge(c.Request.Context(), s.act(c), c.Param("id"))
	}
	s.answer(c, http.StatusOK, 2, e, err)
}
