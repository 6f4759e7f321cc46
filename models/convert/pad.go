package convert

import (
	"fmt"

	"wince/models/onnx"
	"wince/models/tflite"
)

// pad converts zero padding. Channels added behind the last one (a residual around a wider block) are written as a 1x1
// convolution with the identity, which stays in ONNX Runtime's blocked layout where Pad would leave it; the extra
// multiplications cost less than the two changes of layout.
func pad(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	p, err := int32s(&c.m.Tensors[o.Inputs[1]])
	if err != nil {
		return err
	}
	in, outs := c.shape(o.Inputs[0]), c.shape(out)
	if len(p) != 8 || len(in) != 4 || len(outs) != 4 {
		return fmt.Errorf("%d paddings for an output of %v are %w", len(p), outs, ErrUnsupported)
	}
	for d := range 4 {
		if p[2*d] < 0 || p[2*d+1] < 0 || in[d]+p[2*d]+p[2*d+1] != outs[d] {
			return fmt.Errorf("paddings of %v between %v and %v do not fit", p, in, outs)
		}
	}
	channelsOnly := p[0]+p[1]+p[2]+p[3]+p[4]+p[5]+p[6] == 0
	if channelsOnly && !c.opt.KeepWidth && in[3] <= maxWide && outs[3] <= maxWide {
		return c.padChannels(o.Inputs[0], out)
	}
	x, err := c.nchw(o.Inputs[0])
	if err != nil {
		return err
	}
	pads, err := c.ints([]int64{int64(p[0]), int64(p[6]), int64(p[2]), int64(p[4]), int64(p[1]), int64(p[7]), int64(p[3]), int64(p[5])})
	if err != nil {
		return err
	}
	c.values[out].nchw = c.node("Pad", []string{x, pads}, c.fresh())
	return nil
}

func (c *conversion) padChannels(in, out int) error {
	x, wi, err := c.blocked(in)
	if err != nil {
		return err
	}
	wo := c.carried(out)
	if wi == wo { // the extra channels are already there, and zero
		return c.declare(out, x, wo, tflite.ActNone)
	}
	if err := c.spend(wi * wo); err != nil {
		return err
	}
	eye := make([]float32, wo*wi)
	for i := range c.shape(in)[3] {
		eye[i*wi+i] = 1
	}
	y := c.node("Conv", []string{x, c.weights(eye, wo, wi, 1, 1)}, c.fresh(), onnx.Attr{Name: "kernel_shape", Value: []int64{1, 1}})
	return c.declare(out, y, wo, tflite.ActNone)
}
