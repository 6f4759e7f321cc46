package web

import (
	"crypto/ecdsa"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func selfSigned(t *testing.T, dir string, c *clock, hosts ...string) *Certificate {
	t.Helper()
	x, err := SelfSigned(dir, hosts, c.now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSelfSigned(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "tls"), &clock{t: time.Now()}
	x := selfSigned(t, dir, c, "wince.home.example")
	leaf := x.pair.Leaf
	names := []string{"localhost", "127.0.0.1", "::1", "wince.home.example"}
	for _, ip := range LocalAddresses() {
		names = append(names, ip.String())
	}
	for _, n := range names {
		if err := leaf.VerifyHostname(n); err != nil {
			t.Error(err)
		}
	}
	if leaf.VerifyHostname("elsewhere.example") == nil {
		t.Error("it names everything")
	}
	if _, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok {
		t.Errorf("key %T", leaf.PublicKey)
	}
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 398*24*time.Hour {
		t.Errorf("valid for %v: browsers refuse that", life)
	}
	if len(strings.Split(x.Fingerprint(), ":")) != 32 {
		t.Errorf("fingerprint %q", x.Fingerprint())
	}
	for file, want := range map[string]fs.FileMode{"key.pem": 0o600, "cert.pem": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}
	again := selfSigned(t, dir, c, "wince.home.example")
	if again.Fingerprint() != x.Fingerprint() {
		t.Error("made anew at every start")
	}
	if selfSigned(t, dir, c, "another.example").Fingerprint() == x.Fingerprint() {
		t.Error("kept though it does not name the new host")
	}
}

func TestSelfSignedIsRenewed(t *testing.T) {
	dir, c := t.TempDir(), &clock{t: time.Now()}
	x := selfSigned(t, dir, c)
	first := x.Fingerprint()
	get := func() string {
		if _, err := x.Get(nil); err != nil {
			t.Fatal(err)
		}
		return x.Fingerprint()
	}
	c.pass(certificateLife - renewBefore - 2*time.Hour)
	if get() != first {
		t.Error("renewed early")
	}
	c.pass(3 * time.Hour)
	if get() == first {
		t.Error("not renewed while serving")
	}
	second := x.Fingerprint()
	c.pass(certificateLife)
	if selfSigned(t, dir, c).Fingerprint() == second {
		t.Error("not renewed at start")
	}
}

func TestDamagedSelfSignedIsMadeAgain(t *testing.T) {
	dir, c := t.TempDir(), &clock{t: time.Now()}
	selfSigned(t, dir, c)
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	selfSigned(t, dir, c)
}

func TestOwnCertificate(t *testing.T) {
	dir, c := t.TempDir(), &clock{t: time.Now()}
	log := slog.New(slog.DiscardHandler)
	cert, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	if _, err := OwnCertificate(cert, key, c.now, log); err == nil || !strings.Contains(err.Error(), cert) {
		t.Errorf("missing files: %v", err)
	}
	if err := writeSelfSigned(cert, key, []string{"a.example"}, c.now()); err != nil {
		t.Fatal(err)
	}
	x, err := OwnCertificate(cert, key, c.now, log)
	if err != nil {
		t.Fatal(err)
	}
	first := x.Fingerprint()
	if err := writeSelfSigned(cert, key, []string{"a.example"}, c.now()); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	c.pass(2 * lookAgain)
	if _, err := x.Get(nil); err != nil || x.Fingerprint() == first {
		t.Errorf("the home's new certificate is not taken up: %v", err)
	}
	second := x.Fingerprint()
	if err := os.WriteFile(cert, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.pass(2 * lookAgain)
	if _, err := x.Get(nil); err != nil || x.Fingerprint() != second {
		t.Errorf("a damaged file takes the server down: %v", err)
	}
}

func TestLocalAddressesAreOthers(t *testing.T) {
	for _, ip := range LocalAddresses() {
		if ip.IsLoopback() || ip.Equal(net.IPv4zero) {
			t.Errorf("%v", ip)
		}
	}
}
