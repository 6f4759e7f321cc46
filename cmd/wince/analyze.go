package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wince/models"
	"wince/pain"
	"wince/vision"
	"wince/vision/ort"
)

func newAnalyzeCmd() *cobra.Command {
	var opt analyzeOptions
	c := &cobra.Command{
		Use:   "analyze [flags] FILE...",
		Short: "Measure action units and pain scores in clips and pictures",
		Long: `Analyze takes clips (MP4, WebM, MOV, AVI, MKV, IVF) or still pictures (JPEG, PNG, ...) through the same steps as live
video and says what it finds: action units 0-5 (AU43 0-1), PSPI and score 0-16 for each picture, and one observation for
each file. Pictures that cannot be judged are said to be so, with the reason; they never count as zero. Still pictures are
independent of each other.

Action units are measured against a neutral face:
  --neutral auto         the calmest moments of the clip itself; the average face for stills and where there are none
  --neutral population   the average face
  --neutral IMAGE        a picture of the same person at ease

A face that is palsied on one side, as after a stroke, shows what it shows on the other: with --side right or --side left, the
person's own, it is measured as if that half's mirror image stood in the place of the other. Name the healthy half. The observation
then says which it was, and its confidence is low.

With --json there is one line of JSON for each picture ("type":"frame") and, after them, one for each file
("type":"observation"). docs/cli.md describes every member.

The action units are a first, provisional estimate, not validated on real pain. Wince is not a cleared medical device.`,
		Example: `  wince analyze clip.mp4
  wince analyze --json --neutral at-ease.jpg clip.mp4 >clip.jsonl
  wince analyze --side right after-a-stroke-on-the-left.mp4
  wince analyze --plot clip.png clip.mp4`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &exitError{exitUsage, errors.New("name at least one clip or picture\nTry: wince analyze --help")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			opt.out, opt.err = c.OutOrStdout(), c.ErrOrStderr()
			return opt.run(c.Context(), args)
		},
	}
	f := c.Flags()
	f.BoolVar(&opt.json, "json", false, "print JSON lines instead of a table")
	f.StringVar(&opt.neutral, "neutral", "auto", "what to measure against: auto, population, or a picture of the person at ease")
	f.StringVar(&opt.side, "side", "both", "which half of the face to measure, the person's own: both, right or left (the healthy one of a palsied face)")
	f.StringVar(&opt.plot, "plot", "", "write a picture of the scores and action units over time to this `FILE.png` (one file of input only)")
	f.StringVar(&opt.mesh, "mesh", string(vision.PlainMesh), "what places the landmarks: plain, or attention: finer at lips and eyes, and slower")
	f.StringVar(&opt.models, "models", "", "`DIR` with the model files (default: where make build puts them; see wince models --help)")
	return c
}

type analyzeOptions struct {
	json                              bool
	neutral, side, plot, models, mesh string
	out, err                          io.Writer
	nets                              vision.Models
	given                             *vision.Neutral // from a picture
	versions                          map[string]string
}

func (o *analyzeOptions) run(ctx context.Context, files []string) (err error) {
	switch {
	case !vision.MeshKind(o.mesh).Valid():
		return &exitError{exitUsage, fmt.Errorf("--mesh is %q: choose plain or attention", o.mesh)}
	case o.side != "both" && (o.side == "" || !vision.Side(o.side).Valid()):
		return &exitError{exitUsage, fmt.Errorf("--side is %q: choose both, right or left, the person's own and not the picture's", o.side)}
	case o.plot != "" && len(files) > 1:
		return &exitError{exitUsage, errors.New("--plot draws one file: name one, or call once for each")}
	case o.plot != "" && !strings.EqualFold(filepath.Ext(o.plot), ".png"):
		return &exitError{exitUsage, fmt.Errorf("--plot writes PNG: give a name that ends in .png, not %s", o.plot)}
	}
	nets, err := openModels(o.models, o.mesh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nets.Close()) }()
	o.nets, o.versions = nets, nets.Versions()
	if o.neutral != "auto" && o.neutral != "population" {
		if o.given, err = o.neutralOf(o.neutral); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(o.out)
	failed, cut := 0, 0
	for i, path := range files {
		if err := o.file(ctx, out, path, i > 0); err != nil {
			if ctx.Err() != nil {
				return errors.Join(errors.New("stopped before the end"), out.Flush())
			}
			if p := (*exitError)(nil); errors.As(err, &p) && p.status == exitPartly {
				cut++
			}
			failed++
			if len(files) == 1 {
				return errors.Join(err, out.Flush())
			}
			fmt.Fprintln(o.err, "wince: "+err.Error())
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	switch {
	case failed == len(files) && cut == 0:
		return errors.New("none of the files could be read")
	case failed > 0:
		return &exitError{exitPartly, fmt.Errorf("%d of %d files could not be read to the end", failed, len(files))}
	}
	return nil
}

// openModels finds, checks and opens the model files; what is wrong with them makes exit status 3.
func openModels(flag, mesh string) (*ort.Runtime, error) {
	dir, err := models.FindDir(flag)
	if err == nil {
		var r *ort.Runtime
		if r, err = ort.Open(dir, ort.Options{Mesh: vision.MeshKind(mesh)}); err == nil {
			return r, nil
		}
	}
	return nil, &exitError{exitNoModels, err}
}

// neutralOf measures the one face of a picture as a neutral.
func (o *analyzeOptions) neutralOf(path string) (*vision.Neutral, error) {
	c, _, err := openClip(path)
	if err != nil {
		return nil, fmt.Errorf("neutral: %w", err)
	}
	defer c.Close()
	a, err := vision.NewAnalyzer(o.nets, vision.AnalyzerConfig{Stills: true})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var img vision.I420
	if _, err := c.Next(&img); err != nil {
		return nil, fmt.Errorf("neutral: %w", err)
	}
	m, err := a.Measure(&img, 0)
	if err != nil {
		return nil, err
	}
	if m.State != pain.Scored {
		return nil, fmt.Errorf("neutral: the face in %s cannot be judged: %s", path, m.Reasons.Advice()[0])
	}
	return &vision.Neutral{Kind: vision.BaselineResident, Features: m.Features}, nil
}

// file analyses one clip or still and writes what was found.
func (o *analyzeOptions) file(ctx context.Context, out *bufio.Writer, path string, more bool) (err error) {
	c, still, err := openClip(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	side := vision.BothSides
	if o.side != "both" {
		side = vision.Side(o.side)
	}
	a, err := vision.NewAnalyzer(o.nets, vision.AnalyzerConfig{Stills: still, Neutral: o.given, FixedNeutral: true, Side: side})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	measured, cut, err := o.measure(ctx, c, a, path)
	if err != nil {
		return err
	}
	if o.neutral == "auto" && !still {
		if n, ok, err := restIn(o.nets.MeshKind(), measured); err != nil {
			return err
		} else if ok {
			a.SetNeutral(n)
		}
	}
	cfg := pain.WindowConfig{Stills: still}
	if n := len(measured); n > 0 && !still {
		// A short clip cannot hold the usual three seconds: then most of it must be judged, and of one picture that one.
		cfg.MinAssessed = max(min(3*time.Second, measured[n-1].T*4/5), 1)
	}
	w := pain.NewWindow(cfg)
	frames, doubts := make([]pain.Frame, len(measured)), make([]pain.Intensities, len(measured))
	for i := range measured {
		r := a.Judge(&measured[i])
		frames[i], doubts[i] = r.Frame, r.Deviation
		w.Add(&frames[i])
	}
	obs := w.Observation()
	obs.Trace = nil // all frames are written
	if obs.Scored > 0 {
		obs.Side = string(side)
	}
	obs.SetBaselines(map[string]int{string(a.Neutral().Kind): max(obs.Scored, 1)}, string(vision.BaselineResident))
	for k, v := range o.versions {
		obs.Models[k] = v
	}
	obs.Models["units"], obs.Models["cover"] = vision.MethodUnits, vision.MethodCover()
	if o.json {
		err = writeJSON(out, path, frames, doubts, obs)
	} else {
		if more {
			fmt.Fprintln(out)
		}
		err = writeTable(out, path, frames, obs)
	}
	if err == nil && o.plot != "" {
		err = plotFile(o.plot, path, frames, obs)
	}
	if err == nil && cut != nil {
		err = &exitError{exitPartly, fmt.Errorf("%w (the %d pictures before it were analysed)", cut, len(frames))}
	}
	return err
}

// measure looks at every picture. A clip that breaks off after its first pictures gives those, and the reason as cut.
func (o *analyzeOptions) measure(ctx context.Context, c clip, a *vision.Analyzer, path string) (all []vision.Measurement, cut, err error) {
	bar := o.progress(c.Frames(), path)
	defer bar.Close()
	var img vision.I420
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		t, err := c.Next(&img)
		if errors.Is(err, io.EOF) {
			return all, nil, nil
		}
		if err != nil {
			if len(all) == 0 {
				return nil, nil, err
			}
			return all, err, nil
		}
		m, err := a.Measure(&img, t)
		if err != nil {
			return nil, nil, fmt.Errorf("%s, picture %d: %w", path, len(all), err)
		}
		m.Face.Points = nil // borrowed until the next picture
		all = append(all, m)
		_ = bar.Add(1)
	}
}

// progress returns a bar on the error stream where that is a terminal and the work takes longer than a moment.
func (o *analyzeOptions) progress(frames int, path string) *progressbar.ProgressBar {
	f, ok := o.err.(*os.File)
	if frames == 0 {
		frames = -1
	}
	return progressbar.NewOptions(frames, progressbar.OptionSetWriter(o.err), progressbar.OptionSetDescription(path),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(f.Fd()))), progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("pictures"), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond))
}

// restIn finds the neutral of the person in the clip itself.
func restIn(mesh vision.MeshKind, measured []vision.Measurement) (vision.Neutral, bool, error) {
	finder, err := vision.NewRestFinder(mesh, len(measured))
	if err != nil {
		return vision.Neutral{}, false, err
	}
	for i := range measured {
		if m := &measured[i]; m.State == pain.Scored {
			finder.Add(&m.Features, m.T)
		}
	}
	n, ok := finder.Neutral()
	return n, ok, nil
}

// writeJSON writes the frames, with what the units may be off by, and then the observation.
func writeJSON(out *bufio.Writer, path string, frames []pain.Frame, doubts []pain.Intensities, obs pain.Observation) error {
	name, err := json.Marshal(path)
	if err != nil {
		return fmt.Errorf("write file name: %w", err)
	}
	var b []byte
	for i := range frames {
		b = append(append(append(b[:0], `{"type":"frame","file":`...), name...), ',')
		b = frames[i].AppendJSON(b)
		if frames[i].State == pain.Scored {
			b = doubts[i].AppendJSON(append(b, `,"au_deviation":`...))
		}
		b = append(b, '}', '\n')
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("write results: %w", err)
		}
	}
	line, err := json.Marshal(struct {
		Type string `json:"type"`
		File string `json:"file"`
		pain.Observation
	}{"observation", path, obs})
	if err != nil {
		return fmt.Errorf("write observation: %w", err)
	}
	_, err = out.Write(append(line, '\n'))
	return err
}
