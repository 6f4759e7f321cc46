package encode

import (
	"image"

	"wince/vision"
)

// I420 converts a picture to planes of BT.601 in limited range (luma 16-235), each chroma sample from the mean of its four
// pixels. It reuses dst's planes where they are large enough; dst may be nil.
func I420(src *image.RGBA, dst *vision.I420) *vision.I420 {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	cw, ch := (w+1)/2, (h+1)/2
	if dst == nil {
		dst = &vision.I420{}
	}
	if dst.Width != w || dst.Height != h || !dst.Valid() {
		*dst = vision.I420{Width: w, Height: h, YStride: w, CStride: cw,
			Y: make([]byte, w*h), U: make([]byte, cw*ch), V: make([]byte, cw*ch)}
	}
	for y := range h {
		row := src.Pix[src.PixOffset(src.Rect.Min.X, src.Rect.Min.Y+y):]
		out := dst.Y[y*dst.YStride:]
		for x := range w {
			r, g, b := int(row[4*x]), int(row[4*x+1]), int(row[4*x+2])
			out[x] = uint8((66*r + 129*g + 25*b + 128 + 16<<8) >> 8)
		}
	}
	for y := range ch {
		for x := range cw {
			var r, g, b int
			for k := range 4 { // the last column and row stand in for those beyond the edge
				sx, sy := min(2*x+k%2, w-1), min(2*y+k/2, h-1)
				p := src.Pix[src.PixOffset(src.Rect.Min.X+sx, src.Rect.Min.Y+sy):]
				r, g, b = r+int(p[0]), g+int(p[1]), b+int(p[2])
			}
			dst.U[y*dst.CStride+x] = uint8((-38*r - 74*g + 112*b + 512 + 128<<10) >> 10)
			dst.V[y*dst.CStride+x] = uint8((112*r - 94*g - 18*b + 512 + 128<<10) >> 10)
		}
	}
	return dst
}
