package care

import (
	"math"
	"strings"
	"time"
)

// Baseline is what a resident's face measures at ease: numbers only, from which no picture can be made. A resident has
// several over the years; one of them is chosen, and action units are measured against that one.
type Baseline struct {
	ID         string             `json:"id"`
	ResidentID string             `json:"resident_id"`
	TakenAt    time.Time          `json:"taken_at"`
	Method     string             `json:"method"`               // names and versions of what measured it: values of one method only compare
	Values     map[string]float64 `json:"values"`               // by the feature's name; without unit, distances relative to the face
	Spread     map[string]float64 `json:"spread,omitempty"`     // of each value while it was taken, where that is known
	SessionID  string             `json:"session_id,omitempty"` // the live session that measured it; empty where the values were brought
	Frames     int                `json:"frames"`               // from so many frames
	Note       string             `json:"note"`                 // how the resident was at ease
	Chosen     bool               `json:"chosen"`
	RetiredAt  *time.Time         `json:"retired_at"`
	RetiredWhy string             `json:"retired_reason,omitempty"` // why it was taken out of use
	RecordedAt time.Time          `json:"recorded_at"`
	RecordedBy Actor              `json:"recorded_by"`
	Version    int                `json:"version"`
}

const (
	maxValues = 256
	maxValue  = 1000
)

// Check tidies the baseline and says which rule it breaks, if any. A missing time is now.
func (b *Baseline) Check(now time.Time) error {
	if err := checkID(&b.ID); err != nil {
		return err
	}
	if err := checkTime("taken_at", &b.TakenAt, now, now.Add(clockSkew)); err != nil {
		return err
	}
	if err := tidy("method", &b.Method, maxURI, true); err != nil {
		return err
	}
	if err := tidy("note", &b.Note, maxNote, false); err != nil {
		return err
	}
	if b.Frames < 1 || b.Frames > 1e6 {
		return invalid("frames", "frames must say from how many frames the numbers come: 1 to 1000000.")
	}
	if len(b.Values) == 0 || len(b.Values) > maxValues || len(b.Spread) > maxValues {
		return invalid("values", "Give 1 to 256 numbers by name.")
	}
	if err := checkValues(b.Values); err != nil {
		return err
	}
	return checkValues(b.Spread)
}

func checkValues(values map[string]float64) error {
	for name, v := range values {
		if name == "" || len(name) > 40 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			return invalid("values", "The names of values are words of letters, digits and underscores, at most 40.")
		}
		if math.IsNaN(v) || math.Abs(v) > maxValue {
			return invalid("values", "The values must lie between -1000 and 1000.")
		}
	}
	return nil
}

// Retire takes a baseline out of use and keeps why: the face has changed, or it was not at ease.
func (b *Baseline) Retire(reason string, now time.Time) error {
	if b.RetiredAt != nil {
		return &Error{Code: Conflict, Text: "This baseline was retired before."}
	}
	if err := tidy("reason", &reason, maxReason, true); err != nil {
		return err
	}
	if err := notBefore(b.RecordedAt, now); err != nil {
		return err
	}
	at := Stamp(now)
	b.RetiredAt, b.RetiredWhy, b.Chosen = &at, reason, false
	b.Version++
	return nil
}

// Choose makes a baseline the one to measure against.
func (b *Baseline) Choose() error {
	if b.RetiredAt != nil {
		return &Error{Code: Conflict, Text: "This baseline is retired: choose another, or take a new one."}
	}
	b.Chosen = true
	b.Version++
	return nil
}
