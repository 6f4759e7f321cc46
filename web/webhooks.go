package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
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
			more:   "It is told of what changes from now on. `secret`, with which its messages are signed, is shown this once. A webhook of all sites is for administrators.",
			secret: true, takes: newWebhook{}, needs: []string{"name", "url"}, sample: sample, gives: webhookShown{}, status: http.StatusCreated, tag: true, fails: []care.Code{care.Conflict}}),
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
	SiteID   *string           `json:"site_id"` // whose changes; all sites where left out
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

// hookReplay is the body of POST /webhooks/{id}/replay.
type hookReplay struct {
	After *string    `json:"after"` // a cursor; empty for the beginning
	Since *time.Time `json:"since"`
}

// redriveInput is the body of POST /webhooks/{id}/dead-letters/redrive.
type redriveInput struct {
	Messages []string `json:"messages"` // of dead letters; all where left out
}

// redriven says how many dead letters are sent again.
type redriven struct {
	Redriven int64 `json:"redriven"`
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
	secret := hook.NewSecret()
	if err == nil {
		err = s.opt.Store.AddWebhook(c.Request.Context(), act, w, secret)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.hooks.nudge()
	c.Header("Location", "/api/v1/webhooks/"+w.ID)
	s.answer(c, http.StatusCreated, w.Version, showHook(w, nil, secret), nil)
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

// replayWebhook puts an endpoint to another place in the log of changes.
func (s *Server) replayWebhook(c *gin.Context) {
	var in hookReplay
	w, version, err := s.webhookAt(c, &in)
	var to care.ChangePosition
	if err == nil {
		switch {
		case (in.After == nil) == (in.Since == nil):
			err = &care.Error{Code: care.Invalid, Field: "after", Text: `Say from where: "after" is a cursor of GET /changes, or "" for the beginning; "since" is a time.`}
		case in.After != nil:
			to, err = readCursor(*in.After)
		default:
			to, err = s.opt.Store.ChangesBefore(c.Request.Context(), *in.Since)
		}
	}
	if err == nil {
		w, err = s.opt.Store.MoveWebhook(c.Request.Context(), s.act(c), w.ID, version, to)
	}
	if err == nil {
		s.hooks.forget(w.ID)
	}
	s.showWebhook(c, w, "", err)
}

func (s *Server) webhookLog(c *gin.Context) {
	w, err := s.webhook(c)
	limit := pageLength
	if err == nil {
		limit, err = numberQuery(c, "limit", pageLength, 1, maxPage)
	}
	var list []care.DeliveryAttempt
	if err == nil {
		list, err = s.opt.Store.DeliveryLog(c.Request.Context(), w.ID, limit)
	}
	s.list(c, "deliveries", list, err)
}

// deadLetter is a delivery that was given up.
type deadLetter struct {
	Message   string            `json:"message"` // its id, as the receiver was sent it
	Change    care.RecordChange `json:"change"`
	Attempts  int               `json:"attempts"`
	FirstAt   time.Time         `json:"first_at"`
	LastError string            `json:"last_error"`
}

// deadLetterPart is a part of what was given up.
type deadLetterPart struct {
	Letters []deadLetter `json:"dead_letters"`
	Next    string       `json:"next"` // as after, it gives what follows
	More    bool         `json:"more"`
}

func (s *Server) deadLetters(c *gin.Context) {
	w, err := s.webhook(c)
	var after care.ChangePosition
	if err == nil {
		after, err = readCursor(c.Query("after"))
	}
	limit := pageLength
	if err == nil {
		limit, err = numberQuery(c, "limit", pageLength, 1, maxPage)
	}
	var list []care.Delivery
	if err == nil {
		list, err = s.opt.Store.DeadDeliveries(c.Request.Context(), w.ID, after.Seq, limit)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	letters, next := []deadLetter{}, c.Query("after")
	for i := range list {
		d := &list[i]
		letters = append(letters, deadLetter{messageID(&d.Change), d.Change, d.Attempts, d.FirstAt, d.LastError})
		next = cursorOf(d.Change.Position())
	}
	c.JSON(http.StatusOK, deadLetterPart{letters, next, len(list) == limit})
}

// redrive lets dead letters live again: those that the request names, or all.
func (s *Server) redrive(c *gin.Context) {
	var in redriveInput
	err := readJSON(c, &in)
	var w *care.Webhook
	if err == nil {
		w, err = s.webhook(c)
	}
	var seqs []int64
	for _, id := range in.Messages {
		p, e := readCursor(strings.TrimPrefix(id, "msg_"))
		if e != nil || p.Seq == 0 {
			err = errors.Join(err, &care.Error{Code: care.Invalid, Field: "messages", Text: "messages must be those of dead letters; leave it out for all of them."})
			break
		}
		seqs = append(seqs, p.Seq)
	}
	var n int64
	if err == nil {
		n, err = s.opt.Store.Redrive(c.Request.Context(), s.act(c), w.ID, seqs)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.hooks.forget(w.ID)
	c.JSON(http.StatusOK, redriven{n})
}

// hookMessage is the body of a webhook, as the Standard Webhooks specification likes it.
type hookMessage struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // of the change, whenever it is sent
	Data      any       `json:"data"`
}

// hookData is what a webhook tells of a change.
type hookData struct {
	SiteID     string `json:"site_id"`
	ResidentID string `json:"resident_id,omitempty"`
	Entity     string `json:"entity"`
	ID         string `json:"id"`
	Version    int    `json:"version"`
	Cursor     string `json:"cursor"` // of GET /changes: what came after this change
	Record     any    `json:"record,omitempty"`
	Gone       string `json:"gone,omitempty"`
}

// notifyWebhook makes the message of a webhook.
func (s *Server) notifyWebhook(_ context.Context, w *care.Webhook, c *care.RecordChange, now *care.Current) (*notification, error) {
	d := hookData{SiteID: c.SiteID, ResidentID: c.ResidentID, Entity: c.Entity, ID: c.EntityID, Version: c.Version, Cursor: cursorOf(c.Position())}
	t := s.tellOne(w.Scope(), c, now)
	d.Gone = t.Gone
	if w.Payload == care.FullRecord {
		d.Record = t.Record
	}
	body, err := json.Marshal(hookMessage{c.Action, c.At, d})
	return &notification{contentType: "application/json", body: body}, err
}

// test sends a message that is about nothing.
func (k *courier) test(ctx context.Context, w *care.Webhook) (*care.DeliveryAttempt, error) {
	body, err := json.Marshal(hookMessage{"wince.test", care.Stamp(k.s.opt.Now()), map[string]string{"text": "Somebody pressed the test button."}})
	if err != nil {
		return nil, err
	}
	a, _, err := k.attempt(ctx, w, "msg_test_"+care.NewID(), "wince.test", &notification{contentType: "application/json", body: body})
	if err != nil {
		return nil, err
	}
	return a, k.s.opt.Store.LogAttempt(ctx, w.ID, a)
}

// forget lets an endpoint be tried at once, whatever it did before.
func (k *courier) forget(id string) {
	k.mu.Lock()
	if e := k.ends[id]; e != nil {
		e.failed, e.until = 0, time.Time{}
	}
	k.mu.Unlock()
	k.nudge()
}

func cutHeader(h string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(h, ":")
	return name, strings.TrimSpace(value), ok
}
