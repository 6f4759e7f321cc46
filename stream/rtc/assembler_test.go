package rtc

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"wince/stream"
)

// step is one packet of a script. The letter names its frame and sets its timestamp; a capital letter is a keyframe.
type step struct {
	seq    uint16
	frame  byte // 'A'-'Z' key, 'a'-'z' inter, 0 padding only
	start  bool
	marker bool
	wait   time.Duration
	raw    []byte // a payload to send as it is
}

type packetised struct {
	h rtp.Header
	b []byte
}

func (s step) packet() packetised {
	p := packetised{h: rtp.Header{Version: 2, SequenceNumber: s.seq, Marker: s.marker, Timestamp: 3000 * uint32(s.frame|0x20)}}
	switch {
	case s.raw != nil:
		p.b = s.raw
	case s.frame != 0:
		first, bit := byte(0), byte(1)
		if s.frame < 'a' {
			bit = 0
		}
		if s.start {
			first = 0x10
		}
		p.b = []byte{first, s.frame}
		if s.start {
			p.b = []byte{first, bit, s.frame}
		}
	}
	return p
}

func (s step) waits(ms int) step { s.wait = time.Duration(ms) * time.Millisecond; return s }

func single(seq uint16, f byte) step { return step{seq: seq, frame: f, start: true, marker: true} }
func first(seq uint16, f byte) step  { return step{seq: seq, frame: f, start: true} }
func middle(seq uint16, f byte) step { return step{seq: seq, frame: f} }
func last(seq uint16, f byte) step   { return step{seq: seq, frame: f, marker: true} }
func padding(seq uint16) step        { return step{seq: seq} }

func TestAssembler(t *testing.T) {
	const hold = 80
	for _, c := range []struct {
		name  string
		steps []step
		want  string // frames by their letters, one letter a packet
		wait  bool   // waits for a keyframe at the end
		lost  uint64
	}{
		{"a frame closes at its marker", []step{first(1, 'A'), last(2, 'A')}, "AA", false, 0},
		{"nothing before the marker", []step{first(1, 'A'), middle(2, 'A')}, "", true, 0},
		{"several frames", []step{single(1, 'A'), first(2, 'b'), last(3, 'b'), single(4, 'c')}, "A bb c", false, 0},
		{"nothing before the first keyframe", []step{single(1, 'a'), single(2, 'b'), single(3, 'C'), single(4, 'd')}, "C d", false, 0},
		{"joined in the middle of a frame", []step{last(1, 'a'), single(2, 'B')}, "B", false, 0},
		{"sequence numbers wrap", []step{single(65534, 'A'), first(65535, 'b'), middle(0, 'b'), last(1, 'b'), single(2, 'c')}, "A bbb c", false, 0},
		{"two packets swapped", []step{single(1, 'A'), last(3, 'b'), first(2, 'b'), single(4, 'c')}, "A bb c", false, 0},
		{"three packets reversed", []step{single(1, 'A'), last(4, 'b'), middle(3, 'b'), first(2, 'b')}, "A bbb", false, 0},
		{"sent twice", []step{first(1, 'A'), first(1, 'A'), last(2, 'A'), last(2, 'A'), single(3, 'b')}, "AA b", false, 0},
		{"sent twice behind a gap", []step{single(1, 'A'), last(3, 'b'), last(3, 'b'), first(2, 'b')}, "A bb", false, 0},
		{"padding in between", []step{single(1, 'A'), padding(2), first(3, 'b'), padding(4), last(5, 'b'), padding(6), single(7, 'c')}, "A bb c", false, 0},
		{"padding lost and found", []step{single(1, 'A'), single(3, 'b'), padding(2)}, "A b", false, 0},
		{"retransmitted in time", []step{single(1, 'A'), first(2, 'b'), single(4, 'c').waits(33), last(3, 'b').waits(40)}, "A bb c", false, 0},
		{"held, then given up", []step{single(1, 'A'), first(2, 'b'), single(4, 'c'), single(5, 'd').waits(hold)}, "A", true, 1},
		{"goes on at the next keyframe", []step{single(1, 'A'), single(3, 'c'), single(4, 'd').waits(hold), single(5, 'E'), single(6, 'f')}, "A E f", false, 1},
		{"keyframe already behind the gap", []step{single(1, 'A'), single(3, 'c'), single(4, 'D'), single(5, 'e').waits(hold)}, "A D e", false, 1},
		{"waiting, a gap before a keyframe is nothing to wait for", []step{single(1, 'a'), single(3, 'c'), first(5, 'E'), last(6, 'E')}, "EE", false, 2},
		{"the retransmission comes too late", []step{single(1, 'A'), single(3, 'c'), single(4, 'd').waits(hold), single(2, 'b'), single(5, 'E')}, "A E", false, 1},
		{"two gaps, one hold", []step{single(1, 'A'), single(3, 'c'), single(5, 'e'), single(6, 'F').waits(hold)}, "A F", false, 2},
		{"a jump restarts", []step{single(1, 'A'), single(5000, 'b'), single(5001, 'C'), single(5002, 'd')}, "A C d", false, 0},
		{"a jump back restarts", []step{single(40000, 'A'), single(5000, 'C'), single(5001, 'd')}, "A C d", false, 0},
		{"no marker, next timestamp closes", []step{first(1, 'A'), middle(2, 'A'), single(3, 'b')}, "AA b", false, 0},
		{"descriptor cut off", []step{single(1, 'A'), {seq: 2, frame: 'b', marker: true, raw: []byte{0x80}}, single(3, 'c'), single(4, 'D')}, "A D", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			a := newAssembler(stream.CodecVP8, hold*time.Millisecond, func(f stream.EncodedFrame) bool {
				// A start packet carries a byte of header that says key or inter.
				letters := string(f.Data[1:])
				if key := letters[0] < 'a'; key != f.Keyframe || key != (f.Data[0]&1 == 0) {
					t.Errorf("frame %q: keyframe %v", letters, f.Keyframe)
				}
				if want := 3000 * uint32(letters[0]|0x20); f.RTP != want {
					t.Errorf("frame %q: timestamp %d, want %d", letters, f.RTP, want)
				}
				got = append(got, letters)
				return true
			})
			now := time.Unix(0, 0)
			for _, s := range c.steps {
				p := s.packet()
				now = now.Add(s.wait)
				a.tick(now)
				a.push(&p.h, p.b, now)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("frames %q, want %q", s, c.want)
			}
			if a.waiting != c.wait {
				t.Errorf("waiting for a keyframe: %v, want %v", a.waiting, c.wait)
			}
			if a.lost != c.lost {
				t.Errorf("%d packets given up, want %d", a.lost, c.lost)
			}
			if a.behind == 0 && !a.deadline().IsZero() {
				t.Error("a deadline, though nothing waits")
			}
		})
	}
}

func TestFrameNotTakenMeansKeyframe(t *testing.T) {
	var got []string
	a := newAssembler(stream.CodecVP8, time.Second, func(f stream.EncodedFrame) bool {
		got = append(got, string(f.Data[1:]))
		return f.Data[1] != 'b'
	})
	for _, s := range []step{single(1, 'A'), single(2, 'b'), single(3, 'c'), single(4, 'D'), single(5, 'e')} {
		p := s.packet()
		a.push(&p.h, p.b, time.Unix(0, 0))
	}
	if s := fmt.Sprint(got); s != "[A b D e]" {
		t.Errorf("frames %v, want the frame after the refused one left out", s)
	}
}

// The keyframe that ends the waiting may lie in the ring already, from before the waiting began.
func TestKeyframeThatComesTwice(t *testing.T) {
	var got []string
	a := newAssembler(stream.CodecVP8, time.Second, func(f stream.EncodedFrame) bool {
		got = append(got, string(f.Data[1:]))
		return f.Data[1] != 'b'
	})
	for _, s := range []step{single(1, 'A'), single(5, 'D'), single(2, 'b'), single(5, 'D'), single(6, 'e')} {
		p := s.packet()
		a.push(&p.h, p.b, time.Unix(0, 0))
	}
	if s := fmt.Sprint(got); s != "[A b D e]" || a.behind != 0 || !a.deadline().IsZero() {
		t.Errorf("frames %v; %d packets wait for something until %v", s, a.behind, a.deadline())
	}
}

func TestHugeFrameIsGivenUp(t *testing.T) {
	n := 0
	a := newAssembler(stream.CodecVP8, time.Second, func(stream.EncodedFrame) bool { n++; return true })
	now, big := time.Unix(0, 0), make([]byte, 1400)
	for seq := range uint16(2000) {
		p := middle(seq, 'A').packet()
		if seq == 0 {
			p = first(seq, 'A').packet()
		} else {
			p.b = append(p.b, big...)
		}
		a.push(&p.h, p.b, now)
	}
	if cap(a.frame) > 2*maxFrame || !a.waiting || n != 0 {
		t.Errorf("%d bytes held, waiting %v, %d frames", cap(a.frame), a.waiting, n)
	}
}

// However packets are shuffled within the ring and doubled, all frames come out whole and in order.
func TestShuffledPackets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var steps []step
		seq := uint16(65000 + round*37)
		for f := range 26 {
			letter := byte('a' + f)
			if f == 0 {
				letter = 'A'
			}
			n := 1 + rng.IntN(5)
			for i := range n {
				steps = append(steps, step{seq: seq, frame: letter, start: i == 0, marker: i == n-1})
				seq++
			}
			if rng.IntN(4) == 0 {
				steps = append(steps, padding(seq))
				seq++
			}
		}
		for i := 1; i+4 < len(steps); i += 4 { // the first must come first: what is before it nobody misses
			rng.Shuffle(4, func(a, b int) { steps[i+a], steps[i+b] = steps[i+b], steps[i+a] })
		}
		var want, got bytes.Buffer
		for f := range 26 {
			letter := byte('a' + f)
			if f == 0 {
				letter = 'A'
			}
			for _, s := range steps {
				if s.frame == letter {
					want.WriteByte(letter)
				}
			}
		}
		a := newAssembler(stream.CodecVP8, time.Second, func(f stream.EncodedFrame) bool { got.Write(f.Data[1:]); return true })
		for _, s := range steps {
			p := s.packet()
			for range 1 + rng.IntN(2) {
				a.push(&p.h, p.b, time.Unix(0, 0))
			}
		}
		if got.String() != want.String() {
			t.Fatalf("round %d: %s, want %s", round, got.String(), want.String())
		}
	}
}

// Whatever a sender does, the assembler neither panics nor grows without bound, and recovers at a keyframe.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte{0, 1, 0x90, 5, 0x10, 0, 0, 2, 3, 1, 0x80, 0xff})
	f.Add([]byte{0xff, 0xff, 0x91, 3, 0x10, 0, 0})
	f.Add([]byte{0, 1, 0x91, 3, 0x10, 0, 0, 0, 3, 0x93, 3, 0x10, 1, 0, 0, 9, 7, 5, 0, 2, 0x10, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		frames := 0
		a := newAssembler(stream.CodecVP8, 50*time.Millisecond, func(stream.EncodedFrame) bool { frames++; return true })
		now := time.Unix(0, 0)
		for len(b) >= 4 {
			h := rtp.Header{SequenceNumber: uint16(b[0])<<8 | uint16(b[1]), Marker: b[2]&1 != 0, Timestamp: uint32(b[2] >> 1)}
			n := min(int(b[3]), len(b)-4)
			now = now.Add(time.Duration(b[3]) * time.Millisecond)
			if again := (rtp.Packet{Header: h, Payload: b[4 : 4+n]}); h.Timestamp%4 == 3 { // came on the other stream
				if original(&again, 96) {
					a.repair(&again.Header, again.Payload, now)
				}
			} else {
				a.push(&h, b[4:4+n], now)
			}
			a.tick(now)
			for _, seq := range a.missing(now, nil) {
				if ahead := seq - a.next; ahead >= ringSize || a.slot(seq).used {
					t.Fatalf("asks for packet %d, which is %d ahead, waits: %v", seq, ahead, a.slot(seq).used)
				}
			}
			if a.behind < 0 || a.behind > ringSize || a.hold < a.least || a.hold > mostHold*a.least {
				t.Fatalf("%d packets in the ring, held for %v", a.behind, a.hold)
			}
			b = b[4+n:]
		}
		frames = 0
		key := single(a.next+1000, 'K').packet()
		a.push(&key.h, key.b, now)
		if frames != 1 {
			t.Fatalf("%d frames from a keyframe afterwards", frames)
		}
	})
}

func TestKeyframeRequest(t *testing.T) {
	asked := 0
	k := keyframeRequest{interval: 400 * time.Millisecond, ask: func() { asked++ }}
	now := time.Unix(0, 0)
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	for _, c := range []struct {
		ms   int
		do   func(time.Time)
		want int
	}{
		{0, k.tick, 0},
		{10, k.need, 1},
		{20, k.need, 1}, // not more often than the interval
		{409, k.tick, 1},
		{410, k.tick, 2}, // the first one may have been lost
		{600, k.need, 2},
		{815, k.tick, 3},
		{820, func(time.Time) { k.arrived() }, 3},
		{2000, k.tick, 3},
		{2100, k.need, 4},
		{2150, func(time.Time) { k.arrived() }, 4},
		{2200, k.need, 4}, // a new loss, but too soon
		{2500, k.tick, 5},
	} {
		c.do(at(c.ms))
		if asked != c.want {
			t.Errorf("at %d ms: asked %d times, want %d", c.ms, asked, c.want)
		}
	}
}

func BenchmarkAssemblerPacket(b *testing.B) {
	a := newAssembler(stream.CodecVP8, 80*time.Millisecond, func(stream.EncodedFrame) bool { return true })
	key := single(0, 'K').packet()
	now := time.Unix(0, 0)
	a.push(&key.h, key.b, now)
	body := make([]byte, 1100)
	body[0] = 0x10
	body[1] = 1
	h := rtp.Header{}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ { // four packets a frame, every tenth one swapped with the next
		n := i + 1
		switch n % 10 {
		case 3:
			n++
		case 4:
			n--
		}
		h.SequenceNumber, h.Timestamp, h.Marker = uint16(n), uint32(n-1)/4*3000, n%4 == 0
		body[0] = 0
		if n%4 == 1 {
			body[0] = 0x10
		}
		a.push(&h, body, now)
	}
	if a.lost > 0 || a.waiting {
		b.Fatal("the benchmark lost packets")
	}
}

// Where packets are late and not lost the assembler waits longer, and no longer than it must.
func TestHoldFollowsJitter(t *testing.T) {
	const least = 80 * time.Millisecond
	frames := 0
	a := newAssembler(stream.CodecVP8, least, func(stream.EncodedFrame) bool { frames++; return true })
	now := time.Unix(0, 0)
	seq := uint16(1)
	push := func(s step) {
		p := s.packet()
		a.push(&p.h, p.b, now)
		a.tick(now)
	}
	// Every fourth packet comes 200 ms late.
	round := func(n int) (got int) {
		before := frames
		for range n {
			push(single(seq, 'A'))
			push(single(seq+2, 'C'))
			now = now.Add(200 * time.Millisecond)
			a.tick(now)
			push(single(seq+1, 'B'))
			now = now.Add(100 * time.Millisecond)
			a.tick(now)
			seq += 3
		}
		return frames - before
	}
	round(5)
	if a.hold <= 200*time.Millisecond || a.hold > mostHold*least {
		t.Errorf("holds for %v after packets that were 200 ms late", a.hold)
	}
	if got := round(5); got != 15 {
		t.Errorf("%d frames of 15 came", got)
	}
	for range 200 { // a minute without anything late
		now = now.Add(300 * time.Millisecond)
		push(single(seq, 'A'))
		seq++
	}
	if a.hold != least {
		t.Errorf("holds for %v after a calm minute, want %v", a.hold, least)
	}
	// What is really lost changes nothing.
	for range 20 {
		seq++
		push(single(seq, 'A'))
		now = now.Add(400 * time.Millisecond)
		a.tick(now)
		seq++
	}
	if a.hold != least {
		t.Errorf("holds for %v after losses, want %v", a.hold, least)
	}
}
