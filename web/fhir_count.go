package web

import (
	"slices"

	"github.com/gin-gonic/gin"

	"wince/web/fhir"
)

// countFHIR counts what a search finds, and says whether it can without reading it all: a total that cannot is left out, as FHIR allows.
func (s *Server) countFHIR(c *gin.Context, q *fhirQuery) (int, bool, error) {
	switch q.kind.Name {
	case "Observation":
		// An assessment is one total and a varying number of observations of the face.
		var codes []fhir.Token
		for _, group := range q.tokens["code"] {
			codes = append(codes, group...)
		}
		if w := fhir.Codes(codes); len(q.tokens["code"]) != 1 || w.Face {
			return 0, false, nil
		}
	case "QuestionnaireResponse", "Provenance":
	case "Device", "Location", "Organization", "Practitioner", "Questionnaire", "CodeSystem", "ValueSet", "ConceptMap":
		list, err := s.listed(c, q.kind.Name)
		list = slices.DeleteFunc(list, func(r fhir.Resource) bool { return !q.wants(s.fhirAddress(c), r) })
		return len(list), err == nil, err
	default:
		return 0, false, nil
	}
	// What the store does not look at cannot be counted by it.
	if len(q.words) > 0 || len(q.tokens["category"]) > 0 {
		return 0, false, nil
	}
	a, ok := s.assessmentSearch(c, q)
	if !ok {
		return 0, true, nil
	}
	n, err := s.opt.Store.CountAssessments(c.Request.Context(), a)
	return n, err == nil, err
}

// countable is how many resources are read to count them, where that is all that is asked for.
const countable = 20 * maxFHIRPage

// countByReading counts what a search finds by finding it.
func (s *Server) countByReading(c *gin.Context, q *fhirQuery) (int, error) {
	if q.nobody {
		return 0, nil
	}
	all, n := *q, 0
	all.count, all.from = maxFHIRPage, nil
	for range countable/maxFHIRPage + passes {
		found, next, err := s.findFHIR(c, &all)
		n += len(found)
		if err != nil || next == nil {
			return n, err
		}
		if n >= countable {
			break
		}
		all.from = next
	}
	return 0, fhir.Issues{{Code: "too-costly", Text: "That is more than can be counted: ask for less, such as one resident's, or read the pages."}}
}
