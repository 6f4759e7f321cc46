package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/stream"
)

type baselineStore interface {
	AddBaseline(ctx context.Context, act care.Act, b *care.Baseline) error
	ChangeBaseline(ctx context.Context, act care.Act, residentID, id string, version int, do func(*care.Baseline) error) (*care.Baseline, error)
	Baseline(ctx context.Context, residentID, id string) (*care.Baseline, error)
	Baselines(ctx context.Context, residentID string) ([]care.Baseline, error)
}

// sessionBaseline says what a session of a resident is measured against.
type sessionBaseline struct {
	Used    bool       `json:"used"` // the resident's own; else the session finds a neutral of its own
	ID      string     `json:"id,omitempty"`
	TakenAt *time.Time `json:"taken_at,omitempty"`
	Reason  string     `json:"reason,omitempty"` // why not: "none" or "baseline_outdated"
	Text    string     `json:"text,omitempty"`   // the same as a sentence
}

func viewBaseline(v *care.Session, live LiveSession) *sessionBaseline {
	if v.Practice {
		return nil
	}
	own, used := live.Against()
	switch {
	case own == nil:
		return &sessionBaseline{Reason: "none", Text: "There is no chosen baseline of this resident: take one when the face is at ease, and scores say more."}
	case !used:
		return &sessionBaseline{ID: own.ID, TakenAt: &own.TakenAt, Reason: string(stream.CodeBaseline), Text: stream.ErrBaselineOutdated.Text}
	}
	return &sessionBaseline{Used: true, ID: own.ID, TakenAt: &own.TakenAt}
}

// chosenBaseline returns the baseline that a resident is to be measured against, nil where none is chosen.
func (s *Server) chosenBaseline(ctx context.Context, residentID string) (*care.Baseline, error) {
	list, err := s.opt.Store.Baselines(ctx, residentID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Chosen {
			return &list[i], nil
		}
	}
	return nil, nil
}

// measureAgainst gives a new session the resident's chosen baseline. One that is outdated is no failure: the session says so.
func (s *Server) measureAgainst(ctx context.Context, v *care.Session, live LiveSession) error {
	if v.Practice {
		return nil
	}
	b, err := s.chosenBaseline(ctx, v.ResidentID)
	if err != nil || b == nil {
		return err
	}
	err = live.MeasureAgainst(stream.Baseline{ID: b.ID, TakenAt: b.TakenAt, Method: b.Method, Values: b.Values})
	if errors.Is(err, stream.ErrBaselineOutdated) {
		return nil
	}
	return err
}

// baselineView is a baseline and whether it still compares with what measures this resident now.
type baselineView struct {
	*care.Baseline
	Outdated bool `json:"outdated"`
}

func (s *Server) viewBaseline(r *care.Resident, b *care.Baseline) baselineView {
	return baselineView{b, b.Method != s.methodFor(r)}
}

// methodFor names what measures a resident's baselines now: with a palsy of one side that of the healthy half.
func (s *Server) methodFor(r *care.Resident) string {
	return healthySide(r.Conditions).Method(s.opt.Method)
}

// newBaseline is the body of POST /residents/ID/baselines: what a session took, or values that another program measured.
type newBaseline struct {
	ID        string             `json:"id"`
	SessionID string             `json:"session_id"`
	TakenAt   time.Time          `json:"taken_at"`
	Method    string             `json:"method"`
	Values    map[string]float64 `json:"values"`
	Frames    int                `json:"frames"`
	Note      string             `json:"note"`
	Chosen    bool               `json:"chosen"`
}

func (s *Server) addBaseline(c *gin.Context) {
	var in newBaseline
	act, ctx := s.act(c), c.Request.Context()
	r, err := s.residentFor(c, &in)
	if err == nil {
		// Numbers of a face are taken by a camera too.
		err = r.MayBeFilmed(act.At)
	}
	v := &care.Baseline{ID: in.ID, TakenAt: in.TakenAt, Method: in.Method, Values: in.Values, Frames: in.Frames, Note: in.Note,
		Chosen: in.Chosen, RecordedAt: care.Stamp(act.At), RecordedBy: act.By, Version: 1}
	if err == nil {
		v.ResidentID = r.ID
		if in.SessionID != "" {
			var again bool
			if again, err = s.fromTaken(c, &in, v); again {
				s.answer(c, http.StatusOK, v.Version, s.viewBaseline(r, v), nil)
				return
			}
		}
	}
	if err == nil {
		err = v.Check(act.At)
	}
	if err != nil {
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
	s.answer(c, status, v.Version, s.viewBaseline(r, v), nil)
}

// fromTaken fills a baseline with what a live session of the resident took. Where the request came before, b becomes what was
// kept then: the session may have ended since.
func (s *Server) fromTaken(c *gin.Context, in *newBaseline, b *care.Baseline) (again bool, err error) {
	if in.Method != "" || in.Values != nil || in.Frames != 0 || !in.TakenAt.IsZero() {
		return false, &care.Error{Code: care.Invalid, Field: "session_id", Text: "Values, method, frames and time are the session's: leave them out."}
	}
	if in.ID != "" {
		old, err := s.opt.Store.Baseline(c.Request.Context(), b.ResidentID, in.ID)
		switch {
		case err == nil && old.SessionID == in.SessionID && old.Note == in.Note && old.RecordedBy == b.RecordedBy:
			*b = *old
			return true, nil
		case err == nil:
			return false, &care.Error{Code: care.Conflict, Field: "id", Text: "Another baseline has this id: make a new id."}
		case !isCode(err, care.NotFound):
			return false, err
		}
	}
	v, live, err := s.session(c, in.SessionID)
	switch {
	case err != nil:
		return false, err
	case v.ResidentID != b.ResidentID:
		return false, &care.Error{Code: care.Conflict, Field: "session_id", Text: "The session is of another resident, or practice: its baseline cannot be kept here."}
	case live == nil:
		return false, stream.ErrSessionClosed
	}
	taken, ok := live.Taken()
	switch {
	case !ok:
		return false, edge(codeNotTaken, "No baseline was taken in this session yet: take one and wait until it is done.")
	case !taken.Ready:
		return false, edge(codeNotTaken, "The last try gave no baseline. "+taken.Advice[0])
	}
	b.SessionID, b.TakenAt, b.Method, b.Values, b.Spread, b.Frames = v.ID, taken.At, taken.Method, taken.Values, taken.Spread, taken.Frames
	if !b.Chosen {
		// The first is measured against from now on, and so is one that replaces an outdated one.
		old, err := s.chosenBaseline(c.Request.Context(), b.ResidentID)
		if err != nil {
			return false, err
		}
		b.Chosen = old == nil || old.Method != taken.Method
	}
	return false, nil
}

func (s *Server) chooseBaseline(c *gin.Context) {
	var in struct{}
	s.changeBaseline(c, &in, func(b *care.Baseline, _ time.Time) error { return b.Choose() })
}

// retirement is the body of POST /residents/{id}/baselines/{record}/retire.
type retirement struct {
	Reason string `json:"reason"` // why: such as that the face has changed, or was not at ease
}

func (s *Server) retireBaseline(c *gin.Context) {
	var in retirement
	s.changeBaseline(c, &in, func(b *care.Baseline, now time.Time) error { return b.Retire(in.Reason, now) })
}

// changeBaseline reads the request into in and lets do change the baseline that the address names.
func (s *Server) changeBaseline(c *gin.Context, in any, do func(*care.Baseline, time.Time) error) {
	r, version, err := s.residentAt(c, in)
	var v *care.Baseline
	if err == nil {
		act := s.act(c)
		v, err = s.opt.Store.ChangeBaseline(c.Request.Context(), act, r.ID, c.Param("record"), version, func(b *care.Baseline) error { return do(b, act.At) })
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, v.Version, s.viewBaseline(r, v), nil)
}

func (s *Server) listBaselines(c *gin.Context) {
	r, err := s.seen(c)
	var list []care.Baseline
	if err == nil {
		list, err = s.opt.Store.Baselines(c.Request.Context(), r.ID)
	}
	views := []baselineView{}
	for i := range list {
		views = append(views, s.viewBaseline(r, &list[i]))
	}
	s.list(c, "baselines", views, err)
}
