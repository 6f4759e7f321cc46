package models

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/models/convert"
)

func TestFindDir(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	t.Setenv(EnvDir, other)
	if got, err := FindDir(dir); err != nil || got != dir {
		t.Errorf("the flag: %q, %v", got, err)
	}
	if got, err := FindDir(""); err != nil || got != other {
		t.Errorf("the variable: %q, %v", got, err)
	}
	gone := filepath.Join(dir, "gone")
	_, gap := FindDir(gone)
	var bad *DirError
	if !errors.As(gap, &bad) || bad.Path != gone || !errors.Is(gap, ErrFile) || !strings.Contains(gap.Error(), "make models") {
		t.Errorf("a missing directory: %v", gap)
	}
	if got, err := FetchDir(gone); err != nil || got != gone {
		t.Errorf("a directory to be made: %q, %v", got, err)
	}

	t.Setenv(EnvDir, "")
	t.Chdir(t.TempDir())
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := FetchDir(""); err != nil || filepath.Base(got) != "models" || filepath.Dir(got) != filepath.Dir(exe) {
		t.Errorf("to be made beside the executable: %q, %v", got, err)
	}
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := errors.Join(os.MkdirAll(deep, 0o755), os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	if _, err := FindDir(""); !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), "wince models fetch") {
		t.Errorf("no directory anywhere: %v", err)
	}
	want, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	want = filepath.Join(want, "bin", "models")
	if got, err := FetchDir(""); err != nil || got != want {
		t.Errorf("to be made in a checkout: %q, %v", got, err)
	}
	if err := os.MkdirAll(want, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := FindDir(""); err != nil || got != want {
		t.Errorf("in a checkout: %q, want %q, %v", got, want, err)
	}
}

func TestVerifyNamesEveryFile(t *testing.T) {
	o, dir := newOrigin(t), t.TempDir()
	if err := o.fetch(t, dir); err != nil {
		t.Fatal(err)
	}
	onnx := filepath.Join(dir, "ops.onnx")
	whole, err := os.ReadFile(onnx)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(onnx, whole[:100], 0o644), os.Remove(filepath.Join(dir, "lib.so"))); err != nil {
		t.Fatal(err)
	}
	err = o.lock.Verify(dir, "test/os")
	if !errors.Is(err, ErrFile) {
		t.Fatalf("the error is %v", err)
	}
	text := err.Error()
	for _, want := range []string{"ops.onnx is not the pinned file", sum(whole), sum(whole[:100]), "found 100 bytes", "lib.so is missing", "wince models fetch"} {
		if !strings.Contains(text, want) {
			t.Errorf("the error %q has no %q", text, want)
		}
	}
	if strings.Contains(text, "ops.tflite") {
		t.Errorf("the error %q names a file that is right", text)
	}
	a, err := o.lock.Artifact("test/os", "ops.onnx")
	if err != nil {
		t.Fatal(err)
	}
	var bad *FileError
	if _, err := a.Read(dir); !errors.As(err, &bad) || bad.GotSize != 100 || bad.WantSize != int64(len(whole)) {
		t.Errorf("reading a cut file: %v", err)
	}
}

// TestRealFiles checks the files that the other tests run, and that the pinned nets still convert to the pinned bytes.
func TestRealFiles(t *testing.T) {
	dir, err := FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(dir); err != nil {
		t.Fatal(err)
	}
	l, err := Pinned()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range l.Artifacts(Platform) {
		if !a.Converted {
			continue
		}
		in, err := os.ReadFile(filepath.Join(dir, a.Source.Name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := a.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := convert.TFLite(in, convert.Options{}); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s converts to other bytes than the lock's (error %v)", a.Source.Name, err)
		}
	}
}
