package vision

// I420 is a picture in planar YUV 4:2:0 (BT.601, limited range), the way video decoders give it. The planes belong to
// whoever decoded them and are only borrowed: nobody keeps them past the call they were handed to.
type I420 struct {
	Width, Height    int    // of the luma plane in pixels; the chroma planes are (Width+1)/2 by (Height+1)/2
	Y, U, V          []byte // rows of YStride and CStride bytes
	YStride, CStride int
}

// Valid says whether the planes are as long as the size and strides claim.
func (m *I420) Valid() bool {
	if m.Width <= 0 || m.Height <= 0 {
		return false
	}
	cw, ch := (m.Width+1)/2, (m.Height+1)/2
	return m.YStride >= m.Width && m.CStride >= cw &&
		len(m.Y) >= (m.Height-1)*m.YStride+m.Width &&
		len(m.U) >= (ch-1)*m.CStride+cw && len(m.V) >= (ch-1)*m.CStride+cw
}
