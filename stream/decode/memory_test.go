package decode

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"

	"wince/vision"
)

// TestTidyMemory closes all decoders but the one that was opened last. Without the setting, what the others had lies below that one's in
// the C library's pool and stays with the process, 2 MB for each.
func TestTidyMemory(t *testing.T) {
	const many = 32
	if err := TidyMemory(); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // one thread, one pool
	defer runtime.UnlockOSThread()
	key := clip(t, "pattern640x480.ivf")[0]
	var img vision.I420
	open := func() *VPX {
		d, err := NewVP8()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(key, &img); err != nil {
			t.Fatal(err)
		}
		return d
	}
	shut := func(d *VPX) {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	shut(open()) // the first to be freed is what makes the library keep large blocks
	debug.FreeOSMemory()
	before := anonymous(t)
	var opened []*VPX
	for range many {
		opened = append(opened, open())
	}
	held := anonymous(t) - before
	last := opened[many-1]
	for _, d := range opened[:many-1] {
		shut(d)
	}
	debug.FreeOSMemory()
	left := anonymous(t) - before
	shut(last)
	t.Logf("%.1f MB with %d decoders, %.1f MB with one", held, many, left)
	if left > held/4 {
		t.Errorf("%.1f of %.1f MB are left when one of %d decoders is", left, held, many)
	}
}

// anonymous returns how much memory of this process is not a file's, in MB.
func anonymous(t *testing.T) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		untold(t, err.Error())
	}
	for l := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(l, []byte("RssAnon:")); ok {
			kb, err := strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb / 1024
		}
	}
	untold(t, "no RssAnon")
	return 0
}

// untold leaves the test out where the system does not tell its memory, which Linux does: in CI that is a failure.
func untold(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("this system does not tell its memory: ", why)
	}
	t.Skip("this system does not tell its memory: ", why)
}
