package web

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// assessmentSearch turns a search into one for assessments, false where none can be found.
func (s *Server) assessmentSearch(c *gin.Context, q *fhirQuery) (care.AssessmentSearch, bool) {
	a := care.AssessmentSearch{Scope: scope(c), Residents: q.patients, Changed: q.times["_lastUpdated"], Newest: q.newest, Limit: recordsAtOnce}
	ids, ok := q.recordIDs()
	if !ok {
		return a, false
	}
	a.IDs = ids
	a.Assessed = append(slices.Clone(q.times["date"]), q.times["authored"]...)
	a.Changed = append(slices.Clone(a.Changed), q.times["recorded"]...)
	a.ByChange = q.sort == "_lastUpdated" || q.sort == "recorded"
	statuses := fhir.AssessmentStatuses
	if q.kind.Name == "QuestionnaireResponse" {
		statuses, a.Scaled = fhir.ResponseStatuses, true
	}
	for i, group := range q.tokens["status"] {
		var any []care.Status
		for _, t := range group {
			any = append(any, statuses(t.Code)...)
		}
		if i > 0 {
			any = slices.DeleteFunc(any, func(x care.Status) bool { return !slices.Contains(a.Statuses, x) })
		}
		if a.Statuses = any; len(any) == 0 {
			return a, false
		}
	}
	for _, group := range q.tokens["code"] {
		if !fhir.Codes(group).Narrow(&a) {
			return a, false
		}
	}
	for _, group := range q.tokens["category"] {
		if len(group) == 1 && group[0].Code == "exam" {
			a.Observed = true
		} else if len(group) == 1 && group[0].Code == "survey" {
			a.Scaled = true
		}
	}
	for _, group := range q.words["target"] {
		var of []string
		for _, one := range group {
			one = one[strings.LastIndexByte(one, '/')+1:]
			if id, _, ok := cutRecordID(one); ok {
				of = append(of, id)
			}
		}
		if len(a.IDs) > 0 {
			of = slices.DeleteFunc(of, func(id string) bool { return !slices.Contains(a.IDs, id) })
		}
		if a.IDs = of; len(of) == 0 {
			return a, false
		}
	}
	return a, true
}

// findAssessments goes through assessments in their order and tells each as the resources that the search wants. It reads a bounded
// number: a page that would need more is short, and its next link goes on.
func (s *Server) findAssessments(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	a, ok := s.assessmentSearch(c, q)
	if !ok {
		return nil, nil, nil
	}
	ctx := c.Request.Context()
	var found []fhir.Resource
	if q.from != nil {
		a.After = q.from.place()
		if q.from.N > 0 {
			// The record that the page before ended in, from where it ended. If it was changed away meanwhile there is nothing left of it.
			one := a
			one.After, one.IDs, one.Limit = nil, []string{q.from.ID}, 1
			if len(a.IDs) > 0 && !slices.Contains(a.IDs, q.from.ID) {
				one.Limit = 0
			}
			list, err := s.opt.Store.SearchAssessments(ctx, one)
			if err != nil {
				return nil, nil, err
			}
			for i := range list {
				rest, err := s.wantedOf(c, q, &list[i])
				if err != nil {
					return nil, nil, err
				}
				rest = rest[min(q.from.N, len(rest)):]
				if len(rest) > q.count {
					next := *q.from
					next.N += q.count
					return rest[:q.count], &next, nil
				}
				found = append(found, rest...)
			}
		}
	}
	for pass := range passes {
		a.Limit = recordsAtOnce
		if pass == 0 {
			a.Limit = min(recordsAtOnce, q.count-len(found)+1)
		}
		list, err := s.opt.Store.SearchAssessments(ctx, a)
		if err != nil {
			return nil, nil, err
		}
		for i := range list {
			if len(found) == q.count { // there is more, how much is not known
				return found, cursorAfter(a.After, 0), nil
			}
			at := list[i].AssessedAt
			if a.ByChange {
				at = list[i].ChangedAt
			}
			wanted, err := s.wantedOf(c, q, &list[i])
			if err != nil {
				return nil, nil, err
			}
			a.After = &care.Place{At: at, ID: list[i].ID}
			if room := q.count - len(found); len(wanted) > room {
				return append(found, wanted[:room]...), cursorAfter(a.After, room), nil
			}
			found = append(found, wanted...)
		}
		if len(list) < a.Limit {
			return found, nil, nil
		}
	}
	return found, cursorAfter(a.After, 0), nil
}

func cursorAfter(p *care.Place, n int) *fhirCursor {
	return &fhirCursor{At: p.At.UnixMilli(), ID: p.ID, N: n}
}

// wantedOf are the resources of an assessment that a search wants.
func (s *Server) wantedOf(c *gin.Context, q *fhirQuery, a *care.Assessment) ([]fhir.Resource, error) {
	list, err := s.tellAssessment(c.Request.Context(), q.kind.Name, a)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(r fhir.Resource) bool { return !q.wants(s.fhirAddress(c), r) }), nil
}
