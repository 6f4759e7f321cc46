package vision

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"wince/models"
	"wince/pain"
	"wince/vision/pixel"
)

// A face compared with itself does nothing; the network says how sure it is; AU5 is not measured against the average face.
func TestAFaceAgainstItself(t *testing.T) {
	pop, err := populationOf(PlainMesh)
	if err != nil {
		t.Fatal(err)
	}
	n := pop.neutral
	for _, n.Kind = range []Baseline{BaselinePopulation, BaselineSession, BaselineResident} {
		v, sd := estimate(&n.Features, &n)
		for a := pain.AU(0); a < pain.NumAU; a++ {
			switch {
			case a == pain.AU5 && n.Kind == BaselinePopulation:
				if v.Measured(a) || sd.Measured(a) {
					t.Errorf("%s: AU5 is %g", n.Kind, v[a])
				}
			case !(v[a] >= 0 && v[a] <= 0.6):
				t.Errorf("%s: %v is %g in a face at ease", n.Kind, a, v[a])
			case !(sd[a] > 0 && float64(sd[a]) < a.Max()/2):
				t.Errorf("%s: the deviation of %v is %g", n.Kind, a, sd[a])
			}
		}
	}
	if a := testing.AllocsPerRun(20, func() { estimate(&n.Features, &n) }); a != 0 {
		t.Errorf("%g allocations", a)
	}
}

// With the attention mesh the hand-set levels stand alone.
func TestTheAttentionMeshHasNoNetwork(t *testing.T) {
	pop, err := populationOf(AttentionMesh)
	if err != nil {
		t.Fatal(err)
	}
	v, sd := estimate(&pop.neutral.Features, &pop.neutral)
	for a, want := range map[pain.AU]bool{pain.AU4: true, pain.AU12: true, pain.AU15: false, pain.AU17: false} {
		if v.Measured(a) != want || sd.Measured(a) {
			t.Errorf("%v is %g, deviation %g", a, v[a], sd[a])
		}
	}
}

type versions struct{ Models }

func (versions) Versions() map[string]string {
	return map[string]string{models.Units: "sha256:" + strings.Repeat("0", 64)}
}

func (versions) Units() (Net, error) { return &plate{}, nil }

type untrained struct{ Models }

func (untrained) Units() (Net, error) { return nil, nil }

func TestNumbersOfAnotherNetworkAreRefused(t *testing.T) {
	h, err := loadHeads()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openUnits(versions{}, h); err == nil || !strings.Contains(err.Error(), "one training") {
		t.Errorf("another network was taken: %v", err)
	}
	if n, err := openUnits(untrained{}, h); n != nil || err != nil {
		t.Errorf("without a network: %v, %v", n, err)
	}
	if n, err := openUnits(versions{}, nil); n != nil || err != nil {
		t.Errorf("without a comparison: %v, %v", n, err)
	}
}

// members are those of a comparison.
func members(m map[string]any) []any { return m["members"].([]any) }

func TestReadHeadsRefuses(t *testing.T) {
	var whole map[string]any
	for name, change := range map[string]func(map[string]any){
		"other numbers":  func(m map[string]any) { m["numbers"] = 95 },
		"other features": func(m map[string]any) { m["features"] = 25 },
		"a layer less":   func(m map[string]any) { members(m)[0] = members(m)[0].([]any)[:2] },
		"short weights":  func(m map[string]any) { members(m)[0].([]any)[1].(map[string]any)["weights"] = "AAAA" },
		"no base64":      func(m map[string]any) { members(m)[0].([]any)[1].(map[string]any)["bias"] = "%" },
		"no member":      func(m map[string]any) { m["members"] = []any{} },
		"a unit missing": func(m map[string]any) { m["answers"].([]any)[2] = "AU99" },
		"no spread":      func(m map[string]any) { delete(m["average"].(map[string]any), "ease") },
		"no mixture":     func(m map[string]any) { delete(m["average"].(map[string]any), "mix") },
		"no calibration": func(m map[string]any) { delete(m, "own") },
	} {
		if err := json.Unmarshal(unitsFile, &whole); err != nil {
			t.Fatal(err)
		}
		change(whole)
		b, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readHeads(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
		whole = nil
	}
	if _, err := readHeads([]byte("{")); err == nil {
		t.Error("what is no JSON was accepted")
	}
}

// The patch lies on the face whatever its size, turn and place in the crop: a face of gradients gives the same values.
func TestAlignFollowsTheFace(t *testing.T) {
	pop, err := populationOf(PlainMesh)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ size, angle float64 }{{60, 0}, {75, 0.3}, {90, -0.2}} {
		m := &mesher{net: &plate{in: make([]float32, 3*meshSize*meshSize)}}
		sin, cos := math.Sincos(c.angle)
		for i, p := range pop.Shape {
			x, y := p[0]*c.size, p[1]*c.size
			m.pixels[i] = [3]float32{float32(meshSize/2 + cos*x - sin*y), float32(meshSize/2 - 20 + sin*x + cos*y)}
		}
		for y := range meshSize {
			for x := range meshSize {
				dx, dy := float64(x)+0.5-meshSize/2, float64(y)+0.5-(meshSize/2-20)
				u := (cos*dx + sin*dy) / c.size // across the face
				for k := range 3 {
					m.net.Input()[k*meshSize*meshSize+y*meshSize+x] = float32(0.5 + 0.2*u)
				}
			}
		}
		m.shade()
		s := newSight(&pop.Shape, BothSides)
		s.align(m, Region{CX: meshSize / 2, CY: meshSize / 2, Size: meshSize})
		for _, i := range []int{20, 52, 80} {
			u := (float64(i) + 0.5 - PatchWidth/2) / patchScale
			if got := float64(s.grey[60*PatchWidth+i]); math.Abs(got-(0.5+0.2*u)) > 0.01 {
				t.Errorf("size %g, angle %g, column %d: %.3f, want %.3f", c.size, c.angle, i, got, 0.5+0.2*u)
			}
		}
		flat := make([]float32, len(s.grey))
		pixel.Flatten(flat, s.grey[:], PatchWidth, patchBlack)
		if v := flat[60*PatchWidth+52]; math.Abs(float64(v)) > 0.1 {
			t.Errorf("a smooth face has a fold of %g", v)
		}
	}
}

type plate struct{ in []float32 }

func (p *plate) Input() []float32     { return p.in }
func (p *plate) Run() error           { return nil }
func (p *plate) Output(int) []float32 { return nil }
func (p *plate) Close() error         { return nil }

// What a unit shows of another is taken out of it, and of no other: the matrix is read row by row.
func TestCrossTalkIsTakenOut(t *testing.T) {
	pop, err := populationOf(PlainMesh)
	if err != nil {
		t.Fatal(err)
	}
	mixing := func(set func(mix []float32, at func(pain.AU) int)) pain.Intensities {
		h := *pop.neutral.heads
		h.own.Mix = make([]float32, len(h.own.Mix))
		for i := range int(pain.NumAU) {
			h.own.Mix[i*int(pain.NumAU)+i] = 1
		}
		set(h.own.Mix, func(a pain.AU) int { return h.answers[a] })
		n := pop.neutral
		n.Kind, n.heads = BaselineResident, &h
		f := n.Features
		for i := range f { // some face or other
			f[i] += 0.3 * float32(i%5-2) * float32(math.Abs(float64(f[i])))
		}
		v, _ := unbounded(&f, &n)
		return v
	}
	before := mixing(func([]float32, func(pain.AU) int) {})
	most := pain.AU1 // of what that face shows, whatever the network is
	for a := pain.AU(0); a < pain.NumAU; a++ {
		if a != pain.AU7 && before.Measured(a) && math.Abs(float64(before[a])) > math.Abs(float64(before[most])) {
			most = a
		}
	}
	if math.Abs(float64(before[most])) < 0.05 {
		t.Fatalf("%v is %g in that face: nothing would be taken out", most, before[most])
	}
	after := mixing(func(mix []float32, at func(pain.AU) int) { mix[at(pain.AU7)*int(pain.NumAU)+at(most)] = -0.5 })
	for a := pain.AU(0); a < pain.NumAU; a++ {
		want := before[a]
		if a == pain.AU7 {
			want -= 0.5 * before[most]
		}
		if before.Measured(a) && math.Abs(float64(after[a]-want)) > 1e-4 {
			t.Errorf("%v is %g, want %g", a, after[a], want)
		}
	}
}
