package vision_test

import (
	"strings"
	"testing"

	"wince/vision"
)

func TestSide(t *testing.T) {
	plain, attention := openNets(t), openMesh(t, vision.AttentionMesh)
	for _, c := range []struct {
		nets     vision.Models
		in, used vision.Side
	}{
		{plain, vision.BothSides, vision.BothSides}, {plain, vision.RightSide, vision.RightSide}, {plain, vision.LeftSide, vision.LeftSide},
		{attention, vision.RightSide, vision.BothSides}, // for which no network answers by halves
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
