package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// startOutput collects what the server prints at its start and tells when it is complete.
type startOutput struct {
	mu    sync.Mutex
	text  strings.Builder
	ready chan struct{}
	once  sync.Once
}

func (o *startOutput) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(b)
	if strings.Contains(o.text.String(), "medical device") {
		o.once.Do(func() { close(o.ready) })
	}
	return len(b), nil
}

func (o *startOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// startServe starts the real server on a free port and returns its data folder, its output and what stops it.
func startServe(t *testing.T, data string) (out *startOutput, stop func()) {
	t.Helper()
	return startServeWith(t, data, func(*config) {})
}

func startServeWith(t *testing.T, data string, change func(*config)) (out *startOutput, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &startOutput{ready: make(chan struct{})}
	cfg := defaultConfig()
	cfg.Data, cfg.Listen, cfg.Log.Level = data, "127.0.0.1:0", "error"
	change(&cfg)
	done := make(chan error, 1)
	go func() { done <- serve(ctx, cfg, out) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-out.ready:
	case err := <-done:
		done <- nil
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("the server does not start")
	}
	return out, stop
}

// trusting is a client that takes any certificate: the tests look at the program, not at the network.
var trusting = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}

var setUpLink = regexp.MustCompile(`/#/setup/(\S+)`)

func TestServe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	out, stop := startServe(t, data)
	address := strings.TrimSpace(read(t, filepath.Join(data, "address")))
	if !strings.Contains(out.String(), "https://"+address) {
		t.Errorf("the printed address is not %s:\n%s", address, out)
	}
	first := setUpLink.FindStringSubmatch(out.String())
	if first == nil {
		t.Fatalf("no set-up link:\n%s", out)
	}
	res, err := trusting.Get("https://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	var health struct {
		Status string
		Models map[string]string
	}
	err = json.NewDecoder(res.Body).Decode(&health)
	res.Body.Close()
	if err != nil || health.Status != "ok" || len(health.Models) < 3 {
		t.Errorf("health %+v, %v", health, err)
	}
	for _, name := range []string{"local-token", "address", "wince.db", "tls/key.pem"} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	token := strings.TrimSpace(read(t, filepath.Join(data, "local-token")))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address+"/api/v1/sessions", strings.NewReader(`{"practice":true,"condition":"rest"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if res, err = trusting.Do(req); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("the local token opens no session: %v %v", res, err)
	}
	res.Body.Close()

	t.Run("a second server on the same folder", func(t *testing.T) {
		if status, _, stderr := wince(t, "serve", "--data", data, "--listen", "127.0.0.1:0"); status != exitFailed || !strings.Contains(stderr, "another wince serve") {
			t.Errorf("status %d: %s", status, stderr)
		}
	})
	t.Run("a second server on the same port", func(t *testing.T) {
		if status, _, stderr := wince(t, "serve", "--data", t.TempDir(), "--listen", address); status != exitFailed || !strings.Contains(stderr, "in use") || !strings.Contains(stderr, "--listen") {
			t.Errorf("status %d: %s", status, stderr)
		}
	})
	stop() // with a session open
	for _, name := range []string{"local-token", "address"} {
		if _, err := os.Stat(filepath.Join(data, name)); !os.IsNotExist(err) {
			t.Errorf("%s outlives the server: %v", name, err)
		}
	}

	out, stop = startServe(t, data)
	defer stop()
	if again := setUpLink.FindStringSubmatch(out.String()); again == nil || again[1] == first[1] {
		t.Errorf("a restart before set-up must give a new link, got %v", again)
	}
	if again := strings.TrimSpace(read(t, filepath.Join(data, "local-token"))); again == token {
		t.Error("the local token outlives a restart")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever keeps the server from starting is a sentence that says what to do, and the right exit status.
func TestServeRefusals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("not a folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := t.TempDir()
	if err := os.WriteFile(filepath.Join(garbage, "wince.db"), []byte(strings.Repeat("no database ", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"data folder is a file":    {[]string{"--data", file}, exitFailed, "--data DIR"},
		"data folder not writable": {[]string{"--data", "/proc/self/wince"}, exitFailed, "cannot be written"},
		"database is none":         {[]string{"--data", garbage}, exitFailed, "not a database"},
		"no models":                {[]string{"--models", t.TempDir()}, exitNoModels, "models"},
		"unknown configuration":    {[]string{"--config", writeConfig(t, "lisen: x")}, exitUsage, `"lisen"`},
		"unknown flag":             {[]string{"--lisen", "x"}, exitUsage, "--help"},
		"no such address":          {[]string{"--listen", "192.0.2.1:0"}, exitFailed, "--listen HOST:PORT"},
		"no such certificate":      {[]string{"--config", writeConfig(t, "tls: {cert: /none.pem, key: /none.key}")}, exitFailed, "/none.pem"},
		"an argument":              {[]string{"here"}, exitUsage, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, c.args...)
			status, _, stderr := wince(t, args...)
			if status != c.status || !strings.Contains(stderr, c.says) {
				t.Errorf("status %d, want %d: %s", status, c.status, stderr)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Error("it panics")
			}
		})
	}
}

func TestServeReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere; TestServeRefusals has the same sentence")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, fs.FileMode(0o500)); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := wince(t, "serve", "--data", dir); status != exitFailed || !strings.Contains(stderr, "--data DIR") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// An ACME authority that does not answer keeps nobody from the server's other work, and the start does not wait for it.
func TestServeWithoutACMEAnswer(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	// certmagic ends its attempt when the context does, but does not say when: the folder goes once nothing writes any more.
	data, err := os.MkdirTemp("", "wince-acme-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if err = os.RemoveAll(data); err == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Error(err)
	})
	cfg := defaultConfig()
	cfg.Data = data
	cfg.TLS.ACME.Domain, cfg.TLS.ACME.CA = "wince.example", "https://"+dead.Addr().String()+"/directory"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := time.Now()
	conf, fingerprint, free, err := cfg.certificate(ctx, cfg.logger())
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	if conf.GetCertificate == nil || fingerprint != "" || time.Since(began) > 5*time.Second {
		t.Errorf("config %+v after %v", conf, time.Since(began))
	}
}
