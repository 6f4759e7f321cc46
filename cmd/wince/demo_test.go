package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDemoReadsTheAssessmentBack(t *testing.T) {
	status, out, stderr := wince(t, "demo", "--exit", "--capture", "4s", "--clip", clipFile("pain.ivf"))
	if status != 0 {
		t.Fatalf("exit status %d: %s\n%s", status, stderr, out)
	}
	for _, want := range []string{"score", "AU4", "The observation", "final", "confirmed by " + demoName} {
		if !strings.Contains(out, want) {
			t.Errorf("the demonstration does not show %q:\n%s", want, out)
		}
	}
}

func TestDemoFailsWithoutAFace(t *testing.T) {
	status, out, stderr := wince(t, "demo", "--exit", "--capture", "3s", "--clip", clipFile("nobody.ivf"))
	if status == 0 || strings.Contains(out, "read back") {
		t.Errorf("an empty room gave exit status %d and\n%s%s", status, out, stderr)
	}
	if status, _, stderr := wince(t, "demo", "--exit", "--clip", filepath.Join(t.TempDir(), "none.ivf")); status == 0 || !strings.Contains(stderr, "none.ivf") {
		t.Errorf("a missing clip: exit status %d, %s", status, stderr)
	}
}
