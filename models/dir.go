package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Platform is the platform of this program as the lock names it.
const Platform = runtime.GOOS + "/" + runtime.GOARCH

// EnvDir is the environment variable that names the models directory.
const EnvDir = "WINCE_MODELS"

// ErrFile is what errors.Is finds in every error about a model file that is missing, damaged or not the pinned one.
var ErrFile = errors.New("model file refused")

// FileError says which file is refused and why. It matches ErrFile.
type FileError struct {
	Path string
	// Want and Got hold the expected and the found size in bytes and SHA-256. GotSize is -1 where the file is missing.
	WantSize, GotSize int64
	WantSHA, GotSHA   string
}

func (e *FileError) Error() string {
	const hint = "run `wince models fetch` (in a checkout: `make models`)"
	if e.GotSize < 0 {
		return fmt.Sprintf("%s is missing: %s", e.Path, hint)
	}
	return fmt.Sprintf("%s is not the pinned file: expected %d bytes with sha256 %s, found %d bytes with sha256 %s; %s to replace it",
		e.Path, e.WantSize, e.WantSHA, e.GotSize, e.GotSHA, hint)
}

// Is matches ErrFile.
func (e *FileError) Is(target error) bool { return target == ErrFile }

// DirError says that there is no models directory. It matches ErrFile.
type DirError struct{ Path string }

func (e *DirError) Error() string {
	if e.Path == "" {
		return "no models directory was found: run `wince models fetch` (in a checkout: `make models`), or name one with --models or " + EnvDir
	}
	return fmt.Sprintf("there is no models directory at %s: run `wince models fetch --models %s` (in a checkout: `make models`), or name another with --models or %s",
		e.Path, e.Path, EnvDir)
}

// Is matches ErrFile.
func (e *DirError) Is(target error) bool { return target == ErrFile }

// FindDir returns the models directory: flag if it is not empty, else $WINCE_MODELS, else the first of these that exists:
// models beside the executable, ../share/wince/models from there, bin/models of the checkout around the working directory.
// It is an error (*DirError) if the directory does not exist; its files are not looked at.
func FindDir(flag string) (string, error) {
	if dir := named(flag); dir != "" {
		if !isDir(dir) {
			return "", &DirError{dir}
		}
		return dir, nil
	}
	for _, dir := range usual() {
		if isDir(dir) {
			return dir, nil
		}
	}
	return "", &DirError{}
}

// FetchDir returns the directory that Fetch should fill: as FindDir, but it need not exist. If none does, that is bin/models
// in a checkout, and elsewhere models beside the executable.
func FetchDir(flag string) (string, error) {
	if dir := named(flag); dir != "" {
		return dir, nil
	}
	dirs := usual()
	for _, dir := range dirs {
		if isDir(dir) {
			return dir, nil
		}
	}
	if len(dirs) == 0 {
		return "", &DirError{}
	}
	if checkout() != "" {
		return dirs[len(dirs)-1], nil
	}
	return dirs[0], nil
}

func named(flag string) string {
	if flag != "" {
		return flag
	}
	return os.Getenv(EnvDir)
}

// usual lists the directories that are tried without being named, in this order; the checkout's is the last.
func usual() []string {
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		at := filepath.Dir(exe)
		dirs = append(dirs, filepath.Join(at, "models"), filepath.Join(at, "..", "share", "wince", "models"))
	}
	if root := checkout(); root != "" {
		dirs = append(dirs, filepath.Join(root, "bin", "models"))
	}
	return dirs
}

// checkout returns the nearest folder above the working directory with a go.mod, as tests and `go run` have it.
func checkout() string {
	at, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		up := filepath.Dir(at)
		if up == at {
			return ""
		}
		at = up
	}
}

func isDir(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.IsDir()
}

// Verify checks every file of this platform in dir against the pinned lock. The error joins one *FileError for each file
// that is missing or has other content.
func Verify(dir string) error {
	l, err := Pinned()
	if err != nil {
		return err
	}
	return l.Verify(dir, Platform)
}

// Verify checks every file of a platform in dir.
func (l *Lock) Verify(dir, platform string) error {
	var errs []error
	for _, a := range l.Artifacts(platform) {
		errs = append(errs, a.Check(dir))
	}
	return errors.Join(errs...)
}

// Check compares the artifact's file in dir with the lock. The error is a *FileError where the content is to blame.
func (a *Artifact) Check(dir string) error {
	path := filepath.Join(dir, a.Name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &FileError{Path: path, WantSize: a.Length, WantSHA: a.SHA256, GotSize: -1}
	}
	if err != nil {
		return fmt.Errorf("open model file: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("read model file: %w", err)
	}
	return a.match(path, n, h.Sum(nil))
}

// Read returns the artifact's content from dir after checking it, so that what is used is what was checked.
func (a *Artifact) Read(dir string) ([]byte, error) {
	path := filepath.Join(dir, a.Name)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &FileError{Path: path, WantSize: a.Length, WantSHA: a.SHA256, GotSize: -1}
	}
	if err != nil {
		return nil, fmt.Errorf("read model file: %w", err)
	}
	sum := sha256.Sum256(b)
	return b, a.match(path, int64(len(b)), sum[:])
}

func (a *Artifact) match(path string, size int64, sum []byte) error {
	if got := hex.EncodeToString(sum); size != a.Length || got != a.SHA256 {
		return &FileError{Path: path, WantSize: a.Length, WantSHA: a.SHA256, GotSize: size, GotSHA: got}
	}
	return nil
}
