package main

import (
	"bufio"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"wince/models/occlude"
	"wince/models/render"
	"wince/pain"
	"wince/stream/encode"
	"wince/vision"
)

// coverOptions says which pictures the gate for covered faces learns from or is tried on.
type coverOptions struct {
	head, faces, out string
	part             int
	people, shots    int
	each             int
	seed             uint64
}

func (o *coverOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.head, "head", "../shared/data/ict-facekit", "folder of the head model")
	f.StringVar(&o.faces, "faces", "../shared/data/faces/london", "folder with neutral/ and smiling/; none where empty")
	f.IntVar(&o.part, "part", 0, "of the faces: 0 the first, third, ..., 1 the others, -1 none")
	f.IntVar(&o.people, "people", 60, "rendered people")
	f.IntVar(&o.shots, "shots", 6, "pictures of each rendered person")
	f.IntVar(&o.each, "each", 8, "covered pictures made of each picture of a rendered person; five times as many of a real one")
	f.Uint64Var(&o.seed, "seed", 1000, "first rendered person, and of all that chance decides")
}

// coverSet writes OUT.f32, the patches, and OUT.csv, one line for each: what was drawn and how much of each region it hides.
type coverSet struct {
	a       *vision.Analyzer
	r       *rand.Rand
	patches *bufio.Writer
	rows    *csv.Writer
	patch   []float32
	planes  *vision.I420
	kept    int
}

func cover(nets vision.Models, o *coverOptions) (err error) {
	p, err := os.Create(o.out + ".f32")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	c, err := os.Create(o.out + ".csv")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	s := &coverSet{a: a, r: rand.New(rand.NewPCG(o.seed, 7)), patches: bufio.NewWriter(p), rows: csv.NewWriter(c), patch: make([]float32, vision.CoverPatchSize)}
	_ = s.rows.Write([]string{"set", "person", "kind", "state", "reasons", "yaw", "right_eye", "left_eye", "brows", "nose", "mouth",
		"said_right_eye", "said_left_eye", "said_brows", "said_nose", "said_mouth"})
	if o.part >= 0 && o.faces != "" {
		for _, mood := range []string{"neutral", "smiling"} {
			files, err := filepath.Glob(filepath.Join(o.faces, mood, "*.jpg"))
			if err != nil || len(files) == 0 {
				return fmt.Errorf("no pictures in %s/%s: %w", o.faces, mood, err)
			}
			for i, f := range files {
				if i%2 != o.part {
					continue
				}
				m, err := readRGBA(f)
				if err != nil {
					return err
				}
				if err := s.covered(m, "face-"+mood, strings.TrimSuffix(filepath.Base(f), ".jpg"), 5*o.each); err != nil {
					return err
				}
			}
		}
	}
	if o.people > 0 {
		if err := s.rendered(o); err != nil {
			return err
		}
	}
	s.rows.Flush()
	fmt.Fprintf(os.Stderr, "%d patches\n", s.kept)
	return errors.Join(s.rows.Error(), s.patches.Flush())
}

func readRGBA(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	b := image.Rect(0, 0, m.Bounds().Dx()&^1, m.Bounds().Dy()&^1)
	out := image.NewRGBA(b)
	draw.Draw(out, b, m, m.Bounds().Min, draw.Src)
	return out, nil
}

func (s *coverSet) rendered(o *coverOptions) error {
	h, err := render.Load(o.head)
	if err != nil {
		return err
	}
	const w, ht = 480, 360
	r, err := render.NewRenderer(w, ht)
	if err != nil {
		return err
	}
	lights := []render.Light{render.LightFront, render.LightSide, render.LightWindow, render.LightLamp}
	picture := image.NewRGBA(image.Rect(0, 0, w, ht))
	for k := range o.people {
		seed := o.seed + uint64(k)
		person := render.NewPerson(seed)
		fig := h.Figure(person)
		for range o.shots {
			light := lights[s.r.IntN(len(lights))]
			light.KeyYaw += 25 * s.r.NormFloat64()
			light.Exposure *= 0.6 + 0.7*s.r.Float64()
			shot := render.Shot{Expression: someExpression(s.r), Light: light, Room: render.NewRoom(s.r.Uint64N(1000), w, ht),
				Pose: render.Pose{Yaw: clip2(14*s.r.NormFloat64(), 33), Pitch: clip2(8*s.r.NormFloat64(), 22), Roll: 8 * s.r.NormFloat64(),
					Distance: 38 + 30*s.r.Float64(), X: s.r.NormFloat64(), Y: s.r.NormFloat64()}}
			if err := r.Render(picture, fig, shot); err != nil {
				return err
			}
			if err := s.covered(picture, "render", strconv.FormatUint(seed, 10), o.each); err != nil {
				return err
			}
		}
	}
	return nil
}

func clip2(x, most float64) float64 { return max(-most, min(most, x)) }

// someExpression is any face: of pain, smiling, speaking, asleep, or units by chance.
func someExpression(r *rand.Rand) render.Expression {
	k := 0.3 + 0.7*r.Float64()
	au := map[string]float64{}
	switch r.IntN(8) {
	case 0:
	case 1, 2:
		au = map[string]float64{"AU4": 5 * k, "AU6": 4 * k, "AU7": 4 * k, "AU9": 3 * k, "AU10": 3 * k, "AU25": 3 * r.Float64(), "AU43": float64(r.IntN(2))}
	case 3:
		au = map[string]float64{"AU12": 5 * k, "AU6": 4 * k, "AU25": 4 * r.Float64()}
	case 4:
		au = map[string]float64{"AU26": 5 * k, "AU25": 5 * k, "AU20": 2 * r.Float64()}
	case 5:
		au = map[string]float64{"AU43": 1}
	case 6:
		au = map[string]float64{"AU1": 4 * k, "AU4": 3 * r.Float64(), "AU15": 4 * k, "AU17": 3 * k}
	default:
		for _, n := range []string{"AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26"} {
			if r.IntN(3) == 0 {
				au[n] = 5 * r.Float64()
			}
		}
	}
	return render.Expression{AU: au, Asymmetry: 0.15 * r.NormFloat64(), GazeYaw: 8 * r.NormFloat64(), GazePitch: 5 * r.NormFloat64()}
}

// covered takes a picture as it is, and n times with something drawn over it.
func (s *coverSet) covered(clean *image.RGBA, set, person string, n int) error {
	s.planes = encode.I420(clean, s.planes)
	m, err := s.a.Measure(s.planes, 0)
	if err != nil || m.State != pain.Scored {
		return err
	}
	face := make([]occlude.Point, vision.NumPoints)
	for i := range face {
		face[i] = occlude.Point{X: float64(m.Face.Points[i].X) * float64(clean.Rect.Dx()), Y: float64(m.Face.Points[i].Y) * float64(clean.Rect.Dy())}
	}
	for range 1 + n/3 { // as it is, a little displaced each time
		if err := s.add(&m, set, person, "nothing", [5]float64{}); err != nil {
			return err
		}
	}
	picture := image.NewRGBA(clean.Rect)
	for range n {
		copy(picture.Pix, clean.Pix)
		kind := occlude.Kinds[s.r.IntN(len(occlude.Kinds))]
		if s.r.IntN(3) == 0 {
			kind = occlude.Hand
		}
		mask := occlude.Draw(s.r, picture, face, kind)
		shares := occlude.Shares(mask, face)
		s.planes = encode.I420(picture, s.planes)
		m, err := s.a.Measure(s.planes, 0)
		if err != nil {
			return err
		}
		if err := s.add(&m, set, person, string(kind), shares); err != nil {
			return err
		}
	}
	return nil
}

func (s *coverSet) add(m *vision.Measurement, set, person, kind string, shares [5]float64) error {
	clear(s.patch)
	if m.Face.Found {
		s.a.CoverPatch(s.patch, 0.7*s.r.NormFloat64(), 0.7*s.r.NormFloat64(), 0.03*s.r.NormFloat64(), 0.03*s.r.NormFloat64())
	}
	row := []string{set, person, kind, m.State.String(), strings.Join(m.Reasons.Codes(), " "), strconv.FormatFloat(float64(m.Face.Yaw), 'f', 1, 64)}
	for _, x := range shares {
		row = append(row, strconv.FormatFloat(x, 'f', 3, 64))
	}
	for _, x := range m.Cover {
		row = append(row, strconv.FormatFloat(float64(x), 'f', 3, 64))
	}
	s.kept++
	return errors.Join(binary.Write(s.patches, binary.LittleEndian, s.patch), s.rows.Write(row))
}
