package main

import (
	"flag"
	"image"
	_ "image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/image/draw"

	"wince/models/occlude"
	"wince/models/render"
	"wince/pain"
	"wince/stream/encode"
	"wince/vision"
)

// more makes the tests of covered faces and of twins look at many more pictures: go test ./cmd/wince -run 'Cover|Twins' -more -v
var more = flag.Bool("more", false, "look at many more pictures in the tests of covered faces and of twins")

// sharedData returns a path beside the checkout, or skips the test where it is absent, which is a failure in CI.
func sharedData(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs need the shared data: %v", err)
		}
		t.Skipf("needs the shared data: %v", err)
	}
	return path
}

// loadedHead is read once for all tests.
var loadedHead = sync.OnceValues(func() (*render.Head, error) {
	return render.Load(filepath.Join("..", "..", "..", "shared", "data", "ict-facekit"))
})

func renderedHead(t testing.TB) *render.Head {
	t.Helper()
	sharedData(t, "ict-facekit")
	h, err := loadedHead()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func stillsAnalyzer(t testing.TB) *vision.Analyzer {
	t.Helper()
	return newAnalyzer(t, *meshFlag, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
}

func newAnalyzer(t testing.TB, mesh string, cfg vision.AnalyzerConfig) *vision.Analyzer {
	t.Helper()
	nets, err := openModels("", mesh)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nets.Close() })
	a, err := vision.NewAnalyzer(nets, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestCoverOfRealFaces draws hands, masks and the like over portraits that the gate did not learn from. What hides half of a
// region must be refused mostly, what hides nothing must not.
func TestCoverOfRealFaces(t *testing.T) {
	dir := sharedData(t, "faces", "london")
	a := stillsAnalyzer(t)
	r := rand.New(rand.NewPCG(77, 1))
	moods, step, each := []string{"neutral"}, 16, 10
	if *more {
		moods, step, each = []string{"neutral", "smiling"}, 2, 24
	}
	type count struct{ refused, all int }
	covered, free, hands := count{}, count{}, count{}
	byKind := map[occlude.Kind]*count{}
	for _, mood := range moods {
		files, err := filepath.Glob(filepath.Join(dir, mood, "*.jpg"))
		if err != nil || len(files) < 30 {
			t.Fatalf("%d portraits: %v", len(files), err)
		}
		for i := 1; i < len(files); i += step { // the first, third, ... were learned from
			clean := readPortrait(t, files[i])
			m, err := a.Measure(encode.I420(clean, nil), 0)
			if err != nil {
				t.Fatal(err)
			}
			free.all++
			if m.State != pain.Scored {
				free.refused++
				t.Logf("%s is refused as it is: %v", files[i], m.Reasons.Codes())
				continue
			}
			face := make([]occlude.Point, vision.NumPoints)
			for k := range face {
				face[k] = occlude.Point{X: float64(m.Face.Points[k].X) * float64(clean.Rect.Dx()), Y: float64(m.Face.Points[k].Y) * float64(clean.Rect.Dy())}
			}
			for k := range each {
				kind := occlude.Kinds[k%len(occlude.Kinds)]
				if k >= len(occlude.Kinds) {
					kind = occlude.Hand
				}
				picture := image.NewRGBA(clean.Rect)
				copy(picture.Pix, clean.Pix)
				shares := occlude.Shares(occlude.Draw(r, picture, face, kind), face)
				most, mouth := max(shares[0], shares[1], shares[2], shares[3]), shares[4]
				m, err := a.Measure(encode.I420(picture, nil), 0)
				if err != nil {
					t.Fatal(err)
				}
				into := []*count{}
				switch {
				case most >= 0.5 || mouth >= 0.65:
					into = append(into, &covered)
					if byKind[kind] == nil {
						byKind[kind] = &count{}
					}
					into = append(into, byKind[kind])
					if kind == occlude.Hand {
						into = append(into, &hands)
					}
				case most < 0.02 && mouth < 0.02:
					into = append(into, &free)
				}
				for _, c := range into {
					c.all++
					if m.State != pain.Scored {
						c.refused++
					}
				}
			}
		}
	}
	t.Logf("covered: %d of %d refused, by hands %d of %d; not covered, glasses or something beside the face: %d of %d refused",
		covered.refused, covered.all, hands.refused, hands.all, free.refused, free.all)
	for kind, c := range byKind {
		t.Logf("%s: %d of %d refused", kind, c.refused, c.all)
	}
	if *meshFlag != string(vision.PlainMesh) && !*more { // too few to hold another mesh to
		return
	}
	if covered.refused*10 < covered.all*8 {
		t.Errorf("only %d of %d covered faces are refused", covered.refused, covered.all)
	}
	if free.refused*20 > free.all {
		t.Errorf("%d of %d faces that nothing covers are refused", free.refused, free.all)
	}
}

// readPortrait reads a picture at half its size.
func readPortrait(t testing.TB, path string) *image.RGBA {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx()/4*2, m.Bounds().Dy()/4*2))
	draw.ApproxBiLinear.Scale(out, out.Rect, m, m.Bounds(), draw.Src, nil)
	return out
}

// TestCoverOfProfiles turns rendered heads away: beyond 35 degrees none may be judged.
func TestCoverOfProfiles(t *testing.T) {
	h := renderedHead(t)
	a := stillsAnalyzer(t)
	const w, ht = 320, 240
	r, err := render.NewRenderer(w, ht)
	if err != nil {
		t.Fatal(err)
	}
	people, yaws := 1, []float64{-60, -42, 0, 42, 60}
	if *more {
		people, yaws = 30, []float64{-75, -60, -50, -42, -20, 0, 20, 42, 50, 60, 75}
	}
	picture := image.NewRGBA(image.Rect(0, 0, w, ht))
	judged, all, front, frontJudged := 0, 0, 0, 0
	for seed := range people {
		fig := h.Figure(render.NewPerson(uint64(7100 + seed)))
		for _, yaw := range yaws {
			shot := render.Shot{Light: render.LightFront, Pose: render.Pose{Yaw: yaw, Distance: 38}}
			if err := r.Render(picture, fig, shot); err != nil {
				t.Fatal(err)
			}
			m, err := a.Measure(encode.I420(picture, nil), 0)
			if err != nil {
				t.Fatal(err)
			}
			if yaw >= -20 && yaw <= 20 {
				front++
				if m.State == pain.Scored {
					frontJudged++
				} else {
					t.Logf("person %d at %g degrees: %v", seed, yaw, m.Reasons.Codes())
				}
				continue
			}
			all++
			if m.State == pain.Scored {
				judged++
				t.Logf("person %d at %g degrees is judged, seen at %.0f", seed, yaw, m.Face.Yaw)
			}
		}
	}
	t.Logf("turned by 42 degrees or more: %d of %d judged; by 20 or less: %d of %d", judged, all, frontJudged, front)
	if judged*20 > all {
		t.Errorf("%d of %d profiles are judged", judged, all)
	}
	if frontJudged*10 < front*9 {
		t.Errorf("only %d of %d faces that look at the camera are judged", frontJudged, front)
	}
}
