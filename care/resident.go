package care

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Consent says whether a resident may be assessed with the camera. The zero value is "not asked", which is not a yes.
type Consent string

// The answers.
const (
	ConsentUnknown Consent = "unknown"
	ConsentGiven   Consent = "given"
	ConsentRefused Consent = "refused"
)

// Resident is a person who lives in the home.
type Resident struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Room       string    `json:"room"`
	ExternalID string    `json:"external_id"` // the care platform's own id, unique where given
	Consent    Consent   `json:"consent"`     // to camera assessment
	CreatedAt  time.Time `json:"created_at"`
	Version    int       `json:"version"`
}

// Longest texts, in characters.
const (
	maxName     = 120
	maxRoom     = 40
	maxExternal = 64
	maxRemarks  = 2000
)

// Check tidies the texts and says which rule the resident breaks, if any.
func (r *Resident) Check() error {
	if err := tidy("name", &r.Name, maxName, true); err != nil {
		return err
	}
	if err := tidy("room", &r.Room, maxRoom, false); err != nil {
		return err
	}
	if err := tidy("external_id", &r.ExternalID, maxExternal, false); err != nil {
		return err
	}
	switch r.Consent {
	case "":
		r.Consent = ConsentUnknown
	case ConsentUnknown, ConsentGiven, ConsentRefused:
	default:
		return invalid("consent", `Consent must be "given", "refused" or "unknown".`)
	}
	return nil
}

// MayBeFilmed returns an error that says what to do where consent to camera assessment is missing.
func (r *Resident) MayBeFilmed() error {
	if r.Consent == ConsentGiven {
		return nil
	}
	return &Error{Code: NoConsent, Text: "There is no consent to camera assessment for this resident: record it first, or assess without the camera."}
}

// tidy trims one line of text and refuses what cannot be shown on one.
func tidy(field string, s *string, longest int, needed bool) error {
	*s = strings.TrimSpace(*s)
	switch {
	case *s == "" && needed:
		return invalid(field, "Give a "+field+".")
	case !utf8.ValidString(*s):
		return invalid(field, "The "+field+" is not valid text (UTF-8).")
	case utf8.RuneCountInString(*s) > longest:
		return invalid(field, "The "+field+" is too long: at most "+strconv.Itoa(longest)+" characters.")
	case strings.ContainsFunc(*s, unicode.IsControl):
		return invalid(field, "The "+field+" must be one line of plain text.")
	}
	return nil
}
