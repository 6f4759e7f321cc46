package stream

import "sync"

// A subscriber's queue holds about two seconds of frames, and room that only other events may take.
const (
	queueLength  = 80
	queueReserve = 16
)

// subscribers hands every event to every reader without waiting for any of them.
type subscribers struct {
	mu     sync.Mutex
	queues map[chan []byte]struct{}
	closed bool
}

func (s *subscribers) add() (<-chan []byte, func()) {
	q := make(chan []byte, queueLength)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(q)
		return q, func() {}
	}
	if s.queues == nil {
		s.queues = map[chan []byte]struct{}{}
	}
	s.queues[q] = struct{}{}
	return q, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.queues[q]; ok {
			delete(s.queues, q)
			close(q)
		}
	}
}

// send copies the event once for all readers and returns how many did not take it. Frames leave queueReserve places free.
func (s *subscribers) send(event []byte, frame bool) (dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queues) == 0 {
		return 0
	}
	event = append([]byte(nil), event...)
	for q := range s.queues {
		if frame && len(q) >= queueLength-queueReserve {
			dropped++
			continue
		}
		select {
		case q <- event:
		default:
			dropped++
		}
	}
	return dropped
}

func (s *subscribers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for q := range s.queues {
		delete(s.queues, q)
		close(q)
	}
}
