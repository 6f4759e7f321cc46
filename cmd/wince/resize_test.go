package main

import (
	"math"
	"testing"
	"time"

	"wince/pain"
	"wince/vision"
)

// shrunk makes a picture of another size, by leaving out pixels; odd sizes included.
func shrunk(img *vision.I420, w, h int) *vision.I420 {
	cw, ch := (w+1)/2, (h+1)/2
	m := &vision.I420{Width: w, Height: h, YStride: w, CStride: cw, Y: make([]byte, w*h), U: make([]byte, cw*ch), V: make([]byte, cw*ch)}
	for y := range h {
		for x := range w {
			m.Y[y*w+x] = img.Y[y*img.Height/h*img.YStride+x*img.Width/w]
		}
	}
	for y := range ch {
		for x := range cw {
			at := min(y*img.Height/h, img.Height/2-1)*img.CStride + min(x*img.Width/w, img.Width/2-1)
			m.U[y*cw+x], m.V[y*cw+x] = img.U[at], img.V[at]
		}
	}
	return m
}

// A browser that makes its pictures smaller in mid-stream, and larger again, loses no face and moves no landmark.
func TestSizeChangesInMidStream(t *testing.T) {
	a := newAnalyzer(t, string(vision.AttentionMesh), vision.AnalyzerConfig{FixedNeutral: true})
	c, _, err := openClip(clipFile("pain.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var img vision.I420
	if _, err := c.Next(&img); err != nil {
		t.Fatal(err)
	}
	var first []vision.Point
	for i, size := range [][2]int{{640, 480}, {640, 480}, {320, 240}, {320, 240}, {427, 321}, {640, 480}, {321, 241}, {640, 480}} {
		m, err := a.Measure(shrunk(&img, size[0], size[1]), time.Duration(i)*33*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if m.State != pain.Scored {
			t.Fatalf("picture %d of %v: %v, %v", i, size, m.State, m.Reasons)
		}
		if first == nil {
			first = append(first, m.Face.Points...)
		}
		far := 0.0
		for k, p := range m.Face.Points {
			far = max(far, math.Hypot(float64(p.X-first[k].X), float64(p.Y-first[k].Y)))
		}
		if far > 0.02 { // of the picture's width; the eyes are 0.2 apart
			t.Errorf("picture %d of %v: a landmark lies %.3f from where it lay", i, size, far)
		}
	}
}
