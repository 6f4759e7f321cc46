package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wince/pain"
)

func TestScales(t *testing.T) {
	do := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(t.Context(), append([]string{"scales"}, args...), &out, &errs); got != want {
			t.Errorf("scales %v: status %d, want %d: %s", args, got, want, errs.String())
		}
		return out.String()
	}
	if list := do(exitOK, "list"); strings.Count(list, "\n") != 5 || !strings.Contains(list, "paic15") {
		t.Errorf("list:\n%s", list)
	}
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	text := do(exitOK, "show", "abbey")
	if err := os.WriteFile(good, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte(strings.Replace(text, "from: 8", "from: 9", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := do(exitOK, "check", good); got != "good.yaml: abbey 1.0.0, 6 items, total 0 to 18\n" {
		t.Errorf("check: %s", got)
	}
	if got := do(exitFailed, "check", good, bad); !strings.Contains(got, bad+":16: the band begins at 9") {
		t.Errorf("check: %s", got)
	}
	do(exitFailed, "show", "none")
	do(exitFailed, "check", filepath.Join(t.TempDir(), "none.yaml"))
	do(exitUsage, "check")
}

// The definition that the documentation shows is one that is taken.
func TestDocumentedScale(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "scales.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## A definition\n\n")
	var text strings.Builder
	for line := range strings.Lines(rest) {
		code, ok := strings.CutPrefix(line, "    ")
		if !ok {
			break
		}
		text.WriteString(code)
	}
	s, err := pain.ParseScale("docs/scales.md", []byte(text.String()))
	if err != nil || s.ID != "ours" || len(s.CameraItems()) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}
