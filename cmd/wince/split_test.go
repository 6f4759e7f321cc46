package main

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newSplit(l)
	defer s.Close()
	for _, tt := range []struct {
		name  string
		first []byte
		to    *half
	}{
		{"TLS", []byte{0x16, 3, 1}, s.pages}, {"HTTP", []byte("GET "), s.pages}, {"a framed packet of 100 bytes", []byte{0, 100, 0}, s.video}, {"one of 1400", []byte{5, 120, 1}, s.video},
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(tt.first); err != nil {
			t.Fatal(err)
		}
		got, err := tt.to.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer got.Close()
		b := make([]byte, len(tt.first))
		if _, err := io.ReadFull(got, b); err != nil || string(b) != string(tt.first) {
			t.Errorf("%s: read % x, %v", tt.name, b, err)
		}
	}
	// One that says nothing holds up neither the others nor the end.
	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := s.video.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.video.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed half: %v", err)
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{0x16}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.pages.Accept(); err != nil {
		t.Errorf("the other half: %v", err)
	} else {
		got.Close()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.pages.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// Pages and video come through the real server's one TCP port.
func TestServeOverTCP(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	startServe(t, data)
	address := strings.TrimSpace(read(t, filepath.Join(data, "address")))
	out, err := simulate(t, "--url", "https://"+address, "--clip", shortClip(t), "--seconds", "0.5", "--data", data, "--tcp", "--json")
	if err != nil || strings.Contains(out, `"results":0`) {
		t.Errorf("%v: %s", err, out)
	}
}
