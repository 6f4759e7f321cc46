package blaze

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"wince/models/tflite/tflitetest"
)

// load makes a small net and fills its input with a picture by chance.
func load(t testing.TB) *Net {
	t.Helper()
	m, err := Load(tflitetest.Mesh(48, 21).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !Supported() {
		t.Skip("this processor has no AVX2")
	}
	n, rnd := m.New(), rand.New(rand.NewPCG(1, 2))
	for i := range n.Input() {
		n.Input()[i] = rnd.Float32()
	}
	return n
}

// Both kinds of instructions compute the same. ONNX Runtime is asked in vision/ort, whether it is right.
func TestInstructionsAgree(t *testing.T) {
	n := load(t)
	n.Run()
	got := slices.Clone(n.Output(0))
	n.run = (*Model).eight
	n.Run()
	for i, v := range n.Output(0) {
		if !(math.Abs(float64(v-got[i])) <= 1e-4*max(1, math.Abs(float64(v)))) {
			t.Errorf("output %d: %g with all that the processor has, %g with AVX2", i, got[i], v)
		}
	}
}

// A run leaves nothing behind that the next one sees.
func TestRunsDoNotMix(t *testing.T) {
	n := load(t)
	picture := slices.Clone(n.Input())
	n.Run()
	want := slices.Clone(n.Output(0))
	for i := range n.Input() {
		n.Input()[i] = 100
	}
	n.Run()
	copy(n.Input(), picture)
	if a := testing.AllocsPerRun(5, n.Run); a != 0 {
		t.Errorf("%v allocations a run", a)
	}
	if !slices.Equal(n.Output(0), want) {
		t.Errorf("%g, then %g of the same picture", want, n.Output(0))
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, change := range map[string]func(*tflitetest.Net){
		"two inputs":       func(n *tflitetest.Net) { n.Inputs = append(n.Inputs, 0) },
		"another size":     func(n *tflitetest.Net) { n.Tensors[0].Shape = []int{1, 50, 48, 3} },
		"a head's picture": func(n *tflitetest.Net) { n.Outputs = []int32{n.Ops[2].Outputs[0]} },
		"an operator":      func(n *tflitetest.Net) { n.Ops[3].Code = 14 },
		"no bias":          func(n *tflitetest.Net) { n.Ops[2].Inputs = n.Ops[2].Inputs[:2] },
		"a step less":      func(n *tflitetest.Net) { n.Ops = slices.Delete(n.Ops, 4, 5) },
		"dilation": func(n *tflitetest.Net) {
			n.Ops[2].Options = append(n.Ops[2].Options, tflitetest.Field{Slot: 4, Value: 2})
		},
		"a sum of two sizes": func(n *tflitetest.Net) {
			deep := slices.IndexFunc(n.Ops, func(o tflitetest.Op) bool { return o.Code == 4 })
			conv := deep + slices.IndexFunc(n.Ops[deep:], func(o tflitetest.Op) bool { return o.Code == 3 })
			n.Ops[deep].Options[1].Value, n.Ops[deep].Options[2].Value = 2, 2
			for _, o := range []int{deep, conv} {
				n.Tensors[n.Ops[o].Outputs[0]].Shape = []int{1, 6, 6, 16}
			}
		},
		"an activation": func(n *tflitetest.Net) {
			n.Ops[2].Options = append(n.Ops[2].Options, tflitetest.Field{Slot: 3, Value: 1, Byte: true})
		},
	} {
		n := tflitetest.Mesh(24, 5)
		change(n)
		if _, err := Load(n.Bytes()); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load([]byte("no net")); err == nil {
		t.Error("what is no net was loaded")
	}
}

// Of small pictures C computes several rows at once: one with a row left over would be written beyond its end.
func TestRowsLeftOver(t *testing.T) {
	m, err := Load(tflitetest.Mesh(24, 5).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for width, fits := range map[int]bool{1: false, 2: true, 3: true, 4: true, 5: false, 6: true, 7: true, 12: true} {
		for m.steps[1].width = 0; int(m.steps[1].width) < width; m.steps[1].width++ { // C's types have no names in tests
		}
		if err := m.check(); (err == nil) != fits {
			t.Errorf("%d rows: %v", width, err)
		}
	}
}

// Whatever the file says, a plan that is made keeps to its memory (check) and runs.
func FuzzLoad(f *testing.F) {
	f.Add(tflitetest.Mesh(24, 3).Bytes())
	f.Fuzz(func(_ *testing.T, b []byte) {
		m, err := Load(b)
		if err != nil || !Supported() {
			return
		}
		n := m.New()
		n.Run()
		for i := range m.outputs {
			n.Output(i)
		}
	})
}
