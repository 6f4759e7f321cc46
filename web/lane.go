package web

import (
	"bytes"
	"context"
	"net/http"
	"runtime"
	"sync"

	"github.com/gin-gonic/gin"
)

// lane is where programs wait their turn. What they ask for runs on few threads of low priority, so that two hundred platforms
// that pull at once leave live video and the people at the tablets what they need: see docs/decisions/0078.
type lane struct {
	jobs chan func()
	stop chan struct{}
	wg   sync.WaitGroup
}

// newLane starts the lane's threads: half as many as the program may use.
func newLane() *lane {
	l := &lane{jobs: make(chan func()), stop: make(chan struct{})}
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		l.wg.Go(l.work)
	}
	return l
}

func (l *lane) work() {
	// The thread keeps its low priority, so it must serve nothing else: it ends with this goroutine.
	runtime.LockOSThread()
	yieldThread()
	for {
		select {
		case <-l.stop:
			return
		case do := <-l.jobs:
			do()
		}
	}
}

// do runs a job in the lane and waits for it. It returns the context's error, and runs nothing, where that ends before the
// job's turn, and context.Canceled where the lane is closed. A panic of the job is the caller's.
func (l *lane) do(ctx context.Context, job func()) error {
	var thrown any
	done := make(chan struct{})
	run := func() {
		defer close(done)
		defer func() { thrown = recover() }()
		job()
	}
	select {
	case l.jobs <- run:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.stop:
		return context.Canceled
	}
	<-done
	if thrown != nil {
		panic(thrown)
	}
	return nil
}

// close ends the lane after the jobs that run.
func (l *lane) close() {
	close(l.stop)
	l.wg.Wait()
}

// behind lets the rest of a connected program's request run in the lane. The answer is kept until it is whole and sent outside the
// lane, so that a client that reads slowly holds nobody up. What is no JSON is sent as it comes: live events, and downloads, which
// make one piece after the other in the lane themselves.
func (s *Server) behind(r route) gin.HandlerFunc {
	_, other := r.doc.gives.(media)
	return func(c *gin.Context) {
		if !other && client(c) != nil {
			s.inLane(c)
		}
	}
}

// behindFHIR is behind for the addresses under /fhir, which all answer with JSON.
func (s *Server) behindFHIR(c *gin.Context) {
	if client(c) != nil {
		s.inLane(c)
	}
}

func (s *Server) inLane(c *gin.Context) {
	whole := &wholeAnswer{ResponseWriter: c.Writer}
	c.Writer = whole
	defer func() { c.Writer = whole.ResponseWriter }() // also where the handler throws
	if err := s.lane.do(c.Request.Context(), c.Next); err != nil {
		c.Abort() // the client has left, or the server stops: there is nobody to answer
		return
	}
	if whole.body.Len() > 0 {
		_, _ = whole.ResponseWriter.Write(whole.body.Bytes()) // the client may have left
	}
}

// wholeAnswer keeps an answer's body.
type wholeAnswer struct {
	gin.ResponseWriter
	body bytes.Buffer
}

// Unwrap lets a handler that takes long set the connection's deadlines.
func (w *wholeAnswer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *wholeAnswer) Write(b []byte) (int, error)       { return w.body.Write(b) }
func (w *wholeAnswer) WriteString(s string) (int, error) { return w.body.WriteString(s) }
func (w *wholeAnswer) Written() bool                     { return w.body.Len() > 0 || w.ResponseWriter.Written() }
func (w *wholeAnswer) Size() int                         { return w.body.Len() }
func (w *wholeAnswer) WriteHeaderNow()                   {}
func (w *wholeAnswer) Flush()                            {}
