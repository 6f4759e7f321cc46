package render

import "math/rand/v2"

// Room is what is behind the person: a wall, a window or a picture, a bed's head, all out of focus.
type Room struct {
	w, h int
	rgb  []vec // linear
}

// NewRoom furnishes a room from a seed for pictures of w by h pixels.
func NewRoom(seed uint64, w, h int) *Room {
	r := rand.New(rand.NewPCG(seed, 77))
	f := func(lo, hi float64) float32 { return float32(lo + (hi-lo)*r.Float64()) }
	wall := vec{f(0.30, 0.55), f(0.32, 0.52), f(0.30, 0.52)}
	type box struct {
		x0, y0, x1, y1, blur float32
		c                    vec
	}
	boxes := []box{
		{-0.2, f(0.78, 0.9), 1.2, 1.4, 0.05, wall.mul(0.55)},                                                            // wainscot
		{f(-0.1, 0.05), f(-0.2, 0.05), f(0.16, 0.26), f(0.5, 0.65), 0.03, vec{f(0.7, 0.9), f(0.75, 0.9), f(0.8, 0.95)}}, // window
		{f(0.74, 0.8), f(0.08, 0.2), f(0.92, 0.99), f(0.38, 0.52), 0.025, vec{f(0.1, 0.4), f(0.1, 0.3), f(0.08, 0.25)}}, // picture
		{f(0.05, 0.15), f(0.62, 0.7), f(0.85, 0.95), 1.2, 0.035, vec{f(0.16, 0.3), f(0.1, 0.18), f(0.06, 0.1)}},         // bed head
	}
	if r.IntN(2) == 0 {
		for i := range boxes {
			boxes[i].x0, boxes[i].x1 = 1-boxes[i].x1, 1-boxes[i].x0
		}
	}
	m := &Room{w, h, make([]vec, w*h)}
	for y := range h {
		v := (float32(y) + 0.5) / float32(h)
		for x := range w {
			u := (float32(x) + 0.5) / float32(w)
			c := wall.mul(1.12 - 0.3*v - 0.25*(u-0.5)*(u-0.5))
			for _, b := range boxes {
				k := ramp(b.x0-b.blur, b.x0+b.blur, u) * ramp(b.x1+b.blur, b.x1-b.blur, u) *
					ramp(b.y0-b.blur, b.y0+b.blur, v) * ramp(b.y1+b.blur, b.y1-b.blur, v)
				c = c.mix(b.c, k)
			}
			m.rgb[y*w+x] = c.mul(0.75)
		}
	}
	return m
}

// at reads the room's linear colour; a room of another size than the picture is stretched.
func (m *Room) at(x, y, w, h int) vec { return m.rgb[y*m.h/h*m.w+x*m.w/w] }
