package vision

import (
	"math"

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
	flattest       = 0.018 // see sharpness
	outsideShare   = 0.04  // of the landmarks
	presenceFloor  = 0.80  // the mesh's certainty under which something covers the face
	rivalShare     = 0.45  // of the face's width, from which a second face is a rival
)

// Light is how a face is lit and how sharp it is, over the inner oval of its crop.
type Light struct {
	Bright float64 // 90th percentile of the luminance, 0-1
	Blown  float64 // share of pixels without any drawing left in the light, 0-1
	Sharp  float64 // strength of edges relative to Bright; see sharpness
}

// measureLight reads the crop inside the oval of the face, every second pixel.
func measureLight(planes []float32) Light {
	const n = meshSize
	var hist [64]int
	var grid [n / 2][n / 2]float32
	total, blown := 0, 0
	lum := func(o int) float32 { return 0.299*planes[o] + 0.587*planes[n*n+o] + 0.114*planes[2*n*n+o] }
	for j := range n / 2 {
		for i := range n / 2 {
			v := lum(2*j*n + 2*i)
			grid[j][i] = v
			if !inOval(i, j) {
				continue
			}
			total++
			if v >= brightest {
				blown++
			}
			hist[min(int(v*64), 63)]++
		}
	}
	l := Light{Blown: float64(blown) / float64(total)}
	left := total / 10
	for b := 63; b >= 0; b-- {
		if left -= hist[b]; left < 0 {
			l.Bright = (float64(b) + 0.5) / 64
			break
		}
	}
	l.Sharp = sharpness(planes, l.Bright)
	return l
}

// inOval says whether a place of the half-size crop lies in the middle of it, where the face is.
func inOval(i, j int) bool {
	x, y := (float64(i)-meshSize/4)/(meshSize/4*0.62), (float64(j)-meshSize/4)/(meshSize/4*0.66)
	return x*x+y*y <= 1
}

// sharpness is the root mean square of the Laplacian of the luminance over the oval, divided by the bright tenth: a face
// whose eyes and lips have no edges is blurred, whatever its colour and light.
func sharpness(planes []float32, p90 float64) float64 {
	const n = meshSize
	lum := func(o int) float64 {
		return 0.299*float64(planes[o]) + 0.587*float64(planes[n*n+o]) + 0.114*float64(planes[2*n*n+o])
	}
	sum, k := 0.0, 0
	for j := 1; j < n/2-1; j++ {
		for i := 1; i < n/2-1; i++ {
			if !inOval(i, j) {
				continue
			}
			o := 2*j*n + 2*i
			v := lum(o-1) + lum(o+1) + lum(o-n) + lum(o+n) - 4*lum(o)
			sum += v * v
			k++
		}
	}
	return math.Sqrt(sum/float64(k)) / (p90 + 0.02)
}

// gate lists why a face cannot be judged; none means that it can.
func gate(f *Face, eyeDistance, outside float64, l Light, rival bool) (r pain.Reasons) {
	if rival {
		r |= pain.ReasonSeveralFaces
	}
	if eyeDistance < minEyeDistance {
		r |= pain.ReasonTooSmall
	}
	if math.Abs(float64(f.Yaw)) > maxYaw || math.Abs(float64(f.Pitch)) > maxPitch || math.Abs(float64(f.Roll)) > maxRoll {
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
	if f.Presence < presenceFloor && r == 0 {
		r |= pain.ReasonObscured
	}
	return r
}
