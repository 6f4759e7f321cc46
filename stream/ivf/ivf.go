// Package ivf reads and writes IVF, the plain container of libvpx for VP8, VP9 and AV1: a header of 32 bytes, then each
// frame behind a header of 12. All numbers are little-endian. The reader trusts nothing that it reads.
package ivf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	headerLen = 32
	frameLen  = 12
)

// MaxFrame is the largest frame in bytes that a [Reader] accepts. A VP8 picture of 4096 by 4096 at the finest quantiser
// stays below it, so that a larger size says that the file is damaged.
const MaxFrame = 16 << 20

// ErrNotIVF says that the input does not begin as an IVF file does.
var ErrNotIVF = errors.New("not an IVF file: it does not begin with DKIF")

// Header is what a file says of itself before its first frame.
type Header struct {
	FourCC        string // four characters, such as "VP80"
	Width, Height int    // pixels, 1-65535
	// A time stamp counts units of Num/Den seconds: 1/30 for 30 frames a second that are numbered 0, 1, 2.
	// (libvpx calls Den the rate and Num the scale.)
	Den, Num uint32
	// Frames is the number of frames that the header claims; writers that cannot seek leave 0. Nobody should allocate by it.
	Frames uint32
}

// Time returns the media time of a time stamp. It saturates rather than overflowing.
func (h Header) Time(pts uint64) time.Duration {
	s := float64(pts) * float64(h.Num) / float64(h.Den) * float64(time.Second)
	if s >= float64(1<<63-1024) {
		return 1<<63 - 1
	}
	return time.Duration(s)
}

func (h Header) check() error {
	switch {
	case len(h.FourCC) != 4:
		return fmt.Errorf("the codec name %q does not have four characters", h.FourCC)
	case h.Width < 1 || h.Width > 0xffff || h.Height < 1 || h.Height > 0xffff:
		return fmt.Errorf("the picture size %dx%d is not one that IVF can hold", h.Width, h.Height)
	case h.Den == 0 || h.Num == 0:
		return fmt.Errorf("the time base %d/%d is not a time", h.Num, h.Den)
	}
	return nil
}

// Reader reads the frames of a file one after another.
type Reader struct {
	r   io.Reader
	n   int // frames read
	buf []byte
	err error
}

// NewReader reads the header. The error is ErrNotIVF where the input is something else.
func NewReader(r io.Reader) (*Reader, Header, error) {
	var b [headerLen]byte
	n, err := io.ReadFull(r, b[:])
	if n < 4 || string(b[:4]) != "DKIF" {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, Header{}, fmt.Errorf("read the IVF header: %w", err)
		}
		return nil, Header{}, ErrNotIVF
	}
	if err != nil {
		return nil, Header{}, fmt.Errorf("read the IVF header: %w", truncated(err))
	}
	le := binary.LittleEndian
	if v := le.Uint16(b[4:]); v != 0 {
		return nil, Header{}, fmt.Errorf("IVF version %d is not known, only version 0", v)
	}
	skip := int64(le.Uint16(b[6:])) - headerLen
	if skip < 0 {
		return nil, Header{}, fmt.Errorf("the IVF header claims a length of %d bytes, less than its %d", skip+headerLen, headerLen)
	}
	h := Header{
		FourCC: string(b[8:12]),
		Width:  int(le.Uint16(b[12:])), Height: int(le.Uint16(b[14:])),
		Den: le.Uint32(b[16:]), Num: le.Uint32(b[20:]), Frames: le.Uint32(b[24:]),
	}
	if err := h.check(); err != nil {
		return nil, Header{}, fmt.Errorf("damaged IVF header: %w", err)
	}
	if _, err := io.CopyN(io.Discard, r, skip); err != nil {
		return nil, Header{}, fmt.Errorf("read the IVF header: %w", truncated(err))
	}
	return &Reader{r: r}, h, nil
}

// Next returns the next frame and its time stamp in units of the header's time base, or io.EOF after the last. The frame
// is valid until the next call. After an error every further call returns the same one.
func (r *Reader) Next() (frame []byte, pts uint64, err error) {
	if r.err != nil {
		return nil, 0, r.err
	}
	if frame, pts, err = r.next(); err != nil {
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("read IVF frame %d: %w", r.n, err)
		}
		r.err = err
		return nil, 0, err
	}
	r.n++
	return frame, pts, nil
}

func (r *Reader) next() ([]byte, uint64, error) {
	var h [frameLen]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		if err == io.EOF { // between two frames: the proper end
			return nil, 0, err
		}
		return nil, 0, truncated(err)
	}
	size, pts := binary.LittleEndian.Uint32(h[:]), binary.LittleEndian.Uint64(h[4:])
	if size > MaxFrame {
		return nil, 0, fmt.Errorf("it claims %d bytes, more than the %d of any real frame; the file is damaged", size, MaxFrame)
	}
	// A claim is not yet data: grow by what arrives, so that a short file with a large claim costs no memory.
	const step = 256 << 10
	r.buf = r.buf[:0]
	for got := 0; got < int(size); {
		want := min(int(size)-got, step)
		if cap(r.buf) < got+want {
			r.buf = append(make([]byte, 0, max(2*cap(r.buf), got+want)), r.buf...)
		}
		r.buf = r.buf[:got+want]
		n, err := io.ReadFull(r.r, r.buf[got:])
		if err != nil {
			return nil, 0, fmt.Errorf("%d of %d bytes are there: %w", got+n, size, truncated(err))
		}
		got += want
	}
	return r.buf, pts, nil
}

// truncated turns an end of input in the middle of something into the sentence that it deserves.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// Writer writes a file.
type Writer struct {
	w io.WriteSeeker
	h Header
	n uint32
}

// NewWriter writes the header. Its Frames is ignored: Close writes the number that there were.
func NewWriter(w io.WriteSeeker, h Header) (*Writer, error) {
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("write the IVF header: %w", err)
	}
	h.Frames = 0
	iw := &Writer{w: w, h: h}
	return iw, iw.writeHeader()
}

func (w *Writer) writeHeader() error {
	le := binary.LittleEndian
	b := make([]byte, 0, headerLen)
	b = append(b, "DKIF"...)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, headerLen)
	b = append(b, w.h.FourCC...)
	b = le.AppendUint16(b, uint16(w.h.Width))
	b = le.AppendUint16(b, uint16(w.h.Height))
	b = le.AppendUint32(b, w.h.Den)
	b = le.AppendUint32(b, w.h.Num)
	b = le.AppendUint32(b, w.n)
	b = le.AppendUint32(b, 0)
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("write the IVF header: %w", err)
	}
	return nil
}

// Write appends a frame with its time stamp in units of the header's time base.
func (w *Writer) Write(frame []byte, pts uint64) error {
	if len(frame) > MaxFrame {
		return fmt.Errorf("write IVF frame %d: %d bytes are more than the %d that a reader accepts", w.n, len(frame), MaxFrame)
	}
	b := make([]byte, 0, frameLen+len(frame))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(frame)))
	b = binary.LittleEndian.AppendUint64(b, pts)
	if _, err := w.w.Write(append(b, frame...)); err != nil {
		return fmt.Errorf("write IVF frame %d: %w", w.n, err)
	}
	w.n++
	return nil
}

// Close writes the number of frames into the header and leaves the position at the end. It does not close the file below.
func (w *Writer) Close() error {
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write the number of frames into the IVF header: %w", err)
	}
	if err := w.writeHeader(); err != nil {
		return err
	}
	if _, err := w.w.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("write the number of frames into the IVF header: %w", err)
	}
	return nil
}
