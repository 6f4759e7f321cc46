package fhir

import (
	"strings"
	"time"

	"wince/care"
)

// Patient is somebody who lives in the home.
type Patient struct {
	Base
	Extension     []Extension     `json:"extension,omitempty"`
	Identifier    []Identifier    `json:"identifier,omitempty"`
	Active        *bool           `json:"active,omitempty"`
	Name          []HumanName     `json:"name,omitempty"`
	Gender        string          `json:"gender,omitempty"`
	BirthDate     string          `json:"birthDate,omitempty"`
	Communication []Communication `json:"communication,omitempty"`
	Organization  *Reference      `json:"managingOrganization,omitempty"`
}

// HumanName is a name in parts and as it is said.
type HumanName struct {
	Use    string   `json:"use,omitempty"`
	Text   string   `json:"text,omitempty"`
	Family string   `json:"family,omitempty"`
	Given  []string `json:"given,omitempty"`
}

// Communication is a language that somebody speaks.
type Communication struct {
	Language  CodeableConcept `json:"language"`
	Preferred *bool           `json:"preferred,omitempty"`
}

// NewPatient returns a resident. externalSystem is the system of the care platform's ids; updated is when the record was last
// changed, the zero time where that is not known.
func NewPatient(r *care.Resident, externalSystem string, updated time.Time) *Patient {
	p := &Patient{Base: Base{ResourceType: "Patient", ID: r.ID, Meta: meta(r.Version, updated)},
		Gender: string(r.Sex), BirthDate: r.BirthDate, Organization: refTo("Organization", r.SiteID, "")}
	if r.ExternalID != "" {
		p.Identifier = []Identifier{{System: externalSystem, Value: r.ExternalID}}
	}
	name := HumanName{Use: "usual", Text: r.Name, Family: r.FamilyName}
	if r.GivenName != "" {
		name.Given = strings.Fields(r.GivenName)
	}
	p.Name = []HumanName{name}
	if r.Language != "" {
		yes := true
		p.Communication = []Communication{{Language: *concept("", Coding{System: "urn:ietf:bcp:47", Code: r.Language}), Preferred: &yes}}
	}
	if r.Room != "" {
		p.Extension = append(p.Extension, Extension{URL: RoomExtension, ValueString: r.Room})
	}
	if r.Communication != "" && r.Communication != care.CommunicationUnknown {
		p.Extension = append(p.Extension, Extension{URL: CommunicationExtension, ValueConcept: ownConcept(dashed("communication_" + string(r.Communication)))})
	}
	for _, n := range r.Conditions {
		p.Extension = append(p.Extension, Extension{URL: FaceNoteExtension, ValueConcept: ownConcept(dashed("face_" + string(n)))})
	}
	where := ""
	if r.Room != "" {
		where = "Room " + r.Room + "."
	}
	p.Text = narrative(r.Name, where)
	return p
}

// Practitioner is a member of staff, or a program with an account.
type Practitioner struct {
	Base
	Active *bool       `json:"active,omitempty"`
	Name   []HumanName `json:"name,omitempty"`
}

// NewPractitioner returns a member of staff.
func NewPractitioner(u *care.User) *Practitioner {
	active := u.DisabledAt == nil
	return &Practitioner{Base: Base{ResourceType: "Practitioner", ID: u.ID, Meta: meta(u.Version, time.Time{}), Text: narrative(u.Name)},
		Active: &active, Name: []HumanName{{Text: u.Name}}}
}

// Organization is a site as who runs it.
type Organization struct {
	Base
	Active *bool  `json:"active,omitempty"`
	Name   string `json:"name,omitempty"`
}

// NewOrganization returns a site as an organisation.
func NewOrganization(s *care.Site, updated time.Time) *Organization {
	yes := true
	return &Organization{Base: Base{ResourceType: "Organization", ID: s.ID, Meta: meta(s.Version, updated), Text: narrative(s.Name)}, Active: &yes, Name: s.Name}
}

// Location is a site as a place.
type Location struct {
	Base
	Status       string     `json:"status,omitempty"`
	Name         string     `json:"name,omitempty"`
	Mode         string     `json:"mode,omitempty"`
	Organization *Reference `json:"managingOrganization,omitempty"`
}

// NewLocation returns a site as a place.
func NewLocation(s *care.Site, updated time.Time) *Location {
	return &Location{Base: Base{ResourceType: "Location", ID: s.ID, Meta: meta(s.Version, updated), Text: narrative(s.Name)},
		Status: "active", Name: s.Name, Mode: "instance", Organization: refTo("Organization", s.ID, "")}
}

// Consent is a decision on assessment by camera or on a photograph.
type Consent struct {
	Base
	Status     string            `json:"status"`
	Scope      CodeableConcept   `json:"scope"`
	Category   []CodeableConcept `json:"category"`
	Patient    *Reference        `json:"patient,omitempty"`
	DateTime   string            `json:"dateTime,omitempty"`
	Performer  []Reference       `json:"performer,omitempty"`
	PolicyRule *CodeableConcept  `json:"policyRule,omitempty"`
	Provision  *ConsentProvision `json:"provision,omitempty"`
}

// ConsentProvision says whether, and for how long.
type ConsentProvision struct {
	Type   string  `json:"type,omitempty"`
	Period *Period `json:"period,omitempty"`
}

var legalBases = map[care.LegalBasis]string{
	care.BasisConsent: "GDPR article 9(2)(a): explicit consent", care.BasisCare: "GDPR article 9(2)(h): health or social care",
	care.BasisInterests: "GDPR article 9(2)(c): vital interests", care.BasisNational: "Another rule of law, named in the record",
}

// NewConsent returns a decision on consent as it stands at now.
func NewConsent(c *care.ConsentRecord, updated, now time.Time) *Consent {
	v := &Consent{Base: Base{ResourceType: "Consent", ID: c.ID, Meta: meta(c.Version, updated)}, Patient: patientRef(c.ResidentID), DateTime: dateTime(c.GivenAt),
		Scope:    *concept("", Coding{System: hl7 + "consentscope", Code: "patient-privacy", Display: "Privacy Consent"}),
		Category: []CodeableConcept{*ownConcept(string(c.Purpose) + "-consent")}, PolicyRule: text(legalBases[c.Basis]),
		Provision: &ConsentProvision{Type: "permit", Period: &Period{Start: dateTime(c.GivenAt), End: dateTimeOf(c.ExpiresAt)}}}
	switch c.StateAt(now) {
	case care.ConsentGiven:
		v.Status = "active"
	case care.ConsentRefused:
		v.Status, v.Provision.Type = "rejected", "deny"
	default: // expired or withdrawn
		v.Status = "inactive"
	}
	if c.WithdrawnAt != nil {
		v.Provision.Period.End = dateTimeOf(c.WithdrawnAt)
	}
	if c.GivenBy != "" {
		v.Performer = []Reference{{Display: c.GivenBy}}
	}
	v.Text = narrative(displays()[string(c.Purpose)+"-consent"]+": "+string(c.StateAt(now))+".", legalBases[c.Basis])
	return v
}
