package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	certificateLife = 397 * 24 * time.Hour // browsers refuse more than 398 days
	renewBefore     = 30 * 24 * time.Hour
	lookAgain       = time.Minute // how often a handshake looks whether the files have changed or grown old
)

// Certificate is what the server shows to browsers. It is safe for concurrent use.
type Certificate struct {
	certFile, keyFile string
	make              func() error // makes new files where they are missing, damaged or due; nil for the home's own
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  time.Time // of the file that pair was read from
	looked time.Time
}

// OwnCertificate uses the home's own certificate and key in PEM. It is read again when the file changes.
func OwnCertificate(certFile, keyFile string, now func() time.Time, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, now: now, log: log}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("the certificate %s with the key %s cannot be used: %w; both must be PEM files that belong together", certFile, keyFile, err)
	}
	return c, nil
}

// SelfSigned uses a certificate that the server makes itself in dir and renews before it expires. It names localhost, this
// machine and every address that it has now; hosts are further names. Browsers warn about it once on every tablet.
func SelfSigned(dir string, hosts []string, now func() time.Time, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem"), now: now, log: log}
	// Only what was asked for makes a new certificate: the machine's own names and addresses come and go, and each new
	// certificate makes every tablet warn again.
	needed := append([]string{"localhost", "127.0.0.1", "::1"}, hosts...)
	names := certificateNames(needed)
	c.make = func() error { return writeSelfSigned(c.certFile, c.keyFile, names, now()) }
	if err := c.load(); err != nil || !covers(c.pair.Leaf, needed) || due(c.pair.Leaf, now()) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			log.Warn("the self-signed certificate could not be read and is made again", "error", err)
		}
		if err := errors.Join(os.MkdirAll(dir, 0o700), c.make()); err != nil {
			return nil, fmt.Errorf("make the self-signed certificate: %w", err)
		}
		if err := c.load(); err != nil {
			return nil, fmt.Errorf("read the self-signed certificate: %w", err)
		}
	}
	return c, nil
}

// Fingerprint is the SHA-256 of the certificate, in the form that browsers show.
func (c *Certificate) Fingerprint() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := sha256.Sum256(c.pair.Certificate[0])
	parts := make([]string, len(h))
	for i, b := range h {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// Get returns the certificate for a handshake. Where new files cannot be had, the old certificate goes on.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if now.Sub(c.looked) < lookAgain {
		return c.pair, nil
	}
	c.looked = now
	if c.make != nil && due(c.pair.Leaf, now) {
		if err := c.make(); err != nil {
			c.log.Error("renew the self-signed certificate", "error", err)
		}
	}
	if info, err := os.Stat(c.certFile); err == nil && !info.ModTime().Equal(c.stamp) {
		if err := c.read(); err != nil {
			c.log.Error("read the changed certificate", "error", err)
		}
	}
	return c.pair, nil
}

// Config returns the server's TLS settings.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.Get, NextProtos: []string{"h2", "http/1.1"}}
}

func (c *Certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = c.now()
	return c.read()
}

// read reads the files; c.mu is held.
func (c *Certificate) read() error {
	info, err := os.Stat(c.certFile)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, info.ModTime()
	return nil
}

func due(leaf *x509.Certificate, now time.Time) bool {
	return now.Before(leaf.NotBefore) || now.Add(renewBefore).After(leaf.NotAfter)
}

func covers(leaf *x509.Certificate, names []string) bool {
	for _, n := range names {
		if leaf.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}

// certificateNames lists what tablets may call this machine: what is needed, and its names and addresses of the moment.
func certificateNames(needed []string) []string {
	names := slices.Clone(needed)
	if h, err := os.Hostname(); err == nil && h != "" && len(h) < 64 && !strings.ContainsAny(h, "_ ") {
		names = append(names, h)
		if !strings.Contains(h, ".") {
			names = append(names, h+".local")
		}
	}
	for _, ip := range LocalAddresses() {
		names = append(names, ip.String())
	}
	return names
}

// LocalAddresses returns the machine's addresses that others can reach: no loopback, no link-local ones.
func LocalAddresses() []net.IP {
	var ips []net.IP
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then the certificate names fewer addresses
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			ips = append(ips, n.IP)
		}
	}
	return ips
}

func writeSelfSigned(certFile, keyFile string, names []string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Wince (self-signed)"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife - time.Hour), // an hour for clocks that differ
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := replaceFile(keyFile, 0o600, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})); err != nil {
		return err
	}
	return replaceFile(certFile, 0o644, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, mode fs.FileMode, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
