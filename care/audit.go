package care

import "time"

// AuditEvent says who changed what and when. Rows are only ever added.
type AuditEvent struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	By       Actor     `json:"by"`
	Action   string    `json:"action"` // such as "resident.add" or "assessment.confirm"
	Entity   string    `json:"entity"` // kind of record
	EntityID string    `json:"entity_id"`
	Version  int       `json:"version"` // of the record after the change
	Request  string    `json:"request"`
}

// The actions that are recorded.
const (
	ActSetUpLink   = "set_up_link.make"
	ActUserAdd     = "user.add"
	ActLogin       = "login"
	ActLoginFailed = "login.fail"
	ActLogout      = "logout"
	ActResidentAdd = "resident.add"
	ActSessionOpen = "session.open"
	ActSessionEnd  = "session.end"
	ActAssessAdd   = "assessment.add"
	ActAssessDone  = "assessment.confirm"
)
