package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"slices"
	"testing"

	"wince/evaluate"
	"wince/models/render"
	"wince/pain"
	"wince/stream/encode"
	"wince/vision"
)

// The bars of fairness: between twins that differ in one thing only no unit may differ by more than a quarter of a level on
// average, nor the share of refused pictures by more than two points.
const (
	barUnits   = 0.25
	barRefused = 0.02
)

// What is held where the present units miss a bar; it is only to be lowered, towards the bar. A few pictures of one person tell little of a
// single unit: by unit the bar is held with -more, which looks at sixteen people.
var (
	honestUnit = map[string]float64{"skin tone": 0.31, "age": 0.27}
	honestOwn  = map[string]float64{"beard, brows and hair": 0.3} // a unit's against the own face: AU6 for AU7 (decision 121)
)

// twin is one look of a person.
type twin struct {
	name string
	set  func(*render.Person)
}

// twins says in what each differs from the one that all are compared with: medium skin, young, no beard, thin brows, long hair.
// The head model has no sex of its own: what can be changed alone is beard, brows and hair.
var twins = []struct {
	by string
	twin
}{
	{"skin tone", twin{"very light", func(p *render.Person) { p.Skin = 0.03 }}},
	{"skin tone", twin{"very dark", func(p *render.Person) { p.Skin = 0.97 }}},
	{"age", twin{"very old", func(p *render.Person) { p.Age = 0.95 }}},
	{"beard", twin{"stubble", func(p *render.Person) { p.Beard = 0.8 }}},
	{"brows", twin{"thick", func(p *render.Person) { p.Brows = 1 }}},
	{"hair", twin{"short", func(p *render.Person) { p.Style = render.HairShort }}},
	{"beard, brows and hair", twin{"stubble, thick, short", func(p *render.Person) { p.Beard, p.Brows, p.Style = 0.8, 1, render.HairShort }}},
}

// faces are what each twin shows; the first is at ease.
var twinFaces = []map[string]float64{
	{},
	{"AU4": 4, "AU6": 3, "AU7": 4, "AU9": 3, "AU10": 3, "AU25": 1.5},
	{"AU12": 4, "AU6": 3, "AU25": 2.5},
	{"AU1": 3, "AU4": 2, "AU15": 3},
	{"AU43": 1},
}

// TestTwins measures rendered people who differ in one thing only, against their own face at ease and against the average
// face.
func TestTwins(t *testing.T) {
	h := renderedHead(t)
	people, faces := 1, twinFaces[:3]
	if *more {
		people, faces = 16, twinFaces
	}
	m := &twinMeasure{t: t, h: h, a: stillsAnalyzer(t), picture: image.NewRGBA(image.Rect(0, 0, 320, 240)), faces: faces}
	var err error
	if m.r, err = render.NewRenderer(320, 240); err != nil {
		t.Fatal(err)
	}
	if m.average, err = vision.PopulationNeutral(vision.MeshKind(*meshFlag)); err != nil {
		t.Fatal(err)
	}
	looks := make([][]twinFace, 1+len(twins)) // the first is what all are compared with
	for k := range people {
		base := render.NewPerson(uint64(8200 + k))
		base.Skin, base.Age, base.Beard, base.Brows, base.Freckles, base.Style = 0.5, 0.1, 0, 0.5, 0, render.HairLong
		looks[0] = append(looks[0], m.measure(base)...)
		for i, tw := range twins {
			other := base
			tw.set(&other)
			looks[1+i] = append(looks[1+i], m.measure(other)...)
		}
	}
	for i, tw := range twins {
		for _, against := range []struct {
			name string
			of   func(*twinFace) *pain.Intensities
			unit float64
		}{
			{"own face at ease", func(f *twinFace) *pain.Intensities { return &f.own }, max(barUnits, honestOwn[tw.by])},
			{"average face", func(f *twinFace) *pain.Intensities { return &f.average }, max(barUnits, honestUnit[tw.by])},
		} {
			d := compare(looks[0], looks[1+i], against.of)
			t.Logf("%s, %s, against the %s: mean difference of a unit %.2f, largest %+.2f (%s); refused %.3f and %.3f of %d",
				tw.by, tw.name, against.name, d.mean, d.worst, d.unit, d.refused, d.others, len(looks[0]))
			if !(d.mean <= barUnits) {
				t.Errorf("%s, %s, against the %s: units differ by %.2f on average, at most %.2f", tw.by, tw.name, against.name, d.mean, barUnits)
			}
			if *more && math.Abs(d.worst) > against.unit {
				t.Errorf("%s, %s, against the %s: %s differs by %.2f, at most %.2f (the bar is %.2f)", tw.by, tw.name, against.name, d.unit, d.worst, against.unit, barUnits)
			}
			if x := math.Abs(d.refused - d.others); x > barRefused {
				t.Errorf("%s, %s: the shares refused differ by %.3f, at most %.2f", tw.by, tw.name, x, barRefused)
			}
		}
	}
}

// apart is how two looks of the same people differ: the mean over the units of each one's mean difference, and the largest.
type apart struct {
	mean, worst     float64
	unit            pain.AU
	refused, others float64 // shares
}

func compare(one, two []twinFace, of func(*twinFace) *pain.Intensities) (r apart) {
	var d [pain.NumAU]difference
	n := float64(len(one))
	for i := range one {
		if one[i].state != pain.Scored {
			r.refused += 1 / n
		}
		if two[i].state != pain.Scored {
			r.others += 1 / n
		}
		if one[i].state == pain.Scored && two[i].state == pain.Scored {
			for u := range d {
				d[u].add(of(&one[i])[u], of(&two[i])[u])
			}
		}
	}
	measured := 0.0
	for u := range d {
		if d[u].n == 0 {
			continue
		}
		measured++
		r.mean += math.Abs(d[u].mean())
		if math.Abs(d[u].mean()) > math.Abs(r.worst) {
			r.worst, r.unit = d[u].mean(), pain.AU(u)
		}
	}
	r.mean /= measured
	return r
}

type difference struct{ sum, n float64 }

func (d *difference) add(a, b float32) {
	if x := float64(b - a); !math.IsNaN(x) {
		d.sum, d.n = d.sum+x, d.n+1
	}
}

func (d *difference) mean() float64 { return d.sum / d.n }

type twinMeasure struct {
	t       *testing.T
	h       *render.Head
	r       *render.Renderer
	a       *vision.Analyzer
	picture *image.RGBA
	average vision.Neutral
	faces   []map[string]float64
}

type twinFace struct {
	state        pain.State
	own, average pain.Intensities
}

// measure draws a person's faces and measures each against the first and against the average face.
func (m *twinMeasure) measure(p render.Person) (out []twinFace) {
	m.t.Helper()
	fig := m.h.Figure(p)
	neutral := m.average
	for i, au := range m.faces {
		shot := render.Shot{Expression: render.Expression{AU: au}, Light: render.LightFront, Pose: render.Pose{Distance: 40}}
		if err := m.r.Render(m.picture, fig, shot); err != nil {
			m.t.Fatal(err)
		}
		got, err := m.a.Measure(encode.I420(m.picture, nil), 0)
		if err != nil {
			m.t.Fatal(err)
		}
		if i == 0 && got.State == pain.Scored {
			neutral = vision.Neutral{Kind: vision.BaselineResident, Features: got.Features}
		}
		f := twinFace{state: got.State}
		m.a.SetNeutral(neutral)
		f.own = m.a.Judge(&got).Frame.AU
		m.a.SetNeutral(m.average)
		f.average = m.a.Judge(&got).Frame.AU
		out = append(out, f)
	}
	return out
}

// What real people of the portraits differ by, by sex and by ethnicity, is bounded: the groups are small, and how they are
// at ease is not known, so this only notices a change for the worse.
const (
	mostScoreApart   = 1.5 // of the mean score at ease, groups of five people or more
	mostRefusedApart = 0.05
)

// TestBiasOnRealFaces compares the portraits' groups, at ease and smiling, against the average face.
func TestBiasOnRealFaces(t *testing.T) {
	dir := sharedData(t, "faces", "london")
	set, err := evaluate.Open("pairs", dir)
	if err != nil {
		t.Fatal(err)
	}
	nets, err := openModels("", *meshFlag)
	if err != nil {
		t.Fatal(err)
	}
	defer nets.Close()
	o := evaluateOptions{neutral: "population", err: io.Discard}
	samples, failed, err := o.measure(context.Background(), nets, set)
	if err != nil || failed > 0 {
		t.Fatalf("%d failed, %v", failed, err)
	}
	for _, mood := range []string{"neutral", "smiling"} {
		those := slices.DeleteFunc(slices.Clone(samples), func(s evaluate.Sample) bool { return s.Truth.Label != mood })
		report := evaluate.Sum(set, those, evaluate.Options{Bootstrap: evaluate.Bootstrap{Rounds: 500, Seed: 1}})
		low, high := map[string]evaluate.GroupReport{}, map[string]evaluate.GroupReport{}
		for _, g := range report.Groups {
			if g.By != "sex" && g.By != "ethnicity" {
				continue
			}
			t.Logf("%s, %s: %d people, judged %.2f, mean score %s; %s", mood, g.Group, g.People, *g.Judged.Value, interval(g.Score), unitsOf(g.AU))
			if g.People < 5 {
				continue
			}
			if l, ok := low[g.By]; !ok || *g.Score.Value < *l.Score.Value {
				low[g.By] = g
			}
			if h, ok := high[g.By]; !ok || *g.Score.Value > *h.Score.Value {
				high[g.By] = g
			}
			if 1-*g.Judged.Value > mostRefusedApart {
				t.Errorf("%s, %s: only %.2f judged", mood, g.Group, *g.Judged.Value)
			}
		}
		for by := range low {
			apart := *high[by].Score.Value - *low[by].Score.Value
			t.Logf("%s, by %s: mean score of %s %.2f above that of %s", mood, by, high[by].Group, apart, low[by].Group)
			if apart > mostScoreApart {
				t.Errorf("%s, by %s: mean scores differ by %.2f, at most %.2f", mood, by, apart, mostScoreApart)
			}
		}
	}
}

func interval(i evaluate.Interval) string {
	if i.Low == nil {
		return fmt.Sprintf("%.2f", *i.Value)
	}
	return fmt.Sprintf("%.2f [%.2f, %.2f]", *i.Value, *i.Low, *i.High)
}

func unitsOf(au map[string]float64) (s string) {
	for _, u := range []string{"AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU25", "AU43"} {
		s += fmt.Sprintf("%s %.2f ", u, au[u])
	}
	return s
}
