package render

import "math"

// The furrows and folds that the sculpted shapes are too coarse to show. Each group is drawn once, on the plane of the
// resting face's right half, and weighted a frame by the action units that make it (FACS manual, appearance changes).
const (
	creaseGlabella   = iota // AU4: vertical furrows between the brows
	creaseNoseRoot          // AU9: across the root and down the sides of the nose
	creaseCrowsFeet         // AU6: from the outer eye corner
	creaseLowerLid          // AU6, AU7: below the eye
	creaseNasolabial        // AU9, AU10, AU12: from nose wing to mouth corner
	creaseForehead          // AU1, AU2: across the forehead
	creaseMouth             // AU12, AU20: beside the mouth corner
	creaseLid               // the upper lid's own fold, in everybody
	numCrease
)

// line is one furrow: points in (|x|, y) of the resting face, half width and depth in centimetres.
type line struct {
	at           [][2]float32
	width, depth float32
}

var creaseLines = [numCrease][]line{
	creaseGlabella: {
		{[][2]float32{{0.62, 4.35}, {0.5, 4.9}, {0.52, 5.6}, {0.62, 6.3}, {0.8, 7.0}}, 0.13, 0.10},
		{[][2]float32{{1.05, 5.3}, {1.12, 5.8}, {1.25, 6.5}}, 0.10, 0.04},
		{[][2]float32{{0, 4.15}, {0.35, 4.1}, {0.7, 4.0}}, 0.11, 0.06},
	},
	creaseNoseRoot: {
		{[][2]float32{{0, 3.75}, {0.4, 3.72}, {0.8, 3.6}}, 0.09, 0.07},
		{[][2]float32{{0, 3.2}, {0.4, 3.2}, {0.8, 3.05}}, 0.09, 0.06},
		{[][2]float32{{0.55, 2.75}, {0.95, 2.45}, {1.25, 1.9}}, 0.10, 0.07},
		{[][2]float32{{0.6, 2.2}, {0.95, 1.85}, {1.15, 1.4}}, 0.09, 0.06},
		{[][2]float32{{0.9, 3.0}, {1.3, 2.6}, {1.6, 2.0}}, 0.10, 0.05},
	},
	creaseCrowsFeet: {
		{[][2]float32{{5.0, 3.6}, {5.6, 4.0}, {6.2, 4.5}}, 0.08, 0.06},
		{[][2]float32{{5.05, 3.3}, {5.7, 3.35}, {6.4, 3.5}}, 0.08, 0.07},
		{[][2]float32{{5.0, 3.0}, {5.6, 2.75}, {6.3, 2.5}}, 0.08, 0.07},
		{[][2]float32{{4.9, 2.7}, {5.4, 2.25}, {5.9, 1.7}}, 0.08, 0.06},
	},
	creaseLowerLid: {
		{[][2]float32{{1.9, 2.85}, {2.5, 2.5}, {3.3, 2.4}, {4.1, 2.55}, {4.7, 2.9}}, 0.09, 0.06},
		{[][2]float32{{1.9, 2.5}, {2.5, 2.1}, {3.4, 1.85}, {4.3, 2.0}, {5.0, 2.4}}, 0.11, 0.07},
		{[][2]float32{{1.8, 2.1}, {2.4, 1.55}, {3.2, 1.3}}, 0.12, 0.05},
	},
	creaseNasolabial: {
		{[][2]float32{{1.65, 0.5}, {2.0, 0.0}, {2.45, -0.8}, {2.85, -1.7}, {3.15, -2.6}, {3.3, -3.3}}, 0.2, 0.13},
	},
	creaseForehead: {
		{[][2]float32{{0, 7.5}, {1.2, 7.45}, {2.6, 7.7}, {4.2, 7.5}, {5.2, 7.1}}, 0.11, 0.07},
		{[][2]float32{{0, 8.25}, {1.4, 8.3}, {2.8, 8.5}, {4.4, 8.2}}, 0.11, 0.07},
		{[][2]float32{{0, 9.0}, {1.3, 9.1}, {2.8, 9.1}, {3.8, 8.9}}, 0.11, 0.05},
	},
	creaseMouth: {
		{[][2]float32{{2.95, -2.9}, {3.15, -3.5}, {3.05, -4.3}}, 0.13, 0.07},
		{[][2]float32{{3.7, -2.2}, {3.95, -3.2}, {3.85, -4.2}}, 0.16, 0.05},
	},
	creaseLid: {
		{[][2]float32{{1.75, 3.65}, {2.3, 4.2}, {3.1, 4.5}, {4.0, 4.35}, {4.7, 3.8}}, 0.08, 0.05},
	},
}

// creases is the drawn sheet: height in centimetres and its slope for each group, over |x| in 0-9.2 and y in -9 to 11.
type creases struct {
	w, h  int
	mask  []uint16
	cells [numCrease][][3]float32
}

const (
	creaseStep = 0.04
	creaseMaxX = 9.2
	creaseMinY = -9
	creaseMaxY = 11
)

func newCreases() creases {
	c := creases{w: int(creaseMaxX/creaseStep) + 2, h: int((creaseMaxY-creaseMinY)/creaseStep) + 2}
	c.mask = make([]uint16, c.w*c.h)
	for g, lines := range creaseLines {
		c.cells[g] = make([][3]float32, c.w*c.h)
		height := func(x, y float32) (s float32) {
			for _, l := range lines {
				s += l.height(x, y)
			}
			return s
		}
		for j := range c.h {
			for i := range c.w {
				x, y := float32(i)*creaseStep, creaseMinY+float32(j)*creaseStep
				const d = 0.02
				v := [3]float32{height(x, y), (height(x+d, y) - height(x-d, y)) / (2 * d), (height(x, y+d) - height(x, y-d)) / (2 * d)}
				if abs(v[0]) > 1e-4 || abs(v[1]) > 1e-3 || abs(v[2]) > 1e-3 {
					c.cells[g][j*c.w+i] = v
					c.mask[j*c.w+i] |= 1 << g
				}
			}
		}
	}
	return c
}

// height is the line's profile: a valley between two low ridges, running out at both ends.
func (l *line) height(x, y float32) float32 {
	far := true
	for _, p := range l.at { // points are less than 1 cm apart or so
		if reach := 1 + 4*l.width; abs(x-p[0]) < reach && abs(y-p[1]) < reach {
			far = false
			break
		}
	}
	if far {
		return 0
	}
	best, where, total := float32(math.MaxFloat32), float32(0), float32(0)
	for i := 1; i < len(l.at); i++ {
		a, b := l.at[i-1], l.at[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		n := sqrt(dx*dx + dy*dy)
		t := clamp(((x-a[0])*dx+(y-a[1])*dy)/(n*n), 0, 1)
		ex, ey := x-a[0]-t*dx, y-a[1]-t*dy
		if d := ex*ex + ey*ey; d < best {
			best, where = d, total+t*n
		}
		total += n
	}
	d := sqrt(best) / l.width
	if d > 4 {
		return 0
	}
	end := ramp(0, 0.35*total, total-where)
	if l.at[0][0] > 0 { // lines that begin in the middle of the face go on across it
		end *= ramp(0, 0.35*total, where)
	}
	return l.depth * end * (0.35*bell((d-2)/0.9) - bell(d))
}

// weights are the strengths of the groups on the person's right and left.
type weights [2][numCrease]float32

// at returns the height in centimetres and the slope of all weighted furrows at a place of the resting face.
func (c *creases) at(p vec, w *weights) (height, sx, sy float32) {
	side := 0
	if p[0] > 0 {
		side = 1
	}
	x, y := abs(p[0])/creaseStep, (p[1]-creaseMinY)/creaseStep
	ix, iy := int(x), int(y)
	if y < 0 || ix >= c.w-1 || iy >= c.h-1 || p[2] < 2 {
		return
	}
	o := iy*c.w + ix
	mask := c.mask[o] | c.mask[o+1] | c.mask[o+c.w] | c.mask[o+c.w+1]
	if mask == 0 {
		return
	}
	fx, fy := x-float32(ix), y-float32(iy)
	for g := range numCrease {
		k := w[side][g]
		if mask&(1<<g) == 0 || k == 0 {
			continue
		}
		cells := c.cells[g]
		a, b, d, e := &cells[o], &cells[o+1], &cells[o+c.w], &cells[o+c.w+1]
		w00, w10, w01, w11 := (1-fx)*(1-fy)*k, fx*(1-fy)*k, (1-fx)*fy*k, fx*fy*k
		height += a[0]*w00 + b[0]*w10 + d[0]*w01 + e[0]*w11
		sx += a[1]*w00 + b[1]*w10 + d[1]*w01 + e[1]*w11
		sy += a[2]*w00 + b[2]*w10 + d[2]*w01 + e[2]*w11
	}
	if side == 0 {
		sx = -sx
	}
	return
}
