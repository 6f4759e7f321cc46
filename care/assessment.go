package care

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// Condition says in what situation a person was assessed. It is always recorded: pain is seen more often after movement.
type Condition string

// The conditions.
const (
	AtRest     Condition = "rest"
	InMovement Condition = "movement" // during or just after
)

// Check returns an error where the condition is missing or unknown.
func (c Condition) Check() error {
	if c == AtRest || c == InMovement {
		return nil
	}
	return invalid("condition", `Say whether this is at "rest" or during "movement".`)
}

// Session is one time that the camera looks at one face.
type Session struct {
	ID         string     `json:"id"`
	ResidentID string     `json:"resident_id,omitempty"` // empty for practice
	Condition  Condition  `json:"condition"`
	Practice   bool       `json:"practice"`
	OpenedBy   Actor      `json:"opened_by"`
	OpenedAt   time.Time  `json:"opened_at"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
}

// Check says which rule the session breaks, if any: practice has no resident, care has one.
func (s *Session) Check() error {
	if err := s.Condition.Check(); err != nil {
		return err
	}
	switch {
	case s.Practice && s.ResidentID != "":
		return invalid("resident_id", "Practice belongs to no resident: leave resident_id out.")
	case !s.Practice && s.ResidentID == "":
		return invalid("resident_id", "Say which resident is assessed, or make it a practice session.")
	}
	return nil
}

// Status is how far an assessment has come.
type Status string

// The states. What a machine says is preliminary until a person confirms it.
const (
	Preliminary    Status = "preliminary"
	Final          Status = "final"
	EnteredInError Status = "entered_in_error"
)

// Assessment is what is kept of one session: the machine's observation, the item that it proposes and what a carer made
// of both.
type Assessment struct {
	ID          string          `json:"id"`
	SessionID   string          `json:"session_id"`
	ResidentID  string          `json:"resident_id,omitempty"` // empty for practice
	Practice    bool            `json:"practice"`
	Condition   Condition       `json:"condition"`
	Status      Status          `json:"status"`
	Observation json.RawMessage `json:"observation"` // a pain.Observation
	Proposals   []Proposal      `json:"proposals"`
	Remarks     string          `json:"remarks"`
	CreatedAt   time.Time       `json:"created_at"`
	CreatedBy   Actor           `json:"created_by"`
	ConfirmedAt *time.Time      `json:"confirmed_at,omitempty"`
	ConfirmedBy *Actor          `json:"confirmed_by,omitempty"`
	Version     int             `json:"version"` // counted from 1; the entity tag
}

// NewAssessment makes the preliminary assessment of a session. Practice and resident are the session's and cannot be
// chosen, so practice never mixes with care.
func NewAssessment(id string, s *Session, observation json.RawMessage, proposals []Proposal, remarks string, act Act) (*Assessment, error) {
	if id == "" {
		id = NewID()
	}
	if !ValidID(id) {
		return nil, invalid("id", "The id must be a UUID of version 7, or be left out.")
	}
	if err := CheckRemarks(&remarks); err != nil {
		return nil, err
	}
	if proposals == nil {
		proposals = []Proposal{}
	}
	return &Assessment{
		ID: id, SessionID: s.ID, ResidentID: s.ResidentID, Practice: s.Practice, Condition: s.Condition, Status: Preliminary,
		Observation: observation, Proposals: proposals, Remarks: remarks, CreatedAt: Stamp(act.At), CreatedBy: act.By, Version: 1,
	}, nil
}

// Confirm makes the assessment final in the name of whoever acts. A program cannot confirm.
func (a *Assessment) Confirm(remarks *string, act Act) error {
	switch {
	case a.Status != Preliminary:
		return &Error{Code: AlreadyFinal, Text: "This assessment was confirmed before; it is not changed any more."}
	case act.By.ID == Program.ID || act.By.Name == "":
		return &Error{Code: Forbidden, Text: "Only a person who is signed in can confirm an assessment."}
	}
	if remarks != nil {
		if err := CheckRemarks(remarks); err != nil {
			return err
		}
		a.Remarks = *remarks
	}
	at, by := Stamp(act.At), act.By
	a.Status, a.ConfirmedAt, a.ConfirmedBy = Final, &at, &by
	a.Version++
	return nil
}

// CheckRemarks tidies a carer's remarks, which may be several lines.
func CheckRemarks(s *string) error {
	*s = strings.TrimSpace(*s)
	switch {
	case !utf8.ValidString(*s):
		return invalid("remarks", "The remarks are not valid text (UTF-8).")
	case utf8.RuneCountInString(*s) > maxRemarks:
		return invalid("remarks", "The remarks are too long: at most 2000 characters.")
	}
	return nil
}

// Proposal is an answer that the camera proposes for one item of an observational pain scale. It is the carer who decides.
type Proposal struct {
	Scale       string   `json:"scale"` // such as "PAINAD"
	Item        string   `json:"item"`
	Value       int      `json:"value"`
	Label       string   `json:"label"`
	Evidence    string   `json:"evidence"`     // a sentence: what was seen
	ActionUnits []string `json:"action_units"` // those that the proposal rests on
	Provisional bool     `json:"provisional"`  // resting on a first estimate that is not validated
}

// AssessmentQuery says which assessments to list. Practice and care are never listed together.
type AssessmentQuery struct {
	ResidentID string    // empty for all residents
	Practice   bool      // practice instead of care
	Before     time.Time // made before; the zero value starts with the newest
	Limit      int       // at most so many
}
