package rtc

import (
	"net"
	"sync"
	"time"
)

const (
	mostConnections = 2 * maxRelayed   // to the relay at once, whether they have a place there or not
	firstWord       = 10 * time.Second // that a connection has to say anything at all, TLS included
	longestSilence  = 11 * time.Minute // between two words of one: an allocation that nobody refreshes lasts for ten minutes
)

// guarded lets in no more connections than the relay bears, ends those that say nothing, and with it all of them. The TURN server would wait
// for each until the other end has gone.
type guarded struct {
	net.Listener
	most  int
	first time.Duration

	mu     sync.Mutex
	conns  map[*guardedConn]struct{}
	closed bool
}

func guard(l net.Listener, most int, first time.Duration) *guarded {
	return &guarded{Listener: l, most: most, first: first, conns: map[*guardedConn]struct{}{}}
}

// Accept implements net.Listener.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		x := &guardedConn{Conn: c, in: g, patience: g.first}
		g.mu.Lock()
		let := !g.closed && len(g.conns) < g.most
		if let {
			g.conns[x] = struct{}{}
		}
		g.mu.Unlock()
		if let {
			return x, nil
		}
		c.Close()
	}
}

// Close implements net.Listener.
func (g *guarded) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for c := range g.conns {
		c.Conn.Close()
	}
	return err
}

// guardedConn is one of them. Read serves one goroutine.
type guardedConn struct {
	net.Conn
	in       *guarded
	patience time.Duration
}

// Read implements net.Conn.
func (c *guardedConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.patience = longestSilence
	}
	return n, err
}

// Close implements net.Conn.
func (c *guardedConn) Close() error {
	c.in.mu.Lock()
	delete(c.in.conns, c)
	c.in.mu.Unlock()
	return c.Conn.Close()
}
