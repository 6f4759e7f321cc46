package render

import (
	"bytes"
	"image"
	"os"
	"sync"
	"testing"
)

// headDir is where the head model lies beside a checkout.
const headDir = "../../../shared/data/ict-facekit"

// loaded paints coarsely, which is enough here and takes a sixteenth of the time.
var loaded = sync.OnceValues(func() (*Head, error) {
	h, err := Load(headDir)
	if err == nil {
		h.face = newAtlas(h, matFace, 256)
	}
	return h, err
})

// load returns the head, or skips the test where the data is absent, which is a failure in continuous integration.
func load(t testing.TB) *Head {
	t.Helper()
	if _, err := os.Stat(headDir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the head model is absent: %v", err)
		}
		t.Skipf("the head model is absent (it is no part of the repository): %v", err)
	}
	h, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestEyesClose(t *testing.T) {
	h := load(t)
	for seed := range uint64(12) {
		f := h.shape(NewPerson(seed))
		for name, others := range map[string]map[string]float64{
			"rest":    {},
			"squeeze": {"AU4": 5, "AU6": 5, "AU7": 5, "AU9": 5},
			"smile":   {"AU6": 4, "AU12": 5},
		} {
			at := func(c float64) float64 {
				au := map[string]float64{"AU43": c}
				for k, v := range others {
					au[k] = v
				}
				v := make([]vec, len(f.rest))
				f.pose(&Expression{AU: au}, v)
				return float64(h.aperture(0, v)+h.aperture(1, v)) / 2
			}
			open, half, closed := at(0), at(0.5), at(1)
			// a squeeze alone may leave little, but no lid may go through the other
			if open < 0.1 || name == "rest" && (open < 0.45 || open > 1.3) {
				t.Errorf("person %d, %s: the open eye measures %.2f cm", seed, name, open)
			}
			if closed > 0.03 || closed < -0.12 {
				t.Errorf("person %d, %s: the closed eye measures %.2f cm", seed, name, closed)
			}
			if r := half / open; r < 0.35 || r > 0.65 {
				t.Errorf("person %d, %s: half closed leaves %.2f of the opening", seed, name, r)
			}
		}
	}
}

func TestUnitsMoveWhatTheyName(t *testing.T) {
	h := load(t)
	f := h.shape(NewPerson(5))
	shape := func(au map[string]float64) func(int) vec {
		v := make([]vec, len(f.rest))
		f.pose(&Expression{AU: au}, v)
		return func(mark int) vec { return v[h.marks[mark]] }
	}
	rest := shape(nil)
	width := func(m func(int) vec) float32 { return m(54)[0] - m(48)[0] }
	for _, tt := range []struct {
		au   string
		what string
		by   func(m func(int) vec) float32
		lo   float32
		hi   float32
	}{
		{"AU1", "inner brow up", func(m func(int) vec) float32 { return m(22)[1] - rest(22)[1] }, 0.3, 1},
		{"AU2", "outer brow up", func(m func(int) vec) float32 { return m(25)[1] - rest(25)[1] }, 0.4, 1.2},
		{"AU4", "brow down", func(m func(int) vec) float32 { return m(23)[1] - rest(23)[1] }, -1, -0.2},
		{"AU4", "brows together", func(m func(int) vec) float32 { return (m(23)[0] - m(20)[0]) - (rest(23)[0] - rest(20)[0]) }, -1.5, -0.2},
		{"AU7", "lower lid up", func(m func(int) vec) float32 { return m(47)[1] - rest(47)[1] }, 0.1, 0.6},
		{"AU9", "nose wing up", func(m func(int) vec) float32 { return m(35)[1] - rest(35)[1] }, 0.15, 1.2},
		{"AU10", "upper lip up", func(m func(int) vec) float32 { return m(52)[1] - rest(52)[1] }, 0.2, 1.2},
		{"AU12", "mouth wider", func(m func(int) vec) float32 { return width(m) - width(rest) }, 0.8, 4},
		{"AU12", "corner up", func(m func(int) vec) float32 { return m(54)[1] - rest(54)[1] }, 0.4, 2},
		{"AU20", "mouth wider", func(m func(int) vec) float32 { return width(m) - width(rest) }, 0.8, 3},
		{"AU20", "corner not up", func(m func(int) vec) float32 { return m(54)[1] - rest(54)[1] }, -1, 0.05},
		{"AU25", "lips part", func(m func(int) vec) float32 { return m(62)[1] - m(66)[1] }, 0.2, 1.5},
		{"AU25", "jaw nearly stays", func(m func(int) vec) float32 { return m(8)[1] - rest(8)[1] }, -0.45, 0.15},
		{"AU26", "jaw drops", func(m func(int) vec) float32 { return m(8)[1] - rest(8)[1] }, -3, -0.7},
		{"AU26", "lips stay together", func(m func(int) vec) float32 { return m(62)[1] - m(66)[1] }, -0.3, 0.35},
	} {
		if got := tt.by(shape(map[string]float64{tt.au: 5})); got < tt.lo || got > tt.hi {
			t.Errorf("%s: %s by %.2f cm, want %.2f to %.2f", tt.au, tt.what, got, tt.lo, tt.hi)
		}
	}
}

// AU25 is scored by how far the lips stand apart, whatever parts them.
func TestParted(t *testing.T) {
	f := load(t).shape(NewPerson(5))
	for _, c := range []struct {
		au     map[string]float64
		lo, hi float64
	}{
		{nil, 0, 0},
		{map[string]float64{"AU25": 5}, 5, 5},
		{map[string]float64{"AU25": 2.5}, 2, 3},
		{map[string]float64{"AU10": 5}, 1, 5},   // the upper lip leaves the lower one
		{map[string]float64{"AU26": 4}, 0, 1.5}, // the jaw drops behind closed lips
		{map[string]float64{"AU25": 2, "AU26": 4}, 4, 5},
		{map[string]float64{"AU4": 5, "AU43": 1}, 0, 0.1},
	} {
		if got := f.Parted(&Expression{AU: c.au}); got < c.lo-1e-6 || got > c.hi+1e-6 {
			t.Errorf("%v: the lips are %.2f apart, want %g to %g", c.au, got, c.lo, c.hi)
		}
	}
}

func TestAsymmetry(t *testing.T) {
	h := load(t)
	f := h.shape(Person{})
	v := make([]vec, len(f.rest))
	f.pose(&Expression{AU: map[string]float64{"AU12": 3}, Asymmetry: 0.5}, v)
	left, right := v[h.marks[54]].sub(f.rest[h.marks[54]]).len(), v[h.marks[48]].sub(f.rest[h.marks[48]]).len()
	if r := left / right; r < 2.8 || r > 3.2 { // 1.5 to 0.5
		t.Errorf("the left corner moves %.2f times as far as the right one", r)
	}
}

func draw(t *testing.T, h *Head, p Person, s Shot) *image.RGBA {
	t.Helper()
	r, err := NewRenderer(320, 240)
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	if err := r.Render(m, h.Figure(p), s); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSameBytes(t *testing.T) {
	h := load(t)
	s := Shot{Expression: Expression{AU: map[string]float64{"AU4": 3, "AU6": 2, "AU12": 1, "AU43": 0.3}, Shapes: map[string]float64{"jawLeft": 0.2, "mouthPucker": 0.1}},
		Light: LightSide, Room: NewRoom(4, 320, 240), Pose: Pose{Yaw: 12, Pitch: -4}}
	a, b := draw(t, h, NewPerson(9), s), draw(t, h, NewPerson(9), s)
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("the same shot gave other bytes")
	}
	if c := draw(t, h, NewPerson(10), s); bytes.Equal(a.Pix, c.Pix) {
		t.Error("another person gave the same picture")
	}
}

// brightness is the mean of green over a box about the middle of the picture, where the face is.
func brightness(m *image.RGBA) (sum int) {
	for y := 100; y < 150; y++ {
		for x := 140; x < 180; x++ {
			sum += int(m.RGBAAt(x, y).G)
		}
	}
	return sum / (50 * 40)
}

func TestSkinTonesFollowTheirScale(t *testing.T) {
	h := load(t)
	last := 256
	for _, skin := range []float64{0, 0.25, 0.5, 0.75, 1} {
		p := NewPerson(2)
		p.Skin = skin
		b := brightness(draw(t, h, p, Shot{Light: LightFront}))
		if b >= last-8 {
			t.Errorf("skin %.2f has brightness %d after %d", skin, b, last)
		}
		last = b
	}
	if last < 25 {
		t.Errorf("the darkest skin has brightness %d: nothing could be seen in it", last)
	}
}

func TestPoseTurnsTheRightWay(t *testing.T) {
	h := load(t)
	f := h.Figure(Person{})
	r, err := NewRenderer(320, 240)
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	nose := func(p Pose) corner {
		if err := r.Render(m, f, Shot{Pose: p, Light: LightFront}); err != nil {
			t.Fatal(err)
		}
		return r.screen[h.marks[30]]
	}
	rest := nose(Pose{})
	if c := nose(Pose{Yaw: 20}); c.x < rest.x+20 {
		t.Errorf("a turn to the person's left moves the nose from x %.0f to %.0f; it should go to the picture's right", rest.x, c.x)
	}
	if c := nose(Pose{Pitch: 20}); c.y > rest.y-10 {
		t.Errorf("a look up moves the nose from y %.0f to %.0f; it should rise", rest.y, c.y)
	}
	if c := nose(Pose{Distance: 100}); c.near >= rest.near {
		t.Error("a head farther away is not farther away")
	}
}

func TestFurrowsFollowTheirUnits(t *testing.T) {
	c := newCreases()
	f := &Figure{}
	at := func(au string, p vec) float32 {
		w := f.furrows(&Expression{AU: map[string]float64{au: 5}})
		h, _, _ := c.at(p, &w)
		return h
	}
	for _, tt := range []struct {
		au string
		p  vec
	}{{"AU4", vec{0.5, 5.2, 10}}, {"AU4", vec{-0.5, 5.2, 10}}, {"AU9", vec{0.4, 3.2, 11}}, {"AU6", vec{5.7, 3.35, 8}},
		{"AU12", vec{2.45, -0.8, 10}}, {"AU1", vec{1.4, 8.3, 10}}} {
		if with, without := at(tt.au, tt.p), at("", tt.p); with > without-0.02 {
			t.Errorf("%s leaves %v at a depth of %.3f cm, %.3f at rest", tt.au, tt.p, -with, -without)
		}
	}
}

// What a laugh does to a nose is no unit: the wings go apart, the tip sinks, and the root may fold.
func TestNoseOfALaugh(t *testing.T) {
	f := load(t).shape(NewPerson(5))
	still, laughing := make([]vec, len(f.rest)), make([]vec, len(f.rest))
	f.pose(&Expression{}, still)
	e := Expression{Shapes: map[string]float64{NoseWings: 1, NoseTip: 1}, NoseFolds: 1}
	f.pose(&e, laughing)
	moved := func(mark, axis int) float32 {
		return laughing[f.head.marks[mark]][axis] - still[f.head.marks[mark]][axis]
	}
	if d := moved(35, 0) - moved(31, 0); d < 0.4 || d > 0.8 {
		t.Errorf("the wings go %.2f cm apart, want about 0.6", d)
	}
	if d := -moved(30, 1); d < 0.15 || d > 0.35 {
		t.Errorf("the tip sinks by %.2f cm, want about 0.3", d)
	}
	if d := moved(39, 0); d != 0 {
		t.Errorf("an eye moves by %.2f cm", d)
	}
	if w := f.furrows(&e); w[0][creaseNoseRoot] != f.furrows(&Expression{AU: map[string]float64{"AU9": 5}})[0][creaseNoseRoot] || w[0][creaseGlabella] != f.furrows(&Expression{})[0][creaseGlabella] {
		t.Errorf("folds at the root %.2f, between the brows %.2f", w[0][creaseNoseRoot], w[0][creaseGlabella])
	}
}

func TestRefuses(t *testing.T) {
	for _, s := range [][2]int{{0, 480}, {640, 5000}, {-1, -1}} {
		if _, err := NewRenderer(s[0], s[1]); err == nil {
			t.Errorf("a renderer for %v was made", s)
		}
	}
	r, err := NewRenderer(64, 48)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Render(image.NewRGBA(image.Rect(0, 0, 65, 48)), nil, Shot{}); err == nil {
		t.Error("a picture of another size was drawn")
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("an empty directory was loaded")
	}
}
