package ort

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	onnx "github.com/yalue/onnxruntime_go"

	"wince/models"
	"wince/models/convert"
)

// load opens a net that is not in the lock, in the environment of r.
func load(tb testing.TB, r *Runtime, file []byte, input models.Tensor, outputs []models.Tensor) *net {
	tb.Helper()
	o, err := onnx.NewSessionOptions()
	if err != nil {
		tb.Fatal(err)
	}
	if err := configure(o, 1); err != nil {
		tb.Fatal(err)
	}
	s, err := onnx.NewDynamicAdvancedSessionWithONNXData(file, nil, nil, o)
	if err := errors.Join(err, o.Destroy()); err != nil {
		tb.Fatal(err)
	}
	n := &net{r: r, s: &session{s, input, outputs}}
	if err := n.bind(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.free(); err != nil {
			tb.Error(err)
		}
		if err := s.Destroy(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

func read(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestOperators runs a net with every operator of the conversion and compares it with TensorFlow Lite's own result, as
// converted for speed and as written. All values are below 3; the tolerance is some hundred times single precision.
func TestOperators(t *testing.T) {
	const tolerance = 1e-5
	r := open(t)
	file := read(t, filepath.Join("..", "..", "models", "testdata", "ops.tflite"))
	in := models.Tensor{Name: "in", Shape: []int64{1, 3, 8, 7}}
	outs := []models.Tensor{{Name: "h", Shape: []int64{1, 2, 2, 40}}, {Name: "j", Shape: []int64{1, 3, 3, 48}}, {Name: "k", Shape: []int64{1, 5, 3, 29}},
		{Name: "p", Shape: []int64{1, 13, 32}}, {Name: "q", Shape: []int64{1, 2, 2, 24}}, {Name: "r", Shape: []int64{1, 2, 2, 40}}}
	want := golden(t, "ops.f32")
	for _, opt := range []convert.Options{{}, {KeepPRelu: true}, {KeepWidth: true}, {KeepPRelu: true, KeepWidth: true}} {
		b, err := convert.TFLite(file, opt)
		if err != nil {
			t.Fatal(err)
		}
		n := load(t, r, b, in, outs)
		for c := range 3 {
			for y := range 8 {
				for x := range 7 {
					n.Input()[(c*8+y)*7+x] = float32(texture(8, x, y, c))/125 - 1
				}
			}
		}
		if err := n.Run(); err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, o := range outs {
			got := n.Output(i)
			d := largest(t, got, want[at:at+len(got)])
			t.Logf("%+v %s: largest difference %.2g", opt, o.Name, d)
			if d > tolerance {
				t.Errorf("%+v: output %s: largest difference %.3g, want at most %g", opt, o.Name, d, tolerance)
			}
			at += len(got)
		}
		if at != len(want) {
			t.Errorf("%d values were compared, the golden file has %d", at, len(want))
		}
	}
}

// variants are the ways to convert a net, the pinned one first.
var variants = []struct {
	name string
	opt  convert.Options
}{
	{"pinned", convert.Options{}},
	{"prelu_kept", convert.Options{KeepPRelu: true}},
	{"width_kept", convert.Options{KeepWidth: true}},
	{"both_kept", convert.Options{KeepPRelu: true, KeepWidth: true}},
}

// variant converts a pinned net in another way.
func variant(tb testing.TB, r *Runtime, source *models.File, opt convert.Options) *net {
	tb.Helper()
	dir, err := models.FindDir("")
	if err != nil {
		tb.Fatal(err)
	}
	b, err := convert.TFLite(read(tb, filepath.Join(dir, source.Name)), opt)
	if err != nil {
		tb.Fatal(err)
	}
	return load(tb, r, b, source.ONNX.Input, source.ONNX.Outputs)
}

func source(tb testing.TB, name string) *models.File {
	tb.Helper()
	l, err := models.Pinned()
	if err != nil {
		tb.Fatal(err)
	}
	a, err := l.Artifact(models.Platform, name)
	if err != nil {
		tb.Fatal(err)
	}
	return a.Source
}

// TestRewritten proves that what is rewritten for speed computes the same: at most 2e-4 of a pixel or of a logit apart, which is
// rounding in another order. The pictures are drawn ones and, where the shared data is, photographs of faces.
func TestRewritten(t *testing.T) {
	const tolerance = 2e-4
	r := open(t)
	pictures := append([]picture{face, texture}, photographs(t, 8)...)
	for _, tc := range []struct {
		name  string
		n     int
		scale func(float32) float32
	}{{models.Mesh, 192, unit}, {models.Attention, 192, unit}, {models.Detector, 128, both}} {
		src := source(t, tc.name)
		plain := variant(t, r, src, convert.Options{KeepPRelu: true, KeepWidth: true})
		for _, v := range variants[:3] {
			fast := variant(t, r, src, v.opt)
			worst := make([]float64, len(src.ONNX.Outputs))
			for _, p := range pictures {
				fill(plain.Input(), tc.n, p, tc.scale)
				fill(fast.Input(), tc.n, p, tc.scale)
				if err := plain.Run(); err != nil {
					t.Fatal(err)
				}
				if err := fast.Run(); err != nil {
					t.Fatal(err)
				}
				for i := range worst {
					worst[i] = max(worst[i], largest(t, fast.Output(i), plain.Output(i)))
				}
			}
			t.Logf("%s %s: largest differences %.2g over %d pictures", tc.name, v.name, worst, len(pictures))
			if slices.Max(worst) > tolerance {
				t.Errorf("%s %s: largest differences %.3g, want at most %g", tc.name, v.name, worst, tolerance)
			}
		}
	}
}

// photographs returns the middles of n portraits of the shared data, which show a face and little else.
func photographs(t *testing.T, n int) []picture {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "faces", "london", "neutral", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared photographs are absent: ../shared/data/faces is expected beside the checkout")
		}
		t.Log("without photographs: ../shared/data/faces is not beside the checkout")
	}
	var out []picture
	for _, path := range paths[:min(n, len(paths))] {
		img, err := jpeg.Decode(bytes.NewReader(read(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		side := b.Dx() * 3 / 5
		left, top := b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2
		out = append(out, func(n, x, y, c int) int {
			red, green, blue, _ := img.At(left+x*side/n, top+y*side/n).RGBA()
			return int([]uint32{red, green, blue}[c] >> 8)
		})
	}
	return out
}

// BenchmarkVariants shows what each rewriting is worth, with one thread.
func BenchmarkVariants(b *testing.B) {
	r := open(b)
	for _, name := range []string{models.Mesh, models.Attention, models.Detector} {
		src := source(b, name)
		for _, v := range variants {
			n := variant(b, r, src, v.opt)
			fill(n.Input(), int(src.ONNX.Input.Shape[2]), face, unit)
			b.Run(name+"/"+v.name, func(b *testing.B) {
				for b.Loop() {
					if err := n.Run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
