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

// Net runs a model on values of its own. It serves one goroutine at a time.
type Net struct {
	m      *Model
	run    func(*Net)
	input  []float32
	values []float32
}

// New returns a net of the model; it panics where Supported says no.
func (m *Model) New() *Net {
	n := &Net{m: m, input: make([]float32, m.input), values: make([]float32, m.values)}
	switch C.wince_blaze_supported() {
	case 1:
		n.run = (*Net).eight
	case 2:
		n.run = (*Net).sixteen
	default:
		panic("blaze: this processor has no AVX2")
	}
	return n
}

func (n *Net) eight() {
	C.wince_blaze_8(&n.m.steps[0], C.int(len(n.m.steps)), ptr(n.m.weights), (*C.uint16_t)(unsafe.SliceData(n.m.halves)), ptr(n.values), ptr(n.input))
}

func (n *Net) sixteen() {
	C.wince_blaze_16(&n.m.steps[0], C.int(len(n.m.steps)), ptr(n.m.weights), (*C.uint16_t)(unsafe.SliceData(n.m.halves)), ptr(n.values), ptr(n.input))
}

// Input is where the picture goes: three planes, 0-1.
func (n *Net) Input() []float32 { return n.input }

// Run computes the outputs from the input. It does not allocate.
func (n *Net) Run() { n.run(n) }

// Output returns the outputs in the model's order, valid until the next run.
func (n *Net) Output(i int) []float32 {
	o := n.m.outputs[i]
	return n.values[o.at : o.at+o.size]
}

func ptr(f []float32) *C.float { return (*C.float)(unsafe.Pointer(unsafe.SliceData(f))) }
