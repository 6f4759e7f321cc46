package ort

import (
	"math"
	"math/rand/v2"
	"testing"

	"wince/models"
	"wince/models/convert"
	"wince/models/tflite/tflitetest"
)

// attentionNet has the attention mesh's own operators: from 48 landmarks it computes a matrix, cuts a piece out of a picture
// of 6 x 8 x 3, which the same numbers make, and moves 72 places, which they make too.
func attentionNet() []byte {
	n := &tflitetest.Net{Inputs: []int32{0}, Outputs: []int32{4, 5, 7}}
	for _, v := range []struct {
		name  string
		shape []int
	}{{"in", []int{1, 48, 3}}, {"half", []int{1, 48, 3}}, {"picture", []int{1, 6, 8, 3}}, {"places", []int{1, 72, 2}},
		{"matrix", []int{1, 4, 4}}, {"cut", []int{1, 4, 5, 3}}, {"moved", []int{1, 72, 2}}, {"whole", []int{1, 72, 2}}} {
		n.Tensors = append(n.Tensors, tflitetest.Tensor{Name: v.name, Shape: v.shape})
	}
	constant := func(kind int8, data []byte, shape ...int) int32 {
		n.Tensors = append(n.Tensors, tflitetest.Tensor{Name: "w", Shape: shape, Type: kind, Data: data})
		return int32(len(n.Tensors) - 1)
	}
	n.Ops = []tflitetest.Op{
		{Code: 18, Inputs: []int32{0, constant(0, tflitetest.Floats(0.5), 1)}, Outputs: []int32{1}},
		{Code: 22, Inputs: []int32{0}, Outputs: []int32{2}},
		{Code: 22, Inputs: []int32{0}, Outputs: []int32{3}},
		{Code: 32, Custom: "Landmarks2TransformMatrix", Inputs: []int32{1}, Outputs: []int32{4}, CustomOptions: tflitetest.Flex(
			map[string]float32{"left_rotation_idx": 3, "right_rotation_idx": 9, "target_rotation_radians": 0.3,
				"output_width": 5, "output_height": 4, "scale_x": 1.5, "scale_y": 1.25},
			map[string][]int32{"subset_idxs": {3, 9, 17, 30, 41}})},
		{Code: 32, Custom: "TransformTensorBilinear", Inputs: []int32{2, 4}, Outputs: []int32{5},
			CustomOptions: tflitetest.Flex(map[string]float32{"output_width": 5, "output_height": 4}, nil)},
		{Code: 32, Custom: "TransformLandmarks", Inputs: []int32{3, 4}, Outputs: []int32{6}, CustomOptions: nil},
		{Code: 45, Inputs: []int32{6, constant(2, tflitetest.Ints(0, 0, 0), 3), constant(2, tflitetest.Ints(1, 72, 2), 3),
			constant(2, tflitetest.Ints(1, 1, 1), 3)}, Outputs: []int32{7}},
	}
	return n.Bytes()
}

// byHand computes the same in the words of MediaPipe's operators: turn, find the box, scale, turn back, shift.
func byHand(in []float32) (matrix, cut, moved []float64) {
	at := func(i, k int) float64 { return float64(in[3*i+k]) / 2 }
	r := 0.3 - math.Atan2(at(9, 1)-at(3, 1), at(9, 0)-at(3, 0))
	sin, cos := math.Sincos(r)
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, i := range []int{3, 9, 17, 30, 41} {
		x, y := cos*at(i, 0)-sin*at(i, 1), sin*at(i, 0)+cos*at(i, 1)
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	mx, my := (x0+x1)/2, (y0+y1)/2
	cx, cy := cos*mx+sin*my, cos*my-sin*mx
	sx, sy := 1.5*(x1-x0)/5, 1.25*(y1-y0)/4
	matrix = []float64{
		cos * sx, sin * sy, 0, cx - cos*sx*2.5 - sin*sy*2,
		-sin * sx, cos * sy, 0, cy + sin*sx*2.5 - cos*sy*2,
		0, 0, 1, 0, 0, 0, 0, 1}
	apply := func(x, y float64) (float64, float64) {
		return matrix[0]*x + matrix[1]*y + matrix[3], matrix[4]*x + matrix[5]*y + matrix[7]
	}
	for y := range 4 {
		for x := range 5 {
			u, v := apply(float64(x)+0.5, float64(y)+0.5)
			u, v = u-0.5, v-0.5
			for c := range 3 {
				if u < 0 || v < 0 || u > 7 || v > 5 {
					cut = append(cut, 0)
					continue
				}
				i, j := min(int(u), 6), min(int(v), 4)
				a, b := u-float64(i), v-float64(j)
				p := func(i, j int) float64 { return float64(in[(j*8+i)*3+c]) }
				cut = append(cut, (1-b)*((1-a)*p(i, j)+a*p(i+1, j))+b*((1-a)*p(i, j+1)+a*p(i+1, j+1)))
			}
		}
	}
	for i := range 72 {
		u, v := apply(float64(in[2*i]), float64(in[2*i+1]))
		moved = append(moved, u, v)
	}
	return matrix, cut, moved
}

// TestAttentionOperators compares the conversion of the attention mesh's own operators with the formulas.
func TestAttentionOperators(t *testing.T) {
	const tolerance = 1e-4 // of values up to 80
	r := open(t)
	b, err := convert.TFLite(attentionNet(), convert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := load(t, r, b, models.Tensor{Name: "in", Shape: []int64{1, 48, 3}}, []models.Tensor{
		{Name: "matrix", Shape: []int64{1, 4, 4}}, {Name: "cut", Shape: []int64{1, 4, 5, 3}}, {Name: "whole", Shape: []int64{1, 72, 2}}})
	inside, beyond := 0, 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 7))
		for i := range n.Input() {
			n.Input()[i] = random.Float32()*16 - 1
		}
		if err := n.Run(); err != nil {
			t.Fatal(err)
		}
		matrix, cut, moved := byHand(n.Input())
		for i, want := range [][]float64{matrix, cut, moved} {
			got := n.Output(i)
			for k := range want {
				if d := math.Abs(float64(got[k]) - want[k]); !(d <= tolerance) {
					t.Fatalf("seed %d, output %d: value %d is %g, want %g", seed, i, k, got[k], want[k])
				}
			}
		}
		for _, v := range cut {
			if v == 0 {
				beyond++
			} else {
				inside++
			}
		}
	}
	if inside < 1000 || beyond < 1000 {
		t.Errorf("%d values lay inside the picture and %d beyond: the test misses one of them", inside, beyond)
	}
}
