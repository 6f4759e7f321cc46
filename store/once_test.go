package store

import (
	"strings"
	"sync"
	"testing"
	"time"

	"wince/care"
)

func testOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	r := resident("Wilhelmina Oldfield")
	must(t, s.AddResident(ctx, act(), r))
	begin := func(fingerprint string, now time.Time) (*care.Once, *care.Once) {
		t.Helper()
		o := &care.Once{ID: "k", Fingerprint: fingerprint, BegunAt: now}
		known, err := s.BeginOnce(ctx, o, now)
		must(t, err)
		return o, known
	}
	if _, known := begin("a", noon); known != nil {
		t.Fatalf("a new key is known: %+v", known)
	}
	if _, known := begin("a", noon.Add(time.Second)); known == nil || known.Status != 0 || !known.BegunAt.Equal(noon) {
		t.Fatalf("under way: %+v", known)
	}
	if _, known := begin("b", noon.Add(2*care.OnceBusy)); known == nil || known.Fingerprint != "a" {
		t.Fatalf("another request took the key over: %+v", known)
	}
	o, known := begin("a", noon.Add(2*care.OnceBusy))
	if known != nil || !o.BegunAt.Equal(noon) {
		t.Fatalf("broken off: %+v, begun %v", known, o.BegunAt)
	}
	o.Status, o.Answer = 201, `{"name":"Wilhelmina Oldfield"}`
	must(t, s.EndOnce(ctx, o, r.ID))
	_, known = begin("a", noon.Add(23*time.Hour))
	if known == nil || known.Status != 201 || known.Answer != o.Answer {
		t.Fatalf("kept: %+v", known)
	}
	_, err := s.RotateKey(ctx, act(), true)
	must(t, err)
	if _, known = begin("a", noon.Add(23*time.Hour)); known == nil || known.Answer != o.Answer {
		t.Fatalf("after the key was changed: %+v", known)
	}
	var text string
	must(t, s.db.QueryRowContext(ctx, `SELECT answer FROM once`).Scan(&text))
	if strings.Contains(text, "Oldfield") {
		t.Error("the answer is kept in the clear")
	}
	must(t, s.EraseResident(ctx, act(), r.ID, 1))
	if _, known = begin("a", noon.Add(23*time.Hour)); known == nil || known.Status != 201 || known.Answer != "" {
		t.Fatalf("after the identity was erased: %+v", known)
	}
	if _, known = begin("b", noon.Add(25*time.Hour)); known != nil {
		t.Fatalf("a day later: %+v", known)
	}
	must(t, s.EndOnce(ctx, &care.Once{ID: "k"}, "")) // it failed
	if _, known = begin("c", noon.Add(25*time.Hour)); known != nil {
		t.Fatalf("a request that failed is known: %+v", known)
	}
}

func testOnceRace(t *testing.T, s *Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	first := 0
	for range 8 {
		wg.Go(func() {
			known, err := s.BeginOnce(t.Context(), &care.Once{ID: "k", Fingerprint: "a", BegunAt: noon}, noon)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if known == nil {
				first++
			}
		})
	}
	wg.Wait()
	if first != 1 {
		t.Errorf("%d requests were let through", first)
	}
}
