package care

import "time"

// Consent says whether a resident may be assessed with the camera, or photographed. The zero value is "not asked", which is
// not a yes.
type Consent string

// The answers, and what can become of a yes.
const (
	ConsentUnknown   Consent = "unknown"
	ConsentGiven     Consent = "given"
	ConsentRefused   Consent = "refused"
	ConsentExpired   Consent = "expired"   // was given for a time that is over
	ConsentWithdrawn Consent = "withdrawn" // was given and taken back
)

// Purpose is what consent is asked for.
type Purpose string

// The purposes.
const (
	ForCamera Purpose = "camera" // assessment by camera: no picture is kept
	ForPhoto  Purpose = "photo"  // a photograph on the record, by which staff know the resident
)

// Capacity says in what capacity somebody decides for a resident.
type Capacity string

// The capacities.
const (
	BySelf        Capacity = "resident"     // who can decide this alone
	ByAttorney    Capacity = "attorney"     // holds a lasting power of attorney
	ByGuardian    Capacity = "guardian"     // appointed by a court
	ByRelative    Capacity = "relative"     // where the law lets one decide
	ByClinician   Capacity = "clinician"    // for the resident's benefit, where nobody else can
	NotRecorded   Capacity = "not_recorded" // a bare yes or no from an earlier system
	maxConsentFor          = 10 * 365 * 24 * time.Hour
)

// LegalBasis is why data on a resident's face may be processed.
type LegalBasis string

// The bases: GDPR articles 6 and 9 in short. A home's own lawyer decides which holds.
const (
	BasisConsent   LegalBasis = "consent"   // art. 9(2)(a)
	BasisCare      LegalBasis = "care"      // art. 9(2)(h): provision of health or social care
	BasisInterests LegalBasis = "vital"     // art. 9(2)(c): vital interests of somebody who cannot consent
	BasisNational  LegalBasis = "other_law" // another rule of law, named in the note
)

// ConsentRecord is one decision. Records are only added, and withdrawn; the newest of a purpose counts.
type ConsentRecord struct {
	ID          string     `json:"id"`
	ResidentID  string     `json:"resident_id"`
	Purpose     Purpose    `json:"purpose"`
	Decision    Consent    `json:"decision"` // given or refused
	Basis       LegalBasis `json:"legal_basis"`
	GivenBy     string     `json:"given_by"` // name of who decided
	Capacity    Capacity   `json:"capacity"`
	GivenAt     time.Time  `json:"given_at"`
	ExpiresAt   *time.Time `json:"expires_at"`
	Note        string     `json:"note"`
	WithdrawnAt *time.Time `json:"withdrawn_at"`
	WithdrawnBy string     `json:"withdrawn_by,omitempty"` // name of who took it back
	RecordedAt  time.Time  `json:"recorded_at"`
	RecordedBy  Actor      `json:"recorded_by"`
	Version     int        `json:"version"`
}

// Check tidies the record and says which rule it breaks, if any. A missing time is now.
func (c *ConsentRecord) Check(now time.Time) error {
	if err := checkID(&c.ID); err != nil {
		return err
	}
	switch c.Purpose {
	case ForCamera, ForPhoto:
	default:
		return invalid("purpose", `The purpose must be "camera" or "photo".`)
	}
	if c.Decision != ConsentGiven && c.Decision != ConsentRefused {
		return invalid("decision", `The decision must be "given" or "refused".`)
	}
	switch c.Capacity {
	case BySelf, ByAttorney, ByGuardian, ByRelative, ByClinician:
	default:
		return invalid("capacity", `The capacity must be "resident", "attorney", "guardian", "relative" or "clinician".`)
	}
	switch c.Basis {
	case "":
		c.Basis = BasisConsent
	case BasisConsent, BasisCare, BasisInterests, BasisNational:
	default:
		return invalid("legal_basis", `The legal basis must be "consent", "care", "vital" or "other_law".`)
	}
	if err := tidy("given_by", &c.GivenBy, maxName, true); err != nil {
		return err
	}
	if err := tidy("note", &c.Note, maxNote, false); err != nil {
		return err
	}
	if c.Basis == BasisNational && c.Note == "" {
		return invalid("note", "Name the rule of law in the note.")
	}
	if err := checkTime("given_at", &c.GivenAt, now, now.Add(clockSkew)); err != nil {
		return err
	}
	if c.ExpiresAt != nil {
		at := Stamp(*c.ExpiresAt)
		c.ExpiresAt = &at
		if !at.After(c.GivenAt) || at.After(now.Add(maxConsentFor)) {
			return invalid("expires_at", "The consent must expire after it was given, and within ten years.")
		}
	}
	return nil
}

// Withdraw takes a consent back. It holds from that moment.
func (c *ConsentRecord) Withdraw(by string, act Act) error {
	if c.Decision != ConsentGiven || c.WithdrawnAt != nil {
		return &Error{Code: Conflict, Text: "There is no consent to withdraw here: it was refused, or withdrawn before."}
	}
	if err := notBefore(c.RecordedAt, act.At); err != nil {
		return err
	}
	if err := tidy("withdrawn_by", &by, maxName, true); err != nil {
		return err
	}
	at := Stamp(act.At)
	c.WithdrawnAt, c.WithdrawnBy = &at, by
	c.Version++
	return nil
}

// StateAt says what the record is worth at a moment. Before it was given it is worth nothing: where the clock was moved back,
// the camera waits.
func (c *ConsentRecord) StateAt(now time.Time) Consent {
	switch {
	case c == nil:
		return ConsentUnknown
	case c.Decision == ConsentRefused:
		return ConsentRefused
	case c.WithdrawnAt != nil:
		return ConsentWithdrawn
	case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
		return ConsentExpired
	case c.GivenAt.After(now.Add(clockSkew)):
		return ConsentUnknown
	}
	return ConsentGiven
}
