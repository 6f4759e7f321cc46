package decode

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"wince/stream"
	"wince/stream/ivf"
	"wince/vision"
)

func clip(t testing.TB, name string) [][]byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := ivf.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for {
		f, _, err := r.Next()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, bytes.Clone(f))
	}
}

func opened(t testing.TB) stream.Decoder {
	t.Helper()
	d, err := Open(stream.CodecVP8)
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

func sum(m *vision.I420) string {
	h := md5.New()
	h.Write(m.Y)
	h.Write(m.U)
	h.Write(m.V)
	return hex.EncodeToString(h.Sum(nil))
}

// One decoder gets both sizes in turn: the size changes in mid-stream, once to a smaller odd one and back.
func TestPicturesAreExact(t *testing.T) {
	d := opened(t)
	var img vision.I420
	for _, c := range []struct {
		size          string
		width, height int
	}{{"96x64", 96, 64}, {"61x35", 61, 35}, {"96x64", 96, 64}} {
		golden, err := os.ReadFile("testdata/pattern" + c.size + ".md5")
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(golden))
		n, hidden := 0, 0
		for i, f := range clip(t, "pattern"+c.size+".ivf") {
			shown, err := d.Decode(f, &img)
			if err != nil {
				t.Fatalf("%s frame %d: %v", c.size, i, err)
			}
			if !shown {
				hidden++
				continue
			}
			if img.Width != c.width || img.Height != c.height || !img.Valid() {
				t.Fatalf("%s frame %d: picture of %dx%d, valid %v", c.size, i, img.Width, img.Height, img.Valid())
			}
			if got := sum(&img); got != want[n] {
				t.Errorf("%s picture %d: sum %s, want %s", c.size, n, got, want[n])
			}
			n++
		}
		if n != len(want) {
			t.Errorf("%s: %d pictures, want %d", c.size, n, len(want))
		}
		if c.size == "96x64" && hidden == 0 {
			t.Error("the clip was made to hold frames that are not shown; none was found")
		}
	}
}

func TestBadFrames(t *testing.T) {
	frames := clip(t, "pattern61x35.ivf")
	key, inter := frames[0], frames[1]
	with := func(at int, b ...byte) []byte {
		f := bytes.Clone(key)
		copy(f[at:], b)
		return f
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
	}{
		{"none", nil, ErrCorrupt},
		{"empty", []byte{}, ErrCorrupt},
		{"two bytes", key[:2], ErrCorrupt},
		{"header only", key[:10], ErrCorrupt},
		{"half a header", key[:7], ErrCorrupt},
		{"first partition cut", key[:40], ErrCorrupt},
		{"no start code", with(3, 0), ErrCorrupt},
		{"no width", with(6, 0, 0), ErrCorrupt},
		{"wider than allowed", with(6, 0x81, 0x07), ErrTooLarge}, // 1921
		{"largest of all", with(6, 0xff, 0x3f, 0xff, 0x3f), ErrTooLarge},
		{"too many pixels", with(6, 0x80, 0x07, 0x80, 0x07), ErrTooLarge}, // 1920x1920
		{"inter frame first", inter, ErrKeyframeNeeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := opened(t)
			var img vision.I420
			if shown, err := d.Decode(c.frame, &img); shown || !errors.Is(err, c.want) {
				t.Fatalf("shown %v, error %v, want %v", shown, err, c.want)
			}
			if img.Y != nil {
				t.Error("the picture was touched")
			}
			// Nothing is believed until the next keyframe, and then everything is as if nothing had happened.
			if _, err := d.Decode(inter, &img); !errors.Is(err, ErrKeyframeNeeded) {
				t.Errorf("inter frame after it: %v, want %v", err, ErrKeyframeNeeded)
			}
			for i, f := range frames {
				if shown, err := d.Decode(f, &img); !shown || err != nil {
					t.Fatalf("frame %d of the clip after it: shown %v, %v", i, shown, err)
				}
			}
			golden, err := os.ReadFile("testdata/pattern61x35.md5")
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Fields(string(golden)); sum(&img) != want[len(want)-1] {
				t.Error("the clip's last picture is not what it was without the bad frame")
			}
		})
	}
}

func TestUnknownCodecAndClosed(t *testing.T) {
	if _, err := Open("H261"); err == nil || !strings.Contains(err.Error(), "H261") {
		t.Errorf("error %v, want one that names the codec", err)
	}
	d, err := NewVP8()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Decode(clip(t, "pattern61x35.ivf")[0], &vision.I420{}); err == nil {
		t.Error("a closed decoder decodes")
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	d := opened(t)
	frames := clip(t, "pattern96x64.ivf")
	var img vision.I420
	all := func() {
		for _, f := range frames {
			if _, err := d.Decode(f, &img); err != nil {
				t.Fatal(err)
			}
		}
	}
	all()
	if n := testing.AllocsPerRun(5, all); n != 0 {
		t.Errorf("%g allocations for %d frames, want none", n, len(frames))
	}
}

// Whatever comes, the decoder answers with an error or a picture that is whole, and works on.
func FuzzDecode(f *testing.F) {
	frames := clip(f, "pattern61x35.ivf")
	f.Add(frames[0], frames[1])
	f.Add(frames[0][:60], frames[2])
	f.Add(frames[0], []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d, err := NewVP8()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		var img vision.I420
		for _, b := range [][]byte{first, second, first} {
			if h, err := parseVP8Header(b); err == nil && h.width*h.height > 1<<18 {
				return // large pictures are slow, not different
			}
			if shown, err := d.Decode(b, &img); shown && (err != nil || !img.Valid()) {
				t.Fatalf("shown with error %v, valid %v", err, img.Valid())
			}
		}
		if _, err := d.Decode(frames[0], &img); err != nil {
			t.Fatalf("a good keyframe afterwards: %v", err)
		}
	})
}

func BenchmarkDecodeVGA(b *testing.B) {
	d := opened(b)
	frames := clip(b, "pattern640x480.ivf")
	var img vision.I420
	if _, err := d.Decode(frames[0], &img); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.Decode(frames[i%len(frames)], &img); err != nil {
			b.Fatal(err)
		}
	}
}
