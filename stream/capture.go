package stream

import (
	"time"

	"wince/pain"
	"wince/vision"
)

// How long an observation may be, in assessable time, and how many times longer it may take.
const (
	MinCapture       = 3 * time.Second
	MaxCapture       = 60 * time.Second
	captureWallTimes = 6
)

// capture is a session's observation window, or the taking of a baseline. The session's mutex guards it.
type capture struct {
	state    CaptureState
	wanted   time.Duration
	deadline time.Time
	window   *pain.Window
	ease     *vision.Ease   // not nil where a baseline is taken
	against  map[string]int // judged frames for each baseline
	last     *pain.Observation
	taken    *Taken
}

// outcome is what a capture that is done leaves; both are nil before.
type outcome struct {
	observation *pain.Observation
	taken       *Taken
}

func (c *capture) start(wanted time.Duration, cfg pain.WindowConfig, baseline bool) {
	*c = capture{
		state: CaptureRunning, wanted: wanted, deadline: time.Now().Add(captureWallTimes * wanted),
		window: pain.NewWindow(cfg), against: map[string]int{}, last: c.last, taken: c.taken,
	}
	if baseline {
		c.ease, c.taken = &vision.Ease{}, nil // what was refused, or not kept, is forgotten
	}
}

// add takes in one result and says whether that much completes the window.
func (c *capture) add(r *vision.Result) bool {
	if c.state != CaptureRunning {
		return false
	}
	c.window.Add(&r.Frame)
	if c.ease != nil {
		c.ease.Add(r)
	}
	if r.Frame.State == pain.Scored {
		c.against[string(r.Baseline)]++
	}
	return c.window.Assessed() >= c.wanted
}

// finish completes a running window.
func (s *Session) finish() outcome {
	c := &s.capture
	c.state = CaptureDone
	if c.ease != nil {
		c.taken = newTaken(c.ease, c.window.Assessed(), c.wanted, s.owner.cfg.Method)
		return outcome{taken: c.taken}
	}
	o := c.window.Observation()
	o.SetBaselines(c.against, string(vision.BaselineResident))
	if s.neutral != nil && c.against[string(vision.BaselineResident)] > 0 {
		o.BaselineID, o.BaselineAt = s.own.ID, &s.own.TakenAt
	}
	for k, v := range s.owner.cfg.Models {
		o.Models[k] = v
	}
	c.last = &o
	return outcome{observation: &o}
}

func (c *capture) status() Capture {
	st := Capture{State: c.state, Wanted: c.wanted, Baseline: c.ease != nil}
	if c.window != nil {
		st.Assessed = c.window.Assessed()
	}
	return st
}
