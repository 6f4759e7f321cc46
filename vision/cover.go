package vision

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
)

// Cover is how much of each region of the face something hides, 0-1: right eye and brow, left eye and brow, between the
// brows, nose, mouth. It is an estimate by a small network that learned it from drawn hands, masks, cloth and the like
// (models/occlude); the mesh itself is as certain of its landmarks under a hand as elsewhere.
type Cover [numRegions]float32

const (
	coverRightEye = iota
	coverLeftEye
	coverBrows
	coverNose
	coverMouth
	numRegions
)

// The patch that the network sees: the face turned to the front by its rigid landmarks, so many samples a side.
const (
	coverSide  = 40
	coverStep  = 11.0 / 6 / coverSide // in distances of the outer eye corners
	coverTop   = 12.5                 // samples above the line of the eyes
	coverDepth = -0.2                 // the plane of the samples, before the eye corners

	// The layers: a 4 x 4 convolution with that stride, a 3 x 3 one with a stride of two, a dense one, and the regions.
	coverC1, coverN1 = 16, coverSide / 4
	coverC2, coverN2 = 24, (coverN1-3)/2 + 1
	coverHidden      = 24
	coverW1          = 4 * 4 * 3
	coverW2          = 3 * 3 * coverC1
	coverW3          = coverN2 * coverN2 * coverC2
)

// coverWeights is the network: each layer's weights, one row for each output, then its biases.
type coverWeights struct {
	W1 [coverC1][coverW1]float32
	B1 [coverC1]float32
	W2 [coverC2][coverW2]float32
	B2 [coverC2]float32
	W3 [coverHidden][coverW3]float32
	B3 [coverHidden]float32
	W4 [numRegions][coverHidden]float32
	B4 [numRegions]float32
}

// Made by models/occlude/train.py, which has the command.
//
//go:embed cover.bin
var coverFile []byte

// MethodCover names the network with its checksum; it is kept with every observation.
func MethodCover() string { return fmt.Sprintf("wince-cover/1 sha256:%x", sha256.Sum256(coverFile)) }

var loadCover = sync.OnceValues(func() (*coverWeights, error) { return readCover(coverFile) })

func readCover(file []byte) (*coverWeights, error) {
	w := new(coverWeights)
	if n, err := binary.Decode(file, binary.LittleEndian, w); err != nil || n != len(file) {
		return nil, errors.New("the weights of the gate for covered faces do not have the right size")
	}
	return w, nil
}

// coverNet holds the network's values, so that a frame allocates nothing.
type coverNet struct {
	w     *coverWeights
	patch [coverSide * coverSide * 3]float32
	c1    [coverN1 * coverN1 * coverC1]float32
	c2    [coverW3]float32
	h     [coverHidden]float32
	in1   [coverW1]float32
	in2   [coverW2]float32
}

// A jitter moves the patch a little, to learn from faces that were not found exactly; the zero value does not.
type jitter struct{ dx, dy, turn, zoom float64 }

// sample fills the patch from the mesh's crop of region r, in which the face was found as turn says. Each channel is
// relative to its mean, so that neither the light nor the colour of the skin sets the scale: brightness, and by how much
// red and blue differ from it.
func (c *coverNet) sample(planes []float32, turn *similarity, r Region, j jitter) {
	// From the frontal face (x right, y down, 1 between the outer eye corners) to the picture, and from there to the crop.
	sin, cos := math.Sincos(r.Angle)
	k := meshSize / r.Size
	toCrop := func(x, y float64) (u, v float64) {
		var d vec3
		for i, q := range [3]float64{x - turn.T[0], y - turn.T[1], coverDepth - turn.T[2]} {
			for a := range d {
				d[a] += turn.R[i][a] * q / turn.Scale
			}
		}
		dx, dy := d[0]-r.CX, d[1]-r.CY
		return (cos*dx+sin*dy)*k + meshSize/2, (cos*dy-sin*dx)*k + meshSize/2
	}
	js, jc := math.Sincos(j.turn)
	at := func(x, y float64) (u, v float64) {
		x, y = (x-coverSide/2)*(1+j.zoom), (y-coverSide/2)*(1+j.zoom)
		x, y = jc*x-js*y+coverSide/2+j.dx, js*x+jc*y+coverSide/2+j.dy
		return toCrop((x-coverSide/2)*coverStep, (y-coverTop)*coverStep)
	}
	ox, oy := at(0.5, 0.5)
	ex, ey := at(coverSide+0.5, 0.5)
	fx, fy := at(0.5, coverSide+0.5)
	ux, uy, vx, vy := (ex-ox)/coverSide, (ey-oy)/coverSide, (fx-ox)/coverSide, (fy-oy)/coverSide
	const n = meshSize * meshSize
	red, green, blue := planes[:n], planes[n:2*n], planes[2*n:3*n]
	var sumR, sumG, sumB float32
	o := 0
	for row := range coverSide {
		for col := range coverSide {
			x := ox + float64(col)*ux + float64(row)*vx
			y := oy + float64(col)*uy + float64(row)*vy
			// Not-a-number and all that lies outside is put onto the edge.
			px, py := int(min(max(x-0.5, 0), meshSize-2)), int(min(max(y-0.5, 0), meshSize-2))
			if uint(px) > meshSize-2 || uint(py) > meshSize-2 {
				px, py = 0, 0
			}
			p := py*meshSize + px
			q := p + meshSize
			pr := red[p] + red[p+1] + red[q] + red[q+1]
			pg := green[p] + green[p+1] + green[q] + green[q+1]
			pb := blue[p] + blue[p+1] + blue[q] + blue[q+1]
			sumR, sumG, sumB = sumR+pr, sumG+pg, sumB+pb
			c.patch[o], c.patch[o+1], c.patch[o+2] = pr, pg, pb
			o += 3
		}
	}
	const floor = 0.04 * coverSide * coverSide // black pictures have no colour
	kr, kg, kb := coverSide*coverSide/(sumR+floor), coverSide*coverSide/(sumG+floor), coverSide*coverSide/(sumB+floor)
	for i := 0; i < len(c.patch); i += 3 {
		r, g, b := c.patch[i]*kr, c.patch[i+1]*kg, c.patch[i+2]*kb
		l := 0.3*r + 0.6*g + 0.1*b
		c.patch[i], c.patch[i+1], c.patch[i+2] = min(l, 3)-1, min(max(r-l, -1), 1), min(max(b-l, -1), 1)
	}
}

// run computes how much of each region is covered from the patch.
func (c *coverNet) run() (cover Cover) {
	w := c.w
	for y := range coverN1 {
		for x := range coverN1 {
			for row := range 4 {
				from := ((4*y+row)*coverSide + 4*x) * 3
				copy(c.in1[row*12:], c.patch[from:from+12])
			}
			out := c.c1[(y*coverN1+x)*coverC1:][:coverC1]
			for k := range out {
				out[k] = max(inner(c.in1[:], w.W1[k][:])+w.B1[k], 0)
			}
		}
	}
	for y := range coverN2 {
		for x := range coverN2 {
			const wide = 3 * coverC1
			for row := range 3 {
				from := ((2*y+row)*coverN1 + 2*x) * coverC1
				copy(c.in2[row*wide:], c.c1[from:from+wide])
			}
			out := c.c2[(y*coverN2+x)*coverC2:][:coverC2]
			for k := range out {
				out[k] = max(inner(c.in2[:], w.W2[k][:])+w.B2[k], 0)
			}
		}
	}
	for k := range c.h {
		c.h[k] = max(inner(c.c2[:], w.W3[k][:])+w.B3[k], 0)
	}
	for k := range cover {
		cover[k] = sigmoid(inner(c.h[:], w.W4[k][:]) + w.B4[k])
	}
	return cover
}

// inner is the inner product of two rows of the same length, a multiple of four.
func inner(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	return s0 + s1 + s2 + s3
}

// CoverPatch copies the patch by which the last measured face was judged covered or not, moved as told: samples right and
// down, radians, and a share of its size. It is for `calibrate cover`, which makes the network's training data.
func (a *Analyzer) CoverPatch(dst []float32, dx, dy, turn, zoom float64) {
	a.cover.sample(a.mesh.net.Input(), &a.turn, a.seenIn, jitter{dx, dy, turn, zoom})
	copy(dst, a.cover.patch[:])
}

// CoverPatchSize is the number of values that CoverPatch copies.
const CoverPatchSize = coverSide * coverSide * 3
