package decode

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"wince/stream"
	"wince/vision"
)

var codecs = []stream.Codec{stream.CodecVP8, stream.CodecVP9, stream.CodecH264}

func decoderOf(t testing.TB, c stream.Codec) stream.Decoder {
	t.Helper()
	d, err := Open(c)
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

// After a damaged frame nothing is shown until a keyframe comes; then everything is as it was.
func TestEveryCodecRecovers(t *testing.T) {
	for _, c := range codecs {
		t.Run(string(c), func(t *testing.T) {
			frames := clip(t, "noise-"+string(c)+".ivf")
			clean, d := decoderOf(t, c), decoderOf(t, c)
			var want, img vision.I420
			for _, f := range frames {
				if _, err := clean.Decode(f, &want); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := d.Decode(frames[1], &img); !errors.Is(err, ErrKeyframeNeeded) {
				t.Errorf("an inter frame first: %v", err)
			}
			for _, bad := range [][]byte{nil, {}, {0}, frames[0][:5], {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
				if _, err := d.Decode(frames[0], &img); err != nil {
					t.Fatal(err)
				}
				before := sum(&img)
				if shown, err := d.Decode(bad, &img); shown || err == nil {
					t.Errorf("% x: shown %v, %v", bad, shown, err)
				}
				if sum(&img) != before {
					t.Errorf("% x changed the picture", bad)
				}
				if _, err := d.Decode(frames[1], &img); !errors.Is(err, ErrKeyframeNeeded) {
					t.Errorf("an inter frame after % x: %v", bad, err)
				}
			}
			for i, f := range frames {
				if shown, err := d.Decode(f, &img); !shown || err != nil {
					t.Fatalf("frame %d afterwards: shown %v, %v", i, shown, err)
				}
			}
			if sum(&img) != sum(&want) {
				t.Error("the last picture is another one than without the damage")
			}
		})
	}
}

// Corrupted access units of every kind of damage: the decoder answers with an error or a whole picture of a size that is allowed, never
// falls over, and is as good as new at the next keyframe.
func TestCorruptedFrames(t *testing.T) {
	for _, c := range codecs {
		t.Run(string(c), func(t *testing.T) {
			frames := clip(t, "noise-"+string(c)+".ivf")
			d := decoderOf(t, c)
			var img, want vision.I420
			if _, err := d.Decode(frames[0], &want); err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for n := range 400 {
				for i, f := range frames {
					b := bytes.Clone(f)
					if i == n%len(frames) {
						b = damage(rng, b)
					}
					if shown, err := d.Decode(b, &img); shown && (err != nil || !img.Valid()) {
						t.Fatalf("round %d frame %d: shown with error %v, valid %v", n, i, err, img.Valid())
					}
				}
				if _, err := d.Decode(frames[0], &img); err != nil {
					t.Fatalf("round %d: a good keyframe afterwards: %v", n, err)
				}
				if sum(&img) != sum(&want) {
					t.Fatalf("round %d: the keyframe afterwards gives another picture", n)
				}
			}
		})
	}
}

// damage flips bits, cuts off or doubles a piece.
func damage(rng *rand.Rand, b []byte) []byte {
	switch rng.IntN(4) {
	case 0:
		for range 1 + rng.IntN(8) {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
	case 1:
		b = b[:rng.IntN(len(b))]
	case 2:
		at := rng.IntN(len(b))
		b = append(b[:at:at], b[at/2:]...)
	default:
		for i := rng.IntN(min(len(b), 24)); i < min(len(b), 24); i++ {
			b[i] = byte(rng.IntN(256))
		}
	}
	return b
}

// Not only keyframes of VP9 name a size.
func TestVP9SizeOfAnInterFrame(t *testing.T) {
	var w bitWriter
	for _, v := range [][2]uint32{{2, 2}, {0, 2}, {0, 1}, {1, 1}, {1, 1}, {1, 1}, {0, 8}, {0, 12}, {0, 3}, {4000, 16}, {20, 16}} {
		w.bits(v[0], int(v[1]))
	}
	if _, err := checkVP9(w.b); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an inter frame of 4001 pixels: %v", err)
	}
}

type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) bits(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

func TestRefusedH264(t *testing.T) {
	start := []byte{0, 0, 0, 1}
	unit := func(b ...byte) []byte { return append(bytes.Clone(start), b...) }
	for name, b := range map[string][]byte{
		"no start code": {0x65, 1, 2, 3, 4, 5}, "forbidden bit": unit(0xe5, 1, 2), "layers": unit(0x6f, 1, 2), "data partitions": unit(0x42, 1, 2),
		"high 4:4:4": unit(0x67, 244, 0, 30, 0xff), "no end": unit(0x67, 66, 0, 30),
	} {
		if _, err := checkH264(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := checkH264(unit(0x65, 0x88)); !got.key || err != nil {
		t.Errorf("a slice of an IDR picture: %+v, %v", got, err)
	}
}

func TestSuperframe(t *testing.T) {
	two := []byte{1, 2, 3, 4, 5, 0xc1, 2, 3, 0xc1}
	if got, err := superframe(two); err != nil || fmt.Sprint(got) != "[2 3]" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := superframe([]byte{1, 2, 0xc1, 2, 3, 0xc1}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("longer than what is there: %v, %v", got, err)
	}
	if got, err := superframe([]byte{1, 2, 3}); err != nil || fmt.Sprint(got) != "[3]" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEveryCodecDoesNotAllocate(t *testing.T) {
	for _, c := range codecs {
		d := decoderOf(t, c)
		frames := clip(t, "noise-"+string(c)+".ivf")
		var img vision.I420
		all := func() {
			for _, f := range frames {
				if _, err := d.Decode(f, &img); err != nil {
					t.Fatal(err)
				}
			}
		}
		all()
		if n := testing.AllocsPerRun(5, all); n > 2*float64(len(frames)) {
			t.Errorf("%s: %g allocations for %d frames", c, n, len(frames))
		}
	}
}

func fuzzCodec(f *testing.F, c stream.Codec) {
	frames := clip(f, "noise-"+string(c)+".ivf")
	f.Add(frames[0], frames[1])
	f.Add(frames[0][:30], frames[2])
	f.Add(frames[0], []byte{1, 2, 3})
	rng := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		f.Add(frames[0], damage(rng, bytes.Clone(frames[1])))
		f.Add(damage(rng, bytes.Clone(frames[0])), frames[1])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var img vision.I420
		for _, b := range [][]byte{first, second, first} {
			if shown, err := d.Decode(b, &img); shown && (err != nil || !img.Valid()) {
				t.Fatalf("shown with error %v, valid %v", err, img.Valid())
			}
		}
		if _, err := d.Decode(frames[0], &img); err != nil {
			t.Fatalf("a good keyframe afterwards: %v", err)
		}

	})
}

func FuzzVP9(f *testing.F) { fuzzCodec(f, stream.CodecVP9) }

func FuzzH264(f *testing.F) { fuzzCodec(f, stream.CodecH264) }
