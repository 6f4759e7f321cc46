package rtc

import (
	"sync"
	"time"
)

// keyframeRequest asks for a keyframe at once and then again and again until one arrives, because a single request may get
// lost and would leave the decoder without anything to decode for good. It never asks more often than every interval. It
// is safe for concurrent use.
type keyframeRequest struct {
	interval time.Duration
	ask      func()

	mu      sync.Mutex
	pending bool
	last    time.Time
	asked   uint64
}

// need begins to ask.
func (k *keyframeRequest) need(now time.Time) {
	k.mu.Lock()
	k.pending = true
	k.mu.Unlock()
	k.tick(now)
}

// arrived ends it.
func (k *keyframeRequest) arrived() {
	k.mu.Lock()
	k.pending = false
	k.mu.Unlock()
}

// tick asks again where that is due.
func (k *keyframeRequest) tick(now time.Time) {
	k.mu.Lock()
	due := k.pending && (k.last.IsZero() || now.Sub(k.last) >= k.interval)
	if due {
		k.last = now
		k.asked++
	}
	k.mu.Unlock()
	if due {
		k.ask()
	}
}

// deadline returns when tick has something to do; zero means never.
func (k *keyframeRequest) deadline() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.pending {
		return time.Time{}
	}
	return k.last.Add(k.interval)
}
