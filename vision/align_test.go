package vision

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestFitFindsAKnownSimilarity(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		yaw, pitch, roll := rnd.Float64()*2-1, rnd.Float64()*2-1, rnd.Float64()*2-1
		turn := mul(mul(rot(2, roll), rot(1, yaw)), rot(0, pitch))
		want := similarity{R: turn, Scale: 0.2 + rnd.Float64()*5, T: vec3{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()}}
		var from, to [NumPoints]vec3
		indices := make([]int, 30)
		for i := range indices {
			indices[i] = i * 3
			from[i*3] = vec3{rnd.NormFloat64(), rnd.NormFloat64(), rnd.NormFloat64()}
			to[i*3] = want.apply(from[i*3])
		}
		got, rest := fit(&from, &to, indices)
		if rest > 1e-6 || math.Abs(got.Scale-want.Scale) > 1e-9 {
			t.Fatalf("scale %g, rest %g; want scale %g and no rest", got.Scale, rest, want.Scale)
		}
		for i := range 3 {
			for j := range 3 {
				if math.Abs(got.R[i][j]-want.R[i][j]) > 1e-8 {
					t.Fatalf("turn %v, want %v", got.R, want.R)
				}
			}
		}
	}
}

func TestAnglesHaveTheirSigns(t *testing.T) {
	for _, c := range []struct {
		name             string
		turn             [3]vec3 // reference to picture
		yaw, pitch, roll float64
	}{
		{"frontal", rot(0, 0), 0, 0, 0},
		// Turned to the person's left, which is the picture's right: the nose (-z) moves to +x.
		{"left", rot(1, -0.3), 17.19, 0, 0},
		{"up", rot(0, -0.2), 0, 11.46, 0},
		{"clockwise", rot(2, 0.1), 0, 0, 5.73},
	} {
		s := similarity{R: transpose(c.turn), Scale: 1}
		yaw, pitch, roll := s.angles()
		if math.Abs(yaw-c.yaw) > 0.1 || math.Abs(pitch-c.pitch) > 0.1 || math.Abs(roll-c.roll) > 0.1 {
			t.Errorf("%s: yaw %.2f pitch %.2f roll %.2f; want %.2f %.2f %.2f", c.name, yaw, pitch, roll, c.yaw, c.pitch, c.roll)
		}
	}
}

func rot(axis int, a float64) [3]vec3 {
	s, c := math.Sincos(a)
	i, j := (axis+1)%3, (axis+2)%3
	var r [3]vec3
	r[axis][axis], r[i][i], r[j][j], r[i][j], r[j][i] = 1, c, c, -s, s
	return r
}

func mul(a, b [3]vec3) (m [3]vec3) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return m
}

func transpose(a [3]vec3) (m [3]vec3) {
	for i := range 3 {
		for j := range 3 {
			m[i][j] = a[j][i]
		}
	}
	return m
}
