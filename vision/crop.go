package vision

import (
	"math"

	"wince/vision/pixel"
)

// Region is a square of the picture, turned by an angle: what is cut out for a net. Centre and Size are in pixels; Angle
// is in radians, clockwise as seen on the screen, and is the direction of the cut-out's x axis.
type Region struct{ CX, CY, Size, Angle float64 }

// toPicture maps a place in the cut-out, 0-1 on both axes, to pixels of the picture.
func (r *Region) toPicture(u, v float64) (x, y float64) {
	s, c := math.Sincos(r.Angle)
	u, v = (u-0.5)*r.Size, (v-0.5)*r.Size
	return r.CX + c*u - s*v, r.CY + s*u + c*v
}

// sane says whether the region is one that a face in img could have. A net that was shown something odd may answer with
// anything, not-a-number included.
func (r *Region) sane(img *I420) bool {
	side := float64(max(img.Width, img.Height))
	return r.Size >= 2 && r.Size <= 8*side && math.Abs(r.CX) <= 8*side && math.Abs(r.CY) <= 8*side && math.Abs(r.Angle) <= 2*math.Pi
}

// crop cuts region r out of img with bilinear sampling, converts it to RGB (BT.601, limited range) and writes it to dst as
// three planes of n x n values, R, G, B, each from lo for black to hi for full. What lies outside the picture is black, as in
// MediaPipe's ImageToTensor; a region that is not sane is all outside. Colour is converted only for the n x n pixels that a net
// sees, which is why it starts from the planes. dst has 3*n*n values. It does not allocate.
func crop(dst []float32, n int, img *I420, r Region, lo, hi float32) {
	if !r.sane(img) {
		for i := range dst[:3*n*n] {
			dst[i] = lo
		}
		return
	}
	sin, cos := math.Sincos(r.Angle)
	step := r.Size / float64(n)
	dx, dy := cos*step, sin*step
	// Pixel centres lie at half-integers, in the picture as in the cut-out.
	x0, y0 := r.toPicture(0.5/float64(n), 0.5/float64(n))
	x0, y0 = x0-0.5, y0-0.5
	fdx, fdy := int64(math.Round(dx*one)), int64(math.Round(dy*one))
	gain := (hi - lo) / 255
	red, green, blue := dst[:n*n], dst[n*n:2*n*n], dst[2*n*n:3*n*n]
	src := pixel.Planes{Y: img.Y, U: img.U, V: img.V, YStride: img.YStride, CStride: img.CStride}
	var starts [rowsAtOnce]pixel.Place
	ready := 0 // rows before this one that lie inside the picture and wait
	flush := func(row int) {
		o := (row - ready) * n
		pixel.Crop(red[o:], green[o:], blue[o:], n, &src, starts[:ready], pixel.Place{X: int32(fdx), Y: int32(fdy)}, lo, hi)
		ready = 0
	}
	wide, high := int64(min(img.Width, reach)-1)<<fixed, int64(min(img.Height, reach)-1)<<fixed
	for row := range n {
		fx := int64(math.Round((x0 - dy*float64(row)) * one))
		fy := int64(math.Round((y0 + dx*float64(row)) * one))
		lx, ly := fx+fdx*int64(n-1), fy+fdy*int64(n-1)
		if min(fx, lx) >= 0 && min(fy, ly) >= 0 && max(fx, lx) < wide && max(fy, ly) < high {
			starts[ready] = pixel.Place{X: int32(fx), Y: int32(fy)}
			if ready++; ready == len(starts) {
				flush(row + 1)
			}
			continue
		}
		flush(row)
		o := row * n
		for i := range n {
			x, y := fx+fdx*int64(i), fy+fdy*int64(i)
			red[o+i], green[o+i], blue[o+i] = edgePixel(img, x, y, gain, lo)
		}
	}
	flush(n)
}

// Source coordinates are fixed-point numbers with this many fractional bits.
const (
	fixed      = 16
	one        = 1 << fixed
	reach      = 1 << (31 - fixed) // pixels that such a coordinate has room for
	rowsAtOnce = 64
)

// edgePixel samples a place that may lie outside the picture; the outside is black.
func edgePixel(img *I420, fx, fy int64, gain, lo float32) (r, g, b float32) {
	x, y := int(fx>>fixed), int(fy>>fixed)
	if x < -1 || y < -1 || x >= img.Width || y >= img.Height {
		return lo, lo, lo
	}
	wx, wy := float32(fx&(one-1))/one, float32(fy&(one-1))/one
	for k, w := range [4]float32{(1 - wx) * (1 - wy), wx * (1 - wy), (1 - wx) * wy, wx * wy} {
		px, py := x+k&1, y+k>>1
		if w == 0 || px < 0 || py < 0 || px >= img.Width || py >= img.Height {
			continue
		}
		c := py/2*img.CStride + px/2
		pr, pg, pb := toRGB(int(img.Y[py*img.YStride+px])<<16, int(img.U[c])<<16, int(img.V[c])<<16, gain, 0)
		r, g, b = r+w*pr, g+w*pg, b+w*pb
	}
	return r + lo, g + lo, b + lo
}

// toRGB converts one pixel; y, u and v have 16 fractional bits.
func toRGB(y, u, v int, gain, lo float32) (r, g, b float32) {
	const f = 1.0 / one
	l := (float32(y)*f - 16) * (255.0 / 219)
	cb, cr := float32(u)*f-128, float32(v)*f-128
	r = min(max(l+1.596027*cr, 0), 255)
	g = min(max(l-0.391762*cb-0.812968*cr, 0), 255)
	b = min(max(l+2.017232*cb, 0), 255)
	return lo + gain*r, lo + gain*g, lo + gain*b
}
