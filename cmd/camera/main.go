// Command camera turns a VP8 clip in an IVF file into the YUV4MPEG2 file that Chromium takes for a camera
// (--use-file-for-fake-video-capture). Only the browser tests need it.
//
//	camera CLIP.ivf CAMERA.y4m
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"wince/stream"
	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/vision"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: camera CLIP.ivf CAMERA.y4m")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "camera: turn %s into %s: %v\n", os.Args[1], os.Args[2], err)
		os.Exit(1)
	}
}

func convert(clip, camera string) (err error) {
	in, err := os.Open(clip)
	if err != nil {
		return err
	}
	defer in.Close()
	r, _, err := ivf.NewReader(bufio.NewReader(in))
	if err != nil {
		return err
	}
	d, err := decode.Open(stream.CodecVP8)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	out, err := os.Create(camera)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	err = write(w, r, d)
	return errors.Join(err, w.Flush(), out.Close())
}

func write(w io.Writer, r *ivf.Reader, d stream.Decoder) error {
	var m vision.I420
	for n := 0; ; {
		frame, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		shown, err := d.Decode(frame, &m)
		if err != nil {
			return err
		}
		if !shown {
			continue
		}
		if n == 0 {
			if _, err := fmt.Fprintf(w, "YUV4MPEG2 W%d H%d F30:1 Ip A1:1 C420jpeg\n", m.Width, m.Height); err != nil {
				return err
			}
		}
		n++
		if _, err := io.WriteString(w, "FRAME\n"); err != nil {
			return err
		}
		if err := planes(w, &m); err != nil {
			return err
		}
	}
}

func planes(w io.Writer, m *vision.I420) error {
	cw, ch := (m.Width+1)/2, (m.Height+1)/2
	for _, p := range []struct {
		b                     []byte
		stride, width, height int
	}{{m.Y, m.YStride, m.Width, m.Height}, {m.U, m.CStride, cw, ch}, {m.V, m.CStride, cw, ch}} {
		for y := range p.height {
			if _, err := w.Write(p.b[y*p.stride:][:p.width]); err != nil {
				return err
			}
		}
	}
	return nil
}
