package main

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/pion/turn/v5"
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
	c, err := turn.NewClient(&turn.ClientConfig{Conn: turn.NewSTUNConn(conn), TURNServerAddr: at, Username: given[0].Username, Password: given[0].Credential})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := relayed.LocalAddr().(*net.UDPAddr); !ok || !a.IP.IsLoopback() {
		t.Errorf("a place at %v, want one that only this machine reaches", relayed.LocalAddr())
	}
	if err := relayed.Close(); err != nil {
		t.Error(err)
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
	b := make([]byte, 64)
	if n, err := plain.Read(b); err == nil && (n == 0 || b[0] != 21) {
		t.Errorf("without TLS it answers % x", b[:n])
	}
}
