// Package opencv reads pictures and clips from files, through OpenCV (gocv). Live video never passes here: it is decoded in
// stream/decode.
package opencv

/*
// gocv links every OpenCV library; keep only those that are called.
#cgo LDFLAGS: -Wl,--as-needed
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // for claimedSize, as those below
	_ "image/png"
	"io"
	"os"
	"sync"
	"time"

	"gocv.io/x/gocv"
	_ "golang.org/x/image/bmp" // for claimedSize, as those below
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"wince/vision"
)

// Limits on what is read: a file that claims more is refused before it is decoded. OpenCV has a limit of its own for
// pictures, but ends the program where it is passed.
const (
	maxSide      = 8192     // pixels
	maxImageFile = 64 << 20 // bytes
	workSide     = 1920     // larger pictures are shrunk to this: a face needs no more
)

// ReadImage reads a still picture (JPEG, PNG, WebP, TIFF or BMP) and turns it upright by its EXIF orientation. Pictures
// with a side over 1920 pixels are shrunk to it.
func ReadImage(path string) (*vision.I420, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read picture: %w", err)
	}
	if info.Size() > maxImageFile {
		return nil, fmt.Errorf("%s has %d MB; a picture may have %d MB", path, info.Size()>>20, maxImageFile>>20)
	}
	if w, h, err := claimedSize(path); err != nil {
		return nil, err
	} else if w > maxSide || h > maxSide {
		return nil, fmt.Errorf("%s claims %d x %d pixels; a picture may have %d a side", path, w, h, maxSide)
	}
	if cut, err := cutShort(path); err != nil {
		return nil, err
	} else if cut {
		return nil, fmt.Errorf("%s is cut short: part of the picture is missing; copy it again", path)
	}
	m := gocv.IMRead(path, gocv.IMReadColor)
	defer m.Close()
	if m.Empty() {
		return nil, notAPicture(path)
	}
	c := converter{}
	defer c.close()
	img := new(vision.I420)
	if err := c.convert(&m, img); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

func notAPicture(path string) error {
	return fmt.Errorf("%s is not a picture that can be read (JPEG, PNG, WebP, TIFF or BMP)", path)
}

// claimedSize returns the size in pixels that stands in a picture's header.
func claimedSize(path string) (width, height int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, fmt.Errorf("read picture: %w", err)
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return 0, 0, notAPicture(path)
	}
	return c.Width, c.Height, nil
}

// cutShort says whether a JPEG file ends before its picture does. OpenCV fills the rest with grey and says nothing. The last
// scan must be followed by the end marker (ITU-T T.81, B.1.1.3); in coded data a marker cannot occur by chance.
func cutShort(path string) (bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("read picture: %w", err)
	}
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return false, nil
	}
	scan := bytes.LastIndex(data, []byte{0xff, 0xda})
	return scan < 0 || !bytes.Contains(data[scan:], []byte{0xff, 0xd9}), nil
}

// Video reads the pictures of a clip one after the other.
type Video struct {
	cap   *gocv.VideoCapture
	frame gocv.Mat
	conv  converter
	path  string
	fps   float64
	next  int
	first time.Duration // position of the first picture
	last  time.Duration
}

// OpenVideo opens a clip of any container and codec that Debian's OpenCV reads (MP4, WebM, MOV, AVI, MKV ...).
func OpenVideo(path string) (*Video, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open clip: %w", err)
	}
	quietFFmpeg()
	cap, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureFFmpeg)
	if err != nil || !cap.IsOpened() {
		if cap != nil {
			_ = cap.Close()
		}
		return nil, fmt.Errorf("%s is not a clip that can be read (MP4, WebM, MOV, AVI, MKV or IVF)", path)
	}
	v := &Video{cap: cap, frame: gocv.NewMat(), path: path, fps: cap.Get(gocv.VideoCaptureFPS)}
	if w, h := cap.Get(gocv.VideoCaptureFrameWidth), cap.Get(gocv.VideoCaptureFrameHeight); w > maxSide || h > maxSide {
		_ = v.Close()
		return nil, fmt.Errorf("%s has pictures of %.0f x %.0f pixels; at most %d a side", path, w, h, maxSide)
	}
	if !(v.fps > 0 && v.fps < 1000) {
		v.fps = 30
	}
	return v, nil
}

// quietFFmpeg keeps FFmpeg, which reads the clips for OpenCV, from writing its own remarks to the user's terminal: what is
// wrong with a file is said by the error. OpenCV reads the variable when the first clip is opened.
var quietFFmpeg = sync.OnceFunc(func() {
	if _, ok := os.LookupEnv("OPENCV_FFMPEG_LOGLEVEL"); !ok {
		_ = os.Setenv("OPENCV_FFMPEG_LOGLEVEL", "-8") // AV_LOG_QUIET; a name that cannot fail
	}
})

// Frames returns how many pictures the container claims to have, 0 where it does not say.
func (v *Video) Frames() int {
	n := v.cap.Get(gocv.VideoCaptureFrameCount)
	if !(n > 0 && n < 1e9) {
		return 0
	}
	return int(n)
}

// Next reads the next picture into img, whose planes are reused and stay valid until the call after, and returns its time
// from the start of the clip. The error is io.EOF after the last picture, and another where the pictures end long before
// the clip's stated end.
func (v *Video) Next(img *vision.I420) (time.Duration, error) {
	if !v.cap.Read(&v.frame) || v.frame.Empty() {
		if v.next == 0 {
			return 0, fmt.Errorf("%s holds no picture that can be decoded", v.path)
		}
		// Sound may go on a little longer than the pictures.
		if stated := v.after(float64(v.Frames())); v.last+time.Second < stated*9/10 {
			return 0, fmt.Errorf("%s: its pictures end after %.1f of %.1f s: the file is cut short or damaged", v.path, v.last.Seconds(), stated.Seconds())
		}
		return 0, io.EOF
	}
	// The position is that of the picture just read. A container without usable times, or one that goes backwards, is
	// counted on by its frame rate.
	at := time.Duration(v.cap.Get(gocv.VideoCapturePosMsec) * float64(time.Millisecond))
	if v.next == 0 {
		v.first = at
	}
	t := at - v.first
	if v.next > 0 && t <= v.last {
		t = v.last + v.after(1)
	}
	v.next++
	v.last = t
	if err := v.conv.convert(&v.frame, img); err != nil {
		return 0, fmt.Errorf("%s, picture %d: %w", v.path, v.next-1, err)
	}
	return t, nil
}

// after returns how long so many pictures last at the clip's mean rate.
func (v *Video) after(pictures float64) time.Duration {
	return time.Duration(pictures / v.fps * float64(time.Second))
}

// Close releases the clip.
func (v *Video) Close() error {
	v.conv.close()
	return errors.Join(v.frame.Close(), v.cap.Close())
}

// converter turns BGR pictures into I420 (BT.601, limited range) and keeps what it needs for that from call to call.
type converter struct {
	small, yuv gocv.Mat
	made       bool
	buf        []byte
}

func (c *converter) convert(m *gocv.Mat, img *vision.I420) error {
	if !c.made {
		c.small, c.yuv, c.made = gocv.NewMat(), gocv.NewMat(), true
	}
	if m.Type() != gocv.MatTypeCV8UC3 {
		return errors.New("the picture does not have three channels of eight bits")
	}
	w, h := m.Cols(), m.Rows()
	if w < 16 || h < 16 || w > maxSide || h > maxSide {
		return fmt.Errorf("the picture has %d x %d pixels; it must have 16 to %d a side", w, h, maxSide)
	}
	src := m
	scale := min(1, workSide/float64(max(w, h)))
	// OpenCV's I420 wants even sides.
	ew, eh := int(float64(w)*scale)&^1, int(float64(h)*scale)&^1
	if ew != w || eh != h {
		gocv.Resize(*m, &c.small, image.Pt(ew, eh), 0, 0, gocv.InterpolationArea)
		src = &c.small
	}
	gocv.CvtColor(*src, &c.yuv, gocv.ColorBGRToYUVI420)
	data, err := c.yuv.DataPtrUint8()
	if err != nil {
		return fmt.Errorf("convert colours: %w", err)
	}
	n := ew * eh
	if len(data) < n*3/2 {
		return errors.New("convert colours: the planes are too short")
	}
	c.buf = append(c.buf[:0], data[:n*3/2]...)
	*img = vision.I420{
		Width: ew, Height: eh, YStride: ew, CStride: ew / 2,
		Y: c.buf[:n], U: c.buf[n : n+n/4], V: c.buf[n+n/4 : n*3/2],
	}
	return nil
}

func (c *converter) close() {
	if c.made {
		_ = c.small.Close()
		_ = c.yuv.Close()
		c.made = false
	}
}
