package rtc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	packets "github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"wince/stream"
)

// Tablet is the other end: it publishes frames as a browser does and receives the results. It is for tests and
// measurements. Write serves one goroutine at a time; the rest is safe for concurrent use.
type Tablet struct {
	pc        *webrtc.PeerConnection
	track     *webrtc.TrackLocalStaticRTP
	payload   rtp.Packetizer
	wanted    atomic.Bool // a keyframe
	requests  atomic.Uint64
	connected chan struct{}
	once      sync.Once
	ended     chan struct{}
	endOnce   sync.Once
	rtcp      sync.WaitGroup
}

// packetSize is that of a tablet's RTP packets before extensions, RTX's number and SRTP's tag, which take some 30 bytes: with them and IP's
// headers it fits into 1200 bytes, also over IPv6.
const packetSize = 1100

// TabletConfig says what kind of tablet it is.
type TabletConfig struct {
	Codec   stream.Codec       // that it sends; default VP8
	OnEvent func(event []byte) // gets every event, borrowed, in a goroutine of the tablet's own
	TCP     bool               // it sends over TCP only, as where UDP is blocked
	Loss    float64            // share of the packets that never leave it, 0-1
	NoRTX   bool               // it sends lost packets again on the stream itself (RFC 4585)

	relay *webrtc.ICEServer   // through which everything goes; nil otherwise
	extra interceptor.Factory // that sees what goes out, for tests; nil otherwise
}

// NewTablet makes a tablet that sends VP8 and hands every event, borrowed, to onEvent, from a goroutine of its own. Close it.
func NewTablet(onEvent func(event []byte)) (*Tablet, error) {
	return TabletConfig{OnEvent: onEvent}.New()
}

// New makes a tablet. Close it.
func (cfg TabletConfig) New() (*Tablet, error) {
	if cfg.Codec == "" {
		cfg.Codec = stream.CodecVP8
	}
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if cfg.TCP {
		types = []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	}
	se.SetNetworkTypes(types)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := registerCodecs(media, !cfg.NoRTX, cfg.Codec); err != nil {
		return nil, err
	}
	if cfg.Loss > 0 {
		registry.Add(lossy{share: cfg.Loss}) // first, so that what is lost can be sent again
	}
	if cfg.extra != nil {
		registry.Add(cfg.extra)
	}
	for _, configure := range []func() error{
		func() error { return webrtc.ConfigureNack(media, registry) },
		func() error { return webrtc.ConfigureRTCPReports(registry) },
		func() error { return webrtc.ConfigureTWCCHeaderExtensionSender(media, registry) },
	} {
		if err := configure(); err != nil {
			return nil, fmt.Errorf("set up the sender: %w", err)
		}
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))
	var conf webrtc.Configuration
	if cfg.relay != nil {
		conf.ICEServers, conf.ICETransportPolicy = []webrtc.ICEServer{*cfg.relay}, webrtc.ICETransportPolicyRelay
	}
	pc, err := api.NewPeerConnection(conf)
	if err != nil {
		return nil, fmt.Errorf("make a peer connection: %w", err)
	}
	t := &Tablet{pc: pc, connected: make(chan struct{}), ended: make(chan struct{})}
	if err := t.offerMedia(cfg); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	return t, nil
}

func (t *Tablet) offerMedia(cfg TabletConfig) error {
	i := slices.IndexFunc(codecs, func(c knownCodec) bool { return c.codec == cfg.Codec })
	if i < 0 {
		return fmt.Errorf("make a video track: %q is not sent", cfg.Codec)
	}
	var err error
	t.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: codecs[i].mime, ClockRate: 90000, SDPFmtpLine: codecs[i].fmtp}, "video", "tablet")
	if err != nil {
		return fmt.Errorf("make a video track: %w", err)
	}
	tr, err := t.pc.AddTransceiverFromTrack(t.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("add the video track: %w", err)
	}
	ordered, retransmits := false, uint16(0)
	d, err := t.pc.CreateDataChannel(ResultsChannel, &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: &retransmits})
	if err != nil {
		return fmt.Errorf("make the results channel: %w", err)
	}
	d.OnMessage(func(m webrtc.DataChannelMessage) { cfg.OnEvent(m.Data) })
	t.pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		switch st {
		case webrtc.PeerConnectionStateConnected:
			t.once.Do(func() { close(t.connected) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			t.end()
		}
	})
	// The payload type and the SSRC are filled in by the track.
	t.payload = rtp.NewPacketizer(packetSize, 0, 0, payloader(cfg.Codec), rtp.NewRandomSequencer(), 90000)
	t.rtcp.Go(func() { t.readRTCP(tr.Sender()) })
	return nil
}

// lossy loses packets.
type lossy struct {
	interceptor.NoOp
	share float64
}

// NewInterceptor implements interceptor.Factory.
func (l lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return &l, nil }

// BindLocalStream implements interceptor.Interceptor.
func (l lossy) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if rand.Float64() < l.share {
			return len(payload), nil
		}
		return w.Write(h, payload, a)
	})
}

func payloader(c stream.Codec) rtp.Payloader {
	switch c {
	case stream.CodecVP9:
		return &packets.VP9Payloader{}
	case stream.CodecH264:
		return &packets.H264Payloader{}
	}
	return &packets.VP8Payloader{EnablePictureID: true}
}

// readRTCP notes keyframe requests. The interceptors see NACKs on the way.
func (t *Tablet) readRTCP(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				t.requests.Add(1)
				t.wanted.Store(true)
			}
		}
	}
}

// Publish makes an offer, lets post carry it to the server, and takes the answer that comes back.
func (t *Tablet) Publish(ctx context.Context, post func(ctx context.Context, offer string) (answer string, err error)) error {
	offer, err := t.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(t.pc)
	if err := t.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	answer, err := post(ctx, t.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// Restart looks for a way to the server anew: patch carries a fragment to it and returns its own.
func (t *Tablet) Restart(ctx context.Context, patch func(ctx context.Context, fragment string) (answer string, err error)) error {
	offer, err := t.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return fmt.Errorf("make a restart: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(t.pc)
	if err := t.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("make a restart: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
	remote := t.pc.RemoteDescription()
	if remote == nil {
		return errors.New("make a restart: there is no connection yet")
	}
	answer, err := patch(ctx, answerFragment(t.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	var b strings.Builder
	placed := false
	_, candidates, _ := strings.Cut(answer, "a=candidate:")
	for l := range strings.Lines(remote.SDP) {
		switch {
		case strings.HasPrefix(l, "a=ice-ufrag:"):
			l = "a=ice-ufrag:" + attribute(answer, "ice-ufrag") + "\r\n"
		case strings.HasPrefix(l, "a=ice-pwd:"):
			l = "a=ice-pwd:" + attribute(answer, "ice-pwd") + "\r\n"
		case strings.HasPrefix(l, "a=candidate:"), strings.HasPrefix(l, "a=end-of-candidates"):
			continue
		case strings.HasPrefix(l, "a=mid:") && !placed && candidates != "":
			placed = true
			l += "a=candidate:" + candidates
		}
		b.WriteString(l)
	}
	if err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: b.String()}); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// Write sends one frame under that RTP timestamp and returns when its last packet went out.
func (t *Tablet) Write(frame []byte, timestamp uint32) (last time.Time, err error) {
	for _, p := range t.payload.Packetize(frame, 0) {
		p.Timestamp = timestamp
		last = time.Now()
		if err := t.track.WriteRTP(p); err != nil {
			return last, fmt.Errorf("send RTP packet: %w", err)
		}
	}
	return last, nil
}

// KeyframeWanted reports, once, whether the server has asked for a keyframe since the last call.
func (t *Tablet) KeyframeWanted() bool { return t.wanted.Swap(false) }

// KeyframeRequests returns how often the server has asked.
func (t *Tablet) KeyframeRequests() uint64 { return t.requests.Load() }

// Connected is closed when the connection stands for the first time.
func (t *Tablet) Connected() <-chan struct{} { return t.connected }

// Done is closed when the connection has failed or ended.
func (t *Tablet) Done() <-chan struct{} { return t.ended }

func (t *Tablet) end() { t.endOnce.Do(func() { close(t.ended) }) }

// Close ends the connection and waits until nothing of it runs any more.
func (t *Tablet) Close() error {
	err := t.pc.GracefulClose()
	t.rtcp.Wait()
	t.end()
	if err != nil {
		return fmt.Errorf("close peer connection: %w", err)
	}
	return nil
}
