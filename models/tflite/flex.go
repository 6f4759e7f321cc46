package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Options are the options of a custom operator: numbers and lists of integers by name.
type Options struct {
	Numbers map[string]float64
	Lists   map[string][]int
}

// Int returns the whole number of a name, which must lie between least and most.
func (o *Options) Int(name string, least, most int) (int, error) {
	v, ok := o.Numbers[name]
	if !ok || v != math.Trunc(v) || v < float64(least) || v > float64(most) {
		return 0, fmt.Errorf("the option %s is %v; a whole number from %d to %d is expected", name, v, least, most)
	}
	return int(v), nil
}

// Flex reads the options of a custom operator: one map in FlexBuffers, the self-describing form of FlatBuffers
// (google.github.io/flatbuffers, "FlexBuffers"). A file ends in the root value, its packed type and its width; a packed type
// has the kind in its upper six bits and the width of what it points to, as a power of two, in the lower two. Offsets point
// backwards. Members of other kinds than numbers and lists of integers are an error.
func (o *Operator) Flex() (Options, error) {
	f := flex(o.CustomOptions)
	n := len(f)
	if n < 3 {
		return Options{}, fmt.Errorf("custom options of %d bytes are none", n)
	}
	root := n - 2 - int(f[n-1])
	if root < 0 || f[n-2]>>2 != flexMap {
		return Options{}, errors.New("the custom options are not a map")
	}
	out, err := f.options(root, int(f[n-1]), 1<<(f[n-2]&3))
	if err != nil {
		return Options{}, fmt.Errorf("read custom options: %w", err)
	}
	return out, nil
}

type flex []byte

// Kinds of FlexBuffers values.
const (
	flexInt, flexUint, flexFloat       = 1, 2, 3
	flexIndirectInt, flexIndirectFloat = 6, 8
	flexMap                            = 9
	flexInts, flexUints                = 11, 12
	flexInts2, flexUints2              = 16, 17 // lists of a fixed length, which is not written
	flexInts3, flexUints3, flexInts4   = 19, 20, 22
	flexUints4                         = 23
	flexBool                           = 26
	flexMost                           = 64 // members of a map
)

var errFlex = errors.New("a value lies outside them")

func (f flex) uint(at, width int) (uint64, error) {
	if at < 0 || width < 1 || at > len(f)-width {
		return 0, errFlex
	}
	switch width {
	case 1:
		return uint64(f[at]), nil
	case 2:
		return uint64(binary.LittleEndian.Uint16(f[at:])), nil
	case 4:
		return uint64(binary.LittleEndian.Uint32(f[at:])), nil
	case 8:
		return binary.LittleEndian.Uint64(f[at:]), nil
	}
	return 0, errFlex
}

func (f flex) int(at, width int) (int64, error) {
	v, err := f.uint(at, width)
	shift := 64 - 8*width
	return int64(v<<shift) >> shift, err
}

// follow returns the place that the offset at a place points back to.
func (f flex) follow(at, width int) (int, error) {
	v, err := f.uint(at, width)
	if err != nil || v > uint64(at) {
		return 0, errFlex
	}
	return at - int(v), nil
}

func (f flex) options(at, parent, width int) (Options, error) {
	out := Options{Numbers: map[string]float64{}, Lists: map[string][]int{}}
	at, err := f.follow(at, parent)
	if err != nil {
		return out, err
	}
	n, err := f.uint(at-width, width)
	if err != nil || n > flexMost || at+int(n)*(width+1) > len(f) {
		return out, errFlex
	}
	keys, err := f.follow(at-3*width, width)
	if err != nil {
		return out, err
	}
	kw, err := f.uint(at-2*width, width)
	if err != nil || kw > 8 {
		return out, errFlex
	}
	for i := range int(n) {
		k, err := f.follow(keys+i*int(kw), int(kw))
		if err != nil {
			return out, err
		}
		end := k
		for end < len(f) && f[end] != 0 {
			end++
		}
		if err := f.member(&out, string(f[k:end]), at+i*width, width, f[at+int(n)*width+i]); err != nil {
			return out, fmt.Errorf("%s: %w", f[k:end], err)
		}
	}
	return out, nil
}

// member reads the value of a packed type at a place.
func (f flex) member(out *Options, name string, at, width int, packed byte) (err error) {
	kind, below := packed>>2, 1<<(packed&3)
	switch kind {
	case flexIndirectInt, flexIndirectFloat:
		if at, err = f.follow(at, width); err != nil {
			return err
		}
		width, kind = below, kind-5
	case flexInts, flexUints, flexInts2, flexUints2, flexInts3, flexUints3, flexInts4, flexUints4:
		out.Lists[name], err = f.list(at, width, below, int(kind))
		return err
	}
	switch kind {
	case flexInt, flexBool:
		v, err := f.int(at, width)
		out.Numbers[name] = float64(v)
		return err
	case flexUint:
		v, err := f.uint(at, width)
		out.Numbers[name] = float64(v)
		return err
	case flexFloat:
		v, err := f.uint(at, width)
		switch width {
		case 4:
			out.Numbers[name] = float64(math.Float32frombits(uint32(v)))
		case 8:
			out.Numbers[name] = math.Float64frombits(v)
		default:
			return errFlex
		}
		return err
	}
	return fmt.Errorf("values of kind %d are not read", kind)
}

func (f flex) list(at, parent, width, kind int) ([]int, error) {
	at, err := f.follow(at, parent)
	if err != nil {
		return nil, err
	}
	n := uint64((kind-flexInts2)/3 + 2)
	if kind < flexInts2 {
		if n, err = f.uint(at-width, width); err != nil {
			return nil, err
		}
	}
	if n > uint64(len(f)) {
		return nil, errFlex
	}
	list := make([]int, n)
	for i := range list {
		var v int64
		if kind == flexUints || kind == flexUints2 || kind == flexUints3 || kind == flexUints4 {
			var u uint64
			u, err = f.uint(at+i*width, width)
			v = int64(u)
		} else {
			v, err = f.int(at+i*width, width)
		}
		if err != nil {
			return nil, err
		}
		list[i] = int(v)
	}
	return list, nil
}
