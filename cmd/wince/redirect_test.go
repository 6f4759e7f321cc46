package main

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A tablet goes where it is sent on to, with the same method and body (RFC 9725, section 4.5), whatever it asks for.
func TestSimulateIsSentOn(t *testing.T) {
	s := newTinyServer(t, 8)
	var methods [2]atomic.Int64 // POST, DELETE
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			methods[0].Add(1)
		case http.MethodDelete:
			methods[1].Add(1)
		}
		http.Redirect(w, r, s.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}))
	defer front.Close()
	if out, err := simulate(t, "--url", front.URL, "--clip", shortClip(t), "--seconds", "0.5", "--token", tinyToken); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s.opened.Load() != 1 || s.deleted.Load() != 1 || methods[0].Load() < 2 || methods[1].Load() != 1 {
		t.Errorf("%d sessions opened, %d closed, after %d POSTs and %d DELETEs that were sent on", s.opened.Load(), s.deleted.Load(), methods[0].Load(), methods[1].Load())
	}
}
