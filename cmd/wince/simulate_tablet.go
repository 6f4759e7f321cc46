package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"wince/pain"
	"wince/stream/encode"
	"wince/stream/rtc"
	"wince/vision"
)

// A keyframe is not sent again for a request that may have been made before it came.
const keyframeRest = 300 * time.Millisecond

// simTablet is one simulated tablet and what it has measured.
type simTablet struct {
	number  int
	api     *simClient
	film    *film
	capture time.Duration // of assessable time; 0 for none
	warm    time.Duration // how long the capture waits, at most, for the session to find its neutral face
	watch   func([]byte)  // is shown every event; nil for none
	loss    float64       // share of the packets that are lost
	tcp     bool          // video goes over TCP
	noRTX   bool          // lost packets are sent again on the stream itself
	way     *detour       // that video takes instead of the way that the server names; nil for none

	mu          sync.Mutex
	session     string
	sent        map[uint32]time.Time // when the last packet of a frame went out, by RTP timestamp
	frames      int
	results     int
	scored      int
	dropped     int
	paced       *int // nil where the server did not say
	latency     []time.Duration
	sentAt      []time.Time // when the picture of each latency went out
	connected   time.Time
	length      time.Duration // of sending
	first       time.Duration // from the connection to the first result
	last        time.Time     // when the last result came
	gap         time.Duration // the longest from one result to the next
	requests    uint64        // for keyframes
	observation *pain.Observation
	observed    chan struct{} // closed with the first observation
	begun       chan struct{} // closed with the first result
	settled     chan struct{} // closed with the first that is measured against the session's own neutral face, or the resident's
	calm        bool          // settled is closed
	ended       string        // the server's reason, where it ended the session
	err         error
}

// detour leads video through a relay: neither side is told of a way around it.
type detour struct{ offer, answer func(sdp string) string }

func newSimTablet(number int, api *simClient, film *film, capture time.Duration) *simTablet {
	return &simTablet{
		number: number, api: api, film: film, capture: capture, sent: map[uint32]time.Time{},
		observed: make(chan struct{}), begun: make(chan struct{}), settled: make(chan struct{}),
	}
}

// run publishes for the time given, or until the observation is there.
func (t *simTablet) run(ctx context.Context, d time.Duration, untilObserved bool) {
	if err := t.publish(ctx, d, untilObserved); err != nil && !errors.Is(err, context.Canceled) {
		t.mu.Lock()
		t.err = err
		t.mu.Unlock()
	}
}

func (t *simTablet) publish(ctx context.Context, d time.Duration, untilObserved bool) (err error) {
	session, err := t.api.open(ctx)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.session = session.ID
	t.mu.Unlock()
	// What was opened is closed even where the caller has had enough.
	defer func() {
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if session.self != "" {
			if derr := t.api.delete(tidy, session.self); derr != nil && err == nil {
				err = fmt.Errorf("close the session: %w", derr)
			}
		}
	}()
	tab, err := rtc.TabletConfig{Codec: t.film.codec, OnEvent: t.event, Loss: t.loss, TCP: t.tcp, NoRTX: t.noRTX}.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tab.Close()) }()
	err = tab.Publish(ctx, func(ctx context.Context, offer string) (string, error) {
		if t.way == nil {
			answer, _, err := t.api.publish(ctx, session.WHIP, offer)
			return answer, err
		}
		answer, _, err := t.api.publish(ctx, session.WHIP, t.way.offer(offer))
		return t.way.answer(answer), err
	})
	if err != nil {
		return err
	}
	connect := time.NewTimer(15 * time.Second)
	defer connect.Stop()
	select {
	case <-tab.Connected():
	case <-ctx.Done():
		return ctx.Err()
	case <-tab.Done():
		return errNoMedia
	case <-connect.C:
		return errNoMedia
	}
	t.mu.Lock()
	t.connected = time.Now()
	t.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var captured error
	var wg sync.WaitGroup
	if t.capture > 0 {
		wg.Go(func() {
			captured = t.observe(ctx, session)
			if untilObserved || captured != nil {
				cancel()
			}
		})
	}
	err = t.send(ctx, tab)
	cancel()
	wg.Wait()
	t.lastResults(tab)
	length := time.Since(t.connected)
	paced := t.countPaced(ctx, session)
	t.mu.Lock()
	t.requests, t.length, t.paced = tab.KeyframeRequests(), length, paced
	t.mu.Unlock()
	return errors.Join(err, captured)
}

// countPaced asks what the results do not tell: how many pictures were left out for the pace.
func (t *simTablet) countPaced(ctx context.Context, s *simSession) *int {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return t.api.paced(ctx, s)
}

var errNoMedia = errors.New("the server answered, but no video connection came about: check that its UDP port is open, and which addresses it advertises")

// observe makes an observation and waits for it. The results channel may lose it, so the end is asked for where it stays out.
func (t *simTablet) observe(ctx context.Context, s *simSession) error {
	select {
	case <-t.begun:
	case <-ctx.Done():
		return nil // the report says that nothing came
	}
	wait := time.NewTimer(t.warm)
	defer wait.Stop()
	select {
	case <-t.settled:
	case <-wait.C:
	case <-ctx.Done():
		return nil
	}
	if err := t.api.startCapture(ctx, s.Capture, t.capture); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	select {
	case <-t.observed:
		return nil
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	o, err := t.api.observation(ctx, s.Observation)
	if err != nil {
		return fmt.Errorf("no observation in the time given (more --seconds, or a clip in which a face can be judged): %w", err)
	}
	t.keep(o)
	return nil
}

// send sends the film round and round, in its own time, until the context ends.
func (t *simTablet) send(ctx context.Context, tab *rtc.Tablet) error {
	var (
		start   = time.Now()
		due     time.Duration // since start
		base    = rand.Uint32()
		i       int
		lastKey = -time.Hour
		enc     encode.Encoder // nil where the film is sent as it is
		n       int64
	)
	if p := t.film.pictures; p != nil {
		var err error
		if enc, err = encode.Open(t.film.codec, p[0].Width, p[0].Height, 30, p[0].Width*p[0].Height/200); err != nil {
			return err
		}
		defer enc.Close()
	}
	for {
		if !sleep(ctx, time.Until(start.Add(due))) {
			return nil
		}
		select {
		case <-tab.Done():
			if t.over() {
				return nil
			}
			return errors.New("the server ended the video connection")
		default:
		}
		wanted := tab.KeyframeWanted() && due-lastKey > keyframeRest
		if wanted && enc == nil {
			i = t.film.nextKey(i)
		}
		f := t.film.frames[i]
		if enc != nil {
			var err error
			if f.data, f.key, err = enc.Encode(&t.film.pictures[i], n, wanted); err != nil {
				return err
			}
			n++
		}
		if f.key {
			lastKey = due
		}
		if err := t.write(tab, f.data, base+uint32(due*90000/time.Second)); err != nil {
			return err
		}
		due += t.film.gap(i)
		if i++; i == len(t.film.frames) {
			i = 0
		}
	}
}

// write sends a frame. The lock is held meanwhile, so that its result cannot be looked up before it is noted.
func (t *simTablet) write(tab *rtc.Tablet, data []byte, timestamp uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, err := tab.Write(data, timestamp)
	if err != nil {
		return err
	}
	t.frames++
	t.sent[timestamp] = last
	if len(t.sent) > 600 { // results that never came
		for k, at := range t.sent {
			if last.Sub(at) > 10*time.Second {
				delete(t.sent, k)
			}
		}
	}
	return nil
}

// lastResults gives the results of the last frames a moment to come.
func (t *simTablet) lastResults(tab *rtc.Tablet) {
	for range 20 {
		t.mu.Lock()
		n := len(t.sent)
		t.mu.Unlock()
		select {
		case <-tab.Done():
			return
		default:
		}
		if n == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// event takes in what the server sends on the results channel.
func (t *simTablet) event(b []byte) {
	now := time.Now()
	if t.watch != nil {
		t.watch(b)
	}
	var e struct {
		Type    string
		State   pain.State
		RTP     uint32
		Dropped int
		Reason  string

		Baseline vision.Baseline
	}
	if json.Unmarshal(b, &e) != nil { // an observation has a state of another kind
		var head struct{ Type string }
		if json.Unmarshal(b, &head) != nil || head.Type != "observation" {
			return
		}
		e.Type = head.Type
	}
	switch e.Type {
	case "frame":
		t.mu.Lock()
		defer t.mu.Unlock()
		t.results++
		if !t.last.IsZero() {
			t.gap = max(t.gap, now.Sub(t.last))
		}
		t.last = now
		t.dropped = max(t.dropped, e.Dropped)
		if e.State == pain.Scored {
			t.scored++
		}
		if at, ok := t.sent[e.RTP]; ok {
			delete(t.sent, e.RTP)
			t.latency, t.sentAt = append(t.latency, now.Sub(at)), append(t.sentAt, at)
		}
		if !t.calm && e.Baseline != vision.BaselinePopulation {
			t.calm = true
			close(t.settled)
		}
		if t.results == 1 {
			t.first = now.Sub(t.connected)
			close(t.begun)
		}
	case "observation":
		var o pain.Observation
		if json.Unmarshal(b, &o) == nil {
			t.keep(&o)
		}
	case "end":
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ended = e.Reason
	}
}

func (t *simTablet) keep(o *pain.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.observation == nil {
		close(t.observed)
	}
	t.observation = o
}

func (t *simTablet) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ended != ""
}

// between returns the latencies of the pictures that were sent in that time, and how many of them got no result.
func (t *simTablet) between(from, until time.Time) (latency []time.Duration, missing int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, at := range t.sentAt {
		if !at.Before(from) && at.Before(until) {
			latency = append(latency, t.latency[i])
		}
	}
	for _, at := range t.sent {
		if !at.Before(from) && at.Before(until) {
			missing++
		}
	}
	return latency, missing
}

func (t *simTablet) firstResult() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first
}

func (t *simTablet) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
