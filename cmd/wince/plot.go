package main

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"wince/pain"
)

// Colours that keep apart for people who do not see red and green apart (Okabe & Ito).
var (
	blue   = color.RGBA{0, 114, 178, 255}
	orange = color.RGBA{213, 94, 0, 255}
	grey   = color.RGBA{120, 120, 120, 255}
	shade  = color.RGBA{225, 225, 225, 255}
)

// plotFile draws the scores over time, one small panel for each action unit below, and grey where nothing could be judged,
// as a PNG.
func plotFile(path, title string, frames []pain.Frame, obs pain.Observation) (err error) {
	units := measuredUnits(frames)
	top, err := scorePanel(title, frames, obs)
	if err != nil {
		return err
	}
	const width, topHeight, unitHeight, columns = 1100, 320, 130, 2
	rows := (len(units) + columns - 1) / columns
	canvas := vgimg.NewWith(vgimg.UseWH(width, vg.Length(topHeight+rows*unitHeight)), vgimg.UseDPI(96))
	dc := draw.New(canvas)
	top.Draw(draw.Crop(dc, 0, 0, vg.Length(rows*unitHeight), 0))
	for i, a := range units {
		p, err := unitPanel(a, frames)
		if err != nil {
			return err
		}
		col, row := i%columns, i/columns
		left, bottom := vg.Length(col)*width/columns, vg.Length((rows-1-row)*unitHeight)
		p.Draw(draw.Crop(dc, left, left+width/columns-width, bottom, bottom+unitHeight-vg.Length(topHeight+rows*unitHeight)))
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("write plot: %w", e)
		}
	}()
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(f); err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	return nil
}

func scorePanel(title string, frames []pain.Frame, obs pain.Observation) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = filepath.Base(title) + ": pain score over time (provisional; not a cleared medical device)"
	p.X.Label.Text, p.Y.Label.Text = "seconds", "0-16"
	p.Y.Min, p.Y.Max = 0, 16
	if err := addGaps(p, frames, 16); err != nil {
		return nil, err
	}
	if err := addLine(p, frames, grey, 1, "PSPI", func(f *pain.Frame) float64 { return f.PSPI }); err != nil {
		return nil, err
	}
	if err := addLine(p, frames, blue, 1.8, "score after the rules for confounders", func(f *pain.Frame) float64 { return f.Score }); err != nil {
		return nil, err
	}
	if obs.ScoreP95 != nil {
		l, err := plotter.NewLine(plotter.XYs{{X: 0, Y: *obs.ScoreP95}, {X: lastSecond(frames), Y: *obs.ScoreP95}})
		if err != nil {
			return nil, fmt.Errorf("draw percentile: %w", err)
		}
		l.Color, l.Dashes = orange, []vg.Length{4, 4}
		p.Add(l)
		p.Legend.Add("95th percentile of the score", l)
	}
	p.Legend.Top = true
	return p, nil
}

func unitPanel(a pain.AU, frames []pain.Frame) (*plot.Plot, error) {
	p := plot.New()
	p.Y.Label.Text = a.String()
	p.Title.Text = a.Name()
	p.Title.TextStyle.Font.Size = 9
	p.Y.Min, p.Y.Max = 0, a.Max()
	if err := addGaps(p, frames, a.Max()); err != nil {
		return nil, err
	}
	return p, addLine(p, frames, blue, 1.2, "", func(f *pain.Frame) float64 { return float64(f.AU[a]) })
}

// addLine draws value over time, broken where frames were not scored or there is none.
func addLine(p *plot.Plot, frames []pain.Frame, c color.Color, width vg.Length, name string, value func(*pain.Frame) float64) error {
	var run plotter.XYs
	named := name == ""
	flush := func() error {
		if len(run) == 1 { // a still: a short dash can be seen, a point cannot
			run = append(run, plotter.XY{X: run[0].X + 0.05, Y: run[0].Y})
		}
		if len(run) == 0 {
			return nil
		}
		l, err := plotter.NewLine(run)
		if err != nil {
			return fmt.Errorf("draw line: %w", err)
		}
		l.Color, l.Width = c, width
		p.Add(l)
		if !named {
			p.Legend.Add(name, l)
			named = true
		}
		run = nil
		return nil
	}
	for i := range frames {
		f := &frames[i]
		v := math.NaN()
		if f.State == pain.Scored {
			v = value(f)
		}
		if math.IsNaN(v) {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		run = append(run, plotter.XY{X: f.T.Seconds(), Y: v})
	}
	return flush()
}

// addGaps shades the time that could not be judged.
func addGaps(p *plot.Plot, frames []pain.Frame, height float64) error {
	named := false
	for i := 0; i < len(frames); i++ {
		if frames[i].State == pain.Scored {
			continue
		}
		j := i
		for j < len(frames) && frames[j].State != pain.Scored {
			j++
		}
		from, to := frames[i].T.Seconds(), lastSecond(frames[:min(j+1, len(frames))])
		poly, err := plotter.NewPolygon(plotter.XYs{{X: from, Y: 0}, {X: to + 0.02, Y: 0}, {X: to + 0.02, Y: height}, {X: from, Y: height}})
		if err != nil {
			return fmt.Errorf("draw gap: %w", err)
		}
		poly.Color, poly.LineStyle.Width = shade, 0
		p.Add(poly)
		if !named && height == 16 {
			p.Legend.Add("not assessable", poly)
			named = true
		}
		i = j
	}
	return nil
}

func lastSecond(frames []pain.Frame) float64 {
	if len(frames) == 0 {
		return 0
	}
	return frames[len(frames)-1].T.Seconds()
}
