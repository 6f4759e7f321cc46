package web

import (
	"sync"
	"time"
)

// pending keeps what a sign-in in two steps must remember between them, such as a challenge. Each is taken once and in time.
// It lives in memory: a restart asks people to begin again.
type pending[T any] struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]waiting[T]
}

type waiting[T any] struct {
	v       T
	expires time.Time
}

const (
	pendingLife = 10 * time.Minute
	maxPending  = 10_000 // bounds the memory that strangers can take
)

func newPending[T any](now func() time.Time) *pending[T] {
	return &pending[T]{now: now, of: map[string]waiting[T]{}}
}

// put keeps a value and returns the token to take it with.
func (p *pending[T]) put(v T) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if len(p.of) >= maxPending {
		p.shrink(now)
	}
	token := newToken()
	p.of[token] = waiting[T]{v, now.Add(pendingLife)}
	return token
}

// shrink makes room for a quarter at once, so that it is seldom needed: first what nobody may take any more.
func (p *pending[T]) shrink(now time.Time) {
	for k, w := range p.of {
		if !now.Before(w.expires) {
			delete(p.of, k)
		}
	}
	for k := range p.of {
		if len(p.of) <= maxPending*3/4 {
			return
		}
		delete(p.of, k)
	}
}

// take returns a value that was put and not taken yet.
func (p *pending[T]) take(token string) (v T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.of[token]
	delete(p.of, token)
	if !ok || !p.now().Before(w.expires) {
		return v, false
	}
	return w.v, true
}
