package care

import (
	"testing"
	"time"
)

// The hashes were computed by another program from the description in docs/cli.md: it must stay true, because trails that were
// exported are verified with it.
func TestChainHash(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	trail := []AuditEvent{
		{Seq: 1, ID: "0195d3a0-0000-7000-8000-000000000001", At: noon, By: Actor{"u1", "Ann"}, Action: "resident.add", Entity: "resident", EntityID: "r1",
			Version: 1, Request: "q1", Hash: "784ccd36f761b06a1776a4161633f13b5f8253e4871c1b62c27b20a262ce79a5"},
		{Seq: 2, ID: "0195d3a0-0000-7000-8000-000000000002", At: noon.Add(time.Millisecond), By: Actor{"ü", "Ann"}, Action: "residents.read", Entity: "resident",
			Version: 1, Request: "q2", Detail: []byte(`{"address":"/residents"}`), Hash: "ab262dd64dbce1df695bc9b604594f93190be3c60676bcc52823c169a733651d"},
	}
	prev := ""
	for _, e := range trail {
		if got := e.ChainHash(prev); got != e.Hash {
			t.Errorf("row %d: %s, want %s", e.Seq, got, e.Hash)
		}
		prev = e.Hash
	}
	for name, c := range map[string]struct {
		order []int
		says  string // of the last
	}{
		"whole":    {[]int{0, 1}, ""},
		"removed":  {[]int{1}, "row 1 is missing before it"},
		"repeated": {[]int{0, 0}, "its place is taken twice"},
	} {
		var w ChainWalk
		var problem string
		for _, i := range c.order {
			problem = w.Next(&trail[i])
		}
		if problem != c.says {
			t.Errorf("%s: %q, want %q", name, problem, c.says)
		}
	}
}

func TestNetstrings(t *testing.T) {
	if got := Netstrings("", "a,", "é"); got != "0:,2:a,,2:é," {
		t.Errorf("got %q", got)
	}
	if Netstrings("a", "b") == Netstrings("ab") || Netstrings("1:a,") == Netstrings("a") {
		t.Error("two lists give the same text")
	}
}
