package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"wince/care"
)

// Subscription asks for a request to another program whenever a resource that a search finds is changed (R4, rest-hook).
type Subscription struct {
	Base
	Status   string              `json:"status"`
	Reason   string              `json:"reason"`
	Criteria string              `json:"criteria"`
	Error    string              `json:"error,omitempty"`
	Channel  SubscriptionChannel `json:"channel"`
}

// SubscriptionChannel is where and how the request is sent. Headers may hold secrets and are never told again.
type SubscriptionChannel struct {
	Type     string   `json:"type"`
	Endpoint string   `json:"endpoint,omitempty"`
	Payload  string   `json:"payload,omitempty"`
	Header   []string `json:"header,omitempty"`
}

// NewSubscription returns an endpoint that is a Subscription, without its headers.
func NewSubscription(w *care.Webhook) *Subscription {
	s := &Subscription{Base: Base{ResourceType: "Subscription", ID: w.ID, Meta: meta(w.Version, w.CreatedAt)}, Status: "active", Reason: w.Name, Criteria: w.Criteria,
		Channel: SubscriptionChannel{Type: "rest-hook", Endpoint: w.URL, Payload: w.ContentType}}
	if w.Disabled {
		s.Status = "off"
		if w.DisabledReason != "" {
			s.Status, s.Error = "error", w.DisabledReason
		}
	}
	s.Text = narrative(w.Name, "Tells of: "+w.Criteria)
	return s
}

// ReadSubscription reads a Subscription into an endpoint. The error is an Issues.
func ReadSubscription(body []byte, w *care.Webhook) error {
	var s Subscription
	d := json.NewDecoder(bytes.NewReader(body))
	err := d.Decode(&s)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("more than one value")
		}
	}
	switch {
	case err != nil:
		return Issues{{Code: "structure", Text: "The body is not one JSON object of a Subscription."}}
	case s.ResourceType != "Subscription":
		return Issues{{Code: "structure", Path: "Subscription", Text: `The resourceType must be "Subscription".`}}
	case s.Status != "requested" && s.Status != "active":
		return Issues{{Code: "value", Path: "Subscription.status", Text: "The status of a new Subscription is requested."}}
	case s.Channel.Type != "rest-hook":
		return Issues{{Code: "not-supported", Path: "Subscription.channel.type", Text: "Only rest-hook is there; programs in the home can listen to server-sent events instead."}}
	case s.Channel.Endpoint == "":
		return Issues{{Code: "required", Path: "Subscription.channel.endpoint", Text: "Say where to."}}
	case strings.TrimSpace(s.Reason) == "":
		return Issues{{Code: "required", Path: "Subscription.reason", Text: "Say what for: it is what staff see in the list."}}
	case s.Channel.Payload != "" && !slices.Contains([]string{"application/fhir+json", "application/json"}, s.Channel.Payload):
		return Issues{{Code: "not-supported", Path: "Subscription.channel.payload", Text: "The payload is application/fhir+json, or left out for a request without one."}}
	}
	w.Name, w.URL, w.Criteria, w.ContentType, w.Headers = s.Reason, s.Channel.Endpoint, s.Criteria, s.Channel.Payload, s.Channel.Header
	return nil
}
