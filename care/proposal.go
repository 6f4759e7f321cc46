package care

import (
	"fmt"
	"math"
	"strings"

	"wince/pain"
)

// faceShown is the share of the assessed time for which an action unit must be seen to count as shown: one second of ten.
// It is a convention of ours, not a figure from the scale's authors.
const faceShown = 0.1

// plain says what an action unit looks like, for a sentence.
var plain = map[string]string{
	"AU1": "inner brows raised", "AU4": "brows lowered", "AU6": "cheeks raised", "AU7": "eyelids tightened",
	"AU9": "nose wrinkled", "AU10": "upper lip raised", "AU15": "mouth corners pulled down",
}

// ProposeFace proposes the facial item of PAINAD (Warden, Hurley & Volicer 2003; 0-2) from an observation; nothing where
// the face could not be assessed. 2 needs lowered brows together with tight eyes or a raised lip or wrinkled nose, 1 any of
// the units of a troubled face alone. Cheeks count only for the time that no smile explains them. It rests on action units
// that are a first estimate, so it is always provisional.
func ProposeFace(o *pain.Observation) []Proposal {
	if o.State != "assessed" {
		return []Proposal{}
	}
	share := func(unit string) float64 {
		s := o.AU[unit].Share
		if unit == "AU6" {
			s -= o.Confounder["smile"]
		}
		return s
	}
	shown := func(units ...string) (seen []string) {
		for _, u := range units {
			if share(u) >= faceShown {
				seen = append(seen, u)
			}
		}
		return seen
	}
	p := Proposal{Scale: "PAINAD", Item: "facial expression", Label: "Relaxed, without expression, or smiling", ActionUnits: []string{}, Provisional: true}
	brow, tension := shown("AU4"), shown("AU6", "AU7", "AU9", "AU10")
	switch troubled := shown("AU1", "AU4", "AU15"); {
	case len(brow) > 0 && len(tension) > 0:
		p.Value, p.Label, p.ActionUnits = 2, "Grimacing", append(brow, tension...)
	case len(troubled) > 0:
		p.Value, p.Label, p.ActionUnits = 1, "Frowning, or looking sad or frightened", troubled
	}
	if len(p.ActionUnits) == 0 {
		p.Evidence = "None of the face's signs of pain was seen for a tenth of the assessed time or longer."
		return []Proposal{p}
	}
	parts := make([]string, len(p.ActionUnits))
	for i, u := range p.ActionUnits {
		parts[i] = fmt.Sprintf("%s %d %%", plain[u], int(math.Round(100*share(u))))
	}
	p.Evidence = "Seen, as a share of the assessed time: " + strings.Join(parts, ", ") + "."
	return []Proposal{p}
}
