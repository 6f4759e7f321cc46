package care

import (
	"cmp"
	"slices"
	"time"

	"wince/pain"
)

// QualityRow is what the quality report needs to know of one confirmed assessment; none of practice.
type QualityRow struct {
	AssessmentID string
	ResidentID   string
	At           time.Time
	Condition    Condition
	Method       Method
	Scale        pain.Ref // zero where none was filled in
	Total        *int
	Answers      pain.Answers
	RatedBlind   pain.Answers
	Proposals    []pain.Proposal
	State        string             // of the observation; empty without one
	Reasons      map[string]float64 // the observation's: share of the time that could not be judged for each cause
}

// QualityInput is all that decides the report.
type QualityInput struct {
	From, To  time.Time    // what is reported: from, and before to
	Residents int          // who live in the site
	Rows      []QualityRow // from From on, and so long after To as follow-ups take
	Reliefs   []Relief     // of the same time
	Now       time.Time
	PainFrom  map[pain.Ref]int // lowest total of each scale that counts as pain
}

// Only leaves what is about these residents.
func (in *QualityInput) Only(residents map[string]bool) {
	in.Residents = len(residents)
	in.Rows = slices.DeleteFunc(in.Rows, func(r QualityRow) bool { return !residents[r.ResidentID] })
	in.Reliefs = slices.DeleteFunc(in.Reliefs, func(r Relief) bool { return !residents[r.ResidentID] })
}

// Share is a count out of a number. Of 0 there is no share: null, which is not 0.
type Share struct {
	Count int      `json:"count"`
	Of    int      `json:"of"`
	Share *float64 `json:"share"`
}

func (s *Share) add(yes bool) {
	s.Of++
	if yes {
		s.Count++
	}
}

func (s *Share) finish() {
	if s.Of > 0 {
		x := float64(s.Count) / float64(s.Of)
		s.Share = &x
	}
}

// ItemAgreement compares the carer's answer to one item with the machine's proposal.
type ItemAgreement struct {
	Scale string         `json:"scale"`
	Item  string         `json:"item"`
	Blind pain.Agreement `json:"blind"` // rated before the machine's view was shown
	Seen  pain.Agreement `json:"seen"`  // rated with it in view: higher, because people follow it
}

// Refusal is one cause for which the camera could not judge.
type Refusal struct {
	Reason string `json:"reason"` // the cause that took most of the time; "unknown" where there was none
	Share
}

// Quality is the report on a site's assessments in a time. It names nobody.
type Quality struct {
	From        time.Time       `json:"from"`
	To          time.Time       `json:"to"`
	Residents   int             `json:"residents"`
	Assessed    int             `json:"residents_assessed"`
	Assessments int             `json:"assessments"`
	PerResident *float64        `json:"assessments_per_resident"` // of all residents; null where there are none
	OnMovement  Share           `json:"on_movement"`
	WithCamera  Share           `json:"with_camera"`
	SelfReport  Share           `json:"self_report"`
	Zero        Share           `json:"zero_scores"`    // of those with a total
	InPain      Share           `json:"pain_scores"`    // of those with a total: at or above the scale's pain_from
	FollowedUp  Share           `json:"followed_up"`    // of the pain scores whose time is over: see FollowedUp
	Refused     Share           `json:"refused"`        // of those with a camera: the face could not be judged
	Refusals    []Refusal       `json:"refusals"`       // by cause, of those with a camera
	Agreement   []ItemAgreement `json:"agreement"`      // Cohen's kappa, by item
	Corrected   Share           `json:"camera_differs"` // of the items that the camera proposed: the carer chose another option
}

// Quality works the report out. It is a pure function.
//
// A pain score counts as followed up where the same scale was filled in again for the same resident within the scale's time
// (see Cadence): after the relief that was recorded for it, where one was, and after the score itself where none was.
func (in *QualityInput) Quality() *Quality {
	q := &Quality{From: in.From, To: in.To, Residents: in.Residents, Refusals: []Refusal{}, Agreement: []ItemAgreement{}}
	relief := map[string]*Relief{} // the first for each assessment
	for i := range in.Reliefs {
		r := &in.Reliefs[i]
		if old := relief[r.AssessmentID]; r.AssessmentID != "" && !r.EnteredInError && (old == nil || r.GivenAt.Before(old.GivenAt)) {
			relief[r.AssessmentID] = r
		}
	}
	again := map[[2]string][]time.Time{} // resident and scale -> when
	for i := range in.Rows {
		r := &in.Rows[i]
		if r.Total != nil {
			k := [2]string{r.ResidentID, r.Scale.ID}
			again[k] = append(again[k], r.At)
		}
	}
	for _, times := range again {
		slices.SortFunc(times, time.Time.Compare)
	}
	residents, refusals := map[string]bool{}, map[string]int{}
	pairs := map[[2]string]*[2][][2]int{} // scale and item -> blind and seen pairs of carer and machine
	for i := range in.Rows {
		r := &in.Rows[i]
		if r.At.Before(in.From) || !r.At.Before(in.To) {
			continue
		}
		q.Assessments++
		residents[r.ResidentID] = true
		q.OnMovement.add(r.Condition == InMovement)
		q.WithCamera.add(r.Method == ByCamera)
		q.SelfReport.add(r.Method == BySelfReport)
		if r.State != "" {
			q.Refused.add(r.State != "assessed")
			if r.State != "assessed" {
				refusals[mainReason(r.Reasons)]++
			}
		}
		q.compare(r, pairs)
		if r.Total == nil {
			continue
		}
		q.Zero.add(*r.Total == 0)
		from, known := in.PainFrom[r.Scale]
		hurts := known && *r.Total >= from
		q.InPain.add(hurts)
		if hurts {
			if met, over := followedUp(r, relief[r.AssessmentID], again[[2]string{r.ResidentID, r.Scale.ID}], in.Now); met || over {
				q.FollowedUp.add(met)
			}
		}
	}
	q.Assessed = len(residents)
	if q.Residents > 0 {
		x := float64(q.Assessments) / float64(q.Residents)
		q.PerResident = &x
	}
	for reason, n := range refusals {
		x := Refusal{reason, Share{Count: n, Of: q.Refused.Of}}
		x.finish()
		q.Refusals = append(q.Refusals, x)
	}
	slices.SortFunc(q.Refusals, func(a, b Refusal) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Reason, b.Reason)) })
	for k, p := range pairs {
		q.Agreement = append(q.Agreement, ItemAgreement{k[0], k[1], pain.Agree(p[0]), pain.Agree(p[1])})
	}
	slices.SortFunc(q.Agreement, func(a, b ItemAgreement) int {
		return cmp.Or(cmp.Compare(a.Scale, b.Scale), cmp.Compare(a.Item, b.Item))
	})
	for _, s := range []*Share{&q.OnMovement, &q.WithCamera, &q.SelfReport, &q.Zero, &q.InPain, &q.FollowedUp, &q.Refused, &q.Corrected} {
		s.finish()
	}
	return q
}

// compare collects the pairs of the carer's answers and the machine's proposals.
func (q *Quality) compare(r *QualityRow, pairs map[[2]string]*[2][][2]int) {
	for _, p := range r.Proposals {
		answer, ok := r.Answers[p.ItemID]
		if !ok || p.ScaleID != r.Scale.ID {
			continue
		}
		q.Corrected.add(answer != p.Value)
		k := [2]string{p.ScaleID, p.ItemID}
		if pairs[k] == nil {
			pairs[k] = &[2][][2]int{}
		}
		if first, ok := r.RatedBlind[p.ItemID]; ok {
			pairs[k][0] = append(pairs[k][0], [2]int{first, p.Value})
		} else {
			pairs[k][1] = append(pairs[k][1], [2]int{answer, p.Value})
		}
	}
}

// followedUp says whether a pain score was followed up in time, and whether that time is over.
func followedUp(r *QualityRow, relief *Relief, again []time.Time, now time.Time) (met, over bool) {
	c := CadenceOf(r.Scale.ID)
	from := r.At
	if relief != nil && relief.GivenAt.After(from) {
		from = relief.GivenAt
	}
	due := from.Add(time.Duration(c.FirstMinutes+c.GraceMinutes) * time.Minute)
	for _, t := range again {
		if t.After(from) && !t.After(due) {
			return true, true
		}
	}
	return false, now.After(due)
}

// FollowUpTime is the longest after a pain score that Quality looks for what followed it: a relief may be recorded some time
// after it.
const FollowUpTime = 24 * time.Hour

// mainReason returns the cause with the largest share.
func mainReason(reasons map[string]float64) string {
	main, most := "unknown", 0.0
	for reason, share := range reasons {
		if share > most || share == most && share > 0 && reason < main {
			main, most = reason, share
		}
	}
	return main
}
