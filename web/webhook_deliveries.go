package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

// redriven says how many dead letters are sent again.
type redriven struct {
	Redriven int64 `json:"redriven"`
}

// redriveInput is the body of POST /webhooks/{id}/dead-letters/redrive.
type redriveInput struct {
	Messages []string `json:"messages"` // of dead letters; all where left out
}

// hookReplay is the body of POST /webhooks/{id}/replay.
type hookReplay struct {
	After *string    `json:"after"` // a cursor; empty for the beginning
	Since *time.Time `json:"since"`
}

// replayWebhook puts an endpoint to another place in the log of changes.
func (s *Server) replayWebhook(c *gin.Context) {
	var in hookReplay
	w, version, err := s.webhookAt(c, &in)
	var to care.ChangePosition
	if err == nil {
		switch {
		case (in.After == nil) == (in.Since == nil):
			err = &care.Error{Code: care.Invalid, Field: "after", Text: `Say from where: "after" is a cursor of GET /changes, or "" for the beginning; "since" is a time.`}
		case in.After != nil:
			to, err = readCursor(*in.After)
		default:
			to, err = s.opt.Store.ChangesBefore(c.Request.Context(), *in.Since)
		}
	}
	if err == nil {
		w, err = s.opt.Store.MoveWebhook(c.Request.Context(), s.act(c), w.ID, version, to)
	}
	if err == nil {
		s.hooks.forget(w.ID)
	}
	s.showWebhook(c, w, "", err)
}

func (s *Server) webhookLog(c *gin.Context) {
	w, err := s.webhook(c)
	limit := pageLength
	if err == nil {
		limit, err = numberQuery(c, "limit", pageLength, 1, maxPage)
	}
	var list []care.DeliveryAttempt
	if err == nil {
		list, err = s.opt.Store.DeliveryLog(c.Request.Context(), w.ID, limit)
	}
	s.list(c, "deliveries", list, err)
}

// deadLetter is a delivery that was given up.
type deadLetter struct {
	Message   string            `json:"message"` // its id, as the receiver was sent it
	Change    care.RecordChange `json:"change"`
	Attempts  int               `json:"attempts"`
	FirstAt   time.Time         `json:"first_at"`
	LastError string            `json:"last_error"`
}

// deadLetterPart is a part of what was given up.
type deadLetterPart struct {
	Letters []deadLetter `json:"dead_letters"`
	Next    string       `json:"next"` // as after, it gives what follows
	More    bool         `json:"more"`
}

func (s *Server) deadLetters(c *gin.Context) {
	w, err := s.webhook(c)
	var after care.ChangePosition
	if err == nil {
		after, err = readCursor(c.Query("after"))
	}
	limit := pageLength
	if err == nil {
		limit, err = numberQuery(c, "limit", pageLength, 1, maxPage)
	}
	var list []care.Delivery
	if err == nil {
		list, err = s.opt.Store.DeadDeliveries(c.Request.Context(), w.ID, after.Seq, limit)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	letters, next := []deadLetter{}, c.Query("after")
	for i := range list {
		d := &list[i]
		letters = append(letters, deadLetter{messageID(&d.Change), d.Change, d.Attempts, d.FirstAt, d.LastError})
		next = cursorOf(d.Change.Position())
	}
	c.JSON(http.StatusOK, deadLetterPart{letters, next, len(list) == limit})
}

// redrive lets dead letters live again: those that the request names, or all.
func (s *Server) redrive(c *gin.Context) {
	var in redriveInput
	err := readJSON(c, &in)
	var w *care.Webhook
	if err == nil {
		w, err = s.webhook(c)
	}
	var seqs []int64
	for _, id := range in.Messages {
		change, _, _ := strings.Cut(strings.TrimPrefix(id, "msg_"), partMark)
		p, e := readCursor(change)
		if e != nil || p.Seq == 0 {
			err = errors.Join(err, &care.Error{Code: care.Invalid, Field: "messages", Text: "messages must be those of dead letters; leave it out for all of them."})
			break
		}
		seqs = append(seqs, p.Seq)
	}
	var n int64
	if err == nil {
		n, err = s.opt.Store.Redrive(c.Request.Context(), s.act(c), w.ID, seqs)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.hooks.forget(w.ID)
	c.JSON(http.StatusOK, redriven{n})
}
