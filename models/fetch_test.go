package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wince/models/convert"
)

// origin is a package made for a test: the net of all operators behind some other bytes, and a library.
type origin struct {
	lock  *Lock
	files map[string][]byte // in the tarball
	calls int
}

const before = "some bytes before the net"

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	net, err := os.ReadFile(filepath.Join("testdata", "ops.tflite"))
	if err != nil {
		t.Fatal(err)
	}
	onnx, err := convert.TFLite(net, convert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lib := []byte("a library")
	tensor := Tensor{Name: "t", Shape: []int64{1}}
	o := &origin{
		files: map[string][]byte{"package/assets.data": append([]byte(before), append(net, "after"...)...), "package/lib.so": lib, "package/README": []byte("read me")},
		lock: &Lock{Schema: 1, Packages: []Package{{Name: "nets", Version: "1.2.3", Licence: "MIT"}}, Files: []File{
			{Name: "ops.tflite", Purpose: "all operators", Package: "nets", Path: "package/assets.data", Offset: int64(len(before)), Length: int64(len(net)),
				SHA256: sum(net), Licence: "MIT", ONNX: &ONNX{Name: "ops.onnx", Length: int64(len(onnx)), SHA256: sum(onnx), Input: tensor, Outputs: []Tensor{tensor}}},
			{Name: "head.bin", Purpose: "another part of the same file", Platform: "test/os", Package: "nets", Path: "package/assets.data", Length: 10,
				SHA256: sum([]byte(before[:10])), Licence: "MIT"},
			{Name: "lib.so", Purpose: "runtime", Platform: "test/os", Package: "nets", Path: "package/lib.so", Length: int64(len(lib)), SHA256: sum(lib), Licence: "MIT"},
		}},
	}
	o.seal(t)
	return o
}

// seal writes the integrity of the tarball into the lock.
func (o *origin) seal(t *testing.T) {
	t.Helper()
	s := sha512.Sum512(o.tarball(t))
	o.lock.Packages[0].Integrity = "sha512-" + base64.StdEncoding.EncodeToString(s[:])
	if err := o.lock.check(); err != nil {
		t.Fatal(err)
	}
}

func (o *origin) tarball(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range []string{"package/README", "package/assets.data", "package/lib.so"} {
		data, ok := o.files[name]
		if !ok {
			continue
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (o *origin) fetch(t *testing.T, dir string) error {
	t.Helper()
	return o.lock.Fetch(t.Context(), dir, FetchOptions{Platform: "test/os", Pack: func(_ context.Context, spec, into string) (string, error) {
		o.calls++
		if spec != "nets@1.2.3" {
			t.Errorf("asked for %q", spec)
		}
		path := filepath.Join(into, "nets-1.2.3.tgz")
		return path, os.WriteFile(path, o.tarball(t), 0o644)
	}})
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestFetch(t *testing.T) {
	o, dir := newOrigin(t), filepath.Join(t.TempDir(), "new", "models")
	if err := o.fetch(t, dir); err != nil {
		t.Fatal(err)
	}
	want := []string{"head.bin", "lib.so", "ops.onnx", "ops.tflite"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Fatalf("the directory holds %v, want %v and no leftovers", got, want)
	}
	if err := o.lock.Verify(dir, "test/os"); err != nil {
		t.Fatal(err)
	}
	if err := o.fetch(t, dir); err != nil || o.calls != 1 {
		t.Fatalf("the second run downloaded: %d downloads, error %v", o.calls, err)
	}
	// A damaged net is converted again without a download, a damaged library is downloaded again.
	damage(t, filepath.Join(dir, "ops.onnx"))
	if err := o.fetch(t, dir); err != nil || o.calls != 1 {
		t.Fatalf("converting again: %d downloads, error %v", o.calls, err)
	}
	damage(t, filepath.Join(dir, "lib.so"))
	if err := o.fetch(t, dir); err != nil || o.calls != 2 {
		t.Fatalf("replacing the library: %d downloads, error %v", o.calls, err)
	}
	if err := o.lock.Verify(dir, "test/os"); err != nil {
		t.Fatal(err)
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x40
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFetchRefuses sends wrong packages: each is refused by name and leaves nothing behind.
func TestFetchRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*testing.T, *origin)
		want   []string
	}{
		{"another tarball", func(_ *testing.T, o *origin) { o.files["package/README"] = []byte("other") },
			[]string{"nets@1.2.3", "expected integrity sha512-", "found sha512-"}},
		{"wrong offset", func(t *testing.T, o *origin) { o.lock.Files[0].Offset++; o.seal(t) },
			[]string{"ops.tflite in package/assets.data at byte 26 is refused", "expected", "found", "sha256"}},
		{"offset behind the end", func(t *testing.T, o *origin) { o.lock.Files[0].Offset = 1 << 30; o.seal(t) },
			[]string{"package/assets.data ends before ops.tflite"}},
		{"file too short", func(t *testing.T, o *origin) {
			o.files["package/assets.data"] = o.files["package/assets.data"][:1000]
			o.seal(t)
		}, []string{"ops.tflite", "found 975 bytes"}},
		{"parts that overlap", func(t *testing.T, o *origin) { o.lock.Files[0].Offset = 5; o.seal(t) }, []string{"overlap"}},
		{"no such file", func(t *testing.T, o *origin) { delete(o.files, "package/lib.so"); o.seal(t) },
			[]string{"the package has no file package/lib.so"}},
		{"another conversion", func(_ *testing.T, o *origin) { o.lock.Files[0].ONNX.SHA256 = strings.Repeat("ab", 32) },
			[]string{"convert ops.tflite", "do not belong together"}},
		{"no net", func(t *testing.T, o *origin) {
			b := o.files["package/assets.data"]
			for i := range o.lock.Files[0].Length {
				b[int64(len(before))+i] ^= 0x55
			}
			o.lock.Files[0].SHA256 = sum(b[len(before) : int64(len(before))+o.lock.Files[0].Length])
			o.seal(t)
		}, []string{"convert ops.tflite", "not a usable TensorFlow Lite file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, dir := newOrigin(t), t.TempDir()
			tc.change(t, o)
			err := o.fetch(t, dir)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error %q has no %q", err, want)
				}
			}
			for _, name := range names(t, dir) {
				if strings.HasPrefix(name, ".") || name == "ops.onnx" {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}

func TestFetchCancelled(t *testing.T) {
	o := newOrigin(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := o.lock.Fetch(ctx, t.TempDir(), FetchOptions{Platform: "test/os", Pack: func(_ context.Context, _, into string) (string, error) {
		cancel()
		path := filepath.Join(into, "p.tgz")
		return path, os.WriteFile(path, o.tarball(t), 0o644)
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// TestNPM puts a script in npm's place: what npm says must reach the user, with what to do.
func TestNPM(t *testing.T) {
	run := func(t *testing.T, script string) (string, error) {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "npm"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":/usr/bin:/bin")
		return NPM(t.Context(), "nets@1.2.3", t.TempDir())
	}
	t.Run("packs", func(t *testing.T) {
		path, err := run(t, `test "$*" = "pack --ignore-scripts --pack-destination . -- nets@1.2.3" && echo x > nets-1.2.3.tgz && echo nets-1.2.3.tgz`)
		if err != nil || filepath.Base(path) != "nets-1.2.3.tgz" {
			t.Errorf("got %q, %v", path, err)
		}
	})
	t.Run("fails", func(t *testing.T) {
		_, err := run(t, `cat >&2 <<'END'
npm warn Unknown user config "nodedir". This will stop working.
npm error code ETARGET
npm error notarget No matching version found for nets@1.2.3.
npm error notarget In most cases you or one of your dependencies are requesting
npm error notarget a package version that doesn't exist.
npm error A complete log of this run can be found in: /home/x/.npm/_logs/now-debug-0.log
END
exit 1`)
		if err == nil || !strings.Contains(err.Error(), "No matching version found for nets@1.2.3") || !strings.Contains(err.Error(), "wince models fetch") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("leaves nothing", func(t *testing.T) {
		if _, err := run(t, "exit 0"); err == nil || !strings.Contains(err.Error(), "left no package") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("is missing", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := NPM(t.Context(), "nets@1.2.3", t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm is not installed") {
			t.Errorf("the error is %v", err)
		}
	})
}
