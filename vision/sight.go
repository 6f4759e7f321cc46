package vision

import (
	"fmt"
	"math"
	"slices"

	"wince/vision/pixel"
)

// What the network of the action units is shown of a face: how the head is turned, its features, where its landmarks lie in
// the face turned to the front, and the skin, grey and aligned, each value divided by the mean around it, so that neither light nor
// skin colour sets the scale.
const (
	PatchWidth  = 104   // of the aligned face, in samples
	PatchHeight = 136   // as far as the chin of a mouth wide open
	patchScale  = 64.0  // samples for the distance between the outer eye corners
	patchTop    = -0.55 // where the patch begins, from the middle of the eyes, in that distance; the sides lie evenly
	patchBlack  = 0.04  // added to the mean: black pictures have no folds
	sightPose   = 2     // yaw and pitch
)

// SightPoints is the number of landmarks that the network is shown, x and y of each.
const SightPoints = len(otherPoints) + 80 + 71 + 71

// sightSize is the number of values that the network is shown.
const sightSize = sightPose + int(numFeatures) + 2*SightPoints + PatchWidth*PatchHeight

// otherPoints are landmarks of the nose, the chin, the forehead and the cheeks; lips and eyes have tables of their own.
var otherPoints = [...]int{
	1, 2, 4, 5, 6, 168, 195, 197, 8, 9, 151, 98, 327, 129, 358, 49, 279, 48, 278, 64, 294, 219, 439, 97, 326, 203, 423, 206, 426,
	152, 17, 18, 200, 199, 175, 148, 377, 176, 400, 50, 280, 205, 425, 101, 330, 36, 266, 187, 411, 207, 427, 216, 436, 212, 432,
	57, 287, 43, 273, 104, 333, 69, 299, 108, 337, 109, 338, 68, 298,
}

// alignPoints are landmarks by which the patch is laid on the face: eye corners, bridge and base of the nose.
var alignPoints = [...]int{33, 133, 362, 263, 168, 6, 197, 195, 2, 98, 327}

// sightPoints returns the landmarks that the network is shown, in order.
func sightPoints() (p []int) {
	return append(append(append(append(p, otherPoints[:]...), lipPoints...), rightEyePoints...), leftEyePoints...)
}

// sight cuts out of a measured face what the network is shown. It does not allocate after newSight.
type sight struct {
	side   Side // the half that is shown, and mirrored where the other would be
	points []int
	across []int                        // for each of the points, the place of the one that is its mirror image
	hidden []bool                       // the points on the other half, which is not shown
	solve  [len(alignPoints)][3]float64 // from the landmarks in the crop to the affine map from the face's axes to the crop
	grey   [PatchHeight * PatchWidth]float32
}

// newSight prepares for an average face. The affine map is the least-squares one from the average face's alignPoints to a
// face's, of which the average's part can be solved beforehand.
func newSight(shape *[NumPoints]vec3, side Side) *sight {
	s := &sight{side: side, points: sightPoints()}
	s.across, s.hidden = mirrorImages(shape, s.points), make([]bool, len(s.points))
	for i, p := range s.points {
		left := shape[p][0] > 0
		s.hidden[i] = s.across[i] != i && (side == RightSide && left || side == LeftSide && !left)
	}
	var n [3][3]float64 // normal equations in x, y, 1
	row := func(i int) [3]float64 { return [3]float64{shape[i][0], shape[i][1], 1} }
	for _, i := range alignPoints {
		r := row(i)
		for a := range 3 {
			for b := range 3 {
				n[a][b] += r[a] * r[b]
			}
		}
	}
	inv := inverse3(n)
	for k, i := range alignPoints {
		r := row(i)
		for a := range 3 {
			s.solve[k][a] = inv[a][0]*r[0] + inv[a][1]*r[1] + inv[a][2]*r[2]
		}
	}
	return s
}

// mirrorImages returns, for each of some landmarks, the place of the one that lies nearest to its mirror image in an average face.
func mirrorImages(shape *[NumPoints]vec3, points []int) []int {
	across := make([]int, len(points))
	for i, p := range points {
		across[i] = i // of points that are told twice, too
		best := 2 * math.Abs(shape[p][0])
		for k, q := range points {
			if d := math.Hypot(shape[p][0]+shape[q][0], shape[p][1]-shape[q][1]); d < best {
				best, across[i] = d, k
			}
		}
	}
	return across
}

// inverse3 is the inverse of a symmetric matrix that has one.
func inverse3(m [3][3]float64) (inv [3][3]float64) {
	det := 0.0
	for i := range 3 {
		for j := range 3 {
			a, b, c, d := m[(j+1)%3][(i+1)%3], m[(j+2)%3][(i+2)%3], m[(j+1)%3][(i+2)%3], m[(j+2)%3][(i+1)%3]
			inv[i][j] = a*b - c*d
		}
		det += m[0][i] * (m[1][(i+1)%3]*m[2][(i+2)%3] - m[1][(i+2)%3]*m[2][(i+1)%3])
	}
	for i := range 3 {
		for j := range 3 {
			inv[i][j] /= det
		}
	}
	return inv
}

// fill writes to dst, sightSize values, what the network is shown of the face that the mesh found in region r.
func (s *sight) fill(dst []float32, m *mesher, r Region, frontal *[NumPoints]vec3, f *Features, yaw, pitch float64) {
	dst[0], dst[1] = float32(yaw)/30, float32(pitch)/30
	copy(dst[sightPose:], f[:numFeatures])
	dst = dst[sightPose+int(numFeatures):]
	s.place(dst, frontal)
	s.align(m, r)
	pixel.Flatten(dst[2*len(s.points):], s.grey[:], PatchWidth, patchBlack)
}

// place writes where the landmarks lie, x and y of each.
func (s *sight) place(dst []float32, frontal *[NumPoints]vec3) {
	for i, p := range s.points {
		q := &frontal[p]
		x := q[0]
		switch {
		case s.side == BothSides:
		case s.across[i] == i:
			x = 0
		case s.hidden[i]:
			q = &frontal[s.points[s.across[i]]]
			x = -q[0]
		}
		dst[2*i], dst[2*i+1] = float32(x), float32(q[1])
	}
}

// number lets the network make its numbers of a face whose other features are set; net may be nil.
func (f *Features) number(net Net, s *sight, m *mesher, r Region, frontal *[NumPoints]vec3, yaw, pitch float64) error {
	if net == nil {
		return nil
	}
	s.fill(net.Input(), m, r, frontal, f, yaw, pitch)
	if err := net.Run(); err != nil {
		return fmt.Errorf("run the network of the action units: %w", err)
	}
	copy(f[numFeatures:], net.Output(0))
	return nil
}

// align samples the aligned face from the mesh's crop.
func (s *sight) align(m *mesher, r Region) {
	var ax, ay [3]float64
	for k, i := range alignPoints {
		x, y := m.inCrop(i, r)
		for a := range 3 {
			ax[a] += s.solve[k][a] * x
			ay[a] += s.solve[k][a] * y
		}
	}
	const left, top = (0.5 - PatchWidth/2) / patchScale, patchTop + 0.5/patchScale
	pixel.Align(s.grey[:], PatchWidth, m.grey[:], meshSize, &pixel.Affine{
		float32(ax[0]*left + ax[1]*top + ax[2]), float32(ax[0] / patchScale), float32(ax[1] / patchScale),
		float32(ay[0]*left + ay[1]*top + ay[2]), float32(ay[0] / patchScale), float32(ay[1] / patchScale),
	})
	if s.side != BothSides {
		for row := range slices.Chunk(s.grey[:], PatchWidth) {
			for x, last := 0, PatchWidth-1; x < PatchWidth/2; x++ { // the person's right half is the picture's left
				if s.side == RightSide {
					row[last-x] = row[x]
				} else {
					row[x] = row[last-x]
				}
			}
		}
	}
}

// A Sight is what the network of the action units is shown of one face, before the skin is flattened: for training it.
type Sight struct {
	Points [2 * SightPoints]float32
	Patch  [PatchHeight * PatchWidth]uint8 // grey, 255 is white
}

// Sight takes what the network is shown of the face measured last.
func (a *Analyzer) Sight(into *Sight) {
	s := a.sight
	s.place(into.Points[:], &a.frontal)
	s.align(a.mesh, a.cut)
	for i, v := range s.grey {
		into.Patch[i] = uint8(math.Round(float64(min(max(v, 0), 1)) * 255))
	}
}
