package ort

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"wince/models"
)

// TestNoTelemetry opens the runtime in a process of its own with an empty home, where ONNX Runtime's telemetry would leave
// a device identifier and a database of events.
func TestNoTelemetry(t *testing.T) {
	dir, err := models.FindDir("")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("WINCE_TEST_EMPTY_HOME") != "" {
		r, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	home := t.TempDir()
	c := exec.Command(os.Args[0], "-test.run=^TestNoTelemetry$")
	c.Env = append(os.Environ(), "WINCE_TEST_EMPTY_HOME=1", "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "ORT_DISABLE_TELEMETRY=")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	left, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("the runtime left %s in the home folder", e.Name())
	}
}
