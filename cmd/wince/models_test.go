package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/models"
)

// modelsCmd runs `wince models ARGS` and returns what it prints and its exit status.
func modelsCmd(t *testing.T, args ...string) (stdout, failure string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := newModelsCmd()
	c.SetOut(&out)
	c.SetErr(&errs)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(context.Background())
	if err == nil {
		return out.String(), "", exitOK
	}
	var e *exitError
	if errors.As(err, &e) {
		return out.String(), err.Error(), e.status
	}
	return out.String(), err.Error(), exitFailed
}

func TestModelsVerify(t *testing.T) {
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	if out, failure, status := modelsCmd(t, "verify"); status != exitOK || !strings.Contains(out, "all files are there and right") {
		t.Errorf("the real files: status %d, %q %q", status, out, failure)
	}
	if _, failure, status := modelsCmd(t, "verify", "--models", filepath.Join(dir, "gone")); status != exitNoModels || !strings.Contains(failure, "wince models fetch") {
		t.Errorf("no directory: status %d, %q", status, failure)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, models.Mesh), []byte("short"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, failure, status := modelsCmd(t, "verify", "--models", damaged)
	for _, want := range []string{models.Mesh + " is not the pinned file", "found 5 bytes", models.Library + " is missing"} {
		if status != exitNoModels || !strings.Contains(failure, want) {
			t.Errorf("a damaged directory: status %d, no %q in %q", status, want, failure)
		}
	}
	if out, failure, status := modelsCmd(t, "list", "--models", damaged); status != exitOK || !strings.Contains(out, "Apache-2.0") || !strings.Contains(out, "missing") {
		t.Errorf("list: status %d, %q %q", status, out, failure)
	}
}

func TestModelsConvert(t *testing.T) {
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "mesh.onnx")
	in := filepath.Join(dir, "face_landmark.tflite")
	if _, failure, status := modelsCmd(t, "convert", in, out); status != exitOK {
		t.Fatalf("status %d, %s", status, failure)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, models.Mesh))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the file differs from the one that fetch makes")
	}
	for name, args := range map[string][]string{"one argument": {"convert", in}, "a name too many": {"verify", "now"}, "no such command": {"burn"}, "no such flag": {"list", "--colour"}} {
		if _, failure, status := modelsCmd(t, args...); status == exitOK || (status != exitUsage && name != "no such flag") {
			t.Errorf("%s: status %d, %s", name, status, failure)
		}
	}
	if _, failure, status := modelsCmd(t, "convert", filepath.Join(dir, models.Mesh), out); status != exitFailed || !strings.Contains(failure, "not a usable TensorFlow Lite file") {
		t.Errorf("a file of another format: status %d, %s", status, failure)
	}
}
