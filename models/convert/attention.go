package convert

import (
	"fmt"
	"math"
	"slices"

	"wince/models/onnx"
	"wince/models/tflite"
)

// The attention mesh (Grishchenko et al., arXiv 2006.10962) looks closer at lips and eyes: from the landmarks of the whole
// face it computes where they lie, cuts those places out of its own feature map, and brings the landmarks found there back.
// For that it has three operators of MediaPipe's own (google-ai-edge/mediapipe, mediapipe/util/tflite/operations), which are
// written here with ONNX's.
var customs = map[string]handler{
	"Landmarks2TransformMatrix": landmarksToMatrix,
	"TransformTensorBilinear":   transformTensor,
	"TransformLandmarks":        transformLandmarks,
}

// list adds a constant and returns its name.
func (c *conversion) list(dims []int, f ...float32) string { return c.weights(f, dims...) }

func (c *conversion) reshaped(x string, dims ...int64) (string, error) {
	shape, err := c.ints(dims)
	return c.node("Reshape", []string{x, shape}, c.fresh()), err
}

func (c *conversion) gather(x string, index []int) (string, error) {
	i, err := c.ints(wide(index))
	return c.node("Gather", []string{x, i}, c.fresh(), onnx.Attr{Name: "axis", Value: int64(1)}), err
}

// landmarksToMatrix converts version 2 of Landmarks2TransformMatrix: from landmarks 1xNx3 the matrix 1x4x4 that maps pixels
// of a small picture (output_width, output_height) to the box around the landmarks in subset_idxs, turned so that the line
// from left_rotation_idx to right_rotation_idx has the angle target_rotation_radians, and made larger by scale_x and scale_y.
// Where those two landmarks coincide MediaPipe takes the angle for zero; here the box has no size then.
func landmarksToMatrix(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 1, 1)
	if err != nil {
		return err
	}
	in := c.shape(o.Inputs[0])
	if len(in) != 3 || in[0] != 1 || in[2] != 3 || !slices.Equal(c.shape(out), []int{1, 4, 4}) {
		return fmt.Errorf("landmarks %v for a matrix %v are %w", in, c.shape(out), ErrUnsupported)
	}
	opt, err := o.Flex()
	if err != nil {
		return err
	}
	var number [4]int
	for i, name := range []string{"left_rotation_idx", "right_rotation_idx", "output_width", "output_height"} {
		if number[i], err = opt.Int(name, i/2, []int{in[1] - 1, 1024}[i/2]); err != nil {
			return err
		}
	}
	subset := opt.Lists["subset_idxs"]
	if len(subset) == 0 || slices.Min(subset) < 0 || slices.Max(subset) >= in[1] {
		return fmt.Errorf("a subset of %d landmarks out of %d is %w", len(subset), in[1], ErrUnsupported)
	}
	sx, sy, target := opt.Numbers["scale_x"], opt.Numbers["scale_y"], opt.Numbers["target_rotation_radians"]
	if !(sx > 0 && sx < 100 && sy > 0 && sy < 100 && math.Abs(target) < 7) {
		return fmt.Errorf("scales %g, %g and an angle of %g are %w", sx, sy, target, ErrUnsupported)
	}
	x, err := c.plain(o.Inputs[0])
	if err != nil {
		return err
	}

	// (cos, sin) of the turn: the target's angle less that of the line, which is (dx, dy) over its length.
	line, err := c.gather(x, number[:2])
	if err != nil {
		return err
	}
	if line, err = c.reshaped(line, 1, 6); err != nil {
		return err
	}
	sin, cos := math.Sincos(target)
	s, t := float32(sin), float32(cos)
	turn := c.node("MatMul", []string{line, c.list([]int{6, 2}, -t, -s, -s, t, 0, 0, t, s, s, -t, 0, 0)}, c.fresh())
	turn = c.node("LpNormalization", []string{turn}, c.fresh(), onnx.Attr{Name: "axis", Value: int64(-1)}, onnx.Attr{Name: "p", Value: int64(2)})
	// A row (x, y, z) times this turns it and drops z; this times a column (x, y) turns it back.
	turn = c.node("MatMul", []string{turn, c.list([]int{2, 6}, 1, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0)}, c.fresh())
	if turn, err = c.reshaped(turn, 3, 2); err != nil {
		return err
	}
	box, err := c.gather(x, subset)
	if err != nil {
		return err
	}
	box = c.node("MatMul", []string{box, turn}, c.fresh())
	over := []onnx.Attr{{Name: "axes", Value: []int64{0, 1}}, {Name: "keepdims", Value: int64(0)}}
	hi := c.node("ReduceMax", []string{box}, c.fresh(), over...)
	lo := c.node("ReduceMin", []string{box}, c.fresh(), over...)

	// The small picture's middle goes to the box's: its corner is half the scaled box away.
	size := c.node("Sub", []string{hi, lo}, c.fresh())
	step := c.node("Mul", []string{size, c.list([]int{2}, float32(sx/float64(number[2])), float32(sy/float64(number[3])))}, c.fresh())
	a := c.node("Mul", []string{hi, c.list([]int{2}, float32(0.5-sx/2), float32(0.5-sy/2))}, c.fresh())
	b := c.node("Mul", []string{lo, c.list([]int{2}, float32(0.5+sx/2), float32(0.5+sy/2))}, c.fresh())
	corner := c.node("MatMul", []string{turn, c.node("Add", []string{a, b}, c.fresh())}, c.fresh())
	if corner, err = c.reshaped(corner, 3, 1); err != nil {
		return err
	}
	m := c.node("Mul", []string{turn, step}, c.fresh())
	m = c.node("Concat", []string{m, c.list([]int{3, 1}, 0, 0, 1), corner}, c.fresh(), onnx.Attr{Name: "axis", Value: int64(1)})
	m = c.node("Concat", []string{m, c.list([]int{1, 4}, 0, 0, 0, 1)}, c.fresh(), onnx.Attr{Name: "axis", Value: int64(0)})
	c.values[out].plain, err = c.reshaped(m, 1, 4, 4)
	return err
}

// affine multiplies the rows of p (..., n x 4) by the first two rows of the matrix 1x4x4, each times a factor.
func (c *conversion) affine(p string, matrix int, fx, fy float32) (string, error) {
	m, err := c.plain(matrix)
	if err != nil {
		return "", err
	}
	m = c.node("Transpose", []string{m}, c.fresh(), onnx.Attr{Name: "perm", Value: []int64{0, 2, 1}})
	m = c.node("MatMul", []string{m, c.list([]int{4, 2}, fx, 0, 0, fy, 0, 0, 0, 0)}, c.fresh())
	return c.node("MatMul", []string{p, m}, c.fresh()), nil
}

// transformTensor converts version 2 of TransformTensorBilinear: it samples a feature map at the places to which a matrix
// takes the middles of the output's pixels. What lies beyond the middles of the map's outermost pixels is zero, not blended
// with zero as GridSample does, so such places are moved far away.
func transformTensor(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	opt, err := o.Flex()
	if err != nil {
		return err
	}
	in, outs := c.shape(o.Inputs[0]), c.shape(out)
	h, err := opt.Int("output_height", 1, 1024)
	if err != nil {
		return err
	}
	w, err := opt.Int("output_width", 1, 1024)
	if err != nil {
		return err
	}
	if len(in) != 4 || in[0] != 1 || in[1] < 2 || in[2] < 2 || !slices.Equal(outs, []int{1, h, w, in[3]}) ||
		!slices.Equal(c.shape(o.Inputs[1]), []int{1, 4, 4}) {
		return fmt.Errorf("cutting %v out of %v by a matrix of %v is %w", outs, in, c.shape(o.Inputs[1]), ErrUnsupported)
	}
	x, err := c.nchw(o.Inputs[0])
	if err != nil {
		return err
	}
	if err := c.spend(4 * w * h); err != nil {
		return err
	}
	middles := make([]float32, 0, 4*w*h)
	for y := range h {
		for x := range w {
			middles = append(middles, float32(x)+0.5, float32(y)+0.5, 0, 1)
		}
	}
	// GridSample counts from -1 at the first pixel's middle to 1 at the last one's.
	fx, fy := 2/float32(in[2]-1), 2/float32(in[1]-1)
	grid, err := c.affine(c.list([]int{w * h, 4}, middles...), o.Inputs[1], fx, fy)
	if err != nil {
		return err
	}
	grid = c.node("Add", []string{grid, c.list([]int{2}, -1-fx/2, -1-fy/2)}, c.fresh())
	far := c.node("Abs", []string{grid}, c.fresh())
	far = c.node("ReduceMax", []string{far}, c.fresh(), onnx.Attr{Name: "axes", Value: []int64{-1}}, onnx.Attr{Name: "keepdims", Value: int64(1)})
	inside := c.node("LessOrEqual", []string{far, c.list([]int{1}, 1)}, c.fresh())
	grid = c.node("Where", []string{inside, grid, c.list([]int{1}, 9)}, c.fresh())
	if grid, err = c.reshaped(grid, 1, int64(h), int64(w), 2); err != nil {
		return err
	}
	c.values[out].nchw = c.node("GridSample", []string{x, grid}, c.fresh(),
		onnx.Attr{Name: "align_corners", Value: int64(1)},
		onnx.Attr{Name: "mode", Value: "bilinear"},
		onnx.Attr{Name: "padding_mode", Value: "zeros"})
	return nil
}

// transformLandmarks converts version 2 of TransformLandmarks: a matrix applied to places 1xNx2.
func transformLandmarks(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	in := c.shape(o.Inputs[0])
	if len(in) != 3 || in[0] != 1 || in[2] != 2 || !slices.Equal(c.shape(out), in) || !slices.Equal(c.shape(o.Inputs[1]), []int{1, 4, 4}) {
		return fmt.Errorf("landmarks %v under a matrix of %v are %w", in, c.shape(o.Inputs[1]), ErrUnsupported)
	}
	p, err := c.plain(o.Inputs[0])
	if err != nil {
		return err
	}
	p = c.node("MatMul", []string{p, c.list([]int{2, 4}, 1, 0, 0, 0, 0, 1, 0, 0)}, c.fresh())
	p = c.node("Add", []string{p, c.list([]int{4}, 0, 0, 0, 1)}, c.fresh())
	c.values[out].plain, err = c.affine(p, o.Inputs[1], 1, 1)
	return err
}

// multiply converts a product with a constant, of one value or of the same shape.
func multiply(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 2, 2)
	if err != nil {
		return err
	}
	act, err := o.AddActivation() // the only option, in the same place
	if err != nil {
		return err
	}
	in := c.shape(o.Inputs[0])
	f, err := c.constant(o.Inputs[1])
	if err != nil {
		return err
	}
	if !slices.Equal(in, c.shape(out)) || len(f) != 1 && !slices.Equal(c.shape(o.Inputs[1]), in) {
		return fmt.Errorf("%v times %v for %v is %w", in, c.shape(o.Inputs[1]), c.shape(out), ErrUnsupported)
	}
	x, err := c.plain(o.Inputs[0])
	if err != nil {
		return err
	}
	dims := in
	if len(f) == 1 {
		dims = []int{1}
	}
	c.values[out].plain, err = c.activate(c.node("Mul", []string{x, c.weights(f, dims...)}, c.fresh()), act)
	return err
}

// wholeSlice converts a slice that leaves nothing out, as some nets end in one.
func wholeSlice(c *conversion, o *tflite.Operator) error {
	out, err := c.operands(o, 4, 4)
	if err != nil {
		return err
	}
	strides, err := int32s(&c.m.Tensors[o.Inputs[3]])
	if err != nil {
		return err
	}
	if in := c.shape(o.Inputs[0]); !slices.Equal(in, c.shape(out)) || slices.ContainsFunc(strides, func(s int) bool { return s != 1 }) {
		return fmt.Errorf("a slice of %v out of %v is %w", c.shape(out), in, ErrUnsupported)
	}
	x, err := c.plain(o.Inputs[0])
	c.values[out].plain = x
	return err
}
