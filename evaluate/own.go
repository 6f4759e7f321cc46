package evaluate

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"wince/pain"
)

// The layouts of this project's own sets.

func isRendered(root string) bool {
	clips, _ := filepath.Glob(filepath.Join(root, "*.ivf"))
	return slices.ContainsFunc(clips, func(c string) bool { return isFile(strings.TrimSuffix(c, ".ivf") + ".json") })
}

// renderedTruth is what cmd/render writes beside a clip.
type renderedTruth struct {
	Person *struct {
		Seed uint64  `json:"seed"`
		Skin float64 `json:"skin"`
		Age  float64 `json:"age"`
	} `json:"person"`
	Segments []struct {
		From  int    `json:"from_ms"`
		To    int    `json:"to_ms"`
		Label string `json:"label"`
	} `json:"segments"`
	Frames []struct {
		TMS int                `json:"t_ms"`
		AU  map[string]float64 `json:"au"`
	} `json:"frames"`
}

func readRendered(root string) (*Set, error) {
	s := &Set{Drawn: true}
	clips, err := filepath.Glob(filepath.Join(root, "*.ivf"))
	if err != nil {
		return nil, err
	}
	for _, c := range clips {
		file := strings.TrimSuffix(c, ".ivf") + ".json"
		b, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var t renderedTruth
		if err := json.Unmarshal(b, &t); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		truth, err := t.truth()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		it := Item{Name: stem(c), Person: "nobody", Files: []string{c}, Truth: func() ([]Truth, error) { return truth, nil }}
		if p := t.Person; p != nil {
			it.Person = strconv.FormatUint(p.Seed, 10)
			it.Groups = map[string]string{"skin tone": fifth(p.Skin, "very light", "light", "medium", "dark", "very dark"),
				"age": fifth(p.Age, "young", "young", "middle", "old", "very old")}
		}
		s.Items = append(s.Items, it)
	}
	return s, nil
}

func fifth(x float64, names ...string) string { return names[min(max(int(x*5), 0), 4)] }

func (t *renderedTruth) truth() ([]Truth, error) {
	var out []Truth
	for _, f := range t.Frames {
		tr := Truth{}
		if f.AU != nil {
			v := pain.Unmeasured()
			for name, x := range f.AU {
				a, err := pain.ParseAU(name)
				if err != nil {
					return nil, err
				}
				v[a] = float32(x)
			}
			tr = truthOf(v)
		}
		for _, s := range t.Segments {
			if f.TMS >= s.From && f.TMS < s.To {
				tr.Label = s.Label
			}
		}
		out = append(out, tr)
	}
	return out, nil
}

func isPairs(root string) bool { return isFile(root, "info.csv") && isFolder(root, "neutral") }

// readPairs reads people of whom there is a portrait at ease and one smiling, as the Face Research Lab London Set (DeBruine &
// Jones 2017, CC BY 4.0) was cut for this project: info.csv with the columns face_id, face_age, face_gender and face_eth.
func readPairs(root string) (*Set, error) {
	f, err := os.Open(filepath.Join(root, "info.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("info.csv: %w", err)
	}
	if len(rows) < 2 {
		return nil, errors.New("info.csv has no people in it")
	}
	s := &Set{}
	for _, row := range rows[1:] {
		groups := map[string]string{}
		for i, name := range rows[0] {
			switch v := strings.TrimSpace(row[i]); {
			case v == "":
			case strings.HasSuffix(name, "age"):
				groups["age"] = decade(v)
			case strings.HasSuffix(name, "gender") || strings.HasSuffix(name, "sex"):
				groups["sex"] = v
			case strings.HasSuffix(name, "eth") || strings.HasSuffix(name, "ethnicity"):
				groups["ethnicity"] = v
			case strings.HasSuffix(name, "skin_tone"):
				groups["skin tone"] = v
			}
		}
		rest := portrait(root, "neutral", row[0])
		for _, mood := range []string{"neutral", "smiling"} {
			file := portrait(root, mood, row[0])
			if file == "" {
				continue
			}
			label := Truth{Known: true, AU: pain.Unmeasured(), PSPI: math.NaN(), Label: mood}
			it := Item{Name: row[0] + " " + mood, Person: row[0], Groups: groups, Files: []string{file}, Stills: true,
				Truth: func() ([]Truth, error) { return []Truth{label}, nil }}
			if mood != "neutral" {
				it.Neutral = rest
			}
			s.Items = append(s.Items, it)
		}
	}
	return s, nil
}

func portrait(root, mood, id string) string {
	for _, ext := range []string{".jpg", ".jpeg", ".png"} {
		if filepath.Base(id) == id && isFile(root, mood, id+ext) {
			return filepath.Join(root, mood, id+ext)
		}
	}
	return ""
}

func decade(age string) string {
	years, err := strconv.ParseFloat(age, 64)
	if err != nil || years < 0 || years > 130 {
		return "unknown"
	}
	d := int(years) / 10 * 10
	return fmt.Sprintf("%d-%d", d, d+9)
}

func isCoarse(root string) bool {
	found, _ := filepath.Glob(filepath.Join(root, "*.labels.json"))
	return len(found) > 0
}

// readCoarse reads clips with NAME.labels.json beside them: segments from one picture to another, the first being 1.
func readCoarse(root string) (*Set, error) {
	files, err := filepath.Glob(filepath.Join(root, "*.labels.json"))
	if err != nil {
		return nil, err
	}
	s := &Set{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var l struct {
			Clip     string `json:"clip"`
			Frames   int    `json:"frames"`
			Segments []struct {
				From  int    `json:"from"`
				To    int    `json:"to"`
				Label string `json:"label"`
			} `json:"segments"`
		}
		if err := json.Unmarshal(b, &l); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		clip := filepath.Join(root, filepath.Base(l.Clip))
		if !isFile(clip) {
			return nil, fmt.Errorf("%s names the clip %q, which is not beside it", file, l.Clip)
		}
		var truth []Truth
		for _, seg := range l.Segments {
			if seg.From < 1 || seg.To < seg.From || seg.To > 1e6 || l.Frames > 0 && seg.To > l.Frames {
				return nil, fmt.Errorf("%s: the segment from %d to %d is not one of the clip's", file, seg.From, seg.To)
			}
			for len(truth) < seg.To {
				truth = append(truth, Truth{})
			}
			for i := seg.From; i <= seg.To; i++ {
				truth[i-1] = Truth{Known: true, AU: pain.Unmeasured(), PSPI: math.NaN(), Label: seg.Label}
			}
		}
		s.Items = append(s.Items, Item{Name: stem(clip), Person: stem(clip), Files: []string{clip}, Truth: func() ([]Truth, error) { return truth, nil }})
	}
	return s, nil
}

// numbers reads a file of numbers separated by commas or white space, a row a line; empty lines are left out.
func numbers(path string, columns int) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readNumbers(f, path, columns)
}

// readNumbers wants so many columns at least.
func readNumbers(r io.Reader, name string, columns int) ([][]float64, error) {
	b, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return nil, err
	}
	var rows [][]float64
	for i, line := range strings.Split(string(b), "\n") {
		fields := strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\t' || c == '\r' })
		if len(fields) == 0 {
			continue
		}
		if len(fields) < columns {
			return nil, fmt.Errorf("%s, line %d: %d numbers, not %d", name, i+1, len(fields), columns)
		}
		var row []float64
		for _, s := range fields {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("%s, line %d: %q is not a number", name, i+1, s)
			}
			row = append(row, x)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
