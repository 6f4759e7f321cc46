package main

import (
	"errors"
	"testing"

	"wince/stream"
	"wince/stream/decode"
	"wince/stream/encode"
	"wince/vision"
)

// What needs an encoder and a decoder: the two packages do not know each other.
var codecs = []stream.Codec{stream.CodecVP8, stream.CodecVP9, stream.CodecH264}

// slope is a picture with a slope and a square that moves.
func slope(w, h, step int) *vision.I420 {
	cw, ch := (w+1)/2, (h+1)/2
	m := &vision.I420{Width: w, Height: h, YStride: w, CStride: cw, Y: make([]byte, w*h), U: make([]byte, cw*ch), V: make([]byte, cw*ch)}
	for i := range m.Y {
		x, y := i%w, i/w
		m.Y[i] = byte(40 + 100*x/w + 60*y/h)
		if d := x - 3*step; d >= 0 && d < 12 && y > 8 && y < 20 {
			m.Y[i] = 220
		}
	}
	for i := range m.U {
		m.U[i], m.V[i] = byte(90+40*(i%cw)/cw), byte(150-30*(i/cw)/ch)
	}
	return m
}

// encodedFilm encodes n pictures, the first and each eighth a keyframe.
func encodedFilm(t testing.TB, c stream.Codec, w, h, n int) [][]byte {
	t.Helper()
	e, err := encode.Open(c, w, h, 30, 400)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var frames [][]byte
	for i := range n {
		b, key, err := e.Encode(slope(w, h, i), int64(i), i%8 == 0)
		if err != nil {
			t.Fatal(err)
		}
		if key != (i%8 == 0) {
			t.Fatalf("%s frame %d: keyframe %v", c, i, key)
		}
		frames = append(frames, b)
	}
	return frames
}

func decoderOf(t testing.TB, c stream.Codec) stream.Decoder {
	t.Helper()
	d, err := decode.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Every codec gives back the pictures that were sent, also where their size changes in mid-stream, and is odd; H.264 has only even ones.
func TestEveryCodec(t *testing.T) {
	for _, c := range codecs {
		t.Run(string(c), func(t *testing.T) {
			d := decoderOf(t, c)
			var img vision.I420
			sizes := [][2]int{{96, 64}, {160, 120}, {62, 34}, {61, 35}, {96, 64}}
			if c == stream.CodecH264 {
				sizes[3] = [2]int{66, 98}
			}
			for _, size := range sizes {
				for i, f := range encodedFilm(t, c, size[0], size[1], 10) {
					shown, err := d.Decode(f, &img)
					if err != nil || !shown {
						t.Fatalf("%v frame %d: shown %v, %v", size, i, shown, err)
					}
					if img.Width != size[0] || img.Height != size[1] || !img.Valid() {
						t.Fatalf("%v frame %d: a picture of %dx%d, valid %v", size, i, img.Width, img.Height, img.Valid())
					}
					want, off := slope(size[0], size[1], i), 0
					for k := range want.Y {
						off += max(int(want.Y[k])-int(img.Y[k]), int(img.Y[k])-int(want.Y[k]))
					}
					if mean := float64(off) / float64(len(want.Y)); mean > 8 {
						t.Errorf("%v frame %d: off by %.1f on average", size, i, mean)
					}
				}
			}
		})
	}
}

// What claims a picture larger than any camera of ours makes is refused before the library allocates for it.
func TestClaimsOfSize(t *testing.T) {
	wide := func(c stream.Codec) []byte {
		e, err := encode.Open(c, 2048, 64, 30, 400)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		b, _, err := e.Encode(slope(2048, 64, 0), 0, true)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range codecs {
		var img vision.I420
		if shown, err := decoderOf(t, c).Decode(wide(c), &img); shown || !errors.Is(err, decode.ErrTooLarge) || img.Y != nil {
			t.Errorf("%s: shown %v, %v", c, shown, err)
		}
	}
}

func BenchmarkCodecsVGA(b *testing.B) {
	for _, c := range codecs {
		b.Run(string(c), func(b *testing.B) {
			frames := encodedFilm(b, c, 640, 480, 24)
			d := decoderOf(b, c)
			var img vision.I420
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := d.Decode(frames[i%len(frames)], &img); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
