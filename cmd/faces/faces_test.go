package main

import (
	"bytes"
	"image"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"wince/models/occlude"
	"wince/models/render"
	"wince/pain"
	"wince/vision"
)

func TestSamplersStayInRange(t *testing.T) {
	for name, s := range samplers {
		kinds := map[sort]int{}
		moved := map[pain.AU]int{}
		r := rand.New(rand.NewPCG(1, 2))
		for range 3000 {
			e, kind := s.shot(r)
			kinds[kind]++
			for _, a := range units {
				x := e.AU[a.String()]
				if x < 0 || x > a.Max() {
					t.Fatalf("%s: %v is %g", name, a, x)
				}
				if x > 0 {
					moved[a]++
				}
				if kind == sortNeutral && x != 0 {
					t.Errorf("%s: a neutral face has %v %g", name, a, x)
				}
			}
			if p := view(r, 3); p.Yaw < -35 || p.Yaw > 35 || p.Distance < 30 {
				t.Fatalf("%s: %+v", name, p)
			}
			if l := s.light(r); l.Key <= 0 || l.Exposure <= 0 {
				t.Fatalf("%s: %+v", name, l)
			}
		}
		if kinds[sortNeutral] == 0 || kinds[sortPain] == 0 || kinds[sortSmile] == 0 {
			t.Errorf("%s: kinds %v", name, kinds)
		}
		for _, a := range units {
			if moved[a] < 50 {
				t.Errorf("%s: %v moves in %d of 3000", name, a, moved[a])
			}
		}
	}
}

func TestTheSameSeedDrawsTheSame(t *testing.T) {
	for name, s := range samplers {
		a, b := rand.New(rand.NewPCG(5, 6)), rand.New(rand.NewPCG(5, 6))
		for range 200 {
			x, kx := s.shot(a)
			y, ky := s.shot(b)
			if kx != ky || !reflect.DeepEqual(x, y) {
				t.Fatalf("%s: %+v is not %+v", name, x, y)
			}
		}
	}
}

// Most smiles move the nose, which is no unit; a nose that wrinkles by a unit does not need a smile.
func TestSmilesMoveTheNose(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var smiles, spread, folded, calm int
	for range 3000 {
		e, kind := wideExpression(r)
		switch {
		case kind == sortLaugh:
			smiles++
			if e.Shapes[render.NoseWings] > 0.1 {
				spread++
			}
			if e.NoseFolds > 0.1 {
				folded++
			}
		case e.AU["AU12"] == 0 && (e.Shapes[render.NoseTip] != 0 || e.NoseFolds != 0):
			calm++
		}
	}
	if smiles < 50 || spread*2 < smiles || folded*10 < smiles || folded*2 > smiles || calm > 0 {
		t.Errorf("of %d laughs %d spread the wings and %d fold the root; %d faces do without smiling", smiles, spread, folded, calm)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"draw"}, {"render"}, {"render", "--out", t.TempDir(), "--models", filepath.Join(t.TempDir(), "none")}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

// A twin has the same shape and another's skin, age and hair.
func TestTwin(t *testing.T) {
	who := render.NewPerson(7)
	wardrobe(7, &who, 1)
	twin := who
	repaint(&twin, render.NewPerson(7+twinsApart))
	if twin.Skin == who.Skin || twin.Age == who.Age || twin.Seed == who.Seed {
		t.Errorf("skin %g, age %g: painted as before", twin.Skin, twin.Age)
	}
	if !reflect.DeepEqual(twin.Identity, who.Identity) || twin.Nose != who.Nose || twin.Sag != who.Sag || twin.Lids != who.Lids {
		t.Error("the twin has another shape")
	}
}

// A twin's hair is another's in length, too; under a fringe there is hair.
func TestRestyle(t *testing.T) {
	changed, fringes := 0, 0
	for seed := range uint64(200) {
		who := render.NewPerson(seed)
		wardrobe(seed, &who, 0.5)
		before := who.Style
		restyle(&who, render.NewPerson(seed+twinsApart))
		if who.Style != before {
			changed++
		}
		if who.Fringe > 0 {
			fringes++
			if who.Style != render.HairShort && who.Style != render.HairLong {
				t.Errorf("person %d has a fringe and is %s", seed, who.Style)
			}
		}
	}
	if changed < 100 || fringes < 20 {
		t.Errorf("of 200 people %d got other hair, %d have a fringe", changed, fringes)
	}
}

// Lips differ in more people than wear something, and as often with the same numbers.
func TestLips(t *testing.T) {
	n := 0
	for seed := range uint64(500) {
		who := render.NewPerson(seed)
		lips(seed, &who, 0.4)
		if who.Full < -0.5 || who.Full > 1 || who.Corners < -1 || who.Corners > 1 {
			t.Fatalf("person %d: lips %g, corners %g", seed, who.Full, who.Corners)
		}
		if who.Full != 0 {
			n++
		}
	}
	if n < 270 || n > 330 {
		t.Errorf("lips of %d of 500 people differ, want about 300", n)
	}
}

// A hand is drawn over people who act, as often as was asked for, and the same one again.
func TestHand(t *testing.T) {
	face := make([]occlude.Point, vision.NumPoints)
	for i := range face {
		face[i] = occlude.Point{X: 40 + float64(i%20), Y: 40 + float64(i/20)}
	}
	face[33], face[263] = occlude.Point{X: 35, Y: 45}, occlude.Point{X: 65, Y: 45}
	found := func() []occlude.Point { return face }
	drawn := 0
	for shot := range 100 {
		a, b := image.NewRGBA(image.Rect(0, 0, 100, 100)), image.NewRGBA(image.Rect(0, 0, 100, 100))
		for i := range a.Pix {
			a.Pix[i] = uint8(150 + i%50)
		}
		copy(b.Pix, a.Pix)
		before := bytes.Clone(a.Pix)
		did := hand(3, shot, 0.3, a, found)
		if again := hand(3, shot, 0.3, b, found); again != did || !bytes.Equal(a.Pix, b.Pix) {
			t.Fatalf("shot %d is another the second time", shot)
		}
		if did == bytes.Equal(a.Pix, before) {
			t.Errorf("shot %d: a hand %v, and the picture has changed: %v", shot, did, !did)
		}
		if did {
			drawn++
		}
		if did && shot < neutrals {
			t.Errorf("shot %d of a face at ease has a hand", shot)
		}
	}
	if drawn < 15 || drawn > 45 {
		t.Errorf("%d of 100 pictures have a hand, want about 30", drawn)
	}
	if hand(3, 50, 1, image.NewRGBA(image.Rect(0, 0, 100, 100)), func() []occlude.Point { return nil }) {
		t.Error("a hand was drawn where there is no face")
	}
}
