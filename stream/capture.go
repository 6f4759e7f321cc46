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

// Time without pictures, as when the network is away or somebody pauses, does not count against that: up to longestGap at a time, which is
// as long as a connection without packets is kept, and up to allGaps altogether.
const (
	gapFrom    = time.Second
	longestGap = 40 * time.Second
	allGaps    = 2 * time.Minute
)

// capture is a session's observation window, or the taking of a baseline. The session's mutex guards it.
type capture struct {
	state    CaptureState
	wanted   time.Duration
	deadline time.Time
	pictured time.Time     // when the newest picture was looked at, or the start
	spare    time.Duration // what is left of allGaps
	window   *pain.Window
	ease     *vision.Ease   // not nil where a baseline is taken
	against  map[string]int // judged frames for each baseline
	side     Side           // that the judged frames were read from
	last     *pain.Observation
	taken    *Taken
}

// outcome is what a capture that is done leaves; both are nil before.
type outcome struct {
	observation *pain.Observation
	taken       *Taken
}

func (c *capture) start(wanted time.Duration, cfg pain.WindowConfig, baseline bool) {
	now := time.Now()
	*c = capture{
		state: CaptureRunning, wanted: wanted, deadline: now.Add(captureWallTimes * wanted), pictured: now, spare: allGaps,
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
	now := time.Now()
	gap := c.gap(now)
	c.deadline, c.spare, c.pictured = c.deadline.Add(gap), c.spare-gap, now
	c.window.Add(&r.Frame)
	if c.ease != nil {
		c.ease.Add(r)
	}
	if r.Frame.State == pain.Scored {
		c.against[string(r.Baseline)]++
		c.side = r.Side
	}
	return c.window.Assessed() >= c.wanted
}

// gap returns what of the time since the newest picture does not count against the deadline.
func (c *capture) gap(now time.Time) time.Duration {
	d := now.Sub(c.pictured)
	if d <= gapFrom {
		return 0
	}
	return min(d, longestGap, c.spare)
}

// left returns the time until the capture is over whether it is complete or not, should another picture come at once.
func (c *capture) left(now time.Time) time.Duration { return c.deadline.Add(c.gap(now)).Sub(now) }

// finish completes a running window.
func (s *Session) finish() outcome {
	c := &s.capture
	c.state = CaptureDone
	if c.ease != nil {
		c.taken = newTaken(c.ease, c.window.Assessed(), c.wanted, s.side.Method(s.owner.cfg.Method))
		return outcome{taken: c.taken}
	}
	o := c.window.Observation()
	o.Side = string(c.side)
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
