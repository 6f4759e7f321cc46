package pain

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

// traced returns the trace of frames at 30 a second that make fills.
func traced(t *testing.T, n int, fill func(i int, f *Frame)) (*Trace, string) {
	t.Helper()
	w := NewWindow(WindowConfig{})
	for i := range n {
		f := Frame{Index: i, T: 7*time.Second + time.Duration(i)*time.Second/30, State: Scored, AU: Unmeasured()}
		f.AU[AU4], f.AU[AU43] = 2, 0
		f.Score, f.PSPI = 2, 2
		fill(i, &f)
		w.Add(&f)
	}
	o := w.Observation()
	if o.Trace == nil {
		t.Fatal("no trace")
	}
	b, err := json.Marshal(o.Trace)
	if err != nil {
		t.Fatal(err)
	}
	return o.Trace, string(b)
}

func TestTrace(t *testing.T) {
	tr, text := traced(t, 150, func(i int, f *Frame) {
		switch {
		case i >= 30 && i < 60: // the second second is dark
			f.State, f.Reasons, f.Score, f.PSPI, f.AU = NotAssessable, ReasonTooDark, 0, 0, Unmeasured()
		case i >= 90 && i < 120: // a smile in the fourth
			f.Confounders, f.PSPI, f.Score = ConfounderSmile, 6, 1.234
		}
	})
	if tr.StepMS != 100 || len(tr.T) != 50 || tr.T[0] != 0 || tr.T[49] != 4900 {
		t.Fatalf("%d points of %d ms: %s", len(tr.T), tr.StepMS, text)
	}
	dark, smile := tr.Reasons["too_dark"], tr.Confounders["smile"]
	if len(dark) != 10 || dark[0] != 10 || dark[9] != 19 || len(smile) != 10 || smile[0] != 30 {
		t.Errorf("dark %v, smile %v", dark, smile)
	}
	if tr.State[10] != NotAssessable || !math.IsNaN(tr.Score[10]) || !math.IsNaN(tr.AU["AU4"][10]) {
		t.Errorf("a dark point has numbers: %s", text)
	}
	if tr.State[30] != Scored || tr.Score[30] != 1.23 || tr.PSPI[30] != 6 || tr.AU["AU4"][30] != 2 {
		t.Errorf("a point of the smile: %v %v", tr.Score[30], tr.PSPI[30])
	}
	if len(tr.AU) != 2 || len(tr.AU["AU43"]) != 50 {
		t.Errorf("units that were not measured have columns: %s", text)
	}
	var again Trace
	if err := json.Unmarshal([]byte(text), &again); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(again)
	if err != nil || string(b) != text {
		t.Errorf("read and written again: %s (%v)", b, err)
	}
}

// However long a capture takes, the trace stays small.
func TestTraceIsBounded(t *testing.T) {
	for _, seconds := range []int{12, 13, 60, 360, 3600} {
		tr, text := traced(t, seconds*30, func(i int, f *Frame) { f.Score = float64(i % 16); f.AU[AU4] = float32(i%50) / 10 })
		if n := len(tr.T); n > tracePoints || n < tracePoints/2 {
			t.Errorf("%d s: %d points", seconds, n)
		}
		if len(text) > 6000 {
			t.Errorf("%d s: %d bytes", seconds, len(text))
		}
		if last := tr.T[len(tr.T)-1] + tr.StepMS; last < int64(seconds)*1000 {
			t.Errorf("%d s: the trace ends at %d ms", seconds, last)
		}
		sum := 0.0
		for _, x := range tr.Score {
			sum += x
		}
		if mean := sum / float64(len(tr.Score)); math.Abs(mean-7.5) > 0.3 {
			t.Errorf("%d s: mean score %v after joining", seconds, mean)
		}
	}
}

// A time without frames is a gap, and no point is made up for it, whatever the clock says.
func TestTraceGap(t *testing.T) {
	tr, text := traced(t, 120, func(i int, f *Frame) {
		if i >= 60 {
			f.T += 2 * time.Second
		}
	})
	if len(tr.T) != 40 || tr.T[19] != 1900 || tr.T[20] != 4000 {
		t.Errorf("gap: %s", text)
	}
	w := NewWindow(WindowConfig{})
	for _, at := range []time.Duration{0, 1000 * time.Hour, -time.Hour, math.MaxInt64} {
		w.Add(&Frame{T: at, State: NoFace, Reasons: ReasonNoFace, AU: Unmeasured()})
	}
	if tr := w.Observation().Trace; len(tr.T) > tracePoints || len(tr.T) == 0 {
		t.Errorf("a wild clock: %d points", len(tr.T))
	}
}

// What lies before and after a time without pictures belongs to one observation, which says when that was; no stretch goes across it.
func TestWindowGaps(t *testing.T) {
	w := NewWindow(WindowConfig{})
	frame := func(at time.Duration) {
		w.Add(&Frame{T: at, State: Scored, Score: 4, AU: with(map[AU]float64{AU4: 4})})
	}
	const start = 7 * time.Second
	for i := range 60 {
		frame(start + time.Duration(i)*time.Second/30)
	}
	if o := w.Observation(); o.Gaps != nil {
		t.Errorf("%+v without a gap", o.Gaps)
	}
	frame(start + 59*time.Second/30 + time.Second) // unsteady, but no gap
	for i := range 90 {
		frame(start + 25*time.Second + time.Duration(i)*time.Second/30)
	}
	o := w.Observation()
	if want := []Gap{{2966, 22033}}; !slices.Equal(o.Gaps, want) {
		t.Errorf("gaps %+v, want %+v", o.Gaps, want)
	}
	if o.DurationMS != 5466 || o.AssessedMS != 5466 || *o.LongestMS != 3216 { // a quarter of a second stands for the frame after it
		t.Errorf("%d of %d ms, %d at a stretch", o.AssessedMS, o.DurationMS, *o.LongestMS)
	}
	stills := NewWindow(WindowConfig{Stills: true})
	for i := range 3 {
		stills.Add(&Frame{T: time.Duration(i) * time.Hour, State: Scored})
	}
	if o := stills.Observation(); o.Gaps != nil {
		t.Errorf("%+v between pictures that stand alone", o.Gaps)
	}
}

// Where the observation gives no number its trace gives none either.
func TestTraceOfTooLittle(t *testing.T) {
	tr, text := traced(t, 90, func(i int, f *Frame) {
		if i >= 45 {
			f.State, f.Reasons = NoFace, ReasonNoFace
		}
	})
	for i := range tr.T {
		if !math.IsNaN(tr.Score[i]) || !math.IsNaN(tr.PSPI[i]) {
			t.Fatalf("a number: %s", text)
		}
	}
	if len(tr.AU) != 0 || len(tr.Confounders) != 0 || !reflect.DeepEqual(tr.State[0], Scored) || tr.State[29] != NoFace || len(tr.Reasons["no_face"]) != 15 {
		t.Errorf("states and reasons: %s", text)
	}
	w := NewWindow(WindowConfig{Stills: true})
	w.Add(&Frame{State: Scored, AU: Unmeasured()})
	if w.Observation().Trace != nil || NewWindow(WindowConfig{}).Observation().Trace != nil {
		t.Error("a trace of stills, or of nothing")
	}
}

// A unit that is measured only once the person's own face at ease is known counts over that time, and is not said before.
func TestAUnitMeasuredLater(t *testing.T) {
	w := NewWindow(WindowConfig{})
	for i := range 300 {
		f := Frame{Index: i, T: time.Duration(i) * time.Second / 30, State: Scored, AU: Unmeasured()}
		f.AU[AU4] = 1
		if i >= 150 {
			f.AU[AU5] = 2
		}
		w.Add(&f)
	}
	o := w.Observation()
	if got, want := o.AU["AU5"], (AUSummary{Share: 1, Peak: 2, Mean: 2}); got != want {
		t.Errorf("AU5 is %+v, not %+v", got, want)
	}
	series := o.Trace.AU["AU5"]
	if n := len(series); !math.IsNaN(series[0]) || series[n-1] != 2 || n != len(o.Trace.AU["AU4"]) {
		t.Errorf("the course of AU5 is %v", series)
	}
	if _, ok := o.AU["AU6"]; ok {
		t.Error("AU6 was never measured")
	}
}
