package rtc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"wince/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps what was pushed.
type sink struct {
	mu     sync.Mutex
	frames []stream.EncodedFrame
	came   chan struct{}
}

func newSink() *sink { return &sink{came: make(chan struct{}, 1024)} }

func (s *sink) Push(f stream.EncodedFrame) bool {
	f.Data = bytes.Clone(f.Data)
	s.mu.Lock()
	s.frames = append(s.frames, f)
	s.mu.Unlock()
	s.came <- struct{}{}
	return true
}

func (s *sink) all() []stream.EncodedFrame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]stream.EncodedFrame(nil), s.frames...)
}

func (s *sink) wait(t *testing.T, n int) []stream.EncodedFrame {
	t.Helper()
	for len(s.all()) < n {
		select {
		case <-s.came:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d frames came, want %d", len(s.all()), n)
		}
	}
	return s.all()
}

func newServer(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newTablet(t *testing.T, onEvent func([]byte)) *Tablet {
	t.Helper()
	tab, err := NewTablet(onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tab.Close(); err != nil {
			t.Error(err)
		}
	})
	return tab
}

// connect publishes a tablet and waits until it is connected.
func connect(t *testing.T, s *Server, tab *Tablet, to stream.Sink) stream.Peer {
	t.Helper()
	var p stream.Peer
	err := tab.Publish(t.Context(), func(ctx context.Context, offer string) (answer string, err error) {
		answer, p, err = s.Publish(ctx, offer, to)
		return answer, err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-tab.Connected():
	case <-time.After(10 * time.Second):
		t.Fatal("no connection after 10 s")
	}
	return p
}

// vp8 makes bytes that look like a VP8 frame to the assembler.
func vp8(key bool, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	if b[0] = 1; key {
		b[0] = 0
	}
	return b
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

func TestFramesInResultsOut(t *testing.T) {
	s := newServer(t, Config{})
	events := make(chan string, 64)
	tab := newTablet(t, func(b []byte) { events <- string(b) })
	in := newSink()
	p := connect(t, s, tab, in)

	sent := [][]byte{vp8(true, 9000), vp8(false, 300), vp8(false, 2500), vp8(false, 1)}
	for i, f := range sent {
		if _, err := tab.Write(f, uint32(1000+3000*i)); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range in.wait(t, len(sent)) {
		if !bytes.Equal(f.Data, sent[i]) || f.RTP != uint32(1000+3000*i) || f.Keyframe != (i == 0) || f.Codec != stream.CodecVP8 {
			t.Errorf("frame %d: %d bytes at %d, keyframe %v, %s", i, len(f.Data), f.RTP, f.Keyframe, f.Codec)
		}
	}
	if !p.Connected() {
		t.Error("the peer does not know that it is connected")
	}
	eventually(t, "the results channel opens", func() bool { return p.Send([]byte(`{"type":"notice"}`)) })
	select {
	case e := <-events:
		if e != `{"type":"notice"}` {
			t.Errorf("event %s", e)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
	}

	if err := tab.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the peer does not notice that the tablet has gone")
	}
	if p.Connected() || p.Send([]byte("x")) {
		t.Error("connected, or able to send, after the end")
	}
}

// A lost packet that cannot be sent again costs the frames up to the next keyframe, and that is asked for until it comes.
func TestLossMeansKeyframe(t *testing.T) {
	s := newServer(t, Config{Hold: 50 * time.Millisecond, KeyframeInterval: 100 * time.Millisecond})
	tab := newTablet(t, func([]byte) {})
	in := newSink()
	connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 3000), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	tab.KeyframeWanted()
	before := tab.KeyframeRequests()

	tab.payload.Packetize(vp8(false, 100), 0) // takes a sequence number, but is never sent
	ts := uint32(6000)
	eventually(t, "the third request for a keyframe", func() bool {
		if _, err := tab.Write(vp8(false, 200), ts); err != nil {
			t.Fatal(err)
		}
		ts += 3000
		return tab.KeyframeRequests() >= before+3
	})
	if n := len(in.all()); n != 1 {
		t.Fatalf("%d frames came through without their reference", n-1)
	}
	if _, err := tab.Write(vp8(true, 2000), ts); err != nil {
		t.Fatal(err)
	}
	if _, err := tab.Write(vp8(false, 200), ts+3000); err != nil {
		t.Fatal(err)
	}
	f := in.wait(t, 3)
	if !f[1].Keyframe || f[1].RTP != ts || f[2].RTP != ts+3000 {
		t.Errorf("after the loss came %d (keyframe %v) and %d, want %d and %d", f[1].RTP, f[1].Keyframe, f[2].RTP, ts, ts+3000)
	}
}

// A keyframe is asked for again and again even where not a single packet comes any more, and the reader survives the wait.
func TestLossThenSilence(t *testing.T) {
	s := newServer(t, Config{Hold: 20 * time.Millisecond, KeyframeInterval: 20 * time.Millisecond})
	tab := newTablet(t, func([]byte) {})
	in := newSink()
	connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 3000), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	time.Sleep(2 * firstKeyframe)
	tab.payload.Packetize(vp8(false, 100), 0) // never sent
	if _, err := tab.Write(vp8(false, 200), 6000); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ten requests for a keyframe", func() bool { return tab.KeyframeRequests() >= 10 })
	if _, err := tab.Write(vp8(true, 3000), 9000); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 2)
}

// pion ends a read in two ways when its deadline is over; taking one for the end of the track would end the video.
func TestTimedOut(t *testing.T) {
	b := packetio.NewBuffer()
	if err := b.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	_, _, inBuffer := b.Read(make([]byte, 1), nil)
	for _, c := range []struct {
		err  error
		want bool
	}{{nil, false}, {io.EOF, false}, {errors.New("broken"), false}, {os.ErrDeadlineExceeded, true}, {inBuffer, true}} {
		if got := timedOut(c.err); got != c.want {
			t.Errorf("%v: timed out %v", c.err, got)
		}
	}
}

// A packet lost on the way is sent again on request, and no frame is lost.
func TestLossIsRepaired(t *testing.T) {
	s := newServer(t, Config{Hold: 2 * time.Second})
	tab := newTablet(t, func([]byte) {})
	in := newSink()
	connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 3000), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	late := tab.payload.Packetize(vp8(false, 100), 0)[0]
	late.Timestamp = 3000
	if _, err := tab.Write(vp8(false, 200), 6000); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(in.all()); n != 1 {
		t.Fatalf("%d frames, want the one before the gap", n)
	}
	if err := tab.track.WriteRTP(late); err != nil {
		t.Fatal(err)
	}
	if f := in.wait(t, 3); f[1].RTP != 3000 || f[2].RTP != 6000 {
		t.Errorf("frames at %d and %d", f[1].RTP, f[2].RTP)
	}
}

func TestRequestKeyframe(t *testing.T) {
	s := newServer(t, Config{KeyframeInterval: 50 * time.Millisecond})
	tab := newTablet(t, func([]byte) {})
	in := newSink()
	p := connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 500), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	time.Sleep(100 * time.Millisecond)
	tab.KeyframeWanted()
	p.RequestKeyframe()
	eventually(t, "the request arrives", tab.KeyframeWanted)
}

// Many tablets share the one port.
func TestOnePort(t *testing.T) {
	s := newServer(t, Config{})
	for i := range 4 {
		tab, in := newTablet(t, func([]byte) {}), newSink()
		connect(t, s, tab, in)
		if _, err := tab.Write(vp8(true, 700+i), 0); err != nil {
			t.Fatal(err)
		}
		if f := in.wait(t, 1); len(f[0].Data) != 700+i {
			t.Errorf("tablet %d got another one's frame", i)
		}
	}
	var answer string
	tab := newTablet(t, func([]byte) {})
	err := tab.Publish(t.Context(), func(ctx context.Context, offer string) (a string, err error) {
		var p stream.Peer
		if a, p, err = s.Publish(ctx, offer, newSink()); err == nil {
			err = p.Close()
		}
		answer = a
		return a, err
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range strings.Split(answer, "\n") {
		if !strings.HasPrefix(l, "a=candidate:") {
			continue
		}
		if n++; strings.Fields(l)[5] != fmt.Sprint(s.Port()) {
			t.Errorf("a candidate with another port than %d: %s", s.Port(), l)
		}
	}
	if n == 0 || !strings.Contains(answer, "127.0.0.1") {
		t.Errorf("no candidate on loopback: %s", answer)
	}
}

// A server that was told one address is not to be reached on another.
func TestOneAddress(t *testing.T) {
	s := newServer(t, Config{Address: net.IPv4(127, 0, 0, 1)})
	if got := s.mux.GetListenAddresses(); len(got) != 1 || got[0].String() != fmt.Sprintf("127.0.0.1:%d", s.Port()) {
		t.Errorf("the port is open on %v", got)
	}
	tab, in := newTablet(t, func([]byte) {}), newSink()
	connect(t, s, tab, in)
	if _, err := tab.Write(vp8(true, 500), 0); err != nil {
		t.Fatal(err)
	}
	in.wait(t, 1)
	if _, err := New(Config{Address: net.IPv4(203, 0, 113, 9)}); err == nil || !strings.Contains(err.Error(), "203.0.113.9") {
		t.Errorf("somebody else's address: %v", err)
	}
}

func TestAdvertisedAddress(t *testing.T) {
	s := newServer(t, Config{Advertise: []string{"203.0.113.7"}})
	answer, p, err := s.Publish(t.Context(), offerOf(t), newSink())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, fmt.Sprintf(" 203.0.113.7 %d typ host", s.Port())) || !strings.Contains(answer, "127.0.0.1") {
		t.Errorf("want the advertised address beside the others: %s", answer)
	}
	if _, err := New(Config{Advertise: []string{"tablet.example"}}); err == nil || !strings.Contains(err.Error(), "IP address") {
		t.Errorf("a name to advertise: %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	s := newServer(t, Config{})
	_, err := New(Config{Port: s.Port()})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(s.Port())) || !strings.Contains(err.Error(), "choose another") {
		t.Errorf("error %v, want one that names the port and what to do", err)
	}
}

func TestConnectionThatDoesNotComeAbout(t *testing.T) {
	s := newServer(t, Config{ConnectTimeout: 50 * time.Millisecond})
	_, p, err := s.Publish(t.Context(), offerOf(t), newSink())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	select {
	case <-p.Done():
	case <-time.After(5 * time.Second):
		t.Error("still waiting")
	}
}

// offerOf returns the offer of a tablet that goes no further.
func offerOf(t testing.TB) string {
	t.Helper()
	tab, err := NewTablet(func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	stop := errors.New("stop")
	var offer string
	err = tab.Publish(context.Background(), func(_ context.Context, o string) (string, error) { offer = o; return "", stop })
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	return offer
}

func TestBadOffers(t *testing.T) {
	s := newServer(t, Config{})
	good := offerOf(t)
	lines := strings.SplitAfter(good, "\r\n")
	without := func(prefixes ...string) string {
		var b strings.Builder
	next:
		for _, l := range lines {
			for _, p := range prefixes {
				if strings.HasPrefix(l, p) {
					continue next
				}
			}
			b.WriteString(l)
		}
		return b.String()
	}
	video, data := strings.Index(good, "m=video"), strings.Index(good, "m=application")
	if video < 0 || data < video {
		t.Fatalf("an unexpected offer: %s", good)
	}
	for _, c := range []struct {
		name, offer string
		want        *stream.Error
	}{
		{"empty", "", stream.ErrOfferUnreadable},
		{"not SDP", "<html>Hello</html>", stream.ErrOfferUnreadable},
		{"JSON", `{"type":"offer","sdp":""}`, stream.ErrOfferUnreadable},
		{"only a session", good[:video], stream.ErrOfferNoVideo},
		{"data only", strings.Replace(good[:video], "BUNDLE 0 1", "BUNDLE 1", 1) + good[data:], stream.ErrOfferNoVideo},
		{"audio only", strings.NewReplacer("m=video", "m=audio").Replace(good), stream.ErrOfferNoVideo},
		{"video switched off", strings.Replace(good, "m=video 9", "m=video 0", 1), stream.ErrOfferNoVideo},
		{"AV1 only", strings.ReplaceAll(good, "VP8/90000", "AV1/90000"), stream.ErrOfferCodec},
		{"no codec", without("a=rtpmap"), stream.ErrOfferCodec},
		{"receives only", strings.Replace(good, "a=sendonly", "a=recvonly", 1), stream.ErrOfferDirection},
		{"inactive", strings.Replace(good, "a=sendonly", "a=inactive", 1), stream.ErrOfferDirection},
		{"no credentials", without("a=ice-ufrag", "a=ice-pwd"), stream.ErrOfferUnreadable},
		{"no fingerprint", without("a=fingerprint"), stream.ErrOfferUnreadable},
		{"cut after the video", good[:data], stream.ErrOfferUnreadable},
		{"too large", good + strings.Repeat("a=x:"+strings.Repeat("y", 100)+"\r\n", 700), stream.ErrOfferTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, p, err := s.Publish(t.Context(), c.offer, newSink())
			if !errors.Is(err, c.want) || answer != "" || p != nil {
				t.Fatalf("answer %q, error %v; want %v", answer, err, c.want)
			}
		})
	}
}

// Cut anywhere, an offer gets a typed error or, where nothing of weight is missing, an answer; never a panic, a hang or a leak.
func TestTruncatedOffers(t *testing.T) {
	s := newServer(t, Config{})
	good := offerOf(t)
	refused := 0
	for n := 0; n < len(good); n += 7 {
		_, p, err := s.Publish(t.Context(), good[:n], newSink())
		if err != nil {
			var e *stream.Error
			if !errors.As(err, &e) {
				t.Errorf("cut after %d bytes: untyped error %v", n, err)
			}
			refused++
			continue
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused < len(good)/7*8/10 {
		t.Errorf("only %d of %d truncated offers were refused", refused, len(good)/7)
	}
}

func FuzzCheckOffer(f *testing.F) {
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\na=sendonly\r\n")
	f.Add("v=0\r\na=rtpmap")
	f.Fuzz(func(t *testing.T, offer string) {
		var e *stream.Error
		if err := checkOffer(offer); err != nil && !errors.As(err, &e) {
			t.Fatalf("untyped error %v", err)
		}
	})
}

// A browser offers audio, many codecs, extensions and mDNS candidates that nobody here can resolve.
func TestBrowserLikeOffer(t *testing.T) {
	s := newServer(t, Config{})
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.GracefulClose()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if _, err := pc.AddTransceiverFromKind(kind); err != nil {
			t.Fatal(err)
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	sdp := offer.SDP + "a=candidate:1 1 udp 2113937151 0f0a5f3c-3f2a-4c66-9d0a-3d5b8f0a9f11.local 50001 typ host generation 0\r\na=end-of-candidates\r\n"
	answer, p, err := s.Publish(t.Context(), sdp, newSink())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for name, want := range map[string]bool{
		"VP8/90000": true, "VP9/90000": true, "profile-id=0": true, "H264/90000": true, "profile-level-id=42e01f": true,
		"profile-id=2": false, "profile-level-id=64": false, "packetization-mode=0": false, "AV1": false, "H265": false, "opus": false,
		"apt=96": true, "apt=98": true, "apt=106": true, "ulpfec": false, "red/": false,
		"nack pli": true, "transport-cc": true,
	} {
		if strings.Contains(answer, name) != want {
			t.Errorf("%s in the answer: %v, want %v: %s", name, !want, want, answer)
		}
	}
	if !strings.Contains(answer, "m=audio 0 ") || !strings.Contains(answer, "m=video 9 ") || strings.Contains(answer, "m=video 0") {
		t.Errorf("want the audio refused and the video taken: %s", answer)
	}
	if audio, rest, _ := strings.Cut(answer, "m=video"); strings.Contains(audio, "a=candidate") || !strings.Contains(rest, "a=candidate") {
		t.Errorf("the candidates belong to the video, for browsers ignore the refused audio: %s", answer)
	}
}

// renamed lets a tablet go on under another SSRC than it began with.
type renamed struct {
	interceptor.NoOp
	ssrc atomic.Uint32 // 0: the one that was agreed on
}

func (r *renamed) NewInterceptor(string) (interceptor.Interceptor, error) { return r, nil }

func (r *renamed) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if to := r.ssrc.Load(); to != 0 {
			h.SSRC = to
		}
		return w.Write(h, payload, a)
	})
}
