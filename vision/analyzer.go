package vision

import (
	"errors"
	"fmt"
	"math"
	"time"

	"wince/pain"
)

// AnalyzerConfig says how one stream of pictures is looked at. The zero value is right for a live stream.
type AnalyzerConfig struct {
	// Stills says that the pictures stand alone: each is searched anew and nothing is carried over.
	Stills bool
	// Neutral is the resident's own face at ease; nil starts with the average face and moves to the session's own when one
	// was found.
	Neutral *Neutral
	// FixedNeutral keeps to Neutral, or to the average face, and never looks for one in the session.
	FixedNeutral bool
	// Side is the half of the face that is read: the healthy one of a face that is palsied on the other. The face is then measured as if
	// that half's mirror image stood in the place of the other. What lies in the middle, as how far the lips stand apart, how wide the mouth is and the folds
	// between the brows, is still measured on the whole. Features of a half compare with those of the same half only; see [Side.Method].
	Side Side
	// LookEvery is how often the detector looks for other faces while one is followed; default 1 s.
	LookEvery time.Duration
}

// Analyzer finds and measures one face in picture after picture. It serves one goroutine at a time.
type Analyzer struct {
	cfg      AnalyzerConfig
	detect   *detector
	mesh     *mesher
	units    Net // nil where the mesh has none
	sight    *sight
	pop      *population
	neutral  Neutral
	average  Neutral // the population's; its heads compare with any neutral
	finder   *RestFinder
	scorer   *pain.Scorer
	index    int
	tracking bool
	region   Region
	cut      Region // where the mesh looked last
	width    int    // of the last picture
	height   int
	looked   time.Duration
	last     time.Duration // when the picture before was taken
	away     time.Duration // for how long no face has been seen in the pictures
	rival    bool
	points   [NumRefined]Point
	frontal  [NumPoints]vec3
	picture  [NumPoints]vec3
	cover    coverNet
	turn     similarity // of the last face, and where it was seen
	seenIn   Region
}

// NewAnalyzer opens the networks and returns an analyzer at its first picture.
func NewAnalyzer(m Models, cfg AnalyzerConfig) (*Analyzer, error) {
	if !cfg.Side.Valid() {
		return nil, fmt.Errorf("there is no side of the face %q: it is %q or %q, the person's own, or empty for both", cfg.Side, RightSide, LeftSide)
	}
	pop, err := populationOf(m.MeshKind())
	if err != nil {
		return nil, err
	}
	if cfg.LookEvery == 0 {
		cfg.LookEvery = time.Second
	}
	a := &Analyzer{cfg: cfg, pop: pop, sight: newSight(&pop.Shape, cfg.Side), scorer: pain.NewScorer(cfg.Stills)}
	if !cfg.Stills && !cfg.FixedNeutral && cfg.Neutral == nil {
		if a.finder, err = NewRestFinder(m.MeshKind(), 0); err != nil {
			return nil, err
		}
	}
	if a.cover.l, err = loadCover(); err != nil {
		return nil, err
	}
	if a.detect, a.mesh, err = openNets(m); err != nil {
		return nil, err
	}
	if a.units, err = openUnits(m, pop.neutral.heads); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	a.average = pop.neutral
	if a.units == nil {
		a.average.heads = nil // the levels are the hand-set ones
	}
	if a.finder != nil {
		a.finder.base = a.average
	}
	a.use(a.average)
	if cfg.Neutral != nil {
		a.use(*cfg.Neutral)
	}
	return a, nil
}

// openNets opens the two networks; after an error none is open.
func openNets(m Models) (*detector, *mesher, error) {
	dn, err := m.Detector()
	if err != nil {
		return nil, nil, fmt.Errorf("open face detector: %w", err)
	}
	mn, err := m.Mesh()
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open face mesh: %w", err), dn.Close())
	}
	d, err := newDetector(dn)
	var mesh *mesher
	if err == nil {
		mesh, err = newMesher(mn, m.MeshKind())
	}
	if err != nil {
		return nil, nil, errors.Join(err, dn.Close(), mn.Close())
	}
	return d, mesh, nil
}

// openUnits opens the network of the action units, nil where there is none for the mesh.
func openUnits(m Models, h *heads) (Net, error) {
	if h == nil {
		return nil, nil
	}
	n, err := m.Units()
	if err != nil {
		return nil, fmt.Errorf("open the network of the action units: %w", err)
	}
	if n == nil {
		return nil, nil
	}
	if err := h.fits(m); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	if in, out := len(n.Input()), len(n.Output(0)); in != sightSize || out != numNumbers {
		return nil, errors.Join(fmt.Errorf("the network of the action units turns %d values into %d, not %d into %d: it is not the one this program knows",
			in, out, sightSize, numNumbers), n.Close())
	}
	return n, nil
}

// Close closes the networks.
func (a *Analyzer) Close() error {
	err := errors.Join(a.detect.net.Close(), a.mesh.net.Close())
	if a.units != nil {
		err = errors.Join(err, a.units.Close())
	}
	return err
}

// Measurement is what one picture shows, before it is compared with a neutral.
type Measurement struct {
	Index    int
	T        time.Duration
	State    pain.State // Scored where the face can be judged
	Reasons  pain.Reasons
	Face     Face
	Light    Light    // where a face was found
	Cover    Cover    // what hides the face, likewise
	Misfit   float64  // how far the rigid landmarks lie from the average face's, in distances of the outer eye corners
	Features Features // where State is Scored
	Stages   Stages
}

// Analyze finds the face in img, which was taken at time t from the start, measures it against the neutral of the moment
// and scores it. A failure of a network is a failure of the program, not of the picture: it comes back as an error, and
// the picture counts for nothing. It does not allocate in the steady state.
func (a *Analyzer) Analyze(img *I420, t time.Duration) (Result, error) {
	m, err := a.Measure(img, t)
	if err != nil {
		return Result{}, err
	}
	if a.finder != nil {
		a.learn(&m)
	}
	return a.Judge(&m), nil
}

// absence is how long no face may be seen until the next one may be somebody else's, as when the carer held the tablet
// first: it starts with the average face again.
const absence = 3 * time.Second

// A time without pictures of less than this long, as when the network is away or somebody pauses, is no absence: the same face is expected
// after it. A picture stands for at most oneStep of absence.
const (
	longestGap = 45 * time.Second
	oneStep    = time.Second
)

// learn looks for the neutral of the face in front of the camera.
func (a *Analyzer) learn(m *Measurement) {
	step := m.T - a.last
	a.last = m.T
	if step <= longestGap {
		step = min(step, oneStep)
	}
	a.away += step
	if !m.Face.Found {
		return
	}
	if a.away > absence {
		a.finder.Reset()
		a.use(a.average)
	}
	a.away = 0
	if m.State != pain.Scored || !a.finder.Add(&m.Features, m.T) {
		return
	}
	if n, ok := a.finder.Neutral(); ok {
		a.use(n)
	}
}

// use compares with a neutral from now on.
func (a *Analyzer) use(n Neutral) {
	a.neutral = n
	a.neutral.heads = a.average.heads
}

// Judge compares a measurement with the neutral of the moment and scores it. Measurements come in order of time.
func (a *Analyzer) Judge(m *Measurement) Result {
	r := Result{Frame: pain.Frame{Index: m.Index, T: m.T, State: m.State, Reasons: m.Reasons, AU: pain.Unmeasured()},
		Face: m.Face, Baseline: a.neutral.Kind, Side: a.cfg.Side, Stages: m.Stages}
	start := time.Now()
	if m.State == pain.Scored {
		r.Frame.AU, r.Deviation = estimate(&m.Features, &a.neutral)
		r.Features, r.Stranger = m.Features, Estimate(&m.Features, &a.average)
	}
	middle := time.Now()
	a.scorer.Score(&r.Frame)
	r.Stages.AU += middle.Sub(start)
	r.Stages.Score = time.Since(middle)
	return r
}

// Neutral returns the neutral of the moment.
func (a *Analyzer) Neutral() Neutral { return a.neutral }

// SetNeutral sets the neutral from now on and stops looking for one.
func (a *Analyzer) SetNeutral(n Neutral) {
	a.use(n)
	a.finder = nil
}

// Measure finds the face in img and measures it. See [Analyzer.Analyze].
func (a *Analyzer) Measure(img *I420, t time.Duration) (Measurement, error) {
	m := Measurement{Index: a.index, T: t}
	a.index++
	if !img.Valid() {
		return m, fmt.Errorf("the picture's planes do not fit its size of %d x %d", img.Width, img.Height)
	}
	if a.cfg.Stills || img.Width != a.width || img.Height != a.height {
		a.tracking = false // the region of another size of picture would lie elsewhere
	}
	a.width, a.height = img.Width, img.Height
	found, err := a.search(img, t, &m)
	if err != nil || !found {
		return m, err
	}
	// A fresh region comes from the detector's rough box, so the mesh looks twice: the second time where the first found it.
	fresh := !a.tracking
	presence, err := a.follow(img, &m)
	if err == nil && fresh && presence >= trackFloor {
		a.region = a.mesh.region()
		presence, err = a.follow(img, &m)
	}
	if err != nil {
		return m, err
	}
	if presence < trackFloor {
		a.tracking = false
		m.State, m.Reasons = pain.NoFace, pain.ReasonNoFace
		return m, nil
	}
	start := time.Now()
	if err := a.look(img, presence, &m); err != nil {
		return m, err
	}
	m.Stages.AU = time.Since(start)
	a.tracking = m.Misfit <= misfitLimit
	a.region = a.mesh.region()
	return m, nil
}

// trackFloor is the certainty of the mesh from which there is a face to follow; MediaPipe's own threshold.
const trackFloor = 0.5

// search runs the detector where no face is followed, and now and then where one is, to see whether it is alone.
func (a *Analyzer) search(img *I420, t time.Duration, m *Measurement) (found bool, err error) {
	if a.tracking && t-a.looked < a.cfg.LookEvery && t >= a.looked {
		return true, nil
	}
	start := time.Now()
	faces, err := a.detect.find(img)
	m.Stages.Detect = time.Since(start)
	if err != nil {
		return false, err
	}
	a.looked = t
	a.rival = len(faces) > 1 && faces[1].w >= rivalShare*faces[0].w
	if a.tracking {
		return true, nil
	}
	if len(faces) == 0 {
		m.State, m.Reasons = pain.NoFace, pain.ReasonNoFace
		return false, nil
	}
	a.region = faces[0].region()
	return true, nil
}

func (a *Analyzer) follow(img *I420, m *Measurement) (presence float32, err error) {
	start := time.Now()
	a.cut = a.region
	a.mesh.prepare(img, a.region)
	middle := time.Now()
	presence, err = a.mesh.run(a.region)
	m.Stages.Crop += middle.Sub(start)
	m.Stages.Mesh += time.Since(middle)
	return presence, err
}

// look fills the measurement from the landmarks just found.
func (a *Analyzer) look(img *I420, presence float32, m *Measurement) error {
	px := a.mesh.found()
	w, h := float32(img.Width), float32(img.Height)
	box := [4]float32{1, 1, 0, 0}
	outside := 0
	for i, p := range px {
		q := Point{p[0] / w, p[1] / h, p[2] / w}
		a.points[i] = q
		if i < NumPoints {
			a.picture[i] = vec3{float64(p[0]), float64(p[1]), float64(p[2])}
		}
		box = [4]float32{min(box[0], q.X), min(box[1], q.Y), max(box[2], q.X), max(box[3], q.Y)}
		if q.X < 0 || q.Y < 0 || q.X > 1 || q.Y > 1 {
			outside++
		}
	}
	turn, misfit := fit(&a.picture, &a.pop.Shape, rigid)
	yaw, pitch, roll := turn.angles()
	m.Face = Face{Found: true, Box: Rect{box[0], box[1], box[2] - box[0], box[3] - box[1]},
		Yaw: float32(yaw), Pitch: float32(pitch), Roll: float32(roll), Presence: presence, Points: a.points[:len(px)]}
	for i := range a.frontal {
		a.frontal[i] = turn.apply(a.picture[i])
	}
	l, r := px[leftEyeOuter], px[rightEyeOuter]
	eyes := math.Hypot(float64(l[0]-r[0]), float64(l[1]-r[1])) / max(math.Cos(yaw*math.Pi/180), 0.2)
	m.Misfit = misfit
	a.mesh.shade()
	m.Light = measureLight(&a.mesh.grey)
	a.turn, a.seenIn = turn, a.region
	a.cover.sample(a.mesh.net.Input(), &turn, a.region, jitter{})
	m.Cover = a.cover.run()
	m.Reasons = gate(&m.Face, eyes, float64(outside)/float64(len(px)), misfit, m.Light, &m.Cover, a.rival)
	if m.Reasons != 0 {
		m.State = pain.NotAssessable
		return nil
	}
	m.State = pain.Scored
	m.Features.shape(&a.frontal)
	m.Features.halve(a.cfg.Side)
	m.Features.texture(a.mesh, a.region)
	return m.Features.number(a.units, a.sight, a.mesh, a.region, &a.frontal, yaw, pitch)
}
