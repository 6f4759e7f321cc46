// Package evaluate compares what Wince measures with what people, or the program that drew the picture, say is there: it
// reads labelled sets in their published layouts and sums up how far the two agree. It runs no network itself; `wince
// evaluate` puts the two together.
package evaluate

import (
	"math"

	"wince/pain"
)

// Truth is what a set says about one picture. The zero value says nothing.
type Truth struct {
	Known bool             // false: not coded, or what is coded there is of no use
	AU    pain.Intensities // NaN where a unit is not coded
	PSPI  float64          // NaN where it is neither given nor can be summed up
	Label string           // of the segment or picture, such as "smile"; "" where there is none
}

// An Item is one clip, or pictures that belong together, of one person.
type Item struct {
	Name   string            // for messages
	Person string            // confidence intervals are by person
	Groups map[string]string // such as "sex": "female"
	Files  []string          // one clip, or pictures in order
	Stills bool              // the pictures stand alone
	FPS    float64           // of pictures that are a film
	// Neutral is a picture of the same person at ease, "" where the set has none.
	Neutral string
	// Truth reads what is said of the pictures, in order; those beyond its end are not coded.
	Truth func() ([]Truth, error)
}

// A Set is a labelled set.
type Set struct {
	Kind  string // see Layouts
	Root  string
	Items []Item
	// Occurrence says that units are coded as there (1) or not (0), without an intensity.
	Occurrence bool
	// Drawn says that the pictures are rendered: figures on them say that the way works, not how well people are measured.
	Drawn bool
}

// A Sample is one picture with what is said of it and what was measured.
type Sample struct {
	Person string
	Groups map[string]string
	Truth  Truth
	Frame  pain.Frame
}

// truthOf is a truth of intensities, with PSPI where all its parts are coded.
func truthOf(au pain.Intensities) Truth {
	return Truth{Known: true, AU: au, PSPI: pspi(&au)}
}

// pspi is Prkachin and Solomon's sum, NaN where a part is not coded; of AU6 and 7, and of AU9 and 10, one is enough.
func pspi(v *pain.Intensities) float64 {
	either := func(a, b pain.AU) float64 {
		x, y := float64(v[a]), float64(v[b])
		switch {
		case math.IsNaN(x):
			return y
		case math.IsNaN(y):
			return x
		}
		return max(x, y)
	}
	return float64(v[pain.AU4]) + either(pain.AU6, pain.AU7) + either(pain.AU9, pain.AU10) + float64(v[pain.AU43])
}
