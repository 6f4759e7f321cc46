package web

import (
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
)

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
