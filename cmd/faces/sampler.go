package main

import (
	"image"
	"math"
	"math/rand/v2"

	"wince/models/occlude"
	"wince/models/render"
	"wince/pain"
)

// A sampler draws what a person does and how it is seen. The two samplers differ in their expressions and their lights, so that a
// model trained on one can be tried on the other.
type sampler struct {
	shot  func(r *rand.Rand) (render.Expression, sort)
	light func(r *rand.Rand) render.Light
}

var samplers = map[string]sampler{"wide": {wideExpression, wideLight}, "coded": {codedExpression, codedLight}}

// sort is what kind of expression a picture shows.
type sort uint8

const (
	sortNeutral sort = iota
	sortMixed
	sortPain
	sortSmile
	sortLaugh
	sortSpeech
	sortSad
	sortDisgust
	sortSurprise
	sortYawn
	sortSleep
	sortPalsy
	sortAnger
	sortSingle
)

// units are those that the head can do.
var units = []pain.AU{pain.AU1, pain.AU2, pain.AU4, pain.AU5, pain.AU6, pain.AU7, pain.AU9, pain.AU10, pain.AU12, pain.AU15, pain.AU17,
	pain.AU20, pain.AU25, pain.AU26, pain.AU43}

// A part of an expression: a unit, how likely it takes part, and the mean of its intensity at full strength.
type part struct {
	unit   pain.AU
	chance float64
	mean   float64
}

// prototypes are the expressions of everyday life and of pain by the units that make them; after FACS and, for pain, Kunz 2019.
var prototypes = map[sort][]part{
	sortPain: {{pain.AU4, 0.85, 3.5}, {pain.AU6, 0.6, 3}, {pain.AU7, 0.7, 3.5}, {pain.AU9, 0.5, 3}, {pain.AU10, 0.5, 3}, {pain.AU43, 0.5, 0.9},
		{pain.AU20, 0.35, 2.5}, {pain.AU25, 0.5, 3}, {pain.AU26, 0.3, 2.5}, {pain.AU12, 0.15, 2}, {pain.AU17, 0.15, 2}, {pain.AU1, 0.1, 2}},
	sortSmile: {{pain.AU12, 1, 3.5}, {pain.AU6, 0.7, 3}, {pain.AU25, 0.6, 3}, {pain.AU7, 0.2, 1.5}, {pain.AU10, 0.1, 1}, {pain.AU2, 0.05, 1.5}},
	sortLaugh: {{pain.AU12, 1, 4.5}, {pain.AU6, 0.95, 4}, {pain.AU25, 1, 4}, {pain.AU26, 0.9, 3.5}, {pain.AU7, 0.4, 2.5}, {pain.AU9, 0.1, 1.5},
		{pain.AU43, 0.2, 0.8}},
	sortSpeech: {{pain.AU25, 0.9, 2.5}, {pain.AU26, 0.8, 2}, {pain.AU20, 0.3, 1.5}, {pain.AU1, 0.2, 1.5}, {pain.AU2, 0.2, 1.5}, {pain.AU17, 0.2, 1.5},
		{pain.AU10, 0.15, 1}, {pain.AU12, 0.15, 1}, {pain.AU43, 0.08, 0.9}},
	sortSad: {{pain.AU1, 0.9, 3}, {pain.AU4, 0.85, 2.5}, {pain.AU15, 0.7, 3}, {pain.AU17, 0.5, 2.5}, {pain.AU6, 0.3, 2}, {pain.AU43, 0.4, 0.9},
		{pain.AU25, 0.3, 2}, {pain.AU20, 0.2, 2}, {pain.AU7, 0.2, 2}},
	sortDisgust:  {{pain.AU9, 0.8, 3.5}, {pain.AU10, 0.7, 3}, {pain.AU4, 0.5, 2}, {pain.AU7, 0.4, 2}, {pain.AU17, 0.4, 2}, {pain.AU15, 0.3, 2}, {pain.AU25, 0.3, 2}},
	sortSurprise: {{pain.AU1, 1, 4}, {pain.AU2, 1, 4}, {pain.AU5, 0.9, 3.5}, {pain.AU25, 0.8, 3}, {pain.AU26, 0.8, 3.5}},
	sortYawn:     {{pain.AU25, 1, 4.5}, {pain.AU26, 1, 5}, {pain.AU43, 0.7, 0.9}, {pain.AU4, 0.3, 1.5}, {pain.AU1, 0.2, 1.5}, {pain.AU7, 0.3, 2}},
	sortSleep:    {{pain.AU43, 1, 1}, {pain.AU26, 0.3, 2}, {pain.AU25, 0.3, 2}},
	sortAnger:    {{pain.AU4, 1, 3.5}, {pain.AU5, 0.5, 2.5}, {pain.AU7, 0.7, 3}, {pain.AU17, 0.4, 2.5}, {pain.AU25, 0.3, 2}, {pain.AU10, 0.2, 2}},
}

var everyday = []sort{sortPain, sortPain, sortPain, sortPain, sortSmile, sortSmile, sortLaugh, sortSpeech, sortSpeech, sortSad, sortSad,
	sortDisgust, sortSurprise, sortYawn, sortSleep, sortAnger}

// nuisances are shapes that are no unit, for each the most of it.
var nuisances = []struct {
	shapes []string
	most   float64
}{
	{[]string{"jawLeft"}, 0.5}, {[]string{"jawRight"}, 0.5}, {[]string{"jawForward"}, 0.5}, {[]string{"mouthLeft"}, 0.5}, {[]string{"mouthRight"}, 0.5},
	{[]string{"mouthPucker"}, 0.7}, {[]string{"mouthFunnel"}, 0.7}, {[]string{"cheekPuff_L", "cheekPuff_R"}, 0.5},
	{[]string{"mouthPress_L", "mouthPress_R"}, 0.6}, {[]string{"mouthDimple_L", "mouthDimple_R"}, 0.6}, {[]string{"mouthRollLower"}, 0.5},
	{[]string{"mouthRollUpper"}, 0.5},
}

func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// rest is a face that does nothing; the eyes wander.
func rest(r *rand.Rand) render.Expression {
	return render.Expression{AU: map[string]float64{}, GazeYaw: 6 * r.NormFloat64(), GazePitch: 4 * r.NormFloat64(),
		Asymmetry: math.Max(-0.3, math.Min(0.3, 0.1*r.NormFloat64()))}
}

// act plays a prototype at a strength.
func act(r *rand.Rand, e *render.Expression, s sort, strength float64) {
	for _, p := range prototypes[s] {
		if r.Float64() < p.chance {
			put(e, p.unit, strength*p.mean*(1+0.3*r.NormFloat64()))
		}
	}
	if s == sortSpeech && r.Float64() < 0.5 {
		e.Shapes = map[string]float64{"mouthFunnel": uniform(r, 0, 0.5), "mouthPucker": uniform(r, 0, 0.4)}
	}
}

func put(e *render.Expression, a pain.AU, x float64) {
	e.AU[a.String()] = math.Max(0, math.Min(a.Max(), x))
}

// hard are units that are learned worst, with how much more often they are shown.
var hard = []part{{unit: pain.AU6, chance: 0.15}, {unit: pain.AU7, chance: 0.15}, {unit: pain.AU20, chance: 0.15}, {unit: pain.AU26, chance: 0.3}}

// beside adds what moves beside the units and is none: in most people a smile spreads the wings of the nose and lowers its tip, and with parted
// lips bares the upper teeth; in some a laugh folds the root of the nose. Wings flare by themselves, too.
func beside(r *rand.Rand, e *render.Expression) {
	smile, laugh := e.AU["AU12"]/5, math.Max(e.AU["AU6"], e.AU["AU7"])/5
	add := func(w float64, shapes ...string) {
		if w <= 0 {
			return
		}
		if e.Shapes == nil {
			e.Shapes = map[string]float64{}
		}
		for _, s := range shapes {
			e.Shapes[s] = math.Min(e.Shapes[s]+w, 1)
		}
	}
	if r.Float64() < 0.7 {
		add(smile*uniform(r, 0, 1.2), render.NoseWings)
		add(smile*uniform(r, 0, 1), render.NoseTip)
	}
	if r.Float64() < 0.6 {
		add(smile*e.AU["AU25"]/5*uniform(r, 0, 0.5), "mouthUpperUp_L", "mouthUpperUp_R")
	}
	if r.Float64() < 0.4 {
		e.NoseFolds = smile * laugh * uniform(r, 0, 0.9)
	}
	if r.Float64() < 0.05 {
		add(uniform(r, 0, 0.6), render.NoseWings)
	}
}

func wideExpression(r *rand.Rand) (render.Expression, sort) {
	e, s := wide(r)
	beside(r, &e)
	return e, s
}

func wide(r *rand.Rand) (render.Expression, sort) {
	e := rest(r)
	if r.Float64() < 0.2 {
		n := nuisances[r.IntN(len(nuisances))]
		w := uniform(r, 0, n.most)
		e.Shapes = map[string]float64{}
		for _, s := range n.shapes {
			e.Shapes[s] = w
		}
	}
	switch x := r.Float64(); {
	case x < 0.05:
		return e, sortNeutral
	case x < 0.50: // any units at any strength, so that no unit stands for another
		for _, k := range r.Perm(len(units))[:1+r.IntN(6)] {
			a := units[k]
			put(&e, a, a.Max()*math.Sqrt(r.Float64())*uniform(r, 0.1, 1))
		}
		if r.Float64() < 0.15 {
			put(&e, pain.AU43, 1)
		}
		for _, h := range hard {
			if r.Float64() < h.chance {
				put(&e, h.unit, h.unit.Max()*math.Sqrt(r.Float64())*uniform(r, 0.1, 1))
			}
		}
		return e, sortMixed
	case x < 0.58: // one side hardly moves
		act(r, &e, everyday[r.IntN(len(everyday))], 0.5)
		e.Asymmetry = uniform(r, 0.6, 1)
		if r.IntN(2) == 0 {
			e.Asymmetry = -e.Asymmetry
		}
		return e, sortPalsy
	}
	s := everyday[r.IntN(len(everyday))]
	act(r, &e, s, uniform(r, 0.15, 1.3))
	return e, s
}

// codedExpression draws as a FACS coder's set might hold: single units at whole levels, pairs of them, and the faces of pain, of
// crying and of smiling with intensities spread otherwise than in wideExpression.
func codedExpression(r *rand.Rand) (render.Expression, sort) {
	e := rest(r)
	level := func() float64 { return float64(1 + r.IntN(5)) }
	peak := func() float64 { return 5 * (r.Float64() + r.Float64() + r.Float64()) / 3 }
	set := func(chance float64, list ...pain.AU) {
		for _, a := range list {
			if r.Float64() < chance {
				put(&e, a, a.Max()*peak()/5*1.2)
			}
		}
	}
	switch x := r.Float64(); {
	case x < 0.1:
		return e, sortNeutral
	case x < 0.45:
		for range 1 + r.IntN(2) {
			a := units[r.IntN(len(units))]
			put(&e, a, a.Max()*level()/5)
		}
		return e, sortSingle
	case x < 0.70:
		set(0.8, pain.AU4, pain.AU7)
		set(0.5, pain.AU6, pain.AU9, pain.AU10, pain.AU25)
		set(0.3, pain.AU20, pain.AU26, pain.AU12)
		if r.Float64() < 0.5 {
			put(&e, pain.AU43, 1)
		}
		return e, sortPain
	case x < 0.80:
		set(0.8, pain.AU1, pain.AU4, pain.AU15)
		set(0.4, pain.AU6, pain.AU17, pain.AU20, pain.AU25)
		if r.Float64() < 0.4 {
			put(&e, pain.AU43, 1)
		}
		return e, sortSad
	case x < 0.92:
		put(&e, pain.AU12, 1+peak())
		set(0.7, pain.AU6, pain.AU25)
		set(0.2, pain.AU7, pain.AU26)
		return e, sortSmile
	}
	set(0.7, pain.AU25, pain.AU26)
	set(0.2, pain.AU1, pain.AU2, pain.AU10, pain.AU17, pain.AU20)
	return e, sortSpeech
}

func wideLight(r *rand.Rand) render.Light {
	return render.Light{KeyYaw: uniform(r, -80, 80), KeyPitch: uniform(r, 0, 65), Key: uniform(r, 0.5, 1.3), Fill: uniform(r, 0.05, 0.45),
		Ambient: uniform(r, 0.25, 0.8), Warmth: uniform(r, -1, 1), Soft: r.Float64(), Exposure: math.Exp(uniform(r, -0.45, 0.3))}
}

// codedLight is one of the clips' lights, moved a little.
func codedLight(r *rand.Rand) render.Light {
	l := []render.Light{render.LightFront, render.LightSide, render.LightWindow, render.LightLamp}[r.IntN(4)]
	l.KeyYaw, l.KeyPitch = l.KeyYaw+8*r.NormFloat64(), l.KeyPitch+6*r.NormFloat64()
	if r.IntN(2) == 0 {
		l.KeyYaw = -l.KeyYaw
	}
	l.Key, l.Ambient, l.Exposure = l.Key*uniform(r, 0.8, 1.2), l.Ambient*uniform(r, 0.8, 1.2), math.Exp(uniform(r, -0.3, 0.2))
	return l
}

// view draws where the head is: within the 35 degrees that are judged, most of it nearly in front.
func view(r *rand.Rand, size float64) render.Pose {
	spread := 6.0
	if r.Float64() < 0.5 {
		spread = 17
	}
	within := func(sd, most float64) float64 { return math.Max(-most, math.Min(most, sd*r.NormFloat64())) }
	p := render.Pose{Yaw: within(spread, 35), Pitch: within(0.55*spread, 22), Roll: within(8, 25), Distance: uniform(r, 38, 56)}
	room := size * (p.Distance / 50) // centimetres that may be left beside the face
	p.X, p.Y = uniform(r, -room, room), uniform(r, -room, room)
	return p
}

// lips gives half as many again as the share of people a mouth that NewPerson's people do not have: full or thin lips, and corners that
// lie high or low at rest, which tell nothing of how they feel.
func lips(seed uint64, who *render.Person, share float64) {
	r := rand.New(rand.NewPCG(seed, 0x11b5))
	if r.Float64() < 1.5*share {
		who.Full, who.Corners = uniform(r, -0.5, 1), math.Max(-1, math.Min(1, 0.5*r.NormFloat64()))
	}
}

// hand draws a hand on or beside the face of somebody who acts, in a share of pictures and from numbers of its own for each, and says whether it
// did. Of those pictures most are refused.
func hand(seed uint64, shot int, share float64, picture *image.RGBA, face func() []occlude.Point) bool {
	r := rand.New(rand.NewPCG(seed, 0x4a4d000+uint64(shot)))
	if shot < neutrals || r.Float64() >= share {
		return false
	}
	f := face()
	if f == nil {
		return false
	}
	occlude.Draw(r, picture, f, occlude.Hand)
	return true
}

// wardrobe gives a share of people what NewPerson does not: a fringe, a broad nose, narrow eyes, skin that has sunk where
// they are not young, and glasses, a cannula or a pillow, which it draws for each picture. Its numbers are its own, so that everything else of a person and a picture is as without it.
func wardrobe(seed uint64, who *render.Person, share float64) func() (render.Wear, uint8) {
	r := rand.New(rand.NewPCG(seed, 0xd2e55))
	if r.Float64() >= share {
		return func() (render.Wear, uint8) { return render.Wear{}, 0 }
	}
	var always uint8
	if r.Float64() < 0.4 {
		who.Fringe, always = uniform(r, 0.1, 1), 1
		who.Style = []render.HairStyle{render.HairShort, render.HairLong}[r.IntN(2)]
	}
	if r.Float64() < 0.5 {
		who.Nose = uniform(r, -0.3, 1)
	}
	if r.Float64() < 0.4 {
		who.Lids = uniform(r, 0.2, 0.5)
	}
	if who.Age > 0.35 && r.Float64() < 0.7 {
		who.Sag = uniform(r, 0.2, 1)
	}
	glasses := r.Float64() < 0.45
	frame := render.Glasses{Width: uniform(r, 4.2, 5.6), Height: uniform(r, 2.8, 4.6), Square: uniform(r, 2, 6), Rim: math.Exp(uniform(r, -3, -1.7)),
		Colour: []render.RGB{{30, 26, 26}, {70, 44, 30}, {150, 120, 70}, {150, 152, 156}, {40, 50, 90}}[r.IntN(5)]}
	cannula := r.Float64() < 0.25
	return func() (w render.Wear, wears uint8) {
		wears = always
		if glasses && r.Float64() < 0.9 {
			g := frame
			if r.Float64() < 0.3 {
				g.Glare, g.GlareAt = r.Float64(), uniform(r, -1, 1)
			}
			w.Glasses, wears = &g, wears|2
		}
		if cannula && r.Float64() < 0.9 {
			w.Cannula, wears = true, wears|4
		}
		if r.Float64() < 0.3 {
			x := uint8(uniform(r, 150, 240))
			w.Pillow, wears = &render.RGB{x, x - uint8(r.IntN(20)), x - uint8(r.IntN(30))}, wears|8
		}
		return w, wears
	}
}

// repaint gives a person another's skin, age and hair, and leaves the shape of the face: a twin.
func repaint(p *render.Person, q render.Person) {
	p.Seed, p.Skin, p.Warmth, p.Age, p.Freckles, p.Beard, p.Brows, p.Lips = q.Seed, q.Skin, q.Warmth, q.Age, q.Freckles, q.Beard, q.Brows, q.Lips
	p.Hair, p.BrowHair, p.Iris = q.Hair, q.BrowHair, q.Iris
}

// restyle gives a person another's length of hair, which frames cheeks and temples. Who has a fringe is not made bald.
func restyle(p *render.Person, q render.Person) {
	if p.Fringe == 0 || q.Style == render.HairShort || q.Style == render.HairLong {
		p.Style = q.Style
	}
}
