package evaluate

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wince/pain"
)

// The layouts of published sets. They are licensed and no part of this project: the layouts are as their papers and public
// programs that read them describe them, and are tested on small trees of renders only.

func unitOf(number int) (pain.AU, bool) {
	a, err := pain.ParseAU("AU" + strconv.Itoa(number))
	return a, err == nil
}

func isUNBC(root string) bool {
	return isFolder(root, "Images") && (isFolder(root, "Frame_Labels", "FACS") || isFolder(root, "Frame_Labels", "PSPI"))
}

// unbcUnits are coded in every picture of UNBC-McMaster.
var unbcUnits = []pain.AU{pain.AU4, pain.AU6, pain.AU7, pain.AU9, pain.AU10, pain.AU12, pain.AU20, pain.AU25, pain.AU26, pain.AU43}

// readUNBC reads the UNBC-McMaster Shoulder Pain Expression Archive (Lucey, Cohn, Prkachin, Solomon & Matthews, FG 2011):
//
//	Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png
//	Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt   unit, intensity and two more numbers a line; nothing: no unit
//	Frame_Labels/PSPI/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt   one number
func readUNBC(root string) (*Set, error) {
	s := &Set{}
	people, err := folders(root, "Images")
	if err != nil {
		return nil, err
	}
	for _, person := range people {
		films, err := folders(root, "Images", person)
		if err != nil {
			return nil, err
		}
		for _, film := range films {
			files, err := pictures(root, "Images", person, film)
			if err != nil {
				return nil, err
			}
			if len(files) == 0 {
				continue
			}
			s.Items = append(s.Items, Item{Name: person + "/" + film, Person: person, Files: files, FPS: 30, Truth: func() ([]Truth, error) {
				var all []Truth
				for _, f := range files {
					t, err := unbcTruth(root, person, film, stem(f))
					if err != nil {
						return nil, err
					}
					all = append(all, t)
				}
				return all, nil
			}})
		}
	}
	return s, nil
}

func unbcTruth(root, person, film, picture string) (Truth, error) {
	facs := filepath.Join(root, "Frame_Labels", "FACS", person, film, picture+"_facs.txt")
	whole := filepath.Join(root, "Frame_Labels", "PSPI", person, film, picture+"_facs.txt")
	t := Truth{AU: pain.Unmeasured(), PSPI: math.NaN()}
	if isFile(facs) {
		rows, err := numbers(facs, 2)
		if err != nil {
			return t, err
		}
		t.Known = true
		for _, a := range unbcUnits {
			t.AU[a] = 0
		}
		for _, r := range rows {
			a, ok := unitOf(int(r[0]))
			if !ok {
				continue
			}
			if r[1] < 0 || r[1] > 5 {
				return t, fmt.Errorf("%s: %s has the intensity %g, which is not 0 to 5", facs, a, r[1])
			}
			if a == pain.AU43 { // listed is closed
				r[1] = 1
			}
			t.AU[a] = float32(r[1])
		}
		t.PSPI = pspi(&t.AU)
	}
	if isFile(whole) {
		rows, err := numbers(whole, 1)
		if err != nil {
			return t, err
		}
		if len(rows) != 1 || rows[0][0] < 0 || rows[0][0] > 16 {
			return t, fmt.Errorf("%s does not hold one PSPI of 0 to 16", whole)
		}
		t.Known, t.PSPI = true, rows[0][0]
	}
	return t, nil
}

func disfaVideos(root string) (folder, side string) {
	for _, side := range []string{"Left", "Right"} {
		for _, name := range []string{"Video_" + side + "Camera", "Videos_" + side + "Camera"} {
			if isFolder(root, name) {
				return filepath.Join(root, name), side
			}
		}
	}
	return "", ""
}

func isDISFA(root string) bool {
	v, _ := disfaVideos(root)
	return v != "" && isFolder(root, "ActionUnit_Labels")
}

var disfaLabels = regexp.MustCompile(`^SN\d+_au(\d+)\.txt$`)

// readDISFA reads the Denver Intensity of Spontaneous Facial Action set (Mavadati, Mahoor, Bartlett, Trinh & Cohn, IEEE Trans
// Affect Comput 2013;4:151-160):
//
//	Video_LeftCamera/LeftVideoSN001_comp.avi
//	ActionUnit_Labels/SN001/SN001_au4.txt        picture, counted from 1, and intensity, a line
//
// The left camera is taken where both are there.
func readDISFA(root string) (*Set, error) {
	s := &Set{}
	videos, side := disfaVideos(root)
	if videos == "" {
		return nil, errors.New("it has no folder Video_LeftCamera or Video_RightCamera")
	}
	people, err := folders(root, "ActionUnit_Labels")
	if err != nil {
		return nil, err
	}
	for _, person := range people {
		files, err := filepath.Glob(filepath.Join(videos, side+"Video"+person+"_*"))
		if err != nil {
			return nil, err
		}
		if len(files) != 1 {
			return nil, fmt.Errorf("%s has labels of %s, but %s has %d videos of that person", root, person, videos, len(files))
		}
		s.Items = append(s.Items, Item{Name: person, Person: person, Files: files, Truth: func() ([]Truth, error) {
			return disfaTruth(filepath.Join(root, "ActionUnit_Labels", person))
		}})
	}
	return s, nil
}

func disfaTruth(dir string) ([]Truth, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Truth
	for _, e := range entries {
		m := disfaLabels.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		a, ok := unitOf(n)
		if !ok {
			continue
		}
		file := filepath.Join(dir, e.Name())
		rows, err := numbers(file, 2)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			i := int(r[0]) - 1
			if i < 0 || i >= 1e6 || r[1] < 0 || r[1] > 5 {
				return nil, fmt.Errorf("%s: picture %g has the intensity %g: pictures count from 1, intensities are 0 to 5", file, r[0], r[1])
			}
			all = upTo(all, i)
			all[i].Known, all[i].AU[a] = true, float32(r[1])
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no labels of units that are known here", dir)
	}
	return withSums(all), nil
}

// upTo lengthens a list of truths so that picture i is in it.
func upTo(all []Truth, i int) []Truth {
	for len(all) <= i {
		all = append(all, Truth{AU: pain.Unmeasured()})
	}
	return all
}

func withSums(all []Truth) []Truth {
	for i := range all {
		all[i].PSPI = pspi(&all[i].AU)
	}
	return all
}

func isBP4D(root string) bool {
	return isFolder(root, "AUCoding", "AU_OCC") || isFolder(root, "AUCoding", "AU_INT")
}

var (
	bp4dFilm      = regexp.MustCompile(`^([FM])(\d+)_(T\d+)\.csv$`)
	bp4dIntensity = regexp.MustCompile(`^AU(\d+)$`)
)

// readBP4D reads BP4D-Spontaneous (Zhang, Yin, Cohn, Canavan, Reale, Horowitz, Liu & Girard, Image Vis Comput 2014;32:692-706) and
// BP4D+ (Zhang et al., CVPR 2016):
//
//	AUCoding/AU_OCC/F001_T1.csv             header: the units' numbers after the picture's; then 0, 1, or 9 for not known
//	AUCoding/AU_INT/AU06/F001_T1_AU06.csv   picture and intensity, a line; 9 for not known
//	2D+3D/F001/T1/0001.jpg                  or Sequences(2D+3D), or F001 beside AUCoding; named by the picture's number
//
// Where a film has intensities they are taken, else whether a unit is there; a set with any of the latter counts as one
// of occurrence.
func readBP4D(root string) (*Set, error) {
	s := &Set{}
	occ, err := filepath.Glob(filepath.Join(root, "AUCoding", "AU_OCC", "*.csv"))
	if err != nil {
		return nil, err
	}
	intensity := isFolder(root, "AUCoding", "AU_INT")
	if intensity { // the films that have any
		files, err := filepath.Glob(filepath.Join(root, "AUCoding", "AU_INT", "AU*", "*.csv"))
		if err != nil {
			return nil, err
		}
		var films []string
		for _, f := range files {
			if i := strings.LastIndex(stem(f), "_AU"); i > 0 {
				films = append(films, stem(f)[:i]+".csv")
			}
		}
		slices.Sort(films)
		occ = slices.Compact(films)
	}
	s.Occurrence = !intensity
	for _, f := range occ {
		m := bp4dFilm.FindStringSubmatch(filepath.Base(f))
		if m == nil {
			continue
		}
		person, task, film := m[1]+m[2], m[3], stem(f)
		var dir string
		for _, top := range []string{"2D+3D", "Sequences(2D+3D)", "."} {
			if isFolder(root, top, person, task) {
				dir = filepath.Join(root, top, person, task)
				break
			}
		}
		if dir == "" {
			continue // labels of pictures that were not fetched
		}
		files, err := pictures(dir)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			continue
		}
		sex := map[string]string{"F": "female", "M": "male"}[m[1]]
		s.Items = append(s.Items, Item{Name: film, Person: person, Groups: map[string]string{"sex": sex}, Files: files, FPS: 25,
			Truth: func() ([]Truth, error) {
				var byPicture map[int]Truth
				var err error
				if intensity {
					byPicture, err = bp4dIntensities(root, film)
				} else {
					byPicture, err = bp4dOccurrence(f)
				}
				if err != nil {
					return nil, err
				}
				return byNumber(files, byPicture, task)
			}})
	}
	return s, nil
}

// byNumber puts labels in the order of the pictures, which are named by their number.
func byNumber(files []string, labels map[int]Truth, task string) ([]Truth, error) {
	var all []Truth
	for _, f := range files {
		n, err := strconv.Atoi(stem(f))
		if err != nil {
			return nil, fmt.Errorf("%s is not named by its number", f)
		}
		t := labels[n]
		if t.Known {
			t.Label = task
			t.PSPI = pspi(&t.AU)
		}
		all = append(all, t)
	}
	return all, nil
}

const bp4dUnknown = 9

func bp4dOccurrence(file string) (map[int]Truth, error) {
	rows, err := numbers(file, 2)
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s has no pictures in it", file)
	}
	out := map[int]Truth{}
	for _, r := range rows[1:] {
		if len(r) != len(rows[0]) {
			return nil, fmt.Errorf("%s: picture %g has %d units, the first line %d", file, r[0], len(r)-1, len(rows[0])-1)
		}
		t := Truth{Known: true, AU: pain.Unmeasured(), PSPI: math.NaN()}
		for k, n := range rows[0][1:] {
			a, ok := unitOf(int(n))
			switch x := r[k+1]; {
			case !ok || x == bp4dUnknown:
			case x != 0 && x != 1:
				return nil, fmt.Errorf("%s: picture %g has %g for AU%g, which is not 0, 1 or 9", file, r[0], x, n)
			default:
				t.AU[a] = float32(x)
			}
		}
		out[int(r[0])] = t
	}
	return out, nil
}

func bp4dIntensities(root, film string) (map[int]Truth, error) {
	dir := filepath.Join(root, "AUCoding", "AU_INT")
	units, err := folders(dir)
	if err != nil {
		return nil, err
	}
	out := map[int]Truth{}
	for _, u := range units {
		m := bp4dIntensity.FindStringSubmatch(u)
		file := filepath.Join(dir, u, film+"_"+u+".csv")
		if m == nil || !isFile(file) {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		a, ok := unitOf(n)
		if !ok {
			continue
		}
		rows, err := numbers(file, 2)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			t, ok := out[int(r[0])]
			if !ok {
				t = Truth{Known: true, AU: pain.Unmeasured(), PSPI: math.NaN()}
			}
			switch {
			case r[1] == bp4dUnknown:
			case r[1] < 0 || r[1] > 5:
				return nil, fmt.Errorf("%s: picture %g has the intensity %g, which is not 0 to 5", file, r[0], r[1])
			default:
				t.AU[a] = float32(r[1])
			}
			out[int(r[0])] = t
		}
	}
	return out, nil
}
