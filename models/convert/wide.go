package convert

import (
	"slices"

	"wince/models/tflite"
)

// ONNX Runtime's blocked layout holds channels in blocks of 16 (AVX-512) or 8 (AVX2, NEON), and a depthwise convolution whose
// channels do not fill their blocks leaves the layout. BlazeFace has 24, 28, 36, 42 ... channels. Tensors between such
// operators therefore get channels up to the next full block. The extra ones are zero throughout, and so are the weights of
// what reads them.
const block = 16

// maxWide is the number of channels up to which it is done; it bounds the weights of a hostile file.
const maxWide = 512

// widened returns the tensors that get more channels: those that are computed and read only by operators that can carry them.
func widened(m *tflite.Model) map[int]bool {
	carry := []tflite.Op{tflite.Conv2D, tflite.DepthwiseConv2D, tflite.MaxPool2D, tflite.Add, tflite.Pad, tflite.PRelu, tflite.Relu}
	out := map[int]bool{}
	for i := range m.Operators {
		o := &m.Operators[i]
		for _, k := range o.Outputs {
			s := m.Tensors[k].Shape
			out[k] = slices.Contains(carry, o.Op) && len(s) == 4 && s[3] > block && s[3] < maxWide && s[3]%block != 0
		}
	}
	for i := range m.Operators {
		o := &m.Operators[i]
		for _, k := range o.Inputs {
			if k >= 0 && !slices.Contains(carry, o.Op) {
				out[k] = false
			}
		}
	}
	for _, k := range m.Outputs {
		out[k] = false
	}
	return out
}

// carried is the number of channels that a convolution or padding should give tensor i in the ONNX net.
func (c *conversion) carried(i int) int {
	n := c.shape(i)[3]
	if c.widen[i] {
		n = (n + block - 1) / block * block
	}
	return n
}

// blocked returns tensor i with channels first, wide if it is, and the number of channels it then has. All that a handler
// derives from the extra channels must be zero again.
func (c *conversion) blocked(i int) (string, int, error) {
	if i >= 0 && c.values[i].wide != "" {
		return c.values[i].wide, c.values[i].channels, nil
	}
	name, err := c.nchw(i)
	if err != nil {
		return "", 0, err
	}
	return name, c.shape(i)[3], nil
}

// narrow cuts the extra channels off a wide tensor.
func (c *conversion) narrow(i int) (string, error) {
	v := &c.values[i]
	in := []string{v.wide}
	for _, k := range []int{0, c.shape(i)[3], 1} { // from, to, along the channels
		name, err := c.ints([]int64{int64(k)})
		if err != nil {
			return "", err
		}
		in = append(in, name)
	}
	v.nchw = c.node("Slice", in, c.fresh())
	return v.nchw, nil
}

// declare names the result of an operator that computed n channels of tensor i, behind its fused activation.
func (c *conversion) declare(i int, name string, n int, act tflite.Activation) error {
	name, err := c.activate(name, act)
	if err != nil {
		return err
	}
	if v := &c.values[i]; n == c.shape(i)[3] {
		v.nchw = name
	} else {
		v.wide, v.channels = name, n
	}
	return nil
}

// wider copies per-channel values and fills up with zeros.
func wider(f []float32, n int) []float32 {
	out := make([]float32, n)
	copy(out, f)
	return out
}
