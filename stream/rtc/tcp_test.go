package rtc

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

// Where UDP is blocked, video and results go over TCP, to the same number.
func TestOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Address: net.IPv4(127, 0, 0, 1), TCP: l})
	events := make(chan string, 8)
	tab, err := TabletConfig{TCP: true, OnEvent: func(b []byte) { events <- string(b) }}.New()
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	in := newSink()
	p := connect(t, s, tab, in)
	sent := [][]byte{vp8(true, 9000), vp8(false, 300), vp8(false, 2500)}
	for i, f := range sent {
		if _, err := tab.Write(f, uint32(3000*i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range in.wait(t, len(sent)) {
		if !bytes.Equal(f.Data, sent[i]) {
			t.Errorf("frame %d: %d bytes, want %d", i, len(f.Data), len(sent[i]))
		}
	}
	eventually(t, "the results channel opens", func() bool { return p.Send([]byte(`{"type":"notice"}`)) })
	<-events
	if answer := tab.pc.RemoteDescription().SDP; !strings.Contains(answer, " tcp ") || !strings.Contains(answer, "tcptype passive") {
		t.Errorf("no candidate for TCP: %s", answer)
	}
}
