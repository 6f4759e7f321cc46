package rtc

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

const (
	mostAsked   = 6                     // times that one packet is asked for
	leastAgain  = 15 * time.Millisecond // from one time to the next; senders refuse a second time within the round trip and some ms
	guessedTrip = 30 * time.Millisecond // round trip before anything is known of it
	mostRepeats = 128                   // packets that one request names
)

// repeats knows which packets of one stream are asked for again (generic NACK, RFC 4585), and when. A missing packet is asked for at once,
// and again where what comes back must have been lost, too: after the smoothed time that it usually takes (as RFC 6298 has it for TCP).
//
// Where a network brings packets out of order asking at once is a waste: a packet that comes by itself after it was asked for makes the
// next ones wait longer, up to half of the time to hold, and less again when none did for a while. That can be told only where what is
// sent again comes on a stream of its own (RTX).
//
// Where most of what is asked for does not come the network is too narrow, and more of the same would make it narrower: then each packet is
// asked for once.
type repeats struct {
	apart      bool          // a stream of its own has been seen
	grace      time.Duration // how long a packet may be out of order
	early      time.Time     // when grace was changed last
	trip, dev  time.Duration // from asking to getting, and its mean deviation
	won        float64       // share of the requests of late that were answered
	ring       [ringSize]asked
	sent, came uint64 // packets asked for, each time counted; packets that came then
}

// asked is what is known of one packet that was missed.
type asked struct {
	seq   uint16
	known bool
	times uint8
	since time.Time     // it has been missed
	first time.Time     // asked for
	last  time.Time     // asked for
	took  time.Duration // from first until it came; 0: not yet
}

func newRepeats(trip time.Duration) repeats {
	if trip <= 0 {
		trip = guessedTrip
	}
	return repeats{trip: trip, dev: trip / 2, won: 1}
}

// missed takes note of a packet that a later one has overtaken.
func (r *repeats) missed(seq uint16, now time.Time) {
	r.ring[seq%ringSize] = asked{seq: seq, known: true, since: now}
}

func (r *repeats) of(seq uint16) *asked {
	a := &r.ring[seq%ringSize]
	if !a.known || a.seq != seq || a.times == 0 {
		return nil
	}
	return a
}

// got takes note of a packet that came behind a later one: again tells that it came on the stream for that, most that half of it is as long
// as grace may get.
func (r *repeats) got(seq uint16, again bool, now time.Time, most time.Duration) {
	a := r.of(seq)
	if a == nil {
		return
	}
	if !again && r.apart { // asked for too early
		if late := now.Sub(a.since) * 5 / 4; late > r.grace {
			r.grace = min(late, most/2)
		}
		r.early = now
		return
	}
	if a.took == 0 {
		r.came++
		r.won += (1 - r.won) / 32
		if a.took = max(now.Sub(a.first), 1); a.times == 1 {
			r.sample(a.took)
		}
		return
	}
	if a.times > 1 { // it comes a second time, so the first was in answer to the first request
		r.sample(a.took)
		a.times = 1
	}
}

func (r *repeats) sample(d time.Duration) {
	r.dev += (max(d-r.trip, r.trip-d) - r.dev) / 4
	r.trip += (d - r.trip) / 8
}

// late tells for how long a packet was missed, 0 where that is not known.
func (r *repeats) late(seq uint16, now time.Time) time.Duration {
	if a := &r.ring[seq%ringSize]; a.known && a.seq == seq {
		return now.Sub(a.since)
	}
	return 0
}

// due tells when a missing packet is to be asked for; zero means never.
func (r *repeats) due(seq uint16) time.Time {
	a := &r.ring[seq%ringSize]
	switch {
	case !a.known || a.seq != seq || a.times >= mostAsked || a.times > 0 && r.won < 0.5:
		return time.Time{}
	case a.times == 0:
		return a.since.Add(r.grace)
	}
	return a.last.Add(max(leastAgain, r.trip+4*r.dev))
}

func (r *repeats) ask(seq uint16, now time.Time) {
	a := &r.ring[seq%ringSize]
	if a.times == 0 {
		a.first = now
	} else {
		r.unanswered()
	}
	a.times++
	a.last = now
	r.sent++
}

func (r *repeats) unanswered() { r.won -= r.won / 32 }

// givenUp takes note of a packet that is not waited for any longer.
func (r *repeats) givenUp(seq uint16) {
	if a := r.of(seq); a != nil && a.took == 0 {
		r.unanswered()
	}
}

// tick shortens grace when nothing was asked for too early for a while.
func (r *repeats) tick(now time.Time) {
	if r.grace == 0 || now.Sub(r.early) < holdRest {
		return
	}
	if r.grace, r.early = r.grace*2/3, now; r.grace < time.Millisecond {
		r.grace = 0
	}
}

// original turns a packet of a retransmission stream (RFC 4588) into the one that it stands for, whose payload it borrows. What only
// probes the bandwidth stands for none.
func original(p *rtp.Packet, of uint8) bool {
	if len(p.Payload) < 2 {
		return false
	}
	p.SequenceNumber, p.PayloadType = uint16(p.Payload[0])<<8|uint16(p.Payload[1]), of
	p.Payload = p.Payload[2:]
	return true
}

// nack asks for packets again.
func nack(ssrc uint32, lost []uint16) []rtcp.Packet {
	return []rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(lost)}}
}
