package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
	"time"

	"wince/pain"
)

// latencies are milliseconds from sending a frame's last packet to having its result; absent where there was none.
type latencies struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// simCounts is what a tablet, or all of them, have seen.
type simCounts struct {
	FramesSent       int        `json:"frames_sent"`
	Results          int        `json:"results"`
	Scored           float64    `json:"scored"`  // share of the results, 0-1
	Dropped          int        `json:"dropped"` // pictures that the server left out because a newer one had come
	Paced            *int       `json:"paced"`   // pictures that it left out to keep to its pace; null where it did not say
	LatencyMS        *latencies `json:"latency_ms"`
	FirstResultMS    *float64   `json:"first_result_ms"` // from the connection; the longest in the summary
	LongestGapMS     float64    `json:"longest_gap_ms"`  // from one result to the next; of all tablets in the summary
	KeyframeRequests uint64     `json:"keyframe_requests"`
	ResultsPerSecond float64    `json:"results_per_second"` // of one stream; the mean in the summary
}

type simStream struct {
	Type    string `json:"type"`
	Stream  int    `json:"stream"`
	Session string `json:"session"`
	simCounts
	Observation *pain.Observation `json:"observation"`
	Error       string            `json:"error,omitempty"`

	failed error
	all    []time.Duration
}

type simSummary struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Clip    string `json:"clip"`
	Streams int    `json:"streams"`
	Failed  int    `json:"failed"`
	simCounts
}

type simReport struct {
	streams []simStream
	sum     simSummary
}

func newSimReport(o *simulateOptions, tablets []*simTablet) *simReport {
	r := &simReport{sum: simSummary{Type: "summary", URL: o.url, Clip: o.clip, Streams: len(tablets)}}
	var all []time.Duration
	scored, running := 0, 0
	for _, t := range tablets {
		s, n := t.report()
		r.streams = append(r.streams, s)
		all = append(all, s.all...)
		scored += n
		if s.failed != nil {
			r.sum.Failed++
		}
		r.sum.FramesSent += s.FramesSent
		r.sum.Results += s.Results
		r.sum.Dropped += s.Dropped
		if s.Paced != nil {
			if r.sum.Paced == nil {
				r.sum.Paced = new(int)
			}
			*r.sum.Paced += *s.Paced
		}
		r.sum.KeyframeRequests += s.KeyframeRequests
		r.sum.LongestGapMS = max(r.sum.LongestGapMS, s.LongestGapMS)
		if s.Results > 0 {
			running++
			r.sum.ResultsPerSecond += s.ResultsPerSecond
		}
		if s.FirstResultMS != nil && (r.sum.FirstResultMS == nil || *s.FirstResultMS > *r.sum.FirstResultMS) {
			r.sum.FirstResultMS = s.FirstResultMS
		}
	}
	r.sum.Scored = share(scored, r.sum.Results)
	r.sum.LatencyMS = percentiles(all)
	if running > 0 {
		r.sum.ResultsPerSecond = tenth(r.sum.ResultsPerSecond / float64(running))
	}
	return r
}

// report returns the tablet's line and how many results were scored.
func (t *simTablet) report() (simStream, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := simStream{
		Type: "stream", Stream: t.number, Session: t.session, Observation: t.observation, failed: t.err, all: t.latency,
		simCounts: simCounts{
			FramesSent: t.frames, Results: t.results, Scored: share(t.scored, t.results), Dropped: t.dropped, Paced: t.paced,
			LatencyMS: percentiles(t.latency), KeyframeRequests: t.requests, LongestGapMS: millis(t.gap),
		},
	}
	if t.err == nil && t.results == 0 && t.frames > 0 {
		s.failed = errors.New("video was sent, but no result came back: the server's log may say why")
	}
	if s.failed != nil {
		s.Error = s.failed.Error()
	}
	if t.results > 0 {
		first := millis(t.first)
		s.FirstResultMS = &first
		if d := t.length; d > 0 {
			s.ResultsPerSecond = tenth(float64(t.results) / d.Seconds())
		}
	}
	return s, t.scored
}

func (r *simReport) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	for i := range r.streams {
		if err := enc.Encode(&r.streams[i]); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if err := enc.Encode(&r.sum); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r *simReport) writeTable(w io.Writer) error {
	if r.sum.FramesSent == 0 {
		return nil // nothing to tell but the failure
	}
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "stream\tsent\tresults\ta second\tscored\tdropped\tpaced\tp50 ms\tp95 ms\tp99 ms\tfirst ms\t")
	for i := range r.streams {
		writeCounts(tw, fmt.Sprint(r.streams[i].Stream), &r.streams[i].simCounts)
	}
	if len(r.streams) > 1 {
		writeCounts(tw, "all", &r.sum.simCounts)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	for i := range r.streams {
		s := &r.streams[i]
		if s.failed != nil {
			fmt.Fprintf(w, "\nstream %d: %v\n", s.Stream, s.failed)
		}
		if s.Observation == nil {
			continue
		}
		fmt.Fprintf(w, "\nstream %d:\n", s.Stream)
		for _, line := range describe(s.Observation) {
			fmt.Fprintln(w, "  "+line)
		}
	}
	if _, err := fmt.Fprintln(w, "\nLatency is from sending a frame's last packet to having its result; first is from the connection to the first result.\n"+
		"Dropped were pictures for which a newer one had come, paced those that the server's pace leaves out (streams.rate and total_rate)."); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func writeCounts(w io.Writer, name string, c *simCounts) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%.1f\t%.0f %%\t%d\t", name, c.FramesSent, c.Results, c.ResultsPerSecond, 100*c.Scored, c.Dropped)
	if c.Paced != nil {
		fmt.Fprintf(w, "%d\t", *c.Paced)
	} else {
		fmt.Fprint(w, "-\t")
	}
	if l := c.LatencyMS; l != nil {
		fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t", l.P50, l.P95, l.P99)
	} else {
		fmt.Fprint(w, "-\t-\t-\t")
	}
	if c.FirstResultMS != nil {
		fmt.Fprintf(w, "%.0f\t\n", *c.FirstResultMS)
	} else {
		fmt.Fprint(w, "-\t\n")
	}
}

// failure says what the command's exit status has to say.
func (r *simReport) failure(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped before the end")
	case r.sum.Failed == 0:
		return nil
	case r.sum.Failed < r.sum.Streams:
		return &exitError{exitPartly, fmt.Errorf("%d of %d streams failed; the first: %w", r.sum.Failed, r.sum.Streams, r.firstFailure())}
	}
	return r.firstFailure()
}

func (r *simReport) firstFailure() error {
	for i := range r.streams {
		if err := r.streams[i].failed; err != nil {
			return err
		}
	}
	return nil
}

func progressLine(tablets []*simTablet) string {
	frames, results, dropped, connected := 0, 0, 0, 0
	var recent []time.Duration
	for _, t := range tablets {
		t.mu.Lock()
		frames, results, dropped = frames+t.frames, results+t.results, dropped+t.dropped
		if !t.connected.IsZero() {
			connected++
		}
		recent = append(recent, t.latency[max(0, len(t.latency)-60):]...)
		t.mu.Unlock()
	}
	line := fmt.Sprintf("%d of %d connected  %d sent  %d results  %d dropped", connected, len(tablets), frames, results, dropped)
	if l := percentiles(recent); l != nil {
		line += fmt.Sprintf("  p50 %.0f ms  p95 %.0f ms", l.P50, l.P95)
	}
	return line
}

func percentiles(all []time.Duration) *latencies {
	if len(all) == 0 {
		return nil
	}
	s := slices.Sorted(slices.Values(all))
	at := func(q float64) float64 { return millis(s[max(0, int(math.Ceil(q*float64(len(s))))-1)]) }
	return &latencies{at(0.5), at(0.95), at(0.99), at(1)}
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return math.Round(float64(n)/float64(of)*1e4) / 1e4
}

func millis(d time.Duration) float64 { return tenth(float64(d) / float64(time.Millisecond)) }
func tenth(x float64) float64        { return math.Round(x*10) / 10 }
