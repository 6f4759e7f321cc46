package care

import "time"

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
	SiteID     string     `json:"site_id"`               // the resident's, or where it was practised
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
