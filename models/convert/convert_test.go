package convert

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wince/models/onnx"
	"wince/models/tflite"
	"wince/models/tflite/tflitetest"
)

// TestEdge holds the padding against TensorFlow's rule by examples that are easily got wrong.
func TestEdge(t *testing.T) {
	for _, tc := range []struct {
		p                            tflite.Padding
		in, window, stride, dilation int
		before, after, out           int
	}{
		{tflite.Same, 192, 3, 2, 1, 0, 1, 96}, // even size: the one missing pixel is at the end
		{tflite.Same, 7, 3, 2, 1, 1, 1, 4},
		{tflite.Same, 128, 5, 2, 1, 1, 2, 64},
		{tflite.Same, 4, 3, 1, 2, 2, 2, 4},
		{tflite.Same, 6, 2, 2, 1, 0, 0, 3},
		{tflite.Same, 5, 1, 3, 1, 0, 0, 2},
		{tflite.Valid, 7, 3, 2, 1, 0, 0, 3},
		{tflite.Valid, 3, 3, 3, 1, 0, 0, 1},
	} {
		before, after, out := edge(tc.p, tc.in, tc.window, tc.stride, tc.dilation)
		if before != tc.before || after != tc.after || out != tc.out {
			t.Errorf("%+v: got %d, %d, %d", tc, before, after, out)
		}
	}
}

func ops(g *onnx.Graph) []string {
	var names []string
	for _, n := range g.Nodes {
		names = append(names, n.Op)
	}
	return names
}

func TestDeterministic(t *testing.T) {
	b := opsNet().Bytes()
	first, err := TFLite(b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if again, err := TFLite(b, Options{}); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("the same file converts to other bytes (error %v)", err)
		}
	}
}

func TestRewriting(t *testing.T) {
	m, err := tflite.Parse(opsNet().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	g, err := Model(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(ops(g), "PRelu") {
		t.Error("a PRelu was left")
	}
	if n := strings.Count(strings.Join(ops(g), " "), "Pad"); n != 1 {
		t.Errorf("%d Pads were left, one is expected: the one that moves pixels", n)
	}
	if g, err = Model(m, Options{KeepPRelu: true, KeepWidth: true}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(strings.Join(ops(g), " "), "Pad"); !slices.Contains(ops(g), "PRelu") || n != 2 {
		t.Error("what should be kept was rewritten")
	}
}

// custom is an operator by its name with the inputs and outputs of another.
func custom(o tflitetest.Op, name string, options []byte) tflitetest.Op {
	return tflitetest.Op{Code: 32, Custom: name, Inputs: o.Inputs, Outputs: o.Outputs, CustomOptions: options}
}

// TestRefuses changes one thing in the net of all operators and expects a sentence instead of a wrong net.
func TestRefuses(t *testing.T) {
	find := func(n *tflitetest.Net, code int32) *tflitetest.Op {
		for i := range n.Ops {
			if n.Ops[i].Code == code {
				return &n.Ops[i]
			}
		}
		t.Fatalf("no operator %d", code)
		return nil
	}
	for name, tc := range map[string]struct {
		change func(*tflitetest.Net)
		want   string
	}{
		"unknown operator": {func(n *tflitetest.Net) { find(n, 14).Code = 99 }, "operator 99 is not supported"},
		"output too large": {func(n *tflitetest.Net) { n.Tensors[find(n, 17).Outputs[0]].Shape[1] = 3 }, "an output of 3 pixels"},
		"channels differ":  {func(n *tflitetest.Net) { n.Tensors[find(n, 3).Outputs[0]].Shape[3] = 25 }, "25 channels"},
		"activation":       {func(n *tflitetest.Net) { find(n, 0).Options[0].Value = 4 }, "fused activation 4"},
		"stride of zero":   {func(n *tflitetest.Net) { find(n, 3).Options[0].Value = 0 }, "stride"},
		"stride too large": {func(n *tflitetest.Net) { find(n, 4).Options[0].Value = 1 << 30 }, "stride"},
		"padding mode": {func(n *tflitetest.Net) {
			find(n, 4).Options = append(find(n, 4).Options, tflitetest.Field{Slot: 0, Value: 7, Byte: true})
		}, "padding 7"},
		"input left out":  {func(n *tflitetest.Net) { find(n, 0).Inputs[0] = -1 }, "left out"},
		"one input":       {func(n *tflitetest.Net) { find(n, 0).Inputs = find(n, 0).Inputs[:1] }, "do not fit"},
		"computed filter": {func(n *tflitetest.Net) { find(n, 4).Inputs[1] = 0 }, "constant is expected"},
		"slopes too few": {func(n *tflitetest.Net) {
			k := &n.Tensors[find(n, 54).Inputs[1]]
			k.Shape, k.Data = []int{1}, k.Data[:4]
		}, "1 slopes"},
		"negative padding":   {func(n *tflitetest.Net) { copy(n.Tensors[find(n, 34).Inputs[1]].Data, tflitetest.Ints(-1)) }, "paddings"},
		"axis out of range":  {func(n *tflitetest.Net) { find(n, 2).Options[0].Value = 4 }, "axis 4"},
		"reshape to fewer":   {func(n *tflitetest.Net) { n.Tensors[find(n, 22).Outputs[0]].Shape[1] = 7 }, "does not fit into"},
		"written twice":      {func(n *tflitetest.Net) { find(n, 19).Outputs[0] = find(n, 54).Outputs[0] }, "written twice"},
		"read before":        {func(n *tflitetest.Net) { find(n, 17).Inputs[0] = n.Outputs[0] }, ""},
		"input not a number": {func(n *tflitetest.Net) { n.Tensors[0].Type = 3 }, "float32 is expected"},
		"unknown name":       {func(n *tflitetest.Net) { *find(n, 14) = custom(*find(n, 14), "Other", nil) }, "Other is not supported"},
		"no custom options": {func(n *tflitetest.Net) { *find(n, 14) = custom(*find(n, 14), "Landmarks2TransformMatrix", nil) },
			"landmarks [1 3 3 48]"},
		"slice": {func(n *tflitetest.Net) { find(n, 14).Code = 45 }, "do not fit"},
	} {
		n := opsNet()
		tc.change(n)
		if _, err := TFLite(n.Bytes(), Options{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: want an error with %q, got %v", name, tc.want, err)
		}
	}
	n := opsNet()
	find(n, 14).Code = 99
	if _, err := TFLite(n.Bytes(), Options{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("the error %v does not match ErrUnsupported", err)
	}
}

func FuzzTFLite(f *testing.F) {
	seed, err := os.ReadFile(filepath.FromSlash(opsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, opt := range []Options{{}, {KeepPRelu: true, KeepWidth: true}} {
			if out, err := TFLite(b, opt); err == nil && len(out) == 0 {
				t.Error("a net of no bytes")
			}
		}
	})
}
