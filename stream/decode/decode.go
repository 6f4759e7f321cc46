// Package decode turns encoded video frames into pictures with the codecs' own libraries, through cgo: VP8 and VP9 with libvpx,
// H.264 with OpenH264. A
// binding of our own, because the ready-made one allocates for every frame, cannot bound the picture size before the library
// allocates for it, and says nothing about frames that were decoded damaged.
package decode

import (
	"errors"
	"fmt"

	"wince/stream"
	"wince/vision"
)

// The largest picture that is decoded, in either orientation. A keyframe that claims more is refused before the library sees it.
const (
	MaxSide = 1920
	maxArea = 1920 * 1088
)

// The reasons for which a frame is refused.
var (
	ErrKeyframeNeeded = errors.New("nothing can be decoded before the next keyframe")
	ErrCorrupt        = errors.New("the frame is damaged")
	ErrTooLarge       = errors.New("the picture is larger than 1920x1088: let the camera send less")
)

// Open returns a decoder for the codec.
func Open(c stream.Codec) (stream.Decoder, error) {
	switch c {
	case stream.CodecVP8:
		return NewVP8()
	case stream.CodecVP9:
		return NewVP9()
	case stream.CodecH264:
		return NewH264()
	}
	return nil, fmt.Errorf("open decoder: no decoder for %q", c)
}

// vp8Header is what the first bytes of a VP8 frame say (RFC 6386, section 9.1).
type vp8Header struct {
	key           bool
	width, height int // of a keyframe
}

func parseVP8Header(b []byte) (h vp8Header, err error) {
	if len(b) < 3 {
		return h, fmt.Errorf("%w: %d bytes are no VP8 frame", ErrCorrupt, len(b))
	}
	if h.key = b[0]&1 == 0; !h.key {
		return h, nil
	}
	if len(b) < 10 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return h, fmt.Errorf("%w: the keyframe lacks its start code", ErrCorrupt)
	}
	h.width = (int(b[6]) | int(b[7])<<8) & 0x3fff // the upper two bits ask for scaling on display
	h.height = (int(b[8]) | int(b[9])<<8) & 0x3fff
	return h, allowed(h.width, h.height)
}

// allowed refuses pictures of a size that no camera of ours has.
func allowed(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return fmt.Errorf("%w: the frame claims %dx%d pixels", ErrCorrupt, width, height)
	case width > MaxSide || height > MaxSide || width*height > maxArea:
		return fmt.Errorf("%w (it claims %dx%d)", ErrTooLarge, width, height)
	}
	return nil
}

// shape gives m planes for a picture of that size, without allocating where they are large enough.
func shape(m *vision.I420, width, height int) {
	cw, ch := (width+1)/2, (height+1)/2
	m.Width, m.Height, m.YStride, m.CStride = width, height, width, cw
	m.Y, m.U, m.V = sized(m.Y, width*height), sized(m.U, cw*ch), sized(m.V, cw*ch)
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
