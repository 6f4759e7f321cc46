package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"wince/care"
	"wince/store"
)

// BenchmarkFHIR asks for pages of a home with 40,000 assessments, with all that a request costs: sign-in, trail, mapping, JSON.
func BenchmarkFHIR(b *testing.B) {
	st, err := store.Open(b.Context(), store.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	scales, err := readScales()
	if err != nil {
		b.Fatal(err)
	}
	act := care.Act{By: server, At: now, Request: "bench"}
	if err := st.Invent(b.Context(), act, store.Invented{Residents: 100, Assessments: 40_000, PerHome: 100, Now: now, Scale: scales["painad"]}, func(int) {}); err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Store: st, Live: &fakeLive{open: map[string]*fakeSession{}}, Now: func() time.Time { return now },
		Password: &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	u := care.User{ID: care.NewID(), Name: "Bench", Role: care.RoleAdmin, CreatedAt: now, Version: 1}
	token := newToken()
	if err := st.AddUser(b.Context(), act, &u, nil); err != nil {
		b.Fatal(err)
	}
	if err := st.AddLogin(b.Context(), act, hashToken(token), care.Login{User: u, Method: care.ByPassword}); err != nil {
		b.Fatal(err)
	}
	get := func(path string) string {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "https://wince.test"+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	residents, err := st.SearchResidents(b.Context(), care.RecordSearch{Scope: care.Scope{All: true}, Limit: 1})
	if err != nil || len(residents) == 0 {
		b.Fatal(err, "no residents")
	}
	for name, path := range map[string]string{
		"newest 50 totals":             "/fhir/Observation?code=painad-total&_count=50",
		"500 totals":                   "/fhir/Observation?code=painad-total&_count=500",
		"a resident's newest 50":       "/fhir/Observation?code=painad-total&_count=50&patient=" + residents[0].ID,
		"50 forms with their resident": "/fhir/QuestionnaireResponse?_count=50&_include=QuestionnaireResponse:patient",
		"50 changed since":             "/fhir/Observation?_count=50&_sort=_lastUpdated&_lastUpdated=ge2025-09",
		"50 residents":                 "/fhir/Patient?_count=50",
		"what is due":                  "/fhir/Task?_count=50",
		"one observation":              "",
	} {
		if name == "one observation" {
			body := get("/fhir/Observation?_count=1")
			_, rest, _ := strings.Cut(body, `"fullUrl":"https://wince.test`)
			path, _, _ = strings.Cut(rest, `"`)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				get(path)
			}
		})
	}
}
