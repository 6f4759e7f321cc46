package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"wince/care"
)

// PatientInput is what a care platform says of a resident.
type PatientInput struct {
	ID           string
	ExternalID   string // empty where no identifier is of the wanted system
	Organization string // id of the site; empty where none is named

	Name, GivenName, FamilyName, BirthDate, Language string
	Sex                                              care.Sex

	// Our own extensions: what is left out stays as it is, because only Wince knows it.
	Room          *string
	Communication *care.Communication
	Notes         *[]care.FaceNote

	Warnings Issues // what was understood and is not kept
}

// Into puts what was said into a resident. What FHIR has elements for is replaced; the external id, and what our extensions hold, stays
// where it is left out.
func (p *PatientInput) Into(r *care.Resident) {
	r.Name, r.GivenName, r.FamilyName, r.BirthDate, r.Language, r.Sex = p.Name, p.GivenName, p.FamilyName, p.BirthDate, p.Language, p.Sex
	if p.ExternalID != "" {
		r.ExternalID = p.ExternalID
	}
	if p.Room != nil {
		r.Room = *p.Room
	}
	if p.Communication != nil {
		r.Communication = *p.Communication
	}
	if p.Notes != nil {
		r.Conditions = slices.Clone(*p.Notes)
	}
}

// patientPaths are the paths of a resident's members in a Patient.
var patientPaths = map[string]string{
	"name": "Patient.name", "given_name": "Patient.name.given", "family_name": "Patient.name.family", "birth_date": "Patient.birthDate", "sex": "Patient.gender",
	"language": "Patient.communication.language", "external_id": "Patient.identifier", "room": "Patient.extension('" + RoomExtension + "')",
	"site_id": "Patient.managingOrganization", "id": "Patient.id",
}

// PatientIssue says of an error in a resident's member where it is in the Patient. Other errors pass through.
func PatientIssue(err error) error {
	var e *care.Error
	if !errors.As(err, &e) || e.Code != care.Invalid || patientPaths[e.Field] == "" {
		return err
	}
	return Issues{{Code: "value", Text: e.Text, Path: patientPaths[e.Field]}}
}

// patientElements are the elements of Patient, and what becomes of those that are not read: false where they are let pass unread.
var patientElements = map[string]bool{
	"resourceType": true, "id": true, "extension": true, "identifier": true, "active": true, "name": true, "gender": true, "birthDate": true, "deceasedBoolean": true,
	"deceasedDateTime": true, "communication": true, "managingOrganization": true, "modifierExtension": true, "implicitRules": true, "link": true,
	"meta": true, "text": true, "language": true, // a server's own, or no particulars
	"contained": false, "telecom": false, "address": false, "maritalStatus": false, "multipleBirthBoolean": false, "multipleBirthInteger": false, "photo": false,
	"contact": false, "generalPractitioner": false,
}

// reader walks through JSON and gathers what is wrong, with the path of each.
type reader struct {
	issues, warnings Issues
}

func (r *reader) wrong(path, code, text string) {
	if len(r.issues) < 20 {
		r.issues = append(r.issues, Issue{Code: code, Text: text, Path: path})
	}
}

func (r *reader) warn(path, text string) {
	if len(r.warnings) < 40 {
		r.warnings = append(r.warnings, Issue{Severity: "warning", Code: "not-supported", Text: text, Path: path})
	}
}

// text reads a text that is there and not empty; "" where it is not there.
func (r *reader) text(v map[string]any, path, name string) string {
	x, ok := v[name]
	if !ok {
		return ""
	}
	s, ok := x.(string)
	if !ok || s == "" {
		r.wrong(path+"."+name, "structure", "This must be a text that is not empty.")
	}
	return s
}

// list reads a list of objects that is not empty where it is there.
func (r *reader) list(v map[string]any, path, name string) []map[string]any {
	x, ok := v[name]
	if !ok {
		return nil
	}
	l, ok := x.([]any)
	if !ok || len(l) == 0 {
		r.wrong(path+"."+name, "structure", "This must be a list that is not empty.")
		return nil
	}
	var out []map[string]any
	for i, one := range l {
		o, ok := one.(map[string]any)
		if !ok || len(o) == 0 {
			r.wrong(index(path+"."+name, i), "structure", "This must be an object that is not empty.")
			continue
		}
		out = append(out, o)
	}
	return out
}

func (r *reader) object(v map[string]any, path, name string) map[string]any {
	x, ok := v[name]
	if !ok {
		return nil
	}
	o, ok := x.(map[string]any)
	if !ok || len(o) == 0 {
		r.wrong(path+"."+name, "structure", "This must be an object that is not empty.")
	}
	return o
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// ReadPatient reads a Patient. externalSystem is the system of the identifiers that are the care platform's ids. The error is an Issues
// that says of everything that is wrong where it is.
func ReadPatient(body []byte, externalSystem string) (*PatientInput, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v map[string]any
	err := d.Decode(&v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("more than one value")
		}
	}
	if err != nil || v == nil {
		return nil, Issues{{Code: "structure", Text: "The body is not one JSON object."}}
	}
	return ParsePatient(v, externalSystem)
}

// ParsePatient reads a Patient that was parsed with numbers left as they are, such as one of a Bundle.
func ParsePatient(v map[string]any, externalSystem string) (*PatientInput, error) {
	r, p := &reader{}, &PatientInput{Sex: care.SexUnknown}
	if kind, ok := v["resourceType"].(string); !ok || kind != "Patient" {
		return nil, Issues{{Code: "structure", Text: `The resourceType must be "Patient".`, Path: "Patient"}}
	}
	for name := range v {
		read, known := patientElements[strings.TrimPrefix(name, "_")]
		switch {
		case !known:
			r.wrong("Patient."+cut(name), "structure", "Patient has no such element.")
		case !read:
			r.warn("Patient."+name, "This element is not kept.")
		}
	}
	slices.SortFunc(r.issues, func(a, b Issue) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(r.warnings, func(a, b Issue) int { return strings.Compare(a.Path, b.Path) })
	p.ID = r.text(v, "Patient", "id")
	r.refuse(v)
	r.identifiers(v, p, externalSystem)
	r.names(v, p)
	switch sex := care.Sex(r.text(v, "Patient", "gender")); sex {
	case "":
	case care.Female, care.Male, care.OtherSex, care.SexUnknown:
		p.Sex = sex
	default:
		r.wrong("Patient.gender", "value", "The gender must be male, female, other or unknown.")
	}
	if p.BirthDate = r.text(v, "Patient", "birthDate"); p.BirthDate != "" {
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil {
			r.wrong("Patient.birthDate", "value", "The birth date must be a whole date such as 1938-04-27: leave it out where only the year or month is known.")
		}
	}
	r.languages(v, p)
	r.organization(v, p)
	r.extensions(v, p)
	if len(r.issues) > 0 {
		return nil, r.issues
	}
	p.Warnings = r.warnings
	return p, nil
}

func cut(s string) string {
	if len(s) > 60 {
		s = s[:60]
	}
	return strings.ToValidUTF8(s, "?")
}

// refuse refuses what changes the meaning of a record and that Wince does not know.
func (r *reader) refuse(v map[string]any) {
	const ends = "Wince cannot keep this: record a pause for somebody who is away; ask an administrator about somebody who has left or died."
	switch active := v["active"].(type) {
	case nil:
		if _, there := v["active"]; there {
			r.wrong("Patient.active", "structure", "This must be true or false.")
		}
	case bool:
		if !active {
			r.wrong("Patient.active", "not-supported", ends)
		}
	default:
		r.wrong("Patient.active", "structure", "This must be true or false.")
	}
	if dead, there := v["deceasedBoolean"]; there && dead != false {
		r.wrong("Patient.deceasedBoolean", "not-supported", ends)
	}
	if _, there := v["deceasedDateTime"]; there {
		r.wrong("Patient.deceasedDateTime", "not-supported", ends)
	}
	for _, name := range []string{"modifierExtension", "implicitRules", "link"} {
		if _, there := v[name]; there {
			r.wrong("Patient."+name, "not-supported", "This changes what the rest means, and is not known here.")
		}
	}
}

func (r *reader) identifiers(v map[string]any, p *PatientInput, system string) {
	for i, x := range r.list(v, "Patient", "identifier") {
		path := index("Patient.identifier", i)
		sys, value := r.text(x, path, "system"), r.text(x, path, "value")
		if x["use"] == "old" {
			continue
		}
		switch {
		case sys != system:
			r.warn(path, "Identifiers of this system are not kept; kept are those of "+system+".")
		case value == "":
			r.wrong(path+".value", "required", "The identifier has no value.")
		case p.ExternalID != "" && p.ExternalID != value:
			r.wrong(path, "duplicate", "A resident has one identifier of this system.")
		default:
			p.ExternalID = value
		}
	}
}

// names takes the usual name, else the official one, else the first.
func (r *reader) names(v map[string]any, p *PatientInput) {
	list := r.list(v, "Patient", "name")
	best, at := map[string]any(nil), 0
	rank := map[string]int{"usual": 3, "official": 2, "old": -1, "maiden": -1}
	most := -2
	for i, x := range list {
		use := r.text(x, index("Patient.name", i), "use")
		if n := rank[use]; n > most {
			best, at, most = x, i, n
		}
	}
	if best == nil {
		if _, there := v["name"]; !there {
			r.wrong("Patient.name", "required", "Give a name.")
		}
		return
	}
	path := index("Patient.name", at)
	p.Name, p.FamilyName = r.text(best, path, "text"), r.text(best, path, "family")
	if given, there := best["given"]; there {
		l, ok := given.([]any)
		if !ok || len(l) == 0 {
			r.wrong(path+".given", "structure", "This must be a list that is not empty.")
		}
		var words []string
		for i, x := range l {
			s, ok := x.(string)
			if !ok || s == "" {
				r.wrong(index(path+".given", i), "structure", "This must be a text that is not empty.")
				continue
			}
			words = append(words, s)
		}
		p.GivenName = strings.Join(words, " ")
	}
	if p.Name == "" && p.FamilyName == "" && p.GivenName == "" {
		r.wrong(path, "required", "The name needs a text, a family name or a given name.")
	}
}

// languages takes the preferred language, else the first.
func (r *reader) languages(v map[string]any, p *PatientInput) {
	for i, x := range r.list(v, "Patient", "communication") {
		path := index("Patient.communication", i)
		language := r.object(x, path, "language")
		if language == nil {
			r.wrong(path+".language", "required", "The language is missing.")
			continue
		}
		code := ""
		for k, c := range r.list(language, path+".language", "coding") {
			if one := r.text(c, index(path+".language.coding", k), "code"); code == "" {
				code = one
			}
		}
		if code == "" {
			r.warn(path+".language", "A language without a code is not kept.")
		}
		if p.Language == "" || x["preferred"] == true && code != "" {
			p.Language = code
		}
	}
}

func (r *reader) organization(v map[string]any, p *PatientInput) {
	o := r.object(v, "Patient", "managingOrganization")
	if o == nil {
		return
	}
	ref := r.text(o, "Patient.managingOrganization", "reference")
	if ref == "" {
		r.warn("Patient.managingOrganization", "An organisation that is not referred to is not kept: the resident is one of the usual site.")
		return
	}
	at := strings.LastIndex(ref, "Organization/")
	if at < 0 || at > 0 && ref[at-1] != '/' {
		r.wrong("Patient.managingOrganization.reference", "value", "Refer to the site as Organization/ and its id.")
		return
	}
	p.Organization = ref[at+len("Organization/"):]
}

func (r *reader) extensions(v map[string]any, p *PatientInput) {
	for i, x := range r.list(v, "Patient", "extension") {
		path := index("Patient.extension", i)
		switch url := r.text(x, path, "url"); url {
		case "":
			r.wrong(path+".url", "required", "The extension has no url.")
		case RoomExtension:
			room := r.text(x, path, "valueString")
			if room == "" {
				r.wrong(path+".valueString", "required", "The room is missing: leave the extension out where it is not to change.")
			}
			p.Room = &room
		case CommunicationExtension:
			c := care.Communication(r.code(x, path, "communication-"))
			c = care.Communication(strings.ReplaceAll(string(c), "-", "_"))
			p.Communication = &c
		case FaceNoteExtension:
			if p.Notes == nil {
				p.Notes = &[]care.FaceNote{}
			}
			*p.Notes = append(*p.Notes, care.FaceNote(strings.ReplaceAll(r.code(x, path, "face-"), "-", "_")))
		default:
			r.warn(path, "This extension is not kept.")
		}
	}
}

// code reads one of our own codes of a kind from an extension, without its prefix.
func (r *reader) code(x map[string]any, path, prefix string) string {
	concept := r.object(x, path, "valueCodeableConcept")
	for _, c := range r.list(concept, path+".valueCodeableConcept", "coding") {
		code, _ := c["code"].(string)
		if rest, ok := strings.CutPrefix(code, prefix); ok && c["system"] == System && displays()[code] != "" {
			return rest
		}
	}
	r.wrong(path+".valueCodeableConcept", "code-invalid", fmt.Sprintf("This must be one of the codes %s... of %s.", prefix, System))
	return ""
}
