package pain

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func with(levels map[AU]float64) Intensities {
	var v Intensities
	for a, x := range levels {
		v[a] = float32(x)
	}
	return v
}

func TestPSPI(t *testing.T) {
	for _, c := range []struct {
		name string
		au   map[AU]float64
		want float64
	}{
		{"neutral", nil, 0},
		{"each part once", map[AU]float64{AU4: 1, AU6: 2, AU9: 3, AU43: 1}, 7},
		{"the larger of each pair", map[AU]float64{AU6: 2, AU7: 4, AU9: 1, AU10: 5}, 9},
		{"highest", map[AU]float64{AU4: 5, AU6: 5, AU7: 5, AU9: 5, AU10: 5, AU43: 1}, 16},
		{"units outside the formula", map[AU]float64{AU1: 5, AU2: 5, AU12: 5, AU20: 5, AU25: 5, AU26: 5}, 0},
	} {
		v := with(c.au)
		if got := v.PSPI(); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
	v := Unmeasured()
	v[AU4] = 2
	if got := v.PSPI(); got != 2 {
		t.Errorf("unmeasured units: %g, want 2", got)
	}
}

func TestScoreRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		au    map[AU]float64
		still bool
		score float64
		conf  Confounders
	}{
		{"grimace", map[AU]float64{AU4: 3, AU7: 2, AU10: 2}, false, 7, 0},
		{"smile explains cheeks", map[AU]float64{AU6: 3, AU12: 3}, false, 0, ConfounderSmile},
		{"smile explains cheeks in part", map[AU]float64{AU6: 4, AU12: 3}, false, 1, ConfounderSmile},
		{"smile explains narrow eyes and the lip", map[AU]float64{AU7: 2, AU10: 2, AU12: 3}, false, 0, ConfounderSmile},
		{"a trace of AU12 explains nothing", map[AU]float64{AU6: 3, AU12: 0.9}, false, 3, 0},
		{"lowered brow beside AU12 is a grimace", map[AU]float64{AU4: 3, AU6: 3, AU12: 2}, false, 6, 0},
		{"a brow that is hardly lowered leaves half of the smile", map[AU]float64{AU4: 1.5, AU6: 3, AU12: 2}, false, 3.5, ConfounderSmile},
		{"wrinkled nose beside AU12 is a grimace", map[AU]float64{AU6: 2, AU9: 3, AU12: 2}, false, 5, 0},
		{"eyes resting closed", map[AU]float64{AU43: 1}, true, 0, ConfounderEyesResting},
		{"tightened lids of closed eyes, a still", map[AU]float64{AU7: 2, AU43: 1}, true, 3, 0},
		{"closed eyes of a smiling face", map[AU]float64{AU6: 2, AU12: 3, AU43: 1}, true, 0, ConfounderSmile | ConfounderEyesResting},
		{"closed in pain, a still", map[AU]float64{AU4: 2, AU43: 1}, true, 3, 0},
		{"first picture of a closure may be a blink", map[AU]float64{AU4: 2, AU43: 1}, false, 2, ConfounderBlink},
		{"half closed is no AU43", map[AU]float64{AU4: 2, AU43: 0.4}, true, 2, 0},
	} {
		f := Frame{State: Scored, AU: with(c.au)}
		NewScorer(c.still).Score(&f)
		if math.Abs(f.Score-c.score) > 1e-6 || f.Confounders != c.conf {
			t.Errorf("%s: score %g %v, want %g %v", c.name, f.Score, f.Confounders.Codes(), c.score, c.conf.Codes())
		}
		if f.Score > f.PSPI+1e-9 {
			t.Errorf("%s: score %g over PSPI %g", c.name, f.Score, f.PSPI)
		}
	}
}

// run scores levels frame by frame at 30 a second and returns the frames.
func run(s *Scorer, seconds float64, level func(t float64) map[AU]float64) []Frame {
	var out []Frame
	for i := range int(seconds * 30) {
		at := time.Duration(i) * time.Second / 30
		f := Frame{Index: i, T: at, State: Scored, AU: with(level(at.Seconds()))}
		s.Score(&f)
		out = append(out, f)
	}
	return out
}

func TestBlinksDoNotCountAndClosuresDo(t *testing.T) {
	blink := run(NewScorer(false), 3, func(t float64) map[AU]float64 {
		if t > 1 && t < 1.25 {
			return map[AU]float64{AU4: 1, AU7: 3, AU43: 1} // closing lids look tightened
		}
		return map[AU]float64{AU4: 1}
	})
	for _, f := range blink {
		if f.T > 50*time.Millisecond && f.T < time.Second && f.Confounders != 0 || f.Score != 1 {
			t.Fatalf("at %v the score is %g: a blink of a quarter of a second must not count", f.T, f.Score)
		}
	}
	held := run(NewScorer(false), 3, func(t float64) map[AU]float64 {
		if t > 1 {
			return map[AU]float64{AU4: 1, AU43: 1}
		}
		return map[AU]float64{AU4: 1}
	})
	if got := held[len(held)-1].Score; got != 2 {
		t.Errorf("eyes closed for two seconds beside AU4: %g, want 2", got)
	}
}

func TestSpeechIsSeenAndItsLipDoesNotCount(t *testing.T) {
	talk := run(NewScorer(false), 4, func(t float64) map[AU]float64 {
		open := 1.5 + 1.5*math.Sin(2*math.Pi*3*t)
		return map[AU]float64{AU25: open, AU10: open * 0.7}
	})
	last := talk[len(talk)-30:]
	worst := 0.0
	for _, f := range last {
		if f.Confounders&ConfounderSpeech == 0 {
			t.Fatalf("no speech seen at %v", f.T)
		}
		worst = max(worst, f.Score)
	}
	if worst > 0.3 {
		t.Errorf("speech scores up to %g", worst)
	}
	held := run(NewScorer(false), 4, func(float64) map[AU]float64 { return map[AU]float64{AU25: 2, AU10: 2} })
	if f := held[len(held)-1]; f.Score != 2 || f.Confounders != 0 {
		t.Errorf("a raised lip that stays: score %g %v, want 2 and no confounder", f.Score, f.Confounders.Codes())
	}
}

func TestScorerForgetsAfterAGap(t *testing.T) {
	s := NewScorer(false)
	run(s, 2, func(float64) map[AU]float64 { return map[AU]float64{AU4: 1, AU43: 1} })
	f := Frame{T: 10 * time.Second, State: Scored, AU: with(map[AU]float64{AU4: 1, AU43: 1})}
	if s.Score(&f); f.Score != 1 {
		t.Errorf("after eight unseen seconds the closure counted on: %g", f.Score)
	}
}

func TestScoreDoesNotAllocate(t *testing.T) {
	s, f, buf := NewScorer(false), Frame{State: Scored, AU: with(map[AU]float64{AU4: 2})}, make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() {
		f.T += 33 * time.Millisecond
		s.Score(&f)
		buf = f.AppendJSON(buf[:0])
	}); n != 0 {
		t.Errorf("%g allocations a frame", n)
	}
}

func TestWindow(t *testing.T) {
	w := NewWindow(WindowConfig{})
	for i := range 300 { // ten seconds: five neutral, three in pain, two turned away
		f := Frame{Index: i, T: time.Duration(i) * time.Second / 30, State: Scored, AU: Unmeasured()}
		f.AU[AU4], f.AU[AU43] = 0, 0
		switch {
		case i >= 240:
			f.State, f.Reasons = NotAssessable, ReasonTurnedAway
		case i >= 150:
			f.AU[AU4], f.PSPI, f.Score = 4, 4, 4
		}
		w.Add(&f)
	}
	o := w.Observation()
	near := func(name string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 0.02 {
			t.Errorf("%s: %v, want %g", name, got, want)
		}
	}
	if o.State != "assessed" || o.Frames != 300 || o.Scored != 240 {
		t.Errorf("state %s, %d frames, %d scored", o.State, o.Frames, o.Scored)
	}
	near("assessed", &o.Assessed, 0.8)
	near("p95", o.ScoreP95, 4)
	near("mean", o.ScoreMean, 1.5)
	near("above", o.Above, 0.375)
	if o.LongestMS == nil || *o.LongestMS < 2950 || *o.LongestMS > 3050 {
		t.Errorf("longest run %v ms, want 3000", o.LongestMS)
	}
	if r := o.Reasons["turned_away"]; math.Abs(r-0.2) > 0.01 {
		t.Errorf("turned away %g, want 0.2", r)
	}
	if a := o.AU["AU4"]; math.Abs(a.Share-0.375) > 0.01 || a.Peak != 4 {
		t.Errorf("AU4 %+v", a)
	}
	if _, ok := o.AU["AU1"]; ok {
		t.Error("AU1 was never measured and is in the observation")
	}
}

func TestTooLittleIsNotAssessable(t *testing.T) {
	w := NewWindow(WindowConfig{})
	for i := range 300 {
		f := Frame{T: time.Duration(i) * time.Second / 30, State: NotAssessable, Reasons: ReasonTooDark, AU: Unmeasured()}
		if i < 60 {
			f.State, f.Reasons, f.Score = Scored, 0, 9
		}
		w.Add(&f)
	}
	o := w.Observation()
	if o.State != "not_assessable" || o.ScoreP95 != nil || o.ScoreMean != nil || o.Confidence != "none" {
		t.Errorf("two judged seconds gave %s, %v, confidence %s", o.State, o.ScoreP95, o.Confidence)
	}
	b, err := json.Marshal(o)
	if err != nil || !strings.Contains(string(b), `"score_p95":null`) {
		t.Errorf("%s %v", b, err)
	}
	if o := NewWindow(WindowConfig{}).Observation(); o.State != "not_assessable" || o.Assessed != 0 {
		t.Errorf("an empty window: %+v", o)
	}
}

func TestBaselinesOfAWindow(t *testing.T) {
	for _, c := range []struct {
		frames     map[string]int
		most       string
		confidence string
	}{
		{map[string]int{"resident": 90}, "resident", "moderate"},
		{map[string]int{"population": 30, "session": 60}, "session", "low"},
		{map[string]int{"population": 1, "resident": 89}, "resident", "low"},
		{map[string]int{}, "", "low"},
	} {
		o := Observation{State: "assessed", Assessed: 0.9, Confidence: "low"}
		o.SetBaselines(c.frames, "resident")
		sum := 0.0
		for _, s := range o.Baselines {
			sum += s
		}
		if o.Baseline != c.most || o.Confidence != c.confidence || len(c.frames) > 0 && math.Abs(sum-1) > 0.001 {
			t.Errorf("%v: %s %v, confidence %s", c.frames, o.Baseline, o.Baselines, o.Confidence)
		}
	}
}

// Half of a face is not what its confidence was thought out for.
func TestConfidenceOfHalfAFace(t *testing.T) {
	for side, want := range map[string]string{"": "moderate", "right": "low", "left": "low"} {
		o := Observation{State: "assessed", Assessed: 0.9, Confidence: "low", Side: side}
		if o.SetBaselines(map[string]int{"resident": 90}, "resident"); o.Confidence != want {
			t.Errorf("%q: confidence %s, want %s", side, o.Confidence, want)
		}
	}
}

func TestStillsCountOnceEach(t *testing.T) {
	w := NewWindow(WindowConfig{Stills: true})
	w.Add(&Frame{State: Scored, Score: 3, PSPI: 4})
	o := w.Observation()
	if o.State != "assessed" || o.ScoreP95 == nil || *o.ScoreP95 != 3 || *o.PSPIMean != 4 {
		t.Errorf("%+v", o)
	}
}

func TestFrameJSON(t *testing.T) {
	f := Frame{Index: 3, T: 100 * time.Millisecond, State: Scored, AU: Unmeasured(), PSPI: 2.126, Score: 1.5, Confounders: ConfounderSmile | ConfounderBlink}
	f.AU[AU4], f.AU[AU43] = 2.126, 0
	b, err := json.Marshal(f)
	want := `{"index":3,"t_ms":100,"state":"scored","reasons":[],"au":{"AU4":2.13,"AU43":0},"pspi":2.13,"score":1.5,"confounders":["smile","blink"]}`
	if err != nil || string(b) != want {
		t.Errorf("got  %s\nwant %s (%v)", b, want, err)
	}
	var back Frame
	if err := json.Unmarshal(b, &back); err != nil || back.Confounders != f.Confounders || back.AU[AU4] != 2.13 || back.AU.Measured(AU1) || back.T != f.T {
		t.Errorf("read back %+v (%v)", back, err)
	}
	none := Frame{State: NotAssessable, Reasons: ReasonTooDark | ReasonOutOfFrame}
	b, _ = json.Marshal(none)
	want = `{"index":0,"t_ms":0,"state":"not_assessable","reasons":["too_dark","partly_out_of_frame"],"au":null,"pspi":null,"score":null,"confounders":[]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	if err := json.Unmarshal(b, &back); err != nil || back.State != NotAssessable || back.Reasons != none.Reasons {
		t.Errorf("read back %+v (%v)", back, err)
	}
}

func TestIntensitiesRefuseWhatCannotBe(t *testing.T) {
	for _, s := range []string{`{"AU3":1}`, `{"AU4":5.1}`, `{"AU43":2}`, `{"AU4":-1}`, `{"AU4":"x"}`, `[]`} {
		var v Intensities
		if err := json.Unmarshal([]byte(s), &v); err == nil {
			t.Errorf("%s was taken", s)
		}
	}
}

func TestEveryReasonHasACodeAndAdvice(t *testing.T) {
	all := Reasons(1<<numReasons - 1)
	for i, s := range all.Advice() {
		if len(s) < 10 || all.Codes()[i] == "" {
			t.Errorf("reason %d has advice %q and code %q", i, s, all.Codes()[i])
		}
	}
}
