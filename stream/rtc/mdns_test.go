package rtc

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"wince/stream"
)

var address = regexp.MustCompile(`(?m)^(a=candidate:\S+ \d \S+ \d+) \S+ (.*)$`)

// hiddenBehindNames puts mDNS names in place of the addresses of an offer, as browsers do.
func hiddenBehindNames(offer string) string {
	n := 0
	return address.ReplaceAllStringFunc(offer, func(l string) string {
		n++
		return address.ReplaceAllString(l, fmt.Sprintf("${1} %08x-3f2a-4c66-9d0a-3d5b8f0a9f11.local ${2}", n))
	})
}

// A tablet that tells nothing but names of itself is heard all the same, over UDP and over TCP: its first check tells where it is.
func TestOnlyNames(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Address: net.IPv4(127, 0, 0, 1), TCP: l})
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "UDP", true: "TCP"}[tcp], func(t *testing.T) {
			tab, err := TabletConfig{TCP: tcp, OnEvent: func([]byte) {}}.New()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			in := newSink()
			var p stream.Peer
			err = tab.Publish(t.Context(), func(ctx context.Context, offer string) (answer string, err error) {
				offer = hiddenBehindNames(offer)
				if strings.Contains(offer, " 127.0.0.1 ") || !tcp && !strings.Contains(offer, ".local ") {
					t.Errorf("an address is told: %s", offer)
				}
				answer, p, err = s.Publish(ctx, offer, in)
				return answer, err
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			select {
			case <-tab.Connected():
			case <-time.After(10 * time.Second):
				t.Fatal("no connection after 10 s")
			}
			if _, err := tab.Write(vp8(true, 3000), 0); err != nil {
				t.Fatal(err)
			}
			in.wait(t, 1)
		})
	}
}

// deaf leaves the test out where a machine does not hear its own multicast; in CI that is a failure.
func deaf(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("this machine does not hear its own multicast: %v", err)
	}
	t.Skipf("this machine does not hear its own multicast: %v", err)
}

// However many names an offer or a fragment holds, nobody in the network is asked for one. What the test itself asks is heard, so that silence
// means something.
func TestNamesAreNotAskedFor(t *testing.T) {
	group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}
	ears, err := net.ListenMulticastUDP("udp4", nil, group)
	if err != nil {
		deaf(t, err)
	}
	defer ears.Close()
	mouth, err := net.DialUDP("udp4", nil, group)
	if err != nil {
		deaf(t, err)
	}
	defer mouth.Close()
	const mine = "a test of its own"
	hears := false
	heard := func() (asked int) {
		if _, err := mouth.Write([]byte(mine)); err != nil {
			deaf(t, err)
		}
		if err := ears.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for b := make([]byte, 9000); ; {
			n, _, err := ears.ReadFromUDP(b)
			if timedOut(err) && !hears {
				deaf(t, err)
			}
			if timedOut(err) { // of a flood some is lost
				return max(asked, 1)
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(b[:n]) == mine {
				return asked
			}
			if strings.Contains(string(b[:n]), "-3f2a-4c66-9d0a-3d5b8f0a9f11") {
				asked++
			}
		}
	}
	heard()
	hears = true

	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, "a=candidate:%d 1 udp 2113937151 %08x-3f2a-4c66-9d0a-3d5b8f0a9f11.local %d typ host\r\n", i+1, i, 50000+i)
	}
	s := newServer(t, Config{})
	offer := offerOf(t)
	offer = strings.Replace(offer, "a=mid:0\r\n", "a=mid:0\r\n"+many.String(), 1)
	_, p, err := s.Publish(t.Context(), offer, newSink())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	few := strings.Join(strings.SplitAfter(many.String(), "\r\n")[:maxCandidates], "")
	fragment := "a=ice-ufrag:" + attribute(offer, "ice-ufrag") + "\r\na=ice-pwd:" + attribute(offer, "ice-pwd") + "\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" + few
	if _, _, err := p.Patch(t.Context(), p.ICE(), fragment); err != nil {
		t.Error(err)
	}
	if n := heard(); n > 0 {
		t.Errorf("%d questions for names of the offer", n)
	}
}

// Of a flood of candidates some are taken, and those that have only a name never.
func TestReducedOffer(t *testing.T) {
	var b strings.Builder
	b.WriteString("v=0\r\na=ssrc-group:FID 1 2\r\na=ssrc:1 cname:x\r\n")
	for i := range 300 {
		fmt.Fprintf(&b, "a=candidate:%d 1 udp 1 192.0.2.%d 9 typ host\r\n", i, i%250)
	}
	b.WriteString("a=candidate:1 1 udp 1 X.LOCAL 9 typ host\r\na=mid:0\r\n")
	got := reduced(b.String())
	if n := strings.Count(got, "a=candidate:"); n != maxCandidates {
		t.Errorf("%d candidates are left, want %d", n, maxCandidates)
	}
	if strings.Contains(got, "ssrc") || !strings.HasPrefix(got, "v=0\r\n") || !strings.HasSuffix(got, "a=mid:0\r\n") {
		t.Errorf("left of the rest: %s", got)
	}
	if got := reduced("a=candidate:1 1 udp 1 0f0a5f3c.local 9 typ host\r\na=candidate:2 1 udp 1 fd00::2 9 typ host\r\n"); got != "a=candidate:2 1 udp 1 fd00::2 9 typ host\r\n" {
		t.Errorf("left of two: %s", got)
	}
}
