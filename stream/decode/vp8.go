package decode

/*
#cgo pkg-config: vpx
#include <stdlib.h>
#include <string.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vp8dx.h>

typedef struct {
	vpx_codec_ctx_t ctx;
	const vpx_image_t *img; // of the last frame, until the next one
	unsigned width, height;
	int corrupted;
} wince_vp8;

static vpx_codec_err_t wince_vp8_open(wince_vp8 *d) {
	vpx_codec_dec_cfg_t cfg = {.threads = 1};
	return vpx_codec_dec_init(&d->ctx, vpx_codec_vp8_dx(), &cfg, 0);
}

static vpx_codec_err_t wince_vp8_decode(wince_vp8 *d, const uint8_t *data, unsigned n) {
	d->img = NULL;
	d->corrupted = 0;
	vpx_codec_err_t err = vpx_codec_decode(&d->ctx, data, n, NULL, 0);
	vpx_codec_iter_t iter = NULL;
	const vpx_image_t *img = vpx_codec_get_frame(&d->ctx, &iter); // taken even after an error, or it would come next time
	if (err != VPX_CODEC_OK)
		return err;
	err = vpx_codec_control(&d->ctx, VP8D_GET_FRAME_CORRUPTED, &d->corrupted);
	if (err != VPX_CODEC_OK || img == NULL)
		return err;
	if (img->fmt != VPX_IMG_FMT_I420)
		return VPX_CODEC_UNSUP_FEATURE;
	d->img = img;
	d->width = img->d_w;
	d->height = img->d_h;
	return VPX_CODEC_OK;
}

static void wince_copy(uint8_t *to, const uint8_t *from, int stride, unsigned width, unsigned height) {
	for (unsigned y = 0; y < height; y++)
		memcpy(to + (size_t)y * width, from + (ptrdiff_t)y * stride, width);
}

static void wince_vp8_copy(wince_vp8 *d, uint8_t *y, uint8_t *u, uint8_t *v) {
	unsigned cw = (d->width + 1) / 2, ch = (d->height + 1) / 2;
	wince_copy(y, d->img->planes[VPX_PLANE_Y], d->img->stride[VPX_PLANE_Y], d->width, d->height);
	wince_copy(u, d->img->planes[VPX_PLANE_U], d->img->stride[VPX_PLANE_U], cw, ch);
	wince_copy(v, d->img->planes[VPX_PLANE_V], d->img->stride[VPX_PLANE_V], cw, ch);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"wince/vision"
)

// VP8 decodes VP8 (RFC 6386) in the calling goroutine, with one thread. It serves one goroutine at a time.
type VP8 struct {
	dec     *C.wince_vp8
	waiting bool // for a keyframe
}

// NewVP8 opens a decoder. Close it.
func NewVP8() (*VP8, error) {
	dec := (*C.wince_vp8)(C.calloc(1, C.sizeof_wince_vp8))
	if code := C.wince_vp8_open(dec); code != C.VPX_CODEC_OK {
		C.free(unsafe.Pointer(dec))
		return nil, fmt.Errorf("open VP8 decoder: %s", reason(code))
	}
	return &VP8{dec: dec, waiting: true}, nil
}

// Decode decodes one frame and copies the picture into `into`, whose planes it makes or grows where needed; into stays the
// caller's and holds nothing of the decoder's. Shown is false for a frame that is kept for reference only; into is then left
// alone. The error wraps ErrKeyframeNeeded, ErrCorrupt or ErrTooLarge, and every further frame is refused with
// ErrKeyframeNeeded until a keyframe comes. In the steady state it does not allocate.
func (d *VP8) Decode(frame []byte, into *vision.I420) (shown bool, err error) {
	if d.dec == nil {
		return false, errors.New("decode VP8 frame: the decoder is closed")
	}
	if shown, err = d.decode(frame, into); err != nil {
		d.waiting = true
		return false, fmt.Errorf("decode VP8 frame: %w", err)
	}
	return shown, nil
}

func (d *VP8) decode(frame []byte, into *vision.I420) (bool, error) {
	h, err := parseVP8Header(frame)
	if err != nil {
		return false, err
	}
	if d.waiting && !h.key {
		return false, ErrKeyframeNeeded
	}
	data := (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(frame)))
	if code := C.wince_vp8_decode(d.dec, data, C.uint(len(frame))); code != C.VPX_CODEC_OK {
		return false, fmt.Errorf("%w: %s", ErrCorrupt, reason(code))
	}
	if d.dec.corrupted != 0 {
		return false, ErrCorrupt
	}
	d.waiting = false
	if d.dec.img == nil {
		return false, nil
	}
	shape(into, int(d.dec.width), int(d.dec.height))
	C.wince_vp8_copy(d.dec, (*C.uint8_t)(unsafe.SliceData(into.Y)), (*C.uint8_t)(unsafe.SliceData(into.U)),
		(*C.uint8_t)(unsafe.SliceData(into.V)))
	return true, nil
}

// Close frees the decoder. It may be called more than once.
func (d *VP8) Close() error {
	if d.dec == nil {
		return nil
	}
	code := C.vpx_codec_destroy(&d.dec.ctx)
	C.free(unsafe.Pointer(d.dec))
	d.dec = nil
	if code != C.VPX_CODEC_OK {
		return fmt.Errorf("close VP8 decoder: %s", reason(code))
	}
	return nil
}

func reason(code C.vpx_codec_err_t) string { return C.GoString(C.vpx_codec_err_to_string(code)) }
