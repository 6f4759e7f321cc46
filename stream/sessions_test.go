package stream

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnknownSessions(t *testing.T) {
	b := newBench(t, func(c *Config) { c.MaxSessions = 2 })
	if _, err := b.Get("x"); !errors.Is(err, ErrSessionUnknown) {
		t.Errorf("unknown: %v", err)
	}
	x, err := b.Create("x", BothSides)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Get("x"); got != x || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := b.Create("x", BothSides); !errors.Is(err, ErrSessionExists) {
		t.Errorf("again: %v", err)
	}
	if _, err := b.Create("y", BothSides); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Create("z", BothSides); !errors.Is(err, ErrAtCapacity) {
		t.Errorf("too many: %v", err)
	}
	if err := x.StartCapture(10 * time.Second); !errors.Is(err, ErrNoStream) {
		t.Errorf("capture without a camera: %v", err)
	}
	x.Close()
	x.Close()
	if _, err := b.Get("x"); !errors.Is(err, ErrSessionUnknown) {
		t.Errorf("closed: %v", err)
	}
	if _, _, err := x.Publish(t.Context(), "offer"); !errors.Is(err, ErrSessionClosed) {
		t.Errorf("publish to a closed session: %v", err)
	}
	if events, _ := x.Subscribe(); len(events) != 0 {
		t.Error("events from a closed session")
	} else if _, open := <-events; open {
		t.Error("an open channel from a closed session")
	}
	if _, err := b.Create("z", BothSides); err != nil {
		t.Errorf("a place that became free: %v", err)
	}
	b.Close()
	if _, err := b.Create("after", BothSides); !errors.Is(err, ErrSessionClosed) {
		t.Errorf("after the end: %v", err)
	}
	if _, err := NewSessions(Config{}); err == nil {
		t.Error("a registry without anything")
	}
}

func TestCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxStreams = 2 })
		a, ta := b.publishing(t, "a")
		b.publishing(t, "b")
		c, err := b.Create("c", BothSides)
		if err != nil {
			t.Fatal(err)
		}
		var e *Error
		if _, _, err := c.Publish(t.Context(), "offer"); !errors.As(err, &e) || e.Code != CodeAtCapacity || e.RetryAfter <= 0 {
			t.Errorf("a third stream: %v", err)
		}
		if err := ta.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a.Status().Connected {
			t.Error("the first is still connected")
		}
		if _, _, err := c.Publish(t.Context(), "bad"); !errors.Is(err, ErrOfferUnreadable) {
			t.Errorf("a bad offer: %v", err)
		}
		if _, _, err := c.Publish(t.Context(), "offer"); err != nil {
			t.Errorf("a bad offer keeps the place: %v", err)
		}
		b.Close()
	})
}

func TestIdleSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.IdleExpiry = time.Minute })
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- b.Run(ctx) }()
		idle, err := b.Create("idle", BothSides)
		if err != nil {
			t.Fatal(err)
		}
		used, tab := b.publishing(t, "used")
		time.Sleep(70 * time.Second)
		select {
		case <-idle.Done():
		default:
			t.Error("the idle one is still there")
		}
		if _, err := b.Get("used"); err != nil {
			t.Error("the used one has gone")
		}
		if err := tab.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if _, err := b.Get("used"); err != nil {
			t.Error("gone before its time was up")
		}
		time.Sleep(40 * time.Second)
		if _, err := b.Get("used"); err == nil {
			t.Error("the left one is still there")
		}
		last, _ := b.publishing(t, "last")
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		<-last.Done()
		<-used.Done()
	})
}

// With many streams every one is analysed less often, before new ones are refused.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxStreams, c.TotalRate = 100, 60 })
		streams := 0
		for _, want := range []uint64{60, 60, 30, 30, 20, 20} { // of 60 frames in two seconds
			s, tab := b.publishing(t, fmt.Sprint(streams))
			streams++
			before := s.Status().Analysed
			tab.film(60)
			synctest.Wait()
			st := s.Status()
			if got := st.Analysed - before; got < want-1 || got > want+1 {
				t.Errorf("%d streams: %d of 60 pictures analysed, want %d", streams, got, want)
			}
			if st.Analysed+st.Paced != 60 || st.Dropped != 0 {
				t.Errorf("%d streams: %+v", streams, st)
			}
		}
		s, err := b.Create("more", BothSides)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Publish(t.Context(), "offer"); !errors.Is(err, ErrAtCapacity) {
			t.Errorf("a seventh stream: %v", err)
		}
		b.Close()
	})
}

// What ended sessions counted is not forgotten.
func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxStreams, c.TotalRate = 4, 30 })
		first, tab := b.publishing(t, "first")
		_, other := b.publishing(t, "second")
		tab.film(6)
		synctest.Wait()
		other.film(6)
		synctest.Wait()
		l := b.Load()
		if l.Sessions != 2 || l.Streams != 2 || l.Most != 3 || l.Rate != 15 || l.TotalRate != 30 || l.Analysed+l.Paced+l.Dropped != 12 || l.Analysed == 0 {
			t.Errorf("two: %+v", l)
		}
		first.Close()
		after := b.Load()
		if after.Sessions != 1 || after.Streams != 1 || after.Analysed != l.Analysed || after.Paced != l.Paced {
			t.Errorf("one has ended: %+v, before %+v", after, l)
		}
		b.Close()
	})
}
