package shard

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestRows(t *testing.T) {
	type row struct {
		Who   uint32
		Level [2]float32
		Patch [3]uint8
	}
	path := filepath.Join(t.TempDir(), "rows")
	w, err := Create(path, row{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(2) {
		if err := w.Write(&row{i, [2]float32{1, 0}, [3]uint8{7, 8, 9}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	one := func(i byte) []byte { return []byte{i, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0, 7, 8, 9} }
	if b, err := os.ReadFile(path + ".bin"); err != nil || !bytes.Equal(b, append(one(0), one(1)...)) {
		t.Errorf("rows %v, %v", b, err)
	}
	want := `[{"name":"who","type":"\u003cu4","count":1},{"name":"level","type":"\u003cf4","count":2},{"name":"patch","type":"u1","count":3}]`
	if b, err := os.ReadFile(path + ".json"); err != nil || string(b) != want {
		t.Errorf("columns %s, %v", b, err)
	}
	if _, err := Create(path, struct{ X int }{}); err == nil {
		t.Error("a column of no fixed size was accepted")
	}
}
