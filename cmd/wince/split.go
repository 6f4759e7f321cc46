package main

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

// split shares one TCP port between pages and video: where UDP is blocked, tablets send video over TCP (ICE-TCP, RFC 6544) to the number
// that they know anyway. The first byte tells the two apart: what frames video (RFC 4571) begins with the length of a packet, whose upper
// byte is small; TLS begins with 22, and HTTP with a letter.
type split struct {
	from   net.Listener
	pages  *half
	video  *half
	wg     sync.WaitGroup
	closed chan struct{}
	once   sync.Once
	mu     sync.Mutex
	fresh  map[net.Conn]struct{} // that have not shown what they are
}

// largestFirst is the upper byte of the length of the largest packet that is framed.
const largestFirst = 0x05

// firstByte is how long a connection may take to show what it is, and waiting is how many may be about to at once.
const (
	firstByte = 5 * time.Second
	waiting   = 512
)

// newSplit takes over the listener. Close it.
func newSplit(from net.Listener) *split {
	s := &split{from: from, closed: make(chan struct{}), fresh: map[net.Conn]struct{}{}}
	s.pages, s.video = newHalf(s), newHalf(s)
	s.wg.Go(s.accept)
	return s
}

func (s *split) accept() {
	for {
		c, err := s.from.Accept()
		if err != nil {
			if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			s.end()
			return
		}
		if !s.enter(c) {
			c.Close()
			continue
		}
		s.wg.Go(func() { s.sort(c) })
	}
}

// enter takes a connection in, unless the port is closed or too many say nothing.
func (s *split) enter(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
	}
	if len(s.fresh) >= waiting {
		return false
	}
	s.fresh[c] = struct{}{}
	return true
}

// sort hands a connection to whom it belongs.
func (s *split) sort(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(firstByte))
	p := &peekedConn{Conn: c, r: bufio.NewReaderSize(c, 16)}
	b, err := p.r.Peek(1)
	s.mu.Lock()
	delete(s.fresh, c)
	s.mu.Unlock()
	if err != nil {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	to := s.pages
	if b[0] <= largestFirst {
		to = s.video
	}
	select {
	case to.conns <- p:
	case <-to.own:
		c.Close()
	case <-s.closed:
		c.Close()
	}
}

func (s *split) end() { s.once.Do(func() { close(s.closed) }) }

// Close closes the port and waits for what is being sorted.
func (s *split) Close() error {
	s.end()
	err := s.from.Close()
	s.mu.Lock()
	for c := range s.fresh {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// half is the listener of one of the two. Closing one leaves the other open.
type half struct {
	s     *split
	conns chan net.Conn
	own   chan struct{}
	once  sync.Once
}

func newHalf(s *split) *half {
	return &half{s: s, conns: make(chan net.Conn), own: make(chan struct{})}
}

// Accept implements net.Listener.
func (h *half) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.own:
	case <-h.s.closed:
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (h *half) Close() error {
	h.once.Do(func() { close(h.own) })
	return nil
}

// Addr implements net.Listener.
func (h *half) Addr() net.Addr { return h.s.from.Addr() }

// peekedConn is a connection of which a byte was looked at.
type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

// Read implements net.Conn.
func (c *peekedConn) Read(b []byte) (int, error) { return c.r.Read(b) }
