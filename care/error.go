package care

// Code names a kind of failure. Programs compare codes, people read the sentence that goes with them.
type Code string

// The codes of this package's rules and of the stores that keep its values.
const (
	Invalid         Code = "invalid"           // a value breaks a rule; Field says which
	NotFound        Code = "not_found"         // no such record
	Conflict        Code = "conflict"          // another record is in the way
	Stale           Code = "stale"             // the record was changed by somebody else meanwhile
	Forbidden       Code = "forbidden"         // this person's role does not allow it
	PasswordNeeded  Code = "password_needed"   // the role allows it, but a PIN is not enough
	Disabled        Code = "account_disabled"  // the person may not sign in any more
	PINLocked       Code = "pin_locked"        // too many wrong PINs; a password unlocks it
	LastAdmin       Code = "last_admin"        // nobody would be left to run the installation
	Invitation      Code = "invitation"        // the invitation is wrong, used, replaced or too old
	EnrolmentCode   Code = "enrolment_code"    // the code is wrong, used, taken back or too old
	NoConsent       Code = "no_consent"        // the resident's consent to camera assessment is missing
	RateFirst       Code = "rate_first"        // in blind mode the machine's view is shown after the carer has rated
	Incomplete      Code = "incomplete"        // items are open that confirming needs
	ClockBack       Code = "clock_back"        // the server's clock was set back
	ScaleFile       Code = "scale_file"        // a scale's definition file is not valid
	Erased          Code = "erased"            // the resident's identity was erased
	ChangesGone     Code = "changes_gone"      // the log of changes does not hold the place to read on from
	AlreadyFinal    Code = "already_final"     // a confirmed assessment is not changed any more
	SetUpDone       Code = "set_up_done"       // there is an administrator already
	SetUpToken      Code = "set_up_token"      // the set-up link is wrong, used or replaced
	StorageReadOnly Code = "storage_read_only" // the data folder or file cannot be written
	StorageFull     Code = "storage_full"      // the disk is full
	StorageNewer    Code = "storage_newer"     // a newer program wrote the database
	Storage         Code = "storage"           // any other failure to keep or read records
)

// Error pairs a code with a sentence for the user that says what to do. Err, where there is one, is for the log only.
type Error struct {
	Code  Code
	Text  string
	Field string // the JSON member at fault, where one is
	Err   error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Text + " (" + e.Err.Error() + ")"
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Err }

func invalid(field, text string) error { return &Error{Code: Invalid, Field: field, Text: text} }
