package render

// atlas maps each texel of a material's square to the place on the resting head that it covers.
type atlas struct {
	size int
	at   []vec
	used []bool
}

func newAtlas(h *Head, mat uint8, size int) atlas {
	a := atlas{size, make([]vec, size*size), make([]bool, size*size)}
	s := float32(size)
	for i := range h.tris {
		t := &h.tris[i]
		if t.mat != mat {
			continue
		}
		p0, p1, p2 := t.uv[0], t.uv[1], t.uv[2]
		ax, ay, bx, by := (p1[0]-p0[0])*s, (p1[1]-p0[1])*s, (p2[0]-p0[0])*s, (p2[1]-p0[1])*s
		area := ax*by - ay*bx
		if area == 0 {
			continue
		}
		x0, x1 := int(min(p0[0], p1[0], p2[0])*s), int(max(p0[0], p1[0], p2[0])*s)+1
		y0, y1 := int(min(p0[1], p1[1], p2[1])*s), int(max(p0[1], p1[1], p2[1])*s)+1
		for y := max(y0, 0); y <= min(y1, size-1); y++ {
			for x := max(x0, 0); x <= min(x1, size-1); x++ {
				dx, dy := float32(x)+0.5-p0[0]*s, float32(y)+0.5-p0[1]*s
				w1, w2 := (dx*by-dy*bx)/area, (dy*ax-dx*ay)/area
				// a little beyond the edge, so that the seams have no gaps; the true owner overwrites
				const e = 0.35
				inside := w1 >= 0 && w2 >= 0 && w1+w2 <= 1
				if !inside && (w1 < -e || w2 < -e || w1+w2 > 1+e || a.used[y*size+x]) {
					continue
				}
				o := &h.rest[t.v[0]]
				a.at[y*size+x] = o.mad(h.rest[t.v[1]].sub(*o), w1).mad(h.rest[t.v[2]].sub(*o), w2)
				a.used[y*size+x] = true
			}
		}
	}
	return a
}

// texture is what is painted on an atlas: the square root of linear red, green and blue, and the share of shine or of hair.
type texture struct {
	size int
	rgba []uint8
}

// paint fills a texture from a function of the place on the resting head.
func (a *atlas) paint(f func(p vec) (rgb vec, extra float32)) texture {
	t := texture{a.size, make([]uint8, 4*a.size*a.size)}
	q := func(x float32) uint8 { return uint8(clamp(x*255+0.5, 0, 255)) }
	for i, p := range a.at {
		if !a.used[i] {
			continue
		}
		c, e := f(p)
		o := t.rgba[4*i : 4*i+4]
		for k := range 3 {
			o[k] = q(sqrt(clamp(c[k], 0, 1)))
		}
		o[3] = q(e)
	}
	return t
}

// sample reads linear colour and the extra channel between the texels.
func (t *texture) sample(u, v float32) (rgb vec, extra float32) {
	s := float32(t.size)
	x, y := clamp(u*s-0.5, 0, s-1.001), clamp(v*s-0.5, 0, s-1.001)
	ix, iy := int(x), int(y)
	fx, fy := x-float32(ix), y-float32(iy)
	o := 4 * (iy*t.size + ix)
	a, b := t.rgba[o:o+8:o+8], t.rgba[o+4*t.size:o+4*t.size+8]
	w00, w10, w01, w11 := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	var c [4]float32
	for k := range 4 {
		c[k] = (float32(a[k])*w00 + float32(a[k+4])*w10 + float32(b[k])*w01 + float32(b[k+4])*w11) * (1. / 255)
	}
	return vec{c[0] * c[0], c[1] * c[1], c[2] * c[2]}, c[3]
}
