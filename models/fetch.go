package models

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"wince/models/convert"
)

// Pack downloads the tarball of an npm package ("name@version") into a folder and returns its path.
type Pack func(ctx context.Context, spec, into string) (string, error)

// FetchOptions change how Fetch works; the zero value is right for the pinned lock.
type FetchOptions struct {
	// Progress is told each step in one line; nil for none.
	Progress func(line string)
	// Pack downloads packages; nil for NPM.
	Pack Pack
	// Platform is GOOS/GOARCH of the library to fetch; empty for this program's.
	Platform string
}

// Fetch makes dir hold every file of the pinned lock: it downloads the packages of missing or damaged files, checks them,
// takes the files out, converts the nets and checks the results. A file that is right is left alone, and if all are, nothing
// is downloaded. Files appear complete or not at all.
func Fetch(ctx context.Context, dir string, opt FetchOptions) error {
	l, err := Pinned()
	if err != nil {
		return err
	}
	return l.Fetch(ctx, dir, opt)
}

// Fetch is the package's Fetch for any lock.
func (l *Lock) Fetch(ctx context.Context, dir string, opt FetchOptions) error {
	if opt.Progress == nil {
		opt.Progress = func(string) {}
	}
	if opt.Pack == nil {
		opt.Pack = NPM
	}
	if opt.Platform == "" {
		opt.Platform = Platform
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make models directory: %w", err)
	}
	wanted, nets := map[string][]Artifact{}, []Artifact{}
	for _, a := range l.Artifacts(opt.Platform) {
		err := a.Check(dir)
		if err == nil {
			continue
		}
		var bad *FileError
		if !errors.As(err, &bad) {
			return err
		}
		if bad.GotSize >= 0 {
			opt.Progress(a.Name + ": not the pinned file, it will be replaced")
		}
		if a.Converted {
			nets = append(nets, a)
		} else {
			wanted[a.Source.Package] = append(wanted[a.Source.Package], a)
		}
	}
	for i := range l.Packages {
		p := &l.Packages[i]
		if len(wanted[p.Name]) == 0 {
			continue
		}
		if err := fetchPackage(ctx, p, wanted[p.Name], dir, opt); err != nil {
			return fmt.Errorf("fetch %s: %w", p.Spec(), err)
		}
	}
	for _, a := range nets {
		if err := ctx.Err(); err != nil {
			return err
		}
		opt.Progress(a.Name + ": converting from " + a.Source.Name)
		if err := a.convert(dir); err != nil {
			return fmt.Errorf("convert %s: %w", a.Source.Name, err)
		}
	}
	opt.Progress(fmt.Sprintf("%s: all %d files are there and right", dir, len(l.Artifacts(opt.Platform))))
	return nil
}

// convert makes a net from the file beside it.
func (a *Artifact) convert(dir string) error {
	f := a.Source
	source := Artifact{f.Name, f.Length, f.SHA256, a.Version, f, false}
	in, err := source.Read(dir)
	if err != nil {
		return err
	}
	net, err := convert.TFLite(in, convert.Options{})
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(net); hex.EncodeToString(sum[:]) != a.SHA256 {
		return fmt.Errorf("it gave %d bytes with sha256 %x where the lock has %d bytes with %s: the program and its lock do not belong together",
			len(net), sum, a.Length, a.SHA256)
	}
	return store(dir, a.Name, func(w io.Writer) error {
		_, err := w.Write(net)
		return err
	})
}

func fetchPackage(ctx context.Context, p *Package, wanted []Artifact, dir string, opt FetchOptions) (err error) {
	tmp, err := os.MkdirTemp(dir, ".fetch-*")
	if err != nil {
		return fmt.Errorf("make a folder for the download: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	opt.Progress(fmt.Sprintf("%s: downloading with npm (licence %s)", p.Spec(), p.Licence))
	tarball, err := opt.Pack(ctx, p.Spec(), tmp)
	if err != nil {
		return err
	}
	if err := checkIntegrity(tarball, p.Integrity); err != nil {
		return err
	}
	paths := map[string][]Artifact{}
	for _, a := range wanted {
		paths[a.Source.Path] = append(paths[a.Source.Path], a)
	}
	return eachEntry(ctx, tarball, func(name string, r io.Reader) error {
		parts, ok := paths[name]
		if !ok {
			return nil
		}
		delete(paths, name)
		return takeParts(name, r, parts, dir, opt.Progress)
	}, func() error {
		for name := range paths {
			return fmt.Errorf("the package has no file %s", name)
		}
		return nil
	})
}

// checkIntegrity compares a tarball with npm's integrity string.
func checkIntegrity(tarball, want string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("open download: %w", err)
	}
	defer f.Close()
	h := sha512.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Errorf("read download: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("the download of %d bytes is refused: expected integrity %s, found %s; clear npm's cache (`npm cache clean --force`) and try again", n, want, got)
	}
	return nil
}

// eachEntry reads a gzipped tar file once and calls f for each plain file, then end.
func eachEntry(ctx context.Context, tarball string, f func(name string, r io.Reader) error, end func() error) error {
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("open download: %w", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack download: %w", err)
	}
	t := tar.NewReader(z)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return end()
		}
		if err != nil {
			return fmt.Errorf("unpack download: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := f(h.Name, t); err != nil {
			return err
		}
	}
}

// takeParts reads one file of a package from its beginning and stores the parts of it that are wanted.
func takeParts(name string, r io.Reader, parts []Artifact, dir string, progress func(string)) error {
	slices.SortFunc(parts, func(a, b Artifact) int { return cmp.Compare(a.Source.Offset, b.Source.Offset) })
	at := int64(0)
	for _, a := range parts {
		if a.Source.Offset < at {
			return fmt.Errorf("the parts of %s overlap in the lock", name)
		}
		if _, err := io.CopyN(io.Discard, r, a.Source.Offset-at); err != nil {
			return fmt.Errorf("%s ends before %s, which should begin at byte %d: %w", name, a.Name, a.Source.Offset, err)
		}
		at = a.Source.Offset + a.Source.Length
		err := store(dir, a.Name, func(w io.Writer) error {
			h := sha256.New()
			n, err := io.CopyN(io.MultiWriter(h, w), r, a.Length)
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("unpack %s: %w", a.Name, err)
			}
			if got := hex.EncodeToString(h.Sum(nil)); n != a.Length || got != a.SHA256 {
				return fmt.Errorf("%s in %s at byte %d is refused: expected %d bytes with sha256 %s, found %d bytes with sha256 %s",
					a.Name, name, a.Source.Offset, a.Length, a.SHA256, n, got)
			}
			return nil
		})
		if err != nil {
			return err
		}
		progress(fmt.Sprintf("%s: %d bytes, sha256 %s", a.Name, a.Length, a.SHA256))
	}
	return nil
}

// store writes a file under another name and renames it when it is whole and on disk.
func store(dir, name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			f.Close() // a second Close only says so
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	for _, step := range []func() error{func() error { return f.Chmod(0o644) }, f.Sync, f.Close} {
		if err := step(); err != nil {
			return fmt.Errorf("store %s: %w", name, err)
		}
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	return nil
}

// NPM is a Pack that runs `npm pack`. It runs no script of the package, and the registry, proxy and sign-in are those of the
// user's npm settings.
func NPM(ctx context.Context, spec, into string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not installed: install it (Debian: `apt install npm`) and try again")
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--ignore-scripts", "--pack-destination", ".", "--", spec)
	cmd.Dir = into
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("npm could not download it (%w): %s. Check the network and npm's settings (`npm config get registry`, proxy), then run `wince models fetch` again", err, reason(string(out)))
	}
	found, err := filepath.Glob(filepath.Join(into, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm left no package in %s: %s", into, reason(string(out)))
	}
	return found[0], nil
}

// reason returns the line in which npm says what went wrong. It writes "npm error" (before version 10 "npm ERR!") before every
// line; first come the error's code and numbers, then one sentence, then advice, a stack and the name of a log file.
func reason(out string) string {
	last := "it said nothing"
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		text, isError := strings.CutPrefix(line, "npm error")
		if !isError {
			text, isError = strings.CutPrefix(line, "npm ERR!")
		}
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		last = text
		first, _, _ := strings.Cut(text, " ")
		if isError && !slices.Contains([]string{"code", "syscall", "errno", "path", "dest"}, first) {
			break
		}
	}
	return strings.TrimSuffix(last, ".")
}
