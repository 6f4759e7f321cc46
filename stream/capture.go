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

// capture is a session's observation window. The session's mutex guards it.
type capture struct {
	state    CaptureState
	wanted   time.Duration
	deadline time.Time
	window   *pain.Window
	against  map[string]int // judged frames for each baseline
	last     *pain.Observation
}

func (c *capture) start(wanted time.Duration, cfg pain.WindowConfig) {
	*c = capture{
		state: CaptureRunning, wanted: wanted, deadline: time.Now().Add(captureWallTimes * wanted),
		window: pain.NewWindow(cfg), against: map[string]int{}, last: c.last,
	}
}

// add takes in one result and says whether that much completes the window.
func (c *capture) add(r *vision.Result) bool {
	if c.state != CaptureRunning {
		return false
	}
	c.window.Add(&r.Frame)
	if r.Frame.State == pain.Scored {
		c.against[string(r.Baseline)]++
	}
	return c.window.Assessed() >= c.wanted
}

// finish completes a running window and returns the observation.
func (c *capture) finish(models map[string]string) *pain.Observation {
	o := c.window.Observation()
	o.SetBaselines(c.against, string(vision.BaselineResident))
	for k, v := range models {
		o.Models[k] = v
	}
	c.state, c.last = CaptureDone, &o
	return &o
}

func (c *capture) status() Capture {
	st := Capture{State: c.state, Wanted: c.wanted}
	if c.window != nil {
		st.Assessed = c.window.Assessed()
	}
	return st
}
