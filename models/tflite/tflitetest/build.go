// Package tflitetest writes small TensorFlow Lite files for tests.
package tflitetest

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/x448/float16"
)

// Tensor is a value of a net; Data makes it a constant.
type Tensor struct {
	Name  string
	Shape []int
	Type  int8
	Data  []byte
}

// Field is an option in a slot of an operator's option table: a byte if Byte is set, else an int32.
type Field struct {
	Slot  int
	Value int32
	Byte  bool
}

// Op is an operator by its number in the schema, or by its name if the number is 32.
type Op struct {
	Code            int32
	Custom          string
	Inputs, Outputs []int32
	Options         []Field
	CustomOptions   []byte
}

// Net describes a file.
type Net struct {
	Tensors         []Tensor
	Ops             []Op
	Inputs, Outputs []int32
}

// Floats encodes float32 values.
func Floats(v ...float32) []byte {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

// Halves encodes values in half precision.
func Halves(v ...float32) []byte {
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint16(b, float16.Fromfloat32(f).Bits())
	}
	return b
}

// Ints encodes int32 values.
func Ints(v ...int32) []byte {
	var b []byte
	for _, i := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	return b
}

// Flex encodes custom options, float32 numbers and lists of int32 by name, as a map in FlexBuffers with four bytes a value.
func Flex(numbers map[string]float32, lists map[string][]int32) []byte {
	names := slices.Sorted(maps.Keys(numbers))
	names = append(names, slices.Collect(maps.Keys(lists))...)
	slices.Sort(names)
	var b []byte
	put := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	at := map[string]int{}
	for _, name := range names {
		at[name] = len(b)
		b = append(append(b, name...), 0)
	}
	listAt := map[string]int{}
	for _, name := range names {
		if l, ok := lists[name]; ok {
			put(uint32(len(l)))
			listAt[name] = len(b)
			b = append(b, Ints(l...)...)
		}
	}
	put(uint32(len(names)))
	keys := len(b)
	for _, name := range names {
		put(uint32(len(b) - at[name]))
	}
	put(uint32(len(b) - keys))
	put(4) // bytes of an offset to a key
	put(uint32(len(names)))
	values, types := len(b), []byte(nil)
	for _, name := range names {
		if to, ok := listAt[name]; ok {
			put(uint32(len(b) - to))
			types = append(types, 11<<2|2) // integers of 4 bytes
		} else {
			put(math.Float32bits(numbers[name]))
			types = append(types, 3<<2|2)
		}
	}
	b = append(b, types...)
	put(uint32(len(b) - values))
	return append(b, 9<<2|2, 4) // a map, its offset has 4 bytes
}

// Bytes encodes the net. Slot numbers are those of TensorFlow Lite's schema.fbs.
func (n *Net) Bytes() []byte {
	b := flatbuffers.NewBuilder(1 << 12)
	buffers := []flatbuffers.UOffsetT{table(b, 1, nil)} // the first is empty by convention
	var tensors, codes, ops []flatbuffers.UOffsetT
	for _, t := range n.Tensors {
		buffer := uint32(0)
		if t.Data != nil {
			data := b.CreateByteVector(t.Data)
			buffer = uint32(len(buffers))
			buffers = append(buffers, table(b, 1, func() { b.PrependUOffsetTSlot(0, data, 0) }))
		}
		shape := make([]int32, len(t.Shape))
		for i, d := range t.Shape {
			shape[i] = int32(d)
		}
		name, dims := b.CreateString(t.Name), ints(b, shape)
		tensors = append(tensors, table(b, 4, func() {
			b.PrependUOffsetTSlot(0, dims, 0)
			b.PrependInt8Slot(1, t.Type, 0)
			b.PrependUint32Slot(2, buffer, 0)
			b.PrependUOffsetTSlot(3, name, 0)
		}))
	}
	for i, o := range n.Ops {
		var custom, customOptions flatbuffers.UOffsetT
		if o.Custom != "" {
			custom, customOptions = b.CreateString(o.Custom), b.CreateByteVector(o.CustomOptions)
		}
		codes = append(codes, table(b, 4, func() {
			b.PrependInt8Slot(0, int8(o.Code), 0)
			b.PrependUOffsetTSlot(1, custom, 0)
			b.PrependInt32Slot(2, 1, 0) // an operator's version
			b.PrependInt32Slot(3, o.Code, 0)
		}))
		in, out := ints(b, o.Inputs), ints(b, o.Outputs)
		options := table(b, 8, func() {
			for _, f := range o.Options {
				if f.Byte {
					b.PrependInt8Slot(f.Slot, int8(f.Value), 0)
				} else {
					b.PrependInt32Slot(f.Slot, f.Value, 0)
				}
			}
		})
		ops = append(ops, table(b, 6, func() {
			b.PrependUint32Slot(0, uint32(i), 0)
			b.PrependUOffsetTSlot(1, in, 0)
			b.PrependUOffsetTSlot(2, out, 0)
			b.PrependByteSlot(3, unionOf[o.Code], 0)
			b.PrependUOffsetTSlot(4, options, 0)
			b.PrependUOffsetTSlot(5, customOptions, 0)
		}))
	}
	ts, is, outs, os := offsets(b, tensors), ints(b, n.Inputs), ints(b, n.Outputs), offsets(b, ops)
	graph := table(b, 4, func() {
		b.PrependUOffsetTSlot(0, ts, 0)
		b.PrependUOffsetTSlot(1, is, 0)
		b.PrependUOffsetTSlot(2, outs, 0)
		b.PrependUOffsetTSlot(3, os, 0)
	})
	graphs, cs, bs, text := offsets(b, []flatbuffers.UOffsetT{graph}), offsets(b, codes), offsets(b, buffers), b.CreateString("test")
	b.FinishWithFileIdentifier(table(b, 5, func() {
		b.PrependUint32Slot(0, 3, 0)
		b.PrependUOffsetTSlot(1, cs, 0)
		b.PrependUOffsetTSlot(2, graphs, 0)
		b.PrependUOffsetTSlot(3, text, 0)
		b.PrependUOffsetTSlot(4, bs, 0)
	}), []byte("TFL3"))
	return b.FinishedBytes()
}

// unionOf gives the number of an operator's option table in the schema's union; the runtime looks at it, Parse does not.
var unionOf = map[int32]byte{0: 11, 2: 10, 3: 1, 4: 2, 17: 5, 22: 17, 34: 22}

func table(b *flatbuffers.Builder, fields int, fill func()) flatbuffers.UOffsetT {
	b.StartObject(fields)
	if fill != nil {
		fill()
	}
	return b.EndObject()
}

func ints(b *flatbuffers.Builder, v []int32) flatbuffers.UOffsetT {
	b.StartVector(4, len(v), 4)
	for i := len(v) - 1; i >= 0; i-- {
		b.PrependInt32(v[i])
	}
	return b.EndVector(len(v))
}

func offsets(b *flatbuffers.Builder, v []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartVector(4, len(v), 4)
	for i := len(v) - 1; i >= 0; i-- {
		b.PrependUOffsetT(v[i])
	}
	return b.EndVector(len(v))
}
