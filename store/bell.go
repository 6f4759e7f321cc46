package store

import "sync"

// bell tells those who wait that records changed in this program. Others that change the same database are not heard: who waits looks
// now and then by itself.
type bell struct {
	mu   sync.Mutex
	rung chan struct{} // closed at the next change; nil where nobody waits
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// Changed returns a channel that is closed when a record is changed next. Who wants to miss nothing asks for it before reading.
func (s *Store) Changed() <-chan struct{} { return s.changed.wait() }
