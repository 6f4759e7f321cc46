package evaluate

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Pearson is the correlation of x and y, NaN where one of them does not vary.
func Pearson(x, y []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	return stat.Correlation(x, y, nil)
}

// ICC31 is the intraclass correlation ICC(3,1) of Shrout & Fleiss (Psychol Bull 1979;86:420-428): how far fixed raters, one a
// column, agree on the targets, one a row, apart from a constant difference between them.
func ICC31(ratings [][]float64) float64 {
	n := len(ratings)
	if n < 2 || len(ratings[0]) < 2 {
		return math.NaN()
	}
	k := len(ratings[0])
	mean := 0.0
	rows, columns := make([]float64, n), make([]float64, k)
	for i, r := range ratings {
		for j, x := range r {
			rows[i] += x / float64(k)
			columns[j] += x / float64(n)
			mean += x / float64(n*k)
		}
	}
	var between, rest float64
	for i, r := range ratings {
		between += float64(k) * (rows[i] - mean) * (rows[i] - mean)
		for j, x := range r {
			d := x - rows[i] - columns[j] + mean
			rest += d * d
		}
	}
	bms, ems := between/float64(n-1), rest/float64((n-1)*(k-1))
	return (bms - ems) / (bms + float64(k-1)*ems)
}

// MAE is the mean absolute difference.
func MAE(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += math.Abs(x[i] - y[i])
	}
	return sum / float64(len(x))
}

// F1 is the harmonic mean of precision and recall of said being at its threshold or above where truth is at its. NaN where
// it is nowhere.
func F1(truth, said []float64, truthFrom, saidFrom float64) float64 {
	var hit, wrong float64
	for i := range truth {
		t, s := truth[i] >= truthFrom, said[i] >= saidFrom
		switch {
		case t && s:
			hit++
		case t != s:
			wrong++
		}
	}
	if !slices.ContainsFunc(truth, func(x float64) bool { return x >= truthFrom }) {
		return math.NaN()
	}
	return 2 * hit / (2*hit + wrong)
}

// AUC is the chance that one of yes exceeds one of no; ties count half. NaN where one is empty.
func AUC(yes, no []float64) float64 {
	if len(yes) == 0 || len(no) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(no))
	sum := 0.0
	for _, x := range yes {
		below, _ := slices.BinarySearch(sorted, x)
		upTo, _ := slices.BinarySearchFunc(sorted, x, func(a, b float64) int {
			if a <= b {
				return -1
			}
			return 1
		})
		sum += float64(below) + float64(upTo-below)/2
	}
	return sum / float64(len(yes)) / float64(len(no))
}

// Quantile is the q-quantile of x by the nearest rank, NaN of nothing.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return stat.Quantile(q, stat.Empirical, slices.Sorted(slices.Values(x)), nil)
}

// CrossTalk returns how much each measured unit (columns of said) rises for each level of each true one (columns of truth)
// while the others stay: the coefficients of a least-squares fit with a constant. A true unit that hardly varies, or only
// together with others, cannot be told from the rest: its row is NaN.
func CrossTalk(truth, said [][]float64) [][]float64 {
	if len(truth) == 0 {
		return nil
	}
	units, out := len(truth[0]), len(said[0])
	coefficients := make([][]float64, units)
	var kept []int
	for u := range units {
		coefficients[u] = slices.Repeat([]float64{math.NaN()}, out)
		column := make([]float64, len(truth))
		for i := range truth {
			column[i] = truth[i][u]
		}
		if len(column) > 1 && stat.Variance(column, nil) > 1e-4 {
			kept = append(kept, u)
		}
	}
	n := len(kept) + 1
	if len(truth) <= n || n == 1 {
		return coefficients
	}
	// The normal equations are small, and adding a little to their diagonal keeps units that always move together solvable.
	a, b := mat.NewSymDense(n, nil), mat.NewDense(n, out, nil)
	row := make([]float64, n)
	for i := range truth {
		row[0] = 1
		for k, u := range kept {
			row[k+1] = truth[i][u]
		}
		for p := range n {
			for q := p; q < n; q++ {
				a.SetSym(p, q, a.At(p, q)+row[p]*row[q])
			}
			for q := range out {
				b.Set(p, q, b.At(p, q)+row[p]*said[i][q])
			}
		}
	}
	for p := 1; p < n; p++ {
		a.SetSym(p, p, a.At(p, p)+1e-3*float64(len(truth)))
	}
	var x mat.Dense
	if err := x.Solve(a, b); err != nil {
		return coefficients
	}
	for k, u := range kept {
		for q := range out {
			coefficients[u][q] = x.At(k+1, q)
		}
	}
	return coefficients
}

// Interval is a figure with its 95 % confidence interval; Low and High are null where there are too few people for one.
type Interval struct {
	Value *float64 `json:"value"` // null where it is not defined
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// fewest is the number of people below which no interval is given.
const fewest = 5

// A Bootstrap draws people with replacement (Efron & Tibshirani 1993, percentile interval): pictures of one person are too
// much alike to be drawn one by one.
type Bootstrap struct {
	Rounds int    // 0: no intervals
	Seed   uint64 // the same seed gives the same intervals
}

// Of returns figure(all people) with its interval. Figure gets the people drawn as indices, some more than once; what it
// returns may be NaN.
func (b Bootstrap) Of(people int, figure func(drawn []int) float64) Interval {
	all := make([]int, people)
	for i := range all {
		all[i] = i
	}
	in := Interval{Value: number(figure(all))}
	if in.Value == nil || people < fewest || b.Rounds == 0 {
		return in
	}
	r := rand.New(rand.NewPCG(b.Seed, 0x5eed))
	drawn := make([]int, people)
	var values []float64
	for range b.Rounds {
		for i := range drawn {
			drawn[i] = r.IntN(people)
		}
		if v := figure(drawn); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) >= b.Rounds/2 {
		in.Low, in.High = number(Quantile(values, 0.025)), number(Quantile(values, 0.975))
	}
	return in
}

// number is x to four places, nil where it is not a number.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	x = math.Round(x*1e4) / 1e4
	return &x
}
