package render

import (
	"math"
	"math/rand/v2"
)

// RGB is a colour in sRGB.
type RGB [3]uint8

func (c RGB) linear() vec { return vec{toLinear(c[0]), toLinear(c[1]), toLinear(c[2])} }

func toLinear(c uint8) float32 {
	x := float64(c) / 255
	if x <= 0.04045 {
		return float32(x / 12.92)
	}
	return float32(math.Pow((x+0.055)/1.055, 2.4))
}

// HairStyle is the shape of the hair on the head.
type HairStyle string

// The hair styles.
const (
	HairBald     HairStyle = "bald"
	HairReceding HairStyle = "receding"
	HairShort    HairStyle = "short"
	HairLong     HairStyle = "long"
)

// Person is all that stays the same from picture to picture. The zero value is the mean face with light skin and no brows.
type Person struct {
	Seed     uint64    `json:"seed"`               // of everything that is strewn: freckles, blotches, single hairs
	Identity []float64 `json:"identity,omitempty"` // weights of the identity modes in standard deviations; missing ones are 0
	Skin     float64   `json:"skin"`               // 0 very light to 1 very dark
	Warmth   float64   `json:"warmth"`             // -1 rosy to 1 olive
	Age      float64   `json:"age"`                // 0 young to 1 very old: lines at rest, spots, sallow skin
	Freckles float64   `json:"freckles"`           // 0-1
	Beard    float64   `json:"beard"`              // stubble, 0-1
	Brows    float64   `json:"brows"`              // 0 none to 1 thick
	Lips     float64   `json:"lips"`               // redness, 0-1
	Lids     float64   `json:"lids"`               // how far the upper lids hang at rest: 0 wide awake to 0.5
	Style    HairStyle `json:"hair_style"`
	Nose     float64   `json:"nose,omitempty"`    // how much broader the wings are, -0.3 to 1; 1 is some 6 mm in all
	Full     float64   `json:"full,omitempty"`    // how full the lips are, -0.5 thin to 1
	Corners  float64   `json:"corners,omitempty"` // how high the corners of the mouth lie at rest, -1 to 1; 1 is 2.5 mm
	Sag      float64   `json:"sag,omitempty"`     // how far the skin has sunk, 0-1: jowls, bags below the eyes, outer corners of eyes and mouth lower, cheeks flatter
	Fringe   float64   `json:"fringe,omitempty"`  // hair before the forehead: 0 none, 0.3 some strands above the brows, 1 over them
	Hair     RGB       `json:"hair"`
	BrowHair RGB       `json:"brow_hair"`
	Iris     RGB       `json:"iris"`
	Cloth    RGB       `json:"cloth"`
}

// NewPerson draws a plausible person from a seed; the same seed gives the same person. Any field may be set afterwards.
func NewPerson(seed uint64) Person {
	r := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	pick := func(c ...RGB) RGB { return c[r.IntN(len(c))] }
	p := Person{Seed: seed, Skin: r.Float64(), Warmth: 2*r.Float64() - 1, Age: r.Float64(), Lips: 0.3 + 0.5*r.Float64(),
		Lids: 0.05 + 0.2*r.Float64(), Brows: 0.45 + 0.55*r.Float64()}
	for range 100 { // a little less than the whole spread, and cut at two deviations: no caricatures
		p.Identity = append(p.Identity, math.Round(1000*max(-2, min(2, 0.85*r.NormFloat64())))/1000)
	}
	if r.Float64() < 0.25*(1-p.Skin) {
		p.Freckles = r.Float64()
	}
	if r.Float64() < 0.35 {
		p.Beard = r.Float64()
	}
	p.Style = []HairStyle{HairBald, HairReceding, HairShort, HairShort, HairLong, HairLong, HairLong}[r.IntN(7)]
	dark := []RGB{{24, 19, 17}, {34, 26, 22}, {52, 36, 27}}
	p.Hair = pick(append(dark, RGB{98, 68, 44}, RGB{142, 108, 70}, RGB{120, 62, 34})...)
	p.Iris = pick(RGB{88, 58, 34}, RGB{70, 44, 26}, RGB{104, 124, 142}, RGB{92, 108, 78}, RGB{120, 98, 58})
	if p.Skin > 0.45 {
		p.Hair, p.Iris = pick(dark...), pick(RGB{60, 38, 24}, RGB{46, 28, 18})
	}
	p.BrowHair = p.Hair
	if p.Age > 0.5 {
		p.Hair = pick(RGB{196, 194, 190}, RGB{168, 165, 160}, RGB{128, 122, 116})
		for k := range 3 {
			p.BrowHair[k] = uint8((int(p.BrowHair[k]) + int(p.Hair[k])) / 2)
		}
	}
	p.Cloth = pick(RGB{70, 86, 110}, RGB{128, 60, 62}, RGB{92, 110, 92}, RGB{176, 168, 152}, RGB{60, 58, 66}, RGB{120, 140, 168})
	return p
}

// Figure is a person prepared for drawing.
type Figure struct {
	head       *Head
	person     Person
	rest       []vec // this person's neutral face
	skin       texture
	scalp      texture
	eyes       [2]eyeball
	skinTone   vec
	iris, hair vec
	cloth      vec
	strands    bool
}

// Person returns who this is.
func (f *Figure) Person() Person { return f.person }

// Figure shapes and paints a person.
func (h *Head) Figure(p Person) *Figure {
	f := h.shape(p)
	f.paint()
	return f
}

// shape is a figure that is not painted yet.
func (h *Head) shape(p Person) *Figure {
	f := &Figure{head: h, person: p, rest: append([]vec(nil), h.rest...), iris: p.Iris.linear(), hair: p.Hair.linear(),
		cloth: p.Cloth.linear(), strands: p.Style == HairLong}
	for k, w := range p.Identity {
		if k >= len(h.identity) || w == 0 {
			continue
		}
		w, d := float32(w), h.identity[k]
		for i := range h.modelled {
			v := &f.rest[i]
			v[0] += w * d[3*i]
			v[1] += w * d[3*i+1]
			v[2] += w * d[3*i+2]
		}
	}
	if nose := float32(p.Nose); nose != 0 {
		wings := h.shapes[NoseWings]
		for i, k := range wings.at {
			f.rest[k] = f.rest[k].mad(wings.d[i], nose)
		}
	}
	f.sag()
	f.mouth()
	for v, k := range h.follow {
		f.rest[v] = f.rest[v].add(f.rest[k].sub(h.rest[k]))
	}
	for s := range f.eyes {
		e := h.eyes[s]
		var was, is vec
		for _, v := range e.verts {
			was, is = was.add(h.rest[v]), is.add(f.rest[v])
		}
		e.centre = e.centre.add(is.sub(was).mul(1 / float32(len(e.verts))))
		f.eyes[s] = e
	}
	f.atEase()
	f.growHair()
	return f
}

// sinks are what age does to the shape of a face, set by eye: places on either half, how far around them, and how much the skin moves there at most,
// in centimetres; x is outwards.
var sinks = [...]struct{ x, y, wide, high, dx, dy, dz float32 }{
	{4.5, -5.2, 1.2, 1.3, 0.15, -0.7, 0.25}, // jowl
	{4.3, -0.6, 1.7, 1.5, 0, -0.3, -0.4},    // cheek
	{2.6, -3.7, 0.9, 0.7, 0.05, -0.3, 0},    // corner of the mouth
	{3.2, 1.2, 1.1, 0.45, 0, -0.1, 0.2},     // bag below the eye
	{4.9, 4.3, 1.4, 0.9, 0, -0.45, 0},       // outer corner of the eye
	{6.6, 4.6, 1.3, 1.6, -0.25, 0, -0.1},    // temple
	{0, -7.6, 2, 0.9, 0, -0.4, 0.2},         // below the chin
	{0, -0.3, 0.9, 0.9, 0, -0.3, 0},         // tip of the nose
}

// sag lets the skin sink.
func (f *Figure) sag() {
	sag := float32(f.person.Sag)
	if sag == 0 {
		return
	}
	h := f.head
	ball := make([]bool, h.modelled)
	for s := range h.eyes {
		for _, v := range h.eyes[s].verts {
			ball[v] = true
		}
	}
	for i := range h.modelled {
		q := h.rest[i]
		if ball[i] || q[2] < 1 {
			continue
		}
		out := float32(1)
		if q[0] < 0 {
			out = -1
		}
		front := sag * ramp(1, 4, q[2])
		for _, k := range sinks {
			w := front * bell((abs(q[0])-k.x)/k.wide) * bell((q[1]-k.y)/k.high)
			f.rest[i] = f.rest[i].add(vec{out * w * k.dx, w * k.dy, w * k.dz})
		}
	}
}

// mouth shapes the lips: rolled out they are fuller, and their corners lie higher in some faces than in others.
func (f *Figure) mouth() {
	h := f.head
	if full := float32(f.person.Full); full != 0 {
		for _, name := range []string{"mouthRollUpper", "mouthRollLower"} {
			s := h.shapes[name]
			for i, k := range s.at {
				f.rest[k] = f.rest[k].mad(s.d[i], -0.5*full)
			}
		}
	}
	if up := float32(f.person.Corners) * 0.25; up != 0 {
		for i := range h.modelled {
			if q := h.rest[i]; q[2] > 1 {
				w := ramp(1, 4, q[2]) * bell((abs(q[0])-2.6)/0.9) * bell((q[1]+3.7)/0.7)
				f.rest[i][1] += up * w
			}
		}
	}
}

// atEase lets the lids hang as they do in this person and brings the lips together: some identities part them.
func (f *Figure) atEase() {
	add := func(name string, w float32) {
		s := f.head.shapes[name]
		for i, k := range s.at {
			f.rest[k] = f.rest[k].mad(s.d[i], w)
		}
	}
	for _, s := range sides {
		add("eyeBlink"+s, float32(f.person.Lids)*0.8)
	}
	closer := f.head.shapes["mouthClose"]
	var w float32
	for _, p := range f.head.lipPairs {
		gap, per := f.rest[p[0]][1]-f.rest[p[1]][1]-(f.head.rest[p[0]][1]-f.head.rest[p[1]][1]), closer.y(p[1])-closer.y(p[0])
		if per > 0 {
			w = max(w, min(1.15*gap/per, 0.1))
		}
	}
	add("mouthClose", w+0.006)
}

// hairline is how far inside the hair a place of the resting head lies, in centimetres; negative is bare skin.
func hairline(p vec, style HairStyle) float32 {
	x, y, z := abs(p[0]), p[1], p[2]
	front := 9.7 + 0.9*bell((x-4)/1.4)
	switch style {
	case HairBald:
		return -1
	case HairReceding:
		front = 11.2
	}
	top := y - (front - 0.022*x*x)
	if style == HairReceding {
		top = min(top, 4.5-z) // only behind
	}
	low := float32(2.4) // sideburns end in front of the ear
	if z < -1.2 {
		low = -5.5
	}
	side := min(1.9+0.42*max(y-4, 0)-z, y-low)
	d := max(top, side)
	if x > 7.6 && z > -1.75 && z < 1.1 && y < 3.9 && y > -3 { // the ear
		return -1
	}
	return d
}

// growHair lifts the scalp under the hair.
func (f *Figure) growHair() {
	p := f.person
	if p.Style == HairBald {
		return
	}
	thick := float32(0.75)
	switch p.Style {
	case HairReceding:
		thick = 0.35
	case HairLong:
		thick = 1.1
	}
	n := f.head.normals(f.rest, nil)
	hairy := make([]bool, len(f.rest))
	for _, t := range f.head.tris {
		if t.mat == matFace || t.mat == matBack {
			for _, v := range t.v {
				hairy[v] = !f.head.inside[v]
			}
		}
	}
	for i, r := range f.head.rest {
		if hairy[i] {
			grow := ramp(0, 2.2, hairline(r, p.Style)) * thick * (1 + 0.25*noise(r.mul(0.8), uint32(p.Seed)))
			f.rest[i] = f.rest[i].mad(n[i], grow)
		}
	}
}
