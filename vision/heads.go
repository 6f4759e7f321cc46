package vision

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"

	"wince/models"
	"wince/pain"
	"wince/vision/pixel"
)

// numNumbers is how many numbers the network of the action units makes of a face.
const numNumbers = 96

// What the comparison of two faces answers for each action unit, made by models/train/units with the network.
//
//go:embed units.json
var unitsFile []byte

// heads compares a face with one at ease by the numbers that the network made of each: a small perceptron that gives each
// unit's level and how far that may be off.
type heads struct {
	encoder string // sha256 of the network that the numbers must come from
	layers  [3]*pixel.Layer
	answers [pain.NumAU]int // place of each unit's level among the last layer's values; the log variance is len(names) on
	names   int
	average calibration
	own     calibration
}

// A calibration turns an answer into a level: (answer - Zero) * Gain, mixed with the hand-set level by the share Hand. Spread
// makes the standard deviation as large as errors were on people whom the network was not trained on.
type calibration struct {
	Zero, Gain, Spread, Hand []float32
}

const widest = 96 // values of any layer but the input

var loadHeads = sync.OnceValues(func() (*heads, error) { return readHeads(unitsFile) })

func readHeads(file []byte) (*heads, error) {
	var f struct {
		Encoder string   `json:"encoder"`
		Numbers int      `json:"numbers"`
		Answers []string `json:"answers"`
		Layers  []struct {
			In      int    `json:"in"`
			Out     int    `json:"out"`
			Weights string `json:"weights"` // float32, little-endian, base64
			Bias    string `json:"bias"`
		} `json:"layers"`
		Average calibration `json:"average"`
		Own     calibration `json:"own"`
	}
	wrong := func(format string, args ...any) (*heads, error) {
		return nil, fmt.Errorf("read the comparison of faces: "+format, args...)
	}
	if err := json.Unmarshal(file, &f); err != nil {
		return wrong("%w", err)
	}
	h := &heads{encoder: f.Encoder, names: len(f.Answers), average: f.Average, own: f.Own}
	if f.Numbers != numNumbers || len(f.Layers) != len(h.layers) {
		return wrong("%d numbers and %d layers, not %d and %d", f.Numbers, len(f.Layers), numNumbers, len(h.layers))
	}
	in := numNumbers + 1
	for i, l := range f.Layers {
		w, err := floats(l.Weights)
		if err != nil {
			return wrong("%w", err)
		}
		b, err := floats(l.Bias)
		if err != nil {
			return wrong("%w", err)
		}
		if l.In != in || l.Out > widest || len(w) != l.In*l.Out || len(b) != l.Out {
			return wrong("layer %d does not fit", i)
		}
		h.layers[i] = pixel.NewLayer(1, l.In, 1, 1, w, b, i < len(h.layers)-1)
		in = l.Out
	}
	for _, c := range []*calibration{&h.average, &h.own} {
		for _, v := range [][]float32{c.Zero, c.Gain, c.Spread, c.Hand} {
			if len(v) != h.names {
				return wrong("a calibration has %d values, not %d", len(v), h.names)
			}
		}
	}
	for a := range h.answers {
		h.answers[a] = -1
		for i, n := range f.Answers {
			if n == pain.AU(a).String() {
				h.answers[a] = i
			}
		}
		if h.answers[a] < 0 {
			return wrong("no answer for %v", pain.AU(a))
		}
	}
	if 2*h.names > in {
		return wrong("%d answers do not fit", h.names)
	}
	return h, nil
}

func floats(text string) ([]float32, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
	}
	return v, err
}

// fits says whether the numbers come from the network that the comparison was made with.
func (h *heads) fits(m Models) error {
	if v := m.Versions()[models.Units]; !strings.HasSuffix(v, "sha256:"+h.encoder) {
		return fmt.Errorf("the network of the action units is %q, but the comparison of faces was made with sha256:%s: take both from one training", v, h.encoder)
	}
	return nil
}

// compare mixes into v, the hand-set levels, what the network says of f against the neutral, and returns each unit's standard
// deviation. It does not allocate.
func (h *heads) compare(v *pain.Intensities, f *Features, n *Neutral) (sd pain.Intensities) {
	var buf [2][widest + 1]float32
	x := buf[0][:numNumbers+1]
	for i := range numNumbers {
		x[i] = f[numFeatures+i] - n.Features[numFeatures+i]
	}
	c := &h.average
	if n.Kind != BaselinePopulation {
		x[numNumbers], c = 1, &h.own
	}
	for k, l := range h.layers {
		y := buf[(k+1)%2][:l.Outputs()]
		l.Run(y, x)
		x = y
	}
	for a := range h.answers {
		i, full := h.answers[a], float32(pain.AU(a).Max())
		level := (x[i]*full - c.Zero[i]) * c.Gain[i]
		if v.Measured(pain.AU(a)) {
			v[a] = c.Hand[i]*v[a] + (1-c.Hand[i])*level
		} else {
			v[a] = level
		}
		sd[a] = float32(math.Exp(0.5*float64(min(max(x[h.names+i], -7), 1)))) * full * c.Spread[i]
	}
	v[pain.AU5], sd[pain.AU5] = nan32, nan32 // what the network says of it is little better than chance
	return sd
}

var nan32 = float32(math.NaN())
