package care

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Role says what a member of staff may do.
type Role string

// The roles, from the widest to the narrowest.
const (
	RoleAdmin Role = "admin" // all of it
	RoleNurse Role = "nurse" // residents and assessments
	RoleCarer Role = "carer" // assessments
)

// User is a member of staff who can sign in. The name is both what they sign in with and what stands under an assessment.
type User struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Role      Role      `json:"role"`
	CreatedAt time.Time `json:"created_at"`
}

// Actor returns the user as the one who does something.
func (u *User) Actor() Actor { return Actor{ID: u.ID, Name: u.Name} }

// Check tidies the name and says which rule the user breaks, if any.
func (u *User) Check() error {
	if err := tidy("name", &u.Name, maxName, true); err != nil {
		return err
	}
	switch u.Role {
	case RoleAdmin, RoleNurse, RoleCarer:
		return nil
	}
	return invalid("role", `The role must be "admin", "nurse" or "carer".`)
}

// MayEditResidents says whether the role may add residents.
func (r Role) MayEditResidents() bool { return r == RoleAdmin || r == RoleNurse }

// Shortest and longest password: NIST SP 800-63B asks for eight at least and no rules of composition; the upper limit
// keeps hashing cheap.
const (
	minPassword = 10
	maxPassword = 200
)

// CheckPassword says what is wrong with a new password, if anything.
func CheckPassword(password, name string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword:
		return invalid("password", "The password is too short: use at least 10 characters, for example three or four words.")
	case n > maxPassword:
		return invalid("password", "The password is too long: at most 200 characters.")
	case strings.EqualFold(strings.TrimSpace(password), name):
		return invalid("password", "The password must not be the name.")
	}
	return nil
}
