package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wince/vision"
)

// wince runs a command line and returns its exit status and what it printed.
func wince(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func clipFile(name string) string { return filepath.Join("..", "..", "testdata", "clips", name) }

type line struct {
	Type        string
	File        string
	Index       int
	TMS         float64 `json:"t_ms"`
	State       string
	Reasons     json.RawMessage
	AU          map[string]float64
	Deviation   map[string]float64 `json:"au_deviation"`
	PSPI, Score *float64
	Confounders json.RawMessage
}

// analysed returns the frames of one clip and its observation, having checked every line against the contract in
// docs/cli.md.
func analysed(t *testing.T, args ...string) (frames []line, obs map[string]any) {
	t.Helper()
	status, out, stderr := wince(t, append([]string{"analyze", "--json"}, args...)...)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	file := args[len(args)-1]
	for i, text := range strings.Split(strings.TrimSpace(out), "\n") {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil && l.Type != "observation" {
			t.Fatalf("line %d: %v in %s", i, err, text)
		}
		if l.File != file {
			t.Fatalf("line %d is about %q", i, l.File)
		}
		if l.Type == "observation" {
			if err := json.Unmarshal([]byte(text), &obs); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if l.Type != "frame" || l.Index != len(frames) || obs != nil {
			t.Fatalf("line %d: type %q, index %d", i, l.Type, l.Index)
		}
		if n := len(frames); n > 0 && l.TMS <= frames[n-1].TMS {
			t.Fatalf("line %d: time %g after %g", i, l.TMS, frames[n-1].TMS)
		}
		switch l.State {
		case "scored":
			if l.PSPI == nil || l.Score == nil || *l.PSPI < 0 || *l.PSPI > 16 || *l.Score < 0 || *l.Score > *l.PSPI+0.011 {
				t.Fatalf("line %d: scores out of range in %s", i, text)
			}
			for _, au := range []string{"AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU20", "AU25", "AU26", "AU43"} {
				top := 5.0
				if au == "AU43" {
					top = 1
				}
				if v, ok := l.AU[au]; !ok || v < 0 || v > top {
					t.Fatalf("line %d: %s is %g in %s", i, au, v, text)
				}
			}
			if l.Deviation == nil {
				t.Fatalf("line %d: nothing is said of what the units may be off by: %s", i, text)
			}
			for au, d := range l.Deviation {
				if _, ok := l.AU[au]; !ok || d <= 0 || d > 5 {
					t.Fatalf("line %d: the deviation of %s is %g in %s", i, au, d, text)
				}
			}
		case "no_face", "not_assessable":
			if l.Deviation != nil || l.PSPI != nil || l.Score != nil || l.AU != nil || string(l.Reasons) == "[]" {
				t.Fatalf("line %d: a picture that was not judged has a number or no reason: %s", i, text)
			}
		default:
			t.Fatalf("line %d: state %q", i, l.State)
		}
		frames = append(frames, l)
	}
	for _, k := range []string{"assessed", "score_p95", "score_mean", "models", "rules", "baseline", "provisional"} {
		if _, ok := obs[k]; !ok {
			t.Fatalf("the observation lacks %q: %v", k, obs)
		}
	}
	return frames, obs
}

type truth struct {
	Segments []struct {
		From  float64 `json:"from_ms"`
		To    float64 `json:"to_ms"`
		Label string
	}
	Frames []struct {
		TMS float64 `json:"t_ms"`
		AU  map[string]float64
	}
}

func readTruth(t *testing.T, name string) (tr truth) {
	t.Helper()
	b, err := os.ReadFile(clipFile(name + ".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

// labelled returns the values of the scored frames that lie well inside the segments of a label, and the share scored.
func labelled(tr truth, frames []line, label string, value func(line) float64) (values []float64, scored float64) {
	n := 0
	for _, s := range tr.Segments {
		if s.Label != label {
			continue
		}
		for _, f := range frames {
			if f.TMS < s.From+150 || f.TMS > s.To-150 {
				continue
			}
			n++
			if f.State == "scored" {
				values = append(values, value(f))
			}
		}
	}
	return values, float64(len(values)) / float64(max(n, 1))
}

func median(x []float64) float64 { // NaN of nothing
	if len(x) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}

func score(f line) float64 { return *f.Score }

func TestAnalyzeRenderedPain(t *testing.T) {
	for _, neutral := range []string{"auto", "population"} {
		for _, name := range []string{"pain", "pain-dark", "pain-light-old"} {
			tr := readTruth(t, name)
			frames, obs := analysed(t, "--neutral", neutral, clipFile(name+".ivf"))
			if len(frames) != len(tr.Frames) {
				t.Errorf("%s: %d frames, not %d", name, len(frames), len(tr.Frames))
			}
			rest, seen := labelled(tr, frames, "neutral", score)
			hurt, seen2 := labelled(tr, frames, "pain", score)
			t.Logf("%s, %s: neutral %.2f, pain %.2f", name, neutral, median(rest), median(hurt))
			if seen < 0.95 || seen2 < 0.95 {
				t.Errorf("%s: only %.2f and %.2f of the pictures were judged", name, seen, seen2)
			}
			if !(median(rest) <= 1.5) || !(median(hurt) >= 4) {
				t.Errorf("%s, %s: median score %.2f at rest and %.2f in pain; at most 1.5 and at least 4", name, neutral, median(rest), median(hurt))
			}
			if want := map[string]string{"auto": "session", "population": "population"}[neutral]; obs["baseline"] != want {
				t.Errorf("%s: baseline %v, want %s", name, obs["baseline"], want)
			}
		}
	}
}

func TestAnalyzeWhatIsNotPain(t *testing.T) {
	for _, name := range []string{"smile", "blink", "speech"} {
		frames, obs := analysed(t, clipFile(name+".ivf"))
		p95 := obs["score_p95"].(float64)
		t.Logf("%s: 95th percentile %.2f", name, p95)
		if p95 > 1.5 {
			t.Errorf("%s: 95th percentile of the score %.2f; at most 1.5", name, p95)
		}
		if name == "blink" { // and the blinks were seen, not missed
			closed := 0
			for _, f := range frames {
				if f.AU["AU43"] >= 0.5 {
					closed++
				}
			}
			if closed < 4 {
				t.Errorf("blink: the eyes were closed in %d pictures only", closed)
			}
		}
	}
}

func TestAnalyzeRefuses(t *testing.T) {
	for name, label := range map[string]string{"turned": "turned", "black": "black", "nobody": "nobody"} {
		tr := readTruth(t, name)
		frames, obs := analysed(t, clipFile(name+".ivf"))
		_, seen := labelled(tr, frames, label, score)
		if label == "turned" { // it turns there and back: what counts is that the far part is refused
			seen = 0
			for _, f := range frames {
				if f.State != "scored" {
					seen = -1
				}
			}
			if seen == 0 {
				t.Error("turned: no picture was refused")
			}
			continue
		}
		if seen > 0 {
			t.Errorf("%s: %.2f of the pictures were judged", name, seen)
		}
		if name == "nobody" && (obs["state"] != "not_assessable" || obs["score_p95"] != nil) {
			t.Errorf("nobody: %v", obs)
		}
	}
}

// TestAnalyzeStills checks that stills do not know of each other: the same picture gives the same numbers anywhere.
func TestAnalyzeStills(t *testing.T) {
	dir := t.TempDir()
	still := filepath.Join(dir, "face.png")
	writeStill(t, clipFile("pain.ivf"), 120, still)
	alone, _ := analysed(t, still)
	_, out, _ := wince(t, "analyze", "--json", clipFile("pain.ivf"), still)
	if !strings.Contains(out, `"file":"`+still+`","index":0`) {
		t.Fatal("no line for the still")
	}
	tail := out[strings.Index(out, `{"type":"frame","file":"`+still):]
	var again line
	if err := json.Unmarshal([]byte(tail[:strings.Index(tail, "\n")]), &again); err != nil || alone[0].Score == nil || *again.Score != *alone[0].Score {
		t.Errorf("alone %v, after a clip %v (%v)", alone[0], again, err)
	}
	rest := filepath.Join(dir, "rest.png")
	writeStill(t, clipFile("pain.ivf"), 20, rest)
	_, obs := analysed(t, "--neutral", rest, clipFile("pain.ivf"))
	if obs["baseline"] != "resident" {
		t.Errorf("baseline %v with a picture of the person at ease", obs["baseline"])
	}
}

// writeStill writes picture n of a clip as a PNG.
func writeStill(t *testing.T, clip string, n int, path string) {
	t.Helper()
	c, _, err := openClip(clip)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var m vision.I420
	for range n + 1 {
		if _, err := c.Next(&m); err != nil {
			t.Fatal(err)
		}
	}
	img := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for y := range m.Height {
		for x := range m.Width {
			l := 1.164 * (float64(m.Y[y*m.YStride+x]) - 16) // BT.601, limited range
			u, v := float64(m.U[y/2*m.CStride+x/2])-128, float64(m.V[y/2*m.CStride+x/2])-128
			b := func(v float64) uint8 { return uint8(min(max(v, 0), 255)) }
			img.SetRGBA(x, y, color.RGBA{b(l + 1.596*v), b(l - 0.392*u - 0.813*v), b(l + 2.017*u), 255})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func TestAnalyzeTableAndPlot(t *testing.T) {
	plot := filepath.Join(t.TempDir(), "plot.png")
	status, out, stderr := wince(t, "analyze", "--plot", plot, clipFile("pain.ivf"))
	if status != 0 || !strings.Contains(out, "AU43") || !strings.Contains(out, "Provisional") || !strings.Contains(out, "95th percentile") {
		t.Fatalf("exit status %d\n%s%s", status, out, stderr)
	}
	f, err := os.Open(plot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil || img.Bounds().Dx() < 800 {
		t.Errorf("plot: %v %v", img.Bounds(), err)
	}
}

// Which half was read stands in the table and in the JSON, and half a face is never more than low confidence.
func TestAnalyzeSide(t *testing.T) {
	face := onePicture(t, "blink.ivf")
	for _, side := range []string{"right", "left"} {
		_, obs := analysed(t, "--side", side, face)
		if obs["side"] != side || obs["confidence"] != "low" {
			t.Errorf("--side %s: side %v, confidence %v", side, obs["side"], obs["confidence"])
		}
	}
	if _, obs := analysed(t, face); obs["side"] != nil {
		t.Errorf("without --side: %v", obs["side"])
	}
	if _, obs := analysed(t, "--side", "left", onePicture(t, "nobody.ivf")); obs["side"] != nil || obs["scored"] != 0.0 {
		t.Errorf("nothing was judged, and yet %v", obs)
	}
	if status, out, stderr := wince(t, "analyze", "--side", "left", face); status != 0 || !strings.Contains(out, "Measured on the person's left half") {
		t.Errorf("exit status %d\n%s%s", status, out, stderr)
	}
}

// onePicture writes the first picture of a clip as a clip of its own.
func onePicture(t *testing.T, name string) string {
	t.Helper()
	whole, err := os.ReadFile(clipFile(name))
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(t.TempDir(), "first-"+name)
	size := int(binary.LittleEndian.Uint32(whole[32:]))
	if err := os.WriteFile(first, whole[:32+12+size], 0o600); err != nil {
		t.Fatal(err)
	}
	return first
}

// One picture is judged whatever its file is called, and so is a clip that has only one.
func TestAnalyzeOnePicture(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		t.Fatal(err)
	}
	photo := filepath.Join(t.TempDir(), "photo")
	if err := os.WriteFile(photo, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, obs := analysed(t, photo); obs["duration_ms"] != 1000.0 {
		t.Errorf("a picture without an ending is no still: %v", obs)
	}
	if frames, obs := analysed(t, onePicture(t, "blink.ivf")); len(frames) != 1 || obs["state"] != "assessed" {
		t.Errorf("a clip of one picture: %v", obs)
	}
}

func TestAnalyzeBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	whole, err := os.ReadFile(clipFile("blink.ivf"))
	if err != nil {
		t.Fatal(err)
	}
	text := write("notes.mp4", "this is not a clip")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
	}{
		{"no file", []string{"analyze"}, 2, "name at least one"},
		{"unknown flag", []string{"analyze", "--fast", "x"}, 2, "--help"},
		{"unknown command", []string{"analyse"}, 2, "unknown command"},
		{"missing file", []string{"analyze", filepath.Join(dir, "none.mp4")}, 1, "does not exist"},
		{"a folder", []string{"analyze", dir}, 1, "folder"},
		{"empty file", []string{"analyze", write("empty.mp4", "")}, 1, "empty"},
		{"text called a clip", []string{"analyze", text}, 1, "not a clip"},
		{"text called a picture", []string{"analyze", write("notes.jpg", "no picture")}, 1, "not a picture"},
		{"a picture that claims a gigapixel", []string{"analyze", write("huge.png", hugePNG)}, 1, "claims 40000 x 40000"},
		{"IVF header only", []string{"analyze", write("head.ivf", string(whole[:32]))}, 1, "no picture"},
		{"IVF of another codec", []string{"analyze", write("vp9.ivf", strings.Replace(string(whole), "VP80", "VP90", 1))}, 1, "VP8"},
		{"IVF cut in a frame", []string{"analyze", write("cut.ivf", string(whole[:len(whole)/2]))}, 4, "were analysed"},
		{"a device", []string{"analyze", os.DevNull}, 1, "pipe or a device"},
		{"one good, one bad", []string{"analyze", "--json", clipFile("blink.ivf"), text}, 4, "1 of 2"},
		{"neutral is no face", []string{"analyze", "--neutral", clipFile("nobody.ivf"), clipFile("blink.ivf")}, 1, "cannot be judged"},
		{"neutral is no picture", []string{"analyze", "--neutral", text, clipFile("blink.ivf")}, 1, "neutral"},
		{"no such mesh", []string{"analyze", "--mesh", "fine", clipFile("blink.ivf")}, 2, "--mesh"},
		{"no such side", []string{"analyze", "--side", "Left", clipFile("blink.ivf")}, 2, "both, right or left"},
		{"an empty side", []string{"analyze", "--side", "", clipFile("blink.ivf")}, 2, "--side"},
		{"plot of two", []string{"analyze", "--plot", "x.png", text, text}, 2, "--plot"},
		{"plot is no PNG", []string{"analyze", "--plot", filepath.Join(dir, "x.pdf"), clipFile("blink.ivf")}, 2, ".png"},
		{"no models", []string{"analyze", "--models", filepath.Join(dir, "nowhere"), clipFile("blink.ivf")}, 3, "models"},
	} {
		status, out, stderr := wince(t, c.args...)
		if status != c.status || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit status %d, want %d; says %q, want %q in it", c.name, status, c.status, strings.TrimSpace(stderr), c.says)
		}
		if status == exitUsage && out != "" {
			t.Errorf("%s: a wrong command line, and yet something was begun: %.100s", c.name, out)
		}
	}
}

// hugePNG is the beginning of a PNG: a header of 40000 x 40000 pixels, at which OpenCV would end the program.
const hugePNG = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x9c\x40\x00\x00\x9c\x40\x08\x02\x00\x00\x00\xde\x6e\x99\x52"
