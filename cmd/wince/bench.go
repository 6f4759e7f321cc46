package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

func newBenchCmd() *cobra.Command {
	opt := benchOptions{clip: filepath.Join("testdata", "clips", "pain.ivf"), start: startUnlimited}
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure what a frame costs and how many tablets this machine bears",
		Long: `Bench measures this machine with the programs that do the work: the same decoder and networks on one thread, then a server
of its own on a free port of this machine, with an empty data folder that is removed afterwards, and simulated tablets.

It prints, and with --json writes as one object:

  stages_ms         what one picture costs on one thread, step by step: receive (decrypt the packets and put them together),
                    decode, detect, crop, mesh, au, score, publish (write the event), and their sum
  streams_per_core  how many tablets were served at 30 and at 15 pictures a second until the 95th percentile of the latency
                    passed 100 ms or more than 1 % of the pictures were left out, divided by the machine's cores. The
                    tablets run on the same cores, so a server that has them for itself bears more.
  latency_ms        from sending a picture's last packet to having its result: with one tablet, and with 80 % of as many as
                    were served at 30 pictures a second
  rss_mb_per_stream memory that each tablet added to the server
  allocs_per_frame  allocations from decoding to score in the steady state
  startup_ms        from starting the program, with its models on disk and a database, to the first answer
  first_result_ms   from the connection to the first result, one tablet

Everything is measured --repeats times in turns, each time with a server started anew, and the median is told. --quick
measures once, in less than 50 seconds: good to see whether something broke, not to compare two machines.

Leave the machine alone meanwhile. Bench looks at what else runs before it begins and says so; numbers from a busy machine
are worth nothing. Exit status 4 says that it was busy, or that not everything could be measured.`,
		Example: `  wince bench                       # some ten minutes
  wince bench --quick
  wince bench --json > bench.json
  wince bench --clip my-clip.ivf    # another picture size or face`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt.out, opt.err = c.OutOrStdout(), c.ErrOrStderr()
			return opt.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&opt.clip, "clip", opt.clip, "the `FILE` to send: VP8 in IVF, or any clip that can be decoded")
	f.StringVar(&opt.models, "models", "", "`DIR` with the model files (default: where make build puts them)")
	f.BoolVar(&opt.quick, "quick", false, "measure once and shortly, within 50 seconds")
	f.BoolVar(&opt.only, "stages", false, "measure only the steps of one picture")
	f.IntVar(&opt.repeats, "repeats", 3, "how often everything is measured, `N`; the median is told")
	f.BoolVar(&opt.json, "json", false, "print one JSON object instead of the table")
	return c
}

type benchOptions struct {
	clip, models string
	quick, json  bool
	only         bool // the stages
	repeats      int
	out, err     io.Writer

	start   func(ctx context.Context, data, models string) (*benchServer, error)
	shorten func(*benchTimes) // for tests; nil otherwise
}

// benchTimes is how long each part takes.
type benchTimes struct {
	rounds   int           // of the stages through the clip
	frames   int           // of a round, at most
	settle   time.Duration // before a trial counts
	trial    time.Duration // that counts
	first    float64       // tablets to try first; 0 goes by what a picture costs
	trials   int           // for one capacity, at most
	again    bool          // a number of tablets that was too many is tried once more: something else may have run just then
	untilEnd time.Duration // from the start of the command; no new trial begins afterwards. 0 knows no end
}

func (o *benchOptions) times() benchTimes {
	if o.quick {
		return benchTimes{rounds: 3, frames: 150, settle: 500 * time.Millisecond, trial: 1500 * time.Millisecond, trials: 4, untilEnd: 35 * time.Second}
	}
	return benchTimes{rounds: 9, frames: 600, settle: time.Second, trial: 8 * time.Second, trials: 7, again: true}
}

// benchRun is what one repeat has measured.
type benchRun struct {
	startup, first       float64 // ms
	rss                  float64 // MB a stream
	streams30, streams15 float64 // a core
	one, load80          *latencies
}

func (o *benchOptions) run(ctx context.Context) error {
	if o.quick {
		o.repeats = 1
	}
	if o.repeats < 1 || o.repeats > 20 {
		return &exitError{exitUsage, fmt.Errorf("--repeats is %d; between 1 and 20 are possible\nTry: wince bench --help", o.repeats)}
	}
	begun, times := time.Now(), o.times()
	if o.shorten != nil {
		o.shorten(&times)
	}
	film, err := loadFilm(ctx, o.clip)
	if err != nil {
		return err
	}
	rep := &benchReport{Machine: thisMachine(), Clip: o.clip, Quick: o.quick, Repeats: o.repeats}
	rep.Busy = busyShare(ctx, 500*time.Millisecond)
	fmt.Fprintln(o.err, "Measuring one picture on one thread...")
	if err := o.stages(film, times, rep); err != nil {
		return err
	}
	if o.only {
		return o.tell(rep, begun)
	}
	dir, err := os.MkdirTemp("", "wince-bench-")
	if err != nil {
		return fmt.Errorf("make a data folder: %w", err)
	}
	defer os.RemoveAll(dir)
	// The first start makes the database, the certificate and the key: not what is measured.
	s, err := o.start(ctx, dir, o.models)
	if err != nil {
		return err
	}
	if err := s.stop(); err != nil {
		return err
	}
	var runs []benchRun
	guess := times.first
	if guess == 0 {
		guess = float64(runtime.NumCPU()) * 1000 / 30 / (2 * rep.Stages.Total) // the network costs about as much again
	}
	for i := range o.repeats {
		fmt.Fprintf(o.err, "Measuring with a server, %d of %d...\n", i+1, o.repeats)
		b := benchLoad{film: film, times: times, begun: begun, log: o.err}
		r, err := b.measure(ctx, func() (*benchServer, error) { return o.start(ctx, dir, o.models) }, guess)
		if err != nil {
			return err
		}
		runs = append(runs, r)
		guess = r.streams30 * float64(runtime.NumCPU())
	}
	rep.take(runs)
	return o.tell(rep, begun)
}

// tell prints the report.
func (o *benchOptions) tell(rep *benchReport, begun time.Time) (err error) {
	rep.Seconds = tenth(time.Since(begun).Seconds())
	if o.json {
		err = rep.writeJSON(o.out)
	} else {
		err = rep.writeTable(o.out)
	}
	return errors.Join(err, rep.failure(o.only))
}

// middle returns the middle of what was measured, 0 for nothing.
func middle(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(all))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
