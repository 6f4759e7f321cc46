package web

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A tablet that leaves before it is answered is no failure of the server: nobody is to be woken for it.
func TestClientThatLeft(t *testing.T) {
	var log bytes.Buffer
	var told []int
	g := newRig(t, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o.Observe = func(_, _ string, status int, _ time.Duration) { told = append(told, status) }
	}).admin()
	log.Reset()
	told = nil
	ctx, leave := context.WithCancel(t.Context())
	leave()
	req := httptest.NewRequestWithContext(ctx, "GET", "https://wince.test/api/v1/residents", nil)
	req.RemoteAddr = g.from
	req.AddCookie(&http.Cookie{Name: cookieName, Value: g.cookie})
	g.server.Handler().ServeHTTP(httptest.NewRecorder(), req)
	if len(told) != 1 || told[0] != statusLeft {
		t.Errorf("told as %v", told)
	}
	if strings.Contains(log.String(), "ERROR") || !strings.Contains(log.String(), "whoever asked has left") {
		t.Errorf("log: %s", log.String())
	}
}
