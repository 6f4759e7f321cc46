package vision

import (
	"math"
	"testing"

	"wince/pain"
)

// A net that answers not-a-number says nothing about a face, and nothing must not become a score of zero.
func TestGateRefusesNotANumber(t *testing.T) {
	nan := float32(math.NaN())
	light := Light{Bright: 0.6, Sharp: 0.1}
	good := Face{Found: true, Presence: 1}
	for name, c := range map[string]struct {
		face         Face
		eyes, misfit float64
		cover        Cover
		want         pain.Reasons
	}{
		"a good face":  {good, 100, 0, Cover{}, 0},
		"eye distance": {good, math.NaN(), 0, Cover{}, pain.ReasonTooSmall},
		"yaw":          {Face{Found: true, Presence: 1, Yaw: nan}, 100, 0, Cover{}, pain.ReasonTurnedAway},
		"pitch":        {Face{Found: true, Presence: 1, Pitch: nan}, 100, 0, Cover{}, pain.ReasonTurnedAway},
		"roll":         {Face{Found: true, Presence: 1, Roll: nan}, 100, 0, Cover{}, pain.ReasonTurnedAway},
		"presence":     {Face{Found: true, Presence: nan}, 100, 0, Cover{}, pain.ReasonObscured},
		"misfit":       {good, 100, math.NaN(), Cover{}, pain.ReasonObscured},
		"an eye":       {good, 100, 0, Cover{coverLeftEye: nan}, pain.ReasonEyesCovered},
		"nose":         {good, 100, 0, Cover{coverNose: nan}, pain.ReasonObscured},
		"mouth":        {good, 100, 0, Cover{coverMouth: nan}, pain.ReasonMouthCovered},
		"a mask":       {good, 100, 0, Cover{coverNose: 0.9, coverMouth: 1}, pain.ReasonObscured | pain.ReasonMouthCovered},
		"a fringe":     {good, 100, 0, Cover{coverBrows: 0.2, coverRightEye: 0.1}, 0},
	} {
		if got := gate(&c.face, c.eyes, 0, c.misfit, light, &c.cover, false); got != c.want {
			t.Errorf("%s: %v, want %v", name, got.Codes(), c.want.Codes())
		}
	}
}
