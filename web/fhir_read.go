package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/pain"
	"wince/web/fhir"
)

func noResource(kind string) error {
	return edge(care.NotFound, "There is no such "+kind+".")
}

// fhirResource returns one resource as whoever asks may see it. What belongs to another site is as if it did not exist.
func (s *Server) fhirResource(c *gin.Context, kind, id string) (fhir.Resource, error) {
	ctx := c.Request.Context()
	switch kind {
	case "Patient":
		return s.fhirPatient(c, id)
	case "Observation", "QuestionnaireResponse", "Provenance":
		record, _, ok := cutRecordID(id)
		if !ok {
			return nil, noResource(kind)
		}
		a, err := s.assessment(c, record)
		if err != nil {
			return nil, err
		}
		return s.ofAssessment(ctx, kind, id, a)
	case "Consent", "MedicationAdministration", "Procedure", "ServiceRequest":
		return s.fhirRecord(c, kind, id)
	case "Task":
		return s.fhirTask(c, id)
	case "Practitioner":
		u, err := s.colleague(c, id)
		if err != nil {
			return nil, err
		}
		return fhir.NewPractitioner(u), nil
	case "Organization", "Location":
		site, err := s.opt.Store.Site(ctx, id)
		if err != nil {
			return nil, err
		}
		if !scope(c).Has(id) {
			return nil, noResource(kind)
		}
		updated, err := s.lastChange(ctx, id)
		if kind == "Location" {
			return fhir.NewLocation(site, updated), err
		}
		return fhir.NewOrganization(site, updated), err
	case "Device":
		set, err := s.opt.Store.ModelSet(ctx, id)
		if err != nil {
			return nil, err
		}
		return fhir.NewDevice(*set), nil
	case "Subscription":
		w, err := s.subscription(c, id)
		if err != nil {
			return nil, err
		}
		return fhir.NewSubscription(w), nil
	case "AuditEvent":
		list, err := s.opt.Store.SearchAudit(ctx, care.AuditSearch{IDs: []string{id}, Limit: 1})
		if err == nil && len(list) == 0 {
			err = noResource(kind)
		}
		if err != nil {
			return nil, err
		}
		return fhir.NewAuditEvent(&list[0]), nil
	}
	return s.fhirTerms(c, kind, id)
}

// ofAssessment returns one of the resources that an assessment is told as.
func (s *Server) ofAssessment(ctx context.Context, kind, id string, a *care.Assessment) (fhir.Resource, error) {
	list, err := s.tellAssessment(ctx, kind, a)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.Head().ID == id {
			return r, nil
		}
	}
	return nil, noResource(kind)
}

// tellAssessment returns the resources of a type that an assessment is told as.
func (s *Server) tellAssessment(ctx context.Context, kind string, a *care.Assessment) ([]fhir.Resource, error) {
	scale, err := s.scaleOf(ctx, a)
	if err != nil {
		return nil, err
	}
	var all []fhir.Resource
	switch kind {
	case "Observation":
		list, err := fhir.Observations(a, scale)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			all = append(all, o)
		}
	case "QuestionnaireResponse":
		if r := fhir.NewResponse(a, scale); r != nil {
			all = append(all, r)
		}
	case "Provenance":
		p, err := fhir.NewProvenance(a, scale)
		if err != nil {
			return nil, err
		}
		if p != nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// fhirVersion returns what a resource of an assessment was in one of its versions.
func (s *Server) fhirVersion(c *gin.Context, kind, id string, version int) (fhir.Resource, error) {
	record, _, ok := cutRecordID(id)
	if !ok {
		return nil, noResource(kind)
	}
	ctx := c.Request.Context()
	a, err := s.assessment(c, record)
	if err == nil && a.Version != version {
		var list []care.Assessment
		list, err = s.opt.Store.AssessmentHistory(ctx, record)
		i := slices.IndexFunc(list, func(o care.Assessment) bool { return o.Version == version })
		if err == nil && i < 0 {
			err = edge(care.NotFound, "There is no such version.")
		}
		if err == nil {
			a = &list[i]
		}
	}
	if err != nil {
		return nil, err
	}
	return s.ofAssessment(ctx, kind, id, a)
}

func (s *Server) fhirPatient(c *gin.Context, id string) (fhir.Resource, error) {
	r, err := s.resident(c, id)
	if isCode(err, care.Erased) {
		site, _, siteErr := s.opt.Store.ErasedResident(c.Request.Context(), id)
		if siteErr == nil && !scope(c).Has(site) {
			return nil, noResource("Patient")
		}
	}
	if err != nil {
		return nil, err
	}
	updated, err := s.lastChange(c.Request.Context(), id)
	return fhir.NewPatient(r, s.externalSystem(), updated), err
}

// externalSystem is the system of the care platform's ids of residents.
func (s *Server) externalSystem() string {
	if s.opt.ExternalSystem != "" {
		return s.opt.ExternalSystem
	}
	return fhir.ExternalIDSystem
}

// lastChange returns when a record was last changed, the zero time where that is not known.
func (s *Server) lastChange(ctx context.Context, id string) (time.Time, error) {
	last, err := s.opt.Store.LastChanges(ctx, id)
	return last[id].At, err
}

// fhirRecord returns one of the resources of a record that is one of many of residents.
func (s *Server) fhirRecord(c *gin.Context, kind, id string) (fhir.Resource, error) {
	record, _, ok := cutRecordID(id)
	if !ok {
		return nil, noResource(kind)
	}
	page, err := s.tellRecords(c.Request.Context(), kind, care.RecordSearch{Scope: scope(c), IDs: []string{record}, Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, r := range page.all {
		if r.resource.Head().ID == id {
			return r.resource, nil
		}
	}
	return nil, noResource(kind)
}

// resourceAt is a resource with the place of its record in the list that it comes from.
type resourceAt struct {
	resource fhir.Resource
	place    care.Place
}

// recordPage is a page of records as they are told: some are told as several resources, some as none.
type recordPage struct {
	all     []resourceAt
	records int
	last    *care.Place // of the last record
}

// tellRecords returns a page of records as resources of a type.
func (s *Server) tellRecords(ctx context.Context, kind string, q care.RecordSearch) (*recordPage, error) {
	now := s.opt.Now()
	page := &recordPage{}
	var ids []string
	var tell []func(updated time.Time)
	add := func(id string, at time.Time, of func(updated time.Time) []fhir.Resource) {
		ids = append(ids, id)
		page.last = &care.Place{At: at, ID: id}
		tell = append(tell, func(updated time.Time) {
			for _, r := range of(updated) {
				page.all = append(page.all, resourceAt{r, care.Place{At: at, ID: id}})
			}
		})
	}
	switch kind {
	case "Consent":
		list, err := s.opt.Store.SearchConsents(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			add(v.ID, v.RecordedAt, func(u time.Time) []fhir.Resource { return []fhir.Resource{fhir.NewConsent(&v, u, now)} })
		}
	case "ServiceRequest":
		list, err := s.opt.Store.SearchSchedules(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			add(v.ID, time.Time{}, func(u time.Time) []fhir.Resource { return []fhir.Resource{fhir.NewServiceRequest(&v, u, now)} })
		}
	case "Patient":
		list, err := s.opt.Store.SearchResidents(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			add(v.ID, time.Time{}, func(u time.Time) []fhir.Resource { return []fhir.Resource{fhir.NewPatient(&v, s.externalSystem(), u)} })
		}
	case "MedicationAdministration", "Procedure":
		list, err := s.opt.Store.SearchReliefs(ctx, q)
		if err != nil {
			return nil, err
		}
		names := measureNames{s: s, of: map[string][]care.Measure{}}
		for _, v := range list {
			measures, err := names.forResident(ctx, v.ResidentID, kind == "Procedure" && len(v.Measures) > 0)
			if err != nil {
				return nil, err
			}
			add(v.ID, v.GivenAt, func(u time.Time) []fhir.Resource { return tellRelief(kind, &v, measures, u) })
		}
	}
	last, err := s.opt.Store.LastChanges(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i, t := range tell {
		t(last[ids[i]].At)
	}
	page.records = len(ids)
	return page, nil
}

func tellRelief(kind string, v *care.Relief, measures []care.Measure, updated time.Time) []fhir.Resource {
	var list []fhir.Resource
	if kind == "Procedure" {
		for _, p := range fhir.NewProcedures(v, measures, updated) {
			list = append(list, p)
		}
	} else if m := fhir.NewAdministration(v, updated); m != nil {
		list = append(list, m)
	}
	return list
}

// measureNames looks up the names of homes' measures, each home's once.
type measureNames struct {
	s  *Server
	of map[string][]care.Measure // by site
}

func (m *measureNames) forResident(ctx context.Context, residentID string, wanted bool) ([]care.Measure, error) {
	if !wanted {
		return nil, nil
	}
	site, _, err := m.s.opt.Store.ErasedResident(ctx, residentID)
	if err != nil {
		return nil, err
	}
	if list, ok := m.of[site]; ok {
		return list, nil
	}
	list, err := m.s.opt.Store.Measures(ctx, site)
	m.of[site] = list
	return list, err
}

// fhirTask returns a due item, worked out anew from its id.
func (s *Server) fhirTask(c *gin.Context, id string) (fhir.Resource, error) {
	ctx := c.Request.Context()
	key, of, resident, ok := fhir.TaskKey(id)
	if !ok {
		return nil, noResource("Task")
	}
	if resident == "" {
		list, err := s.opt.Store.SearchReliefs(ctx, care.RecordSearch{Scope: scope(c), IDs: []string{of}, Limit: 1})
		if err != nil || len(list) == 0 {
			return nil, orNoResource(err, "Task")
		}
		resident = list[0].ResidentID
	}
	r, err := s.resident(c, resident)
	if isCode(err, care.NotFound) || isCode(err, care.Erased) {
		return nil, noResource("Task")
	}
	if err != nil {
		return nil, err
	}
	items, round, err := s.tasksDue(ctx, r.SiteID, r.ID, s.opt.Now())
	if err != nil {
		return nil, err
	}
	for i := range items {
		if items[i].Key == key {
			return fhir.NewTask(&items[i], reliefRef(round, items[i].ReliefID)), nil
		}
	}
	return nil, edge(care.NotFound, "This is not due any more, and was not in the last day.")
}

func orNoResource(err error, kind string) error {
	if err != nil {
		return err
	}
	return noResource(kind)
}

// taskAhead is how far ahead tasks are told.
const taskAhead = 2 * time.Hour

func (s *Server) tasksDue(ctx context.Context, siteID, residentID string, now time.Time) ([]care.DueItem, *care.Round, error) {
	round, err := s.opt.Store.Round(ctx, siteID, residentID, now)
	if err != nil {
		return nil, nil, err
	}
	items, err := round.Due(now, taskAhead)
	return items, round, err
}

// reliefRef refers to what was given, where an item follows it up.
func reliefRef(round *care.Round, id string) *fhir.Reference {
	i := slices.IndexFunc(round.Reliefs, func(r care.Relief) bool { return r.ID == id })
	switch {
	case id == "" || i < 0:
		return nil
	case round.Reliefs[i].Drug != nil:
		return &fhir.Reference{Reference: "MedicationAdministration/" + id}
	}
	return &fhir.Reference{Reference: "Procedure/" + id + "-0"}
}

// fhirTerms returns a questionnaire, or one of our lists of codes.
func (s *Server) fhirTerms(c *gin.Context, kind, id string) (fhir.Resource, error) {
	if id == fhir.TermsID {
		switch kind {
		case "CodeSystem":
			return fhir.NewTerms(), nil
		case "ValueSet":
			return fhir.NewValueSet(fhir.NewTerms()), nil
		case "ConceptMap":
			return fhir.NewConceptMap(s.builtInScales()), nil
		}
	}
	ref, ok := fhir.ParseScaleResourceID(id)
	if !ok || kind == "ConceptMap" {
		return nil, noResource(kind)
	}
	// A site's own scales are told to those of the site only, and to those who met them in an assessment, which no id can be guessed from.
	scale, err := s.scale(c.Request.Context(), ref)
	if err != nil {
		return nil, err
	}
	return scaleResource(kind, scale), nil
}

func scaleResource(kind string, scale *pain.Scale) fhir.Resource {
	switch kind {
	case "Questionnaire":
		return fhir.NewQuestionnaire(scale)
	case "ValueSet":
		return fhir.NewValueSet(fhir.NewScaleSystem(scale))
	}
	return fhir.NewScaleSystem(scale)
}

// builtInScales are the scales that come with Wince, by id.
func (s *Server) builtInScales() []*pain.Scale {
	list := make([]*pain.Scale, 0, len(s.builtIn))
	for _, x := range s.builtIn {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b *pain.Scale) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// scalesInUse are the scales of the sites that whoever asks may see, each version once, by id.
func (s *Server) scalesInUse(c *gin.Context) ([]*pain.Scale, error) {
	ctx := c.Request.Context()
	sites, err := s.opt.Store.Sites(ctx, scope(c))
	if err != nil {
		return nil, err
	}
	list := s.builtInScales()
	for _, site := range sites {
		n, err := s.opt.Store.Instrument(ctx, site.ID)
		if err != nil {
			return nil, err
		}
		for _, ref := range n.Own {
			own, err := s.scale(ctx, ref)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(list, func(x *pain.Scale) bool { return x.Ref() == ref }) {
				list = append(list, own)
			}
		}
	}
	slices.SortFunc(list, func(a, b *pain.Scale) int {
		return strings.Compare(fhir.ScaleResourceID(a.Ref()), fhir.ScaleResourceID(b.Ref()))
	})
	return list, nil
}
