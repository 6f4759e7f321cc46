package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"wince/pain"
)

// writeTable prints one row for each second of a clip, one row for a still, and the observation in words.
func writeTable(out io.Writer, path string, frames []pain.Frame, obs pain.Observation) error {
	fmt.Fprintf(out, "%s\n\n", path)
	tw := tabwriter.NewWriter(out, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "time\tjudged\tscore\tPSPI\t")
	units := measuredUnits(frames)
	for _, a := range units {
		fmt.Fprintf(tw, "%s\t", a)
	}
	fmt.Fprintln(tw, " \tremarks")
	for len(frames) > 0 {
		second := frames[0].T / time.Second
		n := 0
		for n < len(frames) && frames[n].T/time.Second == second {
			n++
		}
		writeRow(tw, units, frames[:n])
		frames = frames[n:]
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	fmt.Fprintln(out)
	for _, line := range describe(&obs) {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return fmt.Errorf("write observation: %w", err)
		}
	}
	return nil
}

// measuredUnits lists the action units that any of the frames has a value for.
func measuredUnits(frames []pain.Frame) []pain.AU {
	var units []pain.AU
	for a := pain.AU(0); a < pain.NumAU; a++ {
		if slices.ContainsFunc(frames, func(f pain.Frame) bool { return f.State == pain.Scored && f.AU.Measured(a) }) {
			units = append(units, a)
		}
	}
	return units
}

// writeRow prints the means of the scored frames of one second, and what was said of the others.
func writeRow(w io.Writer, units []pain.AU, frames []pain.Frame) {
	var score, pspi float64
	var au, measured [pain.NumAU]float64
	var reasons pain.Reasons
	var confounders pain.Confounders
	n := 0
	for i := range frames {
		f := &frames[i]
		reasons |= f.Reasons
		confounders |= f.Confounders
		if f.State != pain.Scored {
			continue
		}
		n++
		score, pspi = score+f.Score, pspi+f.PSPI
		for _, a := range units {
			if f.AU.Measured(a) {
				au[a], measured[a] = au[a]+float64(f.AU[a]), measured[a]+1
			}
		}
	}
	fmt.Fprintf(w, "%d s\t%d/%d\t", frames[0].T/time.Second, n, len(frames))
	if n == 0 {
		fmt.Fprint(w, strings.Repeat("-\t", 2+len(units)))
	} else {
		fmt.Fprintf(w, "%.1f\t%.1f\t", score/float64(n), pspi/float64(n))
		for _, a := range units {
			if measured[a] == 0 {
				fmt.Fprint(w, "-\t")
				continue
			}
			fmt.Fprintf(w, "%.1f\t", au[a]/measured[a])
		}
	}
	fmt.Fprintf(w, " \t%s\n", strings.Join(append(reasons.Codes(), confounders.Codes()...), " "))
}

// describe says an observation in sentences.
func describe(o *pain.Observation) []string {
	lines := []string{fmt.Sprintf("%d of %d pictures judged (%.0f %% of the time).", o.Scored, o.Frames, 100*o.Assessed)}
	if len(o.Reasons) > 0 {
		lines = append(lines, "Not judged: "+shares(o.Reasons)+".")
	}
	if o.ScoreP95 == nil {
		lines = append(lines, "Not assessable: too little could be judged for a score. This says nothing about pain.")
	} else {
		lines = append(lines, fmt.Sprintf("Score 95th percentile %.1f, mean %.1f (0-16); PSPI before the rules %.1f and %.1f.",
			*o.ScoreP95, *o.ScoreMean, *o.PSPIP95, *o.PSPIMean))
		lines = append(lines, fmt.Sprintf("At %.0f or above for %.0f %% of the judged time, at longest %.1f s.",
			o.Threshold, 100**o.Above, float64(*o.LongestMS)/1000))
		if len(o.Confounder) > 0 {
			lines = append(lines, "Taken into account: "+shares(o.Confounder)+".")
		}
		half := ""
		if o.Side != "" {
			half = " on the person's " + o.Side + " half of the face"
		}
		lines = append(lines, fmt.Sprintf("Measured%s against the %s neutral; confidence %s.", half, o.Baseline, o.Confidence))
	}
	return append(lines, "Provisional: a first estimate, not validated on real pain. Wince is not a cleared medical device.")
}

func shares(m map[string]float64) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %.0f %%", strings.ReplaceAll(k, "_", " "), 100*m[k]))
	}
	return strings.Join(parts, ", ")
}
