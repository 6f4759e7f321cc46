package vision

import (
	"math"
	"math/rand/v2"
	"testing"
)

// testPicture is a smooth picture whose colour at any place is known.
func testPicture(w, h int) *I420 {
	cw, ch := (w+1)/2, (h+1)/2
	m := &I420{Width: w, Height: h, YStride: w + 5, CStride: cw + 3}
	m.Y, m.U, m.V = make([]byte, h*m.YStride), make([]byte, ch*m.CStride), make([]byte, ch*m.CStride)
	for y := range h {
		for x := range w {
			m.Y[y*m.YStride+x] = byte(40 + 150*float64(x)/float64(w) + 30*float64(y)/float64(h))
		}
	}
	for y := range ch {
		for x := range cw {
			m.U[y*m.CStride+x] = byte(110 + 30*float64(x)/float64(cw))
			m.V[y*m.CStride+x] = byte(120 + 20*float64(y)/float64(ch))
		}
	}
	return m
}

// colourAt is what testPicture's colour is at a place in pixels, by formula.
func colourAt(m *I420, x, y float64) [3]float64 {
	l := 40 + 150*x/float64(m.Width) + 30*y/float64(m.Height)
	u := 110 + 30*(x-0.5)/float64(m.Width)
	v := 120 + 20*(y-0.5)/float64(m.Height)
	l = (l - 16) * 255 / 219
	return [3]float64{l + 1.596*(v-128), l - 0.392*(u-128) - 0.813*(v-128), l + 2.017*(u-128)}
}

func TestCropFollowsTheFormula(t *testing.T) {
	for _, c := range []struct {
		name string
		w, h int
		r    Region
	}{
		{"upright, shrunk", 640, 480, Region{320, 240, 300, 0}},
		{"turned", 640, 480, Region{300, 250, 280, 0.5}},
		{"enlarged", 320, 240, Region{160, 120, 60, -0.3}},
		{"odd sizes", 321, 243, Region{160, 120, 150, 1.2}},
		{"upside down", 640, 480, Region{320, 240, 200, math.Pi}},
	} {
		const n = 64
		m, dst := testPicture(c.w, c.h), make([]float32, 3*n*n)
		crop(dst, n, m, c.r, 0, 255)
		worst := 0.0
		for j := range n {
			for i := range n {
				x, y := c.r.toPicture((float64(i)+0.5)/n, (float64(j)+0.5)/n)
				want := colourAt(m, x-0.5, y-0.5)
				for k := range want {
					worst = max(worst, math.Abs(float64(dst[k*n*n+j*n+i])-min(max(want[k], 0), 255)))
				}
			}
		}
		if worst > 3.5 { // bytes are whole numbers; chroma doubles what rounding costs
			t.Errorf("%s: off by up to %.1f of 255", c.name, worst)
		}
	}
}

func TestCropIsBlackOutside(t *testing.T) {
	const n = 32
	m, dst := testPicture(100, 80), make([]float32, 3*n*n)
	crop(dst, n, m, Region{CX: 0, CY: 40, Size: 80, Angle: 0}, -1, 1)
	for j := range n {
		if v := dst[j*n]; v != -1 {
			t.Fatalf("row %d starts with %g; outside the picture it must be -1", j, v)
		}
		if v := dst[j*n+n-1]; v <= -1 {
			t.Fatalf("row %d ends with %g; inside the picture it must be brighter", j, v)
		}
	}
}

func TestCropTakesAnyRegion(t *testing.T) {
	const n = 16
	rnd, dst := rand.New(rand.NewPCG(3, 4)), make([]float32, 3*n*n)
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -1, 1e300, -1e300, 1e9, 3}
	for range 20000 {
		m := testPicture(16+rnd.IntN(40), 16+rnd.IntN(40))
		pick := func(scale float64) float64 {
			if rnd.IntN(4) == 0 {
				return odd[rnd.IntN(len(odd))]
			}
			return rnd.NormFloat64() * scale
		}
		crop(dst, n, m, Region{pick(60), pick(60), pick(60), pick(3)}, 0, 1)
		for _, v := range dst {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("value %g lies outside 0-1", v)
			}
		}
	}
}

func TestCropDoesNotAllocate(t *testing.T) {
	m, dst := testPicture(640, 480), make([]float32, 3*meshSize*meshSize)
	if n := testing.AllocsPerRun(20, func() { crop(dst, meshSize, m, Region{320, 240, 300, 0.1}, 0, 1) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkCropMesh(b *testing.B) {
	m, dst := testPicture(640, 480), make([]float32, 3*meshSize*meshSize)
	for b.Loop() {
		crop(dst, meshSize, m, Region{320, 240, 300, 0.1}, 0, 1)
	}
}

func BenchmarkLight(b *testing.B) {
	m, dst := testPicture(640, 480), make([]float32, 3*meshSize*meshSize)
	crop(dst, meshSize, m, Region{320, 240, 300, 0.1}, 0, 1)
	mesh := &mesher{net: &plate{in: dst}}
	for b.Loop() {
		mesh.shade()
		measureLight(&mesh.grey)
	}
}

func BenchmarkCropDetector(b *testing.B) {
	m, dst := testPicture(640, 480), make([]float32, 3*detectorSize*detectorSize)
	for b.Loop() {
		crop(dst, detectorSize, m, Region{320, 240, 640, 0}, 0, 1)
	}
}
