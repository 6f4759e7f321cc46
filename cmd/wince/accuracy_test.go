package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wince/models"
	"wince/pain"
	"wince/vision"
	"wince/vision/opencv"
	"wince/vision/ort"
)

// The figures of docs/accuracy.md: go test ./cmd/wince -run Accuracy -v prints them. The bounds here only keep them from
// falling unseen; they are for the default mesh. With -mesh attention after it, the figures are the other's.
var meshFlag = flag.String("mesh", string(vision.PlainMesh), "what places the landmarks in the tests of accuracy")

// TestAccuracyOnRenderedClips compares every measured unit with the truth of the rendered clips.
func TestAccuracyOnRenderedClips(t *testing.T) {
	bounded := *meshFlag == string(vision.PlainMesh)
	// The clips show AU20 in the face of pain only, at 1 of 5; rendered strangers tell more of it (docs/accuracy.md). Their truth of AU25 is
	// what the face was told to do, while what parts the lips is measured, AU9 and AU10 among it.
	// AU7 is there beside AU4 and AU6 only, and what it shows of them is taken out of it (decision 117); PSPI takes the larger of AU6 and AU7.
	least := map[string]float64{"AU1": 0.9, "AU2": 0.9, "AU4": 0.95, "AU6": 0.9, "AU7": 0.82, "AU9": 0.9, "AU10": 0.9, "AU12": 0.95, "AU20": 0.45, "AU25": 0.8,
		"AU26": 0.9, "AU43": 0.95, "PSPI": 0.95}
	names := []string{"AU1", "AU2", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU20", "AU25", "AU26", "AU43", "PSPI"}
	for _, neutral := range []string{"auto", "population"} {
		measured, real := map[string][]float64{}, map[string][]float64{}
		files, err := filepath.Glob(clipFile("*.ivf"))
		if err != nil || len(files) < 8 {
			t.Fatalf("found %d clips: %v", len(files), err)
		}
		for _, f := range files {
			tr := readTruth(t, strings.TrimSuffix(filepath.Base(f), ".ivf"))
			frames, _ := analysed(t, "--mesh", *meshFlag, "--neutral", neutral, f)
			for i, l := range frames {
				if l.State != "scored" || tr.Frames[i].AU == nil {
					continue
				}
				au := tr.Frames[i].AU
				for _, n := range names[:len(names)-1] {
					measured[n], real[n] = append(measured[n], l.AU[n]), append(real[n], au[n])
				}
				measured["PSPI"] = append(measured["PSPI"], *l.PSPI)
				real["PSPI"] = append(real["PSPI"], au["AU4"]+max(au["AU6"], au["AU7"])+max(au["AU9"], au["AU10"])+au["AU43"])
			}
		}
		t.Logf("neutral %s, %d frames: unit, Pearson r, mean absolute error, mean where the truth is below 0.1", neutral, len(real["PSPI"]))
		for _, n := range names {
			r := pearson(measured[n], real[n])
			t.Logf("%-5s r %5.2f  error %.2f  at rest %.2f", n, r, meanError(measured[n], real[n]), atRest(measured[n], real[n]))
			if low, ok := least[n]; ok && bounded && neutral == "auto" && !(r >= low) {
				t.Errorf("%s: r %.2f, at least %.2f", n, r, low)
			}
		}
	}
}

// TestAccuracyOnRealFaces reports what real faces get: people at ease and smiling, and one clip of a person who cries and
// then smiles. Every second person made the average face; the figures are for the others.
func TestAccuracyOnRealFaces(t *testing.T) {
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs need the shared data: %v", err)
		}
		t.Skipf("needs the shared data: %v", err)
	}
	bounded := *meshFlag == string(vision.PlainMesh)
	deep := map[string]float64{} // share of people whose AU4 or AU9 is above 1.5
	people := func(mood string) (scores, smiles []float64) {
		files, err := filepath.Glob(filepath.Join(data, "faces", "london", mood, "*.jpg"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no pictures: %v", err)
		}
		var held []string
		for i, f := range files {
			if i%2 == 1 {
				held = append(held, f)
			}
		}
		status, out, stderr := wince(t, append([]string{"analyze", "--json", "--mesh", *meshFlag, "--neutral", "population"}, held...)...)
		if status != 0 {
			t.Fatalf("exit status %d: %s", status, stderr)
		}
		for s := bufio.NewScanner(strings.NewReader(out)); s.Scan(); {
			var l line
			if json.Unmarshal(s.Bytes(), &l) == nil && l.Type == "frame" && l.Score != nil {
				scores, smiles = append(scores, *l.Score), append(smiles, l.AU["AU12"])
				if max(l.AU["AU4"], l.AU["AU9"]) > 1.5 {
					deep[mood] += 1 / float64(len(held))
				}
			}
		}
		if len(scores) < len(held)*9/10 {
			t.Errorf("%s: only %d of %d pictures were judged", mood, len(scores), len(held))
		}
		return scores, smiles
	}
	rest, restSmile := people("neutral")
	smile, smileSmile := people("smiling")
	t.Logf("people not in the average, average neutral: score median and 90th percentile %.2f %.2f at ease, %.2f %.2f smiling; AU12 AUC %.3f",
		quantile(rest, 0.5), quantile(rest, 0.9), quantile(smile, 0.5), quantile(smile, 0.9), auc(smileSmile, restSmile))
	own := smilesAgainstTheirOwn(t, filepath.Join(data, "faces", "london"))
	t.Logf("the same people: smiling against their own face at ease, score median and 90th percentile %.2f %.2f; share with AU4 or AU9 above 1.5: %.2f at ease, %.2f smiling",
		quantile(own, 0.5), quantile(own, 0.9), deep["neutral"], deep["smiling"])
	if q := quantile(own, 0.9); bounded && q > 1.5 {
		t.Errorf("smiling people against their own face at ease: 90th percentile of the score %.2f, at most 1.5", q)
	}
	if a := auc(smileSmile, restSmile); bounded && a < 0.96 { // one of the 25 people smiles by hardly anything
		t.Errorf("AU12 tells smiling from at ease with an AUC of %.3f, at least 0.96", a)
	}
	if q := quantile(rest, 0.9); bounded && q > 1.5 {
		t.Errorf("people at ease: 90th percentile of the score %.2f, at most 1.5", q)
	}
	if d := max(deep["neutral"], deep["smiling"]); bounded && d > 0.05 {
		t.Errorf("AU4 or AU9 is above 1.5 in %.2f of the people, at most 0.05", d)
	}
	if q := quantile(smile, 0.9); bounded && q > 2.5 {
		t.Errorf("smiling people: 90th percentile of the score %.2f, at most 2.5", q)
	}
	for _, neutral := range []string{"auto", "population"} {
		frames, _ := analysed(t, "--mesh", *meshFlag, "--neutral", neutral, filepath.Join(data, "clips", "distress_then_smile.mp4"))
		part := func(from, to int, value func(line) float64) (v []float64) { // numbers as in the labels: the first is 1
			for _, f := range frames[from-1 : to] {
				if f.State == "scored" {
					v = append(v, value(f))
				}
			}
			return v
		}
		pspi := func(l line) float64 { return *l.PSPI }
		au4 := func(l line) float64 { return l.AU["AU4"] }
		cry, laugh := part(25, 100, score), part(240, 472, score)
		t.Logf("clip, %s neutral: score median %.2f in distress, 90th percentile %.2f smiling, AUC %.3f; PSPI without the rules AUC %.3f; AU4 (25-60) median %.2f, AUC %.3f; hand over the face judged %.2f",
			neutral, quantile(cry, 0.5), quantile(laugh, 0.9), auc(cry, laugh), auc(part(25, 100, pspi), part(240, 472, pspi)),
			quantile(part(25, 60, au4), 0.5), auc(part(25, 60, au4), part(240, 472, au4)), float64(len(part(101, 139, score)))/39)
		judged := func(from, to int) float64 { return float64(len(part(from, to, score))) / float64(to-from+1) }
		t.Logf("clip, judged: distress before the hand (25-54) %.2f, hand at the mouth now and then (55-100) %.2f, hand over the face (101-139) %.2f, hand at the mouth (140-230) %.2f, smile %.2f",
			judged(25, 54), judged(55, 100), judged(101, 139), judged(140, 230), judged(240, 472))
		if j := judged(101, 139); j > 0.2 {
			t.Errorf("a hand over the face: %.2f judged, at most 0.2", j)
		}
		if d, s := judged(25, 54), judged(240, 472); d < 0.95 || s < 0.97 {
			t.Errorf("nothing covers the face: %.2f judged in distress, %.2f smiling", d, s)
		}
		if a := auc(cry, laugh); bounded && a < 0.95 {
			t.Errorf("%s: AUC %.3f of distress against smiling, at least 0.95", neutral, a)
		}
		if d := quantile(cry, 0.5) - quantile(smile, 0.9); bounded && d < 2 {
			t.Errorf("%s: distress lies %.2f above smiling people, at least 2", neutral, d)
		}
	}
}

// smilesAgainstTheirOwn returns the scores of the smiling people, each against their own face at ease.
func smilesAgainstTheirOwn(t *testing.T, faces string) (scores []float64) {
	t.Helper()
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	nets, err := ort.Open(dir, ort.Options{Mesh: vision.MeshKind(*meshFlag)})
	if err != nil {
		t.Fatal(err)
	}
	defer nets.Close()
	a, err := vision.NewAnalyzer(nets, vision.AnalyzerConfig{Stills: true, FixedNeutral: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	measure := func(path string) vision.Measurement {
		img, err := opencv.ReadImage(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := a.Measure(img, 0)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	smiling, err := filepath.Glob(filepath.Join(faces, "smiling", "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := filepath.Glob(filepath.Join(faces, "neutral", "*.jpg"))
	if err != nil || len(rest) != len(smiling) {
		t.Fatalf("%d people at ease, %d smiling: %v", len(rest), len(smiling), err)
	}
	for i := 1; i < len(smiling); i += 2 {
		if id := func(p string) string { return strings.SplitN(filepath.Base(p), "_", 2)[0] }; id(rest[i]) != id(smiling[i]) {
			t.Fatalf("%s and %s are two people", rest[i], smiling[i])
		}
		ease := measure(rest[i])
		smile := measure(smiling[i])
		if ease.State != pain.Scored || smile.State != pain.Scored {
			continue
		}
		a.SetNeutral(vision.Neutral{Kind: vision.BaselineResident, Features: ease.Features})
		scores = append(scores, a.Judge(&smile).Frame.Score)
	}
	if len(scores) < 20 {
		t.Errorf("only %d people were judged", len(scores))
	}
	return scores
}

func pearson(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func meanError(x, y []float64) float64 {
	d := make([]float64, len(x))
	for i := range x {
		d[i] = math.Abs(x[i] - y[i])
	}
	return mean(d)
}

// atRest is the mean of what was measured where there is nothing.
func atRest(x, y []float64) float64 {
	var v []float64
	for i := range x {
		if y[i] < 0.1 {
			v = append(v, x[i])
		}
	}
	return mean(v)
}

func quantile(x []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// auc is the chance that one of a exceeds one of b; ties count half.
func auc(a, b []float64) float64 {
	sum := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				sum++
			case x == y:
				sum += 0.5
			}
		}
	}
	return sum / float64(len(a)*len(b))
}
