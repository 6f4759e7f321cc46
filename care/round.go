package care

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// DueState says how an assessment that was asked for stands at a moment.
type DueState string

// The states, in the order in which they come.
const (
	Upcoming DueState = "upcoming" // not yet due
	Due      DueState = "due"      // to be done now
	Overdue  DueState = "overdue"  // past its grace
	Missed   DueState = "missed"   // it cannot be made up for any more
	Done     DueState = "done"
	Excused  DueState = "excused" // the resident was away, or something else paused it
)

// DueItem is one assessment that a schedule or a relief asks for.
type DueItem struct {
	Key          string    `json:"key"` // the same as long as the item is; of the schedule or relief, resident and time
	ResidentID   string    `json:"resident_id"`
	ScheduleID   string    `json:"schedule_id,omitempty"`
	ReliefID     string    `json:"relief_id,omitempty"`
	Scale        string    `json:"scale,omitempty"`
	Condition    Condition `json:"condition,omitempty"`
	Why          string    `json:"why"` // "every 4 hours", "after a fall", "relief at 08:10 UTC"
	State        DueState  `json:"state"`
	DueAt        time.Time `json:"due_at"`
	OverdueAt    time.Time `json:"overdue_at"`
	MissedAt     time.Time `json:"missed_at"`
	AssessmentID string    `json:"assessment_id,omitempty"` // what it was done with
}

// Scored is what a round needs to know of an assessment: final or amended ones only, and none of practice.
type Scored struct {
	AssessmentID string    `json:"assessment_id"`
	ResidentID   string    `json:"resident_id"`
	At           time.Time `json:"at"`
	Scale        string    `json:"scale"` // id; empty where none was filled in
	Condition    Condition `json:"condition"`
	Total        *int      `json:"total"` // null where the scale was not filled in to the end
}

// Round is all that decides what is due in a home: nothing else does, and no clock.
type Round struct {
	Residents []string // ids
	Schedules []Schedule
	Events    []Event
	Pauses    []Pause
	Reliefs   []Relief
	Scored    []Scored
}

// Lookback is how far back a round must be filled at most: the longest time until something is missed, and the day for which
// what was missed or done is still told. Follow-ups need less: the longest cadence is two days.
const Lookback = 24*time.Hour + maxMiss*time.Minute

// Since returns from when on a round that has its schedules and reliefs needs assessments at a moment.
func (r *Round) Since(now time.Time) time.Time {
	since := now
	for i := range r.Schedules {
		s := &r.Schedules[i]
		if t := now.Add(-told - time.Duration(s.MissMinutes+s.EarlyMinutes)*time.Minute); t.Before(since) {
			since = t
		}
	}
	for i := range r.Reliefs {
		if t := r.Reliefs[i].GivenAt; t.Before(since) {
			since = t
		}
	}
	return since
}

// told is for how long missed, done and excused items are listed after they were due.
const told = 24 * time.Hour

// Due returns what is due in a round at now, what comes within ahead, and what was missed, done or excused in the last day,
// by time. It is a pure function: the same round at the same moment gives the same list.
func (r *Round) Due(now time.Time, ahead time.Duration) ([]DueItem, error) {
	of := r.byResident()
	// What goes by the clock alone comes round at the same times for all residents.
	common := make([][]occurrence, len(r.Schedules))
	for i := range r.Schedules {
		if s := &r.Schedules[i]; s.Repeat.On == "" {
			var err error
			if common[i], err = s.window(now, ahead, nil); err != nil {
				return nil, err
			}
		}
	}
	var items []*DueItem
	for _, id := range r.Residents {
		p := of[id]
		if p == nil {
			p = &person{}
		}
		for i := range r.Schedules {
			s := &r.Schedules[i]
			if s.ResidentID != "" && s.ResidentID != id {
				continue
			}
			times := common[i]
			if s.Repeat.On != "" {
				var err error
				if times, err = s.window(now, ahead, p.events); err != nil {
					return nil, err
				}
			}
			items = p.scheduled(items, s, id, times, now)
		}
		for i := range p.reliefs {
			for _, f := range p.chain(i, now) {
				items = append(items, &f.DueItem)
			}
		}
	}
	items = slices.DeleteFunc(items, func(d *DueItem) bool {
		closed := d.State == Done || d.State == Missed || d.State == Excused
		return d.DueAt.After(now.Add(ahead)) || (closed && d.MissedAt.Before(now.Add(-told)))
	})
	slices.SortFunc(items, func(a, b *DueItem) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), strings.Compare(a.Key, b.Key))
	})
	list := make([]DueItem, len(items))
	for i, d := range items {
		list[i] = *d
	}
	return list, nil
}

// person is what belongs to one resident of a round.
type person struct {
	events  []Event
	pauses  []Pause
	reliefs []Relief
	scored  []*Scored // by time
}

func (r *Round) byResident() map[string]*person {
	all := make(map[string]*person, len(r.Residents))
	of := func(id string) *person {
		if all[id] == nil {
			all[id] = &person{}
		}
		return all[id]
	}
	for _, e := range r.Events {
		of(e.ResidentID).events = append(of(e.ResidentID).events, e)
	}
	for _, p := range r.Pauses {
		of(p.ResidentID).pauses = append(of(p.ResidentID).pauses, p)
	}
	for _, v := range r.Reliefs {
		if !v.EnteredInError {
			of(v.ResidentID).reliefs = append(of(v.ResidentID).reliefs, v)
		}
	}
	for i := range r.Scored {
		p := of(r.Scored[i].ResidentID)
		p.scored = append(p.scored, &r.Scored[i])
	}
	for _, p := range all {
		slices.SortStableFunc(p.scored, func(a, b *Scored) int { return a.At.Compare(b.At) })
		slices.SortStableFunc(p.reliefs, func(a, b Relief) int { return cmp.Or(a.GivenAt.Compare(b.GivenAt), cmp.Compare(a.ID, b.ID)) })
	}
	return all
}

// window returns the times of a schedule that matter at a moment: those that are still told, those to come within ahead, and
// one more, because the next ends the time for the one before.
func (s *Schedule) window(now time.Time, ahead time.Duration, events []Event) ([]occurrence, error) {
	miss := time.Duration(s.MissMinutes) * time.Minute
	return s.occurrences(now.Add(-miss-told), now.Add(ahead+miss), events)
}

// scheduled adds a schedule's items for one resident, at its times.
func (p *person) scheduled(items []*DueItem, s *Schedule, resident string, times []occurrence, now time.Time) []*DueItem {
	miss := time.Duration(s.MissMinutes) * time.Minute
	made := make([]DueItem, len(times))
	var used []string
	why := s.Repeat.Words()
	for i, o := range times {
		at := o.at
		d := &made[i]
		*d = DueItem{
			Key: s.ID + "/" + resident + "/" + itoa(int(at.Unix())), ResidentID: resident, ScheduleID: s.ID, Scale: s.Scale, Condition: s.Condition,
			Why: why, DueAt: at, OverdueAt: at.Add(time.Duration(s.GraceMinutes) * time.Minute), MissedAt: at.Add(miss),
		}
		if i+1 < len(times) && times[i+1].at.Before(d.MissedAt) {
			d.MissedAt = times[i+1].at
		}
		if d.OverdueAt.After(d.MissedAt) {
			d.OverdueAt = d.MissedAt
		}
		if a := p.firstFit(o.from, d.MissedAt, s.Scale, s.Condition, now, used); a != nil {
			used = append(used, a.AssessmentID)
			d.AssessmentID = a.AssessmentID
		}
		d.State = p.state(d, now)
		items = append(items, d)
	}
	return items
}

// firstFit returns the first assessment from from to to that fits and serves nothing else of the same schedule yet. What was
// made after now is not known yet: that is what a round of the past, or of a clock moved back, must say.
func (p *person) firstFit(from, to time.Time, scale string, c Condition, now time.Time, used []string) *Scored {
	i, _ := slices.BinarySearchFunc(p.scored, from, func(a *Scored, t time.Time) int { return a.At.Compare(t) })
	for ; i < len(p.scored) && p.scored[i].At.Before(to) && !p.scored[i].At.After(now); i++ {
		a := p.scored[i]
		if !slices.Contains(used, a.AssessmentID) && (scale == "" || scale == a.Scale) && (c == "" || c == a.Condition) {
			return a
		}
	}
	return nil
}

// state places an item at a moment.
func (p *person) state(d *DueItem, now time.Time) DueState {
	if d.AssessmentID != "" {
		return Done
	}
	// A pause counts as far as it is known now: one that is planned does not excuse what is due before it begins.
	end := d.MissedAt
	if now.Before(end) {
		end = now.Add(time.Nanosecond)
	}
	for i := range p.pauses {
		if p.pauses[i].covers(d.DueAt, end) || p.pauses[i].covers(d.DueAt, d.DueAt.Add(time.Nanosecond)) {
			return Excused
		}
	}
	switch {
	case now.Before(d.DueAt):
		return Upcoming
	case now.Before(d.OverdueAt):
		return Due
	case now.Before(d.MissedAt):
		return Overdue
	}
	return Missed
}

// Escalation says that somebody further up should know of an item.
type Escalation struct {
	ID             string     `json:"id"`
	SiteID         string     `json:"site_id"`
	Key            string     `json:"key"` // of the item, with the level
	ResidentID     string     `json:"resident_id"`
	Level          int        `json:"level"`
	To             Role       `json:"to"`
	State          DueState   `json:"state"`
	DueAt          time.Time  `json:"due_at"`
	Since          time.Time  `json:"since"`     // when it became so
	RaisedAt       time.Time  `json:"raised_at"` // when the server saw it
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	AcknowledgedBy *Actor     `json:"acknowledged_by"`
}

// EscalationQuery says which escalations to list, the newest first.
type EscalationQuery struct {
	Scope    Scope     // of whoever asks
	Since    time.Time // raised then or later
	Open     bool      // only those that nobody has acknowledged
	Before   time.Time // with BeforeID, what comes after the escalation that was raised then and has that id
	BeforeID string
	Limit    int // at most so many
}

// Acknowledge says that somebody saw the escalation and sees to it.
func (e *Escalation) Acknowledge(act Act) error {
	if e.AcknowledgedAt != nil {
		return &Error{Code: Conflict, Text: e.AcknowledgedBy.Name + " has acknowledged this already."}
	}
	at, by := Stamp(act.At), act.By
	e.AcknowledgedAt, e.AcknowledgedBy = &at, &by
	return nil
}

// Escalations returns those that a list of due items asks for: what is overdue goes to a nurse, what was missed to a manager.
func Escalations(siteID string, items []DueItem, now time.Time) []Escalation {
	var list []Escalation
	for _, d := range items {
		e := Escalation{SiteID: siteID, ResidentID: d.ResidentID, State: d.State, DueAt: d.DueAt, RaisedAt: Stamp(now)}
		switch d.State {
		case Overdue:
			e.Level, e.To, e.Since = 1, RoleNurse, d.OverdueAt
		case Missed:
			e.Level, e.To, e.Since = 2, RoleManager, d.MissedAt
		default:
			continue
		}
		e.ID, e.Key = NewID(), d.Key+"/"+itoa(e.Level)
		list = append(list, e)
	}
	return list
}
