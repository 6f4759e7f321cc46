package care

import (
	"cmp"
	"slices"
	"time"
)

// The limits of an overview. They are choices of this project: how soon a manager wants to know.
const (
	ConsentSoon = 14 * 24 * time.Hour // a consent that expires within this time is to be asked for again
	ShiftLength = 8 * time.Hour       // an assessment that is older and not confirmed was left by a shift that is over
)

// OpenAssessment is one that nobody has confirmed.
type OpenAssessment struct {
	ID         string    `json:"assessment_id"`
	ResidentID string    `json:"resident_id"`
	Status     Status    `json:"status"`
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"` // a user's id
}

// OverviewInput is all that decides an overview. Open holds assessments older than a shift.
type OverviewInput struct {
	Now       time.Time
	Zone      *time.Location         // of the site: today begins at its midnight
	Days      int                    // since when a resident should have been assessed
	Method    func(*Resident) string // what measures a resident's baselines now
	Residents []Resident
	Baselines map[string]string    // resident -> method of the chosen one
	Last      map[string]time.Time // resident -> last confirmed assessment
	Open      []OpenAssessment
	Escalated []Escalation // that nobody has acknowledged
	Due       []DueItem
}

// Concern is a resident who needs something, and why.
type Concern struct {
	ResidentID string     `json:"resident_id"`
	Reason     string     `json:"reason"`
	At         *time.Time `json:"at,omitempty"` // when a consent expires, or a resident was assessed last
}

// Overview is how a home stands now. It names residents by their ids.
type Overview struct {
	At        time.Time `json:"at"`
	Residents int       `json:"residents"`
	Days      int       `json:"days"`

	Due         int `json:"due"`          // now, not overdue
	Overdue     int `json:"overdue"`      //
	MissedToday int `json:"missed_today"` // since midnight where the home is
	DoneToday   int `json:"done_today"`   // of what was due since then
	Escalations int `json:"open_escalations"`

	Consent         []Concern        `json:"consent"`          // "unknown", "expired", "expires_soon"; who refused or withdrew has decided
	WithoutBaseline []Concern        `json:"without_baseline"` // of those who may be filmed: "none", "outdated"
	NotAssessed     []Concern        `json:"not_assessed"`     // for Days: "never", "long_ago"
	Unconfirmed     []OpenAssessment `json:"unconfirmed"`      // older than a shift, the oldest first
}

// Overview works the overview out. It is a pure function.
func (in *OverviewInput) Overview() *Overview {
	o := &Overview{At: Stamp(in.Now), Residents: len(in.Residents), Days: in.Days, Escalations: len(in.Escalated), Consent: []Concern{},
		WithoutBaseline: []Concern{}, NotAssessed: []Concern{}, Unconfirmed: append([]OpenAssessment{}, in.Open...)}
	y, m, d := in.Now.In(in.Zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, in.Zone)
	for i := range in.Due {
		switch x := &in.Due[i]; x.State {
		case Due:
			o.Due++
		case Overdue:
			o.Overdue++
		case Missed:
			if !x.MissedAt.Before(midnight) {
				o.MissedToday++
			}
		case Done:
			if !x.DueAt.Before(midnight) {
				o.DoneToday++
			}
		}
	}
	since := in.Now.AddDate(0, 0, -in.Days)
	for i := range in.Residents {
		r := in.Residents[i].At(in.Now)
		o.consent(r, in.Now)
		if method, has := in.Baselines[r.ID]; r.Consent == ConsentGiven && !has {
			o.WithoutBaseline = append(o.WithoutBaseline, Concern{ResidentID: r.ID, Reason: "none"})
		} else if r.Consent == ConsentGiven && method != in.Method(r) {
			o.WithoutBaseline = append(o.WithoutBaseline, Concern{ResidentID: r.ID, Reason: "outdated"})
		}
		if last, ever := in.Last[r.ID]; !ever {
			if r.CreatedAt.Before(since) { // who came since then is not late
				o.NotAssessed = append(o.NotAssessed, Concern{ResidentID: r.ID, Reason: "never"})
			}
		} else if last.Before(since) {
			o.NotAssessed = append(o.NotAssessed, Concern{r.ID, "long_ago", &last})
		}
	}
	slices.SortStableFunc(o.Unconfirmed, func(a, b OpenAssessment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return o
}

func (o *Overview) consent(r *Resident, now time.Time) {
	c := Concern{ResidentID: r.ID}
	if r.CameraConsent != nil {
		c.At = r.CameraConsent.ExpiresAt
	}
	switch {
	case r.Consent == ConsentUnknown, r.Consent == ConsentExpired:
		c.Reason = string(r.Consent)
	case r.Consent == ConsentGiven && c.At != nil && c.At.Before(now.Add(ConsentSoon)):
		c.Reason = "expires_soon"
	default:
		return
	}
	o.Consent = append(o.Consent, c)
}
