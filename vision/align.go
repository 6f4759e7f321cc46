package vision

import "math"

type vec3 = [3]float64

// similarity is a turn, a scale and a shift: p -> Scale * R p + T.
type similarity struct {
	R     [3]vec3
	Scale float64
	T     vec3
}

func (s *similarity) apply(p vec3) vec3 {
	var q vec3
	for i := range q {
		q[i] = s.Scale*(s.R[i][0]*p[0]+s.R[i][1]*p[1]+s.R[i][2]*p[2]) + s.T[i]
	}
	return q
}

// fit returns the similarity that brings the points from[i] closest to to[i] for the indices given, in the least-squares
// sense (Horn, J. Opt. Soc. Am. A 4, 1987: the turn is the top eigenvector of a 4 x 4 matrix), and the root mean square of
// what remains, in the unit of to. It does not allocate.
func fit(from, to *[NumPoints]vec3, indices []int) (similarity, float64) {
	var a, b vec3
	n := float64(len(indices))
	for _, i := range indices {
		for k := range a {
			a[k] += from[i][k] / n
			b[k] += to[i][k] / n
		}
	}
	var m [3]vec3 // covariance
	var va, vb float64
	for _, i := range indices {
		for r := range 3 {
			x := from[i][r] - a[r]
			va += x * x
			vb += (to[i][r] - b[r]) * (to[i][r] - b[r])
			for c := range 3 {
				m[r][c] += x * (to[i][c] - b[c])
			}
		}
	}
	q, lambda := topEigenvector([4][4]float64{
		{m[0][0] + m[1][1] + m[2][2], m[1][2] - m[2][1], m[2][0] - m[0][2], m[0][1] - m[1][0]},
		{m[1][2] - m[2][1], m[0][0] - m[1][1] - m[2][2], m[0][1] + m[1][0], m[2][0] + m[0][2]},
		{m[2][0] - m[0][2], m[0][1] + m[1][0], m[1][1] - m[0][0] - m[2][2], m[1][2] + m[2][1]},
		{m[0][1] - m[1][0], m[2][0] + m[0][2], m[1][2] + m[2][1], m[2][2] - m[0][0] - m[1][1]},
	})
	w, x, y, z := q[0], q[1], q[2], q[3]
	s := similarity{Scale: 1, R: [3]vec3{
		{w*w + x*x - y*y - z*z, 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), w*w - x*x + y*y - z*z, 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), w*w - x*x - y*y + z*z},
	}}
	if va > 0 {
		s.Scale = lambda / va // the top eigenvalue is the covariance after the turn
	}
	ra := s.apply(a)
	for k := range s.T {
		s.T[k] = b[k] - ra[k]
	}
	rest := max(0, vb-s.Scale*lambda)
	return s, math.Sqrt(rest / n)
}

// topEigenvector returns the unit eigenvector of the symmetric matrix a with the largest eigenvalue, and that eigenvalue, by
// cyclic Jacobi turns.
func topEigenvector(a [4][4]float64) ([4]float64, float64) {
	v := [4][4]float64{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}
	for range 30 {
		off, diag := 0.0, 0.0
		for i := range 4 {
			diag += a[i][i] * a[i][i]
			for j := i + 1; j < 4; j++ {
				off += a[i][j] * a[i][j]
			}
		}
		if off <= 1e-24*diag {
			break
		}
		for p := range 3 {
			for q := p + 1; q < 4; q++ {
				if a[p][q] == 0 {
					continue
				}
				theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for k := range 4 {
					a[k][p], a[k][q] = c*a[k][p]-s*a[k][q], s*a[k][p]+c*a[k][q]
				}
				for k := range 4 {
					a[p][k], a[q][k] = c*a[p][k]-s*a[q][k], s*a[p][k]+c*a[q][k]
				}
				for k := range 4 {
					v[k][p], v[k][q] = c*v[k][p]-s*v[k][q], s*v[k][p]+c*v[k][q]
				}
			}
		}
	}
	best := 0
	for i := range 4 {
		if a[i][i] > a[best][best] {
			best = i
		}
	}
	return [4]float64{v[0][best], v[1][best], v[2][best], v[3][best]}, a[best][best]
}

// angles returns yaw, pitch and roll in degrees of the turn that takes the reference face, which looks at the camera, to
// the face in the picture. Axes are the picture's: x right, y down, z away from the camera.
func (s *similarity) angles() (yaw, pitch, roll float64) {
	// s.R takes the picture's face to the reference; its transpose, whose columns are s.R's rows, goes back. The third
	// column is where the reference's z axis, the back of the head, points in the picture.
	back := s.R[2]
	yaw = math.Atan2(-back[0], back[2]) * 180 / math.Pi
	pitch = math.Asin(min(max(back[1], -1), 1)) * 180 / math.Pi
	roll = math.Atan2(s.R[0][1], s.R[0][0]) * 180 / math.Pi
	return yaw, pitch, roll
}
