package rtc

import (
	"time"

	"github.com/pion/rtp"

	"wince/stream"
)

const (
	ringSize   = 512     // packets that may wait behind a gap; a power of two
	mostMissed = 128     // packets in one piece, about a second: more is an outage, after which a keyframe is there sooner than what was missed
	mostBefore = 8       // packets that are asked for before a stream's first
	maxFrame   = 1 << 20 // bytes of an encoded frame; a VGA keyframe has some 30 KB
)

// assembler puts the packets of one stream together to frames. A frame is complete at the packet with the
// RTP marker bit, so that nothing waits for the packet after it. Packets may come twice or out of order. At a gap it holds
// what comes after it until the missing packet is sent again or the time to hold is over; then it discards everything up
// to the next keyframe, for no later frame can be decoded without the lost one. Packets that hold nothing but padding, as
// browsers send to probe the bandwidth, only count as received.
//
// A packet that comes after it was given up was late and not lost: the time to hold grows with that, up to mostHold times, and with how
// late those are that come in time. It shrinks again when nothing was so late for a while. On a network that jitters results then come
// later, but they come.
//
// It reads no clock and belongs to one goroutine.
type assembler struct {
	codec   stream.Codec
	payload payload
	least   time.Duration // to hold
	hold    time.Duration // at present
	late    time.Time     // when hold was changed last
	latest  time.Duration // that a packet was waited for since
	gaveUp  [ringSize]int32
	emit    func(stream.EncodedFrame) bool // false: not taken, which is as good as lost

	begun    bool
	next     uint16    // the sequence number that comes next
	newest   uint16    // the highest one seen
	before   int       // packets from next on of which it is not known that they were sent
	repeats  repeats   // what is asked for again
	askAt    time.Time // when something is; zero where nothing is
	waiting  bool      // for a keyframe
	gapSince time.Time // when the packet before the oldest waiting one was missed; zero where there is no gap
	behind   int       // packets in the ring
	ring     [ringSize]waitingPacket

	open    bool // a frame has been begun
	rtp     uint32
	key     bool
	alone   bool // the frame needs nothing from before
	frame   []byte
	lost    uint64 // packets given up
	skipped uint64 // frames discarded while waiting for a keyframe
}

// waitingPacket is a packet behind a gap. Its buffer is used again and again.
type waitingPacket struct {
	used    bool
	at      time.Time
	header  rtp.Header
	payload []byte
}

// newAssembler returns one for packets of a codec that payloadOf knows.
func newAssembler(c stream.Codec, hold time.Duration, emit func(stream.EncodedFrame) bool) *assembler {
	return &assembler{codec: c, payload: payloadOf(c), least: hold, hold: hold, emit: emit, waiting: true, repeats: newRepeats(0)}
}

// far tells the round trip to the sender: what is lost takes at least so long to come again.
func (a *assembler) far(trip time.Duration) {
	a.repeats = newRepeats(trip)
	a.hold = min(max(a.least, spare(2*trip)), mostHold*a.least)
}

// push takes in a packet, whose payload is borrowed, and emits the frames that it completes.
func (a *assembler) push(h *rtp.Header, payload []byte, now time.Time) {
	if !a.begun {
		a.begin(h.SequenceNumber, payload, now)
	}
	ahead := int16(h.SequenceNumber - a.next)
	if ahead < -ringSize || ahead >= ringSize || int16(h.SequenceNumber-a.newest) > mostMissed { // the sender began anew, or far too much was lost
		a.restart(h.SequenceNumber)
		ahead = 0
	}
	a.see(h.SequenceNumber, now)
	a.place(h, payload, ahead, now)
}

// begin takes note of a stream's first packet. Where that is the middle of a frame, some before it were lost, and are asked for: otherwise the
// first pictures would have to wait for another keyframe.
func (a *assembler) begin(seq uint16, payload []byte, now time.Time) {
	a.begun, a.next, a.newest = true, seq, seq
	if p, err := a.payload.look(payload); len(payload) == 0 || err != nil || p.begins {
		return
	}
	a.next, a.newest, a.before = seq-mostBefore, seq-mostBefore-1, mostBefore
}

// repair takes in a packet that was sent again on a stream of its own. Only what is missing is taken, and so nothing of another stream's.
func (a *assembler) repair(h *rtp.Header, payload []byte, now time.Time) {
	a.repeats.apart = true
	ahead := int16(h.SequenceNumber - a.next)
	if !a.begun || int16(h.SequenceNumber-a.newest) > 0 || ahead < -ringSize {
		return
	}
	a.repeats.got(h.SequenceNumber, true, now, a.hold)
	if ahead < 0 || a.slot(h.SequenceNumber).used {
		if ahead < 0 {
			a.wasLate(h.SequenceNumber, now)
		}
		return
	}
	a.place(h, payload, ahead, now)
}

// see takes note of what a packet of the stream itself has overtaken, or that it was overtaken.
func (a *assembler) see(seq uint16, now time.Time) {
	if int16(seq-a.newest) <= 0 {
		a.repeats.got(seq, false, now, a.hold)
		return
	}
	for n := a.newest + 1; n != seq; n++ {
		a.repeats.missed(n, now)
	}
	if a.newest+1 != seq {
		a.askAt = earlier(a.askAt, now.Add(a.repeats.grace))
	}
	a.newest = seq
}

// missing appends the packets that are to be asked for now, and takes them for asked for.
func (a *assembler) missing(now time.Time, to []uint16) []uint16 {
	if a.askAt.IsZero() || now.Before(a.askAt) {
		return to
	}
	a.askAt = time.Time{}
	if a.gapSince.IsZero() {
		return to
	}
	for n := a.next; n != a.newest; n++ {
		if a.slot(n).used {
			continue
		}
		at := a.repeats.due(n)
		if !at.IsZero() && !at.After(now) && len(to) < mostRepeats {
			a.repeats.ask(n, now)
			to = append(to, n)
			at = a.repeats.due(n)
		}
		a.askAt = earlier(a.askAt, at)
	}
	return to
}

// place takes what comes next, and keeps what comes later.
func (a *assembler) place(h *rtp.Header, payload []byte, ahead int16, now time.Time) {
	if ahead >= 0 && h.SequenceNumber != a.newest && !a.slot(h.SequenceNumber).used {
		a.wasWaitedFor(h.SequenceNumber, now)
	}
	switch {
	case ahead < 0: // sent twice, or too late
		a.wasLate(h.SequenceNumber, now)
		return
	case a.waiting && ahead > 0 && a.startsKeyframe(payload): // what was lost before it is not needed
		a.skipTo(h.SequenceNumber)
	case ahead > 0:
		a.keep(h, payload, now)
		if a.gapSince.IsZero() {
			a.gapSince = now
		}
		return
	}
	a.take(h, payload, now)
	a.drain(now)
}

// tick gives up on what has been missing for too long.
func (a *assembler) tick(now time.Time) {
	for !a.gapSince.IsZero() && now.Sub(a.gapSince) >= a.hold {
		a.lose()
		for a.behind > 0 && !a.slot(a.next).used {
			a.gaveUp[a.next%ringSize] = int32(a.next) + 1
			a.repeats.givenUp(a.next)
			a.next++
			a.without()
		}
		a.drain(now)
	}
	if a.hold > a.least && now.Sub(a.late) >= holdRest {
		a.hold, a.late, a.latest = max(a.least, min(a.hold, max(a.hold*2/3, spare(a.latest)))), now, 0
	}
	a.repeats.tick(now)
}

// How far the time to hold may grow, and after how long without a late packet it shrinks.
const (
	mostHold = 4
	holdRest = 10 * time.Second
)

// wasLate holds longer where a packet comes that was given up.
func (a *assembler) wasLate(seq uint16, now time.Time) {
	if a.gaveUp[seq%ringSize] != int32(seq)+1 {
		return
	}
	a.gaveUp[seq%ringSize] = 0
	if now.Sub(a.late) < a.hold { // what comes late together counts once
		return
	}
	a.longer(max(a.hold*3/2, spare(a.repeats.late(seq, now))), now)
}

// spare is how long is held for a packet that may be so late.
func spare(late time.Duration) time.Duration { return late * 5 / 4 }

func (a *assembler) longer(hold time.Duration, now time.Time) {
	a.hold, a.late, a.latest = min(hold, mostHold*a.least), now, 0
}

// wasWaitedFor takes note of how late a packet is that comes in time.
func (a *assembler) wasWaitedFor(seq uint16, now time.Time) {
	late := a.repeats.late(seq, now)
	if a.latest = max(a.latest, late); spare(late) > a.hold && a.hold < mostHold*a.least {
		a.longer(spare(late), now)
	}
}

// deadline returns when tick or missing has something to do; zero means never.
func (a *assembler) deadline() time.Time {
	if a.gapSince.IsZero() {
		return time.Time{}
	}
	return earlier(a.gapSince.Add(a.hold), a.askAt)
}

// lose discards the frame begun and waits for a keyframe.
func (a *assembler) lose() {
	a.open, a.waiting = false, true
}

// without counts a packet that is not waited for any longer.
func (a *assembler) without() {
	if a.before > 0 {
		a.before--
		return
	}
	a.lost++
}

func (a *assembler) slot(seq uint16) *waitingPacket { return &a.ring[seq%ringSize] }

func (a *assembler) keep(h *rtp.Header, payload []byte, now time.Time) {
	s := a.slot(h.SequenceNumber)
	if s.used {
		return
	}
	s.used, s.at, s.header, s.payload = true, now, *h, append(s.payload[:0], payload...)
	s.header.CSRC, s.header.Extensions = nil, nil // they are the caller's
	a.behind++
}

func (a *assembler) restart(seq uint16) {
	for i := range a.ring {
		a.ring[i].used = false
	}
	a.behind, a.gapSince, a.next, a.newest = 0, time.Time{}, seq, seq
	a.lose()
}

// skipTo forgets everything before seq, and seq itself where it waits in the ring: it has come again.
func (a *assembler) skipTo(seq uint16) {
	a.open = false
	if s := a.slot(seq); s.used {
		s.used = false
		a.behind--
	}
	for ; a.next != seq; a.next++ {
		if s := a.slot(a.next); s.used {
			s.used = false
			a.behind--
		} else {
			a.without()
		}
	}
	a.gapSince = time.Time{}
}

// drain takes the waiting packets that are in order now.
func (a *assembler) drain(now time.Time) {
	a.gapSince = time.Time{}
	for a.behind > 0 {
		s := a.slot(a.next)
		if !s.used { // the next gap; it was seen when the packet behind it came
			after := a.next + 1
			for !a.slot(after).used {
				after++
			}
			a.gapSince = a.slot(after).at
			return
		}
		s.used = false
		a.behind--
		a.take(&s.header, s.payload, now)
	}
}

func (a *assembler) startsKeyframe(payload []byte) bool {
	p, err := a.payload.look(payload)
	return err == nil && p.begins && p.alone
}

// take adds the packet that comes next to the frame.
func (a *assembler) take(h *rtp.Header, payload []byte, now time.Time) {
	a.next, a.before = h.SequenceNumber+1, 0
	if len(payload) == 0 { // padding only; a browser may let such a packet carry the marker of the frame before it
		return
	}
	p, err := a.payload.look(payload)
	if err != nil {
		a.lose()
		return
	}
	if a.open && h.Timestamp != a.rtp { // nothing is missing, so the frame before is whole, only unmarked
		a.finish(now)
	}
	if !a.open {
		if !p.begins { // the middle of a frame whose beginning was lost
			a.lose()
			return
		}
		a.open, a.rtp, a.key, a.alone, a.frame = true, h.Timestamp, false, false, a.frame[:0]
	}
	if len(a.frame)+p.size > maxFrame {
		a.lose()
		return
	}
	a.key, a.alone = a.key || p.key, a.alone || p.alone
	a.frame = a.payload.add(a.frame)
	if h.Marker {
		a.finish(now)
	}
}

// finish emits the frame, unless a keyframe has to come first.
func (a *assembler) finish(now time.Time) {
	a.open = false
	if a.waiting && !a.alone {
		a.skipped++
		return
	}
	a.waiting = !a.emit(stream.EncodedFrame{Codec: a.codec, Data: a.frame, RTP: a.rtp, Keyframe: a.key, Received: now})
}
