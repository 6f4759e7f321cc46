package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wince/stream"
	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/vision"
	"wince/vision/opencv"
)

// clip is a file of pictures: a video, or a still, which is a clip of one.
type clip interface {
	// Next reads the next picture, valid until the call after, and its time from the start; io.EOF after the last.
	Next(img *vision.I420) (time.Duration, error)
	// Frames is how many pictures the file claims to hold, 0 where it does not say.
	Frames() int
	Close() error
}

// stillNames are the endings of files that are read as one picture, whatever they begin with.
var stillNames = map[string]bool{".jpg": true, ".jpeg": true, ".png": true, ".webp": true, ".tif": true, ".tiff": true, ".bmp": true}

// stillTypes are the contents that are read as one picture, whatever the file is called.
var stillTypes = map[string]bool{"image/jpeg": true, "image/png": true, "image/webp": true, "image/bmp": true}

// openClip opens a still or a clip. VP8 in IVF goes through the live path's own decoder, everything else through OpenCV.
func openClip(path string) (c clip, still bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, false, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, false, fmt.Errorf("open clip: %w", err)
	case info.IsDir():
		return nil, false, fmt.Errorf("%s is a folder: name the files in it", path)
	case !info.Mode().IsRegular():
		return nil, false, fmt.Errorf("%s is not a file but a pipe or a device: save the clip to a file first", path)
	case info.Size() == 0:
		return nil, false, fmt.Errorf("%s is empty", path)
	}
	head, err := firstBytes(path)
	if err != nil {
		return nil, false, err
	}
	if stillNames[strings.ToLower(filepath.Ext(path))] || stillTypes[http.DetectContentType(head)] {
		img, err := opencv.ReadImage(path)
		if err != nil {
			return nil, true, err
		}
		return &stillClip{img: img}, true, nil
	}
	if bytes.HasPrefix(head, []byte("DKIF")) {
		c, err := openIVF(path)
		return c, false, err
	}
	v, err := opencv.OpenVideo(path)
	if err != nil {
		return nil, false, err
	}
	return v, false, nil
}

type stillClip struct {
	img *vision.I420
}

func (s *stillClip) Next(img *vision.I420) (time.Duration, error) {
	if s.img == nil {
		return 0, io.EOF
	}
	*img, s.img = *s.img, nil
	return 0, nil
}

func (s *stillClip) Frames() int  { return 1 }
func (s *stillClip) Close() error { return nil }

// firstBytes reads as much of a file as tells what it is.
func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open clip: %w", err)
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read clip: %w", err)
	}
	return head[:n], nil
}

// ivfClip decodes VP8 from an IVF file with the decoder of the live path.
type ivfClip struct {
	path   string
	file   *os.File
	reader *ivf.Reader
	header ivf.Header
	dec    stream.Decoder
	read   int
}

func openIVF(path string) (*ivfClip, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open clip: %w", err)
	}
	r, h, err := ivf.NewReader(bufio.NewReaderSize(f, 1<<16))
	if err == nil && h.FourCC != "VP80" {
		err = fmt.Errorf("its codec is %q; only VP8 (VP80) is read from IVF", h.FourCC)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	d, err := decode.NewVP8()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &ivfClip{path: path, file: f, reader: r, header: h, dec: d}, nil
}

func (c *ivfClip) Next(img *vision.I420) (time.Duration, error) {
	for {
		frame, pts, err := c.reader.Next()
		if errors.Is(err, io.EOF) && c.read == 0 {
			return 0, fmt.Errorf("%s holds no picture", c.path)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s, picture %d: %w", c.path, c.read, err)
			}
			return 0, err
		}
		shown, err := c.dec.Decode(frame, img)
		if err != nil {
			return 0, fmt.Errorf("%s, picture %d: %w", c.path, c.read, err)
		}
		c.read++
		if shown {
			return c.header.Time(pts), nil
		}
	}
}

func (c *ivfClip) Frames() int  { return int(c.header.Frames) }
func (c *ivfClip) Close() error { return errors.Join(c.dec.Close(), c.file.Close()) }
