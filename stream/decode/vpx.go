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
} wince_vpx;

static vpx_codec_err_t wince_vpx_open(wince_vpx *d, int vp9) {
	vpx_codec_dec_cfg_t cfg = {.threads = 1};
	return vpx_codec_dec_init(&d->ctx, vp9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx(), &cfg, 0);
}

static vpx_codec_err_t wince_vpx_decode(wince_vpx *d, const uint8_t *data, unsigned n) {
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

static void wince_vpx_plane(uint8_t *to, const uint8_t *from, int stride, unsigned width, unsigned height) {
	for (unsigned y = 0; y < height; y++)
		memcpy(to + (size_t)y * width, from + (ptrdiff_t)y * stride, width);
}

static void wince_vpx_copy(wince_vpx *d, uint8_t *y, uint8_t *u, uint8_t *v) {
	unsigned cw = (d->width + 1) / 2, ch = (d->height + 1) / 2;
	wince_vpx_plane(y, d->img->planes[VPX_PLANE_Y], d->img->stride[VPX_PLANE_Y], d->width, d->height);
	wince_vpx_plane(u, d->img->planes[VPX_PLANE_U], d->img->stride[VPX_PLANE_U], cw, ch);
	wince_vpx_plane(v, d->img->planes[VPX_PLANE_V], d->img->stride[VPX_PLANE_V], cw, ch);
}
*/
import "C"

import (
	"fmt"
	"unsafe"

	"wince/stream"
	"wince/vision"
)

// VPX decodes VP8 (RFC 6386) or VP9 (profile 0) in the calling goroutine, with one thread. It serves one goroutine at a time.
type VPX struct {
	dec     *C.wince_vpx
	codec   stream.Codec
	begins  func(frame []byte) (key bool, err error) // looks at a frame before the library does
	waiting bool                                     // for a keyframe
}

// NewVP8 opens a decoder. Close it.
func NewVP8() (*VPX, error) {
	return newVPX(stream.CodecVP8, 0, func(frame []byte) (bool, error) {
		h, err := parseVP8Header(frame)
		return h.key, err
	})
}

// NewVP9 opens a decoder. Close it.
func NewVP9() (*VPX, error) { return newVPX(stream.CodecVP9, 1, checkVP9) }

func newVPX(codec stream.Codec, vp9 C.int, begins func([]byte) (bool, error)) (*VPX, error) {
	dec := (*C.wince_vpx)(C.calloc(1, C.sizeof_wince_vpx))
	if code := C.wince_vpx_open(dec, vp9); code != C.VPX_CODEC_OK {
		C.free(unsafe.Pointer(dec))
		return nil, fmt.Errorf("open %s decoder: %s", codec, reason(code))
	}
	return &VPX{dec: dec, codec: codec, begins: begins, waiting: true}, nil
}

// Decode decodes one frame and copies the picture into `into`, whose planes it makes or grows where needed; into stays the
// caller's and holds nothing of the decoder's. Shown is false for a frame that is kept for reference only; into is then left
// alone. The error wraps ErrKeyframeNeeded, ErrCorrupt or ErrTooLarge, and every further frame is refused with
// ErrKeyframeNeeded until a keyframe comes. In the steady state it does not allocate.
func (d *VPX) Decode(frame []byte, into *vision.I420) (shown bool, err error) {
	if d.dec == nil {
		return false, fmt.Errorf("decode %s frame: the decoder is closed", d.codec)
	}
	if shown, err = d.decode(frame, into); err != nil {
		d.waiting = true
		return false, fmt.Errorf("decode %s frame: %w", d.codec, err)
	}
	return shown, nil
}

func (d *VPX) decode(frame []byte, into *vision.I420) (bool, error) {
	key, err := d.begins(frame)
	if err != nil {
		return false, err
	}
	if d.waiting && !key {
		return false, ErrKeyframeNeeded
	}
	data := (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(frame)))
	if code := C.wince_vpx_decode(d.dec, data, C.uint(len(frame))); code != C.VPX_CODEC_OK {
		return false, fmt.Errorf("%w: %s", ErrCorrupt, reason(code))
	}
	if d.dec.corrupted != 0 {
		return false, ErrCorrupt
	}
	d.waiting = false
	if d.dec.img == nil {
		return false, nil
	}
	if err := allowed(int(d.dec.width), int(d.dec.height)); err != nil {
		return false, err
	}
	shape(into, int(d.dec.width), int(d.dec.height))
	C.wince_vpx_copy(d.dec, (*C.uint8_t)(unsafe.SliceData(into.Y)), (*C.uint8_t)(unsafe.SliceData(into.U)),
		(*C.uint8_t)(unsafe.SliceData(into.V)))
	return true, nil
}

// Close frees the decoder. It may be called more than once.
func (d *VPX) Close() error {
	if d.dec == nil {
		return nil
	}
	code := C.vpx_codec_destroy(&d.dec.ctx)
	C.free(unsafe.Pointer(d.dec))
	d.dec = nil
	if code != C.VPX_CODEC_OK {
		return fmt.Errorf("close %s decoder: %s", d.codec, reason(code))
	}
	return nil
}

func reason(code C.vpx_codec_err_t) string { return C.GoString(C.vpx_codec_err_to_string(code)) }
