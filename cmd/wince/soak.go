package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newSoakCmd() *cobra.Command {
	opt := soakOptions{clip: filepath.Join("testdata", "clips", "pain.ivf"), minutes: 60, loss: 2, life: 45 * time.Second, start: startWatched, sample: scrape}
	c := &cobra.Command{
		Use:   "soak",
		Short: "Let tablets come and go for an hour and see whether anything of the server grows",
		Long: `Soak starts a server of its own on a free port of this machine, with an empty data folder, and lets simulated tablets send to it
for an hour, at 80 % of what it trusts itself with. They join and leave all the time and lose some of their packets on the way.

Every few seconds it reads the server's goroutines, open files and resident memory, and of that what Go's heap has in use, what Go keeps
for later, and the rest: memory of the networks, codecs and database, and the program itself. At the end it tells how each changed by the
hour, a straight line through what was read after the first tenth of the time, in which memory finds its size, and what was left when
the last tablet had gone and the tablets' own connections for requests were closed. Nothing of the live path keeps an OpenCV matrix, so
that there is none to count.

Exit status 1 says that something grew: by more than 5 goroutines or files, or 20 MB, an hour. Ten minutes are the least for a line to be
judged. From two minutes on, what is judged instead is how much is left when the last tablet has gone: no more than 5 goroutines, and no
more than 20 files, of which the database may keep most; and that memory is at most 30 MB more at last than at first.`,
		Example: `  wince soak
  wince soak --minutes 3 --streams 4
  wince soak --json > soak.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt.out, opt.err = c.OutOrStdout(), c.ErrOrStderr()
			return opt.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&opt.clip, "clip", opt.clip, "the `FILE` to send")
	f.StringVar(&opt.models, "models", "", "`DIR` with the model files (default: where make build puts them)")
	f.Float64Var(&opt.minutes, "minutes", opt.minutes, "how long, in minutes `M`")
	f.IntVar(&opt.streams, "streams", 0, "how many tablets at a time, `N` (default: 80 % of what the server trusts itself with)")
	f.Float64Var(&opt.loss, "loss", opt.loss, "how many of 100 packets are lost, `P`")
	f.DurationVar(&opt.life, "life", opt.life, "how long a tablet stays on average")
	f.BoolVar(&opt.json, "json", false, "print one JSON object instead of the table")
	return c
}

type soakOptions struct {
	clip, models  string
	minutes, loss float64
	streams       int
	life          time.Duration
	json          bool
	out, err      io.Writer

	start  func(ctx context.Context, data, models string) (*benchServer, error)
	sample func(ctx context.Context, data string) (soakSample, error)
}

// soakSample is what the server has in use at a moment.
type soakSample struct {
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"open_files"`
	RSS        float64 `json:"rss_mb"`
	Heap       float64 `json:"go_heap_mb"` // of RSS: what Go's heap has in use
	Kept       float64 `json:"go_kept_mb"` // of RSS: what else Go has from the system
	Rest       float64 `json:"rest_mb"`    // of RSS: C's memory and files that are mapped

	at       time.Time
	capacity float64 // pictures a second that it trusts itself with
}

// soakReport is what soak prints.
type soakReport struct {
	Minutes float64    `json:"minutes"`
	Streams int        `json:"streams"`
	Joined  int        `json:"joined"` // tablets that came, and left again
	Frames  int        `json:"frames_sent"`
	Results int        `json:"results"`
	Failed  int        `json:"failed"` // tablets that ended with an error
	Samples int        `json:"samples"`
	Slope   soakSample `json:"slope_per_hour"`
	Mean    soakSample `json:"mean"`
	First   soakSample `json:"first"`       // mean of the first tenth of the samples
	Last    soakSample `json:"last"`        // and of the last
	Idle    soakSample `json:"idle_before"` // before the first tablet
	After   soakSample `json:"idle_after"`  // after the last
	Machine machine    `json:"machine"`
	failed  error
}

func (o *soakOptions) run(ctx context.Context) error {
	if !(o.minutes > 0 && o.minutes <= 7*24*60) || o.streams < 0 || o.loss < 0 || o.loss > 50 || o.life <= 0 {
		return &exitError{exitUsage, errors.New("--minutes must lie between 0 and a week, --streams and --loss must not be negative, --loss at most 50, --life more than 0\nTry: wince soak --help")}
	}
	film, err := loadFilm(ctx, o.clip)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wince-soak-")
	if err != nil {
		return fmt.Errorf("make a data folder: %w", err)
	}
	defer os.RemoveAll(dir)
	s, err := o.start(ctx, dir, o.models)
	if err != nil {
		return err
	}
	rep, err := o.soak(ctx, s, dir, film)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	if o.json {
		e := json.NewEncoder(o.out)
		e.SetIndent("", "  ")
		err = e.Encode(rep)
	} else {
		err = rep.writeTable(o.out)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return rep.judge()
}

func (o *soakOptions) soak(ctx context.Context, s *benchServer, dir string, film *film) (*soakReport, error) {
	api, err := s.client()
	if err != nil {
		return nil, err
	}
	defer api.close()
	rep := &soakReport{Minutes: o.minutes, Streams: o.streams, Machine: thisMachine()}
	if rep.Idle, err = o.sample(ctx, dir); err != nil {
		return nil, err
	}
	if rep.Streams == 0 {
		rep.Streams = max(1, int(0.8*rep.Idle.capacity/30))
	}
	fmt.Fprintf(o.err, "%d tablets at a time for %g minutes...\n", rep.Streams, o.minutes)
	length := time.Duration(o.minutes * float64(time.Minute))
	running, end := context.WithTimeout(ctx, length)
	defer end()
	var places sync.WaitGroup
	var mu sync.Mutex
	for i := range rep.Streams {
		places.Go(func() {
			for n := 0; running.Err() == nil; n++ {
				t := newSimTablet(i, api, film, 0)
				t.loss = o.loss / 100
				// From half the mean life to one and a half of it.
				stay := time.Duration((0.5 + rand.Float64()) * float64(o.life))
				sleep(running, time.Duration(rand.Int64N(int64(o.life)/10+1)))
				t.run(running, stay, false)
				r, _ := t.report()
				mu.Lock()
				rep.Joined++
				rep.Frames, rep.Results = rep.Frames+r.FramesSent, rep.Results+r.Results
				err := t.failure()
				if err != nil && running.Err() == nil {
					rep.Failed, rep.failed = rep.Failed+1, err
				}
				mu.Unlock()
				if err != nil {
					sleep(running, time.Second) // a server that is gone is not asked without end
				}
			}
		})
	}
	var samples []soakSample
	begun := time.Now()
	every := min(max(length/600, 200*time.Millisecond), 10*time.Second)
	for sleep(running, every) {
		x, err := o.sample(ctx, dir)
		if err != nil {
			end()
			places.Wait()
			return nil, err
		}
		if time.Since(begun) > length/10 {
			samples = append(samples, x)
		}
	}
	places.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rep.take(samples)
	api.close()                               // or the server holds an idle connection for each tablet that ended last
	sleep(ctx, min(3*time.Second, length/10)) // connections that were closed are cleared away
	rep.After, err = o.sample(ctx, dir)
	return rep, err
}

// take draws a straight line through each row of samples.
func (r *soakReport) take(samples []soakSample) {
	r.Samples = len(samples)
	if len(samples) == 0 {
		return
	}
	part := max(1, len(samples)/10)
	for _, x := range []struct {
		to   *soakSample
		from []soakSample
	}{{&r.Mean, samples}, {&r.First, samples[:part]}, {&r.Last, samples[len(samples)-part:]}} {
		for i, to := range x.to.values() {
			_, *to = straight(x.from, i)
		}
	}
	for i, to := range r.Slope.values() {
		*to, _ = straight(samples, i)
	}
}

// values are the fields that are followed, in the order of the table.
func (s *soakSample) values() []*float64 {
	return []*float64{&s.Goroutines, &s.Files, &s.RSS, &s.Heap, &s.Kept, &s.Rest}
}

// straight returns the slope by the hour of the straight line through one field of the samples, and its mean.
func straight(samples []soakSample, field int) (slope, mean float64) {
	n := float64(len(samples))
	var x, y, xx, xy float64
	for i := range samples {
		h := samples[i].at.Sub(samples[0].at).Hours()
		v := *samples[i].values()[field]
		x, y, xx, xy = x+h, y+v, xx+h*h, xy+h*v
	}
	if d := n*xx - x*x; d > 0 {
		slope = (n*xy - x*y) / d
	}
	return tenth(slope), tenth(y / n)
}

// Growth by the hour that is not noise, in runs that are long enough to tell.
const (
	soakCount   = 5.0  // goroutines, files
	soakMemory  = 20.0 // MB
	soakJudged  = 10.0 // minutes
	soakFailing = 0.05 // share of the tablets
)

// What may be more at the end of a run that is shorter.
const (
	soakShort       = 2.0  // minutes, the least
	soakLeft        = 5.0  // goroutines
	soakLeftFiles   = 20.0 // the database keeps up to eight connections with two files each
	soakShortMemory = 30.0 // MB: Go's heap goes up and down by nearly as much
)

func (r *soakReport) judge() error {
	switch {
	case float64(r.Failed) > soakFailing*float64(r.Joined):
		return fmt.Errorf("%d of %d tablets failed; the last: %w", r.Failed, r.Joined, r.failed)
	case r.Results == 0:
		return errors.New("no result came back at all")
	case r.Minutes < soakShort:
		return nil
	case r.Minutes < soakJudged:
		goroutines, files, memory := r.After.Goroutines-r.Idle.Goroutines, r.After.Files-r.Idle.Files, r.Last.RSS-r.First.RSS
		if goroutines > soakLeft || files > soakLeftFiles || memory > soakShortMemory {
			return fmt.Errorf("something is left of %d tablets: %+.0f goroutines, %+.0f files and %+.1f MB", r.Joined, goroutines, files, memory)
		}
		return nil
	case r.Slope.Goroutines > soakCount, r.Slope.Files > soakCount, r.Slope.RSS > soakMemory:
		return fmt.Errorf("something grows: %+.1f goroutines, %+.1f files and %+.1f MB an hour", r.Slope.Goroutines, r.Slope.Files, r.Slope.RSS)
	}
	return nil
}

func (r *soakReport) writeTable(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\tbefore\tat first\tmean\tat last\tafter\tchange an hour")
	columns := [][]*float64{r.Idle.values(), r.First.values(), r.Mean.values(), r.Last.values(), r.After.values(), r.Slope.values()}
	for i, name := range []string{"goroutines", "open files", "resident memory, MB", "  Go's heap in use", "  more that Go keeps", "  the rest"} {
		fmt.Fprint(tw, name)
		for _, c := range columns[:len(columns)-1] {
			fmt.Fprintf(tw, "\t%.1f", *c[i])
		}
		fmt.Fprintf(tw, "\t%+.1f\n", *columns[len(columns)-1][i])
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%g minutes, %d tablets at a time, %d came and left (%d with an error), %d pictures sent, %d results; %d readings; %s, %d cores\n",
		r.Minutes, r.Streams, r.Joined, r.Failed, r.Frames, r.Results, r.Samples, r.Machine.CPU, r.Machine.Cores)
	return err
}

// scrape reads the metrics of the server with that data folder.
func scrape(ctx context.Context, data string) (soakSample, error) {
	at, err := os.ReadFile(filepath.Join(data, "admin-address"))
	if err != nil {
		return soakSample{}, fmt.Errorf("find the server's metrics: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+strings.TrimSpace(string(at))+"/metrics", nil)
	if err != nil {
		return soakSample{}, fmt.Errorf("read the server's metrics: %w", err)
	}
	res, err := (&http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return soakSample{}, fmt.Errorf("read the server's metrics: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return soakSample{}, fmt.Errorf("read the server's metrics: %w", err)
	}
	s := soakSample{at: time.Now()}
	read := map[string]float64{}
	for l := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(l), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			read[name] = v
		}
	}
	for name, to := range map[string]*float64{"go_goroutines": &s.Goroutines, "process_open_fds": &s.Files, "process_resident_memory_bytes": &s.RSS,
		"go_memstats_heap_inuse_bytes": &s.Heap, "go_memstats_sys_bytes": &s.Kept, "wince_capacity_rate": &s.capacity} {
		v, ok := read[name]
		if !ok {
			return s, fmt.Errorf("read the server's metrics: they do not tell %s", name)
		}
		*to = v
	}
	s.Kept -= read["go_memstats_heap_released_bytes"] + s.Heap
	s.Rest = s.RSS - s.Heap - s.Kept
	for _, v := range []*float64{&s.RSS, &s.Heap, &s.Kept, &s.Rest} {
		*v = tenth(*v / (1 << 20))
	}
	return s, nil
}
