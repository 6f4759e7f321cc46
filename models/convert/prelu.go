package convert

import (
	"fmt"
	"math"
	"slices"

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
	a, err := c.constant(o.Inputs[1])
	if err != nil {
		return err
	}
	x, n, err := c.blocked(o.Inputs[0])
	if err != nil {
		return err
	}
	outs := c.shape(out)
	if !slices.Equal(c.shape(o.Inputs[0]), outs) || len(a) != outs[3] {
		return fmt.Errorf("%d slopes between %v and %v are %w", len(a), c.shape(o.Inputs[0]), outs, ErrUnsupported)
	}
	if err := c.spend(2 * n); err != nil {
		return err
	}
	if c.opt.KeepPRelu {
		return c.declare(out, c.node("PRelu", []string{x, c.weights(wider(a, n), n, 1, 1)}, c.fresh()), n, tflite.ActNone)
	}
	scale, sign, above := make([]float32, n), make([]float32, n), false
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
	return c.declare(out, c.node("Add", []string{x, y}, c.fresh()), n, tflite.ActNone)
}

// depthwise multiplies each channel by a number.
func (c *conversion) depthwise(x string, scale []float32) string {
	return c.node("Conv", []string{x, c.weights(scale, len(scale), 1, 1, 1)}, c.fresh(),
		onnx.Attr{Name: "group", Value: int64(len(scale))},
		onnx.Attr{Name: "kernel_shape", Value: []int64{1, 1}})
}
