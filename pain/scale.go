package pain

import (
	"fmt"
	"slices"
)

// ScaleKind says who rates.
type ScaleKind string

// The kinds of scale.
const (
	ScaleObservation ScaleKind = "observation" // somebody else watches
	ScaleSelfReport  ScaleKind = "self_report" // the person says
)

// Scale is one version of the definition of a pain scale. Definitions are data: see the files in scales/ and [ParseScale].
type Scale struct {
	ID         string     `yaml:"id" json:"id"`
	Version    string     `yaml:"version" json:"version"` // three numbers; changes with anything in the file
	Name       string     `yaml:"name" json:"name"`
	Title      string     `yaml:"title" json:"title"`
	Kind       ScaleKind  `yaml:"kind" json:"kind"`
	Source     string     `yaml:"source" json:"source"`
	Permission Permission `yaml:"permission" json:"permission"`
	Total      TotalRange `yaml:"total" json:"total"`
	PainFrom   int        `yaml:"pain_from" json:"pain_from"` // lowest total that reports and reminders count as pain
	Bands      []Band     `yaml:"bands" json:"bands"`         // together they cover all totals
	Cutoffs    []Cutoff   `yaml:"cutoffs" json:"cutoffs,omitempty"`
	Types      []Choice   `yaml:"types" json:"types,omitempty"` // kinds of pain to choose from
	Items      []Item     `yaml:"items" json:"items"`
	Camera     *Camera    `yaml:"camera" json:"camera,omitempty"` // nil where the camera proposes nothing

	File ScaleFile `yaml:"-" json:"-"` // as it was written
}

// Permission says whether the scale may be used: "free", "granted" (to whoever runs this server) or "unconfirmed".
type Permission struct {
	State string `yaml:"state" json:"state"`
	Note  string `yaml:"note" json:"note"`
}

// TotalRange is the lowest and highest sum of all items.
type TotalRange struct {
	Min int `yaml:"min" json:"min"`
	Max int `yaml:"max" json:"max"`
}

// Band is a range of totals that has a name. Customary says that it is in use without having been shown to mean much.
type Band struct {
	ID        string `yaml:"id" json:"id"`
	Label     string `yaml:"label" json:"label"`
	From      int    `yaml:"from" json:"from"`
	To        int    `yaml:"to" json:"to"` // inclusive
	Customary bool   `yaml:"customary" json:"customary,omitempty"`
}

// Cutoff is a total from which a study says something.
type Cutoff struct {
	From    int    `yaml:"from" json:"from"`
	Meaning string `yaml:"meaning" json:"meaning"`
	Source  string `yaml:"source" json:"source"`
}

// Choice is one of several names.
type Choice struct {
	ID    string `yaml:"id" json:"id"`
	Label string `yaml:"label" json:"label"`
}

// Item is one question of a scale.
type Item struct {
	ID      string   `yaml:"id" json:"id"`
	Label   string   `yaml:"label" json:"label"`
	Ask     string   `yaml:"ask" json:"ask"`
	Options []Option `yaml:"options" json:"options"` // by rising value
}

// Option is one answer to an item.
type Option struct {
	Value int    `yaml:"value" json:"value"`
	Label string `yaml:"label" json:"label"`
}

// Camera holds the rules by which an observation proposes options; see [Scale.Propose].
type Camera struct {
	Rules string                  `yaml:"rules" json:"rules"` // name and version of the rules, kept with each proposal
	Items map[string][]CameraRule `yaml:"items" json:"items"` // by item; the first that fits is proposed
}

// CameraRule proposes Value where of each group at least one unit was seen for Share of the assessed time and with a peak of
// Peak. A rule without groups fits always and stands last.
type CameraRule struct {
	Value int        `yaml:"value" json:"value"`
	Seen  [][]string `yaml:"seen" json:"seen,omitempty"`
	Share float64    `yaml:"share" json:"share,omitempty"` // 0-1
	Peak  float64    `yaml:"peak" json:"peak,omitempty"`   // 0-5 (AU43: 0-1)
}

// Ref names one version of a scale.
type Ref struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// Ref returns the name of this version.
func (s *Scale) Ref() Ref { return Ref{s.ID, s.Version} }

// Item returns the item of that id, nil where there is none.
func (s *Scale) Item(id string) *Item {
	if i := slices.IndexFunc(s.Items, func(it Item) bool { return it.ID == id }); i >= 0 {
		return &s.Items[i]
	}
	return nil
}

// Option returns the option of that value, nil where there is none.
func (it *Item) Option(value int) *Option {
	if i := slices.IndexFunc(it.Options, func(o Option) bool { return o.Value == value }); i >= 0 {
		return &it.Options[i]
	}
	return nil
}

// Answers holds the chosen value for each item that was answered.
type Answers map[string]int

// AnswerError says which answer does not fit its scale.
type AnswerError struct {
	Item   string
	Reason string
}

func (e *AnswerError) Error() string { return e.Reason }

// CheckAnswers returns an *AnswerError where an answer is to no item of the scale or chooses no option of it.
func (s *Scale) CheckAnswers(a Answers) error {
	for id, value := range a {
		it := s.Item(id)
		if it == nil {
			return &AnswerError{id, fmt.Sprintf("%s has no item %q.", s.Name, id)}
		}
		if it.Option(value) == nil {
			return &AnswerError{id, fmt.Sprintf("%s, %s: there is no option %d; choose one from %d to %d.", s.Name, it.Label, value,
				it.Options[0].Value, it.Options[len(it.Options)-1].Value)}
		}
	}
	return nil
}

// Missing returns the ids of the items that have no answer, in the scale's order.
func (s *Scale) Missing(a Answers) []string {
	var open []string
	for _, it := range s.Items {
		if _, ok := a[it.ID]; !ok {
			open = append(open, it.ID)
		}
	}
	return open
}

// Sum returns the total of answers that pass CheckAnswers; ok is false while items are open, for half a sum is no score.
func (s *Scale) Sum(a Answers) (total int, ok bool) {
	if len(s.Missing(a)) > 0 {
		return 0, false
	}
	for _, it := range s.Items {
		total += a[it.ID]
	}
	return total, true
}

// Band returns the band of a total, nil where the total lies outside the scale.
func (s *Scale) Band(total int) *Band {
	if i := slices.IndexFunc(s.Bands, func(b Band) bool { return b.From <= total && total <= b.To }); i >= 0 {
		return &s.Bands[i]
	}
	return nil
}

// CameraItems returns the items that the camera proposes, in the scale's order.
func (s *Scale) CameraItems() []string {
	var ids []string
	for _, it := range s.Items {
		if s.Camera != nil && s.Camera.Items[it.ID] != nil {
			ids = append(ids, it.ID)
		}
	}
	return ids
}
