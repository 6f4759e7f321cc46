package render

// tones are skin albedos from very light to very dark, evenly spaced along Person.Skin. They follow the spread of the Monk
// scale by eye; the light and the red of the blood are put on top.
var tones = [...]RGB{{238, 205, 186}, {228, 184, 156}, {205, 152, 118}, {160, 108, 78}, {104, 66, 47}, {62, 40, 32}}

func skinTone(p *Person) vec {
	t := clamp(float32(p.Skin), 0, 1) * float32(len(tones)-1)
	i := min(int(t), len(tones)-2)
	c := tones[i].linear().mix(tones[i+1].linear(), t-float32(i))
	w := float32(p.Warmth)
	return c.times(vec{1, 1 + 0.05*w, 1 - 0.10*w})
}

func (f *Figure) paint() {
	f.skinTone = skinTone(&f.person)
	f.skin = f.head.face.paint(f.skinAt)
	f.scalp = f.head.back.paint(f.skinAt)
}

// skinAt is the albedo and shine of a place of the resting head.
func (f *Figure) skinAt(p vec) (vec, float32) {
	who, seed := &f.person, uint32(f.person.Seed)
	x, y, z := abs(p[0]), p[1], p[2]
	c := f.skinTone
	dark, age := float32(who.Skin), float32(who.Age)

	blotch := fractal(p.mul(0.55), 2, seed)
	pores := noise(p.mul(9), seed+7)
	c = c.mul(1 + 0.10*blotch + 0.06*pores)
	red := 0.55*bell((x-4.6)/1.9)*bell((y+0.6)/2) + 0.5*bell(x/1.1)*bell((y-0.5)/1.2)*ramp(9, 12, z) + // cheeks, nose
		0.25*bell(x/2)*bell((y+6.6)/1.2) + 0.5*ramp(7.8, 8.4, x)*ramp(-2, -1, y) // chin, ears
	red = clamp(red*(1+0.6*blotch), 0, 1) * (1 - 0.55*dark)
	c = c.times(vec{1 - 0.02*red, 1 - 0.26*red, 1 - 0.24*red})
	if z > 4 { // round the eyes, more below them and towards the nose
		dx, dy := (x-3.0)/2.0, (y-3.3)/1.6
		d := bell(sqrt(dx*dx+dy*dy)*0.95) * (0.7 + 0.4*ramp(4, 1.5, x))
		k := d * (0.28 + 0.15*age)
		c = c.times(vec{1 - 0.75*k, 1 - k, 1 - 0.8*k})
	}
	if who.Freckles > 0 && y > -5 && y < 8 {
		n := noise(p.mul(3.4), seed+31) + 0.6*noise(p.mul(6.1), seed+32)
		k := ramp(0.62, 0.95, n) * float32(who.Freckles) * bell((y-0.5)/4.5)
		c = c.times(vec{1 - 0.28*k, 1 - 0.45*k, 1 - 0.55*k})
	}
	if age > 0.4 {
		k := ramp(0.72, 0.95, noise(p.mul(1.3), seed+41)+0.3*noise(p.mul(4), seed+42)) * (age - 0.4)
		c = c.times(vec{1 - 0.35*k, 1 - 0.45*k, 1 - 0.5*k})
	}
	shine := 0.32 + 0.2*bell(x/2.2)*ramp(2, 6, y) + 0.2*bell(x/1.2)*ramp(8, 12, z) + 0.08*noise(p.mul(2.5), seed+51)
	if who.Beard > 0 {
		k := ramp(-1.2, -2.6, y-0.25*max(x-3, 0)) * ramp(-10.5, -7.5, y) * ramp(0, 3, z+2)
		k *= 1 - ramp(0.5, 0.1, f.head.lipDistance(x, y))
		k *= float32(who.Beard) * (0.55 + 0.45*noise(vec{p[0] * 11, p[1] * 8, p[2] * 11}, seed+61))
		c = c.mix(who.BrowHair.linear(), clamp(0.55*k, 0, 1))
		shine *= 1 - 0.5*k
	}
	c, shine = f.lipAt(p, c, shine)
	if k := f.lidEdge(x, y, z); k > 0 {
		c = c.times(vec{1 - 0.72*k, 1 - 0.78*k, 1 - 0.78*k})
	}
	if k := f.browAt(p); k > 0 {
		c = c.mix(who.BrowHair.linear().mul(0.6), k)
		shine *= 1 - 0.7*k
	}
	if d := hairline(p, who.Style) + 0.3*noise(p.mul(2.2), seed+71) + 0.12*noise(p.mul(9), seed+72); d > -0.2 {
		k := ramp(-0.2, 0.55, d)
		c, shine = c.mix(f.hairAt(p), k), shine*(1-k)
	}
	return c, clamp(shine, 0, 1)
}

// hairAt is the colour of the hair with its strands.
func (f *Figure) hairAt(p vec) vec {
	seed := uint32(f.person.Seed)
	s := 0.55*noise(vec{p[0] * 5, p[1] * 1.1, p[2] * 1.3}, seed+81) + 0.45*noise(vec{p[0] * 13, p[1] * 2, p[2] * 2.4}, seed+82)
	return f.hair.mul(1 + 0.45*s)
}

// lipDistance is how far outside the outer lip line a place of the resting face lies, in centimetres; negative is lip.
func (h *Head) lipDistance(x, y float32) float32 {
	best, in := float32(1e9), false
	for i := range h.lips {
		a, b := h.lips[i], h.lips[(i+1)%len(h.lips)]
		dx, dy := b[0]-a[0], b[1]-a[1]
		t := clamp(((x-a[0])*dx+(y-a[1])*dy)/(dx*dx+dy*dy), 0, 1)
		ex, ey := x-a[0]-t*dx, y-a[1]-t*dy
		best = min(best, ex*ex+ey*ey)
		if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/dy*dx {
			in = !in
		}
	}
	if best = sqrt(best); in {
		return -best
	}
	return best
}

func (f *Figure) lipAt(p, c vec, shine float32) (vec, float32) {
	x, y, z := abs(p[0]), p[1], p[2]
	if x > 3.4 || y > -1.8 || y < -5.2 || z < 5 {
		return c, shine
	}
	k := ramp(0.16, -0.12, f.head.lipDistance(x, y))
	if k == 0 {
		return c, shine
	}
	red := float32(f.person.Lips)
	lip := f.skinTone.times(vec{0.86, 0.66, 0.74}).mix(f.skinTone.times(vec{0.80, 0.42, 0.56}), red)
	if f.person.Skin > 0.6 {
		lip = lip.mix(f.skinTone.times(vec{0.9, 0.72, 0.78}), 0.5)
	}
	lines := noise(vec{p[0] * 7, p[1] * 1.2, 0}, uint32(f.person.Seed)+91)
	lip = lip.mul(1 + 0.10*lines)
	if d := abs(y + 3.4 + 0.06*x*x*0.2); d < 0.25 && z > 9 { // the line where they meet
		lip = lip.mul(1 - 0.35*bell(d/0.12))
	}
	return c.mix(lip, k), shine + k*(0.25-0.3*float32(f.person.Age))
}

// lidEdge is 1 at the rims of the lids, where the lashes stand, seen from the front of the resting face.
func (f *Figure) lidEdge(x, y, z float32) float32 {
	e := f.head.eyes[1].centre
	if z < e[2] || abs(y-e[1]) > 1.5 || abs(x-e[0]) > 2 {
		return 0
	}
	d := vec{x, y, z}.sub(e)
	n := d.len()
	return ramp(0.17, 0.10, n-f.head.eyes[1].surface(d, f.head.eyes[1].axis, n)) * (0.75 + 0.25*ramp(-0.1, 0.2, d[1]))
}

// The middle line of a brow at rest: (|x|, y, half height).
var browLine = [...]vec{{0.95, 5.35, 0.22}, {1.5, 5.6, 0.42}, {2.4, 5.85, 0.45}, {3.5, 6.05, 0.40}, {4.6, 5.9, 0.30}, {5.4, 5.45, 0.2}, {5.95, 4.95, 0.08}}

// browAt is the density of brow hair at a place of the resting face. The single hairs stand nearly upright near the nose and
// lie down towards the temple.
func (f *Figure) browAt(p vec) float32 {
	x := abs(p[0])
	if f.person.Brows <= 0 || p[2] < 5 || x < 0.7 || x > 6.1 || p[1] < 4.4 || p[1] > 7 {
		return 0
	}
	i := 0
	for i < len(browLine)-2 && x > browLine[i+1][0] {
		i++
	}
	a, b := browLine[i], browLine[i+1]
	t := clamp((x-a[0])/(b[0]-a[0]), 0, 1)
	mid, half := a[1]+(b[1]-a[1])*t, a[2]+(b[2]-a[2])*t
	thick := float32(f.person.Brows)
	half *= 0.65 + 0.55*thick
	s := (p[1] - mid) / half
	long := clamp((x-0.95)/5, 0, 1)
	// along and across the hairs
	ca, sa := 0.25+0.72*long, 0.95-0.7*long
	if s > 0 {
		sa *= 0.6
	}
	u, v := x*ca+p[1]*sa, -x*sa+p[1]*ca
	seed := uint32(f.person.Seed) + 11
	if p[0] < 0 {
		seed += 5
	}
	hair := 0.6*noise(vec{u * 1.7, v * 10, 0.5}, seed) + 0.4*noise(vec{u * 3, v * 19, 1.5}, seed)
	edge := ramp(1.25, 0.35, abs(s)+0.35*hair) * ramp(0.75, 1.5, x+0.12*hair) * ramp(6.05, 5.2, x)
	return clamp(edge*(0.85+0.5*hair)*(0.7+0.5*thick), 0, 0.97)
}
