package convert

import (
	"encoding/binary"
	"fmt"

	"wince/models/tflite"
)

// widen reads a constant as float32.
func widen(t *tflite.Tensor) ([]float32, error) {
	f, ok := t.Floats()
	if !ok {
		return nil, fmt.Errorf("the constant %q is %s: %w", t.Name, t.Type, ErrUnsupported)
	}
	return f, nil
}

// int32s reads a constant of small integers, as shapes and paddings are.
func int32s(t *tflite.Tensor) ([]int, error) {
	if t.Data == nil || t.Type != tflite.Int32 {
		return nil, fmt.Errorf("%q is not a constant of int32: %w", t.Name, ErrUnsupported)
	}
	out := make([]int, t.Elements())
	for i := range out {
		out[i] = int(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
	}
	return out, nil
}

// oihw reorders a convolution's filter from TensorFlow Lite's OHWI to ONNX's OIHW, with zeros for outputs up to wo and inputs
// up to wi.
func oihw(f []float32, o, h, w, in, wo, wi int) []float32 {
	out := make([]float32, wo*wi*h*w)
	for k := range o {
		for y := range h {
			for x := range w {
				for c := range in {
					out[((k*wi+c)*h+y)*w+x] = f[((k*h+y)*w+x)*in+c]
				}
			}
		}
	}
	return out
}
