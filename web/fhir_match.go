package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

func cloneValues(v url.Values) url.Values { return maps.Clone(v) }

// wants says whether a resource meets every condition of the search that can be seen in it. What the store was asked for is looked at
// again: it costs little, and one place decides.
func (q *fhirQuery) wants(base string, r fhir.Resource) bool {
	h := r.Head()
	for name, groups := range q.words {
		for _, any := range groups {
			if !slices.ContainsFunc(any, func(want string) bool { return hasWord(base, r, h, name, want) }) {
				return false
			}
		}
	}
	for name, groups := range q.tokens {
		codes := fhir.Codings(r, name)
		for _, any := range groups {
			if codes != nil && !fhir.AnyOf(any, codes) {
				return false
			}
		}
	}
	for name, times := range q.times {
		text := fhir.When(r, name)
		if text == "" {
			if name == "_lastUpdated" || name == "birthdate" {
				return false // it is not known
			}
			continue // the store has looked
		}
		if name == "birthdate" {
			born, err := time.Parse(time.DateOnly, text)
			if err != nil || !times.Has(born) {
				return false
			}
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || !times.Has(at) {
			return false
		}
	}
	return true
}

// hasWord says whether a resource has what a text, address or reference asks for.
func hasWord(base string, r fhir.Resource, h *fhir.Base, name, want string) bool {
	switch name {
	case "_id":
		return h.ID == want
	case "target", "entity": // the store was asked
		return true
	case "name":
		return slices.ContainsFunc(fhir.Names(r), func(n string) bool {
			n, want := strings.ToLower(n), strings.ToLower(want)
			return strings.HasPrefix(n, want) || strings.Contains(n, " "+want)
		})
	}
	want = strings.TrimPrefix(want, base+"/")
	return slices.ContainsFunc(fhir.Addresses(r, name), func(a string) bool {
		return a == want || strings.HasSuffix(a, "/"+want) && !strings.Contains(want, "/")
	})
}

// include adds what the resources that were found refer to, each once: what whoever asks may not see is left out.
func (s *Server) includeFHIR(c *gin.Context, q *fhirQuery, b *fhir.Bundle, found []fhir.Resource) error {
	there := map[string]bool{}
	for _, r := range found {
		there[r.Head().Ref()] = true
	}
	add := func(kind, id string) error {
		ref := kind + "/" + id
		if there[ref] || mayFHIR(c, kind, fhir.Read) != nil {
			return nil //nolint:nilerr // what one may not see is left out
		}
		there[ref] = true
		r, err := s.fhirResource(c, kind, id)
		if isCode(err, care.NotFound) || isCode(err, care.Erased) {
			return nil
		}
		if err != nil {
			return err
		}
		return addEntry(b, s.fhirAddress(c), r, "include", nil)
	}
	for _, want := range q.include {
		_, name, _ := strings.Cut(want, ":")
		for _, r := range found {
			for _, ref := range fhir.Addresses(r, name) {
				if kind, id, ok := strings.Cut(ref, "/"); ok {
					if err := add(kind, id); err != nil {
						return err
					}
				}
			}
		}
	}
	if slices.Contains(q.back, "Provenance:target") {
		for _, r := range found {
			if record, _, ok := cutRecordID(r.Head().ID); ok {
				if err := add("Provenance", record); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
