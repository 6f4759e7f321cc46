package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"wince/stream"
	"wince/stream/encode"
	"wince/stream/ivf"
	"wince/vision"
)

// film is a clip as encoded frames in memory, the first one a keyframe, ready to be sent in a loop.
type film struct {
	codec  stream.Codec
	frames []filmFrame
	step   time.Duration // from the last frame to the first of the next round

	pictures []vision.I420 // not nil where frames are encoded as they are sent, as a camera's are
}

type filmFrame struct {
	data []byte
	at   time.Duration
	key  bool
}

// A film is kept in memory whole; more of a long clip is not read.
const (
	longestFilm = 60 * time.Second
	largestFilm = 256 << 20 // bytes
	keyEvery    = 2 * time.Second
	filmStep    = time.Second / 30
)

// loadFilm reads a clip as VP8.
func loadFilm(ctx context.Context, path string) (*film, error) {
	return loadFilmAs(ctx, path, stream.CodecVP8)
}

// loadFilmAs reads a clip. VP8 in IVF is taken as it is where that is wanted; everything else is decoded and encoded again.
func loadFilmAs(ctx context.Context, path string, codec stream.Codec) (*film, error) {
	c, still, err := openClip(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if still {
		return nil, fmt.Errorf("%s is a still picture: give a clip", path)
	}
	f := &film{codec: codec}
	if _, ok := c.(*ivfClip); ok && codec == stream.CodecVP8 {
		err = f.read(path)
	} else {
		err = f.encode(ctx, c)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f.step = filmStep
	if n := len(f.frames); n > 1 {
		f.step = max(f.frames[n-1].at-f.frames[n-2].at, time.Millisecond)
	}
	return f, nil
}

// loadCamera reads a clip that is encoded while it is sent: then a keyframe comes where one is asked for, and the clip need not go on at
// the next that it holds. That takes memory, and time of the processor for each tablet.
func loadCamera(ctx context.Context, path string, codec stream.Codec) (*film, error) {
	f, err := loadFilmAs(ctx, path, codec)
	if err != nil {
		return nil, err
	}
	c, _, err := openClip(path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for range f.frames {
		var img vision.I420
		if _, err := c.Next(&img); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		f.pictures = append(f.pictures, img)
	}
	return f, nil
}

// read takes the frames of an IVF file from its first keyframe on.
func (f *film) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r, h, err := ivf.NewReader(bufio.NewReader(file))
	if err != nil {
		return err
	}
	var begin, size = time.Duration(-1), 0
	for {
		b, pts, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		at, key := h.Time(pts), len(b) > 0 && b[0]&1 == 0 // RFC 6386, section 9.1
		if begin < 0 {
			if !key {
				continue
			}
			begin = at
		}
		if n := len(f.frames); n > 0 && at-begin < f.frames[n-1].at {
			return fmt.Errorf("frame %d lies before the one in front of it: the file is damaged", n)
		}
		if size += len(b); at-begin > longestFilm || size > largestFilm {
			break
		}
		f.frames = append(f.frames, filmFrame{bytes.Clone(b), at - begin, key})
	}
	if len(f.frames) == 0 {
		return errors.New("it holds no keyframe, so that nothing of it can be decoded")
	}
	return nil
}

// encode makes frames of whatever the clip is, as a tablet does: at the clip's own size, a keyframe now and then.
func (f *film) encode(ctx context.Context, c clip) error {
	var (
		enc     encode.Encoder
		img     vision.I420
		lastKey time.Duration
	)
	defer func() {
		if enc != nil {
			enc.Close()
		}
	}()
	for n := int64(0); ctx.Err() == nil; n++ {
		at, err := c.Next(&img)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if at > longestFilm {
			break
		}
		if enc == nil {
			// About what a browser spends on a picture of that size: 1.5 Mbit/s at VGA.
			if enc, err = encode.Open(f.codec, img.Width, img.Height, 30, max(200, img.Width*img.Height/200)); err != nil {
				return err
			}
		}
		want := at-lastKey >= keyEvery
		data, key, err := enc.Encode(&img, n, want)
		if err != nil {
			return err
		}
		if key {
			lastKey = at
		}
		if k := len(f.frames); k > 0 && at <= f.frames[k-1].at {
			at = f.frames[k-1].at + filmStep // some containers do not tell the time of a picture
		}
		f.frames = append(f.frames, filmFrame{data, at, key})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(f.frames) == 0 {
		return errors.New("it holds no picture")
	}
	return nil
}

// slower returns the film with half as many pictures a second.
func (f *film) slower() *film {
	s := &film{codec: f.codec, frames: make([]filmFrame, len(f.frames)), step: 2 * f.step}
	for i, x := range f.frames {
		x.at *= 2
		s.frames[i] = x
	}
	return s
}

// gap returns the time from frame i to the one that follows it, or to the next round.
func (f *film) gap(i int) time.Duration {
	if i+1 < len(f.frames) {
		return f.frames[i+1].at - f.frames[i].at
	}
	return f.step
}

// nextKey returns the first keyframe from i on; the next round begins with one.
func (f *film) nextKey(i int) int {
	for ; i < len(f.frames); i++ {
		if f.frames[i].key {
			return i
		}
	}
	return 0
}
