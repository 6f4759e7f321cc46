package encode

/*
#cgo pkg-config: openh264
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

typedef struct {
	ISVCEncoder *enc;
	unsigned char *data; // the last frame; ours
	size_t size, room;
	int key;
} wince_h264;

static int wince_h264_open(wince_h264 *e, int width, int height, int fps, int kbps) {
	if (WelsCreateSVCEncoder(&e->enc) != 0 || !e->enc) return -1;
	int quiet = WELS_LOG_QUIET, format = videoFormatI420;
	(*e->enc)->SetOption(e->enc, ENCODER_OPTION_TRACE_LEVEL, &quiet);
	SEncParamExt p;
	(*e->enc)->GetDefaultParams(e->enc, &p);
	p.iUsageType = CAMERA_VIDEO_REAL_TIME;
	p.iPicWidth = width;
	p.iPicHeight = height;
	p.fMaxFrameRate = fps;
	p.iTargetBitrate = kbps * 1000;
	p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
	p.iRCMode = RC_QUALITY_MODE;
	p.bEnableFrameSkip = false;
	p.iMultipleThreadIdc = 1;
	p.eSpsPpsIdStrategy = CONSTANT_ID;
	p.uiIntraPeriod = 0;
	p.iSpatialLayerNum = 1;
	p.iTemporalLayerNum = 1;
	p.iEntropyCodingModeFlag = 0;
	p.bEnableSceneChangeDetect = false;
	p.sSpatialLayers[0].uiProfileIdc = PRO_BASELINE;
	p.sSpatialLayers[0].iVideoWidth = width;
	p.sSpatialLayers[0].iVideoHeight = height;
	p.sSpatialLayers[0].fFrameRate = fps;
	p.sSpatialLayers[0].iSpatialBitrate = kbps * 1000;
	p.sSpatialLayers[0].iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
	p.sSpatialLayers[0].sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
	int err = (*e->enc)->InitializeExt(e->enc, &p);
	if (!err) err = (*e->enc)->SetOption(e->enc, ENCODER_OPTION_DATAFORMAT, &format);
	if (err) WelsDestroySVCEncoder(e->enc);
	return err;
}

static int wince_h264_encode(wince_h264 *e, int width, int height, const uint8_t *y, const uint8_t *u, const uint8_t *v,
		int ystride, int cstride, long long ms, int key) {
	SSourcePicture pic;
	SFrameBSInfo info;
	memset(&pic, 0, sizeof pic);
	memset(&info, 0, sizeof info);
	pic.iColorFormat = videoFormatI420;
	pic.iPicWidth = width;
	pic.iPicHeight = height;
	pic.iStride[0] = ystride;
	pic.iStride[1] = pic.iStride[2] = cstride;
	// OpenH264 reads the planes and never writes to them.
	pic.pData[0] = (unsigned char *)y;
	pic.pData[1] = (unsigned char *)u;
	pic.pData[2] = (unsigned char *)v;
	pic.uiTimeStamp = ms;
	e->size = 0;
	if (key) (*e->enc)->ForceIntraFrame(e->enc, true);
	int err = (*e->enc)->EncodeFrame(e->enc, &pic, &info);
	if (err) return err;
	if (info.eFrameType == videoFrameTypeInvalid || info.eFrameType == videoFrameTypeSkip) return 0;
	e->key = info.eFrameType == videoFrameTypeIDR;
	for (int i = 0; i < info.iLayerNum; i++) {
		size_t n = 0;
		for (int k = 0; k < info.sLayerInfo[i].iNalCount; k++) n += info.sLayerInfo[i].pNalLengthInByte[k];
		if (e->size + n > e->room) {
			e->room = 2 * (e->size + n);
			e->data = realloc(e->data, e->room);
			if (!e->data) return -1;
		}
		memcpy(e->data + e->size, info.sLayerInfo[i].pBsBuf, n);
		e->size += n;
	}
	return 0;
}

static void wince_h264_close(wince_h264 *e) {
	(*e->enc)->Uninitialize(e->enc);
	WelsDestroySVCEncoder(e->enc);
	free(e->data);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"wince/vision"
)

// H264 is an encoder of constrained baseline video for one stream, as OpenH264 makes it. It is not safe for use by several goroutines
// at once.
type H264 struct {
	c             *C.wince_h264
	width, height int
	fps           int64
	last          int64
}

// NewH264 opens an encoder, as NewVP8 does; width and height must be even and at least 16. Close it.
func NewH264(width, height, fps, bitrateKbps int) (*H264, error) {
	if err := check("H264", width, height, fps, bitrateKbps); err != nil {
		return nil, err
	}
	if width%2 != 0 || height%2 != 0 || width < 16 || height < 16 {
		return nil, fmt.Errorf("open a H264 encoder: the picture size %dx%d must be even and at least 16x16", width, height)
	}
	c := (*C.wince_h264)(C.calloc(1, C.sizeof_wince_h264))
	if rc := C.wince_h264_open(c, C.int(width), C.int(height), C.int(fps), C.int(bitrateKbps)); rc != 0 {
		C.free(unsafe.Pointer(c))
		return nil, fmt.Errorf("open a H264 encoder: OpenH264 says %d", int(rc))
	}
	return &H264{c: c, width: width, height: height, fps: int64(fps), last: -1}, nil
}

// Encode implements [Encoder]. The frame is an access unit as a byte stream.
func (e *H264) Encode(m *vision.I420, pts int64, forceKey bool) (frame []byte, keyframe bool, err error) {
	if e.c == nil {
		return nil, false, errors.New("encode a H264 frame: the encoder is closed")
	}
	if err := fits("H264", m, e.width, e.height, pts, e.last); err != nil {
		return nil, false, err
	}
	key := C.int(0)
	if forceKey {
		key = 1
	}
	rc := C.wince_h264_encode(e.c, C.int(m.Width), C.int(m.Height), (*C.uint8_t)(&m.Y[0]), (*C.uint8_t)(&m.U[0]), (*C.uint8_t)(&m.V[0]),
		C.int(m.YStride), C.int(m.CStride), C.longlong(pts*1000/e.fps), key)
	if rc != 0 {
		return nil, false, fmt.Errorf("encode a H264 frame: OpenH264 says %d", int(rc))
	}
	e.last = pts
	if e.c.size == 0 {
		return nil, false, errors.New("encode a H264 frame: OpenH264 gave none")
	}
	return C.GoBytes(unsafe.Pointer(e.c.data), C.int(e.c.size)), e.c.key != 0, nil
}

// Close implements [Encoder].
func (e *H264) Close() {
	if e.c != nil {
		C.wince_h264_close(e.c)
		C.free(unsafe.Pointer(e.c))
		e.c = nil
	}
}
