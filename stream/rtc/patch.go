package rtc

import (
	"context"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"

	"wince/stream"
)

// fragment is what a WHIP PATCH carries (RFC 8840, RFC 9725 section 4.3): credentials, and candidates of the tablet.
type fragment struct {
	ufrag, pwd string
	candidates []string // "candidate:..."
	mid        string
}

const (
	maxFragment   = 16 << 10
	maxCandidates = 64
)

func parseFragment(text string) (f fragment, err error) {
	if len(text) > maxFragment {
		return f, stream.ErrFragment
	}
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\r\n")
		key, value, _ := strings.Cut(strings.TrimPrefix(l, "a="), ":")
		switch {
		case l == "" || strings.HasPrefix(l, "m="):
		case !strings.HasPrefix(l, "a="):
			return f, stream.ErrFragment.Because(fmt.Errorf("line %.40q", l))
		case key == "ice-ufrag":
			f.ufrag = value
		case key == "ice-pwd":
			f.pwd = value
		case key == "mid" && f.mid == "":
			f.mid = value
		case key == "candidate":
			f.candidates = append(f.candidates, l[len("a="):])
		}
	}
	// RFC 8839, section 5.4: credentials are of a few characters.
	if f.ufrag == "" || f.pwd == "" || len(f.ufrag) > 256 || len(f.pwd) > 256 || len(f.candidates) > maxCandidates {
		return f, stream.ErrFragment
	}
	return f, nil
}

// ICE implements [stream.Peer]. It names both ends' credentials, which a restart changes.
func (p *peer) ICE() string {
	p.patching.Lock()
	defer p.patching.Unlock()
	return p.tag
}

// Patch implements [stream.Peer].
func (p *peer) Patch(ctx context.Context, tag, text string) (answer, newTag string, err error) {
	f, err := parseFragment(text)
	if err != nil {
		return "", "", err
	}
	p.patching.Lock()
	defer p.patching.Unlock()
	remote := p.pc.RemoteDescription()
	if remote == nil {
		return "", "", stream.ErrPeerUnknown
	}
	if attribute(remote.SDP, "ice-ufrag") != f.ufrag {
		return p.restart(ctx, remote.SDP, f)
	}
	if tag != "*" && tag != p.tag {
		return "", "", stream.ErrICEOutdated
	}
	if attribute(remote.SDP, "ice-pwd") != f.pwd {
		return "", "", stream.ErrFragment
	}
	for _, c := range f.candidates {
		if p.told >= maxCandidates || hidden(c) { // what came before may be all that a tablet has
			continue
		}
		p.told++
		if err := p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c, SDPMid: &f.mid}); err != nil {
			return "", "", stream.ErrFragment.Because(err)
		}
	}
	return "", p.tag, nil
}

// restart looks for a way between the two anew (RFC 8445, section 9), with everything else of the connection kept.
func (p *peer) restart(ctx context.Context, offer string, f fragment) (answer, tag string, err error) {
	var b strings.Builder
	for l := range strings.Lines(offer) {
		switch {
		case strings.HasPrefix(l, "a=ice-ufrag:"):
			l = "a=ice-ufrag:" + f.ufrag + "\r\n"
		case strings.HasPrefix(l, "a=ice-pwd:"):
			l = "a=ice-pwd:" + f.pwd + "\r\n"
		case strings.HasPrefix(l, "a=candidate:"), strings.HasPrefix(l, "a=end-of-candidates"):
			continue
		}
		b.WriteString(l)
	}
	full, err := p.negotiate(ctx, b.String())
	if err != nil {
		return "", "", err
	}
	p.told = len(f.candidates)
	for _, c := range f.candidates {
		if hidden(c) {
			continue
		}
		if err := p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c, SDPMid: &f.mid}); err != nil {
			p.log.Debug("candidate not taken", "peer", p.id, "error", err)
		}
	}
	return answerFragment(full), p.tag, nil
}

// answerFragment takes out of an answer what a restart has changed.
func answerFragment(answer string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", attribute(answer, "ice-ufrag"), attribute(answer, "ice-pwd"))
	media, mid, lines := "", "", []string(nil)
	for l := range strings.Lines(answer) {
		switch {
		case strings.HasPrefix(l, "m=") && len(lines) == 0:
			media, mid = l, ""
		case strings.HasPrefix(l, "a=mid:") && mid == "":
			mid = l
		case strings.HasPrefix(l, "a=candidate:"), strings.HasPrefix(l, "a=end-of-candidates"):
			lines = append(lines, l)
		}
	}
	b.WriteString(media + mid + strings.Join(lines, ""))
	return b.String()
}

// attribute returns the first attribute of that name in a description.
func attribute(sdp, name string) string {
	_, rest, ok := strings.Cut(sdp, "a="+name+":")
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(value)
}
