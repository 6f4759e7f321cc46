package evaluate

import (
	"maps"
	"math"
	"slices"

	"wince/pain"
)

// Options says how samples are summed up.
type Options struct {
	Bootstrap Bootstrap
	// From is the intensity from which a unit counts as there for F1; 0 means 2. Of AU43, which has no intensities, it is 0.5.
	From float64
}

// Report is all that an evaluation found. Members that are null could not be calculated from this set.
type Report struct {
	Set        string             `json:"set"`
	Layout     string             `json:"layout"`
	Drawn      bool               `json:"drawn"`      // rendered pictures: says nothing about people
	Occurrence bool               `json:"occurrence"` // units are coded as there or not
	Neutral    string             `json:"neutral"`
	Mesh       string             `json:"mesh"`
	Rules      string             `json:"rules"`
	Models     map[string]string  `json:"models"`
	Rounds     int                `json:"bootstrap_rounds"`
	Seed       uint64             `json:"bootstrap_seed"`
	People     int                `json:"people"`
	Pictures   int                `json:"pictures"`
	Coded      int                `json:"coded"`   // pictures that the set says something about
	Judged     Interval           `json:"judged"`  // share of them
	Refused    map[string]float64 `json:"refused"` // share of them, by reason
	Units      []UnitReport       `json:"units"`
	CrossTalk  *CrossTalkReport   `json:"cross_talk"`
	Pain       *PainReport        `json:"pain"`
	Labels     []LabelReport      `json:"labels"`
	Between    []BetweenReport    `json:"between_labels"`
	Groups     []GroupReport      `json:"groups"`
}

// UnitReport is how far one action unit agrees with the truth.
type UnitReport struct {
	AU      string   `json:"au"`
	Name    string   `json:"name"`
	N       int      `json:"n"`
	There   float64  `json:"there"` // share of the pictures in which the truth has it
	Pearson Interval `json:"pearson"`
	ICC     Interval `json:"icc_3_1"`
	MAE     Interval `json:"mae"`
	Bias    Interval `json:"bias"` // mean of measured minus true
	F1      Interval `json:"f1"`
}

// CrossTalkReport says how much each measured unit rises for each level of each true one; the diagonal is the slope.
type CrossTalkReport struct {
	True     []string     `json:"true"`
	Measured []string     `json:"measured"`
	Slopes   [][]*float64 `json:"slopes"`   // a row for each true unit
	Together []string     `json:"together"` // pairs of true units that this set hardly shows apart: their rows share what both do
	WorstOff *float64     `json:"worst"`    // the largest off the diagonal, but for these
	Where    string       `json:"worst_is"` // such as "AU12 into AU6"
}

// PainReport compares PSPI.
type PainReport struct {
	N       int          `json:"n"`
	PSPI    Against      `json:"pspi"`
	Score   Against      `json:"score"` // after the rules for confounders
	Bands   []string     `json:"bands"`
	Confuse [][]int      `json:"confusion"` // of the score: a row for each true band, a column for each measured one
	Points  [][2]float64 `json:"-"`         // true and measured, for the plot
}

// Against is one measure against the true PSPI.
type Against struct {
	Pearson Interval    `json:"pearson"`
	ICC     Interval    `json:"icc_3_1"`
	MAE     Interval    `json:"mae"`
	AUC     []Threshold `json:"auc"`
}

// Threshold is how well a measure tells a true PSPI at the threshold or above from one below.
type Threshold struct {
	PSPI float64  `json:"pspi"`
	N    int      `json:"n"` // pictures at or above it
	AUC  Interval `json:"auc"`
}

// LabelReport is what is measured under one label.
type LabelReport struct {
	Label  string             `json:"label"`
	N      int                `json:"n"`
	Judged float64            `json:"judged"`
	Median *float64           `json:"score_median"`
	P90    *float64           `json:"score_p90"`
	PSPI   *float64           `json:"pspi_median"`
	AU     map[string]float64 `json:"au"` // means
}

// BetweenReport is how well the score, and each unit, tells one label from another.
type BetweenReport struct {
	Yes   string             `json:"yes"`
	No    string             `json:"no"`
	Score Interval           `json:"score_auc"`
	PSPI  Interval           `json:"pspi_auc"`
	AU    map[string]float64 `json:"au_auc"`
}

// GroupReport is one group of people.
type GroupReport struct {
	By       string             `json:"by"` // such as "sex"
	Group    string             `json:"group"`
	People   int                `json:"people"`
	Pictures int                `json:"pictures"`
	Judged   Interval           `json:"judged"`
	Score    Interval           `json:"score_mean"`
	MAE      Interval           `json:"pspi_mae"`
	Error    Interval           `json:"au_mae"` // mean over the coded units
	AU       map[string]float64 `json:"au"`     // means of the measured units
}

// byPerson is samples sorted into people.
type byPerson struct {
	names   []string
	samples [][]*Sample
}

func sortIntoPeople(all []Sample) byPerson {
	at := map[string][]*Sample{}
	for i := range all {
		if s := &all[i]; s.Truth.Known {
			at[s.Person] = append(at[s.Person], s)
		}
	}
	p := byPerson{names: slices.Sorted(maps.Keys(at))}
	for _, n := range p.names {
		p.samples = append(p.samples, at[n])
	}
	return p
}

// pairs gathers a true and a measured value of the judged pictures of each person; value says false where one is missing.
func (p *byPerson) pairs(value func(*Sample) (truth, said float64, ok bool)) (x, y [][]float64) {
	x, y = make([][]float64, len(p.names)), make([][]float64, len(p.names))
	for i, list := range p.samples {
		for _, s := range list {
			if s.Frame.State != pain.Scored {
				continue
			}
			if t, m, ok := value(s); ok && !math.IsNaN(t) && !math.IsNaN(m) {
				x[i], y[i] = append(x[i], t), append(y[i], m)
			}
		}
	}
	return x, y
}

// joined puts the values of the drawn people one after the other.
func joined(values [][]float64, drawn []int) []float64 {
	var out []float64
	for _, i := range drawn {
		out = append(out, values[i]...)
	}
	return out
}

func count(values [][]float64) (n int) {
	for _, v := range values {
		n += len(v)
	}
	return n
}

// of is a figure of pairs with its interval.
func (o *Options) of(x, y [][]float64, figure func(x, y []float64) float64) Interval {
	return o.Bootstrap.Of(len(x), func(drawn []int) float64 {
		a, b := joined(x, drawn), joined(y, drawn)
		if len(a) == 0 {
			return math.NaN()
		}
		return figure(a, b)
	})
}

// Sum sums the samples up.
func Sum(set *Set, all []Sample, o Options) *Report {
	if o.From == 0 {
		o.From = 2
	}
	p := sortIntoPeople(all)
	r := &Report{Set: set.Root, Layout: set.Kind, Drawn: set.Drawn, Occurrence: set.Occurrence, Rules: pain.Rules, Rounds: o.Bootstrap.Rounds,
		Seed: o.Bootstrap.Seed, People: len(p.names), Pictures: len(all), Refused: map[string]float64{}}
	for i := range all {
		if s := &all[i]; s.Truth.Known {
			r.Coded++
			for _, code := range s.Frame.Reasons.Codes() {
				r.Refused[code]++
			}
		}
	}
	for code := range r.Refused {
		r.Refused[code] /= float64(r.Coded)
	}
	r.Judged = o.judged(&p)
	for a := pain.AU(0); a < pain.NumAU; a++ {
		if u, ok := o.unit(&p, a, set.Occurrence); ok {
			r.Units = append(r.Units, u)
		}
	}
	if !set.Occurrence {
		r.CrossTalk = crossTalk(&p)
		r.Pain = o.pain(&p)
	}
	r.Labels, r.Between = o.labels(&p)
	r.Groups = o.groups(all)
	return r
}

func (o *Options) judged(p *byPerson) Interval {
	return o.Bootstrap.Of(len(p.names), func(drawn []int) float64 {
		var yes, n float64
		for _, i := range drawn {
			for _, s := range p.samples[i] {
				n++
				if s.Frame.State == pain.Scored {
					yes++
				}
			}
		}
		return yes / n
	})
}

func (o *Options) unit(p *byPerson, a pain.AU, occurrence bool) (u UnitReport, ok bool) {
	x, y := p.pairs(func(s *Sample) (float64, float64, bool) {
		return float64(s.Truth.AU[a]), float64(s.Frame.AU[a]), true
	})
	u = UnitReport{AU: a.String(), Name: a.Name(), N: count(x)}
	if u.N == 0 {
		return u, false
	}
	truthFrom, saidFrom := o.From, o.From
	switch {
	case a == pain.AU43:
		truthFrom, saidFrom = 0.5, 0.5
	case occurrence: // a trace counts as there
		truthFrom, saidFrom = 1, 1
	}
	for _, v := range x {
		for _, t := range v {
			if t >= truthFrom {
				u.There += 1 / float64(u.N)
			}
		}
	}
	u.Pearson = o.of(x, y, Pearson)
	u.F1 = o.of(x, y, func(t, s []float64) float64 { return F1(t, s, truthFrom, saidFrom) })
	if !occurrence {
		u.ICC, u.MAE = o.of(x, y, icc), o.of(x, y, MAE)
		u.Bias = o.of(x, y, func(t, s []float64) float64 { return meanOf(s) - meanOf(t) })
	}
	return u, true
}

// icc is ICC31 of two raters, for which it is 2 cov / (var + var).
func icc(x, y []float64) float64 {
	mx, my := meanOf(x), meanOf(y)
	var xy, both float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		both += (x[i]-mx)*(x[i]-mx) + (y[i]-my)*(y[i]-my)
	}
	return 2 * xy / both
}

func meanOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// inseparable is the correlation of two true units from which a set does not show them apart.
const inseparable = 0.95

func column(rows [][]float64, i int) []float64 {
	out := make([]float64, len(rows))
	for k, r := range rows {
		out[k] = r[i]
	}
	return out
}

func crossTalk(p *byPerson) *CrossTalkReport {
	var coded []pain.AU
	for a := pain.AU(0); a < pain.NumAU; a++ {
		x, _ := p.pairs(func(s *Sample) (float64, float64, bool) { return float64(s.Truth.AU[a]), float64(s.Frame.AU[a]), true })
		if count(x) > 0 {
			coded = append(coded, a)
		}
	}
	var truth, said [][]float64
	for _, list := range p.samples {
		for _, s := range list {
			if s.Frame.State != pain.Scored {
				continue
			}
			var t, m []float64
			for _, a := range coded {
				t, m = append(t, float64(s.Truth.AU[a])), append(m, float64(s.Frame.AU[a]))
			}
			if !slices.ContainsFunc(append(slices.Clone(t), m...), math.IsNaN) {
				truth, said = append(truth, t), append(said, m)
			}
		}
	}
	if len(coded) < 2 || len(truth) <= len(coded)+1 {
		return nil
	}
	c := &CrossTalkReport{Together: []string{}}
	apart := make([][]bool, len(coded))
	for i := range coded {
		apart[i] = make([]bool, len(coded))
		for j := range coded {
			apart[i][j] = math.Abs(Pearson(column(truth, i), column(truth, j))) <= inseparable
			if i < j && !apart[i][j] && !math.IsNaN(Pearson(column(truth, i), column(truth, j))) {
				c.Together = append(c.Together, coded[i].String()+" and "+coded[j].String())
			}
		}
	}
	worst := 0.0
	for i, row := range CrossTalk(truth, said) {
		c.True, c.Measured = append(c.True, coded[i].String()), append(c.Measured, coded[i].String())
		var cells []*float64
		for j, x := range row {
			cells = append(cells, number(x))
			// AU43 goes from 0 to 1, all others to 5: a level of it is all of it.
			if apart[i][j] && math.Abs(x) > worst && coded[i] != pain.AU43 && coded[j] != pain.AU43 {
				worst, c.Where = math.Abs(x), coded[i].String()+" into "+coded[j].String()
				c.WorstOff = number(x)
			}
		}
		c.Slopes = append(c.Slopes, cells)
	}
	return c
}

// The thresholds of PSPI that are looked at, and the bands of the confusion matrix, as studies on UNBC-McMaster use them.
var (
	thresholds = []float64{1, 2, 3, 4, 6, 8}
	bandNames  = []string{"0", "1", "2", "3", "4-5", "6 and more"}
)

func band(pspi float64) int {
	switch x := math.Round(pspi); {
	case x < 4:
		return max(int(x), 0)
	case x < 6:
		return 4
	}
	return 5
}

func (o *Options) pain(p *byPerson) *PainReport {
	x, before := p.pairs(func(s *Sample) (float64, float64, bool) { return s.Truth.PSPI, s.Frame.PSPI, true })
	_, after := p.pairs(func(s *Sample) (float64, float64, bool) { return s.Truth.PSPI, s.Frame.Score, true })
	r := &PainReport{N: count(x), Bands: bandNames, Confuse: make([][]int, len(bandNames))}
	if r.N == 0 {
		return nil
	}
	for i := range r.Confuse {
		r.Confuse[i] = make([]int, len(bandNames))
	}
	for i := range x {
		for k, t := range x[i] {
			r.Confuse[band(t)][band(after[i][k])]++
			r.Points = append(r.Points, [2]float64{t, after[i][k]})
		}
	}
	r.PSPI, r.Score = o.against(x, before), o.against(x, after)
	return r
}

func (o *Options) against(x, y [][]float64) Against {
	a := Against{Pearson: o.of(x, y, Pearson), ICC: o.of(x, y, icc), MAE: o.of(x, y, MAE)}
	for _, t := range thresholds {
		th := Threshold{PSPI: t, AUC: o.of(x, y, func(truth, said []float64) float64 {
			var yes, no []float64
			for i := range truth {
				if truth[i] >= t {
					yes = append(yes, said[i])
				} else {
					no = append(no, said[i])
				}
			}
			return AUC(yes, no)
		})}
		for _, v := range x {
			for _, pspi := range v {
				if pspi >= t {
					th.N++
				}
			}
		}
		a.AUC = append(a.AUC, th)
	}
	return a
}
