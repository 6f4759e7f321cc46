package rtc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/turn/v5"
)

// RelayConfig says where a relay listens and what it leads to.
type RelayConfig struct {
	Listener  net.Listener // of TLS; the relay closes it
	VideoPort int          // the one UDP port that it leads to
	Address   net.IP       // of this machine, from which it sends; nil or unspecified: the loopback address
	Logger    *slog.Logger // default discards

	most int // places, for tests; default maxRelayed
}

// Relay is a TURN server (RFC 8656) for tablets whose network lets nothing but TLS through. It leads to this server's own video port and to
// nothing else, so that it is of no use to anybody who wants to reach other machines.
type Relay struct {
	server *turn.Server
	secret string
	places *videoOnly
}

const (
	maxRelayed = 256 // places at once: a tablet takes one for each network that it is in
	maxOfOne   = 8   // with the same credentials
)

// NewRelay starts a relay. Close it.
func NewRelay(cfg RelayConfig) (*Relay, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	from := cfg.Address
	if len(from) == 0 || from.IsUnspecified() {
		from = net.IPv4(127, 0, 0, 1)
	}
	if cfg.most == 0 {
		cfg.most = maxRelayed
	}
	r := &Relay{secret: rand.Text(), places: &videoOnly{
		RelayAddressGeneratorStatic: turn.RelayAddressGeneratorStatic{RelayAddress: from, Address: from.String()},
		port:                        cfg.VideoPort, most: cfg.most, holds: map[string]int{},
	}}
	logs := pionLog{cfg.Logger}
	var err error
	r.server, err = turn.NewServer(turn.ServerConfig{
		Realm: "wince", AuthHandler: turn.LongTermTURNRESTAuthHandler(r.secret, logs.NewLogger("turn")), LoggerFactory: logs,
		QuotaHandler: r.places.mayTake,
		ListenerConfigs: []turn.ListenerConfig{{
			Listener:              guard(cfg.Listener, mostConnections, firstWord),
			RelayAddressGenerator: r.places,
			PermissionHandler:     func(_ net.Addr, peer net.IP) bool { return own(peer) },
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("start the relay for video: %w", err)
	}
	return r, nil
}

// Credentials returns a name and a password that let a tablet in until their time is over. They are the same secret for nobody else.
func (r *Relay) Credentials(life time.Duration) (username, password string, err error) {
	username, password, err = turn.GenerateLongTermTURNRESTCredentials(r.secret, rand.Text()[:8], life)
	if err != nil {
		return "", "", fmt.Errorf("make credentials for the relay: %w", err)
	}
	return username, password, nil
}

// Close ends the relay and its connections.
func (r *Relay) Close() error {
	if err := r.server.Close(); err != nil {
		return fmt.Errorf("close the relay for video: %w", err)
	}
	return nil
}

// own says whether an address is one of this machine.
func own(ip net.IP) bool {
	if ip.IsLoopback() {
		return true
	}
	all, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(all, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// videoOnly opens the relay's sockets, which send to one port only.
type videoOnly struct {
	turn.RelayAddressGeneratorStatic
	port, most int

	mu    sync.Mutex
	count int            // places
	holds map[string]int // by whose they are
}

var (
	errRelayFull = errors.New("as many tablets as possible are relayed")
	errHasEnough = errors.New("these credentials have as many places as they may")
)

// mayTake says whether credentials are good for another place. Whoever asks over many connections at once is told so for all of them, so
// take has the last word.
func (v *videoOnly) mayTake(whose, _ string, _ net.Addr) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.holds[whose] < maxOfOne
}

// take takes a place. That of nobody is held for a moment only, while the TURN server looks for a free port.
func (v *videoOnly) take(whose string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.count >= v.most:
		return errRelayFull
	case whose != "" && v.holds[whose] >= maxOfOne:
		return errHasEnough
	}
	v.count++
	v.holds[whose]++
	return nil
}

func (v *videoOnly) giveBack(whose string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.count--
	if v.holds[whose]--; v.holds[whose] == 0 {
		delete(v.holds, whose)
	}
}

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (v *videoOnly) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if err := v.take(c.UserID); err != nil {
		return nil, nil, err
	}
	conn, at, err := v.RelayAddressGeneratorStatic.AllocatePacketConn(c)
	if err != nil {
		v.giveBack(c.UserID)
		return nil, nil, err
	}
	return &toPort{PacketConn: conn, port: v.port, gone: sync.OnceFunc(func() { v.giveBack(c.UserID) })}, at, nil
}

var errNoRelayedTCP = errors.New("only UDP is relayed")

// AllocateListener implements turn.RelayAddressGenerator.
func (v *videoOnly) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errNoRelayedTCP
}

// AllocateConn implements turn.RelayAddressGenerator.
func (v *videoOnly) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, errNoRelayedTCP
}

// toPort is a socket that sends to one port only.
type toPort struct {
	net.PacketConn
	port int
	gone func()
}

// WriteTo implements net.PacketConn. What goes elsewhere is lost, as in a network with a firewall.
func (c *toPort) WriteTo(b []byte, to net.Addr) (int, error) {
	if a, ok := to.(*net.UDPAddr); !ok || a.Port != c.port {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

// Close implements net.PacketConn.
func (c *toPort) Close() error {
	c.gone()
	return c.PacketConn.Close()
}
