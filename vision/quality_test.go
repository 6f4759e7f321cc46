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
		want         pain.Reasons
	}{
		"a good face":  {good, 100, 0, 0},
		"eye distance": {good, math.NaN(), 0, pain.ReasonTooSmall},
		"yaw":          {Face{Found: true, Presence: 1, Yaw: nan}, 100, 0, pain.ReasonTurnedAway},
		"pitch":        {Face{Found: true, Presence: 1, Pitch: nan}, 100, 0, pain.ReasonTurnedAway},
		"roll":         {Face{Found: true, Presence: 1, Roll: nan}, 100, 0, pain.ReasonTurnedAway},
		"presence":     {Face{Found: true, Presence: nan}, 100, 0, pain.ReasonObscured},
		"misfit":       {good, 100, math.NaN(), pain.ReasonObscured},
	} {
		if got := gate(&c.face, c.eyes, 0, c.misfit, light, false); got != c.want {
			t.Errorf("%s: %v, want %v", name, got.Codes(), c.want.Codes())
		}
	}
}
