package care

import (
	"math"
	"strings"
	"time"
)

// Drug is a medicine that was given, in the giver's words or by a code.
type Drug struct {
	Text   string `json:"text"`             // such as "paracetamol"
	Dose   string `json:"dose,omitempty"`   // such as "500 mg by mouth"
	System string `json:"system,omitempty"` // the code's system as a URI, such as that of ATC or SNOMED CT
	Code   string `json:"code,omitempty"`
}

// Relief is what was done against a resident's pain: a drug, a measure of the home's list, or both. It is never deleted.
type Relief struct {
	ID             string    `json:"id"`
	ResidentID     string    `json:"resident_id"`
	AssessmentID   string    `json:"assessment_id"` // the one before, which said that it was needed; empty where there was none
	Drug           *Drug     `json:"drug"`
	Measures       []string  `json:"measures"` // ids of Measure
	GivenAt        time.Time `json:"given_at"`
	GivenBy        string    `json:"given_by"` // name; who records it where left out
	Remarks        string    `json:"remarks"`
	Scale          string    `json:"scale"` // of the assessment before: what the follow-up is made with
	RecordedAt     time.Time `json:"recorded_at"`
	RecordedBy     Actor     `json:"recorded_by"`
	EnteredInError bool      `json:"entered_in_error"`
	Version        int       `json:"version"`
}

// oldestRelief is how long after it was given a relief can still be recorded.
const oldestRelief = 7 * 24 * time.Hour

// Longest texts, in characters.
const (
	maxDrug  = 200
	maxCode  = 64
	maxURI   = 200
	maxScale = 64
)

// Check tidies the relief and says which rule it breaks, if any. A missing time is now.
func (r *Relief) Check(act Act) error {
	if err := checkID(&r.ID); err != nil {
		return err
	}
	if r.Drug == nil && len(r.Measures) == 0 {
		return invalid("drug", "Say what was given: a drug, one or more measures, or both.")
	}
	if r.Drug != nil {
		for _, t := range []struct {
			field string
			text  *string
			most  int
		}{{"drug.text", &r.Drug.Text, maxDrug}, {"drug.dose", &r.Drug.Dose, maxDrug}, {"drug.system", &r.Drug.System, maxURI}, {"drug.code", &r.Drug.Code, maxCode}} {
			if err := tidy(t.field, t.text, t.most, false); err != nil {
				return err
			}
		}
		switch {
		case r.Drug.Text == "" && r.Drug.Code == "":
			return invalid("drug.text", "Say which drug: in words, or by a code.")
		case (r.Drug.Code == "") != (r.Drug.System == ""):
			return invalid("drug.code", "A code needs its system, and a system its code.")
		}
	}
	if r.Measures == nil {
		r.Measures = []string{}
	}
	if len(r.Measures) > 20 {
		return invalid("measures", "At most 20 measures at once.")
	}
	if err := tidy("given_by", &r.GivenBy, maxName, false); err != nil {
		return err
	}
	if r.GivenBy == "" {
		r.GivenBy = act.By.Name
	}
	if err := CheckRemarks(&r.Remarks); err != nil {
		return err
	}
	if err := checkTime("given_at", &r.GivenAt, act.At, act.At.Add(clockSkew)); err != nil {
		return err
	}
	if r.GivenAt.Before(act.At.Add(-oldestRelief)) {
		return invalid("given_at", "This lies more than a week back: what was given then belongs into the remarks.")
	}
	return nil
}

// MarkWrong marks a relief that was entered in error. Its follow-ups end with it.
func (r *Relief) MarkWrong() error {
	if r.EnteredInError {
		return &Error{Code: Conflict, Text: "This was marked as entered in error before."}
	}
	r.EnteredInError = true
	r.Version++
	return nil
}

// Measure is one thing of the home's list that can be done against pain without a drug.
type Measure struct {
	ID      string `json:"id"` // a word, such as "warmth"
	Name    string `json:"name"`
	Retired bool   `json:"retired"` // not offered any more; reliefs keep it
	Version int    `json:"version"`
}

// Measures returns the list that every home starts with. A home changes and adds to it.
func Measures() []Measure {
	return []Measure{
		{ID: "repositioning", Name: "Repositioning"}, {ID: "warmth", Name: "Warmth"}, {ID: "cold", Name: "Cold"}, {ID: "massage", Name: "Massage"},
		{ID: "music", Name: "Music"}, {ID: "tens", Name: "TENS"}, {ID: "vr", Name: "Virtual reality"}, {ID: "company", Name: "Company and talk"},
		{ID: "quiet", Name: "Quiet and rest"}, {ID: "walking", Name: "Walking or gentle movement"}, {ID: "aromatherapy", Name: "Aromatherapy"},
	}
}

// Check tidies the name and says which rule the measure breaks, if any.
func (m *Measure) Check() error {
	if m.ID == "" || len(m.ID) > 40 || strings.Trim(m.ID, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return invalid("id", "The id must be a word of small letters, digits and underscores, at most 40.")
	}
	return tidy("name", &m.Name, maxName, true)
}

// FollowUp is one assessment that a relief asks for, with what became of it.
type FollowUp struct {
	DueItem
	Change *Change `json:"change,omitempty"` // against the assessment before, where both have a total
}

// Follow returns a relief's follow-ups, with the change of each assessment against the one before the relief. others are the
// resident's reliefs, from which a later one with the same scale takes over.
func Follow(r *Relief, others []Relief, scored []Scored, pauses []Pause, now time.Time) []FollowUp {
	round := Round{Reliefs: append([]Relief{*r}, others...), Scored: scored, Pauses: pauses}
	p := round.byResident()[r.ResidentID]
	if p == nil {
		return []FollowUp{}
	}
	before := find(scored, r.AssessmentID)
	for i := range p.reliefs {
		if p.reliefs[i].ID != r.ID {
			continue
		}
		list := p.chain(i, now)
		for k := range list {
			if after := find(scored, list[k].AssessmentID); after != nil && before != nil && before.Total != nil && after.Total != nil {
				list[k].Change = CadenceOf(r.Scale).Compare(*before.Total, *after.Total)
			}
		}
		return list
	}
	return []FollowUp{}
}

func find(scored []Scored, id string) *Scored {
	for i := range scored {
		if id != "" && scored[i].AssessmentID == id {
			return &scored[i]
		}
	}
	return nil
}

// chain walks a relief's cadence: the first reassessment, then the next counted from when each was made, more often while
// the pain is more than mild, until the cadence ends or another relief takes over. A reassessment that was missed is
// followed by one counted from when it was missed.
func (p *person) chain(i int, now time.Time) []FollowUp {
	r := &p.reliefs[i]
	c := CadenceOf(r.Scale)
	end := r.GivenAt.Add(time.Duration(c.UntilMinutes) * time.Minute)
	for k := i + 1; k < len(p.reliefs); k++ {
		if n := &p.reliefs[k]; n.Scale == r.Scale && n.GivenAt.After(r.GivenAt) && n.GivenAt.Before(end) {
			end = n.GivenAt
			break
		}
	}
	out := []FollowUp{}
	from, due := r.GivenAt, r.GivenAt.Add(time.Duration(c.FirstMinutes)*time.Minute)
	for !due.After(end) {
		wait := time.Duration(c.RepeatMinutes) * time.Minute
		d := DueItem{
			Key: r.ID + "/" + itoa(int(due.Unix())), ResidentID: r.ResidentID, ReliefID: r.ID, Scale: r.Scale, DueAt: due,
			Why: "relief at " + r.GivenAt.UTC().Format("15:04") + " UTC", OverdueAt: due.Add(time.Duration(c.GraceMinutes) * time.Minute), MissedAt: due.Add(wait),
		}
		// One that comes a little before it is due serves; one right after the relief says nothing about it yet.
		a := p.firstFit(from.Add(due.Sub(from)/2), d.MissedAt, r.Scale, "", now, nil)
		if a != nil {
			d.AssessmentID = a.AssessmentID
		}
		d.State = p.state(&d, now)
		out = append(out, FollowUp{DueItem: d})
		switch {
		case a != nil && a.Total != nil && *a.Total > c.MildUpTo:
			from = a.At
		case a != nil:
			from, wait = a.At, time.Duration(c.ThenMinutes)*time.Minute
		case now.Before(d.MissedAt):
			return out // what comes next depends on this one
		default:
			from = d.MissedAt
		}
		due = from.Add(wait)
	}
	return out
}

// Change is the difference between two totals of one scale, with how far it can be trusted.
type Change struct {
	Before     int     `json:"before"`
	After      int     `json:"after"`
	Difference int     `json:"difference"` // after - before: less pain is negative
	Low        float64 `json:"low"`        // the difference's 95 % interval
	High       float64 `json:"high"`
	Smallest   float64 `json:"smallest_detectable"` // a difference smaller than this may be chance
	Verdict    string  `json:"verdict"`             // "less", "more" or "within_uncertainty"
	Text       string  `json:"text"`                // the verdict as a sentence
	SEMState   string  `json:"sem_state"`           // "published" or "assumed"
	SEMSource  string  `json:"sem_source"`
}

// Compare says what the difference of two totals is worth. Two measurements of one person with the standard error SEM each
// differ by chance by up to 1.96 x sqrt(2) x SEM in 95 of 100 cases (de Vet et al. 2006, Health Qual Life Outcomes 4:54).
func (c *Cadence) Compare(before, after int) *Change {
	smallest := math.Round(100*1.96*math.Sqrt2*c.SEM) / 100
	d := after - before
	x := &Change{Before: before, After: after, Difference: d, Low: float64(d) - smallest, High: float64(d) + smallest, Smallest: smallest,
		SEMState: c.SEMState, SEMSource: c.SEMSource}
	x.Low, x.High = math.Round(100*x.Low)/100, math.Round(100*x.High)/100
	switch {
	case float64(d) <= -smallest:
		x.Verdict, x.Text = "less", "The score is lower by more than the scale's own uncertainty."
	case float64(d) >= smallest:
		x.Verdict, x.Text = "more", "The score is higher by more than the scale's own uncertainty."
	default:
		x.Verdict, x.Text = "within_uncertainty", "The difference is within the scale's own uncertainty: it does not show a change."
	}
	if c.SEMState != "published" {
		x.Text += " The uncertainty is an assumption, because no figure was found for this scale."
	}
	return x
}
