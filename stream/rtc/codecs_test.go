package rtc

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/pion/rtp"

	"wince/stream"
	"wince/stream/ivf"
)

var allCodecs = []stream.Codec{stream.CodecVP8, stream.CodecVP9, stream.CodecH264}

// noise returns n frames of which each takes several packets; every third is a keyframe.
func noise(t testing.TB, c stream.Codec, n int) (frames [][]byte) {
	t.Helper()
	b, err := os.ReadFile("../decode/testdata/noise-" + string(c) + ".ivf")
	if err != nil {
		t.Fatal(err)
	}
	for len(frames) < n {
		r, _, err := ivf.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for len(frames) < n {
			f, _, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, bytes.Clone(f))
		}
	}
	return frames
}

// sameFrame compares frames; in a byte stream a start code may have three bytes or four.
func sameFrame(c stream.Codec, a, b []byte) bool {
	if c == stream.CodecH264 {
		a, b = bytes.ReplaceAll(a, []byte{0, 0, 0, 1}, []byte{0, 0, 1}), bytes.ReplaceAll(b, []byte{0, 0, 0, 1}, []byte{0, 0, 1})
	}
	return bytes.Equal(a, b)
}

// Every codec's frames come out as they went in, in order, with loss, with packets twice and with wraps of both counters.
func TestAssemblerOfEveryCodec(t *testing.T) {
	for _, c := range allCodecs {
		t.Run(string(c), func(t *testing.T) {
			frames := noise(t, c, 9)
			pack := rtp.NewPacketizer(1200, 96, 1, payloader(c), rtp.NewFixedSequencer(0xfffa), 90000)
			const first = uint32(0xffffffff - 4000) // wraps with the third frame
			var sent [][]*rtp.Packet
			for i, f := range frames {
				packets := pack.Packetize(f, 0)
				for _, p := range packets {
					p.Timestamp = first + uint32(3000*i)
				}
				sent = append(sent, packets)
			}
			if len(sent[0]) < 3 {
				t.Fatalf("the keyframe takes %d packets, want several", len(sent[0]))
			}
			for _, tt := range []struct {
				name string
				lose func(frame, packet int) bool
				want []int
			}{
				{"none lost", func(int, int) bool { return false }, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}},
				{"the first packet of a keyframe", func(f, p int) bool { return f == 3 && p == 0 }, []int{0, 1, 2, 6, 7, 8}},
				{"the middle of a frame", func(f, p int) bool { return f == 4 && p == 1 }, []int{0, 1, 2, 3, 6, 7, 8}},
				{"the last packet of a frame", func(f, p int) bool { return f == 1 && p == len(sent[1])-1 }, []int{0, 3, 4, 5, 6, 7, 8}},
			} {
				var got []stream.EncodedFrame
				a := newAssembler(c, 80*time.Millisecond, func(f stream.EncodedFrame) bool {
					f.Data = bytes.Clone(f.Data)
					got = append(got, f)
					return true
				})
				now := time.Unix(0, 0)
				for i := range sent {
					for k, p := range sent[i] {
						if !tt.lose(i, k) {
							a.push(&p.Header, p.Payload, now)
							a.push(&p.Header, p.Payload, now) // sent twice
						}
					}
					now = now.Add(33 * time.Millisecond)
					a.tick(now)
				}
				a.tick(now.Add(time.Second))
				if len(got) != len(tt.want) {
					t.Errorf("%s: %d frames, want %d", tt.name, len(got), len(tt.want))
					continue
				}
				for i, f := range got {
					n := tt.want[i]
					if !sameFrame(c, f.Data, frames[n]) || f.RTP != first+uint32(3000*n) || f.Keyframe != (n%3 == 0) || f.Codec != c {
						t.Errorf("%s: frame %d is not frame %d as it was sent (%d bytes, %d sent, keyframe %v)", tt.name, i, n, len(f.Data), len(frames[n]), f.Keyframe)
					}
				}
			}
		})
	}
}

// A tablet may send any of the codecs; it is negotiated, and comes through a real connection.
func TestEveryCodecOverTheNetwork(t *testing.T) {
	s := newServer(t, Config{})
	for _, c := range allCodecs {
		t.Run(string(c), func(t *testing.T) {
			tab, err := TabletConfig{Codec: c, OnEvent: func([]byte) {}}.New()
			if err != nil {
				t.Fatal(err)
			}
			defer tab.Close()
			in := newSink()
			connect(t, s, tab, in)
			frames := noise(t, c, 3)
			for i, f := range frames {
				if _, err := tab.Write(f, uint32(3000*i)); err != nil {
					t.Fatal(err)
				}
			}
			for i, f := range in.wait(t, len(frames)) {
				if f.Codec != c || !sameFrame(c, f.Data, frames[i]) {
					t.Errorf("frame %d: %s, %d bytes, want %d", i, f.Codec, len(f.Data), len(frames[i]))
				}
			}
		})
	}
}

// A sender that goes on under another SSRC is taken on, and asked for nothing that it sends anyway.
func TestSSRCChange(t *testing.T) {
	s := newServer(t, Config{})
	other := &renamed{}
	tab, err := TabletConfig{OnEvent: func([]byte) {}, extra: other}.New()
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	in := newSink()
	connect(t, s, tab, in)
	write := func(f []byte, at uint32) {
		if _, err := tab.Write(f, at); err != nil {
			t.Fatal(err)
		}
	}
	write(vp8(true, 3000), 0)
	in.wait(t, 1)
	other.ssrc.Store(0x1234567)
	write(vp8(true, 2000), 3000)
	in.wait(t, 2)
	write(vp8(false, 400), 6000)
	got := in.wait(t, 3)
	if len(got[1].Data) != 2000 || !got[1].Keyframe || len(got[2].Data) != 400 {
		t.Errorf("after the change came %d and %d bytes", len(got[1].Data), len(got[2].Data))
	}
}

func TestH264Payload(t *testing.T) {
	h := &h264Payload{}
	for _, tt := range []struct {
		name    string
		payload []byte
		begins  bool
		key     bool
		add     []byte // nil: refused
	}{
		{"parameters", []byte{0x67, 66, 0, 30}, true, true, []byte{0, 0, 0, 1, 0x67, 66, 0, 30}},
		{"first slice of an IDR picture", []byte{0x65, 0x88}, true, true, []byte{0, 0, 0, 1, 0x65, 0x88}},
		{"further slice", []byte{0x65, 0x11}, false, false, []byte{0, 0, 0, 1, 0x65, 0x11}},
		{"slice", []byte{0x41, 0x9a}, true, false, []byte{0, 0, 0, 1, 0x41, 0x9a}},
		{"several", []byte{0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2}, true, true, []byte{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2}},
		{"first part", []byte{0x7c, 0x85, 0x88, 7}, true, true, []byte{0, 0, 0, 1, 0x65, 0x88, 7}},
		{"further part", []byte{0x7c, 0x05, 0x88, 7}, false, false, []byte{0x88, 7}},
		{"empty", []byte{0x67}, false, false, nil},
		{"part without data", []byte{0x7c, 0x85}, false, false, nil},
		{"longer than it is", []byte{0x78, 0, 9, 0x67, 1}, false, false, nil},
		{"mode 2", []byte{0x79, 0, 0, 1}, false, false, nil},
	} {
		p, err := h.look(tt.payload)
		if tt.add == nil {
			if err == nil {
				t.Errorf("%s: was taken", tt.name)
			}
			continue
		}
		if err != nil || p.begins != tt.begins || p.key != tt.key || p.size != len(tt.add) {
			t.Errorf("%s: %+v, %v", tt.name, p, err)
			continue
		}
		if got := h.add(nil); !bytes.Equal(got, tt.add) {
			t.Errorf("%s: % x, want % x", tt.name, got, tt.add)
		}
	}
}

// Whatever comes in a packet's payload, nothing falls over, and what is added is as long as was said.
func FuzzPayload(f *testing.F) {
	for i, c := range allCodecs {
		for _, p := range rtp.NewPacketizer(1200, 96, 1, payloader(c), rtp.NewFixedSequencer(1), 90000).Packetize(noise(f, c, 1)[0], 0) {
			f.Add(uint8(i), p.Payload)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		x := payloadOf(allCodecs[int(which)%len(allCodecs)])
		p, err := x.look(b)
		if err != nil {
			return
		}
		if got := len(x.add(nil)); got != p.size {
			t.Errorf("%d bytes added, %d said", got, p.size)
		}
	})
}
