// Command faces makes what models/train learns from and is tried on: rows of what the network of the action units is shown of a
// face, with what is known of that face.
//
//	faces render --out DIR --from SEED --people N [--shots M] [--sampler wide|coded] [--varied SHARE] [--hands SHARE] [--twins [--alike]] [--threads T]
//	                            rendered people, whose action units are known exactly
//	faces read --out FILE PICTURE|CLIP.ivf...
//	                            pictures or clips; the units of a rendered clip come from the file beside it
//
// The same command gives the same rows, whatever the number of threads, which is the number of files. A person's first three
// pictures are of the face at ease.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"wince/models"
	"wince/models/render"
	"wince/models/train/shard"
	"wince/vision"
	"wince/vision/ort"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faces:", err)
		os.Exit(1)
	}
}

// untrained has the networks but that of the action units, which is to be trained: what it is shown may have another shape by then.
type untrained struct{ vision.Models }

func (untrained) Units() (vision.Net, error) { return nil, nil }

// A row is one picture of a face that could be judged.
type row struct {
	Identity uint32
	Shot     uint32
	Sort     uint8
	Wears    uint8      // 1 a fringe, 2 glasses, 4 a cannula, 8 a pillow, 16 a hand over a part
	Traits   [5]float32 // skin, age, beard, brows, lids of a rendered person
	Pose     [3]float32 // as measured, degrees
	Units    [15]float32
	Parted   float32 // how far the lips stand apart, whatever parts them, 0-5
	Lopsided float32
	Features [26]float32
	Points   [2 * vision.SightPoints]float32
	Patch    [vision.PatchWidth * vision.PatchHeight]uint8
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 0 || (args[0] != "render" && args[0] != "read") {
		return errors.New("say `render` or `read`; the package comment tells the rest")
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	dir := f.String("models", "", "folder of the model files (default: where make puts them)")
	out := f.String("out", "", "folder to fill, or file to write (without an ending)")
	head := f.String("head", "../shared/data/ict-facekit", "folder of the head model")
	from := f.Uint64("from", 1000000, "seed of the first person")
	people := f.Int("people", 10, "how many people")
	shots := f.Int("shots", 24, "pictures of each")
	varied := f.Float64("varied", 0, "share of people who wear something, lie on a pillow, have a fringe, a broad nose, narrow eyes or sunken skin, 0-1; of half as many again lips and corners of the mouth differ")
	hands := f.Float64("hands", 0, "share of pictures of people who act with a hand on or beside the face, 0-1; those that hide too much are left out, as any that cannot be judged")
	twins := f.Bool("twins", false, "draw each person's twin: the same shape, another's skin, age and hair, which has another length, too")
	alike := f.Bool("alike", false, "with --twins: they do the same as the person, in the same light and view")
	which := f.String("sampler", "wide", "what they do: wide or coded")
	threads := f.Int("threads", 2, "how many people are drawn at once")
	limit := f.Duration("limit", 0, "stop after that long, with what there is")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("say where to write with --out")
	}
	found, err := models.FindDir(*dir)
	if err != nil {
		return err
	}
	runtime, err := ort.Open(found, ort.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	nets := untrained{runtime}
	if args[0] == "read" {
		return read(nets, *out, f.Args())
	}
	s, ok := samplers[*which]
	if !ok {
		return fmt.Errorf("there is no sampler %q: wide or coded", *which)
	}
	h, err := render.LoadPainted(*head, 512)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o777); err != nil {
		return err
	}
	if *limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *limit)
		defer cancel()
	}
	var wait sync.WaitGroup
	failed := make([]error, *threads)
	counts := make([]int, *threads)
	start := time.Now()
	for k := range *threads {
		wait.Go(func() { // people k, k+threads, ...
			failed[k] = func() (err error) {
				w, err := shard.Create(filepath.Join(*out, fmt.Sprintf("%s-%02d", *which, k)), row{})
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, w.Close()) }()
				st, err := newStudio(h, nets, s, *varied, *hands, *twins, *alike)
				if err != nil {
					return err
				}
				defer st.close()
				for i := k; i < *people && ctx.Err() == nil; i += *threads {
					n, err := st.person(*from+uint64(i), *shots, w)
					if err != nil {
						return err
					}
					counts[k] += n
				}
				return nil
			}()
		})
	}
	wait.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	fmt.Fprintf(os.Stderr, "faces: %d pictures in %.0f s\n", total, time.Since(start).Seconds())
	return errors.Join(failed...)
}

// describe fills a row from a measurement.
func (r *row) describe(a *vision.Analyzer, m *vision.Measurement, s *vision.Sight) {
	a.Sight(s)
	r.Pose = [3]float32{m.Face.Yaw, m.Face.Pitch, m.Face.Roll}
	copy(r.Features[:], m.Features[:])
	r.Points, r.Patch = s.Points, s.Patch
}
