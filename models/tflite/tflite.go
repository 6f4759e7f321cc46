// Package tflite reads TensorFlow Lite files: enough of the format to convert a net, nothing to run one. A file comes from
// outside, so every offset is checked before it is followed and every size is limited.
package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/x448/float16"
)

// Limits on what a file may claim. The nets in the lock are below 3 MiB and 1,000 tensors.
const (
	maxFile     = 64 << 20
	maxTensors  = 1 << 14
	maxOps      = 1 << 14
	maxOperands = 256
	maxDims     = 6
	maxElements = 1 << 26
	maxName     = 1 << 10
)

// ErrNotTFLite is wrapped by every error of Parse.
var ErrNotTFLite = errors.New("not a usable TensorFlow Lite file")

// Tensor is one value of the net: a constant if Data is there, else computed or an input.
type Tensor struct {
	Name  string
	Shape []int // NHWC where it has four dimensions; empty for a scalar
	Type  Type
	Data  []byte // little endian, a view into the file; nil where the tensor is not constant
}

// Floats reads a constant as float32; half precision widens exactly. It says false of what is no constant, or of another type.
func (t *Tensor) Floats() ([]float32, bool) {
	if t.Data == nil {
		return nil, false
	}
	out := make([]float32, t.Elements())
	switch t.Type {
	case Float32:
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case Float16:
		for i := range out {
			out[i] = float16.Frombits(binary.LittleEndian.Uint16(t.Data[2*i:])).Float32()
		}
	default:
		return nil, false
	}
	return out, true
}

// Elements is the product of the dimensions.
func (t *Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Operator is one step of the net; steps stand in the order of computation.
type Operator struct {
	Op     Op
	Custom string // the name where Op is Custom
	// Inputs and Outputs number Model.Tensors; an input of -1 is left out.
	Inputs, Outputs []int
	CustomOptions   []byte
	options         table
}

// Name names the operator for messages.
func (o *Operator) Name() string {
	if o.Op == Custom {
		return o.Custom
	}
	return o.Op.String()
}

// Model is a net with one subgraph.
type Model struct {
	Description     string
	Tensors         []Tensor
	Operators       []Operator
	Inputs, Outputs []int
}

// Parse reads a file. The model keeps views into b, which must not change afterwards. A damaged file gives an error that
// wraps ErrNotTFLite; it never panics and never allocates much more than the file's size.
func Parse(b []byte) (*Model, error) {
	m, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotTFLite, err)
	}
	return m, nil
}

func parse(b []byte) (*Model, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%d bytes are more than the %d that are read", len(b), maxFile)
	}
	if len(b) < 12 || string(b[4:8]) != "TFL3" {
		return nil, errors.New("the mark TFL3 is not at byte 4")
	}
	r := &reader{buf: b}
	root := r.at(int(flatbuffers.GetUOffsetT(b)))
	if v := root.int32(modelVersion, 0); r.err == nil && v != 3 {
		return nil, fmt.Errorf("schema version %d is not 3", v)
	}
	m := &Model{Description: root.string(modelDescription)}
	graphs := root.tables(modelSubgraphs, 16)
	if r.err != nil {
		return nil, r.err
	}
	if len(graphs) != 1 {
		return nil, fmt.Errorf("it has %d subgraphs, one is read", len(graphs))
	}
	g := graphs[0]
	if err := m.tensors(r, g.tables(subgraphTensors, maxTensors), root.tables(modelBuffers, maxTensors)); err != nil {
		return nil, err
	}
	if err := m.operators(r, g.tables(subgraphOperators, maxOps), root.tables(modelCodes, maxOps)); err != nil {
		return nil, err
	}
	m.Inputs, m.Outputs = g.ints(subgraphInputs, maxOperands), g.ints(subgraphOutputs, maxOperands)
	if r.err != nil {
		return nil, r.err
	}
	if len(m.Inputs) == 0 || len(m.Outputs) == 0 {
		return nil, errors.New("it has no input or no output")
	}
	for _, i := range append(append([]int(nil), m.Inputs...), m.Outputs...) {
		if i < 0 || i >= len(m.Tensors) {
			return nil, fmt.Errorf("an input or output names tensor %d of %d", i, len(m.Tensors))
		}
	}
	return m, nil
}

func (m *Model) tensors(r *reader, tables, buffers []table) error {
	if r.err != nil {
		return r.err
	}
	m.Tensors = make([]Tensor, len(tables))
	for i, t := range tables {
		x := Tensor{Name: t.string(tensorName), Shape: t.ints(tensorShape, maxDims), Type: Type(t.byte(tensorType, 0))}
		buf := int(t.int32(tensorBuffer, 0))
		if r.err != nil {
			return r.err
		}
		n := 1
		for _, d := range x.Shape {
			if d < 1 || d > maxElements || n > maxElements/d {
				return fmt.Errorf("tensor %d (%q) has the shape %v", i, x.Name, x.Shape)
			}
			n *= d
		}
		if buf < 0 || buf >= len(buffers) {
			return fmt.Errorf("tensor %d (%q) names buffer %d of %d", i, x.Name, buf, len(buffers))
		}
		if data := buffers[buf].bytes(bufferData, maxFile); len(data) > 0 {
			if size := x.Type.size(); size == 0 || len(data) != n*size {
				return fmt.Errorf("tensor %d (%q) of %s %v has %d bytes", i, x.Name, x.Type, x.Shape, len(data))
			}
			x.Data = data
		}
		m.Tensors[i] = x
	}
	return r.err
}

func (m *Model) operators(r *reader, tables, codes []table) error {
	if r.err != nil {
		return r.err
	}
	m.Operators = make([]Operator, len(tables))
	for i, t := range tables {
		c := int(t.int32(operatorCode, 0))
		if c < 0 || c >= len(codes) {
			return fmt.Errorf("operator %d names code %d of %d", i, c, len(codes))
		}
		// Files older than the wide code have it in the deprecated byte only; newer ones have 127 there for large codes.
		op := max(codes[c].int32(codeBuiltin, 0), int32(codes[c].byte(codeDeprecated, 0)))
		o := Operator{Op: Op(op), Custom: codes[c].string(codeCustom), Inputs: t.ints(operatorInputs, maxOperands),
			Outputs: t.ints(operatorOutputs, maxOperands), CustomOptions: t.bytes(operatorCustom, maxName), options: t.child(operatorOptions)}
		if r.err != nil {
			return r.err
		}
		for _, k := range o.Inputs {
			if k < -1 || k >= len(m.Tensors) {
				return fmt.Errorf("operator %d (%s) reads tensor %d of %d", i, o.Name(), k, len(m.Tensors))
			}
		}
		for _, k := range o.Outputs {
			if k < 0 || k >= len(m.Tensors) || m.Tensors[k].Data != nil {
				return fmt.Errorf("operator %d (%s) writes tensor %d", i, o.Name(), k)
			}
		}
		m.Operators[i] = o
	}
	return r.err
}
