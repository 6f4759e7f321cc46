package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wince/pain"
	"wince/vision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tablets is a publisher whose peers a test holds in its hands. An offer "bad" is refused.
type tablets struct {
	mu   sync.Mutex
	list []*tablet
	gate chan struct{} // where not nil, Publish waits for it
}

type tablet struct {
	id        string
	to        Sink
	connected atomic.Bool
	keyframes atomic.Int64
	full      atomic.Bool
	mu        sync.Mutex
	events    []string
	done      chan struct{}
	once      sync.Once
}

func (p *tablets) Publish(ctx context.Context, offer string, to Sink) (string, Peer, error) {
	if p.gate != nil {
		<-p.gate
	}
	if offer == "bad" {
		return "", nil, ErrOfferUnreadable
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &tablet{id: fmt.Sprint("peer", len(p.list)), to: to, done: make(chan struct{})}
	t.connected.Store(true)
	p.list = append(p.list, t)
	return "answer", t, ctx.Err()
}

func (p *tablets) last() *tablet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list[len(p.list)-1]
}

func (t *tablet) ID() string            { return t.id }
func (t *tablet) Connected() bool       { return t.connected.Load() }
func (t *tablet) RequestKeyframe()      { t.keyframes.Add(1) }
func (t *tablet) Done() <-chan struct{} { return t.done }
func (t *tablet) ICE() string           { return "tag" }
func (t *tablet) Patch(_ context.Context, tag, fragment string) (string, string, error) {
	return "answer to " + fragment, tag + "'", nil
}
func (t *tablet) Close() error {
	t.connected.Store(false)
	t.once.Do(func() { close(t.done) })
	return nil
}

func (t *tablet) Send(e []byte) bool {
	if t.full.Load() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, string(e))
	return true
}

// film sends n frames at 30 a second, the first a keyframe.
func (t *tablet) film(n int) { t.again(0, 0, n) }

// again goes on with n frames, after so many and at that time since the first.
func (t *tablet) again(after int, at time.Duration, n int) {
	for i := range n {
		rtp := uint32(at.Seconds()*rtpRate) + uint32(3000*i)
		t.to.Push(EncodedFrame{Codec: CodecVP8, Data: []byte{byte(after + i)}, RTP: rtp, Keyframe: i == 0, Received: time.Now()})
		time.Sleep(time.Second / 30)
	}
}

// plainDecoder makes a picture of one pixel that holds the frame's first byte; 0xee is a damaged frame, 0xdd one that is not
// shown.
type plainDecoder struct{ closed *atomic.Int64 }

func (d plainDecoder) Decode(f []byte, into *vision.I420) (bool, error) {
	switch f[0] {
	case 0xee:
		return false, errors.New("damaged")
	case 0xdd:
		return false, nil
	}
	into.Y = append(into.Y[:0], f[0])
	return true, nil
}

func (d plainDecoder) Close() error { d.closed.Add(1); return nil }

// plainAnalyzer scores every picture, or says what state tells it to.
type plainAnalyzer struct {
	closed *atomic.Int64
	gate   chan struct{} // where not nil, every picture waits for it
	state  func(t time.Duration) pain.State
	seen   func(y byte, t time.Duration)

	baseline vision.Baseline      // default session
	result   func(*vision.Result) // changes what is found
}

func (a *plainAnalyzer) Analyze(img *vision.I420, t time.Duration) vision.Result {
	if a.gate != nil {
		<-a.gate
	}
	if a.seen != nil {
		a.seen(img.Y[0], t)
	}
	r := vision.Result{Frame: pain.Frame{State: pain.Scored, AU: pain.Unmeasured(), Score: 3, PSPI: 4}, Baseline: vision.BaselineSession}
	r.Frame.AU[pain.AU4] = 3
	if a.baseline != "" {
		r.Baseline = a.baseline
	}
	if a.result != nil {
		a.result(&r)
	}
	if a.state != nil {
		if r.Frame.State = a.state(t); r.Frame.State != pain.Scored {
			r.Frame.Reasons = pain.ReasonTooDark
		}
	}
	return r
}

func (a *plainAnalyzer) Close() error { a.closed.Add(1); return nil }

// bench is a registry with everything around it faked.
type bench struct {
	*Sessions
	tablets                   *tablets
	analyzers                 []*plainAnalyzer // taken in turn; after these, plain ones
	decodersShut, analyzeShut atomic.Int64
}

func newBench(t *testing.T, change func(*Config), analyzers ...*plainAnalyzer) *bench {
	t.Helper()
	b := &bench{tablets: &tablets{}, analyzers: analyzers}
	cfg := Config{
		Publisher:  b.tablets,
		NewDecoder: func(Codec) (Decoder, error) { return plainDecoder{&b.decodersShut}, nil },
		NewAnalyzer: func(own *vision.Neutral, side vision.Side) (Analyzer, error) {
			a := &plainAnalyzer{}
			if len(b.analyzers) > 0 {
				a, b.analyzers = b.analyzers[0], b.analyzers[1:]
			}
			a.closed = &b.analyzeShut
			return a, nil
		},
		Models: map[string]string{"mesh": "1"},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.Sessions, err = NewSessions(cfg); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) publishing(t *testing.T, id string) (*Session, *tablet) {
	t.Helper()
	s, err := b.Create(id, BothSides)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Publish(t.Context(), "offer"); err != nil {
		t.Fatal(err)
	}
	return s, b.tablets.last()
}

func kinds(events []string) map[string]int {
	n := map[string]int{}
	for _, e := range events {
		var x struct{ Type string }
		if err := json.Unmarshal([]byte(e), &x); err != nil {
			n["unreadable: "+e]++
			continue
		}
		n[x.Type]++
	}
	return n
}
