package pain

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// A trace begins with points of a tenth of a second and has at most so many: when they are used up, two become one.
const (
	tracePoints = 120
	traceStep   = 100 * time.Millisecond
)

// Trace is a capture over time, for drawing: columns of equal length, a row a point. A point sums up the frames of StepMS; one
// without frames, as when the network was away, is left out, so that its time is missing from T.
type Trace struct {
	StepMS      int64             `json:"step_ms"`     // 100 or that doubled until no more than 120 points are needed
	T           []int64           `json:"t_ms"`        // where each point begins, from the first frame on
	State       []State           `json:"state"`       // scored where half of the point's frames were, else what most of them were
	Score       Series            `json:"score"`       // mean over the scored frames, 0-16; null where the state is not scored
	PSPI        Series            `json:"pspi"`        // the same before the rules for confounders
	AU          map[string]Series `json:"au"`          // the same of each measured unit, by short name
	Reasons     map[string][]int  `json:"reasons"`     // by cause, the points that could not be judged for it
	Confounders map[string][]int  `json:"confounders"` // by confounder, the points in which it was taken into account
}

// Series is a column of numbers; NaN, where nothing is said, is written as null.
type Series []float64

// MarshalJSON writes two decimals at most.
func (s Series) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+5*len(s)), '[')
	for i, x := range s {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(x) {
			b = append(b, "null"...)
			continue
		}
		b = strconv.AppendFloat(b, round2(x), 'f', -1, 64)
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Series) UnmarshalJSON(b []byte) error {
	var all []*float64
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("read series: %w", err)
	}
	*s = make(Series, len(all))
	for i, x := range all {
		if (*s)[i] = math.NaN(); x != nil {
			(*s)[i] = *x
		}
	}
	return nil
}

// tracer collects the points of a window.
type tracer struct {
	begun bool
	first time.Duration
	step  time.Duration
	spans []span
}

// span is one point in the making.
type span struct {
	frames      int
	of          [len(stateNames)]int // frames by state
	score, pspi float64              // sums over the scored frames
	au          [NumAU]float64       // the same
	measured    [NumAU]int           // frames that each unit was measured in
	reasons     Reasons              // of the others
	confounders Confounders
}

func (t *tracer) add(f *Frame) {
	if !t.begun {
		*t = tracer{begun: true, first: f.T, step: traceStep, spans: make([]span, 0, tracePoints)}
	}
	at := int(max(f.T-t.first, 0) / t.step)
	for at >= tracePoints {
		t.halve()
		at /= 2
	}
	if at >= len(t.spans) {
		t.spans = t.spans[:at+1]
	}
	p := &t.spans[at]
	p.frames++
	p.of[f.State]++
	if f.State != Scored {
		p.reasons |= f.Reasons
		return
	}
	p.score += f.Score
	p.pspi += f.PSPI
	p.confounders |= f.Confounders
	for a := range NumAU {
		if f.AU.Measured(a) {
			p.au[a] += float64(f.AU[a])
			p.measured[a]++
		}
	}
}

// halve makes one point of two.
func (t *tracer) halve() {
	t.step *= 2
	n := len(t.spans)
	for i := 0; i < n; i += 2 {
		p := t.spans[i]
		if i+1 < n {
			p.join(&t.spans[i+1])
		}
		t.spans[i/2] = p
	}
	clear(t.spans[(n+1)/2:])
	t.spans = t.spans[:(n+1)/2]
}

func (p *span) join(q *span) {
	p.frames += q.frames
	for i := range p.of {
		p.of[i] += q.of[i]
	}
	p.score += q.score
	p.pspi += q.pspi
	for a := range p.au {
		p.au[a] += q.au[a]
		p.measured[a] += q.measured[a]
	}
	p.reasons |= q.reasons
	p.confounders |= q.confounders
}

func (p *span) state() State {
	if 2*p.of[Scored] >= p.frames {
		return Scored
	}
	most := NotYetAssessed
	for s := range State(len(p.of)) {
		if s != Scored && p.of[s] > p.of[most] {
			most = s
		}
	}
	return most
}

// trace returns the points so far. Without numbers it says when the face could be judged and why not, and no more.
func (t *tracer) trace(numbers bool) *Trace {
	out := &Trace{StepMS: t.step.Milliseconds(), T: []int64{}, State: []State{}, Score: Series{}, PSPI: Series{}, AU: map[string]Series{},
		Reasons: map[string][]int{}, Confounders: map[string][]int{}}
	var units []AU
	for a := range NumAU {
		if numbers && slices.ContainsFunc(t.spans, func(p span) bool { return p.measured[a] > 0 }) {
			units = append(units, a)
			out.AU[a.String()] = Series{}
		}
	}
	for i := range t.spans {
		p := &t.spans[i]
		if p.frames == 0 {
			continue
		}
		point, state := len(out.T), p.state()
		out.T, out.State = append(out.T, int64(i)*out.StepMS), append(out.State, state)
		mean := func(sum float64, n int, digit float64) float64 {
			if state != Scored || !numbers || n == 0 {
				return math.NaN()
			}
			return math.Round(sum/float64(n)*digit) / digit
		}
		scored := p.of[Scored]
		out.Score, out.PSPI = append(out.Score, mean(p.score, scored, 100)), append(out.PSPI, mean(p.pspi, scored, 100))
		for _, a := range units {
			digit := 10.0
			if a == AU43 {
				digit = 100
			}
			out.AU[a.String()] = append(out.AU[a.String()], mean(p.au[a], p.measured[a], digit))
		}
		if state != Scored {
			note(out.Reasons, p.reasons.Codes(), point)
		} else if numbers {
			note(out.Confounders, p.confounders.Codes(), point)
		}
	}
	return out
}

func note(points map[string][]int, codes []string, point int) {
	for _, c := range codes {
		points[c] = append(points[c], point)
	}
}
