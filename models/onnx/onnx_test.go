package onnx

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func graph() *Graph {
	return &Graph{
		Name:      "g",
		Inputs:    []Value{{"x", []int64{1, 2}}},
		Outputs:   []Value{{"y", []int64{1, 2}}},
		Constants: []Tensor{{Name: "k", Dims: []int64{2}, Floats: []float32{1, -2}}, {Name: "i", Dims: []int64{1}, Ints: []int64{-1}}},
		Nodes: []Node{
			{Op: "Add", Inputs: []string{"x", "k"}, Outputs: []string{"s"}},
			{Op: "LeakyRelu", Inputs: []string{"s"}, Outputs: []string{"y"}, Attrs: []Attr{{"alpha", float32(0.5)}, {"n", int64(3)}, {"t", "text"}, {"l", []int64{1, -1}}}},
		},
	}
}

// fields returns the payloads of the length-delimited fields of a message by number, and the varints.
func fields(t *testing.T, b []byte) (parts map[protowire.Number][][]byte, numbers map[protowire.Number][]uint64) {
	t.Helper()
	parts, numbers = map[protowire.Number][][]byte{}, map[protowire.Number][]uint64{}
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		switch kind {
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			parts[num] = append(parts[num], v)
			b = b[n:]
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			numbers[num] = append(numbers[num], v)
			b = b[n:]
		case protowire.Fixed32Type:
			v, n := protowire.ConsumeFixed32(b)
			numbers[num] = append(numbers[num], uint64(v))
			b = b[n:]
		default:
			t.Fatalf("field %d has wire type %d", num, kind)
		}
	}
	return parts, numbers
}

// TestMarshal reads the file back by the field numbers of onnx.proto. That ONNX Runtime takes it is tested in vision/ort.
func TestMarshal(t *testing.T) {
	b, err := Marshal(graph(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Marshal(graph(), "test"); err != nil || !bytes.Equal(b, again) {
		t.Error("the same graph gives other bytes")
	}
	model, versions := fields(t, b)
	if versions[1][0] != 8 || string(model[2][0]) != "test" {
		t.Errorf("IR version %v and producer %q", versions[1], model[2])
	}
	if _, v := fields(t, model[8][0]); v[2][0] != 17 {
		t.Errorf("operator set %v", v[2])
	}
	g, _ := fields(t, model[7][0])
	if len(g[1]) != 2 || len(g[5]) != 2 || len(g[11]) != 1 || len(g[12]) != 1 {
		t.Fatalf("%d nodes, %d constants, %d inputs, %d outputs", len(g[1]), len(g[5]), len(g[11]), len(g[12]))
	}
	node, _ := fields(t, g[1][1])
	if string(node[4][0]) != "LeakyRelu" || string(node[1][0]) != "s" || string(node[2][0]) != "y" || len(node[5]) != 4 {
		t.Errorf("the second node reads as %q", node)
	}
	if _, alpha := fields(t, node[5][0]); alpha[2][0] != 0x3f000000 || alpha[20][0] != 1 {
		t.Errorf("the attribute reads as %v", alpha)
	}
	if _, list := fields(t, node[5][3]); len(list[8]) != 2 || int64(list[8][1]) != -1 || list[20][0] != 7 {
		t.Errorf("the list reads as %v", list)
	}
	k, dims := fields(t, g[5][0])
	if dims[1][0] != 2 || dims[2][0] != 1 || !bytes.Equal(k[9][0], []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}) {
		t.Errorf("the constant reads as %v %v", k, dims)
	}
}

func TestMarshalRefuses(t *testing.T) {
	for want, change := range map[string]func(*Graph){
		"before it is written": func(g *Graph) { g.Nodes[0], g.Nodes[1] = g.Nodes[1], g.Nodes[0] },
		"never written":        func(g *Graph) { g.Outputs[0].Name = "z" },
		"written twice":        func(g *Graph) { g.Nodes[0].Outputs[0] = "x" },
		"has 2 values":         func(g *Graph) { g.Constants[0].Dims[0] = 3 },
		"has the type bool":    func(g *Graph) { g.Nodes[1].Attrs[0].Value = true },
		"no output":            func(g *Graph) { g.Outputs = nil },
	} {
		g := graph()
		change(g)
		if _, err := Marshal(g, "test"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
