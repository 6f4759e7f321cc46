package stream

import (
	"context"
	"sync"
	"time"
)

// keepTime is how long a tablet has to keep what was observed before the session ends.
const keepTime = 3 * time.Second

// Drain prepares the end: from now on no session and no tablet is taken, with [ErrStopping], every open session is told by a notice, and
// captures that run may finish. It returns when none runs any more, with a moment for what came of them to be kept, or when the
// context ends. Then call [Sessions.Close], which tells those that did not finish.
func (s *Sessions) Drain(ctx context.Context) {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	var running sync.WaitGroup
	for _, x := range s.list() {
		x.publishNotice("server_stopping", "The server is about to be started anew. What is being observed is finished first.")
		if !x.capturing() {
			continue
		}
		running.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for x.capturing() {
				select {
				case <-ctx.Done():
					return
				case <-x.Done():
					return
				case <-tick.C:
				}
			}
			keep := time.NewTimer(keepTime)
			defer keep.Stop()
			select {
			case <-ctx.Done():
			case <-x.Done():
			case <-keep.C:
			}
		})
	}
	running.Wait()
}

// capturing says whether a capture runs.
func (s *Session) capturing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capture.state == CaptureRunning && !s.closed
}
