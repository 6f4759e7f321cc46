package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Sessions holds the sessions that exist and shares the machine among them. It is safe for concurrent use.
type Sessions struct {
	cfg      Config
	interval atomic.Int64 // least time between two analysed pictures of one stream, ns

	mu      sync.Mutex
	open    map[string]*Session
	streams int // publishing, or about to
	closed  bool
	leaving bool   // the server is about to stop: see Drain
	refused uint64 // for want of a place
	past    Load   // counts of sessions that have ended
}

// Load is how much the machine has to do, and what of it was lost.
type Load struct {
	Sessions        int     // that exist
	Streams, Most   int     // tablets that publish now, and how many may
	Rate, TotalRate float64 // analysed frames a second: of one stream at most now, and of all; TotalRate 0 knows no limit

	Analysed, Dropped, Paced, Corrupt          uint64 // since the start, of all sessions
	Received, Decoded, Unsent, Behind, Waiting uint64 // as in [Status]
	Refused                                    uint64 // tablets and sessions for which there was no place
	Captures                                   int    // that run now
}

func (l *Load) count(st Status) {
	l.Analysed += st.Analysed
	l.Dropped += st.Dropped
	l.Paced += st.Paced
	l.Corrupt += st.Corrupt
	l.Received += st.Received
	l.Decoded += st.Decoded
	l.Unsent += st.Unsent
	l.Behind += st.Behind
	l.Waiting += st.Waiting
}

// Load returns how much there is to do now.
func (s *Sessions) Load() Load {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.past
	l.Sessions, l.Streams, l.Most, l.TotalRate = len(s.open), s.streams, s.most(), s.cfg.TotalRate
	l.Rate = math.Round(10*float64(time.Second)/float64(s.interval.Load())) / 10
	l.Refused = s.refused
	for _, x := range s.open {
		l.count(x.stat.status())
		if x.capturing() {
			l.Captures++
		}
	}
	return l
}

// NewSessions returns an empty registry. It starts nothing: see [Sessions.Run] and [Sessions.Close].
func NewSessions(cfg Config) (*Sessions, error) {
	if cfg.Publisher == nil || cfg.NewDecoder == nil || cfg.NewAnalyzer == nil {
		return nil, errors.New("make sessions: a publisher, a decoder and an analyzer are needed")
	}
	if cfg.MaxStreams <= 0 {
		cfg.MaxStreams = 8
	}
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 8 * cfg.MaxStreams
	}
	if cfg.MaxRate <= 0 {
		cfg.MaxRate = 30
	}
	if cfg.IdleExpiry <= 0 {
		cfg.IdleExpiry = 10 * time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sessions{cfg: cfg, open: map[string]*Session{}}
	s.pace()
	return s, nil
}

// Create opens a session under an id of the caller's choice, which reads that side of the face to its end. It costs next to
// nothing until a tablet publishes. It fails with [ErrSessionExists], [ErrAtCapacity] or [ErrSessionClosed].
func (s *Sessions) Create(id string, side Side) (*Session, error) {
	if !side.Valid() {
		return nil, fmt.Errorf("open a session: there is no side of the face %q", side)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrSessionClosed
	case s.leaving:
		return nil, ErrStopping
	case s.open[id] != nil:
		return nil, ErrSessionExists
	case len(s.open) >= s.cfg.MaxSessions:
		s.refused++
		return nil, ErrAtCapacity
	}
	x := newSession(id, side, s)
	s.open[id] = x
	return x, nil
}

// Get returns an open session, or [ErrSessionUnknown].
func (s *Sessions) Get(id string) (*Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.open[id]; x != nil {
		return x, nil
	}
	return nil, ErrSessionUnknown
}

// Streams returns how many tablets publish now and how many may.
func (s *Sessions) Streams() (now, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams, s.most()
}

// Run closes sessions that no tablet uses until the context ends; then it closes all others and returns.
func (s *Sessions) Run(ctx context.Context) error {
	var expiring sync.WaitGroup // one that hangs must not keep the others
	defer expiring.Wait()
	defer s.Close()
	t := time.NewTicker(max(s.cfg.IdleExpiry/10, 10*time.Millisecond))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			for _, x := range s.list() {
				if idle := x.idle(); idle >= s.cfg.IdleExpiry {
					s.cfg.Logger.Info("session expired", "session", x.id, "idle", idle)
					expiring.Go(func() { x.end("expired") })
				}
			}
		}
	}
}

// Close closes every session and waits until nothing of them runs any more. No session can be made afterwards.
func (s *Sessions) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	var wg sync.WaitGroup
	for _, x := range s.list() {
		wg.Go(func() { x.end("server_stopping") })
	}
	wg.Wait()
}

func (s *Sessions) list() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := make([]*Session, 0, len(s.open))
	for _, x := range s.open {
		l = append(l, x)
	}
	return l
}

func (s *Sessions) forget(x *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[x.id] == x {
		delete(s.open, x.id)
		s.past.count(x.stat.status()) // nothing of it runs any more
	}
}

// The steps of pace when many streams share the machine, in pictures per second, before new ones are refused.
var paces = [...]float64{30, 15, 10}

func (s *Sessions) most() int {
	if s.cfg.TotalRate <= 0 {
		return s.cfg.MaxStreams
	}
	return min(s.cfg.MaxStreams, max(1, int(s.cfg.TotalRate/paces[len(paces)-1])))
}

// reserve takes one of the places for publishing tablets; release gives it back.
func (s *Sessions) reserve() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.leaving:
		return ErrStopping
	case s.streams >= s.most():
		s.refused++
		return ErrAtCapacity
	}
	s.streams++
	s.pace()
	return nil
}

func (s *Sessions) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams--
	s.pace()
}

// pace sets the rate of analysis for as many streams as there are. s.mu is held, or s is not yet shared.
func (s *Sessions) pace() {
	rate := s.cfg.MaxRate
	if s.cfg.TotalRate > 0 {
		for _, p := range paces {
			rate = min(s.cfg.MaxRate, p)
			if float64(s.streams)*rate <= s.cfg.TotalRate {
				break
			}
		}
	}
	s.interval.Store(int64(float64(time.Second) / rate))
}
