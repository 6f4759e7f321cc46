package vision_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wince/stream/decode"
	"wince/stream/ivf"
	"wince/vision"
)

// watch measures a part of a rendered clip as a live session does.
func watch(t *testing.T, a *vision.Analyzer, name string, from, to time.Duration, each func(*vision.Result)) {
	t.Helper()
	watchAt(t, a, 0, name, from, to, each)
}

// watchAt is watch of a clip that begins at some time of the session.
func watchAt(t *testing.T, a *vision.Analyzer, begin time.Duration, name string, from, to time.Duration, each func(*vision.Result)) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "clips", name+".ivf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, h, err := ivf.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode.NewVP8()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var img vision.I420
	for n := uint64(0); ; n++ {
		b, _, err := r.Next()
		if errors.Is(err, io.EOF) || h.Time(n) >= to {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(b, &img); err != nil {
			t.Fatal(err)
		}
		res, err := a.Analyze(&img, begin+h.Time(n))
		if err != nil {
			t.Fatal(err)
		}
		if h.Time(n) >= from {
			each(&res)
		}
	}
}

// A face at ease makes a baseline, whoever it is and though it blinks; one that grimaces, smiles, speaks or turns does not.
func TestEase(t *testing.T) {
	const ms = time.Millisecond
	nets := openNets(t)
	for _, c := range []struct {
		clip     string
		from, to time.Duration
		want     []string
	}{
		{"pain", 0, 2500 * ms, nil},
		{"pain-dark", 0, 2500 * ms, nil},
		{"pain-light-old", 0, 2500 * ms, nil},
		{"blink", 0, 6000 * ms, nil},
		{"black", 0, 5000 * ms, nil}, // half of it is black and counts for nothing
		{"pain", 3200 * ms, 5700 * ms, []string{vision.EaseTense}},
		{"pain-dark", 3200 * ms, 5700 * ms, []string{vision.EaseTense}},
		{"smile", 2100 * ms, 4200 * ms, []string{vision.EaseSmile}},
		{"smile", 0, 6000 * ms, []string{vision.EaseSmile}},
		{"speech", 0, 6000 * ms, []string{vision.EaseSpeech}},
		{"turned", 0, 6000 * ms, []string{vision.EasePose}},
		{"nobody", 0, 4000 * ms, []string{vision.EaseTooShort}},
	} {
		a := newAnalyzerWith(t, nets, vision.AnalyzerConfig{})
		e := &vision.Ease{}
		watch(t, a, c.clip, c.from, c.to, e.Add)
		r := e.Report(c.to-c.from, c.to-c.from)
		if !slices.Equal(r.Reasons, c.want) {
			t.Errorf("%s from %v: %v, want %v (PSPI %.1f, sway %.1f)", c.clip, c.from, r.Reasons, c.want, r.PSPI, r.Sway)
		}
		if (r.Values != nil) != (c.want == nil) {
			t.Errorf("%s from %v: values %v", c.clip, c.from, r.Values)
		}
		for _, reason := range r.Reasons {
			if vision.EaseAdvice(reason) == "" {
				t.Errorf("no sentence for %s", reason)
			}
		}
	}
	if r := new(vision.Ease).Report(0, time.Second); len(r.Reasons) != 1 || r.Reasons[0] != vision.EaseTooShort {
		t.Errorf("nothing at all: %+v", r)
	}
}

// Measured against a baseline of the same face, it is at ease where it was and in pain where it was.
func TestResidentNeutral(t *testing.T) {
	nets := openNets(t)
	e := &vision.Ease{}
	watch(t, newAnalyzerWith(t, nets, vision.AnalyzerConfig{}), "pain-light-old", 0, 2500*time.Millisecond, e.Add)
	r := e.Report(time.Second, time.Second)
	n, err := vision.ResidentNeutral(r.Values)
	if err != nil {
		t.Fatal(err)
	}
	var calm, pained []float64
	watch(t, newAnalyzerWith(t, nets, vision.AnalyzerConfig{Neutral: n}), "pain-light-old", 0, 5700*time.Millisecond, func(r *vision.Result) {
		if r.Baseline != vision.BaselineResident {
			t.Fatalf("frame %d is measured against %s", r.Frame.Index, r.Baseline)
		}
		switch {
		case r.Frame.T < 2500*time.Millisecond:
			calm = append(calm, r.Frame.Score)
		case r.Frame.T >= 3200*time.Millisecond:
			pained = append(pained, r.Frame.Score)
		}
	})
	slices.Sort(calm)
	slices.Sort(pained)
	if c, p := calm[len(calm)*9/10], pained[len(pained)/10]; c > 1 || p < 3 {
		t.Errorf("a tenth of the calm frames score more than %.2f, a tenth of the pained less than %.2f", c, p)
	}
	delete(r.Values, "jaw")
	if _, err := vision.ResidentNeutral(r.Values); err == nil {
		t.Error("a baseline without the jaw is taken")
	}
	r.Values["jaw"], r.Values["more"] = 0.5, 1
	if _, err := vision.ResidentNeutral(r.Values); err == nil {
		t.Error("a baseline with an unknown value is taken")
	}
}

func TestBaselineMethod(t *testing.T) {
	plain, attention := vision.BaselineMethod(openNets(t)), vision.BaselineMethod(openMesh(t, vision.AttentionMesh))
	if plain == attention || !strings.HasPrefix(plain, vision.MethodFeatures+" plain ") || !strings.Contains(plain, "sha256:") || len(attention) > 200 {
		t.Errorf("methods %q and %q", plain, attention)
	}
}
