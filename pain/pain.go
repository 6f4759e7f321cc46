// Package pain holds what a face says about pain, as pure values and functions: action units and their intensities, the
// Prkachin and Solomon Pain Intensity (PSPI), the rules for faces that look like pain but are not, and the summary of many
// frames into one observation. It does no input or output and reads no clock.
package pain

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// AU is an action unit of the Facial Action Coding System (Ekman, Friesen & Hager 2002), as an index into [Intensities].
type AU uint8

// The action units that Wince knows. Which of them a model measures is the model's to say: the others are NaN.
const (
	AU1  AU = iota // inner brow raiser
	AU2            // outer brow raiser
	AU4            // brow lowerer
	AU5            // upper lid raiser
	AU6            // cheek raiser
	AU7            // lid tightener
	AU9            // nose wrinkler
	AU10           // upper lip raiser
	AU12           // lip corner puller
	AU15           // lip corner depressor
	AU17           // chin raiser
	AU20           // lip stretcher
	AU25           // lips part
	AU26           // jaw drop
	AU43           // eyes closed; 0-1, all others 0-5
	NumAU
)

var facs = [NumAU]struct {
	digits string
	name   string
}{
	{"1", "inner brow raiser"}, {"2", "outer brow raiser"}, {"4", "brow lowerer"}, {"5", "upper lid raiser"}, {"6", "cheek raiser"},
	{"7", "lid tightener"}, {"9", "nose wrinkler"}, {"10", "upper lip raiser"}, {"12", "lip corner puller"},
	{"15", "lip corner depressor"}, {"17", "chin raiser"}, {"20", "lip stretcher"}, {"25", "lips part"}, {"26", "jaw drop"},
	{"43", "eyes closed"},
}

// String returns the unit's usual short name, such as "AU4".
func (a AU) String() string {
	if a >= NumAU {
		return "AU?"
	}
	return "AU" + facs[a].digits
}

// Name returns the unit's FACS name in lower case, such as "brow lowerer".
func (a AU) Name() string {
	if a >= NumAU {
		return "unknown"
	}
	return facs[a].name
}

// Max returns the unit's highest intensity: 1 for AU43, 5 (FACS level E) for all others.
func (a AU) Max() float64 {
	if a == AU43 {
		return 1
	}
	return 5
}

// ParseAU reads a short name such as "AU4".
func ParseAU(s string) (AU, error) {
	for a := AU(0); a < NumAU; a++ {
		if a.String() == s {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown action unit %q", s)
}

// Intensities holds one intensity for each action unit: 0-5 on the FACS scale (0 absent, 1 trace ... 5 maximum), AU43 0-1.
// NaN says that the unit was not measured, which is not the same as absent.
type Intensities [NumAU]float32

// Unmeasured returns intensities of which none is measured.
func Unmeasured() Intensities {
	var v Intensities
	for i := range v {
		v[i] = float32(math.NaN())
	}
	return v
}

// Measured says whether unit a was measured.
func (v *Intensities) Measured(a AU) bool { return v[a] == v[a] }

// at returns the intensity of a, 0 where it was not measured.
func (v *Intensities) at(a AU) float64 {
	if v[a] != v[a] {
		return 0
	}
	return float64(v[a])
}

// AppendJSON appends an object of the measured units in FACS order, two decimals, such as {"AU4":2.13,"AU43":0}.
func (v *Intensities) AppendJSON(b []byte) []byte {
	sep := byte('{')
	for a := AU(0); a < NumAU; a++ {
		if !v.Measured(a) {
			continue
		}
		b = append(append(append(b, sep), '"', 'A', 'U'), facs[a].digits...)
		b = strconv.AppendFloat(append(b, '"', ':'), round2(float64(v[a])), 'f', -1, 64)
		sep = ','
	}
	if sep == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

// MarshalJSON writes what AppendJSON appends.
func (v Intensities) MarshalJSON() ([]byte, error) { return v.AppendJSON(make([]byte, 0, 192)), nil }

// UnmarshalJSON reads what MarshalJSON writes; units that are absent from the object become NaN.
func (v *Intensities) UnmarshalJSON(b []byte) error {
	var m map[string]float64
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*v = Unmeasured()
	for k, x := range m {
		a, err := ParseAU(k)
		if err != nil {
			return err
		}
		if math.IsNaN(x) || x < 0 || x > a.Max() {
			return fmt.Errorf("%s is %g; it must lie between 0 and %g", k, x, a.Max())
		}
		v[a] = float32(x)
	}
	return nil
}

// PSPI returns the Prkachin and Solomon Pain Intensity of one frame, 0-16 (Prkachin & Solomon, Pain 139, 2008):
//
//	AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43
//
// A unit that was not measured counts as 0.
func (v *Intensities) PSPI() float64 {
	return v.at(AU4) + max(v.at(AU6), v.at(AU7)) + max(v.at(AU9), v.at(AU10)) + v.at(AU43)
}

func round2(x float64) float64 { return math.Round(x*100) / 100 }
