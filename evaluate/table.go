package evaluate

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the report as text.
func (r *Report) WriteTable(out io.Writer) error {
	fmt.Fprintf(out, "%s (%s): %d people, %d pictures, %d coded. Neutral %s, %s mesh.\n", r.Set, r.Layout, r.People, r.Pictures, r.Coded, r.Neutral, r.Mesh)
	fmt.Fprintf(out, "Judged: %s of them.", withInterval(r.Judged))
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(out, " %s %s.", strings.ReplaceAll(code, "_", " "), percent(r.Refused[code]))
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', tabwriter.AlignRight)
	if len(r.Units) > 0 {
		fmt.Fprint(w, "\nunit\tpictures\tthere\tPearson\tICC(3,1)\tMAE\tbias\tF1\t\n")
		for _, u := range r.Units {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", u.AU, u.N, percent(u.There), withInterval(u.Pearson), withInterval(u.ICC), withInterval(u.MAE), withInterval(u.Bias), withInterval(u.F1))
		}
	}
	if c := r.CrossTalk; c != nil {
		fmt.Fprint(w, "\nCross-talk: of a level (row) into (column)\t\n\t")
		for _, name := range c.Measured {
			fmt.Fprintf(w, "%s\t", name)
		}
		fmt.Fprintln(w)
		for i, row := range c.Slopes {
			fmt.Fprintf(w, "%s\t", c.True[i])
			for _, x := range row {
				fmt.Fprintf(w, "%s\t", figure(x))
			}
			fmt.Fprintln(w)
		}
	}
	if c := r.CrossTalk; c != nil && len(c.Together) > 0 {
		fmt.Fprintf(w, "Hardly shown apart by this set: %s.\n", strings.Join(c.Together, ", "))
	}
	if p := r.Pain; p != nil {
		fmt.Fprintf(w, "\nPSPI, %d pictures\tPearson\tICC(3,1)\tMAE\t", p.N)
		for _, t := range p.Score.AUC {
			fmt.Fprintf(w, "AUC %g+\t", t.PSPI)
		}
		for _, m := range []struct {
			name string
			a    Against
		}{{"PSPI", p.PSPI}, {"score, after the rules", p.Score}} {
			fmt.Fprintf(w, "\n%s\t%s\t%s\t%s\t", m.name, withInterval(m.a.Pearson), withInterval(m.a.ICC), withInterval(m.a.MAE))
			for _, t := range m.a.AUC {
				fmt.Fprintf(w, "%s\t", withInterval(t.AUC))
			}
		}
		fmt.Fprintf(w, "\n\ntrue PSPI by score\t%s\t\n", strings.Join(p.Bands, "\t"))
		for i, row := range p.Confuse {
			fmt.Fprintf(w, "%s\t", p.Bands[i])
			for _, n := range row {
				fmt.Fprintf(w, "%d\t", n)
			}
			fmt.Fprintln(w)
		}
	}
	if len(r.Labels) > 0 {
		fmt.Fprint(w, "\nlabel\tpictures\tjudged\tscore, median\t90th percentile\tPSPI, median\t\n")
		for _, l := range r.Labels {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t\n", l.Label, l.N, percent(l.Judged), figure(l.Median), figure(l.P90), figure(l.PSPI))
		}
		for _, b := range r.Between {
			fmt.Fprintf(w, "%s above %s, AUC\t\tscore %s\tPSPI %s\t\n", b.Yes, b.No, withInterval(b.Score), withInterval(b.PSPI))
		}
	}
	if len(r.Groups) > 0 {
		fmt.Fprint(w, "\nby\tgroup\tpeople\tpictures\tjudged\tmean score\tMAE of PSPI\tmean error of a unit\t\n")
		for _, g := range r.Groups {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t\n", g.By, g.Group, g.People, g.Pictures, withInterval(g.Judged), withInterval(g.Score), withInterval(g.MAE), withInterval(g.Error))
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	_, err := fmt.Fprintln(out, "\nIn brackets: 95 % intervals, people drawn with replacement; none with fewer than five. Provisional; not a cleared medical device.")
	return err
}
