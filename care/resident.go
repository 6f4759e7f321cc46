package care

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Resident is a person who lives in the home.
type Resident struct {
	ID         string `json:"id"`
	SiteID     string `json:"site_id"`
	Name       string `json:"name"` // as staff say it
	Room       string `json:"room"`
	Wing       string `json:"wing"`        // of the home, as its staff call it: rounds go by wing
	ExternalID string `json:"external_id"` // the care platform's own id, unique where given

	GivenName     string        `json:"given_name"`
	FamilyName    string        `json:"family_name"`
	BirthDate     string        `json:"birth_date"` // 2006-01-02, or empty
	Sex           Sex           `json:"sex"`
	Communication Communication `json:"communication"`
	Conditions    []FaceNote    `json:"conditions"`
	Language      string        `json:"language"` // usual one, BCP 47 such as "de" or "pt-BR"

	Consent       Consent        `json:"consent"`        // to camera assessment, as it stands
	CameraConsent *ConsentRecord `json:"camera_consent"` // what it rests on; null where it is a bare yes or no, or unknown
	PhotoConsent  *ConsentRecord `json:"photo_consent"`

	CreatedAt time.Time `json:"created_at"`
	Version   int       `json:"version"`
}

// Sex is the administrative one, with the words of FHIR.
type Sex string

// The words.
const (
	SexUnknown Sex = "unknown"
	Female     Sex = "female"
	Male       Sex = "male"
	OtherSex   Sex = "other"
)

// Communication says how well a resident can say that something hurts. Self-report comes first where it is possible.
type Communication string

// The abilities.
const (
	CommunicationUnknown Communication = "unknown"
	Speaks               Communication = "speaks"     // can rate the pain
	SpeaksLittle         Communication = "limited"    // yes and no, single words
	CannotSay            Communication = "cannot_say" //
)

// FaceNote is a condition that changes how a face is read.
type FaceNote string

// The conditions.
const (
	Parkinsonism FaceNote = "parkinsonism" // little moves: lower sensitivity
	PalsyLeft    FaceNote = "palsy_left"   // of the person's left side: score the other
	PalsyRight   FaceNote = "palsy_right"
	FaceMask     FaceNote = "mask"   // oxygen or another mask, worn usually
	LowVision    FaceNote = "vision" // does not look at the tablet, squints
)

// Longest texts, in characters.
const (
	maxName     = 120
	maxRoom     = 40
	maxExternal = 64
	maxRemarks  = 2000
	maxNote     = 300
	maxLanguage = 35 // RFC 5646, section 4.4.1
)

// Check tidies the texts and says which rule the resident breaks, if any. A birth date cannot lie after now.
func (r *Resident) Check(now time.Time) error {
	if err := tidy("given_name", &r.GivenName, maxName, false); err != nil {
		return err
	}
	if err := tidy("family_name", &r.FamilyName, maxName, false); err != nil {
		return err
	}
	if strings.TrimSpace(r.Name) == "" {
		r.Name = strings.TrimSpace(r.GivenName + " " + r.FamilyName)
	}
	if err := tidy("name", &r.Name, maxName, true); err != nil {
		return err
	}
	if err := tidy("room", &r.Room, maxRoom, false); err != nil {
		return err
	}
	if err := tidy("wing", &r.Wing, maxRoom, false); err != nil {
		return err
	}
	if err := tidy("external_id", &r.ExternalID, maxExternal, false); err != nil {
		return err
	}
	if err := checkID(&r.ID); err != nil {
		return err
	}
	if r.BirthDate != "" {
		born, err := time.Parse(time.DateOnly, r.BirthDate)
		// A day's grace: it may be tomorrow already where the home is.
		if err != nil || born.After(now.Add(24*time.Hour)) || born.Before(now.AddDate(-130, 0, 0)) {
			return invalid("birth_date", "The birth date must look like 1938-04-27 and cannot lie in the future, or more than 130 years back.")
		}
	}
	return r.checkWords()
}

func (r *Resident) checkWords() error {
	switch r.Sex {
	case "":
		r.Sex = SexUnknown
	case SexUnknown, Female, Male, OtherSex:
	default:
		return invalid("sex", `sex must be "female", "male", "other" or "unknown".`)
	}
	switch r.Communication {
	case "":
		r.Communication = CommunicationUnknown
	case CommunicationUnknown, Speaks, SpeaksLittle, CannotSay:
	default:
		return invalid("communication", `communication must be "speaks", "limited", "cannot_say" or "unknown".`)
	}
	for _, c := range r.Conditions {
		switch c {
		case Parkinsonism, PalsyLeft, PalsyRight, FaceMask, LowVision:
		default:
			return invalid("conditions", `Conditions are "parkinsonism", "palsy_left", "palsy_right", "mask" and "vision".`)
		}
	}
	slices.Sort(r.Conditions)
	r.Conditions = slices.Compact(r.Conditions)
	if r.Conditions == nil {
		r.Conditions = []FaceNote{}
	}
	r.Language = strings.TrimSpace(r.Language)
	if !languageTag(r.Language) {
		return invalid("language", `language must be a tag such as "de" or "pt-BR".`)
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

// languageTag says whether s has the form of a language tag (RFC 5646): subtags of one to eight letters and digits, the first
// of two or three letters. Empty is allowed.
func languageTag(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > maxLanguage {
		return false
	}
	for i, part := range strings.Split(s, "-") {
		if part == "" || len(part) > 8 || (i == 0 && (len(part) < 2 || len(part) > 3)) {
			return false
		}
		for _, c := range part {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// At returns the resident with the consent as it stands at a moment.
func (r *Resident) At(now time.Time) *Resident {
	if r.CameraConsent != nil {
		r.Consent = r.CameraConsent.StateAt(now)
	}
	return r
}

// MayBeFilmed returns an error that says what to do where there is no valid consent to camera assessment at a moment.
func (r *Resident) MayBeFilmed(now time.Time) error {
	var text string
	switch r.At(now).Consent {
	case ConsentGiven:
		return nil
	case ConsentExpired:
		text = "The consent to camera assessment has expired: ask again and record the answer, or assess without the camera."
	case ConsentWithdrawn:
		text = "The consent to camera assessment was withdrawn: assess without the camera."
	case ConsentRefused:
		text = "Camera assessment was refused for this resident: assess without the camera."
	default:
		text = "There is no consent to camera assessment for this resident: record it first, or assess without the camera."
	}
	return &Error{Code: NoConsent, Text: text}
}

// SameAs says whether two residents hold the same particulars, so that an upsert knows when there is nothing to do. Consent
// has its own records and does not count.
func (r *Resident) SameAs(o *Resident) bool {
	return r.SiteID == o.SiteID && r.Name == o.Name && r.Room == o.Room && r.Wing == o.Wing && r.ExternalID == o.ExternalID && r.GivenName == o.GivenName &&
		r.FamilyName == o.FamilyName && r.BirthDate == o.BirthDate && r.Sex == o.Sex && r.Communication == o.Communication &&
		slices.Equal(r.Conditions, o.Conditions) && r.Language == o.Language
}

// InWing says whether the resident lives in a wing, however it is written; the empty name means any.
func (r *Resident) InWing(name string) bool {
	return name == "" || strings.EqualFold(r.Wing, strings.TrimSpace(name))
}

// Wing is a part of a home and how many live there.
type Wing struct {
	Name      string `json:"name"` // empty for residents of no wing
	Residents int    `json:"residents"`
}

// Wings counts residents by wing, in the order of names; the first spelling that comes is the wing's.
func Wings(residents []Resident) []Wing {
	list, at := []Wing{}, map[string]int{}
	for i := range residents {
		key := strings.ToLower(residents[i].Wing)
		if _, ok := at[key]; !ok {
			at[key] = len(list)
			list = append(list, Wing{Name: residents[i].Wing})
		}
		list[at[key]].Residents++
	}
	slices.SortFunc(list, func(a, b Wing) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
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

// checkID makes an id where a client left it out and refuses one of another kind.
func checkID(id *string) error {
	if *id == "" {
		*id = NewID()
	}
	if !ValidID(*id) {
		return invalid("id", "The id must be a UUID of version 7, or be left out.")
	}
	return nil
}

// checkTime makes a missing time now, writes it as records keep it and refuses one after latest.
func checkTime(field string, t *time.Time, now, latest time.Time) error {
	if t.IsZero() {
		*t = now
	}
	*t = Stamp(*t)
	switch {
	case t.After(Stamp(latest)):
		return invalid(field, "The time of "+field+" lies too far in the future: check it, and the clock of tablet and server.")
	case t.Year() < 1970:
		return invalid(field, "The time of "+field+" lies too far back.")
	}
	return nil
}

// notBefore refuses to change a record at a time before it was made: the clock was moved back.
func notBefore(made, now time.Time) error {
	if now.Before(made.Add(-clockSkew)) {
		return &Error{Code: ClockBack, Text: "The server's clock stands earlier than this record's last change: nothing was saved; ask whoever runs the server to set the clock."}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
