package tflite

import (
	"fmt"

	flatbuffers "github.com/google/flatbuffers/go"
)

// reader holds the bytes of a flatbuffer and the first thing found wrong with them. The flatbuffers runtime trusts every
// offset and panics on a bad one, so each is checked here before the runtime follows it (what other languages call the
// verifier). After the first error all reads return zero values.
type reader struct {
	buf []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// table is one flatbuffers table whose vtable and extent lie within the file, or none: then all fields have their defaults.
type table struct {
	r    *reader
	t    flatbuffers.Table
	size int // of the table's inline fields
	none bool
}

// at checks the table at pos and returns it.
func (r *reader) at(pos int) table {
	absent := table{r: r, none: true}
	if r.err != nil {
		return absent
	}
	n := len(r.buf)
	if pos < 4 || pos > n-4 {
		r.fail("a table at byte %d lies outside the file of %d bytes", pos, n)
		return absent
	}
	vt := pos - int(flatbuffers.GetSOffsetT(r.buf[pos:]))
	if vt < 0 || vt > n-4 {
		r.fail("the field list of the table at byte %d lies outside the file", pos)
		return absent
	}
	vtSize := int(flatbuffers.GetVOffsetT(r.buf[vt:]))
	size := int(flatbuffers.GetVOffsetT(r.buf[vt+2:]))
	if vtSize < 4 || vtSize%2 != 0 || vt+vtSize > n || size < 4 || pos+size > n {
		r.fail("the table at byte %d runs past the end of the file", pos)
		return absent
	}
	return table{r: r, t: flatbuffers.Table{Bytes: r.buf, Pos: flatbuffers.UOffsetT(pos)}, size: size}
}

// field returns the position of the field in a slot, 0 where the file leaves it at its default.
func (t table) field(slot, size int) int {
	if t.none || t.r.err != nil {
		return 0
	}
	off := int(t.t.Offset(flatbuffers.VOffsetT(4 + 2*slot)))
	if off == 0 {
		return 0
	}
	if off < 4 || off+size > t.size {
		t.r.fail("field %d of the table at byte %d lies outside it", slot, t.t.Pos)
		return 0
	}
	return int(t.t.Pos) + off
}

func (t table) byte(slot int, def int8) int8 {
	if p := t.field(slot, 1); p != 0 {
		return int8(t.r.buf[p])
	}
	return def
}

func (t table) int32(slot int, def int32) int32 {
	if p := t.field(slot, 4); p != 0 {
		return flatbuffers.GetInt32(t.r.buf[p:])
	}
	return def
}

// follow returns the position that the offset at p points to.
func (r *reader) follow(p int) int {
	to := p + int(flatbuffers.GetUOffsetT(r.buf[p:]))
	if to < 4 || to > len(r.buf)-4 {
		r.fail("an offset at byte %d points outside the file", p)
		return 0
	}
	return to
}

// child returns the table in a slot.
func (t table) child(slot int) table {
	if p := t.field(slot, 4); p != 0 {
		if to := t.r.follow(p); to != 0 {
			return t.r.at(to)
		}
	}
	return table{r: t.r, none: true}
}

// vector returns the position of the first element and the length of the vector in a slot; at most max elements pass.
func (t table) vector(slot, elem, max int) (pos, n int) {
	p := t.field(slot, 4)
	if p == 0 {
		return 0, 0
	}
	to := t.r.follow(p)
	if to == 0 {
		return 0, 0
	}
	n = int(flatbuffers.GetUOffsetT(t.r.buf[to:]))
	if n > max || n > (len(t.r.buf)-to-4)/elem {
		t.r.fail("a list at byte %d claims %d entries, more than the file holds or a net needs", to, n)
		return 0, 0
	}
	return to + 4, n
}

// tables returns the tables of a vector of them.
func (t table) tables(slot, max int) []table {
	pos, n := t.vector(slot, 4, max)
	out := make([]table, 0, n)
	for i := range n {
		to := t.r.follow(pos + 4*i)
		if to == 0 {
			return nil
		}
		out = append(out, t.r.at(to))
	}
	if t.r.err != nil {
		return nil
	}
	return out
}

func (t table) ints(slot, max int) []int {
	pos, n := t.vector(slot, 4, max)
	out := make([]int, n)
	for i := range out {
		out[i] = int(flatbuffers.GetInt32(t.r.buf[pos+4*i:]))
	}
	return out
}

// bytes returns a view into the file.
func (t table) bytes(slot, max int) []byte {
	pos, n := t.vector(slot, 1, max)
	return t.r.buf[pos : pos+n : pos+n]
}

func (t table) string(slot int) string {
	return string(t.bytes(slot, maxName))
}
