package blaze

// #include "blaze.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/x448/float16"

	"wince/models/tflite"
)

// ErrUnsupported is wrapped by errors about a net that is no stem, blocks and heads.
var ErrUnsupported = errors.New("not a net that is run here")

// Model is a net's plan and weights. It serves any number of nets, which share the memory of a run: there are as many of these as ever ran at
// once, so that they stay near the processor.
type Model struct {
	steps         []C.step
	weights       []float32
	halves        []uint16 // of heads
	input, values int      // floats that a net needs
	outputs       []span

	mu    sync.Mutex
	spare [][]float32
}

func (m *Model) borrow() []float32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.spare)
	if n == 0 {
		return make([]float32, m.values) // zeros, which stay around each tensor
	}
	v := m.spare[n-1]
	m.spare = m.spare[:n-1]
	return v
}

func (m *Model) giveBack(v []float32) {
	m.mu.Lock()
	m.spare = append(m.spare, v)
	m.mu.Unlock()
}

type span struct{ at, size int }

// lanes is how many outputs are computed at once; values have a multiple of it for each place.
const lanes = 16

// Load makes the plan of a TensorFlow Lite file.
func Load(file []byte) (*Model, error) {
	m, err := tflite.Parse(file)
	if err != nil {
		return nil, err
	}
	p := &planner{net: m, made: map[int]*made{}, halves: map[int]int{}, uses: map[int]int{}}
	if err := p.plan(); err != nil {
		return nil, fmt.Errorf("plan the face mesh: %w", err)
	}
	return &p.out, nil
}

// made is what is known of a computed tensor. A convolution waits for what is added to it and bends it, and becomes a step then.
type made struct {
	ready       bool
	width, size int // of the square, and channels
	deep        *tflite.Operator
	pool        int // the tensor of which it is the largest of each 2 x 2; 0: none
	wait        *pending
}

type pending struct {
	step
	done bool
}

// step is a step with the tensors that it reads and writes.
type step struct {
	c            C.step
	in, add, out int
}

type planner struct {
	net    *tflite.Model
	out    Model
	made   map[int]*made
	halves map[int]int // tensors that are a widened constant, and which
	uses   map[int]int // how often a tensor is still read by steps
	steps  []step
}

func (p *planner) plan() error {
	if len(p.net.Inputs) != 1 {
		return fmt.Errorf("%d inputs are %w", len(p.net.Inputs), ErrUnsupported)
	}
	in := p.net.Tensors[p.net.Inputs[0]].Shape
	if len(in) != 4 || in[0] != 1 || in[1] != in[2] || in[3] != 3 || in[1]%2 != 0 || in[1] > widest {
		return fmt.Errorf("an input of %v is %w", in, ErrUnsupported)
	}
	p.out.input = in[1] * in[2] * 3
	for i := range p.net.Operators {
		o := &p.net.Operators[i]
		if n, ok := operands[o.Op]; !ok || len(o.Outputs) != 1 || len(o.Inputs) != n || slices.Contains(o.Inputs, -1) {
			return fmt.Errorf("operator %d (%s) with these operands is %w", i, o.Name(), ErrUnsupported)
		}
		if err := p.operator(o); err != nil {
			return fmt.Errorf("operator %d (%s): %w", i, o.Name(), err)
		}
	}
	return p.place()
}

const (
	widest = 192 // of a picture
	most   = 128 // channels of a place, but for heads
)

// operands is how many tensors each operator reads.
var operands = map[tflite.Op]int{tflite.Dequantize: 1, tflite.Conv2D: 3, tflite.DepthwiseConv2D: 3, tflite.MaxPool2D: 1, tflite.Pad: 2, tflite.Add: 2, tflite.PRelu: 2}

func (p *planner) operator(o *tflite.Operator) error {
	out := o.Outputs[0]
	switch o.Op {
	case tflite.Dequantize:
		p.halves[out] = o.Inputs[0]
		return nil
	case tflite.DepthwiseConv2D:
		m, err := p.square(out)
		if err != nil {
			return err
		}
		m.deep = o
		return nil
	case tflite.MaxPool2D:
		return p.maxPool(o)
	case tflite.Pad:
		return p.pad(o)
	case tflite.Conv2D:
		return p.conv(o)
	case tflite.Add:
		return p.sum(o)
	case tflite.PRelu:
		return p.prelu(o)
	}
	return ErrUnsupported
}

// square notes a computed tensor, which must be a square with channels that fill their vectors.
func (p *planner) square(i int) (*made, error) {
	s := p.net.Tensors[i].Shape
	if len(s) != 4 || s[0] != 1 || s[1] != s[2] || s[1] > widest/2 || s[3]%lanes != 0 || s[3] > most || p.made[i] != nil {
		return nil, fmt.Errorf("a tensor of %v is %w", s, ErrUnsupported)
	}
	m := &made{width: s[1], size: s[3]}
	p.made[i] = m
	return m, nil
}

// ready returns a tensor that a step has computed.
func (p *planner) ready(i int) (*made, error) {
	if m := p.made[i]; m != nil && m.ready {
		return m, nil
	}
	return nil, fmt.Errorf("tensor %d is not computed by a step: %w", i, ErrUnsupported)
}

func (p *planner) maxPool(o *tflite.Operator) error {
	opt, err := o.Pool()
	if err != nil {
		return err
	}
	in, err := p.ready(o.Inputs[0])
	if err != nil {
		return err
	}
	m, err := p.square(o.Outputs[0])
	if err != nil {
		return err
	}
	if opt != (tflite.PoolOptions{Padding: opt.Padding, StrideH: 2, StrideW: 2, FilterH: 2, FilterW: 2}) || in.width != 2*m.width || in.size != m.size {
		return fmt.Errorf("%+v is %w", opt, ErrUnsupported)
	}
	m.pool = o.Inputs[0]
	return nil
}

// pad is for channels that are added behind those of a pooled tensor: nothing is added to them.
func (p *planner) pad(o *tflite.Operator) error {
	in := p.made[o.Inputs[0]]
	m, err := p.square(o.Outputs[0])
	if err != nil {
		return err
	}
	by := p.net.Tensors[o.Inputs[1]]
	if in == nil || in.pool == 0 || in.width != m.width || by.Type != tflite.Int32 || len(by.Data) != 32 {
		return ErrUnsupported
	}
	for i := range 7 {
		if binary.LittleEndian.Uint32(by.Data[4*i:]) != 0 {
			return fmt.Errorf("padding places is %w", ErrUnsupported)
		}
	}
	m.pool = in.pool
	return nil
}

func (p *planner) conv(o *tflite.Operator) error {
	opt, err := o.Conv()
	if err != nil {
		return err
	}
	if opt.Activation != tflite.ActNone || opt.DilationH != 1 || opt.DilationW != 1 {
		return fmt.Errorf("%+v is %w", opt, ErrUnsupported)
	}
	f, out := p.net.Tensors[o.Inputs[1]].Shape, p.net.Tensors[o.Outputs[0]].Shape
	if len(f) != 4 || len(out) != 4 || f[0] != out[3] {
		return fmt.Errorf("a filter of %v is %w", f, ErrUnsupported)
	}
	s := step{in: o.Inputs[0], add: -1, out: o.Outputs[0]}
	s.c.kind, s.c.width, s.c.stride, s.c.deep, s.c.slopes, s.c.add = C.BLOCK, C.int32_t(out[1]), 1, -1, -1, -1
	kernel := 1
	switch {
	case o.Inputs[0] == p.net.Inputs[0]: // the stem
		kernel = 3
		if f[1] != 3 || f[2] != 3 || f[3] != 3 || opt.StrideH != 2 || opt.StrideW != 2 || opt.Padding != tflite.Same || 2*out[1] != p.net.Tensors[s.in].Shape[1] {
			return fmt.Errorf("a filter of %v on the picture is %w", f, ErrUnsupported)
		}
		s.c.kind, s.c.channels = C.STEM, 27
	case f[1] == 3 && f[2] == 3: // a head
		kernel = 3
		in, err := p.ready(s.in)
		if err != nil {
			return err
		}
		if in.width != 3 || in.size != f[3] || in.size%4 != 0 || out[1] != 1 || out[2] != 1 || opt.Padding != tflite.Valid {
			return fmt.Errorf("a filter of %v on %d places is %w", f, in.width, ErrUnsupported)
		}
		s.c.kind, s.c.channels = C.DENSE, C.int32_t(in.size)
	default:
		in := p.made[s.in]
		if in != nil && in.deep != nil {
			if err := p.deep(&s, in); err != nil {
				return err
			}
		} else if in, err = p.ready(s.in); err != nil {
			return err
		}
		if f[1] != 1 || f[2] != 1 || f[3] != in.size || in.width != out[1] || opt.StrideH != 1 || opt.StrideW != 1 {
			return fmt.Errorf("a filter of %v is %w", f, ErrUnsupported)
		}
		s.c.channels = C.int32_t(in.size)
	}
	if err := p.point(&s, o, kernel); err != nil {
		return err
	}
	if s.c.kind == C.DENSE {
		p.steps = append(p.steps, s)
		return nil
	}
	m, err := p.square(s.out)
	if err == nil {
		m.wait = &pending{step: s}
	}
	return err
}

// deep makes the depthwise convolution that comes before it part of a step.
func (p *planner) deep(s *step, m *made) error {
	o := m.deep
	opt, err := o.Conv()
	if err != nil {
		return err
	}
	in, err := p.ready(o.Inputs[0])
	if err != nil {
		return err
	}
	f := p.net.Tensors[o.Inputs[1]].Shape
	if !slices.Equal(f, []int{1, 3, 3, m.size}) || in.size != m.size || opt.Padding != tflite.Same || opt.Activation != tflite.ActNone ||
		opt.StrideH != opt.StrideW || opt.StrideH > 2 || opt.DilationH != 1 || opt.DilationW != 1 || in.width != m.width*opt.StrideH {
		return fmt.Errorf("a depthwise filter of %v with %+v is %w", f, opt, ErrUnsupported)
	}
	w, err := p.constant(o.Inputs[1], 9*m.size)
	if err != nil {
		return err
	}
	b, err := p.constant(o.Inputs[2], m.size)
	if err != nil {
		return err
	}
	s.in, s.c.stride = o.Inputs[0], C.int32_t(opt.StrideH)
	s.c.deep = p.keep(b)
	p.keep(w)
	return nil
}

// point lays the weights of a convolution out in the order in which they are read.
func (p *planner) point(s *step, o *tflite.Operator, kernel int) error {
	f := p.net.Tensors[o.Inputs[1]].Shape
	n, inputs := f[0], kernel*kernel*f[3]
	w, err := p.constant(o.Inputs[1], n*inputs)
	if err != nil {
		return err
	}
	b, err := p.constant(o.Inputs[2], n)
	if err != nil {
		return err
	}
	padded := (n + lanes - 1) / lanes * lanes
	s.c.outputs = C.int32_t(padded)
	s.c.point = p.keep(append(slices.Clone(b), make([]float32, padded-n)...))
	packed := make([]float32, padded*inputs)
	for k := range n {
		for i := range inputs {
			packed[(k/lanes*inputs+i)*lanes+k%lanes] = w[k*inputs+i]
		}
	}
	if s.c.kind == C.STEM { // the picture lies in planes: channel, row, column
		for k := range n {
			for i := range inputs {
				c, place := i%3, i/3
				packed[(k/lanes*inputs+c*9+place)*lanes+k%lanes] = w[k*inputs+i]
			}
		}
	}
	if s.c.kind != C.DENSE {
		p.keep(packed)
		return nil
	}
	s.c.half = C.int32_t(len(p.out.halves))
	for _, v := range packed {
		h := float16.Fromfloat32(v)
		if h.Float32() != v {
			return fmt.Errorf("a head in single precision is %w", ErrUnsupported)
		}
		p.out.halves = append(p.out.halves, h.Bits())
	}
	return nil
}

func (p *planner) sum(o *tflite.Operator) error {
	if act, err := o.AddActivation(); err != nil || act != tflite.ActNone {
		return fmt.Errorf("a sum with an activation is %w", ErrUnsupported)
	}
	a, b := o.Inputs[0], o.Inputs[1]
	if m := p.made[a]; m == nil || m.wait == nil {
		a, b = b, a
	}
	conv, other := p.made[a], p.made[b]
	m, err := p.square(o.Outputs[0])
	if err != nil {
		return err
	}
	if conv == nil || conv.wait == nil || conv.wait.done || conv.wait.add >= 0 || conv.width != m.width || conv.size != m.size ||
		other == nil || other.width != m.width || other.size != m.size {
		return fmt.Errorf("a sum of these is %w", ErrUnsupported)
	}
	m.wait, conv.wait = conv.wait, nil
	m.wait.out = o.Outputs[0]
	if other.pool != 0 {
		m.wait.add = other.pool
		m.wait.c.pool = C.int32_t(p.made[other.pool].size)
		return nil
	}
	m.wait.add = b
	_, err = p.ready(b)
	return err
}

func (p *planner) prelu(o *tflite.Operator) error {
	in := p.made[o.Inputs[0]]
	m, err := p.square(o.Outputs[0])
	if err != nil {
		return err
	}
	if in == nil || in.wait == nil || in.wait.done || in.width != m.width || in.size != m.size {
		return fmt.Errorf("bending what is no convolution is %w", ErrUnsupported)
	}
	a, err := p.constant(o.Inputs[1], m.size)
	if err != nil {
		return err
	}
	s := in.wait.step
	in.wait.done = true
	s.c.slopes, s.out = p.keep(a), o.Outputs[0]
	m.ready = true
	p.steps = append(p.steps, s)
	return nil
}

// place gives every tensor its room. Those of one size take turns, so that the zeros around them stay.
func (p *planner) place() error {
	for i, s := range p.steps {
		p.uses[s.in], p.uses[s.add] = i, i
	}
	at, free := map[int]int{}, map[span][]int{}
	key := func(tensor int) span { return span{p.made[tensor].width, p.made[tensor].size} }
	for i, s := range p.steps {
		if s.c.kind != C.STEM {
			s.c.in = C.int32_t(at[s.in])
		}
		if s.add >= 0 {
			s.c.add = C.int32_t(at[s.add])
		}
		if s.c.kind == C.DENSE {
			s.c.out = C.int32_t(p.room(int(s.c.outputs)))
			at[s.out] = int(s.c.out)
		} else {
			k := key(s.out)
			if n := len(free[k]); n > 0 {
				at[s.out], free[k] = free[k][n-1], free[k][:n-1]
			} else {
				at[s.out] = p.room((k.at + 2) * (k.at + 2) * k.size)
			}
			s.c.out = C.int32_t(at[s.out])
		}
		p.out.steps = append(p.out.steps, s.c)
		for _, t := range []int{s.in, s.add} {
			if m := p.made[t]; m != nil && p.uses[t] == i && at[t] >= 0 {
				free[key(t)] = append(free[key(t)], at[t])
				p.uses[t] = -1
			}
		}
	}
	for _, t := range p.net.Outputs {
		i := slices.IndexFunc(p.steps, func(s step) bool { return s.out == t && s.c.kind == C.DENSE })
		if i < 0 {
			return fmt.Errorf("output %d is not a head's: %w", t, ErrUnsupported)
		}
		p.out.outputs = append(p.out.outputs, span{int(p.out.steps[i].out), p.net.Tensors[t].Elements()})
	}
	return p.out.check()
}

// check says whether every step keeps to its values and weights: C asks no more.
func (m *Model) check() error {
	for i, s := range m.steps {
		bordered := func(width, channels C.int32_t) int { return int(width+2) * int(width+2) * int(channels) }
		in, out := bordered(s.width, s.channels), bordered(s.width, s.outputs)
		add, weights, halves := out, int(s.outputs), 0
		fits := s.width > 0 && s.width <= widest/2 && s.channels > 0 && s.channels <= most && s.outputs > 0 && s.outputs%lanes == 0 && s.pool%lanes == 0
		switch s.kind {
		case C.STEM:
			in, weights = 0, weights*28
			fits = fits && s.channels == 27 && m.input == 3*2*int(s.width)*2*int(s.width) && s.slopes >= 0
		case C.BLOCK:
			if s.deep >= 0 {
				in = bordered(s.stride*s.width, s.channels)
				fits = fits && within(s.deep, 10*int(s.channels), len(m.weights))
			}
			if s.pool > 0 {
				add = bordered(2*s.width, s.pool)
			}
			weights *= int(s.channels) + 1
			fits = fits && (s.width > 6 || s.width == 3 || s.width%2 == 0) // small pictures are computed three or two rows at once
			fits = fits && (s.stride == 1 || s.stride == 2) && s.channels%lanes == 0 && s.slopes >= 0 && s.pool <= s.outputs
		case C.DENSE:
			in, out, halves = bordered(3, s.channels), int(s.outputs), 9*int(s.channels)*int(s.outputs)
			fits = fits && s.channels%4 == 0
		}
		if s.slopes >= 0 {
			fits = fits && within(s.slopes, int(s.outputs), len(m.weights))
		}
		if s.add >= 0 {
			fits = fits && within(s.add, add, m.values)
		}
		if !fits || !within(s.in, in, m.values) || !within(s.out, out, m.values) || !within(s.point, weights, len(m.weights)) || !within(s.half, halves, len(m.halves)) {
			return fmt.Errorf("step %d does not fit its values: %w", i, ErrUnsupported)
		}
	}
	return nil
}

func within(at C.int32_t, size, of int) bool { return at >= 0 && int(at)+size <= of }

// room reserves values, beginning at a whole cache line.
func (p *planner) room(n int) int {
	at := p.out.values
	p.out.values += (n + lanes - 1) / lanes * lanes
	return at
}

// keep adds weights and returns where they begin.
func (p *planner) keep(w []float32) C.int32_t {
	at := len(p.out.weights)
	p.out.weights = append(p.out.weights, w...)
	return C.int32_t(at)
}

// constant returns a constant of n values, widened.
func (p *planner) constant(i, n int) ([]float32, error) {
	if src, ok := p.halves[i]; ok {
		i = src
	}
	t := &p.net.Tensors[i]
	if t.Elements() != n || t.Data == nil {
		return nil, fmt.Errorf("a constant of %v where %d values are expected is %w", t.Shape, n, ErrUnsupported)
	}
	out, ok := t.Floats()
	if !ok {
		return nil, fmt.Errorf("a constant of %s is %w", t.Type, ErrUnsupported)
	}
	return out, nil
}
