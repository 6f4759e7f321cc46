package pain

import (
	"bytes"
	_ "embed" // the rules
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Proposal is an option that the camera proposes for one item of an observational pain scale. It is the carer who decides.
type Proposal struct {
	ScaleID     string   `json:"scale_id"`
	Version     string   `json:"scale_version"`
	ItemID      string   `json:"item_id"`
	Scale       string   `json:"scale"` // name of the scale, such as "PAINAD"
	Item        string   `json:"item"`  // label of the item
	Value       int      `json:"value"`
	Label       string   `json:"label"`        // of the option
	Evidence    string   `json:"evidence"`     // a sentence: what was seen
	ActionUnits []string `json:"action_units"` // those that the proposal rests on
	Confounders []string `json:"confounders"`  // sentences: what else may explain it, or hide it
	Confidence  string   `json:"confidence"`   // the observation's, lower where a condition of the resident changes the face
	Rules       string   `json:"rules"`        // versions of the rules: of the scale's and of the evidence
	Provisional bool     `json:"provisional"`  // resting on a first estimate that is not validated
}

// NotProposed says why the camera proposes nothing for an item that it could propose something for.
type NotProposed struct {
	ItemID  string `json:"item_id"`
	Item    string `json:"item"`
	Because string `json:"because"` // a sentence
}

// evidenceRules is pain/rules.yaml.
type evidenceRules struct {
	Version   string `yaml:"version"`
	Explained []struct {
		By    string   `yaml:"by"` // code of a confounder
		Units []string `yaml:"units"`
		Say   string   `yaml:"say"`
	} `yaml:"explained"`
	Hopeless   float64           `yaml:"hopeless"`
	Conditions []condition       `yaml:"conditions"`
	Looks      map[string]string `yaml:"looks"`
}

// condition of a resident that changes how a face is read.
type condition struct {
	ID       string   `yaml:"id"`
	Hides    []string `yaml:"hides"`
	Say      string   `yaml:"say"`
	Healthy  string   `yaml:"healthy"`  // the half of the face that it leaves alone, "right" or "left"
	Measured string   `yaml:"measured"` // what is said of an observation that was measured on that half
}

func (c *condition) of(o *Observation) string {
	if c.Measured != "" && o.Side == c.Healthy {
		return c.Measured
	}
	return c.Say
}

//go:embed rules.yaml
var rulesText []byte

// rules reads the embedded rules once; a test reads them too, so that they cannot be wrong in a built program.
var rules = sync.OnceValue(func() *evidenceRules {
	r := &evidenceRules{}
	d := yaml.NewDecoder(bytes.NewReader(rulesText))
	d.KnownFields(true)
	if err := d.Decode(r); err != nil {
		panic("pain/rules.yaml: " + err.Error())
	}
	return r
})

// Conditions returns the ids of the conditions of a resident that Propose knows.
func Conditions() []string {
	var ids []string
	for _, c := range rules().Conditions {
		ids = append(ids, c.ID)
	}
	return ids
}

// Propose turns an observation into proposed options for the items that the scale's camera rules name. Conditions are ids of
// [Conditions] that hold for the person; others change nothing. Each of the camera's items is either in the one list or,
// with the reason, in the other; neither is nil.
func (s *Scale) Propose(o *Observation, conditions []string) ([]Proposal, []NotProposed) {
	yes, no := []Proposal{}, []NotProposed{}
	for _, id := range s.CameraItems() {
		it := s.Item(id)
		e := newEvidence(o, conditions, s.Camera.Items[id])
		if because := e.refuse(); because != "" {
			no = append(no, NotProposed{id, it.Label, because})
			continue
		}
		value, units := e.choose(s.Camera.Items[id])
		yes = append(yes, Proposal{
			ScaleID: s.ID, Version: s.Version, ItemID: id, Scale: s.Name, Item: it.Label, Value: value, Label: it.Option(value).Label,
			Evidence: e.sentence(units), ActionUnits: units, Confounders: e.doubts(), Confidence: e.confidence(),
			Rules: s.Camera.Rules + " " + rules().Version, Provisional: o.Provision,
		})
	}
	return yes, no
}

// evidence is one observation as one item looks at it.
type evidence struct {
	o          *Observation
	conditions []string
	units      []string // that the item's rules look at, in order of FACS
	hidden     []string // of these, the ones that a condition covers
}

func newEvidence(o *Observation, conditions []string, rs []CameraRule) *evidence {
	e := &evidence{o: o, conditions: conditions}
	for _, r := range rs {
		for _, group := range r.Seen {
			for _, u := range group {
				if !slices.Contains(e.units, u) {
					e.units = append(e.units, u)
				}
			}
		}
	}
	for _, c := range rules().Conditions {
		for _, u := range c.Hides {
			if slices.Contains(conditions, c.ID) && slices.Contains(e.units, u) {
				e.hidden = append(e.hidden, u)
			}
		}
	}
	return e
}

// refuse returns why nothing is proposed, "" where something is.
func (e *evidence) refuse() string {
	if e.o.State != "assessed" {
		worst, most := -1, 0.0
		for i, t := range reasonText {
			if share := e.o.Reasons[t.code]; share > most {
				worst, most = i, share
			}
		}
		if worst < 0 {
			return "Not proposed, because the face was not seen for long enough: observe again."
		}
		return "Not proposed, because the face could not be judged for long enough. " + reasonText[worst].advice
	}
	usable, measured := 0, 0
	for _, u := range e.units {
		if _, ok := e.o.AU[u]; ok {
			measured++
			if !slices.Contains(e.hidden, u) {
				usable++
			}
		}
	}
	switch {
	case measured == 0:
		return "Not proposed, because this camera's model does not measure " + e.looks(e.units) + "."
	case usable == 0:
		return "Not proposed, because " + e.conditionThatHides() + "."
	}
	for _, x := range rules().Explained {
		if share := e.o.Confounder[x.By]; share >= rules().Hopeless && x.Say != "" && e.onlyOf(x.Units) {
			return "Not proposed, because " + withShare(x.Say, share) + "."
		}
	}
	return ""
}

// onlyOf says whether the item rests on no other units than these.
func (e *evidence) onlyOf(units []string) bool {
	return !slices.ContainsFunc(e.units, func(u string) bool { return !slices.Contains(units, u) })
}

func (e *evidence) conditionThatHides() string {
	for _, c := range rules().Conditions {
		if slices.Contains(e.conditions, c.ID) && slices.ContainsFunc(e.units, func(u string) bool { return slices.Contains(c.Hides, u) }) {
			return c.Say
		}
	}
	return ""
}

// share returns for how much of the assessed time a unit was there that nothing else explains, 0-1.
func (e *evidence) share(unit string) float64 {
	if slices.Contains(e.hidden, unit) {
		return 0
	}
	share := e.o.AU[unit].Share
	for _, x := range rules().Explained {
		if slices.Contains(x.Units, unit) {
			share -= e.o.Confounder[x.By]
		}
	}
	return max(0, share)
}

// choose returns the value of the first rule that fits and the units that made it fit.
func (e *evidence) choose(rs []CameraRule) (value int, units []string) {
	for _, r := range rs {
		units = []string{}
		fits := true
		for _, group := range r.Seen {
			n := len(units)
			for _, u := range group {
				if e.share(u) >= r.Share && e.o.AU[u].Peak >= r.Peak && !slices.Contains(units, u) {
					units = append(units, u)
				}
			}
			fits = fits && len(units) > n
		}
		if fits {
			return r.Value, units
		}
	}
	return rs[len(rs)-1].Value, []string{} // not reached: the last rule fits always
}

func (e *evidence) sentence(units []string) string {
	if len(units) == 0 {
		return "Of " + e.looks(e.units) + " nothing was seen for long enough to count."
	}
	parts := make([]string, len(units))
	for i, u := range units {
		parts[i] = fmt.Sprintf("%s %s of the time, peak %.1f", rules().Looks[u], percent(e.share(u)), e.o.AU[u].Peak)
	}
	return upperFirst(strings.Join(parts, "; ")) + "."
}

// doubts says what else may explain what was seen, or keep it from being seen.
func (e *evidence) doubts() []string {
	out := []string{}
	for _, x := range rules().Explained {
		if share := e.o.Confounder[x.By]; share >= 0.05 && x.Say != "" && slices.ContainsFunc(e.units, func(u string) bool { return slices.Contains(x.Units, u) }) {
			out = append(out, upperFirst(withShare(x.Say, share))+".")
		}
	}
	for _, c := range rules().Conditions {
		if slices.Contains(e.conditions, c.ID) {
			out = append(out, upperFirst(c.of(e.o))+".")
		}
	}
	if unmeasured := slices.DeleteFunc(slices.Clone(e.units), func(u string) bool { _, ok := e.o.AU[u]; return ok }); len(unmeasured) > 0 {
		out = append(out, "Not measured: "+e.looks(unmeasured)+".")
	}
	return out
}

// confidence is the observation's, and low where a condition changes the face: also where the healthy half of a palsied one was
// measured, for nobody has checked how much of pain that shows.
func (e *evidence) confidence() string {
	for _, c := range Conditions() {
		if slices.Contains(e.conditions, c) && e.o.Confidence != "none" {
			return "low"
		}
	}
	return e.o.Confidence
}

func (e *evidence) looks(units []string) string {
	words := make([]string, len(units))
	for i, u := range units {
		words[i] = rules().Looks[u]
	}
	return strings.Join(words, ", ")
}

func withShare(say string, share float64) string {
	return strings.ReplaceAll(say, "{share}", percent(share))
}

func percent(share float64) string { return fmt.Sprintf("%d %%", int(math.Round(100*share))) }

func upperFirst(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
