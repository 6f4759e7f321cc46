package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wince/evaluate"
	"wince/vision"
	"wince/vision/opencv"
)

func newEvaluateCmd() *cobra.Command {
	var opt evaluateOptions
	var layouts strings.Builder
	for _, l := range evaluate.Layouts() {
		fmt.Fprintf(&layouts, "  %-10s %s\n", l.Kind, l.Says)
	}
	c := &cobra.Command{
		Use:   "evaluate [flags] FOLDER",
		Short: "Compare what is measured with a labelled set",
		Long: `Evaluate takes every picture of a labelled set through the same steps as live video and says how far the result agrees with
the labels. The folder is read as it was published; which layout it has is found out, or said with --layout:

` + layouts.String() + `
For each action unit that the set codes: Pearson's r, ICC(3,1), mean absolute error, bias, and F1 of intensity 2 or more (of
AU43, which has no intensities, 0.5; in sets that code units as there or not, 1). Cross-talk: how much each measured unit rises for a level of
each true one while the others stay; the diagonal is the slope. Where PSPI is given, or can be summed up from the units: r,
ICC, error, and for each threshold the AUC, of PSPI and of the score after the rules for confounders. Where there are
labels, such as smiling: what is measured under each. By group of people (age, sex, skin tone, ethnicity) where the set tells.

Intervals are 95 % bootstrap intervals; people are drawn, not pictures. Pictures that cannot be judged are counted as such and
are in no other figure: look at "judged" first.

  --neutral auto         the calmest moments of each film; the average face for pictures that stand alone
  --neutral population   the average face
  --neutral own          a picture of the same person at ease where the set has one, else as auto

A set of your own: lay it out as "pairs" or "rendered" (testdata/README.md has the form of the truth). Data stays where it is;
nothing is sent anywhere.`,
		Example: `  wince evaluate testdata/clips
  wince evaluate --neutral own --html london.html ../shared/data/faces/london
  wince evaluate --json --bootstrap 2000 /data/UNBC-McMaster >unbc.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &exitError{exitUsage, errors.New("name one folder that holds a labelled set\nTry: wince evaluate --help")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			opt.out, opt.err = c.OutOrStdout(), c.ErrOrStderr()
			return opt.run(c.Context(), args[0])
		},
	}
	f := c.Flags()
	f.StringVar(&opt.layout, "layout", "", "how the set lies on the disk (default: found out)")
	f.BoolVar(&opt.json, "json", false, "print JSON instead of tables")
	f.StringVar(&opt.html, "html", "", "write a report with plots to this `FILE.html`")
	f.StringVar(&opt.neutral, "neutral", "auto", "what to measure against: auto, population or own")
	f.StringVar(&opt.mesh, "mesh", string(vision.PlainMesh), "what places the landmarks: plain or attention")
	f.StringVar(&opt.models, "models", "", "`DIR` with the model files (default: where make build puts them)")
	f.IntVar(&opt.rounds, "bootstrap", 500, "rounds of the bootstrap; 0 for no intervals")
	f.Uint64Var(&opt.seed, "seed", 1, "of the bootstrap: the same seed gives the same intervals")
	return c
}

type evaluateOptions struct {
	layout, html, neutral, mesh, models string
	json                                bool
	rounds                              int
	seed                                uint64
	out, err                            io.Writer
}

func (o *evaluateOptions) run(ctx context.Context, root string) (err error) {
	switch {
	case !vision.MeshKind(o.mesh).Valid():
		return &exitError{exitUsage, fmt.Errorf("--mesh is %q: choose plain or attention", o.mesh)}
	case o.neutral != "auto" && o.neutral != "population" && o.neutral != "own":
		return &exitError{exitUsage, fmt.Errorf("--neutral is %q: choose auto, population or own", o.neutral)}
	case o.rounds < 0 || o.rounds > 100000:
		return &exitError{exitUsage, fmt.Errorf("--bootstrap is %d: choose 0 to 100000", o.rounds)}
	}
	set, err := evaluate.Open(o.layout, root)
	if err != nil {
		return err
	}
	nets, err := openModels(o.models, o.mesh)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, nets.Close()) }()
	if o.html != "" { // an hour of work must not end at a folder that is not there
		f, err := os.OpenFile(o.html, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		f.Close()
	}
	samples, failed, err := o.measure(ctx, nets, set)
	if err != nil {
		return err
	}
	if failed == len(set.Items) {
		return errors.New("none of the set's films and pictures could be read")
	}
	report := evaluate.Sum(set, samples, evaluate.Options{Bootstrap: evaluate.Bootstrap{Rounds: o.rounds, Seed: o.seed}})
	report.Neutral, report.Mesh, report.Models = o.neutral, o.mesh, nets.Versions()
	report.Models["units"], report.Models["cover"] = vision.MethodUnits, vision.MethodCover()
	if report.Coded == 0 {
		return errors.New("no picture of the set has a label that is of use here")
	}
	if err := o.write(report); err != nil {
		return err
	}
	if failed > 0 {
		return &exitError{exitPartly, fmt.Errorf("%d of %d films and pictures could not be read to the end: the figures are without them", failed, len(set.Items))}
	}
	return nil
}

func (o *evaluateOptions) write(r *evaluate.Report) (err error) {
	if o.html != "" {
		f, err := os.Create(o.html)
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if err := errors.Join(r.WriteHTML(f), f.Close()); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if !o.json {
		return r.WriteTable(o.out)
	}
	e := json.NewEncoder(o.out)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// measure looks at every picture of the set. Items that cannot be read are said and counted.
func (o *evaluateOptions) measure(ctx context.Context, nets vision.Models, set *evaluate.Set) (all []evaluate.Sample, failed int, err error) {
	file, ok := o.err.(*os.File)
	bar := progressbar.NewOptions(len(set.Items), progressbar.OptionSetWriter(o.err), progressbar.OptionSetDescription(set.Kind),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(file.Fd()))), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	defer bar.Close()
	neutrals := map[string]*vision.Neutral{}
	for i := range set.Items {
		it := &set.Items[i]
		samples, err := o.item(ctx, nets, it, neutrals)
		if ctx.Err() != nil {
			return nil, 0, errors.New("stopped before the end")
		}
		if err != nil {
			failed++
			fmt.Fprintf(o.err, "wince: %s: %v\n", it.Name, err)
			continue
		}
		all = append(all, samples...)
		bar.Describe(it.Name)
		_ = bar.Add(1)
	}
	return all, failed, nil
}

func (o *evaluateOptions) item(ctx context.Context, nets vision.Models, it *evaluate.Item, neutrals map[string]*vision.Neutral) (samples []evaluate.Sample, err error) {
	truth, err := it.Truth()
	if err != nil {
		return nil, err
	}
	cfg := vision.AnalyzerConfig{Stills: it.Stills, FixedNeutral: true}
	if o.neutral == "own" && it.Neutral != "" {
		if neutrals[it.Neutral] == nil {
			a := analyzeOptions{nets: nets}
			n, err := a.neutralOf(it.Neutral)
			if err != nil {
				return nil, err
			}
			neutrals[it.Neutral] = n
		}
		cfg.Neutral = neutrals[it.Neutral]
	}
	c, err := openItem(it)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	a, err := vision.NewAnalyzer(nets, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	quiet := analyzeOptions{err: io.Discard}
	measured, cut, err := quiet.measure(ctx, c, a, it.Name)
	if err = errors.Join(err, cut); err != nil {
		return nil, err
	}
	if o.neutral != "population" && cfg.Neutral == nil && !it.Stills {
		n, ok, err := restIn(nets.MeshKind(), measured)
		if err != nil {
			return nil, err
		}
		if ok {
			a.SetNeutral(n)
		}
	}
	for i := range measured {
		s := evaluate.Sample{Person: it.Person, Groups: it.Groups, Frame: a.Judge(&measured[i]).Frame}
		if i < len(truth) {
			s.Truth = truth[i]
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// openItem opens a clip, a still, or pictures that are a film.
func openItem(it *evaluate.Item) (clip, error) {
	if len(it.Files) != 1 || it.FPS > 0 {
		return &filmClip{files: it.Files, fps: it.FPS}, nil
	}
	c, _, err := openClip(it.Files[0])
	return c, err
}

// filmClip is a film of single pictures.
type filmClip struct {
	files []string
	fps   float64
	next  int
}

func (f *filmClip) Next(img *vision.I420) (time.Duration, error) {
	if f.next == len(f.files) {
		return 0, io.EOF
	}
	m, err := opencv.ReadImage(f.files[f.next])
	if err != nil {
		return 0, err
	}
	*img = *m
	t := time.Duration(float64(f.next) / f.fps * float64(time.Second))
	f.next++
	return t, nil
}

func (f *filmClip) Frames() int  { return len(f.files) }
func (f *filmClip) Close() error { return nil }
