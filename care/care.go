// Package care holds the people and the paper of a care home: residents and their consent, staff and their roles, the
// sessions in which a camera looks at a face, the assessments that come of them and the trail of who did what. They are
// plain values; the rules stand beside them. It does no input or output and reads no clock.
package care

import (
	"time"

	"github.com/google/uuid"
)

// NewID returns an identifier for a new record: a UUID of version 7 (RFC 9562), so that ids made later sort later.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// ValidID says whether s is a UUID of version 7 in its usual form. Clients may choose such ids themselves, so that a
// request sent twice makes one record.
func ValidID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.Version() == 7 && id.String() == s
}

// Actor is whoever did something: a person, or a program on the server's own machine.
type Actor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Program is the actor for what a program with the machine's local token does.
var Program = Actor{ID: "program", Name: "Program on the server"}

// Act says who changes something and when. Every change goes to the store together with its act, which becomes the audit
// row written in the same transaction.
type Act struct {
	By      Actor
	At      time.Time
	Request string // id of the request that asked for it, to be found again in the log
}

// Stamp returns t as records keep it: UTC, whole milliseconds.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
