package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"wince/pain"
	"wince/stream/rtc"
)

// A baseline is taken over live video by the real networks, kept, and the next session measures against it. A smile makes none.
func TestBaselineOverLiveVideo(t *testing.T) {
	out, _ := startServe(t, t.TempDir())
	m := announced.FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("no set-up link:\n%s", out)
	}
	d := &demonstration{}
	if err := d.signIn(t.Context(), &announcement{url: m[1], token: m[2]}, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	defer d.api.close()
	ask := func(method, path string, in, out any) error {
		t.Helper()
		return d.api.json(t.Context(), method, d.path(path), in, out)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var resident struct{ ID string }
	must(ask(http.MethodPost, "residents", map[string]any{"name": "Rendered Face", "consent": "given"}, &resident))

	type session struct {
		ID, WHIP string
		Baseline *struct {
			Used       bool
			ID, Reason string
		}
		Live *struct{ Capture, Purpose string }
	}
	// film shows a clip to a new session, round and round, while do asks the server for things.
	film := func(clip string, do func(at string)) session {
		t.Helper()
		var s session
		must(ask(http.MethodPost, "sessions", map[string]any{"resident_id": resident.ID, "condition": "rest"}, &s))
		f, err := loadFilm(t.Context(), clipFile(clip))
		must(err)
		sim := newSimTablet(0, d.api, f, 0)
		tab, err := rtc.NewTablet(sim.event)
		must(err)
		must(tab.Publish(t.Context(), func(ctx context.Context, offer string) (string, error) {
			answer, _, err := d.api.publish(ctx, d.api.base.JoinPath(s.WHIP).String(), offer)
			return answer, err
		}))
		ctx, stop := context.WithCancel(t.Context())
		sent := make(chan error, 1)
		go func() { sent <- sim.send(ctx, tab) }()
		within(t, 20*time.Second, "the first result", func() bool {
			select {
			case <-sim.begun:
				return true
			default:
				return false
			}
		})
		do("sessions/" + s.ID)
		stop()
		must(<-sent)
		must(tab.Close())
		must(d.api.delete(t.Context(), d.path("sessions", s.ID)))
		return s
	}
	capture := func(at, purpose string) {
		t.Helper()
		must(ask(http.MethodPost, at+"/capture", map[string]any{"seconds": 4, "purpose": purpose}, nil))
		within(t, 40*time.Second, "the capture's end", func() bool {
			var s session
			must(ask(http.MethodGet, at, nil, &s))
			if s.Live.Purpose != purpose {
				t.Fatalf("the capture is %q", s.Live.Purpose)
			}
			return s.Live.Capture == "done"
		})
	}
	keep := func(at string, kept any) error {
		return ask(http.MethodPost, "residents/"+resident.ID+"/baselines", map[string]any{"session_id": strings.TrimPrefix(at, "sessions/"), "note": "at ease"}, kept)
	}
	film("smile.ivf", func(at string) {
		capture(at, "baseline")
		if err := keep(at, nil); err == nil || !strings.Contains(err.Error(), "no baseline") {
			t.Errorf("a smile: %v", err)
		}
	})
	var kept struct {
		ID, Method string
		Chosen     bool
		Values     map[string]float64
	}
	s := film("blink.ivf", func(at string) {
		capture(at, "baseline")
		must(keep(at, &kept))
	})
	if s.Baseline.Used || s.Baseline.Reason != "none" || !kept.Chosen || len(kept.Values) < 20 || !strings.Contains(kept.Method, "sha256:") {
		t.Errorf("session %+v, kept %+v", s.Baseline, kept)
	}
	var o pain.Observation
	s = film("blink.ivf", func(at string) {
		capture(at, "observation")
		must(ask(http.MethodGet, at+"/observation", nil, &o))
	})
	if !s.Baseline.Used || s.Baseline.ID != kept.ID {
		t.Errorf("session %+v", s.Baseline)
	}
	if o.Baseline != "resident" || o.BaselineID != kept.ID || o.Confidence != "moderate" || o.ScoreP95 == nil || *o.ScoreP95 > 1.5 || o.Trace == nil || len(o.Trace.T) < 30 {
		t.Errorf("observation %+v", o)
	}
}
