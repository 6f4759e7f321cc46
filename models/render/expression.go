package render

import (
	"math"
	"slices"
)

// Expression is what a face does. AU holds intensities by FACS name, 0-5 and AU43 0-1; names without a shape do nothing.
type Expression struct {
	AU map[string]float64
	// Asymmetry moves strength from one side to the other: at 0.2 the person's left shows 1.2 times the intensity and the
	// right 0.8. AU43 stays the same on both.
	Asymmetry float64
	// GazeYaw is to the person's left, GazePitch up, both in degrees and relative to the head.
	GazeYaw, GazePitch float64
	// Shapes are further shapes by their own names, 0-1: the model's, such as jawLeft or mouthPucker, and NoseWings and NoseTip.
	Shapes map[string]float64
	// NoseFolds are folds across the root and down the sides of the nose, 0-1, beside those of AU9, which has 1 at intensity 5: many
	// noses wrinkle when the eyes narrow in a laugh, and no coder scores AU9 for it.
	NoseFolds float64
}

// A part of an action unit: a shape, and its weight at intensity 5.
type part struct {
	shape  string
	gain   float32
	paired bool // there is one for the left and one for the right
}

// unitShapes says which shapes make a unit. The pairs are those of ICT-FaceKit's own documentation, save AU10, where
// mouthUpperUp looks right. AU7 lowers the upper lid a little besides raising the lower one, as the FACS manual has it.
var unitShapes = map[string][]part{
	"AU1":  {{"browInnerUp", 1, true}},
	"AU2":  {{"browOuterUp", 1, true}},
	"AU4":  {{"browDown", 1, true}},
	"AU5":  {{"eyeWide", 1, true}},
	"AU6":  {{"cheekSquint", 0.9, true}, {"cheekRaiser", 0.35, true}},
	"AU7":  {{"eyeSquint", 1, true}},
	"AU9":  {{"noseSneer", 1, true}},
	"AU10": {{"mouthUpperUp", 1, true}},
	"AU12": {{"mouthSmile", 1, true}},
	"AU15": {{"mouthFrown", 1, true}},
	"AU17": {{"mouthShrugLower", 0.8, false}},
	"AU20": {{"mouthStretch", 1, true}},
	"AU25": {{"mouthLowerDown", 1, true}, {"mouthUpperUp", 0.22, true}},
}

// sides are the suffixes of the model's paired shapes: the person's right (x < 0) first, as everywhere here.
var sides = [2]string{"_R", "_L"}

func (e *Expression) side(s int) float32 {
	if s == 1 {
		return 1 + float32(e.Asymmetry)
	}
	return 1 - float32(e.Asymmetry)
}

// level is a unit's intensity as a share of its maximum.
func (e *Expression) level(au string) float32 {
	return clamp(float32(e.AU[au])/5, 0, 1)
}

// pose writes the face under an expression into v, in the place of the resting head.
func (f *Figure) pose(e *Expression, v []vec) {
	copy(v, f.rest)
	add := func(name string, w float32) {
		if w == 0 {
			return
		}
		s := f.head.shapes[name]
		for i, k := range s.at {
			v[k] = v[k].mad(s.d[i], w)
		}
	}
	for _, au := range unitOrder {
		l := e.level(au)
		for _, p := range unitShapes[au] {
			if !p.paired {
				add(p.shape, l*p.gain)
				continue
			}
			for s := range sides {
				add(p.shape+sides[s], l*p.gain*e.side(s))
			}
		}
	}
	// AU26 drops the jaw; the lips stay together unless AU25 parts them, as far as they reach.
	jaw := 0.45 * e.level("AU26")
	add("jawOpen", jaw)
	add("mouthClose", 0.92*jaw*(1-ramp(0, 0.4, e.level("AU25"))))
	for _, name := range sortedKeys(e.Shapes) {
		add(name, float32(e.Shapes[name]))
	}
	yaw, pitch := float32(e.GazeYaw), float32(e.GazePitch)
	for s, suffix := range sides {
		out := yaw // a look to the left turns the left eye outwards
		if s == 0 {
			out = -yaw
		}
		add("eyeLookOut"+suffix, max(out, 0)/30)
		add("eyeLookIn"+suffix, max(-out, 0)/30)
		add("eyeLookUp"+suffix, max(pitch, 0)/25)
		add("eyeLookDown"+suffix, max(-pitch, 0)/30)
		f.turnEye(s, yaw, pitch, v)
	}
	f.closeEyes(clamp(float32(e.AU["AU43"]), 0, 1), v)
	f.keepOffEyes(e, v)
}

// unitOrder fixes the order of the sums, so that the same expression gives the same bytes.
var unitOrder = []string{"AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU15", "AU17", "AU20", "AU25"}

// Parted is how far the lips of the figure stand apart under an expression, as an intensity of AU25, 0-5, where 5 is what AU25
// does alone. A FACS coder scores AU25 whenever the lips part, whatever parts them: AU10 or a dropping jaw do, too.
func (f *Figure) Parted(e *Expression) float64 {
	gap := func(e *Expression) (sum float64) {
		v := make([]vec, len(f.rest))
		f.pose(e, v)
		for _, p := range f.head.lipPairs {
			sum += float64(v[p[0]][1] - v[p[1]][1])
		}
		return sum
	}
	rest := gap(&Expression{})
	return 5 * min(max((gap(e)-rest)/(gap(&Expression{AU: map[string]float64{"AU25": 5}})-rest), 0), 1)
}

func (f *Figure) turnEye(s int, yaw, pitch float32, v []vec) {
	r := rotation(float64(yaw), float64(pitch), 0)
	c := f.eyes[s].centre
	for _, k := range f.eyes[s].verts {
		v[k] = r.apply(v[k].sub(c)).add(c)
	}
}

// aperture is the mean height of an eye's opening in centimetres.
func (h *Head) aperture(s int, v []vec) float32 {
	p := h.lidPairs[s]
	return (v[p[0][0]][1] - v[p[0][1]][1] + v[p[1][0]][1] - v[p[1][1]][1]) / 2
}

// y is how far a shape moves a vertex up.
func (s *shape) y(v int32) float32 {
	if i, ok := slices.BinarySearch(s.at, v); ok {
		return s.d[i][1]
	}
	return 0
}

// closeEyes takes the share c of the opening that the other units have left. The blink shape closes a resting eye; where
// AU6 and AU7 have raised the lower lid already it would push the upper lid through it, so its weight is what closes this
// eye.
func (f *Figure) closeEyes(c float32, v []vec) {
	for s, suffix := range sides {
		blink := f.head.shapes["eyeBlink"+suffix]
		var per float32 // what the whole shape takes away
		for _, p := range f.head.lidPairs[s] {
			per += (blink.y(p[1]) - blink.y(p[0])) / 2
		}
		if per <= 0 {
			continue
		}
		rest, left := f.head.aperture(s, f.rest), f.head.aperture(s, v)
		w := (left - squeezed(left, rest)) / per
		var full float32 // the further weight that closes every pair
		for _, p := range f.head.lidPairs[s] {
			full = max(full, (v[p[0]][1]-v[p[1]][1])/(blink.y(p[1])-blink.y(p[0]))-w)
		}
		mean := squeezed(left, rest) / per
		w += c*mean + ramp(0.6, 1, c)*max(full-mean, 0) // the corners last
		if w == 0 {
			continue
		}
		for i, k := range blink.at {
			v[k] = v[k].mad(blink.d[i], w)
		}
	}
}

// squeezed is the opening that AU6, AU7 and AU9 leave. Their shapes add up to less than nothing, but without AU43 an eye
// keeps a slit: below two fifths of the opening at rest the sum fades out towards a fifth of it.
func squeezed(left, rest float32) float32 {
	x := left / rest
	if rest <= 0 || x >= 0.4 {
		return left
	}
	return rest * (0.2 + 0.2*float32(math.Exp(float64(x-0.4)/0.2)))
}

// keepOffEyes moves lids that would cut the eyeball to its surface: the shapes move vertices along straight lines, an eye
// is round.
func (f *Figure) keepOffEyes(e *Expression, v []vec) {
	r := rotation(e.GazeYaw, e.GazePitch, 0)
	axis := [2]vec{r.apply(f.eyes[0].axis), r.apply(f.eyes[1].axis)}
	for _, k := range f.head.lids {
		s := 0
		if f.head.rest[k][0] > 0 {
			s = 1
		}
		ball := &f.eyes[s]
		d := v[k].sub(ball.centre)
		if d[2] < 0 {
			continue
		}
		n := d.len()
		rest := f.rest[k].sub(ball.centre)
		m := rest.len()
		// what lies inside at rest, the folds behind the rims, stays as far inside
		least := ball.surface(d, axis[s], n) + min(0.07, m-ball.surface(rest, ball.axis, m))
		if n < least {
			v[k] = ball.centre.mad(d, least/n)
		}
	}
}

// furrows are the creases' weights under an expression. Those of age are there at rest.
func (f *Figure) furrows(e *Expression) (w weights) {
	age := float32(f.person.Age)
	l := func(au string, s int) float32 { return e.level(au) * e.side(s) }
	for s := range 2 {
		au4, au6, au7, au9, au10, au12 := l("AU4", s), l("AU6", s), l("AU7", s), l("AU9", s), l("AU10", s), l("AU12", s)
		k := 0.75 + 0.5*age // old skin folds deeper
		w[s] = [numCrease]float32{
			creaseGlabella:   k*(au4+0.25*au9) + 0.15*age,
			creaseNoseRoot:   k * (au9 + 0.15*au4 + float32(e.NoseFolds)*e.side(s)),
			creaseCrowsFeet:  k*(0.9*au6+0.35*au7) + 0.35*age*age,
			creaseLowerLid:   k*(0.6*au6+0.7*au7) + 0.35*age,
			creaseNasolabial: k*min(0.75*au12+0.8*au10+0.7*au9+0.3*au6, 1.4) + 0.05 + 0.4*age,
			creaseForehead:   k*max(l("AU1", s), l("AU2", s)) + 0.45*age*age,
			creaseMouth:      k*(0.5*au12+0.8*l("AU20", s)) + 0.3*age*age,
			creaseLid:        1 - clamp(float32(e.AU["AU43"]), 0, 1), // a falling lid unfolds it
		}
	}
	return w
}
