package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"wince/care"
	"wince/web/hook"
)

// hookStore is what delivering needs of the store.
type hookStore interface {
	Changed() <-chan struct{}
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
}

// notify makes of a change, and of what its record is now, the request that an endpoint is sent; nil where the change is none of the
// endpoint's. There is one for each kind of endpoint: s.notifies. That of FHIR Subscriptions compares the record with the endpoint's
// Criteria and writes the resource as its ContentType says; a nil body with an empty content type is R4's rest-hook without payload. An
// error is the server's own failure: it is logged, and the change is tried again later.
type notify func(ctx context.Context, w *care.Webhook, c *care.RecordChange, now *care.Current) (*notification, error)

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

// RunWebhooks tells endpoints of changes until the context ends. It looks when something changed and at each tick, which should come
// about every second. What is not delivered when it stops, or when the program is killed, is delivered after the next start; what was under
// way then may come twice, with the same id.
func (s *Server) RunWebhooks(ctx context.Context, tick <-chan time.Time) {
	k := s.hooks
	defer k.client.CloseIdleConnections()
	var work sync.WaitGroup
	defer work.Wait()
	pruned := time.Time{}
	for {
		changed := s.opt.Store.Changed()
		now := s.opt.Now()
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
	for ctx.Err() == nil && !k.resting(w.ID, k.s.opt.Now()) {
		more, err := k.fill(ctx, w)
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
				return k.deliver(ctx, w, &due[i])
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

// fill writes down what the endpoint is to be told of the next part of the log, and says whether there is more of it.
func (k *courier) fill(ctx context.Context, w *care.Webhook) (more bool, err error) {
	st, err := k.s.opt.Store.HookState(ctx, w.ID)
	if err != nil || st.Behind <= 0 || st.Pending >= maxQueued {
		return false, err
	}
	at, err := k.s.opt.Store.WebhookPosition(ctx, w.ID)
	if err != nil {
		return false, err
	}
	page, err := k.s.opt.Store.Changes(ctx, care.ChangeQuery{Scope: w.Scope(), After: at, Limit: maxQueued / 2})
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
func (k *courier) deliver(ctx context.Context, w *care.Webhook, d *care.Delivery) error {
	st := k.s.opt.Store
	now, err := st.Current(ctx, []care.RecordChange{d.Change})
	if err != nil {
		return err
	}
	request := k.s.notifies[w.Kind]
	if request == nil {
		return fmt.Errorf("an endpoint has the unknown kind %q", w.Kind)
	}
	n, err := request(ctx, w, &d.Change, &now[0])
	if err != nil {
		return err
	}
	if n == nil {
		return st.Delivered(ctx, w.ID, d.Change.Seq, nil)
	}
	if w.Payload == care.FullRecord && now[0].Record != nil {
		if err := k.recordSent(ctx, w, &d.Change); err != nil {
			return err // what cannot be recorded is not shown
		}
	}
	a, after, err := k.attempt(ctx, w, messageID(&d.Change), d.Change.Action, n)
	if err != nil {
		return err
	}
	a.Attempt = d.Attempts + 1
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

// recordSent records that an endpoint is shown a record.
func (k *courier) recordSent(ctx context.Context, w *care.Webhook, c *care.RecordChange) error {
	detail, err := json.Marshal(map[string]string{"webhook": w.ID})
	if err != nil {
		return err
	}
	act := care.Act{By: server, At: k.s.opt.Now(), Request: care.NewID()}
	return k.s.opt.Store.Seen(ctx, act, care.AuditEvent{Action: care.ActWebhookSent, Entity: c.Entity, EntityID: c.EntityID, Version: c.Version, Detail: detail})
}

const delivered = "delivered"

// attempt sends a request and says how it went, and how long the receiver asks to be left alone. Its error is the server's own failure, or that it
// stops.
func (k *courier) attempt(ctx context.Context, w *care.Webhook, id, event string, n *notification) (*care.DeliveryAttempt, time.Duration, error) {
	at := k.s.opt.Now()
	a := &care.DeliveryAttempt{ID: care.NewID(), Message: id, At: care.Stamp(at), Event: event, Attempt: 1}
	secrets, err := k.s.opt.Store.WebhookSecrets(ctx, w.ID, at)
	if err != nil {
		return nil, 0, err
	}
	req, err := k.request(ctx, w, n)
	if err == nil {
		err = hook.Sign(req.Header, secrets, id, at, n.body)
	}
	if err != nil {
		a.Outcome = "the request could not be made: look at the URL"
		if errors.Is(err, hook.ErrAddress) || errors.Is(err, hook.ErrMetadata) || errors.Is(err, hook.ErrPlain) {
			a.Outcome = err.Error()
		}
		return a, 0, nil
	}
	begun := time.Now()
	res, err := k.client.Do(req)
	a.TookMS = time.Since(begun).Milliseconds()
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		a.Outcome = outcomeOf(err)
		return a, 0, nil
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxResponse) // what the receiver says is of no interest
	a.Status = res.StatusCode
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		a.Outcome = delivered
		return a, 0, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		a.Outcome = "the receiver sent us elsewhere, which is not followed: change the URL"
		return a, 0, nil
	}
	a.Outcome = "the receiver answered " + res.Status[:min(3, len(res.Status))]
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		return a, hook.RetryAfter(res.Header, at), nil
	}
	return a, 0, nil
}

func (k *courier) request(ctx context.Context, w *care.Webhook, n *notification) (*http.Request, error) {
	method, address := n.method, n.url
	if method == "" {
		method = http.MethodPost
	}
	if address == "" {
		address = w.URL
	}
	u, err := url.Parse(address)
	if err == nil {
		err = k.rules.URL(u)
	}
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(n.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "Wince")
	// The same message twice does no harm, so that the client may try again when a connection that it kept turns out closed. Nothing is
	// sent for a header without a value.
	req.Header["Idempotency-Key"] = nil
	if n.contentType != "" {
		req.Header.Set("Content-Type", n.contentType)
	}
	for _, h := range w.Headers {
		name, value, _ := cutHeader(h)
		req.Header.Set(name, value)
	}
	return req, nil
}

// outcomeOf says in words what went wrong on the way.
func outcomeOf(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, hook.ErrAddress), errors.Is(err, hook.ErrMetadata):
		if errors.Is(err, hook.ErrMetadata) {
			return hook.ErrMetadata.Error()
		}
		return hook.ErrAddress.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the receiver did not answer in time"
	case errors.As(err, &dns):
		return "the receiver's name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at the receiver's port"
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &verify):
		return "the receiver's certificate is not trusted, too old or for another name"
	}
	return "no connection to the receiver"
}
