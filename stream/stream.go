// Package stream is the live analysis of one tablet's video: encoded frames come in from a [Publisher], every one is
// decoded, the newest picture waits in a slot of one for the analysis, and the results go out as events, to the tablet over
// the peer connection and to whoever subscribed. It knows no network protocol and no codec: those come through the small
// interfaces below.
//
// The way of a frame: [Sink].Push -> decoding goroutine -> newest-picture slot -> analysis goroutine -> events. Frames are
// lost in named places only, each with a counter: in front of the decoder when it cannot follow (then up to the next
// keyframe), in the slot when the analysis is slower than the camera, and in a subscriber's queue when the reader is slow.
package stream

import (
	"context"
	"log/slog"
	"time"

	"wince/pain"
	"wince/vision"
)

// Codec names a video codec as SDP does.
type Codec string

// The codecs that are taken. Every WebRTC browser sends VP8 or H.264 (RFC 7742); older iPads encode H.264 in hardware.
const (
	CodecVP8  Codec = "VP8"  // RFC 6386
	CodecVP9  Codec = "VP9"  // profile 0
	CodecH264 Codec = "H264" // constrained baseline; frames are access units as a byte stream (ITU-T H.264, Annex B)
)

// EncodedFrame is one whole frame as the codec made it. Data is borrowed: whoever is handed a frame copies what it keeps.
type EncodedFrame struct {
	Codec    Codec
	Data     []byte
	RTP      uint32    // RTP timestamp, 90 kHz
	Keyframe bool      // decodable without the frames before it
	Received time.Time // when the last packet came
}

// Decoder turns encoded frames into pictures. It serves one goroutine at a time.
type Decoder interface {
	// Decode decodes one frame and copies the picture into `into`, whose planes it grows where needed and which stays the
	// caller's. Shown is false where the codec keeps the frame for reference only; `into` is then left alone. After an
	// error the decoder can be used again from the next keyframe on.
	Decode(frame []byte, into *vision.I420) (shown bool, err error)
	Close() error
}

// Analyzer measures one picture after the other of one face. It serves one goroutine at a time. T is media time since the
// first picture and never runs backwards. The image is borrowed for the call; what the result borrows is valid until the next.
type Analyzer interface {
	Analyze(img *vision.I420, t time.Duration) vision.Result
	Close() error
}

// Sink is where a peer delivers what a tablet sends. Its methods may be called from any one goroutine at a time.
type Sink interface {
	// Push hands over one whole frame, borrowed for the call. It never blocks. It reports false where the frame could not
	// be taken because the decoder is behind: the peer then delivers nothing more until the next keyframe.
	Push(f EncodedFrame) bool
}

// Peer is one tablet's connection. Its methods are safe for use by several goroutines.
type Peer interface {
	// ID is hard to guess and names the connection in the WHIP resource's address.
	ID() string
	// Connected says whether media can flow just now. It is false before the connection stands and while it is interrupted.
	Connected() bool
	// RequestKeyframe asks the tablet for a keyframe and goes on asking until one arrives.
	RequestKeyframe()
	// Send hands one event to the tablet without waiting. It reports false where it was dropped, because there is no
	// results channel or too much is still under way. The event is borrowed for the call.
	Send(event []byte) bool
	// ICE names how the two ends know each other at present; it is the ETag of the WHIP resource.
	ICE() string
	// Patch takes a fragment of SDP (RFC 8840) with candidates of the tablet, or with new credentials, which begin a restart: then it
	// returns the server's own fragment. Tag is what the tablet takes ICE to be, or "*"; newTag is what it is now. Errors are
	// [ErrFragment] and [ErrICEOutdated].
	Patch(ctx context.Context, tag, fragment string) (answer, newTag string, err error)
	// Done is closed when the connection has failed or was closed, by either side.
	Done() <-chan struct{}
	// Close ends the connection and waits until nothing of it runs any more.
	Close() error
}

// Publisher takes WHIP offers (RFC 9725). An offer that cannot be used gets an [*Error].
type Publisher interface {
	// Publish answers an SDP offer and returns when all candidates of the answer are gathered; the media then goes to the
	// sink until the peer is closed. The context bounds the call, not the connection.
	Publish(ctx context.Context, offer string, to Sink) (answer string, p Peer, err error)
}

// Config says how sessions are made. Publisher, NewDecoder and NewAnalyzer are required.
type Config struct {
	Publisher  Publisher
	NewDecoder func(Codec) (Decoder, error)
	// NewAnalyzer is given the resident's face at ease, nil where there is none, and the half of the face to read.
	NewAnalyzer func(own *vision.Neutral, side vision.Side) (Analyzer, error)
	Models      map[string]string // versions and checksums, written into every observation
	Method      string            // what measures baselines: values of one method only compare
	Window      pain.WindowConfig // of every capture

	MaxStreams  int           // tablets that publish at the same time; default 8
	MaxSessions int           // sessions that exist at the same time, publishing or not; default 8 * MaxStreams
	MaxRate     float64       // analysed frames per second of one stream; default 30
	TotalRate   float64       // analysed frames per second of all streams that the machine bears; 0 knows no limit
	IdleExpiry  time.Duration // a session without a tablet is closed after this long; default 10 min
	Meter       Meter         // default none
	Logger      *slog.Logger  // default discards
}

// Side is the half of a face that a session reads: the person's own right and left.
type Side = vision.Side

// The sides.
const (
	BothSides = vision.BothSides
	RightSide = vision.RightSide // for a face that is palsied on the left
	LeftSide  = vision.LeftSide
)

// CaptureState says where an observation window stands.
type CaptureState string

// The states of a capture.
const (
	CaptureIdle    CaptureState = "idle"
	CaptureRunning CaptureState = "running"
	CaptureDone    CaptureState = "done"
)

// Capture is the state of a session's observation window. Only assessable time counts towards Wanted.
type Capture struct {
	State            CaptureState
	Baseline         bool // a baseline is taken, and no observation made
	Assessed, Wanted time.Duration
}

// Status is what a session counts.
type Status struct {
	Connected bool   // a tablet is publishing and its connection stands
	Received  uint64 // whole frames that came from the tablet
	Decoded   uint64 // pictures
	Analysed  uint64
	Dropped   uint64 // pictures replaced in the slot, and frames lost in front of the decoder
	Paced     uint64 // pictures left out because many streams share the machine
	Corrupt   uint64 // frames that the decoder refused
	Unsent    uint64 // events that the tablet's results channel or a subscriber did not take
	Behind    uint64 // of Dropped: frames for which the decoder was behind
	Waiting   uint64 // of Dropped: frames that came while the decoder waited for a keyframe
	Capture   Capture
}
