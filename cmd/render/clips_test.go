package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wince/models/render"
	"wince/pain"
	"wince/stream/ivf"
)

const clipsDir = "../../testdata/clips"

func TestCommittedTruthIsTheProgramsOwn(t *testing.T) {
	for _, c := range clips() {
		want, err := c.truth().marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(clipsDir, c.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s.json is not what the program writes: run go run ./cmd/render and commit testdata/clips", c.name)
		}
	}
}

func TestClipsAgreeWithTheirTruth(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(clipsDir, "*.ivf"))
	if err != nil || len(names) != len(clips()) {
		t.Fatalf("%d clips in %s, the program makes %d; %v", len(names), clipsDir, len(clips()), err)
	}
	total := int64(0)
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, err := os.ReadFile(strings.TrimSuffix(name, ".ivf") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var truth truth
			if err := json.Unmarshal(b, &truth); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, h, err := ivf.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			v := truth.Video
			if h.FourCC != "VP80" || h.Width != v.Width || h.Height != v.Height || int(h.Den) != v.FPS || h.Num != 1 || int(h.Frames) != v.Frames {
				t.Errorf("header %+v, the truth says %+v", h, v)
			}
			n := 0
			for ; ; n++ {
				b, pts, err := r.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if pts != uint64(n) || len(b) == 0 {
					t.Errorf("frame %d: time stamp %d, %d bytes", n, pts, len(b))
				}
				if key := b[0]&1 == 0; n%keyframeEvery == 0 && !key { // RFC 6386, section 9.1
					t.Errorf("frame %d is no keyframe", n)
				}
			}
			if n != v.Frames || n != len(truth.Frames) {
				t.Errorf("%d frames, the truth has %d and says %d", n, len(truth.Frames), v.Frames)
			}
			checkSegments(t, &truth)
			if i, err := f.Stat(); err == nil {
				total += i.Size()
				if i.Size() > 250<<10 {
					t.Errorf("%d bytes are more than a clip should have", i.Size())
				}
			}
		})
	}
	if total > 3<<20 {
		t.Errorf("the clips have %d bytes together", total)
	}
}

// checkSegments holds what each label promises against the frames.
func checkSegments(t *testing.T, c *truth) {
	t.Helper()
	last := 0
	for _, s := range c.Segments {
		if s.FromMS < last || s.ToMS <= s.FromMS || s.ToMS > c.Video.Frames*1000/c.Video.FPS {
			t.Errorf("segment %+v begins before %d ms or ends after the clip", s, last)
		}
		last = s.ToMS
		most := func(a pain.AU) (m float64) {
			for _, f := range c.Frames {
				if f.AU != nil && f.TMS >= s.FromMS && f.TMS < s.ToMS {
					m = math.Max(m, float64(f.AU[a]))
				}
			}
			return m
		}
		for _, f := range c.Frames {
			if f.TMS < s.FromMS || f.TMS >= s.ToMS {
				continue
			}
			if hidden := s.Label == "black" || s.Label == "nobody"; hidden != (f.AU == nil) || hidden != (f.Pose == nil) {
				t.Errorf("%d ms, %s: a face is told of that is not there, or the other way round", f.TMS, s.Label)
				continue
			}
			switch s.Label {
			case "neutral":
				for _, a := range known {
					if f.AU[a] != 0 {
						t.Errorf("%d ms, neutral: %v is %.2f", f.TMS, a, f.AU[a])
					}
				}
			case "pain":
				if p := f.AU.PSPI(); p < 9 {
					t.Errorf("%d ms, pain: PSPI is %.1f", f.TMS, p)
				}
			case "smile":
				if f.AU[pain.AU12] < 3 || f.AU[pain.AU4] > 0 {
					t.Errorf("%d ms, smile: AU12 is %.1f, AU4 %.1f", f.TMS, f.AU[pain.AU12], f.AU[pain.AU4])
				}
			case "turned":
				if f.Pose[0] < 50 {
					t.Errorf("%d ms, turned: yaw is %.0f", f.TMS, f.Pose[0])
				}
			}
		}
		switch s.Label {
		case "blink":
			if d := s.ToMS - s.FromMS; most(pain.AU43) < 0.9 || d < 150 || d > 300 {
				t.Errorf("a blink of %d ms closes the eyes to %.2f", d, most(pain.AU43))
			}
		case "speech":
			if most(pain.AU26) < 1.5 || most(pain.AU25) < 2 {
				t.Errorf("speech opens the mouth to AU26 %.1f, AU25 %.1f", most(pain.AU26), most(pain.AU25))
			}
		case "neutral", "pain", "smile", "turned", "black", "nobody":
		default:
			t.Errorf("segment label %q is not known", s.Label)
		}
	}
}

func TestScriptsStayInRange(t *testing.T) {
	for _, c := range clips() {
		for i := range c.frames() {
			m := c.script(float64(i) / fps)
			for a, x := range m.au {
				if x < 0 || x > a.Max() || math.IsNaN(x) || !slices.Contains(known, a) {
					t.Fatalf("%s, frame %d: %v is %g", c.name, i, a, x)
				}
			}
		}
	}
}

// The empty room needs no head, so that the way from script to file is tested everywhere.
func TestMakeNobody(t *testing.T) {
	i := slices.IndexFunc(clips(), func(c clip) bool { return c.name == "nobody" })
	c := clips()[i]
	c.seconds = 0.5
	r, err := render.NewRenderer(width, height)
	if err != nil {
		t.Fatal(err)
	}
	var files [2][]byte
	for k := range files {
		dir := t.TempDir()
		if _, err := c.make(nil, r, dir, ""); err != nil {
			t.Fatal(err)
		}
		if files[k], err = os.ReadFile(filepath.Join(dir, "nobody.ivf")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same clip made twice has other bytes")
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{{"--only", "no-such-clip"}, {"--head", t.TempDir(), "--out", t.TempDir()}, {"--bogus"}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
