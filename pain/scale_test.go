package pain

import (
	"errors"
	"strings"
	"testing"
)

func builtIn(t testing.TB, id string) *Scale {
	t.Helper()
	files, err := BuiltInScales()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == id+".yaml" {
			s, err := ParseScale(f.Name, f.Text)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatalf("no scale %s", id)
	return nil
}

func TestBuiltInScalesAreValid(t *testing.T) {
	files, err := BuiltInScales()
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		s, err := ParseScale(f.Name, f.Text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if s.ID+".yaml" != f.Name || s.Permission.Note == "" {
			t.Errorf("%s holds %s, permission %+v", f.Name, s.ID, s.Permission)
		}
	}
	for id, want := range map[string]int{"painad": 1, "abbey": 1, "paic15": 5, "nrs": 0} {
		if got := builtIn(t, id).CameraItems(); len(got) != want {
			t.Errorf("%s: the camera proposes %v, want %d items", id, got, want)
		}
	}
}

// Each boundary of each band, from both sides, against the figures in the sources and not in the files.
func TestBands(t *testing.T) {
	for id, bands := range map[string][]struct {
		total int
		band  string
	}{
		"painad": {{-1, ""}, {0, "none"}, {1, "mild"}, {3, "mild"}, {4, "moderate"}, {6, "moderate"}, {7, "severe"}, {10, "severe"}, {11, ""}},
		"abbey":  {{-1, ""}, {0, "none"}, {2, "none"}, {3, "mild"}, {7, "mild"}, {8, "moderate"}, {13, "moderate"}, {14, "severe"}, {18, "severe"}, {19, ""}},
		"paic15": {{-1, ""}, {0, "unlikely"}, {2, "unlikely"}, {3, "possible"}, {45, "possible"}, {46, ""}},
		"nrs":    {{-1, ""}, {0, "none"}, {1, "mild"}, {3, "mild"}, {4, "moderate"}, {6, "moderate"}, {7, "severe"}, {10, "severe"}, {11, ""}},
	} {
		s := builtIn(t, id)
		for _, c := range bands {
			got := ""
			if b := s.Band(c.total); b != nil {
				got = b.ID
			}
			if got != c.band {
				t.Errorf("%s %d is %q, want %q", id, c.total, got, c.band)
			}
		}
	}
	for id, from := range map[string]int{"painad": 2, "abbey": 3, "paic15": 3, "nrs": 1} {
		if s := builtIn(t, id); s.PainFrom != from {
			t.Errorf("%s counts as pain from %d, want %d", id, s.PainFrom, from)
		}
	}
}

func TestSum(t *testing.T) {
	s := builtIn(t, "painad")
	a := Answers{"breathing": 1, "vocalisation": 2, "face": 2, "body": 0}
	if _, ok := s.Sum(a); ok {
		t.Error("half a sum was given")
	}
	if open := s.Missing(a); len(open) != 1 || open[0] != "consolability" {
		t.Errorf("missing %v", open)
	}
	a["consolability"] = 1
	if total, ok := s.Sum(a); !ok || total != 6 {
		t.Errorf("total %d %v, want 6", total, ok)
	}
	for _, bad := range []Answers{{"nose": 1}, {"face": 3}, {"face": -1}} {
		var e *AnswerError
		if err := s.CheckAnswers(bad); !errors.As(err, &e) || e.Item == "" {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := s.CheckAnswers(a); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"painad", "abbey", "paic15", "nrs"} {
		s, low, high := builtIn(t, id), Answers{}, Answers{}
		for _, it := range s.Items {
			low[it.ID], high[it.ID] = it.Options[0].Value, it.Options[len(it.Options)-1].Value
		}
		if total, _ := s.Sum(low); total != s.Total.Min {
			t.Errorf("%s: lowest total %d", id, total)
		}
		if total, _ := s.Sum(high); total != s.Total.Max {
			t.Errorf("%s: highest total %d", id, total)
		}
	}
}

const homeScale = `id: home_scale
version: 1.0.0
name: Home
title: A scale of the home's own
kind: observation
source: The home
permission: {state: granted, note: Our own}
total: {min: 0, max: 3}
pain_from: 1
bands:
  - {id: none, label: None, from: 0, to: 0}
  - {id: some, label: Some, from: 1, to: 3}
items:
  - id: face
    label: Face
    ask: What does the face show?
    options:
      - {value: 0, label: Calm}
      - {value: 1, label: Not calm}
  - id: voice
    label: Voice
    ask: What is heard?
    options:
      - {value: 0, label: Nothing}
      - {value: 2, label: Something}
camera:
  rules: home-camera/1
  items:
    face:
      - {value: 1, seen: [[AU4]], share: 0.1}
      - {value: 0}
`

func TestParseScaleRefuses(t *testing.T) {
	if _, err := ParseScale("home.yaml", []byte(homeScale)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		old, new string
		line     int
		says     string
	}{
		"no YAML":                  {"kind: observation", "kind: [observation", 5, "expected"},
		"no YAML, a tab":           {"  - {id: none", "\t- {id: none", 11, "cannot start"},
		"no YAML, a missing key":   {"kind: observation", "- kind", 5, "expected"},
		"unknown member":           {"source:", "sauce:", 6, `"sauce"`},
		"unknown member of a band": {"from: 1, to: 3", "from: 1, till: 3", 12, `"till"`},
		"text for a number":        {"pain_from: 1", "pain_from: one", 9, "whole number"},
		"text for a list":          {"seen: [[AU4]]", "seen: AU4", 30, "list"},
		"bad id":                   {"id: home_scale", "id: Home Scale", 1, "small letters"},
		"bad version":              {"version: 1.0.0", "version: first", 2, "three numbers"},
		"no name":                  {"name: Home\n", "name: ''\n", 3, "missing"},
		"no title":                 {"title: A scale of the home's own\n", "", 1, "title is missing"},
		"unknown kind":             {"kind: observation", "kind: guess", 5, "self_report"},
		"unknown permission":       {"state: granted", "state: stolen", 7, "unconfirmed"},
		"wrong total":              {"max: 3}", "max: 4}", 8, "add up to 0 to 3"},
		"pain from nothing":        {"pain_from: 1", "pain_from: 0", 9, "pain_from 0"},
		"pain from too much":       {"pain_from: 1", "pain_from: 4", 9, "pain_from 4"},
		"gap between bands":        {"from: 1, to: 3", "from: 2, to: 3", 12, "gap or overlap"},
		"overlapping bands":        {"from: 1, to: 3", "from: 0, to: 3", 12, "gap or overlap"},
		"band that ends early":     {"from: 1, to: 3", "from: 1, to: 2", 10, "must end at 3"},
		"band backwards":           {"from: 1, to: 3", "from: 1, to: 0", 12, "before it begins"},
		"band twice":               {"id: some", "id: none", 12, "second band"},
		"item twice":               {"id: voice", "id: face", 20, "second item"},
		"one option":               {"      - {value: 2, label: Something}\n", "", 23, "2 to 101 options"},
		"options falling":          {"value: 2, label: Something", "value: 0, label: Something", 25, "rise"},
		"option without a label":   {"label: Something", "label: ''", 25, "label is missing"},
		"question of two lines":    {"ask: What is heard?", `ask: "a\nb"`, 22, "one line"},
		"camera for no item":       {"    face:\n      - {value: 1, seen", "    nose:\n      - {value: 1, seen", 29, `"nose"`},
		"camera, no such option":   {"value: 1, seen", "value: 3, seen", 30, "no option"},
		"camera, unknown unit":     {"[[AU4]]", "[[AU3]]", 30, "AU3"},
		"camera, empty group":      {"[[AU4]]", "[[]]", 30, "empty"},
		"camera, share of nothing": {"share: 0.1", "share: 0", 30, "share"},
		"camera, peak too high":    {"share: 0.1", "share: 0.1, peak: 6", 30, "peak"},
		"camera, no rest":          {"      - {value: 0}\n", "", 29, "two rules"},
		"camera, rest with units":  {"- {value: 0}", "- {value: 0, seen: [[AU7]], share: 1}", 31, "the rest"},
		"camera of a self-report":  {"kind: observation", "kind: self_report", 26, "the person says"},
		"two documents":            {"camera:", "---\ncamera:", 0, "more than one"},
	} {
		if !strings.Contains(homeScale, c.old) {
			t.Fatalf("%s: the test's text has no %q", name, c.old)
		}
		_, err := ParseScale("home.yaml", []byte(strings.Replace(homeScale, c.old, c.new, 1)))
		var e *ScaleError
		if !errors.As(err, &e) || e.File != "home.yaml" || e.Line != c.line || !strings.Contains(e.Reason, c.says) {
			t.Errorf("%s: got %v, want line %d and %q", name, err, c.line, c.says)
		}
	}
	for name, text := range map[string]string{"empty": "", "only a remark": "# nothing", "a list": "- 1", "a word": "x", "not text": "\xff\xfe",
		"too large": strings.Repeat("# x\n", 20<<10), "null": "~", "aliases": "a: &a [1]\nb: *a\n", "cycle": "a: &a [*a]"} {
		if _, err := ParseScale("x.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "x.yaml:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseScale(f *testing.F) {
	files, err := BuiltInScales()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range files {
		f.Add(s.Text)
	}
	f.Add([]byte(homeScale))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseScale("f.yaml", text)
		var e *ScaleError
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("an error of another kind: %v", err)
		}
		if err == nil {
			s.Propose(&Observation{State: "assessed"}, Conditions())
			for total := s.Total.Min; total <= s.Total.Max; total++ {
				if s.Band(total) == nil {
					t.Fatalf("no band for %d", total)
				}
			}
		}
	})
}

func TestAgree(t *testing.T) {
	fill := func(table [][]int) (pairs [][2]int) {
		for i, row := range table {
			for j, n := range row {
				for range n {
					pairs = append(pairs, [2]int{i, j})
				}
			}
		}
		return pairs
	}
	is := func(got *float64, want float64) bool { return got != nil && *got == want }
	if a := Agree(fill([][]int{{20, 5}, {10, 15}})); a.N != 50 || !is(a.Same, 0.7) || !is(a.Kappa, 0.4) || !is(a.Weighted, 0.4) {
		t.Errorf("two categories: %+v", a)
	}
	if a := Agree(fill([][]int{{10, 3, 1}, {2, 8, 4}, {0, 2, 10}})); !is(a.Kappa, 0.5514) || !is(a.Weighted, 0.7186) {
		t.Errorf("three categories: %v %v", *a.Kappa, *a.Weighted)
	}
	if a := Agree(fill([][]int{{0, 5}, {5, 0}})); !is(a.Kappa, -1) {
		t.Errorf("never agreeing: %+v", a)
	}
	if a := Agree(fill([][]int{{9}})); !is(a.Same, 1) || a.Kappa != nil || a.Weighted != nil {
		t.Errorf("one rating throughout: %+v", a)
	}
	if a := Agree(nil); a.N != 0 || a.Same != nil || a.Kappa != nil {
		t.Errorf("no pairs: %+v", a)
	}
}
