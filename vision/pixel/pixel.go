// Package pixel has the loops over pixels that every picture goes through. They are written in C because GCC turns them into vector
// instructions and Go's compiler does not. What they are given is checked here, in Go.
package pixel

/*
#cgo CFLAGS: -O3
#cgo noescape wince_crop
#cgo nocallback wince_crop
#cgo noescape wince_grey
#cgo nocallback wince_grey
#cgo noescape wince_align
#cgo nocallback wince_align
#cgo noescape wince_flatten
#cgo nocallback wince_flatten
#cgo noescape wince_squares
#cgo nocallback wince_squares
#include "pixel.h"
*/
import "C"

import (
	"math"
	"unsafe"
)

// Planes is a picture in planar YUV 4:2:0 (BT.601, limited range); U and V have half the resolution.
type Planes struct {
	Y, U, V          []byte
	YStride, CStride int
}

// A Place is where a sample lies in a picture, right and down, in 65536ths of a pixel.
type Place struct{ X, Y int32 }

// holds says whether all places between a and b can be sampled: each reads the pixels right and below, too.
func (p *Planes) holds(ax, ay, bx, by int64) bool {
	if ax < 0 || ay < 0 || bx > math.MaxInt32-1<<16 || by > math.MaxInt32-1<<16 || p.YStride < 0 || p.CStride < 0 ||
		len(p.Y) > math.MaxInt32 || len(p.U) > math.MaxInt32 || len(p.V) > math.MaxInt32 {
		return false
	}
	x, y, cx, cy := bx>>16, by>>16, (bx+1<<15)>>17, (by+1<<15)>>17
	return (y+1)*int64(p.YStride)+x+1 < int64(len(p.Y)) && cy*int64(p.CStride)+cx < int64(min(len(p.U), len(p.V)))
}

// Crop samples rows of n places, of which starts has the first, and each other is a step from the one before. It writes red, green
// and blue, n values a row, lo for black and hi for full. Luma is sampled with bilinear weights, chroma, which nothing measured rests on,
// from the nearest sample. It panics where a place is not a pixel within the picture.
func Crop(red, green, blue []float32, n int, p *Planes, starts []Place, step Place, lo, hi float32) {
	if len(starts) == 0 || n <= 0 {
		return
	}
	ax, ay, bx, by := int64(math.MaxInt64), int64(math.MaxInt64), int64(-1), int64(-1)
	for _, s := range starts {
		x, y := int64(s.X), int64(s.Y)
		ex, ey := x+int64(step.X)*int64(n-1), y+int64(step.Y)*int64(n-1)
		ax, ay, bx, by = min(ax, x, ex), min(ay, y, ey), max(bx, x, ex), max(by, y, ey)
	}
	if !p.holds(ax, ay, bx, by) {
		panic("pixel: a place lies outside the picture")
	}
	size := n * len(starts)
	C.wince_crop(ptr(red[:size]), ptr(green[:size]), ptr(blue[:size]), C.int(n), C.int(len(starts)),
		bytes(p.Y), bytes(p.U), bytes(p.V), C.int(p.YStride), C.int(p.CStride),
		(*C.int32_t)(unsafe.Pointer(unsafe.SliceData(starts))), C.int(step.X), C.int(step.Y), C.float(lo), C.float((hi-lo)/(255*256)))
}

// Grey writes the luminance of each pixel.
func Grey(grey, red, green, blue []float32) {
	n := len(grey)
	if n == 0 {
		return
	}
	C.wince_grey(ptr(grey), ptr(red[:n]), ptr(green[:n]), ptr(blue[:n]), C.int(n))
}

// Widest is the widest and highest patch.
const Widest = 144

// An Affine gives the place of a sample of a patch: x = A[0] + A[1]*column + A[2]*row, y with the other three. Pixel centres lie at halves.
type Affine [6]float32

// Align samples grey, a square, with bilinear weights at the places of a patch as wide as told; outside it repeats the edge.
func Align(patch []float32, width int, grey []float32, side int, a *Affine) {
	if width <= 0 || width > Widest || side < 2 || len(grey) < side*side {
		panic("pixel: a patch or a square of no such size")
	}
	C.wince_align(ptr(patch), C.int(width), C.int(len(patch)/width), ptr(grey), C.int(side), (*C.float)(unsafe.Pointer(a)))
}

// Squares adds up the 2 x 2 pixels nearest to each place of a patch, and writes red, green and blue of each in turn; outside it repeats the edge.
func Squares(patch []float32, width int, red, green, blue []float32, side int, a *Affine) {
	if width <= 0 || width > Widest || side < 2 || min(len(red), len(green), len(blue)) < side*side {
		panic("pixel: a patch or a square of no such size")
	}
	C.wince_squares(ptr(patch), C.int(width), C.int(len(patch)/(3*width)), ptr(red), ptr(green), ptr(blue), C.int(side), (*C.float)(unsafe.Pointer(a)))
}

// Around is over how many samples to each side Flatten takes the mean.
const Around = 9

// Flatten divides each value of a patch by the mean of the square around it, as far as the patch goes, plus black, less 1, and holds it within -1 and 1.
func Flatten(flat, patch []float32, width int, black float32) {
	height := len(patch) / max(width, 1)
	if width <= 0 || width > Widest || height > Widest {
		panic("pixel: a patch of no such size")
	}
	C.wince_flatten(ptr(flat[:len(patch)]), ptr(patch), C.int(width), C.int(height), C.float(black))
}

func ptr(f []float32) *C.float  { return (*C.float)(unsafe.Pointer(unsafe.SliceData(f))) }
func bytes(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }
