package pain

import (
	"math"
	"slices"
	"time"
)

// WindowConfig says how a window is summed up. The zero value takes the defaults.
type WindowConfig struct {
	// Threshold is the score, 0-16, from which a moment counts as above; default 2. It is a reading aid, not a diagnosis.
	Threshold float64
	// MinAssessed is the least assessable time for which numbers are given; default 3 s. Less than that is "not assessable",
	// and so is a window of stills without a scored one.
	MinAssessed time.Duration
	// Stills says that the frames are pictures that stand alone: each counts once, and one scored picture is enough.
	Stills bool
}

// Window collects the frames of one capture. It is not safe for concurrent use.
type Window struct {
	cfg       WindowConfig
	frames    int
	all       time.Duration
	assessed  time.Duration
	last      time.Duration
	begun     bool
	scored    []sample
	reasons   [numReasons]time.Duration
	confounds [numConfounders]time.Duration
	run       time.Duration
	longest   time.Duration
	gaps      []Gap
	first     time.Duration
	trace     tracer
}

// sample is one scored frame and the time it stands for.
type sample struct {
	w           time.Duration
	score, pspi float64
	au          Intensities
}

// Gap is a time in the middle of a capture in which no pictures came: the connection was lost, or somebody paused.
type Gap struct {
	AtMS int64 `json:"at_ms"` // when it began, from the first frame on, as in [Trace]
	MS   int64 `json:"ms"`    // how long it was
}

// NewWindow returns an empty window.
func NewWindow(cfg WindowConfig) *Window {
	if cfg.Threshold == 0 {
		cfg.Threshold = 2
	}
	if cfg.MinAssessed == 0 {
		cfg.MinAssessed = 3 * time.Second
	}
	return &Window{cfg: cfg}
}

// Add takes in the next frame. A frame stands for the time since the one before it, at most a quarter of a second, so that
// a gap is neither assessed nor unassessed; one of more than a second is recorded, and nothing goes on across it.
func (w *Window) Add(f *Frame) {
	step := time.Second / 30
	switch {
	case w.cfg.Stills:
		step = time.Second
	case w.begun:
		step = min(max(f.T-w.last, 0), maxStep)
		if f.T-w.last > longestPause {
			w.gaps = append(w.gaps, Gap{(w.last - w.first).Milliseconds(), (f.T - w.last).Milliseconds()})
			w.run = 0
		}
	default:
		w.first = f.T
	}
	w.begun, w.last = true, f.T
	w.trace.add(f)
	w.frames++
	w.all += step
	if f.State != Scored {
		for i := range w.reasons {
			if f.Reasons&(1<<i) != 0 {
				w.reasons[i] += step
			}
		}
		w.run = 0
		return
	}
	w.assessed += step
	for i := range w.confounds {
		if f.Confounders&(1<<i) != 0 {
			w.confounds[i] += step
		}
	}
	if w.run = w.run + step; f.Score < w.cfg.Threshold {
		w.run = 0
	}
	w.longest = max(w.longest, w.run)
	w.scored = append(w.scored, sample{step, f.Score, f.PSPI, f.AU})
}

// Assessed returns the assessable time so far.
func (w *Window) Assessed() time.Duration { return w.assessed }

// AUSummary says how much of one action unit was seen.
type AUSummary struct {
	Share float64 `json:"share"` // of the assessed time, as far as the unit was measured in it, at intensity 1 or more (AU43: 0.5)
	Peak  float64 `json:"peak"`  // 95th percentile, 0-5 (AU43 0-1)
	Mean  float64 `json:"mean"`
}

// Observation sums up a window: what a carer and a record get to see. It is never one number alone.
type Observation struct {
	State      string               `json:"state"`                       // "assessed" or "not_assessable": then the scores are null
	Frames     int                  `json:"frames"`                      // pictures looked at
	Scored     int                  `json:"scored"`                      // pictures judged
	DurationMS int64                `json:"duration_ms"`                 // time looked at
	AssessedMS int64                `json:"assessed_ms"`                 // time judged
	Assessed   float64              `json:"assessed"`                    // AssessedMS over DurationMS, 0-1
	ScoreP95   *float64             `json:"score_p95"`                   // 95th percentile of the score over the judged time, 0-16
	ScoreMean  *float64             `json:"score_mean"`                  // 0-16
	PSPIP95    *float64             `json:"pspi_p95"`                    // before the rules for confounders, 0-16
	PSPIMean   *float64             `json:"pspi_mean"`                   // 0-16
	Threshold  float64              `json:"threshold"`                   // what Above and LongestMS are counted against
	Gaps       []Gap                `json:"gaps,omitempty"`              // times without pictures in between; they are in no other figure
	Above      *float64             `json:"above"`                       // share of the judged time at or above the threshold, 0-1
	LongestMS  *int64               `json:"longest_ms"`                  // longest unbroken time at or above the threshold
	AU         map[string]AUSummary `json:"au"`                          // by short name; measured units only
	Reasons    map[string]float64   `json:"reasons"`                     // share of the time that could not be judged for each cause
	Confounder map[string]float64   `json:"confounders"`                 // share of the judged time in which each was taken into account
	Baseline   string               `json:"baseline"`                    // what most of the units were measured against
	Baselines  map[string]float64   `json:"baselines"`                   // share of the judged frames for each baseline
	BaselineID string               `json:"baseline_id,omitempty"`       // of the resident's own, where it was used
	BaselineAt *time.Time           `json:"baseline_taken_at,omitempty"` // when it was taken
	Side       string               `json:"side,omitempty"`              // "right" or "left", the person's own: the half of the face that was measured, of one palsied on the other; absent for both
	Confidence string               `json:"confidence"`                  // "none", "low" or "moderate"; never higher while Provisional
	Provision  bool                 `json:"provisional"`                 // the action units are a first estimate, not validated on real pain
	Models     map[string]string    `json:"models"`                      // name -> version and checksum
	Rules      string               `json:"rules"`                       // see [Rules]
	Trace      *Trace               `json:"trace,omitempty"`
}

// Observation sums up what was added so far. The caller fills Baseline, Side and Models; see [Observation.SetBaselines].
func (w *Window) Observation() Observation {
	o := Observation{
		State: "assessed", Frames: w.frames, Scored: len(w.scored), DurationMS: w.all.Milliseconds(), AssessedMS: w.assessed.Milliseconds(),
		Threshold: w.cfg.Threshold, AU: map[string]AUSummary{}, Reasons: map[string]float64{}, Confounder: map[string]float64{},
		Confidence: "none", Provision: true, Models: map[string]string{}, Rules: Rules, Gaps: slices.Clone(w.gaps),
	}
	if w.all > 0 {
		o.Assessed = round4(float64(w.assessed) / float64(w.all))
	}
	for i, d := range w.reasons {
		if d > 0 {
			o.Reasons[reasonText[i].code] = round4(float64(d) / float64(w.all))
		}
	}
	for i, d := range w.confounds {
		if d > 0 {
			o.Confounder[confounderCodes[i]] = round4(float64(d) / float64(w.assessed))
		}
	}
	if len(w.scored) == 0 || (!w.cfg.Stills && w.assessed < w.cfg.MinAssessed) {
		o.State = "not_assessable"
	}
	if w.begun && !w.cfg.Stills { // pictures that stand alone have no time between them
		o.Trace = w.trace.trace(o.State == "assessed")
	}
	if o.State != "assessed" {
		return o
	}
	at := func(of []sample, value func(*sample) float64) (p95, middle float64) {
		return quantile(of, 0.95, value), mean(of, value)
	}
	score95, scoreMean := at(w.scored, func(s *sample) float64 { return s.score })
	pspi95, pspiMean := at(w.scored, func(s *sample) float64 { return s.pspi })
	above := mean(w.scored, func(s *sample) float64 { return btof(s.score >= w.cfg.Threshold) })
	longest := w.longest.Milliseconds()
	o.ScoreP95, o.ScoreMean, o.PSPIP95, o.PSPIMean = rounded(score95), rounded(scoreMean), rounded(pspi95), rounded(pspiMean)
	o.Above, o.LongestMS = rounded(above), &longest
	for a := AU(0); a < NumAU; a++ {
		of := measured(w.scored, a)
		if len(of) == 0 {
			continue
		}
		floor := present
		if a == AU43 {
			floor = closed
		}
		peak, middle := at(of, func(s *sample) float64 { return float64(s.au[a]) })
		share := mean(of, func(s *sample) float64 { return btof(float64(s.au[a]) >= floor) })
		o.AU[a.String()] = AUSummary{round4(share), round2(peak), round2(middle)}
	}
	o.Confidence = "low"
	return o
}

// Away returns the time of all gaps together, in milliseconds.
func (o *Observation) Away() (ms int64) {
	for _, g := range o.Gaps {
		ms += g.MS
	}
	return ms
}

// SetBaselines records what the action units were measured against: how many judged frames against each baseline. Scores
// against two baselines do not go well together, so that a window which saw a change says so. Own is the baseline that is the
// person's own face, taken at ease: with anything else the confidence stays low, and so it does where half of the face was read (Side).
func (o *Observation) SetBaselines(frames map[string]int, own string) {
	total, most := 0, 0
	for _, n := range frames {
		total += n
	}
	o.Baseline, o.Baselines = "", map[string]float64{}
	for name, n := range frames {
		if n == 0 {
			continue
		}
		o.Baselines[name] = round4(float64(n) / float64(total))
		if n > most || n == most && name < o.Baseline {
			o.Baseline, most = name, n
		}
	}
	if o.State == "assessed" && o.Side == "" && o.Assessed >= 0.5 && total > 0 && frames[own] == total {
		o.Confidence = "moderate"
	}
}

// measured returns the samples in which a unit was measured: AU5 needs the person's own face at ease, which a session may find only later.
func measured(samples []sample, a AU) []sample {
	without := func(s sample) bool { return !s.au.Measured(a) }
	if !slices.ContainsFunc(samples, without) {
		return samples
	}
	return slices.DeleteFunc(slices.Clone(samples), without)
}

func mean(samples []sample, value func(*sample) float64) float64 {
	var sum, weight float64
	for i := range samples {
		s := &samples[i]
		sum += value(s) * float64(s.w)
		weight += float64(s.w)
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// quantile returns the smallest value at or below which share q of the time lies.
func quantile(samples []sample, q float64, value func(*sample) float64) float64 {
	type pair struct{ x, w float64 }
	ps, total := make([]pair, len(samples)), 0.0
	for i := range samples {
		ps[i] = pair{value(&samples[i]), float64(samples[i].w)}
		total += ps[i].w
	}
	slices.SortFunc(ps, func(a, b pair) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return 0
	})
	sum := 0.0
	for _, p := range ps {
		if sum += p.w; sum >= q*total {
			return p.x
		}
	}
	return ps[len(ps)-1].x
}

func btof(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func round4(x float64) float64 { return math.Round(x*10000) / 10000 }

func rounded(x float64) *float64 { x = round2(x); return &x }
