package vision

import "fmt"

// MeshKind says which net places the landmarks.
type MeshKind string

// The meshes. The zero value means the plain one.
const (
	PlainMesh     MeshKind = "plain"     // 468 landmarks, one look (Kartynnik et al., arXiv 1907.06724)
	AttentionMesh MeshKind = "attention" // the same, then a closer look at lips and eyes (Grishchenko et al., arXiv 2006.10962)
)

// Valid says whether there is such a mesh.
func (k MeshKind) Valid() bool { return k == "" || k == PlainMesh || k == AttentionMesh }

// NumRefined is the number of landmarks of the attention mesh: those of the plain one, then five of each iris (middle, right,
// top, left, bottom), the person's right eye first.
const NumRefined = NumPoints + 10

// A refinement is an output of the attention mesh: x and y of landmarks that it places better than output 0 does. The tables
// are those of MediaPipe (mediapipe/modules/face_landmark/tensors_to_face_landmarks_with_attention.pbtxt). What is called
// left there is so for the onlooker.
type refinement struct {
	to []int
	// rim says that z is the mean of the landmarks around the eye; else z stays what output 0 says.
	rim []int
}

var (
	// Lips: lower then upper edge of four lines, from the outside in: outer, inner, next to outer, next to inner.
	lipPoints = []int{
		61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
		78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
		76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
		62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
	}
	// The eye at the onlooker's left: the rim of the lids (16), two lines around it, the brow's lower edge, the line under the
	// eye, the brow's upper edge. The other eye has the landmarks opposite in the same order.
	rightEyePoints = []int{
		33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
		130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
		226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
		35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
	}
	leftEyePoints = []int{
		263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
		359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
		446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
		265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
	}
	refinements = []refinement{
		{to: lipPoints}, {to: rightEyePoints}, {to: leftEyePoints},
		{to: []int{468, 469, 470, 471, 472}, rim: rightEyePoints[:16]},
		{to: []int{473, 474, 475, 476, 477}, rim: leftEyePoints[:16]},
	}
)

// Refine puts the landmarks of the attention mesh together after a run, in the net's pixels, as MediaPipe's
// LandmarksRefinementCalculator does: outputs in order, each over what was there.
func Refine(p *[NumRefined][3]float32, net Net) error {
	base := net.Output(0)
	if len(base) != 3*NumPoints {
		return fmt.Errorf("the attention mesh gave %d values, not %d", len(base), 3*NumPoints)
	}
	for i := range NumPoints {
		p[i] = [3]float32(base[3*i:])
	}
	for k, r := range refinements {
		out := net.Output(1 + k)
		if len(out) != 2*len(r.to) {
			return fmt.Errorf("output %d of the attention mesh gave %d values, not %d", 1+k, len(out), 2*len(r.to))
		}
		for i, to := range r.to {
			p[to][0], p[to][1] = out[2*i], out[2*i+1]
		}
		if r.rim == nil {
			continue
		}
		z := 0.0
		for _, i := range r.rim {
			z += float64(p[i][2])
		}
		for _, to := range r.to {
			p[to][2] = float32(z / float64(len(r.rim)))
		}
	}
	return nil
}
