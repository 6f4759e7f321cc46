package convert

import (
	"fmt"
	"math"

	"wince/models/onnx"
	"wince/models/tflite"
)

// prelu converts PReLU, which keeps positive values and multiplies negative ones by a channel's slope a.
//
// ONNX Runtime runs convolutions in a blocked layout (NCHWc) and leaves it for every operator that it cannot run there; PRelu
// is one, and a face mesh has one behind every convolution. With Relu, Add and depthwise 1x1 convolutions, which stay in the
// layout, the same function is
//
//	y + Relu(-(1-a)·y)        for a <= 1
//	y - Relu(-(a-1)·y)        for a > 1
//
// since the Relu passes only where y is negative. Where a net has slopes above one, a second depthwise step by +1 or -1 gives
// the sign. The result differs from PRelu by rounding only.
func prelu(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	x, err := c.nchw(o.Inputs[0])
	if err != nil {
		return err
	}
	a, err := c.constant(o.Inputs[1])
	if err != nil {
		return err
	}
	n := c.shape(out)
	if len(n) != 4 || len(a) != n[3] || c.shape(o.Inputs[0])[3] != n[3] {
		return fmt.Errorf("%d slopes for an output of %v are %w", len(a), n, ErrUnsupported)
	}
	if err := c.spend(2 * len(a)); err != nil {
		return err
	}
	if c.opt.KeepPRelu {
		c.values[out].nchw = c.node("PRelu", []string{x, c.weights(a, len(a), 1, 1)}, c.fresh())
		return nil
	}
	scale, sign, above := make([]float32, len(a)), make([]float32, len(a)), false
	for i, s := range a {
		scale[i] = -float32(math.Abs(1 - float64(s)))
		sign[i] = 1
		if s > 1 {
			sign[i], above = -1, true
		}
	}
	y := c.depthwise(x, scale)
	y = c.node("Relu", []string{y}, c.fresh())
	if above {
		y = c.depthwise(y, sign)
	}
	c.values[out].nchw = c.node("Add", []string{x, y}, c.fresh())
	return nil
}

// depthwise multiplies each channel by a number.
func (c *conversion) depthwise(x string, scale []float32) string {
	return c.node("Conv", []string{x, c.weights(scale, len(scale), 1, 1, 1)}, c.fresh(),
		onnx.Attr{Name: "group", Value: int64(len(scale))},
		onnx.Attr{Name: "kernel_shape", Value: []int64{1, 1}})
}

// pad converts zero padding. Channels added behind the last one (a residual around a wider block) are written as a 1x1
// convolution with the identity, which stays in ONNX Runtime's blocked layout where Pad would leave it; the extra
// multiplications cost less than the two changes of layout.
func pad(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	x, err := c.nchw(o.Inputs[0])
	if err != nil {
		return err
	}
	p, err := int32s(&c.m.Tensors[o.Inputs[1]])
	if err != nil {
		return err
	}
	in, outs := c.shape(o.Inputs[0]), c.shape(out)
	if len(p) != 8 || len(outs) != 4 {
		return fmt.Errorf("%d paddings for an output of %v are %w", len(p), outs, ErrUnsupported)
	}
	for d := range 4 {
		if p[2*d] < 0 || p[2*d+1] < 0 || in[d]+p[2*d]+p[2*d+1] != outs[d] {
			return fmt.Errorf("paddings of %v between %v and %v do not fit", p, in, outs)
		}
	}
	channelsOnly := p[0]+p[1]+p[2]+p[3]+p[4]+p[5]+p[6] == 0
	if channelsOnly && !c.opt.KeepPad && in[3] <= 1024 && outs[3] <= 1024 {
		if err := c.spend(in[3] * outs[3]); err != nil {
			return err
		}
		eye := make([]float32, outs[3]*in[3])
		for i := range in[3] {
			eye[i*in[3]+i] = 1
		}
		c.values[out].nchw = c.node("Conv", []string{x, c.weights(eye, outs[3], in[3], 1, 1)}, c.fresh(),
			onnx.Attr{Name: "kernel_shape", Value: []int64{1, 1}})
		return nil
	}
	pads, err := c.ints([]int64{int64(p[0]), int64(p[6]), int64(p[2]), int64(p[4]), int64(p[1]), int64(p[7]), int64(p[3]), int64(p[5])})
	if err != nil {
		return err
	}
	c.values[out].nchw = c.node("Pad", []string{x, pads}, c.fresh())
	return nil
}
