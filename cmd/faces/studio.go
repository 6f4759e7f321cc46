package main

import (
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"time"

	"wince/models/occlude"
	"wince/models/render"
	"wince/models/train/shard"
	"wince/pain"
	"wince/stream/decode"
	"wince/stream/encode"
	"wince/vision"
)

// side is the pictures' size: with the distances of view, a face of 110 to 190 pixels, as the mesh's crop has.
const side = 352

// bitrates of the encoders, in kbit/s at 30 pictures a second.
var bitrates = []int{120, 300, 800, 2500}

// neutrals is how many of a person's pictures show the face at ease.
const neutrals = 3

// twinsApart is how far from a person's seed that of their twin lies.
const twinsApart = 1 << 30

// studio draws, films and measures one person after the other.
type studio struct {
	head    *render.Head
	sampler sampler
	varied  float64 // share of people, 0-1
	hands   float64 // share of pictures, 0-1
	twins   bool    // draw their twins instead
	alike   bool    // who do the same, in the same light and view
	draw    *render.Renderer
	look    *vision.Analyzer
	film    []*encode.VPX
	play    []*decode.VPX
	frame   int64
	picture *image.RGBA
	planes  *vision.I420
	seen    vision.I420
	blurred []uint8
	sight   vision.Sight
}

func newStudio(h *render.Head, nets vision.Models, s sampler, varied, hands float64, twins, alike bool) (*studio, error) {
	st := &studio{head: h, sampler: s, varied: varied, hands: hands, twins: twins, alike: alike, picture: image.NewRGBA(image.Rect(0, 0, side, side)), blurred: make([]uint8, side*side)}
	var err error
	if st.draw, err = render.NewRenderer(side, side); err != nil {
		return nil, err
	}
	if st.look, err = vision.NewAnalyzer(nets, vision.AnalyzerConfig{Stills: true, FixedNeutral: true}); err != nil {
		return nil, err
	}
	return st, nil
}

func (s *studio) close() error { return errors.Join(s.stop(), s.look.Close()) }

// start opens codecs for a person: an encoder's rate control remembers the pictures before.
func (s *studio) start() error {
	if err := s.stop(); err != nil {
		return err
	}
	for _, b := range bitrates {
		e, err := encode.NewVP8(side, side, 30, b)
		if err != nil {
			return err
		}
		s.film = append(s.film, e)
		d, err := decode.NewVP8()
		if err != nil {
			return err
		}
		s.play = append(s.play, d)
	}
	return nil
}

func (s *studio) stop() (err error) {
	for _, e := range s.film {
		e.Close()
	}
	for _, d := range s.play {
		err = errors.Join(err, d.Close())
	}
	s.film, s.play, s.frame = nil, nil, 0
	return err
}

// person writes the pictures of a person that can be judged, and returns how many.
func (s *studio) person(seed uint64, shots int, w *shard.Writer) (n int, err error) {
	who := render.NewPerson(seed)
	dress := wardrobe(seed, &who, s.varied)
	lips(seed, &who, s.varied)
	stream := uint64(0xface5)
	if s.twins {
		as := render.NewPerson(seed + twinsApart)
		repaint(&who, as)
		restyle(&who, as)
		if !s.alike {
			stream++
		}
	}
	if err := s.start(); err != nil {
		return 0, err
	}
	figure := s.head.Figure(who)
	r := rand.New(rand.NewPCG(seed, stream))
	for k := range shots {
		e, kind := rest(r), sortNeutral
		if k >= neutrals {
			e, kind = s.sampler.shot(r)
		}
		shot := render.Shot{Expression: e, Pose: view(r, 3), Light: s.sampler.light(r), Room: render.NewRoom(r.Uint64(), 64, 64)}
		var wears uint8
		shot.Wear, wears = dress()
		if err := s.draw.Render(s.picture, figure, shot); err != nil {
			return n, err
		}
		if hand(seed, k, s.hands, s.picture, s.bare) {
			wears |= 16
		}
		if err := s.shoot(r); err != nil {
			return n, err
		}
		m, err := s.look.Measure(&s.seen, time.Duration(k)*time.Second)
		if err != nil {
			return n, err
		}
		if m.State != pain.Scored {
			continue
		}
		row := row{Identity: uint32(seed), Shot: uint32(k), Sort: uint8(kind), Wears: wears, Parted: float32(figure.Parted(&e)), Lopsided: float32(e.Asymmetry),
			Traits: [5]float32{float32(who.Skin), float32(who.Age), float32(who.Beard), float32(who.Brows), float32(who.Lids)}}
		for _, a := range units {
			row.Units[a] = float32(e.AU[a.String()])
		}
		row.describe(s.look, &m, &s.sight)
		if err := w.Write(&row); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// bare finds the face in the picture before something is drawn over it, in pixels; nil where there is none.
func (s *studio) bare() []occlude.Point {
	s.planes = encode.I420(s.picture, s.planes)
	m, err := s.look.Measure(s.planes, 0)
	if err != nil || m.State != pain.Scored {
		return nil
	}
	face := make([]occlude.Point, vision.NumPoints)
	for i := range face {
		face[i] = occlude.Point{X: float64(m.Face.Points[i].X) * side, Y: float64(m.Face.Points[i].Y) * side}
	}
	return face
}

// shoot films the picture as a camera and a stream would: blur, noise, compression.
func (s *studio) shoot(r *rand.Rand) error {
	s.planes = encode.I420(s.picture, s.planes)
	if x := r.Float64(); x < 0.5 {
		blur(s.planes.Y, s.blurred, s.planes.YStride, s.planes.Height, 1+r.IntN(2))
	}
	sd := uniform(r, 0, 5)
	for i, v := range s.planes.Y {
		s.planes.Y[i] = uint8(math.Max(16, math.Min(235, float64(v)+sd*r.NormFloat64())))
	}
	k := r.IntN(len(s.film) + 1)
	if k == len(s.film) { // not compressed
		s.seen = *s.planes
		return nil
	}
	b, _, err := s.film[k].Encode(s.planes, s.frame, true)
	if err != nil {
		return err
	}
	s.frame++
	_, err = s.play[k].Decode(b, &s.seen)
	return err
}

// blur takes the mean over three pixels along and across, again and again.
func blur(p, tmp []uint8, w, h, times int) {
	for range times {
		for y := range h {
			for x := range w {
				o := y*w + x
				tmp[o] = uint8((int(p[o-min(x, 1)]) + 2*int(p[o]) + int(p[o+min(w-1-x, 1)]) + 2) / 4)
			}
		}
		for y := range h {
			for x := range w {
				o := y*w + x
				p[o] = uint8((int(tmp[o-w*min(y, 1)]) + 2*int(tmp[o]) + int(tmp[o+w*min(h-1-y, 1)]) + 2) / 4)
			}
		}
	}
}
