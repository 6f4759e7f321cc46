package care

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// HookKind says how an endpoint is told of changes.
type HookKind string

// The kinds.
const (
	StandardHook HookKind = "webhook"           // as the Standard Webhooks specification says
	FHIRHook     HookKind = "fhir_subscription" // a FHIR R4 Subscription with a channel of type rest-hook
)

// HookPayload says how much a webhook sends.
type HookPayload string

// The payloads.
const (
	IDsOnly    HookPayload = "ids"  // which record changed: who wants to know more asks with a sign-in of their own
	FullRecord HookPayload = "full" // the record, too
)

// Webhook is another program's address that is told of changes. Its secrets are not in it.
type Webhook struct {
	ID      string      `json:"id"`
	Kind    HookKind    `json:"kind"`
	Name    string      `json:"name"`              // as staff say it
	SiteID  string      `json:"site_id,omitempty"` // whose changes; left out for all sites
	URL     string      `json:"url"`
	Events  []string    `json:"events"` // kinds of record or single actions; none for all
	Payload HookPayload `json:"payload"`

	// Of a connected program that made it: it is told what the program may see, as long as it may.
	ClientID string `json:"client_id,omitempty"`

	// Of a FHIR Subscription; its secret is sealed like a webhook's.
	Criteria    string   `json:"criteria,omitempty"`     // a search such as "Observation?patient=..."
	ContentType string   `json:"content_type,omitempty"` // of what is sent; empty sends no body
	Headers     []string `json:"headers,omitempty"`      // such as "Authorization: Bearer ..."; the store seals them

	Disabled       bool       `json:"disabled"`
	DisabledReason string     `json:"disabled_reason,omitempty"` // where the server did it
	SecretUntil    *time.Time `json:"old_secret_until"`          // the secret before the newest is signed with until then
	CreatedAt      time.Time  `json:"created_at"`
	CreatedBy      Actor      `json:"created_by"`
	Version        int        `json:"version"`
}

// Secrets are what an endpoint's requests are signed with, the newest first.
type Secrets []string

const (
	maxHookURL     = 1000
	maxHookEvents  = 60
	maxHookHeaders = 20
	maxHookHeader  = 1000
)

// hookActions are the single actions that a webhook may ask for, beside whole kinds of record. The part before the dot is the kind of
// the record: an erasure that reaches a relief is an event of the kind relief, and no "resident.erase".
var hookActions = []string{
	ActSiteAdd, ActSiteChange, ActResidentAdd, ActResidentChange, ActResidentEnd, ActResidentMove, ActConsentAdd, ActConsentEnd, ActBaselineAdd, ActBaselineChange,
	ActAssessAdd, ActAssessFill, ActAssessSeen, ActAssessDone, ActAssessAmend, ActAssessWrong, ActReliefAdd, ActReliefWrong, ActScheduleAdd, ActScheduleEnd,
	ActPauseAdd, ActPauseEnd, ActEventAdd, ActEventWrong, ActEscalate, ActAcknowledge,
}

// HookEvents are the words that Webhook.Events may hold.
func HookEvents() []string {
	words := append([]string{KindSite, KindResident, KindConsent, KindBaseline, KindAssessment, KindRelief, KindSchedule, KindPause, KindEvent, KindEscalation}, hookActions...)
	slices.Sort(words)
	return words
}

// Wants says whether the endpoint is told of a change.
func (w *Webhook) Wants(c *RecordChange) bool {
	if w.SiteID != "" && w.SiteID != c.SiteID {
		return false
	}
	return len(w.Events) == 0 || slices.ContainsFunc(w.Events, func(e string) bool {
		kind, _, single := strings.Cut(e, ".")
		return kind == c.Entity && (!single || e == c.Action)
	})
}

// Scope is the sites whose changes the endpoint is told of.
func (w *Webhook) Scope() Scope {
	if w.SiteID == "" {
		return Scope{All: true}
	}
	return Scope{Sites: []string{w.SiteID}}
}

// Check tidies the endpoint and says which rule it breaks, if any. Whether the address may be called is looked at when it is.
func (w *Webhook) Check() error {
	if err := checkID(&w.ID); err != nil {
		return err
	}
	if err := tidy("name", &w.Name, maxName, true); err != nil {
		return err
	}
	if err := w.checkURL(); err != nil {
		return err
	}
	if w.Payload == "" {
		w.Payload = IDsOnly
	}
	if w.Payload != IDsOnly && w.Payload != FullRecord {
		return invalid("payload", "payload must be ids or full.")
	}
	if w.Events == nil {
		w.Events = []string{}
	}
	known := HookEvents()
	for _, e := range w.Events {
		if !slices.Contains(known, e) || len(w.Events) > maxHookEvents {
			return invalid("events", `events must name kinds of record such as "assessment", or single events such as "assessment.confirm"; leave it empty for all. GET /webhooks/events lists them.`)
		}
	}
	if len(w.Headers) > maxHookHeaders {
		return invalid("headers", "There are too many headers: 20 at most.")
	}
	for _, h := range w.Headers {
		if name, value, ok := strings.Cut(h, ":"); !ok || len(h) > maxHookHeader || !headerName(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return invalid("headers", `A header must look like "Authorization: Bearer ...", in plain letters on one line.`)
		}
	}
	return nil
}

// ownHeaders are those that only we set.
var ownHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "webhook-id", "webhook-timestamp", "webhook-signature"}

func headerName(s string) bool {
	return s != "" && !slices.Contains(ownHeaders, strings.ToLower(s)) && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func (w *Webhook) checkURL() error {
	u, err := url.Parse(w.URL)
	switch {
	case len(w.URL) > maxHookURL || err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return invalid("url", "The URL must be a full address such as https://platform.example/hooks/wince.")
	case u.User != nil:
		return invalid("url", "The URL must not hold a name or password: the signature says who sends.")
	case u.Fragment != "":
		return invalid("url", "The URL must have no part after #, which is never sent.")
	}
	return nil
}

// Delivery is a change that an endpoint has not taken yet.
type Delivery struct {
	Change    RecordChange
	Lane      string // deliveries of one lane go out in their order: those about one resident
	Attempts  int
	FirstAt   time.Time // of the first attempt; zero before it
	NextAt    time.Time // not before
	Dead      bool      // given up; waits for somebody to send it again
	LastError string    // of the last attempt: never the receiver's words
}

// DeliveryAttempt is a line of the delivery log.
type DeliveryAttempt struct {
	ID      string    `json:"id"`
	Message string    `json:"message"` // the id that the receiver was sent: the same for each attempt
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Attempt int       `json:"attempt"` // counted from 1
	Status  int       `json:"status"`  // HTTP's; 0 where there was no answer
	TookMS  int64     `json:"took_ms"`
	Outcome string    `json:"outcome"` // "delivered", or what went wrong in words
}

// HookState says how an endpoint gets on.
type HookState struct {
	Pending  int        `json:"pending"` // to be sent or sent again
	Dead     int        `json:"dead"`
	Behind   int64      `json:"behind"`    // changes not looked at yet
	OldestAt *time.Time `json:"oldest_at"` // of what is pending
}
