package vision

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"wince/pain"
)

// Neutral is a face at ease: what the action units are measured against.
type Neutral struct {
	Kind     Baseline
	Features Features
	doubt    pain.Intensities // how much of each unit may be how the person looks at ease
	heads    *heads           // what compares a face with it; nil where hand-set levels stand alone
}

// The average face at ease and the spread between people, as each mesh sees them, made by `calibrate population`.
//
//go:embed population.json
var populationFile []byte

//go:embed population_attention.json
var populationAttentionFile []byte

// population is the average face and how much people differ.
type population struct {
	Origin string             `json:"origin"` // whose faces, made by which command
	People int                `json:"people"` // how many
	Shape  [NumPoints]vec3    `json:"shape"`  // frontal landmarks; outer eye corners 1 apart, x right, y down, z back
	Mean   map[string]float32 `json:"mean"`   // of each feature, at ease
	Spread map[string]float32 `json:"spread"` // standard deviation of each feature between people, at ease
	Units  map[string]float32 `json:"units"`  // standard deviation of each action unit between people, at ease

	neutral Neutral
}

var (
	loadPopulation          = sync.OnceValues(func() (*population, error) { return readPopulation(populationFile, loadHeads) })
	loadPopulationAttention = sync.OnceValues(func() (*population, error) { return readPopulation(populationAttentionFile, nil) })
)

// populationOf returns the embedded average face for a mesh, which is read once.
func populationOf(mesh MeshKind) (*population, error) {
	if !mesh.Valid() {
		return nil, fmt.Errorf("there is no face mesh %q", mesh)
	}
	if mesh == AttentionMesh {
		return loadPopulationAttention()
	}
	return loadPopulation()
}

// readPopulation reads an average face. The load function is nil where the mesh has no network of the action units.
func readPopulation(file []byte, load func() (*heads, error)) (*population, error) {
	p := new(population)
	if err := json.Unmarshal(file, p); err != nil {
		return nil, fmt.Errorf("read the average face: %w", err)
	}
	names := featureNames[:numFeatures]
	if load != nil {
		h, err := load()
		if err != nil {
			return nil, err
		}
		p.neutral.heads, names = h, featureNames[:]
	}
	for i, name := range names {
		m, ok := p.Mean[name]
		if !ok {
			return nil, fmt.Errorf("read the average face: no feature %q", name)
		}
		p.neutral.Features[i] = m
	}
	p.neutral.Kind = BaselinePopulation
	for a := pain.AU(0); a < pain.NumAU; a++ {
		spread := p.Units[a.String()]
		if h := p.neutral.heads; h != nil { // which knows the faces of the average: among them the spread is too small
			spread = h.average.Ease[h.answers[a]]
		}
		p.neutral.doubt[a] = strangerDoubt * spread
	}
	return p, nil
}

// PopulationNeutral returns the average face at ease as a mesh sees it. It is somebody else's neutral, and numbers made with
// it are weaker.
func PopulationNeutral(mesh MeshKind) (Neutral, error) {
	p, err := populationOf(mesh)
	if err != nil {
		return Neutral{}, err
	}
	return p.neutral, nil
}

// strangerDoubt is how much of the spread between people is not counted against the average face; see [Estimate].
const strangerDoubt = 0.5

// The constants of the session neutral.
const (
	restKeep   = 300                    // samples kept
	restEvery  = 100 * time.Millisecond // one sample that often, so that half a minute is kept
	restNeeded = 20                     // samples before a session neutral is believed: two seconds
	restShare  = 0.25                   // of the samples, the calmest
	restLimit  = 1.25                   // PSPI against the average face over which a moment is never taken for rest: 25 strangers at ease show .8 at most
	restPull   = 3                      // samples that the average face counts for, so that a short look changes little
)

// RestFinder finds a face's neutral in a clip or a running capture: the calmest quarter of the moments in which the face
// shows little against the average face, drawn a little towards the average. A face that is in pain from the first moment
// on and never at ease has no such moment: then there is no session neutral. A zero RestFinder does not work.
type RestFinder struct {
	base    Neutral
	samples []rest
	next    int
	last    time.Duration
	begun   bool
	order   []int
}

type rest struct {
	f      Features
	effort float64
}

// NewRestFinder returns a finder that compares with the average face of the mesh and keeps that many samples at most, one
// each tenth of a second; 0 keeps half a minute, as is right for live video.
func NewRestFinder(mesh MeshKind, keep int) (*RestFinder, error) {
	base, err := PopulationNeutral(mesh)
	if err != nil {
		return nil, err
	}
	if keep <= 0 {
		keep = restKeep
	}
	return &RestFinder{base: base, samples: make([]rest, 0, keep), order: make([]int, 0, keep)}, nil
}

// Reset forgets the face that was seen.
func (r *RestFinder) Reset() { r.samples, r.next, r.begun = r.samples[:0], 0, false }

// Add takes in the features of a frame that can be judged, at time t, and says whether it was kept. It does not allocate.
func (r *RestFinder) Add(f *Features, t time.Duration) bool {
	if r.begun && t >= r.last && t-r.last < restEvery {
		return false
	}
	r.begun, r.last = true, t
	v := Estimate(f, &r.base)
	if v.PSPI() > restLimit {
		return false
	}
	s := rest{*f, effort(&v)}
	if len(r.samples) < cap(r.samples) {
		r.samples = append(r.samples, s)
	} else {
		r.samples[r.next] = s
	}
	r.next = (r.next + 1) % cap(r.samples)
	return true
}

// Neutral returns the neutral found so far, and false while too little was seen at ease.
func (r *RestFinder) Neutral() (Neutral, bool) {
	if len(r.samples) < restNeeded {
		return r.base, false
	}
	r.order = r.order[:0]
	for i := range r.samples {
		r.order = append(r.order, i)
	}
	slices.SortFunc(r.order, func(a, b int) int { return cmpFloat(r.samples[a].effort, r.samples[b].effort) })
	calm := r.order[:max(restNeeded/2, int(restShare*float64(len(r.order))))]
	n := Neutral{Kind: BaselineSession, heads: r.base.heads}
	for i := range n.Features {
		sum := restPull * float64(r.base.Features[i])
		for _, k := range calm {
			sum += float64(r.samples[k].f[i])
		}
		n.Features[i] = float32(sum / float64(len(calm)+restPull))
	}
	return n, true
}

// effort is how much a face does, whatever it is.
func effort(v *pain.Intensities) float64 {
	sum := 0.0
	for a := pain.AU(0); a < pain.NumAU; a++ {
		if v.Measured(a) {
			sum += float64(v[a]) / a.Max()
		}
	}
	return sum
}
