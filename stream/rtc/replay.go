package rtc

import (
	"fmt"
	"time"

	"github.com/pion/rtp"
	packets "github.com/pion/rtp/codecs"
	"github.com/pion/srtp/v3"

	"wince/stream"
)

// Replay is the receive path of a connection without its socket: encrypted packets in, frames out. It is for measurements and
// serves one goroutine.
type Replay struct {
	payload rtp.Packetizer
	out, in *srtp.Context
	frames  *assembler
	buf     []byte
	packet  rtp.Packet
}

// NewReplay returns a path that hands frames, borrowed, to emit.
func NewReplay(emit func(stream.EncodedFrame) bool) (*Replay, error) {
	key, salt := make([]byte, 16), make([]byte, 12)
	r := &Replay{
		payload: rtp.NewPacketizer(1200, 96, 1, &packets.VP8Payloader{EnablePictureID: true}, rtp.NewFixedSequencer(1), 90000),
		frames:  newAssembler(stream.CodecVP8, time.Second, emit), buf: make([]byte, 0, mtu),
	}
	for _, c := range []**srtp.Context{&r.out, &r.in} {
		var err error
		if *c, err = srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm); err != nil {
			return nil, fmt.Errorf("set up encryption: %w", err)
		}
	}
	return r, nil
}

// Send returns the packets of a frame as they would come from the network.
func (r *Replay) Send(frame []byte, timestamp uint32) ([][]byte, error) {
	var packets [][]byte
	for _, p := range r.payload.Packetize(frame, 0) {
		p.Timestamp = timestamp
		plain, err := p.Marshal()
		if err == nil {
			plain, err = r.out.EncryptRTP(nil, plain, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("encrypt a packet: %w", err)
		}
		packets = append(packets, plain)
	}
	return packets, nil
}

// Receive decrypts packets and puts them together.
func (r *Replay) Receive(packets [][]byte, now time.Time) error {
	for _, p := range packets {
		plain, err := r.in.DecryptRTP(r.buf[:0], p, nil)
		if err == nil {
			err = r.packet.Unmarshal(plain)
		}
		if err != nil {
			return fmt.Errorf("decrypt a packet: %w", err)
		}
		r.frames.push(&r.packet.Header, r.packet.Payload, now)
	}
	return nil
}
