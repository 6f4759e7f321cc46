package care

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wince/pain"
)

// Status is how far an assessment has come.
type Status string

// The states. What a machine says is preliminary until a person confirms it; nothing is ever deleted.
const (
	Drafted        Status = "draft"       // being filled in, nothing measured
	Preliminary    Status = "preliminary" // with the machine's evidence
	Final          Status = "final"       // confirmed by a named person
	Amended        Status = "amended"     // corrected after that
	EnteredInError Status = "entered_in_error"
)

// Open says whether the assessment is still being made.
func (s Status) Open() bool { return s == Drafted || s == Preliminary }

// Method says how an assessment was done.
type Method string

// The methods.
const (
	ByCamera     Method = "camera"      // a person judged with the camera's proposals
	ByObserver   Method = "observer"    // a person judged alone
	BySelfReport Method = "self_report" // the resident said
)

// Assessment is what is kept of one look at one person: what the machine observed and proposed, where there was one, and
// what a carer made of it.
type Assessment struct {
	ID          string             `json:"id"`
	SessionID   string             `json:"session_id,omitempty"`  // empty without a camera
	SiteID      string             `json:"site_id"`               // the resident's, or where it was practised
	ResidentID  string             `json:"resident_id,omitempty"` // empty for practice
	Practice    bool               `json:"practice"`              // training; never mixed with care
	Condition   Condition          `json:"condition"`
	Status      Status             `json:"status"`
	Method      Method             `json:"method"`
	Scale       *pain.Ref          `json:"scale"`                 // the version that it is scored with, for ever; null where none is filled in
	PainType    string             `json:"pain_type,omitempty"`   // one of the scale's types, where it has any
	Answers     pain.Answers       `json:"answers"`               // the carer's, by item
	Total       *int               `json:"total"`                 // null while items are open
	Band        string             `json:"band,omitempty"`        // id of the total's band
	Blind       bool               `json:"blind"`                 // the carer rates before the machine's view is shown
	RatedBlind  pain.Answers       `json:"rated_blind,omitempty"` // the answers to the camera's items before it was
	Hidden      bool               `json:"hidden"`                // the machine's view is there and not shown yet
	Observation json.RawMessage    `json:"observation"`           // a pain.Observation, or null
	Proposals   []pain.Proposal    `json:"proposals"`
	NotProposed []pain.NotProposed `json:"not_proposed"`
	BodySites   []BodySite         `json:"body_sites"`
	Remarks     string             `json:"remarks"`
	Reason      string             `json:"reason,omitempty"` // of the last correction
	AssessedAt  time.Time          `json:"assessed_at"`
	CreatedAt   time.Time          `json:"created_at"`
	CreatedBy   Actor              `json:"created_by"`
	ChangedAt   time.Time          `json:"changed_at"`
	ChangedBy   Actor              `json:"changed_by"`
	ConfirmedAt *time.Time         `json:"confirmed_at,omitempty"`
	ConfirmedBy *Actor             `json:"confirmed_by,omitempty"`
	Version     int                `json:"version"` // counted from 1; the entity tag

	// What only the store looks at, when the assessment is made.
	Fingerprint string          `json:"-"` // of the request
	Definition  *pain.ScaleFile `json:"-"` // the scale's definition, kept with the first assessment that uses it
}

// Evidence is what a camera session brings: the observation and what follows from it for a scale.
type Evidence struct {
	Session     *Session
	Observation json.RawMessage // a pain.Observation
	Proposals   []pain.Proposal
	NotProposed []pain.NotProposed
	Blind       bool // it is shown after the carer has rated
}

// Filling is what a person fills in. What is nil stays as it is.
type Filling struct {
	Answers    pain.Answers `json:"answers"` // all of them: they replace the ones before
	PainType   *string      `json:"pain_type"`
	BodySites  []BodySite   `json:"body_sites"`
	Remarks    *string      `json:"remarks"`
	AssessedAt *time.Time   `json:"assessed_at"` // not in the future; when it was made, where a tablet was offline
}

// NewAssessment completes a and checks it. Given are the id (or empty), what was assessed and under which condition, where
// that is not the evidence's; the evidence, where a camera looked; the scale, where one is filled in. Practice and resident
// are the session's and cannot be chosen again, so practice never mixes with care. It is a draft, or preliminary with
// evidence.
func NewAssessment(a Assessment, e *Evidence, scale *pain.Scale, f Filling, act Act) (*Assessment, error) {
	if err := checkID(&a.ID); err != nil {
		return nil, err
	}
	at := Stamp(act.At)
	a.Status, a.Answers, a.Proposals, a.NotProposed, a.BodySites = Drafted, pain.Answers{}, []pain.Proposal{}, []pain.NotProposed{}, []BodySite{}
	a.AssessedAt, a.CreatedAt, a.CreatedBy, a.ChangedAt, a.ChangedBy, a.Version = at, at, act.By, at, act.By, 1
	if e != nil {
		a.ResidentID, a.SiteID, a.Practice, a.Condition = e.Session.ResidentID, e.Session.SiteID, e.Session.Practice, e.Session.Condition
		a.take(e)
	}
	if err := (&Session{ResidentID: a.ResidentID, Practice: a.Practice, Condition: a.Condition}).Check(); err != nil {
		return nil, err
	}
	if scale != nil {
		ref := scale.Ref()
		a.Scale, a.Definition = &ref, &scale.File
	}
	if err := a.checkMethod(scale); err != nil {
		return nil, err
	}
	if err := a.fill(f, scale, act); err != nil {
		return nil, err
	}
	return &a, nil
}

func (a *Assessment) take(e *Evidence) {
	a.SessionID, a.Observation, a.Status, a.Method, a.Blind = e.Session.ID, e.Observation, Preliminary, ByCamera, e.Blind
	if e.Proposals != nil {
		a.Proposals = e.Proposals
	}
	if e.NotProposed != nil {
		a.NotProposed = e.NotProposed
	}
}

// checkMethod chooses the method where it is left out and refuses one that cannot be.
func (a *Assessment) checkMethod(scale *pain.Scale) error {
	self := scale != nil && scale.Kind == pain.ScaleSelfReport
	if a.Method == "" {
		if a.Method = ByObserver; self {
			a.Method = BySelfReport
		}
	}
	switch {
	case a.Method != ByCamera && a.Method != ByObserver && a.Method != BySelfReport:
		return invalid("method", `The method must be "camera", "observer" or "self_report".`)
	case self != (a.Method == BySelfReport):
		return invalid("method", "A scale that the resident answers goes with self_report, and no other scale does.")
	case a.Method == ByCamera && a.SessionID == "" && a.Status != Drafted:
		return invalid("session_id", "Without the camera's observation the method is observer.")
	case scale == nil && a.SessionID == "":
		return invalid("scale", "Say which scale is filled in: there is no observation without one.")
	}
	return nil
}

// fill puts in what a person fills in and works out the total.
func (a *Assessment) fill(f Filling, scale *pain.Scale, act Act) error {
	if f.Answers != nil {
		if scale == nil {
			return invalid("answers", "There is no scale to answer: make an assessment with one.")
		}
		if err := scale.CheckAnswers(f.Answers); err != nil {
			var wrong *pain.AnswerError
			if errors.As(err, &wrong) {
				return invalid("answers."+wrong.Item, wrong.Reason)
			}
			return fmt.Errorf("check answers: %w", err)
		}
		a.Answers = f.Answers
	}
	if f.PainType != nil {
		if *f.PainType != "" && (scale == nil || !slices.ContainsFunc(scale.Types, func(t pain.Choice) bool { return t.ID == *f.PainType })) {
			return invalid("pain_type", "The scale knows no such type of pain.")
		}
		a.PainType = *f.PainType
	}
	if f.BodySites != nil {
		if err := checkBodySites(f.BodySites); err != nil {
			return err
		}
		a.BodySites = f.BodySites
	}
	if f.Remarks != nil {
		remarks := *f.Remarks
		if err := CheckRemarks(&remarks); err != nil {
			return err
		}
		a.Remarks = remarks
	}
	if f.AssessedAt != nil {
		at := *f.AssessedAt
		if err := checkTime("assessed_at", &at, act.At, act.At.Add(clockSkew)); err != nil {
			return err
		}
		a.AssessedAt = at
	}
	a.score(scale)
	return nil
}

// score works out total and band and, in blind mode, keeps the answers that were given before the machine's view is shown.
func (a *Assessment) score(scale *pain.Scale) {
	a.Total, a.Band = nil, ""
	if scale == nil {
		return
	}
	if total, ok := scale.Sum(a.Answers); ok {
		a.Total = &total
		if b := scale.Band(total); b != nil {
			a.Band = b.ID
		}
	}
	if !a.Blind || a.RatedBlind != nil || a.Observation == nil {
		return
	}
	first := pain.Answers{}
	for _, id := range scale.CameraItems() {
		v, ok := a.Answers[id]
		if !ok {
			return
		}
		first[id] = v
	}
	a.RatedBlind = first
}

// clockSkew is how far the clocks of a tablet and the server may differ, and how far the server's may be set back.
const clockSkew = 2 * time.Minute

// begin checks that the record may change now.
func (a *Assessment) begin(act Act) error {
	if act.At.Before(a.ChangedAt.Add(-clockSkew)) {
		return &Error{Code: ClockBack, Text: "The server's clock stands earlier than this record's last change: nothing was saved; ask whoever runs the server to set the clock."}
	}
	return nil
}

// changed marks a change as done.
func (a *Assessment) changed(act Act) {
	a.ChangedAt, a.ChangedBy = Stamp(act.At), act.By
	a.Version++
}

var errNotOpen = &Error{Code: AlreadyFinal, Text: "This assessment was confirmed before; it is not filled in any more: amend it, with the reason."}

// Fill changes an assessment that is still being made.
func (a *Assessment) Fill(f Filling, scale *pain.Scale, act Act) error {
	if !a.Status.Open() {
		return errNotOpen
	}
	if err := a.begin(act); err != nil {
		return err
	}
	if err := a.fill(f, scale, act); err != nil {
		return err
	}
	a.changed(act)
	return nil
}

// Observe attaches a camera session's evidence to a draft.
func (a *Assessment) Observe(e *Evidence, scale *pain.Scale, act Act) error {
	switch {
	case a.Status == Preliminary:
		return &Error{Code: Conflict, Field: "session_id", Text: "This assessment has an observation already: make another assessment for another one."}
	case a.Status != Drafted:
		return errNotOpen
	case e.Session.Practice != a.Practice || e.Session.ResidentID != a.ResidentID || e.Session.Condition != a.Condition:
		return &Error{Code: Conflict, Field: "session_id", Text: "The session is of another resident or condition, or practice: it cannot become part of this assessment."}
	case a.Method == BySelfReport:
		return invalid("session_id", "What the resident says is not observed: leave the camera out.")
	}
	if err := a.begin(act); err != nil {
		return err
	}
	a.take(e)
	a.score(scale)
	a.changed(act)
	return nil
}

// Confirm makes the assessment final in the name of whoever acts. A program cannot confirm, and where a scale is filled in
// it is filled in to the end.
func (a *Assessment) Confirm(f Filling, scale *pain.Scale, act Act) error {
	switch {
	case a.Status == EnteredInError:
		return errWrong
	case !a.Status.Open():
		return &Error{Code: AlreadyFinal, Text: "This assessment was confirmed before; it is not changed any more."}
	case act.By.ID == Program.ID || act.By.Name == "":
		return &Error{Code: Forbidden, Text: "Only a person who is signed in can confirm an assessment."}
	}
	if err := a.begin(act); err != nil {
		return err
	}
	if err := a.fill(f, scale, act); err != nil {
		return err
	}
	if err := a.complete(scale); err != nil {
		return err
	}
	at, by := Stamp(act.At), act.By
	a.Status, a.ConfirmedAt, a.ConfirmedBy = Final, &at, &by
	a.changed(act)
	return nil
}

// complete returns an error that names an open item.
func (a *Assessment) complete(scale *pain.Scale) error {
	if scale == nil {
		return nil
	}
	if open := scale.Missing(a.Answers); len(open) > 0 {
		return &Error{Code: Incomplete, Field: "answers." + open[0], Text: fmt.Sprintf(
			"%d of %d items of %s are open, first %s: answer them, then confirm.", len(open), len(scale.Items), scale.Name, scale.Item(open[0]).Label)}
	}
	return nil
}

var errWrong = &Error{Code: AlreadyFinal, Text: "This assessment is marked as entered in error; it is not changed any more."}

// Amend corrects a confirmed assessment and says why. The store keeps what it said before.
func (a *Assessment) Amend(reason string, f Filling, scale *pain.Scale, act Act) error {
	switch {
	case a.Status == EnteredInError:
		return errWrong
	case a.Status.Open():
		return &Error{Code: Conflict, Text: "This assessment is not confirmed yet: change it instead of amending it."}
	}
	if err := tidy("reason", &reason, maxReason, true); err != nil {
		return err
	}
	if err := a.begin(act); err != nil {
		return err
	}
	if err := a.fill(f, scale, act); err != nil {
		return err
	}
	if err := a.complete(scale); err != nil {
		return err
	}
	a.Status, a.Reason = Amended, reason
	a.changed(act)
	return nil
}

// MarkWrong marks an assessment that should not have been made, with the reason. It stays, and counts nowhere.
func (a *Assessment) MarkWrong(reason string, act Act) error {
	if a.Status == EnteredInError {
		return errWrong
	}
	if err := tidy("reason", &reason, maxReason, true); err != nil {
		return err
	}
	if err := a.begin(act); err != nil {
		return err
	}
	a.Status, a.Reason = EnteredInError, reason
	a.changed(act)
	return nil
}

// Shown returns the assessment as people may see it: in blind mode the machine's view is left out until they have rated. It stays out
// where that never happened and the record was entered in error: else that would be the way to look first.
func (a *Assessment) Shown() *Assessment {
	if !a.Blind || a.RatedBlind != nil || a.Observation == nil || !a.Status.Open() && a.Status != EnteredInError {
		return a
	}
	out := *a
	out.Hidden, out.Observation, out.Proposals, out.NotProposed = true, nil, []pain.Proposal{}, []pain.NotProposed{}
	return &out
}

// WithoutTrace returns the assessment without the observation's trace, which is larger than all the rest: for lists, and for
// what is kept of a record before a change, since an observation never changes.
func (a *Assessment) WithoutTrace() *Assessment {
	var members map[string]json.RawMessage
	if json.Unmarshal(a.Observation, &members) != nil || members["trace"] == nil {
		return a
	}
	delete(members, "trace")
	b, err := json.Marshal(members)
	if err != nil { // cannot happen: it was read from JSON
		return a
	}
	out := *a
	out.Observation = b
	return &out
}

// maxReason is the longest reason of a correction, in characters.
const maxReason = 500

// CheckRemarks tidies a carer's remarks, which may be several lines.
func CheckRemarks(s *string) error {
	*s = strings.TrimSpace(*s)
	switch {
	case !utf8.ValidString(*s):
		return invalid("remarks", "The remarks are not valid text (UTF-8).")
	case strings.ContainsRune(*s, 0):
		return invalid("remarks", "The remarks hold a character that cannot be kept.")
	case utf8.RuneCountInString(*s) > maxRemarks:
		return invalid("remarks", "The remarks are too long: at most 2000 characters.")
	}
	return nil
}

// AssessmentQuery says which assessments to list. Practice and care are never listed together.
type AssessmentQuery struct {
	Scope      Scope     // of whoever asks
	ResidentID string    // empty for all residents
	Practice   bool      // practice instead of care
	Since      time.Time // made then or later; the zero value for no limit
	Before     time.Time // made before; the zero value starts with the newest
	BeforeID   string    // of those made at Before, the ones whose ids come before this; empty for none of them
	Limit      int       // at most so many
}

// AssessmentChange is one change that somebody asks for.
type AssessmentChange struct {
	AssessmentID string
	Version      int    // that whoever asks has seen
	ID           string // the client's own, a UUID of version 7, so that a request sent twice changes once; empty for none
	Fingerprint  string // of the request: two requests with one id must be the same
	Action       string // for the audit row
}
