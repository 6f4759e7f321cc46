package vision

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"wince/pain"
)

// Survey gathers the landmarks of many people at ease and makes the average face of them (vision/population.json).
type Survey struct {
	detect *detector
	mesh   *mesher
	units  Net
	pop    *population // the average face of before, to which the network's numbers are bound
	sight  *sight
	faces  []surveyed
}

type surveyed struct {
	points  [NumPoints]vec3
	texture Features // only the measures of texture and the network's numbers are kept
}

// NewSurvey opens the networks.
func NewSurvey(m Models) (*Survey, error) {
	d, mesh, err := openNets(m)
	if err != nil {
		return nil, err
	}
	s := &Survey{detect: d, mesh: mesh}
	s.pop, err = populationOf(m.MeshKind())
	if err == nil {
		s.sight = newSight(&s.pop.Shape, BothSides)
		s.units, err = openUnits(m, s.pop.neutral.heads)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes the networks.
func (s *Survey) Close() error {
	err := errors.Join(s.detect.net.Close(), s.mesh.net.Close())
	if s.units != nil {
		err = errors.Join(err, s.units.Close())
	}
	return err
}

// Add takes in one picture of one face at ease.
func (s *Survey) Add(img *I420) error {
	faces, err := s.detect.find(img)
	if err != nil {
		return err
	}
	if len(faces) != 1 {
		return fmt.Errorf("found %d faces, not one", len(faces))
	}
	var f surveyed
	var at Region
	r := faces[0].region()
	for range 2 { // as the analyzer does: the second look starts from where the first found the face
		s.mesh.prepare(img, r)
		presence, err := s.mesh.run(r)
		if err != nil {
			return err
		}
		if presence < presenceFloor {
			return fmt.Errorf("the mesh is only %.0f %% sure of the face", 100*presence)
		}
		s.mesh.shade()
		f.texture.texture(s.mesh, r)
		at, r = r, s.mesh.region()
	}
	for i, p := range s.mesh.pixels[:NumPoints] {
		f.points[i] = vec3{float64(p[0]), float64(p[1]), float64(p[2])}
	}
	turn, _ := fit(&f.points, &s.pop.Shape, rigid)
	yaw, pitch, _ := turn.angles()
	var frontal [NumPoints]vec3
	for i := range frontal {
		frontal[i] = turn.apply(f.points[i])
	}
	f.texture.shape(&frontal)
	if err := f.texture.number(s.units, s.sight, s.mesh, at, &frontal, yaw, pitch); err != nil {
		return err
	}
	s.faces = append(s.faces, f)
	return nil
}

// Population returns the average of the faces as the contents of population.json. The shape is found by generalised
// Procrustes analysis (Gower 1975) on the rigid landmarks: align all to the mean, take the mean again, until it stands.
func (s *Survey) Population(origin string) ([]byte, error) {
	if len(s.faces) < 2 {
		return nil, errors.New("an average needs two faces or more")
	}
	mean := s.faces[0].points
	frontalise(&mean)
	aligned := make([][NumPoints]vec3, len(s.faces))
	for range 20 {
		var sum [NumPoints]vec3
		for k := range s.faces {
			turn, _ := fit(&s.faces[k].points, &mean, rigid)
			for i, p := range s.faces[k].points {
				q := turn.apply(p)
				aligned[k][i] = q
				for c := range q {
					sum[i][c] += q[c] / float64(len(s.faces))
				}
			}
		}
		mean = sum
		frontalise(&mean)
	}
	p := population{Origin: origin, People: len(s.faces), Shape: mean, Mean: map[string]float32{}, Spread: map[string]float32{}, Units: map[string]float32{}}
	all := make([]Features, len(s.faces))
	for k := range s.faces {
		turn, _ := fit(&s.faces[k].points, &mean, rigid)
		for i, q := range s.faces[k].points {
			aligned[k][i] = turn.apply(q)
		}
		all[k] = s.faces[k].texture
		all[k].shape(&aligned[k])
	}
	average := Neutral{Kind: BaselinePopulation, heads: s.pop.neutral.heads}
	names := featureNames[:]
	if average.heads == nil {
		names = names[:numFeatures]
	}
	for i, name := range names {
		p.Mean[name], p.Spread[name] = meanAndSpread(len(all), func(k int) float32 { return all[k][i] })
		average.Features[i] = p.Mean[name]
	}
	for a := pain.AU(0); a < pain.NumAU; a++ {
		v, _ := unbounded(&average.Features, &average)
		if a == pain.AU43 || !v.Measured(a) { // nobody's eyes are half closed by nature
			continue
		}
		_, p.Units[a.String()] = meanAndSpread(len(all), func(k int) float32 {
			v, _ := unbounded(&all[k], &average)
			return v[a]
		})
	}
	for i := range p.Shape {
		for c := range p.Shape[i] {
			p.Shape[i][c] = math.Round(p.Shape[i][c]*1e5) / 1e5
		}
	}
	return json.MarshalIndent(&p, "", " ")
}

// meanAndSpread returns the mean and the standard deviation of n values.
func meanAndSpread(n int, value func(int) float32) (mean, spread float32) {
	var sum, squares float64
	for k := range n {
		sum += float64(value(k))
	}
	m := sum / float64(n)
	for k := range n {
		squares += (float64(value(k)) - m) * (float64(value(k)) - m)
	}
	return float32(m), float32(math.Sqrt(squares / float64(n-1)))
}

// frontalise turns a face so that its pairs of landmarks lie level, top of the forehead and chin upright over each other,
// with the outer eye corners at a distance of 1 and their middle at the origin.
func frontalise(p *[NumPoints]vec3) {
	var x, y vec3
	for _, pair := range [][2]int{{33, 263}, {133, 362}, {127, 356}, {234, 454}, {93, 323}, {54, 284}, {61, 291}} {
		for c := range x {
			x[c] += p[pair[1]][c] - p[pair[0]][c]
		}
	}
	for c := range y {
		y[c] = p[152][c] - p[10][c]
	}
	x = unit3(x)
	along := dot(x, y)
	for c := range y {
		y[c] -= along * x[c]
	}
	y = unit3(y)
	z := vec3{x[1]*y[2] - x[2]*y[1], x[2]*y[0] - x[0]*y[2], x[0]*y[1] - x[1]*y[0]}
	a, b := p[rightEyeOuter], p[leftEyeOuter]
	middle := vec3{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2}
	size := math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
	for i, q := range p {
		for c := range q {
			q[c] = (q[c] - middle[c]) / size
		}
		p[i] = vec3{dot(x, q), dot(y, q), dot(z, q)}
	}
}

func dot(a, b vec3) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func unit3(a vec3) vec3 {
	n := math.Sqrt(dot(a, a))
	return vec3{a[0] / n, a[1] / n, a[2] / n}
}
