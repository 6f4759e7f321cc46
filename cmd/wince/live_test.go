package main

import (
	"context"
	"crypto/md5"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"wince/stream"
	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/stream/rtc"
	"wince/vision"
)

// seeingAnalyzer checks every picture against those that the clip holds.
type seeingAnalyzer struct {
	constantAnalyzer
	known      map[[16]byte]bool
	good, evil *atomic.Int64
	newest     *atomic.Int64 // media time of the last good one; nil where nobody asks
}

func (a seeingAnalyzer) Analyze(img *vision.I420, t time.Duration) vision.Result {
	if a.known[picture(img)] {
		a.good.Add(1)
		if a.newest != nil {
			a.newest.Store(int64(t))
		}
	} else {
		a.evil.Add(1)
	}
	return a.constantAnalyzer.Analyze(img, t)
}

func picture(img *vision.I420) (sum [16]byte) {
	h := md5.New()
	h.Write(img.Y)
	h.Write(img.U)
	h.Write(img.V)
	return [16]byte(h.Sum(sum[:0]))
}

// pictures decodes a clip as it should look.
func pictures(t *testing.T, path string) map[[16]byte]bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, _, err := ivf.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode.NewVP8()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	known := map[[16]byte]bool{}
	var img vision.I420
	for {
		b, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return known
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(b, &img); err != nil {
			t.Fatal(err)
		}
		known[picture(&img)] = true
	}
}

// Over a bad network no garbled picture ever reaches the analysis, and after losses that cannot be repaired it goes on. Where
// the network dies altogether, the tablet can come again to its session.
func TestBadNetwork(t *testing.T) {
	publisher := newPublisher(t, rtc.Config{})
	path := shortClip(t)
	film, err := loadFilm(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var good, evil atomic.Int64
	known := pictures(t, path)
	_, session := newSession(t, publisher, seeingAnalyzer{known: known, good: &good, evil: &evil})
	first := newBadNetwork(t, publisher.Port())
	first.set(weather{loss: 0.05, late: 0.05, delay: 15 * time.Millisecond})
	sim, tab := connectThrough(t, first, session, film)

	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- sim.send(ctx, tab) }()
	time.Sleep(2 * time.Second)
	first.dead.Store(true) // a lift, a door of steel
	time.Sleep(300 * time.Millisecond)
	first.dead.Store(false)
	before := good.Load()
	within(t, 10*time.Second, "pictures come again after the blackout", func() bool { return good.Load() > before+30 })
	if n := evil.Load(); n > 0 {
		t.Errorf("%d garbled pictures reached the analysis, %d good ones", n, good.Load())
	}
	if first.lost.Load() == 0 || first.late.Load() == 0 {
		t.Errorf("the network was not bad enough: %d packets lost, %d late", first.lost.Load(), first.late.Load())
	}

	if _, _, err := session.Publish(t.Context(), "v=0"); !errors.Is(err, stream.ErrStreamConflict) {
		t.Errorf("a second tablet while the first is connected: %v", err)
	}
	first.dead.Store(true)
	within(t, 15*time.Second, "the server notices that the connection is dead", func() bool { return !session.Status().Connected })
	second := newBadNetwork(t, publisher.Port())
	second.set(weather{loss: 0.05, late: 0.05, delay: 15 * time.Millisecond})
	again, tab2 := connectThrough(t, second, session, film)
	before = good.Load()
	go func() { sent <- again.send(ctx, tab2) }()
	within(t, 10*time.Second, "pictures come over the new connection", func() bool { return good.Load() > before+30 })
	stop()
	for range 2 {
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
	if n := evil.Load(); n > 0 {
		t.Errorf("%d garbled pictures reached the analysis", n)
	}
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

func newPublisher(t *testing.T, cfg rtc.Config) *rtc.Server {
	t.Helper()
	p, err := rtc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// newSession opens the one session of a registry of its own, with the analyzer given.
func newSession(t *testing.T, publisher *rtc.Server, a stream.Analyzer) (*stream.Sessions, *stream.Session) {
	t.Helper()
	live, err := stream.NewSessions(stream.Config{
		Publisher: publisher, NewDecoder: decode.Open,
		NewAnalyzer: func(*vision.Neutral, vision.Side) (stream.Analyzer, error) { return a, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(live.Close)
	session, err := live.Create("s", stream.BothSides)
	if err != nil {
		t.Fatal(err)
	}
	return live, session
}

// connectThrough connects a tablet to the session by way of the network; neither side is told of a way around it.
func connectThrough(t *testing.T, n *badNetwork, session *stream.Session, film *film) (*simTablet, *rtc.Tablet) {
	t.Helper()
	sim := newSimTablet(0, nil, film, 0)
	tab, err := rtc.NewTablet(sim.event)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	way := n.detour()
	err = tab.Publish(t.Context(), func(ctx context.Context, offer string) (string, error) {
		answer, _, err := session.Publish(ctx, way.offer(offer))
		return way.answer(answer), err
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-tab.Connected():
	case <-time.After(15 * time.Second):
		t.Fatal("no connection through the network")
	}
	return sim, tab
}
