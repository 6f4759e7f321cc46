package render

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npy is a NumPy array file.
func npy(descr, shape string, data any) []byte {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	b = append(b, head...)
	b, err := binary.Append(b, binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

func TestReadNPY(t *testing.T) {
	for _, tt := range []struct {
		file  []byte
		shape []int
		data  []float32
	}{
		{npy("<f2", "(3,)", []uint16{0x3c00, 0xc000, 0x3555}), []int{3}, []float32{1, -2, 0.33325195}},
		{npy("<f4", "(2, 1)", []float32{1.5, -7}), []int{2, 1}, []float32{1.5, -7}},
		{npy("<i2", "(2,)", []int16{-3, 500}), []int{2}, []float32{-3, 500}},
		{npy("<i4", "(1, 2)", []int32{-3, 70000}), []int{1, 2}, []float32{-3, 70000}},
	} {
		a, err := readNPY(bytes.NewReader(tt.file))
		if err != nil || !slices.Equal(a.shape, tt.shape) || !slices.Equal(a.data, tt.data) {
			t.Errorf("%v %v %v, want %v %v", a.shape, a.data, err, tt.shape, tt.data)
		}
	}
}

func TestReadNPYRefuses(t *testing.T) {
	good := npy("<f4", "(2,)", []float32{1, 2})
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"empty":       {nil, "cut short"},
		"no array":    {[]byte("PK\x03\x04 and so on, long enough"), "not a NumPy array"},
		"header cut":  {good[:40], "cut short"},
		"data cut":    {good[:len(good)-3], "5 of 8 bytes"},
		"big-endian":  {npy(">f4", "(2,)", []float32{1, 2}), "not understood"},
		"complex":     {npy("<c8", "(1,)", []float32{1, 2}), "not understood"},
		"f8":          {npy("<f8", "(1,)", []float64{1}), "type f8"},
		"absurd size": {npy("<f4", "(99999999, 99999999)", []float32{1}), "not one of this data"},
		"negative":    {npy("<f4", "(-4,)", []float32{1}), "not one of this data"},
	} {
		if _, err := readNPY(bytes.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func TestReadNPZ(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.npz")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("x.npy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(npy("<f4", "(2,)", []float32{1, 2})); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err := readNPZ(name, "x"); err != nil || !slices.Equal(a["x"].data, []float32{1, 2}) {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := readNPZ(name, "y"); err == nil || !strings.Contains(err.Error(), `no array "y"`) {
		t.Errorf("a missing array: %v", err)
	}
}

func FuzzReadNPY(f *testing.F) {
	f.Add(npy("<f2", "(3,)", []uint16{1, 2, 3}))
	f.Add(npy("<i4", "(1, 2)", []int32{1, 2}))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := readNPY(bytes.NewReader(b)); err == nil {
			n := 1
			for _, s := range a.shape {
				n *= s
			}
			if n != len(a.data) {
				t.Errorf("shape %v, %d values", a.shape, len(a.data))
			}
		}
	})
}
