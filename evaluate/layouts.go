package evaluate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Layout is how one kind of set lies on the disk.
type Layout struct {
	Kind string // its name on the command line
	Says string // a line for people
	// is says whether the folder looks like one.
	is   func(root string) bool
	read func(root string) (*Set, error)
}

// Layouts lists the kinds of sets that can be read.
func Layouts() []Layout {
	return []Layout{
		{"rendered", "clips of cmd/render: NAME.ivf with the truth of every picture in NAME.json", isRendered, readRendered},
		{"pairs", "info.csv with neutral/ and smiling/: portraits named by the first column", isPairs, readPairs},
		{"coarse", "clips with NAME.labels.json: segments labelled by eye, no action units", isCoarse, readCoarse},
		{"unbc", "UNBC-McMaster Shoulder Pain: Images/ and Frame_Labels/FACS, PSPI", isUNBC, readUNBC},
		{"disfa", "DISFA: Video_LeftCamera/ (or Right) and ActionUnit_Labels/", isDISFA, readDISFA},
		{"bp4d", "BP4D and BP4D+: AUCoding/AU_OCC, AU_INT and the sequences' pictures", isBP4D, readBP4D},
	}
}

// Open reads the labels of a set. With an empty kind it looks which layout the folder has.
func Open(kind, root string) (*Set, error) {
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", root)
	case err != nil:
		return nil, fmt.Errorf("open set: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a folder: name the folder that holds the set", root)
	}
	var kinds []string
	for _, l := range Layouts() {
		kinds = append(kinds, l.Kind)
		if kind == l.Kind || kind == "" && l.is(root) {
			s, err := l.read(root)
			if err != nil {
				return nil, fmt.Errorf("read %s as %s: %w", root, l.Kind, err)
			}
			if len(s.Items) == 0 {
				return nil, fmt.Errorf("read %s as %s: nothing in it has both labels and pictures", root, l.Kind)
			}
			s.Kind, s.Root = l.Kind, root
			return s, nil
		}
	}
	if kind != "" {
		return nil, fmt.Errorf("there is no layout %q: choose of %s", kind, strings.Join(kinds, ", "))
	}
	return nil, fmt.Errorf("%s has none of the layouts that are known (%s): name the folder that holds the set, or say --layout", root, strings.Join(kinds, ", "))
}

func isFolder(parts ...string) bool {
	i, err := os.Stat(filepath.Join(parts...))
	return err == nil && i.IsDir()
}

func isFile(parts ...string) bool {
	i, err := os.Stat(filepath.Join(parts...))
	return err == nil && i.Mode().IsRegular()
}

// folders returns the names of the folders in a folder, sorted.
func folders(parts ...string) ([]string, error) {
	all, err := os.ReadDir(filepath.Join(parts...))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range all {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// pictures returns the pictures in a folder, sorted by name.
func pictures(parts ...string) ([]string, error) {
	dir := filepath.Join(parts...)
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range all {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".png", ".jpg", ".jpeg", ".bmp":
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// stem is a file's name without folder and ending.
func stem(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}
