package occlude

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

// a face of the right proportions: landmarks that the drawing needs, 90 pixels between the outer eye corners, on a plain
// picture.
func plainFace() (*image.RGBA, []Point) {
	m := image.NewRGBA(image.Rect(0, 0, 200, 240))
	for i := range m.Pix {
		m.Pix[i] = 150
	}
	face := make([]Point, 468)
	for i := range face {
		face[i] = Point{100, 120}
	}
	for i, p := range map[int]Point{33: {55, 90}, 263: {145, 90}, 133: {85, 90}, 362: {115, 90}, 70: {50, 75}, 63: {58, 70}, 105: {66, 68}, 66: {76, 70}, 107: {88, 74},
		300: {150, 75}, 293: {142, 70}, 334: {134, 68}, 296: {124, 70}, 336: {112, 74}, 145: {70, 96}, 144: {64, 96}, 153: {76, 96}, 374: {130, 96}, 373: {136, 96}, 380: {124, 96},
		154: {80, 95}, 155: {83, 93}, 163: {60, 94}, 7: {57, 92}, 381: {120, 95}, 382: {117, 93}, 390: {140, 94}, 249: {143, 92},
		9: {100, 72}, 285: {108, 82}, 55: {92, 82}, 417: {106, 92}, 193: {94, 92}, 168: {100, 92}, 399: {108, 110}, 420: {114, 125}, 358: {118, 135}, 327: {112, 140}, 2: {100, 142},
		98: {88, 140}, 129: {82, 135}, 198: {86, 125}, 174: {92, 110}, 6: {100, 98}, 195: {100, 115}, 1: {100, 132}, 4: {100, 130},
		61: {75, 165}, 291: {125, 165}, 0: {100, 158}, 17: {100, 176}, 13: {100, 165}, 37: {94, 158}, 267: {106, 158}, 39: {88, 160}, 269: {112, 160}, 40: {82, 162}, 270: {118, 162},
		185: {78, 164}, 409: {122, 164}, 146: {80, 169}, 91: {86, 172}, 181: {92, 175}, 84: {96, 176}, 314: {104, 176}, 405: {108, 175}, 321: {114, 172}, 375: {120, 169},
		152: {100, 215}, 10: {100, 30}, 227: {28, 110}, 447: {172, 110}, 117: {60, 112}, 346: {140, 112}, 118: {65, 116}, 347: {135, 116}, 137: {30, 130}, 366: {170, 130},
		205: {65, 140}, 425: {135, 140}, 361: {165, 160}, 132: {35, 160}, 397: {150, 190}, 172: {50, 190}, 378: {125, 208}, 149: {75, 208}, 277: {120, 110}, 47: {80, 110},
		430: {135, 185}, 210: {65, 185}, 50: {50, 125}, 280: {150, 125}, 151: {100, 55}, 234: {25, 100}, 454: {175, 100}, 97: {95, 141}, 326: {105, 141}, 127: {27, 90}, 356: {173, 90}} {
		face[i] = p
	}
	return m, face
}

func TestEachThingCoversWhatItIsFor(t *testing.T) {
	const mouth, nose = 4, 3
	for _, kind := range Kinds {
		var sum [5]float64
		touched := 0
		for seed := range uint64(6) {
			m, face := plainFace()
			before := bytes.Clone(m.Pix)
			s := Shares(Draw(rand.New(rand.NewPCG(seed, 1)), m, face, kind), face)
			if !bytes.Equal(before, m.Pix) {
				touched++
			}
			for k, x := range s {
				if x < 0 || x > 1 {
					t.Errorf("%s: a share of %g", kind, x)
				}
				sum[k] += x / 6
			}
		}
		switch kind {
		case Mask, OxygenMask:
			if sum[mouth] < 0.9 || sum[0] > 0.1 {
				t.Errorf("%s: covers %.2f of mouths, %.2f of eyes", kind, sum[mouth], sum[0])
			}
		case Tube:
			if sum[mouth] > 0.2 || sum[nose] > 0.35 {
				t.Errorf("%s: covers %.2f of mouths, %.2f of noses", kind, sum[mouth], sum[nose])
			}
		case Glasses:
			if sum != [5]float64{} {
				t.Errorf("%s: counts as covering %v", kind, sum)
			}
		default:
			if sum[0]+sum[1]+sum[2]+sum[3]+sum[4] < 0.2 {
				t.Errorf("%s: covers hardly anything: %v", kind, sum)
			}
		}
		if touched < 4 { // some are beside the face
			t.Errorf("%s: only %d of 6 pictures were changed", kind, touched)
		}
	}
}

func TestDrawGivesTheSameAgain(t *testing.T) {
	a, face := plainFace()
	b, _ := plainFace()
	Draw(rand.New(rand.NewPCG(3, 3)), a, face, Hand)
	Draw(rand.New(rand.NewPCG(3, 3)), b, face, Hand)
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("the same seed drew another hand")
	}
}

func TestShares(t *testing.T) {
	_, face := plainFace()
	mask := image.NewAlpha(image.Rect(0, 0, 200, 240))
	if s := Shares(mask, face); s != [5]float64{} {
		t.Errorf("nothing covers %v", s)
	}
	for y := 165; y < 240; y++ { // the lower lip and what is below
		for x := range 200 {
			mask.SetAlpha(x, y, color.Alpha{255})
		}
	}
	s := Shares(mask, face)
	if s[0] != 0 || s[3] != 0 || s[4] < 0.5 || s[4] > 0.8 {
		t.Errorf("what lies over the lower lip covers %v", s)
	}
}
