package web

import (
	"slices"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

// ids returns the ids that a search wants, nil for any, and false where it wants none that can be.
func (q *fhirQuery) ids() ([]string, bool) {
	var ids []string
	for i, group := range q.words["_id"] {
		if i == 0 {
			ids = group
			continue
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(group, id) })
	}
	return ids, len(q.words["_id"]) == 0 || len(ids) > 0
}

// recordIDs are the ids of the records that the wanted resources belong to.
func (q *fhirQuery) recordIDs() ([]string, bool) {
	ids, ok := q.ids()
	if !ok || ids == nil {
		return nil, ok
	}
	var records []string
	for _, id := range ids {
		if record, _, ok := cutRecordID(id); ok && !slices.Contains(records, record) {
			records = append(records, record)
		}
	}
	return records, len(records) > 0
}

// findRecords goes through records of residents.
func (s *Server) findRecords(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	ids, ok := q.recordIDs()
	if !ok {
		return nil, nil, nil
	}
	r := care.RecordSearch{Scope: scope(c), IDs: ids, Residents: q.patients, Changed: q.times["_lastUpdated"], Newest: q.newest}
	for _, name := range []string{"date", "effective-time"} {
		r.At = append(r.At, q.times[name]...)
	}
	if q.kind.Name == "Patient" {
		for _, group := range q.tokens["identifier"] {
			var of []string
			for _, t := range group {
				one, err := s.byIdentifier(c, t)
				if err != nil {
					return nil, nil, err
				}
				if one != nil && (len(r.IDs) == 0 || slices.Contains(r.IDs, one.ID)) {
					of = append(of, one.ID)
				}
			}
			if r.IDs = of; len(of) == 0 {
				return nil, nil, nil
			}
		}
	}
	var found []fhir.Resource
	if q.from != nil {
		r.After = q.from.place()
		if q.from.N > 0 { // what is left of the record that the page before ended in
			page, err := s.tellRecords(c.Request.Context(), q.kind.Name, care.RecordSearch{Scope: r.Scope, IDs: []string{q.from.ID}, Residents: r.Residents, At: r.At, Changed: r.Changed, Limit: 1})
			if err != nil {
				return nil, nil, err
			}
			rest := q.wanted(s.fhirAddress(c), page.all)
			rest = rest[min(q.from.N, len(rest)):]
			if len(rest) > q.count {
				next := *q.from
				next.N += q.count
				return resourcesOf(rest[:q.count]), &next, nil
			}
			found = resourcesOf(rest)
		}
	}
	for pass := range passes {
		r.Limit = recordsAtOnce
		if pass == 0 {
			r.Limit = min(recordsAtOnce, q.count-len(found)+1)
		}
		page, err := s.tellRecords(c.Request.Context(), q.kind.Name, r)
		if err != nil {
			return nil, nil, err
		}
		told := 0 // of the record that the last one belongs to
		for _, x := range q.wanted(s.fhirAddress(c), page.all) {
			if len(found) == q.count {
				return found, cursorAfter(r.After, told), nil
			}
			if r.After == nil || r.After.ID != x.place.ID {
				told = 0
			}
			told++
			found, r.After = append(found, x.resource), &x.place
		}
		if page.records < r.Limit {
			return found, nil, nil
		}
		r.After = page.last
	}
	return found, cursorAfter(r.After, 0), nil
}

func (q *fhirQuery) wanted(base string, list []resourceAt) []resourceAt {
	return slices.DeleteFunc(slices.Clone(list), func(x resourceAt) bool { return !q.wants(base, x.resource) })
}

func resourcesOf(list []resourceAt) []fhir.Resource {
	all := make([]fhir.Resource, len(list))
	for i := range list {
		all[i] = list[i].resource
	}
	return all
}
