package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"wince/pain"
)

func (o *Options) labels(p *byPerson) (out []LabelReport, between []BetweenReport) {
	n := map[string]int{}
	for _, list := range p.samples {
		for _, s := range list {
			if s.Truth.Label != "" {
				n[s.Truth.Label]++
			}
		}
	}
	names := slices.Sorted(maps.Keys(n))
	under := func(label string, value func(*pain.Frame) float64) [][]float64 {
		_, y := p.pairs(func(s *Sample) (float64, float64, bool) { return 0, value(&s.Frame), s.Truth.Label == label })
		return y
	}
	score := func(f *pain.Frame) float64 { return f.Score }
	pspi := func(f *pain.Frame) float64 { return f.PSPI }
	unit := func(a pain.AU) func(f *pain.Frame) float64 {
		return func(f *pain.Frame) float64 { return float64(f.AU[a]) }
	}
	everyone := make([]int, len(p.names))
	for i := range everyone {
		everyone[i] = i
	}
	for _, l := range names {
		s := joined(under(l, score), everyone)
		r := LabelReport{Label: l, N: n[l], Judged: float64(len(s)) / float64(n[l]), Median: number(Quantile(s, 0.5)), P90: number(Quantile(s, 0.9)),
			PSPI: number(Quantile(joined(under(l, pspi), everyone), 0.5)), AU: map[string]float64{}}
		for a := pain.AU(0); a < pain.NumAU; a++ {
			if m := number(meanOf(joined(under(l, unit(a)), everyone))); m != nil {
				r.AU[a.String()] = *m
			}
		}
		out = append(out, r)
	}
	for i, yes := range names {
		for _, no := range names[i+1:] {
			b := BetweenReport{Yes: yes, No: no, Score: o.of(under(yes, score), under(no, score), AUC), PSPI: o.of(under(yes, pspi), under(no, pspi), AUC), AU: map[string]float64{}}
			for a := pain.AU(0); a < pain.NumAU; a++ {
				if v := number(AUC(joined(under(yes, unit(a)), everyone), joined(under(no, unit(a)), everyone))); v != nil {
					b.AU[a.String()] = *v
				}
			}
			between = append(between, b)
		}
	}
	return out, between
}

func (o *Options) groups(all []Sample) (out []GroupReport) {
	parts := map[[2]string][]Sample{}
	for i := range all {
		for by, group := range all[i].Groups {
			parts[[2]string{by, group}] = append(parts[[2]string{by, group}], all[i])
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(parts), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		p := sortIntoPeople(parts[k])
		g := GroupReport{By: k[0], Group: k[1], People: len(p.names)}
		for _, list := range p.samples {
			g.Pictures += len(list)
		}
		if g.Pictures == 0 {
			continue
		}
		g.Judged = o.judged(&p)
		_, score := p.pairs(func(s *Sample) (float64, float64, bool) { return 0, s.Frame.Score, true })
		g.Score = o.of(score, score, func(x, _ []float64) float64 { return meanOf(x) })
		t, m := p.pairs(func(s *Sample) (float64, float64, bool) { return s.Truth.PSPI, s.Frame.PSPI, true })
		g.MAE = o.of(t, m, MAE)
		e, _ := p.pairs(func(s *Sample) (float64, float64, bool) {
			sum, n := 0.0, 0.0
			for a := range s.Truth.AU {
				if d := math.Abs(float64(s.Truth.AU[a]) - float64(s.Frame.AU[a])); !math.IsNaN(d) {
					sum, n = sum+d, n+1
				}
			}
			return sum / n, 0, true
		})
		g.Error = o.of(e, e, func(x, _ []float64) float64 { return meanOf(x) })
		g.AU = map[string]float64{}
		for a := pain.AU(0); a < pain.NumAU; a++ {
			v, _ := p.pairs(func(s *Sample) (float64, float64, bool) { return float64(s.Frame.AU[a]), 0, true })
			var all []float64
			for _, x := range v {
				all = append(all, x...)
			}
			if m := number(meanOf(all)); m != nil {
				g.AU[a.String()] = *m
			}
		}
		out = append(out, g)
	}
	return out
}
