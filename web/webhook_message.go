package web

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"wince/care"
)

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
func (s *Server) notifyWebhook(_ context.Context, w *care.Webhook, within care.Scope, c *care.RecordChange, now *care.Current) ([]notification, error) {
	d := hookData{SiteID: c.SiteID, ResidentID: c.ResidentID, Entity: c.Entity, ID: c.EntityID, Version: c.Version, Cursor: cursorOf(c.Position())}
	t := s.tellOne(within, c, now)
	d.Gone = t.Gone
	if w.Payload == care.FullRecord {
		d.Record = t.Record
	}
	body, err := json.Marshal(hookMessage{c.Action, c.At, d})
	return []notification{{contentType: "application/json", body: body}}, err
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

func cutHeader(h string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(h, ":")
	return name, strings.TrimSpace(value), ok
}
