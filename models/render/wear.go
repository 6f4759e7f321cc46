package render

import "math"

// Wear is what lies over or beside a face in one picture.
type Wear struct {
	Glasses *Glasses // nil is none
	Cannula bool     // a nasal tube for oxygen, over cheeks and ears
	Pillow  *RGB     // the colour of one behind the head; nil is none
}

// Glasses are a frame. Lengths are in centimetres on a face of mean width; on others it is as much wider as the eyes stand farther apart.
type Glasses struct {
	Width, Height float64 // of a lens
	Square        float64 // 2 is round, 6 nearly square
	Rim           float64 // radius of the rim: 0.05 is wire, 0.2 thick
	Colour        RGB
	Glare         float64 // how much of a window each lens mirrors, 0-1
	GlareAt       float64 // where, -1 to 1 across the lens
}

// The tubes of things that are worn are joined from rings about a line of points.
const (
	tubeSides  = 6
	rimPoints  = 40
	armPoints  = 8
	airPoints  = 33
	strandsX   = 44
	strandsY   = 16
	fringeTop  = 10.9
	fringeLow  = 4.4
	fringeSide = 5.9
)

// worn says where in the head's list of vertices the things that can be worn begin.
type worn struct {
	rim, lens [2]int32
	bridge    int32
	arm       [2]int32
	air       int32    // the cannula
	prong     [2]int32 // its ends in the nostrils
	skin      []int32  // the vertices that the cannula lies on
	fringe    int32
	roots     []int32 // the vertices of the face that those of the fringe hang before
}

// cannulaLine is where a cannula lies on the left half of the resting face: (x, y), from below the nose to the ear.
var cannulaLine = [...][2]float32{{0, -1.45}, {0.45, -1.45}, {0.95, -1.5}, {1.5, -1.45}, {2.1, -1.2}, {2.7, -0.9}, {3.3, -0.6}, {3.9, -0.3}, {4.5, 0.05},
	{5.1, 0.4}, {5.6, 0.8}, {6.1, 1.25}, {6.5, 1.7}, {6.8, 2.2}, {7.1, 2.8}, {7.3, 3.4}, {7.5, 3.9}}

// cannulaAt is that of one of its airPoints, from the person's right to the left.
func cannulaAt(i int) [2]float32 {
	k := i - airPoints/2
	p := cannulaLine[max(k, -k)]
	if k < 0 {
		p[0] = -p[0]
	}
	return p
}

func (h *Head) addWorn() {
	for s := range 2 {
		h.worn.rim[s] = h.addTube(rimPoints, true, matFrame)
		h.worn.arm[s] = h.addTube(armPoints, false, matFrame)
		h.worn.lens[s] = h.addLens()
		h.worn.prong[s] = h.addTube(2, false, matCannula)
	}
	h.worn.bridge = h.addTube(armPoints, false, matFrame)
	h.worn.air = h.addTube(airPoints, false, matCannula)
	face := h.seen()
	for i := range airPoints {
		h.worn.skin = append(h.worn.skin, h.onSkin(face, cannulaAt(i)))
	}
	h.addFringe(face)
	h.addRings([]ring{{17, -7.5, 9, 1}, {15.5, -7, 16, 5}, {11, -6.5, 20, 7.5}, {4, -6.2, 21, 8.2}, {-3, -6.5, 20, 7.5}, {-9, -7, 17, 5}, {-11, -7.5, 10, 1}},
		2.6, 64, math.Pi, 2*math.Pi, matPillow)
}

// seen are the vertices of the face that are seen from the front, each once, in the triangles' order.
func (h *Head) seen() (list []int32) {
	known := make([]bool, len(h.rest))
	for i := range h.tris {
		if t := &h.tris[i]; t.mat == matFace {
			for _, v := range t.v {
				if h.rest[v][2] > 1 && !known[v] {
					known[v] = true
					list = append(list, v)
				}
			}
		}
	}
	return list
}

// onSkin is that of these vertices which is nearest to a place seen from the front.
func (h *Head) onSkin(face []int32, place [2]float32) (at int32) {
	best := float32(math.MaxFloat32)
	for _, v := range face {
		p := h.rest[v]
		if d := (p[0]-place[0])*(p[0]-place[0]) + (p[1]-place[1])*(p[1]-place[1]) - 0.02*p[2]; d < best {
			best, at = d, v
		}
	}
	return at
}

// addTube joins n rings of tubeSides vertices, whose places are found for each picture.
func (h *Head) addTube(n int, closed bool, mat uint8) (first int32) {
	first = int32(len(h.rest))
	h.rest = append(h.rest, make([]vec, n*tubeSides)...)
	last := n - 1
	if closed {
		last = n
	}
	for i := range last {
		for k := range tubeSides {
			at := func(i, k int) int32 { return first + int32(i%n*tubeSides+k%tubeSides) }
			a, b, c, d := at(i, k), at(i+1, k), at(i, k+1), at(i+1, k+1)
			h.tris = append(h.tris, triangle{v: [3]int32{a, b, c}, mat: mat}, triangle{v: [3]int32{c, b, d}, mat: mat})
		}
	}
	return first
}

// addLens fans triangles about a lens's middle; uv is -1 to 1 across and down it.
func (h *Head) addLens() (first int32) {
	first = int32(len(h.rest))
	h.rest = append(h.rest, make([]vec, rimPoints+1)...)
	for i := range rimPoints {
		j := (i + 1) % rimPoints
		uv := func(i int) [2]float32 {
			s, c := math.Sincos(2 * math.Pi * float64(i) / rimPoints)
			return [2]float32{float32(c), float32(s)}
		}
		h.tris = append(h.tris, triangle{[3]int32{first, first + 1 + int32(i), first + 1 + int32(j)}, [3][2]float32{{}, uv(i), uv(j)}, matLens})
	}
	return first
}

// addFringe hangs a curtain of hair before the forehead, for people who wear it so; uv is in centimetres from the middle and from the top.
func (h *Head) addFringe(face []int32) {
	h.worn.fringe = int32(len(h.rest))
	for j := range strandsY {
		y := fringeTop - (fringeTop-fringeLow)*float32(j)/(strandsY-1)
		for i := range strandsX {
			x := fringeSide * (2*float32(i)/(strandsX-1) - 1)
			k := h.onSkin(face, [2]float32{x, max(y, 5.6)})
			h.worn.roots = append(h.worn.roots, k)
			z := h.rest[k][2] + 0.4*ramp(fringeTop, fringeTop-1, y)
			h.rest = append(h.rest, vec{x, y, z})
		}
	}
	// the forehead's own vertices are coarse: smooth what was read from them
	for range 4 {
		for j := range strandsY {
			for i := 1; i < strandsX-1; i++ {
				o := h.worn.fringe + int32(j*strandsX+i)
				h.rest[o][2] = (h.rest[o-1][2] + 2*h.rest[o][2] + h.rest[o+1][2]) / 4
			}
		}
	}
	for j := range strandsY - 1 {
		for i := range strandsX - 1 {
			at := func(i, j int) int32 { return h.worn.fringe + int32(j*strandsX+i) }
			uv := func(v int32) [2]float32 { return [2]float32{h.rest[v][0], fringeTop - h.rest[v][1]} }
			a, b, c, d := at(i, j), at(i, j+1), at(i+1, j), at(i+1, j+1)
			for _, v := range [2][3]int32{{a, b, c}, {c, b, d}} {
				h.tris = append(h.tris, triangle{v, [3][2]float32{uv(v[0]), uv(v[1]), uv(v[2])}, matFringe})
			}
		}
	}
}

// strand says whether a place on the fringe's curtain holds hair: it ends raggedly, and lets the skin through in gaps.
func (f *Figure) strand(u, v float32) bool {
	who, seed := &f.person, uint32(f.person.Seed)
	slant := 0.5 * noise(vec{0.5, 0.5, 0.5}, seed+95)
	u += slant * v
	n := 0.6*noise(vec{u * 2.2, 0.1 * v, 0}, seed+96) + 0.4*noise(vec{u * 7, 0.2 * v, 0}, seed+97)
	length := fringeTop - 8.2 + 3.4*float32(who.Fringe) + 0.8*n
	if part := 3 * noise(vec{1.5, 0.5, 0.5}, seed+98); abs(u-part) < 0.5*float32(who.Fringe)*ramp(0, 4, v) {
		return false
	}
	return v < length && noise(vec{u * 16, v * 0.3, 0}, seed+99) > -0.75+0.9*ramp(length-1.6, length, v)
}

// wear puts what is worn where it belongs on a face under an expression.
func (f *Figure) wear(w *Wear, v []vec) {
	h := f.head
	if g := w.Glasses; g != nil {
		f.putGlasses(g, v)
	}
	if !w.Cannula {
		return
	}
	line := make([]vec, airPoints)
	for i, k := range h.worn.skin {
		p := cannulaAt(i)
		at := v[k].add(vec{p[0] - h.rest[k][0], p[1] - h.rest[k][1], 0})
		out := vec{0.6 * at[0] / 7, 0, 1}.unit()
		line[i] = at.mad(out, 0.12)
	}
	for range 2 {
		for i := 1; i < airPoints-1; i++ {
			line[i] = line[i-1].add(line[i].mul(2)).add(line[i+1]).mul(0.25)
		}
	}
	tube(v[h.worn.air:], line, 0.2, vec{0, 0, 1}, false)
	for s, k := range [2]int{-1, 1} {
		at := line[airPoints/2+k]
		tube(v[h.worn.prong[s]:], []vec{at, at.add(vec{0, 0.6, -0.1})}, 0.22, vec{0, 0, 1}, false)
	}
}

func (f *Figure) putGlasses(g *Glasses, v []vec) {
	h := f.head
	r, l := f.eyes[0].centre, f.eyes[1].centre
	k := (l[0] - r[0]) / (h.eyes[1].centre[0] - h.eyes[0].centre[0])
	nose := v[h.marks[27]].add(v[h.marks[28]]).mul(0.5)
	mid := vec{(l[0] + r[0]) / 2, (l[1]+r[1])/2 - 0.3, nose[2] + 0.25}
	mid[1] += nose[1] - (f.rest[h.marks[27]][1]+f.rest[h.marks[28]][1])/2 // the nose carries them
	rim, wide, high := float32(g.Rim), float32(g.Width)/2, float32(g.Height)/2
	at := func(x, y float32) vec { return mid.add(vec{x * k, y, -0.035 * x * x}) }
	for s, side := range [2]float32{-1, 1} {
		x := side * (wide + 0.85)
		line := make([]vec, rimPoints)
		for i := range line {
			sn, c := math.Sincos(2 * math.Pi * float64(i) / rimPoints)
			q := float32(math.Pow(math.Pow(math.Abs(sn), g.Square)+math.Pow(math.Abs(c), g.Square), -1/g.Square))
			line[i] = at(x+wide*q*float32(c), high*q*float32(sn))
		}
		tube(v[h.worn.rim[s]:], line, rim, vec{0, 0, 1}, true)
		lens := v[h.worn.lens[s]:]
		lens[0] = at(x, 0)
		copy(lens[1:], line)
		ear := f.rest[h.marks[16*s]]
		hinge, end := at(side*(2*wide+0.85), 0.45*high), vec{ear[0] * 1.04, mid[1] + 0.6, ear[2] - 4}
		arm := make([]vec, armPoints)
		for i := range arm {
			t := float32(i) / (armPoints - 1)
			arm[i] = hinge.mix(end, t)
			arm[i][0] += side * 1.2 * t * (1 - t)
		}
		tube(v[h.worn.arm[s]:], arm, rim*1.2, vec{0, 1, 0}, false)
	}
	bridge := make([]vec, armPoints)
	for i := range bridge {
		x := 1.9 * (float32(i)/(armPoints-1) - 0.5)
		bridge[i] = at(x, 0.35*high+0.3*(1-x*x)).add(vec{0, 0, 0.15})
	}
	tube(v[h.worn.bridge:], bridge, rim, vec{0, 0, 1}, false)
}

// tube writes rings about a line into v; up is a direction that the line never takes.
func tube(v, line []vec, radius float32, up vec, closed bool) {
	n := len(line)
	for i, c := range line {
		a, b := max(i-1, 0), min(i+1, n-1)
		if closed {
			a, b = (i+n-1)%n, (i+1)%n
		}
		along := line[b].sub(line[a]).unit()
		x := along.cross(up).unit()
		y := along.cross(x)
		for k := range tubeSides {
			s, co := math.Sincos(2 * math.Pi * float64(k) / tubeSides)
			v[i*tubeSides+k] = c.mad(x, radius*float32(co)).mad(y, radius*float32(s))
		}
	}
}

// glare says whether a place on a lens mirrors the window. A sample is opaque or not there, so half of it is left out.
func glare(g *Glasses, u, v float32) bool {
	d := abs(u+0.5*v-float32(g.GlareAt)) * 2
	return d < 1.2*float32(g.Glare) && noise(vec{u * 90, v * 90, 0}, 3) > 0.25*d
}
