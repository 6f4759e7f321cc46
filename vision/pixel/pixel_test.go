package pixel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noise is a picture of any bytes.
func noise(rnd *rand.Rand, w, h int) *Planes {
	p := &Planes{YStride: w + rnd.IntN(9), CStride: (w+1)/2 + rnd.IntN(9)}
	p.Y, p.U, p.V = make([]byte, (h-1)*p.YStride+w), make([]byte, ((h+1)/2-1)*p.CStride+(w+1)/2), make([]byte, ((h+1)/2-1)*p.CStride+(w+1)/2)
	for _, b := range [][]byte{p.Y, p.U, p.V} {
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
	}
	return p
}

// colour is what Crop says of a place, in whole numbers but for the end.
func colour(p *Planes, x, y int) (red, green, blue float64) {
	i := y>>16*p.YStride + x>>16
	wx, wy := x>>8&255, y>>8&255
	top := int(p.Y[i])<<8 + wx*(int(p.Y[i+1])-int(p.Y[i]))
	i += p.YStride
	bottom := int(p.Y[i])<<8 + wx*(int(p.Y[i+1])-int(p.Y[i]))
	luma := (298*(top<<8+wy*(bottom-top)) + 1<<15) >> 16
	c := (y+1<<15)>>17*p.CStride + (x+1<<15)>>17
	u, v := int(p.U[c])-128, int(p.V[c])-128
	value := func(i int) float64 { // in steps of a thirty-second of a grey level
		return min(max((float64((i-16*298)>>3)*8+4)/256, 0), 255) / 255
	}
	return value(luma + 409*v), value(luma - 100*u - 208*v), value(luma + 516*u)
}

func TestCrop(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		w, h := 40+rnd.IntN(300), 40+rnd.IntN(300)
		p, n, rows := noise(rnd, w, h), 1+rnd.IntN(200), 1+rnd.IntN(5)
		x := func(size int) int32 { return rnd.Int32N(int32(size-1) << 16) }
		starts, first := make([]Place, rows), Place{x(w), x(h)}
		far := Place{x(w), x(h)}
		step := Place{(far.X - first.X) / int32(n), (far.Y - first.Y) / int32(n)}
		for i := range starts {
			starts[i] = first
		}
		lo, hi := rnd.Float32()-1, rnd.Float32()+0.5
		var got [3][]float32
		for k := range got {
			got[k] = make([]float32, n*rows)
		}
		Crop(got[0], got[1], got[2], n, p, starts, step, lo, hi)
		for o := range n * rows {
			s := starts[o/n]
			var want [3]float64
			want[0], want[1], want[2] = colour(p, int(s.X)+o%n*int(step.X), int(s.Y)+o%n*int(step.Y))
			for k, v := range want {
				v = float64(lo) + v*float64(hi-lo)
				if d := math.Abs(float64(got[k][o]) - v); !(d <= 5e-7) {
					t.Fatalf("%d x %d: sample %d, plane %d: %g, want %g", w, h, o, k, got[k][o], v)
				}
			}
		}
	}
}

// Whatever is asked for, C reads and writes nothing outside: places beyond the last that have a pixel right and below are refused.
func TestCropRefusesPlacesOutside(t *testing.T) {
	p := noise(rand.New(rand.NewPCG(3, 4)), 64, 48)
	dst := make([]float32, 8)
	refused := func(p *Planes, start, step Place) (panicked bool) {
		defer func() { panicked = recover() != nil }()
		Crop(dst, dst, dst, 8, p, []Place{start}, step, 0, 1)
		return false
	}
	at := func(x, y float64) Place { return Place{int32(x * 65536), int32(y * 65536)} }
	for _, c := range []struct {
		start, step Place
		refused     bool
	}{
		{at(0, 0), at(1, 1), false}, {at(62.9, 46.9), Place{}, false}, {at(0, 47), Place{}, true}, {at(-0.1, 3), at(1, 0), true},
		{at(3, 3), at(0, -1), true}, {at(3, 40), at(0, 1), true}, {at(40, 46), at(9, 0), true}, {at(30000, 30000), at(1, 1), true},
		{at(1, 1), Place{math.MaxInt32, math.MaxInt32}, true}, {at(1, 1), Place{math.MinInt32, 0}, true},
	} {
		if got := refused(p, c.start, c.step); got != c.refused {
			t.Errorf("start %v, step %v: refused %v, want %v", c.start, c.step, got, c.refused)
		}
	}
	short := *p
	short.V = short.V[:len(short.V)/2]
	if !refused(&short, at(2, 46), Place{}) {
		t.Error("a plane that is too short was read")
	}
	if !refused(&Planes{}, Place{}, Place{}) {
		t.Error("an empty picture was read")
	}
}

func TestAlign(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	const side, width, height = 50, 37, 21
	grey := make([]float32, side*side)
	for i := range grey {
		grey[i] = rnd.Float32()
	}
	patch := make([]float32, width*height)
	for range 50 {
		a := Affine{float32(rnd.NormFloat64() * 30), float32(rnd.NormFloat64()), float32(rnd.NormFloat64()),
			float32(rnd.NormFloat64() * 30), float32(rnd.NormFloat64()), float32(rnd.NormFloat64())}
		Align(patch, width, grey, side, &a)
		for o, got := range patch {
			i, j := float64(o%width), float64(o/width)
			x := min(max(float64(a[0])+float64(a[1])*i+float64(a[2])*j-0.5, 0), side-1.001)
			y := min(max(float64(a[3])+float64(a[4])*i+float64(a[5])*j-0.5, 0), side-1.001)
			at := func(k, l int) float64 { return float64(grey[l*side+k]) }
			k, l := int(x), int(y)
			wx, wy := x-float64(k), y-float64(l)
			want := (1-wy)*((1-wx)*at(k, l)+wx*at(k+1, l)) + wy*((1-wx)*at(k, l+1)+wx*at(k+1, l+1))
			if d := math.Abs(float64(got) - want); !(d <= 3e-5) { // places of single precision
				t.Fatalf("%v: sample %d: %g, want %g", a, o, got, want)
			}
		}
	}
	// What a net says may be anything: no place makes C read elsewhere.
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, a := range []Affine{{nan, nan, nan, nan, nan, nan}, {inf, 1, 1, -inf, 1, 1}, {1e30, 1e30, -1e30, 0, 0, 0}, {0, inf, -inf, 0, 1, nan}} {
		Align(patch, width, grey, side, &a)
		for o, v := range patch {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("%v: sample %d is %g", a, o, v)
			}
		}
	}
}

func TestFlatten(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, size := range []struct{ w, h int }{{104, 136}, {144, 144}, {1, 1}, {5, 30}, {40, 7}, {19, 19}} {
		grey, flat := make([]float32, size.w*size.h), make([]float32, size.w*size.h)
		for i := range grey {
			grey[i] = rnd.Float32() * rnd.Float32()
		}
		Flatten(flat, grey, size.w, 0.04)
		for o, got := range flat {
			sum, n := 0.0, 0
			for j := max(o/size.w-Around, 0); j < min(o/size.w+Around+1, size.h); j++ {
				for i := max(o%size.w-Around, 0); i < min(o%size.w+Around+1, size.w); i++ {
					sum += float64(grey[j*size.w+i])
					n++
				}
			}
			want := min(max(float64(grey[o])/(sum/float64(n)+0.04)-1, -1), 1)
			if d := math.Abs(float64(got) - want); !(d <= 1e-5) {
				t.Fatalf("%v: value %d: %g, want %g", size, o, got, want)
			}
		}
	}
}

func TestGrey(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	in, grey := make([]float32, 3*77), make([]float32, 77)
	for i := range in {
		in[i] = rnd.Float32()
	}
	Grey(grey, in[:77], in[77:154], in[154:])
	for i, got := range grey {
		if want := 0.299*in[i] + 0.587*in[77+i] + 0.114*in[154+i]; math.Abs(float64(got-want)) > 2e-7 {
			t.Errorf("pixel %d: %g, want %g", i, got, want)
		}
	}
}

func TestSquares(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	const side, width, height = 30, 11, 9
	var planes [3][]float32
	for k := range planes {
		planes[k] = make([]float32, side*side)
		for i := range planes[k] {
			planes[k][i] = rnd.Float32()
		}
	}
	patch := make([]float32, 3*width*height)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, a := range []Affine{{4.3, 1.25, 0.5, 7.7, -0.25, 2}, {40, 1, 1, -9, 1, 1}, {nan, 1, 1, inf, 0, 0}, {-inf, 1, 1, 1e30, 1, 1}} {
		Squares(patch, width, planes[0], planes[1], planes[2], side, &a)
		for o, got := range patch {
			i, j := float32(o/3%width), float32(o/3/width)
			held := func(v float32) int {
				if !(v > 0) {
					return 0
				}
				return int(min(v, side-2))
			}
			p := planes[o%3][held(a[3]+a[4]*i+a[5]*j-0.5)*side+held(a[0]+a[1]*i+a[2]*j-0.5):]
			if want := p[0] + p[1] + p[side] + p[side+1]; math.Abs(float64(got-want)) > 1e-6 {
				t.Fatalf("%v: value %d: %g, want %g", a, o, got, want)
			}
		}
	}
}

func TestLayer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	some := func(n int) []float32 {
		f := make([]float32, n)
		for i := range f {
			f[i] = rnd.Float32() - 0.5
		}
		return f
	}
	for _, c := range []struct{ width, channels, kernel, stride, outputs int }{
		{40, 3, 4, 4, 16}, {10, 16, 3, 2, 24}, {1, 97, 1, 1, 96}, {4, 24, 4, 1, 5}, {7, 2, 3, 1, 33}, {5, 1, 5, 3, 1},
	} {
		for _, relu := range []bool{false, true} {
			w, b, in := some(c.kernel*c.kernel*c.channels*c.outputs), some(c.outputs), some(c.width*c.width*c.channels)
			l := NewLayer(c.width, c.channels, c.kernel, c.stride, w, b, relu)
			wide := (c.width-c.kernel)/c.stride + 1
			if l.Inputs() != len(in) || l.Outputs() != wide*wide*c.outputs {
				t.Fatalf("%v: %d inputs, %d outputs", c, l.Inputs(), l.Outputs())
			}
			out := make([]float32, l.Outputs()+1)
			out[l.Outputs()] = 7
			l.Run(out, in)
			for o, got := range out[:l.Outputs()] {
				k, x, y := o%c.outputs, o/c.outputs%wide, o/c.outputs/wide
				want := float64(b[k])
				for i := range c.kernel * c.kernel * c.channels {
					ch, col, row := i%c.channels, i/c.channels%c.kernel, i/c.channels/c.kernel
					want += float64(w[k*c.kernel*c.kernel*c.channels+i]) * float64(in[((y*c.stride+row)*c.width+x*c.stride+col)*c.channels+ch])
				}
				if relu {
					want = max(want, 0)
				}
				if math.Abs(float64(got)-want) > 1e-5 {
					t.Fatalf("%v: output %d: %g, want %g", c, o, got, want)
				}
			}
			if out[l.Outputs()] != 7 {
				t.Fatalf("%v: it writes beyond its outputs", c)
			}
		}
	}
}
