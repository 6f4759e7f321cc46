package tflite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"wince/models/tflite/tflitetest"
)

// small is a net of one addition, so that fuzzing has little to mutate.
func small() *tflitetest.Net {
	return &tflitetest.Net{
		Tensors: []tflitetest.Tensor{
			{Name: "in", Shape: []int{1, 2, 2, 1}},
			{Name: "k", Shape: []int{1, 2, 2, 1}, Data: tflitetest.Floats(1, 2, 3, 4)},
			{Name: "out", Shape: []int{1, 2, 2, 1}},
		},
		Ops:    []tflitetest.Op{{Code: int32(Add), Inputs: []int32{0, 1}, Outputs: []int32{2}, Options: []tflitetest.Field{{Slot: 0, Value: 1, Byte: true}}}},
		Inputs: []int32{0}, Outputs: []int32{2},
	}
}

func TestParse(t *testing.T) {
	m, err := Parse(small().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if m.Description != "test" || len(m.Tensors) != 3 || len(m.Operators) != 1 || m.Inputs[0] != 0 || m.Outputs[0] != 2 {
		t.Fatalf("the net reads as %+v", m)
	}
	k := m.Tensors[1]
	if k.Name != "k" || k.Elements() != 4 || k.Type != Float32 || !bytes.Equal(k.Data, tflitetest.Floats(1, 2, 3, 4)) {
		t.Errorf("the constant reads as %+v", k)
	}
	o := m.Operators[0]
	if act, err := o.AddActivation(); o.Op != Add || o.Name() != "ADD" || act != ActRelu || err != nil {
		t.Errorf("the operator reads as %+v, activation %v, error %v", o, act, err)
	}
}

func TestOptions(t *testing.T) {
	ops, err := os.ReadFile(filepath.Join("..", "testdata", "ops.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	var convs, depthwise []ConvOptions
	for i := range m.Operators {
		switch o := &m.Operators[i]; o.Op {
		case Conv2D, DepthwiseConv2D:
			c, err := o.Conv()
			if err != nil {
				t.Fatal(err)
			}
			if o.Op == Conv2D {
				convs = append(convs, c)
			} else {
				depthwise = append(depthwise, c)
			}
		case MaxPool2D:
			if p, err := o.Pool(); err != nil || p != (PoolOptions{Same, 2, 2, 3, 3, ActNone}) {
				t.Errorf("the pool's options are %+v, error %v", p, err)
			}
		}
	}
	if want := (ConvOptions{Same, 2, 2, 1, 1, 0, ActRelu6}); convs[0] != want {
		t.Errorf("the convolution's options are %+v, want %+v", convs[0], want)
	}
	if want := (ConvOptions{Same, 1, 1, 2, 2, 1, ActNone}); depthwise[0] != want {
		t.Errorf("the depthwise convolution's options are %+v, want %+v", depthwise[0], want)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, change := range map[string]func(*tflitetest.Net){
		"constant too short":      func(n *tflitetest.Net) { n.Tensors[1].Data = tflitetest.Floats(1) },
		"dimension of zero":       func(n *tflitetest.Net) { n.Tensors[0].Shape[1] = 0 },
		"negative dimension":      func(n *tflitetest.Net) { n.Tensors[0].Shape[1] = -1 },
		"shape that overflows":    func(n *tflitetest.Net) { n.Tensors[0].Shape = []int{1 << 26, 1 << 26, 1 << 26} },
		"too many dimensions":     func(n *tflitetest.Net) { n.Tensors[0].Shape = make([]int, 7) },
		"constant of odd type":    func(n *tflitetest.Net) { n.Tensors[1].Type = 77 },
		"input out of range":      func(n *tflitetest.Net) { n.Ops[0].Inputs[1] = 3 },
		"output out of range":     func(n *tflitetest.Net) { n.Ops[0].Outputs[0] = -1 },
		"output onto a constant":  func(n *tflitetest.Net) { n.Ops[0].Outputs[0] = 1 },
		"graph output too high":   func(n *tflitetest.Net) { n.Outputs[0] = 9 },
		"no input":                func(n *tflitetest.Net) { n.Inputs = nil },
		"too many operands":       func(n *tflitetest.Net) { n.Ops[0].Inputs = make([]int32, maxOperands+1) },
		"name longer than a name": func(n *tflitetest.Net) { n.Tensors[0].Name = string(make([]byte, maxName+1)) },
	} {
		n := small()
		change(n)
		if _, err := Parse(n.Bytes()); !errors.Is(err, ErrNotTFLite) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// TestParseDamaged cuts a file at every length and points every offset outside: an error or a net, never a panic.
func TestParseDamaged(t *testing.T) {
	whole := small().Bytes()
	for n := range whole {
		if _, err := Parse(whole[:n:n]); err == nil && n < len(whole)/2 {
			t.Errorf("%d of %d bytes pass as a net", n, len(whole))
		}
	}
	for i := 8; i+4 <= len(whole); i++ {
		for _, v := range []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, uint32(len(whole))} {
			b := bytes.Clone(whole)
			binary.LittleEndian.PutUint32(b[i:], v)
			if m, err := Parse(b); err == nil {
				use(m)
			}
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "a text": []byte("not a net, but long enough to look at"), "another format": append([]byte("\x08\x08\x12\x05"), whole[4:20]...)} {
		if _, err := Parse(b); !errors.Is(err, ErrNotTFLite) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// use reads all options of a net.
func use(m *Model) {
	for i := range m.Operators {
		o := &m.Operators[i]
		_, _ = o.Conv()
		_, _ = o.Pool()
		_, _, _ = o.Concat()
		_, _ = o.AddActivation()
		_ = o.Name()
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small().Bytes())
	f.Add([]byte("\x10\x00\x00\x00TFL3\x00\x00\x00\x00"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if m, err := Parse(b); err == nil {
			use(m)
		}
	})
}
