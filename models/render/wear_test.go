package render

import (
	"image"
	"testing"
)

// What is worn changes the picture where it lies and leaves the rest of the face as it was.
func TestWornThingsLieWhereTheyBelong(t *testing.T) {
	h := load(t)
	r, err := NewRenderer(320, 320)
	if err != nil {
		t.Fatal(err)
	}
	show := func(p Person, w Wear) *image.RGBA {
		m := image.NewRGBA(image.Rect(0, 0, 320, 320))
		if err := r.Render(m, h.Figure(p), Shot{Light: LightFront, Pose: Pose{Distance: 40}, Wear: w}); err != nil {
			t.Fatal(err)
		}
		return m
	}
	who := NewPerson(5)
	who.Style, who.Brows = HairShort, 0.6
	bare := show(who, Wear{})
	// Squares of the picture about places of the face.
	places := map[string]image.Rectangle{"beside the head": image.Rect(240, 146, 249, 155)}
	for name, p := range map[string]vec{"forehead": {0, 8.5, 10}, "rim below the eye": {3.3, 1.2, 9.5}, "nostril": {0.5, -1.3, 11.5}, "cheek": {4.5, 0.1, 9}, "chin": {0, -6.3, 11}} {
		c := r.screenOf(p)
		places[name] = image.Rect(int(c.x/over)-4, int(c.y/over)-4, int(c.x/over)+5, int(c.y/over)+5)
	}
	changed := func(m *image.RGBA, at image.Rectangle) (n int) {
		for y := at.Min.Y; y < at.Max.Y; y++ {
			for x := at.Min.X; x < at.Max.X; x++ {
				if m.RGBAAt(x, y) != bare.RGBAAt(x, y) {
					n++
				}
			}
		}
		return n
	}
	fringed := who
	fringed.Fringe = 0.4
	for _, c := range []struct {
		what      string
		who       Person
		wear      Wear
		here      []string
		elsewhere []string
	}{
		{"glasses", who, Wear{Glasses: &Glasses{Width: 5, Height: 3.8, Square: 3, Rim: 0.12, Glare: 0.4}}, []string{"rim below the eye"}, []string{"chin", "forehead", "beside the head"}},
		{"a cannula", who, Wear{Cannula: true}, []string{"nostril", "cheek"}, []string{"chin", "forehead", "beside the head"}},
		{"a pillow", who, Wear{Pillow: &RGB{220, 220, 225}}, []string{"beside the head"}, []string{"chin", "forehead", "nostril", "cheek", "rim below the eye"}},
		{"a fringe", fringed, Wear{}, []string{"forehead"}, []string{"chin", "nostril", "cheek", "beside the head"}},
	} {
		m := show(c.who, c.wear)
		for _, p := range c.here {
			if n := changed(m, places[p]); n < 10 {
				t.Errorf("%s changes %d of 81 pixels at the %s", c.what, n, p)
			}
		}
		for _, p := range c.elsewhere {
			if n := changed(m, places[p]); n > 0 {
				t.Errorf("%s changes %d of 81 pixels at the %s", c.what, n, p)
			}
		}
	}
	if n := changed(show(who, Wear{}), bare.Rect); n > 0 {
		t.Errorf("%d pixels stay changed when nothing is worn any longer", n)
	}
}

// screenOf is where a place of the resting head lies in the last picture: that of the vertex nearest to it.
func (r *Renderer) screenOf(p vec) corner {
	best, at := float32(1e9), 0
	for i, q := range r.figure.head.rest[:r.figure.head.worn.rim[0]] {
		if d := q.sub(p); d.dot(d) < best {
			best, at = d.dot(d), i
		}
	}
	return r.screen[at]
}

func TestBroadNose(t *testing.T) {
	h := load(t)
	who := NewPerson(5)
	width := func(nose float64) float32 {
		who.Nose = nose
		f := h.shape(who)
		return f.rest[h.marks[35]][0] - f.rest[h.marks[31]][0]
	}
	if d := width(1) - width(0); d < 0.4 || d > 0.8 {
		t.Errorf("the nose is %.2f cm broader, want about 0.6", d)
	}
	if width(-0.3) >= width(0) {
		t.Error("a narrow nose is not narrower")
	}
}

func TestSunkenSkin(t *testing.T) {
	h := load(t)
	who := NewPerson(5)
	smooth := h.shape(who)
	who.Sag = 1
	sunk := h.shape(who)
	down := func(mark int) float32 { return smooth.rest[h.marks[mark]][1] - sunk.rest[h.marks[mark]][1] }
	for name, c := range map[string]struct {
		mark  int
		least float32
	}{"the jaw": {5, 0.25}, "an outer corner of an eye": {36, 0.1}, "a corner of the mouth": {48, 0.15}} {
		if d := down(c.mark); d < c.least || d > 1.2 {
			t.Errorf("%s is %.2f cm lower, want at least %.2f", name, d, c.least)
		}
	}
	for s := range sunk.eyes {
		if d := sunk.eyes[s].centre.sub(smooth.eyes[s].centre); d.len() > 0.01 {
			t.Errorf("an eye has moved by %.2f cm", d.len())
		}
	}
}

func TestLips(t *testing.T) {
	h := load(t)
	height := func(full float64) float32 { // of both lips, at rest
		f := h.shape(Person{Full: full})
		return f.rest[h.marks[51]].sub(f.rest[h.marks[62]]).len() + f.rest[h.marks[66]].sub(f.rest[h.marks[57]]).len()
	}
	if thin, usual, full := height(-0.5), height(0), height(1); thin >= usual || full < 1.15*usual {
		t.Errorf("thin lips are %.2f cm high, usual ones %.2f, full ones %.2f", thin, usual, full)
	}
	high, usual := h.shape(Person{Corners: 1}), h.shape(Person{})
	for _, m := range []int{48, 54} {
		if d := high.rest[h.marks[m]][1] - usual.rest[h.marks[m]][1]; d < 0.15 || d > 0.26 {
			t.Errorf("corner %d lies %.2f cm higher", m, d)
		}
	}
	if d := high.rest[h.marks[62]].sub(usual.rest[h.marks[62]]).len(); d > 0.1 {
		t.Errorf("the middle of the mouth has moved by %.2f cm", d)
	}
}
