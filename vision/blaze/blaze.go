// Package blaze runs the plain face mesh with loops of its own, in C. ONNX Runtime has no fast PReLU: what the mesh spends on it, and on
// walking over its values once for each operator, is a third of the time. Here a block of the mesh, depthwise and pointwise convolution, sum
// and PReLU, is one walk. What is not such a net is refused, and so are processors without AVX2: ONNX Runtime runs everything everywhere.
package blaze

/*
#cgo CFLAGS: -O3
#cgo noescape wince_blaze_8
#cgo nocallback wince_blaze_8
#cgo noescape wince_blaze_16
#cgo nocallback wince_blaze_16
#include "blaze.h"
*/
import "C"

import "unsafe"

// Method names what computes the mesh here; it is kept with every observation. It changes when more than rounding changes.
const Method = "wince-blaze/1"

// Supported says whether this processor can run nets of this package.
func Supported() bool { return C.wince_blaze_supported() > 0 }

// Net runs a model on an input of its own. It serves one goroutine at a time.
type Net struct {
	m       *Model
	run     func(m *Model, values, input []float32)
	input   []float32
	outputs [][]float32
}

// New returns a net of the model; it panics where Supported says no.
func (m *Model) New() *Net {
	n := &Net{m: m, input: make([]float32, m.input)}
	for _, o := range m.outputs {
		n.outputs = append(n.outputs, make([]float32, o.size))
	}
	switch C.wince_blaze_supported() {
	case 1:
		n.run = (*Model).eight
	case 2:
		n.run = (*Model).sixteen
	default:
		panic("blaze: this processor has no AVX2")
	}
	return n
}

func (m *Model) eight(values, input []float32) {
	C.wince_blaze_8(&m.steps[0], C.int(len(m.steps)), ptr(m.weights), (*C.uint16_t)(unsafe.SliceData(m.halves)), ptr(values), ptr(input))
}

func (m *Model) sixteen(values, input []float32) {
	C.wince_blaze_16(&m.steps[0], C.int(len(m.steps)), ptr(m.weights), (*C.uint16_t)(unsafe.SliceData(m.halves)), ptr(values), ptr(input))
}

// Input is where the picture goes: three planes, 0-1.
func (n *Net) Input() []float32 { return n.input }

// Run computes the outputs from the input. It does not allocate once as many nets ran at once as ever do.
func (n *Net) Run() {
	values := n.m.borrow()
	n.run(n.m, values, n.input)
	for i, o := range n.m.outputs {
		copy(n.outputs[i], values[o.at:])
	}
	n.m.giveBack(values)
}

// Output returns the outputs in the model's order, valid until the next run.
func (n *Net) Output(i int) []float32 { return n.outputs[i] }

func ptr(f []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(f))) }
