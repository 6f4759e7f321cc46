package vision_test

import (
	"math"
	"slices"
	"testing"

	"wince/pain"
	"wince/vision"
	"wince/vision/opencv"
)

// copyOf returns a picture of the same size that owns its planes.
func copyOf(m *vision.I420) *vision.I420 {
	c := *m
	c.Y, c.U, c.V = slices.Clone(m.Y), slices.Clone(m.U), slices.Clone(m.V)
	return &c
}

// relight multiplies the light; black is 16, as in limited-range video.
func relight(m *vision.I420, gain float64) *vision.I420 {
	c := copyOf(m)
	for i, y := range c.Y {
		c.Y[i] = byte(min(max(16+(float64(y)-16)*gain, 16), 235))
	}
	for i := range c.U {
		f := min(gain, 1)
		c.U[i] = byte(128 + (float64(c.U[i])-128)*f)
		c.V[i] = byte(128 + (float64(c.V[i])-128)*f)
	}
	return c
}

// blur smears the luma three times with a box of that many pixels, which is close to a Gaussian.
func blur(m *vision.I420, size int) *vision.I420 {
	c := copyOf(m)
	line := make([]int, max(m.Width, m.Height))
	pass := func(start, step, n int) {
		for i := range n {
			sum, k := 0, 0
			for j := max(0, i-size/2); j <= min(n-1, i+size/2); j++ {
				sum, k = sum+int(c.Y[start+j*step]), k+1
			}
			line[i] = sum / k
		}
		for i := range n {
			c.Y[start+i*step] = byte(line[i])
		}
	}
	for range 3 {
		for y := range m.Height {
			pass(y*c.YStride, 1, m.Width)
		}
		for x := range m.Width {
			pass(x, c.YStride, m.Height)
		}
	}
	return c
}

// paste draws src onto dst with its corner at x, y.
func paste(dst, src *vision.I420, x, y int) {
	for j := range src.Height {
		for i := range src.Width {
			px, py := x+i, y+j
			if px < 0 || py < 0 || px >= dst.Width || py >= dst.Height {
				continue
			}
			dst.Y[py*dst.YStride+px] = src.Y[j*src.YStride+i]
			dst.U[py/2*dst.CStride+px/2] = src.U[j/2*src.CStride+i/2]
			dst.V[py/2*dst.CStride+px/2] = src.V[j/2*src.CStride+i/2]
		}
	}
}

func wall(w, h int) *vision.I420 {
	m := &vision.I420{Width: w, Height: h, YStride: w, CStride: w / 2,
		Y: make([]byte, w*h), U: make([]byte, w*h/4), V: make([]byte, w*h/4)}
	for i := range m.Y {
		m.Y[i] = byte(120 + 20*math.Sin(float64(i%w)/40))
	}
	for i := range m.U {
		m.U[i], m.V[i] = 128, 132
	}
	return m
}

func TestGateOnRealFaces(t *testing.T) {
	a := newAnalyzer(t, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
	for _, file := range []string{"003.jpg", "096.jpg", "128.jpg"} {
		img, err := opencv.ReadImage(shared(t, "faces/london/neutral/"+file))
		if err != nil {
			t.Fatal(err)
		}
		w, h := img.Width, img.Height
		small, twins, cut := wall(w, h), wall(2*w, h), wall(w, h)
		paste(small, shrunk(img, 3), w/2-w/6, h/2-h/6)
		paste(twins, img, 0, 0)
		paste(twins, img, w, 0)
		paste(cut, img, -w*42/100, 0)
		for _, c := range []struct {
			name string
			img  *vision.I420
			want pain.Reasons // 0: can be judged
		}{
			{"as it is", img, 0},
			{"dim but seen", relight(img, 0.5), 0},
			{"dark", relight(img, 0.08), pain.ReasonTooDark},
			{"blown", relight(img, 3.5), pain.ReasonTooBright},
			{"blurred", blur(img, 13), pain.ReasonBlurred},
			{"small", small, pain.ReasonTooSmall},
			{"two people", twins, pain.ReasonSeveralFaces},
			{"a wall", wall(640, 480), pain.ReasonNoFace},
		} {
			m, err := a.Measure(c.img, 0)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == 0 && m.State != pain.Scored || c.want != 0 && (m.State == pain.Scored || m.Reasons&c.want == 0) {
				t.Errorf("%s, %s: %s %v, want %v (%+v)", file, c.name, m.State, m.Reasons.Codes(), c.want.Codes(), m.Light)
			}
		}
		// Half a face may be found and refused, or not be found; it must not be judged.
		if m, err := a.Measure(cut, 0); err != nil || m.State == pain.Scored {
			t.Errorf("%s, half a face: %s %v %v", file, m.State, m.Reasons.Codes(), err)
		}
	}
}

// shrunk shrinks by a whole factor, taking the mean.
func shrunk(m *vision.I420, by int) *vision.I420 {
	w, h := m.Width/by&^1, m.Height/by&^1
	c := wall(w, h)
	for y := range h {
		for x := range w {
			sum := 0
			for k := range by * by {
				sum += int(m.Y[(y*by+k/by)*m.YStride+x*by+k%by])
			}
			c.Y[y*w+x] = byte(sum / (by * by))
		}
	}
	for y := range h / 2 {
		for x := range w / 2 {
			c.U[y*w/2+x], c.V[y*w/2+x] = m.U[y*by*m.CStride+x*by], m.V[y*by*m.CStride+x*by]
		}
	}
	return c
}

// TestTrackingAgreesWithDetection checks that a face that is followed is measured as when it is searched anew.
func TestTrackingAgreesWithDetection(t *testing.T) {
	img, err := opencv.ReadImage(shared(t, "faces/london/neutral/003.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	follow := newAnalyzer(t, vision.AnalyzerConfig{FixedNeutral: true})
	var first, last vision.Measurement
	for i := range 20 {
		m, err := follow.Measure(img, 0)
		if err != nil {
			t.Fatal(err)
		}
		m.Face.Points = slices.Clone(m.Face.Points)
		if i == 0 {
			first = m
		}
		last = m
	}
	worst := 0.0
	for i := range first.Face.Points {
		p, q := first.Face.Points[i], last.Face.Points[i]
		worst = max(worst, math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y)))
	}
	if worst > 0.01 {
		t.Errorf("following a still picture moved a landmark by %.4f of its size", worst)
	}
}

// TestTrackingSurvivesAChangeOfSize sends the same face in two sizes in turn, as a browser does that adapts to the network.
func TestTrackingSurvivesAChangeOfSize(t *testing.T) {
	img, err := opencv.ReadImage(shared(t, "faces/london/neutral/003.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	half := shrunk(img, 2)
	a := newAnalyzer(t, vision.AnalyzerConfig{FixedNeutral: true})
	want, err := a.Measure(img, 0)
	if err != nil {
		t.Fatal(err)
	}
	points := slices.Clone(want.Face.Points)
	for i := range 12 {
		m, err := a.Measure([]*vision.I420{half, img}[i/2%2], ms(33*i))
		if err != nil || m.State != pain.Scored {
			t.Fatalf("picture %d: %v %v %v", i, m.State, m.Reasons.Codes(), err)
		}
		for k, p := range m.Face.Points {
			if d := math.Hypot(float64(p.X-points[k].X), float64(p.Y-points[k].Y)); d > 0.02 {
				t.Fatalf("picture %d: landmark %d lies %.3f of the picture away", i, k, d)
			}
		}
	}
}

// TestNextFaceHasItsOwnNeutral puts one person before the camera, then nobody, then another person: the first one's calm face
// says nothing about the second.
func TestNextFaceHasItsOwnNeutral(t *testing.T) {
	a := newAnalyzer(t, vision.AnalyzerConfig{})
	at := 0
	last := func(img *vision.I420, n int) (r vision.Result) {
		for range n {
			var err error
			if r, err = a.Analyze(img, ms(at)); err != nil {
				t.Fatal(err)
			}
			at += 100
		}
		return r
	}
	first, second := still(t, "pain.ivf"), still(t, "pain-light-old.ivf")
	if r := last(first, 30); r.Baseline != vision.BaselineSession {
		t.Fatalf("after three seconds at ease the neutral is the %s's", r.Baseline)
	}
	last(wall(640, 480), 20)
	if r := last(first, 1); r.Baseline != vision.BaselineSession {
		t.Errorf("after looking away for two seconds the neutral is the %s's", r.Baseline)
	}
	last(wall(640, 480), 40)
	if r := last(second, 1); r.Frame.State != pain.Scored || r.Baseline != vision.BaselinePopulation {
		t.Errorf("another person: %s, against the %s's neutral", r.Frame.State, r.Baseline)
	}
	if r := last(second, 30); r.Baseline != vision.BaselineSession {
		t.Errorf("three seconds later the neutral is the %s's", r.Baseline)
	}
}

// still returns the first picture of a rendered clip.
func still(t *testing.T, clip string) *vision.I420 {
	v, err := opencv.OpenVideo("../testdata/clips/" + clip)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var img vision.I420
	if _, err := v.Next(&img); err != nil {
		t.Fatal(err)
	}
	return copyOf(&img)
}

func TestAnalyzeDoesNotAllocate(t *testing.T) {
	img, err := opencv.ReadImage(shared(t, "faces/london/neutral/003.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mesh := range []vision.MeshKind{vision.PlainMesh, vision.AttentionMesh} {
		a := newAnalyzerWith(t, openMesh(t, mesh), vision.AnalyzerConfig{})
		at := 0
		n := testing.AllocsPerRun(100, func() {
			if _, err := a.Analyze(img, ms(at*33)); err != nil {
				t.Fatal(err)
			}
			at++
		})
		if n != 0 {
			t.Errorf("%s mesh: %g allocations a picture", mesh, n)
		}
	}
}

func BenchmarkAnalyze(b *testing.B) {
	img, err := opencv.ReadImage(shared(b, "faces/london/neutral/003.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	for _, mesh := range []vision.MeshKind{vision.PlainMesh, vision.AttentionMesh} {
		b.Run(string(mesh), func(b *testing.B) { benchmarkAnalyze(b, mesh, img) })
	}
}

func benchmarkAnalyze(b *testing.B, mesh vision.MeshKind, img *vision.I420) {
	a := newAnalyzerWith(b, openMesh(b, mesh), vision.AnalyzerConfig{})
	at := 0
	var sum vision.Stages
	for b.Loop() {
		r, err := a.Analyze(img, ms(at*33))
		if err != nil {
			b.Fatal(err)
		}
		at++
		sum.Detect += r.Stages.Detect
		sum.Crop += r.Stages.Crop
		sum.Mesh += r.Stages.Mesh
		sum.AU += r.Stages.AU
		sum.Score += r.Stages.Score
	}
	for name, d := range map[string]float64{"detect": sum.Detect.Seconds(), "crop": sum.Crop.Seconds(), "mesh": sum.Mesh.Seconds(), "au": sum.AU.Seconds(), "score": sum.Score.Seconds()} {
		b.ReportMetric(d/float64(at)*1000, name+"-ms/frame")
	}
}
