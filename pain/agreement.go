package pain

// Agreement says how far two raters agree beyond chance: Cohen's kappa (Educ Psychol Meas 1960;20:37-46) and the weighted
// kappa (Psychol Bull 1968;70:213-220), which counts a disagreement by the square of its distance.
type Agreement struct {
	N        int      `json:"n"`        // pairs of ratings
	Same     *float64 `json:"same"`     // share of equal ratings, 0-1; null without pairs
	Kappa    *float64 `json:"kappa"`    // -1 to 1; null where it is not defined
	Weighted *float64 `json:"weighted"` // quadratic weights, -1 to 1; null where it is not defined
}

// Agree compares pairs of ratings. Kappa is not defined without pairs, nor where both raters gave one and the same rating
// throughout: then chance alone would agree as well.
func Agree(pairs [][2]int) Agreement {
	a := Agreement{N: len(pairs)}
	if a.N == 0 {
		return a
	}
	var rows, columns = map[int]float64{}, map[int]float64{}
	var differ, distance float64 // observed
	for _, p := range pairs {
		rows[p[0]]++
		columns[p[1]]++
		if p[0] != p[1] {
			differ++
		}
		distance += float64((p[0] - p[1]) * (p[0] - p[1]))
	}
	n := float64(a.N)
	var byChance, distanceByChance float64 // expected of raters who do not know of each other
	for x, nx := range rows {
		for y, ny := range columns {
			if x != y {
				byChance += nx * ny / n
			}
			distanceByChance += nx * ny / n * float64((x-y)*(x-y))
		}
	}
	a.Same = share4(1 - differ/n)
	if byChance > 0 {
		a.Kappa = share4(1 - differ/byChance)
	}
	if distanceByChance > 0 {
		a.Weighted = share4(1 - distance/distanceByChance)
	}
	return a
}

func share4(x float64) *float64 { x = round4(x); return &x }
