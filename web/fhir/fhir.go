// Package fhir turns the records of package care into resources of HL7 FHIR R4 (4.0.1) and reads the one that care platforms
// send, Patient. It is a mapping and nothing else: no HTTP, no store and no clock.
//
// Resources are plain structs with the elements that Wince fills, in the order of the specification. What has no value is
// left out: there are no empty lists and objects, no nulls, and never a zero in the place of something that is not known.
package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"time"

	"wince/care"
)

// Version is the version of FHIR.
const Version = "4.0.1"

// Resource is any of the resources.
type Resource interface{ Head() *Base }

// Base holds the elements that all resources have.
type Base struct {
	ResourceType string     `json:"resourceType"`
	ID           string     `json:"id,omitempty"`
	Meta         *Meta      `json:"meta,omitempty"`
	Language     string     `json:"language,omitempty"`
	Text         *Narrative `json:"text,omitempty"`
}

// Head returns the base, so that a resource's type and id can be seen without knowing which it is.
func (b *Base) Head() *Base { return b }

// Ref returns the relative reference to the resource, such as "Patient/1".
func (b *Base) Ref() string { return b.ResourceType + "/" + b.ID }

// Meta is when and in which version a resource was last changed.
type Meta struct {
	VersionID   string   `json:"versionId,omitempty"`
	LastUpdated string   `json:"lastUpdated,omitempty"`
	Profile     []string `json:"profile,omitempty"`
	Tag         []Coding `json:"tag,omitempty"`
}

// Narrative is a resource in words.
type Narrative struct {
	Status string `json:"status"`
	Div    string `json:"div"`
}

// Extension is something that FHIR has no element for. Exactly one value is set.
type Extension struct {
	URL          string           `json:"url"`
	ValueCode    string           `json:"valueCode,omitempty"`
	ValueString  string           `json:"valueString,omitempty"`
	ValueDecimal json.Number      `json:"valueDecimal,omitempty"`
	ValueConcept *CodeableConcept `json:"valueCodeableConcept,omitempty"`
}

// Identifier is a name that another system gives something.
type Identifier struct {
	Use    string `json:"use,omitempty"`
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

// Coding is a code of a system.
type Coding struct {
	Extension []Extension `json:"extension,omitempty"`
	System    string      `json:"system,omitempty"`
	Version   string      `json:"version,omitempty"`
	Code      string      `json:"code,omitempty"`
	Display   string      `json:"display,omitempty"`
}

// CodeableConcept is something in codes and words.
type CodeableConcept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// Reference names another resource, or somebody whom no resource is kept of.
type Reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// Period is a time span.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Quantity is a number with its unit.
type Quantity struct {
	Extension []Extension `json:"extension,omitempty"`
	Value     json.Number `json:"value,omitempty"`
	Unit      string      `json:"unit,omitempty"`
	System    string      `json:"system,omitempty"`
	Code      string      `json:"code,omitempty"`
}

// Annotation is a remark.
type Annotation struct {
	AuthorReference *Reference `json:"authorReference,omitempty"`
	Time            string     `json:"time,omitempty"`
	Text            string     `json:"text"`
}

// Systems and addresses that HL7 and others define.
const (
	loinc            = "http://loinc.org"
	snomed           = "http://snomed.info/sct"
	ucum             = "http://unitsofmeasure.org"
	hl7              = "http://terminology.hl7.org/CodeSystem/"
	dataAbsent       = hl7 + "data-absent-reason"
	absentExtension  = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	ordinalExtension = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
)

// Marshal writes a resource as JSON, for people too: without escapes that only browsers need.
func Marshal(r Resource) ([]byte, error) { return marshal(r) }

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write resource: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Instant writes a time as FHIR's instant: with milliseconds and zone. The zero time is empty.
func Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// dateTime writes a time to the precision that it has: whole seconds without a fraction.
func dateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

func dateTimeOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return dateTime(*t)
}

// decimal writes a number with at most four digits after the point and without what floating point adds.
func decimal(x float64) json.Number {
	return json.Number(strconv.FormatFloat(math.Round(x*1e4)/1e4, 'f', -1, 64))
}

func whole(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func quantity(n json.Number, unit, code string) *Quantity {
	return &Quantity{Value: n, Unit: unit, System: ucum, Code: code}
}

func points(n json.Number) *Quantity { return quantity(n, "{score}", "{score}") }

// meta says which version a record has and when it got it; a time that is not known is left out.
func meta(version int, updated time.Time) *Meta {
	m := &Meta{LastUpdated: Instant(updated)}
	if version > 0 {
		m.VersionID = strconv.Itoa(version)
	}
	if m.VersionID == "" && m.LastUpdated == "" {
		return nil
	}
	return m
}

// narrative says a resource in sentences.
func narrative(sentences ...string) *Narrative {
	var b strings.Builder
	b.WriteString(`<div xmlns="http://www.w3.org/1999/xhtml">`)
	n := 0
	for _, s := range sentences {
		if s = strings.TrimSpace(s); s != "" {
			b.WriteString("<p>" + html.EscapeString(printable(s)) + "</p>")
			n++
		}
	}
	if n == 0 {
		return nil
	}
	b.WriteString("</div>")
	return &Narrative{Status: "generated", Div: b.String()}
}

// printable leaves out control characters, which XHTML cannot hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

func text(s string) *CodeableConcept {
	if s == "" {
		return nil
	}
	return &CodeableConcept{Text: s}
}

func concept(words string, codings ...Coding) *CodeableConcept {
	return &CodeableConcept{Coding: codings, Text: words}
}

func refTo(kind, id, display string) *Reference {
	if id == "" {
		return nil
	}
	return &Reference{Reference: kind + "/" + id, Display: display}
}

func patientRef(id string) *Reference { return refTo("Patient", id, "") }

// person refers to whoever did something. Programs have no resource and are named only.
func person(a care.Actor) *Reference {
	switch {
	case care.ValidID(a.ID):
		return refTo("Practitioner", a.ID, a.Name)
	case a.Name != "":
		return &Reference{Display: a.Name}
	}
	return nil
}

func remarks(s string, by care.Actor, at time.Time) []Annotation {
	if s == "" {
		return nil
	}
	return []Annotation{{AuthorReference: person(by), Time: dateTime(at), Text: s}}
}
