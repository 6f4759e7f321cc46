package stream

import (
	"time"

	"wince/vision"
)

// Baseline is a resident's face at ease, as it was kept: plain values, which only compare with those of the same method.
type Baseline struct {
	ID      string
	TakenAt time.Time
	Method  string
	Values  map[string]float64
}

// MeasureAgainst makes the session measure against a resident's own baseline from the first frame on; call it before a tablet
// publishes. A baseline of another method or half of the face, or of values that are not those of this one, gets [ErrBaselineOutdated], and the
// session finds a neutral of its own, as without one.
func (s *Session) MeasureAgainst(b Baseline) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line != nil {
		return ErrBaselineLate
	}
	s.own, s.neutral = &b, nil
	if b.Method != s.side.Method(s.owner.cfg.Method) {
		return ErrBaselineOutdated
	}
	n, err := vision.ResidentNeutral(b.Values)
	if err != nil {
		return ErrBaselineOutdated.Because(err)
	}
	s.neutral = n
	return nil
}

// Against returns the resident's baseline that the session was given, nil where there is none, and whether it is measured
// against: it is not where it is outdated.
func (s *Session) Against() (b *Baseline, used bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own, s.neutral != nil
}

// Taken is what came of taking a baseline.
type Taken struct {
	At       time.Time
	Method   string
	Ready    bool               // it can be kept
	Reasons  []string           // why it cannot; never nil
	Advice   []string           // a sentence for each: what to do
	Values   map[string]float64 // nil where it cannot
	Spread   map[string]float64 // of each value while it was taken
	Frames   int
	Assessed time.Duration
	PSPI     float64 // the face's median against the average face, 0-16
	Sway     float64 // degrees that the head turned meanwhile
}

// Taken returns the last baseline that was taken, or tried, and whether there is one.
func (s *Session) Taken() (Taken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.capture.taken == nil {
		return Taken{}, false
	}
	return *s.capture.taken, true
}

func newTaken(e *vision.Ease, judged, wanted time.Duration, method string) *Taken {
	r := e.Report(judged, wanted)
	t := &Taken{At: time.Now(), Method: method, Ready: r.Values != nil, Reasons: r.Reasons, Advice: []string{}, Values: r.Values, Spread: r.Spread,
		Frames: r.Frames, Assessed: judged, PSPI: r.PSPI, Sway: r.Sway}
	for _, reason := range r.Reasons {
		t.Advice = append(t.Advice, vision.EaseAdvice(reason))
	}
	return t
}

// takenEvent is Taken as events tell it.
type takenEvent struct {
	Type       string   `json:"type"`
	Ready      bool     `json:"values_ready"`
	Reasons    []string `json:"reasons"`
	Advice     []string `json:"advice"`
	Frames     int      `json:"frames"`
	AssessedMS int64    `json:"assessed_ms"`
	PSPI       *float64 `json:"pspi"` // null where numbers are held back
	Sway       float64  `json:"sway"`
}

func (t *Taken) event(heldBack bool) takenEvent {
	e := takenEvent{"baseline", t.Ready, t.Reasons, t.Advice, t.Frames, t.Assessed.Milliseconds(), nil, t.Sway}
	if !heldBack {
		e.PSPI = &t.PSPI
	}
	return e
}
