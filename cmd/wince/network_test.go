package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// weather is what a network does to packets of media on their way to the server.
type weather struct {
	plain bool          // the tablet has no RTX
	loss  float64       // share that vanishes
	late  float64       // share that comes late, and so out of order
	delay time.Duration // at most, of what comes late; every packet another one
	back  time.Duration // that every packet of the way back is late
	most  int           // bytes of a datagram, in both directions; 0 knows no limit. Larger ones vanish, and nobody is told
	rate  int           // bytes a second; 0 knows no limit. What does not fit into an eighth of a second's queue is lost
}

// badNetwork relays UDP to a server as bad Wi-Fi would. Beside what its weather does, now and then, or for good, nothing goes through at
// all, in either direction.
type badNetwork struct {
	front   *net.UDPConn
	to      *net.UDPAddr
	weather atomic.Pointer[weather]
	dead    atomic.Bool
	lost    atomic.Int64
	late    atomic.Int64
	large   [2]atomic.Int64 // datagrams to the server, and from it, that were too large
	media   atomic.Int64    // bytes of video that the tablets sent
	again   atomic.Int64    // of these what they sent not for the first time
	wg      sync.WaitGroup
	mu      sync.Mutex
	backs   map[string]*net.UDPConn
	closed  bool
	budget  float64
	filled  time.Time
}

func newBadNetwork(t *testing.T, port int) *badNetwork {
	t.Helper()
	return newBadNetworkTo(t, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
}

func newBadNetworkTo(t *testing.T, to *net.UDPAddr) *badNetwork {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &badNetwork{front: front, to: to, backs: map[string]*net.UDPConn{}}
	n.set(weather{})
	n.wg.Go(func() { n.relay(t) })
	t.Cleanup(func() {
		n.mu.Lock()
		n.closed = true
		n.mu.Unlock()
		front.Close()
		n.rebind()
		n.wg.Wait()
	})
	return n
}

var candidate = regexp.MustCompile(`(?m)^a=candidate:.*\r?\n`)

// detour leads a tablet through this network.
func (n *badNetwork) detour() *detour {
	relay := fmt.Sprintf("a=candidate:1 1 udp 2130706431 127.0.0.1 %d typ host\r\n", n.front.LocalAddr().(*net.UDPAddr).Port)
	return &detour{
		offer: func(sdp string) string { return candidate.ReplaceAllString(sdp, "") },
		answer: func(sdp string) string {
			return candidate.ReplaceAllStringFunc(sdp, func(string) string {
				line := relay
				relay = "" // once
				return line
			})
		},
	}
}

func (n *badNetwork) set(w weather) { n.weather.Store(&w) }

// rebind lets the tablets' packets come from other ports from now on, as a router does that has forgotten them. What the server sends to
// the old ones is lost.
func (n *badNetwork) rebind() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k, b := range n.backs {
		b.Close()
		delete(n.backs, k)
	}
}

// relay carries the tablets' packets to the server.
func (n *badNetwork) relay(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	newest := map[uint32]uint16{} // sequence number of each stream
	buf := make([]byte, 2048)
	for {
		k, from, err := n.front.ReadFromUDP(buf)
		if err != nil {
			return
		}
		w := n.weather.Load()
		back := n.back(t, from)
		if back == nil {
			return // the test has ended
		}
		media := k >= 12 && buf[0]&0xc0 == 0x80 && buf[1]&0x7f >= 96 // RTP of the video (RFC 7983)
		if media {
			n.media.Add(int64(k))
			ssrc, seq := binary.BigEndian.Uint32(buf[8:]), binary.BigEndian.Uint16(buf[2:])
			last, known := newest[ssrc]
			if buf[1]&1 != 0 || known && int16(seq-last) <= 0 { // RTX has the odd payload types
				n.again.Add(int64(k))
			} else {
				newest[ssrc] = seq
			}
		}
		switch x := rng.Float64(); {
		case n.dead.Load():
		case w.most > 0 && k > w.most:
			n.large[0].Add(1)
		case media && (x < w.loss || !n.fits(w, k)):
			n.lost.Add(1)
		case media && x < w.loss+w.late:
			n.late.Add(1)
			p := append([]byte(nil), buf[:k]...)
			wait := time.Duration(rng.Int64N(int64(w.delay)) + 1)
			n.wg.Go(func() {
				time.Sleep(wait)
				_, _ = back.Write(p) // closed at the test's end
			})
		default:
			_, _ = back.Write(buf[:k]) // the server may have gone
		}
	}
}

// fits says whether a packet still gets through within the weather's rate.
func (n *badNetwork) fits(w *weather, size int) bool {
	if w.rate == 0 {
		return true
	}
	now := time.Now()
	n.budget = min(n.budget+now.Sub(n.filled).Seconds()*float64(w.rate), float64(w.rate)/8)
	n.filled = now
	if n.budget < float64(size) {
		return false
	}
	n.budget -= float64(size)
	return true
}

// back returns the connection that stands for one tablet towards the server, and carries what comes back; nil once the network is closed.
func (n *badNetwork) back(t *testing.T, from *net.UDPAddr) *net.UDPConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c := n.backs[from.String()]; c != nil || n.closed {
		return c
	}
	c, err := net.DialUDP("udp4", nil, n.to)
	if err != nil {
		t.Error(err)
		return n.front
	}
	n.backs[from.String()] = c
	n.wg.Go(func() {
		buf := make([]byte, 2048)
		for {
			k, err := c.Read(buf)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil || n.dead.Load() {
				continue
			}
			w := n.weather.Load()
			if w.most > 0 && k > w.most {
				n.large[1].Add(1)
				continue
			}
			if wait := w.back; wait > 0 {
				p := append([]byte(nil), buf[:k]...)
				n.wg.Go(func() {
					time.Sleep(wait)
					_, _ = n.front.WriteToUDP(p, from)
				})
				continue
			}
			_, _ = n.front.WriteToUDP(buf[:k], from)
		}
	})
	return c
}
