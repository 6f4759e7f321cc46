package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"wince/stream"
	"wince/stream/rtc"
)

// mtu1200 is the largest datagram that fits into a packet of 1200 bytes, with IPv4's header and UDP's.
const mtu1200 = 1200 - 20 - 8

// TestFaults lets tablets send through bad networks, all at once. No garbled picture ever reaches the analysis, whatever happens; with 5 % of
// the packets lost nine of ten pictures are analysed; and when a fault ends, pictures come again. How soon they do is measured by
// TestFaultsMeasured, for a test must not depend on how busy the machine is: a fault lasts for so many pictures, each is judged by its
// own timestamp, however late its result comes, and what came whole and was passed over because the machine did not keep up
// is not held against the network.
func TestFaults(t *testing.T) {
	const lasts = 45 // pictures
	// Retransmissions have more time than usual, so that a slow machine does not turn delay into loss.
	publisher := newPublisher(t, rtc.Config{Hold: time.Second, KeyframeInterval: 150 * time.Millisecond})
	path := shortClip(t)
	film, err := loadFilm(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	known := pictures(t, path)
	for _, tt := range []struct {
		name  string
		fault func(n *badNetwork, tab *rtc.Tablet)
		share float64 // of the pictures sent meanwhile that must be analysed
	}{
		{"1 % loss", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{loss: 0.01}) }, 0.9},
		{"5 % loss", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{loss: 0.05}) }, 0.9},
		{"15 % loss", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{loss: 0.15}) }, 0.3},
		{"200 ms jitter", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{late: 1, delay: 200 * time.Millisecond}) }, 0.3},
		{"reordering", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{late: 0.3, delay: 40 * time.Millisecond}) }, 0.9},
		{"150 kbit/s", func(n *badNetwork, _ *rtc.Tablet) { n.set(weather{rate: 150_000 / 8}) }, 0},
		{"MTU 1200", func(n *badNetwork, _ *rtc.Tablet) {}, 0.9},
		{"outage", func(n *badNetwork, _ *rtc.Tablet) { n.dead.Store(true) }, 0},
		{"NAT rebinding", func(n *badNetwork, _ *rtc.Tablet) { n.rebind() }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var good, evil, newest atomic.Int64
			_, session := newSession(t, publisher, seeingAnalyzer{known: known, good: &good, evil: &evil, newest: &newest})
			n := newBadNetwork(t, publisher.Port())
			n.set(weather{most: mtu1200}) // both ends' first words fit, too
			sim, tab := connectThrough(t, n, session, film)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			sent := make(chan error, 1)
			go func() { sent <- sim.send(ctx, tab) }()
			within(t, 10*time.Second, "the first pictures", func() bool { return good.Load() > 5 })

			framesSent := func() int {
				sim.mu.Lock()
				defer sim.mu.Unlock()
				return sim.frames
			}
			frames := framesSent()
			passed, from := passedOver(session), time.Now()
			tt.fault(n, tab)
			within(t, 30*time.Second, "the pictures of the fault are sent", func() bool { return framesSent() >= frames+lasts })
			until, then := time.Now(), time.Duration(framesSent())*time.Second/30 // no picture of the fault has a later media time
			n.set(weather{})
			n.dead.Store(false)
			within(t, 30*time.Second, "pictures come again after the fault", func() bool { return time.Duration(newest.Load()) > then+time.Second/2 })
			analysed, missing := sim.between(from, until)
			passed = passedOver(session) - passed
			if got, sent := len(analysed), len(analysed)+missing; float64(got+passed) < tt.share*float64(sent) {
				t.Errorf("%d of %d pictures were analysed, %d passed over, want %.0f %%", got, sent, passed, 100*tt.share)
			}
			stop()
			if err := <-sent; err != nil {
				t.Error(err)
			}
			if n := evil.Load(); n > 0 {
				t.Errorf("%d garbled pictures reached the analysis, %d good ones", n, good.Load())
			}
			if up := n.large[0].Load(); up > 0 {
				t.Errorf("%d datagrams of the tablet were larger than %d bytes", up, mtu1200)
			}
		})
	}
}

// passedOver counts the pictures of a session that came whole and got no result because the machine did not keep up. Not among them is what
// came while the decoder waited for a keyframe: that is the network's doing.
func passedOver(session *stream.Session) int {
	st := session.Status()
	return int(st.Dropped - st.Waiting + st.Paced + st.Unsent)
}

// A tablet that dies leaves nothing behind but its session, which can be used again.
func TestTabletKilled(t *testing.T) {
	publisher := newPublisher(t, rtc.Config{Patience: time.Second})
	film, err := loadFilm(t.Context(), shortClip(t))
	if err != nil {
		t.Fatal(err)
	}
	live, session := newSession(t, publisher, constantAnalyzer{})
	n := newBadNetwork(t, publisher.Port())
	connectThrough(t, n, session, film)
	n.dead.Store(true) // it says no goodbye
	within(t, 20*time.Second, "the server gives the place back", func() bool { now, _ := live.Streams(); return now == 0 })
	second := newBadNetwork(t, publisher.Port())
	connectThrough(t, second, session, film)
	if now, _ := live.Streams(); now != 1 {
		t.Errorf("%d tablets, want the one that came back", now)
	}
}
