// Package convert turns TensorFlow Lite nets into ONNX nets that ONNX Runtime runs fast on a CPU. Pictures change from NHWC
// to NCHW, half-precision weights are widened, and PReLU is rewritten (see prelu.go). The result depends on the input alone,
// so its checksum can be pinned.
package convert

import (
	"errors"
	"fmt"
	"slices"

	"wince/models/onnx"
	"wince/models/tflite"
)

// producer stands in every converted file. It changes only when a conversion changes what a net computes.
const producer = "wince"

// maxConstants bounds the constants of one net, in values, so that a small hostile file cannot ask for a large result.
const maxConstants = 1 << 26

// Options chooses between equal conversions. The zero value is the one that the lock pins.
type Options struct {
	// KeepPRelu leaves PReLU as ONNX's PRelu: slower, for comparison.
	KeepPRelu bool
	// KeepWidth leaves channels as many as they are and channel padding as ONNX's Pad: slower, for comparison.
	KeepWidth bool
}

// ErrUnsupported is wrapped by errors about an operator or option that the conversion does not know.
var ErrUnsupported = errors.New("not supported by the conversion")

// TFLite converts the bytes of a TensorFlow Lite file to the bytes of an ONNX file. Inputs with four dimensions become NCHW;
// outputs keep their TensorFlow Lite shape. Names of inputs and outputs are kept.
func TFLite(b []byte, opt Options) ([]byte, error) {
	m, err := tflite.Parse(b)
	if err != nil {
		return nil, err
	}
	g, err := Model(m, opt)
	if err != nil {
		return nil, fmt.Errorf("convert net: %w", err)
	}
	return onnx.Marshal(g, producer)
}

// Model converts a parsed net.
func Model(m *tflite.Model, opt Options) (*onnx.Graph, error) {
	c := &conversion{m: m, opt: opt, g: &onnx.Graph{Name: "net"}, values: make([]value, len(m.Tensors)),
		floats: map[int][]float32{}, halves: map[int]int{}}
	if !opt.KeepWidth {
		c.widen = widened(m)
	}
	for _, i := range m.Inputs {
		if err := c.input(i); err != nil {
			return nil, err
		}
	}
	for i := range m.Operators {
		o := &m.Operators[i]
		h, ok := handlers[o.Op]
		if o.Op == tflite.Custom {
			h, ok = customs[o.Custom]
		}
		if !ok {
			return nil, fmt.Errorf("operator %d: %s is %w", i, o.Name(), ErrUnsupported)
		}
		if err := h(c, o); err != nil {
			return nil, fmt.Errorf("operator %d (%s): %w", i, o.Name(), err)
		}
	}
	for _, i := range m.Outputs {
		if err := c.output(i); err != nil {
			return nil, err
		}
	}
	return c.g, nil
}

// Operators lists the operators that the conversion knows, in TensorFlow Lite's names.
func Operators() []string {
	names := make([]string, 0, len(handlers)+len(customs))
	for op := range handlers {
		names = append(names, op.String())
	}
	for name := range customs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// handler converts one operator. It asks for the inputs in the layout it wants and declares the outputs in the one it gives.
type handler func(*conversion, *tflite.Operator) error

// value is a computed tensor under the names it has in the ONNX net: in TensorFlow Lite's order (plain), with channels first
// (nchw, four dimensions only), with channels first and more of them than there are (wide, see wide.go), or several of these
// once they were asked for.
type value struct {
	plain, nchw, wide string
	channels          int // of wide
}

type conversion struct {
	m      *tflite.Model
	opt    Options
	g      *onnx.Graph
	values []value
	floats map[int][]float32 // constants by tensor, widened
	halves map[int]int       // tensors that are a widened constant, and which
	widen  map[int]bool      // tensors that get more channels, see wide.go
	used   int               // values in constants so far
}

func (c *conversion) input(i int) error {
	t := &c.m.Tensors[i]
	if t.Type != tflite.Float32 || t.Data != nil {
		return fmt.Errorf("input %q is %s, float32 is expected", t.Name, t.Type)
	}
	if len(t.Shape) != 4 {
		c.values[i].plain = t.Name
		c.g.Inputs = append(c.g.Inputs, onnx.Value{Name: t.Name, Shape: wide(t.Shape)})
		return nil
	}
	c.values[i].nchw = t.Name
	c.g.Inputs = append(c.g.Inputs, onnx.Value{Name: t.Name, Shape: wide(nchwShape(t.Shape))})
	return nil
}

func (c *conversion) output(i int) error {
	t := &c.m.Tensors[i]
	if t.Type != tflite.Float32 {
		return fmt.Errorf("output %q is %s, float32 is expected", t.Name, t.Type)
	}
	name, err := c.plain(i)
	if err != nil {
		return err
	}
	c.node("Identity", []string{name}, t.Name)
	c.g.Outputs = append(c.g.Outputs, onnx.Value{Name: t.Name, Shape: wide(t.Shape)})
	return nil
}

// node appends a node with one output and returns the output's name.
func (c *conversion) node(op string, in []string, out string, attrs ...onnx.Attr) string {
	c.g.Nodes = append(c.g.Nodes, onnx.Node{Op: op, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

// fresh names a value that no tensor of the TensorFlow Lite net has.
func (c *conversion) fresh() string { return fmt.Sprintf("v%d", len(c.g.Nodes)) }

// plain returns the name of tensor i in TensorFlow Lite's order.
func (c *conversion) plain(i int) (string, error) {
	v := &c.values[i]
	if v.plain == "" {
		if v.nchw == "" && v.wide == "" {
			return "", fmt.Errorf("tensor %d (%q) is read before it is computed", i, c.m.Tensors[i].Name)
		}
		nchw, err := c.nchw(i)
		if err != nil {
			return "", err
		}
		s := c.m.Tensors[i].Shape
		if s[3] == 1 || s[1]*s[2] == 1 { // the order in memory is the same
			shape, err := c.ints(wide(s))
			if err != nil {
				return "", err
			}
			v.plain = c.node("Reshape", []string{nchw, shape}, c.fresh())
		} else {
			v.plain = c.node("Transpose", []string{nchw}, c.fresh(), onnx.Attr{Name: "perm", Value: []int64{0, 2, 3, 1}})
		}
	}
	return v.plain, nil
}

// nchw returns the name of tensor i with channels first.
func (c *conversion) nchw(i int) (string, error) {
	if i < 0 || len(c.m.Tensors[i].Shape) != 4 {
		return "", fmt.Errorf("an input with four dimensions is expected: %w", ErrUnsupported)
	}
	v := &c.values[i]
	if v.nchw == "" && v.wide != "" {
		return c.narrow(i)
	}
	if v.nchw == "" {
		if v.plain == "" {
			return "", fmt.Errorf("tensor %d (%q) is read before it is computed", i, c.m.Tensors[i].Name)
		}
		v.nchw = c.node("Transpose", []string{v.plain}, c.fresh(), onnx.Attr{Name: "perm", Value: []int64{0, 3, 1, 2}})
	}
	return v.nchw, nil
}

// constant returns the values of tensor i, widened from half precision where needed. The slice is shared: do not change it.
func (c *conversion) constant(i int) ([]float32, error) {
	if i < 0 {
		return nil, errors.New("a constant is left out")
	}
	if src, ok := c.halves[i]; ok {
		i = src
	}
	if f, ok := c.floats[i]; ok {
		return f, nil
	}
	t := &c.m.Tensors[i]
	if t.Data == nil {
		return nil, fmt.Errorf("tensor %d (%q) is computed where a constant is expected: %w", i, t.Name, ErrUnsupported)
	}
	if err := c.spend(t.Elements()); err != nil {
		return nil, err
	}
	f, err := widen(t)
	if err != nil {
		return nil, err
	}
	c.floats[i] = f
	return f, nil
}

func (c *conversion) spend(n int) error {
	if n > maxConstants-c.used {
		return fmt.Errorf("it asks for more than %d constant values", maxConstants)
	}
	c.used += n
	return nil
}

// weights adds a constant of the ONNX net and returns its name.
func (c *conversion) weights(f []float32, dims ...int) string {
	name := fmt.Sprintf("w%d", len(c.g.Constants))
	c.g.Constants = append(c.g.Constants, onnx.Tensor{Name: name, Dims: wide(dims), Floats: f})
	return name
}

func (c *conversion) ints(v []int64) (string, error) {
	if err := c.spend(len(v)); err != nil {
		return "", err
	}
	name := fmt.Sprintf("w%d", len(c.g.Constants))
	c.g.Constants = append(c.g.Constants, onnx.Tensor{Name: name, Dims: []int64{int64(len(v))}, Ints: v})
	return name, nil
}

// activate appends a fused activation and returns the name behind it.
func (c *conversion) activate(name string, a tflite.Activation) (string, error) {
	var lo, hi float32
	switch a {
	case tflite.ActNone:
		return name, nil
	case tflite.ActRelu:
		return c.node("Relu", []string{name}, c.fresh()), nil
	case tflite.ActRelu6:
		lo, hi = 0, 6
	case tflite.ActReluN1P1:
		lo, hi = -1, 1
	default:
		return "", fmt.Errorf("fused activation %d is %w", a, ErrUnsupported)
	}
	return c.node("Clip", []string{name, c.weights([]float32{lo}), c.weights([]float32{hi})}, c.fresh()), nil
}

func wide(s []int) []int64 {
	out := make([]int64, len(s))
	for i, d := range s {
		out[i] = int64(d)
	}
	return out
}

func nchwShape(s []int) []int { return []int{s[0], s[3], s[1], s[2]} }
