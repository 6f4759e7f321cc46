package vision

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"wince/models"
	"wince/pain"
)

// MethodFeatures names the version of the features. A change of what a feature measures, or of the average face's shape, to
// which faces are turned, changes it: then baselines of before do not compare.
const MethodFeatures = "wince-features/2"

// BaselineMethod names what measures a baseline: the features, the mesh and the network of the action units, by their
// checksums. Values of one method only compare. The detector is not in it, for the mesh looks twice and forgets where the
// detector put it.
func BaselineMethod(m Models) string {
	mesh := models.Mesh
	kind := m.MeshKind()
	if kind == AttentionMesh {
		mesh = models.Attention
	} else {
		kind = PlainMesh
	}
	method := MethodFeatures + " " + string(kind) + " " + m.Versions()[mesh]
	if _, sum, ok := strings.Cut(m.Versions()[models.Units], "sha256:"); ok {
		method += " " + sum[:min(len(sum), 16)] // enough to tell two apart
	}
	return method
}

// Values returns the features by name, as baselines keep them.
func (f *Features) Values() map[string]float64 {
	v := make(map[string]float64, len(f))
	for i, name := range featureNames {
		v[name] = math.Round(float64(f[i])*1e5) / 1e5
	}
	return v
}

// ResidentNeutral makes a neutral of a resident's baseline. It refuses values that are not exactly the features.
func ResidentNeutral(values map[string]float64) (*Neutral, error) {
	n := &Neutral{Kind: BaselineResident}
	for i, name := range featureNames {
		v, ok := values[name]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("read baseline: no feature %q", name)
		}
		n.Features[i] = float32(v)
	}
	if len(values) != len(n.Features) {
		return nil, fmt.Errorf("read baseline: %d values instead of %d", len(values), len(n.Features))
	}
	return n, nil
}

// Why a face cannot be kept as a baseline.
const (
	EaseTooShort   = "too_short"
	EaseTurned     = "turned_aside"
	EasePose       = "pose_varied"
	EaseMoved      = "moved"
	EaseEyesClosed = "eyes_closed"
	EaseSmile      = "smile"
	EaseSpeech     = "speech"
	EaseTense      = "not_at_ease"
	EaseUnsteady   = "expression_changed"
)

var easeAdvice = map[string]string{
	EaseTooShort:   "The face could be judged for too short a time: see that it stays in the picture, in good light, and try again.",
	EaseTurned:     "The face was turned aside: hold the tablet straight in front of it, and try again.",
	EasePose:       "The head turned meanwhile: wait until it is still, and try again.",
	EaseMoved:      "The face or the tablet moved too much: hold the tablet still, or put it down, and try again.",
	EaseEyesClosed: "The eyes were closed: wait until they are open, and try again.",
	EaseSmile:      "There was a smile: wait until the face is at ease, and try again.",
	EaseSpeech:     "The mouth moved, as in speech: wait until it is quiet, and try again.",
	EaseTense:      "The face does not look at ease: wait for a better moment, and try again.",
	EaseUnsteady:   "The face changed its expression meanwhile: wait until it is at ease, and try again.",
}

// EaseAdvice returns a sentence on what to do about a reason.
func EaseAdvice(reason string) string { return easeAdvice[reason] }

// The limits for a baseline. They are choices of this project, made on rendered faces; docs/decisions/0076 says why these.
const (
	easeShare     = 0.5  // of the time that was wanted must have been judged
	easeAside     = 20.0 // degrees of yaw or pitch, as the median
	easeSway      = 12.0 // degrees between the 5th and the 95th percentile
	easeTravel    = 0.75 // of the face's width, likewise
	easeClosed    = 0.25 // share of the time with AU43 of a half or more
	easeSmile     = 2.0  // AU12 against the average face, as the median
	easeSmileRise = 1.5  // AU12 between the 10th and the 90th percentile
	easeMouthRise = 1.5  // AU25, likewise
	easeSpeaking  = 0.1  // share of the frames in which the scorer saw speech
	easePSPI      = 2.0  // PSPI against the average face, as the median; more than a session's neutral may show, for here somebody says that the person is at ease
	easeBrow      = 1.0  // AU4 from which a smile explains nothing
	easeRise      = 2.0  // PSPI between the median and the 90th percentile
)

// Ease collects a face at ease for a baseline: the median of each feature over the frames that can be judged.
type Ease struct{ samples []easeSample }

type easeSample struct {
	f                Features
	yaw, pitch, roll float64
	x, y, width      float64
	pspi             float64
	au12, au25, au43 float64
	speech           bool
}

// Add takes in one result. It keeps nothing that was borrowed.
func (e *Ease) Add(r *Result) {
	if r.Frame.State != pain.Scored {
		return
	}
	u := &r.Stranger
	at := func(a pain.AU) float64 {
		if !u.Measured(a) {
			return 0
		}
		return float64(u[a])
	}
	b := r.Face.Box
	// A blink is no pain, and no lack of ease: what its lids add to PSPI is left out. Whether the eyes are closed is asked apart.
	open := *u
	open[pain.AU43] = 0
	// Nor is a smile: what it explains of cheeks, lids and upper lip is left out, unless the brows are lowered beside it. Whether
	// there is a smile is asked apart.
	if at(pain.AU4) < easeBrow {
		for _, a := range []pain.AU{pain.AU6, pain.AU7, pain.AU9, pain.AU10} {
			open[a] = max(open[a]-u[pain.AU12], 0)
		}
	}
	if r.Frame.Confounders&pain.ConfounderBlink != 0 {
		open[pain.AU7] = 0
	}
	e.samples = append(e.samples, easeSample{r.Features, float64(r.Face.Yaw), float64(r.Face.Pitch), float64(r.Face.Roll),
		float64(b.X + b.W/2), float64(b.Y + b.H/2), float64(b.W), open.PSPI(), at(pain.AU12), at(pain.AU25), at(pain.AU43),
		r.Frame.Confounders&pain.ConfounderSpeech != 0})
}

// EaseReport is what came of it. Without Reasons it can be kept.
type EaseReport struct {
	Reasons []string           // why it cannot, the first first to be seen to; never nil
	Values  map[string]float64 // nil where it cannot be kept
	Spread  map[string]float64 // of each feature while it was taken: 1.4826 times the median absolute deviation
	Frames  int
	PSPI    float64 // median against the average face
	Sway    float64 // degrees: the largest of yaw, pitch and roll between the 5th and the 95th percentile
}

// Report says whether what was collected makes a baseline. Judged and wanted are times.
func (e *Ease) Report(judged, wanted time.Duration) *EaseReport {
	r := &EaseReport{Reasons: []string{}, Frames: len(e.samples)}
	if len(e.samples) < restNeeded || float64(judged) < easeShare*float64(wanted) {
		r.Reasons = append(r.Reasons, EaseTooShort)
		return r
	}
	column := func(of func(*easeSample) float64) []float64 {
		v := make([]float64, len(e.samples))
		for i := range e.samples {
			v[i] = of(&e.samples[i])
		}
		slices.Sort(v)
		return v
	}
	at := func(v []float64, q float64) float64 { return v[int(q*float64(len(v)-1)+0.5)] }
	rise := func(v []float64, from, to float64) float64 { return at(v, to) - at(v, from) }
	share := func(of func(*easeSample) bool) float64 {
		n := 0
		for i := range e.samples {
			if of(&e.samples[i]) {
				n++
			}
		}
		return float64(n) / float64(len(e.samples))
	}
	yaw, pitch := column(func(s *easeSample) float64 { return s.yaw }), column(func(s *easeSample) float64 { return s.pitch })
	roll, width := column(func(s *easeSample) float64 { return s.roll }), column(func(s *easeSample) float64 { return s.width })
	x, y := column(func(s *easeSample) float64 { return s.x }), column(func(s *easeSample) float64 { return s.y })
	smile, mouth := column(func(s *easeSample) float64 { return s.au12 }), column(func(s *easeSample) float64 { return s.au25 })
	pspi := column(func(s *easeSample) float64 { return s.pspi })
	r.PSPI = math.Round(at(pspi, 0.5)*100) / 100
	r.Sway = math.Round(10*max(rise(yaw, 0.05, 0.95), rise(pitch, 0.05, 0.95), rise(roll, 0.05, 0.95))) / 10
	// Only the first of a group is said: a grimace stretches the mouth too, and a smile narrows the eyes.
	for _, group := range [][]struct {
		reason string
		is     bool
	}{
		{{EaseTurned, math.Abs(at(yaw, 0.5)) > easeAside || math.Abs(at(pitch, 0.5)) > easeAside}},
		{{EasePose, r.Sway > easeSway}},
		{{EaseMoved, max(rise(x, 0.05, 0.95), rise(y, 0.05, 0.95)) > easeTravel*at(width, 0.5)}},
		{
			{EaseTense, at(pspi, 0.5) > easePSPI},
			{EaseSmile, at(smile, 0.5) > easeSmile || rise(smile, 0.1, 0.9) > easeSmileRise},
			{EaseEyesClosed, share(func(s *easeSample) bool { return s.au43 >= 0.5 }) > easeClosed},
			{EaseSpeech, rise(mouth, 0.1, 0.9) > easeMouthRise || share(func(s *easeSample) bool { return s.speech }) > easeSpeaking},
			{EaseUnsteady, rise(pspi, 0.5, 0.9) > easeRise},
		},
	} {
		for _, x := range group {
			if x.is {
				r.Reasons = append(r.Reasons, x.reason)
				break
			}
		}
	}
	if len(r.Reasons) > 0 {
		return r
	}
	var middle, spread Features
	for i := range middle {
		v := column(func(s *easeSample) float64 { return float64(s.f[i]) })
		m := at(v, 0.5)
		for k := range v {
			v[k] = math.Abs(v[k] - m)
		}
		slices.Sort(v)
		middle[i], spread[i] = float32(m), float32(1.4826*at(v, 0.5))
	}
	r.Values, r.Spread = middle.Values(), spread.Values()
	return r
}
