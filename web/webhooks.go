package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"wince/care"
	"wince/web/hook"
)

// webhookStore keeps endpoints. It is over the usual five methods, because what is sent to them belongs to them.
type webhookStore interface {
	AddWebhook(ctx context.Context, act care.Act, w *care.Webhook, secret string) error
	ChangeWebhook(ctx context.Context, act care.Act, id string, version int, do func(*care.Webhook) error) (*care.Webhook, error)
	RotateWebhook(ctx context.Context, act care.Act, id string, version int, secret string, until time.Time) (*care.Webhook, error)
	MoveWebhook(ctx context.Context, act care.Act, id string, version int, to care.ChangePosition) (*care.Webhook, error)
	RemoveWebhook(ctx context.Context, act care.Act, id string, version int) error
	Webhook(ctx context.Context, id string) (*care.Webhook, error)
	Webhooks(ctx context.Context, scope care.Scope) ([]care.Webhook, error)
	HookState(ctx context.Context, id string) (care.HookState, error)
	ChangesBefore(ctx context.Context, t time.Time) (care.ChangePosition, error)
	DeadDeliveries(ctx context.Context, id string, after int64, limit int) ([]care.Delivery, error)
	DeliveryLog(ctx context.Context, id string, limit int) ([]care.DeliveryAttempt, error)
	Redrive(ctx context.Context, act care.Act, id string, seqs []int64) (int64, error)
}

func (s *Server) webhookRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	sample := `{"name": "Care platform", "url": "https://platform.example/hooks/wince", "events": ["assessment.confirm", "relief"]}`
	return group("Webhooks",
		row(get, "/webhooks", care.ReadWebhooks, s.listWebhooks, doc{about: "List webhooks", gives: webhookShown{}, list: "webhooks"}),
		row(post, "/webhooks", care.ChangeWebhooks, s.addWebhook, doc{about: "Add a webhook",
			more: "It is told of what changes from now on. `secret`, with which its messages are signed, is shown this once. A webhook of all sites is for administrators. " + onceID +
				" It is then shown without its secret: where the first answer was lost, make a new one.",
			secret: true, again: true, takes: newWebhook{}, needs: []string{"name", "url"}, sample: sample, gives: webhookShown{}, status: http.StatusCreated, tag: true, fails: []care.Code{care.Conflict}}),
		row(get, "/webhooks/events", care.ReadWebhooks, s.webhookEvents, doc{about: "List what webhooks can be told of", gives: "", list: "events"}),
		row(get, "/webhooks/:id", care.ReadWebhooks, s.getWebhook, doc{about: "Read a webhook", gives: webhookShown{}, tag: true}),
		row(http.MethodPatch, "/webhooks/:id", care.ChangeWebhooks, s.changeWebhook, doc{about: "Change a webhook, or switch it off and on", takes: webhookInput{}, sample: `{"payload": "full"}`,
			gives: webhookShown{}, tag: true, match: true}),
		row(http.MethodDelete, "/webhooks/:id", care.ChangeWebhooks, s.removeWebhook, doc{about: "Remove a webhook, with all that it was still to be told", match: true}),
		row(post, "/webhooks/:id/secret", care.ChangeWebhooks, s.rotateWebhook, doc{about: "Make a new secret", more: "Messages are signed with both for a while, so that the receiver can change over. The new one is shown this once.",
			secret: true, takes: newHookSecret{}, sample: `{"overlap_hours": 24}`, gives: webhookShown{}, tag: true, match: true}),
		row(post, "/webhooks/:id/test", care.ChangeWebhooks, s.testWebhook, doc{about: "Send a message that is about nothing, and say how it went", takes: struct{}{}, sample: `{}`, gives: care.DeliveryAttempt{}}),
		row(post, "/webhooks/:id/replay", care.ChangeWebhooks, s.replayWebhook, doc{about: "Tell again from a point on", more: "From a cursor of `GET /changes`, which is empty for the beginning, or from a time.",
			takes: hookReplay{}, sample: `{"after": ""}`, gives: webhookShown{}, tag: true, match: true, fails: []care.Code{care.ChangesGone}}),
		row(get, "/webhooks/:id/deliveries", care.ReadWebhooks, s.webhookLog, doc{about: "List the last attempts, the newest first", query: []param{{"limit", "at most so many, to 200; 50 where left out", 0}}, gives: care.DeliveryAttempt{}, list: "deliveries"}),
		row(get, "/webhooks/:id/dead-letters", care.ReadWebhooks, s.deadLetters, doc{about: "List what was given up, the oldest first",
			query: []param{{"after", "the `next` of the page before", ""}, {"limit", "at most so many, to 200; 50 where left out", 0}}, gives: deadLetterPart{}}),
		row(post, "/webhooks/:id/dead-letters/redrive", care.ChangeWebhooks, s.redrive, doc{about: "Send again what was given up", takes: redriveInput{}, sample: `{}`, gives: redriven{}}),
	)
}

// webhookShown is a webhook with how it gets on.
type webhookShown struct {
	care.Webhook
	State  *care.HookState `json:"state,omitempty"`
	Secret string          `json:"secret,omitempty"` // the one time that it is shown
}

// showHook leaves out the headers, which may hold secrets.
func showHook(w *care.Webhook, st *care.HookState, secret string) webhookShown {
	v := webhookShown{*w, st, secret}
	v.Headers = nil
	return v
}

// webhookInput are an endpoint's members that a request can set.
type webhookInput struct {
	Name     *string           `json:"name"`
	SiteID   *string           `json:"site_id"` // whose changes; all sites where empty, and where left out of a new one
	URL      *string           `json:"url"`
	Events   *[]string         `json:"events"`   // kinds of record, or single events; none for all
	Payload  *care.HookPayload `json:"payload"`  // ids where left out
	Disabled *bool             `json:"disabled"` // nothing is sent, and nothing is lost
}

// newWebhook is the body of POST /webhooks.
type newWebhook struct {
	webhookInput
	ID string `json:"id"` // of your own making; a new one where left out
}

// newHookSecret is the body of POST /webhooks/{id}/secret.
type newHookSecret struct {
	Hours *int `json:"overlap_hours"` // how long the old one is good, to 720; 24 where left out, 0 where it leaked
}

// into changes an endpoint as the request says, where whoever asks may have it so.
func (s *Server) intoWebhook(c *gin.Context, in *webhookInput, w *care.Webhook) error {
	set(&w.Name, in.Name)
	set(&w.URL, in.URL)
	set(&w.Events, in.Events)
	set(&w.Payload, in.Payload)
	if in.Disabled != nil && *in.Disabled != w.Disabled {
		w.Disabled, w.DisabledReason = *in.Disabled, ""
	}
	if in.SiteID != nil {
		w.SiteID = *in.SiteID
	}
	if err := w.Check(); err != nil {
		return err
	}
	switch {
	case w.ClientID != "" && w.SiteID != "":
		return &care.Error{Code: care.Invalid, Field: "site_id", Text: "This is a connected program's own, which goes by the program's sites: change those."}
	case w.ClientID != "":
	case w.SiteID == "" && !scope(c).All:
		return &care.Error{Code: care.Invalid, Field: "site_id", Text: "Say of which site: webhooks of all sites are for administrators."}
	case w.SiteID != "" && !scope(c).Has(w.SiteID):
		return &care.Error{Code: care.Invalid, Field: "site_id", Text: "There is no such site, or it is not one of yours."}
	}
	u, err := url.Parse(w.URL) // Check did too
	if err == nil {
		err = s.hooks.rules.URL(u)
	}
	switch {
	case errors.Is(err, hook.ErrPlain):
		return &care.Error{Code: care.Invalid, Field: "url", Text: "The URL must begin with https://. Whoever runs the server can allow http to a server in the home: webhooks.allow and webhooks.allow_http in the settings."}
	case err != nil:
		return &care.Error{Code: care.Invalid, Field: "url", Text: "The URL leads to an address that is not public. Whoever runs the server can allow it: webhooks.allow in the settings."}
	}
	return nil
}

func (s *Server) addWebhook(c *gin.Context) {
	var in newWebhook
	if err := readJSON(c, &in); err != nil {
		s.fail(c, err)
		return
	}
	act := s.act(c)
	w := &care.Webhook{ID: in.ID, Kind: care.StandardHook, CreatedAt: care.Stamp(act.At), CreatedBy: act.By, Version: 1}
	err := s.intoWebhook(c, &in.webhookInput, w)
	if err != nil {
		s.fail(c, err)
		return
	}
	ctx, secret := c.Request.Context(), hook.NewSecret()
	w, status, err := addOnce(w, func() error { return s.opt.Store.AddWebhook(ctx, act, w, secret) },
		func() (*care.Webhook, error) { return s.opt.Store.Webhook(ctx, w.ID) },
		func(old *care.Webhook) { w.CreatedAt = old.CreatedAt })
	if err != nil {
		s.fail(c, err)
		return
	}
	if status == http.StatusOK {
		secret = "" // it was shown the first time
	}
	s.hooks.nudge()
	c.Header("Location", "/api/v1/webhooks/"+w.ID)
	s.answer(c, status, w.Version, showHook(w, nil, secret), nil)
}

// webhook returns the endpoint that an address names, where it is of one's sites. Others are as if they did not exist.
func (s *Server) webhook(c *gin.Context) (*care.Webhook, error) {
	w, err := s.opt.Store.Webhook(c.Request.Context(), c.Param("id"))
	if err == nil && !scope(c).Has(w.SiteID) {
		err = edge(care.NotFound, "There is no such webhook.")
	}
	return w, err
}

// webhookAt is webhook for a change, with the version that the request has seen. in, where it is not nil, is filled from the body.
func (s *Server) webhookAt(c *gin.Context, in any) (*care.Webhook, int, error) {
	version, err := ifMatch(c.GetHeader("If-Match"))
	if err == nil && in != nil {
		err = readJSON(c, in)
	}
	if err != nil {
		return nil, 0, err
	}
	w, err := s.webhook(c)
	return w, version, err
}

func (s *Server) showWebhook(c *gin.Context, w *care.Webhook, secret string, err error) {
	var st care.HookState
	if err == nil {
		st, err = s.opt.Store.HookState(c.Request.Context(), w.ID)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.answer(c, http.StatusOK, w.Version, showHook(w, &st, secret), nil)
}

func (s *Server) listWebhooks(c *gin.Context) {
	list, err := s.opt.Store.Webhooks(c.Request.Context(), scope(c))
	shown := []webhookShown{}
	for i := range list {
		st, e := s.opt.Store.HookState(c.Request.Context(), list[i].ID)
		err = errors.Join(err, e)
		shown = append(shown, showHook(&list[i], &st, ""))
	}
	s.list(c, "webhooks", shown, err)
}

func (s *Server) webhookEvents(c *gin.Context) { s.list(c, "events", care.HookEvents(), nil) }

func (s *Server) getWebhook(c *gin.Context) {
	w, err := s.webhook(c)
	s.showWebhook(c, w, "", err)
}

func (s *Server) changeWebhook(c *gin.Context) {
	var in webhookInput
	w, version, err := s.webhookAt(c, &in)
	if err == nil {
		w, err = s.opt.Store.ChangeWebhook(c.Request.Context(), s.act(c), w.ID, version, func(w *care.Webhook) error { return s.intoWebhook(c, &in, w) })
	}
	if err == nil {
		s.hooks.forget(w.ID)
	}
	s.showWebhook(c, w, "", err)
}

func (s *Server) removeWebhook(c *gin.Context) {
	w, version, err := s.webhookAt(c, nil)
	if err == nil {
		err = s.opt.Store.RemoveWebhook(c.Request.Context(), s.act(c), w.ID, version)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// Overlap of two secrets, in hours.
const (
	overlapHours    = 24
	maxOverlapHours = 30 * 24
)

// rotateWebhook makes a new secret. Requests are signed with both for a while, so that the receiver can change over.
func (s *Server) rotateWebhook(c *gin.Context) {
	var in newHookSecret
	w, version, err := s.webhookAt(c, &in)
	hours := overlapHours
	set(&hours, in.Hours)
	if err == nil && (hours < 0 || hours > maxOverlapHours) {
		err = &care.Error{Code: care.Invalid, Field: "overlap_hours", Text: "overlap_hours must be a number from 0, where the old secret leaked, to 720."}
	}
	secret := hook.NewSecret()
	if err == nil {
		act := s.act(c)
		w, err = s.opt.Store.RotateWebhook(c.Request.Context(), act, w.ID, version, secret, act.At.Add(time.Duration(hours)*time.Hour))
	}
	s.showWebhook(c, w, secret, err)
}

// testWebhook sends a message that is about nothing, at once, and says how it went.
func (s *Server) testWebhook(c *gin.Context) {
	var in struct{}
	err := readJSON(c, &in)
	var w *care.Webhook
	if err == nil {
		w, err = s.webhook(c)
	}
	var a *care.DeliveryAttempt
	if err == nil {
		a, err = s.hooks.test(c.Request.Context(), w)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, a)
}
