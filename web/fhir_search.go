package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
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

// findRecords goes through records of residents.
func (s *Server) findRecords(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	ids, ok := q.recordIDs()
	if !ok {
		return nil, nil, nil
	}
	r := care.RecordSearch{Scope: scope(c), IDs: ids, Residents: q.patients, Newest: q.newest}
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
			page, err := s.tellRecords(c.Request.Context(), q.kind.Name, care.RecordSearch{Scope: r.Scope, IDs: []string{q.from.ID}, Residents: r.Residents, At: r.At, Limit: 1})
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

// findTasks works out what is due, site after site, on all pages for the moment of the first.
func (s *Server) findTasks(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	ctx := c.Request.Context()
	now, after := s.opt.Now(), care.Place{}
	site := ""
	if q.from != nil {
		now = time.UnixMilli(q.from.AsOf).UTC()
		if now.After(s.opt.Now()) || now.Before(s.opt.Now().Add(-24*time.Hour)) {
			return nil, nil, badParam(cursorParam, "The pages are too old: begin the search again.")
		}
		site, after.ID, _ = strings.Cut(q.from.ID, " ")
		after.At = time.UnixMilli(q.from.At).UTC()
	}
	places, err := s.tasksOf(c, q)
	if err != nil {
		return nil, nil, err
	}
	var found []fhir.Resource
	for _, p := range places {
		if p.site < site {
			continue
		}
		items, round, err := s.tasksDue(ctx, p.site, p.resident, now)
		if err != nil {
			return nil, nil, err
		}
		for i := range items {
			d := &items[i]
			if p.site == site && (d.DueAt.Before(after.At) || d.DueAt.Equal(after.At) && d.Key <= after.ID) {
				continue
			}
			t := fhir.NewTask(d, reliefRef(round, d.ReliefID))
			if p.resident == "" && len(q.patients) > 0 && !slices.Contains(q.patients, d.ResidentID) || !q.wants(s.fhirAddress(c), t) {
				continue
			}
			if len(found) == q.count {
				return found, &fhirCursor{AsOf: now.UnixMilli(), At: after.At.UnixMilli(), ID: site + " " + after.ID}, nil
			}
			found = append(found, t)
			site, after = p.site, care.Place{At: d.DueAt, ID: d.Key}
		}
	}
	return found, nil, nil
}

// taskPlace is a site whose tasks are wanted, or one resident of it.
type taskPlace struct{ site, resident string }

func (s *Server) tasksOf(c *gin.Context, q *fhirQuery) ([]taskPlace, error) {
	var list []taskPlace
	switch {
	case len(q.patients) == 1:
		r, err := s.resident(c, q.patients[0])
		if isCode(err, care.NotFound) || isCode(err, care.Erased) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []taskPlace{{r.SiteID, r.ID}}, nil
	default:
		sites, err := s.opt.Store.Sites(c.Request.Context(), scope(c))
		if err != nil {
			return nil, err
		}
		for _, x := range sites {
			list = append(list, taskPlace{x.ID, ""})
		}
	}
	slices.SortFunc(list, func(a, b taskPlace) int { return strings.Compare(a.site, b.site) })
	return list, nil
}

// findAudit goes through the trail.
func (s *Server) findAudit(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	ids, ok := q.ids()
	if !ok {
		return nil, nil, nil
	}
	a := care.AuditSearch{IDs: ids, At: q.times["date"], Newest: q.newest, Limit: q.count + 1}
	for i, group := range q.words["entity"] {
		var of []string
		for _, one := range group {
			of = append(of, one[strings.LastIndexByte(one, '/')+1:])
		}
		if i > 0 {
			of = slices.DeleteFunc(of, func(id string) bool { return !slices.Contains(a.Entities, id) })
		}
		if a.Entities = of; len(of) == 0 {
			return nil, nil, nil
		}
	}
	if q.from != nil {
		a.After = q.from.Seq
	}
	list, err := s.opt.Store.SearchAudit(c.Request.Context(), a)
	if err != nil {
		return nil, nil, err
	}
	var next *fhirCursor
	if len(list) > q.count {
		list = list[:q.count]
		next = &fhirCursor{Seq: list[len(list)-1].Seq}
	}
	found := make([]fhir.Resource, len(list))
	for i := range list {
		found[i] = fhir.NewAuditEvent(&list[i])
	}
	return found, next, nil
}

// findListed goes through a list that is short anyhow: sites, staff, scales, codes, models.
func (s *Server) findListed(c *gin.Context, q *fhirQuery) ([]fhir.Resource, *fhirCursor, error) {
	list, err := s.listed(c, q.kind.Name)
	if err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(list, func(r fhir.Resource) bool { return !q.wants(s.fhirAddress(c), r) })
	slices.SortFunc(list, func(a, b fhir.Resource) int { return strings.Compare(a.Head().ID, b.Head().ID) })
	if q.from != nil {
		list = slices.DeleteFunc(list, func(r fhir.Resource) bool { return r.Head().ID <= q.from.ID })
	}
	if len(list) <= q.count {
		return list, nil, nil
	}
	list = list[:q.count]
	return list, &fhirCursor{ID: list[len(list)-1].Head().ID}, nil
}

func (s *Server) listed(c *gin.Context, kind string) ([]fhir.Resource, error) {
	ctx := c.Request.Context()
	var all []fhir.Resource
	switch kind {
	case "Practitioner":
		list, err := s.opt.Store.Users(ctx, scope(c))
		for i := range list {
			all = append(all, fhir.NewPractitioner(&list[i]))
		}
		return all, err
	case "Organization", "Location":
		list, err := s.opt.Store.Sites(ctx, scope(c))
		if err != nil {
			return nil, err
		}
		for i := range list {
			r, err := s.fhirResource(c, kind, list[i].ID)
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
		return all, nil
	case "Device":
		list, err := s.opt.Store.ModelSets(ctx)
		for i := range list {
			all = append(all, fhir.NewDevice(list[i]))
		}
		return all, err
	case "Subscription":
		return s.subscriptions(c)
	case "ConceptMap":
		return []fhir.Resource{fhir.NewConceptMap(s.builtInScales())}, nil
	case "CodeSystem":
		all = append(all, fhir.NewTerms())
	case "ValueSet":
		all = append(all, fhir.NewValueSet(fhir.NewTerms()))
	}
	scales, err := s.scalesInUse(c)
	for _, x := range scales {
		all = append(all, scaleResource(kind, x))
	}
	return all, err
}
