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
const numNumbers = 144

// What the comparison of two faces answers for each action unit, made by models/train/units with the network.
//
//go:embed units.json
var unitsFile []byte

// heads compares a face with one at ease by the features of each and the numbers that the network made of it: a small perceptron
// that gives each unit's level and how far that may be off. There are several, fitted from different seeds, and the mean of their
// answers is taken: on real faces they differ more than on the rendered ones that they learned from.
type heads struct {
	encoder string // sha256 of the network that the numbers must come from
	members [][3]*pixel.Layer
	answers [pain.NumAU]int // place of each unit's level among the last layer's values; the log variance is len(names) on
	names   int
	average calibration
	own     calibration
}

// A calibration turns an answer into a level: (answer - Zero) * Gain, mixed with the hand-set level by the share Hand. Mix, a matrix in the
// order of the answers, row by row, takes some of what one unit shows of another out of these levels. Spread
// makes the standard deviation as large as errors were on people whom the network was not trained on. Ease, of the average face only, is
// how far levels differ between people at ease who are strangers to the comparison: one standard deviation.
type calibration struct {
	Zero, Gain, Spread, Hand, Ease, Mix []float32
}

const (
	compared = int(numFeatures) + numNumbers // values of either face
	widest   = 128                           // values of any layer but the input
)

var loadHeads = sync.OnceValues(func() (*heads, error) { return readHeads(unitsFile) })

func readHeads(file []byte) (*heads, error) {
	var f struct {
		Encoder  string   `json:"encoder"`
		Features int      `json:"features"`
		Numbers  int      `json:"numbers"`
		Answers  []string `json:"answers"`
		Members  [][]struct {
			In      int    `json:"in"`
			Out     int    `json:"out"`
			Weights string `json:"weights"` // float32, little-endian, base64
			Bias    string `json:"bias"`
		} `json:"members"`
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
	if f.Features != int(numFeatures) || f.Numbers != numNumbers || len(f.Members) == 0 {
		return wrong("%d features, %d numbers and %d members, not %d, %d and at least one", f.Features, f.Numbers, len(f.Members), numFeatures, numNumbers)
	}
	for _, member := range f.Members {
		var layers [3]*pixel.Layer
		if len(member) != len(layers) {
			return wrong("%d layers, not %d", len(member), len(layers))
		}
		in := compared + 1
		for i, l := range member {
			w, err := floats(l.Weights)
			if err != nil {
				return wrong("%w", err)
			}
			b, err := floats(l.Bias)
			if err != nil {
				return wrong("%w", err)
			}
			if l.In != in || l.Out <= 0 || l.Out > widest || len(w) != l.In*l.Out || len(b) != l.Out {
				return wrong("layer %d does not fit", i)
			}
			layers[i] = pixel.NewLayer(1, l.In, 1, 1, w, b, i < len(layers)-1)
			in = l.Out
		}
		if in != f.Members[0][len(layers)-1].Out || 2*h.names != in {
			return wrong("%d answers do not fit", h.names)
		}
		h.members = append(h.members, layers)
	}
	for _, c := range []*calibration{&h.average, &h.own} {
		for _, v := range [][]float32{c.Zero, c.Gain, c.Spread, c.Hand} {
			if len(v) != h.names {
				return wrong("a calibration has %d values, not %d", len(v), h.names)
			}
		}
		if len(c.Mix) != int(pain.NumAU*pain.NumAU) {
			return wrong("a calibration mixes by %d values, not %d", len(c.Mix), pain.NumAU*pain.NumAU)
		}
	}
	if len(h.average.Ease) != h.names {
		return wrong("%d spreads at ease, not %d", len(h.average.Ease), h.names)
	}
	for a := range h.answers {
		h.answers[a] = -1
		for i, n := range f.Answers {
			if n == pain.AU(a).String() && i < len(h.answers) {
				h.answers[a] = i
			}
		}
		if h.answers[a] < 0 {
			return wrong("no answer for %v", pain.AU(a))
		}
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
	var difference [compared + 1]float32
	for i := range compared {
		difference[i] = f[i] - n.Features[i]
	}
	c := &h.average
	if n.Kind != BaselinePopulation {
		difference[compared], c = 1, &h.own
	}
	var sum [widest]float32
	for i := range h.members {
		var buf [2][widest]float32
		x := difference[:]
		for k, l := range h.members[i] {
			y := buf[k%2][:l.Outputs()]
			l.Run(y, x)
			x = y
		}
		for o, v := range x {
			sum[o] += v / float32(len(h.members))
		}
	}
	x := sum[:]
	var levels pain.Intensities // in the order of the answers
	for a := range h.answers {
		i, full := h.answers[a], float32(pain.AU(a).Max())
		level := (x[i]*full - c.Zero[i]) * c.Gain[i]
		if v.Measured(pain.AU(a)) {
			level = c.Hand[i]*v[a] + (1-c.Hand[i])*level
		}
		levels[i] = level
		sd[a] = float32(math.Exp(0.5*float64(min(max(x[h.names+i], -7), 1)))) * full * c.Spread[i]
	}
	for a, i := range h.answers {
		v[a] = 0
		for k, level := range levels {
			v[a] += c.Mix[i*len(levels)+k] * level
		}
	}
	if n.Kind == BaselinePopulation {
		v[pain.AU5], sd[pain.AU5] = nan32, nan32 // how wide eyes are at ease differs more between people than an upper lid rises
	}
	return sd
}

var nan32 = float32(math.NaN())
