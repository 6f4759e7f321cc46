package render

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// The materials that are drawn.
const (
	matFace = iota
	matBack // scalp, nape and what lies inside the head
	matGums
	matTeeth
	matEye
	matLash
	matCloth
	matNeck
	matHair // strands that hang free of the scalp
	// What is drawn for some only comes after matHair.
	matFringe
	matFrame // of glasses
	matLens
	matCannula
	matPillow
	numMat
)

// materials maps the material numbers of names.json to ours; -1 is not drawn (the iris is painted on the eyeball).
var materials = [12]int{matFace, matBack, matGums, matTeeth, matEye, -1, matEye, -1, -1, -1, -1, matLash}

// A triangle of the head.
type triangle struct {
	v   [3]int32
	uv  [3][2]float32 // 0-1 within the material's own tile
	mat uint8
}

// A shape is a sparse set of vertex offsets.
type shape struct {
	at []int32
	d  []vec
}

// NoseWings and NoseTip are names of shapes that the model has not and we add, set by eye: the wings of the nose apart by some 6 mm in all, and
// its tip down by 3 mm. Both are what a laugh does to a nose, and what the model's mouthSmile leaves out.
const (
	NoseWings = "noseWings"
	NoseTip   = "noseTip"
)

func (h *Head) noseShapes() (wings, tip shape) {
	for i := range h.modelled {
		q := h.rest[i]
		front := ramp(8.5, 10.5, q[2])
		if k := bell((abs(q[0])-1.4)/0.7) * bell((q[1]+0.4)/1.1) * front; k > 0 {
			if q[0] < 0 {
				k = -k
			}
			wings.at, wings.d = append(wings.at, int32(i)), append(wings.d, vec{0.5 * k, 0, 0})
		}
		if k := bell(q[0]/0.9) * bell((q[1]+0.3)/0.9) * front; k > 0 {
			tip.at, tip.d = append(tip.at, int32(i)), append(tip.d, vec{0, -0.3 * k, 0})
		}
	}
	return wings, tip
}

// An eyeball at rest: its centre, its axis of sight and its radius without the cornea.
type eyeball struct {
	centre, axis vec
	radius       float32
	verts        []int32
	profile      [19]float32 // distance of the surface from the centre, each 10 degrees from the axis: the cornea bulges
}

// surface is the distance of the eyeball's surface from its centre in the direction d, whose length is n.
func (e *eyeball) surface(d, axis vec, n float32) float32 {
	a := float32(math.Acos(float64(clamp(d.dot(axis)/n, -1, 1)))) * (18 / math.Pi)
	i := min(int(a), 17)
	return e.profile[i] + (e.profile[i+1]-e.profile[i])*(a-float32(i))
}

// Head is the model, loaded once and then only read.
type Head struct {
	rest     []vec // the neutral mean face: every painted feature is placed by it
	tris     []triangle
	shapes   map[string]shape
	marks    []int32         // the vertices of the 68 usual landmarks (Sagonas et al. 2013), the person's right first
	identity [][]float32     // modes of 3 values a vertex, in units of one standard deviation
	follow   map[int32]int32 // a vertex of the nape and the one of the model that it moves with
	modelled int             // vertices that the identity modes move; the torso's follow
	neck     []float32       // share of the head's turn that a vertex takes
	open     []float32       // share of the sky that a vertex sees at rest
	inside   []bool          // vertices of the mouth's and the sockets' lining
	lids     []int32         // face vertices close to an eye
	eyes     [2]eyeball      // the person's right (x < 0), left
	lidPairs [2][2][2]int32  // upper and lower lid, one above the other
	lipPairs [3][2]int32     // upper and lower lip
	face     atlas
	back     atlas
	creases  creases
	lips     []([2]float32)
	worn     worn
}

// Load reads ict_facekit.npz and names.json from a directory and prepares what all figures share. It takes about a second.
func Load(dir string) (*Head, error) { return LoadPainted(dir, 1024) }

// LoadPainted is Load for figures whose skin is painted with that many texels to the side. Half of Load's 1024 is enough for a
// face of less than 200 pixels, and painting a figure then takes a quarter of the time.
func LoadPainted(dir string, texels int) (*Head, error) {
	if texels < 64 || texels > 4096 {
		return nil, fmt.Errorf("cannot paint skin of %d texels to the side: 64 to 4096", texels)
	}
	var names struct {
		Expressions []string       `json:"expressions"`
		Materials   []string       `json:"materials"`
		Vertices    map[string]any `json:"vertex_indices"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "names.json"))
	if err != nil {
		return nil, fmt.Errorf("read the head model (give its directory with --head): %w", err)
	}
	if err := json.Unmarshal(b, &names); err != nil {
		return nil, fmt.Errorf("read names.json of the head model: %w", err)
	}
	var marks []int32
	list, _ := names.Vertices["idx_to_landmark_verts"].([]any)
	for _, m := range list {
		f, _ := m.(float64)
		marks = append(marks, int32(f))
	}
	z, err := readNPZ(filepath.Join(dir, "ict_facekit.npz"), "neutral", "triangles", "uv", "triangles_uv",
		"triangle_material", "expression", "identity")
	if err != nil {
		return nil, err
	}
	n, nt := len(z["neutral"].data)/3, len(z["triangle_material"].data)
	switch {
	case len(marks) != 68 || len(names.Materials) != len(materials):
		return nil, fmt.Errorf("names.json is not that of ICT-FaceKit light: %d landmarks, %d materials", len(marks), len(names.Materials))
	case len(z["expression"].data) != n*3*len(names.Expressions) || len(z["identity"].data)%(n*3) != 0,
		len(z["triangles"].data) != nt*3 || len(z["triangles_uv"].data) != nt*3:
		return nil, fmt.Errorf("ict_facekit.npz: the arrays do not fit each other")
	}
	h := &Head{shapes: map[string]shape{}, marks: marks, modelled: n}
	for i := range n {
		h.rest = append(h.rest, vec(z["neutral"].data[3*i:]))
	}
	for _, m := range marks {
		if m < 0 || int(m) >= n {
			return nil, fmt.Errorf("names.json: landmark vertex %d does not exist", m)
		}
	}
	if err := h.readTriangles(z); err != nil {
		return nil, err
	}
	for i, name := range names.Expressions {
		h.shapes[name] = sparse(z["expression"].data[i*n*3:(i+1)*n*3], 2e-3)
	}
	h.shapes[NoseWings], h.shapes[NoseTip] = h.noseShapes()
	for k := 0; k < len(z["identity"].data); k += n * 3 {
		h.identity = append(h.identity, z["identity"].data[k:k+n*3])
	}
	h.findEyes(marks)
	for _, m := range marks[48:60] {
		h.lips = append(h.lips, [2]float32{h.rest[m][0], h.rest[m][1]})
	}
	h.addTorso()
	h.addStrands()
	h.addWorn()
	h.followNeck()
	h.neck = make([]float32, len(h.rest))
	for i, p := range h.rest {
		h.neck[i] = ramp(-16, -8, p[1]+0.12*max(p[2], 0))
	}
	for _, t := range h.tris {
		switch t.mat {
		case matHair:
			for _, v := range t.v { // free hair hangs: it follows the head less the lower it is
				h.neck[v] = ramp(-20, 2, h.rest[v][1])
			}
		case matFringe, matFrame, matLens, matCannula, matPillow:
			for _, v := range t.v {
				h.neck[v] = 1
			}
		}
	}
	h.occlude()
	h.face = newAtlas(h, matFace, texels)
	h.back = newAtlas(h, matBack, 256)
	h.creases = newCreases()
	return h, nil
}

func (h *Head) readTriangles(z map[string]array) error {
	inside := make([]bool, len(h.rest))
	ball := [2]map[int32]bool{{}, {}}
	nuv := len(z["uv"].data) / 2
	for i, m := range z["triangle_material"].data {
		if m < 0 || int(m) >= len(materials) {
			return fmt.Errorf("ict_facekit.npz: material %g does not exist", m)
		}
		var t triangle
		for k := range 3 {
			v, u := int32(z["triangles"].data[3*i+k]), int32(z["triangles_uv"].data[3*i+k])
			if v < 0 || int(v) >= len(h.rest) || u < 0 || int(u) >= nuv {
				return fmt.Errorf("ict_facekit.npz: triangle %d has no vertex %d", i, v)
			}
			t.v[k] = v
			x, y := z["uv"].data[2*u], z["uv"].data[2*u+1]
			t.uv[k] = [2]float32{x - float32(floor(x)), y}
			if m == 4 || m == 6 { // the sclera, cornea included
				side := 0
				if h.rest[v][0] > 0 {
					side = 1
				}
				ball[side][v] = true
			}
		}
		if materials[int(m)] < 0 {
			continue
		}
		t.mat = uint8(materials[int(m)])
		c := h.rest[t.v[0]].add(h.rest[t.v[1]]).add(h.rest[t.v[2]]).mul(1. / 3)
		if t.mat == matBack && c[1] < -8.7 { // the nape and shoulders would stick out of the clothes
			continue
		}
		if t.mat == matBack && c[2] > 2.5 && c[1] < 9 && c[1] > -10 {
			for _, v := range t.v {
				inside[v] = true
			}
		}
		h.tris = append(h.tris, t)
	}
	for s := range ball {
		for v := range ball[s] {
			h.eyes[s].verts = append(h.eyes[s].verts, v)
		}
		slices.Sort(h.eyes[s].verts)
	}
	h.inside = inside
	return nil
}

func sparse(d []float32, least float32) (s shape) {
	for i := 0; i < len(d); i += 3 {
		if v := vec(d[i:]); v.dot(v) > least*least {
			s.at, s.d = append(s.at, int32(i/3)), append(s.d, v)
		}
	}
	return s
}

// findEyes takes the eyeballs' centres, axes and the vertices of the lids, and leaves eyeballs out of the gaze shapes: they
// are turned about their centres instead, which keeps them round.
func (h *Head) findEyes(marks []int32) {
	isBall := make([]bool, len(h.rest))
	for s := range h.eyes {
		e := &h.eyes[s]
		lo, hi := vec{1e9, 1e9, 1e9}, vec{-1e9, -1e9, -1e9}
		for _, v := range e.verts {
			isBall[v] = true
			for k := range 3 {
				lo[k], hi[k] = min(lo[k], h.rest[v][k]), max(hi[k], h.rest[v][k])
			}
		}
		e.centre, e.radius = lo.add(hi).mul(0.5), (hi[0]-lo[0])/2
		e.centre[2] = lo[2] + e.radius // in front of it bulges the cornea
		for _, v := range e.verts {
			if d := h.rest[v].sub(e.centre); d.len() > e.radius*1.16 {
				e.axis = e.axis.add(d)
			}
		}
		e.axis = e.axis.unit()
		for i := range e.profile {
			e.profile[i] = e.radius
		}
		for _, v := range e.verts {
			d := h.rest[v].sub(e.centre)
			n := d.len()
			i := int(math.Round(math.Acos(float64(clamp(d.dot(e.axis)/n, -1, 1))) * 18 / math.Pi))
			e.profile[i] = max(e.profile[i], n)
		}
	}
	for name, s := range h.shapes {
		if len(name) > 7 && name[:7] == "eyeLook" {
			var kept shape
			for i, v := range s.at {
				if !isBall[v] {
					kept.at, kept.d = append(kept.at, v), append(kept.d, s.d[i])
				}
			}
			h.shapes[name] = kept
		}
	}
	// Upper and lower lid above each other: landmarks 37/41 and 38/40 of the right eye, 43/47 and 44/46 of the left.
	h.lidPairs = [2][2][2]int32{
		{{marks[37], marks[41]}, {marks[38], marks[40]}},
		{{marks[43], marks[47]}, {marks[44], marks[46]}},
	}
	h.lipPairs = [3][2]int32{{marks[61], marks[67]}, {marks[62], marks[66]}, {marks[63], marks[65]}}
	seen := map[int32]bool{}
	for _, t := range h.tris {
		if t.mat != matFace && t.mat != matLash {
			continue
		}
		for _, v := range t.v {
			p := h.rest[v]
			e := &h.eyes[0]
			if p[0] > 0 {
				e = &h.eyes[1]
			}
			if d := p.sub(e.centre); d[2] > 0 && d.len() < 2.6 {
				seen[v] = true
			}
		}
	}
	for v := range seen {
		h.lids = append(h.lids, v)
	}
	slices.Sort(h.lids)
}
