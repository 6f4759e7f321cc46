package vision

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The figures of docs/accuracy.md, section "Covered faces", were made with these weights. With others, make them anew.
func TestCoverIsTheOneTheFiguresAreOf(t *testing.T) {
	const of = "wince-cover/1 sha256:6e1de783ef00313a28bd6497f2e945706cf7a44fb29bbd3a2601b5e1842cf664"
	if got := MethodCover(); got != of {
		t.Errorf("the weights are %s", got)
	}
}

func TestReadCoverRefusesAnotherSize(t *testing.T) {
	if _, err := readCover(coverFile); err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{nil, coverFile[:len(coverFile)-4], append(append([]byte(nil), coverFile...), 0, 0, 0, 0)} {
		if _, err := readCover(file); err == nil {
			t.Errorf("%d bytes were accepted", len(file))
		}
	}
}

// A plain convolution, written as the formula is, must give what the layers give.
func TestCoverNetAgreesWithTheFormula(t *testing.T) {
	w, err := readCover(coverFile)
	if err != nil {
		t.Fatal(err)
	}
	c := coverNet{l: w.layers()}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range c.patch {
		c.patch[i] = float32(r.NormFloat64() * 0.3)
	}
	got := c.run()

	relu := func(x float64) float64 { return max(x, 0) }
	var one [coverN1][coverN1][coverC1]float64
	for y := range one {
		for x := range one[y] {
			for k := range one[y][x] {
				sum := float64(w.B1[k])
				for j := range 48 {
					row, col, ch := j/12, j%12/3, j%3
					sum += float64(w.W1[k*coverW1+j]) * float64(c.patch[((4*y+row)*coverSide+4*x+col)*3+ch])
				}
				one[y][x][k] = relu(sum)
			}
		}
	}
	var two []float64
	for y := range coverN2 {
		for x := range coverN2 {
			for k := range coverC2 {
				sum := float64(w.B2[k])
				for j := range coverW2 {
					place, ch := j/coverC1, j%coverC1
					sum += float64(w.W2[k*coverW2+j]) * one[2*y+place/3][2*x+place%3][ch]
				}
				two = append(two, relu(sum))
			}
		}
	}
	var three [coverHidden]float64
	for k := range three {
		three[k] = float64(w.B3[k])
		for j, v := range two {
			three[k] += float64(w.W3[k*coverW3+j]) * v
		}
		three[k] = relu(three[k])
	}
	for k := range got {
		sum := float64(w.B4[k])
		for j, v := range three {
			sum += float64(w.W4[k*coverHidden+j]) * v
		}
		if want := 1 / (1 + math.Exp(-sum)); math.Abs(want-float64(got[k])) > 1e-4 {
			t.Errorf("region %d: %.5f, want %.5f", k, got[k], want)
		}
	}
}

// A net may answer anything; the place of the patch must then not lead outside the crop.
func TestCoverPatchOfNonsense(t *testing.T) {
	planes := make([]float32, 3*meshSize*meshSize)
	c := coverNet{}
	turn := similarity{R: [3]vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, Scale: 1}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300} {
		for _, r := range []Region{{x, 0, 100, 0}, {0, 0, x, 0}, {0, 0, 100, x}} {
			c.sample(planes, &turn, r, jitter{})
		}
		bad := turn
		bad.Scale = x
		c.sample(planes, &bad, Region{50, 50, 100, 0}, jitter{})
	}
	for i, v := range c.patch {
		if math.IsNaN(float64(v)) {
			t.Fatalf("value %d of the patch is not a number", i)
		}
	}
}

func BenchmarkCover(b *testing.B) {
	l, err := loadCover()
	if err != nil {
		b.Fatal(err)
	}
	c := coverNet{l: l}
	planes := make([]float32, 3*meshSize*meshSize)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range planes {
		planes[i] = r.Float32()
	}
	turn := similarity{R: [3]vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, Scale: 1.0 / 90}
	b.ReportAllocs()
	for b.Loop() {
		c.sample(planes, &turn, Region{0, 30, 192, 0}, jitter{})
		c.run()
	}
}
