package stream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wince/pain"
	"wince/vision"
)

// Session is the live analysis of one tablet's video. It outlives the tablet's connection, so that one that was interrupted
// goes on where it was. It is safe for concurrent use.
type Session struct {
	id    string
	side  Side // of the face, which is read
	owner *Sessions
	done  chan struct{}
	wg    sync.WaitGroup // everything that this session started
	subs  subscribers
	stat  counters

	heldBack atomic.Bool // events carry no numbers

	mu        sync.Mutex
	own       *Baseline       // the resident's; nil where none was given
	neutral   *vision.Neutral // the same, where it can be measured against
	line      *pipeline       // nil until a tablet publishes for the first time
	peer      Peer
	claimed   bool // one of the places for streams is taken: peer is set, or about to be
	closed    bool
	idleSince time.Time
	capture   capture
}

func newSession(id string, side Side, owner *Sessions) *Session {
	return &Session{id: id, side: side, owner: owner, done: make(chan struct{}), idleSince: time.Now(), capture: capture{state: CaptureIdle}}
}

// ID returns the id that the session was created under.
func (s *Session) ID() string { return s.id }

// HoldBack keeps every number out of the events from now on: states, reasons and the capture's progress go on, so that the
// tablet can still guide. It is for homes in which carers rate before they see the machine's view.
func (s *Session) HoldBack() { s.heldBack.Store(true) }

// Done is closed when the session has ended and nothing of it runs any more.
func (s *Session) Done() <-chan struct{} { return s.done }

// Publish connects a tablet: an SDP offer in, the answer and the connection's id out. While a tablet is connected a second
// one gets [ErrStreamConflict]; one whose connection is interrupted is replaced. Further errors: [ErrAtCapacity],
// [ErrSessionClosed] and what the [Publisher] says of the offer. The context bounds the call, not the connection.
func (s *Session) Publish(ctx context.Context, offer string) (answer, peerID string, err error) {
	line, err := s.claim()
	if err != nil {
		return "", "", err
	}
	defer s.wg.Done()
	answer, p, err := s.owner.cfg.Publisher.Publish(ctx, offer, line.ingest())
	if err != nil {
		s.unclaim()
		return "", "", err
	}
	if !s.adopt(p) {
		s.closePeer(p)
		s.unclaim()
		return "", "", ErrSessionClosed
	}
	return answer, p.ID(), nil
}

// claim makes room for a new peer and, the first time, starts the pipeline. Where it succeeds s.wg is one up.
func (s *Session) claim() (*pipeline, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrSessionClosed
	case s.claimed && (s.peer == nil || s.peer.Connected()):
		return nil, ErrStreamConflict
	case s.claimed: // interrupted: its place goes to the new one
		old := s.peer
		s.peer = nil
		s.wg.Go(func() { s.closePeer(old) })
	default:
		if err := s.owner.reserve(); err != nil {
			return nil, err
		}
		s.claimed = true
	}
	if s.line == nil {
		line, err := s.startPipeline()
		if err != nil {
			s.claimed = false
			s.owner.release()
			return nil, fmt.Errorf("start analysis: %w", err)
		}
		s.line = line
	}
	s.wg.Add(1)
	return s.line, nil
}

// unclaim gives the place back that claim took.
func (s *Session) unclaim() { s.retire(nil) }

// retire gives the place back that the peer took, unless the peer was replaced: then its place went with it. It reports
// whether the session goes on without a tablet.
func (s *Session) retire(p Peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peer != p {
		return false
	}
	s.claimed, s.peer, s.idleSince = false, nil, time.Now()
	s.owner.release()
	return !s.closed
}

// adopt makes p the session's peer and watches it, unless the session has ended meanwhile.
func (s *Session) adopt(p Peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.peer = p
	s.wg.Go(func() {
		<-p.Done()
		s.closePeer(p)
		if s.retire(p) {
			s.publishNotice("tablet_gone", "The connection to the tablet has ended.")
		}
	})
	return true
}

func (s *Session) closePeer(p Peer) {
	if err := p.Close(); err != nil {
		s.owner.cfg.Logger.Warn("close connection", "session", s.id, "error", err)
	}
}

func (s *Session) current() Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peer
}

// Unpublish ends the connection of that id and waits for it, or returns [ErrPeerUnknown]. The session goes on.
func (s *Session) Unpublish(peerID string) error {
	p := s.current()
	if p == nil || p.ID() != peerID {
		return ErrPeerUnknown
	}
	if err := p.Close(); err != nil {
		return fmt.Errorf("close connection: %w", err)
	}
	return nil
}

// Patch changes the connection of that id, as [Peer.Patch] does, or returns [ErrPeerUnknown].
func (s *Session) Patch(ctx context.Context, peerID, tag, fragment string) (answer, newTag string, err error) {
	p := s.current()
	if p == nil || p.ID() != peerID {
		return "", "", ErrPeerUnknown
	}
	return p.Patch(ctx, tag, fragment)
}

// ICE returns what the connection of that id gives as [Peer.ICE], empty where there is none.
func (s *Session) ICE(peerID string) string {
	p := s.current()
	if p == nil || p.ID() != peerID {
		return ""
	}
	return p.ICE()
}

// Subscribe returns the session's events as JSON texts, which must not be changed. A reader that is too slow loses frames,
// never other events; it slows nobody. The channel is closed by cancel and when the session ends.
func (s *Session) Subscribe() (events <-chan []byte, cancel func()) {
	return s.subs.add()
}

// StartCapture starts an observation over the wanted assessable time, 3 to 60 s, and returns at once; it ends when that much
// was seen, or after six times as long. Then an observation event is sent and [Session.Observation] returns it. Errors:
// [ErrCaptureLength], [ErrCaptureRunning], [ErrNoStream], [ErrSessionClosed].
func (s *Session) StartCapture(wanted time.Duration) error { return s.start(wanted, false) }

func (s *Session) start(wanted time.Duration, baseline bool) error {
	if wanted < MinCapture || wanted > MaxCapture {
		return ErrCaptureLength
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrSessionClosed
	case s.capture.state == CaptureRunning:
		return ErrCaptureRunning
	case s.peer == nil || s.line == nil:
		return ErrNoStream
	}
	s.capture.start(wanted, s.owner.cfg.Window, baseline)
	s.line.captureStarted()
	return nil
}

// StartBaseline starts to take the baseline of a face at ease, over the wanted assessable time, as StartCapture does an
// observation; only one of the two runs at a time. Then a baseline event is sent and [Session.Taken] returns it.
func (s *Session) StartBaseline(wanted time.Duration) error { return s.start(wanted, true) }

// Observation returns the last observation that was completed, and whether there is one.
func (s *Session) Observation() (pain.Observation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.capture.last == nil {
		return pain.Observation{}, false
	}
	return *s.capture.last, true
}

// Status returns what the session has counted so far.
func (s *Session) Status() Status {
	st := s.stat.status()
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Connected = s.peer != nil && s.peer.Connected()
	st.Capture = s.capture.status()
	return st
}

// Close ends the session: the tablet's connection is closed, everyone is told, and everything of it has stopped when Close
// returns. It may be called more than once.
func (s *Session) Close() { s.end("closed") }

func (s *Session) end(reason string) {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	p, line := s.peer, s.line
	s.mu.Unlock()
	if !first {
		<-s.done
		return
	}
	s.publishEnd(reason)
	if p != nil {
		s.closePeer(p)
	}
	if line != nil {
		line.cancel()
	}
	s.wg.Wait()
	s.subs.close()
	s.owner.forget(s)
	close(s.done)
}

// idle returns for how long no tablet has been connected.
func (s *Session) idle() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claimed || s.closed {
		return 0
	}
	return time.Since(s.idleSince)
}
