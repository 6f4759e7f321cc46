package rtc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"wince/stream"
)

// maxOffer is the largest offer in bytes that is looked at. A browser's has some 6 KB.
const maxOffer = 64 << 10

// checkOffer tells what is wrong with an offer before any connection is made for it, so that each cause has a sentence of its
// own. What only the negotiation can find, it leaves to that.
func checkOffer(offer string) error {
	if len(offer) > maxOffer {
		return stream.ErrOfferTooLarge
	}
	if !strings.HasPrefix(offer, "v=0") {
		return stream.ErrOfferUnreadable
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(offer); err != nil {
		return stream.ErrOfferUnreadable.Because(err)
	}
	if err := whole(&d); err != nil {
		return stream.ErrOfferUnreadable.Because(err)
	}
	var failed error = stream.ErrOfferNoVideo
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "video" {
			continue
		}
		_, bundled := m.Attribute("bundle-only")
		switch {
		case m.MediaName.Port.Value == 0 && !bundled: // switched off
		case !slices.ContainsFunc(codecs, func(c knownCodec) bool { return hasCodec(m, c.codec) }):
			failed = stream.ErrOfferCodec
		case !sends(&d, m):
			failed = stream.ErrOfferDirection
		default:
			return nil
		}
	}
	return failed
}

// whole finds offers that were cut off between two lines: every part of the bundle (RFC 9143) must be there.
func whole(d *sdp.SessionDescription) error {
	if len(d.MediaDescriptions) == 0 {
		return nil // that is no video
	}
	mids := map[string]bool{}
	for _, m := range d.MediaDescriptions {
		if mid, ok := m.Attribute("mid"); ok {
			mids[mid] = true
		}
	}
	for _, a := range d.Attributes {
		rest, ok := strings.CutPrefix(a.Value, "BUNDLE")
		if a.Key != "group" || !ok {
			continue
		}
		for _, mid := range strings.Fields(rest) {
			if !mids[mid] {
				return fmt.Errorf("part %q of the bundle is missing", mid)
			}
		}
	}
	return nil
}

func hasCodec(m *sdp.MediaDescription, c stream.Codec) bool {
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		_, name, _ := strings.Cut(a.Value, " ")
		name, _, _ = strings.Cut(name, "/")
		if strings.EqualFold(name, string(c)) {
			return true
		}
	}
	return false
}

// sends reports the direction of the part, or the session's; without either it is sendrecv (RFC 8866).
func sends(d *sdp.SessionDescription, m *sdp.MediaDescription) bool {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, d.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case "sendrecv", "sendonly":
				return true
			case "recvonly", "inactive":
				return false
			}
		}
	}
	return true
}

// reduced takes out of an offer what is not wanted of it. SSRCs: a sender may change its own in mid-stream (RFC 3550, section 8.2), and what an
// offer has declared would be all that is taken then. Candidates that cannot be used, and more of them than a tablet has: each is checked
// several times.
func reduced(offer string) string {
	var b strings.Builder
	n := 0
	for l := range strings.Lines(offer) {
		switch {
		case strings.HasPrefix(l, "a=ssrc:"), strings.HasPrefix(l, "a=ssrc-group:"):
			continue
		case strings.HasPrefix(l, "a=candidate:"):
			if n++; hidden(l) || n > maxCandidates {
				continue
			}
		}
		b.WriteString(l)
	}
	return b.String()
}

// hidden says whether a candidate's address is a browser's mDNS name. Nobody asks for these (decision 109): the tablet's first check tells
// where it is.
func hidden(candidate string) bool {
	f := strings.Fields(candidate)
	return len(f) > 4 && strings.HasSuffix(strings.ToLower(f[4]), ".local")
}
