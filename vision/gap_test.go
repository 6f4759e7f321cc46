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
