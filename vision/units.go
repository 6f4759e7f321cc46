package vision

import "wince/pain"

// MethodUnits names the version of the action-unit estimate; it is kept with every observation.
const MethodUnits = "wince-units/8"

// Estimate returns the action units of a face from its features and those of a neutral face: AU1, 2, 4, 5, 6, 7, 9, 10, 12,
// 15, 17, 20, 25 and 26 at 0-5, AU43 at 0-1; AU5 only against the person's own face. Levels come from a network trained on rendered faces. Those of
// AU6, 7, 9 and 10, which pain is read from and which renders show less truly, are mixed with levels from features chosen by
// hand from what FACS says each unit moves, and some of what one unit shows of another is taken out (docs/decisions/0117 has why, 0124 the
// shares). With the attention mesh, for which no network was trained, the latter stand alone, without AU15 and AU17. None of it is
// validated on real pain.
//
// Against somebody else's neutral, the average face, a difference may be how the person looks at ease. What lies within
// half of the usual spread between people is therefore not counted (n.doubt); without that, a face at ease with deep lines
// scores, and with more of it pain is lost.
func Estimate(f *Features, n *Neutral) pain.Intensities {
	v, _ := estimate(f, n)
	return v
}

// estimate also returns the standard deviation of each unit, not-a-number where it is not known.
func estimate(f *Features, n *Neutral) (v, sd pain.Intensities) {
	v, sd = unbounded(f, n)
	for i := range v {
		if a := pain.AU(i); v.Measured(a) {
			v[a] = min(max(v[a]-n.doubt[a], 0), float32(a.Max()))
		}
	}
	return v, sd
}

// unbounded returns the levels of each unit before they are held to their range; they may be negative.
func unbounded(f *Features, n *Neutral) (v, sd pain.Intensities) {
	v, sd = differences(f, &n.Features), pain.Unmeasured()
	if n.heads != nil {
		sd = n.heads.compare(&v, f, n)
	}
	return v, sd
}

// differences returns the hand-set levels.
func differences(f, neutral *Features) pain.Intensities {
	d := func(i int) float32 { return f[i] - neutral[i] }
	both := func(right int) float32 { return (d(right) + d(right+1)) / 2 }

	// Each unit's last number is its dead zone: so much is taken for nothing.

	// How far the lids have closed: 0 as at ease, 1 would be shut by geometry. The mesh never shows a shut eye as such.
	open := (f[fEyeOpenR] + f[fEyeOpenL]) / max(neutral[fEyeOpenR]+neutral[fEyeOpenL], 0.1)
	narrow := 1 - open
	lid := both(fLowerLidR)
	smile := 50*both(fLipCornerR) + 18*d(fMouthWidth) - 0.4
	laugh := max(smile, 0)

	v := pain.Unmeasured()
	v[pain.AU1] = 60*both(fBrowInnerR) - 0.4
	v[pain.AU2] = 60*both(fBrowOuterR) - 0.4
	v[pain.AU4] = 3.6*d(fFurrow) - 10*d(fBrowGap) - 0.9
	v[pain.AU6] = -70*both(fCheekR) + 30*lid - 0.3
	v[pain.AU7] = 5*narrow + 40*lid - 0.5
	v[pain.AU9] = -70*both(fNoseWingR) + 0.8*d(fNoseRoot) - 0.35*laugh - 0.4
	v[pain.AU10] = -80*both(fLipRaiseR) - 0.4
	v[pain.AU12] = smile
	v[pain.AU20] = 20*d(fMouthWidth) - 0.7*laugh - 0.4
	v[pain.AU25] = 30*d(fLipsOpen) - 0.3
	v[pain.AU26] = 20*d(fJaw) - 0.4
	v[pain.AU43] = (narrow - 0.22) / 0.12
	return v
}
