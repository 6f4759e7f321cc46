// Package models knows which neural networks and which runtime library Wince runs: where each comes from, under which
// licence, and the checksum that it must have. It fetches them, converts them and checks them; it does not run them.
package models

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

//go:embed lock.json
var lockJSON []byte

// Names of the files in a models directory, as in the lock.
const (
	Detector  = "face_detection_short_range.onnx"
	Mesh      = "face_landmark.onnx"
	Attention = "face_landmark_with_attention.onnx"
	Library   = "libonnxruntime.so.1"
)

// Lock is the content of lock.json.
type Lock struct {
	Schema   int       `json:"schema"`
	Packages []Package `json:"packages"`
	Files    []File    `json:"files"`
}

// Package is an npm package that files come from.
type Package struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Integrity string `json:"integrity"` // of the tarball, as npm writes it: sha512-BASE64
	Licence   string `json:"licence"`
}

// Spec names the package and version for npm.
func (p *Package) Spec() string { return p.Name + "@" + p.Version }

// File is a part of a file in a package: a net, or the runtime library for one platform.
type File struct {
	Name     string `json:"name"`
	Purpose  string `json:"purpose"`
	Platform string `json:"platform,omitempty"` // GOOS/GOARCH; empty for every platform
	Package  string `json:"package"`
	Path     string `json:"path"`
	Offset   int64  `json:"offset"` // in the file at Path, bytes
	Length   int64  `json:"length"` // bytes
	SHA256   string `json:"sha256"` // of the part, hexadecimal
	Licence  string `json:"licence"`
	// ONNX is the net converted from the file. Without it, a net is pinned but not fetched.
	ONNX *ONNX `json:"onnx,omitempty"`
}

// ONNX is a converted net as it lies in a models directory.
type ONNX struct {
	Name    string   `json:"name"`
	Length  int64    `json:"length"`
	SHA256  string   `json:"sha256"`
	Input   Tensor   `json:"input"`
	Outputs []Tensor `json:"outputs"`
}

// Tensor is an input or output: float32 in row-major order, inputs with channels first.
type Tensor struct {
	Name  string  `json:"name"`
	Shape []int64 `json:"shape"`
	// Range holds the least and greatest value that an input expects.
	Range []float64 `json:"range,omitempty"`
}

// Artifact is a file that must lie in a models directory: a part of a package, or a net converted from one.
type Artifact struct {
	Name      string
	Length    int64
	SHA256    string
	Version   string // package and version
	Source    *File
	Converted bool
}

// Pinned returns the lock that this program was built with.
func Pinned() (*Lock, error) { return ParseLock(lockJSON) }

// ParseLock reads a lock file and refuses unknown members, missing ones and values that cannot be right.
func ParseLock(b []byte) (*Lock, error) {
	var l Lock
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, fmt.Errorf("read lock file: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read lock file: something follows its end")
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("read lock file: %w", err)
	}
	return &l, nil
}

func (l *Lock) check() error {
	if l.Schema != 1 {
		return fmt.Errorf("schema %d is not 1", l.Schema)
	}
	packages := map[string]bool{}
	for _, p := range l.Packages {
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if p.Name == "" || p.Version == "" || p.Licence == "" || packages[p.Name] || err != nil || len(sum) != 64 ||
			strings.HasPrefix(p.Name, "-") || strings.ContainsAny(p.Name+p.Version, " :") {
			return fmt.Errorf("package %q: name, version, licence and a sha512 integrity are needed, once each", p.Name)
		}
		packages[p.Name] = true
	}
	seen := map[string]bool{}
	for _, f := range l.Files {
		if !plainName(f.Name) || !packages[f.Package] || f.Path == "" || f.Purpose == "" || f.Licence == "" || f.Offset < 0 ||
			f.Length <= 0 || !isSHA256(f.SHA256) || seen[f.Name+" "+f.Platform] {
			return fmt.Errorf("file %q: name, purpose, package, path, offset, length, sha256 and licence are needed, once for each platform", f.Name)
		}
		seen[f.Name+" "+f.Platform] = true
		o := f.ONNX
		if o != nil && f.Platform != "" {
			return fmt.Errorf("file %q: a net has no platform", f.Name)
		}
		if o == nil {
			continue
		}
		if !plainName(o.Name) || o.Length <= 0 || !isSHA256(o.SHA256) || len(o.Outputs) == 0 || seen[o.Name+" "] {
			return fmt.Errorf("file %q: its onnx needs name, length, sha256, input and outputs", f.Name)
		}
		seen[o.Name+" "] = true
		for _, t := range append([]Tensor{o.Input}, o.Outputs...) {
			if t.Name == "" || t.Elements() <= 0 {
				return fmt.Errorf("file %q: the tensor %q has no name or no shape", f.Name, t.Name)
			}
		}
	}
	return nil
}

// Elements is the product of the dimensions, 0 without any.
func (t *Tensor) Elements() int64 {
	if len(t.Shape) == 0 {
		return 0
	}
	n := int64(1)
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

func plainName(s string) bool { return s != "" && path.Base(s) == s && !strings.HasPrefix(s, ".") }

func isSHA256(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && s == strings.ToLower(s)
}

// Package returns the package of a name, nil if the lock has none.
func (l *Lock) Package(name string) *Package {
	for i := range l.Packages {
		if l.Packages[i].Name == name {
			return &l.Packages[i]
		}
	}
	return nil
}

// Artifacts returns what must lie in a models directory on a platform (GOOS/GOARCH), in the lock's order. The files that nets
// are converted from are kept beside them, so that a conversion can be repeated without a network.
func (l *Lock) Artifacts(platform string) []Artifact {
	var out []Artifact
	for i := range l.Files {
		f := &l.Files[i]
		version := l.Package(f.Package).Spec()
		if f.ONNX != nil || (f.Platform != "" && f.Platform == platform) {
			out = append(out, Artifact{f.Name, f.Length, f.SHA256, version, f, false})
		}
		if f.ONNX != nil {
			out = append(out, Artifact{f.ONNX.Name, f.ONNX.Length, f.ONNX.SHA256, version, f, true})
		}
	}
	return out
}

// Artifact returns one of Artifacts by name.
func (l *Lock) Artifact(platform, name string) (Artifact, error) {
	for _, a := range l.Artifacts(platform) {
		if a.Name == name {
			return a, nil
		}
	}
	if name == Library {
		return Artifact{}, fmt.Errorf("there is no ONNX Runtime for %s in the lock: Wince runs on linux/amd64 and linux/arm64", platform)
	}
	return Artifact{}, fmt.Errorf("there is no %q in the lock", name)
}
