package care

import (
	"cmp"
	"math"
	"slices"
	"time"

	"wince/pain"
)

// Disagreement is one item that the camera proposed and a carer answered otherwise.
type Disagreement struct {
	AssessmentID string    `json:"assessment_id"`
	ResidentID   string    `json:"resident_id"`
	At           time.Time `json:"at"`
	Condition    Condition `json:"condition"`
	Scale        string    `json:"scale"`
	Item         string    `json:"item"`
	Proposed     int       `json:"proposed"`
	Answered     int       `json:"answered"`
	RatedBlind   *int      `json:"rated_blind"` // the answer before the machine's view was shown; null where it was in view
	Difference   int       `json:"difference"`  // the carer's answer, the blind one where there is one, less the proposal
}

// Disagreements is the report on them.
type Disagreements struct {
	From      time.Time      `json:"from"`
	To        time.Time      `json:"to"`
	Compared  int            `json:"compared"` // items that the camera proposed and a carer answered
	Differing int            `json:"differing"`
	BySize    map[string]int `json:"by_size"` // difference, such as "-2" or "1" -> items
	List      []Disagreement `json:"disagreements"`
}

// Disagreements lists the items about which carer and camera differ, the largest differences first, at most so many. It is a
// pure function of the rows of a quality report.
func (in *QualityInput) Disagreements(most int) *Disagreements {
	out := &Disagreements{From: in.From, To: in.To, BySize: map[string]int{}, List: []Disagreement{}}
	for i := range in.Rows {
		r := &in.Rows[i]
		if r.At.Before(in.From) || !r.At.Before(in.To) {
			continue
		}
		for _, p := range r.Proposals {
			answer, ok := r.Answers[p.ItemID]
			if !ok || p.ScaleID != r.Scale.ID {
				continue
			}
			d := Disagreement{r.AssessmentID, r.ResidentID, r.At, r.Condition, p.ScaleID, p.ItemID, p.Value, answer, nil, answer - p.Value}
			if first, ok := r.RatedBlind[p.ItemID]; ok {
				d.RatedBlind, d.Difference = &first, first-p.Value
			}
			out.Compared++
			if d.Difference == 0 && answer == p.Value {
				continue
			}
			out.Differing++
			out.BySize[itoa(d.Difference)]++
			out.List = append(out.List, d)
		}
	}
	size := func(d *Disagreement) int { return max(d.Difference, -d.Difference) }
	slices.SortStableFunc(out.List, func(a, b Disagreement) int {
		return cmp.Or(size(&b)-size(&a), b.At.Compare(a.At), cmp.Compare(a.Item, b.Item))
	})
	out.List = out.List[:min(most, len(out.List))]
	return out
}

// FaceRow is what the summary of a resident's face needs to know of one confirmed assessment with a camera that could judge.
type FaceRow struct {
	Scale pain.Ref
	Total *int
	AU    map[string]pain.AUSummary
}

// leastFaces is the number of assessments under which nothing is said: one face is no habit.
const leastFaces = 3

// UnitSeen says how an action unit was in some assessments.
type UnitSeen struct {
	N     int      `json:"n"`     // assessments that measured it
	Share *float64 `json:"share"` // of these, in how many it was there; null under three
	Peak  *float64 `json:"peak"`  // mean of its peaks, 0-5 (AU43 0-1); null under three
}

// FaceUnit compares an action unit with and without pain.
type FaceUnit struct {
	Unit string   `json:"unit"` // such as "AU4"
	Name string   `json:"name"` // such as "brow lowerer"
	Pain UnitSeen `json:"pain"`
	Calm UnitSeen `json:"no_pain"`
}

// Face is which action units a resident shows when a confirmed assessment says pain, and when it does not. It says what went
// together here, no more: people who see the machine's view rate accordingly.
type Face struct {
	Since     time.Time  `json:"since"`
	Pain      int        `json:"pain"`    // confirmed assessments at or above the scale's pain_from
	Calm      int        `json:"no_pain"` // below it
	LeftOut   int        `json:"left_out"`
	Least     int        `json:"least"` // assessments under which nothing is said
	Provision bool       `json:"provisional"`
	Units     []FaceUnit `json:"units"`
}

// FaceOf sums up rows; painFrom is the lowest total of each scale that counts as pain. It is a pure function.
func FaceOf(rows []FaceRow, painFrom map[pain.Ref]int, since time.Time) *Face {
	type sums struct {
		n, there int
		peak     float64
	}
	var of [2]map[string]*sums
	of[0], of[1] = map[string]*sums{}, map[string]*sums{}
	f := &Face{Since: since, Least: leastFaces, Provision: true, Units: []FaceUnit{}}
	for i := range rows {
		r := &rows[i]
		from, known := painFrom[r.Scale]
		if r.Total == nil || !known {
			f.LeftOut++
			continue
		}
		group := of[0]
		if *r.Total >= from {
			group = of[1]
			f.Pain++
		} else {
			f.Calm++
		}
		for unit, s := range r.AU {
			if group[unit] == nil {
				group[unit] = &sums{}
			}
			group[unit].n++
			group[unit].peak += s.Peak
			if s.Share > 0 {
				group[unit].there++
			}
		}
	}
	seen := func(s *sums) (u UnitSeen) {
		if s == nil {
			return u
		}
		if u.N = s.n; s.n >= leastFaces {
			share, peak := math.Round(100*float64(s.there)/float64(s.n))/100, math.Round(100*s.peak/float64(s.n))/100
			u.Share, u.Peak = &share, &peak
		}
		return u
	}
	for a := range pain.NumAU {
		unit := a.String()
		if of[0][unit] != nil || of[1][unit] != nil {
			f.Units = append(f.Units, FaceUnit{unit, a.Name(), seen(of[1][unit]), seen(of[0][unit])})
		}
	}
	return f
}
