package hook

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// What we sign, others verify: each signature here was made by another implementation.
func TestSignAsOthersDo(t *testing.T) {
	b, err := os.ReadFile("testdata/foreign.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			By, Secret, ID, Body, Signature string
			Timestamp                       int64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil || len(file.Vectors) < 2 {
		t.Fatalf("%d vectors, %v", len(file.Vectors), err)
	}
	for _, v := range file.Vectors {
		h := http.Header{}
		if err := Sign(h, []string{v.Secret}, v.ID, time.Unix(v.Timestamp, 999), []byte(v.Body)); err != nil {
			t.Fatal(err)
		}
		if h.Get("webhook-signature") != v.Signature || h.Get("webhook-id") != v.ID {
			t.Errorf("%s: %v, want %s", v.By, h, v.Signature)
		}
	}
}

func TestSignWithTwoSecrets(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if a == b || !strings.HasPrefix(a, "whsec_") || len(a) != len("whsec_")+44 {
		t.Fatalf("the secrets are %s and %s", a, b)
	}
	one, two, both := http.Header{}, http.Header{}, http.Header{}
	for h, secrets := range map[*http.Header][]string{&one: {a}, &two: {b}, &both: {a, b}} {
		if err := Sign(*h, secrets, "msg_1", time.Unix(1, 0), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := both.Get(HeaderSignature), one.Get(HeaderSignature)+" "+two.Get(HeaderSignature); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, bad := range []string{"", "whsec_", "whsec_%%"} {
		if Sign(http.Header{}, []string{bad}, "m", time.Unix(1, 0), nil) == nil {
			t.Errorf("signed with %q", bad)
		}
	}
}

func TestPauses(t *testing.T) {
	last, sum := time.Duration(0), time.Duration(0)
	for n := 1; n < 40; n++ {
		low, mid, high := Days.Pause(n, 0), Days.Pause(n, 0.5), Days.Pause(n, 1)
		if low >= mid || mid >= high || mid < last || mid > Days.Most {
			t.Errorf("after %d failures %v, %v, %v", n, low, mid, high)
		}
		last = mid
		if sum < Days.Until {
			sum += mid
		} else if n > 40 || n < 20 {
			t.Errorf("five days are over after %d attempts", n)
		}
	}
	if Days.Pause(1, 0.5) != 5*time.Second || last != 6*time.Hour {
		t.Errorf("the first pause is %v, the last %v", Days.Pause(1, 0.5), last)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "99999999": 24 * time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2020 12:00:30 GMT": 0, "Sun, 01 Mar 2036 12:00:30 GMT": 24 * time.Hour} {
		h := http.Header{}
		h.Set("Retry-After", text)
		if got := RetryAfter(h, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestRules(t *testing.T) {
	r, err := ParseRules([]string{"10.20.0.0/16", "192.168.7.9", "fd12::/16", "Platform.Home.example.", "[::1]"})
	if err != nil {
		t.Fatal(err)
	}
	r.Plain = true
	for address, want := range map[string]error{
		"https://platform.example/hooks": nil, "https://8.8.8.8/": nil, "https://[2606:4700::1111]:8443/": nil, "https://platform.home.example/": nil,
		"http://platform.home.example:8080/": nil, "http://10.20.3.4/": nil, "http://192.168.7.9/": nil, "https://[fd12::9]/": nil, "https://[::1]/": nil,
		"http://platform.example/": ErrPlain, "http://8.8.8.8/": ErrPlain, "ftp://platform.home.example/": ErrPlain,
		"https://127.0.0.1/": ErrAddress, "https://10.21.0.1/": ErrAddress, "https://192.168.7.10/": ErrAddress, "https://0.0.0.0/": ErrAddress, "https://[::]/": ErrAddress,
		"https://[::ffff:127.0.0.1]/": ErrAddress, "https://[::ffff:7f00:1]/": ErrAddress, "https://[64:ff9b::10.0.0.1]/": ErrAddress, "https://[2002:7f00:1::]/": ErrAddress,
		"https://[::127.0.0.1]/": ErrAddress, "https://224.0.0.1/": ErrAddress, "https://100.64.0.1/": ErrAddress, "https://[fc00::1]/": ErrAddress,
		"https://[64:ff9b::8.8.8.8]/": ErrAddress, "https://[::ffff:10.20.0.1]/": nil,
		"https://169.254.169.254/": ErrMetadata, "https://[::ffff:169.254.169.254]/": ErrMetadata, "https://[fe80::1]/": ErrMetadata, "https://[fd00:ec2::254]/": ErrMetadata,
		"https://[64:ff9b::a9fe:a9fe]/": ErrMetadata,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.URL(u); !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	// No setting opens a metadata service.
	all, err := ParseRules([]string{"0.0.0.0/0", "::/0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"169.254.169.254", "fd00:ec2::254", "fe80::a9fe:a9fe", "100.100.100.200"} {
		for _, anywhere := range []bool{false, true} {
			if err := all.Address(netip.MustParseAddr(ip), anywhere); !errors.Is(err, ErrMetadata) {
				t.Errorf("%s: %v", ip, err)
			}
		}
	}
	for _, bad := range []string{"", "https://platform.example", "10.0.0.0/99", "a b", "*.example", "host:80", "user@host"} {
		if _, err := ParseRules([]string{bad}); err == nil {
			t.Errorf("the list took %q", bad)
		}
	}
}

// names is a DNS server that answers each question with the next of some addresses: a name that leads elsewhere the second time.
func names(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { c.Close(); <-done })
	go func() {
		defer close(done)
		asked := 0
		for b := make([]byte, 1500); ; {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				ip := netip.MustParseAddr(answers[min(asked, len(answers)-1)])
				asked++
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}, Body: &dnsmessage.AResource{A: ip.As4()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

// receiver counts who gets through to it.
func receiver(t *testing.T, do http.HandlerFunc) (port string, roots *x509.CertPool, hits *atomic.Int32) {
	t.Helper()
	hits = &atomic.Int32{}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if do != nil {
			do(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	roots = x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, roots, hits
}

// The name that the test's certificate is for.
const certified = "example.com"

func get(c *http.Client, u string) (int, error) {
	res, err := c.Get(u)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

func TestClientLooksAtWhatNamesLeadTo(t *testing.T) {
	port, roots, hits := receiver(t, nil)
	u := "https://" + certified + ":" + port + "/"
	guarded := (&Rules{Roots: roots, Resolver: names(t, "127.0.0.1")}).Client()
	if _, err := get(guarded, u); !errors.Is(err, ErrAddress) {
		t.Errorf("a name that leads to this machine: %v", err)
	}
	// Allowed once, it leads elsewhere the second time.
	r := Rules{Roots: roots, Resolver: names(t, "127.0.0.1", "127.0.0.2", "169.254.169.254"), Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	c := r.Client()
	if status, err := get(c, u); err != nil || status != 200 || hits.Load() != 1 {
		t.Errorf("the allowed address: %d %v, %d requests", status, err, hits.Load())
	}
	c.CloseIdleConnections()
	for _, want := range []error{ErrAddress, ErrMetadata} {
		if _, err := get(c, u); !errors.Is(err, want) {
			t.Errorf("the time after: %v, want %v", err, want)
		}
		c.CloseIdleConnections()
	}
	if hits.Load() != 1 {
		t.Errorf("%d requests came through", hits.Load())
	}
	// A name on the list may lead to the home, but not to a metadata service.
	r = Rules{Roots: roots, Resolver: names(t, "127.0.0.1", "169.254.169.254"), Hosts: []string{certified}}
	c = r.Client()
	if status, err := get(c, u); err != nil || status != 200 {
		t.Errorf("a name on the list: %d %v", status, err)
	}
	c.CloseIdleConnections()
	if _, err := get(c, u); !errors.Is(err, ErrMetadata) {
		t.Errorf("a name on the list that leads to metadata: %v", err)
	}
}

// Numbers are names for the system's resolver, and lead to the same address; what they lead to is what is looked at.
func TestClientKnowsNumbers(t *testing.T) {
	port, roots, hits := receiver(t, nil)
	c := (&Rules{Roots: roots, Timeout: 5 * time.Second}).Client()
	for _, host := range []string{"127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::1]", "localhost", "0.0.0.0", "0"} {
		if _, err := get(c, "https://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests came through", hits.Load())
	}
}

func TestClientFollowsNobody(t *testing.T) {
	port, roots, hits := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	c := (&Rules{Roots: roots, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}).Client()
	if status, err := get(c, "https://127.0.0.1:"+port+"/"); err != nil || status != http.StatusTemporaryRedirect || hits.Load() != 1 {
		t.Errorf("%d, %v, %d requests", status, err, hits.Load())
	}
}

func FuzzRules(f *testing.F) {
	for _, s := range []string{"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "10.0.0.1", "8.8.8.8", "2002:a9fe:a9fe::1"} {
		f.Add(netip.MustParseAddr(s).AsSlice())
	}
	all := Rules{Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		none := (&Rules{}).Address(ip, false)
		if none == nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip.Is4In6() && plain(ip).IsPrivate()) {
			t.Errorf("%v is reached", ip)
		}
		if none == nil && all.Address(ip, false) != nil {
			t.Errorf("%v is reached without a list and not with one", ip)
		}
	})
}
