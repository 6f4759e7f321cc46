// Package occlude draws things over pictures of faces: hands, masks, cloth, cups, hair, tubes. With what they cover known
// exactly, such pictures train and test the gate that refuses a covered face (vision/cover.go). The things are drawn by
// rule; a measure that finds them is not thereby shown to find real ones.
package occlude

import (
	"image"
	"math"
	"math/rand/v2"
)

// Point is a place in the picture, in pixels.
type Point struct{ X, Y float64 }

// Kind is what is drawn.
type Kind string

// The kinds. The last two are seen on faces that can be judged: what they cover is little or, of glasses, counts as nothing.
const (
	Hand       Kind = "hand"
	Mask       Kind = "mask"        // surgical or of cloth
	OxygenMask Kind = "oxygen mask" // one can see through it
	Cloth      Kind = "cloth"       // blanket, pillow, scarf, from one side
	Object     Kind = "object"      // cup, phone, book, plush animal
	Hair       Kind = "hair"
	Tube       Kind = "tube" // nasal cannula
	Glasses    Kind = "glasses"
)

// Kinds lists them all.
var Kinds = []Kind{Hand, Mask, OxygenMask, Cloth, Object, Hair, Tube, Glasses}

// A canvas is a picture with the layer that is being drawn over it.
type canvas struct {
	dst   *image.RGBA
	w, h  int
	face  []Point
	cm    float64 // pixels a centimetre: the outer eye corners are 9 apart
	skin  [3]float64
	layer [][3]float64 // colour, 0-255
	alpha []float64    // how much of the picture the layer hides, 0-1
	solid []float64    // how much counts as covered, 0-1
	r     *rand.Rand
}

// Draw draws one thing of the kind at a place and of a form that r decides, and returns how much of each pixel it covers,
// 0-255. The face is MediaPipe's 468 landmarks of the picture before anything was drawn.
func Draw(r *rand.Rand, dst *image.RGBA, face []Point, kind Kind) *image.Alpha {
	c := &canvas{dst: dst, w: dst.Rect.Dx(), h: dst.Rect.Dy(), face: face, r: r}
	n := c.w * c.h
	c.layer, c.alpha = make([][3]float64, n), make([]float64, n)
	c.cm = math.Hypot(face[33].X-face[263].X, face[33].Y-face[263].Y) / 9
	c.skin = c.colourOf(50, 280, 205, 425, 151)
	shadow := 0.15 + 0.4*r.Float64()
	switch kind {
	case Hand:
		c.hand()
	case Mask:
		c.mask()
	case OxygenMask:
		c.oxygen()
		shadow = 0.05
	case Cloth:
		c.cloth()
	case Object:
		c.object()
	case Hair:
		c.hair()
	case Tube:
		c.tube()
	case Glasses:
		c.glasses()
		shadow = 0
	}
	if c.solid == nil {
		c.solid = append([]float64(nil), c.alpha...)
	}
	c.blend(shadow)
	mask := image.NewAlpha(dst.Rect)
	for i, a := range c.solid {
		mask.Pix[i/c.w*mask.Stride+i%c.w] = uint8(255*min(max(a, 0), 1) + 0.5)
	}
	return mask
}

func (c *canvas) colourOf(marks ...int) (s [3]float64) {
	for _, m := range marks {
		x, y := min(max(int(c.face[m].X), 0), c.w-1), min(max(int(c.face[m].Y), 0), c.h-1)
		p := c.dst.Pix[y*c.dst.Stride+4*x:]
		for k := range s {
			s[k] += float64(p[k]) / float64(len(marks))
		}
	}
	return s
}

// between is a number from lo to hi.
func (c *canvas) between(lo, hi float64) float64 { return lo + (hi-lo)*c.r.Float64() }

func (c *canvas) put(x, y int, colour [3]float64, alpha float64) {
	if x < 0 || y < 0 || x >= c.w || y >= c.h || alpha <= 0 {
		return
	}
	i := y*c.w + x
	if old := c.alpha[i]; old > 0 && alpha < 1 {
		for k := range colour {
			colour[k] = c.layer[i][k]*(1-alpha) + colour[k]*alpha
		}
		alpha = old + alpha*(1-old)
	}
	c.layer[i], c.alpha[i] = colour, alpha
}

// blend softens the layer's edge as a lens would, darkens the face beside it and puts it over the picture.
func (c *canvas) blend(shadow float64) {
	soft := 1 + c.r.IntN(max(2, int(0.25*c.cm)))
	alpha := c.smear(c.alpha, soft)
	dark := c.smear(c.alpha, max(2, int(c.between(0.3, 1.2)*c.cm)))
	dx, dy := int(c.between(-0.6, 0.6)*c.cm), int(c.between(-0.2, 0.8)*c.cm)
	colour := make([][3]float64, len(c.layer)) // the layer's colour reaches past its edge
	for k := range 3 {
		plane := make([]float64, len(c.layer))
		for i, a := range c.alpha {
			plane[i] = c.layer[i][k] * a
		}
		plane = c.smear(plane, soft)
		for i := range plane {
			colour[i][k] = plane[i] / max(alpha[i], 1e-6)
		}
	}
	for y := range c.h {
		for x := range c.w {
			i, p := y*c.w+x, c.dst.Pix[y*c.dst.Stride+4*x:]
			d := 0.0
			if sx, sy := x-dx, y-dy; sx >= 0 && sy >= 0 && sx < c.w && sy < c.h {
				d = shadow * dark[sy*c.w+sx]
			}
			for k := range 3 {
				v := float64(p[k])*(1-d)*(1-alpha[i]) + colour[i][k]*alpha[i]
				p[k] = uint8(min(max(v, 0), 255))
			}
		}
	}
}

// smear is a mean over a box, twice.
func (c *canvas) smear(a []float64, size int) []float64 {
	out := append([]float64(nil), a...)
	line := make([]float64, max(c.w, c.h)+1)
	pass := func(start, step, n int) {
		line[0] = 0
		for i := range n {
			line[i+1] = line[i] + out[start+i*step]
		}
		for i := range n {
			lo, hi := max(0, i-size/2), min(n, i+(size+1)/2)
			out[start+i*step] = (line[hi] - line[lo]) / float64(max(hi-lo, 1))
		}
	}
	for range 2 {
		for y := range c.h {
			pass(y*c.w, 1, c.w)
		}
		for x := range c.w {
			pass(x, c.w, c.h)
		}
	}
	return out
}

// Shares returns how much of each region of the face a mask covers, 0-1, in the order of vision.Cover: right eye and brow,
// left eye and brow, between the brows, nose, mouth.
func Shares(mask *image.Alpha, face []Point) (s [5]float64) {
	for k, marks := range regions {
		outline := make([]Point, len(marks))
		x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for i, m := range marks {
			p := face[m]
			outline[i] = p
			x0, y0, x1, y1 = min(x0, p.X), min(y0, p.Y), max(x1, p.X), max(y1, p.Y)
		}
		sum, n := 0.0, 0
		for y := int(y0); y <= int(y1); y++ {
			for x := int(x0); x <= int(x1); x++ {
				if inside(outline, float64(x)+0.5, float64(y)+0.5) {
					sum += float64(mask.AlphaAt(x, y).A) / 255
					n++
				}
			}
		}
		if n > 0 {
			s[k] = sum / float64(n)
		}
	}
	return s
}

// regions are the outlines of what is judged, as MediaPipe's landmarks.
var regions = [5][]int{
	{70, 63, 105, 66, 107, 133, 155, 154, 153, 145, 144, 163, 7, 33},
	{300, 293, 334, 296, 336, 362, 382, 381, 380, 374, 373, 390, 249, 263},
	{107, 9, 336, 285, 417, 168, 193, 55},
	{168, 417, 399, 420, 358, 327, 2, 98, 129, 198, 174, 193},
	{61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185},
}

func inside(outline []Point, x, y float64) (in bool) {
	for i, j := 0, len(outline)-1; i < len(outline); j, i = i, i+1 {
		a, b := outline[i], outline[j]
		if (a.Y > y) != (b.Y > y) && x < (b.X-a.X)*(y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}
