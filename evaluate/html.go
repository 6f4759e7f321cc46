package evaluate

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	_ "embed" // the page
)

//go:embed report.html
var page string

// WriteHTML writes the report as one file that needs nothing else: tables, and plots as SVG.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"figure": figure, "interval": withInterval, "cell": cell, "shade": shade, "percent": percent,
		"units": func(m map[string]float64) []string { return byUnit(m) },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the report's page: %w", err)
	}
	plots, err := r.plots()
	if err != nil {
		return fmt.Errorf("draw the report's plots: %w", err)
	}
	return t.Execute(w, struct {
		*Report
		Plots []template.HTML
	}{r, plots})
}

// Figure writes a number to two places, a dash where there is none.
func figure(x *float64) string {
	if x == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", *x)
}

func withInterval(i Interval) string {
	if i.Low == nil || i.High == nil {
		return figure(i.Value)
	}
	return fmt.Sprintf("%s [%s, %s]", figure(i.Value), figure(i.Low), figure(i.High))
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }

func cell(x *float64) string { return figure(x) }

// shade colours a cell of the cross-talk matrix: blue for more, orange for less.
func shade(x *float64) template.CSS {
	if x == nil {
		return "background:#eee"
	}
	a := math.Min(math.Abs(*x), 1)
	if *x < 0 {
		return template.CSS(fmt.Sprintf("background:rgba(213,94,0,%.2f)", 0.7*a))
	}
	return template.CSS(fmt.Sprintf("background:rgba(0,114,178,%.2f)", 0.7*a))
}

// byUnit lists the units of a map in the order of their numbers.
func byUnit(m map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
}

// plots draws what there is: agreement by unit, PSPI, and the groups' scores.
func (r *Report) plots() ([]template.HTML, error) {
	var out []template.HTML
	add := func(p *plot.Plot, err error) error {
		if err != nil || p == nil {
			return err
		}
		s, err := svg(p)
		out = append(out, s)
		return err
	}
	if err := add(r.unitPlot()); err != nil {
		return nil, err
	}
	if err := add(r.painPlot()); err != nil {
		return nil, err
	}
	if err := add(r.groupPlot()); err != nil {
		return nil, err
	}
	return out, nil
}

func svg(p *plot.Plot) (template.HTML, error) {
	c := vgsvg.New(640, 320)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	s := b.String()
	if i := strings.Index(s, "<svg"); i >= 0 { // without the XML head
		s = s[i:]
	}
	return template.HTML(s), nil // made here from numbers and our own names; group names are drawn as text and escaped by the writer
}

var (
	plotBlue   = color.RGBA{0, 114, 178, 255}
	plotOrange = color.RGBA{213, 94, 0, 255}
)

// bars draws values with their intervals beside each other.
func bars(p *plot.Plot, names []string, values []Interval, c color.Color, name string, offset float64) error {
	var points plotter.XYs
	var low, high []float64
	for i, v := range values {
		if v.Value == nil {
			continue
		}
		points = append(points, plotter.XY{X: float64(i) + offset, Y: *v.Value})
		l, h := *v.Value, *v.Value
		if v.Low != nil && v.High != nil {
			l, h = *v.Low, *v.High
		}
		low, high = append(low, *v.Value-l), append(high, h-*v.Value)
	}
	if len(points) == 0 {
		return nil
	}
	s, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	s.Color, s.Shape, s.Radius = c, draw.CircleGlyph{}, 4
	errs := make(plotter.YErrors, len(points))
	for i := range errs {
		errs[i].Low, errs[i].High = low[i], high[i]
	}
	e, err := plotter.NewYErrorBars(struct {
		plotter.XYer
		plotter.YErrorer
	}{points, errs})
	if err != nil {
		return err
	}
	e.Color = c
	p.Add(s, e)
	if name != "" {
		p.Legend.Add(name, s)
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.5, float64(len(names))-0.5
	return nil
}

func (r *Report) unitPlot() (*plot.Plot, error) {
	var names []string
	var pearson, icc []Interval
	for _, u := range r.Units {
		names, pearson, icc = append(names, u.AU), append(pearson, u.Pearson), append(icc, u.ICC)
	}
	if len(names) == 0 {
		return nil, nil
	}
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = "Agreement by action unit, 95 % intervals by person", "r, ICC"
	if err := bars(p, names, pearson, plotBlue, "Pearson", -0.1); err != nil {
		return nil, err
	}
	if err := bars(p, names, icc, plotOrange, "ICC(3,1)", 0.1); err != nil {
		return nil, err
	}
	p.Y.Max, p.Y.Min = 1, math.Min(p.Y.Min, 0)
	p.Add(plotter.NewGrid())
	return p, nil
}

// mostPoints is how many points a plot shows: more make a large file and no clearer picture.
const mostPoints = 3000

func (r *Report) painPlot() (*plot.Plot, error) {
	if r.Pain == nil {
		return nil, nil
	}
	step := len(r.Pain.Points)/mostPoints + 1
	var points plotter.XYs
	for i := 0; i < len(r.Pain.Points); i += step {
		points = append(points, plotter.XY{X: r.Pain.Points[i][0], Y: r.Pain.Points[i][1]})
	}
	s, err := plotter.NewScatter(points)
	if err != nil {
		return nil, err
	}
	s.Color, s.Shape, s.Radius = plotBlue, draw.CircleGlyph{}, 1.5
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 16, Y: 16}})
	if err != nil {
		return nil, err
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "Score against the true PSPI", "true PSPI", "score"
	p.Add(plotter.NewGrid(), line, s)
	p.X.Min, p.Y.Min, p.X.Max, p.Y.Max = 0, 0, 16, 16
	return p, nil
}

func (r *Report) groupPlot() (*plot.Plot, error) {
	var names []string
	var score []Interval
	for _, g := range r.Groups {
		names, score = append(names, g.Group), append(score, g.Score)
	}
	if len(names) == 0 {
		return nil, nil
	}
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = "Mean score by group, 95 % intervals by person", "0-16"
	p.X.Tick.Label.Rotation = 0.5
	p.X.Tick.Label.XAlign = -1
	p.X.Tick.Label.Font.Size = vg.Points(8)
	if err := bars(p, names, score, plotBlue, "", 0); err != nil {
		return nil, err
	}
	p.Y.Min = math.Min(p.Y.Min, 0)
	p.Add(plotter.NewGrid())
	return p, nil
}
