package rtc

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"wince/stream"
)

// wire sees what a tablet sends, loses what lose says, and sends packets of a test's own.
type wire struct {
	interceptor.NoOp
	lose func(h *rtp.Header) bool

	mu    sync.Mutex
	out   interceptor.RTPWriter
	seen  []rtp.Header
	again map[uint8]int // packets by payload type that were not sent for the first time
}

func (w *wire) NewInterceptor(string) (interceptor.Interceptor, error) { return w, nil }

func (w *wire) BindLocalStream(_ *interceptor.StreamInfo, out interceptor.RTPWriter) interceptor.RTPWriter {
	w.out = out
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		w.mu.Lock()
		repeated := h.PayloadType%2 == 1
		for _, s := range w.seen {
			repeated = repeated || s.SSRC == h.SSRC && s.SequenceNumber == h.SequenceNumber
		}
		if repeated {
			w.again[h.PayloadType]++
		}
		w.seen = append(w.seen, *h)
		lost := !repeated && w.lose != nil && w.lose(h)
		w.mu.Unlock()
		if lost {
			return len(payload), nil
		}
		return out.Write(h, payload, a)
	})
}

// What is lost comes again on a stream of its own where the tablet has one, and on the stream itself where it has none, of every codec.
func TestLostPacketsComeAgain(t *testing.T) {
	s := newServer(t, Config{Hold: 5e9})
	for _, c := range allCodecs {
		for _, plain := range []bool{false, true} {
			name := string(c)
			if plain {
				name += " without RTX"
			}
			t.Run(name, func(t *testing.T) {
				n := 0
				// Not the last packet of a frame: nothing tells of it before the next frame comes.
				w := &wire{again: map[uint8]int{}, lose: func(h *rtp.Header) bool { n++; return n%3 == 2 && !h.Marker }}
				tab, err := TabletConfig{Codec: c, NoRTX: plain, OnEvent: func([]byte) {}, extra: w}.New()
				if err != nil {
					t.Fatal(err)
				}
				defer tab.Close()
				in := newSink()
				connect(t, s, tab, in)
				frames := noise(t, c, 4)
				for i, f := range frames {
					if _, err := tab.Write(f, uint32(3000*i)); err != nil {
						t.Fatal(err)
					}
					if got := in.wait(t, i+1)[i]; !sameFrame(c, got.Data, f) {
						t.Errorf("frame %d: %d bytes, want %d", i, len(got.Data), len(f))
					}
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				for pt := range w.again {
					if plain == (pt%2 == 1) {
						t.Errorf("sent again with payload type %d", pt)
					}
				}
				if len(w.again) != 1 {
					t.Errorf("sent again, by payload type: %v", w.again)
				}
			})
		}
	}
}

// A sender that goes on under other SSRCs, of the video and of what it sends again, is understood as before. What it repeats to probe the
// bandwidth, what is empty, and what was never missed does nothing. So it is after a restart.
func TestRetransmissionUnderAnotherSSRC(t *testing.T) {
	s := newServer(t, Config{Hold: 5e9})
	w := &wire{again: map[uint8]int{}}
	tab, err := TabletConfig{OnEvent: func([]byte) {}, extra: w}.New()
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	in := newSink()
	p := connect(t, s, tab, in)
	send := func(ssrc uint32, pt uint8, seq uint16, at uint32, payload ...byte) {
		if _, err := w.out.Write(&rtp.Header{Version: 2, SSRC: ssrc, PayloadType: pt, SequenceNumber: seq, Timestamp: at, Marker: true}, payload, nil); err != nil {
			t.Fatal(err)
		}
	}
	const video, again = 96, 97
	n := 0
	for i, ssrc := range []uint32{0x1111, 0x2222, 0x3333} {
		base := uint16(0xfffe + 9*i) // the first wraps
		if i == 2 {
			err := tab.Restart(t.Context(), func(ctx context.Context, fragment string) (string, error) {
				answer, _, err := p.Patch(ctx, "*", fragment)
				return answer, err
			})
			if err != nil {
				t.Fatal(err)
			}
			eventually(t, "a frame comes after the restart", func() bool {
				send(ssrc, video, base-1, 0, 0x10, 0, 1)
				return len(in.all()) > n
			})
			n = len(in.all())
		}
		other := ssrc + 1
		send(ssrc, video, base, 0, 0x10, 0, 1) // a keyframe
		n++
		in.wait(t, n)
		send(other, again, 1, 0)                                             // probes the bandwidth
		send(other, again, 2, 0, byte(base>>8), byte(base), 0x10, 0, 1)      // came long ago
		send(other, again, 3, 9000, byte(base>>8)+1, byte(base), 0x10, 0, 9) // nobody missed it
		send(ssrc, video, base+2, 6000, 0x10, 1, 3)
		missing, seq := base+1, uint16(4)
		n += 2
		eventually(t, "what was missing comes again", func() bool { // it may arrive before what shows that it is missing
			send(other, again, seq, 3000, byte(missing>>8), byte(missing), 0x10, 1, 2)
			seq++
			return len(in.all()) >= n
		})
		got := in.wait(t, n)[n-3:]
		for k, f := range got {
			want := []byte{1, byte(k + 1)}
			if k == 0 {
				want[0] = 0
			}
			if !bytes.Equal(f.Data, want) || f.RTP != uint32(3000*k) || f.Codec != stream.CodecVP8 {
				t.Errorf("%#x: frame %d is % x at %d, want % x", ssrc, k, f.Data, f.RTP, want)
			}
		}
	}
	if got := in.all(); len(got) != n {
		t.Errorf("%d frames, want %d", len(got), n)
	}
}
