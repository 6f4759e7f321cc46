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

func openNets(t testing.TB) *ort.Runtime { return openMesh(t, vision.PlainMesh) }

func openMesh(t testing.TB, mesh vision.MeshKind) *ort.Runtime {
	t.Helper()
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	nets, err := ort.Open(dir, ort.Options{Mesh: mesh})
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
	return newAnalyzerWith(t, openNets(t), cfg)
}

func newAnalyzerWith(t testing.TB, nets vision.Models, cfg vision.AnalyzerConfig) *vision.Analyzer {
	t.Helper()
	a, err := vision.NewAnalyzer(nets, cfg)
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

// TestPortraitWithAttention compares with MediaPipe's published face geometry of its test portrait, which was made with the
// attention mesh. Seen through the camera that it assumes (63 degrees upright) it is the landmarks again.
func TestPortraitWithAttention(t *testing.T) {
	vertices := readNumbers(t, shared(t, "goldens/portrait_expected_face_geometry_with_attention.pbtxt"), "vertex_buffer:")
	pose := readNumbers(t, shared(t, "goldens/portrait_expected_face_geometry_with_attention.pbtxt"), "packed_data:") // column by column
	if len(vertices) != 5*vision.NumPoints || len(pose) != 16 {
		t.Fatalf("the golden file has %d and %d numbers", len(vertices), len(pose))
	}
	img, err := opencv.ReadImage(shared(t, "goldens/portrait.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	a := newAnalyzerWith(t, openMesh(t, vision.AttentionMesh), vision.AnalyzerConfig{Stills: true})
	m, err := a.Measure(img, 0)
	if err != nil || len(m.Face.Points) != vision.NumRefined {
		t.Fatalf("%d landmarks: %v %v", len(m.Face.Points), m.State, err)
	}
	sum, worst := 0.0, 0.0
	half := math.Tan(63 * math.Pi / 360)
	for i := range vision.NumPoints {
		v := vertices[5*i:]
		var c [3]float64
		for r := range c {
			c[r] = pose[r]*v[0] + pose[4+r]*v[1] + pose[8+r]*v[2] + pose[12+r]
		}
		x := (1 - c[0]/c[2]/half*float64(img.Height)/float64(img.Width)) / 2
		y := (1 + c[1]/c[2]/half) / 2
		d := math.Hypot(float64(m.Face.Points[i].X)-x, float64(m.Face.Points[i].Y)-y)
		sum, worst = sum+d, max(worst, d)
	}
	mean := sum / vision.NumPoints
	t.Logf("mean error %.5f, largest %.5f of image size", mean, worst)
	if mean > 0.004 {
		t.Errorf("mean error %.5f of image size; at most 0.004 is MediaPipe's", mean)
	}
}

// readNumbers reads the numbers behind a name in a text protobuf.
func readNumbers(t *testing.T, path, name string) (v []float64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b))
	for i, f := range fields[:len(fields)-1] {
		if f == name {
			x, err := strconv.ParseFloat(fields[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			v = append(v, x)
		}
	}
	return v
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
