package ort

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"

	"wince/models"
)

// The figures in docs/accuracy.md and in the model card were made with the weights in the repository: their file names the
// weights' checksums, and on six faces that the network was not trained on it answers what it did then.
func TestUnitsAreThoseOfTheFigures(t *testing.T) {
	b, err := os.ReadFile("../../models/train/units/figures.json")
	if err != nil {
		t.Fatal(err)
	}
	var figures struct {
		SHA256 map[string]string `json:"sha256"`
	}
	if err := json.Unmarshal(b, &figures); err != nil {
		t.Fatal(err)
	}
	_, _, sum := models.UnitsNet()
	if want := figures.SHA256["units.onnx"]; sum != want {
		t.Errorf("models/units.onnx is sha256:%s, the figures were made with %s: train and evaluate both anew", sum, want)
	}
	heads, err := os.ReadFile("../units.json")
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.Sum256(heads)
	if got, want := hex.EncodeToString(h[:]), figures.SHA256["units.json"]; got != want {
		t.Errorf("vision/units.json is sha256:%s, the figures were made with %s: train and evaluate both anew", got, want)
	}

	r := open(t)
	net := closing(t)(r.Units())
	faces, err := os.ReadFile("../../models/testdata/units_faces.f16")
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := os.ReadFile("../../models/testdata/units_numbers.f32")
	if err != nil {
		t.Fatal(err)
	}
	n, m := len(net.Input()), len(net.Output(0))
	count := len(faces) / (2 * n)
	if count != 6 || len(faces) != count*2*n || len(numbers) != count*4*m {
		t.Fatalf("%d and %d bytes of faces and numbers do not fit %d and %d values", len(faces), len(numbers), n, m)
	}
	for k := range count {
		for i := range n {
			net.Input()[i] = half(binary.LittleEndian.Uint16(faces[2*(k*n+i):]))
		}
		if err := net.Run(); err != nil {
			t.Fatal(err)
		}
		for i, got := range net.Output(0) {
			want := math.Float32frombits(binary.LittleEndian.Uint32(numbers[4*(k*m+i):]))
			if d := math.Abs(float64(got - want)); !(d <= 2e-3) {
				t.Errorf("face %d, number %d: %g, want %g", k, i, got, want)
			}
		}
	}
}

// The attention mesh has no network of the action units.
func TestUnitsBelongToThePlainMesh(t *testing.T) {
	r := openAttention(t)
	if n, err := r.Units(); n != nil || err != nil {
		t.Errorf("the attention mesh opened %v, %v", n, err)
	}
	if v, ok := r.Versions()[models.Units]; ok {
		t.Errorf("the attention mesh names the network of the action units: %s", v)
	}
}

// half reads a number of IEEE 754's binary16.
func half(b uint16) float32 {
	sign, e, f := float64(1), int(b>>10&31), float64(b&1023)
	if b>>15 == 1 {
		sign = -1
	}
	if e == 0 {
		return float32(sign * math.Ldexp(f, -24))
	}
	return float32(sign * math.Ldexp(1024+f, e-25))
}

func BenchmarkUnits(b *testing.B) {
	r := open(b)
	net := closing(b)(r.Units())
	for i := range net.Input() {
		net.Input()[i] = float32(i%7) / 14
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := net.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
