package tflite

import (
	"slices"
	"testing"

	"wince/models/tflite/tflitetest"
)

// mixed is what the FlexBuffers library writes for {a: 3, b: [1, 2, 300], c: 1.5, d: 7}: values of two bytes where two do,
// the number 1.5 elsewhere, since it has four.
var mixed = []byte("a\x00b\x00c\x00d\x00" + // 0: the names
	"\x03\x00\x01\x00\x02\x00\x2c\x01" + // 8: the list's length, its numbers at 10
	"\x00\x00\xc0\x3f" + // 16: 1.5
	"\x04\x15\x14\x13\x12" + // 20: the list of names at 21
	"\x00" + // so that what follows is even
	"\x05\x00\x01\x00\x04\x00" + // 26: back to the names, the width of theirs, four members
	"\x03\x00\x18\x00\x14\x00\x07\x00" + // 32: the values
	"\x05\x2d\x22\x05" + // 40: their types
	"\x0c\x25\x01") // 44: back to the values, a map of two bytes, one byte for that

func TestFlex(t *testing.T) {
	written := tflitetest.Flex(map[string]float32{"a": 3, "c": 1.5, "d": 7}, map[string][]int32{"b": {1, 2, 300}})
	for name, b := range map[string][]byte{"mixed widths": mixed, "four bytes": written} {
		o := Operator{CustomOptions: b}
		got, err := o.Flex()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(got.Lists["b"], []int{1, 2, 300}) || got.Numbers["c"] != 1.5 || got.Numbers["d"] != 7 {
			t.Errorf("%s: got %+v", name, got)
		}
		if v, err := got.Int("a", 0, 3); v != 3 || err != nil {
			t.Errorf("%s: a is %v, %v", name, v, err)
		}
		for _, wrong := range []string{"b", "c", "d", "e"} {
			if _, err := got.Int(wrong, 0, 3); err == nil {
				t.Errorf("%s: %s passes for a whole number up to 3", name, wrong)
			}
		}
	}
	for cut := range len(written) {
		o := Operator{CustomOptions: written[:cut]}
		if got, err := o.Flex(); err == nil && len(got.Numbers) == 3 && len(got.Lists["b"]) == 3 {
			t.Errorf("%d of %d bytes were read as all", cut, len(written))
		}
	}
}

func FuzzFlex(f *testing.F) {
	f.Add(mixed)
	f.Add(tflitetest.Flex(map[string]float32{"a": 3}, map[string][]int32{"b": {1, 2}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Operator{CustomOptions: b}
		got, err := o.Flex()
		if err != nil {
			return
		}
		for name, l := range got.Lists {
			if len(l) > len(b) {
				t.Errorf("%q has %d numbers in %d bytes", name, len(l), len(b))
			}
		}
	})
}
