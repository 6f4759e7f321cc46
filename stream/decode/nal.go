package decode

import (
	"bytes"
	"fmt"
)

// The kinds of NAL units that matter (ITU-T H.264, table 7-1).
const (
	nalSlice      = 1
	nalPartitionA = 2
	nalPartitionC = 4
	nalIDR        = 5
	nalSPS        = 7
	nalPrefix     = 14 // from here on extensions: layers, depth
	nalExtension  = 20
	nalLast       = 21
)

// accessUnit is what an access unit holds.
type accessUnit struct {
	pictures bool // slices of a picture, not only parameters
	key      bool // that can be decoded by itself
}

// checkH264 looks through an access unit before the library does: what it holds, and whether each set of parameters in it asks for
// something that is allowed.
func checkH264(b []byte) (unit accessUnit, err error) {
	if len(b) < 5 || !bytes.HasPrefix(b, []byte{0, 0, 1}) && !bytes.HasPrefix(b, []byte{0, 0, 0, 1}) {
		return unit, fmt.Errorf("%w: no H.264 access unit", ErrCorrupt)
	}
	for len(b) > 0 {
		var nal []byte
		if nal, b = nextNAL(b); len(nal) == 0 {
			continue
		}
		switch kind := nal[0] & 0x1f; {
		case nal[0]&0x80 != 0:
			return unit, fmt.Errorf("%w: the forbidden bit is set", ErrCorrupt)
		case kind >= nalPartitionA && kind <= nalPartitionC, kind == nalPrefix, kind == 15, kind == nalExtension, kind == nalLast:
			return unit, fmt.Errorf("%w: the stream uses what baseline video has not (NAL unit %d)", ErrCorrupt, kind)
		case kind == nalIDR:
			unit = accessUnit{true, true}
		case kind == nalSlice:
			unit.pictures = true
		case kind == nalSPS:
			if err := checkSPS(nal[1:]); err != nil {
				return unit, err
			}
		}
	}
	return unit, nil
}

var startCode = []byte{0, 0, 1}

// nextNAL returns the unit behind the next start code, and what follows it.
func nextNAL(b []byte) (nal, rest []byte) {
	i := bytes.Index(b, startCode)
	if i < 0 {
		return nil, nil
	}
	b = b[i+len(startCode):]
	if end := bytes.Index(b, startCode); end >= 0 {
		return b[:end], b[end:]
	}
	return b, nil
}

// checkSPS reads a sequence parameter set (ITU-T H.264, section 7.3.2.1.1) as far as the size of the picture.
func checkSPS(nal []byte) error {
	b := bytes.ReplaceAll(nal, []byte{0, 0, 3}, []byte{0, 0}) // emulation prevention
	r := &bitReader{b: b}
	profile := r.bits(8)
	r.bits(16)
	r.ue()
	switch profile {
	case 66, 77, 88:
	case 100: // some encoders in hardware say so of what they were asked to make baseline
		if r.ue() != 1 || r.ue() != 0 || r.ue() != 0 || r.bits(2) != 0 {
			return fmt.Errorf("%w: only 4:2:0 of eight bits is decoded", ErrCorrupt)
		}
	default:
		return fmt.Errorf("%w: profile %d of H.264 is not decoded", ErrCorrupt, profile)
	}
	r.ue()
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.bit()
		r.ue()
		r.ue()
		for n := min(r.ue(), 255); n > 0; n-- {
			r.ue()
		}
	}
	references := r.ue()
	r.bit()
	width, height := 16*(int(r.ue())+1), 16*(int(r.ue())+1)
	if !r.bit() {
		height *= 2
	}
	if r.over || references > 16 {
		return fmt.Errorf("%w: the parameters of the stream cannot be read", ErrCorrupt)
	}
	return allowed(width, height)
}
