package convert

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"wince/models/tflite/tflitetest"
)

var update = flag.Bool("update", false, "write models/testdata/ops.tflite (then run models/train/goldens.py)")

const opsFile = "../testdata/ops.tflite"

// opsNet has the operators of the plain nets in the shapes in which it can go wrong: odd and even sizes under SAME with
// stride 2, dilation, several outputs a channel, channel counts that do not fill a block, slopes above one and below zero.
// Its output is compared with TensorFlow Lite's in vision/ort, where a test of their own has those of the attention mesh.
func opsNet() *tflitetest.Net {
	n := &tflitetest.Net{}
	tensor := func(name string, data []byte, kind int8, shape ...int) int32 {
		n.Tensors = append(n.Tensors, tflitetest.Tensor{Name: name, Shape: shape, Type: kind, Data: data})
		return int32(len(n.Tensors) - 1)
	}
	value := func(name string, shape ...int) int32 { return tensor(name, nil, 0, shape...) }
	series := func(seed, count int) []float32 {
		f := make([]float32, count)
		for i := range f {
			f[i] = float32((i*37+seed*11)%64-32) / 64
		}
		return f
	}
	weights := func(seed int, shape ...int) int32 {
		count := 1
		for _, d := range shape {
			count *= d
		}
		return tensor("w", tflitetest.Floats(series(seed, count)...), 0, shape...)
	}
	op := func(code int32, in []int32, out int32, options ...tflitetest.Field) int32 {
		n.Ops = append(n.Ops, tflitetest.Op{Code: code, Inputs: in, Outputs: []int32{out}, Options: options})
		return out
	}
	is := func(slot int, v int32) tflitetest.Field { return tflitetest.Field{Slot: slot, Value: v} }
	flagged := func(slot int, v int32) tflitetest.Field {
		return tflitetest.Field{Slot: slot, Value: v, Byte: true}
	}

	in := value("in", 1, 8, 7, 3)
	n.Inputs = []int32{in}
	half := tensor("half", tflitetest.Halves(series(1, 24*3*3*3)...), 1, 24, 3, 3, 3)
	full := op(6, []int32{half}, value("full", 24, 3, 3, 3))                                                  // DEQUANTIZE
	a := op(3, []int32{in, full, weights(2, 24)}, value("a", 1, 4, 4, 24), is(1, 2), is(2, 2), flagged(3, 3)) // SAME, stride 2, RELU6
	b := op(4, []int32{a, weights(3, 1, 3, 3, 24), weights(4, 24)}, value("b", 1, 4, 4, 24),
		is(1, 1), is(2, 1), is(3, 1), is(5, 2), is(6, 2)) // depthwise SAME, dilation 2
	slopes := series(5, 24)
	slopes[0], slopes[1], slopes[2] = 1.75, 1, 0
	c := op(54, []int32{b, tensor("slopes", tflitetest.Floats(slopes...), 0, 1, 1, 24)}, value("c", 1, 4, 4, 24))
	d := op(4, []int32{c, weights(6, 1, 3, 3, 24), weights(7, 24)}, value("d", 1, 2, 2, 24), is(1, 2), is(2, 2), is(3, 1)) // SAME, stride 2
	e := op(3, []int32{d, weights(8, 40, 1, 1, 24), weights(9, 40)}, value("e", 1, 2, 2, 40), flagged(0, 1), is(1, 1), is(2, 1))
	f := op(17, []int32{c}, value("f", 1, 2, 2, 24), is(1, 2), is(2, 2), is(3, 3), is(4, 3)) // SAME, 3x3 over 4
	g := op(34, []int32{f, tensor("channels", tflitetest.Ints(0, 0, 0, 0, 0, 0, 0, 16), 2, 4, 2)}, value("g", 1, 2, 2, 40))
	h := op(0, []int32{g, e}, value("h", 1, 2, 2, 40), flagged(0, 1))                                                                       // fused RELU
	i := op(4, []int32{a, weights(10, 1, 2, 2, 48), weights(11, 48)}, value("i", 1, 3, 3, 48), flagged(0, 1), is(1, 1), is(2, 1), is(3, 2)) // VALID, two outputs a channel
	j := op(14, []int32{i}, value("j", 1, 3, 3, 48))
	k := op(34, []int32{d, tensor("all", tflitetest.Ints(0, 0, 1, 2, 0, 1, 2, 3), 2, 4, 2)}, value("k", 1, 5, 3, 29))
	l := op(2, []int32{h, f}, value("l", 1, 2, 2, 64), is(0, 3)) // channels
	m := op(22, []int32{l, tensor("to", tflitetest.Ints(1, 8, 32), 2, 3)}, value("m", 1, 8, 32))
	o := op(22, []int32{h, tensor("to", tflitetest.Ints(1, 5, 32), 2, 3)}, value("o", 1, 5, 32))
	p := op(2, []int32{m, o}, value("p", 1, 13, 32), is(0, -2))
	q := op(19, []int32{d}, value("q", 1, 2, 2, 24))
	r := op(21, []int32{e}, value("r", 1, 2, 2, 40))
	n.Outputs = []int32{h, j, k, p, q, r}
	return n
}

// TestOpsFile keeps the committed file and its description here together.
func TestOpsFile(t *testing.T) {
	want := opsNet().Bytes()
	if *update {
		if err := os.WriteFile(filepath.FromSlash(opsFile), want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.FromSlash(opsFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not the net described here: run go test -update and models/train/goldens.py", opsFile)
	}
	if _, err := TFLite(got, Options{}); err != nil {
		t.Error(err)
	}
}
