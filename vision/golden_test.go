package vision_test

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"wince/models"
	"wince/vision"
	"wince/vision/opencv"
	"wince/vision/ort"
)

// shared returns a file of the developers' shared data, which is not part of the project; without it the test is skipped,
// except in CI, where it has to be there.
func shared(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs need the shared data: %v", err)
		}
		t.Skipf("needs the shared data: %v", err)
	}
	return p
}

func openNets(t testing.TB) *ort.Runtime {
	t.Helper()
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	nets, err := ort.Open(dir, ort.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nets.Close(); err != nil {
			t.Error(err)
		}
	})
	return nets
}

func newAnalyzer(t testing.TB, cfg vision.AnalyzerConfig) *vision.Analyzer {
	t.Helper()
	a, err := vision.NewAnalyzer(openNets(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestPortrait compares with MediaPipe's published landmarks of its test portrait.
func TestPortrait(t *testing.T) {
	want := readLandmarks(t, shared(t, "goldens/portrait_expected_face_landmarks.pbtxt"))
	img, err := opencv.ReadImage(shared(t, "goldens/portrait.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	a := newAnalyzer(t, vision.AnalyzerConfig{Stills: true})
	m, err := a.Measure(img, 0)
	if err != nil || !m.Face.Found {
		t.Fatalf("no face: %v %v", m.State, err)
	}
	sum, worst := 0.0, 0.0
	for i, p := range m.Face.Points {
		d := math.Hypot(float64(p.X)-want[i][0], float64(p.Y)-want[i][1])
		sum, worst = sum+d, max(worst, d)
	}
	mean := sum / float64(len(m.Face.Points))
	t.Logf("mean error %.5f, largest %.5f of image size", mean, worst)
	if mean > 0.004 {
		t.Errorf("mean error %.5f of image size; at most 0.004 is MediaPipe's", mean)
	}
}

func readLandmarks(t *testing.T, path string) (points [][2]float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) != 2 || (fields[0] != "x:" && fields[0] != "y:") {
			continue
		}
		v, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if fields[0] == "x:" {
			points = append(points, [2]float64{v})
		} else {
			points[len(points)-1][1] = v
		}
	}
	if len(points) < vision.NumPoints {
		t.Fatalf("%s holds %d landmarks, not %d or more", path, len(points), vision.NumPoints)
	}
	return points[:vision.NumPoints]
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
