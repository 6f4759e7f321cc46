package occlude

import "math"

type vec [3]float64

func (a vec) mad(b vec, k float64) vec { return vec{a[0] + k*b[0], a[1] + k*b[1], a[2] + k*b[2]} }

// turned is a rotation by Euler angles in radians.
func turned(p vec, x, y, z float64) vec {
	s, k := math.Sincos(x)
	p = vec{p[0], k*p[1] - s*p[2], s*p[1] + k*p[2]}
	s, k = math.Sincos(y)
	p = vec{k*p[0] + s*p[2], p[1], k*p[2] - s*p[0]}
	s, k = math.Sincos(z)
	return vec{k*p[0] - s*p[1], s*p[0] + k*p[1], p[2]}
}

// A rod is a limb between two places with a radius at each end, in centimetres.
type rod struct {
	a, b   vec
	ra, rb float64
}

// hand is a hand of rods: palm, four fingers of three, a thumb of two, a forearm. It is shown in any turn, its fingers bent
// and spread by chance, and a finger or the palm lies on the face.
func (c *canvas) hand() {
	size := c.between(0.85, 1.15)
	curl, spread := c.between(0, 1.1), c.between(-0.04, 0.16)
	if c.r.Float64() < 0.15 {
		curl = c.between(1.2, 1.9) // a fist
	}
	var rods []rod
	tips := []vec{}
	for i := range 4 {
		x := (float64(i) - 1.5) * 1.9
		base := vec{x, 8.8 - 0.25*math.Abs(float64(i)-1.2), 0}
		rods = append(rods, rod{vec{x * 0.6, 1, 0}, base, 1.35, 1.05})
		long := []float64{6.8, 7.6, 7.2, 5.8}[i]
		bend, out := 0.0, spread*(float64(i)-1.5)*2
		p, width := base, 0.95
		mine := max(curl+c.between(-0.25, 0.25), 0)
		for k, part := range []float64{0.46, 0.3, 0.24} {
			bend += mine * []float64{0.55, 0.75, 0.5}[k]
			q := p.mad(vec{math.Sin(out), math.Cos(out) * math.Cos(bend), -math.Sin(bend)}, part*long)
			rods = append(rods, rod{p, q, width, width - 0.1})
			p, width = q, width-0.1
		}
		tips = append(tips, p)
	}
	if c.r.Float64() < 0.75 {
		side, lift := c.between(0.5, 1.2), c.between(-0.4, 0.4)
		p := vec{-3, 3, 0}
		q := p.mad(vec{-math.Sin(side), math.Cos(side), lift}, 3.6)
		rods = append(rods, rod{vec{-1.5, 1, 0}, p, 1.4, 1.25}, rod{p, q, 1.15, 1}, rod{q, q.mad(vec{-math.Sin(side) * 0.6, 1, lift}, 2.6), 1, 0.8})
	}
	rods = append(rods, rod{vec{0, 1, 0}, vec{0, -25, c.between(-6, 6)}, 2.6, 3.4})

	tx, ty, tz := c.between(-0.7, 0.7), c.between(-1, 1), c.between(-1.2, 1.2)
	if c.r.Float64() < 0.3 { // from any side
		tz = c.between(-math.Pi, math.Pi)
	}
	mirror := 1.0
	if c.r.Float64() < 0.5 {
		mirror = -1
	}
	place := func(p vec) vec {
		p = turned(vec{mirror * p[0], p[1], p[2]}, tx, ty, tz)
		return vec{p[0] * size, -p[1] * size, p[2] * size} // down in the picture
	}
	touch := tips[c.r.IntN(4)]
	if c.r.Float64() < 0.4 {
		touch = vec{c.between(-2, 2), c.between(3, 9), 0}
	}
	from, at := place(touch), c.somewhere()
	c.rods(rods, place, func(p vec) vec { return vec{at.X + (p[0]-from[0])*c.cm, at.Y + (p[1]-from[1])*c.cm, p[2] * c.cm} }, size*c.cm, c.handColour())
}

// somewhere is a place on the face or near it.
func (c *canvas) somewhere() Point {
	marks := []int{1, 4, 6, 9, 13, 17, 33, 50, 61, 105, 133, 152, 168, 199, 205, 263, 280, 291, 334, 362, 425}
	p := c.face[marks[c.r.IntN(len(marks))]]
	return Point{p.X + 1.5*c.cm*c.r.NormFloat64(), p.Y + 1.5*c.cm*c.r.NormFloat64()}
}

// handColour is the face's own colour or near it; now and then somebody else's skin, or a glove.
func (c *canvas) handColour() (s [3]float64) {
	switch k := c.r.Float64(); {
	case k < 0.08:
		return [3]float64{c.between(60, 140), c.between(110, 190), c.between(160, 230)}
	case k < 0.2:
		d := c.r.Float64()
		return [3]float64{235 - 170*d, 190 - 155*d, 165 - 140*d}
	}
	gain := c.between(0.75, 1.3)
	for k := range s {
		s[k] = min(c.skin[k]*gain*c.between(0.95, 1.05), 250)
	}
	return s
}

// rods draws limbs with shading by the turn of their surface to a light.
func (c *canvas) rods(rods []rod, place func(vec) vec, project func(vec) vec, scale float64, colour [3]float64) {
	light := vec{c.between(-0.7, 0.7), c.between(-0.9, 0.2), 1}
	n := math.Sqrt(light[0]*light[0] + light[1]*light[1] + 1)
	ambient := c.between(0.35, 0.7)
	depth := make([]float64, c.w*c.h)
	grain := c.between(0, 0.05)
	for _, rd := range rods {
		a, b := project(place(rd.a)), project(place(rd.b))
		steps := int(math.Hypot(b[0]-a[0], b[1]-a[1])/1.5) + 2
		for i := range steps {
			t := float64(i) / float64(steps-1)
			x, y, z := a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1]), a[2]+t*(b[2]-a[2])
			r := (rd.ra + t*(rd.rb-rd.ra)) * scale
			for py := max(0, int(y-r)); py <= min(c.h-1, int(y+r)); py++ {
				for px := max(0, int(x-r)); px <= min(c.w-1, int(x+r)); px++ {
					dx, dy := (float64(px)-x)/r, (float64(py)-y)/r
					d := 1 - dx*dx - dy*dy
					if d <= 0 {
						continue
					}
					up := math.Sqrt(d)
					o := py*c.w + px
					if zz := z + up*r + 1e5; zz > depth[o] {
						depth[o] = zz
						l := ambient + (1-ambient)*max((dx*light[0]+dy*light[1]+up*light[2])/n, 0)
						l *= 1 - 0.35*(1-up)*(1-up) + grain*c.r.NormFloat64()
						c.layer[o], c.alpha[o] = [3]float64{colour[0] * l, colour[1] * l, colour[2] * l}, 1
					}
				}
			}
		}
	}
}

// fill covers what lies inside the outline, each place with the colour that paint gives it.
func (c *canvas) fill(outline []Point, paint func(x, y float64) ([3]float64, float64)) {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range outline {
		x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
	}
	for y := max(0, int(y0)); y <= min(c.h-1, int(y1)); y++ {
		for x := max(0, int(x0)); x <= min(c.w-1, int(x1)); x++ {
			if inside(outline, float64(x), float64(y)) {
				colour, alpha := paint(float64(x), float64(y))
				c.put(x, y, colour, alpha)
			}
		}
	}
}

// line draws a stroke of a width in centimetres.
func (c *canvas) line(a, b Point, width float64, colour [3]float64, alpha float64) {
	n := int(math.Hypot(a.X-b.X, a.Y-b.Y)) + 1
	r := width * c.cm / 2
	for i := range n + 1 {
		t := float64(i) / float64(n)
		x, y := a.X+t*(b.X-a.X), a.Y+t*(b.Y-a.Y)
		for py := int(y - r); py <= int(y+r); py++ {
			for px := int(x - r); px <= int(x+r); px++ {
				if (float64(px)-x)*(float64(px)-x)+(float64(py)-y)*(float64(py)-y) <= r*r+0.3 {
					c.put(px, py, colour, alpha)
				}
			}
		}
	}
}

func (c *canvas) anyColour() (s [3]float64) {
	base := c.between(15, 240)
	for k := range s {
		s[k] = min(max(base+50*c.r.NormFloat64(), 5), 250)
	}
	return s
}

// stuff is a fabric: its colour with stripes, folds and grain.
func (c *canvas) stuff() func(x, y float64) ([3]float64, float64) {
	colour, other := c.anyColour(), c.anyColour()
	if c.r.Float64() < 0.25 { // the colour of skin tells nothing
		colour = c.handColour()
	}
	stripe, fold, grain := 0.0, c.between(0, 0.25), c.between(0, 0.06)
	if c.r.Float64() < 0.35 {
		stripe = c.between(0.3, 1)
	}
	fx, fy, gx, gy := c.between(-2, 2)/c.cm, c.between(-2, 2)/c.cm, c.between(-1, 1)/c.cm, c.between(-1, 1)/c.cm
	phase := c.between(0, 6)
	return func(x, y float64) (s [3]float64, alpha float64) {
		k := stripe * (0.5 + 0.5*math.Sin(fx*x+fy*y))
		l := 1 + fold*math.Sin(gx*x+gy*y+phase+1.5*math.Sin(0.6*gy*x-0.8*gx*y)) + grain*c.r.NormFloat64()
		for i := range s {
			s[i] = (colour[i]*(1-k) + other[i]*k) * l
		}
		return s, 1
	}
}

// around grows an outline of landmarks from their middle.
func (c *canvas) around(k float64, marks ...int) []Point {
	var mx, my float64
	for _, m := range marks {
		mx, my = mx+c.face[m].X/float64(len(marks)), my+c.face[m].Y/float64(len(marks))
	}
	out := make([]Point, len(marks))
	for i, m := range marks {
		out[i] = Point{mx + k*(c.face[m].X-mx), my + k*(c.face[m].Y-my)}
	}
	return out
}

func (c *canvas) mask() {
	tops := [][]int{{227, 117, 6, 346, 447}, {227, 118, 195, 347, 447}, {137, 205, 2, 425, 366}} // high, as it should be, under the nose
	top := tops[[]int{0, 1, 1, 1, 2}[c.r.IntN(5)]]
	marks := append(append([]int(nil), top...), 361, 397, 378, 152, 149, 172, 132)
	paint := c.stuff()
	if c.r.Float64() < 0.5 {
		blue := [3]float64{c.between(120, 230), c.between(170, 240), c.between(190, 250)}
		plain := paint
		pleat := c.between(0.5, 1.2) * c.cm
		paint = func(x, y float64) ([3]float64, float64) {
			_, a := plain(x, y)
			l := 1 - 0.12*math.Pow(math.Abs(math.Sin(math.Pi*y/pleat)), 6) + 0.02*c.r.NormFloat64()
			return [3]float64{blue[0] * l, blue[1] * l, blue[2] * l}, a
		}
	}
	c.fill(c.around(c.between(0.97, 1.08), marks...), paint)
}

func (c *canvas) oxygen() {
	outline := c.around(c.between(1, 1.15), 6, 277, 425, 430, 152, 210, 205, 47)
	tint, thick := [3]float64{c.between(150, 220), c.between(200, 240), c.between(190, 235)}, c.between(0.2, 0.45)
	gx, gy := c.between(-1, 1)/c.cm, c.between(-1, 1)/c.cm
	c.fill(outline, func(x, y float64) ([3]float64, float64) {
		return tint, min(1, thick+0.5*math.Pow(max(math.Sin(gx*x+gy*y), 0), 12))
	})
	c.solid = make([]float64, len(c.alpha))
	for i, a := range c.alpha {
		if a > 0 {
			c.solid[i] = 1 // seen through a mask is not seen
		}
	}
	rim := [3]float64{tint[0] * 0.8, tint[1] * 0.85, tint[2] * 0.85}
	for i := range outline {
		c.line(outline[i], outline[(i+1)%len(outline)], 0.35, rim, 0.8)
	}
	mouth := c.face[13]
	c.fill(ellipse(Point{mouth.X, mouth.Y}, 1.3*c.cm, 1.3*c.cm), func(x, y float64) ([3]float64, float64) { return rim, 0.9 })
}

func ellipse(at Point, rx, ry float64) (out []Point) {
	for i := range 40 {
		s, k := math.Sincos(2 * math.Pi * float64(i) / 40)
		out = append(out, Point{at.X + rx*k, at.Y + ry*s})
	}
	return out
}

// cloth covers all that lies beyond a wavy line through the face.
func (c *canvas) cloth() {
	at, angle := c.somewhere(), c.between(0, 2*math.Pi)
	if c.r.Float64() < 0.5 { // a blanket from below
		angle = math.Pi/2 + c.between(-0.4, 0.4)
	}
	s, k := math.Sincos(angle)
	wave, long, phase := c.between(0, 0.8)*c.cm, c.between(0.2, 1)/c.cm, c.between(0, 6)
	paint := c.stuff()
	deep := c.between(6, 40) * c.cm
	for y := range c.h {
		for x := range c.w {
			dx, dy := float64(x)-at.X, float64(y)-at.Y
			over := dx*k + dy*s + wave*math.Sin(long*(dy*k-dx*s)+phase)
			if over > 0 && over < deep {
				colour, a := paint(float64(x), float64(y))
				l := 1 - 0.3*math.Exp(-over/(0.5*c.cm))
				c.put(x, y, [3]float64{colour[0] * l, colour[1] * l, colour[2] * l}, a)
			}
		}
	}
}

func (c *canvas) object() {
	at := c.somewhere()
	if c.r.Float64() < 0.4 { // a cup at the mouth
		at = Point{c.face[13].X + c.between(-1, 1)*c.cm, c.face[13].Y + c.between(0, 3)*c.cm}
	}
	w, h := c.between(1.5, 6)*c.cm, c.between(1.5, 6)*c.cm
	outline := ellipse(Point{}, w, h)
	if c.r.Float64() < 0.6 {
		outline = []Point{{-w, -h}, {w, -h}, {w * c.between(0.7, 1.1), h}, {-w * c.between(0.7, 1.1), h}}
	}
	s, k := math.Sincos(c.between(-0.6, 0.6))
	for i, p := range outline {
		outline[i] = Point{at.X + k*p.X - s*p.Y, at.Y + s*p.X + k*p.Y}
	}
	round := c.between(0, 0.5)
	paint := c.stuff()
	c.fill(outline, func(x, y float64) ([3]float64, float64) {
		colour, a := paint(x, y)
		u := ((x-at.X)*k + (y-at.Y)*s) / w
		l := 1 - round*u*u
		return [3]float64{colour[0] * l, colour[1] * l, colour[2] * l}, a
	})
}

// hair falls in strands over the brow and perhaps an eye.
func (c *canvas) hair() {
	colour := [3]float64{c.between(15, 200), 0, 0}
	colour[1], colour[2] = colour[0]*c.between(0.75, 1), colour[0]*c.between(0.5, 0.95)
	root := Point{c.face[10].X + c.between(-4, 4)*c.cm, c.face[10].Y - 3*c.cm}
	to := c.face[[]int{105, 334, 9, 159, 386, 33, 263, 50, 280}[c.r.IntN(9)]]
	wide := c.between(0.5, 4) * c.cm
	for range int(c.between(40, 300)) {
		d := c.r.NormFloat64()
		k := c.between(0.6, 1.4)
		col := [3]float64{colour[0] * k, colour[1] * k, colour[2] * k}
		p := Point{root.X + d*wide, root.Y}
		end := Point{to.X + d*wide*0.6 + c.between(-0.3, 0.3)*c.cm, to.Y + c.between(-2, 1)*c.cm}
		bow := c.between(-1, 1) * c.cm
		last := p
		for i := 1; i <= 8; i++ {
			t := float64(i) / 8
			q := Point{p.X + t*(end.X-p.X) + bow*math.Sin(math.Pi*t), p.Y + t*(end.Y-p.Y)}
			c.line(last, q, 0.14, col, 0.9)
			last = q
		}
	}
}

func (c *canvas) tube() {
	colour := [3]float64{c.between(180, 240), c.between(200, 245), c.between(190, 240)}
	wide := c.between(0.3, 0.55)
	for _, way := range [][]int{{234, 205, 2}, {454, 425, 2}} {
		for i := 1; i < len(way); i++ {
			c.line(c.face[way[i-1]], c.face[way[i]], wide, colour, 0.75)
		}
	}
	for _, m := range []int{97, 326} {
		c.line(Point{c.face[m].X, c.face[m].Y + 0.4*c.cm}, c.face[m], wide, colour, 0.8)
	}
}

// glasses do not hide what is behind them.
func (c *canvas) glasses() {
	colour := c.anyColour()
	wide := c.between(0.1, 0.4)
	tint := c.between(0, 0.15)
	for _, eye := range [][2]int{{33, 133}, {263, 362}} {
		a, b := c.face[eye[0]], c.face[eye[1]]
		rx, ry := c.between(2.2, 2.8)*c.cm, c.between(1.7, 2.5)*c.cm
		rim := ellipse(Point{(a.X + b.X) / 2, (a.Y+b.Y)/2 + 0.3*c.cm}, rx, ry)
		c.fill(rim, func(_, _ float64) ([3]float64, float64) { return [3]float64{200, 210, 220}, tint })
		for i := range rim {
			c.line(rim[i], rim[(i+1)%len(rim)], wide, colour, 1)
		}
		c.line(a, c.face[map[int]int{33: 127, 263: 356}[eye[0]]], wide, colour, 1)
	}
	c.line(c.face[193], c.face[417], wide, colour, 1)
	c.solid = make([]float64, len(c.alpha))
}
