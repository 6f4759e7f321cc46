package vision_test

import (
	"strings"
	"testing"

	"wince/pain"
	"wince/vision"
)

func TestSide(t *testing.T) {
	plain, attention := openNets(t), openMesh(t, vision.AttentionMesh)
	for _, c := range []struct {
		nets     vision.Models
		in, used vision.Side
	}{
		{plain, vision.BothSides, vision.BothSides}, {plain, vision.RightSide, vision.RightSide}, {plain, vision.LeftSide, vision.LeftSide},
		{attention, vision.RightSide, vision.RightSide},
	} {
		a := newAnalyzerWith(t, c.nets, vision.AnalyzerConfig{Side: c.in})
		if r := a.Judge(&vision.Measurement{}); r.Side != c.used {
			t.Errorf("%s, %q: the result says %q, want %q", c.nets.MeshKind(), c.in, r.Side, c.used)
		}
	}
	for _, bad := range []vision.Side{"both", "Left", "0"} {
		if _, err := vision.NewAnalyzer(plain, vision.AnalyzerConfig{Side: bad}); err == nil || !strings.Contains(err.Error(), string(bad)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What is measured from a half is a face of that half and its mirror image.
func TestAHalfIsMirrored(t *testing.T) {
	img := still(t, "pain.ivf")
	see := func(side vision.Side) (vision.Sight, map[string]float64) {
		a := newAnalyzer(t, vision.AnalyzerConfig{Stills: true, Side: side})
		m, err := a.Measure(img, 0)
		if err != nil || m.State != pain.Scored {
			t.Fatalf("%v %v", m.Reasons, err)
		}
		var s vision.Sight
		a.Sight(&s)
		return s, m.Features.Values()
	}
	whole, known := see(vision.BothSides)
	for _, c := range []struct {
		side        vision.Side
		sign        float32 // of x on that half
		first       int     // column of the patch
		kept, other string
	}{{vision.RightSide, -1, 0, "_r", "_l"}, {vision.LeftSide, 1, vision.PatchWidth / 2, "_l", "_r"}} {
		s, f := see(c.side)
		for o := 0; o < len(s.Patch); o += vision.PatchWidth {
			for x := c.first; x < c.first+vision.PatchWidth/2; x++ {
				if v := s.Patch[o+x]; v != whole.Patch[o+x] || v != s.Patch[o+vision.PatchWidth-1-x] {
					t.Fatalf("%s: column %d of the patch is %d, was %d, and opposite it is %d", c.side, x, v, whole.Patch[o+x], s.Patch[o+vision.PatchWidth-1-x])
				}
			}
		}
		kept, paired := 0, 0
		for i := 0; i < len(s.Points); i += 2 {
			x, y := s.Points[i], s.Points[i+1]
			if x*c.sign > 0.02 && x == whole.Points[i] && y == whole.Points[i+1] {
				kept++
			}
			for k := 0; k < len(s.Points); k += 2 {
				if s.Points[k] == -x && s.Points[k+1] == y {
					paired++
					break
				}
			}
		}
		if n := len(s.Points) / 2; kept < n*4/10 || paired != n {
			t.Errorf("%s: of %d points %d are where they were and %d have a mirror image", c.side, n, kept, paired)
		}
		for name, v := range f {
			base, ok := strings.CutSuffix(name, c.kept)
			if ok && (v != known[name] || v != f[base+c.other]) {
				t.Errorf("%s: %s is %g, was %g, and on the other half %g", c.side, name, v, known[name], f[base+c.other])
			}
		}
	}
}
