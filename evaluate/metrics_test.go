package evaluate

import (
	"math"
	"slices"
	"testing"
)

func near(t *testing.T, name string, got, want, by float64) {
	t.Helper()
	if math.IsNaN(want) != math.IsNaN(got) || math.Abs(got-want) > by {
		t.Errorf("%s: %.4f, want %.4f", name, got, want)
	}
}

// The ratings of Shrout & Fleiss 1979, table 2: six targets, four judges; their table 4 gives ICC(3,1) as .71.
func TestICCOfShroutAndFleiss(t *testing.T) {
	near(t, "ICC(3,1)", ICC31([][]float64{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}}), 0.71, 0.005)
	near(t, "of a constant difference", ICC31([][]float64{{1, 3}, {2, 4}, {5, 7}}), 1, 1e-12)
	near(t, "of one target", ICC31([][]float64{{1, 3}}), math.NaN(), 0)
}

func TestFiguresByHand(t *testing.T) {
	x, y := []float64{1, 2, 3, 4, 5}, []float64{2, 1, 4, 3, 5}
	near(t, "Pearson", Pearson(x, y), 0.8, 1e-12) // covariance 8/4, variances 10/4
	near(t, "Pearson of a constant", Pearson([]float64{1, 1}, []float64{1, 2}), math.NaN(), 0)
	near(t, "MAE", MAE(x, y), 0.8, 1e-12)
	// truth at 2 or above: 2, 3, 4, 5; said so: 2, 4, 3, 5 of which the first is not there
	near(t, "F1", F1(x, y, 2, 2), 0.75, 1e-12)
	near(t, "F1 of nothing", F1([]float64{0, 1}, []float64{3, 3}, 2, 2), math.NaN(), 0)
	near(t, "F1 missed", F1([]float64{3, 1}, []float64{0, 0}, 2, 2), 0, 0)
	near(t, "AUC", AUC([]float64{3, 2}, []float64{1, 2}), 0.875, 1e-12) // of four pairs three and a half
	near(t, "AUC without one side", AUC(nil, x), math.NaN(), 0)
	near(t, "median", Quantile([]float64{5, 1, 3}, 0.5), 3, 0)
	near(t, "quantile of nothing", Quantile(nil, 0.5), math.NaN(), 0)
}

func TestCrossTalk(t *testing.T) {
	var truth, said [][]float64
	for i := range 64 {
		a, b, c := float64(i%4), float64(i/4%4), 1.0
		truth = append(truth, []float64{a, b, c})
		said = append(said, []float64{0.9*a + 0.2*b + 1, 0.5 * b})
	}
	got := CrossTalk(truth, said)
	for i, want := range [][]float64{{0.9, 0}, {0.2, 0.5}, {math.NaN(), math.NaN()}} {
		for j := range want {
			near(t, "cross-talk", got[i][j], want[j], 0.005)
		}
	}
	if got := CrossTalk(truth[:2], said[:2]); !math.IsNaN(got[0][0]) {
		t.Errorf("two pictures tell %v", got)
	}
}

func TestBootstrap(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	mean := func(drawn []int) float64 {
		sum := 0.0
		for _, i := range drawn {
			sum += values[i]
		}
		return sum / float64(len(drawn))
	}
	b := Bootstrap{Rounds: 2000, Seed: 1}
	in := b.Of(10, mean)
	// The standard error is sqrt(8.25/10) = 0.91: the interval is about 1.78 to each side.
	near(t, "value", *in.Value, 5.5, 1e-9)
	near(t, "low", *in.Low, 3.72, 0.25)
	near(t, "high", *in.High, 7.28, 0.25)
	if again := b.Of(10, mean); *again.Low != *in.Low || *again.High != *in.High {
		t.Error("the same seed gave another interval")
	}
	if few := b.Of(4, mean); few.Value == nil || few.Low != nil || few.High != nil {
		t.Errorf("four people gave an interval: %+v", few)
	}
	if none := b.Of(10, func([]int) float64 { return math.NaN() }); none.Value != nil || none.Low != nil {
		t.Errorf("a figure that is not defined has a value: %+v", none)
	}
	if !slices.IsSorted(values) {
		t.Error("the values were moved")
	}
}
