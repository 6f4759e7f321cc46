package ort

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"wince/models"
	"wince/vision"
	"wince/vision/blaze"
)

func TestShapes(t *testing.T) {
	r, attention := open(t), openAttention(t)
	if r.MeshKind() != vision.PlainMesh || attention.MeshKind() != vision.AttentionMesh {
		t.Errorf("the meshes are %q and %q", r.MeshKind(), attention.MeshKind())
	}
	for _, tc := range []struct {
		net     vision.Net
		input   int
		outputs []int
	}{
		{closing(t)(r.Detector()), 3 * 128 * 128, []int{896 * 16, 896}},
		{closing(t)(r.Mesh()), 3 * 192 * 192, []int{1404, 1}},
		{closing(t)(attention.Mesh()), 3 * 192 * 192, []int{1404, 160, 142, 142, 10, 10, 1}},
	} {
		if got := len(tc.net.Input()); got != tc.input {
			t.Errorf("the input has %d values, want %d", got, tc.input)
		}
		for i, want := range tc.outputs {
			if got := len(tc.net.Output(i)); got != want {
				t.Errorf("output %d has %d values, want %d", i, got, want)
			}
		}
	}
	v := r.Versions()
	for _, name := range []string{models.Detector, models.Mesh, models.Library} {
		if !strings.Contains(v[name], "sha256:") {
			t.Errorf("the version of %s is %q, without a checksum", name, v[name])
		}
	}
}

// TestConcurrent runs many nets of one session at once, each with its own picture: none may see another's tensors.
func TestConcurrent(t *testing.T) {
	r := open(t)
	want := map[string][]float32{}
	draw := map[string]picture{"face": face, "texture": texture}
	for name, p := range draw {
		n := closing(t)(r.Mesh())
		fill(n.Input(), 192, p, unit)
		if err := n.Run(); err != nil {
			t.Fatal(err)
		}
		want[name] = slices.Clone(n.Output(0))
	}
	var wg sync.WaitGroup
	for i := range 6 {
		name := []string{"face", "texture"}[i%2]
		wg.Go(func() {
			n, err := r.Mesh()
			if err != nil {
				t.Error(err)
				return
			}
			defer n.Close()
			fill(n.Input(), 192, draw[name], unit)
			for range 20 {
				if err := n.Run(); err != nil {
					t.Error(err)
					return
				}
				if !slices.Equal(n.Output(0), want[name]) {
					t.Errorf("%s: the landmarks differ from those of a run alone", name)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestRunDoesNotAllocate(t *testing.T) {
	r := open(t)
	for name, n := range map[string]vision.Net{"detector": closing(t)(r.Detector()), "mesh": closing(t)(r.Mesh())} {
		if a := testing.AllocsPerRun(20, func() {
			if err := n.Run(); err != nil {
				t.Error(err)
			}
		}); a != 0 {
			t.Errorf("%s: %v allocations a run, want none", name, a)
		}
	}
}

// TestLifetime opens, closes and opens again, with two runtimes at once in between.
func TestLifetime(t *testing.T) {
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		a, err := Open(dir, Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Open(dir, Options{Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		n, err := b.Detector()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := n.Run(); err != nil {
			t.Errorf("after another runtime closed: %v", err)
		}
		if err := b.Close(); err == nil {
			t.Fatal("a runtime closed under an open net")
		}
		if err := errors.Join(n.Close(), n.Close(), b.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
		if err := n.Run(); err == nil {
			t.Error("a closed net ran")
		}
		if _, err := b.Mesh(); err == nil {
			t.Error("a closed runtime opened a net")
		}
	}
}

// TestRefused damages one file after the other and expects it to be named.
func TestRefused(t *testing.T) {
	from, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{models.Library, models.Detector, models.Mesh}
	if blaze.Supported() {
		files = append(files, source(t, models.Mesh).Name)
	}
	for _, name := range files {
		for how, damage := range map[string]func([]byte) []byte{
			"missing":   nil,
			"truncated": func(b []byte) []byte { return b[:len(b)-1] },
			"flipped":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"empty":     func([]byte) []byte { return nil },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				dir := t.TempDir()
				for _, f := range files {
					if f == name {
						continue
					}
					abs, err := filepath.Abs(filepath.Join(from, f))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(abs, filepath.Join(dir, f)); err != nil {
						t.Fatal(err)
					}
				}
				if damage != nil {
					b, err := os.ReadFile(filepath.Join(from, name))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, name), damage(b), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				r, err := Open(dir, Options{})
				if err == nil {
					t.Fatal(errors.Join(errors.New("it was opened"), r.Close()))
				}
				var bad *models.FileError
				if !errors.As(err, &bad) || filepath.Base(bad.Path) != name || !strings.Contains(err.Error(), "wince models fetch") {
					t.Errorf("the error %q does not name %s and what to do", err, name)
				}
			})
		}
	}
}

func BenchmarkDetector(b *testing.B) { benchmark(b, (*Runtime).Detector, 128) }
func BenchmarkMesh(b *testing.B)     { benchmark(b, (*Runtime).Mesh, 192) }

func benchmark(b *testing.B, net func(*Runtime) (vision.Net, error), n int) {
	r := open(b)
	x := closing(b)(net(r))
	fill(x.Input(), n, face, unit)
	b.ReportAllocs()
	for b.Loop() {
		if err := x.Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir, err := models.FindDir("")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
