package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/evaluate"
	"wince/vision"
)

// published makes a set in a published layout out of a rendered clip: every step-th picture, with its truth.
type published struct {
	t    *testing.T
	root string
}

func (p *published) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *published) picture(name string, img *vision.I420) {
	p.t.Helper()
	path := filepath.Join(p.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	m := image.NewYCbCr(image.Rect(0, 0, img.Width, img.Height), image.YCbCrSubsampleRatio420)
	for y := range img.Height { // limited range to full
		for x := range img.Width {
			m.Y[y*m.YStride+x] = uint8(min(max((int(img.Y[y*img.YStride+x])-16)*255/219, 0), 255))
		}
	}
	for y := range img.Height / 2 {
		for x := range img.Width / 2 {
			m.Cb[y*m.CStride+x], m.Cr[y*m.CStride+x] = img.U[y*img.CStride+x], img.V[y*img.CStride+x]
		}
	}
	if strings.HasSuffix(name, ".png") {
		e := png.Encoder{CompressionLevel: png.BestSpeed}
		err = e.Encode(f, m)
	} else {
		err = jpeg.Encode(f, m, &jpeg.Options{Quality: 90})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// each calls do with every step-th picture of a rendered clip, its number from 1 and its truth.
func (p *published) each(clip string, step int, do func(n int, img *vision.I420, au map[string]float64)) {
	p.t.Helper()
	tr := readTruth(p.t, clip)
	c, _, err := openClip(clipFile(clip + ".ivf"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	var img vision.I420
	for i := 0; ; i++ {
		if _, err := c.Next(&img); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			p.t.Fatal(err)
		}
		if i%step == 0 {
			do(i/step+1, &img, tr.Frames[i].AU)
		}
	}
}

func evaluated(t *testing.T, args ...string) *evaluate.Report {
	t.Helper()
	status, out, stderr := wince(t, append([]string{"evaluate", "--json", "--bootstrap", "0"}, args...)...)
	if status != exitOK {
		t.Fatalf("%v: exit status %d: %s", args, status, stderr)
	}
	r := new(evaluate.Report)
	if err := json.Unmarshal([]byte(out), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// agrees checks that a unit was read from the right place: that a rendered clip's AU4 follows its truth.
func agrees(t *testing.T, r *evaluate.Report, layout string, coded int) {
	t.Helper()
	if r.Layout != layout || r.Coded != coded {
		t.Errorf("layout %s, %d coded; want %s, %d", r.Layout, r.Coded, layout, coded)
	}
	for _, u := range r.Units {
		if u.AU == "AU4" {
			if u.Pearson.Value == nil || *u.Pearson.Value < 0.8 {
				t.Errorf("%s: AU4 %+v", layout, u.Pearson)
			}
			return
		}
	}
	t.Errorf("%s: AU4 is not among %d units", layout, len(r.Units))
}

func TestEvaluateUNBC(t *testing.T) {
	p := &published{t, t.TempDir()}
	n := 0
	p.each("pain", 14, func(i int, img *vision.I420, au map[string]float64) {
		n++
		name := fmt.Sprintf("042-ll042/ll042t1aaaff/ll042t1aaaff%03d", i)
		p.picture("Images/"+name+".png", img)
		facs := ""
		for _, u := range []string{"AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU20", "AU25", "AU26"} {
			if x := au[u]; x >= 0.5 {
				facs += fmt.Sprintf("  %s.0000000e+00   %.7e   0.0000000e+00   0.0000000e+00\n", u[2:], float64(int(x+0.5)))
			}
		}
		pspi := float64(int(au["AU4"] + max(au["AU6"], au["AU7"]) + max(au["AU9"], au["AU10"]) + au["AU43"]))
		if au["AU43"] >= 0.5 {
			facs += "  4.3000000e+01   1.0000000e+00   0.0000000e+00   0.0000000e+00\n"
		}
		p.write("Frame_Labels/FACS/"+name+"_facs.txt", facs)
		p.write("Frame_Labels/PSPI/"+name+"_facs.txt", fmt.Sprintf("   %.7e\n", pspi))
	})
	r := evaluated(t, p.root)
	agrees(t, r, "unbc", n)
	if r.Pain == nil || r.Pain.N < n*9/10 || r.Pain.PSPI.Pearson.Value == nil || *r.Pain.PSPI.Pearson.Value < 0.9 {
		t.Errorf("pain: %+v", r.Pain)
	}
}

func TestEvaluateDISFA(t *testing.T) {
	p := &published{t, t.TempDir()}
	b, err := os.ReadFile(clipFile("pain.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("Video_LeftCamera/LeftVideoSN001_comp.avi", string(b))
	labels := map[string]string{}
	p.each("pain", 1, func(i int, _ *vision.I420, au map[string]float64) {
		for _, u := range []string{"AU1", "AU2", "AU4", "AU6", "AU9", "AU12", "AU20", "AU25", "AU26"} {
			labels[u] += fmt.Sprintf("%d,%d\n", i, int(au[u]+0.5))
		}
	})
	for u, text := range labels {
		p.write("ActionUnit_Labels/SN001/SN001_au"+u[2:]+".txt", text)
	}
	r := evaluated(t, p.root)
	agrees(t, r, "disfa", 252)
	if r.CrossTalk == nil || len(r.CrossTalk.True) != 9 || r.Pain != nil {
		t.Errorf("cross-talk %+v, pain %+v", r.CrossTalk, r.Pain)
	}
}

func TestEvaluateBP4D(t *testing.T) {
	p := &published{t, t.TempDir()}
	occ := "0,1,2,4,6,7,9,10,12\n"
	p.each("pain", 9, func(i int, img *vision.I420, au map[string]float64) {
		p.picture(fmt.Sprintf("2D+3D/F001/T8/%04d.jpg", i), img)
		if i > 25 { // not coded
			return
		}
		occ += fmt.Sprint(i)
		for _, u := range []string{"AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12"} {
			there := 0
			if au[u] >= 1 {
				there = 1
			}
			occ += fmt.Sprintf(",%d", there)
		}
		occ += "\n"
	})
	p.write("AUCoding/AU_OCC/F001_T8.csv", occ)
	r := evaluated(t, p.root)
	agrees(t, r, "bp4d", 25)
	if !r.Occurrence || len(r.Groups) != 1 || r.Groups[0].Group != "female" || r.Labels[0].Label != "T8" {
		t.Errorf("%+v", r)
	}
}

func TestEvaluateTellsWhatIsWrong(t *testing.T) {
	p := &published{t, t.TempDir()}
	p.write("info.csv", "face_id,face_age,face_gender,face_eth\n001,24,female,white\n002,30,male,white\n")
	p.each("smile", 90, func(i int, img *vision.I420, _ map[string]float64) {
		if i == 1 {
			p.picture("neutral/001.jpg", img)
			p.picture("smiling/001.jpg", img)
		}
	})
	p.write("neutral/002.jpg", "not a picture")
	html := filepath.Join(t.TempDir(), "report.html")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, exitUsage, "name one folder"},
		{[]string{"a", "b"}, exitUsage, "name one folder"},
		{[]string{"--neutral", "x", p.root}, exitUsage, "--neutral"},
		{[]string{"--mesh", "x", p.root}, exitUsage, "--mesh"},
		{[]string{"--bootstrap", "-1", p.root}, exitUsage, "--bootstrap"},
		{[]string{filepath.Join(p.root, "none")}, exitFailed, "does not exist"},
		{[]string{t.TempDir()}, exitFailed, "none of the layouts"},
		{[]string{"--html", filepath.Join(p.root, "none", "r.html"), p.root}, exitFailed, "write report"},
		{[]string{"--models", t.TempDir(), p.root}, exitNoModels, ""},
		{[]string{"--html", html, "--neutral", "own", p.root}, exitPartly, "1 of 3"},
	} {
		status, _, stderr := wince(t, append([]string{"evaluate"}, c.args...)...)
		if status != c.status || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit status %d, want %d: %s", c.args, status, c.status, stderr)
		}
	}
	if b, err := os.ReadFile(html); err != nil || !strings.Contains(string(b), "smiling") {
		t.Errorf("the report: %v", err)
	}
}
