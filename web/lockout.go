package web

import (
	"sync"
	"time"
)

// lockout slows down guessing of passwords: after some failures in a row a key must wait, each further failure doubles the
// wait. It lives in memory: a restart forgets it, which costs a guesser a restart.
type lockout struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]tries
}

type tries struct {
	failed int
	last   time.Time
	until  time.Time
}

const (
	firstWait  = 30 * time.Second
	longestOut = 15 * time.Minute
	forgetting = time.Hour
	maxKeys    = 10_000 // bounds the memory that made-up names can take
)

func newLockout(now func() time.Time) *lockout { return &lockout{now: now, of: map[string]tries{}} }

// begin counts an attempt as failed before it is made, so that attempts made at once cannot slip past the count. It returns
// how long the key must wait; then the attempt must not be made.
func (l *lockout) begin(key string, free int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	t := l.of[key]
	if now.Sub(t.last) > forgetting {
		t = tries{}
	}
	if wait := t.until.Sub(now); wait > 0 {
		return wait
	}
	t.failed++
	t.last = now
	if over := t.failed - free; over > 0 {
		t.until = now.Add(min(longestOut, firstWait<<min(over-1, 8)))
	}
	if len(l.of) >= maxKeys {
		l.shrink(now)
	}
	l.of[key] = t
	return 0
}

// succeed forgets the failures of a key.
func (l *lockout) succeed(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, key)
}

// undo takes back one counted attempt of a key that is shared by many, such as an address.
func (l *lockout) undo(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t, ok := l.of[key]; ok {
		t.failed, t.until = max(0, t.failed-1), time.Time{}
		l.of[key] = t
	}
}

// shrink makes room for a quarter of the keys at once, so that it is seldom needed: first what may try again anyway.
func (l *lockout) shrink(now time.Time) {
	for k, t := range l.of {
		if now.Sub(t.last) > forgetting {
			delete(l.of, k)
		}
	}
	for _, waitingToo := range []bool{false, true} {
		for k, t := range l.of {
			if len(l.of) <= maxKeys*3/4 {
				return
			}
			if waitingToo || !now.Before(t.until) {
				delete(l.of, k)
			}
		}
	}
}
