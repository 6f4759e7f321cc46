package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"wince/care"
	"wince/pain"
	"wince/store"
)

// invention is what invent is asked for.
type invention struct {
	in      store.Invented
	data    string
	url     string
	measure int
}

func newInventCmd() *cobra.Command {
	v := invention{in: store.Invented{Residents: 100_000, Assessments: 5_000_000, PerHome: 200}}
	c := &cobra.Command{
		Use:   "invent --data DIR",
		Short: "Fill an empty database with invented records, and measure how fast it answers",
		Long: `Invent makes homes, residents, schedules and confirmed assessments of nobody, spread over the last year, in an empty
database. In the first home every resident is assessed four times a day. With --measure it then asks, as often as told, what
is due in a home and what there is of a resident's last year, and prints the times that half and 95 in 100 answers took. A
database that has invented records already is only measured.`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&v.data, "data", "", "`DIR` of the database or, with --database, of its key file; not one in use")
	f.StringVar(&v.url, "database", "", "`URL` of a PostgreSQL database")
	f.IntVar(&v.in.Residents, "residents", v.in.Residents, "residents of all homes")
	f.IntVar(&v.in.Assessments, "assessments", v.in.Assessments, "assessments of all residents")
	f.IntVar(&v.in.PerHome, "per-home", v.in.PerHome, "residents of one home")
	f.IntVar(&v.measure, "measure", 0, "ask each question so often and print how long the answers took")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if v.data == "" || v.in.Residents < 1 || v.in.Assessments < 1 || v.in.PerHome < 1 || v.measure < 0 {
			return &exitError{exitUsage, errors.New("name an empty folder with --data DIR; the numbers must be 1 or more")}
		}
		return invent(c.Context(), v, time.Now(), c.OutOrStdout())
	}
	return c
}

func invent(ctx context.Context, v invention, now time.Time, out io.Writer) (err error) {
	unlock, err := lockData(v.data)
	if err != nil {
		return err
	}
	defer unlock()
	st, err := store.Open(ctx, store.Config{Dir: v.data, URL: v.url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	has, err := st.Assessments(ctx, care.AssessmentQuery{Scope: care.Scope{All: true}, Limit: 1})
	if err != nil {
		return err
	}
	if len(has) == 0 || v.measure == 0 {
		if v.in.Scale, err = inventedScale(); err != nil {
			return err
		}
		v.in.Now = now
		begun := time.Now()
		act := care.Act{By: care.Program, At: now, Request: care.NewID()}
		if err := st.Invent(ctx, act, v.in, func(n int) {
			if n%500_000 == 0 || n == v.in.Assessments {
				fmt.Fprintf(out, "%d assessments after %.0f s\n", n, time.Since(begun).Seconds())
			}
		}); err != nil {
			return err
		}
		fmt.Fprintf(out, "Invented %d residents and %d assessments in %.0f s.\n", v.in.Residents, v.in.Assessments, time.Since(begun).Seconds())
	} else {
		now = has[0].AssessedAt.Add(time.Second)
	}
	if v.measure == 0 {
		return nil
	}
	return measure(ctx, st, v.measure, now, out)
}

// inventedScale is PAINAD as it is built in.
func inventedScale() (*pain.Scale, error) {
	files, err := pain.BuiltInScales()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if s, err := pain.ParseScale(f.Name, f.Text); err == nil && s.ID == "painad" {
			return s, nil
		}
	}
	return nil, errors.New("find a scale to invent assessments with: PAINAD is not built in")
}

// measure asks each question n times, of other homes and residents each time, and prints how long the answers took.
func measure(ctx context.Context, st *store.Store, n int, now time.Time, out io.Writer) error {
	sites, err := st.Sites(ctx, care.Scope{All: true})
	if err != nil {
		return err
	}
	busy, err := st.Round(ctx, care.DefaultSite, "", now)
	if err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(3, 4))
	residents := map[string][]string{care.DefaultSite: busy.Residents}
	due := func(site string) (int, error) {
		r, err := st.Round(ctx, site, "", now)
		if err != nil {
			return 0, err
		}
		residents[site] = r.Residents
		items, err := r.Due(now, 2*time.Hour)
		return len(items), err
	}
	other := func() string { return sites[dice.IntN(len(sites))].ID }
	someone := func(of []string) string { return of[dice.IntN(len(of))] }
	year := care.AssessmentQuery{Scope: care.Scope{All: true}, Since: now.AddDate(-1, 0, 0), Limit: 2000}
	for _, q := range []struct {
		name string
		ask  func() (int, error)
	}{
		{"due list, home assessed four times a day", func() (int, error) { return due(care.DefaultSite) }},
		{"due list, any home", func() (int, error) { return due(other()) }},
		{"last year's assessments of any resident", func() (int, error) {
			site := other()
			for residents[site] == nil {
				site = other()
			}
			q := year
			q.ResidentID = someone(residents[site])
			list, err := st.Assessments(ctx, q)
			return len(list), err
		}},
		{"last year's scores, assessed four times a day", func() (int, error) {
			list, err := st.Scores(ctx, someone(busy.Residents), year.Since)
			return len(list), err
		}},
		{"newest 200 assessments, assessed four times a day", func() (int, error) {
			q := year
			q.ResidentID, q.Limit = someone(busy.Residents), 200
			list, err := st.Assessments(ctx, q)
			return len(list), err
		}},
		{"FHIR page of 50, one home", func() (int, error) {
			list, err := st.SearchAssessments(ctx, care.AssessmentSearch{Scope: care.Scope{Sites: []string{care.DefaultSite}}, Scales: []string{"painad"}, Newest: true, Limit: 51})
			return len(list), err
		}},
		{"FHIR page of 50, all homes, half a year in", func() (int, error) {
			at := now.AddDate(0, -6, 0).Add(-time.Duration(dice.IntN(24)) * time.Hour)
			list, err := st.SearchAssessments(ctx, care.AssessmentSearch{Scope: care.Scope{All: true}, Newest: true, After: &care.Place{At: at}, Limit: 51})
			return len(list), err
		}},
		{"FHIR page of 50 by change, all homes", func() (int, error) {
			at := now.AddDate(0, -6, 0).Add(-time.Duration(dice.IntN(24)) * time.Hour)
			list, err := st.SearchAssessments(ctx, care.AssessmentSearch{Scope: care.Scope{All: true}, ByChange: true, Changed: care.Times{{{From: at}}}, Limit: 51})
			return len(list), err
		}},
		{"FHIR page of 50 of any resident", func() (int, error) {
			list, err := st.SearchAssessments(ctx, care.AssessmentSearch{Scope: care.Scope{All: true}, Residents: []string{someone(busy.Residents)}, Newest: true, Limit: 51})
			return len(list), err
		}},
		{"500 changes with their records, all homes", following(ctx, st, care.Scope{All: true}, now, dice)},
		{"500 changes with their records, one home", following(ctx, st, care.Scope{Sites: []string{care.DefaultSite}}, now, dice)},
	} {
		took, rows := make([]time.Duration, n), 0
		for i := range took {
			begun := time.Now()
			k, err := q.ask()
			if err != nil {
				return err
			}
			took[i] = time.Since(begun)
			rows += k
		}
		slices.Sort(took)
		fmt.Fprintf(out, "%-50s %5d rows  p50 %6.2f ms  p95 %6.2f ms  worst %6.2f ms\n", q.name, rows/n, ms(took[n/2]), ms(took[n*95/100]), ms(took[n-1]))
	}
	return nil
}

// following reads pages of changes as a care platform would: on from where the one before ended, now and then from elsewhere. The
// records are written as JSON too.
func following(ctx context.Context, st *store.Store, scope care.Scope, now time.Time, dice *rand.Rand) func() (int, error) {
	q := care.ChangeQuery{Scope: scope, Newest: true, Limit: 500}
	pages := 0
	return func() (int, error) {
		q.Since = time.Time{}
		if pages++; pages%20 == 1 {
			q.After, q.Since = care.ChangePosition{}, now.Add(-time.Duration(dice.Int64N(int64(300*24*time.Hour))))
		}
		page, err := st.Changes(ctx, q)
		if err != nil {
			return 0, err
		}
		records, err := st.Current(ctx, page.Changes)
		if err != nil {
			return 0, err
		}
		if q.After = page.Next; !page.More {
			pages = 0
		}
		return len(page.Changes), json.NewEncoder(io.Discard).Encode(records)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
