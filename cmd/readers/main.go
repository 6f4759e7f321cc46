// Command readers measures what programs that pull cost live video: it lets tablets send a clip to a running server, with and
// without many readers beside them, in turns, and prints what the tablets saw each time. docs/bench/readers.sh prepares a server for it.
//
//	readers --wince bin/wince --url https://127.0.0.1:8443 --data DIR --clip CLIP.ivf --key wk_... [--readers 200] [--pairs 3]
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"time"
)

type options struct {
	wince, url, data, clip, key string
	readers, pairs, streams     int
	onlyRead                    bool
	seconds                     float64
	pause                       time.Duration
	limit                       int
}

func main() {
	var o options
	flag.StringVar(&o.wince, "wince", "bin/wince", "the program, for its simulated tablets")
	flag.StringVar(&o.url, "url", "https://127.0.0.1:8443", "the server, on this machine")
	flag.StringVar(&o.data, "data", "data", "the server's data folder, for its local token")
	flag.StringVar(&o.clip, "clip", "testdata/clips/pain.ivf", "what the tablets send")
	flag.StringVar(&o.key, "key", "", "an API key that may read everything")
	flag.IntVar(&o.readers, "readers", 200, "how many read at once")
	flag.IntVar(&o.pairs, "pairs", 3, "how often to measure without and with readers")
	flag.IntVar(&o.streams, "streams", 4, "how many tablets send")
	flag.Float64Var(&o.seconds, "seconds", 15, "how long one measurement lasts")
	flag.DurationVar(&o.pause, "pause", 0, "how long a reader waits between two pages")
	flag.IntVar(&o.limit, "limit", 500, "records of a page")
	flag.BoolVar(&o.onlyRead, "only-read", false, "read for that long and print what was seen as JSON; this program starts itself so")
	flag.Parse()
	if o.key == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	run := o.run
	if o.onlyRead {
		run = o.readAll
	}
	err := run(ctx, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "readers:", err)
		os.Exit(1)
	}
}

// seen is the last line of wince simulate --json.
type seen struct {
	Results          int     `json:"results"`
	Dropped          int     `json:"dropped"`
	ResultsPerSecond float64 `json:"results_per_second"`
	LatencyMS        *struct {
		P50 float64 `json:"p50"`
		P95 float64 `json:"p95"`
		P99 float64 `json:"p99"`
	} `json:"latency_ms"`
}

func (o *options) run(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "%d tablets, %.0f s each; %d readers of pages of %d, pause %v\n\n", o.streams, o.seconds, o.readers, o.limit, o.pause)
	fmt.Fprintln(out, "readers  results/s  dropped  p50 ms  p95 ms  p99 ms   pages/s  page p95 ms  refused")
	var rate, p95 [2][]float64
	for range o.pairs {
		for with := range 2 {
			s, r, err := o.measure(ctx, with*o.readers)
			if err != nil {
				return err
			}
			if s.LatencyMS == nil {
				return errors.New("the tablets got no results")
			}
			fmt.Fprintf(out, "%7d  %9.1f  %7d  %6.1f  %6.1f  %6.1f  %8.1f  %11.0f  %7d\n", with*o.readers, s.ResultsPerSecond, s.Dropped,
				s.LatencyMS.P50, s.LatencyMS.P95, s.LatencyMS.P99, float64(len(r.Took))/o.seconds, r.quantile(0.95), r.Refused)
			rate[with], p95[with] = append(rate[with], s.ResultsPerSecond), append(p95[with], s.LatencyMS.P95)
		}
	}
	fmt.Fprintf(out, "\nmedians: results a second %.1f without, %.1f with readers (%+.1f %%); p95 %.1f and %.1f ms\n",
		median(rate[0]), median(rate[1]), 100*(median(rate[1])/median(rate[0])-1), median(p95[0]), median(p95[1]))
	return nil
}

// measure lets the tablets send, beside n readers.
func (o *options) measure(ctx context.Context, n int) (seen, *pages, error) {
	got := &pages{}
	reading := make(chan error, 1)
	if n == 0 {
		reading <- nil
	} else {
		// Readers stand for programs on other machines, so here they get only what time is left: a process of the lowest priority.
		cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", "19", os.Args[0], "--only-read"}, os.Args[1:]...)...)
		cmd.Stderr = os.Stderr
		go func() {
			b, err := cmd.Output()
			if err == nil {
				err = json.Unmarshal(b, got)
			}
			reading <- err
		}()
	}
	cmd := exec.CommandContext(ctx, o.wince, "simulate", "--json", "--url", o.url, "--data", o.data, "--clip", o.clip,
		"--streams", strconv.Itoa(o.streams), "--seconds", strconv.FormatFloat(o.seconds, 'f', -1, 64))
	cmd.Stderr = os.Stderr
	lines, err := cmd.Output()
	if readErr := <-reading; readErr != nil {
		return seen{}, got, fmt.Errorf("read pages: %w", readErr)
	}
	var s seen
	if err != nil {
		return s, got, fmt.Errorf("send the clip: %w", err)
	}
	last := bytes.TrimSpace(lines)
	last = last[bytes.LastIndexByte(last, '\n')+1:]
	if err := json.Unmarshal(last, &s); err != nil {
		return s, got, fmt.Errorf("read what the tablets saw: %w", err)
	}
	return s, got, nil
}

// readAll reads with all readers for as long as one measurement takes.
func (o *options) readAll(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration((o.seconds+1)*float64(time.Second)))
	defer cancel()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{ // the server's certificate is self-signed, and this machine's
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxConnsPerHost: o.readers, MaxIdleConnsPerHost: o.readers}}
	defer client.CloseIdleConnections()
	got := &pages{}
	var all sync.WaitGroup
	for range o.readers {
		all.Go(func() { o.read(ctx, client, got) })
	}
	all.Wait()
	return json.NewEncoder(out).Encode(got)
}

// pages is what readers saw.
type pages struct {
	mu      sync.Mutex
	Took    []float64 `json:"took"` // milliseconds
	Refused int       `json:"refused"`
}

func (p *pages) quantile(q float64) float64 {
	if len(p.Took) == 0 {
		return 0
	}
	slices.Sort(p.Took)
	return p.Took[int(q*float64(len(p.Took)-1))]
}

// read pulls page after page until the context ends, and begins anew at the end.
func (o *options) read(ctx context.Context, client *http.Client, got *pages) {
	after := ""
	for ctx.Err() == nil {
		begun := time.Now()
		next, more, err := o.page(ctx, client, after)
		if ctx.Err() != nil {
			return
		}
		got.mu.Lock()
		if err != nil {
			got.Refused++
		} else {
			got.Took = append(got.Took, float64(time.Since(begun).Microseconds())/1000)
		}
		got.mu.Unlock()
		if after = next; !more {
			after = ""
		}
		if err != nil || o.pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(max(o.pause, 100*time.Millisecond)):
			}
		}
	}
}

func (o *options) page(ctx context.Context, client *http.Client, after string) (next string, more bool, err error) {
	q := url.Values{"limit": {strconv.Itoa(o.limit)}}
	if after != "" {
		q.Set("after", after)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"/api/v1/changes?"+q.Encode(), nil)
	if err != nil {
		return "", false, err
	}
	req.Header.Set("Authorization", "Bearer "+o.key)
	res, err := client.Do(req)
	if err != nil {
		return "", false, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, res.Body)
		return after, true, fmt.Errorf("status %d", res.StatusCode)
	}
	var page struct {
		Next string `json:"next"`
		More bool   `json:"more"`
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		return after, true, err
	}
	return page.Next, page.More, nil
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}
