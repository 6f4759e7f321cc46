package vision_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"wince/pain"
	"wince/vision"
)

// The average face is measured as every face is: that of one face, taken in twice, has the features that an analysis finds in it.
func TestTheAverageIsMeasuredAsFacesAre(t *testing.T) {
	img := still(t, "pain.ivf")
	a := newAnalyzer(t, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
	m, err := a.Measure(img, time.Second)
	if err != nil || m.State != pain.Scored {
		t.Fatalf("%s: %v", m.State, err)
	}
	s, err := vision.NewSurvey(openNets(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if err := s.Add(img); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Population("a test")
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Mean map[string]float64 }
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	for i, name := range vision.FeatureNames() {
		// the face is turned by its own shape instead of the average one: a little otherwise, and the network's numbers with it
		if got, want := p.Mean[name], float64(m.Features[i]); math.Abs(got-want) > 0.05+0.1*math.Abs(want) {
			t.Errorf("%s: %.4f in the average, %.4f in the face", name, got, want)
		}
	}
}
