package vision

import (
	"fmt"
	"math"

	"wince/vision/pixel"
)

// Features are distances and heights in the face after it was turned to the front and scaled to a common size, where 1 is
// the distance between the outer eye corners, and two measures of skin texture. Each says something about an action unit;
// none says anything without a neutral to compare with. Pairs are the person's right, then left. After them come the numbers
// that the network of the action units made of the face, 0 where there is none.
type Features [numFeatures + numNumbers]float32

const (
	fEyeOpenR      = iota // aperture of the lids over the width of the eye
	fEyeOpenL             //
	fLowerLidR            // height of the lower lid's middle over the line between the eye corners
	fLowerLidL            //
	fBrowInnerR           // height of the inner brow over the inner eye corner
	fBrowInnerL           //
	fBrowOuterR           // height of the outer brow over the outer eye corner
	fBrowOuterL           //
	fBrowGap              // distance between the inner ends of the brows
	fCheekR               // distance from the lower lid to the apple of the cheek
	fCheekL               //
	fNoseWingR            // distance from the wing of the nose to the inner eye corner
	fNoseWingL            //
	fLipRaiseR            // height of the upper lip's edge beside the middle, from the wing of the nose
	fLipRaiseL            //
	fUpperLip             // distance from the base of the nose to the upper lip's edge
	fMouthWidth           // distance between the lip corners
	fLipCornerR           // height of the lip corner over the mouth's opening, a quarter down: the jaw moves that little
	fLipCornerL           //
	fLipCornerEyeR        // distance from the lip corner to the outer eye corner
	fLipCornerEyeL        //
	fLipsOpen             // distance between the inner edges of the lips
	fJaw                  // distance from the base of the nose to the chin
	fLowerLip             // height of the lower lip from the chin
	fFurrow               // upright folds between the brows: how rough the skin is across
	fNoseRoot             // level folds on the root of the nose: how rough the skin is along
	numFeatures
)

// featureNames are the features' names in files, in order.
var featureNames = named([numFeatures]string{
	"eye_open_r", "eye_open_l", "lower_lid_r", "lower_lid_l", "brow_inner_r", "brow_inner_l", "brow_outer_r",
	"brow_outer_l", "brow_gap", "cheek_r", "cheek_l", "nose_wing_r", "nose_wing_l", "lip_raise_r", "lip_raise_l",
	"upper_lip", "mouth_width", "lip_corner_r", "lip_corner_l", "lip_corner_eye_r", "lip_corner_eye_l", "lips_open",
	"jaw", "lower_lip", "furrow", "nose_root",
})

func named(features [numFeatures]string) (all [numFeatures + numNumbers]string) {
	copy(all[:], features[:])
	for i := range numNumbers {
		all[numFeatures+i] = fmt.Sprintf("n%02d", i)
	}
	return all
}

// rigid are landmarks that expressions move little: brow-free forehead, temples, bridge of the nose and eye corners.
var rigid = []int{
	10, 109, 338, 67, 297, 103, 332, 54, 284, 21, 251, 162, 389, 127, 356, 234, 454, 93, 323, // outline, above the mouth
	168, 6, 197, 195, // bridge of the nose
	33, 133, 362, 263, // eye corners
}

// shape measures the distances in the frontal, scaled face p: x right in the picture, y down, z away from the camera.
func (f *Features) shape(p *[NumPoints]vec3) {
	d := func(a, b int) float64 {
		x, y, z := p[a][0]-p[b][0], p[a][1]-p[b][1], p[a][2]-p[b][2]
		return math.Sqrt(x*x + y*y + z*z)
	}
	above := func(a, b int) float64 { return p[b][1] - p[a][1] } // how far a lies over b
	set := func(i int, v float64) { f[i] = float32(v) }

	set(fEyeOpenR, (d(160, 144)+d(159, 145)+d(158, 153))/(3*d(33, 133)))
	set(fEyeOpenL, (d(387, 373)+d(386, 374)+d(385, 380))/(3*d(263, 362)))
	lid := func(outer, inner, a, b, c int) float64 {
		corners := (p[outer][1] + p[inner][1]) / 2
		return (corners - (p[a][1]+p[b][1]+p[c][1])/3) / d(outer, inner)
	}
	set(fLowerLidR, lid(33, 133, 144, 145, 153))
	set(fLowerLidL, lid(263, 362, 373, 374, 380))
	set(fBrowInnerR, (above(107, 133)+above(55, 133))/2)
	set(fBrowInnerL, (above(336, 362)+above(285, 362))/2)
	set(fBrowOuterR, (above(70, 33)+above(46, 33)+above(63, 33))/3)
	set(fBrowOuterL, (above(300, 263)+above(276, 263)+above(293, 263))/3)
	set(fBrowGap, (d(55, 285)+d(107, 336))/2)
	set(fCheekR, (d(145, 50)+d(145, 205))/2)
	set(fCheekL, (d(374, 280)+d(374, 425))/2)
	set(fNoseWingR, (d(129, 133)+d(49, 133))/2)
	set(fNoseWingL, (d(358, 362)+d(279, 362))/2)
	set(fLipRaiseR, (d(37, 98)+d(39, 98))/2)
	set(fLipRaiseL, (d(267, 327)+d(269, 327))/2)
	set(fUpperLip, d(2, 0))
	set(fMouthWidth, d(61, 291))
	line := 0.75*p[13][1] + 0.25*p[14][1]
	set(fLipCornerR, line-p[61][1])
	set(fLipCornerL, line-p[291][1])
	set(fLipCornerEyeR, d(61, 33))
	set(fLipCornerEyeL, d(291, 263))
	set(fLipsOpen, (d(13, 14)+d(82, 87)+d(312, 317))/3)
	set(fJaw, d(2, 152))
	set(fLowerLip, d(17, 152))
}

// pairs are the features that there are for the right half of the face and, after it, for the left.
var pairs = [...]int{fEyeOpenR, fLowerLidR, fBrowInnerR, fBrowOuterR, fCheekR, fNoseWingR, fLipRaiseR, fLipCornerR, fLipCornerEyeR}

// halve takes one half's features for the other's, too.
func (f *Features) halve(side Side) {
	for _, right := range pairs {
		switch side {
		case RightSide:
			f[right+1] = f[right]
		case LeftSide:
			f[right] = f[right+1]
		}
	}
}

// patch is a square piece of skin in the net's crop: centre and half side in pixels of the crop.
type patch struct{ x, y, half float64 }

const patchSide = 24 // samples a side

// texture measures folds in the skin from the crop that the mesh was found in. Folds are read from grey values that are
// divided by their local mean, so that neither light nor skin colour sets the scale; blur and noise still do.
func (f *Features) texture(m *mesher, r Region) {
	at := func(i int) (x, y float64) { return m.inCrop(i, r) }
	ax, ay := at(rightEyeOuter)
	bx, by := at(leftEyeOuter)
	unit := math.Hypot(bx-ax, by-ay) // distance of the outer eye corners, in pixels of the crop
	gx, gy := at(9)                  // between the brows
	nx, ny := at(168)                // root of the nose, between the eyes
	f[fFurrow], _ = folds(&m.grey, patch{gx, gy, 0.13 * unit})
	_, f[fNoseRoot] = folds(&m.grey, patch{nx, ny, 0.13 * unit})
}

// folds samples the patch from the crop's luminance at patchSide squared places and returns how much
// the grey value changes across (upright folds) and along (level folds): the logarithm of the mean absolute second
// difference over the mean.
func folds(crop *[meshSize * meshSize]float32, p patch) (across, along float32) {
	var g [patchSide * patchSide]float32
	step, first := float32(2*p.half/patchSide), p.half/patchSide-p.half
	pixel.Align(g[:], patchSide, crop[:], meshSize, &pixel.Affine{float32(p.x + first), step, 0, float32(p.y + first), 0, step})
	var sum float32
	for _, v := range g {
		sum += v
	}
	mean := sum/(patchSide*patchSide) + 0.02 // black pictures have no folds
	const d = 3                              // an eighth of the patch: about the width of a furrow
	var hx, hy float32
	n := 0
	for j := d; j < patchSide-d; j++ {
		for i := d; i < patchSide-d; i++ {
			o := j*patchSide + i
			c := 2 * g[o]
			hx += abs32(g[o-d] + g[o+d] - c)
			hy += abs32(g[o-d*patchSide] + g[o+d*patchSide] - c)
			n++
		}
	}
	// Logarithms: folds differ between people by factors, not by steps.
	log := func(sum float32) float32 { return float32(math.Log(float64(sum/float32(n)/mean) + 0.005)) }
	return log(hx), log(hy)
}

func abs32(x float32) float32 { return float32(math.Abs(float64(x))) }

// FeatureNames returns the names of the features in order.
func FeatureNames() []string { return featureNames[:] }
