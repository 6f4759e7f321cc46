package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// benchServer is a server that is measured.
type benchServer struct {
	url     string
	token   string
	pid     int
	startup time.Duration
	stop    func() error
}

// benchLimits lift the server's own limits: bench finds the machine's.
var benchLimits = []string{"WINCE_STREAMS_MAX=1000", "WINCE_STREAMS_RATE=60", "WINCE_STREAMS_TOTAL_RATE=1000000", "WINCE_LOG_LEVEL=error", "WINCE_REQUESTS_PER_ADDRESS=0", "WINCE_REQUESTS_PER_PERSON=0"}

// startUnlimited starts a server whose own limits are lifted.
func startUnlimited(ctx context.Context, data, models string) (*benchServer, error) {
	return startChild(ctx, data, models, benchLimits...)
}

// startWatched starts a server that serves its metrics.
func startWatched(ctx context.Context, data, models string) (*benchServer, error) {
	return startChild(ctx, data, models, "WINCE_ADMIN_LISTEN=127.0.0.1:0", "WINCE_LOG_LEVEL=error", "WINCE_REQUESTS_PER_ADDRESS=0", "WINCE_REQUESTS_PER_PERSON=0")
}

// startChild starts this program as a server on a free port of this machine and waits until it answers.
func startChild(ctx context.Context, data, models string, env ...string) (*benchServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	args := []string{"serve", "--data", data, "--listen", "127.0.0.1:0"}
	if models != "" {
		args = append(args, "--models", models)
	}
	var said bytes.Buffer
	c := exec.CommandContext(ctx, self, args...)
	c.Stderr = &said
	c.Env = append(benchEnvironment(os.Environ()), env...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 15 * time.Second
	_ = os.Remove(filepath.Join(data, "address")) // of the server before, if it was killed
	begun := time.Now()
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	s := &benchServer{pid: c.Process.Pid}
	s.stop = func() error {
		_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := <-ended; err != nil {
			return fmt.Errorf("stop the server: %w: %s", err, strings.TrimSpace(said.String()))
		}
		return nil
	}
	for deadline := begun.Add(time.Minute); ; {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("the server ended at its start: %w: %s", err, strings.TrimSpace(said.String()))
		case <-time.After(5 * time.Millisecond):
		}
		if s.answers(ctx, data) {
			s.startup = time.Since(begun)
			return s, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("the server did not answer within a minute"), s.stop())
		}
	}
}

// benchEnvironment leaves the settings of another server out.
func benchEnvironment(env []string) []string {
	var keep []string
	for _, e := range env {
		if !strings.HasPrefix(e, "WINCE_") {
			keep = append(keep, e)
		}
	}
	return keep
}

// answers looks whether the server is there, and where.
func (s *benchServer) answers(ctx context.Context, data string) bool {
	b, err := os.ReadFile(filepath.Join(data, "address"))
	if err != nil || !bytes.HasSuffix(b, []byte("\n")) {
		return false
	}
	s.url = "https://" + strings.TrimSpace(string(b))
	if s.token, err = localToken(data); err != nil || s.token == "" {
		return false
	}
	api, err := s.client()
	if err != nil {
		return false
	}
	defer api.close()
	res, err := api.do(ctx, "GET", s.url+"/healthz", "", nil)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil
}

func (s *benchServer) client() (*simClient, error) {
	o := simulateOptions{url: s.url, token: s.token}
	return o.client()
}

// rss returns the memory that the server has in use, in MB.
func (s *benchServer) rss() (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's memory: %w", err)
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if rest, ok := strings.CutPrefix(in.Text(), "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("read the server's memory: the system does not tell")
}

// busyShare returns how much of the machine others use while this program rests, 0-1; 0 where the system does not tell.
func busyShare(ctx context.Context, over time.Duration) float64 {
	before, ok := cpuTimes()
	if !ok || !sleep(ctx, over) {
		return 0
	}
	after, _ := cpuTimes()
	all := after[0] - before[0]
	if all <= 0 {
		return 0
	}
	return rounded(1 - (after[1]-before[1])/all)
}

// cpuTimes returns all ticks of all processors and the idle ones.
func cpuTimes() (t [2]float64, ok bool) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return t, false
	}
	line, _, _ := strings.Cut(string(b), "\n")
	for i, f := range strings.Fields(line) {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			continue // the word cpu
		}
		t[0] += n
		if i == 4 || i == 5 { // idle, and waiting for a disk
			t[1] += n
		}
	}
	return t, true
}
