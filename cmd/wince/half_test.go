package main

import (
	"image"
	"testing"

	"wince/models/render"
	"wince/pain"
	"wince/stream/encode"
	"wince/vision"
)

// TestHealthyHalf measures rendered faces in pain whose one half hardly moves, against the same people whose halves both do what the healthy one
// does: read from the healthy half they score about as much, read as a whole less, read from the palsied half little.
func TestHealthyHalf(t *testing.T) {
	h := renderedHead(t)
	r, err := render.NewRenderer(320, 240)
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewRGBA(image.Rect(0, 0, 320, 240))
	sides := []vision.Side{vision.BothSides, vision.RightSide, vision.LeftSide}
	analyzers := map[vision.Side]*vision.Analyzer{}
	for _, side := range sides {
		analyzers[side] = newAnalyzer(t, *meshFlag, vision.AnalyzerConfig{Stills: true, FixedNeutral: true, Side: side})
	}
	// level is the PSPI of an expression against the person's own face at ease, both read from one side.
	level := func(fig *render.Figure, side vision.Side, yaw float64, e render.Expression) float64 {
		t.Helper()
		a := analyzers[side]
		measure := func(e render.Expression) vision.Measurement {
			if err := r.Render(picture, fig, render.Shot{Expression: e, Light: render.LightFront, Pose: render.Pose{Distance: 40, Yaw: yaw}}); err != nil {
				t.Fatal(err)
			}
			m, err := a.Measure(encode.I420(picture, nil), 0)
			if err != nil {
				t.Fatal(err)
			}
			if m.State != pain.Scored {
				t.Fatalf("seed %d, yaw %g: %v %v", fig.Person().Seed, yaw, m.State, m.Reasons)
			}
			return m
		}
		ease, m := measure(render.Expression{}), measure(e)
		a.SetNeutral(vision.Neutral{Kind: vision.BaselineResident, Features: ease.Features})
		return a.Judge(&m).Frame.PSPI
	}
	var healthy, palsied, whole, truth float64
	for seed := range uint64(4) {
		fig := h.Figure(render.NewPerson(9100 + seed))
		for _, au := range []map[string]float64{{"AU4": 2, "AU6": 1.5, "AU7": 2, "AU9": 1.5, "AU10": 1.5}, {"AU4": 1.5, "AU7": 2, "AU20": 1, "AU25": 2}} {
			both := map[string]float64{}
			for u, x := range au {
				both[u] = 1.9 * x
			}
			both["AU25"] = au["AU25"]
			for _, yaw := range []float64{-12, 0, 12} {
				truth += 2 * level(fig, vision.BothSides, yaw, render.Expression{AU: both})
				for k, lean := range []float64{0.9, -0.9} { // the left half moves, the right
					good, bad := sides[2-k], sides[1+k]
					e := render.Expression{AU: au, Asymmetry: lean}
					healthy += level(fig, good, yaw, e)
					palsied += level(fig, bad, yaw, e)
					whole += level(fig, vision.BothSides, yaw, e)
				}
			}
		}
	}
	t.Logf("of what a face shows that does the same on both halves, the healthy half shows %.2f, the whole face %.2f, the palsied half %.2f", healthy/truth, whole/truth, palsied/truth)
	if x := healthy / truth; x < 0.8 || x > 1.2 {
		t.Errorf("read from the healthy half a face shows %.2f of what it would without the palsy, want 0.8 to 1.2", x)
	}
	// With the attention mesh only the hand-set levels are there, which read what lies in the middle from the whole face.
	if *meshFlag == string(vision.PlainMesh) && (whole > 0.75*truth || palsied > 0.4*truth) {
		t.Errorf("the whole face shows %.2f, the palsied half %.2f: these faces are no test of the half", whole/truth, palsied/truth)
	}
}
