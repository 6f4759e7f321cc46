package tflitetest

import "math/rand/v2"

// Mesh is a net with the blocks of the face mesh and weights by chance: a stem on a picture of side squared (a multiple of eight from 24 on), a block
// with the sum of its input, one that halves the picture and doubles the channels, as many that only halve it as leave 3 x 3 places, one
// without a depthwise part, and a head of so many outputs.
func Mesh(side, outputs int) *Net {
	m := &mesh{rnd: rand.New(rand.NewPCG(1, uint64(side))), net: &Net{}}
	in := m.tensor(side, side, 3)
	m.net.Inputs = []int32{in}
	x, n, c := m.conv(in, side/2, 3, 16, 3, 2, 0), side/2, 16
	x = m.prelu(x, n, c)
	d := m.deep(x, n, c, 1)
	x = m.prelu(m.op(Op{Code: 0, Inputs: []int32{x, m.conv(d, n, c, c, 1, 1, 1)}}, n, n, c), n, c)
	for n > 3 {
		n /= 2
		pooled := m.op(Op{Code: 17, Inputs: []int32{x}, Options: window(1, 2, []int32{2, 2})}, n, n, c)
		d, wide := m.deep(x, n, c, 2), c
		if c == 16 {
			wide = 32
			pads := m.constant(Tensor{Shape: []int{4, 2}, Type: 2, Data: Ints(0, 0, 0, 0, 0, 0, 0, 16)})
			pooled = m.op(Op{Code: 34, Inputs: []int32{pooled, pads}}, n, n, wide)
		}
		x = m.prelu(m.op(Op{Code: 0, Inputs: []int32{pooled, m.conv(d, n, c, wide, 1, 1, 1)}}, n, n, wide), n, wide)
		c = wide
	}
	x = m.prelu(m.conv(x, n, c, 48, 1, 1, 1), n, 48)
	m.net.Outputs = []int32{m.conv(x, 1, 48, outputs, 3, 3, 1)}
	return m.net
}

type mesh struct {
	rnd *rand.Rand
	net *Net
}

func window(padding, stride int32, more []int32) []Field {
	f := []Field{{Slot: 0, Value: padding, Byte: true}, {Slot: 1, Value: stride}, {Slot: 2, Value: stride}}
	for i, v := range more {
		f = append(f, Field{Slot: 3 + i, Value: v})
	}
	return f
}

func (m *mesh) constant(t Tensor) int32 {
	t.Name = "w"
	m.net.Tensors = append(m.net.Tensors, t)
	return int32(len(m.net.Tensors) - 1)
}

func (m *mesh) tensor(h, w, c int) int32 {
	m.net.Tensors = append(m.net.Tensors, Tensor{Name: "t" + string(rune('a'+len(m.net.Tensors)%26)) + string(rune('a'+len(m.net.Tensors)/26)), Shape: []int{1, h, w, c}})
	return int32(len(m.net.Tensors) - 1)
}

// halves are weights in half precision, widened by an operator as the nets of the lock have it.
func (m *mesh) halves(size float32, shape ...int) int32 {
	n := 1
	for _, d := range shape {
		n *= d
	}
	f := make([]float32, n)
	for i := range f {
		f[i] = (m.rnd.Float32()*2 - 1) * size
	}
	half := m.constant(Tensor{Shape: shape, Type: 1, Data: Halves(f...)})
	wide := m.constant(Tensor{Shape: shape})
	m.net.Ops = append(m.net.Ops, Op{Code: 6, Inputs: []int32{half}, Outputs: []int32{wide}})
	return wide
}

func (m *mesh) op(o Op, h, w, c int) int32 {
	out := m.tensor(h, w, c)
	o.Outputs = []int32{out}
	m.net.Ops = append(m.net.Ops, o)
	return out
}

func (m *mesh) conv(in int32, n, from, to, kernel int, stride, padding int32) int32 {
	return m.op(Op{Code: 3, Inputs: []int32{in, m.halves(0.3, to, kernel, kernel, from), m.halves(0.3, to)}, Options: window(padding, stride, nil)}, n, n, to)
}

func (m *mesh) deep(in int32, n, c int, stride int32) int32 {
	return m.op(Op{Code: 4, Inputs: []int32{in, m.halves(0.4, 1, 3, 3, c), m.halves(0.3, c)}, Options: window(0, stride, []int32{1})}, n, n, c)
}

// prelu has slopes above one, too.
func (m *mesh) prelu(in int32, n, c int) int32 {
	return m.op(Op{Code: 54, Inputs: []int32{in, m.halves(1.5, 1, 1, c)}}, n, n, c)
}
