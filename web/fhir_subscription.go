package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/fhir"
	"wince/web/hook"
)

// subscribable are the types of resources that a Subscription can be about, with the kind of record whose changes matter.
var subscribable = map[string]string{
	"Observation": care.KindAssessment, "QuestionnaireResponse": care.KindAssessment, "Patient": care.KindResident, "MedicationAdministration": care.KindRelief,
	"Procedure": care.KindRelief, "ServiceRequest": care.KindSchedule, "Consent": care.KindConsent,
}

// criteria reads what a Subscription is about: a type, and of the parameters those that one resource alone answers.
func (s *Server) criteria(text string) (*fhirQuery, error) {
	kind, query, _ := strings.Cut(text, "?")
	i := slices.IndexFunc(s.kinds, func(k *fhir.Kind) bool { return k.Name == kind })
	if i < 0 || subscribable[kind] == "" {
		return nil, fhir.Issues{{Code: "not-supported", Path: "Subscription.criteria", Text: "Subscriptions are about Observation, QuestionnaireResponse, Patient, MedicationAdministration, Procedure, ServiceRequest or Consent."}}
	}
	q := &fhirQuery{kind: s.kinds[i], tokens: map[string][][]fhir.Token{}, words: map[string][][]string{}}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fhir.Issues{{Code: "value", Path: "Subscription.criteria", Text: "The search cannot be read."}}
	}
	for name, list := range values {
		p := q.kind.Param(name)
		if p == nil || p.Type != "token" && name != "patient" && name != "subject" || name == "_id" || name == "identifier" {
			return nil, fhir.Issues{{Code: "not-supported", Path: "Subscription.criteria", Text: "A Subscription can say patient, subject, code, status, category and the like, and not " + printable(name) + "."}}
		}
		for _, value := range list {
			alternatives, err := fhir.SplitOr(value)
			if err != nil {
				return nil, fhir.Issues{{Code: "value", Path: "Subscription.criteria", Text: "The parameter " + name + ": " + err.Error()}}
			}
			if p.Type != "token" {
				q.words[name] = append(q.words[name], alternatives)
				continue
			}
			var group []fhir.Token
			for _, one := range alternatives {
				t, err := fhir.ParseToken(one)
				if err != nil {
					return nil, fhir.Issues{{Code: "value", Path: "Subscription.criteria", Text: "The parameter " + name + ": " + err.Error()}}
				}
				group = append(group, t)
			}
			q.tokens[name] = append(q.tokens[name], group)
		}
	}
	return q, nil
}

// createSubscription makes an endpoint that is told in FHIR's way. It is the same outbox, with the same retries and the same list of
// what was given up, as that of other webhooks.
func (s *Server) createSubscription(c *gin.Context) {
	act := s.act(c)
	w := &care.Webhook{Kind: care.FHIRHook, Payload: care.IDsOnly, CreatedAt: care.Stamp(act.At), CreatedBy: act.By, Version: 1}
	err := mediaType(c, fhirContent)
	if err != nil && mediaType(c, "application/json") == nil {
		err = nil
	}
	var body []byte
	if err == nil {
		body, err = io.ReadAll(c.Request.Body)
	}
	if err == nil {
		err = fhir.ReadSubscription(body, w)
	}
	var q *fhirQuery
	if err == nil {
		q, err = s.criteria(w.Criteria)
	}
	if err == nil {
		w.Events = []string{subscribable[q.kind.Name]}
		if w.ContentType != "" {
			w.Payload = care.FullRecord // which the trail tells of
		}
		if a := client(c); a != nil {
			err = s.ofProgram(c, a, w)
		} else if !scope(c).All {
			w.SiteID, err = scope(c).Choose("")
		}
	}
	if err == nil {
		err = subscriptionIssue(s.intoWebhook(c, &webhookInput{}, w))
	}
	if err == nil {
		err = s.opt.Store.AddWebhook(c.Request.Context(), act, w, hook.NewSecret())
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.hooks.nudge()
	c.Header("Location", s.fhirAddress(c)+"/Subscription/"+w.ID)
	s.writeFHIR(c, http.StatusCreated, fhir.NewSubscription(w))
}

// maxSubscriptions are those of one connected program: each is a reader of every change.
const maxSubscriptions = 20

// ofProgram makes a Subscription a connected program's own: about nothing that the program's token may not read, in the program's sites.
func (s *Server) ofProgram(c *gin.Context, a *care.ClientAccess, w *care.Webhook) error {
	if err := maySubscribe(a.Scopes, w.Criteria); err != nil {
		return err
	}
	w.ClientID = a.Client.ID
	own, err := s.subscriptions(c)
	if err == nil && len(own) >= maxSubscriptions {
		err = fhir.Issues{{Code: "too-costly", Text: "This program has 20 Subscriptions: delete those that it does not need."}}
	}
	return err
}

// maySubscribe returns nil where a connected program's scopes allow it to be told of what a search finds.
func maySubscribe(scopes care.SystemScopes, criteria string) error {
	kind, _, _ := strings.Cut(criteria, "?")
	a := care.ClientAccess{Scopes: scopes}
	if err := a.MayFHIR("Subscription", care.OpCreate); err != nil {
		return err
	}
	return a.MayFHIR(kind, care.OpRead|care.OpSearch)
}

// showsSubscription says whether whoever asks may see an endpoint as a Subscription: a connected program sees its own, people those of their sites.
func showsSubscription(c *gin.Context, w *care.Webhook) bool {
	if a := client(c); a != nil {
		return w.Kind == care.FHIRHook && w.ClientID == a.Client.ID
	}
	return w.Kind == care.FHIRHook && scope(c).Has(w.SiteID)
}

// subscriptionIssue says of an error in an endpoint's member where it is in the Subscription.
func subscriptionIssue(err error) error {
	var e *care.Error
	if !errors.As(err, &e) || e.Code != care.Invalid {
		return err
	}
	path := map[string]string{"name": "reason", "url": "channel.endpoint", "headers": "channel.header"}[e.Field]
	if path == "" {
		return err
	}
	return fhir.Issues{{Code: "value", Path: "Subscription." + path, Text: e.Text}}
}

// subscription returns one that whoever asks may see.
func (s *Server) subscription(c *gin.Context, id string) (*care.Webhook, error) {
	w, err := s.opt.Store.Webhook(c.Request.Context(), id)
	if err == nil && !showsSubscription(c, w) {
		err = noResource("Subscription")
	}
	return w, err
}

// deleteSubscription ends one, with all that it was still to be told.
func (s *Server) deleteSubscription(c *gin.Context) {
	w, err := s.subscription(c, c.Param("id"))
	if err == nil {
		err = s.opt.Store.RemoveWebhook(c.Request.Context(), s.act(c), w.ID, w.Version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// subscriptions are those that whoever asks may see.
func (s *Server) subscriptions(c *gin.Context) ([]fhir.Resource, error) {
	within := scope(c)
	if client(c) != nil {
		within = care.Scope{All: true} // its own are of no site
	}
	list, err := s.opt.Store.Webhooks(c.Request.Context(), within)
	var all []fhir.Resource
	for i := range list {
		if showsSubscription(c, &list[i]) {
			all = append(all, fhir.NewSubscription(&list[i]))
		}
	}
	return all, err
}

// notifySubscription makes the requests of R4's rest-hook: without a payload one POST that says nothing, with one a PUT of each resource that the
// criteria find, below the endpoint. Several changes of a record that were not told yet are told as one.
func (s *Server) notifySubscription(ctx context.Context, w *care.Webhook, within care.Scope, c *care.RecordChange, now *care.Current) ([]notification, error) {
	q, err := s.criteria(w.Criteria)
	if err != nil || now == nil || now.Record == nil || !within.Has(now.SiteID) {
		return nil, nil //nolint:nilerr // what cannot be read any more is nobody's change
	}
	last, err := s.opt.Store.LastChanges(ctx, c.EntityID)
	if err != nil || last[c.EntityID].Seq > c.Seq {
		return nil, err // what there is now is told with the newer change
	}
	all, err := s.tellChange(ctx, q.kind.Name, now.Record, c.At)
	if err != nil {
		return nil, err
	}
	var list []notification
	for _, r := range all {
		if !q.wants("", r) {
			continue
		}
		if w.ContentType == "" {
			return []notification{{}}, nil
		}
		body, err := fhir.Marshal(r)
		if err != nil {
			return nil, err
		}
		list = append(list, notification{method: http.MethodPut, url: strings.TrimSuffix(w.URL, "/") + "/" + r.Head().Ref(), contentType: w.ContentType, body: body, part: r.Head().ID})
	}
	return list, nil
}

// tellChange returns the resources of a type that a changed record is told as.
func (s *Server) tellChange(ctx context.Context, kind string, record any, at time.Time) ([]fhir.Resource, error) {
	switch v := record.(type) {
	case *care.Assessment:
		return s.tellAssessment(ctx, kind, v)
	case *care.Resident:
		return []fhir.Resource{fhir.NewPatient(v, s.externalSystem(), at)}, nil
	case *care.Schedule:
		return []fhir.Resource{fhir.NewServiceRequest(v, at, s.opt.Now())}, nil
	case *care.ConsentRecord:
		return []fhir.Resource{fhir.NewConsent(v, at, s.opt.Now())}, nil
	case *care.Relief:
		names := measureNames{s: s, of: map[string][]care.Measure{}}
		measures, err := names.forResident(ctx, v.ResidentID, kind == "Procedure")
		if err != nil {
			return nil, err
		}
		return tellRelief(kind, v, measures, at), nil
	}
	return nil, nil
}
