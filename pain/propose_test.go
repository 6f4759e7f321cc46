package pain

import (
	"slices"
	"strings"
	"testing"
)

// seen is an observation of units, each with its share of the time and a peak.
func seen(units map[string]AUSummary, confounders map[string]float64) *Observation {
	o := &Observation{State: "assessed", AU: map[string]AUSummary{}, Reasons: map[string]float64{}, Confounder: confounders, Confidence: "moderate", Provision: true}
	for a := AU(0); a < NumAU; a++ {
		o.AU[a.String()] = AUSummary{}
	}
	for u, s := range units {
		o.AU[u] = s
	}
	return o
}

func TestProposePAINAD(t *testing.T) {
	type units = map[string]AUSummary
	at := func(share float64) AUSummary { return AUSummary{Share: share, Peak: 3.8} }
	s := builtIn(t, "painad")
	for name, c := range map[string]struct {
		units       units
		confounders map[string]float64
		want        int
		says        string
	}{
		"nothing":                   {units{}, nil, 0, "nothing was seen"},
		"too short":                 {units{"AU4": at(.09), "AU7": at(.09)}, nil, 0, "nothing was seen"},
		"just long enough":          {units{"AU4": at(.1)}, nil, 1, "Brows lowered 10 %"},
		"brow alone":                {units{"AU4": at(.62)}, nil, 1, "Brows lowered 62 % of the time, peak 3.8."},
		"inner brow":                {units{"AU1": at(.3)}, nil, 1, "Inner brows raised"},
		"tight eyes alone":          {units{"AU7": at(.6)}, nil, 0, "nothing was seen"},
		"brow and eyes":             {units{"AU4": at(.3), "AU7": at(.25)}, nil, 2, "eyelids tightened 25 %"},
		"brow and nose":             {units{"AU4": at(.3), "AU9": at(.2)}, nil, 2, "nose wrinkled"},
		"brow, cheeks":              {units{"AU4": at(.3), "AU6": at(.5)}, nil, 2, "cheeks raised 50 %"},
		"brow, cheeks of a smile":   {units{"AU4": at(.3), "AU6": at(.5)}, map[string]float64{"smile": .5}, 1, "Brows lowered"},
		"brow, cheeks after smiles": {units{"AU4": at(.3), "AU6": at(.5)}, map[string]float64{"smile": .2}, 2, "cheeks raised 30 %"},
		"smile":                     {units{"AU6": at(.9), "AU12": at(.9)}, map[string]float64{"smile": .9}, 0, "nothing was seen"},
		"brow, lip of speech":       {units{"AU4": at(.3), "AU10": at(.4)}, map[string]float64{"speech": .4}, 1, "Brows lowered"},
	} {
		yes, no := s.Propose(seen(c.units, c.confounders), nil)
		if len(yes) != 1 || len(no) != 0 {
			t.Errorf("%s: proposed %+v, not %+v", name, yes, no)
			continue
		}
		p := yes[0]
		if p.Value != c.want || !strings.Contains(p.Evidence, c.says) || p.Label != s.Item("face").Option(c.want).Label || p.ActionUnits == nil ||
			!p.Provisional || p.Version != "1.0.0" || p.Rules != "painad-camera/1 wince-evidence/2" {
			t.Errorf("%s: got %+v, want %d and %q", name, p, c.want, c.says)
		}
		if (len(c.confounders) > 0) != (len(p.Confounders) > 0) {
			t.Errorf("%s: confounders %v", name, p.Confounders)
		}
	}
}

func TestProposeGrades(t *testing.T) {
	for name, c := range map[string]struct {
		scale, item string
		share, peak float64
		want        int
	}{
		"frown, strong and long": {"paic15", "frowning", .5, 3, 3},
		"frown, weak and long":   {"paic15", "frowning", .5, 2.9, 2},
		"frown, for a while":     {"paic15", "frowning", .25, 2, 2},
		"frown, weak":            {"paic15", "frowning", .25, 1.9, 1},
		"frown, short":           {"paic15", "frowning", .1, 5, 1},
		"frown, a moment":        {"paic15", "frowning", .09, 5, 0},
		"abbey, a frown":         {"abbey", "face", .9, 5, 1},
	} {
		yes, _ := builtIn(t, c.scale).Propose(seen(map[string]AUSummary{"AU4": {Share: c.share, Peak: c.peak}}, nil), nil)
		for _, p := range yes {
			if p.ItemID == c.item && p.Value != c.want {
				t.Errorf("%s: %d, want %d", name, p.Value, c.want)
			}
		}
	}
	for share, want := range map[float64]int{.09: 0, .1: 1, .2: 2, .5: 3} {
		yes, _ := builtIn(t, "abbey").Propose(seen(map[string]AUSummary{"AU4": {Share: share, Peak: 3}, "AU9": {Share: share, Peak: 3}}, nil), nil)
		if yes[0].Value != want {
			t.Errorf("Abbey at %g: %d, want %d", share, yes[0].Value, want)
		}
	}
}

func TestNotProposedSaysWhy(t *testing.T) {
	dark := seen(nil, nil)
	dark.State, dark.Reasons = "not_assessable", map[string]float64{"blurred": .2, "too_dark": .8}
	unmeasured := seen(nil, nil)
	delete(unmeasured.AU, "AU20")
	talk := seen(map[string]AUSummary{"AU25": {Share: .9, Peak: 2}}, map[string]float64{"speech": .8})
	for name, c := range map[string]struct {
		o          *Observation
		conditions []string
		item, says string // "" for proposed
	}{
		"too dark":         {dark, nil, "frowning", "more light"},
		"never looked":     {&Observation{State: "not_assessable"}, nil, "frowning", "not seen for long enough"},
		"not measured":     {unmeasured, nil, "looking_tense", "mouth stretched"},
		"talking":          {talk, nil, "opening_mouth", "spoke or chewed for 80 %"},
		"talking, frown":   {talk, nil, "frowning", ""},
		"mask":             {seen(nil, nil), []string{"mask"}, "raising_lip", "mask or tube"},
		"mask, frown":      {seen(nil, nil), []string{"mask"}, "frowning", ""},
		"parkinsonism":     {seen(nil, nil), []string{"parkinsonism"}, "raising_lip", ""},
		"unknown ailments": {seen(nil, nil), []string{"gout"}, "raising_lip", ""},
	} {
		yes, no := builtIn(t, "paic15").Propose(c.o, c.conditions)
		if len(yes)+len(no) != 5 {
			t.Errorf("%s: %d proposed, %d not: want 5 together", name, len(yes), len(no))
		}
		got := ""
		for _, n := range no {
			if n.ItemID == c.item {
				got = n.Because
			}
		}
		if (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

func TestConditionsLowerConfidence(t *testing.T) {
	s := builtIn(t, "painad")
	for _, condition := range Conditions() {
		yes, _ := s.Propose(seen(map[string]AUSummary{"AU4": {Share: .5, Peak: 3}}, nil), []string{condition})
		if len(yes) != 1 || yes[0].Confidence != "low" || len(yes[0].Confounders) != 1 {
			t.Errorf("%s: %+v", condition, yes)
		}
	}
	if yes, _ := s.Propose(seen(nil, nil), nil); yes[0].Confidence != "moderate" {
		t.Errorf("without a condition: %s", yes[0].Confidence)
	}
}

func TestPalsy(t *testing.T) {
	const (
		leftMissing, rightMissing   = "The left half of the face is paralysed: what it would show is missing.", "The right half of the face is paralysed: what it would show is missing."
		leftMeasured, rightMeasured = "The left half of the face is paralysed: measured on the right half.", "The right half of the face is paralysed: measured on the left half."
	)
	for _, c := range []struct {
		conditions []string
		side       string
		want       []string
	}{
		{[]string{"palsy_left"}, "", []string{leftMissing}}, // and observations of before there were sides
		{[]string{"palsy_left"}, "right", []string{leftMeasured}},
		{[]string{"palsy_left"}, "left", []string{leftMissing}}, // noted after the camera had started
		{[]string{"palsy_right"}, "", []string{rightMissing}},
		{[]string{"palsy_right"}, "left", []string{rightMeasured}},
		{[]string{"palsy_right"}, "right", []string{rightMissing}},
		{[]string{"palsy_left", "palsy_right"}, "", []string{leftMissing, rightMissing}},
		{nil, "right", []string{}},
	} {
		o := seen(map[string]AUSummary{"AU4": {Share: .5, Peak: 3}}, nil)
		o.Side = c.side
		yes, _ := builtIn(t, "painad").Propose(o, c.conditions)
		if len(yes) != 1 || !slices.Equal(yes[0].Confounders, c.want) {
			t.Errorf("%v, measured on %q: %+v, want %q", c.conditions, c.side, yes, c.want)
			continue
		}
		if low := yes[0].Confidence == "low"; low != (len(c.conditions) > 0) {
			t.Errorf("%v, measured on %q: confidence %s", c.conditions, c.side, yes[0].Confidence)
		}
	}
}

func TestEveryUnitOfTheRulesHasAName(t *testing.T) {
	for a := AU(0); a < NumAU; a++ {
		if rules().Looks[a.String()] == "" {
			t.Errorf("%s has no words", a)
		}
	}
	for _, x := range rules().Explained {
		for _, u := range x.Units {
			if _, err := ParseAU(u); err != nil {
				t.Error(err)
			}
		}
		if new(Confounders).UnmarshalJSON([]byte(`["`+x.By+`"]`)) != nil {
			t.Errorf("unknown confounder %q", x.By)
		}
	}
}
