package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	heartbeat    = 15 * time.Second // keeps proxies from closing a quiet connection
	writeTimeout = 10 * time.Second // for one event; a reader that takes none for so long is gone
)

// events sends a session's events as they come (HTML Living Standard, server-sent events): one JSON text each, until the
// session ends, the client leaves, the sign-in ends or the server stops. The end of the stream after an "end" event is
// final; after anything else the client may connect again.
func (s *Server) events(c *gin.Context) {
	live, ok := s.alive(c)
	if !ok {
		return
	}
	token := clientToken(c)
	events, cancel := live.Subscribe()
	defer cancel()
	out := openStream(c)
	if !out.write([]byte(": open\n\n")) {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-c.Request.Context().Done():
			return
		case <-s.stop:
			return
		case e, more := <-events:
			if !more || !out.write([]byte("data: "), e, []byte("\n\n")) {
				return
			}
		case <-beat.C:
			if !s.stillIn(c.Request.Context(), token) || !out.write([]byte(": still here\n\n")) {
				return
			}
		}
	}
}

// eventStream is an answer of server-sent events.
type eventStream struct {
	w  gin.ResponseWriter
	rc *http.ResponseController
}

// openStream begins the answer. The server's timeouts are for whole requests; this one lasts. Where a writer knows no deadlines the
// server's hold.
func openStream(c *gin.Context) *eventStream {
	e := &eventStream{c.Writer, http.NewResponseController(c.Writer)}
	_ = e.rc.SetReadDeadline(time.Time{})
	c.Header("Content-Type", "text/event-stream; charset=utf-8")
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	return e
}

// write sends something at once, and says whether the client takes it.
func (e *eventStream) write(parts ...[]byte) bool {
	_ = e.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	for _, p := range parts {
		if _, err := e.w.Write(p); err != nil {
			return false
		}
	}
	return e.rc.Flush() == nil
}
