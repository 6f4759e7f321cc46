package fhir

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"wince/care"
)

// MedicationAdministration is a drug that was given against pain.
type MedicationAdministration struct {
	Base
	Status     string           `json:"status"`
	Medication *CodeableConcept `json:"medicationCodeableConcept,omitempty"`
	Subject    *Reference       `json:"subject,omitempty"`
	Effective  string           `json:"effectiveDateTime,omitempty"`
	Performer  []Performer      `json:"performer,omitempty"`
	ReasonRef  []Reference      `json:"reasonReference,omitempty"`
	Note       []Annotation     `json:"note,omitempty"`
	Dosage     *Dosage          `json:"dosage,omitempty"`
}

// Performer is who did something.
type Performer struct {
	Actor Reference `json:"actor"`
}

// Dosage is how much of a drug was given, in the giver's words.
type Dosage struct {
	Text string    `json:"text,omitempty"`
	Dose *Quantity `json:"dose,omitempty"`
}

func reliefStatus(r *care.Relief) string {
	if r.EnteredInError {
		return "entered-in-error"
	}
	return "completed"
}

func giver(r *care.Relief) []Performer {
	switch {
	case r.GivenBy != "" && r.GivenBy == r.RecordedBy.Name:
		return []Performer{{Actor: *person(r.RecordedBy)}}
	case r.GivenBy != "":
		return []Performer{{Actor: Reference{Display: r.GivenBy}}}
	}
	return nil
}

func reason(r *care.Relief) []Reference {
	if r.AssessmentID == "" || r.Scale == "" {
		return nil
	}
	return []Reference{{Reference: "Observation/" + r.AssessmentID}}
}

// NewAdministration returns the drug of a relief, nil where none was given.
func NewAdministration(r *care.Relief, updated time.Time) *MedicationAdministration {
	if r.Drug == nil {
		return nil
	}
	m := &MedicationAdministration{Base: Base{ResourceType: "MedicationAdministration", ID: r.ID, Meta: meta(r.Version, updated)}, Status: reliefStatus(r),
		Medication: text(r.Drug.Text), Subject: patientRef(r.ResidentID), Effective: dateTime(r.GivenAt), Performer: giver(r), ReasonRef: reason(r),
		Note: remarks(r.Remarks, r.RecordedBy, r.RecordedAt)}
	if r.Drug.Code != "" {
		m.Medication = concept(r.Drug.Text, Coding{System: r.Drug.System, Code: r.Drug.Code})
	}
	if m.Medication == nil { // the words were erased
		m.Medication = text("A drug; its name was erased.")
	}
	if r.Drug.Dose != "" {
		// The words are kept as they are: a number read from them could be the wrong one.
		m.Dosage = &Dosage{Text: r.Drug.Dose, Dose: &Quantity{Extension: []Extension{{URL: absentExtension, ValueCode: "as-text"}}}}
	}
	m.Text = narrative(strings.TrimSpace(r.Drug.Text+" "+r.Drug.Dose)+", given "+r.GivenAt.UTC().Format("2 January 2006 15:04")+" UTC.", wrongWords(r))
	return m
}

// Procedure is a measure that was taken against pain without a drug.
type Procedure struct {
	Base
	Status    string           `json:"status"`
	Code      *CodeableConcept `json:"code,omitempty"`
	Subject   *Reference       `json:"subject,omitempty"`
	Performed string           `json:"performedDateTime,omitempty"`
	Performer []Performer      `json:"performer,omitempty"`
	ReasonRef []Reference      `json:"reasonReference,omitempty"`
	Note      []Annotation     `json:"note,omitempty"`
}

// NewProcedures returns the measures of a relief, one a procedure. The list has the names of the home's measures.
func NewProcedures(r *care.Relief, list []care.Measure, updated time.Time) []*Procedure {
	var all []*Procedure
	for i, id := range r.Measures {
		p := &Procedure{Base: Base{ResourceType: "Procedure", ID: r.ID + "-" + strconv.Itoa(i), Meta: meta(r.Version, updated)}, Status: reliefStatus(r),
			Code: measure(id, list), Subject: patientRef(r.ResidentID), Performed: dateTime(r.GivenAt), Performer: giver(r), ReasonRef: reason(r)}
		if i == 0 && r.Drug == nil {
			p.Note = remarks(r.Remarks, r.RecordedBy, r.RecordedAt)
		}
		p.Text = narrative(p.Code.Text+", "+r.GivenAt.UTC().Format("2 January 2006 15:04")+" UTC.", wrongWords(r))
		all = append(all, p)
	}
	return all
}

func wrongWords(r *care.Relief) string {
	if r.EnteredInError {
		return "Entered in error."
	}
	return ""
}

// measure is a measure by the home's name, with our code where it is one that comes with Wince.
func measure(id string, list []care.Measure) *CodeableConcept {
	c := &CodeableConcept{Text: id}
	if i := slices.IndexFunc(list, func(m care.Measure) bool { return m.ID == id }); i >= 0 {
		c.Text = list[i].Name
	}
	if slices.ContainsFunc(care.Measures(), func(m care.Measure) bool { return m.ID == id }) {
		c.Coding = append(c.Coding, own(dashed("measure_"+id)))
	}
	c.Coding = append(c.Coding, own("pain-relief"))
	return c
}
