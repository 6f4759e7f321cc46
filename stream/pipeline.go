package stream

import (
	"context"
	"sync/atomic"
	"time"

	"wince/vision"
)

// frameQueue is how many encoded frames may wait for the decoder: about a second.
const frameQueue = 32

// counters are what a session counts.
type counters struct {
	received, decoded, analysed, dropped, paced, corrupt, unsent atomic.Uint64
	behind, waiting                                              atomic.Uint64 // of dropped: the decoder was behind, or waited for a keyframe
}

func (c *counters) status() Status {
	return Status{
		Received: c.received.Load(), Decoded: c.decoded.Load(), Analysed: c.analysed.Load(), Dropped: c.dropped.Load(),
		Paced: c.paced.Load(), Corrupt: c.corrupt.Load(), Unsent: c.unsent.Load(),
		Behind: c.behind.Load(), Waiting: c.waiting.Load(),
	}
}

// pipeline is the two goroutines of a session and what runs between them. A frame and a picture have one owner each: the
// free list, the queue or slot, or the goroutine that took it from there and gives it back.
type pipeline struct {
	s       *Session
	cancel  context.CancelFunc
	frames  chan *frame   // waiting for the decoder
	free    chan *frame   // frames that nobody uses
	slot    chan *picture // the newest picture, or none
	blank   chan *picture // pictures that nobody uses: one each for the decoder, the slot and the analysis
	capture chan struct{} // a capture has started
	streams atomic.Uint32 // connections so far
}

// frame is an encoded frame in the session's keeping.
type frame struct {
	EncodedFrame
	stream uint32 // which connection it came by
}

// picture is a decoded frame.
type picture struct {
	img vision.I420
	t   time.Duration // media time
	rtp uint32

	received time.Time
}

// startPipeline starts the goroutines. s.mu is held.
func (s *Session) startPipeline() (*pipeline, error) {
	a, err := s.owner.cfg.NewAnalyzer(s.neutral, s.side)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &pipeline{
		s: s, cancel: cancel,
		frames: make(chan *frame, frameQueue), free: make(chan *frame, frameQueue),
		slot: make(chan *picture, 1), blank: make(chan *picture, 3), capture: make(chan struct{}, 1),
	}
	for range cap(p.free) {
		p.free <- &frame{}
	}
	for range cap(p.blank) {
		p.blank <- &picture{}
	}
	s.wg.Go(func() { p.decode(ctx) })
	s.wg.Go(func() { p.analyse(ctx, a) })
	return p, nil
}

// captureStarted wakes the analysis, so that it minds the new deadline.
func (p *pipeline) captureStarted() {
	select {
	case p.capture <- struct{}{}:
	default:
	}
}

// ingest is the sink of one connection.
type ingest struct {
	line   *pipeline
	stream uint32
}

func (p *pipeline) ingest() *ingest { return &ingest{p, p.streams.Add(1)} }

// Push implements [Sink].
func (in *ingest) Push(f EncodedFrame) bool {
	p := in.line
	if in.stream != p.streams.Load() {
		return false // replaced by a newer connection
	}
	p.s.stat.received.Add(1)
	select {
	case x := <-p.free:
		data := append(x.Data[:0], f.Data...)
		x.EncodedFrame, x.stream = f, in.stream
		x.Data = data
		p.frames <- x // has room for every frame there is
		return true
	default:
		p.s.stat.dropped.Add(1)
		p.s.stat.behind.Add(1)
		return false
	}
}

// decode decodes every frame, in order, until the context ends.
func (p *pipeline) decode(ctx context.Context) {
	d := decoding{p: p, ended: ctx.Done(), wait: time.NewTimer(0)}
	defer d.wait.Stop()
	defer d.close()
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-p.frames:
			d.frame(f)
			p.free <- f
		}
	}
}

// decoding is the state of the decoding goroutine.
type decoding struct {
	p       *pipeline
	ended   <-chan struct{} // with the session
	wait    *time.Timer     // for room in the slot
	dec     Decoder
	codec   Codec
	broken  bool // nothing can be decoded before the next keyframe
	clock   mediaClock
	warning error // the last refusal, so that a flood of one kind is one line in the log
}

func (d *decoding) frame(f *frame) {
	s := d.p.s
	t := d.clock.at(f.stream, f.RTP, f.Received)
	if d.broken && !f.Keyframe {
		s.stat.dropped.Add(1)
		s.stat.waiting.Add(1)
		return
	}
	if d.dec == nil || d.codec != f.Codec {
		if err := d.open(f.Codec); err != nil {
			d.refused(err)
			return
		}
	}
	pic := <-d.p.blank // never waits: the slot and the analysis hold one each
	pic.t, pic.rtp, pic.received = t, f.RTP, f.Received
	begun := time.Now()
	shown, err := d.dec.Decode(f.Data, &pic.img)
	s.owner.spent(StageDecode, time.Since(begun))
	switch {
	case err != nil:
		d.p.blank <- pic
		d.refused(err)
		return
	case !shown:
		d.p.blank <- pic
	default:
		s.stat.decoded.Add(1)
		d.show(pic)
	}
	d.broken, d.warning = false, nil
}

func (d *decoding) open(c Codec) error {
	d.close()
	dec, err := d.p.s.owner.cfg.NewDecoder(c)
	if err != nil {
		return err
	}
	d.dec, d.codec = dec, c
	return nil
}

// refused notes a frame that could not be decoded and asks for a new beginning.
func (d *decoding) refused(err error) {
	s := d.p.s
	s.stat.corrupt.Add(1)
	if d.warning == nil {
		s.owner.cfg.Logger.Warn("decode frame; waiting for a keyframe", "session", s.id, "error", err)
	}
	d.broken, d.warning = true, err
	if peer := s.current(); peer != nil {
		peer.RequestKeyframe()
	}
}

func (d *decoding) close() {
	if d.dec == nil {
		return
	}
	if err := d.dec.Close(); err != nil {
		d.p.s.owner.cfg.Logger.Warn("close decoder", "session", d.p.s.id, "error", err)
	}
	d.dec = nil
}

// burst is how old a picture may be that still waits for the analysis to take the one before it. A packet that came late lets several frames
// through at once, and all of them are wanted. It is less than the time between two pictures, so that nothing piles up.
const burst = 25 * time.Millisecond

// show puts the picture into the slot, in place of one that the analysis has not come round to.
func (d *decoding) show(pic *picture) {
	p := d.p
	select {
	case p.slot <- pic:
		return
	default:
	}
	if left := burst - time.Since(pic.received); left > 0 {
		d.wait.Reset(left)
		defer d.wait.Stop()
		select {
		case p.slot <- pic:
			return
		case <-d.wait.C:
		case <-d.ended:
		}
	}
	select {
	case old := <-p.slot:
		p.s.stat.dropped.Add(1)
		p.blank <- old
	default:
	}
	p.slot <- pic // free: nobody else puts anything there
}

// analyse measures the newest picture whenever it is due, until the context ends.
func (p *pipeline) analyse(ctx context.Context, a Analyzer) {
	s := p.s
	defer func() {
		if err := a.Close(); err != nil {
			s.owner.cfg.Logger.Warn("close analysis", "session", s.id, "error", err)
		}
	}()
	limit := time.NewTimer(0)
	defer limit.Stop()
	var (
		due   time.Duration // media time of the next picture that is wanted
		index int
		buf   []byte
	)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.capture:
			limit.Reset(0)
		case <-limit.C:
			if again := s.captureTimeout(); again > 0 {
				limit.Reset(again)
			}
		case pic := <-p.slot:
			gap := time.Duration(s.owner.interval.Load())
			if pic.t < due-gap/4 { // a quarter is left for the camera's own unsteadiness
				s.stat.paced.Add(1)
				p.blank <- pic
				continue
			}
			due = max(due, pic.t-gap) + gap
			r := a.Analyze(&pic.img, pic.t)
			r.Frame.Index, r.Frame.T = index, pic.t
			index++
			s.stat.analysed.Add(1)
			done := s.captureAdd(&r)
			analysed := time.Now()
			received := pic.received
			buf = s.appendFrameEvent(buf[:0], &r, pic.rtp)
			p.blank <- pic
			s.publish(buf, true)
			s.publishOutcome(done)
			s.owner.measured(&r.Stages, received, analysed)
		}
	}
}

// mediaClock turns RTP timestamps of one connection after the other into one media time.
type mediaClock struct {
	begun  bool
	stream uint32
	rtp    uint32
	at0    time.Time
	t      time.Duration
}

// A step of the RTP clock outside these is a restart of the sender and not a pause; then the time of arrival counts.
const (
	rtpRate     = 90000
	longestStep = 10 * time.Second
)

func (c *mediaClock) at(stream, rtp uint32, received time.Time) time.Duration {
	if c.begun {
		step := time.Duration(int32(rtp-c.rtp)) * time.Second / rtpRate
		if stream != c.stream || step < 0 || step > longestStep {
			step = max(received.Sub(c.at0), 0)
		}
		c.t += step
	}
	c.begun, c.stream, c.rtp, c.at0 = true, stream, rtp, received
	return c.t
}
