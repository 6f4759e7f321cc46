package decode

/*
#cgo pkg-config: openh264
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

typedef struct {
	ISVCDecoder *dec;
	unsigned char *planes[3]; // of the last picture, until the next call
	int width, height, ystride, cstride;
	int shown;
} wince_h264;

static long wince_h264_open(wince_h264 *d) {
	if (WelsCreateDecoder(&d->dec) != 0 || !d->dec) return -1;
	SDecodingParam p;
	memset(&p, 0, sizeof p);
	p.uiTargetDqLayer = 255;
	p.eEcActiveIdc = ERROR_CON_DISABLE; // a picture made up for a damaged one must not be measured
	p.sVideoProperty.size = sizeof p.sVideoProperty;
	p.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
	int quiet = WELS_LOG_QUIET;
	(*d->dec)->SetOption(d->dec, DECODER_OPTION_TRACE_LEVEL, &quiet);
	return (*d->dec)->Initialize(d->dec, &p);
}

static int wince_h264_decode(wince_h264 *d, const unsigned char *data, int n) {
	SBufferInfo info;
	memset(&info, 0, sizeof info);
	d->shown = 0;
	d->planes[0] = d->planes[1] = d->planes[2] = NULL;
	int state = (*d->dec)->DecodeFrameNoDelay(d->dec, data, n, d->planes, &info);
	if (state != dsErrorFree) return state;
	if (info.iBufferStatus != 1 || !d->planes[0]) return 0;
	d->width = info.UsrData.sSystemBuffer.iWidth;
	d->height = info.UsrData.sSystemBuffer.iHeight;
	d->ystride = info.UsrData.sSystemBuffer.iStride[0];
	d->cstride = info.UsrData.sSystemBuffer.iStride[1];
	if (info.UsrData.sSystemBuffer.iFormat != videoFormatI420) return dsInvalidArgument;
	d->shown = 1;
	return 0;
}

static void wince_h264_plane(unsigned char *to, const unsigned char *from, int stride, int width, int height) {
	for (int y = 0; y < height; y++)
		memcpy(to + (size_t)y * width, from + (ptrdiff_t)y * stride, width);
}

static void wince_h264_copy(wince_h264 *d, unsigned char *y, unsigned char *u, unsigned char *v) {
	int cw = (d->width + 1) / 2, ch = (d->height + 1) / 2;
	wince_h264_plane(y, d->planes[0], d->ystride, d->width, d->height);
	wince_h264_plane(u, d->planes[1], d->cstride, cw, ch);
	wince_h264_plane(v, d->planes[2], d->cstride, cw, ch);
}

static void wince_h264_close(wince_h264 *d) {
	(*d->dec)->Uninitialize(d->dec);
	WelsDestroyDecoder(d->dec);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"wince/vision"
)

// H264 decodes H.264 of the baseline profiles in the calling goroutine. It serves one goroutine at a time. A decoder that met a damaged
// frame is replaced by a new one before the next keyframe: what OpenH264 keeps of the damaged one is not relied on.
type H264 struct {
	dec     *C.wince_h264 // nil when closed
	ready   bool          // the library's decoder is open
	waiting bool          // for a keyframe
}

// NewH264 opens a decoder. Close it.
func NewH264() (*H264, error) {
	d := &H264{dec: (*C.wince_h264)(C.calloc(1, C.sizeof_wince_h264)), waiting: true}
	if err := d.open(); err != nil {
		C.free(unsafe.Pointer(d.dec))
		return nil, err
	}
	return d, nil
}

func (d *H264) open() error {
	if C.wince_h264_open(d.dec) != 0 {
		if d.dec.dec != nil {
			C.wince_h264_close(d.dec)
		}
		return errors.New("open H264 decoder: OpenH264 does not start")
	}
	d.ready = true
	return nil
}

// Decode decodes one access unit and copies the picture into `into`, as [VPX.Decode] does.
func (d *H264) Decode(frame []byte, into *vision.I420) (shown bool, err error) {
	if d.dec == nil {
		return false, errors.New("decode H264 frame: the decoder is closed")
	}
	if shown, err = d.decode(frame, into); err != nil {
		d.waiting = true
		return false, fmt.Errorf("decode H264 frame: %w", err)
	}
	return shown, nil
}

func (d *H264) decode(frame []byte, into *vision.I420) (bool, error) {
	unit, err := checkH264(frame)
	if err != nil {
		return false, err
	}
	if d.waiting && unit.pictures && !unit.key {
		return false, ErrKeyframeNeeded
	}
	used := d.ready
	err = d.feed(frame, unit)
	if err != nil && used && unit.key { // damaged parameters from before may stand in its way
		err = d.feed(frame, unit)
	}
	if err != nil || d.dec.shown == 0 {
		return false, err
	}
	if err := allowed(int(d.dec.width), int(d.dec.height)); err != nil {
		return false, err
	}
	d.waiting = false
	shape(into, int(d.dec.width), int(d.dec.height))
	C.wince_h264_copy(d.dec, (*C.uchar)(unsafe.SliceData(into.Y)), (*C.uchar)(unsafe.SliceData(into.U)), (*C.uchar)(unsafe.SliceData(into.V)))
	return true, nil
}

// feed hands an access unit to the library's decoder, a new one where the last did not take what it was given.
func (d *H264) feed(frame []byte, unit accessUnit) error {
	if !d.ready {
		if err := d.open(); err != nil {
			return err
		}
	}
	data := (*C.uchar)(unsafe.Pointer(unsafe.SliceData(frame)))
	state := C.wince_h264_decode(d.dec, data, C.int(len(frame)))
	if state == 0 && unit.pictures == (d.dec.shown != 0) {
		return nil
	}
	C.wince_h264_close(d.dec)
	d.ready, d.dec.shown = false, 0
	return fmt.Errorf("%w: OpenH264 says %#x", ErrCorrupt, int(state))
}

// Close frees the decoder. It may be called more than once.
func (d *H264) Close() error {
	if d.dec == nil {
		return nil
	}
	if d.ready {
		C.wince_h264_close(d.dec)
	}
	C.free(unsafe.Pointer(d.dec))
	d.dec = nil
	return nil
}
