package render

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/x448/float16"
)

// An array is one array of a NumPy .npz archive, widened to float32 (exact for float16 and for integers below 2^24).
type array struct {
	shape []int
	data  []float32
}

// maxArray bounds the values of one array: the largest of ICT-FaceKit has 8 million.
const maxArray = 32 << 20

var (
	descr   = regexp.MustCompile(`'descr':\s*'([<|=])([fiu])(\d)'`)
	fortran = regexp.MustCompile(`'fortran_order':\s*True`)
	shapeRE = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
)

// readNPZ reads the named arrays of an archive (NumPy's own format, NEP 1). The kept npyio cannot read float16.
func readNPZ(file string, names ...string) (map[string]array, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	defer z.Close()
	out := map[string]array{}
	for _, n := range names {
		f, err := z.Open(n + ".npy")
		if err != nil {
			return nil, fmt.Errorf("%s has no array %q: %w", file, n, err)
		}
		a, err := readNPY(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s from %s: %w", n, file, err)
		}
		out[n] = a
	}
	return out, nil
}

func readNPY(r io.Reader) (array, error) {
	var pre [10]byte
	if _, err := io.ReadFull(r, pre[:]); err != nil {
		return array{}, fmt.Errorf("the array is cut short: %w", err)
	}
	if string(pre[:6]) != "\x93NUMPY" || pre[6] != 1 {
		return array{}, fmt.Errorf("not a NumPy array of version 1")
	}
	head := make([]byte, binary.LittleEndian.Uint16(pre[8:]))
	if _, err := io.ReadFull(r, head); err != nil {
		return array{}, fmt.Errorf("the array is cut short: %w", err)
	}
	d, s := descr.FindSubmatch(head), shapeRE.FindSubmatch(head)
	if d == nil || s == nil || fortran.Match(head) {
		return array{}, fmt.Errorf("array header %q is not understood", head)
	}
	a, n := array{}, 1
	for x := range strings.SplitSeq(string(s[1]), ",") {
		if x = strings.TrimSpace(x); x == "" {
			continue
		}
		v, err := strconv.Atoi(x)
		if err != nil || v < 0 || v > maxArray || n*v > maxArray {
			return array{}, fmt.Errorf("array shape (%s) is not one of this data", s[1])
		}
		a.shape, n = append(a.shape, v), n*v
	}
	kind, size := string(d[2])+string(d[3]), int(d[3][0]-'0')
	le := binary.LittleEndian
	var decode func([]byte) float32
	switch kind {
	case "f2":
		decode = func(b []byte) float32 { return float16.Frombits(le.Uint16(b)).Float32() }
	case "f4":
		decode = func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }
	case "i2":
		decode = func(b []byte) float32 { return float32(int16(le.Uint16(b))) }
	case "i4":
		decode = func(b []byte) float32 { return float32(int32(le.Uint32(b))) }
	default:
		return array{}, fmt.Errorf("array type %s is not known", kind)
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(n*size)))
	if err != nil {
		return array{}, err
	}
	if len(raw) != n*size {
		return array{}, fmt.Errorf("the array is cut short: %d of %d bytes", len(raw), n*size)
	}
	a.data = make([]float32, n)
	for i := range a.data {
		a.data[i] = decode(raw[i*size:])
	}
	return a, nil
}
