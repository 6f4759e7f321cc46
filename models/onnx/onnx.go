// Package onnx writes ONNX model files. It knows the part of onnx.proto (IR version 8, operator set 17) that a converted
// net needs, and encodes it by hand with protowire: the generated code for the whole format would be larger than the
// conversion. Equal models give equal bytes.
package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions written into every file. Operator set 17 has GridSample (since 16) and is read by every ONNX Runtime since 1.12.
const (
	irVersion = 8
	opset     = 17
)

// Field numbers of onnx.proto, message by message.
const (
	modelIRVersion, modelProducer, modelGraph, modelOpsets                    = 1, 2, 7, 8
	opsetVersion                                                              = 2
	graphNode, graphName, graphInit, graphInput, graphOutput                  = 1, 2, 5, 11, 12
	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttr                         = 1, 2, 3, 4, 5
	attrName, attrF, attrI, attrS, attrInts, attrType                         = 1, 2, 3, 4, 8, 20
	tensorDims, tensorType, tensorName, tensorRaw                             = 1, 2, 8, 9
	valueName, valueType, typeTensor, elemType, elemShape                     = 1, 2, 1, 1, 2
	shapeDim, dimValue                                                        = 1, 1
	attrTypeFloat, attrTypeInt, attrTypeString, attrTypeInts                  = 1, 2, 3, 7
	dataFloat, dataInt64                                     protowire.Number = 1, 7
)

// Attr is an attribute of a node; Value is a float32, int64, string or []int64.
type Attr struct {
	Name  string
	Value any
}

// Node applies an operator of the default domain.
type Node struct {
	Op              string
	Inputs, Outputs []string
	Attrs           []Attr
}

// Tensor is a named constant: Floats or Ints, never both.
type Tensor struct {
	Name   string
	Dims   []int64
	Floats []float32
	Ints   []int64
}

// Value is a float32 input or output of the graph.
type Value struct {
	Name  string
	Shape []int64
}

// Graph is a net. Nodes stand in the order of computation.
type Graph struct {
	Name            string
	Nodes           []Node
	Constants       []Tensor
	Inputs, Outputs []Value
}

// Marshal encodes the graph as a model file. It fails where a constant's data and dimensions differ, an attribute has a type
// that is not written, or a node reads a value that nothing before it writes.
func Marshal(g *Graph, producer string) ([]byte, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	var gb []byte
	for i := range g.Nodes {
		n, err := g.Nodes[i].encode(i)
		if err != nil {
			return nil, err
		}
		gb = message(gb, graphNode, n)
	}
	gb = text(gb, graphName, g.Name)
	for i := range g.Constants {
		gb = message(gb, graphInit, g.Constants[i].encode())
	}
	for _, v := range g.Inputs {
		gb = message(gb, graphInput, v.encode())
	}
	for _, v := range g.Outputs {
		gb = message(gb, graphOutput, v.encode())
	}
	var b []byte
	b = number(b, modelIRVersion, irVersion)
	b = text(b, modelProducer, producer)
	b = message(b, modelGraph, gb)
	return message(b, modelOpsets, number(nil, opsetVersion, opset)), nil
}

// check finds what ONNX Runtime would refuse with a longer story.
func (g *Graph) check() error {
	known := map[string]bool{"": true} // the empty name is an optional input left out
	add := func(name string) error {
		if name == "" || known[name] {
			return fmt.Errorf("onnx: the value %q is written twice or has no name", name)
		}
		known[name] = true
		return nil
	}
	for _, v := range g.Inputs {
		if err := add(v.Name); err != nil {
			return err
		}
	}
	for i := range g.Constants {
		c := &g.Constants[i]
		if err := add(c.Name); err != nil {
			return err
		}
		n := int64(1)
		for _, d := range c.Dims {
			n *= d
		}
		if n != int64(len(c.Floats)+len(c.Ints)) || (c.Floats != nil && c.Ints != nil) {
			return fmt.Errorf("onnx: the constant %q of %v has %d values", c.Name, c.Dims, len(c.Floats)+len(c.Ints))
		}
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		for _, in := range n.Inputs {
			if !known[in] {
				return fmt.Errorf("onnx: node %d (%s) reads %q before it is written", i, n.Op, in)
			}
		}
		for _, out := range n.Outputs {
			if err := add(out); err != nil {
				return err
			}
		}
	}
	for _, v := range g.Outputs {
		if !known[v.Name] {
			return fmt.Errorf("onnx: the output %q is never written", v.Name)
		}
	}
	if len(g.Outputs) == 0 {
		return errors.New("onnx: the graph has no output")
	}
	return nil
}

func (n *Node) encode(i int) ([]byte, error) {
	var b []byte
	for _, s := range n.Inputs {
		b = text(b, nodeInput, s)
	}
	for _, s := range n.Outputs {
		b = text(b, nodeOutput, s)
	}
	b = text(b, nodeName, fmt.Sprintf("%s_%d", n.Op, i))
	b = text(b, nodeOp, n.Op)
	for _, a := range n.Attrs {
		e := text(nil, attrName, a.Name)
		var kind int64
		switch v := a.Value.(type) {
		case float32:
			e = protowire.AppendFixed32(protowire.AppendTag(e, attrF, protowire.Fixed32Type), math.Float32bits(v))
			kind = attrTypeFloat
		case int64:
			e, kind = number(e, attrI, v), attrTypeInt
		case string:
			e, kind = text(e, attrS, v), attrTypeString
		case []int64:
			for _, x := range v {
				e = number(e, attrInts, x)
			}
			kind = attrTypeInts
		default:
			return nil, fmt.Errorf("onnx: the attribute %s of %s has the type %T", a.Name, n.Op, v)
		}
		b = message(b, nodeAttr, number(e, attrType, kind))
	}
	return b, nil
}

func (t *Tensor) encode() []byte {
	var b, raw []byte
	for _, d := range t.Dims {
		b = number(b, tensorDims, d)
	}
	if t.Ints != nil {
		b = number(b, tensorType, int64(dataInt64))
		raw = make([]byte, 0, 8*len(t.Ints))
		for _, v := range t.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
	} else {
		b = number(b, tensorType, int64(dataFloat))
		raw = make([]byte, 0, 4*len(t.Floats))
		for _, v := range t.Floats {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	b = text(b, tensorName, t.Name)
	return message(b, tensorRaw, raw)
}

func (v *Value) encode() []byte {
	var shape []byte
	for _, d := range v.Shape {
		shape = message(shape, shapeDim, number(nil, dimValue, d))
	}
	tensor := message(number(nil, elemType, int64(dataFloat)), elemShape, shape)
	return message(text(nil, valueName, v.Name), valueType, message(nil, typeTensor, tensor))
}

func number(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}
