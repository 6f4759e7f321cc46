package ort

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"wince/models"
	"wince/models/convert"
	"wince/models/tflite/tflitetest"
	"wince/vision/blaze"
)

// TestBlaze compares the mesh that has loops of its own with ONNX Runtime's, on drawn pictures and photographs: rounding apart, they are one.
func TestBlaze(t *testing.T) {
	const tolerance = 5e-4 // of a pixel of 192, or of a logit
	if !blaze.Supported() {
		t.Skip("this processor has no AVX2")
	}
	r := open(t)
	src := source(t, models.Mesh)
	plain := variant(t, r, src, convert.Options{KeepPRelu: true, KeepWidth: true})
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	m, err := blaze.Load(read(t, filepath.Join(dir, src.Name)))
	if err != nil {
		t.Fatal(err)
	}
	n := m.New()
	worst := make([]float64, len(src.ONNX.Outputs))
	for _, p := range append([]picture{face, texture}, photographs(t, 8)...) {
		fill(plain.Input(), 192, p, unit)
		copy(n.Input(), plain.Input())
		if err := plain.Run(); err != nil {
			t.Fatal(err)
		}
		n.Run()
		for i := range worst {
			worst[i] = max(worst[i], largest(t, n.Output(i), plain.Output(i)))
		}
	}
	t.Logf("largest differences %.2g", worst)
	if slices.Max(worst) > tolerance {
		t.Errorf("largest differences %.3g, want at most %g", worst, tolerance)
	}
}

// TestBlazeBlocks does so with small nets of weights by chance, whose pictures come out wide and narrow and whose slopes exceed one.
func TestBlazeBlocks(t *testing.T) {
	if !blaze.Supported() {
		t.Skip("this processor has no AVX2")
	}
	r := open(t)
	for _, c := range []struct{ side, outputs int }{{24, 3}, {48, 21}, {96, 16}} {
		net := tflitetest.Mesh(c.side, c.outputs)
		b, err := convert.TFLite(net.Bytes(), convert.Options{})
		if err != nil {
			t.Fatal(err)
		}
		in, out := net.Tensors[net.Inputs[0]], net.Tensors[net.Outputs[0]]
		plain := load(t, r, b, models.Tensor{Name: in.Name, Shape: []int64{1, 3, int64(c.side), int64(c.side)}},
			[]models.Tensor{{Name: out.Name, Shape: []int64{1, 1, 1, int64(c.outputs)}}})
		m, err := blaze.Load(net.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		n := m.New()
		fill(plain.Input(), c.side, texture, unit)
		copy(n.Input(), plain.Input())
		if err := plain.Run(); err != nil {
			t.Fatal(err)
		}
		n.Run()
		want := plain.Output(0)
		size := 0.0
		for _, v := range want {
			size = max(size, math.Abs(float64(v)))
		}
		if d := largest(t, n.Output(0), want); !(d <= 1e-5*max(size, 1)) {
			t.Errorf("a picture of %d: largest difference %.3g of %.3g", c.side, d, size)
		}
	}
}
