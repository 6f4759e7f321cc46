package pain

import "time"

// Rules names the version of the rules for confounders and of the summary. It is kept with every observation; a change of
// a rule or a constant in this package changes it.
const Rules = "wince-rules/2"

// The constants of the rules. They are choices of this project, made on rendered faces, not taken from a study.
const (
	present      = 1.0                    // intensity from which a unit counts as there (FACS level A)
	closed       = 0.5                    // AU43 from which the eyes count as closed
	closing      = 0.1                    // AU43 from which the lids may be on their way
	smileFloor   = 1.0                    // AU12 from which a smile is said to be one
	blinkLongest = 400 * time.Millisecond // from the first movement of the lids
	speechSpan   = 2 * time.Second        // the mouth is watched for this long
	speechTurns  = 3                      // openings and closings within speechSpan that make it speech
	speechSwing  = 1.2                    // AU25 levels that one opening or closing must pass
	sustain      = 700 * time.Millisecond // what has to outlast speech or a blink is taken at its lowest over this time
	maxStep      = 250 * time.Millisecond // the longest time that one frame stands for
	longestPause = time.Second            // between two frames; after a longer one nothing of the past counts
)

// Scorer turns the action units of one face, frame after frame, into scores, with the rules for faces that look like pain
// but are not (docs/accuracy.md has the table). It needs the frames in order of time; NewScorer starts it, and a zero
// Scorer does not work. It never allocates after NewScorer.
type Scorer struct {
	still       bool
	seen        bool
	last        time.Duration
	closedSince time.Duration // when the lids began to close
	lidsMove    bool          // they did, and have not opened since
	mouth       turns
	lip, orbit  sustained
}

// NewScorer returns a scorer for a clip or a live capture or, where still is set, for pictures that stand alone: there a
// closed eye cannot be told from a blink and counts by the other rules only.
func NewScorer(still bool) *Scorer { return &Scorer{still: still} }

// Reset forgets the past, as after a cut.
func (s *Scorer) Reset() { *s = Scorer{still: s.still} }

// Score fills PSPI, Score and Confounders of a frame whose state is Scored from its AU; it leaves other frames alone, but
// for the passing of time: after a gap of more than a second nothing of the past counts.
//
//	score = AU4 + max(AU6', AU7') + max(AU9, AU10') + AU43'
//
// where AU6' and AU7' are what AU12 does not explain (a smile raises the cheeks and narrows the eyes) and what was there
// before a blink began, AU10' is the lip raising that AU12 does not explain and that lasts through speech, and AU43' counts
// only beside AU4, AU6' or AU7' and only when the eyes stay closed for longer than a blink.
func (s *Scorer) Score(f *Frame) {
	if s.seen && (f.T < s.last || f.T-s.last > longestPause) {
		s.Reset()
	}
	s.seen, s.last = true, f.T
	if f.State != Scored {
		return
	}
	v := &f.AU
	f.PSPI = v.PSPI()
	f.Confounders = 0

	smile := v.at(AU12)
	au6, au7, au10 := v.at(AU6), v.at(AU7), v.at(AU10)
	orbit, lip := max(au6, au7), au10
	if smile >= smileFloor {
		// A lowered brow or a wrinkled nose beside AU12 makes it a grimace, not a smile: from its first level on AU12 explains
		// less, from the second on nothing. A smile wrinkles the nose a little, hence the level less for AU9.
		part := min(max(2-max(v.at(AU4), v.at(AU9)-1), 0), 1)
		orbit = max(0, orbit-part*smile)
		lip = max(0, lip-part*smile)
		if orbit < max(au6, au7) || lip < au10 {
			f.Confounders |= ConfounderSmile
		}
	}
	if !s.still {
		if held := s.orbit.lowest(f.T, orbit); s.blinking(f) && held < orbit {
			f.Confounders |= ConfounderBlink
			orbit = held
		}
		held := s.lip.lowest(f.T, lip)
		if s.mouth.add(f.T, v.at(AU25)) >= speechTurns {
			f.Confounders |= ConfounderSpeech
			lip = min(lip, held)
		}
	}
	f.Score = v.at(AU4) + orbit + max(v.at(AU9), lip) + s.eyes(f, orbit)
}

// blinking says whether the lids are on their way to or from a closure that may still turn out to be a blink.
func (s *Scorer) blinking(f *Frame) bool {
	if f.AU.at(AU43) < closing {
		s.lidsMove = false
		return false
	}
	if !s.lidsMove {
		s.lidsMove, s.closedSince = true, f.T
	}
	return f.T-s.closedSince < blinkLongest
}

// eyes returns what AU43 adds to the score.
func (s *Scorer) eyes(f *Frame, orbit float64) float64 {
	shut := f.AU.at(AU43)
	switch {
	case shut < closed: // a narrowed eye is AU7's, not AU43's
		return 0
	case !s.still && s.blinking(f):
		f.Confounders |= ConfounderBlink
		return 0
	case f.AU.at(AU4) < present && orbit < present:
		f.Confounders |= ConfounderEyesResting
		return 0
	}
	return shut
}

// turns counts how often a value has swung up or down within speechSpan.
type turns struct {
	started bool
	rising  bool
	extreme float64
	at      [8]time.Duration
	n       int
}

func (t *turns) add(now time.Duration, x float64) int {
	switch {
	case !t.started:
		t.started, t.extreme = true, x
	case t.rising && x > t.extreme, !t.rising && x < t.extreme:
		t.extreme = x
	case t.rising && t.extreme-x >= speechSwing, !t.rising && x-t.extreme >= speechSwing:
		t.rising, t.extreme = !t.rising, x
		t.at[t.n%len(t.at)] = now
		t.n++
	}
	k := 0
	for i := range min(t.n, len(t.at)) {
		if now-t.at[i] <= speechSpan {
			k++
		}
	}
	return k
}

// sustained keeps the lowest value of the last sustain, in slots of a tenth of it.
type sustained struct {
	slot [10]float64
	when [10]time.Duration
	used [10]bool
}

func (s *sustained) lowest(now time.Duration, x float64) float64 {
	const width = sustain / 10
	i := int(now/width) % len(s.slot)
	start := now - now%width
	if !s.used[i] || s.when[i] != start {
		s.slot[i], s.when[i], s.used[i] = x, start, true
	}
	s.slot[i] = min(s.slot[i], x)
	low := x
	for j := range s.slot {
		if s.used[j] && now-s.when[j] <= sustain {
			low = min(low, s.slot[j])
		}
	}
	return low
}
