package care

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests' zones, wherever they run
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Both nights in which clocks change, in two zones with different hours and hemispheres. Times are UTC.
func TestDaylightSaving(t *testing.T) {
	for name, c := range map[string]struct {
		zone     string
		repeat   Repeat
		start    string // UTC
		from, to string // UTC
		want     []string
	}{
		// Paris: 2026-03-29 02:00 CET becomes 03:00 CEST; 2026-10-25 03:00 CEST becomes 02:00 CET.
		"spring, 02:30 is left out": {"Europe/Paris", Repeat{EveryDays: 1, At: []string{"02:30"}}, "2026-03-01T00:00", "2026-03-28T00:00", "2026-03-31T00:00",
			[]string{"2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"}},
		"spring, after the change": {"Europe/Paris", Repeat{EveryDays: 1, At: []string{"08:00"}}, "2026-03-01T00:00", "2026-03-28T00:00", "2026-03-30T12:00",
			[]string{"2026-03-28T07:00", "2026-03-29T06:00", "2026-03-30T06:00"}},
		"spring, 02:30 and 03:30 are one": {"Europe/Paris", Repeat{EveryDays: 1, At: []string{"02:30", "03:30"}}, "2026-03-01T00:00", "2026-03-28T12:00", "2026-03-29T12:00",
			[]string{"2026-03-29T01:30"}},
		"autumn, 02:30 comes twice and counts once": {"Europe/Paris", Repeat{EveryDays: 1, At: []string{"02:30"}}, "2026-10-01T00:00", "2026-10-24T00:00", "2026-10-27T00:00",
			[]string{"2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"}},
		"spring, every two hours": {"Europe/Paris", Repeat{EveryHours: 2}, "2026-03-28T21:00", "2026-03-28T21:00", "2026-03-29T06:00",
			[]string{"2026-03-28T21:00", "2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T03:00", "2026-03-29T05:00"}},
		"autumn, every hour": {"Europe/Paris", Repeat{EveryHours: 1}, "2026-10-24T23:00", "2026-10-24T23:00", "2026-10-25T03:00",
			[]string{"2026-10-24T23:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"}},
		"autumn, weekly on that Sunday": {"Europe/Paris", Repeat{Weekdays: []string{"su"}, At: []string{"02:00", "21:00"}}, "2026-10-01T00:00", "2026-10-24T00:00", "2026-11-02T00:00",
			[]string{"2026-10-25T00:00", "2026-10-25T20:00", "2026-11-01T01:00", "2026-11-01T20:00"}},
		// Sydney: 2026-10-04 02:00 AEST becomes 03:00 AEDT; 2026-04-05 03:00 AEDT becomes 02:00 AEST.
		"southern spring": {"Australia/Sydney", Repeat{EveryDays: 1, At: []string{"02:15"}}, "2026-09-01T00:00", "2026-10-02T12:00", "2026-10-05T12:00",
			[]string{"2026-10-02T16:15", "2026-10-03T16:15", "2026-10-04T15:15"}},
		"southern autumn": {"Australia/Sydney", Repeat{EveryDays: 1, At: []string{"02:15"}}, "2026-04-01T00:00", "2026-04-03T12:00", "2026-04-06T12:00",
			[]string{"2026-04-03T15:15", "2026-04-04T15:15", "2026-04-05T16:15"}},
		// Lord Howe Island moves by half an hour.
		"half an hour": {"Australia/Lord_Howe", Repeat{EveryDays: 1, At: []string{"02:15"}}, "2026-09-01T00:00", "2026-10-03T00:00", "2026-10-05T00:00",
			[]string{"2026-10-03T15:45", "2026-10-04T15:15"}},
	} {
		if err := c.repeat.Check(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		at := func(s string) time.Time {
			v, err := time.Parse("2006-01-02T15:04", s)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		got, err := c.repeat.Between(at(c.start), at(c.from), at(c.to), zone(t, c.zone))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var text []string
		for _, g := range got {
			text = append(text, g.UTC().Format("2006-01-02T15:04"))
		}
		if !slices.Equal(text, c.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, text, c.want)
		}
	}
}

// A window late in a schedule's life shows what unrolling it from the start shows.
func TestForwardChangesNothing(t *testing.T) {
	start := time.Date(2024, 2, 28, 21, 50, 7, 0, time.UTC)
	for _, r := range []Repeat{
		{EveryHours: 5}, {EveryHours: 168}, {EveryDays: 3, At: []string{"08:00", "20:30"}}, {EveryDays: 366, At: []string{"12:00"}},
		{Weekdays: []string{"mo", "we", "su"}, EveryWeeks: 3, At: []string{"09:15"}}, {Weekdays: []string{"tu"}, At: []string{"00:00", "23:59"}},
	} {
		for _, name := range []string{"UTC", "Europe/Paris", "Pacific/Apia", "America/St_Johns"} {
			z := zone(t, name)
			end := start.AddDate(3, 0, 0)
			all, err := r.Between(start, start, end, z)
			if err != nil || len(all) < 2 {
				t.Fatalf("%+v: %d, %v", r, len(all), err)
			}
			var windows []time.Time
			for from := start; from.Before(end); from = from.AddDate(0, 0, 9) {
				part, err := r.Between(start, from, from.AddDate(0, 0, 9), z)
				if err != nil {
					t.Fatal(err)
				}
				windows = append(windows, part...)
			}
			windows = slices.DeleteFunc(windows, func(t time.Time) bool { return !t.Before(end) })
			if !slices.EqualFunc(all, windows, time.Time.Equal) {
				t.Errorf("%+v in %s: %d at once, %d in windows", r, name, len(all), len(windows))
			}
		}
	}
}

func TestRepeatCheck(t *testing.T) {
	for name, c := range map[string]struct {
		in    Repeat
		field string
		words string
	}{
		"hours":             {Repeat{EveryHours: 4}, "", "every 4 hours"},
		"each hour":         {Repeat{EveryHours: 1}, "", "every hour"},
		"days":              {Repeat{EveryDays: 2, At: []string{"20:00", "08:00", "08:00"}}, "", "every 2 days at 08:00, 20:00"},
		"weekdays":          {Repeat{Weekdays: []string{"th", "mo"}, At: []string{"09:00"}}, "", "mo, th at 09:00"},
		"every other week":  {Repeat{Weekdays: []string{"th"}, EveryWeeks: 2, At: []string{"09:00"}}, "", "every 2 weeks, th at 09:00"},
		"after a fall":      {Repeat{On: Fall, Minutes: []int{240, 0}}, "", "after a fall"},
		"before care":       {Repeat{On: PersonalCare, Minutes: []int{-20}}, "", "before personal care"},
		"nothing":           {Repeat{}, "repeat", ""},
		"two ways":          {Repeat{EveryHours: 4, EveryDays: 1, At: []string{"08:00"}}, "repeat", ""},
		"too many hours":    {Repeat{EveryHours: 169}, "repeat.every_hours", ""},
		"hours at a time":   {Repeat{EveryHours: 4, At: []string{"08:00"}}, "repeat", ""},
		"days without time": {Repeat{EveryDays: 1}, "repeat.at", ""},
		"odd time":          {Repeat{EveryDays: 1, At: []string{"8:00"}}, "repeat.at", ""},
		"no such time":      {Repeat{EveryDays: 1, At: []string{"24:00"}}, "repeat.at", ""},
		"odd day":           {Repeat{Weekdays: []string{"monday"}, At: []string{"08:00"}}, "repeat.weekdays", ""},
		"weeks of days":     {Repeat{EveryDays: 1, EveryWeeks: 2, At: []string{"08:00"}}, "repeat.every_weeks", ""},
		"negative days":     {Repeat{EveryDays: -1, At: []string{"08:00"}}, "repeat.every_days", ""},
		"odd event":         {Repeat{On: "birthday", Minutes: []int{0}}, "repeat.on", ""},
		"event, no time":    {Repeat{On: Fall}, "repeat.minutes", ""},
		"event, too late":   {Repeat{On: Fall, Minutes: []int{14401}}, "repeat.minutes", ""},
	} {
		err := c.in.Check()
		if fieldOf(err) != c.field || (err == nil) != (c.field == "") {
			t.Errorf("%s: got %v, want a complaint about %q", name, err, c.field)
		}
		if err == nil && c.in.Words() != c.words {
			t.Errorf("%s: says %q, want %q", name, c.in.Words(), c.words)
		}
	}
	r := Repeat{Weekdays: []string{"mo", "th"}, EveryWeeks: 2, At: []string{"09:30"}}
	if got := strings.Join(r.Rules(), " "); got != "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;BYHOUR=9;BYMINUTE=30;BYSECOND=0" {
		t.Errorf("rule %q", got)
	}
}
