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
	rc := http.NewResponseController(c.Writer)
	// The server's timeouts are for whole requests; this one lasts. Where a writer knows no deadlines the server's hold.
	_ = rc.SetReadDeadline(time.Time{})
	c.Header("Content-Type", "text/event-stream; charset=utf-8")
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	write := func(parts ...[]byte) bool {
		_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
		for _, p := range parts {
			if _, err := c.Writer.Write(p); err != nil {
				return false
			}
		}
		return rc.Flush() == nil
	}
	if !write([]byte(": open\n\n")) {
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
			if !more || !write([]byte("data: "), e, []byte("\n\n")) {
				return
			}
		case <-beat.C:
			if !s.stillIn(c.Request.Context(), token) || !write([]byte(": still here\n\n")) {
				return
			}
		}
	}
}
