package vision

import (
	"fmt"
	"math"

	"wince/vision/pixel"
)

// NumPoints is the number of landmarks of the plain face mesh (Kartynnik et al., arXiv 1907.06724).
const NumPoints = 468

const meshSize = 192

// mesher runs the face mesh on a region of a picture.
type mesher struct {
	net    Net
	kind   MeshKind
	grey   [meshSize * meshSize]float32 // luminance of the crop, 0-1, once shade made it
	pixels [NumRefined][3]float32       // x, y in pixels of the picture; z in the same unit, towards the camera negative
}

func newMesher(net Net, kind MeshKind) (*mesher, error) {
	if got, want := len(net.Input()), 3*meshSize*meshSize; got != want {
		return nil, fmt.Errorf("the face mesh takes %d values, not %d: the model file is not the one this program knows", got, want)
	}
	return &mesher{net: net, kind: kind}, nil
}

// prepare cuts the region out into the net's input.
func (m *mesher) prepare(img *I420, r Region) { crop(m.net.Input(), meshSize, img, r, 0, 1) }

// shade makes grey from the net's input.
func (m *mesher) shade() {
	const n = meshSize * meshSize
	in := m.net.Input()
	pixel.Grey(m.grey[:], in[:n], in[n:2*n], in[2*n:])
}

// run finds the landmarks in the region that prepare cut out, and returns the net's certainty that it lies on a face, 0-1.
func (m *mesher) run(r Region) (presence float32, err error) {
	if err := m.net.Run(); err != nil {
		return 0, fmt.Errorf("run face mesh: %w", err)
	}
	last := 1
	if m.kind == AttentionMesh {
		last += len(refinements)
		if err := Refine(&m.pixels, m.net); err != nil {
			return 0, err
		}
	} else {
		out := m.net.Output(0)
		if len(out) != 3*NumPoints {
			return 0, fmt.Errorf("the face mesh gave %d values, not %d", len(out), 3*NumPoints)
		}
		for i := range NumPoints {
			m.pixels[i] = [3]float32(out[3*i:])
		}
	}
	flag := m.net.Output(last)
	if len(flag) != 1 {
		return 0, fmt.Errorf("the face mesh gave %d values for its presence, not 1", len(flag))
	}
	sin, cos := math.Sincos(r.Angle)
	scale := r.Size / meshSize
	found := m.found()
	for i, p := range found {
		u, v := (float64(p[0])-meshSize/2)*scale, (float64(p[1])-meshSize/2)*scale
		found[i] = [3]float32{float32(r.CX + cos*u - sin*v), float32(r.CY + sin*u + cos*v), float32(float64(p[2]) * scale)}
	}
	return sigmoid(flag[0]), nil
}

// found returns the landmarks that the mesh has: 468, or 478 of the attention mesh.
func (m *mesher) found() [][3]float32 {
	if m.kind == AttentionMesh {
		return m.pixels[:]
	}
	return m.pixels[:NumPoints]
}

// Landmarks that are needed by name. Left and right are the person's; numbers are MediaPipe's.
const (
	rightEyeOuter, rightEyeInner = 33, 133
	leftEyeOuter, leftEyeInner   = 263, 362
)

// region returns where the mesh should look in the next frame: the box around the landmarks in the face's own axes, one
// and a half times its longer side.
func (m *mesher) region() Region {
	a, b := m.pixels[rightEyeOuter], m.pixels[leftEyeOuter]
	angle := math.Atan2(float64(b[1]-a[1]), float64(b[0]-a[0]))
	sin, cos := math.Sincos(angle)
	u0, v0, u1, v1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range m.found() {
		x, y := float64(p[0]), float64(p[1])
		u, v := cos*x+sin*y, cos*y-sin*x
		u0, u1, v0, v1 = min(u0, u), max(u1, u), min(v0, v), max(v1, v)
	}
	u, v := (u0+u1)/2, (v0+v1)/2
	return Region{CX: cos*u - sin*v, CY: sin*u + cos*v, Size: 1.5 * max(u1-u0, v1-v0), Angle: angle}
}

// inCrop returns where landmark i lies in the crop of region r, in pixels of the crop.
func (m *mesher) inCrop(i int, r Region) (x, y float64) {
	sin, cos := math.Sincos(r.Angle)
	dx, dy := float64(m.pixels[i][0])-r.CX, float64(m.pixels[i][1])-r.CY
	k := meshSize / r.Size
	return (cos*dx+sin*dy)*k + meshSize/2, (cos*dy-sin*dx)*k + meshSize/2
}
