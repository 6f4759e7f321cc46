package render

import (
	"image"
	"math"
)

// resolve turns samples into pixels. The samples of a pixel that lie on the same surface are shaded once, at their middle.
func (r *Renderer) resolve(dst *image.RGBA, room *Room, exposure float32) {
	const n = over * over
	for y := range r.h {
		out := dst.Pix[dst.PixOffset(dst.Rect.Min.X, dst.Rect.Min.Y+y):]
		upper := r.samples.id[y*over*r.samples.w:][:r.samples.w]
		lower := r.samples.id[(y*over+1)*r.samples.w:][:r.samples.w]
		for x := range r.w {
			ids := [n]int32{upper[over*x], upper[over*x+1], lower[over*x], lower[over*x+1]}
			switch {
			case ids == [n]int32{-1, -1, -1, -1}:
				r.backdrop(out[4*x:4*x+4], room, x, y, exposure)
				continue
			case ids[0] >= 0 && ids[0] == ids[1] && ids[0] == ids[2] && ids[0] == ids[3]:
				r.put(out[4*x:4*x+4], r.shade(ids[0], float32(x*over)+1, float32(y*over)+1))
				continue
			}
			var sum vec
			done := 0
			for k := range n {
				if done&(1<<k) != 0 {
					continue
				}
				id := ids[k]
				if id < 0 {
					c := vec{0.28, 0.28, 0.28}
					if room != nil {
						c = room.at(x, y, r.w, r.h)
					}
					sum = sum.mad(c, exposure)
					continue
				}
				sx, sy, count := float32(0), float32(0), float32(0)
				near := r.samples.near[(y*over+k/over)*r.samples.w+x*over+k%over]
				for j := k; j < n; j++ {
					if done&(1<<j) != 0 || ids[j] < 0 || r.figure.head.tris[ids[j]].mat != r.figure.head.tris[id].mat {
						continue
					}
					if d := r.samples.near[(y*over+j/over)*r.samples.w+x*over+j%over] - near; abs(d) > 0.01*near {
						continue
					}
					done |= 1 << j
					sx += float32(j % over)
					sy += float32(j / over)
					count++
				}
				px, py := float32(x*over)+sx/count+0.5, float32(y*over)+sy/count+0.5
				sum = sum.mad(r.shade(id, px, py), count)
			}
			r.put(out[4*x:4*x+4], sum.mul(1./n))
		}
	}
}

// toneCurve maps linear light, 0-2, to sRGB bytes with a soft shoulder.
type toneCurve [4096]uint8

func newToneCurve() *toneCurve {
	t := &toneCurve{}
	for i := range t {
		x := float64(i) / float64(len(t)-1) * 2
		if x > 0.6 {
			x = 0.6 + 0.4*(1-math.Exp(-(x-0.6)/0.4))
		}
		if x <= 0.0031308 {
			x *= 12.92
		} else {
			x = 1.055*math.Pow(x, 1/2.4) - 0.055
		}
		t[i] = uint8(x*255 + 0.5)
	}
	return t
}

func (t *toneCurve) at(x float32) uint8 { return t[int(clamp(x, 0, 2)*(float32(len(t)-1)/2))] }

func (r *Renderer) put(o []uint8, c vec) {
	o[0], o[1], o[2], o[3] = r.tone.at(c[0]), r.tone.at(c[1]), r.tone.at(c[2]), 255
}

func (r *Renderer) backdrop(o []uint8, room *Room, x, y int, exposure float32) {
	c := vec{0.28, 0.28, 0.28}
	if room != nil {
		c = room.at(x, y, r.w, r.h)
	}
	r.put(o, c.mul(exposure))
}

// surface is what is known of a place before light falls on it.
type surface struct {
	at, normal, rest vec
	u, v, open       float32
}

// shade returns the light that comes from a triangle at a place of the sample grid.
func (r *Renderer) shade(id int32, px, py float32) vec {
	h := r.figure.head
	t := &h.tris[id]
	a, b, c := t.v[0], t.v[1], t.v[2]
	p0, p1, p2 := r.screen[a], r.screen[b], r.screen[c]
	ax, ay, bx, by := p1.x-p0.x, p1.y-p0.y, p2.x-p0.x, p2.y-p0.y
	inv := 1 / (ax*by - ay*bx)
	dx, dy := px-p0.x, py-p0.y
	// the middle of the samples may lie a little outside this triangle: its neighbours go on smoothly
	w1, w2 := clamp((dx*by-dy*bx)*inv, -0.5, 1.5), clamp((dy*ax-dx*ay)*inv, -0.5, 1.5)
	w0 := 1 - w1 - w2
	w0, w1, w2 = w0*p0.near, w1*p1.near, w2*p2.near
	inv = 1 / (w0 + w1 + w2)
	w0, w1, w2 = w0*inv, w1*inv, w2*inv
	mix := func(s []vec) vec {
		x, y, z := &s[a], &s[b], &s[c]
		return vec{x[0]*w0 + y[0]*w1 + z[0]*w2, x[1]*w0 + y[1]*w1 + z[1]*w2, x[2]*w0 + y[2]*w1 + z[2]*w2}
	}
	s := surface{at: mix(r.view), normal: mix(r.normal).unit(), open: h.open[a]*w0 + h.open[b]*w1 + h.open[c]*w2,
		u: t.uv[0][0]*w0 + t.uv[1][0]*w1 + t.uv[2][0]*w2, v: t.uv[0][1]*w0 + t.uv[1][1]*w1 + t.uv[2][1]*w2}
	switch t.mat {
	case matFace:
		s.rest = mix(h.rest)
		rgb, shine := r.figure.skin.sample(s.u, s.v)
		return r.shadeSkin(&s, rgb, shine)
	case matBack:
		s.rest = mix(h.rest)
		if h.inside[a] {
			return vec{0.05, 0.015, 0.012}.mul(s.open)
		}
		rgb, shine := r.figure.scalp.sample(s.u, s.v)
		return r.shadeSkin(&s, rgb, shine)
	case matEye:
		s.rest = mix(r.local)
		return r.shadeEye(&s)
	case matTeeth:
		s.open = 0.45 + 0.55*s.open
		return r.shadePlain(&s, vec{0.80, 0.73, 0.60}, 0.5)
	case matGums:
		return r.shadePlain(&s, vec{0.32, 0.10, 0.10}, 0.35)
	case matLash:
		return r.figure.person.BrowHair.linear().mul(0.35)
	case matNeck:
		s.rest = mix(h.rest)
		return r.shadeSkin(&s, r.figure.skinTone, 0.3)
	case matHair:
		s.rest = mix(h.rest)
		return r.shadeHair(&s, 0.8)
	case matFringe:
		s.rest = mix(h.rest)
		return r.shadeHair(&s, 0.1).mul(0.85)
	case matFrame:
		return r.shadePlain(&s, r.worn.Glasses.Colour.linear(), 0.5)
	case matLens:
		return r.lamps.sky.mul(0.8).mad(r.lamps.keyC, 0.25)
	case matCannula:
		return r.shadePlain(&s, vec{0.55, 0.62, 0.58}, 0.6)
	case matPillow:
		s.rest = mix(h.rest)
		return r.shadePlain(&s, r.worn.Pillow.linear().mul(0.9+0.25*fractal(s.rest.mul(0.2), 3, uint32(r.figure.person.Seed)+5)), 0)
	default:
		s.rest = mix(h.rest)
		fold := fractal(vec{s.rest[0] * 0.12, s.rest[1] * 0.06, s.rest[2] * 0.1}, 2, uint32(r.figure.person.Seed)+3)
		collar := ramp(-12.9, -13.25, s.rest[1]) // a darker hem
		return r.shadePlain(&s, r.figure.cloth.mul((0.7+0.3*collar)*(1+0.25*fold)), 0)
	}
}

// shadeSkin lights skin: furrows bend the normal, light bleeds round the terminator, most in red, and a broad and a narrow
// sheen lie on top.
func (r *Renderer) shadeSkin(s *surface, rgb vec, shine float32) vec {
	n := s.normal
	height, gx, gy := r.figure.head.creases.at(s.rest, &r.furrows)
	cavity := float32(1)
	if gx != 0 || gy != 0 {
		g := r.turn.apply(vec{gx, gy, 0})
		n = n.sub(g.mad(n, -g.dot(n))).unit()
		if height < 0 {
			cavity = 1 / (1 - 7*height)
		}
	}
	l := &r.lamps
	lit := r.lit(s.at.mad(s.normal, 0.12))
	open := s.open * cavity
	wrap := func(c float32) vec { // by how far the light goes on beyond where it grazes
		return vec{wrapped(c, 0.32), wrapped(c, 0.16), wrapped(c, 0.11)}
	}
	// the shadow's edge is red where light seeps through
	shadow := vec{sqrt(lit), lit, lit}.mul(0.5).add(vec{lit, lit, lit}.mul(0.5))
	e := l.keyC.times(wrap(n.dot(l.key))).times(shadow).mul(0.55 + 0.45*open)
	e = e.add(l.fillC.times(wrap(n.dot(l.fill))).mul(open))
	e = e.add(l.rimC.mul(max(n.dot(l.rim), 0) * open))
	up := 0.5 + 0.5*n[1]
	// light that bounces about in a hollow takes the colour of the skin
	bleed := vec{open + 0.25*(1-open), open + 0.06*(1-open), open + 0.04*(1-open)}
	e = e.add(l.ground.mix(l.sky, up).times(bleed))
	c := rgb.times(e)
	toEye := vec{0, 0, 1}
	graze := 1 - clamp(n.dot(toEye), 0, 1)
	fresnel := 0.04 + 0.5*graze*graze*graze*graze
	gloss := func(half vec, light vec, k float32) vec {
		d := max(n.dot(half), 0)
		d2 := d * d
		d4 := d2 * d2
		d8 := d4 * d4
		return light.mul(k * shine * (0.10*d8 + 0.22*d8*d8*d8))
	}
	c = c.add(gloss(l.halfKey, l.keyC, lit*open*(0.5+6*fresnel)*0.8))
	c = c.add(gloss(l.halfFill, l.fillC, open*0.6))
	return c.add(l.sky.mul(fresnel * 0.18 * open * shine))
}

func wrapped(c, w float32) float32 {
	c = (c + w) / (1 + w)
	if c <= 0 {
		return 0
	}
	return c * (1 - 0.12*w)
}

func (r *Renderer) shadePlain(s *surface, rgb vec, shine float32) vec {
	l := &r.lamps
	lit := r.lit(s.at.mad(s.normal, 0.2))
	if shine > 0 { // teeth and gums: wet, and lit through the lips' own shadow
		lit = 0.3 + 0.7*lit
	}
	e := l.keyC.mul(max(s.normal.dot(l.key), 0) * lit).add(l.fillC.mul(max(s.normal.dot(l.fill), 0)))
	e = e.add(l.ground.mix(l.sky, 0.5+0.5*s.normal[1])).mul(0.15 + 0.85*s.open)
	c := rgb.times(e)
	if shine > 0 {
		d := max(s.normal.dot(l.halfKey), 0)
		d *= d
		d *= d
		d *= d
		c = c.mad(l.keyC, shine*0.25*d*d*lit*s.open)
	}
	return c
}

// shadeHair lights strands: the sheen lies across them.
func (r *Renderer) shadeHair(s *surface, sheen float32) vec {
	l := &r.lamps
	rgb := r.figure.hairAt(s.rest)
	lit := r.lit(s.at.mad(s.normal, 0.5))
	e := l.keyC.mul(wrapped(s.normal.dot(l.key), 0.3) * lit).add(l.ground.mix(l.sky, 0.5+0.5*s.normal[1]))
	d := max(s.normal.dot(l.halfKey), 0)
	return rgb.times(e).add(rgb.times(l.keyC).mul(sheen * d * d * d * d * lit))
}

// shadeEye paints the eyeball by the angle from its axis: pupil, iris with its rays and dark rim, white with veins.
func (r *Renderer) shadeEye(s *surface) vec {
	side := 0
	if s.rest[0] > 0 {
		side = 1
	}
	ball := &r.figure.eyes[side]
	q := r.gaze[side].apply(s.rest.sub(ball.centre))
	n := q.len()
	cos := q.dot(ball.axis) / n
	angle := float32(math.Acos(float64(clamp(cos, -1, 1))))
	side2 := q.sub(ball.axis.mul(q.dot(ball.axis)))
	around := vec{side2[0], side2[1], float32(side)}.mul(1 / max(side2.len(), 1e-4))
	const pupil, iris = 0.155, 0.415
	white := vec{0.70, 0.66, 0.62}
	vein := ramp(0.2, 0.6, noise(q.mul(5), 13)) * ramp(0.5, 1.1, angle)
	white = white.times(vec{1, 1 - 0.2*vein - 0.12*ramp(0.6, 1.2, angle), 1 - 0.22*vein - 0.14*ramp(0.6, 1.2, angle)})
	rays := 0.5*noise(vec{around[0] * 9, around[1] * 9, around[2] + angle*3}, 17) + 0.3*noise(vec{around[0] * 22, around[1] * 22, angle * 5}, 19)
	col := r.figure.iris.mul((1 + 0.45*rays) * (0.75 + 0.5*ramp(iris, pupil, angle)))
	col = col.mul(1 - 0.75*ramp(iris-0.09, iris, angle))
	col = vec{0.006, 0.006, 0.007}.mix(col, ramp(pupil-0.02, pupil+0.025, angle))
	rgb := col.mix(white, ramp(iris-0.02, iris+0.035, angle))
	l := &r.lamps
	lit := r.lit(s.at.mad(s.normal, 0.1))
	// light enters an eye and fills it, so that it shades less than skin
	e := l.keyC.mul(wrapped(s.normal.dot(l.key), 0.5) * (0.35 + 0.65*lit)).add(l.fillC.mul(wrapped(s.normal.dot(l.fill), 0.5)))
	e = e.add(l.ground.mix(l.sky, 0.5+0.5*s.normal[1]).mul(0.85)).mul(0.25 + 0.75*s.open)
	c := rgb.times(e)
	mirror := func(half vec, light vec, k float32) vec {
		d := max(s.normal.dot(half), 0)
		d *= d
		d *= d
		d *= d
		d *= d
		d *= d
		d *= d // 64
		return light.mul(k * d * d * d)
	}
	c = c.add(mirror(l.halfKey, l.keyC, 0.9*(0.3+0.7*lit)))
	c = c.add(mirror(l.halfFill, l.fillC, 0.4))
	// between closed lids there is a line of lashes, not of white
	return c.mix(r.figure.skinTone.mul(0.12), ramp(0.75, 0.95, r.closed))
}
