package opencv

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wince/vision"
)

// unevenTimes are the times of the pictures in testdata/uneven.webm, a test pattern with gaps:
//
//	ffmpeg -f lavfi -i testsrc=s=64x48:r=10:d=4 -vf "select='lt(n,5)+eq(n,9)+eq(n,20)+eq(n,21)+eq(n,39)'" -vsync vfr \
//	  -c:v libvpx -b:v 30k -fflags +bitexact -flags +bitexact uneven.webm
var unevenTimes = []time.Duration{0, 100, 200, 300, 400, 900, 2000, 2100, 3900} // ms

func times(path string) ([]time.Duration, error) {
	v, err := OpenVideo(path)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var all []time.Duration
	var img vision.I420
	for {
		at, err := v.Next(&img)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, at)
	}
}

func TestTimesOfUnevenClip(t *testing.T) {
	got, err := times(filepath.Join("testdata", "uneven.webm"))
	if err != nil || len(got) != len(unevenTimes) {
		t.Fatalf("%d pictures, want %d: %v", len(got), len(unevenTimes), err)
	}
	for i, want := range unevenTimes {
		if d := got[i] - want*time.Millisecond; d.Abs() > time.Millisecond {
			t.Errorf("picture %d is at %v, want %d ms", i, got[i], want)
		}
	}
}

func TestClipCutShort(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "uneven.webm"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.webm")
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := times(path)
	if len(got) == 0 || err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("half of a clip: %d pictures, then %v", len(got), err)
	}
}

func TestReadImageRefusesACutJPEG(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "photo.jpg")
	for _, c := range []struct {
		share float64
		whole bool
	}{{1, true}, {0.9, false}, {0.3, false}} {
		if err := os.WriteFile(path, b.Bytes()[:int(c.share*float64(b.Len()))], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadImage(path); (err == nil) != c.whole || err != nil && !strings.Contains(err.Error(), "cut short") {
			t.Errorf("%.0f %% of a JPEG: %v", 100*c.share, err)
		}
	}
}
