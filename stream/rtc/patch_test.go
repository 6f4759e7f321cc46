package rtc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"wince/stream"
)

func TestParseFragment(t *testing.T) {
	const good = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
	f, err := parseFragment(good)
	if err != nil || f.ufrag != "EsAw" || f.mid != "0" || len(f.candidates) != 1 || !strings.HasPrefix(f.candidates[0], "candidate:1 1 udp") {
		t.Errorf("%+v, %v", f, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no credentials": "a=mid:0\r\n", "half of them": "a=ice-ufrag:EsAw\r\n", "not a fragment": "{}", "long": good + strings.Repeat("a=x:y\r\n", 4000),
		"endless credentials": strings.Replace(good, "EsAw", strings.Repeat("x", 300), 1), "too many candidates": good + strings.Repeat("a=candidate:1 1 udp 2 192.0.2.1 1 typ host\r\n", 70),
	} {
		if _, err := parseFragment(text); !errors.Is(err, stream.ErrFragment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2 192.0.2.1 61764 typ host\r\n")
	f.Add("a=")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseFragment(text); err != nil && !errors.Is(err, stream.ErrFragment) {
			t.Fatal(err)
		}
	})
}

// Candidates trickle in, and after a restart the same connection goes on: the same stream, the same channel, no new offer.
func TestTrickleAndRestart(t *testing.T) {
	s := newServer(t, Config{})
	tab := newTablet(t, func([]byte) {})
	in := newSink()
	p := connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 3000), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	first := p.ICE()
	remote := tab.pc.LocalDescription().SDP
	own := "a=ice-ufrag:" + attribute(remote, "ice-ufrag") + "\r\na=ice-pwd:" + attribute(remote, "ice-pwd") + "\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
	candidates := "a=candidate:1 1 udp 2113937151 0f0a5f3c-3f2a-4c66-9d0a-3d5b8f0a9f11.local 50001 typ host\r\na=candidate:2 1 udp 2113937151 127.0.0.1 50001 typ host\r\n"
	if answer, tag, err := p.Patch(t.Context(), first, own+candidates); answer != "" || tag != first || err != nil {
		t.Errorf("trickle: %q, %q, %v", answer, tag, err)
	}
	if _, _, err := p.Patch(t.Context(), "old", own+candidates); !errors.Is(err, stream.ErrICEOutdated) {
		t.Errorf("of an old state: %v", err)
	}
	if _, _, err := p.Patch(t.Context(), first, own+"a=candidate:nonsense\r\n"); !errors.Is(err, stream.ErrFragment) {
		t.Errorf("nonsense: %v", err)
	}
	if _, _, err := p.Patch(t.Context(), first, strings.Replace(own, "ice-pwd:", "ice-pwd:x", 1)); !errors.Is(err, stream.ErrFragment) {
		t.Errorf("another password: %v", err)
	}

	err := tab.Restart(t.Context(), func(ctx context.Context, fragment string) (string, error) {
		answer, tag, err := p.Patch(ctx, "*", fragment)
		if err == nil && (tag == first || tag != p.ICE() || !strings.Contains(answer, "a=candidate:")) {
			t.Errorf("restarted with tag %q after %q: %s", tag, first, answer)
		}
		return answer, err
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "frames come after the restart", func() bool {
		n := len(in.all())
		if _, err := tab.Write(vp8(true, 2000), uint32(3000*(1+n))); err != nil {
			t.Fatal(err)
		}
		return p.Connected() && n > 3
	})
}
