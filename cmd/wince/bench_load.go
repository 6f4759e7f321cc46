package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// The bounds of what counts as served.
const (
	benchLatest = 100.0 // ms, 95th percentile
	benchLost   = 0.01  // share of the pictures
)

// benchLoad measures a server with simulated tablets.
type benchLoad struct {
	film  *film
	times benchTimes
	begun time.Time
	log   io.Writer

	api    *simClient
	server *benchServer
	idle   float64 // MB of the server without tablets
	rss    float64 // MB a stream, once there were some
}

// measure starts a server and takes all numbers of one repeat. Guess is how many streams at 30 pictures a second to try first.
func (b *benchLoad) measure(ctx context.Context, start func() (*benchServer, error), guess float64) (r benchRun, err error) {
	if b.server, err = start(); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.server.stop()) }()
	r.startup = millis(b.server.startup)
	if b.api, err = b.server.client(); err != nil {
		return r, err
	}
	defer b.api.close()
	if b.idle, err = b.server.rss(); err != nil {
		return r, err
	}
	one := b.crowd(b.film)
	got, err := one.trial(ctx, 1)
	if err == nil {
		r.one = got.latency
		r.first = millis(one.tablets[0].firstResult())
	}
	one.leave()
	if err != nil {
		return r, err
	}
	at30, err := b.capacity(ctx, "30", b.film, guess)
	if err != nil {
		return r, err
	}
	at15, err := b.capacity(ctx, "15", b.film.slower(), 1.8*float64(at30))
	if err != nil {
		return r, err
	}
	cores := float64(runtime.NumCPU())
	r.streams30, r.streams15 = float64(at30)/cores, float64(at15)/cores
	loaded := b.crowd(b.film)
	defer loaded.leave()
	if got, err = loaded.trial(ctx, max(1, at30*8/10)); err != nil {
		return r, err
	}
	r.load80, r.rss = got.latency, b.rss
	return r, nil
}

// capacity looks for the largest number of tablets that are served, between what was and what was not.
func (b *benchLoad) capacity(ctx context.Context, name string, film *film, guess float64) (int, error) {
	c := b.crowd(film)
	defer c.leave()
	served, refused, try := 0, 0, max(1, int(guess+0.5))
	for range b.times.trials {
		if b.times.untilEnd > 0 && time.Since(b.begun) > b.times.untilEnd {
			break
		}
		got, err := c.trial(ctx, try)
		if err == nil && !got.served() && b.times.again {
			got, err = c.trial(ctx, try)
		}
		if err != nil {
			return 0, err
		}
		ok := got.served()
		fmt.Fprintf(b.log, "  %d tablets at %s a second: p95 %.1f ms, %.2f %% left out%s\n", try, name, got.p95(), 100*got.lost, map[bool]string{false: ": too many"}[ok])
		if ok {
			served = try
		} else {
			refused = try
		}
		switch {
		case served > 0 && refused > 0 && refused-served <= max(1, served/20):
			return served, nil
		case refused == 0:
			try = max(try+1, try*5/4)
		case refused == 1:
			return 0, nil
		default:
			try = (served + refused) / 2
		}
		if try == served {
			return served, nil
		}
	}
	return served, nil
}

func (b *benchLoad) crowd(film *film) *crowd {
	return &crowd{load: b, film: film}
}

// crowd is tablets that send at the same time, more or fewer of them.
type crowd struct {
	load    *benchLoad
	film    *film
	tablets []*simTablet
	ends    []context.CancelFunc
	running sync.WaitGroup
}

// trialResult is what a number of tablets saw.
type trialResult struct {
	latency *latencies // nil where nothing came back
	lost    float64    // share of the pictures sent without a result
}

func (t *trialResult) p95() float64 {
	if t.latency == nil {
		return 0
	}
	return t.latency.P95
}

func (t *trialResult) served() bool {
	return t.latency != nil && t.latency.P95 <= benchLatest && t.lost <= benchLost
}

// trial lets n tablets send, waits until they all get results, and measures.
func (c *crowd) trial(ctx context.Context, n int) (trialResult, error) {
	for len(c.tablets) > n {
		c.ends[len(c.ends)-1]()
		c.tablets, c.ends = c.tablets[:len(c.tablets)-1], c.ends[:len(c.ends)-1]
	}
	for i := len(c.tablets); i < n; i++ {
		staying, end := context.WithCancel(ctx)
		t := newSimTablet(i, c.load.api, c.film, 0)
		c.tablets, c.ends = append(c.tablets, t), append(c.ends, end)
		c.running.Go(func() { t.run(staying, time.Hour, false) })
		if !sleep(ctx, 20*time.Millisecond+c.film.step/time.Duration(n)) { // not in step, and a little for the handshake
			return trialResult{}, ctx.Err()
		}
	}
	patience := time.NewTimer(20 * time.Second)
	defer patience.Stop()
	for _, t := range c.tablets {
		select {
		case <-t.begun:
		case <-ctx.Done():
			return trialResult{}, ctx.Err()
		case <-patience.C:
			return trialResult{lost: 1}, t.failure() // too many to get even a first result
		}
	}
	if !sleep(ctx, c.load.times.settle) {
		return trialResult{}, ctx.Err()
	}
	from := time.Now()
	if !sleep(ctx, c.load.times.trial) {
		return trialResult{}, ctx.Err()
	}
	return c.since(from)
}

// since sums up what came of the pictures that were sent from then on. The last quarter second's may still be under way.
func (c *crowd) since(from time.Time) (trialResult, error) {
	var all []time.Duration
	lost := 0
	until := time.Now().Add(-250 * time.Millisecond)
	for _, t := range c.tablets {
		if err := t.failure(); err != nil {
			return trialResult{}, err
		}
		latency, missing := t.between(from, until)
		all, lost = append(all, latency...), lost+missing
	}
	if c.load.rss == 0 && len(c.tablets) > 1 {
		now, err := c.load.server.rss()
		if err != nil {
			return trialResult{}, err
		}
		c.load.rss = max(now-c.load.idle, 0) / float64(len(c.tablets))
	}
	return trialResult{percentiles(all), share(lost, lost+len(all))}, nil
}

func (c *crowd) leave() {
	for _, end := range c.ends {
		end()
	}
	c.running.Wait()
	c.tablets, c.ends = nil, nil
}
