package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/vision"
)

// BenchmarkFrameToScore takes a VGA clip from encoded frames to scores, as a live session does, on one core. What it leaves
// out, putting packets together and writing the event, has benchmarks of its own in stream.
func BenchmarkFrameToScore(b *testing.B) {
	f, err := os.Open(clipFile("pain.ivf"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	r, h, err := ivf.NewReader(bufio.NewReader(f))
	if err != nil {
		b.Fatal(err)
	}
	var frames [][]byte
	for {
		data, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		frames = append(frames, append([]byte(nil), data...))
	}
	nets, err := openModels("", "")
	if err != nil {
		b.Fatal(err)
	}
	defer nets.Close()
	a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	d, err := decode.NewVP8()
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()

	var img vision.I420
	var sum vision.Stages
	var decoding time.Duration
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if _, err := d.Decode(frames[n%len(frames)], &img); err != nil {
			b.Fatal(err)
		}
		decoding += time.Since(start)
		res, err := a.Analyze(&img, h.Time(uint64(n)))
		if err != nil {
			b.Fatal(err)
		}
		n++
		sum.Detect += res.Stages.Detect
		sum.Crop += res.Stages.Crop
		sum.Mesh += res.Stages.Mesh
		sum.AU += res.Stages.AU
		sum.Score += res.Stages.Score
	}
	for name, d := range map[string]time.Duration{
		"decode": decoding, "detect": sum.Detect, "crop": sum.Crop, "mesh": sum.Mesh, "au": sum.AU, "score": sum.Score,
	} {
		b.ReportMetric(d.Seconds()*1000/float64(n), name+"-ms/frame")
	}
}
