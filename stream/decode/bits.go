package decode

// bitReader reads what the headers of VP9 and H.264 say. Past the end it reads zeros and remembers that.
type bitReader struct {
	b    []byte
	at   int // in bits
	over bool
}

func (r *bitReader) bits(n int) (v uint32) {
	for range n {
		v <<= 1
		if r.at>>3 >= len(r.b) {
			r.over = true
			continue
		}
		v |= uint32(r.b[r.at>>3]>>(7-r.at&7)) & 1
		r.at++
	}
	return v
}

func (r *bitReader) bit() bool { return r.bits(1) == 1 }

// ue reads an unsigned Exp-Golomb number (ITU-T H.264, section 9.1).
func (r *bitReader) ue() uint32 {
	zeros := 0
	for !r.bit() {
		if zeros++; zeros > 31 || r.over {
			r.over = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}
