package web

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"wince/care"
)

func TestLaneIsNarrow(t *testing.T) {
	l := newLane()
	var now, most atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			err := l.do(t.Context(), func() {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				runtime.Gosched()
				now.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l.close()
	if got, want := most.Load(), int32(max(1, runtime.GOMAXPROCS(0)/2)); got > want {
		t.Errorf("%d jobs ran at once, want at most %d", got, want)
	}
}

func TestLaneLetsGo(t *testing.T) {
	l := newLane()
	busy, end := make(chan struct{}), make(chan struct{})
	var held sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		held.Go(func() { _ = l.do(t.Context(), func() { busy <- struct{}{}; <-end }) })
		<-busy
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.do(ctx, func() { t.Error("ran after the client had left") }); !errors.Is(err, context.Canceled) {
		t.Errorf("do returned %v, want the context's error", err)
	}
	close(end)
	held.Wait()
	func() {
		defer func() {
			if got := recover(); got != "thrown" {
				t.Errorf("recovered %v, want the job's panic", got)
			}
		}()
		_ = l.do(t.Context(), func() { panic("thrown") })
	}()
	ran := false
	if err := l.do(t.Context(), func() { ran = true }); err != nil || !ran {
		t.Errorf("after a panic: ran %v, error %v", ran, err)
	}
	l.close()
	if err := l.do(t.Context(), func() { t.Error("ran in a closed lane") }); err == nil {
		t.Error("a closed lane took a job")
	}
}

// TestProgramsWaitBehindPeople fills the lane: a program's request waits, a person's does not, and the program gets the whole answer
// once there is room.
func TestProgramsWaitBehindPeople(t *testing.T) {
	g := newRig(t).admin()
	r := g.resident(care.ConsentGiven)
	_, secret := g.apiKey("Platform", []string{"system/*.rs"})
	busy, end := make(chan struct{}), make(chan struct{})
	var held sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		held.Go(func() { _ = g.server.lane.do(t.Context(), func() { busy <- struct{}{}; <-end }) })
		<-busy
	}
	got := make(chan answer, 1)
	held.Go(func() { got <- g.as(secret).do("GET", "/api/v1/residents/"+r.ID, nil) })
	g.do("GET", "/api/v1/residents/"+r.ID, nil).want(200)
	select {
	case <-got:
		t.Error("a program's request did not wait")
	default:
	}
	close(end)
	held.Wait()
	var seen care.Resident
	a := (<-got).want(200)
	if a.read(&seen); seen.ID != r.ID || a.Header.Get("ETag") == "" {
		t.Errorf("the program got %+v with ETag %q", seen, a.Header.Get("ETag"))
	}
}
