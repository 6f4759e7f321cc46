package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The relay proves itself with the server's own certificate, and what the server gives to a tablet lets it in.
func TestRelayHasTheServersCertificate(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	free.Close()
	cfg := defaultConfig()
	cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
	cfg.TURN.Listen, cfg.TURN.URL = at, "turns:"+at+"?transport=tcp"
	log := slog.New(slog.DiscardHandler)
	conf, _, done, err := cfg.certificate(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	servers, end, err := cfg.relay(t.Context(), conf, net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, 9, log)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	given := servers()
	if len(given) != 1 || given[0].URL != cfg.TURN.URL || given[0].Username == servers()[0].Username {
		t.Fatalf("a tablet is told of %+v", given)
	}

	pem, err := os.ReadFile(filepath.Join(cfg.Data, "tls", "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	trust := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	if !trust.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the data folder")
	}
	conn, err := tls.Dial("tcp", at, trust)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if p := conn.ConnectionState().NegotiatedProtocol; p != "" {
		t.Errorf("it speaks %s", p)
	}
	// Without credentials it says whose they have to be. What it does with them has its tests in stream/rtc.
	if _, err := conn.Write([]byte("\x00\x03\x00\x08\x21\x12\xa4\x42abcdefghijkl\x00\x19\x00\x04\x11\x00\x00\x00")); err != nil { // allocate, UDP
		t.Fatal(err)
	}
	b := make([]byte, 512)
	n, err := conn.Read(b)
	if err != nil || n < 20 || b[0] != 1 || b[1] != 0x13 || !bytes.Contains(b[:n], []byte("wince")) {
		t.Errorf("to a request for a place it answers % x, %v", b[:n], err)
	}

	plain, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	// A STUN binding request without TLS. What comes back, if anything, is TLS's refusal.
	if _, err := plain.Write([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl")); err != nil {
		t.Fatal(err)
	}
	if n, err := plain.Read(b); err == nil && (n == 0 || b[0] != 21) {
		t.Errorf("without TLS it answers % x", b[:n])
	}
}
