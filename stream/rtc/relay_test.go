package rtc

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// Where only the relay can be reached, video comes through it, and nothing comes through it to another port.
func TestThroughTheRelay(t *testing.T) {
	s := newServer(t, Config{Address: net.IPv4(127, 0, 0, 1)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRelay(RelayConfig{Listener: l, VideoPort: s.Port()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	name, password, err := r.Credentials(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := r.Credentials(time.Hour)
	if err != nil || name == again {
		t.Errorf("the same credentials twice: %q, %v", again, err)
	}
	relay := webrtc.ICEServer{URLs: []string{"turn:" + l.Addr().String() + "?transport=tcp"}, Username: name, Credential: password}
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
