package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wince/pain"
)

func newDemoCmd() *cobra.Command {
	opt := demoOptions{clip: filepath.Join("testdata", "clips", "pain.ivf"), listen: "127.0.0.1:0", capture: 8 * time.Second}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole way once: video in, scores live, an assessment kept",
		Long: `Demo starts the server on an empty data folder, makes a carer and a resident, sends a clip as a tablet would over WebRTC,
shows the scores as they come, keeps the assessment, has it confirmed and reads it back over the interface. Then it goes on
serving, so that you can look at the page in a browser; Ctrl-C ends it and removes the data folder.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt.out = c.OutOrStdout()
			return opt.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&opt.clip, "clip", opt.clip, "the `FILE` to send")
	f.StringVar(&opt.listen, "listen", opt.listen, "`HOST:PORT` of the server; port 0 chooses a free one")
	f.StringVar(&opt.models, "models", "", "`DIR` with the model files (default: where make build puts them)")
	f.DurationVar(&opt.capture, "capture", opt.capture, "how much assessable time to observe, 3s to 60s")
	f.BoolVar(&opt.exit, "exit", false, "end when the assessment was read back; the exit status is 0 only then")
	return c
}

type demoOptions struct {
	clip, listen, models string
	capture              time.Duration
	exit                 bool
	out                  io.Writer
}

const demoName = "Demo Nurse"

func (o *demoOptions) run(ctx context.Context) (err error) {
	film, err := loadFilm(ctx, o.clip)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wince-demo-")
	if err != nil {
		return fmt.Errorf("make a data folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	cfg := defaultConfig()
	cfg.Data, cfg.Listen, cfg.Models, cfg.Log.Level = dir, o.listen, o.models, "warn"
	serving, stop := context.WithCancel(ctx)
	told := &announcement{ready: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- serve(serving, cfg, told) }()
	defer func() {
		stop()
		if e := <-ended; e != nil {
			err = errors.Join(err, e)
		}
	}()
	select {
	case <-told.ready:
	case e := <-ended:
		ended <- nil
		if e == nil {
			e = errors.New("the server ended before it began")
		}
		return e
	}
	fmt.Fprintf(o.out, "1. The server runs at %s (SQLite, self-signed certificate, data in %s).\n", told.url, dir)

	password := rand.Text()
	d := &demonstration{out: o.out, film: film, capture: o.capture}
	if err := d.signIn(ctx, told, password); err != nil {
		return err
	}
	if err := d.perform(ctx); err != nil {
		return err
	}
	if o.exit {
		return nil
	}
	fmt.Fprintf(o.out, "\nThe server goes on: open %s (accept its certificate), sign in as %q with password %s\nCtrl-C ends it and removes its data.\n",
		told.url, demoName, password)
	<-ctx.Done()
	return nil
}

// announcement reads what the server says at its start.
type announcement struct {
	mu         sync.Mutex
	text       strings.Builder
	url, token string
	ready      chan struct{}
}

var announced = regexp.MustCompile(`(https://[^\s/]+)/#/setup/(\S+)\n`)

func (a *announcement) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(b)
	if a.url == "" {
		if m := announced.FindStringSubmatch(a.text.String()); m != nil {
			a.url, a.token = m[1], m[2]
			close(a.ready)
		}
	}
	return len(b), nil
}

// demonstration is one run of the whole way, through the same interface that tablets and programs use.
type demonstration struct {
	out     io.Writer
	film    *film
	capture time.Duration
	api     *simClient
}

// path returns the address of something under /api/v1.
func (d *demonstration) path(parts ...string) string {
	return d.api.base.JoinPath(append([]string{"api", "v1"}, parts...)...).String()
}

func (d *demonstration) signIn(ctx context.Context, told *announcement, password string) error {
	o := simulateOptions{url: told.url, token: "none yet"}
	api, err := o.client()
	if err != nil {
		return err
	}
	d.api, api.token = api, ""
	account := map[string]any{"name": demoName, "password": password}
	setup := map[string]any{"token": told.token, "name": demoName, "password": password}
	if err := api.json(ctx, http.MethodPost, d.path("setup"), setup, nil); err != nil {
		return fmt.Errorf("set up the first administrator: %w", err)
	}
	account["token"] = true
	var in struct{ Token string }
	if err := api.json(ctx, http.MethodPost, d.path("login"), account, &in); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	api.token = in.Token
	return nil
}

func (d *demonstration) perform(ctx context.Context) error {
	defer d.api.close()
	var resident struct{ ID, Name string }
	err := d.api.json(ctx, http.MethodPost, d.path("residents"), map[string]any{"name": "Rendered Face", "room": "12", "consent": "given"}, &resident)
	if err != nil {
		return fmt.Errorf("make a resident: %w", err)
	}
	var session struct{ ID, WHIP string }
	err = d.api.json(ctx, http.MethodPost, d.path("sessions"), map[string]any{"resident_id": resident.ID, "condition": "rest"}, &session)
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	ref, err := url.Parse(session.WHIP)
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	d.api.whip = d.api.base.ResolveReference(ref).String()
	fmt.Fprintf(d.out, "2. %s opened a session at rest for the resident %s.\n", demoName, resident.Name)
	fmt.Fprintf(d.out, "3. A simulated tablet sends video over WebRTC; this is what it gets back, live:\n\n")

	tablet := newSimTablet(0, d.api, d.film, d.capture)
	show := &liveTable{out: d.out}
	tablet.watch = show.event
	tablet.run(ctx, 6*d.capture+15*time.Second, true)
	if err := errors.Join(tablet.err, ctx.Err()); err != nil {
		return err
	}
	if tablet.observation == nil {
		return errors.New("no observation came back")
	}
	fmt.Fprintf(d.out, "\n4. The observation:\n\n")
	for _, l := range describe(tablet.observation) {
		fmt.Fprintln(d.out, "   "+l)
	}
	if l := percentiles(tablet.latency); l != nil {
		fmt.Fprintf(d.out, "   From a frame's last packet to its result: median %.0f ms, 95th percentile %.0f ms.\n", l.P50, l.P95)
	}
	return d.keep(ctx, session.ID)
}

// keep makes the assessment, confirms it and reads it back.
func (d *demonstration) keep(ctx context.Context, session string) error {
	type assessment struct {
		ID, Status  string
		Condition   string
		Version     int
		Observation pain.Observation
		ConfirmedBy *struct{ Name string } `json:"confirmed_by"`
	}
	var made, read assessment
	err := d.api.json(ctx, http.MethodPost, d.path("assessments"), map[string]any{"session_id": session, "remarks": "Made by make demo."}, &made)
	if err != nil {
		return fmt.Errorf("keep the assessment: %w", err)
	}
	if err := d.confirm(ctx, made.ID, made.Version); err != nil {
		return err
	}
	if err := d.api.json(ctx, http.MethodGet, d.path("assessments", made.ID), nil, &read); err != nil {
		return fmt.Errorf("read the assessment back: %w", err)
	}
	switch {
	case read.ID != made.ID || read.Status != "final" || read.ConfirmedBy == nil || read.ConfirmedBy.Name != demoName:
		return fmt.Errorf("the assessment that came back is not the one that was confirmed: %+v", read)
	case read.Observation.ScoreP95 == nil || made.Observation.ScoreP95 == nil || *read.Observation.ScoreP95 != *made.Observation.ScoreP95:
		return errors.New("the assessment came back without its score, or with another one")
	}
	fmt.Fprintf(d.out, "\n5. Kept, confirmed and read back:\n   GET /api/v1/assessments/%s -> %s, at %s, score %.1f (95th percentile), confirmed by %s\n",
		read.ID, read.Status, read.Condition, *read.Observation.ScoreP95, read.ConfirmedBy.Name)
	return nil
}

func (d *demonstration) confirm(ctx context.Context, id string, version int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.path("assessments", id, "confirm"), strings.NewReader("{}"))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.api.token)
	req.Header.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(version)))
	res, err := d.api.http.Do(req)
	if err != nil {
		return fmt.Errorf("confirm the assessment: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return fmt.Errorf("confirm the assessment: %s %s", res.Status, b)
	}
	return nil
}

// liveTable prints a line for about every half second of live results.
type liveTable struct {
	out  io.Writer
	next time.Duration
}

func (l *liveTable) event(b []byte) {
	var f pain.Frame
	var head struct{ Type string }
	if json.Unmarshal(b, &head) != nil || head.Type != "frame" || json.Unmarshal(b, &f) != nil || f.T < l.next {
		return
	}
	l.next = f.T + 500*time.Millisecond
	if f.State != pain.Scored {
		fmt.Fprintf(l.out, "   %5.1f s  %s %s\n", f.T.Seconds(), f.State, strings.Join(f.Reasons.Codes(), " "))
		return
	}
	const width = 16
	n := min(int(f.Score+0.5), width)
	fmt.Fprintf(l.out, "   %5.1f s  score %4.1f %s%s ", f.T.Seconds(), f.Score, strings.Repeat("█", n), strings.Repeat("·", width-n))
	for _, a := range []pain.AU{pain.AU4, pain.AU6, pain.AU7, pain.AU9, pain.AU10, pain.AU12, pain.AU25, pain.AU43} {
		fmt.Fprintf(l.out, " %s %.1f", a, f.AU[a])
	}
	fmt.Fprintf(l.out, "  %s\n", strings.Join(f.Confounders.Codes(), " "))
}
