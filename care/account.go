package care

import (
	"strings"
	"time"
	"unicode"
)

// LoginLife says how long sign-ins last.
type LoginLife struct {
	Life    time.Duration // from signing in
	Idle    time.Duration // from the last use
	PINIdle time.Duration // the same after a PIN, which is shorter: a ward tablet lies about
}

// clockSlack is how far in the future a sign-in may lie: clocks are set back by a little now and then.
const clockSlack = 5 * time.Minute

// Over says whether a sign-in has ended. One from the future has too: the clock was set back, and nobody knows for how long
// it would go on.
func (l LoginLife) Over(by LoginMethod, now, created, seen time.Time) bool {
	return now.Sub(created) >= l.Life || now.Sub(seen) >= l.Unused(by) || created.Sub(now) > clockSlack || seen.Sub(now) > clockSlack
}

// Unused is how long a sign-in goes on without being used.
func (l LoginLife) Unused(by LoginMethod) time.Duration {
	if by == ByPIN {
		return l.PINIdle
	}
	return l.Idle
}

// FreePINs is how many wrong PINs in a row lock it: a stranger who tries them guesses one of ten thousand with a chance of
// one in two thousand.
const FreePINs = 5

// CheckPIN says what is wrong with a new PIN, if anything: 4 to 8 digits, and none of the first that a stranger tries.
func CheckPIN(pin string) error {
	if len(pin) < 4 || len(pin) > 8 || strings.ContainsFunc(pin, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsDigit(r) }) {
		return invalid("pin", "The PIN must be 4 to 8 digits.")
	}
	steps := map[int]bool{}
	for i := 1; i < len(pin); i++ {
		steps[int(pin[i])-int(pin[i-1])] = true
	}
	half := pin[:len(pin)/2]
	if (len(steps) == 1 && (steps[0] || steps[1] || steps[-1])) || half+half == pin {
		return invalid("pin", "This PIN is too easy to guess: no rows such as 1234, and no repeats such as 1212.")
	}
	return nil
}

// Device is a ward tablet that was enrolled: only there a PIN opens anything.
type Device struct {
	ID         string     `json:"id"`
	SiteID     string     `json:"site_id"`
	Name       string     `json:"name"` // such as "Ward 2, trolley"
	EnrolledAt time.Time  `json:"enrolled_at"`
	EnrolledBy string     `json:"enrolled_by"` // a user's id
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

// Check tidies the name and says which rule the device breaks, if any.
func (d *Device) Check() error { return tidy("name", &d.Name, maxName, true) }

// Identity is what the home's OpenID Connect provider knows a user by.
type Identity struct{ Issuer, Subject string }

// Passkey is a WebAuthn credential of a user.
type Passkey struct {
	ID         string     `json:"id"` // the credential id, base64url
	UserID     string     `json:"-"`
	Name       string     `json:"name"` // what the user calls it
	Credential []byte     `json:"-"`    // JSON of package webauthn: public key, counter, flags
	CreatedAt  time.Time  `json:"created_at"`
	UsedAt     *time.Time `json:"used_at,omitempty"`
}

// Check tidies the name and says which rule the passkey breaks, if any.
func (p *Passkey) Check() error { return tidy("name", &p.Name, maxName, true) }
