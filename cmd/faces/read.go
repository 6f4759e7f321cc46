package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wince/models/train/shard"
	"wince/pain"
	"wince/stream/decode"
	"wince/stream/encode"
	"wince/stream/ivf"
	"wince/vision"
)

// read writes a row for each picture that can be judged; Identity is the file's place in the list, Shot the picture's in a clip.
func read(nets vision.Models, out string, files []string) (err error) {
	w, err := shard.Create(out, row{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	var s vision.Sight
	for i, path := range files {
		err := pictures(path, func(img *vision.I420, shot int, au *pain.Intensities) error {
			m, err := a.Measure(img, time.Duration(shot)*time.Second)
			if err != nil || m.State != pain.Scored {
				return err
			}
			r := row{Identity: uint32(i), Shot: uint32(shot), Units: *au, Parted: au[pain.AU25]}
			r.describe(a, &m, &s)
			return w.Write(&r)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// pictures calls show with each picture of a file and with the units that are known of it, not-a-number where none is.
func pictures(path string, show func(img *vision.I420, shot int, au *pain.Intensities) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	unknown := pain.Unmeasured()
	if strings.ToLower(filepath.Ext(path)) != ".ivf" {
		src, _, err := image.Decode(f)
		if err != nil {
			return err
		}
		rgba := image.NewRGBA(image.Rect(0, 0, src.Bounds().Dx(), src.Bounds().Dy()))
		draw.Draw(rgba, rgba.Rect, src, src.Bounds().Min, draw.Src)
		return show(encode.I420(rgba, nil), 0, &unknown)
	}
	var truth struct {
		Frames []struct {
			AU map[string]float64 `json:"au"`
		} `json:"frames"`
	}
	if b, err := os.ReadFile(strings.TrimSuffix(path, ".ivf") + ".json"); err == nil {
		if err := json.Unmarshal(b, &truth); err != nil {
			return err
		}
	}
	r, _, err := ivf.NewReader(f)
	if err != nil {
		return err
	}
	d, err := decode.NewVP8()
	if err != nil {
		return err
	}
	defer d.Close()
	var img vision.I420
	for i := 0; ; i++ {
		b, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := d.Decode(b, &img); err != nil {
			return err
		}
		au := unknown
		if i < len(truth.Frames) && truth.Frames[i].AU != nil {
			for _, a := range units {
				x, ok := truth.Frames[i].AU[a.String()]
				if !ok {
					x = math.NaN()
				}
				au[a] = float32(x)
			}
		}
		if err := show(&img, i, &au); err != nil {
			return err
		}
	}
}
