package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestInvent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	ask := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		status := run(t.Context(), append([]string{"invent"}, args...), &out, &errs)
		return status, out.String(), errs.String()
	}
	small := []string{"--data", dir, "--residents", "20", "--assessments", "300", "--per-home", "10", "--measure", "3"}
	for _, again := range []bool{false, true} { // the second time it is only measured
		status, out, errs := ask(small...)
		if status != exitOK || strings.Contains(out, "Invented 20 residents") == again || strings.Count(out, "p95") != 11 {
			t.Errorf("again %t: status %d: %s%s", again, status, out, errs)
		}
	}
	if status, _, errs := ask("--data", dir); status != exitFailed || !strings.Contains(errs, "empty") {
		t.Errorf("into a database in use: status %d: %s", status, errs)
	}
	for _, args := range [][]string{{}, {"--data", dir, "--residents", "0"}, {"--data", dir, "--measure", "-1"}} {
		if status, _, _ := ask(args...); status != exitUsage {
			t.Errorf("%v: status %d", args, status)
		}
	}
}
