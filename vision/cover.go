package vision

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"wince/vision/pixel"
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
	W1 [coverC1 * coverW1]float32
	B1 [coverC1]float32
	W2 [coverC2 * coverW2]float32
	B2 [coverC2]float32
	W3 [coverHidden * coverW3]float32
	B3 [coverHidden]float32
	W4 [numRegions * coverHidden]float32
	B4 [numRegions]float32
}

// Made by models/occlude/train.py, which has the command.
//
//go:embed cover.bin
var coverFile []byte

// MethodCover names the network with its checksum; it is kept with every observation.
func MethodCover() string { return fmt.Sprintf("wince-cover/1 sha256:%x", sha256.Sum256(coverFile)) }

var loadCover = sync.OnceValues(func() (*coverLayers, error) {
	w, err := readCover(coverFile)
	if err != nil {
		return nil, err
	}
	return w.layers(), nil
})

// coverLayers are the network's layers in order.
type coverLayers [4]*pixel.Layer

func (w *coverWeights) layers() *coverLayers {
	return &coverLayers{
		pixel.NewLayer(coverSide, 3, 4, 4, w.W1[:], w.B1[:], true),
		pixel.NewLayer(coverN1, coverC1, 3, 2, w.W2[:], w.B2[:], true),
		pixel.NewLayer(coverN2, coverC2, coverN2, 1, w.W3[:], w.B3[:], true),
		pixel.NewLayer(1, coverHidden, 1, 1, w.W4[:], w.B4[:], false),
	}
}

func readCover(file []byte) (*coverWeights, error) {
	w := new(coverWeights)
	if n, err := binary.Decode(file, binary.LittleEndian, w); err != nil || n != len(file) {
		return nil, errors.New("the weights of the gate for covered faces do not have the right size")
	}
	return w, nil
}

// coverNet holds the network's values, so that a frame allocates nothing.
type coverNet struct {
	l     *coverLayers
	patch [coverSide * coverSide * 3]float32
	c1    [coverN1 * coverN1 * coverC1]float32
	c2    [coverW3]float32
	h     [coverHidden]float32
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
	pixel.Squares(c.patch[:], coverSide, planes[:n], planes[n:2*n], planes[2*n:3*n], meshSize,
		&pixel.Affine{float32(ox), float32(ux), float32(vx), float32(oy), float32(uy), float32(vy)})
	var sumR, sumG, sumB float32
	for i := 0; i < len(c.patch); i += 3 {
		sumR, sumG, sumB = sumR+c.patch[i], sumG+c.patch[i+1], sumB+c.patch[i+2]
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
	c.l[0].Run(c.c1[:], c.patch[:])
	c.l[1].Run(c.c2[:], c.c1[:])
	c.l[2].Run(c.h[:], c.c2[:])
	c.l[3].Run(cover[:], c.h[:])
	for k, v := range cover {
		cover[k] = sigmoid(v)
	}
	return cover
}

// CoverPatch copies the patch by which the last measured face was judged covered or not, moved as told: samples right and
// down, radians, and a share of its size. It is for `calibrate cover`, which makes the network's training data.
func (a *Analyzer) CoverPatch(dst []float32, dx, dy, turn, zoom float64) {
	a.cover.sample(a.mesh.net.Input(), &a.turn, a.seenIn, jitter{dx, dy, turn, zoom})
	copy(dst, a.cover.patch[:])
}

// CoverPatchSize is the number of values that CoverPatch copies.
const CoverPatchSize = coverSide * coverSide * 3
