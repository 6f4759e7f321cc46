package care

import (
	"encoding/json"
	"time"
)

// AuditEvent says who changed or saw what and when. Rows are only ever added. Nothing in them but the actor's name is personal:
// records are named by their ids.
type AuditEvent struct {
	Seq      int64           `json:"seq"` // place in the chain, from 1
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	By       Actor           `json:"by"`
	Action   string          `json:"action"` // such as "resident.add" or "assessment.confirm"
	Entity   string          `json:"entity"` // kind of record
	EntityID string          `json:"entity_id"`
	Version  int             `json:"version"` // of the record after the change
	Request  string          `json:"request"`
	Detail   json.RawMessage `json:"detail,omitempty"` // what else is known, never personal
	Hash     string          `json:"hash"`             // over this event and the hash before it; see ChainHash
}

// The actions that are recorded.
const (
	ActSetUpLink   = "set_up_link.make"
	ActUserAdd     = "user.add"
	ActUserChange  = "user.change"
	ActUserInvite  = "user.invite"
	ActPassword    = "user.password"
	ActPIN         = "user.pin"
	ActPasskey     = "user.passkey"
	ActSiteAdd     = "site.add"
	ActSiteChange  = "site.change"
	ActDeviceEnrol = "device.enrol"
	ActDeviceEnd   = "device.revoke"

	ActEnrolmentAdd = "enrolment.add"
	ActEnrolmentUse = "enrolment.use"
	ActEnrolmentEnd = "enrolment.withdraw"

	ActKeysRotate  = "keys.rotate"
	ActRestore     = "backup.restore"
	ActBackup      = "backup.make"
	ActRetention   = "retention.apply"
	ActResidentEnd = "resident.erase"
	ActLogin       = "login"
	ActLoginFailed = "login.fail"
	ActLogout      = "logout"
	ActResidentAdd = "resident.add"
	ActSessionOpen = "session.open"
	ActSessionEnd  = "session.end"
	ActAssessAdd   = "assessment.add"
	ActAssessFill  = "assessment.change"
	ActAssessSeen  = "assessment.observe"
	ActAssessDone  = "assessment.confirm"
	ActAssessAmend = "assessment.amend"
	ActAssessWrong = "assessment.entered_in_error"
	ActScaleAdd    = "scale.add"
	ActInstrument  = "instrument.change"

	ActWebhookAdd     = "webhook.add"
	ActWebhookChange  = "webhook.change"
	ActWebhookRotate  = "webhook.rotate"
	ActWebhookReplay  = "webhook.replay"
	ActWebhookRedrive = "webhook.redrive"
	ActWebhookSent    = "webhook.send" // a record, to the endpoint that the detail names
	ActWebhookEnd     = "webhook.remove"

	ActResidentChange = "resident.change"
	ActConsentAdd     = "consent.add"
	ActConsentEnd     = "consent.withdraw"
	ActBaselineAdd    = "baseline.add"
	ActBaselineChange = "baseline.change"
	ActReliefAdd      = "relief.add"
	ActReliefWrong    = "relief.entered_in_error"
	ActMeasureChange  = "measure.change"
	ActScheduleAdd    = "schedule.add"
	ActScheduleEnd    = "schedule.end"
	ActPauseAdd       = "pause.add"
	ActPauseEnd       = "pause.end"
	ActEventAdd       = "event.add"
	ActEventWrong     = "event.entered_in_error"
	ActEscalate       = "escalation.raise"
	ActAcknowledge    = "escalation.acknowledge"

	ActClientAdd     = "client.add"
	ActClientChange  = "client.change"
	ActClientRemove  = "client.remove"
	ActClientKey     = "client.key"
	ActClientKeyEnd  = "client.key_revoke"
	ActClientToken   = "client.token"
	ActClientRefused = "client.refuse"
)

// AuditQuery says which events to list, oldest first.
type AuditQuery struct {
	EntityID string // of one record; empty for all
	After    int64  // place in the chain after which to begin
	Limit    int    // at most so many
}
