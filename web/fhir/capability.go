package fhir

import (
	"slices"
	"strings"
	"time"
)

// Interaction is something that can be asked of a type of resource.
type Interaction string

// The interactions that there are.
const (
	Read   Interaction = "read"
	VRead  Interaction = "vread"
	Search Interaction = "search-type"
	Create Interaction = "create"
	Update Interaction = "update"
	Delete Interaction = "delete"
)

// Kind is a type of resource and what can be asked of it. The server routes, parses and refuses by this table, and the
// CapabilityStatement is made from it, so that the two cannot differ.
type Kind struct {
	Name         string
	Interactions []Interaction
	Params       []Param
	Sort         []string // parameters to sort by; the first is the order where none is asked for, from new to old where it begins with -
	Includes     []string // such as Observation:patient
	RevIncludes  []string
	Words        string
}

// Param is a search parameter.
type Param struct {
	Name  string
	Type  string // token, reference, date, string, uri
	Words string
}

// Param returns a parameter of the kind, nil where there is none of that name.
func (k *Kind) Param(name string) *Param {
	if i := slices.IndexFunc(k.Params, func(p Param) bool { return p.Name == name }); i >= 0 {
		return &k.Params[i]
	}
	return nil
}

// Can says whether an interaction is one of the kind's.
func (k *Kind) Can(i Interaction) bool { return slices.Contains(k.Interactions, i) }

func params(first ...Param) []Param {
	return append([]Param{{"_id", "token", "Ids, with commas between"}}, first...)
}

// ofPatient are the parameters of everything that belongs to a resident.
func ofPatient(more ...Param) []Param {
	return params(append([]Param{
		{"patient", "reference", "The resident; also patient.identifier, the care platform's id"},
		{"subject", "reference", "As patient"},
	}, more...)...)
}

var changed = Param{"_lastUpdated", "date", "When the record was last changed"}

// Kinds returns the types of resources that the server has, by name.
func Kinds() []*Kind {
	reading := []Interaction{Read, Search}
	versions := []Interaction{Read, VRead, Search}
	return []*Kind{
		{Name: "AuditEvent", Interactions: reading, Params: params(Param{"date", "date", "When it happened"}, Param{"entity", "reference", "What it was done to"}), Sort: []string{"-date", "date"},
			Words: "Who changed or saw what."},
		{Name: "CodeSystem", Interactions: reading, Params: params(Param{"url", "uri", "Its canonical address"}, Param{"version", "token", "Its version"}), Words: "Our own codes: one system for each version of a scale, one for the rest."},
		{Name: "ConceptMap", Interactions: reading, Params: params(Param{"url", "uri", "Its canonical address"}), Words: "Our codes in LOINC and SNOMED CT, where there are any."},
		{Name: "Consent", Interactions: reading, Params: params(Param{"patient", "reference", "The resident; also patient.identifier"}, Param{"date", "date", "When it was recorded"},
			Param{"status", "token", "active, inactive or rejected"}, changed), Sort: []string{"-date", "date"}, Includes: []string{"Consent:patient"}, Words: "Decisions on assessment by camera and on photographs."},
		{Name: "Device", Interactions: reading, Params: params(), Words: "What measured: a set of models and rules."},
		{Name: "Location", Interactions: reading, Params: params(Param{"name", "string", "The beginning of its name"}), Words: "Sites as places."},
		{Name: "MedicationAdministration", Interactions: reading, Params: ofPatient(Param{"effective-time", "date", "When it was given"}, Param{"status", "token", "completed or entered-in-error"},
			Param{"code", "token", "The drug's code"}, changed), Sort: []string{"-effective-time", "effective-time"}, Includes: []string{"MedicationAdministration:patient", "MedicationAdministration:subject"}, Words: "Drugs given against pain."},
		{Name: "Observation", Interactions: versions, Params: ofPatient(Param{"date", "date", "When it was made"}, Param{"code", "token", "What was observed: painad-total, pspi, au4 and so on"},
			Param{"status", "token", "preliminary, final, amended or entered-in-error"}, Param{"category", "token", "survey for totals of scales, exam for what the camera measured"}, changed),
			Sort:     []string{"-date", "date", "_lastUpdated", "-_lastUpdated"},
			Includes: []string{"Observation:patient", "Observation:subject", "Observation:performer", "Observation:device", "Observation:derived-from"}, RevIncludes: []string{"Provenance:target"},
			Words: "Totals of pain scales, PSPI and action units. Preliminary ones are not confirmed by a person."},
		{Name: "Organization", Interactions: reading, Params: params(Param{"name", "string", "The beginning of its name"}), Words: "Sites as organisations."},
		{Name: "Patient", Interactions: []Interaction{Read, Search, Create, Update}, Params: params(Param{"identifier", "token", "The care platform's id"}, Param{"name", "string", "The beginning of a part of the name"},
			Param{"birthdate", "date", "Date of birth"}, Param{"gender", "token", "female, male, other or unknown"}, Param{"organization", "reference", "The site"}, changed),
			Includes: []string{"Patient:organization"}, Words: "Residents. The care platform is master: conditional create and update by identifier."},
		{Name: "Practitioner", Interactions: reading, Params: params(Param{"name", "string", "The beginning of a part of the name"}), Words: "Staff, for those who may see the staff."},
		{Name: "Procedure", Interactions: reading, Params: ofPatient(Param{"date", "date", "When it was done"}, Param{"status", "token", "completed or entered-in-error"},
			Param{"code", "token", "The measure's code"}, changed), Sort: []string{"-date", "date"}, Includes: []string{"Procedure:patient", "Procedure:subject"}, Words: "Measures against pain without a drug."},
		{Name: "Provenance", Interactions: versions, Params: params(Param{"patient", "reference", "The resident; also patient.identifier"}, Param{"target", "reference", "What it is about"},
			Param{"recorded", "date", "When the record was last changed"}, changed), Sort: []string{"-recorded", "recorded"}, Words: "Whose word an assessment is: the machine's and a person's."},
		{Name: "Questionnaire", Interactions: reading, Params: params(Param{"url", "uri", "Its canonical address"}, Param{"version", "token", "Its version"}, Param{"name", "string", "The beginning of its name"}),
			Words: "Pain scales in use. Older versions can be read by their id."},
		{Name: "QuestionnaireResponse", Interactions: versions, Params: ofPatient(Param{"authored", "date", "When it was filled in"}, Param{"status", "token", "in-progress, completed, amended or entered-in-error"},
			Param{"questionnaire", "reference", "The scale's canonical address"}, changed), Sort: []string{"-authored", "authored", "_lastUpdated", "-_lastUpdated"},
			Includes: []string{"QuestionnaireResponse:patient", "QuestionnaireResponse:subject", "QuestionnaireResponse:author"}, RevIncludes: []string{"Provenance:target"}, Words: "Pain scales filled in."},
		{Name: "ServiceRequest", Interactions: reading, Params: ofPatient(Param{"status", "token", "active or completed"}, Param{"code", "token", "pain-assessment"}, changed),
			Includes: []string{"ServiceRequest:patient", "ServiceRequest:subject"}, Words: "Schedules of assessments."},
		{Name: "Subscription", Interactions: []Interaction{Read, Search, Create, Delete}, Params: params(Param{"status", "token", "active, off or error"}),
			Words: "A request to another program (rest-hook) when a resource that the criteria find is changed."},
		{Name: "Task", Interactions: reading, Params: ofPatient(Param{"status", "token", "requested, ready, failed, completed or cancelled"}, Param{"business-status", "token", "due-upcoming, due-due, due-overdue, due-missed, due-done or due-excused"},
			Param{"code", "token", "pain-assessment"}), Includes: []string{"Task:patient", "Task:subject"}, Words: "Assessments that are due within two hours, and what became of those of the last day. They are worked out when they are asked for, and have no version."},
		{Name: "ValueSet", Interactions: reading, Params: params(Param{"url", "uri", "Its canonical address"}, Param{"version", "token", "Its version"}), Words: "All codes of a code system."},
	}
}

// CapabilityStatement says what the server can do.
type CapabilityStatement struct {
	Base
	URL            string           `json:"url,omitempty"`
	Version        string           `json:"version,omitempty"`
	Name           string           `json:"name,omitempty"`
	Title          string           `json:"title,omitempty"`
	Status         string           `json:"status"`
	Date           string           `json:"date"`
	Publisher      string           `json:"publisher,omitempty"`
	Description    string           `json:"description,omitempty"`
	Kind           string           `json:"kind"`
	Software       *CapSoftware     `json:"software,omitempty"`
	Implementation *CapImplement    `json:"implementation,omitempty"`
	FHIRVersion    string           `json:"fhirVersion"`
	Format         []string         `json:"format"`
	Rest           []CapabilityRest `json:"rest,omitempty"`
	Instantiates   []string         `json:"instantiates,omitempty"`
}

// CapSoftware is the program.
type CapSoftware struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// CapImplement is where it runs.
type CapImplement struct {
	Description string `json:"description"`
	URL         string `json:"url,omitempty"`
}

// CapabilityRest is what the server does over HTTP.
type CapabilityRest struct {
	Mode          string         `json:"mode"`
	Documentation string         `json:"documentation,omitempty"`
	Security      *CapSecurity   `json:"security,omitempty"`
	Resource      []CapResource  `json:"resource,omitempty"`
	Operation     []CapOperation `json:"operation,omitempty"`
}

// CapSecurity is how programs show who they are.
type CapSecurity struct {
	Service     []CodeableConcept `json:"service,omitempty"`
	Description string            `json:"description,omitempty"`
}

// CapOperation is an operation beside the interactions.
type CapOperation struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

// CapResource is one type of resource.
type CapResource struct {
	Type              string           `json:"type"`
	Documentation     string           `json:"documentation,omitempty"`
	Interaction       []CapInteraction `json:"interaction,omitempty"`
	Versioning        string           `json:"versioning,omitempty"`
	ReadHistory       *bool            `json:"readHistory,omitempty"`
	UpdateCreate      *bool            `json:"updateCreate,omitempty"`
	ConditionalCreate *bool            `json:"conditionalCreate,omitempty"`
	ConditionalRead   string           `json:"conditionalRead,omitempty"`
	ConditionalUpdate *bool            `json:"conditionalUpdate,omitempty"`
	SearchInclude     []string         `json:"searchInclude,omitempty"`
	SearchRevInclude  []string         `json:"searchRevInclude,omitempty"`
	SearchParam       []CapParam       `json:"searchParam,omitempty"`
	Operation         []CapOperation   `json:"operation,omitempty"`
}

// CapInteraction is one interaction.
type CapInteraction struct {
	Code string `json:"code"`
}

// CapParam is one search parameter.
type CapParam struct {
	Name          string `json:"name"`
	Type          string `json:"type"`
	Documentation string `json:"documentation,omitempty"`
}

// SMART says that programs sign in as SMART App Launch has it.
func SMART() *CodeableConcept {
	return concept("SMART Backend Services", Coding{System: hl7 + "restful-security-service", Code: "SMART-on-FHIR", Display: "SMART-on-FHIR"})
}

// Extra is what a server adds to its statement: how programs sign in, and operations.
type Extra struct {
	Version    string // of the program
	URL        string // of the interface
	Date       time.Time
	Service    []CodeableConcept
	Security   string
	Operations []CapOperation
	OfPatient  []CapOperation // on the type Patient
	Implements []string       // canonical addresses of guides that it follows
}

// NewCapabilityStatement returns what the server can do, from the table of kinds.
func NewCapabilityStatement(kinds []*Kind, x Extra) *CapabilityStatement {
	yes, no := true, false
	rest := CapabilityRest{Mode: "server", Operation: x.Operations, Security: &CapSecurity{Service: x.Service, Description: x.Security},
		Documentation: "Search by GET and by POST to _search; _count, _sort, _include, _revinclude, _elements; pages follow the links named next. Unknown parameters are left out, and refused with Prefer: handling=strict."}
	for _, k := range kinds {
		r := CapResource{Type: k.Name, Documentation: k.Words, Versioning: "no-version", SearchInclude: k.Includes, SearchRevInclude: k.RevIncludes}
		if len(k.Sort) > 0 {
			r.Documentation += " _sort: " + strings.Join(k.Sort, ", ") + "; " + k.Sort[0] + " where it is left out."
		}
		for _, i := range k.Interactions {
			r.Interaction = append(r.Interaction, CapInteraction{Code: string(i)})
		}
		if k.Can(VRead) {
			r.Versioning, r.ReadHistory = "versioned", &yes
		}
		if k.Name == "Patient" {
			r.Operation = x.OfPatient
		}
		if k.Can(Update) {
			r.Versioning, r.ReadHistory, r.UpdateCreate, r.ConditionalCreate, r.ConditionalUpdate = "versioned-update", &no, &no, &yes, &yes
		}
		if k.Can(Read) {
			r.ConditionalRead = "not-match"
		}
		for _, p := range k.Params {
			r.SearchParam = append(r.SearchParam, CapParam{Name: p.Name, Type: p.Type, Documentation: p.Words})
		}
		rest.Resource = append(rest.Resource, r)
	}
	c := &CapabilityStatement{Base: Base{ResourceType: "CapabilityStatement", ID: TermsID}, Version: x.Version, Name: "Wince", Title: "Wince, FHIR R4", Status: "active",
		Date: dateTime(x.Date), Publisher: "Wince", Kind: "instance", FHIRVersion: Version, Format: []string{"json"}, Instantiates: x.Implements,
		Description:    "Pain assessments of people who cannot say that they hurt. Wince is not a cleared medical device; what a camera measured is preliminary until a person confirms it.",
		Software:       &CapSoftware{Name: "Wince", Version: x.Version},
		Implementation: &CapImplement{Description: "A care home's own server", URL: x.URL}, Rest: []CapabilityRest{rest}}
	c.Text = narrative(c.Title, c.Description)
	return c
}
