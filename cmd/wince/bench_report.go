package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// benchReport is what bench prints as JSON.
type benchReport struct {
	Stages         stageTimes `json:"stages_ms"`
	StreamsPerCore struct {
		At30 float64 `json:"30"`
		At15 float64 `json:"15"`
	} `json:"streams_per_core"`
	Latency struct {
		One    benchLatency `json:"one"`
		Load80 benchLatency `json:"load80"`
	} `json:"latency_ms"`
	RSS     float64 `json:"rss_mb_per_stream"`
	Allocs  float64 `json:"allocs_per_frame"`
	Startup float64 `json:"startup_ms"`
	First   float64 `json:"first_result_ms"`

	Machine machine `json:"machine"`
	Clip    string  `json:"clip"`
	Quick   bool    `json:"quick"`
	Repeats int     `json:"repeats"`
	Seconds float64 `json:"seconds"`
	Busy    float64 `json:"busy"` // share of the machine that others used before it began, 0-1

	allocsReceive, allocsPublish float64
}

type benchLatency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
}

// Of what others may use of the machine.
const benchBusy = 0.1

func thisMachine() machine {
	m := machine{CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version()}
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for l := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == "model name" {
				m.CPU = strings.TrimSpace(v)
				break
			}
		}
	}
	return m
}

// take puts the medians of the repeats into the report.
func (r *benchReport) take(runs []benchRun) {
	of := func(get func(*benchRun) float64) float64 {
		var all []float64
		for i := range runs {
			all = append(all, get(&runs[i]))
		}
		return rounded(middle(all))
	}
	latency := func(get func(*benchRun) *latencies) benchLatency {
		at := func(q func(*latencies) float64) float64 {
			return of(func(b *benchRun) float64 {
				if l := get(b); l != nil {
					return q(l)
				}
				return 0
			})
		}
		return benchLatency{at(func(l *latencies) float64 { return l.P50 }), at(func(l *latencies) float64 { return l.P95 }), at(func(l *latencies) float64 { return l.P99 })}
	}
	r.StreamsPerCore.At30 = of(func(b *benchRun) float64 { return b.streams30 })
	r.StreamsPerCore.At15 = of(func(b *benchRun) float64 { return b.streams15 })
	r.Latency.One = latency(func(b *benchRun) *latencies { return b.one })
	r.Latency.Load80 = latency(func(b *benchRun) *latencies { return b.load80 })
	r.RSS = of(func(b *benchRun) float64 { return b.rss })
	r.Startup = of(func(b *benchRun) float64 { return b.startup })
	r.First = of(func(b *benchRun) float64 { return b.first })
}

func (r *benchReport) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r *benchReport) writeTable(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "One picture on one thread\tms\tallocations\n")
	names := []string{"receive", "decode", "crop", "detect", "mesh", "action units", "score", "publish"}
	allocs := map[string]string{"receive": fmt.Sprint(r.allocsReceive), "decode": fmt.Sprintf("%g in all", r.Allocs), "publish": fmt.Sprint(r.allocsPublish)}
	for i, v := range r.Stages.each() {
		fmt.Fprintf(tw, "  %s\t%.3f\t%s\n", names[i], *v, allocs[names[i]])
	}
	fmt.Fprintf(tw, "  sum\t%.3f\t\n\n", r.Stages.Total)
	if r.Startup > 0 {
		r.writeLoad(tw)
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	_, err := fmt.Fprintf(w, "\n%s, %d cores, %s; %s; median of %d; %.0f s; others used %.0f %% of the machine before it began\n",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Go, r.Clip, r.Repeats, r.Seconds, 100*r.Busy)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// writeLoad writes what was measured with a server.
func (r *benchReport) writeLoad(tw io.Writer) {
	fmt.Fprintf(tw, "Streams a core, tablets on the same cores\tat 30 a second\tat 15\n  served\t%g\t%g\n\n", r.StreamsPerCore.At30, r.StreamsPerCore.At15)
	fmt.Fprintf(tw, "Latency, ms\tp50\tp95\tp99\n")
	for _, l := range []struct {
		name string
		of   benchLatency
	}{{"one tablet", r.Latency.One}, {"80 % of what is served", r.Latency.Load80}} {
		fmt.Fprintf(tw, "  %s\t%g\t%g\t%g\n", l.name, l.of.P50, l.of.P95, l.of.P99)
	}
	fmt.Fprintf(tw, "\nMemory a stream, MB\t%g\nStart, ms\t%g\nFirst result after the connection, ms\t%g\n", r.RSS, r.Startup, r.First)
}

// failure says why the numbers are not to be used.
func (r *benchReport) failure(onlyStages bool) error {
	switch {
	case !onlyStages && (r.StreamsPerCore.At30 == 0 || r.StreamsPerCore.At15 == 0):
		return &exitError{exitPartly, errors.New("not even one tablet was served in time: the machine is too slow or too busy")}
	case r.Busy > benchBusy:
		return &exitError{exitPartly, fmt.Errorf("other programs used %.0f %% of the machine: stop them and measure again", 100*r.Busy)}
	}
	return nil
}

func rounded(x float64) float64 { return math.Round(x*1000) / 1000 }
