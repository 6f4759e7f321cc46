package vision_test

import (
	"testing"
	"time"

	"wince/vision"
)

// While no pictures come the face in front of the camera is the same, and so is what it is measured against. Where pictures come and show
// nobody the next face may be somebody else's, as after a very long time without any.
func TestNeutralOutlastsAGap(t *testing.T) {
	const calm = 2500 * time.Millisecond
	nets := openNets(t)
	for name, c := range map[string]struct {
		nobody time.Duration // seen after the calm face
		gap    time.Duration // and then no pictures
		want   vision.Baseline
	}{
		"no pictures for half a minute": {0, 30 * time.Second, vision.BaselineSession},
		"nobody there for a moment":     {time.Second, 30 * time.Second, vision.BaselineSession},
		"nobody there for longer":       {3500 * time.Millisecond, 0, vision.BaselinePopulation},
		"no pictures for minutes":       {0, 2 * time.Minute, vision.BaselinePopulation},
	} {
		a := newAnalyzerWith(t, nets, vision.AnalyzerConfig{})
		watch(t, a, "pain", 0, calm, func(*vision.Result) {})
		if got := a.Neutral().Kind; got != vision.BaselineSession {
			t.Fatalf("%s: %s after %v at ease", name, got, calm)
		}
		watchAt(t, a, calm, "nobody", 0, c.nobody, func(*vision.Result) {})
		var first *vision.Result
		watchAt(t, a, calm+c.nobody+c.gap, "pain", 0, 300*time.Millisecond, func(r *vision.Result) {
			if first == nil && r.Face.Found {
				first = r
			}
		})
		if first == nil || first.Baseline != c.want {
			t.Errorf("%s: %+v, want %s", name, first, c.want)
		}
	}
}

// A face in steady pain from the first picture on is nobody's neutral: what shows more against the average face than people at ease do is not
// taken for rest, however long it lasts. Of a grimace so much is mixed into the average face as gives each level.
func TestSteadyPainIsNotLearned(t *testing.T) {
	average, err := vision.PopulationNeutral(vision.PlainMesh)
	if err != nil {
		t.Fatal(err)
	}
	var grimace vision.Features
	watch(t, newAnalyzerWith(t, openNets(t), vision.AnalyzerConfig{}), "pain", 3200*time.Millisecond, 3600*time.Millisecond, func(r *vision.Result) { grimace = r.Features })
	mixed := func(share float32) (f vision.Features, pspi float64) {
		for i := range f {
			f[i] = average.Features[i] + share*(grimace[i]-average.Features[i])
		}
		u := vision.Estimate(&f, &average)
		return f, u.PSPI()
	}
	for _, c := range []struct {
		least, most float64 // PSPI
		learned     bool
	}{{0, 0.8, true}, {1.4, 2, false}, {3, 16, false}} {
		var f vision.Features
		pspi := -1.0
		for share := float32(1); share > 0 && (pspi < c.least || pspi > c.most); share -= 0.01 {
			f, pspi = mixed(share)
		}
		if pspi < c.least || pspi > c.most {
			t.Fatalf("no share of the grimace shows %g to %g", c.least, c.most)
		}
		finder, err := vision.NewRestFinder(vision.PlainMesh, 0)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Duration(0); at < 30*time.Second; at += 100 * time.Millisecond {
			finder.Add(&f, at)
		}
		n, learned := finder.Neutral()
		if u := vision.Estimate(&f, &n); learned != c.learned || !learned && u.PSPI() != pspi {
			t.Errorf("half a minute at PSPI %.2f: learned %v, then it shows %.2f", pspi, learned, u.PSPI())
		}
	}
}
