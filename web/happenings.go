package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

type pauseStore interface {
	AddPause(ctx context.Context, act care.Act, siteID string, p *care.Pause) error
	EndPause(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Pause, error)
	Pause(ctx context.Context, residentID, id string) (*care.Pause, error)
	Pauses(ctx context.Context, residentID string) ([]care.Pause, error)
}

type eventStore interface {
	AddEvent(ctx context.Context, act care.Act, siteID string, e *care.Event) error
	MarkEventWrong(ctx context.Context, act care.Act, residentID, id string, version int) (*care.Event, error)
	Event(ctx context.Context, residentID, id string) (*care.Event, error)
	Events(ctx context.Context, residentID string) ([]care.Event, error)
}

// newPause is the body of POST /residents/{id}/pauses.
type newPause struct {
	ID     string           `json:"id"`
	Reason care.PauseReason `json:"reason"`
	From   time.Time        `json:"from"`
	To     *time.Time       `json:"to"`
}

func (s *Server) addPause(c *gin.Context) {
	var in newPause
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err != nil {
		s.fail(c, err)
		return
	}
	v := &care.Pause{ID: in.ID, ResidentID: r.ID, Reason: in.Reason, From: in.From, To: in.To, CreatedAt: care.Stamp(act.At), CreatedBy: act.By, Version: 1}
	if err := v.Check(act.At); err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddPause(ctx, act, r.SiteID, v) },
		func() (*care.Pause, error) { return s.opt.Store.Pause(ctx, r.ID, v.ID) },
		func(old *care.Pause) {
			v.CreatedAt = old.CreatedAt
			once(in.From, &v.From, &old.From)
		})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, status, v.Version, v, nil)
}

func (s *Server) endPause(c *gin.Context) {
	var in struct{}
	r, version, err := s.residentAt(c, &in)
	var v *care.Pause
	if err == nil {
		v, err = s.opt.Store.EndPause(c.Request.Context(), s.act(c), r.ID, c.Param("record"), version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

func (s *Server) listPauses(c *gin.Context) {
	r, err := s.seen(c)
	var list []care.Pause
	if err == nil {
		list, err = s.opt.Store.Pauses(c.Request.Context(), r.ID)
	}
	s.list(c, "pauses", list, err)
}

// newEvent is the body of POST /residents/{id}/events.
type newEvent struct {
	ID   string         `json:"id"`
	Kind care.EventKind `json:"kind"`
	At   time.Time      `json:"at"`
}

func (s *Server) addEvent(c *gin.Context) {
	var in newEvent
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err != nil {
		s.fail(c, err)
		return
	}
	v := &care.Event{ID: in.ID, ResidentID: r.ID, Kind: in.Kind, At: in.At, RecordedAt: care.Stamp(act.At), RecordedBy: act.By, Version: 1}
	if err := v.Check(act.At); err != nil {
		s.fail(c, err)
		return
	}
	v, status, err := addOnce(v, func() error { return s.opt.Store.AddEvent(ctx, act, r.SiteID, v) },
		func() (*care.Event, error) { return s.opt.Store.Event(ctx, r.ID, v.ID) },
		func(old *care.Event) {
			v.RecordedAt = old.RecordedAt
			once(in.At, &v.At, &old.At)
		})
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, status, v.Version, v, nil)
}

func (s *Server) markEventWrong(c *gin.Context) {
	var in struct{}
	r, version, err := s.residentAt(c, &in)
	var v *care.Event
	if err == nil {
		v, err = s.opt.Store.MarkEventWrong(c.Request.Context(), s.act(c), r.ID, c.Param("record"), version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, v, nil)
}

func (s *Server) listEvents(c *gin.Context) {
	r, err := s.seen(c)
	var list []care.Event
	if err == nil {
		list, err = s.opt.Store.Events(c.Request.Context(), r.ID)
	}
	s.list(c, "events", list, err)
}
