package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"wince/vision"
)

// TestLandmarksAreMediaPipes compares the landmarks of two pictures of a rendered clip with those that MediaPipe finds with
// its attention mesh (models/train/mesh_goldens.py): search, crop, net and what is made of them. Distances are shares of the
// picture's width, of which the eyes' outer corners are 0.2 apart. The net gives the same to 1e-4 of its pixels
// (vision/ort, TestAttentionGolden); what differs is where it looks. MediaPipe looks once at stills, Wince twice; and its crop
// by OpenCV takes the corners of the crop for middles of pixels, which lies half a pixel of the crop less half a pixel of
// the picture to the upper left: 0.0008 each way here.
func TestLandmarksAreMediaPipes(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "landmarks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string][][3]float64
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	a := newAnalyzer(t, string(vision.AttentionMesh), vision.AnalyzerConfig{Stills: true})
	c, _, err := openClip(clipFile("pain.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var img vision.I420
	compared := 0
	for i := 0; i <= 120; i++ {
		at, err := c.Next(&img)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("pain-%d.png", i)
		if want["twice"][name] == nil {
			continue
		}
		m, err := a.Measure(&img, at)
		if err != nil {
			t.Fatal(err)
		}
		for looks, most := range map[string][3]float64{"once": {0.003, 0.008, 0.012}, "twice": {0.0015, 0.004, 0.003}} {
			golden := want[looks][name]
			if len(m.Face.Points) != len(golden) || len(golden) != vision.NumRefined {
				t.Fatalf("picture %d: %d landmarks, MediaPipe has %d; %v", i, len(m.Face.Points), len(golden), m.State)
			}
			compared++
			var d [3]float64 // mean and largest distance, largest in depth
			for k, p := range m.Face.Points {
				xy := math.Hypot(float64(p.X)-golden[k][0], (float64(p.Y)-golden[k][1])*float64(img.Height)/float64(img.Width))
				d[0] += xy / float64(len(golden))
				d[1], d[2] = max(d[1], xy), max(d[2], math.Abs(float64(p.Z)-golden[k][2]))
			}
			t.Logf("picture %d, MediaPipe looks %s: mean distance, largest, and in depth: %.5f", i, looks, d)
			for k := range d {
				if d[k] > most[k] {
					t.Errorf("picture %d, MediaPipe looks %s: mean distance, largest, and in depth are %.5f, at most %.4f", i, looks, d, most)
					break
				}
			}
		}
	}
	if compared != 4 {
		t.Errorf("%d sets of landmarks were compared, the golden file has 4", compared)
	}
}
