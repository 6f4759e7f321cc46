// Package rtc takes tablets' video over WebRTC with pion: it answers WHIP offers (RFC 9725), puts RTP packets together to
// frames, asks for lost packets and for keyframes, and sends the results back on a data channel. It also holds the other
// end, a simulated tablet, for tests and measurements.
package rtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v4"

	"wince/stream"
)

// Config says how the server is reached. The zero value is of use in tests.
type Config struct {
	Port      int          // the one UDP port of all connections; 0 lets the system choose one
	Address   net.IP       // the one address of this machine to open it on; nil or unspecified for all of them
	TCP       net.Listener // for tablets that cannot send UDP (RFC 6544); nil for none. Closing the server closes it
	Advertise []string     // further IP addresses that reach this port, as behind NAT or in a container

	Hold             time.Duration // how long a frame waits for a packet to be sent again; default 80 ms
	KeyframeInterval time.Duration // how often a keyframe is asked for until one comes; default 400 ms
	ConnectTimeout   time.Duration // from the answer to the connection; default 20 s
	Patience         time.Duration // how long a connection that was interrupted is kept, after 4 s without a packet; default 35 s
	Logger           *slog.Logger  // default discards
}

// Server answers offers. It is safe for concurrent use and implements [stream.Publisher].
type Server struct {
	cfg  Config
	mux  *ice.MultiUDPMuxDefault
	tcp  *ice.TCPMuxDefault // nil where there is none
	api  *webrtc.API
	port int
}

// New opens the UDP port, on every address of the machine, loopback included, unless one is named. Close the server after
// its peers.
func New(cfg Config) (*Server, error) {
	if cfg.Hold <= 0 {
		cfg.Hold = 80 * time.Millisecond
	}
	if cfg.KeyframeInterval <= 0 {
		cfg.KeyframeInterval = 400 * time.Millisecond
	}
	if cfg.ConnectTimeout <= 0 {
		cfg.ConnectTimeout = 20 * time.Second
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 35 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	for _, a := range cfg.Advertise {
		if net.ParseIP(a) == nil {
			return nil, fmt.Errorf("advertise %q: give an IP address that the tablets can reach", a)
		}
	}
	s := &Server{cfg: cfg, port: cfg.Port}
	var err error
	if s.port == 0 {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
	}
	opened := func(ip net.IP) bool {
		return len(cfg.Address) == 0 || cfg.Address.IsUnspecified() || cfg.Address.Equal(ip)
	}
	s.mux, err = ice.NewMultiUDPMuxFromPort(s.port, ice.UDPMuxFromPortWithIPFilter(opened), ice.UDPMuxFromPortWithLoopback(), ice.UDPMuxFromPortWithLogger(pionLog{cfg.Logger}.NewLogger("udp")),
		ice.UDPMuxFromPortWithReadBufferSize(1<<20), ice.UDPMuxFromPortWithWriteBufferSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("open UDP port %d for video (choose another one if it is in use): %w", s.port, err)
	}
	if len(s.mux.GetListenAddresses()) == 0 {
		return nil, errors.Join(fmt.Errorf("open UDP port %d for video: no network interface has the address %s", s.port, cfg.Address), s.mux.Close())
	}
	if cfg.TCP != nil {
		s.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: cfg.TCP, Logger: pionLog{cfg.Logger}.NewLogger("tcp"), ReadBufferSize: 64, WriteBufferSize: 1 << 20, FirstStunBindTimeout: 10 * time.Second})
	}
	if s.api, err = s.newAPI(opened); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func freePort() (int, error) {
	c, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0, fmt.Errorf("find a free UDP port: %w", err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port, nil
}

// Port returns the UDP port in use.
func (s *Server) Port() int { return s.port }

// Close closes the ports.
func (s *Server) Close() error {
	err := s.mux.Close()
	if s.tcp != nil {
		err = errors.Join(err, s.tcp.Close())
	}
	if err != nil {
		return fmt.Errorf("close video port %d: %w", s.port, err)
	}
	return nil
}

func (s *Server) newAPI(opened func(net.IP) bool) (*webrtc.API, error) {
	var se webrtc.SettingEngine
	se.LoggerFactory = pionLog{s.cfg.Logger}
	se.SetICEUDPMux(s.mux)
	se.SetIncludeLoopbackCandidate(true)
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if s.tcp != nil {
		se.SetICETCPMux(s.tcp)
		se.SetIPFilter(opened)
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	se.SetNetworkTypes(types)
	// Results that are lost are not sent again, but SCTP waits for news of them before it sends others, twice as long each time: after three
	// seconds without a network four more would pass without a result.
	se.SetSCTPRTOMax(time.Second)
	se.DisableActiveTCP(true) // tablets connect to us, never the other way
	// Browsers hide their addresses behind mDNS names, which are not asked for: docs/decisions/0109 has why.
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	// A tablet that loses its network for half a minute goes on where it was, by itself or with a restart (PATCH).
	se.SetICETimeouts(4*time.Second, s.cfg.Patience, 2*time.Second)
	if len(s.cfg.Advertise) > 0 {
		err := se.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: s.cfg.Advertise, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteAppend,
		})
		if err != nil {
			return nil, fmt.Errorf("advertise %v: %w", s.cfg.Advertise, err)
		}
	}
	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := registerCodecs(media, true); err != nil {
		return nil, err
	}
	rr, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, fmt.Errorf("set up RTCP reports: %w", err)
	}
	registry.Add(rr)
	if err := webrtc.ConfigureTWCCSenderWithOptions(media, registry, twcc.WithLoggerFactory(pionLog{s.cfg.Logger})); err != nil {
		return nil, fmt.Errorf("set up congestion feedback: %w", err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry)), nil
}

// codecs are those that are taken, by the way their packets are described. The tablet's own order decides which one it sends.
var codecs = []knownCodec{
	{stream.CodecVP8, webrtc.MimeTypeVP8, "", 96},
	{stream.CodecVP9, webrtc.MimeTypeVP9, "profile-id=0", 98},
	{stream.CodecH264, webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 102},
}

type knownCodec struct {
	codec stream.Codec
	mime  string
	fmtp  string
	pt    webrtc.PayloadType // what is sent again has the next one
}

// registerCodecs makes a connection take, or send, the codecs named, or all of them, with streams for what is sent again where that is wanted.
func registerCodecs(media *webrtc.MediaEngine, rtx bool, only ...stream.Codec) error {
	for _, c := range codecs {
		if len(only) > 0 && !slices.Contains(only, c.codec) {
			continue
		}
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: c.mime, ClockRate: 90000, SDPFmtpLine: c.fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}},
			},
			PayloadType: c.pt,
		}, webrtc.RTPCodecTypeVideo)
		if err == nil && rtx {
			err = media.RegisterCodec(webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", c.pt)},
				PayloadType:        c.pt + 1,
			}, webrtc.RTPCodecTypeVideo)
		}
		if err != nil {
			return fmt.Errorf("register %s: %w", c.codec, err)
		}
	}
	return nil
}

// codecOf names the codec of a MIME type, empty for one that is not taken.
func codecOf(mime string) stream.Codec {
	for _, c := range codecs {
		if strings.EqualFold(c.mime, mime) {
			return c.codec
		}
	}
	return ""
}

// Publish implements [stream.Publisher].
func (s *Server) Publish(ctx context.Context, offer string, to stream.Sink) (string, stream.Peer, error) {
	if err := checkOffer(offer); err != nil {
		return "", nil, err
	}
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", nil, fmt.Errorf("make a peer connection: %w", err)
	}
	p := newPeer(pc, to, s.cfg)
	answer, err := p.answer(ctx, offer)
	if err != nil {
		return "", nil, errors.Join(err, p.Close())
	}
	return answer, p, nil
}
