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
} wince_vpx;

static int wince_vpx_open(wince_vpx *e, int vp9, int width, int height, int fps, int kbps) {
	vpx_codec_enc_cfg_t c;
	vpx_codec_iface_t *codec = vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
	int err = vpx_codec_enc_config_default(codec, &c, 0);
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
	err = vpx_codec_enc_init(&e->codec, codec, &c, 0);
	if (err) return err;
	if (vp9) {
		if ((err = vpx_codec_control(&e->codec, VP8E_SET_CPUUSED, 8))) vpx_codec_destroy(&e->codec);
		return err;
	}
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

static int wince_vpx_encode(wince_vpx *e, int width, int height, const uint8_t *y, const uint8_t *u, const uint8_t *v,
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

static void wince_vpx_close(wince_vpx *e) { vpx_codec_destroy(&e->codec); }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"wince/vision"
)

// VPX is an encoder of VP8 or VP9 for one stream. It is not safe for use by several goroutines at once.
type VPX struct {
	c             *C.wince_vpx
	codec         string
	width, height int
	last          int64
}

// NewVP8 opens an encoder for pictures of width by height pixels, fps pictures a second and a bitrate in kbit/s. Close it.
func NewVP8(width, height, fps, bitrateKbps int) (*VPX, error) {
	return newVPX("VP8", 0, width, height, fps, bitrateKbps)
}

// NewVP9 opens an encoder of profile 0, as NewVP8 does. Close it.
func NewVP9(width, height, fps, bitrateKbps int) (*VPX, error) {
	return newVPX("VP9", 1, width, height, fps, bitrateKbps)
}

func newVPX(codec string, vp9 C.int, width, height, fps, bitrateKbps int) (*VPX, error) {
	if err := check(codec, width, height, fps, bitrateKbps); err != nil {
		return nil, err
	}
	c := (*C.wince_vpx)(C.calloc(1, C.sizeof_wince_vpx))
	if rc := C.wince_vpx_open(c, vp9, C.int(width), C.int(height), C.int(fps), C.int(bitrateKbps)); rc != 0 {
		C.free(unsafe.Pointer(c))
		return nil, fmt.Errorf("open a %s encoder: %w", codec, codecError(rc))
	}
	return &VPX{c: c, codec: codec, width: width, height: height, last: -1}, nil
}

// Encode encodes one picture. pts counts pictures and must rise; forceKey asks for a keyframe, which the first picture is
// anyway. It returns the frame, which is the caller's, and whether it is a keyframe.
func (e *VPX) Encode(m *vision.I420, pts int64, forceKey bool) (frame []byte, keyframe bool, err error) {
	if e.c == nil {
		return nil, false, fmt.Errorf("encode a %s frame: the encoder is closed", e.codec)
	}
	if err := fits(e.codec, m, e.width, e.height, pts, e.last); err != nil {
		return nil, false, err
	}
	key := C.int(0)
	if forceKey {
		key = 1
	}
	rc := C.wince_vpx_encode(e.c, C.int(m.Width), C.int(m.Height), (*C.uint8_t)(&m.Y[0]), (*C.uint8_t)(&m.U[0]), (*C.uint8_t)(&m.V[0]),
		C.int(m.YStride), C.int(m.CStride), C.int64_t(pts), key)
	if rc != 0 {
		return nil, false, fmt.Errorf("encode a %s frame: %w", e.codec, codecError(rc))
	}
	e.last = pts
	if e.c.data == nil {
		return nil, false, fmt.Errorf("encode a %s frame: libvpx gave none", e.codec)
	}
	return C.GoBytes(unsafe.Pointer(e.c.data), C.int(e.c.size)), e.c.key != 0, nil
}

// Close frees the encoder. Closing it twice is harmless.
func (e *VPX) Close() {
	if e.c != nil {
		C.wince_vpx_close(e.c)
		C.free(unsafe.Pointer(e.c))
		e.c = nil
	}
}

func codecError(rc C.int) error {
	return errors.New(C.GoString(C.vpx_codec_err_to_string(C.vpx_codec_err_t(rc))))
}
