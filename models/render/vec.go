package render

import "math"

// vec is a point or direction in centimetres: x to the person's left, y up, z out of the face.
type vec [3]float32

func (a vec) add(b vec) vec            { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec) sub(b vec) vec            { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) mul(s float32) vec        { return vec{a[0] * s, a[1] * s, a[2] * s} }
func (a vec) times(b vec) vec          { return vec{a[0] * b[0], a[1] * b[1], a[2] * b[2]} }
func (a vec) dot(b vec) float32        { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) len() float32             { return sqrt(a.dot(a)) }
func (a vec) mix(b vec, t float32) vec { return a.add(b.sub(a).mul(t)) }
func (a vec) mad(b vec, s float32) vec { return vec{a[0] + b[0]*s, a[1] + b[1]*s, a[2] + b[2]*s} }
func (a vec) cross(b vec) vec {
	return vec{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

func (a vec) unit() vec {
	l := a.len()
	if l < 1e-12 {
		return vec{0, 0, 1}
	}
	return a.mul(1 / l)
}

// mat is a rotation, row by row.
type mat [3]vec

func (m *mat) apply(v vec) vec { return vec{m[0].dot(v), m[1].dot(v), m[2].dot(v)} }

// rotation turns by yaw (to the person's left), then pitch (up) and roll (towards the person's right shoulder), in degrees.
func rotation(yaw, pitch, roll float64) mat {
	sy, cy := math.Sincos(yaw * math.Pi / 180)
	sp, cp := math.Sincos(-pitch * math.Pi / 180)
	sr, cr := math.Sincos(roll * math.Pi / 180)
	y := [3][3]float64{{cy, 0, sy}, {0, 1, 0}, {-sy, 0, cy}}
	p := [3][3]float64{{1, 0, 0}, {0, cp, -sp}, {0, sp, cp}}
	r := [3][3]float64{{cr, -sr, 0}, {sr, cr, 0}, {0, 0, 1}}
	mul := func(a, b [3][3]float64) (c [3][3]float64) {
		for i := range 3 {
			for j := range 3 {
				c[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j] + a[i][2]*b[2][j]
			}
		}
		return
	}
	m := mul(y, mul(p, r))
	var out mat
	for i := range 3 {
		for j := range 3 {
			out[i][j] = float32(m[i][j])
		}
	}
	return out
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
func abs(x float32) float32  { return max(x, -x) }

func clamp(x, lo, hi float32) float32 { return min(max(x, lo), hi) }

// ramp rises smoothly from 0 at a to 1 at b.
func ramp(a, b, x float32) float32 {
	t := clamp((x-a)/(b-a), 0, 1)
	return t * t * (3 - 2*t)
}

// bell is 1 at 0 and falls smoothly, close to exp(-x²) but cheaper: 0 from 2.83 on.
func bell(x float32) float32 {
	x = max(1-x*x*(1./8), 0)
	x *= x
	x *= x
	return x * x
}

// noise is value noise over space, -1 to 1, the same for the same point and seed.
func noise(p vec, seed uint32) float32 {
	fx, fy, fz := floor(p[0]), floor(p[1]), floor(p[2])
	tx, ty, tz := p[0]-float32(fx), p[1]-float32(fy), p[2]-float32(fz)
	tx, ty, tz = tx*tx*(3-2*tx), ty*ty*(3-2*ty), tz*tz*(3-2*tz)
	c := func(dx, dy, dz int32) float32 { return hash(fx+dx, fy+dy, fz+dz, seed) }
	l := func(a, b, t float32) float32 { return a + (b-a)*t }
	return l(
		l(l(c(0, 0, 0), c(1, 0, 0), tx), l(c(0, 1, 0), c(1, 1, 0), tx), ty),
		l(l(c(0, 0, 1), c(1, 0, 1), tx), l(c(0, 1, 1), c(1, 1, 1), tx), ty), tz)
}

// fractal sums n octaves of noise.
func fractal(p vec, n int, seed uint32) (s float32) {
	a := float32(0.55)
	for i := range n {
		s += a * noise(p, seed+uint32(i)*101)
		p, a = p.mul(2.03), a*0.5
	}
	return s
}

func floor(x float32) int32 {
	i := int32(x)
	if float32(i) > x {
		i--
	}
	return i
}

func hash(x, y, z int32, seed uint32) float32 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ uint32(z)*0xcb1ab31f ^ seed*0x9e3779b1
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	h ^= h >> 15
	return float32(h)*(2.0/4294967296.0) - 1
}
