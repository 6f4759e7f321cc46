package hook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Rules say where messages may go. The zero value allows public addresses over TLS.
type Rules struct {
	Hosts    []string       // names that may lead anywhere but to metadata services, such as a server in the home
	Networks []netip.Prefix // private networks that may be reached
	Plain    bool           // http without TLS is allowed to those hosts and networks
	Roots    *x509.CertPool // authorities of receivers' certificates; nil for the system's
	Resolver *net.Resolver  // nil for the system's
	Timeout  time.Duration  // of a whole request; 15 s where left out
}

// ParseRules reads an allow-list: names of hosts, addresses and networks such as 10.0.0.0/8.
func ParseRules(allow []string) (r Rules, err error) {
	for _, a := range allow {
		if p, err := netip.ParsePrefix(a); err == nil {
			r.Networks = append(r.Networks, p.Masked())
			continue
		}
		if ip, err := netip.ParseAddr(strings.Trim(a, "[]")); err == nil {
			ip = ip.Unmap()
			r.Networks = append(r.Networks, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		host := strings.ToLower(strings.TrimSuffix(a, "."))
		if host == "" || strings.ContainsAny(host, "/:@ *") {
			return r, fmt.Errorf("%q is no host name, address or network such as 10.0.0.0/8", a)
		}
		r.Hosts = append(r.Hosts, host)
	}
	return r, nil
}

// Why an address is refused.
var (
	ErrAddress  = errors.New("the address is not public and not allowed in the settings")
	ErrMetadata = errors.New("the address is that of a cloud's metadata service")
	ErrPlain    = errors.New("http without TLS is not allowed there")
)

// metadata are the addresses at which cloud machines tell their own secrets. No setting opens them. Link-local addresses are all among
// them: no receiver lives there.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),     // AWS, Google, Azure and others
	netip.MustParsePrefix("fe80::/10"),          //
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle
}

// plain returns an address without the ways in which IPv6 writes an IPv4 address: mapped (RFC 4291), translated (RFC 6052) and 6to4
// (RFC 3056).
func plain(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	b := ip.As16()
	switch {
	case !ip.Is6():
	case netip.MustParsePrefix("64:ff9b::/96").Contains(ip), netip.MustParsePrefix("64:ff9b:1::/48").Contains(ip), netip.MustParsePrefix("::/96").Contains(ip) && b[12] != 0:
		return netip.AddrFrom4([4]byte(b[12:16]))
	case netip.MustParsePrefix("2002::/16").Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return ip
}

func in(list []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Address refuses an address that must not be reached. anywhere says that the host's name is on the list.
func (r *Rules) Address(ip netip.Addr, anywhere bool) error {
	real := plain(ip)
	switch {
	case !real.IsValid() || real.IsUnspecified() || real.IsMulticast():
		return ErrAddress
	case in(metadata, real) || in(metadata, ip):
		return ErrMetadata
	case anywhere || in(r.Networks, real):
		return nil
	case real != ip.Unmap() && !in(r.Networks, ip): // an IPv4 address in the clothes of IPv6 has no honest use here
		return ErrAddress
	}
	network := "tcp4"
	if real.Is6() {
		network = "tcp6"
	}
	if public(network, netip.AddrPortFrom(real, 443).String(), nil) != nil {
		return ErrAddress
	}
	return nil
}

// public knows what is public from the registries of special addresses of the IANA.
var public = ssrf.New(ssrf.WithAnyPort()).Safe

// URL refuses what can be told from a URL alone, so that whoever types it is told at once. What its name leads to is looked at when it is
// dialled, each time.
func (r *Rules) URL(u *url.URL) error {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	anywhere := slices.Contains(r.Hosts, host)
	ip, err := netip.ParseAddr(host)
	if err == nil {
		if err := r.Address(ip, anywhere); err != nil {
			return err
		}
		anywhere = anywhere || in(r.Networks, plain(ip))
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !r.Plain || !anywhere) {
		return ErrPlain
	}
	return nil
}

// Client returns a client that reaches only where the rules allow. The address is looked at after the name was resolved and when the
// connection is made, so a name that leads elsewhere the second time gains nothing. It follows no redirects, sends no cookies and asks
// no proxy.
func (r *Rules) Client() *http.Client {
	if r.Timeout == 0 {
		r.Timeout = 15 * time.Second
	}
	t := &http.Transport{
		DialContext: r.dial, TLSClientConfig: &tls.Config{RootCAs: r.Roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 4, MaxConnsPerHost: 16, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: r.Timeout, ResponseHeaderTimeout: r.Timeout,
		MaxResponseHeaderBytes: 16 << 10,
	}
	return &http.Client{
		Transport: t, Timeout: r.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects to an address that the rules allow.
func (r *Rules) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	anywhere := slices.Contains(r.Hosts, strings.ToLower(strings.TrimSuffix(host, ".")))
	d := net.Dialer{Timeout: r.Timeout, Resolver: r.Resolver, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return ErrAddress
		}
		return r.Address(to.Addr(), anywhere)
	}}
	return d.DialContext(ctx, network, address)
}
