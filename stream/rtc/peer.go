package rtc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"wince/stream"
)

// ResultsChannel is the label of the data channel that the tablet opens for the results: unordered, no retransmits.
const ResultsChannel = "results"

// maxBuffered is how many bytes of results may be under way, some half a second of them; beyond it they are dropped rather
// than delayed.
const maxBuffered = 16 << 10

// firstKeyframe is how long the first frame, which is a keyframe by itself, has to come in before one is asked for.
const firstKeyframe = 100 * time.Millisecond

// mtu is enough for every packet that a network bears.
const mtu = 1500

// peer is one tablet's connection. It implements [stream.Peer].
type peer struct {
	id   string
	pc   *webrtc.PeerConnection
	sink stream.Sink
	hold time.Duration
	log  *slog.Logger

	keyframe  keyframeRequest
	ssrc      atomic.Uint32         // of the video; 0 before there is any
	video     atomic.Pointer[video] // what is put together of it; nil before there is any
	results   atomic.Pointer[webrtc.DataChannel]
	connected atomic.Bool
	unstarted *time.Timer // ends a connection that does not come about

	ended   chan struct{}
	endOnce sync.Once
	pushing sync.Mutex // one frame after the other

	patching sync.Mutex // one negotiation after the other
	tag      string     // of the ICE session
	told     int        // candidates that came in fragments since it began

	mu      sync.Mutex
	closing bool
	tracks  int
	closed  func() error // closes once and waits
	readers sync.WaitGroup
}

func newPeer(pc *webrtc.PeerConnection, to stream.Sink, cfg Config) *peer {
	p := &peer{id: rand.Text(), pc: pc, sink: to, hold: cfg.Hold, log: cfg.Logger, ended: make(chan struct{})}
	p.keyframe = keyframeRequest{interval: cfg.KeyframeInterval, ask: p.sendPLI}
	p.closed = sync.OnceValue(p.close)
	p.unstarted = time.AfterFunc(cfg.ConnectTimeout, func() {
		if !p.connected.Load() {
			p.end()
		}
	})
	pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		p.connected.Store(st == webrtc.PeerConnectionStateConnected)
		switch st {
		case webrtc.PeerConnectionStateConnected:
			p.unstarted.Stop()
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			p.end()
		}
	})
	pc.OnDataChannel(func(d *webrtc.DataChannel) {
		if d.Label() == ResultsChannel {
			d.OnOpen(func() { p.results.Store(d) })
		}
	})
	pc.OnTrack(p.receive)
	return p
}

// answer negotiates for the first time.
func (p *peer) answer(ctx context.Context, offer string) (string, error) {
	p.patching.Lock()
	defer p.patching.Unlock()
	return p.negotiate(ctx, reduced(offer))
}

// negotiate answers an offer and waits until all candidates are gathered. p.patching is held.
func (p *peer) negotiate(ctx context.Context, offer string) (string, error) {
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		return "", stream.ErrOfferUnreadable.Because(err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", stream.ErrOfferUnreadable.Because(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", stream.ErrOfferUnreadable.Because(err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	local := p.pc.LocalDescription().SDP
	p.tag = attribute(local, "ice-ufrag") + "." + attribute(offer, "ice-ufrag")
	return placeCandidates(local)
}

// maxTracks is how many video streams one connection may begin, one after the other.
const maxTracks = 16

// receive reads a video track until it ends or another one takes its place: a tablet sends one at a time, but may begin anew under
// another SSRC.
func (p *peer) receive(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	if t.Kind() != webrtc.RTPCodecTypeVideo {
		return
	}
	p.mu.Lock()
	if p.closing {
		p.mu.Unlock()
		return
	}
	if p.tracks++; p.tracks > maxTracks {
		p.mu.Unlock()
		p.log.Info("too many video streams in one connection", "peer", p.id)
		p.end()
		return
	}
	p.readers.Add(1)
	again := strings.EqualFold(t.Codec().MimeType, webrtc.MimeTypeRTX)
	if !again {
		p.ssrc.Store(uint32(t.SSRC()))
	}
	p.mu.Unlock()
	defer p.readers.Done()
	// Sender reports are read for the interceptors' sake: ours tell the tablet the round-trip time.
	p.readers.Go(func() {
		for b := make([]byte, mtu); ; {
			if _, _, err := r.Read(b); err != nil {
				return
			}
		}
	})
	if again {
		p.log.Debug("retransmissions ended", "peer", p.id, "reason", p.readAgain(t))
		return
	}
	v, why := p.read(t)
	v.mu.Lock()
	defer v.mu.Unlock()
	if f := v.frames; f != nil {
		p.log.Debug("video ended", "peer", p.id, "reason", why, "lost", f.lost, "skipped", f.skipped, "asked_for", f.repeats.sent, "came_then", f.repeats.came)
	}
}

// video is one stream of video as far as it was put together. Its packets and those that are sent again come in goroutines of their own.
type video struct {
	ssrc   uint32
	mu     sync.Mutex
	frames *assembler // nil before the first packet
	of     uint8      // payload type of frames
	lost   []uint16   // for missing
}

// readAgain takes in what is sent again (RTX, RFC 4588) until its stream ends. Which video it belongs to is not looked up, because senders
// change SSRCs: it goes to the one that is taken now, which takes what it misses and nothing else.
func (p *peer) readAgain(t *webrtc.TrackRemote) error {
	var (
		buf    = make([]byte, mtu)
		packet rtp.Packet
	)
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return err
		}
		now := time.Now()
		v := p.video.Load()
		if v == nil || packet.Unmarshal(buf[:n]) != nil {
			continue
		}
		v.mu.Lock()
		if v.frames != nil && original(&packet, v.of) {
			v.frames.repair(&packet.Header, packet.Payload, now)
		}
		v.mu.Unlock()
	}
}

var errReplaced = errors.New("another video stream took its place")

// read turns packets into frames until the track ends, and returns what it read, and why it ended. It wakes without a packet only where something is due.
func (p *peer) read(t *webrtc.TrackRemote) (v *video, why error) {
	var (
		buf      = make([]byte, mtu)
		packet   rtp.Packet
		deadline time.Time
	)
	v = &video{ssrc: uint32(t.SSRC())}
	p.video.Store(v)
	began := time.Now()
	for {
		if next := earlier(v.deadline(), p.keyframe.deadline()); !next.Equal(deadline) {
			deadline = next
			if err := t.SetReadDeadline(deadline); err != nil {
				return v, err
			}
		}
		n, _, err := t.Read(buf)
		if p.ssrc.Load() != v.ssrc {
			return v, errReplaced
		}
		now := time.Now()
		switch {
		case timedOut(err):
		case err != nil:
			return v, err
		case packet.Unmarshal(buf[:n]) == nil: // what cannot be read is as good as lost
			p.take(v, &packet, codecOf(t.Codec().MimeType), now)
		}
		lost, waiting := v.tick(now)
		if len(lost) > 0 {
			p.ask("packets again", nack(v.ssrc, lost))
		}
		if waiting && now.Sub(began) >= firstKeyframe {
			p.keyframe.need(now)
		}
		p.keyframe.tick(now)
	}
}

// take puts a packet of the video into its place.
func (p *peer) take(v *video, packet *rtp.Packet, codec stream.Codec, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.frames == nil || packet.PayloadType != v.of {
		if codec == "" {
			return
		}
		v.of = packet.PayloadType
		if v.frames == nil || v.frames.codec != codec {
			v.frames = newAssembler(codec, p.hold, func(f stream.EncodedFrame) bool { return p.push(v.ssrc, f) })
			v.frames.far(p.roundTrip())
		}
	}
	v.frames.push(&packet.Header, packet.Payload, now)
}

// tick gives up on what has been missing for too long, and returns what is to be asked for, which is valid until the next call.
func (v *video) tick(now time.Time) (lost []uint16, waiting bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.frames == nil {
		return nil, false
	}
	v.frames.tick(now)
	v.lost = v.frames.missing(now, v.lost[:0])
	return v.lost, v.frames.waiting
}

// deadline returns when tick has something to do; zero means never.
func (v *video) deadline() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.frames == nil {
		return time.Time{}
	}
	return v.frames.deadline()
}

// roundTrip returns what ICE's checks have measured, 0 before they have.
func (p *peer) roundTrip() time.Duration {
	s, ok := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(s.CurrentRoundTripTime * float64(time.Second))
}

// push hands a frame on, if it is of the stream that is taken now.
func (p *peer) push(ssrc uint32, f stream.EncodedFrame) bool {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	if p.ssrc.Load() != ssrc {
		return false
	}
	if f.Keyframe {
		p.keyframe.arrived()
	}
	return p.sink.Push(f)
}

// timedOut recognises the end of a read deadline. Which error pion gives depends on where the read was waiting.
func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (p *peer) sendPLI() {
	ssrc := p.ssrc.Load()
	if ssrc == 0 {
		return
	}
	p.ask("a keyframe", []rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

func (p *peer) ask(what string, packets []rtcp.Packet) {
	if err := p.pc.WriteRTCP(packets); err != nil {
		p.log.Debug("ask for "+what, "peer", p.id, "error", err)
	}
}

// ID implements [stream.Peer].
func (p *peer) ID() string { return p.id }

// Connected implements [stream.Peer].
func (p *peer) Connected() bool { return p.connected.Load() }

// RequestKeyframe implements [stream.Peer].
func (p *peer) RequestKeyframe() { p.keyframe.need(time.Now()) }

// Done implements [stream.Peer].
func (p *peer) Done() <-chan struct{} { return p.ended }

// Send implements [stream.Peer].
func (p *peer) Send(event []byte) bool {
	d := p.results.Load()
	return d != nil && d.ReadyState() == webrtc.DataChannelStateOpen && d.BufferedAmount() < maxBuffered && d.SendText(string(event)) == nil
}

// Close implements [stream.Peer].
func (p *peer) Close() error { return p.closed() }

func (p *peer) end() { p.endOnce.Do(func() { close(p.ended) }) }

func (p *peer) close() error {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.unstarted.Stop()
	p.connected.Store(false)
	err := p.pc.GracefulClose()
	p.readers.Wait()
	p.end()
	if err != nil {
		return fmt.Errorf("close peer connection: %w", err)
	}
	return nil
}
