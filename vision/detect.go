package vision

import (
	"fmt"
	"math"
	"slices"
)

// detection is one face found by BlazeFace, in pixels of the picture.
type detection struct {
	score      float32
	x, y, w, h float64       // upright box
	key        [6][2]float64 // right eye, left eye (the person's), nose tip, mouth, right ear, left ear
}

// detector runs BlazeFace short range (Bazarevsky et al., arXiv 1907.05047) on a whole picture.
type detector struct {
	net     Net
	fine    []float32
	anchors [896][2]float32
	cand    []detection
	kept    []detection
}

const (
	detectorSize   = 128
	detectorFloor  = 0.5 // MediaPipe's own threshold
	detectorMerge  = 0.3 // overlap (IoU) from which two boxes are one face
	detectorLogits = 80  // logits beyond it would overflow exp
)

func newDetector(net Net) (*detector, error) {
	d := &detector{net: net, fine: make([]float32, 3*4*detectorSize*detectorSize)}
	if got, want := len(net.Input()), 3*detectorSize*detectorSize; got != want {
		return nil, fmt.Errorf("the face detector takes %d values, not %d: the model file is not the one this program knows", got, want)
	}
	// Two anchors a cell on a 16x16 grid, six on an 8x8 grid; all of unit size.
	i := 0
	for _, layer := range [...]struct{ grid, each int }{{16, 2}, {8, 6}} {
		for y := range layer.grid {
			for x := range layer.grid {
				for range layer.each {
					d.anchors[i] = [2]float32{(float32(x) + 0.5) / float32(layer.grid), (float32(y) + 0.5) / float32(layer.grid)}
					i++
				}
			}
		}
	}
	return d, nil
}

// find returns the faces in img, the largest first; the list is valid until the next call.
func (d *detector) find(img *I420) ([]detection, error) {
	// The picture is fitted into the square without stretching; the rest is black.
	r := Region{CX: float64(img.Width) / 2, CY: float64(img.Height) / 2, Size: float64(max(img.Width, img.Height))}
	if r.Size < 2*detectorSize {
		crop(d.net.Input(), detectorSize, img, r, -1, 1)
	} else {
		// Four samples for each pixel: with one, small faces drown in aliasing.
		crop(d.fine, 2*detectorSize, img, r, -1, 1)
		halve(d.net.Input(), d.fine, detectorSize)
	}
	if err := d.net.Run(); err != nil {
		return nil, fmt.Errorf("run face detector: %w", err)
	}
	boxes, logits := d.net.Output(0), d.net.Output(1)
	if len(boxes) != 896*16 || len(logits) != 896 {
		return nil, fmt.Errorf("the face detector gave %d and %d values, not %d and 896", len(boxes), len(logits), 896*16)
	}
	d.cand = d.cand[:0]
	for i, a := range d.anchors {
		score := sigmoid(logits[i])
		if !(score >= detectorFloor) {
			continue
		}
		b := boxes[i*16 : i*16+16]
		at := func(k int) (x, y float64) {
			return r.toPicture(float64(b[k]/detectorSize+a[0]), float64(b[k+1]/detectorSize+a[1]))
		}
		c := detection{score: score, w: float64(b[2]) / detectorSize * r.Size, h: float64(b[3]) / detectorSize * r.Size}
		x, y := at(0)
		c.x, c.y = x-c.w/2, y-c.h/2
		for k := range c.key {
			c.key[k][0], c.key[k][1] = at(4 + 2*k)
		}
		d.cand = append(d.cand, c)
	}
	slices.SortFunc(d.cand, func(a, b detection) int { return cmpFloat(float64(b.score), float64(a.score)) })
	d.kept = d.kept[:0]
	for len(d.cand) > 0 {
		d.kept = append(d.kept, blend(&d.cand))
	}
	slices.SortFunc(d.kept, func(a, b detection) int { return cmpFloat(b.w, a.w) })
	return d.kept, nil
}

// halve writes the means of each two by two values of src, three planes of 2n squared, to dst, three planes of n squared.
func halve(dst, src []float32, n int) {
	for o := range 3 * n {
		a, b := src[o*4*n:o*4*n+2*n], src[o*4*n+2*n:o*4*n+4*n]
		row := dst[o*n : o*n+n]
		for i := range row {
			row[i] = (a[2*i] + a[2*i+1] + b[2*i] + b[2*i+1]) / 4
		}
	}
}

// blend takes the best candidate and all that overlap it out of the list and returns their mean, weighted by score.
func blend(cand *[]detection) detection {
	best := (*cand)[0]
	sum, total := detection{score: best.score}, 0.0
	rest := (*cand)[:0]
	for _, c := range *cand {
		if overlap(&best, &c) <= detectorMerge {
			rest = append(rest, c)
			continue
		}
		w := float64(c.score)
		total += w
		sum.x, sum.y, sum.w, sum.h = sum.x+w*c.x, sum.y+w*c.y, sum.w+w*c.w, sum.h+w*c.h
		for k := range c.key {
			sum.key[k][0] += w * c.key[k][0]
			sum.key[k][1] += w * c.key[k][1]
		}
	}
	if total == 0 { // a box without area overlaps nothing, not even itself
		*cand = rest[1:]
		return best
	}
	sum.x, sum.y, sum.w, sum.h = sum.x/total, sum.y/total, sum.w/total, sum.h/total
	for k := range sum.key {
		sum.key[k][0] /= total
		sum.key[k][1] /= total
	}
	*cand = rest
	return sum
}

// overlap returns the intersection over the union of two boxes, 0-1.
func overlap(a, b *detection) float64 {
	w := min(a.x+a.w, b.x+b.w) - max(a.x, b.x)
	h := min(a.y+a.h, b.y+b.h) - max(a.y, b.y)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (a.w*a.h + b.w*b.h - w*h)
}

// region returns where the mesh should look: the box's centre, one and a half times its longer side, turned so that the
// eyes are level, as MediaPipe's face landmark graph does.
func (d *detection) region() Region {
	return Region{
		CX: d.x + d.w/2, CY: d.y + d.h/2, Size: 1.5 * max(d.w, d.h),
		Angle: math.Atan2(d.key[1][1]-d.key[0][1], d.key[1][0]-d.key[0][0]),
	}
}

func sigmoid(x float32) float32 {
	x = min(max(x, -detectorLogits), detectorLogits)
	return float32(1 / (1 + math.Exp(-float64(x))))
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
