package decode

import "fmt"

// checkVP9 looks at the uncompressed headers of a frame, or of the frames of a superframe (VP9 bitstream specification,
// section 6.2 and annex B): whether it begins with a keyframe, and whether each that names a size names one that is allowed. Not
// only keyframes do.
func checkVP9(b []byte) (key bool, err error) {
	sizes, err := superframe(b)
	if err != nil {
		return false, err
	}
	for i, n := range sizes {
		k, err := checkVP9Frame(b[:n])
		if err != nil {
			return false, err
		}
		if i == 0 {
			key = k
		}
		b = b[n:]
	}
	return key, nil
}

// superframe returns the sizes of the frames in b: one where there is no index.
func superframe(b []byte) ([]int, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: no bytes are no VP9 frame", ErrCorrupt)
	}
	mark := b[len(b)-1]
	count, width := int(mark&7)+1, int(mark>>3&3)+1
	index := 2 + count*width
	if mark&0xe0 != 0xc0 || len(b) < index || b[len(b)-index] != mark {
		return []int{len(b)}, nil
	}
	var sizes []int
	rest, left := b[len(b)-index+1:], len(b)-index
	for range count {
		n := 0
		for k := range width {
			n |= int(rest[k]) << (8 * k)
		}
		rest = rest[width:]
		if n == 0 {
			continue // libvpx skips it
		}
		if left -= n; left < 0 {
			return nil, fmt.Errorf("%w: the frames of the superframe are longer than it", ErrCorrupt)
		}
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		return nil, fmt.Errorf("%w: a superframe of nothing", ErrCorrupt)
	}
	return sizes, nil
}

func checkVP9Frame(b []byte) (key bool, err error) {
	r := &bitReader{b: b}
	if r.bits(2) != 2 {
		return false, fmt.Errorf("%w: no VP9 frame", ErrCorrupt)
	}
	if r.bits(2) != 0 {
		return false, fmt.Errorf("%w: only profile 0 of VP9 is decoded", ErrCorrupt)
	}
	if r.bit() { // shows a frame again
		return false, nil
	}
	inter, shown, resilient := r.bit(), r.bit(), r.bit()
	if !inter {
		if err := r.sync(); err != nil {
			return false, err
		}
		if r.bits(3) == 7 { // of profile 0 RGB has no meaning
			return false, fmt.Errorf("%w: RGB", ErrCorrupt)
		}
		r.bit() // range of colours
		return true, r.size()
	}
	intra := !shown && r.bit()
	if !resilient {
		r.bits(2)
	}
	if intra {
		if err := r.sync(); err != nil {
			return false, err
		}
		r.bits(8)
		return false, r.size()
	}
	r.bits(8 + 3*4) // what it replaces, and what it refers to
	for range 3 {
		if r.bit() { // as large as what it refers to
			return false, nil
		}
	}
	return false, r.size()
}

func (r *bitReader) sync() error {
	if r.bits(24) != 0x498342 {
		return fmt.Errorf("%w: the frame lacks its start code", ErrCorrupt)
	}
	return nil
}

func (r *bitReader) size() error {
	width, height := int(r.bits(16))+1, int(r.bits(16))+1
	if r.over {
		return fmt.Errorf("%w: the frame is cut off", ErrCorrupt)
	}
	return allowed(width, height)
}
