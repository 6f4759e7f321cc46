package care

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func clockOn(h, m int) time.Time { return time.Date(2026, 3, 1, h, m, 0, 0, time.UTC) }

// list says the items of a round in a short form: "12:00 due", "08:00 done a1".
func list(t *testing.T, r *Round, now time.Time, ahead time.Duration) string {
	t.Helper()
	items, err := r.Due(now, ahead)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range items {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", d.DueAt.Format("15:04"), d.State, d.AssessmentID)))
	}
	return strings.Join(out, ", ")
}

func fourHourly(t *testing.T) Schedule {
	t.Helper()
	s := Schedule{Repeat: Repeat{EveryHours: 4}, StartsAt: clockOn(8, 0), TimeZone: "Europe/Paris"}
	if err := s.Check(clockOn(8, 0)); err != nil {
		t.Fatal(err)
	}
	return s
}

// What is due is a function of time alone: one schedule, walked through a day.
func TestDueThroughADay(t *testing.T) {
	r := &Round{Residents: []string{"r"}, Schedules: []Schedule{fourHourly(t)}, Scored: []Scored{
		{AssessmentID: "a1", ResidentID: "r", At: clockOn(8, 10)}, {AssessmentID: "a2", ResidentID: "r", At: clockOn(15, 45)},
	}}
	for _, c := range []struct {
		h, m int
		want string
	}{
		{8, 0, "08:00 due"},
		{8, 9, "08:00 due"},
		{8, 10, "08:00 done a1"},
		{11, 59, "08:00 done a1"},
		{12, 0, "08:00 done a1, 12:00 due"},
		{12, 29, "08:00 done a1, 12:00 due"},
		{12, 30, "08:00 done a1, 12:00 overdue"},
		{15, 44, "08:00 done a1, 12:00 overdue"},
		{15, 45, "08:00 done a1, 12:00 done a2"}, // late for noon, not early for four o'clock
		{16, 0, "08:00 done a1, 12:00 done a2, 16:00 due"},
		{20, 0, "08:00 done a1, 12:00 done a2, 16:00 missed, 20:00 due"},
	} {
		now := clockOn(c.h, c.m)
		first := list(t, r, now, 0)
		if first != c.want {
			t.Errorf("at %02d:%02d: %s\nwant %s", c.h, c.m, first, c.want)
		}
		if again := list(t, r, now, 0); again != first {
			t.Errorf("at %02d:%02d asked twice: %s and %s", c.h, c.m, first, again)
		}
	}
	// A clock that was moved back shows what it showed then.
	if got := list(t, r, clockOn(8, 5), 4*time.Hour); got != "08:00 due, 12:00 upcoming" {
		t.Errorf("back at 08:05: %s", got)
	}
	// After a day it is told no more.
	if got := list(t, r, clockOn(8, 0).Add(48*time.Hour), 0); strings.Contains(got, "a1") {
		t.Errorf("two days on: %s", got)
	}
}

func TestDueMatches(t *testing.T) {
	schedule := func(change func(*Schedule)) []Schedule {
		s := fourHourly(t)
		change(&s)
		if err := s.Check(clockOn(8, 0)); err != nil {
			t.Fatal(err)
		}
		return []Schedule{s}
	}
	early := []Scored{{AssessmentID: "a", ResidentID: "r", At: clockOn(7, 45), Scale: "painad", Condition: AtRest}}
	ended := clockOn(12, 0)
	for name, c := range map[string]struct {
		in   Round
		want string // at 13:00
	}{
		"early enough":          {Round{Residents: []string{"r"}, Schedules: schedule(func(*Schedule) {}), Scored: early}, "08:00 done a, 12:00 overdue"},
		"too early":             {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.EarlyMinutes = 14 }), Scored: early}, "08:00 missed, 12:00 overdue"},
		"the scale asked for":   {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Scale = "painad" }), Scored: early}, "08:00 done a, 12:00 overdue"},
		"another scale":         {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Scale = "abbey" }), Scored: early}, "08:00 missed, 12:00 overdue"},
		"in movement":           {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Condition = InMovement }), Scored: early}, "08:00 missed, 12:00 overdue"},
		"somebody else's":       {Round{Residents: []string{"q"}, Schedules: schedule(func(*Schedule) {}), Scored: early}, "08:00 missed, 12:00 overdue"},
		"for somebody else":     {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.ResidentID = "q" })}, ""},
		"ended":                 {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.EndsAt = &ended })}, "08:00 overdue"},
		"short":                 {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.MissMinutes = 50 })}, "08:00 missed, 12:00 missed"},
		"two residents":         {Round{Residents: []string{"q", "r"}, Schedules: schedule(func(s *Schedule) { s.StartsAt = clockOn(12, 30) })}, "12:30 overdue, 12:30 overdue"},
		"in hospital":           {Round{Residents: []string{"r"}, Schedules: schedule(func(*Schedule) {}), Pauses: []Pause{{ResidentID: "r", From: clockOn(9, 0)}}}, "08:00 excused, 12:00 excused"},
		"back in time":          {Round{Residents: []string{"r"}, Schedules: schedule(func(*Schedule) {}), Pauses: []Pause{{ResidentID: "r", From: clockOn(6, 0), To: &ended}}}, "08:00 excused, 12:00 overdue"},
		"somebody else is away": {Round{Residents: []string{"r"}, Schedules: schedule(func(*Schedule) {}), Pauses: []Pause{{ResidentID: "q", From: clockOn(9, 0)}}}, "08:00 missed, 12:00 overdue"},
		"leaves later":          {Round{Residents: []string{"r"}, Schedules: schedule(func(*Schedule) {}), Pauses: []Pause{{ResidentID: "r", From: clockOn(14, 0)}}}, "08:00 missed, 12:00 overdue"},
		"after a fall": {Round{Residents: []string{"r", "q"}, Schedules: schedule(func(s *Schedule) { s.Repeat = Repeat{On: Fall, Minutes: []int{0, 60, 1440}} }),
			Events: []Event{{ResidentID: "r", Kind: Fall, At: clockOn(11, 50)}, {ResidentID: "r", Kind: Admission, At: clockOn(9, 0)}}}, "11:50 missed, 12:50 due"},
		"seen before the fall": {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Repeat = Repeat{On: Fall, Minutes: []int{0}} }),
			Events: []Event{{ResidentID: "r", Kind: Fall, At: clockOn(12, 50)}}, Scored: []Scored{{AssessmentID: "a", ResidentID: "r", At: clockOn(12, 40)}}}, "12:50 due"},
		"leaves now": {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.StartsAt = clockOn(13, 0) }), Pauses: []Pause{{ResidentID: "r", From: clockOn(13, 0)}}}, "13:00 excused"},
		"no fall after all": {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Repeat = Repeat{On: Fall, Minutes: []int{0}} }),
			Events: []Event{{ResidentID: "r", Kind: Fall, At: clockOn(11, 50), EnteredInError: true}}}, ""},
		"before personal care": {Round{Residents: []string{"r"}, Schedules: schedule(func(s *Schedule) { s.Repeat = Repeat{On: PersonalCare, Minutes: []int{-30}} }),
			Events: []Event{{ResidentID: "r", Kind: PersonalCare, At: clockOn(13, 10)}}}, "12:40 due"},
	} {
		if got := list(t, &c.in, clockOn(13, 0), 0); got != c.want {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

func TestScheduleCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Schedule)
		field  string
	}{
		"good":                 {func(*Schedule) {}, ""},
		"odd id":               {func(s *Schedule) { s.ID = "x" }, "id"},
		"odd condition":        {func(s *Schedule) { s.Condition = "asleep" }, "condition"},
		"no zone":              {func(s *Schedule) { s.TimeZone = "" }, "time_zone"},
		"the server's zone":    {func(s *Schedule) { s.TimeZone = "Local" }, "time_zone"},
		"no such zone":         {func(s *Schedule) { s.TimeZone = "Europe/Atlantis" }, "time_zone"},
		"negative grace":       {func(s *Schedule) { s.GraceMinutes = -1 }, "grace_minutes"},
		"grace over the miss":  {func(s *Schedule) { s.GraceMinutes, s.MissMinutes = 61, 60 }, "grace_minutes"},
		"missed after a month": {func(s *Schedule) { s.MissMinutes = 30 * 1440 }, "miss_minutes"},
		"starts in two years":  {func(s *Schedule) { s.StartsAt = noon.AddDate(2, 0, 0) }, "starts_at"},
		"ends at once":         {func(s *Schedule) { s.EndsAt = &noon }, "ends_at"},
	} {
		s := Schedule{Repeat: Repeat{EveryHours: 4}, TimeZone: "Europe/Paris"}
		c.change(&s)
		if err := s.Check(noon); fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
	}
	s := fourHourly(t)
	if err := s.End(noon); err != nil || s.EndsAt == nil || s.End(noon) == nil {
		t.Errorf("%v %+v", err, s)
	}
}

func TestEventAndPauseCheck(t *testing.T) {
	late, back := noon.Add(49*time.Hour), noon.Add(-time.Hour)
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"a fall":            {(&Event{Kind: Fall, At: back}).Check(noon), ""},
		"a fall tomorrow":   {(&Event{Kind: Fall, At: noon.Add(time.Hour)}).Check(noon), "at"},
		"care tomorrow":     {(&Event{Kind: PersonalCare, At: noon.Add(24 * time.Hour)}).Check(noon), ""},
		"care some day":     {(&Event{Kind: PersonalCare, At: late}).Check(noon), "at"},
		"no kind":           {(&Event{}).Check(noon), "kind"},
		"in hospital":       {(&Pause{Reason: InHospital}).Check(noon), ""},
		"for no reason":     {(&Pause{}).Check(noon), "reason"},
		"over before":       {(&Pause{Reason: Absent, To: &back}).Check(noon), "to"},
		"away in two years": {(&Pause{Reason: Absent, From: noon.AddDate(2, 0, 0)}).Check(noon), "from"},
	} {
		if fieldOf(c.err) != c.field || (c.err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, c.err, c.field)
		}
	}
	p := Pause{From: noon.Add(time.Hour)}
	if err := p.End(noon); err != nil || p.covers(noon, noon.Add(48*time.Hour)) {
		t.Errorf("a pause that was called off still counts: %+v, %v", p, err)
	}
	if p.End(noon.Add(2*time.Hour)) == nil {
		t.Error("ended twice")
	}
}

func TestEscalations(t *testing.T) {
	r := &Round{Residents: []string{"r"}, Schedules: []Schedule{fourHourly(t)}}
	keys := map[string]Role{}
	for h := 8; h <= 20; h++ {
		for _, m := range []int{0, 30} {
			items, err := r.Due(clockOn(h, m), 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range Escalations("s", items, clockOn(h, m)) {
				if e.Since.After(clockOn(h, m)) || e.Level == 0 {
					t.Errorf("at %d:%d %+v", h, m, e)
				}
				keys[e.Key] = e.To
			}
		}
	}
	count := map[Role]int{}
	for _, to := range keys {
		count[to]++
	}
	// 08:00, 12:00 and 16:00 went overdue and were missed; 20:00 was overdue at 20:30.
	if want := map[Role]int{RoleNurse: 4, RoleManager: 3}; !reflect.DeepEqual(count, want) {
		t.Errorf("got %v, want %v", count, want)
	}
}

// BenchmarkDue is the list of a home of 200 that is assessed four times a day.
func BenchmarkDue(b *testing.B) {
	now := noon.AddDate(0, 6, 0)
	r := &Round{}
	for _, repeat := range []Repeat{{EveryHours: 6}, {Weekdays: []string{"mo", "th"}, At: []string{"10:00"}}} {
		s := Schedule{Repeat: repeat, StartsAt: noon, TimeZone: "Europe/Paris"}
		if err := s.Check(noon); err != nil {
			b.Fatal(err)
		}
		r.Schedules = append(r.Schedules, s)
	}
	for i := range 200 {
		id := NewID()
		r.Residents = append(r.Residents, id)
		for k := range 16 {
			r.Scored = append(r.Scored, Scored{AssessmentID: NewID(), ResidentID: id, At: now.Add(time.Duration(6*k-90)*time.Hour - time.Duration(i)*time.Minute)})
		}
	}
	for b.Loop() {
		if _, err := r.Due(now, 2*time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}
