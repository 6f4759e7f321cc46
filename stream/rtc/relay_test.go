package rtc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
)

// testRelay starts a relay behind TLS and returns it, its address, and what a client trusts.
func testRelay(t *testing.T, video, most int) (r *Relay, address string, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "example.com"}
	trust.RootCAs.AddCert(own)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, err = NewRelay(RelayConfig{Listener: tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}), VideoPort: video, most: most})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, l.Addr().String(), trust
}

// Where only the relay can be reached, video comes through it, over TLS.
func TestThroughTheRelay(t *testing.T) {
	s := newServer(t, Config{Address: net.IPv4(127, 0, 0, 1)})
	r, at, trust := testRelay(t, s.Port(), 0)
	name, password, err := r.Credentials(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := r.Credentials(time.Hour)
	if err != nil || name == again {
		t.Errorf("the same credentials twice: %q, %v", again, err)
	}
	// pion's client cannot be told whom to trust, so TLS begins one step on the way.
	relay := webrtc.ICEServer{URLs: []string{"turn:" + tlsBeginsAt(t, at, trust) + "?transport=tcp"}, Username: name, Credential: password}
	tab, err := TabletConfig{OnEvent: func([]byte) {}, relay: &relay}.New()
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	in := newSink()
	connect(t, s, tab, in)
	frame := vp8(true, 5000)
	if _, err := tab.Write(frame, 0); err != nil {
		t.Fatal(err)
	}
	if got := in.wait(t, 1); !bytes.Equal(got[0].Data, frame) {
		t.Errorf("%d bytes came, want %d", len(got[0].Data), len(frame))
	}
}

// tlsBeginsAt returns an address whose connections go on over TLS.
func tlsBeginsAt(t *testing.T, to string, trust *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := tls.Dial("tcp", to, trust)
			if err != nil {
				t.Error(err)
				near.Close()
				return
			}
			wg.Go(func() { _, _ = io.Copy(far, near); far.Close() })
			wg.Go(func() { _, _ = io.Copy(near, far); near.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// allocate asks for a place in the relay.
func allocate(t *testing.T, at string, trust *tls.Config, name, password string) error {
	t.Helper()
	conn, err := tls.Dial("tcp", at, trust)
	if err != nil {
		return err
	}
	c, err := turn.NewClient(&turn.ClientConfig{Conn: turn.NewSTUNConn(conn), TURNServerAddr: at, Username: name, Password: password})
	if err != nil {
		conn.Close()
		return err
	}
	t.Cleanup(func() { c.Close(); conn.Close() })
	if err := c.Listen(); err != nil {
		return err
	}
	relayed, err := c.Allocate()
	if err == nil {
		t.Cleanup(func() { relayed.Close() })
	}
	return err
}

// Only whoever was given credentials gets a place, while they are good, and only so many of them.
func TestRelayRefuses(t *testing.T) {
	r, at, trust := testRelay(t, 9, maxOfOne+1)
	credentials := func(life time.Duration) (string, string) {
		name, password, err := r.Credentials(life)
		if err != nil {
			t.Fatal(err)
		}
		return name, password
	}
	refused := func(what, because string, err error) {
		if err == nil || !strings.Contains(err.Error(), because) {
			t.Errorf("%s: %v, want %s", what, err, because)
		}
	}
	name, password := credentials(time.Hour)
	stale, stalePassword := credentials(-time.Second)
	_, other := credentials(time.Hour)
	refused("another certificate", "certificate", allocate(t, at, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "example.com"}, name, password))
	refused("credentials whose time is over", "401", allocate(t, at, trust, stale, stalePassword))
	refused("a longer life with the same password", "401", allocate(t, at, trust, "9"+stale, stalePassword))
	refused("somebody else's password", "401", allocate(t, at, trust, name, other))
	refused("a name that was not given out", "401", allocate(t, at, trust, "kim", password))
	refused("no password", "401", allocate(t, at, trust, name, ""))
	for i := range maxOfOne {
		if err := allocate(t, at, trust, name, password); err != nil {
			t.Fatalf("place %d: %v", i+1, err)
		}
	}
	refused("one too many for one name", "486", allocate(t, at, trust, name, password))
	second, secondPassword := credentials(time.Hour)
	if err := allocate(t, at, trust, second, secondPassword); err != nil {
		t.Error(err)
	}
	refused("one too many for the relay", "508", allocate(t, at, trust, second, secondPassword))
}

// A place is free again when its connection ends.
func TestPlaceIsFreeAgain(t *testing.T) {
	r, at, trust := testRelay(t, 9, 1)
	name, password, err := r.Credentials(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("first", func(t *testing.T) {
		if err := allocate(t, at, trust, name, password); err != nil {
			t.Fatal(err)
		}
	})
	eventually(t, "the place is free", func() bool { return allocate(t, at, trust, name, password) == nil })
	r.places.mu.Lock()
	defer r.places.mu.Unlock()
	if len(r.places.holds) != 1 || r.places.count != 1 {
		t.Errorf("places: %d, %v", r.places.count, r.places.holds)
	}
}

// Who asks over many connections at once may be told by all of them that there is room, before any of them has a place.
func TestPlacesAtOnce(t *testing.T) {
	r, _, _ := testRelay(t, 9, 2*maxOfOne)
	want := turn.AllocateListenerConfig{Network: "udp4", UserID: "kim"}
	var taken []net.PacketConn
	for range 2 * maxOfOne {
		if c, _, err := r.places.AllocatePacketConn(want); err == nil {
			taken = append(taken, c)
		}
	}
	if len(taken) != maxOfOne {
		t.Errorf("%d places for one name, want %d", len(taken), maxOfOne)
	}
	for range 2 { // closing again does nothing
		for _, c := range taken {
			c.Close()
		}
	}
	r.places.mu.Lock()
	defer r.places.mu.Unlock()
	if len(r.places.holds) != 0 || r.places.count != 0 {
		t.Errorf("places: %d, %v, want none", r.places.count, r.places.holds)
	}
}

// Connections that say nothing are ended, too many are not let in, and none outlives the relay.
func TestGuard(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := guard(plain, 2, time.Millisecond)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	accept := func() net.Conn {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	dial()
	silent := accept()
	if _, err := silent.Read(make([]byte, 1)); !timedOut(err) {
		t.Errorf("a silent connection: %v", err)
	}
	talks := dial()
	if _, err := talks.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	second := accept()
	second.(*guardedConn).patience = 10 * time.Second // whatever the machine does meanwhile
	if n, err := second.Read(make([]byte, 8)); n != 5 || err != nil {
		t.Errorf("read %d bytes: %v", n, err)
	}
	if second.(*guardedConn).patience != longestSilence {
		t.Error("a connection that talks has no more time than one that does not")
	}
	third := dial()
	var ended sync.WaitGroup
	ended.Go(func() { _, _ = l.Accept() }) // lets nobody in until the end
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third was let in")
	}
	silent.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := talks.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived the relay")
	}
	ended.Wait()
}

func TestRelayLeadsNowhereElse(t *testing.T) {
	at, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	from, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := at.LocalAddr().(*net.UDPAddr).Port
	c := &toPort{PacketConn: from, port: port + 1, gone: func() {}}
	defer c.Close()
	for _, p := range []int{port + 1, port} { // another port than the video's first
		c.port = p
		if _, err := c.WriteTo([]byte{byte(p - port)}, at.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 8)
	if _, _, err := at.ReadFrom(b); err != nil || b[0] != 0 {
		t.Errorf("what came first is %d, %v: another port was reached", b[0], err)
	}
	for ip, want := range map[string]bool{"127.0.0.1": true, "::1": true, "192.0.2.77": false, "169.254.169.254": false} {
		if own(net.ParseIP(ip)) != want {
			t.Errorf("%s is this machine's own: %v, want %v", ip, !want, want)
		}
	}
}
