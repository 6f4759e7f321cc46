// Command calibrate is run by hand when the features, the pictures they were set on or the mesh change. It makes what the
// geometric action-unit estimate rests on:
//
//	calibrate population [--mesh MESH] --origin TEXT [--out FILE] PICTURE...
//	                                            the average face at ease, vision/population.json
//	calibrate features [--mesh MESH] FILE...    every frame's features, as CSV, for models/train/geometry.py
//	calibrate cover [--part N] --out FILE       patches of faces with things drawn over them, for models/occlude/train.py
//
// The pictures are not kept; what is made from them is.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"wince/models"
	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/vision"
	"wince/vision/opencv"
	"wince/vision/ort"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "calibrate:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) == 0 || (args[0] != "population" && args[0] != "features" && args[0] != "cover") {
		return errors.New("say `population`, `features` or `cover`; the package comment tells the rest")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	dir := flags.String("models", "", "folder of the model files (default: where make puts them)")
	out := flags.String("out", "vision/population.json", "file to write the average face to")
	origin := flags.String("origin", "", "whose faces these are and under which licence")
	mesh := flags.String("mesh", string(vision.PlainMesh), "what places the landmarks: plain or attention, whose average face is vision/population_attention.json")
	var covering coverOptions
	if args[0] == "cover" {
		covering.flags(flags)
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	covering.out = *out
	found, err := models.FindDir(*dir)
	if err != nil {
		return err
	}
	nets, err := ort.Open(found, ort.Options{Mesh: vision.MeshKind(*mesh)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nets.Close()) }()
	switch args[0] {
	case "cover":
		return cover(nets, &covering)
	case "population":
		return average(nets, *out, *origin, flags.Args())
	}
	return features(nets, flags.Args())
}

func average(nets vision.Models, out, origin string, files []string) error {
	survey, err := vision.NewSurvey(nets)
	if err != nil {
		return err
	}
	defer survey.Close()
	for _, f := range files {
		img, err := opencv.ReadImage(f)
		if err != nil {
			return err
		}
		if err := survey.Add(img); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	data, err := survey.Population(origin)
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

func features(nets vision.Models, files []string) error {
	w := csv.NewWriter(os.Stdout)
	_ = w.Write(append([]string{"file", "index", "t_ms", "state", "reasons", "yaw", "pitch", "roll", "presence", "misfit", "bright", "blown", "sharp",
		"covered_right_eye", "covered_left_eye", "covered_brows", "covered_nose", "covered_mouth"}, vision.FeatureNames()...))
	for _, path := range files {
		if err := dump(nets, w, path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	w.Flush()
	return w.Error()
}

func dump(nets vision.Models, w *csv.Writer, path string) error {
	next, still, closeClip, err := open(path)
	if err != nil {
		return err
	}
	defer closeClip()
	a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{Stills: still, FixedNeutral: true})
	if err != nil {
		return err
	}
	defer a.Close()
	var img vision.I420
	for {
		t, err := next(&img)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := a.Measure(&img, t)
		if err != nil {
			return err
		}
		f := func(v float32) string { return strconv.FormatFloat(float64(v), 'g', 6, 32) }
		row := []string{path, strconv.Itoa(m.Index), strconv.FormatInt(t.Milliseconds(), 10), m.State.String(),
			strings.Join(m.Reasons.Codes(), " "), f(m.Face.Yaw), f(m.Face.Pitch), f(m.Face.Roll), f(m.Face.Presence), f(float32(m.Misfit)),
			f(float32(m.Light.Bright)), f(float32(m.Light.Blown)), f(float32(m.Light.Sharp))}
		for _, v := range m.Cover {
			row = append(row, f(v))
		}
		for _, v := range m.Features {
			row = append(row, f(v))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
}

// open opens a still, an IVF file or any other clip.
func open(path string) (next func(*vision.I420) (time.Duration, error), still bool, done func(), err error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jpg", ".png":
		img, err := opencv.ReadImage(path)
		return func(m *vision.I420) (time.Duration, error) {
			if img == nil {
				return 0, io.EOF
			}
			*m, img = *img, nil
			return 0, nil
		}, true, func() {}, err
	case ".ivf":
		f, err := os.Open(path)
		if err != nil {
			return nil, false, nil, err
		}
		r, h, err := ivf.NewReader(f)
		if err != nil {
			return nil, false, nil, errors.Join(err, f.Close())
		}
		d, err := decode.NewVP8()
		if err != nil {
			return nil, false, nil, errors.Join(err, f.Close())
		}
		return func(m *vision.I420) (time.Duration, error) {
			b, pts, err := r.Next()
			if err == nil {
				_, err = d.Decode(b, m)
			}
			return h.Time(pts), err
		}, false, func() { _, _ = d.Close(), f.Close() }, nil
	}
	v, err := opencv.OpenVideo(path)
	if err != nil {
		return nil, false, nil, err
	}
	return v.Next, false, func() { _ = v.Close() }, nil
}
