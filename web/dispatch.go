package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wince/care"
	"wince/web/hook"
)

// hookStore is what delivering needs of the store.
type hookStore interface {
	Changed() <-chan struct{}
	TakeSending(ctx context.Context) (bool, error)
	EndSending(ctx context.Context) error
	WebhookPosition(ctx context.Context, id string) (care.ChangePosition, error)
	WebhookSecrets(ctx context.Context, id string, now time.Time) (care.Secrets, error)
	QueueDeliveries(ctx context.Context, id string, from, to care.ChangePosition, list []care.RecordChange, now time.Time) error
	DueDeliveries(ctx context.Context, id string, now time.Time, limit int) ([]care.Delivery, error)
	Delivered(ctx context.Context, id string, seq int64, a *care.DeliveryAttempt) error
	NotDelivered(ctx context.Context, id string, d *care.Delivery, a *care.DeliveryAttempt) error
	HurryDeliveries(ctx context.Context, id string, now time.Time) error
	DisableWebhook(ctx context.Context, act care.Act, id, reason string) error
	LogAttempt(ctx context.Context, id string, a *care.DeliveryAttempt) error
	PruneDeliveryLog(ctx context.Context, before time.Time) error
}

// notification is one request to an endpoint. Method and URL are those of a POST to the endpoint's address where left empty.
type notification struct {
	method, url string
	contentType string // empty for no body
	body        []byte
	part        string // which of the requests about one change, where there are several
}

// notify makes of a change, and of what its record is now, the requests that an endpoint is sent; none where the change is none of the
// endpoint's. within are the sites that it may be told of. There is one for each kind of endpoint: s.notifies. That of FHIR Subscriptions compares
// the record with the endpoint's Criteria and writes each resource as its ContentType says; a nil body with an empty content type is R4's
// rest-hook without payload. An error is the server's own failure: it is logged, and the change is tried again later.
type notify func(ctx context.Context, w *care.Webhook, within care.Scope, c *care.RecordChange, now *care.Current) ([]notification, error)

// What one endpoint may take of the server.
const (
	atOnce       = 4        // requests under way to one endpoint
	maxQueued    = 1000     // deliveries written down; what comes later waits in the log of changes
	maxResponse  = 64 << 10 // bytes of an answer that are read, to use the connection again
	probing      = 15 * time.Minute
	patience     = 4 // failures in a row after which an endpoint is left alone for a while
	keepAttempts = 30 * 24 * time.Hour
)

// courier tells endpoints of changes.
type courier struct {
	s      *Server
	rules  *hook.Rules
	client *http.Client
	tries  hook.Tries
	mu     sync.Mutex
	ends   map[string]*endState
	wake   chan struct{}
	mine   atomic.Bool // no other server of the database tells
}

// endState is what is known of an endpoint as long as the server runs.
type endState struct {
	busy   bool
	failed int       // in a row
	until  time.Time // not before
}

func newCourier(s *Server, rules hook.Rules, tries hook.Tries) *courier {
	if tries == (hook.Tries{}) {
		tries = hook.Days
	}
	k := &courier{s: s, rules: &rules, tries: tries, ends: map[string]*endState{}, wake: make(chan struct{}, 1)}
	k.client = k.rules.Client()
	return k
}

// nudge lets the courier look at once, after somebody changed an endpoint.
func (k *courier) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// RunWebhooks tells endpoints of changes until the context ends, while no other server of the database does. It looks when something changed
// and at each tick, which should come about every second. What is not delivered when it stops, or when the program is killed, is delivered after the next start; what was under
// way then may come twice, with the same id.
func (s *Server) RunWebhooks(ctx context.Context, tick <-chan time.Time) {
	k := s.hooks
	defer k.client.CloseIdleConnections()
	defer func() {
		end := context.WithoutCancel(ctx)
		k.must(end, "let others tell webhooks", s.opt.Store.EndSending(end))
	}()
	var work sync.WaitGroup
	defer work.Wait()
	defer k.mine.Store(false)
	pruned := time.Time{}
	for {
		changed := s.opt.Store.Changed()
		now := s.opt.Now()
		mine, err := s.opt.Store.TakeSending(ctx)
		k.must(ctx, "ask who tells webhooks", err)
		k.mine.Store(mine)
		if !mine {
			select {
			case <-ctx.Done():
				return
			case <-tick: // another server tells: what changes is no news
			}
			continue
		}
		if now.Sub(pruned) >= time.Hour {
			pruned = now
			k.must(ctx, "prune the delivery log", s.opt.Store.PruneDeliveryLog(ctx, now.Add(-keepAttempts)))
		}
		list, err := s.opt.Store.Webhooks(ctx, care.Scope{All: true})
		k.must(ctx, "read webhooks", err)
		for i := range list {
			w := &list[i]
			if w.Disabled || !k.begin(w.ID, now) {
				continue
			}
			work.Go(func() {
				defer k.end(w.ID)
				k.must(ctx, "tell a webhook", k.work(ctx, w))
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		case <-changed:
		case <-k.wake:
		}
	}
}

// must logs a failure of the server's own, unless it stops.
func (k *courier) must(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		k.s.log.ErrorContext(ctx, what, slog.Any("error", err))
	}
}

func (k *courier) begin(id string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.ends[id]
	if e == nil {
		e = &endState{}
		k.ends[id] = e
	}
	if e.busy || now.Before(e.until) {
		return false
	}
	e.busy = true
	return true
}

func (k *courier) end(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ends[id].busy = false
}

// went keeps how an attempt went, and says whether the endpoint came back after it had been left alone.
func (k *courier) went(id string, ok bool, now time.Time, after time.Duration) (back bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.ends[id]
	if ok {
		back = e.failed >= patience
		e.failed, e.until = 0, time.Time{}
		return back
	}
	e.failed++
	if e.failed >= patience {
		e.until = now.Add(min(k.tries.Pause(e.failed/patience, rand.Float64()), probing))
	}
	if asked := now.Add(after); asked.After(e.until) && after > 0 {
		e.until = asked
	}
	return false
}

func (k *courier) resting(id string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return now.Before(k.ends[id].until)
}

// work tells an endpoint what there is to tell now. Endpoints do not wait for each other.
func (k *courier) work(ctx context.Context, w *care.Webhook) error {
	for ctx.Err() == nil && k.mine.Load() && !k.resting(w.ID, k.s.opt.Now()) {
		within, ok, err := k.reach(ctx, w)
		if err != nil || !ok {
			return err
		}
		more, err := k.fill(ctx, w, within)
		if err != nil {
			return err
		}
		due, err := k.s.opt.Store.DueDeliveries(ctx, w.ID, k.s.opt.Now(), 8*atOnce)
		if err != nil {
			return err
		}
		if len(due) == 0 && !more {
			return nil
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for i := range due {
			g.Go(func() error {
				if k.resting(w.ID, k.s.opt.Now()) {
					return nil
				}
				return k.deliver(ctx, w, within, &due[i])
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if now, err := k.s.opt.Store.Webhook(ctx, w.ID); err != nil || now.Version != w.Version {
			return nil //nolint:nilerr // changed or removed meanwhile, or the store fails: the next run reads it anew
		}
	}
	return nil
}

// reach returns the sites whose changes an endpoint may be told of now, and whether it may be told at all. One that a connected program made goes by
// what the program may do now: while that is nothing, it waits.
func (k *courier) reach(ctx context.Context, w *care.Webhook) (care.Scope, bool, error) {
	if w.ClientID == "" {
		return w.Scope(), true, nil
	}
	v, err := k.s.opt.Store.Client(ctx, w.ClientID)
	if isCode(err, care.NotFound) {
		act := care.Act{By: server, At: k.s.opt.Now(), Request: care.NewID()}
		return care.Scope{}, false, k.s.opt.Store.DisableWebhook(ctx, act, w.ID, "The program that made it was disconnected.")
	}
	if err != nil || v.DisabledAt != nil {
		return care.Scope{}, false, err
	}
	scopes, err := care.ParseScopes(v.Scopes)
	if err != nil {
		return care.Scope{}, false, err
	}
	return v.Scope(), maySubscribe(scopes, w.Criteria) == nil, nil
}

// fill writes down what the endpoint is to be told of the next part of the log, and says whether there is more of it.
func (k *courier) fill(ctx context.Context, w *care.Webhook, within care.Scope) (more bool, err error) {
	st, err := k.s.opt.Store.HookState(ctx, w.ID)
	if err != nil || st.Behind <= 0 || st.Pending >= maxQueued {
		return false, err
	}
	at, err := k.s.opt.Store.WebhookPosition(ctx, w.ID)
	if err != nil {
		return false, err
	}
	page, err := k.s.opt.Store.Changes(ctx, care.ChangeQuery{Scope: within, After: at, Limit: maxQueued / 2})
	if err != nil {
		return false, err
	}
	wanted := page.Changes[:0]
	for i := range page.Changes {
		if w.Wants(&page.Changes[i]) {
			wanted = append(wanted, page.Changes[i])
		}
	}
	return page.More, k.s.opt.Store.QueueDeliveries(ctx, w.ID, at, page.Next, wanted, k.s.opt.Now())
}

// deliver makes one attempt. Its error is the server's own failure; what the endpoint does wrong is written down.
func (k *courier) deliver(ctx context.Context, w *care.Webhook, within care.Scope, d *care.Delivery) error {
	st := k.s.opt.Store
	now, err := st.Current(ctx, []care.RecordChange{d.Change})
	if err != nil {
		return err
	}
	request := k.s.notifies[w.Kind]
	if request == nil {
		return fmt.Errorf("an endpoint has the unknown kind %q", w.Kind)
	}
	list, err := request(ctx, w, within, &d.Change, &now[0])
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return st.Delivered(ctx, w.ID, d.Change.Seq, nil)
	}
	if w.Payload == care.FullRecord && now[0].Record != nil {
		if err := k.recordSent(ctx, w, &d.Change); err != nil {
			return err // what cannot be recorded is not shown
		}
	}
	var a *care.DeliveryAttempt
	var after time.Duration
	for i := range list { // the change is delivered when all of them are; else all come again
		if a != nil {
			if err := st.LogAttempt(ctx, w.ID, a); err != nil {
				return err
			}
		}
		if a, after, err = k.attempt(ctx, w, list[i].id(&d.Change), d.Change.Action, &list[i]); err != nil {
			return err
		}
		a.Attempt = d.Attempts + 1
		if a.Outcome != delivered {
			break
		}
	}
	at := k.s.opt.Now()
	ok := a.Outcome == delivered
	back := k.went(w.ID, ok, at, after)
	if ok {
		if err := st.Delivered(ctx, w.ID, d.Change.Seq, a); err != nil || !back {
			return err
		}
		return st.HurryDeliveries(ctx, w.ID, at)
	}
	d.Attempts++
	if d.FirstAt.IsZero() {
		d.FirstAt = a.At
	}
	d.NextAt, d.LastError = at.Add(max(k.tries.Pause(d.Attempts, rand.Float64()), after)), a.Outcome
	d.Dead = at.Sub(d.FirstAt) >= k.tries.Until
	if err := st.NotDelivered(ctx, w.ID, d, a); err != nil || a.Status != http.StatusGone {
		return err
	}
	return st.DisableWebhook(ctx, care.Act{By: server, At: at, Request: care.NewID()}, w.ID, "The receiver said that it is gone for good (410).")
}

// messageID is the same for each attempt at one change.
func messageID(c *care.RecordChange) string { return "msg_" + cursorOf(c.Position()) }

// partMark stands between a message's id and the part of it that a request is. No cursor has it.
const partMark = ":"

// id is the same for each attempt at one request.
func (n *notification) id(c *care.RecordChange) string {
	if n.part == "" {
		return messageID(c)
	}
	return messageID(c) + partMark + n.part
}

// recordSent records that an endpoint is shown a record.
func (k *courier) recordSent(ctx context.Context, w *care.Webhook, c *care.RecordChange) error {
	detail, err := json.Marshal(map[string]string{"webhook": w.ID})
	if err != nil {
		return err
	}
	act := care.Act{By: server, At: k.s.opt.Now(), Request: care.NewID()}
	return k.s.opt.Store.Seen(ctx, act, care.AuditEvent{Action: care.ActWebhookSent, Entity: c.Entity, EntityID: c.EntityID, Version: c.Version, Detail: detail})
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
