package render

import "math"

// buffer is a visibility buffer: for each sample the nearest triangle and how near it is.
type buffer struct {
	w, h int
	near []float32 // larger is nearer; 0 is nothing
	id   []int32
}

func newBuffer(w, h int) *buffer {
	return &buffer{w, h, make([]float32, w*h), make([]int32, w*h)}
}

func (b *buffer) clear() {
	clear(b.near)
	for i := range b.id {
		b.id[i] = -1
	}
}

// corner is a projected vertex: x right and y down in samples, near as in buffer.
type corner struct{ x, y, near float32 }

// draw rasterises a triangle that faces the viewer. keep, where it is not nil, may refuse a sample by its barycentric
// weights of the second and third corner.
func (b *buffer) draw(id int32, p0, p1, p2 corner, keep func(w1, w2 float32) bool) {
	ax, ay, bx, by := p1.x-p0.x, p1.y-p0.y, p2.x-p0.x, p2.y-p0.y
	area := ax*by - ay*bx
	if area >= 0 { // y points down: those that face the viewer run the other way round
		if keep == nil || area == 0 {
			return
		}
	}
	x0, x1 := max(int(math.Ceil(float64(min(p0.x, p1.x, p2.x)-0.5))), 0), min(int(max(p0.x, p1.x, p2.x)-0.5), b.w-1)
	y0, y1 := max(int(math.Ceil(float64(min(p0.y, p1.y, p2.y)-0.5))), 0), min(int(max(p0.y, p1.y, p2.y)-0.5), b.h-1)
	if x0 > x1 || y0 > y1 {
		return
	}
	inv := 1 / area
	// weights of the second and third corner and nearness are affine in x and y
	w1x, w1y := by*inv, -bx*inv
	w2x, w2y := -ay*inv, ax*inv
	n1, n2 := p1.near-p0.near, p2.near-p0.near
	dx, dy := float32(x0)+0.5-p0.x, float32(y0)+0.5-p0.y
	r1, r2 := dx*w1x+dy*w1y, dx*w2x+dy*w2y
	for y := y0; y <= y1; y++ {
		w1, w2 := r1, r2
		near := b.near[y*b.w+x0 : y*b.w+x1+1]
		entered := false
		for x := range near {
			if w1 >= 0 && w2 >= 0 && w1+w2 <= 1 {
				entered = true
				if n := p0.near + w1*n1 + w2*n2; n > near[x] && (keep == nil || keep(w1, w2)) {
					near[x], b.id[y*b.w+x0+x] = n, id
				}
			} else if entered { // a row of a triangle has no gaps
				break
			}
			w1 += w1x
			w2 += w2x
		}
		r1 += w1y
		r2 += w2y
	}
}

// frame is an orthonormal view along a direction, for depth maps of parallel light.
type frame struct {
	right, up, to vec // to points at the light
	size, half    float32
	centre        vec
}

func lookFrom(to, centre vec, half float32, size int) frame {
	to = to.unit()
	side := vec{0, 1, 0}
	if abs(to[1]) > 0.9 {
		side = vec{1, 0, 0}
	}
	right := side.cross(to).unit()
	return frame{right, to.cross(right), to, float32(size), half, centre}
}

// project gives the place on the map and how near the light is, positive all over the map's ball.
func (f *frame) project(p vec) corner {
	p = p.sub(f.centre)
	k := f.size / (2 * f.half)
	return corner{f.size/2 + p.dot(f.right)*k, f.size/2 - p.dot(f.up)*k, 4*f.half + p.dot(f.to)}
}

// occlude finds the share of the sky that each vertex of the resting head sees, weighted by the cosine.
func (h *Head) occlude() {
	const size, dirs = 384, 72
	normals := h.normals(h.rest, nil)
	sum, seen := make([]float32, len(h.rest)), make([]float32, len(h.rest))
	b := newBuffer(size, size)
	c := make([]corner, len(h.rest))
	for k := range dirs { // a spiral over the sphere
		y := 1 - 2*(float64(k)+0.5)/dirs
		s, co := math.Sincos(float64(k) * math.Pi * (3 - math.Sqrt(5)))
		r := math.Sqrt(1 - y*y)
		f := lookFrom(vec{float32(r * co), float32(y), float32(r * s)}, vec{0, 0, 0}, 21, size)
		for i, p := range h.rest {
			c[i] = f.project(p)
		}
		b.clear()
		for i, t := range h.tris {
			if t.mat != matLash && t.mat < matHair {
				b.draw(int32(i), c[t.v[0]], c[t.v[1]], c[t.v[2]], nil)
			}
		}
		for i, n := range normals {
			w := n.dot(f.to)
			if w <= 0 {
				continue
			}
			sum[i] += w
			x, y := int(c[i].x), int(c[i].y)
			if x < 0 || y < 0 || x >= size || y >= size || c[i].near > b.near[y*size+x]-0.22 {
				seen[i] += w
			}
		}
	}
	h.open = make([]float32, len(h.rest))
	for i := range h.open {
		h.open[i] = 1
		if sum[i] > 0 {
			h.open[i] = seen[i] / sum[i]
		}
		if h.inside[i] {
			h.open[i] *= 0.4
		}
	}
	for _, t := range h.tris {
		if t.mat == matNeck || t.mat > matHair { // its upper edge lies under the skin, which must not show; what is worn is not in its place yet
			for _, v := range t.v {
				h.open[v] = 0.8
			}
		}
	}
}

// normals returns the smooth unit normals of a shape of the head; dst is reused where it is long enough.
func (h *Head) normals(p []vec, dst []vec) []vec {
	if cap(dst) < len(p) {
		dst = make([]vec, len(p))
	}
	dst = dst[:len(p)]
	clear(dst)
	for i := range h.tris {
		v := &h.tris[i].v
		a, b, c := &p[v[0]], &p[v[1]], &p[v[2]]
		x1, y1, z1 := b[0]-a[0], b[1]-a[1], b[2]-a[2]
		x2, y2, z2 := c[0]-a[0], c[1]-a[1], c[2]-a[2]
		nx, ny, nz := y1*z2-z1*y2, z1*x2-x1*z2, x1*y2-y1*x2
		for _, k := range v {
			d := &dst[k]
			d[0] += nx
			d[1] += ny
			d[2] += nz
		}
	}
	for i := range dst {
		dst[i] = dst[i].unit()
	}
	return dst
}
