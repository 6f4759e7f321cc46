package render

import "math"

// ring is one horizontal outline of the torso or of hanging hair: a superellipse about (0, y, z).
type ring struct{ y, z, rx, rz float32 }

// addTorso puts a clothed torso below the neck: what the model has of the nape
// and shoulders would stick out of them, so the nape is closed with a surface of ours.
func (h *Head) addTorso() {
	h.addRings([]ring{
		{-13.6, -1.7, 6.0, 6.0}, {-11.9, -1.9, 7.0, 6.9}, {-12.25, -2, 8.6, 7.4}, {-12.9, -2.1, 11, 8.0}, {-14.3, -2.4, 14.2, 8.4},
		{-17.4, -2.8, 18.5, 8.8}, {-20, -3, 21.3, 9.6}, {-26, -3, 22.8, 10.8}, {-36, -3, 22, 11.5}, {-60, -3, 21.5, 11.5},
	}, 2.3, 72, 0, 2*math.Pi, matCloth)
	h.addRings([]ring{{-7.4, -1.6, 4.7, 4.1}, {-8.6, -1.5, 5.4, 4.8}, {-9.8, -1.4, 5.7, 5.5}, {-11.5, -1.3, 5.9, 6.1}, {-14.5, -1.3, 5.9, 6.4}}, 2.2, 40,
		-0.3, math.Pi+0.3, matNeck)
}

// followNeck ties each vertex of the nape to the nearest one of the model, since necks differ from person to person, and the fringe to the
// forehead.
func (h *Head) followNeck() {
	near := map[int32]bool{}
	h.follow = map[int32]int32{}
	for _, t := range h.tris {
		for _, v := range t.v {
			switch {
			case t.mat == matNeck:
				h.follow[v] = 0
			case t.mat <= matBack && h.rest[v][1] < -6 && !h.inside[v]:
				near[v] = true
			}
		}
	}
	for v := range h.follow {
		best := float32(math.MaxFloat32)
		for k := range near {
			d := h.rest[k].sub(h.rest[v])
			if l := d.dot(d); l < best || l == best && k < h.follow[v] {
				best, h.follow[v] = l, k
			}
		}
	}
	for i, k := range h.worn.roots {
		h.follow[h.worn.fringe+int32(i)] = k
	}
}

// addStrands puts a curtain of hair behind the neck, for people who wear it long.
func (h *Head) addStrands() {
	h.addRings([]ring{
		{9, -0.6, 7.9, 8.2}, {5, -0.4, 9.3, 9.6}, {1, -0.3, 10, 9.8}, {-4, -0.3, 10.2, 9.6}, {-9, -0.5, 10.3, 9.2},
		{-13, -1, 10.8, 9}, {-17, -1.5, 11.2, 9.4}, {-20, -1.8, 10.6, 9.4},
	}, 2, 56, -0.2, math.Pi+0.2, matHair)
}

// addRings joins rings of n points between two angles, counted from the person's left over the back.
func (h *Head) addRings(rings []ring, power float64, n int, from, to float64, mat uint8) {
	first := int32(len(h.rest))
	for _, r := range rings {
		for i := range n + 1 {
			s, c := math.Sincos(from + (to-from)*float64(i)/float64(n))
			k := math.Pow(math.Pow(math.Abs(s), power)+math.Pow(math.Abs(c), power), -1/power)
			h.rest = append(h.rest, vec{r.rx * float32(c*k), r.y, r.z - r.rz*float32(s*k)})
		}
	}
	for j := range len(rings) - 1 {
		for i := range n {
			a := first + int32(j*(n+1)+i)
			b := a + int32(n+1)
			u := func(v int32) [2]float32 {
				v -= first
				return [2]float32{float32(v%int32(n+1)) / float32(n), float32(v/int32(n+1)) / float32(len(rings))}
			}
			for _, v := range [2][3]int32{{a, b, a + 1}, {a + 1, b, b + 1}} {
				h.tris = append(h.tris, triangle{v, [3][2]float32{u(v[0]), u(v[1]), u(v[2])}, mat})
				if mat == matHair { // seen from within as well
					v[1], v[2] = v[2], v[1]
					h.tris = append(h.tris, triangle{v, [3][2]float32{u(v[0]), u(v[1]), u(v[2])}, mat})
				}
			}
		}
	}
	for len(h.inside) < len(h.rest) {
		h.inside = append(h.inside, false)
	}
}
