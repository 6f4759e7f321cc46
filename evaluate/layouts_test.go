package evaluate

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/pain"
)

// tree writes files into a new folder. The pictures in it are empty: the readers only look at their names.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var (
	unbcTree = map[string]string{
		"Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png":                       "",
		"Images/042-ll042/ll042t1aaaff/ll042t1aaaff002.png":                       "",
		"Images/042-ll042/ll042t1aaaff/ll042t1aaaff003.png":                       "",
		"Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt":       "",
		"Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff002_facs.txt":       "   4.0000000e+00   3.0000000e+00   0.0000000e+00   0.0000000e+00\n   7.0000000e+00   2.0000000e+00   0 0\n  43 0 0 0\n  50 1 0 0\n",
		"Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt":       "   0.0000000e+00\n",
		"Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff002_facs.txt":       "   6.0000000e+00\n",
		"Sequence_Labels/VAS/042-ll042/ll042t1aaaff.txt":                          "3",
		"AAM_landmarks/042-ll042/ll042t1aaaff/ll042t1aaaff001_aam.txt":            "1 2",
		"Images/043-jh043/jh043t1aeaff/jh043t1aeaff001.png":                       "",
		"Frame_Labels/FACS/043-jh043/jh043t1aeaff/jh043t1aeaff001_facs.txt":       "9 1 0 0",
		"Frame_Labels/FACS/043-jh043/jh043t1aeaff/not-a-picture-of-this_facs.txt": "9 1 0 0",
	}
	disfaTree = map[string]string{
		"Video_LeftCamera/LeftVideoSN001_comp.avi":   "",
		"Video_RightCamera/RightVideoSN001_comp.avi": "",
		"ActionUnit_Labels/SN001/SN001_au4.txt":      "1,0\r\n2,3\r\n3,5\r\n",
		"ActionUnit_Labels/SN001/SN001_au6.txt":      "1,0\n2,1\n3,2\n",
		"ActionUnit_Labels/SN001/SN001_au99.txt":     "1,0\n",
	}
	bp4dTree = map[string]string{
		"AUCoding/AU_OCC/F001_T8.csv":           "0,4,6,7,10,29\n10,1,0,1,0,9\n11,9,1,1,0,0\n",
		"AUCoding/AU_OCC/M002_T1.csv":           "0,4\n1,0\n",
		"AUCoding/AU_INT/AU06/F001_T8_AU06.csv": "10,2\n11,9\n",
		"AUCoding/AU_INT/AU10/F001_T8_AU10.csv": "10,5\n11,1\n",
		"2D+3D/F001/T8/0010.jpg":                "",
		"2D+3D/F001/T8/0011.jpg":                "",
		"2D+3D/F001/T8/0012.jpg":                "",
	}
)

func truthOfItem(t *testing.T, it Item) []Truth {
	t.Helper()
	all, err := it.Truth()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantAU(t *testing.T, tr Truth, want map[pain.AU]float64) {
	t.Helper()
	for a, x := range want {
		if got := float64(tr.AU[a]); got != x && !(math.IsNaN(got) && math.IsNaN(x)) {
			t.Errorf("%s is %g, want %g", a, got, x)
		}
	}
}

func TestReadUNBC(t *testing.T) {
	s, err := Open("", tree(t, unbcTree))
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "unbc" || len(s.Items) != 2 || s.Items[0].Person != "042-ll042" || len(s.Items[0].Files) != 3 || s.Items[0].Stills {
		t.Fatalf("%+v", s)
	}
	tr := truthOfItem(t, s.Items[0])
	if len(tr) != 3 || !tr[0].Known || tr[2].Known {
		t.Fatalf("%+v", tr)
	}
	wantAU(t, tr[0], map[pain.AU]float64{pain.AU4: 0, pain.AU43: 0, pain.AU1: math.NaN()})
	wantAU(t, tr[1], map[pain.AU]float64{pain.AU4: 3, pain.AU7: 2, pain.AU6: 0, pain.AU43: 1})
	if tr[1].PSPI != 6 {
		t.Errorf("PSPI %g", tr[1].PSPI)
	}
	if tr := truthOfItem(t, s.Items[1]); tr[0].PSPI != 1 {
		t.Errorf("PSPI summed up from the units: %g", tr[0].PSPI)
	}
}

func TestReadDISFA(t *testing.T) {
	s, err := Open("", tree(t, disfaTree))
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "disfa" || len(s.Items) != 1 || filepath.Base(s.Items[0].Files[0]) != "LeftVideoSN001_comp.avi" || s.Occurrence {
		t.Fatalf("%+v", s)
	}
	tr := truthOfItem(t, s.Items[0])
	if len(tr) != 3 {
		t.Fatalf("%+v", tr)
	}
	wantAU(t, tr[1], map[pain.AU]float64{pain.AU4: 3, pain.AU6: 1, pain.AU12: math.NaN()})
	if !math.IsNaN(tr[1].PSPI) { // AU43 is not coded
		t.Errorf("PSPI %g", tr[1].PSPI)
	}
}

func TestReadBP4D(t *testing.T) {
	s, err := Open("", tree(t, bp4dTree))
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "bp4d" || len(s.Items) != 1 || s.Items[0].Person != "F001" || s.Items[0].Groups["sex"] != "female" || s.Occurrence {
		t.Fatalf("%+v", s)
	}
	tr := truthOfItem(t, s.Items[0])
	if len(tr) != 3 || tr[2].Known || tr[0].Label != "T8" {
		t.Fatalf("%+v", tr)
	}
	wantAU(t, tr[0], map[pain.AU]float64{pain.AU6: 2, pain.AU10: 5, pain.AU4: math.NaN()})
	wantAU(t, tr[1], map[pain.AU]float64{pain.AU6: math.NaN(), pain.AU10: 1})

	only := map[string]string{}
	for name, text := range bp4dTree {
		if !strings.Contains(name, "AU_INT") {
			only[name] = text
		}
	}
	if s, err = Open("", tree(t, only)); err != nil || !s.Occurrence || len(s.Items) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	tr = truthOfItem(t, s.Items[0])
	wantAU(t, tr[0], map[pain.AU]float64{pain.AU4: 1, pain.AU6: 0, pain.AU7: 1})
	wantAU(t, tr[1], map[pain.AU]float64{pain.AU4: math.NaN(), pain.AU7: 1})
}

func TestReadPairsAndCoarse(t *testing.T) {
	s, err := Open("", tree(t, map[string]string{
		"info.csv":        "face_id,face_age,face_gender,face_eth\n001,24,female,white\n003,,male,black\n",
		"neutral/001.jpg": "", "smiling/001.jpg": "", "neutral/003.jpg": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "pairs" || len(s.Items) != 3 || s.Items[0].Groups["age"] != "20-29" || s.Items[2].Groups["ethnicity"] != "black" || !s.Items[0].Stills {
		t.Fatalf("%+v", s)
	}
	if s.Items[0].Neutral != "" || filepath.Base(filepath.Dir(s.Items[1].Neutral)) != "neutral" {
		t.Errorf("neutrals %q, %q", s.Items[0].Neutral, s.Items[1].Neutral)
	}
	s, err = Open("", tree(t, map[string]string{"a.mp4": "", "a.labels.json": `{"clip":"a.mp4","frames":9,"segments":[{"from":2,"to":3,"label":"smile"}]}`}))
	if err != nil {
		t.Fatal(err)
	}
	if tr := truthOfItem(t, s.Items[0]); len(tr) != 3 || tr[0].Known || tr[1].Label != "smile" || tr[2].Label != "smile" {
		t.Errorf("%+v", tr)
	}
}

func TestReadRendered(t *testing.T) {
	s, err := Open("", filepath.Join("..", "testdata", "clips"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind != "rendered" || len(s.Items) != 10 || !s.Drawn {
		t.Fatalf("%+v", s)
	}
	for _, it := range s.Items {
		pain := 0
		for _, tr := range truthOfItem(t, it) {
			if tr.Label == "pain" {
				pain++
				if !(tr.PSPI >= 9) {
					t.Fatalf("%s: PSPI %g in pain", it.Name, tr.PSPI)
				}
			}
		}
		if (pain > 0) != (strings.HasPrefix(it.Name, "pain") || it.Name == "movement") {
			t.Errorf("%s has %d pictures of pain", it.Name, pain)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	with := func(base map[string]string, name, text string) map[string]string {
		m := map[string]string{}
		for k, v := range base {
			m[k] = v
		}
		m[name] = text
		return m
	}
	for name, c := range map[string]struct {
		files map[string]string
		kind  string
		says  string
	}{
		"nothing known":       {map[string]string{"a.txt": ""}, "", "none of the layouts"},
		"no such layout":      {disfaTree, "affectnet", "there is no layout"},
		"another layout":      {disfaTree, "pairs", "info.csv"},
		"no video":            {map[string]string{"Video_LeftCamera/x": "", "ActionUnit_Labels/SN001/SN001_au4.txt": "1,0"}, "", "0 videos"},
		"labels only":         {map[string]string{"AUCoding/AU_OCC/F001_T1.csv": "0,4\n1,1"}, "", "both labels and pictures"},
		"intensity of 6":      {with(disfaTree, "ActionUnit_Labels/SN001/SN001_au4.txt", "1,6"), "", "intensity"},
		"picture 0":           {with(disfaTree, "ActionUnit_Labels/SN001/SN001_au4.txt", "0,1"), "", "count from 1"},
		"words":               {with(disfaTree, "ActionUnit_Labels/SN001/SN001_au4.txt", "one,1"), "", "not a number"},
		"one column":          {with(disfaTree, "ActionUnit_Labels/SN001/SN001_au4.txt", "1\n"), "", "line 1"},
		"PSPI of 17":          {with(unbcTree, "Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt", "17"), "", "one PSPI"},
		"occurrence of 2":     {map[string]string{"AUCoding/AU_OCC/F001_T1.csv": "0,4\n1,2", "2D+3D/F001/T1/1.jpg": ""}, "", "not 0, 1 or 9"},
		"unnumbered pictures": {map[string]string{"AUCoding/AU_OCC/F001_T1.csv": "0,4\n1,1", "2D+3D/F001/T1/one.jpg": ""}, "", "number"},
		"segment beyond":      {map[string]string{"a.mp4": "", "a.labels.json": `{"clip":"a.mp4","frames":9,"segments":[{"from":2,"to":30}]}`}, "", "segment"},
		"clip elsewhere":      {map[string]string{"a.labels.json": `{"clip":"/etc/passwd"}`}, "", "not beside it"},
	} {
		s, err := Open(c.kind, tree(t, c.files))
		for i := 0; err == nil && i < len(s.Items); i++ {
			_, err = s.Items[i].Truth()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want something with %q", name, err, c.says)
		}
	}
	if _, err := Open("", filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("no folder: %v", err)
	}
}

func FuzzReadNumbers(f *testing.F) {
	f.Add("1,0\r\n2,3\r\n", 2)
	f.Add("   4.0000000e+00   3.0000000e+00\n\n", 1)
	f.Add("a;b", 2)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		rows, err := readNumbers(strings.NewReader(text), "x", columns)
		if err != nil {
			return
		}
		for _, r := range rows {
			if len(r) < columns || len(r) == 0 {
				t.Fatalf("a row of %d numbers for %d", len(r), columns)
			}
			for _, x := range r {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Fatalf("%g is not a number", x)
				}
			}
		}
	})
}
