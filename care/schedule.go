package care

import (
	"slices"
	"time"
)

// EventKind is something that happens to a resident and asks for an assessment before or after it.
type EventKind string

// The kinds.
const (
	Fall         EventKind = "fall"
	Admission    EventKind = "admission" // also the return from hospital
	PersonalCare EventKind = "personal_care"
)

// Check returns an error where the kind is missing or unknown.
func (k EventKind) Check() error {
	switch k {
	case Fall, Admission, PersonalCare:
		return nil
	}
	return invalid("kind", `The kind must be "fall", "admission" or "personal_care".`)
}

func (k EventKind) words() string {
	switch k {
	case Fall:
		return "a fall"
	case PersonalCare:
		return "personal care"
	}
	return string(k)
}

// Event is one such happening. Personal care may be planned up to two days ahead; falls and admissions have happened.
type Event struct {
	ID             string    `json:"id"`
	ResidentID     string    `json:"resident_id"`
	Kind           EventKind `json:"kind"`
	At             time.Time `json:"at"`
	RecordedAt     time.Time `json:"recorded_at"`
	RecordedBy     Actor     `json:"recorded_by"`
	EnteredInError bool      `json:"entered_in_error"`
	Version        int       `json:"version"`
}

const plannedAhead = 48 * time.Hour

// Check says which rule the event breaks, if any. A missing time is now.
func (e *Event) Check(now time.Time) error {
	if err := checkID(&e.ID); err != nil {
		return err
	}
	if err := e.Kind.Check(); err != nil {
		return err
	}
	latest := now.Add(clockSkew)
	if e.Kind == PersonalCare {
		latest = now.Add(plannedAhead)
	}
	return checkTime("at", &e.At, now, latest)
}

// MarkWrong marks an event that was entered in error.
func (e *Event) MarkWrong() error {
	if e.EnteredInError {
		return &Error{Code: Conflict, Text: "This was marked as entered in error before."}
	}
	e.EnteredInError = true
	e.Version++
	return nil
}

// Schedule asks for assessments of one resident, or of everybody in a home, again and again. It is not edited: end it and
// make another, so that what was due in the past stays what it was.
type Schedule struct {
	ID         string    `json:"id"`
	SiteID     string    `json:"site_id"`
	ResidentID string    `json:"resident_id,omitempty"` // empty for all residents of the site
	Scale      string    `json:"scale,omitempty"`       // such as "PAINAD"; empty for any
	Condition  Condition `json:"condition,omitempty"`   // empty for either
	Repeat     Repeat    `json:"repeat"`
	TimeZone   string    `json:"time_zone"` // IANA name, such as "Europe/Paris"

	EarlyMinutes int `json:"early_minutes"` // an assessment so long before counts; default 30
	GraceMinutes int `json:"grace_minutes"` // overdue after so long; default 30
	MissMinutes  int `json:"miss_minutes"`  // missed after so long, or when the next is due; default a day

	StartsAt  time.Time  `json:"starts_at"`
	EndsAt    *time.Time `json:"ends_at"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy Actor      `json:"created_by"`
	Version   int        `json:"version"`
}

// What a schedule is when nobody says otherwise, and its longest windows, in minutes. The figures are conventions of ours.
const (
	defaultEarly = 30
	defaultGrace = 30
	defaultMiss  = 24 * 60
	maxEarly     = 24 * 60
	maxMiss      = 72 * 60
)

// Check fills in what was left out and says which rule the schedule breaks, if any. now is the default start.
func (s *Schedule) Check(now time.Time) error {
	if err := checkID(&s.ID); err != nil {
		return err
	}
	if s.Condition != "" {
		if err := s.Condition.Check(); err != nil {
			return invalid("condition", `condition must be "rest" or "movement", or be left out for either.`)
		}
	}
	if err := tidy("scale", &s.Scale, maxScale, false); err != nil {
		return err
	}
	if err := s.Repeat.Check(); err != nil {
		return err
	}
	if s.TimeZone == "Local" || s.TimeZone == "" {
		return invalid("time_zone", `Give the home's time zone by its name, such as "Europe/Paris".`)
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		return invalid("time_zone", `There is no such time zone: give its name, such as "Europe/Paris".`)
	}
	for _, w := range []struct {
		field  string
		value  *int
		preset int
		most   int
	}{
		{"early_minutes", &s.EarlyMinutes, defaultEarly, maxEarly},
		{"grace_minutes", &s.GraceMinutes, defaultGrace, maxMiss},
		{"miss_minutes", &s.MissMinutes, defaultMiss, maxMiss},
	} {
		if *w.value == 0 {
			*w.value = w.preset
		}
		if *w.value < 1 || *w.value > w.most {
			return invalid(w.field, w.field+" must be from 1 to "+itoa(w.most)+".")
		}
	}
	if s.GraceMinutes > s.MissMinutes {
		return invalid("grace_minutes", "grace_minutes cannot be longer than miss_minutes: what is missed was overdue before.")
	}
	if s.StartsAt.IsZero() {
		s.StartsAt = now
	}
	// Whole seconds: a recurrence rule knows nothing smaller.
	s.StartsAt = s.StartsAt.UTC().Truncate(time.Second)
	if s.StartsAt.After(now.AddDate(1, 0, 0)) || s.StartsAt.Before(now.AddDate(-1, 0, 0)) {
		return invalid("starts_at", "starts_at must lie within a year from now.")
	}
	if s.EndsAt != nil && !s.EndsAt.After(s.StartsAt) {
		return invalid("ends_at", "ends_at must come after starts_at.")
	}
	return nil
}

// End ends a schedule. What was due before stays due.
func (s *Schedule) End(at time.Time) error {
	if s.EndsAt != nil && !s.EndsAt.After(at) {
		return &Error{Code: Conflict, Text: "This schedule has ended already."}
	}
	if err := notBefore(s.CreatedAt, at); err != nil {
		return err
	}
	at = Stamp(at)
	s.EndsAt = &at
	s.Version++
	return nil
}

// occurrence is one time at which a schedule is due, and from when an assessment counts for it.
type occurrence struct{ at, from time.Time }

// occurrences returns when the schedule is due from from to to for one resident, with what happened to the resident.
func (s *Schedule) occurrences(from, to time.Time, events []Event) ([]occurrence, error) {
	if s.EndsAt != nil && s.EndsAt.Before(to) {
		to = *s.EndsAt
	}
	early := time.Duration(s.EarlyMinutes) * time.Minute
	var out []occurrence
	if s.Repeat.On == "" {
		zone, err := time.LoadLocation(s.TimeZone)
		if err != nil {
			return nil, &Error{Code: Invalid, Field: "time_zone", Text: "There is no such time zone.", Err: err}
		}
		times, err := s.Repeat.Between(s.StartsAt, from, to, zone)
		for _, t := range times {
			out = append(out, occurrence{t, t.Add(-early)})
		}
		return out, err
	}
	for _, e := range events {
		// An event from before the schedule, or after its end, asks for nothing.
		if e.EnteredInError || e.Kind != s.Repeat.On || e.At.Before(s.StartsAt) || (s.EndsAt != nil && !e.At.Before(*s.EndsAt)) {
			continue
		}
		for _, m := range s.Repeat.Minutes {
			t := e.At.Add(time.Duration(m) * time.Minute)
			if t.Before(from) || !t.Before(to) {
				continue
			}
			o := occurrence{t, t.Add(-early)}
			if m >= 0 && o.from.Before(e.At) {
				o.from = e.At // what was seen before a fall says nothing about what comes after it
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b occurrence) int { return a.at.Compare(b.at) })
	return slices.CompactFunc(out, func(a, b occurrence) bool { return a.at.Equal(b.at) }), nil
}

// PauseReason says why nothing is due for a while.
type PauseReason string

// The reasons.
const (
	InHospital PauseReason = "hospital"
	Absent     PauseReason = "absent"
	OtherPause PauseReason = "other"
)

// Pause is a time in which nothing is due for a resident.
type Pause struct {
	ID         string      `json:"id"`
	ResidentID string      `json:"resident_id"`
	Reason     PauseReason `json:"reason"`
	From       time.Time   `json:"from"`
	To         *time.Time  `json:"to"` // null until the resident is back
	CreatedAt  time.Time   `json:"created_at"`
	CreatedBy  Actor       `json:"created_by"`
	Version    int         `json:"version"`
}

// Check says which rule the pause breaks, if any. A missing start is now; a pause may be planned up to a year ahead.
func (p *Pause) Check(now time.Time) error {
	if err := checkID(&p.ID); err != nil {
		return err
	}
	switch p.Reason {
	case InHospital, Absent, OtherPause:
	default:
		return invalid("reason", `The reason must be "hospital", "absent" or "other".`)
	}
	if err := checkTime("from", &p.From, now, now.AddDate(1, 0, 0)); err != nil {
		return err
	}
	if p.To == nil {
		return nil
	}
	to := Stamp(*p.To)
	p.To = &to
	if !to.After(p.From) {
		return invalid("to", "The pause must end after it begins.")
	}
	return nil
}

// End ends a pause: the resident is back.
func (p *Pause) End(at time.Time) error {
	at = Stamp(at)
	switch {
	case p.To != nil && !p.To.After(at):
		return &Error{Code: Conflict, Text: "This pause has ended already."}
	case notBefore(p.CreatedAt, at) != nil:
		return notBefore(p.CreatedAt, at)
	case at.Before(p.From):
		at = p.From // a planned pause that will not be: it lasts no time
	}
	p.To = &at
	p.Version++
	return nil
}

// covers says whether any of the time from from to to is paused.
func (p *Pause) covers(from, to time.Time) bool {
	return p.From.Before(to) && (p.To == nil || (p.To.After(from) && p.To.After(p.From)))
}
