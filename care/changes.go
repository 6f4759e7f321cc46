package care

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// RecordChange says that a record was changed, not how: who wants to know reads the record. Changes are counted from 1 in the
// order in which they came to be, without gaps: whoever has read up to one has missed none before it.
type RecordChange struct {
	Seq        int64     `json:"-"`
	At         time.Time `json:"at"` // never before the time of the change before it, whatever the clock did
	SiteID     string    `json:"site_id"`
	ResidentID string    `json:"resident_id,omitempty"` // whom the record is about; empty where it is about nobody in particular
	Entity     string    `json:"entity"`                // kind of record
	EntityID   string    `json:"id"`
	Action     string    `json:"action"`  // the audit trail's, or ActResidentMove
	Version    int       `json:"version"` // of the record after the change
}

// The kinds of record whose changes are kept, with the words of the audit trail. Practice is nobody's and not among them.
const (
	KindSite       = "site"
	KindResident   = "resident"
	KindConsent    = "consent"
	KindBaseline   = "baseline"
	KindAssessment = "assessment"
	KindRelief     = "relief"
	KindSchedule   = "schedule"
	KindPause      = "pause"
	KindEvent      = "event"
	KindEscalation = "escalation"
)

// ActResidentMove is the action of the changes that tell a site that a resident left it, and the other what came along.
const ActResidentMove = "resident.move"

// ChangePosition is a place in the log of changes. Mark is that of the change there, empty at the beginning: another history,
// such as that of a backup which was put back, has another one.
type ChangePosition struct {
	Seq  int64
	Mark string
}

// Position is where the change stands.
func (c *RecordChange) Position() ChangePosition {
	sum := sha256.Sum256([]byte(Netstrings(strconv.FormatInt(c.Seq, 10), strconv.FormatInt(c.At.UnixMilli(), 10), c.Entity, c.EntityID, c.Action,
		strconv.Itoa(c.Version))))
	return ChangePosition{Seq: c.Seq, Mark: hex.EncodeToString(sum[:8])}
}

// ChangeQuery says which changes to list, oldest first. What is empty does not restrict.
type ChangeQuery struct {
	Scope      Scope
	After      ChangePosition // after this one; the zero value for the beginning
	Limit      int            // at most so many
	ResidentID string
	Entities   []string
	Actions    []string
	Since      time.Time // at that time or later
	Until      time.Time // before that time
	Newest     bool      // of each record only the newest in the scope, which stands where that one does
}

// ChangePage is a part of the log. Where there is More the next part begins after Next; a part may be empty and have more after
// it, because only so much of the log is looked through at once. Where there is no more, Next is the end of the log: asking
// again from there gives what came since.
type ChangePage struct {
	Changes []RecordChange
	Next    ChangePosition
	More    bool
}

// Current is what a changed record is now: a *Resident, *Assessment and so on, nil where there is none any more, because the
// identity of whom it was about was erased. SiteID is the site in which it is seen now, which is another than the change's
// where the resident moved.
type Current struct {
	Record any
	SiteID string
}
