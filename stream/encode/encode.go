// Package encode binds the encoders of libvpx (VP8, VP9) and OpenH264 with the settings of a tablet that streams live: one pass, no
// look-ahead, fixed speed, one thread. It makes the test clips and the streams of simulated tablets. The same pictures give the
// same bytes.
//
// A binding of our own, because those on offer either wrap FFmpeg whole or leave the speed to libvpx, which then follows
// the clock and makes no two files alike.
package encode

import (
	"errors"
	"fmt"

	"wince/stream"
	"wince/vision"
)

// MaxSide is the largest width or height in pixels that VP8 can code (RFC 6386, section 9.1).
const MaxSide = 16383

// Encoder makes frames of pictures. It serves one goroutine at a time.
type Encoder interface {
	// Encode encodes one picture. pts counts pictures and must rise; forceKey asks for a keyframe, which the first picture is
	// anyway. It returns the frame, which is the caller's, and whether it is a keyframe.
	Encode(m *vision.I420, pts int64, forceKey bool) (frame []byte, keyframe bool, err error)
	// Close frees the encoder. Closing it twice is harmless.
	Close()
}

// Open opens an encoder of a codec, as NewVP8 does.
func Open(c stream.Codec, width, height, fps, bitrateKbps int) (Encoder, error) {
	switch c {
	case stream.CodecVP8:
		return NewVP8(width, height, fps, bitrateKbps)
	case stream.CodecVP9:
		return NewVP9(width, height, fps, bitrateKbps)
	case stream.CodecH264:
		return NewH264(width, height, fps, bitrateKbps)
	}
	return nil, fmt.Errorf("open an encoder: there is none for %q", c)
}

func check(codec string, width, height, fps, bitrateKbps int) error {
	switch {
	case width < 1 || width > MaxSide || height < 1 || height > MaxSide:
		return fmt.Errorf("open a %s encoder: the picture size %dx%d is not within 1x1 to %dx%d", codec, width, height, MaxSide, MaxSide)
	case fps < 1 || fps > 240:
		return fmt.Errorf("open a %s encoder: %d pictures a second are not within 1 to 240", codec, fps)
	case bitrateKbps < 1 || bitrateKbps > 1_000_000:
		return fmt.Errorf("open a %s encoder: %d kbit/s are not within 1 to 1000000", codec, bitrateKbps)
	}
	return nil
}

func fits(codec string, m *vision.I420, width, height int, pts, last int64) error {
	switch {
	case !m.Valid():
		return errors.New("encode a " + codec + " frame: the picture's planes are shorter than its size claims")
	case m.Width != width || m.Height != height:
		return fmt.Errorf("encode a %s frame: the picture is %dx%d, the encoder's are %dx%d", codec, m.Width, m.Height, width, height)
	case pts <= last:
		return fmt.Errorf("encode a %s frame: time stamp %d does not follow %d", codec, pts, last)
	}
	return nil
}
