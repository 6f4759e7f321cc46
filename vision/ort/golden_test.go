package ort

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"wince/models"
	"wince/vision"
)

// open loads the real networks. They are not part of the repository: without them the tests fail and say how to get them.
func open(tb testing.TB) *Runtime { return openWith(tb, Options{}) }

func openAttention(tb testing.TB) *Runtime {
	return openWith(tb, Options{Mesh: vision.AttentionMesh})
}

func openWith(tb testing.TB, opt Options) *Runtime {
	tb.Helper()
	dir, err := models.FindDir("")
	if err != nil {
		tb.Fatal(err)
	}
	r, err := Open(dir, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

func closing(tb testing.TB) func(vision.Net, error) vision.Net {
	return func(n vision.Net, err error) vision.Net {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := n.Close(); err != nil {
				tb.Error(err)
			}
		})
		return n
	}
}

// The pictures that models/train/goldens.py draws, as bytes at (x, y, channel) of an n x n picture.
type picture func(n, x, y, c int) int

func texture(_, x, y, c int) int { return (x*x*3 + y*y*5 + x*y*7 + c*50) % 251 }

func face(n, x, y, c int) int {
	ellipses := []struct {
		cx, cy, rx, ry int
		colour         [3]int
	}{
		{0, 0, 34, 44, [3]int{206, 160, 132}},
		{-14, -10, 7, 3, [3]int{240, 240, 240}},
		{14, -10, 7, 3, [3]int{240, 240, 240}},
		{-14, -10, 3, 3, [3]int{60, 40, 30}},
		{14, -10, 3, 3, [3]int{60, 40, 30}},
		{-14, -18, 9, 2, [3]int{70, 50, 40}},
		{14, -18, 9, 2, [3]int{70, 50, 40}},
		{0, 8, 5, 3, [3]int{180, 130, 105}},
		{0, 22, 13, 4, [3]int{170, 70, 70}},
	}
	u, v, value := 2*x+1-n, 2*y+1-n, 96
	for _, e := range ellipses {
		a, b, r := (u*64-e.cx*n)*e.ry, (v*64-e.cy*n)*e.rx, e.rx*e.ry*n
		if a*a+b*b <= r*r {
			value = e.colour[c]
		}
	}
	return value + (x*3+y*5+c*7)%16
}

// fill writes a picture with channels first, mapped by f.
func fill(dst []float32, n int, p picture, f func(float32) float32) {
	for c := range 3 {
		for y := range n {
			for x := range n {
				dst[(c*n+y)*n+x] = f(float32(p(n, x, y, c)))
			}
		}
	}
}

func unit(v float32) float32 { return v / 255 }
func both(v float32) float32 { return v/127.5 - 1 }

func golden(tb testing.TB, name string) []float32 {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "models", "testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

func largest(tb testing.TB, got, want []float32) float64 {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("%d values, want %d", len(got), len(want))
	}
	d := 0.0
	for i := range got {
		diff := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(diff) {
			tb.Fatalf("value %d is %v, want %v", i, got[i], want[i])
		}
		d = max(d, diff)
	}
	return d
}

// TestGolden compares both nets with TensorFlow Lite's own runtime. Both add up in single precision but in another order; the
// tolerance is 1e-3 of the outputs' units (pixels of the input, logits), about ten times what is seen.
func TestGolden(t *testing.T) {
	const tolerance = 1e-3
	r := open(t)
	for _, tc := range []struct {
		file    string
		net     vision.Net
		n       int
		draw    picture
		scale   func(float32) float32
		outputs []int
	}{
		{"mesh_face.f32", closing(t)(r.Mesh()), 192, face, unit, []int{0, 1}},
		{"mesh_texture.f32", closing(t)(r.Mesh()), 192, texture, unit, []int{0, 1}},
		{"detector_face.f32", closing(t)(r.Detector()), 128, face, both, []int{0, 1}},
		{"detector_texture.f32", closing(t)(r.Detector()), 128, texture, both, []int{1}},
	} {
		fill(tc.net.Input(), tc.n, tc.draw, tc.scale)
		if err := tc.net.Run(); err != nil {
			t.Fatal(err)
		}
		var got []float32
		for _, i := range tc.outputs {
			got = append(got, tc.net.Output(i)...)
		}
		d := largest(t, got, golden(t, tc.file))
		t.Logf("%s: largest difference %.2g", tc.file, d)
		if d > tolerance {
			t.Errorf("%s: largest difference %.3g, want at most %g", tc.file, d, tolerance)
		}
	}
}

// TestAttentionGolden compares the attention mesh and how its outputs are put together with MediaPipe itself, which was given
// the same picture as the crop (models/train/mesh_goldens.py). The tolerance is that of the other nets.
func TestAttentionGolden(t *testing.T) {
	const tolerance = 1e-3
	n := closing(t)(openAttention(t).Mesh())
	fill(n.Input(), 192, face, unit)
	if err := n.Run(); err != nil {
		t.Fatal(err)
	}
	var points [vision.NumRefined][3]float32
	if err := vision.Refine(&points, n); err != nil {
		t.Fatal(err)
	}
	var got []float32
	for _, p := range points {
		got = append(got, p[:]...)
	}
	d := largest(t, got, golden(t, "attention_face.f32"))
	t.Logf("largest difference %.2g", d)
	if d > tolerance {
		t.Errorf("largest difference %.3g of a pixel, want at most %g", d, tolerance)
	}
}
