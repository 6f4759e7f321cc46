package rtc

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wince/stream"
)

// network is a bad one without a clock: what it does to packets is a matter of arithmetic.
type network struct {
	loss   float64
	jitter time.Duration // every packet is late by up to so much
	trip   time.Duration // half of it each way, besides
	rtx    bool          // the sender has RTX
}

// came is what came of a network.
type came struct {
	sent, frames, packets, again, keyframes int
	worst                                   time.Duration // that a frame was held
}

// event is a packet on its way to the server, or the server's request on its way to the sender.
type event struct {
	at    time.Time
	p     *packetised
	again bool
	ask   []uint16
	key   bool
}

// run sends frames of four packets through the network, 30 a second.
func (n network) run(seconds int) (c came) {
	var (
		rng   = rand.New(rand.NewPCG(1, 2))
		start = time.Unix(1000, 0)
		now   = start
		queue []event
		sent  = map[uint16]*packetised{}
		born  = map[uint32]time.Time{}
		seq   = uint16(65000) // wraps
		key   = true
		asked time.Time
		lost  []uint16
	)
	put := func(e event) {
		i := len(queue)
		for i > 0 && queue[i-1].at.After(e.at) {
			i--
		}
		queue = slices.Insert(queue, i, e)
	}
	send := func(p *packetised, again bool) {
		if c.packets++; again {
			c.again++
		}
		if rng.Float64() >= n.loss {
			late := time.Duration(0)
			if n.jitter > 0 {
				late = time.Duration(rng.Int64N(int64(n.jitter)))
			}
			put(event{at: now.Add(n.trip/2 + late), p: p, again: again && n.rtx})
		}
	}
	a := newAssembler(stream.CodecVP8, 80*time.Millisecond, func(f stream.EncodedFrame) bool {
		c.frames++
		c.worst = max(c.worst, now.Sub(born[f.RTP])-n.trip/2)
		return true
	})
	a.far(n.trip)
	for end := start.Add(time.Duration(seconds) * time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		if ms := now.Sub(start).Milliseconds(); ms%33 == 0 {
			at := uint32(ms * 90)
			born[at] = now
			c.sent++
			for i := range 4 {
				s := step{seq: seq, frame: 'a', start: i == 0, marker: i == 3}
				if key {
					s.frame = 'A'
				}
				p := s.packet()
				p.h.Timestamp = at
				sent[seq] = &p
				send(&p, false)
				seq++
			}
			key = false
		}
		for len(queue) > 0 && !queue[0].at.After(now) {
			e := queue[0]
			queue = queue[1:]
			switch {
			case e.key:
				key = true
			case e.p == nil:
				for _, s := range e.ask {
					send(sent[s], true)
				}
			case e.again:
				a.repair(&e.p.h, e.p.b, now)
			default:
				a.push(&e.p.h, e.p.b, now)
			}
		}
		a.tick(now)
		if lost = a.missing(now, lost[:0]); len(lost) > 0 {
			put(event{at: now.Add(n.trip / 2), ask: slices.Clone(lost)})
		}
		if a.waiting && now.Sub(start) > firstKeyframe && now.Sub(asked) >= 400*time.Millisecond {
			asked = now
			c.keyframes++
			put(event{at: now.Add(n.trip / 2), key: true})
		}
	}
	return c
}

// What is lost is asked for once, and once more where that was lost, too; what is only late is hardly asked for where that can be told. With
// either, next to all frames come.
func TestRepeats(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name  string
		n     network
		share float64 // of the frames that come
		again float64 // packets sent again for each sent
		worst time.Duration
	}{
		{"nothing lost", network{trip: 2 * ms, rtx: true}, 1, 0, 0},
		{"1 % lost", network{loss: 0.01, trip: 2 * ms, rtx: true}, 1, 0.012, 60 * ms},
		{"5 % lost", network{loss: 0.05, trip: 2 * ms, rtx: true}, 1, 0.06, 80 * ms},
		{"15 % lost", network{loss: 0.15, trip: 2 * ms, rtx: true}, 0.99, 0.2, 120 * ms},
		{"15 % lost, without RTX", network{loss: 0.15, trip: 2 * ms}, 0.99, 0.2, 120 * ms},
		{"three quarters lost", network{loss: 0.75, trip: 2 * ms, rtx: true}, 0, 0.9, time.Second},
		{"5 % lost, far away", network{loss: 0.05, trip: 60 * ms, rtx: true}, 0.98, 0.06, mostHold * 80 * ms},
		{"15 % lost, far away", network{loss: 0.15, trip: 60 * ms, rtx: true}, 0.95, 0.2, mostHold * 80 * ms},
		{"40 ms late", network{jitter: 40 * ms, trip: 2 * ms, rtx: true}, 0.99, 0.02, 40 * ms},
		{"200 ms late", network{jitter: 200 * ms, trip: 2 * ms, rtx: true}, 0.97, 0.25, 200 * ms},
		{"200 ms late, without RTX", network{jitter: 200 * ms, trip: 2 * ms}, 0.97, 1, 200 * ms},
	} {
		c := tt.n.run(60)
		share, again := float64(c.frames)/float64(c.sent), float64(c.again)/float64(c.packets-c.again)
		t.Logf("%-26s %5.1f %% of the frames, %5.1f %% of the packets again, %d keyframes, held for %v at most", tt.name, 100*share, 100*again, c.keyframes, c.worst)
		if share < tt.share || again > tt.again || c.worst > tt.worst {
			t.Errorf("%s: want %.0f %%, %.0f %% and %v", tt.name, 100*tt.share, 100*tt.again, tt.worst)
		}
	}
}

// After an outage nothing of what was missed is asked for: a keyframe is, at once.
func TestOutageIsNotRepeated(t *testing.T) {
	for _, c := range []struct {
		missed uint16
		asks   bool
	}{{mostMissed - 1, true}, {mostMissed, false}, {ringSize, false}, {3 * ringSize, false}} {
		a := newAssembler(stream.CodecVP8, 80*time.Millisecond, func(stream.EncodedFrame) bool { return true })
		now := time.Unix(0, 0)
		for _, s := range []step{single(65530, 'A'), single(65530+c.missed+1, 'b')} {
			p := s.packet()
			a.push(&p.h, p.b, now)
		}
		lost := a.missing(now, nil)
		if (len(lost) > 0) != c.asks || a.waiting == c.asks {
			t.Errorf("after %d packets: asks for %d, waits for a keyframe: %v", c.missed, len(lost), a.waiting)
		}
	}
}

// Where the first packets of a stream are lost they are asked for, and the first picture is not lost with them.
func TestFirstPacketIsLost(t *testing.T) {
	for _, c := range []struct {
		name  string
		lost  int // of the four packets of the first frame
		want  int // frames
		asked int
	}{{"none", 0, 2, 0}, {"the first", 1, 2, mostBefore}, {"the first three", 3, 2, mostBefore}, {"all", 4, 1, 0}} {
		t.Run(c.name, func(t *testing.T) {
			frames := 0
			a := newAssembler(stream.CodecVP8, 80*time.Millisecond, func(stream.EncodedFrame) bool { frames++; return true })
			now := time.Unix(0, 0)
			first := []packetised{first(3, 'A').packet(), middle(4, 'A').packet(), middle(5, 'A').packet(), last(6, 'A').packet()}
			for _, p := range first[c.lost:] {
				a.push(&p.h, p.b, now)
			}
			asked := a.missing(now, nil)
			if len(asked) != c.asked {
				t.Errorf("asked for %d", asked)
			}
			for _, seq := range asked {
				if i := int(int16(seq)) - 3; i >= 0 && i < c.lost { // what was never sent does not come
					a.repair(&first[i].h, first[i].b, now)
				}
			}
			next := single(7, 'B').packet()
			a.push(&next.h, next.b, now)
			if frames != c.want || a.waiting || a.lost > 0 {
				t.Errorf("%d frames, want %d; waits for a keyframe: %v; %d packets lost", frames, c.want, a.waiting, a.lost)
			}
		})
	}
}
