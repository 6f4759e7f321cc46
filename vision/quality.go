package vision

import (
	"math"
	"sync"

	"wince/pain"
)

// The limits of the quality gate. They are choices of this project; docs/accuracy.md says on what they were set.
const (
	minEyeDistance = 48.0 // pixels between the outer eye corners
	maxYaw         = 35.0 // degrees
	maxPitch       = 30.0
	maxRoll        = 45.0
	darkest        = 0.12 // bright tenth of the face (90th percentile of luminance), 0-1
	brightest      = 0.97 // luminance from which a pixel is blown
	blownShare     = 0.20
	flattest       = 0.018 // see Light.Sharp
	outsideShare   = 0.04  // of the landmarks
	presenceFloor  = 0.80  // the mesh's certainty under which something covers the face
	misfitLimit    = 0.06  // Measurement.Misfit above which the landmarks are not those of a face; faces have up to 0.05
	coveredEye     = 0.35  // of the region, as Cover says it, from which it counts as covered
	coveredNose    = 0.35
	coveredMouth   = 0.5
	rivalShare     = 0.45 // of the face's width, from which a second face is a rival
)

// Light is how a face is lit and how sharp it is, over the inner oval of its crop.
type Light struct {
	Bright float64 // 90th percentile of the luminance, 0-1
	Blown  float64 // share of pixels without any drawing left in the light, 0-1
	// Sharp is the root mean square of the Laplacian of the luminance, divided by Bright: a face whose eyes and lips have no
	// edges is blurred, whatever its colour and light.
	Sharp float64
}

// lightStep is the distance of the pixels that are looked at: a ninth of them tells as much.
const lightStep = 3

// oval are the places of the pixels that are looked at, inside the oval of the face.
var oval = sync.OnceValue(func() (places []int) {
	const n = meshSize
	for y := lightStep; y < n-1; y += lightStep {
		for x := lightStep; x < n-1; x += lightStep {
			// The face fills about two thirds of the crop, a little more in height.
			u, v := (float32(x)-n/2)/(n/2*0.62), (float32(y)-n/2)/(n/2*0.66)
			if u*u+v*v <= 1 {
				places = append(places, y*n+x)
			}
		}
	}
	return places
})

// measureLight reads the crop's luminance inside the oval of the face.
func measureLight(grey *[meshSize * meshSize]float32) Light {
	const n = meshSize
	var hist [64]int
	places := oval()
	total, blown := len(places), 0
	squares := float32(0)
	for _, o := range places {
		l := grey[o]
		if l >= brightest {
			blown++
		}
		hist[min(int(l*64), 63)]++
		edge := grey[o-1] + grey[o+1] + grey[o-n] + grey[o+n] - 4*l
		squares += edge * edge
	}
	l := Light{Blown: float64(blown) / float64(total)}
	left := total / 10
	for b := 63; b >= 0; b-- {
		if left -= hist[b]; left < 0 {
			l.Bright = (float64(b) + 0.5) / 64
			break
		}
	}
	l.Sharp = math.Sqrt(float64(squares)/float64(total)) / (l.Bright + 0.02)
	return l
}

// gate lists why a face cannot be judged; none means that it can. Each condition is put so that not-a-number, which a net may
// answer, fails it.
func gate(f *Face, eyeDistance, outside, misfit float64, l Light, c *Cover, rival bool) (r pain.Reasons) {
	if rival {
		r |= pain.ReasonSeveralFaces
	}
	if !(eyeDistance >= minEyeDistance) {
		r |= pain.ReasonTooSmall
	}
	if !(math.Abs(float64(f.Yaw)) <= maxYaw && math.Abs(float64(f.Pitch)) <= maxPitch && math.Abs(float64(f.Roll)) <= maxRoll) {
		r |= pain.ReasonTurnedAway
	}
	if outside > outsideShare {
		r |= pain.ReasonOutOfFrame
	}
	switch {
	case l.Bright < darkest:
		r |= pain.ReasonTooDark
	case l.Blown > blownShare:
		r |= pain.ReasonTooBright
	case l.Sharp < flattest:
		r |= pain.ReasonBlurred
	}
	if r != 0 { // what hides a face cannot be told in the dark
		return r
	}
	if !(f.Presence >= presenceFloor && misfit <= misfitLimit && c[coverNose] < coveredNose) {
		r |= pain.ReasonObscured
	}
	if !(max(c[coverRightEye], c[coverLeftEye], c[coverBrows]) < coveredEye) {
		r |= pain.ReasonEyesCovered
	}
	if !(c[coverMouth] < coveredMouth) {
		r |= pain.ReasonMouthCovered
	}
	return r
}
