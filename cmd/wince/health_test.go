package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	status := http.StatusOK
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte("database is locked"))
	}))
	defer srv.Close()
	ask := func(url string) (string, error) {
		var out bytes.Buffer
		c := newHealthCmd()
		c.SetOut(&out)
		c.SetArgs([]string{"--url", url})
		c.SilenceErrors, c.SilenceUsage = true, true
		err := c.Execute()
		return out.String(), err
	}

	if out, err := ask(srv.URL + "/healthz"); err != nil || out != "ok\n" {
		t.Errorf("a healthy server with its own certificate: %q, %v", out, err)
	}
	status = http.StatusServiceUnavailable
	if _, err := ask(srv.URL + "/healthz"); err == nil || !strings.Contains(err.Error(), "database is locked") {
		t.Errorf("a server that is not well: %v", err)
	}
	srv.Close()
	if _, err := ask(srv.URL + "/healthz"); err == nil || !strings.Contains(err.Error(), "wince serve") {
		t.Errorf("no server: %v", err)
	}
}
