package convert

import (
	"fmt"
	"slices"

	"wince/models/onnx"
	"wince/models/tflite"
)

// handlers are the operators that the conversion knows.
var handlers = map[tflite.Op]handler{
	tflite.Conv2D:          conv,
	tflite.DepthwiseConv2D: conv,
	tflite.MaxPool2D:       maxPool,
	tflite.Add:             add,
	tflite.Pad:             pad,
	tflite.PRelu:           prelu,
	tflite.Relu:            unary("Relu", true),
	tflite.Relu6:           relu6,
	tflite.Logistic:        unary("Sigmoid", false),
	tflite.Reshape:         reshape,
	tflite.Concatenation:   concat,
	tflite.Dequantize:      dequantize,
	tflite.Mul:             multiply,
	tflite.StridedSlice:    wholeSlice,
}

// operands checks how many inputs there are and that one output is written for the first time, and returns the output.
func (c *conversion) operands(o *tflite.Operator, least, most int) (out int, err error) {
	if n := len(o.Inputs); n < least || n > most || len(o.Outputs) != 1 {
		return 0, fmt.Errorf("%d inputs and %d outputs do not fit", n, len(o.Outputs))
	}
	out = o.Outputs[0]
	_, widened := c.halves[out]
	if c.values[out] != (value{}) || widened || slices.Contains(o.Inputs[:least], -1) {
		return 0, fmt.Errorf("tensor %d is written twice, or an input is left out", out)
	}
	if t := &c.m.Tensors[out]; t.Type != tflite.Float32 {
		return 0, fmt.Errorf("it computes %s: %w", t.Type, ErrUnsupported)
	}
	return out, nil
}

func (c *conversion) shape(i int) []int { return c.m.Tensors[i].Shape }

// edge returns the padding before and after one dimension of a window operator and the number of outputs. TensorFlow's SAME
// keeps ceil(in/stride) outputs; where the missing pixels are odd in number the extra one goes to the end. ONNX's auto_pad
// could say the same, but ONNX Runtime's layouts like numbers.
func edge(p tflite.Padding, in, window, stride, dilation int) (before, after, out int) {
	reach := (window-1)*dilation + 1
	if p == tflite.Valid {
		return 0, 0, (in-reach)/stride + 1
	}
	out = (in + stride - 1) / stride
	missing := max((out-1)*stride+reach-in, 0)
	return missing / 2, missing - missing/2, out
}

// frame lays a window over a picture and checks that the declared output has the size that follows.
func frame(p tflite.Padding, in, out, window, stride, dilation [2]int) (pads []int64, err error) {
	pads = make([]int64, 4)
	for d := range 2 {
		a, b, n := edge(p, in[d], window[d], stride[d], dilation[d])
		if n != out[d] {
			return nil, fmt.Errorf("an output of %d pixels is declared where %d follow", out[d], n)
		}
		pads[d], pads[d+2] = int64(a), int64(b)
	}
	return pads, nil
}

// conv converts both kinds of convolution: a depthwise one is a convolution in as many groups as there are channels.
func conv(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 3)
	if err != nil {
		return err
	}
	opt, err := o.Conv()
	if err != nil {
		return err
	}
	in, fs, outs := c.shape(o.Inputs[0]), c.shape(o.Inputs[1]), c.shape(out)
	if len(in) != 4 || len(fs) != 4 || len(outs) != 4 || outs[0] != in[0] {
		return fmt.Errorf("a filter of %v and an output of %v do not fit an input of %v", fs, outs, in)
	}
	f, err := c.constant(o.Inputs[1])
	if err != nil {
		return err
	}
	x, wi, err := c.blocked(o.Inputs[0])
	if err != nil {
		return err
	}
	kernels, wo, group, depth := fs[0], c.carried(out), 1, wi
	if o.Op == tflite.DepthwiseConv2D {
		kernels = fs[3]
		if fs[0] != 1 || fs[3]%in[3] != 0 || (opt.Multiplier > 0 && fs[3] != in[3]*opt.Multiplier) {
			return fmt.Errorf("a depthwise filter of %v does not fit %d channels", fs, in[3])
		}
		wo = wi
		if kernels != in[3] { // several outputs a channel
			if x, err = c.nchw(o.Inputs[0]); err != nil {
				return err
			}
			wi, wo = in[3], kernels
		}
		group, depth = wi, 1
	} else if fs[3] != in[3] {
		return fmt.Errorf("a filter of %v does not fit %d channels", fs, in[3])
	}
	if outs[3] != kernels {
		return fmt.Errorf("an output of %d channels is declared where %d follow", outs[3], kernels)
	}
	if err := c.spend(wo * (depth*fs[1]*fs[2] + 1)); err != nil {
		return err
	}
	if o.Op == tflite.DepthwiseConv2D {
		f = oihw(f, 1, fs[1], fs[2], fs[3], 1, wo) // 1HWC to CHW, which is C1HW
	} else {
		f = oihw(f, fs[0], fs[1], fs[2], fs[3], wo, wi)
	}
	pads, err := frame(opt.Padding, [2]int{in[1], in[2]}, [2]int{outs[1], outs[2]}, [2]int{fs[1], fs[2]},
		[2]int{opt.StrideH, opt.StrideW}, [2]int{opt.DilationH, opt.DilationW})
	if err != nil {
		return err
	}
	inputs := []string{x, c.weights(f, wo, depth, fs[1], fs[2])}
	if len(o.Inputs) == 3 && o.Inputs[2] >= 0 {
		b, err := c.constant(o.Inputs[2])
		if err != nil {
			return err
		}
		if len(b) != kernels {
			return fmt.Errorf("%d biases do not fit %d channels", len(b), kernels)
		}
		inputs = append(inputs, c.weights(wider(b, wo), wo))
	}
	y := c.node("Conv", inputs, c.fresh(),
		onnx.Attr{Name: "dilations", Value: []int64{int64(opt.DilationH), int64(opt.DilationW)}},
		onnx.Attr{Name: "group", Value: int64(group)},
		onnx.Attr{Name: "kernel_shape", Value: []int64{int64(fs[1]), int64(fs[2])}},
		onnx.Attr{Name: "pads", Value: pads},
		onnx.Attr{Name: "strides", Value: []int64{int64(opt.StrideH), int64(opt.StrideW)}})
	return c.declare(out, y, wo, opt.Activation)
}

func maxPool(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 1, 1)
	if err != nil {
		return err
	}
	opt, err := o.Pool()
	if err != nil {
		return err
	}
	x, n, err := c.blocked(o.Inputs[0])
	if err != nil {
		return err
	}
	in, outs := c.shape(o.Inputs[0]), c.shape(out)
	if len(outs) != 4 || outs[0] != in[0] || outs[3] != in[3] {
		return fmt.Errorf("an output of %v does not fit an input of %v", outs, in)
	}
	pads, err := frame(opt.Padding, [2]int{in[1], in[2]}, [2]int{outs[1], outs[2]}, [2]int{opt.FilterH, opt.FilterW},
		[2]int{opt.StrideH, opt.StrideW}, [2]int{1, 1})
	if err != nil {
		return err
	}
	y := c.node("MaxPool", []string{x}, c.fresh(),
		onnx.Attr{Name: "kernel_shape", Value: []int64{int64(opt.FilterH), int64(opt.FilterW)}},
		onnx.Attr{Name: "pads", Value: pads},
		onnx.Attr{Name: "strides", Value: []int64{int64(opt.StrideH), int64(opt.StrideW)}})
	return c.declare(out, y, n, opt.Activation)
}

// add adds two computed tensors of one shape; broadcasting does not occur in the nets of the lock.
func add(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	act, err := o.AddActivation()
	if err != nil {
		return err
	}
	a, b := o.Inputs[0], o.Inputs[1]
	if !slices.Equal(c.shape(a), c.shape(b)) || !slices.Equal(c.shape(a), c.shape(out)) {
		return fmt.Errorf("adding %v and %v to %v is %w", c.shape(a), c.shape(b), c.shape(out), ErrUnsupported)
	}
	x, n, err := c.blocked(a)
	if err != nil {
		return err
	}
	y, k, err := c.blocked(b)
	if err != nil {
		return err
	}
	if n != k { // one of them is wide
		if x, err = c.nchw(a); err != nil {
			return err
		}
		if y, err = c.nchw(b); err != nil {
			return err
		}
		n = c.shape(out)[3]
	}
	return c.declare(out, c.node("Add", []string{x, y}, c.fresh()), n, act)
}

// unary converts an operator that treats each value by itself, in whichever layout the input has. keepsZero says that it maps
// zero to zero.
func unary(op string, keepsZero bool, more ...string) handler {
	return func(c *conversion, o *tflite.Operator) error {
		out, err := c.operands(o, 1, 1)
		if err != nil {
			return err
		}
		if !slices.Equal(c.shape(o.Inputs[0]), c.shape(out)) {
			return fmt.Errorf("an output of %v does not fit an input of %v", c.shape(out), c.shape(o.Inputs[0]))
		}
		if in := c.values[o.Inputs[0]]; in.nchw != "" || in.wide != "" {
			x, n, err := c.blocked(o.Inputs[0])
			if !keepsZero {
				n = c.shape(out)[3]
				x, err = c.nchw(o.Inputs[0])
			}
			if err != nil {
				return err
			}
			return c.declare(out, c.node(op, append([]string{x}, more...), c.fresh()), n, tflite.ActNone)
		}
		x, err := c.plain(o.Inputs[0])
		if err != nil {
			return err
		}
		c.values[out].plain = c.node(op, append([]string{x}, more...), c.fresh())
		return nil
	}
}

func relu6(c *conversion, o *tflite.Operator) error {
	return unary("Clip", true, c.weights([]float32{0}), c.weights([]float32{6}))(c, o)
}

func reshape(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 1, 2)
	if err != nil {
		return err
	}
	in, outs := &c.m.Tensors[o.Inputs[0]], &c.m.Tensors[out]
	if in.Elements() != outs.Elements() {
		return fmt.Errorf("%v does not fit into %v", in.Shape, outs.Shape)
	}
	x, err := c.plain(o.Inputs[0])
	if err != nil {
		return err
	}
	shape, err := c.ints(wide(outs.Shape))
	if err != nil {
		return err
	}
	c.values[out].plain = c.node("Reshape", []string{x, shape}, c.fresh())
	return nil
}

func concat(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 1, len(o.Inputs))
	if err != nil {
		return err
	}
	axis, act, err := o.Concat()
	if err != nil {
		return err
	}
	outs := c.shape(out)
	if axis < 0 {
		axis += len(outs)
	}
	if axis < 0 || axis >= len(outs) {
		return fmt.Errorf("axis %d does not fit %v", axis, outs)
	}
	names, sum := make([]string, 0, len(o.Inputs)), 0
	for _, i := range o.Inputs {
		if i < 0 || len(c.shape(i)) != len(outs) {
			return fmt.Errorf("the inputs do not fit an output of %v", outs)
		}
		for d, n := range c.shape(i) {
			if d != axis && n != outs[d] {
				return fmt.Errorf("an input of %v does not fit an output of %v", c.shape(i), outs)
			}
		}
		sum += c.shape(i)[axis]
		var name string
		if len(outs) == 4 {
			name, err = c.nchw(i)
		} else {
			name, err = c.plain(i)
		}
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	if sum != outs[axis] {
		return fmt.Errorf("the inputs fill %d of %d along axis %d", sum, outs[axis], axis)
	}
	if len(outs) == 4 {
		axis = []int{0, 2, 3, 1}[axis]
	}
	y := c.node("Concat", names, c.fresh(), onnx.Attr{Name: "axis", Value: int64(axis)})
	y, err = c.activate(y, act)
	if len(outs) == 4 {
		c.values[out].nchw = y
	} else {
		c.values[out].plain = y
	}
	return err
}

// dequantize only occurs on half-precision constants, which are widened where they are used.
func dequantize(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 1, 1)
	if err != nil {
		return err
	}
	in := o.Inputs[0]
	if t := &c.m.Tensors[in]; t.Data == nil || t.Type != tflite.Float16 || !slices.Equal(t.Shape, c.shape(out)) {
		return fmt.Errorf("widening %s %v at run time is %w", t.Type, t.Shape, ErrUnsupported)
	}
	c.halves[out] = in
	return nil
}
