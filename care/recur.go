package care

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Repeat says when a schedule comes round again, in exactly one of four ways: every so many hours, on days at clock times,
// on weekdays at clock times, or around something that happens to the resident.
type Repeat struct {
	EveryHours int       `json:"every_hours,omitempty"` // 1-168 hours that pass, whatever the clocks do
	EveryDays  int       `json:"every_days,omitempty"`  // 1-366 calendar days, at the times of At
	Weekdays   []string  `json:"weekdays,omitempty"`    // "mo" to "su", at the times of At
	EveryWeeks int       `json:"every_weeks,omitempty"` // 1-53, with Weekdays; default 1
	At         []string  `json:"at,omitempty"`          // clock times where the home is, such as "08:00"; 24 at most
	On         EventKind `json:"on,omitempty"`          // what happens to the resident
	Minutes    []int     `json:"minutes,omitempty"`     // with On: from the event, before it where negative; -1440 to 14400
}

var weekdays = []string{"mo", "tu", "we", "th", "fr", "sa", "su"}

var ruleDays = []rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}

// Check says which rule the repeat breaks, if any, and puts its lists in order.
func (r *Repeat) Check() error {
	ways := 0
	for _, is := range []bool{r.EveryHours != 0, r.EveryDays != 0, len(r.Weekdays) > 0, r.On != ""} {
		if is {
			ways++
		}
	}
	switch {
	case ways != 1:
		return invalid("repeat", "Say one of every_hours, every_days, weekdays or on.")
	case r.EveryHours != 0:
		return r.checkHours()
	case r.On != "":
		return r.checkOn()
	}
	return r.checkClock()
}

func (r *Repeat) checkHours() error {
	switch {
	case r.EveryHours < 1 || r.EveryHours > 168:
		return invalid("repeat.every_hours", "every_hours must be from 1 to 168.")
	case len(r.At) > 0 || len(r.Minutes) > 0 || r.EveryWeeks != 0:
		return invalid("repeat", "With every_hours nothing else is said: the first time is starts_at.")
	}
	return nil
}

func (r *Repeat) checkOn() error {
	switch {
	case r.On.Check() != nil:
		return invalid("repeat.on", `on must be "fall", "admission" or "personal_care".`)
	case len(r.At) > 0 || r.EveryWeeks != 0:
		return invalid("repeat", "With on, only minutes are said.")
	case len(r.Minutes) == 0 || len(r.Minutes) > 24:
		return invalid("repeat.minutes", "Give one to 24 times in minutes from the event, before it where negative.")
	}
	for _, m := range r.Minutes {
		if m < -1440 || m > 14400 {
			return invalid("repeat.minutes", "minutes must be from -1440 (a day before) to 14400 (ten days after).")
		}
	}
	slices.Sort(r.Minutes)
	r.Minutes = slices.Compact(r.Minutes)
	return nil
}

func (r *Repeat) checkClock() error {
	switch {
	case len(r.Minutes) > 0:
		return invalid("repeat.minutes", "minutes go with on.")
	case r.EveryDays < 0 || r.EveryDays > 366:
		return invalid("repeat.every_days", "every_days must be from 1 to 366.")
	case r.EveryWeeks < 0 || r.EveryWeeks > 53 || (r.EveryWeeks != 0 && len(r.Weekdays) == 0):
		return invalid("repeat.every_weeks", "every_weeks must be from 1 to 53 and goes with weekdays.")
	case len(r.At) == 0 || len(r.At) > 24:
		return invalid("repeat.at", `Give one to 24 clock times, such as "08:00".`)
	}
	for _, at := range r.At {
		if _, err := time.Parse("15:04", at); err != nil || len(at) != 5 {
			return invalid("repeat.at", `Clock times look like "08:00" and "21:30".`)
		}
	}
	for _, d := range r.Weekdays {
		if !slices.Contains(weekdays, d) {
			return invalid("repeat.weekdays", `Weekdays are "mo", "tu", "we", "th", "fr", "sa" and "su".`)
		}
	}
	slices.Sort(r.At)
	r.At = slices.Compact(r.At)
	slices.SortFunc(r.Weekdays, func(a, b string) int { return slices.Index(weekdays, a) - slices.Index(weekdays, b) })
	r.Weekdays = slices.Compact(r.Weekdays)
	return nil
}

// rules returns the recurrence rules (RFC 5545) that the repeat stands for, one a clock time: BYHOUR and BYMINUTE in one
// rule would multiply. There are none for what follows an event.
func (r *Repeat) rules() []rrule.ROption {
	if r.EveryHours != 0 {
		return []rrule.ROption{{Freq: rrule.HOURLY, Interval: r.EveryHours}}
	}
	var rules []rrule.ROption
	for _, at := range r.At {
		t, err := time.Parse("15:04", at)
		if err != nil {
			continue // Check has refused it
		}
		o := rrule.ROption{Freq: rrule.DAILY, Interval: r.EveryDays, Byhour: []int{t.Hour()}, Byminute: []int{t.Minute()}, Bysecond: []int{0}}
		if len(r.Weekdays) > 0 {
			o.Freq, o.Interval = rrule.WEEKLY, max(1, r.EveryWeeks)
			for _, d := range r.Weekdays {
				o.Byweekday = append(o.Byweekday, ruleDays[slices.Index(weekdays, d)])
			}
		}
		rules = append(rules, o)
	}
	return rules
}

// Rules returns the repeat as RRULE values (RFC 5545), for other programs; clock times are local.
func (r *Repeat) Rules() []string {
	out := []string{}
	for _, o := range r.rules() {
		out = append(out, o.RRuleString())
	}
	return out
}

// Words says the repeat for people: "every 4 hours", "every day at 08:00, 20:00", "mo, th at 09:00".
func (r *Repeat) Words() string {
	every := func(n int, unit string) string {
		if n <= 1 {
			return "every " + unit
		}
		return "every " + strconv.Itoa(n) + " " + unit + "s"
	}
	at := " at " + strings.Join(r.At, ", ")
	switch {
	case r.EveryHours != 0:
		return every(r.EveryHours, "hour")
	case r.EveryDays != 0:
		return every(r.EveryDays, "day") + at
	case r.On != "":
		if r.Minutes[0] < 0 {
			return "before " + r.On.words()
		}
		return "after " + r.On.words()
	case r.EveryWeeks > 1:
		return every(r.EveryWeeks, "week") + ", " + strings.Join(r.Weekdays, ", ") + at
	}
	return strings.Join(r.Weekdays, ", ") + at
}

// Between returns the moments from (included) to to (excluded) at which the repeat comes round, in order. start is its first
// possible moment. zone is where the clock hangs.
//
// The rules are unrolled on a clock without daylight saving, because the recurrence library repeats or loses hours in the
// nights when clocks change. Hours are counted in UTC: four hours are four hours in every night. Clock times are read on the
// wall and then placed in the zone as RFC 5545 section 3.3.5 says: a time that the spring night leaves out keeps the offset
// from before (02:30 is done at 03:30), one that the autumn night has twice is the first of the two.
func (r *Repeat) Between(start, from, to time.Time, zone *time.Location) ([]time.Time, error) {
	if from.Before(start) {
		from = start
	}
	if !from.Before(to) {
		return nil, nil
	}
	var out []time.Time
	for _, o := range r.rules() {
		clock := time.UTC
		if o.Freq != rrule.HOURLY {
			clock = zone
		}
		// A day more on both sides holds every difference between the wall and UTC.
		low, high := wall(from, clock).AddDate(0, 0, -1), wall(to, clock).AddDate(0, 0, 1)
		o.Dtstart = forward(wall(start, clock), low, o)
		rule, err := rrule.NewRRule(o)
		if err != nil {
			return nil, &Error{Code: Invalid, Field: "repeat", Text: "This repeat has no times.", Err: err}
		}
		for _, w := range rule.Between(low, high, true) {
			if t := onWall(w, clock); !t.Before(from) && t.Before(to) {
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal), nil
}

// forward moves a rule's start by whole turns to shortly before low, so that a rule of last year costs no more than one of
// today.
func forward(start, low time.Time, o rrule.ROption) time.Time {
	turn := 24 * time.Hour * time.Duration(o.Interval)
	switch o.Freq {
	case rrule.HOURLY:
		turn = time.Hour * time.Duration(o.Interval)
	case rrule.WEEKLY:
		turn *= 7
	}
	if n := low.Sub(start)/turn - 1; n > 0 {
		return start.Add(n * turn)
	}
	return start
}

// wall is what the clock in a zone shows at t, written as if it were UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// onWall is the moment at which the clock in a zone shows w.
func onWall(w time.Time, zone *time.Location) time.Time {
	// The offsets a day before and after are those of before and after a change, if there is one. The first offset that
	// makes the clock show w is right; where none does, w was left out and the offset from before holds.
	_, before := w.AddDate(0, 0, -1).In(zone).Zone()
	_, after := w.AddDate(0, 0, 1).In(zone).Zone()
	first := w.Add(-time.Duration(before) * time.Second)
	if wall(first, zone).Equal(w) {
		return first
	}
	if second := w.Add(-time.Duration(after) * time.Second); wall(second, zone).Equal(w) {
		return second
	}
	return first
}
