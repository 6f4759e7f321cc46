package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wince/pain"
	"wince/vision"
)

func TestFramesBecomeEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		b := newBench(t, nil, &plainAnalyzer{seen: func(y byte, at time.Duration) { seen = append(seen, fmt.Sprint(y, at.Milliseconds())) }})
		s, tab := b.publishing(t, "s")
		events, cancel := s.Subscribe()
		tab.film(4)
		tab.to.Push(EncodedFrame{Codec: CodecVP8, Data: []byte{0xdd}, RTP: 12000, Received: time.Now()}) // not shown
		synctest.Wait()
		if got := fmt.Sprint(seen); got != "[0 0 1 33 2 66 3 100]" && got != "[0 0 1 33 2 66 3 99]" {
			t.Errorf("analysed (picture, ms) %s", got)
		}
		var last struct {
			Type     string
			Index    int
			State    string
			RTP      uint32
			Baseline string
			AU       map[string]float64
			Face     *struct{}
			Capture  struct{ State string }
		}
		for range 4 {
			if err := json.Unmarshal(<-events, &last); err != nil {
				t.Fatal(err)
			}
		}
		if last.Type != "frame" || last.Index != 3 || last.State != "scored" || last.RTP != 9000 || last.Baseline != "session" ||
			last.AU["AU4"] != 3 || last.Face != nil || last.Capture.State != "idle" {
			t.Errorf("last event %+v", last)
		}
		st := s.Status()
		if st.Received != 5 || st.Decoded != 4 || st.Analysed != 4 || st.Dropped != 0 || st.Corrupt != 0 || st.Unsent != 0 || !st.Connected {
			t.Errorf("status %+v", st)
		}
		if k := kinds(tab.events); k["frame"] != 4 {
			t.Errorf("the tablet got %v", k)
		}
		cancel()
		if _, open := <-events; open {
			t.Error("the channel is open after cancel")
		}
		cancel()
		b.Close()
		if k := kinds(tab.events); k["end"] != 1 {
			t.Errorf("the tablet got %v, want to be told of the end", k)
		}
		if b.decodersShut.Load() != 1 || b.analyzeShut.Load() != 1 {
			t.Error("decoder or analyzer left open")
		}
	})
}

// A slow analysis gets the newest picture; all are decoded, and what was replaced is counted.
func TestNewestPictureWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, seen := make(chan struct{}), []byte{}
		b := newBench(t, nil, &plainAnalyzer{gate: gate, seen: func(y byte, _ time.Duration) { seen = append(seen, y) }})
		s, tab := b.publishing(t, "s")
		tab.film(10)
		synctest.Wait()
		gate <- struct{}{}
		gate <- struct{}{}
		synctest.Wait()
		if string(seen) != "\x00\x09" {
			t.Errorf("analysed %v, want the first and the newest", seen)
		}
		if st := s.Status(); st.Decoded != 10 || st.Dropped != 8 || st.Analysed != 2 {
			t.Errorf("status %+v", st)
		}
		close(gate)
		b.Close()
	})
}

// Where a packet that came late lets several frames through at once, each is analysed. A picture that is old already waits for nothing.
func TestBurstIsAnalysed(t *testing.T) {
	for _, c := range []struct {
		name     string
		received time.Duration // from now; what lies ahead is never too old
		dropped  uint64
	}{{"fresh", time.Hour, 0}, {"old", -time.Hour, 3}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				b := newBench(t, nil, &plainAnalyzer{gate: gate})
				defer b.Close()
				s, tab := b.publishing(t, "s")
				for i := range 5 {
					tab.to.Push(EncodedFrame{Codec: CodecVP8, Data: []byte{byte(i)}, RTP: uint32(3000 * i), Keyframe: i == 0, Received: time.Now().Add(c.received)})
					synctest.Wait()
				}
				close(gate)
				synctest.Wait()
				if st := s.Status(); st.Dropped != c.dropped || st.Analysed != 5-c.dropped {
					t.Errorf("%d analysed, %d dropped, want %d dropped", st.Analysed, st.Dropped, c.dropped)
				}
			})
		})
	}
}

func TestDamagedFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		s, tab := b.publishing(t, "s")
		for i, f := range []struct {
			data byte
			key  bool
		}{{1, true}, {0xee, false}, {2, false}, {3, false}, {0xee, true}, {4, false}, {5, true}, {6, false}} {
			if !tab.to.Push(EncodedFrame{Codec: CodecVP8, Data: []byte{f.data}, RTP: uint32(3000 * i), Keyframe: f.key, Received: time.Now()}) {
				t.Fatal("frame not taken")
			}
			time.Sleep(time.Second / 30)
		}
		if st := s.Status(); st.Corrupt != 2 || st.Decoded != 3 || st.Dropped != 3 {
			t.Errorf("status %+v, want 2 damaged, 3 decoded, 3 left out before keyframes", st)
		}
		if n := tab.keyframes.Load(); n != 2 {
			t.Errorf("%d requests for a keyframe, want 2", n)
		}
		b.Close()
	})
}

// stuckDecoder decodes nothing until it is let go.
type stuckDecoder struct {
	plainDecoder
	gate chan struct{}
}

func (d stuckDecoder) Decode(f []byte, into *vision.I420) (bool, error) {
	<-d.gate
	return d.plainDecoder.Decode(f, into)
}

func TestDecoderBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		var shut atomic.Int64
		b := newBench(t, func(c *Config) {
			c.NewDecoder = func(Codec) (Decoder, error) { return stuckDecoder{plainDecoder{&shut}, gate}, nil }
		})
		s, tab := b.publishing(t, "s")
		taken := 0
		for i := range 1000 {
			if tab.to.Push(EncodedFrame{Codec: CodecVP8, Data: make([]byte, 10), Keyframe: true, RTP: uint32(i), Received: time.Now()}) {
				taken++
			}
		}
		if taken != frameQueue {
			t.Errorf("%d frames taken, want the queue's %d and no more", taken, frameQueue)
		}
		if st := s.Status(); st.Dropped != uint64(1000-frameQueue) {
			t.Errorf("%d frames counted as dropped, want %d", st.Dropped, 1000-frameQueue)
		}
		close(gate)
		b.Close()
	})
}

func TestOneTabletASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.MaxStreams = 1 })
		s, first := b.publishing(t, "s")
		if _, _, err := s.Publish(t.Context(), "offer"); !errors.Is(err, ErrStreamConflict) {
			t.Errorf("a second tablet: %v", err)
		}
		first.film(3)
		// The Wi-Fi goes; the tablet comes again, by a new connection with a clock of its own, and goes on where it was.
		first.connected.Store(false)
		time.Sleep(5 * time.Second)
		if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
			t.Fatalf("the tablet comes again: %v", err)
		}
		synctest.Wait()
		select {
		case <-first.done:
		default:
			t.Error("the interrupted connection is still open")
		}
		second := b.tablets.last()
		second.film(3)
		if first.to.Push(EncodedFrame{Codec: CodecVP8, Data: []byte{1}, Keyframe: true}) {
			t.Error("a frame of the replaced connection was taken")
		}
		synctest.Wait()
		if st := s.Status(); st.Analysed != 6 || !st.Connected {
			t.Errorf("status %+v", st)
		}
		var last pain.Frame
		if err := json.Unmarshal([]byte(second.events[len(second.events)-1]), &last); err != nil {
			t.Fatal(err)
		}
		if last.Index != 5 || last.T < 5*time.Second || last.T > 6*time.Second {
			t.Errorf("frame %d at %v, want the sixth after the pause", last.Index, last.T)
		}
		if now, most := b.Streams(); now != 1 || most != 1 {
			t.Errorf("%d of %d streams, want the place to have gone over", now, most)
		}
		if err := s.Unpublish(first.id); !errors.Is(err, ErrPeerUnknown) {
			t.Errorf("end of the replaced connection: %v", err)
		}
		if err := s.Unpublish(second.id); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if now, _ := b.Streams(); now != 0 {
			t.Errorf("%d streams after the end", now)
		}
		if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
			t.Errorf("once more: %v", err)
		}
		b.Close()
	})
}

// A session that ends while a tablet is about to connect leaves nothing behind.
func TestCloseWhilePublishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.tablets.gate = make(chan struct{})
		s, err := b.Create("s", BothSides)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan error)
		go func() {
			_, _, err := s.Publish(t.Context(), "offer")
			got <- err
		}()
		synctest.Wait()
		if _, _, err := s.Publish(t.Context(), "offer"); !errors.Is(err, ErrStreamConflict) {
			t.Errorf("a second tablet meanwhile: %v", err)
		}
		go s.Close()
		synctest.Wait()
		close(b.tablets.gate)
		if err := <-got; !errors.Is(err, ErrSessionClosed) {
			t.Errorf("publish: %v", err)
		}
		<-s.Done()
		if now, _ := b.Streams(); now != 0 {
			t.Errorf("%d streams left", now)
		}
		select {
		case <-b.tablets.last().done:
		default:
			t.Error("the connection was left open")
		}
	})
}

// A tablet, a reader and an analysis that hang slow nobody but themselves.
func TestStalledNeighbour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		b := newBench(t, nil, &plainAnalyzer{gate: gate})
		stalled, stalledTablet := b.publishing(t, "stalled")
		well, wellTablet := b.publishing(t, "well")
		_, cancel := well.Subscribe() // never reads
		defer cancel()
		events, cancel2 := well.Subscribe()
		defer cancel2()
		read := 0
		var wg sync.WaitGroup
		wg.Go(func() {
			for range events {
				read++
			}
		})
		wellTablet.full.Store(true)
		wg.Go(func() { stalledTablet.film(200) })
		start := time.Now()
		wellTablet.film(200)
		if took := time.Since(start); took > 7*time.Second {
			t.Errorf("200 frames took %v of the fake clock", took)
		}
		synctest.Wait()
		if st := well.Status(); st.Analysed != 200 || st.Dropped != 0 {
			t.Errorf("the well one: %+v", st)
		}
		if st := stalled.Status(); st.Decoded != 200 || st.Analysed > 1 || st.Dropped < 198 {
			t.Errorf("the stalled one: %+v", st)
		}
		well.Close()
		close(gate)
		b.Close()
		wg.Wait()
		if read != 201 { // and the end
			t.Errorf("the reader that reads got %d events, want 201", read)
		}
	})
}

func TestSlowReaderMissesFramesOnly(t *testing.T) {
	var s subscribers
	q, cancel := s.add()
	defer cancel()
	dropped := 0
	for range 1000 {
		dropped += s.send([]byte("frame"), true)
	}
	if d := s.send([]byte("observation"), false); d != 0 {
		t.Error("the observation was dropped")
	}
	if want := 1000 - (queueLength - queueReserve); dropped != want {
		t.Errorf("%d frames dropped, want %d", dropped, want)
	}
	last := ""
	for len(q) > 0 {
		last = string(<-q)
	}
	if last != "observation" {
		t.Errorf("the last event is %q", last)
	}
}

// silentTablet takes events and forgets them.
type silentTablet struct{ *tablet }

func (silentTablet) Send([]byte) bool { return true }

type silentTablets struct{ to Sink }

func (p *silentTablets) Publish(_ context.Context, _ string, to Sink) (string, Peer, error) {
	p.to = to
	return "", silentTablet{&tablet{done: make(chan struct{})}}, nil
}

// The way of a frame through a session, without decoding and analysis: what the queues, the slot and the event cost.
func BenchmarkFrameThroughSession(b *testing.B) {
	var shut atomic.Int64
	seen := make(chan struct{}, 1)
	pub := &silentTablets{}
	all, err := NewSessions(Config{
		Publisher: pub, MaxRate: 1e9,
		NewDecoder: func(Codec) (Decoder, error) { return plainDecoder{&shut}, nil },
		NewAnalyzer: func(own *vision.Neutral, side vision.Side) (Analyzer, error) {
			return &plainAnalyzer{closed: &shut, seen: func(byte, time.Duration) { seen <- struct{}{} }}, nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer all.Close()
	s, err := all.Create("s", BothSides)
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := s.Publish(context.Background(), ""); err != nil {
		b.Fatal(err)
	}
	f := EncodedFrame{Codec: CodecVP8, Data: make([]byte, 6000), Keyframe: true, Received: time.Now()}
	for range 2 * frameQueue { // every buffer has been used
		f.RTP += 3000
		pub.to.Push(f)
		<-seen
	}
	b.ReportAllocs()
	for b.Loop() {
		f.RTP += 3000
		pub.to.Push(f)
		<-seen
	}
}
