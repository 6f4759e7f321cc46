package care

import "time"

// EnrolmentLife is how long a code waits for the tablet that it enrols: it is read from a screen on the spot.
const EnrolmentLife = 10 * time.Minute

// EnrolmentState says what became of a code.
type EnrolmentState string

// The states.
const (
	EnrolmentPending EnrolmentState = "pending"
	EnrolmentUsed    EnrolmentState = "used"
	EnrolmentExpired EnrolmentState = "expired" // or taken back
)

// Enrolment is a code with which one tablet is enrolled once. The code itself is not kept.
type Enrolment struct {
	ID        string         `json:"id"`
	SiteID    string         `json:"site_id"`
	Name      string         `json:"name"` // of the tablet
	State     EnrolmentState `json:"state"`
	CreatedAt time.Time      `json:"created_at"`
	CreatedBy string         `json:"created_by"` // a user's id
	ExpiresAt time.Time      `json:"expires_at"`
	UsedAt    *time.Time     `json:"used_at,omitempty"`
	DeviceID  string         `json:"device_id,omitempty"` // the tablet that used it
}

// Check tidies the name and says which rule the enrolment breaks, if any.
func (e *Enrolment) Check() error { return tidy("name", &e.Name, maxName, true) }

// At returns the enrolment with its state at a moment.
func (e *Enrolment) At(now time.Time) *Enrolment {
	switch {
	case e.UsedAt != nil:
		e.State = EnrolmentUsed
	case now.Before(e.ExpiresAt):
		e.State = EnrolmentPending
	default:
		e.State = EnrolmentExpired
	}
	return e
}
