package ivf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var head = Header{FourCC: "VP80", Width: 640, Height: 480, Den: 30, Num: 1}

func file(t testing.TB, h Header, frames ...[]byte) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "clip.ivf")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWriter(f, h)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range frames {
		if err := w.Write(b, uint64(2*i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	big := bytes.Repeat([]byte{7, 1, 9}, 300<<10)
	frames := [][]byte{{1, 2, 3}, {}, big, {4}}
	r, h, err := NewReader(bytes.NewReader(file(t, head, frames...)))
	if err != nil {
		t.Fatal(err)
	}
	want := head
	want.Frames = 4
	if h != want {
		t.Errorf("header %+v, want %+v", h, want)
	}
	for i, f := range frames {
		b, pts, err := r.Next()
		if err != nil || pts != uint64(2*i) || !bytes.Equal(b, f) {
			t.Errorf("frame %d: %d bytes, time stamp %d, %v", i, len(b), pts, err)
		}
	}
	for range 2 {
		if _, _, err := r.Next(); err != io.EOF {
			t.Errorf("after the last frame: %v, want io.EOF", err)
		}
	}
}

func TestLayout(t *testing.T) {
	b := file(t, Header{FourCC: "VP80", Width: 0x0102, Height: 0x0304, Den: 30, Num: 1}, []byte{0xaa})
	want := []byte("DKIF\x00\x00\x20\x00VP80\x02\x01\x04\x03\x1e\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" +
		"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xaa")
	if !bytes.Equal(b, want) {
		t.Errorf("file\n% x, want\n% x", b, want)
	}
}

func TestLongerHeaderIsSkipped(t *testing.T) {
	b := file(t, head, []byte{5})
	b = append(append(append([]byte{}, b[:32]...), 0, 0, 0), b[32:]...)
	b[6] = 35
	r, _, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if f, _, err := r.Next(); err != nil || !bytes.Equal(f, []byte{5}) {
		t.Errorf("frame %v, %v", f, err)
	}
}

func TestDamaged(t *testing.T) {
	good := file(t, head, []byte{1, 2, 3}, []byte{4, 5, 6, 7})
	set := func(at int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], v)
		return b
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not an IVF file"},
		{"WebM", []byte("\x1a\x45\xdf\xa3 and what follows, longer than a header"), "not an IVF file"},
		{"header cut", good[:20], "cut short"},
		{"version", set(4, 9), "version 9"},
		{"header length", set(6, 8), "length of 8"},
		{"longer header cut", set(6, 0xff, 0xff), "cut short"},
		{"no width", set(12, 0, 0), "picture size 0x480"},
		{"no time base", set(16, 0, 0, 0, 0), "time base 1/0"},
		{"frame header cut", good[:32+5], "frame 0: the file is cut short"},
		{"frame cut", good[:len(good)-1], "frame 1: 3 of 4 bytes are there: the file is cut short"},
		{"absurd size", set(32, 0xff, 0xff, 0xff, 0xff), "frame 0: it claims 4294967295 bytes"},
		{"large size, no data", set(32, 0, 0, 0xff, 0), "frame 0: 19 of 16711680 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _, err := NewReader(bytes.NewReader(tt.file))
			for err == nil {
				_, _, err = r.Next()
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want one with %q", err, tt.want)
			}
			if r != nil {
				if _, _, again := r.Next(); again != err {
					t.Errorf("the second error is %v", again)
				}
			}
		})
	}
	if _, _, err := NewReader(bytes.NewReader(nil)); !errors.Is(err, ErrNotIVF) {
		t.Errorf("an empty file gives %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, h := range []Header{
		{FourCC: "VP8", Width: 640, Height: 480, Den: 30, Num: 1},
		{FourCC: "VP80", Width: 0, Height: 480, Den: 30, Num: 1},
		{FourCC: "VP80", Width: 70000, Height: 480, Den: 30, Num: 1},
		{FourCC: "VP80", Width: 640, Height: 480},
	} {
		if _, err := NewWriter(nil, h); err == nil {
			t.Errorf("%+v was accepted", h)
		}
	}
}

func TestTime(t *testing.T) {
	if got := head.Time(45); got != 1500*time.Millisecond {
		t.Errorf("frame 45 of 30 a second is at %v", got)
	}
	if got := head.Time(math.MaxUint64); got != math.MaxInt64 {
		t.Errorf("an absurd time stamp gives %v", got)
	}
}

func FuzzReader(f *testing.F) {
	good := file(f, head, []byte{1, 2, 3}, []byte{4, 5})
	f.Add(good)
	f.Add(good[:40])
	f.Add([]byte("DKIF"))
	bad := bytes.Clone(good)
	binary.LittleEndian.PutUint32(bad[32:], math.MaxUint32)
	f.Add(bad)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, h, err := NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		if h.Time(math.MaxUint64) < 0 {
			t.Error("a time before the start")
		}
		total := 0
		for {
			frame, _, err := r.Next()
			if err != nil {
				break
			}
			total += frameLen + len(frame)
		}
		if total > len(b)-headerLen {
			t.Errorf("%d bytes of frames in a file of %d", total, len(b))
		}
	})
}
