package web

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
)

const (
	maxListeners = 64                     // streams of changes at once
	gather       = 250 * time.Millisecond // changes that come so close together are told together
)

// streamChanges tells of changes as they are made (HTML Living Standard, server-sent events): each event is a part of the log as GET
// /changes answers it, and its id is the cursor after it. A client that connects again sends the last id as Last-Event-ID, as browsers
// do by themselves, and misses nothing. Without one it is told what happens from now on.
func (s *Server) streamChanges(c *gin.Context) {
	select {
	case s.listeners <- struct{}{}:
		defer func() { <-s.listeners }()
	default:
		s.fail(c, &retryError{edge(codeBusy, "Too many programs listen at the moment: pull changes with GET /api/v1/changes, or try again in a minute."), time.Minute})
		return
	}
	q, err := s.changeQuery(c)
	if id := c.GetHeader("Last-Event-ID"); err == nil && id != "" {
		q.After, err = readCursor(id)
	} else if err == nil && c.Query("after") == "" {
		q.After, _, err = s.opt.Store.ChangesEnd(c.Request.Context())
	}
	q.Limit = maxChanges
	wake := s.opt.Store.Changed() // before reading: nothing falls between
	part, err2 := s.nextPart(c, &q)
	if err = errors.Join(err, err2); err != nil {
		s.fail(c, err)
		return
	}
	token, out := clientToken(c), openStream(c)
	if !out.write([]byte(": open\n\n")) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if part != nil {
			b, err := json.Marshal(part)
			if err != nil || !out.write([]byte("id: "+part.Next+"\nevent: changes\ndata: "), b, []byte("\n\n")) {
				return
			}
		}
		if part == nil || !part.More {
			select {
			case <-c.Request.Context().Done():
				return
			case <-s.stop:
				return
			case <-beat.C:
				if !s.stillIn(c.Request.Context(), token) || !out.write([]byte(": still here\n\n")) {
					return
				}
				part = nil
				continue
			case <-wake:
			}
			if !s.wait(c, gather) {
				return
			}
		}
		wake = s.opt.Store.Changed()
		if part, err = s.nextPart(c, &q); err != nil {
			return // the client connects again, and is told why
		}
	}
}

// nextPart reads the changes after a query's cursor, moves the cursor behind them and records that they are shown. It is nil where there
// are none. For connected programs it waits its turn in the lane.
func (s *Server) nextPart(c *gin.Context, q *care.ChangeQuery) (part *changePart, err error) {
	ctx := c.Request.Context()
	read := func() {
		var page *care.ChangePage
		if page, err = s.opt.Store.Changes(ctx, *q); err != nil {
			return
		}
		q.After = page.Next
		if len(page.Changes) == 0 {
			return
		}
		var list []told
		if list, err = s.tell(ctx, q.Scope, page.Changes); err == nil {
			err = s.recordTold(c, page)
		}
		part = &changePart{list, cursorOf(page.Next), page.More}
	}
	if client(c) == nil {
		read()
		return part, err
	}
	return part, errors.Join(s.lane.do(ctx, read), err)
}

// wait waits, and says whether there is still somebody to wait for.
func (s *Server) wait(c *gin.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.Request.Context().Done():
	case <-s.stop:
	}
	return false
}
