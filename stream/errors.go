package stream

import (
	"errors"
	"time"
)

// Code names a failure for programs.
type Code string

// The failures that a client can do something about.
const (
	CodeOfferTooLarge   Code = "offer_too_large"
	CodeOfferUnreadable Code = "offer_unreadable"
	CodeOfferNoVideo    Code = "offer_without_video"
	CodeOfferCodec      Code = "offer_unknown_codec"
	CodeOfferDirection  Code = "offer_sends_nothing"
	CodeAtCapacity      Code = "at_capacity"
	CodeStreamConflict  Code = "stream_conflict"
	CodeNoStream        Code = "no_stream"
	CodeSessionExists   Code = "session_exists"
	CodeSessionUnknown  Code = "session_unknown"
	CodeSessionClosed   Code = "session_closed"
	CodePeerUnknown     Code = "peer_unknown"
	CodeFragment        Code = "fragment_unreadable"
	CodeICEOutdated     Code = "ice_outdated"
	CodeCaptureRunning  Code = "capture_running"
	CodeCaptureLength   Code = "capture_length"
	CodeBaseline        Code = "baseline_outdated"
	CodeBaselineLate    Code = "baseline_late"
)

// Error is a failure with a sentence for the person at the tablet that says what to do. Errors with the same code are equal
// to [errors.Is], whatever they wrap.
type Error struct {
	Code       Code
	Text       string
	RetryAfter time.Duration // when trying again makes sense; 0 where it does not by itself
	Cause      error         // for the log; not for the client
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Text + " (" + e.Cause.Error() + ")"
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target has the same code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// Because returns the error with its cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// The errors, one for each code; two say that there is no place.
var (
	ErrOfferTooLarge = &Error{Code: CodeOfferTooLarge,
		Text: "The video offer is larger than 64 KB: no browser sends one like it. Reload the page."}
	ErrOfferUnreadable = &Error{Code: CodeOfferUnreadable,
		Text: "The video offer is not a complete SDP session description: reload the page, or update the browser or program that made it."}
	ErrOfferNoVideo = &Error{Code: CodeOfferNoVideo,
		Text: "The offer holds no video: choose a camera and allow this page to use it."}
	ErrOfferCodec = &Error{Code: CodeOfferCodec,
		Text: "The offer holds no video codec that this server can decode: let the browser or program offer VP8, VP9 or H.264."}
	ErrOfferDirection = &Error{Code: CodeOfferDirection,
		Text: "The offer only wants to receive video: it must send the camera's (a=sendonly or a=sendrecv)."}
	ErrAtCapacity = &Error{Code: CodeAtCapacity, RetryAfter: 10 * time.Second,
		Text: "The server is analysing as many cameras as it can: wait until another one has finished, then try again."}
	ErrStopping = &Error{Code: CodeAtCapacity, RetryAfter: 15 * time.Second,
		Text: "The server is about to be started anew and takes no more cameras: try again in a moment."}
	ErrStreamConflict = &Error{Code: CodeStreamConflict, RetryAfter: 5 * time.Second,
		Text: "Another tablet is already sending video for this session: stop it there, or start a session of your own."}
	ErrNoStream = &Error{Code: CodeNoStream,
		Text: "No camera is connected to this session: start the camera first."}
	ErrSessionExists = &Error{Code: CodeSessionExists,
		Text: "A session of this name is open already: use it, or choose another name."}
	ErrSessionUnknown = &Error{Code: CodeSessionUnknown,
		Text: "This session does not exist or has ended: start a new one."}
	ErrSessionClosed = &Error{Code: CodeSessionClosed,
		Text: "This session has ended: start a new one."}
	ErrPeerUnknown = &Error{Code: CodePeerUnknown,
		Text: "This video connection has ended already."}
	ErrFragment = &Error{Code: CodeFragment,
		Text: "The change to the video connection cannot be read: send a fragment of SDP with the credentials and candidates of the camera's side."}
	ErrICEOutdated = &Error{Code: CodeICEOutdated,
		Text: "The video connection was changed meanwhile: begin it anew."}
	ErrCaptureRunning = &Error{Code: CodeCaptureRunning,
		Text: "An observation is already running: wait until it is done."}
	ErrCaptureLength = &Error{Code: CodeCaptureLength,
		Text: "An observation lasts between 3 and 60 seconds: choose a length in between."}
	ErrBaselineOutdated = &Error{Code: CodeBaseline,
		Text: "The chosen baseline was measured by another version of the program or of the other half of the face, so that its numbers do not compare: take a new one."}
	ErrBaselineLate = &Error{Code: CodeBaselineLate,
		Text: "The camera runs already: a baseline is chosen before it starts."}
)
