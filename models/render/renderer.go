package render

import (
	"fmt"
	"image"
	"maps"
	"math"
	"slices"
)

// Pose is where the head is: angles in degrees (yaw to the person's left, pitch up, roll to the person's right shoulder),
// the distance of the camera in centimetres, and a shift of the whole person to the picture's right and up in centimetres.
type Pose struct {
	Yaw, Pitch, Roll float64
	Distance         float64 // 0 means DefaultDistance
	X, Y             float64
}

// DefaultDistance is the distance of a tablet held at arm's length, in centimetres.
const DefaultDistance = 50

// pivot is where the head turns on the neck.
var pivot = vec{0, -5, -1}

// focus is the point of the resting head that an unshifted pose puts into the middle of the picture.
var focus = vec{0, 0.5, 5}

// Shot is one picture to draw.
type Shot struct {
	Expression Expression
	Pose       Pose
	Light      Light
	Room       *Room // nil is grey
	Wear       Wear
}

// Renderer holds the buffers for pictures of one size.
type Renderer struct {
	w, h    int
	samples *buffer
	shadow  *buffer
	local   []vec // the expression, before the head turns
	view    []vec // in the room: x to the picture's right, y up, z to the camera, cm
	normal  []vec
	screen  []corner
	light   []corner
	world   frame
	lamps   lamps
	furrows weights
	turn    mat
	figure  *Figure
	worn    Wear
	closed  float32 // how far the eyes are closed, 0-1
	gaze    [2]mat  // from the turned eyeball back to the resting one
	tone    *toneCurve
	disc    [9][2]float32 // where the shadow map is read about a place
}

// over is the number of samples a pixel has along each axis. Coverage is found at that rate, light only once a pixel and
// surface.
const over = 2

const shadowSize = 288

// NewRenderer makes a renderer for pictures of w by h pixels.
func NewRenderer(w, h int) (*Renderer, error) {
	if w < 16 || h < 16 || w > 4096 || h > 4096 {
		return nil, fmt.Errorf("cannot draw pictures of %dx%d: each side must lie between 16 and 4096", w, h)
	}
	return &Renderer{w: w, h: h, samples: newBuffer(w*over, h*over), shadow: newBuffer(shadowSize, shadowSize),
		tone: newToneCurve(), disc: newDisc()}, nil
}

// Render draws a figure into dst, whose size must be the renderer's. With a nil figure it draws the empty room.
func (r *Renderer) Render(dst *image.RGBA, f *Figure, s Shot) error {
	if dst.Rect.Dx() != r.w || dst.Rect.Dy() != r.h {
		return fmt.Errorf("the picture is %dx%d, the renderer's are %dx%d", dst.Rect.Dx(), dst.Rect.Dy(), r.w, r.h)
	}
	r.samples.clear()
	r.lamps = s.Light.lamps()
	r.figure, r.worn = f, s.Wear
	if f != nil {
		r.place(f, &s)
		r.castShadows()
		r.rasterise()
	}
	r.resolve(dst, s.Room, float32(s.Light.Exposure))
	return nil
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// place moves the vertices: expression, turn of the head, position before the camera, projection.
func (r *Renderer) place(f *Figure, s *Shot) {
	n := len(f.rest)
	r.local, r.view, r.screen, r.light = grow(r.local, n), grow(r.view, n), grow(r.screen, n), grow(r.light, n)
	f.pose(&s.Expression, r.local)
	f.wear(&s.Wear, r.local)
	r.furrows = f.furrows(&s.Expression)
	r.closed = clamp(float32(s.Expression.AU["AU43"]), 0, 1)
	r.normal = f.head.normals(r.local, r.normal)
	// the neck twists: its vertices take part of each angle
	var turns [129]mat
	for i := range turns {
		k := float64(i) / float64(len(turns)-1)
		turns[i] = rotation(k*s.Pose.Yaw, k*s.Pose.Pitch, k*s.Pose.Roll)
	}
	r.turn = turns[len(turns)-1]
	back := rotation(s.Expression.GazeYaw, s.Expression.GazePitch, 0)
	for i := range 2 {
		r.gaze[i] = back.transpose()
	}
	dist := s.Pose.Distance
	if dist == 0 {
		dist = DefaultDistance
	}
	// 52 degrees across, as a tablet's camera has
	scale := float32(r.w*over) / (2 * float32(math.Tan(26*math.Pi/180)))
	shift := vec{float32(s.Pose.X), float32(s.Pose.Y), 0}.sub(focus)
	cx, cy := float32(r.w*over)/2, float32(r.h*over)/2
	// the map covers the head and the shoulders
	r.world = lookFrom(r.lamps.key, vec{float32(s.Pose.X), float32(s.Pose.Y) - 3, -6}, 22, shadowSize)
	for i, p := range r.local {
		k := f.head.neck[i]
		if k > 0 {
			m := &turns[int(k*(float32(len(turns)-1)))]
			p = m.apply(p.sub(pivot)).add(pivot)
			r.normal[i] = m.apply(r.normal[i])
		}
		p = p.add(shift)
		r.view[i] = p
		z := max(float32(dist)-p[2], 1)
		r.screen[i] = corner{cx + scale*p[0]/z, cy - scale*p[1]/z, 1 / z}
		r.light[i] = r.world.project(p)
	}
}

func (m mat) transpose() mat {
	return mat{{m[0][0], m[1][0], m[2][0]}, {m[0][1], m[1][1], m[2][1]}, {m[0][2], m[1][2], m[2][2]}}
}

func (r *Renderer) drawn(t *triangle) bool {
	switch t.mat {
	case matHair:
		return r.figure.strands
	case matFringe:
		return r.figure.person.Fringe > 0
	case matFrame:
		return r.worn.Glasses != nil
	case matLens:
		return r.worn.Glasses != nil && r.worn.Glasses.Glare > 0
	case matCannula:
		return r.worn.Cannula
	case matPillow:
		return r.worn.Pillow != nil
	}
	return true
}

// at is the place in the material's tile that the weights of the second and third corner give.
func (t *triangle) at(w1, w2 float32) (u, v float32) {
	a, b, c := t.uv[0], t.uv[1], t.uv[2]
	return a[0] + w1*(b[0]-a[0]) + w2*(c[0]-a[0]), a[1] + w1*(b[1]-a[1]) + w2*(c[1]-a[1])
}

// keep tells which samples of a triangle hold something; nil is all.
func (r *Renderer) keep(t *triangle) func(w1, w2 float32) bool {
	switch t.mat {
	case matFringe:
		return func(w1, w2 float32) bool { return r.figure.strand(t.at(w1, w2)) }
	case matLens:
		return func(w1, w2 float32) bool {
			u, v := t.at(w1, w2)
			return glare(r.worn.Glasses, u, v)
		}
	case matLash:
		var far [3]float32 // from the eyeball at rest
		for k, v := range t.v {
			p := r.figure.head.rest[v]
			e := &r.figure.head.eyes[0]
			if p[0] > 0 {
				e = &r.figure.head.eyes[1]
			}
			far[k] = p.sub(e.centre).len() - e.radius
		}
		return func(w1, w2 float32) bool {
			u, v := t.at(w1, w2)
			return lash(u, v, far[0]+w1*(far[1]-far[0])+w2*(far[2]-far[0]))
		}
	}
	return nil
}

func (r *Renderer) castShadows() {
	r.shadow.clear()
	tris := r.figure.head.tris
	for i := range tris {
		t := &tris[i]
		if t.mat == matLash || t.mat == matGums || t.mat == matTeeth || t.mat == matLens || !r.drawn(t) {
			continue
		}
		r.shadow.draw(int32(i), r.light[t.v[0]], r.light[t.v[1]], r.light[t.v[2]], r.keep(t))
	}
}

func (r *Renderer) rasterise() {
	tris := r.figure.head.tris
	for i := range tris {
		t := &tris[i]
		if !r.drawn(t) {
			continue
		}
		r.samples.draw(int32(i), r.screen[t.v[0]], r.screen[t.v[1]], r.screen[t.v[2]], r.keep(t))
	}
}

// lash says whether a place on the lash cards holds a hair: single hairs along v, fewer towards their ends and on the
// lower lid, whose cards lie in the lower half of the square.
func lash(u, v, far float32) bool {
	least := 0.05 + 0.95*ramp(0.28, 0.6, far)
	if v < 0.5 {
		least = 0.6 + 0.4*ramp(0.3, 0.55, far)
	}
	return noise(vec{u * 260, v * 2, 0}, 5) > least
}

// lit is the share of the key light that reaches a place: the mean over a soft disc on the shadow map.
func (r *Renderer) lit(p vec) float32 {
	c := r.world.project(p)
	var sum float32
	for _, d := range r.disc {
		x, y := c.x+d[0]*r.lamps.soft, c.y+d[1]*r.lamps.soft
		ix, iy := int(x), int(y)
		if x < 0 || y < 0 || ix >= shadowSize || iy >= shadowSize {
			sum++
			continue
		}
		sum += 1 - clamp((r.shadow.near[iy*shadowSize+ix]-c.near-0.15)*(1/0.5), 0, 1)
	}
	return sum / float32(len(r.disc))
}

// newDisc spreads nine points evenly over the unit disc.
func newDisc() (d [9][2]float32) {
	for i := range d {
		s, c := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
		r := math.Sqrt((float64(i) + 0.3) / float64(len(d)))
		d[i] = [2]float32{float32(r * c), float32(r * s)}
	}
	return d
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
