package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"wince/web/fhir"
)

// fhirSearch answers with a page of what a search finds, and the link to the next.
func (s *Server) fhirSearch(k *fhir.Kind) gin.HandlerFunc {
	return func(c *gin.Context) {
		q, err := s.parseFHIR(c, k)
		if err == nil {
			whom := ""
			if len(q.patients) == 1 {
				whom = q.patients[0]
			}
			err = s.seenSearch(c, k, whom)
		}
		var b *fhir.Bundle
		if err == nil {
			b, err = s.fhirBundle(c, q)
		}
		if err != nil {
			s.fail(c, err)
			return
		}
		s.writeFHIR(c, http.StatusOK, b)
	}
}

// seenSearch records who looks at a list, and at whose where it is one resident's.
func (s *Server) seenSearch(c *gin.Context, k *fhir.Kind, resident string) error {
	kind := k.Name
	if resident != "" && fhirPermission(kind, fhir.Search).Shows() {
		return s.seenAs(c, fhirPermission(kind, fhir.Search), "resident", resident)
	}
	return s.seenFHIR(c, kind, "")
}

// fhirBundle finds a page.
func (s *Server) fhirBundle(c *gin.Context, q *fhirQuery) (*fhir.Bundle, error) {
	b := &fhir.Bundle{Base: fhir.Base{ResourceType: "Bundle"}, Type: "searchset"}
	self := s.fhirAddress(c) + "/" + q.kind.Name
	link := self
	if len(q.self) > 0 {
		link += "?" + q.self.Encode()
	}
	b.Link = []fhir.BundleLink{{Relation: "self", URL: link}}
	if q.total {
		n, ok, err := s.countFHIR(c, q)
		if err != nil {
			return nil, err
		}
		if !ok && q.counts {
			if n, err = s.countByReading(c, q); err != nil {
				return nil, err
			}
			ok = true
		}
		if ok {
			b.Total = &n
		}
	}
	if q.nobody || q.count == 0 {
		if q.nobody && q.total {
			b.Total = new(int)
		}
		return b, nil
	}
	found, next, err := s.findFHIR(c, q)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		if err := addEntry(b, s.fhirAddress(c), r, "match", q.only); err != nil {
			return nil, err
		}
	}
	if err := s.includeFHIR(c, q, b, found); err != nil {
		return nil, err
	}
	if next != nil {
		text, err := next.text()
		if err != nil {
			return nil, err
		}
		more := cloneValues(q.self)
		more.Set(cursorParam, text)
		b.Link = append(b.Link, fhir.BundleLink{Relation: "next", URL: self + "?" + more.Encode()})
	}
	return b, nil
}

// addEntry adds a resource to a page.
func addEntry(b *fhir.Bundle, base string, r fhir.Resource, mode string, only *elements) error {
	var body []byte
	var err error
	if only != nil {
		body, err = only.of(r)
	} else {
		body, err = fhir.Marshal(r)
	}
	b.Entry = append(b.Entry, fhir.BundleEntry{FullURL: base + "/" + r.Head().Ref(), Resource: body, Search: &fhir.EntrySearch{Mode: mode}})
	return err
}

// How far a list of records is read at once for one page.
const recordsAtOnce, passes = 100, 20

// findFHIR returns a page of resources and where the next begins, nil at the end.
func (s *Server) findFHIR(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	switch q.kind.Name {
	case "Observation", "QuestionnaireResponse", "Provenance":
		return s.findAssessments(c, q)
	case "Patient", "Consent", "ServiceRequest", "MedicationAdministration", "Procedure":
		return s.findRecords(c, q)
	case "Task":
		return s.findTasks(c, q)
	case "AuditEvent":
		return s.findAudit(c, q)
	}
	return s.findListed(c, q)
}
