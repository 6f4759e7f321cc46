package rtc

import (
	"errors"

	packets "github.com/pion/rtp/codecs"

	"wince/stream"
)

// payload reads the packets of one codec. It belongs to one goroutine.
type payload interface {
	// look reads a packet's payload. What it returns is valid until the next call.
	look(payload []byte) (piece, error)
	// add appends what the packet looked at last carries to a frame.
	add(frame []byte) []byte
}

// piece is what a packet says of itself.
type piece struct {
	begins bool // it may be a frame's first
	key    bool // its frame is a keyframe, as far as this packet tells
	alone  bool // and carries the parameters that it is decoded with, so that nothing from before is needed
	size   int  // bytes that add appends
}

// payloadOf returns what reads a codec's packets, nil for one that is not taken.
func payloadOf(c stream.Codec) payload {
	switch c {
	case stream.CodecVP8:
		return &vp8Payload{}
	case stream.CodecVP9:
		return &vp9Payload{}
	case stream.CodecH264:
		return &h264Payload{}
	}
	return nil
}

// vp8Payload reads RFC 7741.
type vp8Payload struct {
	packet packets.VP8Packet
	data   []byte
}

func (v *vp8Payload) look(payload []byte) (p piece, err error) {
	if v.data, err = v.packet.Unmarshal(payload); err != nil {
		return p, err
	}
	p.begins, p.size = v.packet.S == 1 && v.packet.PID == 0, len(v.data)
	p.key = p.begins && len(v.data) > 0 && v.data[0]&1 == 0
	p.alone = p.key
	return p, nil
}

func (v *vp8Payload) add(frame []byte) []byte { return append(frame, v.data...) }

// vp9Payload reads RFC 9628. Layers of one picture share its time stamp and are one frame here, as libvpx wants them.
type vp9Payload struct {
	packet packets.VP9Packet
	data   []byte
}

func (v *vp9Payload) look(payload []byte) (p piece, err error) {
	v.packet = packets.VP9Packet{}
	if v.data, err = v.packet.Unmarshal(payload); err != nil {
		return p, err
	}
	p.begins, p.size = v.packet.B && v.packet.SID == 0, len(v.data)
	p.key = p.begins && !v.packet.P
	p.alone = p.key
	return p, nil
}

func (v *vp9Payload) add(frame []byte) []byte { return append(frame, v.data...) }

// h264Payload reads RFC 6184, packetization mode 1, into a byte stream of NAL units (ITU-T H.264, Annex B).
type h264Payload struct {
	payload []byte
	kind    byte
}

// NAL units, and what RFC 6184 adds to them.
const (
	h264IDR   = 5
	h264SPS   = 7
	h264Last  = 23
	h264STAPA = 24 // several units in one packet
	h264FUA   = 28 // a part of a unit
)

var (
	errH264Short = errors.New("the packet is cut off")
	errH264Kind  = errors.New("this kind of packet was not agreed on")
	h264Start    = []byte{0, 0, 0, 1}
)

// look takes for a keyframe what holds the first slice of an IDR picture, or parameters, which browsers send in front of each.
func (h *h264Payload) look(payload []byte) (p piece, err error) {
	if len(payload) < 2 {
		return p, errH264Short
	}
	h.payload, h.kind = payload, payload[0]&0x1f
	switch {
	case h.kind >= 1 && h.kind <= h264Last:
		p.size = len(h264Start) + len(payload)
		p.begins, p.key = h264Begins(payload)
		p.alone = h.kind == h264SPS
	case h.kind == h264STAPA:
		rest := payload[1:]
		for first := true; len(rest) > 0; first = false {
			var unit []byte
			if unit, rest, err = h264Unit(rest); err != nil {
				return p, err
			}
			p.size += len(h264Start) + len(unit)
			begins, key := h264Begins(unit)
			if first {
				p.begins = begins
			}
			p.key, p.alone = p.key || key, p.alone || unit[0]&0x1f == h264SPS
		}
	case h.kind == h264FUA:
		if len(payload) < 3 {
			return p, errH264Short
		}
		p.size = len(payload) - 2
		if payload[1]&0x80 != 0 {
			p.size += len(h264Start) + 1
			// The header that add makes stands for that of the whole unit.
			p.begins, p.key = h264Slice(payload[1]&0x1f, payload[2])
		}
	default:
		return p, errH264Kind
	}
	return p, nil
}

func (h *h264Payload) add(frame []byte) []byte {
	switch h.kind {
	case h264STAPA:
		for rest := h.payload[1:]; len(rest) > 0; {
			var unit []byte
			unit, rest, _ = h264Unit(rest) // look has been through it
			frame = append(append(frame, h264Start...), unit...)
		}
		return frame
	case h264FUA:
		if h.payload[1]&0x80 != 0 {
			frame = append(append(frame, h264Start...), h.payload[0]&0xe0|h.payload[1]&0x1f)
		}
		return append(frame, h.payload[2:]...)
	}
	return append(append(frame, h264Start...), h.payload...)
}

// h264Unit takes the next unit of an aggregation packet.
func h264Unit(b []byte) (unit, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errH264Short
	}
	n := int(b[0])<<8 | int(b[1])
	if b = b[2:]; n == 0 || n > len(b) {
		return nil, nil, errH264Short
	}
	return b[:n], b[n:], nil
}

func h264Begins(unit []byte) (begins, key bool) {
	if len(unit) < 2 {
		return true, false
	}
	return h264Slice(unit[0]&0x1f, unit[1])
}

// h264Slice says whether a unit may be the first of a picture: a slice is where it begins at the first macroblock, which the first
// bit behind its header tells.
func h264Slice(kind, next byte) (begins, key bool) {
	begins = kind == 0 || kind > h264IDR || next&0x80 != 0
	return begins, kind == h264SPS || kind == h264IDR && begins
}
