package pixel

/*
#cgo noescape wince_layer
#cgo nocallback wince_layer
#include "pixel.h"
*/
import "C"

// A Layer is a convolution over a square picture, without padding. With a kernel as wide as the picture it is a dense layer.
type Layer struct {
	width, channels, kernel, stride, outputs int
	relu                                     bool
	weights, bias                            []float32
}

// block is how many outputs are computed at once.
const block = 16

// NewLayer makes a layer of a picture of width squared places with so many channels each. weights has a row for each output: the
// kernel's rows, their places, their channels. With relu, negative outputs become 0.
func NewLayer(width, channels, kernel, stride int, weights, bias []float32, relu bool) *Layer {
	inputs, outputs := kernel*kernel*channels, len(bias)
	if kernel <= 0 || kernel > width || stride <= 0 || channels <= 0 || len(weights) != inputs*outputs {
		panic("pixel: a layer that does not fit")
	}
	l := &Layer{width: width, channels: channels, kernel: kernel, stride: stride, outputs: outputs, relu: relu}
	padded := (outputs + block - 1) / block * block
	l.weights, l.bias = make([]float32, inputs*padded), make([]float32, padded)
	copy(l.bias, bias)
	for o := range outputs {
		for i := range inputs {
			l.weights[i*padded+o] = weights[o*inputs+i]
		}
	}
	return l
}

// Inputs and Outputs are how many values Run reads and writes.
func (l *Layer) Inputs() int { return l.width * l.width * l.channels }

// Outputs is for each place in turn as many as there were rows of weights.
func (l *Layer) Outputs() int {
	wide := (l.width-l.kernel)/l.stride + 1
	return wide * wide * l.outputs
}

// Run computes out from in. Several may run at once.
func (l *Layer) Run(out, in []float32) {
	relu := C.int(0)
	if l.relu {
		relu = 1
	}
	C.wince_layer(ptr(out[:l.Outputs()]), ptr(in[:l.Inputs()]), C.int(l.width), C.int(l.channels), C.int(l.kernel), C.int(l.stride),
		ptr(l.weights), ptr(l.bias), C.int(l.outputs), relu)
}
