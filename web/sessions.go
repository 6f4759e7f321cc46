package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/stream"
)

type sessionStore interface {
	AddSession(ctx context.Context, act care.Act, v *care.Session) error
	EndSession(ctx context.Context, act care.Act, id string) error
	Session(ctx context.Context, id string) (*care.Session, error)
	OpenSessions(ctx context.Context, residentID string) ([]string, error)
}

// sessionView is a session as clients see it: the record, where to send what, and what it counts while it lives.
type sessionView struct {
	*care.Session
	WHIP        string    `json:"whip"`
	Events      string    `json:"events"`
	Capture     string    `json:"capture"`
	Observation string    `json:"observation"`
	Live        *liveView `json:"live"` // null once the session has ended

	Baseline *sessionBaseline `json:"baseline"` // of a resident; null for practice and once the session has ended
}

type liveView struct {
	Connected bool                `json:"connected"`
	Received  uint64              `json:"received"`
	Decoded   uint64              `json:"decoded"`
	Analysed  uint64              `json:"analysed"`
	Dropped   uint64              `json:"dropped"`
	Paced     uint64              `json:"paced"`
	Corrupt   uint64              `json:"corrupt"`
	Capture   stream.CaptureState `json:"capture"`
	Purpose   string              `json:"purpose"` // of the capture: "observation" or "baseline"
	Assessed  int64               `json:"assessed_ms"`
	Wanted    int64               `json:"wanted_ms"`
	Observed  bool                `json:"observed"` // there is an observation to keep
}

func viewSession(v *care.Session, live LiveSession) sessionView {
	at := "/api/v1/sessions/" + v.ID
	out := sessionView{Session: v, WHIP: at + "/whip", Events: at + "/events", Capture: at + "/capture", Observation: at + "/observation"}
	if live != nil {
		st := live.Status()
		out.Baseline = viewBaseline(v, live)
		purpose := "observation"
		if st.Capture.Baseline {
			purpose = "baseline"
		}
		_, observed := live.Observation()
		out.Live = &liveView{Observed: observed, Purpose: purpose, Connected: st.Connected, Received: st.Received, Decoded: st.Decoded, Analysed: st.Analysed, Dropped: st.Dropped,
			Paced: st.Paced, Corrupt: st.Corrupt, Capture: st.Capture.State, Assessed: st.Capture.Assessed.Milliseconds(), Wanted: st.Capture.Wanted.Milliseconds()}
	}
	return out
}

// newSession is the body of POST /sessions.
type newSession struct {
	ResidentID *string        `json:"resident_id"`
	Condition  care.Condition `json:"condition"`
	Practice   bool           `json:"practice"`
}

func (s *Server) openSession(c *gin.Context) {
	var in newSession
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	v := &care.Session{ID: care.NewID(), Condition: in.Condition, Practice: in.Practice, OpenedBy: act.By, OpenedAt: care.Stamp(act.At)}
	if in.ResidentID != nil {
		v.ResidentID = *in.ResidentID
	}
	err := v.Check()
	var side stream.Side
	if err == nil {
		v.SiteID, side, err = s.mayFilm(c, v)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	site, err := s.opt.Store.Instrument(c.Request.Context(), v.SiteID)
	if err != nil {
		s.fail(c, err)
		return
	}
	live, err := s.opt.Live.Create(v.ID, side)
	if err != nil {
		s.fail(c, err)
		return
	}
	if blind(site, v.Practice) {
		live.HoldBack()
	}
	if err := s.measureAgainst(c.Request.Context(), v, live); err != nil {
		live.Close()
		s.fail(c, err)
		return
	}
	if err := s.opt.Store.AddSession(c.Request.Context(), act, v); err != nil {
		live.Close()
		s.fail(c, err)
		return
	}
	s.watch.Go(func() { s.recordEnd(live, v.ID) })
	c.Header("Location", "/api/v1/sessions/"+v.ID)
	c.JSON(http.StatusCreated, viewSession(v, live))
}

// mayFilm says whether whoever asks may open a session, in which site it is, and which half of the face is to be read.
func (s *Server) mayFilm(c *gin.Context, v *care.Session) (site string, side stream.Side, err error) {
	if v.Practice {
		if in := scope(c); !in.Has(care.DefaultSite) && len(in.Sites) > 0 {
			return in.Sites[0], stream.BothSides, nil
		}
		return care.DefaultSite, stream.BothSides, nil
	}
	if byLocal(c) {
		return "", "", edge(care.Forbidden, `The local token opens practice sessions only: send "practice": true, or sign in as a person.`)
	}
	r, err := s.resident(c, v.ResidentID)
	if err != nil {
		return "", "", err
	}
	return r.SiteID, healthySide(r.Conditions), r.MayBeFilmed(s.opt.Now())
}

// healthySide returns the half of a face that is palsied on the other. One that is palsied on both, or on neither, is read whole.
func healthySide(notes []care.FaceNote) stream.Side {
	left, right := slices.Contains(notes, care.PalsyLeft), slices.Contains(notes, care.PalsyRight)
	switch {
	case left && !right:
		return stream.RightSide
	case right && !left:
		return stream.LeftSide
	}
	return stream.BothSides
}

// mayStillFilm says whether the session that the address names may go on: consent may have been withdrawn, or have expired,
// since it was opened.
func (s *Server) mayStillFilm(c *gin.Context) error {
	v, err := s.opt.Store.Session(c.Request.Context(), c.Param("id"))
	if err != nil || v.Practice {
		return err
	}
	r, err := s.resident(c, v.ResidentID)
	if err != nil {
		return err
	}
	return r.MayBeFilmed(s.opt.Now())
}

// stopFilming ends the sessions of a resident whose consent is gone: the camera stops now, not at its next step.
func (s *Server) stopFilming(c *gin.Context, residentID string) error {
	ids, err := s.opt.Store.OpenSessions(c.Request.Context(), residentID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err = errors.Join(err, s.opt.Store.EndSession(c.Request.Context(), s.act(c), id))
		if live, unknown := s.opt.Live.Get(id); unknown == nil {
			live.Close()
		}
	}
	return err
}

// EndLeftOver records the end of the sessions that a server before this one left open: it was killed, or lost its power.
// Call it once, before serving.
func (s *Server) EndLeftOver(ctx context.Context) error {
	ids, err := s.opt.Store.OpenSessions(ctx, "")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.opt.Store.EndSession(ctx, care.Act{By: server, At: s.opt.Now()}, id); err != nil {
			return err
		}
	}
	if len(ids) > 0 {
		s.log.Info("sessions of an earlier start were left open; their end is recorded", "sessions", len(ids))
	}
	return nil
}

// recordEnd waits for the session's end and records it, unless whoever ended it has done so: then it expired, or the server
// stops. The request that opened the session is long over by then.
func (s *Server) recordEnd(live LiveSession, id string) {
	<-live.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.opt.Store.EndSession(ctx, care.Act{By: server, At: s.opt.Now()}, id); err != nil {
		s.log.Error("record the end of a session", "session", id, "error", err)
	}
}

// session finds the session that the address names and says whether it still lives; people get those of
// their sites, programs their own.
func (s *Server) session(c *gin.Context, id string) (*care.Session, LiveSession, error) {
	v, err := s.opt.Store.Session(c.Request.Context(), id)
	if err != nil {
		return nil, nil, err
	}
	if (byLocal(c) && v.OpenedBy != care.Program) || !scope(c).Has(v.SiteID) {
		return nil, nil, edge(care.NotFound, "There is no such session: open a new one.")
	}
	live, err := s.opt.Live.Get(id)
	if errors.Is(err, stream.ErrSessionUnknown) {
		return v, nil, nil // it has ended, and only the record is left
	}
	return v, live, err
}

// alive is session for what needs it alive. It ends the request with a problem where it is not.
func (s *Server) alive(c *gin.Context) (LiveSession, bool) {
	_, live, err := s.session(c, c.Param("id"))
	if err == nil && live == nil {
		err = stream.ErrSessionClosed
	}
	if err != nil {
		s.fail(c, err)
		return nil, false
	}
	return live, true
}

// listSessions lists the running sessions of whoever asks, the newest first, so that a page that was loaded again, or a person
// who had to sign in again, goes on with them or ends them. They outlive the sign-in that opened them.
func (s *Server) listSessions(c *gin.Context) {
	if mine := c.DefaultQuery("mine", "true"); mine != "true" {
		s.fail(c, &care.Error{Code: care.Invalid, Field: "mine", Text: `Only one's own sessions are listed: leave mine out, or send "true".`})
		return
	}
	ids, err := s.opt.Store.OpenSessions(c.Request.Context(), "")
	list := []sessionView{}
	for i := len(ids) - 1; i >= 0 && err == nil; i-- {
		live, gone := s.opt.Live.Get(ids[i])
		if gone != nil {
			continue // it has ended and that is being recorded
		}
		var v *care.Session
		if v, err = s.opt.Store.Session(c.Request.Context(), ids[i]); err == nil && v.OpenedBy.ID == actor(c).ID && scope(c).Has(v.SiteID) {
			list = append(list, viewSession(v, live))
		}
	}
	s.list(c, "sessions", list, err)
}

func (s *Server) getSession(c *gin.Context) {
	v, live, err := s.session(c, c.Param("id"))
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, viewSession(v, live))
}

func (s *Server) endSession(c *gin.Context) {
	v, live, err := s.session(c, c.Param("id"))
	if err == nil && live != nil {
		err = s.opt.Store.EndSession(c.Request.Context(), s.act(c), v.ID)
		live.Close() // also where that could not be recorded: the camera is to stop
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// newCapture is the body of POST /sessions/{id}/capture.
type newCapture struct {
	Seconds float64 `json:"seconds"` // 3 to 60; only time in which the face can be judged counts; default 10
	Purpose string  `json:"purpose"` // "observation", the default, or "baseline": what the face measures at ease
}

// captureView is an observation that began just now.
type captureView struct {
	State    stream.CaptureState `json:"state"`
	Assessed int64               `json:"assessed_ms"`
	Wanted   int64               `json:"wanted_ms"`
}

func (s *Server) capture(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	in := newCapture{10, "observation"}
	err := readJSON(c, &in)
	start, known := map[string]func(time.Duration) error{"observation": live.StartCapture, "baseline": live.StartBaseline}[in.Purpose]
	if err == nil && !known {
		err = &care.Error{Code: care.Invalid, Field: "purpose", Text: `The purpose must be "observation" or "baseline".`}
	}
	if err == nil {
		err = s.mayStillFilm(c)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	wanted := time.Duration(0) // out of range, as is anything that would overflow
	if in.Seconds > 0 && in.Seconds < 3600 {
		wanted = time.Duration(in.Seconds * float64(time.Second))
	}
	if err := start(wanted); err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusAccepted, captureView{stream.CaptureRunning, 0, wanted.Milliseconds()})
}

func (s *Server) observation(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	o, ok := live.Observation()
	if !ok {
		s.fail(c, errNotObserved)
		return
	}
	if err := s.mayLook(c); err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, o)
}

// mayLook refuses the machine's view of a session where the site's carers rate first; the assessment shows it after that.
func (s *Server) mayLook(c *gin.Context) error {
	v, err := s.opt.Store.Session(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	site, err := s.opt.Store.Instrument(c.Request.Context(), v.SiteID)
	if err == nil && blind(site, v.Practice) {
		err = edge(care.RateFirst, "Here carers rate before they see the machine's view: make the assessment and answer, then it is shown.")
	}
	return err
}

var errNotObserved = edge(codeNotObserved, "Nothing was observed in this session yet: start an observation and wait until it is done.")
