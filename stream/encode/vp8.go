// Package encode binds libvpx's VP8 encoder with the settings of a tablet that streams live: one pass, no look-ahead, fixed
// speed, one thread. It makes the test clips and the streams of simulated tablets. The same pictures give the same bytes.
//
// A binding of our own, because those on offer either wrap FFmpeg whole or leave the speed to libvpx, which then follows
// the clock and makes no two files alike.
package encode

/*
#cgo pkg-config: vpx
#include <stdlib.h>
#include <string.h>
#include <vpx/vpx_encoder.h>
#include <vpx/vp8cx.h>

typedef struct {
	vpx_codec_ctx_t codec;
	const uint8_t *data; // of the last frame, owned by the codec until the next
	size_t size;
	int key;
} wince_vp8;

static int wince_vp8_open(wince_vp8 *e, int width, int height, int fps, int kbps) {
	vpx_codec_enc_cfg_t c;
	int err = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &c, 0);
	if (err) return err;
	c.g_w = width;
	c.g_h = height;
	c.g_threads = 1;
	c.g_timebase.num = 1;
	c.g_timebase.den = fps;
	c.g_lag_in_frames = 0;
	c.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
	c.rc_end_usage = VPX_CBR;
	c.rc_target_bitrate = kbps;
	c.rc_min_quantizer = 4;
	c.rc_max_quantizer = 56;
	c.rc_undershoot_pct = 95;
	c.rc_overshoot_pct = 15;
	c.rc_buf_sz = 1000;
	c.rc_buf_initial_sz = 600;
	c.rc_buf_optimal_sz = 700;
	c.rc_dropframe_thresh = 0;
	c.kf_mode = VPX_KF_AUTO;
	c.kf_min_dist = 0;
	c.kf_max_dist = 3000;
	err = vpx_codec_enc_init(&e->codec, vpx_codec_vp8_cx(), &c, 0);
	if (err) return err;
	// A negative speed is a fixed one.
	if ((err = vpx_codec_control(&e->codec, VP8E_SET_CPUUSED, -3)) ||
	    (err = vpx_codec_control(&e->codec, VP8E_SET_NOISE_SENSITIVITY, 0)) ||
	    (err = vpx_codec_control(&e->codec, VP8E_SET_STATIC_THRESHOLD, 1)) ||
	    (err = vpx_codec_control(&e->codec, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION))) {
		vpx_codec_destroy(&e->codec);
		return err;
	}
	return 0;
}

static int wince_vp8_encode(wince_vp8 *e, int width, int height, const uint8_t *y, const uint8_t *u, const uint8_t *v,
		int ystride, int cstride, int64_t pts, int key) {
	vpx_image_t img;
	const vpx_codec_cx_pkt_t *p;
	vpx_codec_iter_t it = NULL;
	int err;
	e->data = NULL;
	e->size = 0;
	// libvpx copies the planes before it returns and never writes to them.
	if (!vpx_img_wrap(&img, VPX_IMG_FMT_I420, width, height, 1, (uint8_t *)y)) return VPX_CODEC_MEM_ERROR;
	img.planes[VPX_PLANE_Y] = (uint8_t *)y;
	img.planes[VPX_PLANE_U] = (uint8_t *)u;
	img.planes[VPX_PLANE_V] = (uint8_t *)v;
	img.stride[VPX_PLANE_Y] = ystride;
	img.stride[VPX_PLANE_U] = cstride;
	img.stride[VPX_PLANE_V] = cstride;
	err = vpx_codec_encode(&e->codec, &img, pts, 1, key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME);
	if (err) return err;
	while ((p = vpx_codec_get_cx_data(&e->codec, &it))) {
		if (p->kind != VPX_CODEC_CX_FRAME_PKT) continue;
		e->data = p->data.frame.buf;
		e->size = p->data.frame.sz;
		e->key = (p->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
	}
	return 0;
}

static void wince_vp8_close(wince_vp8 *e) { vpx_codec_destroy(&e->codec); }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"wince/vision"
)

// MaxSide is the largest width or height in pixels that VP8 can code (RFC 6386, section 9.1).
const MaxSide = 16383

// VP8 is an encoder for one stream. It is not safe for use by several goroutines at once.
type VP8 struct {
	c             *C.wince_vp8
	width, height int
	last          int64
}

// NewVP8 opens an encoder for pictures of width by height pixels, fps pictures a second and a bitrate in kbit/s. Close it.
func NewVP8(width, height, fps, bitrateKbps int) (*VP8, error) {
	switch {
	case width < 1 || width > MaxSide || height < 1 || height > MaxSide:
		return nil, fmt.Errorf("open a VP8 encoder: the picture size %dx%d is not within 1x1 to %dx%d", width, height, MaxSide, MaxSide)
	case fps < 1 || fps > 240:
		return nil, fmt.Errorf("open a VP8 encoder: %d pictures a second are not within 1 to 240", fps)
	case bitrateKbps < 1 || bitrateKbps > 1_000_000:
		return nil, fmt.Errorf("open a VP8 encoder: %d kbit/s are not within 1 to 1000000", bitrateKbps)
	}
	c := (*C.wince_vp8)(C.calloc(1, C.sizeof_wince_vp8))
	if rc := C.wince_vp8_open(c, C.int(width), C.int(height), C.int(fps), C.int(bitrateKbps)); rc != 0 {
		C.free(unsafe.Pointer(c))
		return nil, fmt.Errorf("open a VP8 encoder: %w", codecError(rc))
	}
	return &VP8{c: c, width: width, height: height, last: -1}, nil
}

// Encode encodes one picture. pts counts pictures and must rise; forceKey asks for a keyframe, which the first picture is
// anyway. It returns the frame, which is the caller's, and whether it is a keyframe.
func (e *VP8) Encode(m *vision.I420, pts int64, forceKey bool) (frame []byte, keyframe bool, err error) {
	switch {
	case e.c == nil:
		return nil, false, errors.New("encode a VP8 frame: the encoder is closed")
	case !m.Valid():
		return nil, false, errors.New("encode a VP8 frame: the picture's planes are shorter than its size claims")
	case m.Width != e.width || m.Height != e.height:
		return nil, false, fmt.Errorf("encode a VP8 frame: the picture is %dx%d, the encoder's are %dx%d", m.Width, m.Height, e.width, e.height)
	case pts <= e.last:
		return nil, false, fmt.Errorf("encode a VP8 frame: time stamp %d does not follow %d", pts, e.last)
	}
	key := C.int(0)
	if forceKey {
		key = 1
	}
	rc := C.wince_vp8_encode(e.c, C.int(m.Width), C.int(m.Height), (*C.uint8_t)(&m.Y[0]), (*C.uint8_t)(&m.U[0]), (*C.uint8_t)(&m.V[0]),
		C.int(m.YStride), C.int(m.CStride), C.int64_t(pts), key)
	if rc != 0 {
		return nil, false, fmt.Errorf("encode a VP8 frame: %w", codecError(rc))
	}
	e.last = pts
	if e.c.data == nil {
		return nil, false, errors.New("encode a VP8 frame: libvpx gave none")
	}
	return C.GoBytes(unsafe.Pointer(e.c.data), C.int(e.c.size)), e.c.key != 0, nil
}

// Close frees the encoder. Closing it twice is harmless.
func (e *VP8) Close() {
	if e.c != nil {
		C.wince_vp8_close(e.c)
		C.free(unsafe.Pointer(e.c))
		e.c = nil
	}
}

func codecError(rc C.int) error {
	return errors.New(C.GoString(C.vpx_codec_err_to_string(C.vpx_codec_err_t(rc))))
}
