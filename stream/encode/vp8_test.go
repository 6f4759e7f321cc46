package encode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"

	"wince/vision"
)

// card is a picture with a slope and a square that moves.
func card(w, h, step int) *vision.I420 {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(255 * x / w), uint8(255 * y / h), 90, 255}
			if d := x - 4*step; d >= 0 && d < 16 && y < 16 {
				c = color.RGBA{250, 250, 250, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return I420(m, nil)
}

func TestSizes(t *testing.T) {
	for _, s := range [][2]int{{640, 480}, {320, 240}, {161, 121}, {17, 1}, {1, 1}} {
		t.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(t *testing.T) {
			e, err := NewVP8(s[0], s[1], 30, 500)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for i := range 5 {
				b, key, err := e.Encode(card(s[0], s[1], i), int64(i), i == 3)
				if err != nil {
					t.Fatal(err)
				}
				if want := i == 0 || i == 3; key != want {
					t.Errorf("frame %d: keyframe %v, want %v", i, key, want)
				}
				if inter := b[0]&1 == 1; inter == key {
					t.Errorf("frame %d: the frame tag says another thing than the encoder", i)
				}
				if key { // RFC 6386, section 9.1: start code, then width and height
					w, h := int(binary.LittleEndian.Uint16(b[6:])), int(binary.LittleEndian.Uint16(b[8:]))
					if !bytes.Equal(b[3:6], []byte{0x9d, 0x01, 0x2a}) || w != s[0] || h != s[1] {
						t.Errorf("frame %d: start code % x, %dx%d", i, b[3:6], w, h)
					}
				}
			}
		})
	}
}

func TestSameBytesTwice(t *testing.T) {
	run := func() (all []byte) {
		e, err := NewVP8(320, 240, 30, 200)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for i := range 20 {
			b, _, err := e.Encode(card(320, 240, i), int64(i), false)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	if !bytes.Equal(run(), run()) {
		t.Error("the same pictures gave other bytes")
	}
}

func TestRefuses(t *testing.T) {
	for _, a := range [][4]int{{0, 480, 30, 500}, {640, -1, 30, 500}, {20000, 480, 30, 500}, {640, 480, 0, 500}, {640, 480, 30, 0}} {
		if e, err := NewVP8(a[0], a[1], a[2], a[3]); err == nil {
			e.Close()
			t.Errorf("%v was accepted", a)
		}
	}
	e, err := NewVP8(64, 48, 30, 100)
	if err != nil {
		t.Fatal(err)
	}
	short := card(64, 48, 0)
	short.V = short.V[:10]
	if _, _, err := e.Encode(card(64, 48, 0), 5, false); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		m    *vision.I420
		pts  int64
		want string
	}{
		{card(32, 48, 0), 6, "is 32x48"},
		{short, 6, "shorter than its size claims"},
		{&vision.I420{}, 6, "shorter than its size claims"},
		{card(64, 48, 0), 5, "does not follow 5"},
	} {
		if _, _, err := e.Encode(tt.m, tt.pts, false); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
	}
	e.Close()
	e.Close()
	if _, _, err := e.Encode(card(64, 48, 0), 7, false); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
}

func TestI420(t *testing.T) {
	for _, tt := range []struct {
		c       color.RGBA
		y, u, v int
	}{ // BT.601 studio range
		{color.RGBA{0, 0, 0, 255}, 16, 128, 128},
		{color.RGBA{255, 255, 255, 255}, 235, 128, 128},
		{color.RGBA{255, 0, 0, 255}, 81, 90, 240},
		{color.RGBA{0, 255, 0, 255}, 145, 54, 34},
		{color.RGBA{0, 0, 255, 255}, 41, 240, 110},
	} {
		m := image.NewRGBA(image.Rect(3, 5, 6, 8)) // odd and away from the origin
		for i := range 9 {
			m.SetRGBA(3+i%3, 5+i/3, tt.c)
		}
		p := I420(m, nil)
		if !p.Valid() || len(p.U) != 4 {
			t.Fatalf("planes %d %d %d", len(p.Y), len(p.U), len(p.V))
		}
		for name, d := range map[string]int{"Y": int(p.Y[8]) - tt.y, "U": int(p.U[3]) - tt.u, "V": int(p.V[3]) - tt.v} {
			if d < -1 || d > 1 {
				t.Errorf("%v: %s is off by %d", tt.c, name, d)
			}
		}
	}
}
