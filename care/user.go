package care

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Role says what a member of staff may do.
type Role string

// The roles of staff and of connected programs. The permission table says what each may do.
const (
	RoleAdmin       Role = "admin"       // runs the installation, in all sites
	RoleManager     Role = "manager"     // leads sites: staff, tablets, scales, reports
	RoleNurse       Role = "nurse"       // in charge of residents: records, schedules
	RoleCarer       Role = "carer"       // assesses, confirms, gives relief
	RoleIntegration Role = "integration" // another program, such as the care platform: residents in, assessments out
)

// RoleProgram is what the local token stands for. Nobody can be given it.
const RoleProgram Role = "program"

// User is a member of staff who can sign in. The name is both what they sign in with and what stands under an assessment.
type User struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       Role       `json:"role"`
	Sites      []string   `json:"sites"` // where they work; administrators see all sites whatever stands here
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at,omitempty"` // cannot sign in since
	Version    int        `json:"version"`
}

// Scope returns the sites whose records the user may see.
func (u *User) Scope() Scope { return Scope{All: u.Role == RoleAdmin, Sites: u.Sites} }

// MayManage says whether the user may make, change or invite another: administrators anybody, managers carers, nurses and
// managers whose sites are all among their own.
func (u *User) MayManage(other *User) error {
	if u.Role == RoleAdmin {
		return nil
	}
	if other.Role == RoleAdmin || other.Role == RoleIntegration {
		return &Error{Code: Forbidden, Text: "Administrators and connected programs are an administrator's to change: ask one."}
	}
	if len(other.Sites) == 0 {
		return invalid("sites", "Say in which of your sites they work.")
	}
	for _, id := range other.Sites {
		if !u.Scope().Has(id) {
			return &Error{Code: Forbidden, Field: "sites", Text: "They work in a site that is not yours: ask an administrator."}
		}
	}
	return nil
}

// LoginMethod says how somebody signed in.
type LoginMethod string

// The methods.
const (
	ByPassword LoginMethod = "password"
	ByPIN      LoginMethod = "pin" // on an enrolled tablet only
	ByPasskey  LoginMethod = "passkey"
	ByProvider LoginMethod = "provider" // the home's OpenID Connect provider
)

// Strong says whether the method proves more than a short PIN does.
func (m LoginMethod) Strong() bool { return m != ByPIN }

// Login is one sign-in that lasts.
type Login struct {
	User     User
	Method   LoginMethod
	DeviceID string // of the enrolled tablet, where a PIN was used
	Began    time.Time
}

// Actor returns the user as the one who does something.
func (u *User) Actor() Actor { return Actor{ID: u.ID, Name: u.Name} }

// Check tidies the name and says which rule the user breaks, if any.
func (u *User) Check() error {
	if err := tidy("name", &u.Name, maxName, true); err != nil {
		return err
	}
	switch u.Role {
	case RoleAdmin, RoleManager, RoleNurse, RoleCarer, RoleIntegration:
	default:
		return invalid("role", `The role must be "carer", "nurse", "manager", "admin" or "integration".`)
	}
	if u.Sites == nil {
		u.Sites = []string{}
	}
	slices.Sort(u.Sites)
	u.Sites = slices.Compact(u.Sites)
	if len(u.Sites) == 0 && u.Role != RoleAdmin {
		return invalid("sites", "Say in which sites they work.")
	}
	return nil
}

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
